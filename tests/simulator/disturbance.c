#include "simulator/disturbance.h"
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

struct sim_in_force {
    struct sim_disturbance disturbance;
    unsigned fault; /* its number */
    char *before;   /* of a change */
    struct sim_in_force *next;
};

char *sim_word_next(char **line)
{
    static const char blanks[] = " \t\r\n";
    char *word = *line + strspn(*line, blanks);
    size_t size = strcspn(word, blanks);
    *line = word + size;
    if (**line)
        *(*line)++ = '\0';
    return size ? word : NULL;
}

static bool times_read(const char *text, uint32_t *times)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    *times = (uint32_t)number;
    return *text >= '1' && *text <= '9' && !*end && number <= 1000000;
}

const char *sim_disturbance_take(struct sim_disturbance *disturbance, const char *word)
{
    const char *value = strchr(word, '=');
    size_t size = value ? (size_t)(value++ - word) : 0;
    if (size == 5 && memcmp(word, "fault", size) == 0 && !disturbance->fault) {
        disturbance->fault = sim_duplicate(value);
        return NULL;
    }
    if (size == 4 && memcmp(word, "path", size) == 0 && !disturbance->path && *value) {
        disturbance->path = sim_duplicate(value);
        return NULL;
    }
    if (size == 5 && memcmp(word, "times", size) == 0 && !disturbance->times)
        return times_read(value, &disturbance->times) ? NULL : "times= wants a number from 1 on";
    if (size == 6 && memcmp(word, "change", size) == 0 && !disturbance->change.row)
        return sim_change_parse(value, &disturbance->change);
    return "unknown word; `fault=NAME [path=PART] [times=N]` or `change=NAME=VALUE` is wanted";
}

void sim_disturbance_free(struct sim_disturbance *disturbance)
{
    free(disturbance->fault);
    free(disturbance->path);
    sim_change_free(&disturbance->change);
    *disturbance = (struct sim_disturbance){0};
}

static bool fault_known(const char *wanted)
{
    const char *name, *description;
    for (size_t i = 0; simulator_fault_name(i, &name, &description); i++) {
        if (strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

const char *sim_disturbance_check(struct simulator *simulator, const struct sim_disturbance *disturbance)
{
    bool answers;
    if (!disturbance->fault == !disturbance->change.row)
        return "`fault=` or `change=` is wanted";
    if (disturbance->change.row)
        return disturbance->path || disturbance->times ? "`path=` and `times=` are of a fault"
                                                       : sim_change_check(simulator, &disturbance->change);
    if (fault_known(disturbance->fault))
        return NULL;
    if (!sim_event_known(disturbance->fault, &answers))
        return "no fault has this name";
    if (disturbance->path || (disturbance->times && !answers))
        return "this befalls the whole server: no path and no number of requests";
    return sim_event_impossible(simulator, disturbance->fault);
}

static bool text_same(const char *left, const char *right)
{
    return left && right ? strcmp(left, right) == 0 : left == right;
}

bool sim_disturbance_same(const struct sim_disturbance *left, const struct sim_disturbance *right)
{
    if (left->change.row || right->change.row)
        return left->change.row && right->change.row && sim_change_same(&left->change, &right->change);
    return strcmp(left->fault, right->fault) == 0 && text_same(left->path, right->path) &&
           left->times == right->times;
}

static bool words_same(const struct sim_disturbance *left, const struct sim_disturbance *right)
{
    return sim_disturbance_same(left, right) &&
           (!left->change.row || strcmp(left->change.value, right->change.value) == 0);
}

static void copy(struct sim_disturbance *to, const struct sim_disturbance *from)
{
    *to = (struct sim_disturbance){.fault = sim_duplicate(from->fault),
                                   .path = sim_duplicate(from->path),
                                   .times = from->times,
                                   .change = {.row = from->change.row,
                                              .key = sim_duplicate(from->change.key),
                                              .value = sim_duplicate(from->change.value)}};
}

static void in_force_free(struct sim_in_force *item)
{
    sim_disturbance_free(&item->disturbance);
    free(item->before);
    free(item);
}

/* Takes it out of the list and ends it. */
static void in_force_end(struct simulator *simulator, struct sim_in_force **at)
{
    struct sim_in_force *item = *at;
    *at = item->next;
    if (item->disturbance.fault)
        simulator_clear_fault(simulator, item->fault);
    else
        sim_change_end(simulator, &item->disturbance.change, item->before);
    in_force_free(item);
}

static struct sim_in_force **in_force_find(struct simulator *simulator,
                                           const struct sim_disturbance *disturbance)
{
    struct sim_in_force **at = &simulator->in_force;
    while (*at && !sim_disturbance_same(&(*at)->disturbance, disturbance))
        at = &(*at)->next;
    return at;
}

static const char *begin(struct simulator *simulator, const struct sim_disturbance *disturbance)
{
    struct sim_in_force **at = in_force_find(simulator, disturbance);
    if (*at && (*at)->fault && sim_fault_over(simulator, (*at)->fault)) {
        in_force_end(simulator, at); /* it has had its requests */
        at = in_force_find(simulator, disturbance);
    }
    if (*at)
        return words_same(&(*at)->disturbance, disturbance) ? "begun already"
                                                            : "another change of this is in force";
    const char *why = sim_disturbance_check(simulator, disturbance);
    if (why)
        return why;
    struct sim_in_force *item = sim_allocate(sizeof *item);
    copy(&item->disturbance, disturbance);
    if (disturbance->fault)
        item->fault = simulator_add_named_fault(simulator, disturbance->fault, disturbance->path,
                                                disturbance->times);
    else
        sim_change_begin(simulator, &disturbance->change, &item->before);
    *at = item;
    return NULL;
}

const char *sim_disturbance_begin(struct simulator *simulator, const struct sim_disturbance *disturbance)
{
    pthread_mutex_lock(&simulator->disturbances_lock);
    const char *why = begin(simulator, disturbance);
    pthread_mutex_unlock(&simulator->disturbances_lock);
    return why;
}

const char *sim_disturbance_end(struct simulator *simulator, const struct sim_disturbance *disturbance)
{
    pthread_mutex_lock(&simulator->disturbances_lock);
    struct sim_in_force **at = in_force_find(simulator, disturbance);
    bool found = *at && words_same(&(*at)->disturbance, disturbance);
    if (found)
        in_force_end(simulator, at);
    pthread_mutex_unlock(&simulator->disturbances_lock);
    return found ? NULL : "not begun";
}

void sim_disturbances_free(struct simulator *simulator)
{
    for (struct sim_in_force *item = simulator->in_force, *next; item; item = next) {
        next = item->next;
        in_force_free(item);
    }
}

/* ---- commands ---------------------------------------------------------------------------------------------- */

static const char *words_read(char *words, struct sim_disturbance *disturbance)
{
    const char *why = NULL;
    for (char *word; !why && (word = sim_word_next(&words));)
        why = sim_disturbance_take(disturbance, word);
    if (!why && !disturbance->fault == !disturbance->change.row)
        why = "`fault=` or `change=` is wanted";
    return why;
}

static const char *command_do(struct simulator *simulator, char *line)
{
    struct sim_disturbance disturbance = {0};
    const char *verb = sim_word_next(&line);
    bool begins = verb && strcmp(verb, "begin") == 0;
    if (!begins && (!verb || strcmp(verb, "end") != 0))
        return "`begin` or `end` is wanted";
    const char *why = words_read(line, &disturbance);
    if (!why && begins)
        why = sim_disturbance_begin(simulator, &disturbance);
    else if (!why)
        why = sim_disturbance_end(simulator, &disturbance);
    sim_disturbance_free(&disturbance);
    return why;
}

char *simulator_command(struct simulator *simulator, const char *line)
{
    struct sim_text answer = {0};
    char *words = sim_duplicate(line);
    const char *why = command_do(simulator, words);
    int size = (int)strcspn(line, "\r\n");
    if (why)
        sim_text_printf(&answer, "refused: %.*s: %s", size, line, why);
    else
        sim_text_printf(&answer, "done: %.*s", size, line);
    free(words);
    return answer.data;
}
