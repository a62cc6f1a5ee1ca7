#include "web/later.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct later_post {
    atomic_size_t references; /* the owner and each later */
    pthread_mutex_t lock; /* of the descriptor: nobody writes to a number that is somebody else's by now */
    int descriptor;       /* -1: the owner has gone */
};

struct later {
    atomic_uint references;
    struct later_post *post;
    int status;
    struct buffer bytes;
    atomic_uint_fast64_t *held; /* where the bytes count; NULL: nowhere */
    atomic_bool complete;       /* all above is final */
};

static void post_unref(struct later_post *post)
{
    if (atomic_fetch_sub(&post->references, 1) > 1)
        return;
    pthread_mutex_destroy(&post->lock);
    free(post);
}

struct later_post *later_post_new(void)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (descriptor < 0)
        return NULL;
    struct later_post *post = memory_new(1, sizeof *post);
    atomic_init(&post->references, 1);
    pthread_mutex_init(&post->lock, NULL);
    post->descriptor = descriptor;
    return post;
}

void later_post_free(struct later_post *post)
{
    if (post == NULL)
        return;
    pthread_mutex_lock(&post->lock);
    close(post->descriptor);
    post->descriptor = -1;
    pthread_mutex_unlock(&post->lock);
    post_unref(post);
}

int later_post_descriptor(const struct later_post *post)
{
    return post->descriptor;
}

void later_post_clear(struct later_post *post)
{
    uint64_t count;

    (void)!read(post->descriptor, &count, sizeof count); /* nothing there: nothing to clear */
}

static void announce(struct later_post *post)
{
    uint64_t one = 1;

    pthread_mutex_lock(&post->lock);
    if (post->descriptor >= 0)
        (void)!write(post->descriptor, &one, sizeof one); /* a full counter is readable already */
    pthread_mutex_unlock(&post->lock);
}

struct later *later_new(struct later_post *post)
{
    struct later *later = memory_new(1, sizeof *later);

    atomic_init(&later->references, 2);
    atomic_init(&later->complete, false);
    atomic_fetch_add(&post->references, 1);
    later->post = post;
    return later;
}

struct later *later_ref(struct later *later)
{
    atomic_fetch_add(&later->references, 1);
    return later;
}

static void give_back(struct later *later)
{
    if (later->held != NULL)
        *later->held -= later->bytes.size;
    later->held = NULL;
}

void later_unref(struct later *later)
{
    if (later == NULL || atomic_fetch_sub(&later->references, 1) > 1)
        return;
    give_back(later);
    buffer_free(&later->bytes);
    post_unref(later->post);
    free(later);
}

void later_complete_bytes(struct later *later, int status, struct buffer *bytes, atomic_uint_fast64_t *held)
{
    assert(!atomic_load(&later->complete) && !bytes->failed);
    later->status = status;
    later->bytes = *bytes;
    later->held = held;
    buffer_init(bytes, bytes->maximum);
    atomic_store(&later->complete, true);
    announce(later->post);
    later_unref(later);
}

void later_complete(struct later *later, int status, const char *text)
{
    struct buffer bytes;

    buffer_init(&bytes, strlen(text));
    buffer_text(&bytes, text);
    later_complete_bytes(later, status, &bytes, NULL);
}

bool later_take(const struct later *later, int *status, const char **text)
{
    if (!atomic_load(&later->complete))
        return false;
    *status = later->status;
    *text = buffer_as_text(&later->bytes);
    return true;
}

void later_move_bytes(struct later *later, struct buffer *bytes)
{
    assert(atomic_load(&later->complete));
    give_back(later);
    *bytes = later->bytes;
    buffer_init(&later->bytes, later->bytes.maximum);
}
