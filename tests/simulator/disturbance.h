/* What begins and ends while the server runs, in the words of a timetable and of a command:
 * `fault=NAME [path=PART] [times=N]` or `change=NAME=VALUE`. */
#ifndef SIMULATOR_DISTURBANCE_H
#define SIMULATOR_DISTURBANCE_H

#include "simulator/change.h"

struct sim_disturbance {
    char *fault, *path; /* NULL: it is a change; every request */
    uint32_t times;     /* 0: without end */
    struct sim_change change;
};

/* One word more; returns what is wrong with it, or NULL. Starts with zeros. */
const char *sim_disturbance_take(struct sim_disturbance *disturbance, const char *word);
void sim_disturbance_free(struct sim_disturbance *disturbance);
/* What is wrong with all of it, at this server; NULL: nothing. */
const char *sim_disturbance_check(struct simulator *simulator, const struct sim_disturbance *disturbance);
/* Whether both cannot be in force at once. */
bool sim_disturbance_same(const struct sim_disturbance *left, const struct sim_disturbance *right);
/* What hinders it, or NULL; then it is in force, or ended. Ending takes the same words as beginning. */
const char *sim_disturbance_begin(struct simulator *simulator, const struct sim_disturbance *disturbance);
const char *sim_disturbance_end(struct simulator *simulator, const struct sim_disturbance *disturbance);
/* The next word of a line, ended by NUL; NULL at its end. */
char *sim_word_next(char **line);

#endif
