/* The columns of sensitive services that no probe takes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "probe/guard.h"

/* Whole names, or parts of them: tables differ between versions, and the same thing is called CurUserID, UserID, DcdUserID. */
static const struct {
    const char *text;
    bool whole;
} columns[] = {
    {"*", true},          {"ComputerName", false}, {"Domain", false},   {"EMail", false},
    {"Hash", false},      {"APIKey", true},        {"Key", true},       {"Initials", false},
    {"OSUser", false},    {"PassPhrase", false},   {"PassWord", false}, {"Phone", false},
    {"Pwd", true},        {"Salt", false},         {"Secret", false},   {"SerialNum", true},
    {"SessionID", false}, {"Token", false},        {"UserID", false},   {"UserName", false},
};

/* The person's own name; elsewhere Name is that of a key or agent. */
static const char person[] = "UserFile";

static bool is_refused(const char *service, struct span name)
{
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (columns[i].whole ? span_is_nocase(name, columns[i].text)
                             : span_find_nocase(name, columns[i].text) != NULL)
            return true;
    return span_is_nocase(name, "Name") && strcasestr(service, person) != NULL;
}

char *guard_column(const char *service, const char *text)
{
    static const char between[] = " \t\r\n,;=/.()&\\'\"";
    if (service == NULL || text == NULL || guard_service(service) == GUARD_FREE)
        return NULL;
    for (text += strspn(text, between); *text != '\0'; text += strspn(text, between)) {
        struct span name = {text, strcspn(text, between)};
        if (is_refused(service, name))
            return memory_copy_bytes(name.data, name.size);
        text += name.size;
    }
    return NULL;
}

#define SENTENCE "refused, %s of this service is a secret or personal data"

static void refuse_pair(const struct probe_settings *probe, const char *family, const struct pair *pair,
                        char *column, struct fault_list *faults)
{
    if (column != NULL)
        fault_add(faults, pair->place, "[probe %s] %s.%s: " SENTENCE, probe->name, family, pair->name,
                  column);
    free(column);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), behind = strlen(end);
    return size >= behind && strcmp(text + size - behind, end) == 0;
}

void guard_values(const struct probe_settings *probe, const char *service, const struct pair_list *values,
                  struct fault_list *faults)
{
    for (size_t i = 0; i < values->count; i++)
        if (!ends_with(values->items[i].name, ".help"))
            refuse_pair(probe, "value", &values->items[i], guard_column(service, values->items[i].value),
                        faults);
}

/* What was found instead is told in messages. */
void guard_expect(const struct probe_settings *probe, const char *service, const struct pair_list *expect,
                  struct fault_list *faults)
{
    for (size_t i = 0; i < expect->count; i++)
        refuse_pair(probe, "expect", &expect->items[i], guard_column(service, expect->items[i].name), faults);
}

void guard_option(const struct probe_settings *probe, const char *service, struct place place,
                  const char *family, const char *name, const char *value, struct fault_list *faults)
{
    static const char *const others[] = {"apply", "compute", "expand"};
    const char *option = name + (name[0] == '$');
    if (guard_service(service) == GUARD_FREE)
        return;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcasecmp(option, others[i]) == 0)
            fault_add(
                faults, place,
                "[probe %s] %s%s: refused, it takes columns of this service beside those of select, and "
                "some are secrets or personal data",
                probe->name, family, name);
    char *column = strcasecmp(option, "select") == 0 ? guard_column(service, value) : NULL;
    if (column != NULL && strcmp(column, "*") == 0)
        fault_add(faults, place,
                  "[probe %s] %s%s = *: refused, some columns of this service are secrets or personal data; "
                  "name those that you need",
                  probe->name, family, name);
    else if (column != NULL)
        fault_add(faults, place, "[probe %s] %s%s: " SENTENCE, probe->name, family, name, column);
    free(column);
}
