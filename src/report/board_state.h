/* In which state a target and an app server are, in one word: the same on the status page and in /api/v1/status. */
#ifndef REPORT_BOARD_STATE_H
#define REPORT_BOARD_STATE_H

#include "report/board.h"

enum board_state {
    STATE_GOOD,    /* the last run went well */
    STATE_FAILING, /* the last run failed; of an app server: the server-wide verdict stands, or no login works */
    STATE_SLOW,    /* well, but above latency_limit; of an app server: calls are delayed for want of a seat */
    STATE_RESTING,   /* outside its windows; of an app server: all of its targets are */
    STATE_WAITING,   /* has not run for three intervals, so that nothing is known of it at the moment */
    STATE_NEVER_RAN, /* no run has ended yet; of an app server: no request has */
    BOARD_STATES
};

struct board_state_row {
    const char *name;  /* good failing slow resting waiting never_ran */
    const char *words; /* for people: "first run to come" */
    const char *help;  /* what it means, a sentence */
};

const struct board_state_row *board_state_row(enum board_state state);

enum board_state board_target_state(const struct board_target *target, struct moment now);

/* When it runs next; 0: that is not known, or it does not. */
int64_t board_next_run_wall_ns(const struct board_target *target, struct moment now);

/* targets: how many it has, by their states; NULL: not known, so that it is never resting. */
enum board_state board_appserver_state(const struct board_appserver *appserver,
                                       const size_t targets[BOARD_STATES], struct moment now);

/* Why it is STATE_FAILING: the verdict, else what keeps a login from working, else what the last token request failed
   with; NONE where it is not. */
enum reason board_appserver_reason(const struct board_appserver *appserver, struct moment now);

/* The place of the app server of this name in the view; behind the last: there is none. guess: looked at first, since targets of
   one app server stand behind one another. */
size_t board_appserver_index(const struct board_view *view, const char *name, size_t guess);

/* The targets of a view by their states. */
struct board_counts {
    enum board_state *states;             /* of each target */
    size_t all[BOARD_STATES];             /* of all targets */
    size_t (*by_appserver)[BOARD_STATES]; /* of each app server; behind the last those of none of them */
};

struct board_counts board_count(const struct board_view *view);
void board_counts_free(struct board_counts *counts);

#endif
