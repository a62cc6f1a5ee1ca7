/* Faults and changes by the clock, for the demonstration. */
#include "simulator/call.h"
#include "simulator/disturbance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event {
    int64_t at_ns, for_ns, every_ns; /* from the start; 0: once */
    struct sim_disturbance disturbance;
    int64_t next_ns; /* of its next begin or end */
    bool playing, refused;
    size_t line;
};

struct sim_timetable {
    struct simulator *simulator;
    struct event *events;
    size_t count;
    int64_t started_ns;
    pthread_t thread;
};

static bool duration_read(const char *text, int64_t *ns)
{
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    long long number = strtoll(text, &end, 10);
    long long unit = strcmp(end, "ms") == 0  ? 1000000LL
                     : strcmp(end, "s") == 0 ? 1000000000LL
                     : strcmp(end, "m") == 0 ? 60000000000LL
                     : strcmp(end, "h") == 0 ? 3600000000000LL
                                             : 0;
    *ns = number * unit;
    return unit != 0 && number < 100000;
}

/* One line; returns what is wrong with it, or NULL. */
static const char *event_read(struct simulator *simulator, char *line, struct event *event)
{
    bool at = false;
    for (char *word; (word = sim_word_next(&line));) {
        int64_t *time = strcmp(word, "at") == 0      ? &event->at_ns
                        : strcmp(word, "for") == 0   ? &event->for_ns
                        : strcmp(word, "every") == 0 ? &event->every_ns
                                                     : NULL;
        const char *wrong = time ? NULL : sim_disturbance_take(&event->disturbance, word);
        if (wrong)
            return wrong;
        if (time && !duration_read(sim_word_next(&line), time))
            return "a duration is wanted, as 30s";
        at |= time == &event->at_ns;
    }
    if (!at || !event->for_ns)
        return "`at` and `for` are wanted";
    if (event->every_ns && event->every_ns <= event->for_ns)
        return "`every` must be longer than `for`";
    return sim_disturbance_check(simulator, &event->disturbance);
}

/* Two lines that would be in force at once, and cannot. Of one that comes again only its first time is looked at; what is
 * refused later is told when it is. */
static const char *event_overlap(const struct sim_timetable *timetable, const struct event *event)
{
    for (size_t i = 0; i < timetable->count; i++) {
        const struct event *other = &timetable->events[i];
        if (sim_disturbance_same(&event->disturbance, &other->disturbance) &&
            event->at_ns < other->at_ns + other->for_ns && other->at_ns < event->at_ns + event->for_ns)
            return "a line before is about the same, and still in force then";
    }
    return NULL;
}

static void timetable_free(struct sim_timetable *timetable)
{
    for (size_t i = 0; i < timetable->count; i++)
        sim_disturbance_free(&timetable->events[i].disturbance);
    free(timetable->events);
    free(timetable);
}

static void event_end(struct simulator *simulator, struct event *event)
{
    if (!event->refused)
        sim_disturbance_end(simulator, &event->disturbance); /* unless a command has */
    event->playing = false;
    event->next_ns = event->every_ns ? event->next_ns - event->for_ns + event->every_ns : INT64_MAX;
}

static void event_begin(struct simulator *simulator, struct event *event)
{
    const char *why = sim_disturbance_begin(simulator, &event->disturbance);
    if (why)
        fprintf(stderr, "simulator: line %zu of the timetable: %s\n", event->line, why);
    event->refused = why != NULL;
    event->playing = true;
    event->next_ns += event->for_ns;
}

/* Does what is due, ends before begins; returns when the next is, INT64_MAX for never. */
static int64_t events_play(struct sim_timetable *timetable, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < timetable->count; i++) {
        if (timetable->events[i].next_ns <= now && timetable->events[i].playing)
            event_end(timetable->simulator, &timetable->events[i]);
    }
    for (size_t i = 0; i < timetable->count; i++) {
        struct event *event = &timetable->events[i];
        if (event->next_ns <= now && !event->playing)
            event_begin(timetable->simulator, event);
        if (event->next_ns < next)
            next = event->next_ns;
    }
    return next;
}

static void *timetable_run(void *context)
{
    struct sim_timetable *timetable = context;
    for (;;) {
        int64_t now = sim_now_ns() - timetable->started_ns;
        int64_t next = events_play(timetable, now), wait = next > now ? next - now : 0;
        if (wait > 3600000000000LL)
            wait = 3600000000000LL;
        if (!sim_sleep(timetable->simulator, (uint32_t)(wait / 1000000) + 1))
            return NULL;
    }
}

char *simulator_play_timetable(struct simulator *simulator, const char *file)
{
    struct sim_timetable *timetable = sim_allocate(sizeof *timetable);
    struct sim_text fault = {0};
    char *line = NULL;
    size_t capacity = 0, number = 0;
    FILE *in = fopen(file, "r");
    timetable->simulator = simulator;
    if (!in)
        sim_text_printf(&fault, "%s: %m", file);
    while (in && !fault.size && getline(&line, &capacity, in) > 0) {
        struct event event = {.line = ++number};
        line[strcspn(line, "#")] = '\0';
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        const char *wrong = event_read(simulator, line, &event);
        if (!wrong)
            wrong = event_overlap(timetable, &event);
        if (wrong) {
            sim_text_printf(&fault, "%s:%zu: %s", file, number, wrong);
            sim_disturbance_free(&event.disturbance);
            break;
        }
        event.next_ns = event.at_ns;
        timetable->events = sim_reallocate(timetable->events, (timetable->count + 1) * sizeof event);
        timetable->events[timetable->count++] = event;
    }
    free(line);
    if (in)
        fclose(in);
    if (fault.size) {
        timetable_free(timetable);
        return fault.data;
    }
    timetable->started_ns = sim_now_ns();
    pthread_mutex_lock(&simulator->lock);
    if (simulator->timetable)
        sim_die("a timetable is playing already");
    simulator->timetable = timetable;
    pthread_mutex_unlock(&simulator->lock);
    if (pthread_create(&timetable->thread, NULL, timetable_run, timetable) != 0)
        sim_die("no thread");
    return NULL;
}

void sim_timetable_stop(struct simulator *simulator)
{
    if (!simulator->timetable)
        return;
    pthread_join(simulator->timetable->thread, NULL);
    timetable_free(simulator->timetable);
    simulator->timetable = NULL;
}
