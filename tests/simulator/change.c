#include "simulator/change.h"
#include "simulator/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct sim_change_row *row_at(size_t i)
{
    static const struct sim_change_row *const groups[] = {sim_server_changes, sim_content_changes};
    for (size_t group = 0; group < sizeof groups / sizeof groups[0]; group++) {
        for (const struct sim_change_row *row = groups[group]; row->name; row++) {
            if (i-- == 0)
                return row;
        }
    }
    return NULL;
}

bool simulator_change_name(size_t i, const char **name, const char **form, const char **description)
{
    const struct sim_change_row *row = row_at(i);
    if (!row)
        return false;
    *name = row->name;
    *form = row->form;
    *description = row->help;
    return true;
}

const char *sim_change_parse(const char *text, struct sim_change *change)
{
    size_t size = strcspn(text, "=");
    const char *rest = text[size] ? text + size + 1 : NULL, *equals = rest ? strchr(rest, '=') : NULL;
    const struct sim_change_row *row;
    for (size_t i = 0; (row = row_at(i)); i++) {
        if (strlen(row->name) == size && memcmp(row->name, text, size) == 0)
            break;
    }
    if (!row)
        return "no change has this name";
    if (!rest != (row->kind == SIM_CHANGE_BARE))
        return rest ? "this change has no value" : "this change wants a value";
    if (rest && !*rest)
        return "this change wants a value";
    if (row->kind == SIM_CHANGE_OF_PAIR && (!equals || equals == rest))
        return "this change wants NAME=VALUE";
    *change = (struct sim_change){.row = row};
    switch (row->kind) {
    case SIM_CHANGE_OF_PAIR:
        change->key = sim_duplicate_n(rest, (size_t)(equals - rest));
        change->value = sim_duplicate(equals + 1);
        break;
    case SIM_CHANGE_OF_KEY:
        change->key = sim_duplicate(rest);
        change->value = sim_duplicate("");
        break;
    case SIM_CHANGE_OF_VALUE:
    case SIM_CHANGE_BARE:
        change->key = sim_duplicate("");
        change->value = sim_duplicate(rest ? rest : "");
        break;
    }
    return NULL;
}

void sim_change_free(struct sim_change *change)
{
    free(change->key);
    free(change->value);
    *change = (struct sim_change){0};
}

static bool number_good(const struct sim_change_row *row, const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return !errno && (*text == '-' || (*text >= '0' && *text <= '9')) && !*end && number >= row->min &&
           number <= row->max;
}

const char *sim_change_check(struct simulator *simulator, const struct sim_change *change)
{
    const struct sim_change_row *row = change->row;
    if ((row->min || row->max) && !number_good(row, change->value))
        return "the value is no whole number, or none that can be";
    return row->check ? row->check(simulator, change) : NULL;
}

bool sim_change_same(const struct sim_change *left, const struct sim_change *right)
{
    return left->row == right->row && strcmp(left->key, right->key) == 0;
}

void sim_change_begin(struct simulator *simulator, const struct sim_change *change, char **before)
{
    const struct sim_change_row *row = change->row;
    bool valued = row->kind == SIM_CHANGE_OF_VALUE || row->kind == SIM_CHANGE_OF_PAIR;
    char *text = row->make ? row->make(simulator, change) : sim_duplicate(valued ? change->value : "yes");
    *before = row->read(simulator, change);
    row->write(simulator, change, text);
    free(text);
}

void sim_change_end(struct simulator *simulator, const struct sim_change *change, const char *before)
{
    change->row->write(simulator, change, before);
}

const char *simulator_change_wrong(const char *text)
{
    struct sim_change change;
    const char *wrong = sim_change_parse(text, &change);
    if (wrong)
        return wrong;
    wrong = sim_change_check(NULL, &change);
    sim_change_free(&change);
    return wrong;
}

void sim_changes_start(struct simulator *simulator, const char *const *texts)
{
    for (; texts && *texts; texts++) {
        struct sim_change change;
        char *before = NULL;
        const char *wrong = sim_change_parse(*texts, &change);
        if (!wrong)
            wrong = sim_change_check(simulator, &change);
        if (wrong)
            sim_die("%s: %s", *texts, wrong);
        sim_change_begin(simulator, &change, &before);
        free(before);
        sim_change_free(&change);
    }
}
