#include "config/constant_label.h"

#include <string.h>

#include "config/fault.h"

#define LABELS_MAX      16
#define LABEL_VALUE_MAX 512 /* bytes */

static const char *const taken[] = {
    /* a target */
    "appserver", "company", "probe",
    /* families */
    "agent", "cause", "certificate", "check", "code", "family", "key", "kind", "level", "license", "path",
    "phase", "reason", "revision", "state", "status", "task", "version",
    /* Prometheus */
    "instance", "job", "le", "quantile"};

bool constant_label_is_taken(const char *name)
{
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    return false;
}

/* [a-zA-Z_][a-zA-Z0-9_]*, and none that Prometheus keeps for itself. */
static bool is_label_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t first = strspn(name, letters);

    while (first > 0 && name[first] != '\0' && strchr("0123456789", name[first]) != NULL)
        first += 1 + strspn(name + first + 1, letters);
    return first > 0 && name[first] == '\0' && strncmp(name, "__", 2) != 0;
}

void constant_labels_check(const struct appserver_settings *appserver, struct fault_list *faults)
{
    for (size_t i = 0; i < appserver->labels.count; i++) {
        const struct pair *label = &appserver->labels.items[i];
        if (!is_label_name(label->name))
            fault_add(faults, label->place,
                      "[appserver %s] label.%s: a label's name is letters, digits and _, no digit first, and "
                      "not __ first",
                      appserver->name, label->name);
        else if (constant_label_is_taken(label->name))
            fault_add(faults, label->place,
                      "[appserver %s] label.%s: the label %s has a meaning already; choose another name",
                      appserver->name, label->name, label->name);
        if (label->value[0] == '\0')
            fault_add(faults, label->place, "[appserver %s] label.%s: an empty label is none",
                      appserver->name, label->name);
        if (strlen(label->value) > LABEL_VALUE_MAX)
            fault_add(faults, label->place, "[appserver %s] label.%s: longer than %d bytes", appserver->name,
                      label->name, LABEL_VALUE_MAX);
    }
    if (appserver->labels.count > LABELS_MAX)
        fault_add(faults, appserver->labels.items[LABELS_MAX].place,
                  "[appserver %s] label: more than %d labels", appserver->name, LABELS_MAX);
}
