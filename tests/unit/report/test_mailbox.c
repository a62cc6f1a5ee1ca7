/* Asks for a reload, from other threads: each is answered once, also at the end; too many are refused. */
#include "../../main.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "report/mailbox.h"

struct told {
    unsigned times;
    enum reload_end end;
    char faults[32];
};

static void remember(void *context, enum reload_end end, const char *faults)
{
    struct told *told = context;
    told->times++;
    told->end = end;
    strncpy(told->faults, faults == NULL ? "none" : faults, sizeof told->faults - 1);
}

static bool readable(const struct mailbox *mailbox)
{
    struct pollfd wait = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

static void asks_are_taken_in_order(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new();
    struct told first = {0}, second = {0};
    assert_false(readable(mailbox));
    assert_null(mailbox_take(mailbox));
    assert_int_equal(mailbox_ask(mailbox, remember, &first), MAILBOX_ASKED);
    assert_int_equal(mailbox_ask(mailbox, remember, &second), MAILBOX_ASKED);
    assert_true(readable(mailbox));
    struct letter *letters[] = {mailbox_take(mailbox), mailbox_take(mailbox)};
    assert_true(readable(mailbox)); /* until it is found empty */
    assert_null(mailbox_take(mailbox));
    assert_false(readable(mailbox));
    letter_answer(letters[1], RELOAD_FAULTY, "a.ini:3: wrong");
    assert_int_equal(first.times, 0);
    assert_int_equal(second.end, RELOAD_FAULTY);
    assert_string_equal(second.faults, "a.ini:3: wrong");
    letter_answer(letters[0], RELOAD_DONE, NULL);
    assert_int_equal(first.times + second.times, 2);
    assert_int_equal(first.end, RELOAD_DONE);
    assert_string_equal(first.faults, "none");
    mailbox_free(mailbox);
}

static void too_many_are_refused(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new();
    struct told told[MAILBOX_MOST + 1] = {0};
    for (size_t i = 0; i < MAILBOX_MOST; i++)
        assert_int_equal(mailbox_ask(mailbox, remember, &told[i]), MAILBOX_ASKED);
    assert_int_equal(mailbox_ask(mailbox, remember, &told[MAILBOX_MOST]), MAILBOX_FULL);
    /* What was taken waits still. */
    struct letter *letter = mailbox_take(mailbox);
    assert_int_equal(mailbox_ask(mailbox, remember, &told[MAILBOX_MOST]), MAILBOX_FULL);
    letter_answer(letter, RELOAD_DONE, NULL);
    assert_int_equal(mailbox_ask(mailbox, remember, &told[MAILBOX_MOST]), MAILBOX_ASKED);
    mailbox_free(mailbox);
    for (size_t i = 0; i <= MAILBOX_MOST; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].end, i == 0 ? RELOAD_DONE : RELOAD_STOPPING);
    }
}

static void the_end_answers_who_waits(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new();
    struct told taken = {0}, waiting = {0}, late = {0};
    assert_int_equal(mailbox_ask(mailbox, remember, &taken), MAILBOX_ASKED);
    struct letter *letter = mailbox_take(mailbox);
    assert_int_equal(mailbox_ask(mailbox, remember, &waiting), MAILBOX_ASKED);
    mailbox_close(mailbox);
    assert_int_equal(waiting.times, 1);
    assert_int_equal(waiting.end, RELOAD_STOPPING);
    assert_int_equal(mailbox_ask(mailbox, remember, &late), MAILBOX_CLOSED);
    assert_int_equal(taken.times, 0);
    letter_answer(letter, RELOAD_STOPPING, NULL);
    mailbox_close(mailbox);
    mailbox_free(mailbox);
    assert_int_equal(taken.times + waiting.times + late.times, 2);
}

#define ASKERS 4
#define EACH   2000

struct asker {
    struct mailbox *mailbox;
    struct told told[EACH];
    unsigned accepted;
};

static void *ask_all_the_time(void *context)
{
    struct asker *asker = context;
    for (size_t i = 0; i < EACH; i++)
        asker->accepted += mailbox_ask(asker->mailbox, remember, &asker->told[i]) == MAILBOX_ASKED;
    return NULL;
}

static void threads_ask_at_once(void **state)
{
    (void)state;
    static struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    struct mailbox *mailbox = mailbox_new();
    unsigned accepted = 0, answered = 0, told = 0;
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i].mailbox = mailbox;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_all_the_time, &askers[i]), 0);
    }
    struct pollfd wait = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
    while (answered < ASKERS * EACH / 20 && poll(&wait, 1, 1000) == 1)
        for (struct letter *letter; (letter = mailbox_take(mailbox)) != NULL; answered++)
            letter_answer(letter, RELOAD_DONE, NULL);
    mailbox_close(mailbox);
    for (size_t i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        accepted += askers[i].accepted;
        for (size_t k = 0; k < EACH; k++)
            told += askers[i].told[k].times;
    }
    mailbox_free(mailbox);
    assert_int_equal(told, accepted);
    assert_true(answered > 0);
}

ALL_TESTS(cmocka_unit_test(asks_are_taken_in_order), cmocka_unit_test(too_many_are_refused),
          cmocka_unit_test(the_end_answers_who_waits), cmocka_unit_test(threads_ask_at_once));
