#include "report/history.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* A packed run: a byte of flags, the distance of its end from that of the run before in milliseconds (zigzag: the wall
   clock may be set back), the status, and what the flags tell: duration, phases, rows, then reason and retries. Numbers are
   seven bits a byte, the low ones first. */
enum {
    HAS_PHASE = 1, /* one bit a phase, by enum board_phase */
    HAS_DURATION = 1 << BOARD_PHASES,
    HAS_ROWS = HAS_DURATION << 1,
    HAS_TROUBLE = HAS_ROWS << 1 /* a reason, or retries */
};

#define NUMBER_MAX 10 /* bytes of one */
#define PACKED_MAX (3 + (4 + BOARD_PHASES) * NUMBER_MAX)
#define STEP       128 /* bytes: histories are of few sizes, so that what one frees serves the next */

struct history {
    _Atomic uint32_t references;
    uint32_t count;
    int64_t base_ms; /* the end of the run before the first, as the first counts from it */
    int64_t last_ms; /* the end of the last one */
    size_t size;
    unsigned char bytes[];
};

/* ---- one run ---- */

static unsigned char *put(unsigned char *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (unsigned char)(number | 0x80);
    *at++ = (unsigned char)number;
    return at;
}

static const unsigned char *get(const unsigned char *at, uint64_t *number)
{
    unsigned shift = 0;

    *number = 0;
    for (; *at >= 0x80; shift += 7)
        *number |= (uint64_t)(*at++ & 0x7f) << shift;
    *number |= (uint64_t)*at++ << shift;
    return at;
}

static const unsigned char *get32(const unsigned char *at, bool there, uint32_t absent, uint32_t *number)
{
    uint64_t wide = absent;

    if (there)
        at = get(at, &wide);
    *number = (uint32_t)wide;
    return at;
}

static unsigned flags_of(const struct board_run *run)
{
    unsigned flags = 0;

    for (unsigned phase = 0; phase < BOARD_PHASES; phase++)
        if (run->phase_us[phase] != BOARD_NO_TIME)
            flags |= (unsigned)HAS_PHASE << phase;
    flags |= run->duration_us != BOARD_NO_TIME ? HAS_DURATION : 0;
    flags |= run->rows != BOARD_NO_ROWS ? HAS_ROWS : 0;
    flags |= run->reason != 0 || run->retries != 0 ? HAS_TROUBLE : 0;
    return flags;
}

static size_t pack(const struct board_run *run, int64_t before_ms, unsigned char *bytes)
{
    int64_t distance = run->ended_wall_ns / MILLISECOND_NS - before_ms;
    unsigned flags = flags_of(run);
    unsigned char *at = bytes;

    *at++ = (unsigned char)flags;
    at = put(at, ((uint64_t)distance << 1) ^ (distance < 0 ? UINT64_MAX : 0));
    at = put(at, run->status);
    if ((flags & HAS_DURATION) != 0)
        at = put(at, run->duration_us);
    for (unsigned phase = 0; phase < BOARD_PHASES; phase++)
        if ((flags & (unsigned)HAS_PHASE << phase) != 0)
            at = put(at, run->phase_us[phase]);
    if ((flags & HAS_ROWS) != 0)
        at = put(at, run->rows);
    if ((flags & HAS_TROUBLE) != 0) {
        *at++ = run->reason;
        *at++ = run->retries;
    }
    return (size_t)(at - bytes);
}

bool history_next(struct history_walk *walk, struct board_run *run)
{
    if (walk->left == 0)
        return false;
    const unsigned char *at = walk->at;
    unsigned flags = *at++;
    uint64_t zigzag, status;

    at = get(at, &zigzag);
    walk->wall_ms += (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    at = get(at, &status);
    *run = (struct board_run){.ended_wall_ns = walk->wall_ms * MILLISECOND_NS, .status = (uint16_t)status};
    at = get32(at, (flags & HAS_DURATION) != 0, BOARD_NO_TIME, &run->duration_us);
    for (unsigned phase = 0; phase < BOARD_PHASES; phase++)
        at = get32(at, (flags & (unsigned)HAS_PHASE << phase) != 0, BOARD_NO_TIME, &run->phase_us[phase]);
    at = get32(at, (flags & HAS_ROWS) != 0, BOARD_NO_ROWS, &run->rows);
    if ((flags & HAS_TROUBLE) != 0) {
        run->reason = *at++;
        run->retries = *at++;
    }
    walk->at = at;
    walk->left--;
    return true;
}

/* ---- all of them ---- */

struct history_walk history_begin(const struct history *history)
{
    if (history == NULL)
        return (struct history_walk){.left = 0};
    return (struct history_walk){.at = history->bytes, .left = history->count, .wall_ms = history->base_ms};
}

size_t history_count(const struct history *history)
{
    return history == NULL ? 0 : history->count;
}

/* A walk that stands before the last `most` runs. */
static struct history_walk walk_to_last(const struct history *history, size_t most)
{
    struct history_walk walk = history_begin(history);
    struct board_run run;

    while (walk.left > most)
        history_next(&walk, &run);
    return walk;
}

static size_t bytes_left(const struct history *history, const struct history_walk *walk)
{
    return walk->left == 0 ? 0 : (size_t)(history->bytes + history->size - walk->at);
}

/* What is left of the walk through a history, with room for so many bytes behind it. */
static struct history *history_copy(const struct history *before, const struct history_walk *kept,
                                    size_t room)
{
    size_t size = bytes_left(before, kept);
    size_t steps = (sizeof *before + size + room + STEP - 1) / STEP;
    struct history *history = memory_new(steps, STEP);

    atomic_init(&history->references, 1);
    history->count = (uint32_t)kept->left;
    history->base_ms = kept->wall_ms;
    history->last_ms = before == NULL ? 0 : before->last_ms;
    history->size = size;
    if (size > 0)
        memcpy(history->bytes, kept->at, size);
    return history;
}

struct history *history_add(const struct history *before, const struct board_run *run, size_t most)
{
    unsigned char packed[PACKED_MAX];
    size_t size = pack(run, before == NULL ? 0 : before->last_ms, packed);

    assert(most > 0);
    struct history_walk kept = walk_to_last(before, most - 1);
    struct history *history = history_copy(before, &kept, size);
    memcpy(history->bytes + history->size, packed, size);
    history->size += size;
    history->count++;
    history->last_ms = run->ended_wall_ns / MILLISECOND_NS;
    return history;
}

struct history *history_last(const struct history *before, size_t most)
{
    struct history_walk kept = walk_to_last(before, most);

    return history_copy(before, &kept, 0);
}

struct history *history_ref(struct history *history)
{
    if (history != NULL)
        atomic_fetch_add_explicit(&history->references, 1, memory_order_relaxed);
    return history;
}

void history_unref(struct history *history)
{
    if (history != NULL && atomic_fetch_sub_explicit(&history->references, 1, memory_order_acq_rel) == 1)
        free(history);
}
