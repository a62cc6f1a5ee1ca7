#include "probe/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "probe/kind.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    const char *name, *words; /* words: how a help begins that is made */
} aggregates[] = {
    [VALUE_LAST] = {"last", "Last"},     [VALUE_SUM] = {"sum", "Sum of"},
    [VALUE_MIN] = {"min", "Least"},      [VALUE_MAX] = {"max", "Largest"},
    [VALUE_AVG] = {"avg", "Average of"}, [VALUE_COUNT] = {"count", "Count of"},
};

/* Other families of the exposition formats have these. */
static const char *const endings[] = {"_total", "_count", "_sum", "_bucket", "_created", "_info"};

/* Labels of the target, of other families, and of Prometheus itself. */
static const char *const taken_labels[] = {"appserver", "company", "probe",    "kind", "reason",  "code",
                                           "phase",     "le",      "quantile", "job",  "instance"};

struct maker {
    const struct probe_settings *probe;
    struct value_set *set;
    struct fault_list *faults;
};

static bool is_snake_case(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = c >= 'a' && c <= 'z', more = (c >= '0' && c <= '9') || c == '_';
        if (!letter && (i == 0 || !more))
            return false;
    }
    return name.size > 0;
}

/* ---- value.NAME ---- */

static const char *ending_of(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (size >= ending && strcmp(name + size - ending, endings[i]) == 0)
            return endings[i];
    }
    return NULL;
}

static void name_check(const struct maker *maker, const struct pair *pair)
{
    const char *ending = ending_of(pair->name);
    if (!is_snake_case(span_of(pair->name)))
        fault_add(maker->faults, pair->place,
                  "[probe %s] value.%s: a name has small letters, digits and _, and begins with a letter",
                  maker->probe->name, pair->name);
    else if (ending != NULL)
        fault_add(
            maker->faults, pair->place,
            "[probe %s] value.%s: a name must not end in %s, which has a meaning of its own in Prometheus",
            maker->probe->name, pair->name, ending);
    for (size_t i = 0; ending == NULL && i < COUNT_OF(endings); i++) {
        if (strcmp(pair->name, endings[i] + 1) == 0)
            warning_add(maker->faults, pair->place,
                        "[probe %s] value.%s: the metric would be epicor_value%s, and Prometheus gives names "
                        "that end "
                        "so a meaning of its own; better say of what",
                        maker->probe->name, pair->name, endings[i]);
    }
    if (strlen(pair->name) > VALUE_NAME_MAX)
        fault_add(maker->faults, pair->place,
                  "[probe %s] value.%.40s: a name that begins so has more than %d bytes", maker->probe->name,
                  pair->name, VALUE_NAME_MAX);
    if (pair->value[0] == '\0')
        fault_add(maker->faults, pair->place, "[probe %s] value.%s: there is no column", maker->probe->name,
                  pair->name);
}

static struct value_definition *find(const struct value_set *set, struct span name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (span_is(name, set->items[i].name))
            return &set->items[i];
    }
    return NULL;
}

static void definitions_make(const struct maker *maker, const struct pair_list *pairs)
{
    struct value_set *set = maker->set;
    set->items = memory_new(pairs->count, sizeof *set->items);
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pair *pair = &pairs->items[i];
        if (strchr(pair->name, '.') != NULL)
            continue;
        if (set->count == VALUES_MAX) {
            fault_add(maker->faults, pair->place, "[probe %s] value.%s: more than %d values in one probe",
                      maker->probe->name, pair->name, VALUES_MAX);
            return;
        }
        name_check(maker, pair);
        set->items[set->count++] = (struct value_definition){.name = memory_copy_text(pair->name),
                                                             .column = memory_copy_text(pair->value)};
    }
}

/* ---- value.NAME.aggregate, .labels, .help ---- */

static void aggregate_read(const struct maker *maker, struct value_definition *value, const struct pair *pair)
{
    const char *names[COUNT_OF(aggregates)];
    for (size_t i = 0; i < COUNT_OF(aggregates); i++) {
        names[i] = aggregates[i].name;
        if (strcmp(pair->value, names[i]) == 0) {
            value->aggregate = (enum value_aggregate)i;
            return;
        }
    }
    const char *nearest = text_nearest(pair->value, names, COUNT_OF(names));
    fault_add(maker->faults, pair->place,
              "[probe %s] value.%s = %s: there are sum, min, max, avg, count and last%s%s%s",
              maker->probe->name, pair->name, pair->value, nearest == NULL ? "" : "; is ",
              nearest == NULL ? "" : nearest, nearest == NULL ? "" : " meant?");
}

/* NULL, or an owned sentence. */
static char *alias_check(const struct value_definition *value, struct span alias)
{
    if (!is_snake_case(alias))
        return memory_format("%.*s is no name of a label: small letters, digits and _, a letter first",
                             (int)alias.size, alias.data);
    for (size_t i = 0; i < COUNT_OF(taken_labels); i++) {
        if (span_is(alias, taken_labels[i]))
            return memory_format("the label %s has a meaning already; choose another alias", taken_labels[i]);
    }
    for (size_t i = 0; i < value->label_count; i++) {
        if (span_is(alias, value->labels[i].alias))
            return memory_format("%s stands in it twice", value->labels[i].alias);
    }
    return NULL;
}

static char *label_read(struct value_definition *value, struct span item)
{
    if (item.size == 0)
        return memory_copy_text("an item of the list is empty: a comma too many, or no value");
    const char *equals = memchr(item.data, '=', item.size);
    struct span alias = item, column = {NULL, 0};
    if (equals != NULL) {
        size_t size = (size_t)(equals - item.data);
        alias = span_trim((struct span){item.data, size});
        column = span_trim((struct span){equals + 1, item.size - size - 1});
    }
    if (alias.size == 0 || column.size == 0)
        return memory_format("wants alias=Column and not %.*s", (int)item.size, item.data);
    if (value->label_count == FINDING_LABELS_MAX)
        return memory_format("more than %d labels", FINDING_LABELS_MAX);
    char *fault = alias_check(value, alias);
    if (fault == NULL)
        value->labels[value->label_count++] = (struct value_label){
            .alias = memory_copy_bytes(alias.data, alias.size),
            .column = memory_copy_bytes(column.data, column.size)};
    return fault;
}

static void labels_read(const struct maker *maker, struct value_definition *value, const struct pair *pair)
{
    struct span rest = span_of(pair->value), item;
    value->labels = memory_new(FINDING_LABELS_MAX, sizeof *value->labels);
    bool empty = rest.size == 0;
    while (empty || span_next_item(&rest, &item)) {
        char *fault = label_read(value, empty ? (struct span){"", 0} : item);
        if (fault != NULL)
            fault_add(maker->faults, pair->place, "[probe %s] value.%s: %s", maker->probe->name, pair->name,
                      fault);
        free(fault);
        empty = false;
    }
}

static void help_read(const struct maker *maker, struct value_definition *value, const struct pair *pair)
{
    if (pair->value[0] == '\0')
        fault_add(maker->faults, pair->place, "[probe %s] value.%s: there is no text", maker->probe->name,
                  pair->name);
    value->help = memory_copy_text(pair->value);
}

static const struct {
    const char *name;
    void (*read)(const struct maker *maker, struct value_definition *value, const struct pair *pair);
} attributes[] = {{"aggregate", aggregate_read}, {"labels", labels_read}, {"help", help_read}};

static void attribute_unknown(const struct maker *maker, const struct pair *pair, const char *attribute)
{
    const char *names[COUNT_OF(attributes)];
    for (size_t i = 0; i < COUNT_OF(attributes); i++)
        names[i] = attributes[i].name;
    const char *nearest = text_nearest(attribute, names, COUNT_OF(names));
    fault_add(maker->faults, pair->place,
              "[probe %s] value.%s: unknown key; after value.NAME come .aggregate, .labels and .help%s%s%s",
              maker->probe->name, pair->name, nearest == NULL ? "" : "; is .", nearest == NULL ? "" : nearest,
              nearest == NULL ? "" : " meant?");
}

static void value_missing(const struct maker *maker, const struct pair *pair, struct span name)
{
    const char **names = memory_new(maker->set->count, sizeof *names);
    for (size_t i = 0; i < maker->set->count; i++)
        names[i] = maker->set->items[i].name;
    char *text = memory_copy_bytes(name.data, name.size);
    const char *nearest = text_nearest(text, names, maker->set->count);
    if (nearest != NULL)
        fault_add(maker->faults, pair->place, "[probe %s] value.%s: there is no value.%s; is value.%s meant?",
                  maker->probe->name, pair->name, text, nearest);
    else
        fault_add(maker->faults, pair->place,
                  "[probe %s] value.%s: there is no value.%s, which says the column: value.%s = Column",
                  maker->probe->name, pair->name, text, text);
    free(text);
    free(names);
}

static void attribute_read(const struct maker *maker, const struct pair *pair)
{
    const char *dot = strchr(pair->name, '.');
    struct span name = {pair->name, (size_t)(dot - pair->name)};
    struct value_definition *value = find(maker->set, name);
    if (name.size == 0) {
        fault_add(maker->faults, pair->place,
                  "[probe %s] value.%s: it wants a name between the dots: value.NAME%s", maker->probe->name,
                  pair->name, dot);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(attributes); i++) {
        if (strcmp(dot + 1, attributes[i].name) != 0)
            continue;
        if (value == NULL)
            value_missing(maker, pair, name);
        else
            attributes[i].read(maker, value, pair);
        return;
    }
    attribute_unknown(maker, pair, dot + 1);
}

/* ---- the set ---- */

static void help_make(struct value_definition *value)
{
    if (value->help != NULL)
        return;
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    buffer_format(&text, "%s %s in the rows of a probe", aggregates[value->aggregate].words, value->column);
    for (size_t i = 0; i < value->label_count; i++)
        buffer_format(&text, "%s %s", i == 0 ? ", by" : " and", value->labels[i].column);
    buffer_byte(&text, '.');
    value->help = buffer_take(&text);
}

static void column_add(struct value_set *set, const char *column)
{
    for (size_t i = 0; i < set->column_count; i++) {
        if (strcmp(set->columns[i], column) == 0)
            return;
    }
    set->columns[set->column_count++] = column;
}

static void columns_make(struct value_set *set)
{
    size_t most = 0;
    for (size_t i = 0; i < set->count; i++)
        most += 1 + set->items[i].label_count;
    set->columns = memory_new(most, sizeof *set->columns);
    for (size_t i = 0; i < set->count; i++) {
        column_add(set, set->items[i].column);
        for (size_t k = 0; k < set->items[i].label_count; k++)
            column_add(set, set->items[i].labels[k].column);
    }
}

void value_settings_prepare(const struct probe_settings *probe, struct value_settings *settings,
                            struct fault_list *faults)
{
    struct value_set *set = memory_new(1, sizeof *set);
    struct maker maker = {probe, set, faults};
    settings->set = set;
    set->max_series = (size_t)settings->max_series;
    definitions_make(&maker, &settings->pairs);
    for (size_t i = 0; i < settings->pairs.count; i++) {
        if (strchr(settings->pairs.items[i].name, '.') != NULL)
            attribute_read(&maker, &settings->pairs.items[i]);
    }
    for (size_t i = 0; i < set->count; i++)
        help_make(&set->items[i]);
    columns_make(set);
    if (set->count == 0 && key_lines_find(&probe->keys, "max_series") != 0)
        warning_add(faults, probe_key_place(probe, "max_series"),
                    "[probe %s] max_series: without effect, because there is no value.NAME", probe->name);
}

void value_settings_release(struct value_settings *settings)
{
    struct value_set *set = settings->set;
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        struct value_definition *value = &set->items[i];
        for (size_t k = 0; k < value->label_count; k++) {
            free(value->labels[k].alias);
            free(value->labels[k].column);
        }
        free(value->labels);
        free(value->name);
        free(value->help);
        free(value->column);
    }
    if (set != NULL) {
        free(set->items);
        free(set->columns);
    }
    free(set);
    settings->set = NULL;
}

struct value_definitions value_settings_definitions(const struct value_settings *settings)
{
    return (struct value_definitions){settings->set->items, settings->set->count};
}

/* ---- all probes ---- */

/* A value and the probe that defines it. */
struct owned_value {
    const struct value_definition *value;
    const struct probe_settings *probe;
};

static int owned_compare(const void *left, const void *right)
{
    const struct owned_value *a = left, *b = right;
    int order = strcmp(a->value->name, b->value->name);
    return order != 0 ? order : (a->probe > b->probe) - (a->probe < b->probe); /* of one array, by the file */
}

static bool same_labels(const struct value_definition *a, const struct value_definition *b)
{
    if (a->label_count != b->label_count)
        return false;
    for (size_t i = 0; i < a->label_count; i++) {
        if (strcmp(a->labels[i].alias, b->labels[i].alias) != 0)
            return false;
    }
    return true;
}

static struct place attribute_place(const struct owned_value *owned, const char *attribute)
{
    char *plain = memory_format("value.%s", owned->value->name);
    char *key = memory_format("%s.%s", plain, attribute);
    bool written = key_lines_find(&owned->probe->keys, key) != 0;
    struct place place = probe_key_place(owned->probe, written ? key : plain);
    free(plain);
    free(key);
    return place;
}

static void pair_check(const struct owned_value *first, const struct owned_value *second,
                       struct fault_list *faults)
{
    const char *name = second->value->name;
    if (!same_labels(first->value, second->value))
        fault_add(faults, attribute_place(second, "labels"),
                  "[probe %s] value.%s: it has other labels, or in another order, than in [probe %s]; one "
                  "metric has "
                  "one list of labels",
                  second->probe->name, name, first->probe->name);
    if (strcmp(first->value->help, second->value->help) != 0)
        fault_add(
            faults, attribute_place(second, "help"),
            "[probe %s] value.%s: it has another help than in [probe %s]; one metric has one help: write "
            "value.%s.help alike in both",
            second->probe->name, name, first->probe->name, name);
}

static bool has_label(const struct value_definition *value, const char *name)
{
    for (size_t i = 0; i < value->label_count; i++) {
        if (strcmp(value->labels[i].alias, name) == 0)
            return true;
    }
    return false;
}

/* A constant label of the app server beside one of the value's own: the page would have it twice. */
static void target_check(const struct target_settings *target, struct fault_list *faults)
{
    const struct pair_list *constant = &target->appserver->labels;
    const struct probe_kind *kind = (const struct probe_kind *)(const void *)target->probe->kind;
    if (constant->count == 0 || kind == NULL || kind->values == NULL || target->probe->own == NULL)
        return;
    struct value_definitions values = kind->values(target->probe);
    for (size_t i = 0; i < values.count; i++) {
        for (size_t k = 0; k < constant->count; k++) {
            if (has_label(&values.items[i], constant->items[k].name))
                fault_add(faults, constant->items[k].place,
                          "[appserver %s] label.%s: value.%s of [probe %s] has a label of that name; choose "
                          "another one",
                          target->appserver->name, constant->items[k].name, values.items[i].name,
                          target->probe->name);
        }
    }
}

void value_check_model(const struct model *model, struct fault_list *faults)
{
    struct owned_value *all = NULL;
    size_t count = 0;
    for (size_t i = 0; i < model->probe_count; i++) {
        const struct probe_settings *probe = &model->probes[i];
        if (probe->kind == NULL || probe->own == NULL)
            continue;
        const struct probe_kind *kind = (const struct probe_kind *)(const void *)probe->kind;
        struct value_definitions values = kind->values == NULL ? (struct value_definitions){NULL, 0}
                                                               : kind->values(probe);
        all = memory_grow(all, count + values.count, sizeof *all);
        for (size_t k = 0; k < values.count; k++)
            all[count++] = (struct owned_value){&values.items[k], probe};
    }
    if (count > 0)
        qsort(all, count, sizeof *all, owned_compare);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (strcmp(all[i].value->name, all[first].value->name) == 0)
            pair_check(&all[first], &all[i], faults);
        else
            first = i;
    }
    free(all);
    for (size_t i = 0; i < model->target_count; i++)
        target_check(&model->targets[i], faults);
}
