#include "probe/company.h"

#include <stdlib.h>
#include <strings.h>

#include "base/memory.h"
#include "probe/field.h"

static size_t find(const struct companies *companies, const char *name)
{
    size_t at = 0;
    while (at < companies->count && strcasecmp(companies->names[at], name) != 0)
        at++;
    return at;
}

static size_t add(struct companies *companies, const char *name)
{
    size_t at = find(companies, name);
    if (at == companies->count)
        companies->names[companies->count++] = name;
    return at;
}

void companies_init(struct companies *companies, const struct target_settings *target)
{
    const struct text_list *lists[] = {&target->appserver->company, &target->probe->company};
    companies->count = 0;
    companies->names = memory_new(lists[0]->count + lists[1]->count + 1, sizeof *companies->names);
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            add(companies, lists[l]->items[i]);
    companies->configured = companies->count;
    companies->other = add(companies, COMPANY_OTHER);
}

void companies_free(struct companies *companies)
{
    free(companies->names);
    *companies = (struct companies){0};
}

size_t companies_find(const struct companies *companies, const struct json_value *value)
{
    char name[FIELD_LABEL_MAX + 1];
    if (!field_label(value, name))
        return companies->other;
    size_t at = find(companies, name);
    return at < companies->count ? at : companies->other;
}
