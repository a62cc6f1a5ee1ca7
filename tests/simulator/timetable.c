/* Faults by the clock, for the demonstration. */
#include "simulator/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct event {
    int64_t at_ns, for_ns, every_ns; /* from the start; 0: once */
    char *fault, *path;
    int64_t next_ns; /* of the next change */
    unsigned number; /* in force; 0: not */
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

static bool fault_known(const char *wanted)
{
    const char *name, *description;
    for (size_t i = 0; simulator_fault_name(i, &name, &description); i++) {
        if (strcmp(name, wanted) == 0)
            return true;
    }
    for (size_t i = 0; simulator_event_name(i, &name, &description); i++) {
        if (strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

/* The next word, ended by NUL; NULL at the end of the line. */
static char *word_next(char **line)
{
    static const char blanks[] = " \t\r\n";
    char *word = *line + strspn(*line, blanks);
    size_t size = strcspn(word, blanks);
    *line = word + size;
    if (**line)
        *(*line)++ = '\0';
    return size ? word : NULL;
}

/* One line; returns what is wrong with it, or NULL. */
static const char *event_read(char *line, struct event *event)
{
    bool at = false;
    *event = (struct event){0};
    for (char *word; (word = word_next(&line));) {
        int64_t *time = strcmp(word, "at") == 0      ? &event->at_ns
                        : strcmp(word, "for") == 0   ? &event->for_ns
                        : strcmp(word, "every") == 0 ? &event->every_ns
                                                     : NULL;
        if (time && !duration_read(word_next(&line), time))
            return "a duration is wanted, as 30s";
        at |= time == &event->at_ns;
        if (strncmp(word, "fault=", 6) == 0)
            event->fault = word + 6;
        else if (strncmp(word, "path=", 5) == 0)
            event->path = word + 5;
        else if (!time)
            return "unknown word; `[every T] at T for T fault=NAME [path=PART]` is wanted";
    }
    if (!at || !event->for_ns || !event->fault)
        return "`at`, `for` and `fault=` are wanted";
    if (event->every_ns && event->every_ns <= event->for_ns)
        return "`every` must be longer than `for`";
    return fault_known(event->fault) ? NULL : "no fault has this name";
}

static void timetable_free(struct sim_timetable *timetable)
{
    for (size_t i = 0; i < timetable->count; i++) {
        free(timetable->events[i].fault);
        free(timetable->events[i].path);
    }
    free(timetable->events);
    free(timetable);
}

/* Does what is due; returns when the next change is, INT64_MAX for never. */
static int64_t events_play(struct sim_timetable *timetable, int64_t now)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < timetable->count; i++) {
        struct event *event = &timetable->events[i];
        if (event->next_ns <= now && event->number) {
            simulator_clear_fault(timetable->simulator, event->number);
            event->number = 0;
            event->next_ns = event->every_ns ? event->next_ns - event->for_ns + event->every_ns : INT64_MAX;
        } else if (event->next_ns <= now) {
            event->number = simulator_add_named_fault(timetable->simulator, event->fault, event->path, 0);
            event->next_ns += event->for_ns;
        }
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
        struct event event;
        number++;
        line[strcspn(line, "#")] = '\0';
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        const char *wrong = event_read(line, &event);
        if (!wrong)
            wrong = sim_event_impossible(simulator, event.fault);
        if (wrong) {
            sim_text_printf(&fault, "%s:%zu: %s", file, number, wrong);
            break;
        }
        event.fault = sim_duplicate(event.fault);
        event.path = sim_duplicate(event.path);
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
