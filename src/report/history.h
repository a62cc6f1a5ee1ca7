/* The last runs of a target, oldest first: immutable, reference-counted, and packed, since there are many (about 16 bytes
   a run). A run makes a new history out of the one before; whoever holds the old one goes on to read it. From any thread. */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum board_phase { BOARD_RESOLVE, BOARD_CONNECT, BOARD_TLS, BOARD_PROCESSING, BOARD_TRANSFER, BOARD_PHASES };
#define BOARD_NO_TIME   UINT32_MAX
#define BOARD_MOST_TIME (UINT32_MAX - 1)
#define BOARD_NO_ROWS   UINT32_MAX
#define BOARD_MOST_ROWS (UINT32_MAX - 1)

/* One run. */
struct board_run {
    int64_t ended_wall_ns;           /* kept to the millisecond */
    uint32_t duration_us;            /* of its exchanges together; BOARD_NO_TIME: nothing was asked */
    uint32_t phase_us[BOARD_PHASES]; /* BOARD_NO_TIME: not measured */
    uint32_t rows;                   /* BOARD_NO_ROWS: none told; at most BOARD_MOST_ROWS */
    uint16_t status;                 /* 0: no answer */
    uint8_t reason;                  /* enum reason; REASON_NONE: success */
    uint8_t retries;                 /* attempts that failed and were followed by another; at most 255 */
};

struct history; /* NULL is one without runs */

/* The runs of before and this one behind them, of all these the last `most` (1 at least). One reference, the caller's;
   that of before stays with its holder. */
struct history *history_add(const struct history *before, const struct board_run *run, size_t most);
/* The last `most` of them, as history_add. */
struct history *history_last(const struct history *before, size_t most);
struct history *history_ref(struct history *history); /* NULL is allowed here and below */
void history_unref(struct history *history);

size_t history_count(const struct history *history);

/* A walk over the runs while somebody holds the history. */
struct history_walk {
    const unsigned char *at;
    size_t left; /* runs still to come */
    int64_t wall_ms;
};
/* Begins at the oldest run. */
struct history_walk history_begin(const struct history *history);
/* Unpacks the next one; false when there is none left. */
bool history_next(struct history_walk *walk, struct board_run *run);

#endif
