/* Changes: for a time the server is otherwise, and then as it was. What is otherwise is a row: how it is read, and written.
 * With the same names and values it can be otherwise from the start (struct simulator_options, and flags). */
#ifndef SIMULATOR_CHANGE_H
#define SIMULATOR_CHANGE_H

#include "simulator/simulator.h"

/* `NAME=KEY=VALUE`, `NAME=VALUE`, `NAME=KEY` or `NAME`; key and value are "" where there is none. */
struct sim_change {
    const struct sim_change_row *row;
    char *key, *value;
};

struct sim_change_row {
    const char *name, *form, *help; /* form: of what comes after the '='; NULL: nothing does */
    enum { SIM_CHANGE_OF_VALUE, SIM_CHANGE_OF_PAIR, SIM_CHANGE_OF_KEY, SIM_CHANGE_BARE } kind;
    int64_t min, max; /* of a value that is a whole number; both 0: it is none */
    /* Why this cannot be; NULL: it can. Without a server only what is written is looked at. */
    const char *(*check)(struct simulator *simulator, const struct sim_change *change);
    /* How it is now, allocated; NULL: it has no such thing, or it is as every other. */
    char *(*read)(struct simulator *simulator, const struct sim_change *change);
    /* What read() would then say; NULL: the value itself, or "yes" where there is none. Allocated. */
    char *(*make)(struct simulator *simulator, const struct sim_change *change);
    void (*write)(struct simulator *simulator, const struct sim_change *change, const char *text);
};

/* Both end with a row without a name. */
extern const struct sim_change_row sim_server_changes[];  /* change_server.c */
extern const struct sim_change_row sim_content_changes[]; /* change_content.c */

/* text: after `change=`, or after the -- of a flag. Returns what is wrong with it, or NULL; then it is to be freed. */
const char *sim_change_parse(const char *text, struct sim_change *change);
void sim_change_free(struct sim_change *change);
const char *sim_change_check(struct simulator *simulator, const struct sim_change *change);
/* Whether both are about the same thing. */
bool sim_change_same(const struct sim_change *left, const struct sim_change *right);
/* Checked already. *before is what sim_change_end() needs; allocated, or NULL. */
void sim_change_begin(struct simulator *simulator, const struct sim_change *change, char **before);
void sim_change_end(struct simulator *simulator, const struct sim_change *change, const char *before);

#endif
