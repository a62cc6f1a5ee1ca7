#include "report/failure.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char ellipsis[] = "\xE2\x80\xA6";

struct failures {
    _Atomic uint32_t references;
    uint32_t count;
    struct board_failure items[]; /* and their texts behind them */
};

size_t failures_count(const struct failures *failures)
{
    return failures == NULL ? 0 : failures->count;
}

const struct board_failure *failures_at(const struct failures *failures, size_t index)
{
    assert(index < failures_count(failures));
    return &failures->items[index];
}

/* How much of the text stays, so that it ends between two characters; the ellipsis not counted. */
static size_t kept_size(const char *text, size_t maximum, bool *cut)
{
    size_t size = strnlen(text, maximum + 1);

    *cut = size > maximum;
    if (!*cut)
        return size;
    size = maximum - (sizeof ellipsis - 1);
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

static const char *place(char **at, const char *text, size_t maximum)
{
    bool cut;

    if (text == NULL)
        return NULL;
    char *copy = *at;
    size_t size = kept_size(text, maximum, &cut);
    memcpy(copy, text, size);
    if (cut) {
        memcpy(copy + size, ellipsis, sizeof ellipsis - 1);
        size += sizeof ellipsis - 1;
    }
    copy[size] = '\0';
    *at += size + 1;
    return copy;
}

/* A server that is down says the same again and again: the words of the one before serve this one too. */
static bool says_the_same(const struct board_failure *one, const struct board_failure *other)
{
    return one->message != NULL && other->message != NULL && strcmp(one->message, other->message) == 0;
}

static size_t room_of(const char *text, size_t maximum)
{
    return text == NULL ? 0 : strnlen(text, maximum) + 1;
}

struct failures *failures_add(const struct failures *before, const struct board_failure *failure)
{
    const struct board_failure *all[FAILURES_KEPT];
    size_t count = 0, dropped = failures_count(before) < FAILURES_KEPT ? 0 : 1, room = 0;

    char message[FAILURE_MESSAGE_MAXIMUM + 1], *at = message;
    struct board_failure added = *failure;
    added.message = place(&at, failure->message, FAILURE_MESSAGE_MAXIMUM);
    for (size_t i = dropped; i < failures_count(before); i++)
        all[count++] = &before->items[i];
    all[count++] = &added;
    for (size_t i = 0; i < count; i++) {
        bool shared = i > 0 && says_the_same(all[i - 1], all[i]);
        room += shared ? 0 : room_of(all[i]->message, FAILURE_MESSAGE_MAXIMUM);
        room += room_of(all[i]->correlation, FAILURE_CORRELATION_MAXIMUM);
    }

    struct failures *failures = memory_new(1, sizeof *failures + count * sizeof failures->items[0] + room);
    at = (char *)&failures->items[count];
    atomic_init(&failures->references, 1);
    failures->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        bool shared = i > 0 && says_the_same(all[i - 1], all[i]);
        failures->items[i].run = all[i]->run;
        failures->items[i].message = shared ? failures->items[i - 1].message
                                            : place(&at, all[i]->message, FAILURE_MESSAGE_MAXIMUM);
        failures->items[i].correlation = place(&at, all[i]->correlation, FAILURE_CORRELATION_MAXIMUM);
    }
    return failures;
}

struct failures *failures_ref(struct failures *failures)
{
    if (failures != NULL)
        atomic_fetch_add_explicit(&failures->references, 1, memory_order_relaxed);
    return failures;
}

void failures_unref(struct failures *failures)
{
    if (failures != NULL && atomic_fetch_sub_explicit(&failures->references, 1, memory_order_acq_rel) == 1)
        free(failures);
}
