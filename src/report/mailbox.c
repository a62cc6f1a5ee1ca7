#include "report/mailbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct letter {
    struct mailbox *mailbox;
    reload_told *told;
    void *context;
    struct letter *next;
};

struct mailbox {
    int descriptor; /* eventfd: something waits */
    pthread_mutex_t lock;
    bool closed;
    struct letter *first, *last; /* not taken yet */
    size_t waiting;              /* taken or not, but not answered */
};

struct mailbox *mailbox_new(void)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return NULL;
    struct mailbox *mailbox = memory_new(1, sizeof *mailbox);
    mailbox->descriptor = descriptor;
    pthread_mutex_init(&mailbox->lock, NULL);
    return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    mailbox_close(mailbox);
    assert(mailbox->waiting == 0);
    close(mailbox->descriptor);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

enum mailbox_verdict mailbox_ask(struct mailbox *mailbox, reload_told *told, void *context)
{
    struct letter *letter = memory_new(1, sizeof *letter);
    *letter = (struct letter){.mailbox = mailbox, .told = told, .context = context};
    pthread_mutex_lock(&mailbox->lock);
    enum mailbox_verdict verdict = mailbox->closed                    ? MAILBOX_CLOSED
                                   : mailbox->waiting == MAILBOX_MOST ? MAILBOX_FULL
                                                                      : MAILBOX_ASKED;
    if (verdict == MAILBOX_ASKED) {
        if (mailbox->first == NULL)
            mailbox->first = letter;
        else
            mailbox->last->next = letter;
        mailbox->last = letter;
        mailbox->waiting++;
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (verdict != MAILBOX_ASKED) {
        free(letter);
        return verdict;
    }
    uint64_t one = 1;
    if (write(mailbox->descriptor, &one, sizeof one) != (ssize_t)sizeof one)
        abort(); /* the counter cannot be full */
    return verdict;
}

int mailbox_descriptor(const struct mailbox *mailbox)
{
    return mailbox->descriptor;
}

struct letter *mailbox_take(struct mailbox *mailbox)
{
    uint64_t count;
    pthread_mutex_lock(&mailbox->lock);
    struct letter *letter = mailbox->first;
    if (letter != NULL)
        mailbox->first = letter->next;
    else
        (void)!read(mailbox->descriptor, &count, sizeof count);
    pthread_mutex_unlock(&mailbox->lock);
    return letter;
}

void letter_answer(struct letter *letter, enum reload_end end, const char *text)
{
    struct mailbox *mailbox = letter->mailbox;
    letter->told(letter->context, end, text);
    free(letter);
    pthread_mutex_lock(&mailbox->lock);
    mailbox->waiting--;
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_mutex_unlock(&mailbox->lock);
    for (struct letter *letter; (letter = mailbox_take(mailbox)) != NULL;)
        letter_answer(letter, RELOAD_STOPPING, NULL);
}
