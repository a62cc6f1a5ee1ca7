#include "config/cross.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/rows.h"
#include "config/target.h"
#include "config/value.h"

/* Out of seats Kinetic delays each call by 20 s (facts section 4.4): a shorter time-out would hide that. */
#define SEAT_DELAY_NS (20 * SECOND_NS)

/* A last run that is older is taken for none, by rules too. */
#define STALE_INTERVALS 3

/* A duration that could not be read is 0: its own fault is told, nothing is concluded from it. */

/* ---- [exporter] ---- */

static void short_timeout_warn(const char *title, int64_t timeout_ns, struct place place,
                               struct fault_list *faults)
{
    if (timeout_ns > 0 && timeout_ns < SEAT_DELAY_NS)
        warning_add(
            faults, place,
            "%s timeout: below 20s; Kinetic delays each call by 20 s when license seats run out, which "
            "would then look like a time-out",
            title);
}

void exporter_check(const struct exporter_settings *exporter, const struct section *section,
                    struct fault_list *faults)
{
    struct place own = section_place(section);
    struct key_lines keys;
    key_lines_init(&keys, section);
    short_timeout_warn("[exporter]", exporter->timeout_ns, key_lines_place(&keys, own, "timeout"), faults);
    if (exporter->timeout_ns > 0 && exporter->connect_timeout_ns > exporter->timeout_ns)
        warning_add(faults, key_lines_place(&keys, own, "connect_timeout"),
                    "[exporter] connect_timeout: longer than timeout, so it never comes to bear");
    key_lines_free(&keys);
}

/* ---- [probe NAME] ---- */

/* Does it call Kinetic's services, which take a license seat and want an API key? */
static bool calls_services(const struct probe_settings *probe)
{
    return probe_per_company(probe) || probe->kind->server_series;
}

/* What a failed run leads to. */
static void failing_check(const struct probe_settings *probe, struct fault_list *faults)
{
    if (probe->interval_ns > 0 && probe->interval_on_failure_ns / STALE_INTERVALS > probe->interval_ns)
        warning_add(faults, probe_key_place(probe, "interval_on_failure"),
                    "[probe %s] interval_on_failure: more than three intervals, so while it fails it looks "
                    "to rules as "
                    "if it did not run",
                    probe->name);
}

void probe_check(const struct probe_settings *probe, struct fault_list *faults)
{
    const char *twice = text_list_twice(&probe->company);
    if (twice != NULL)
        fault_add(faults, probe_key_place(probe, "company"),
                  "[probe %s] company: %s stands in it twice, which would write the same series", probe->name,
                  twice);
    twice = text_list_twice(&probe->appserver);
    if (twice != NULL)
        fault_add(faults, probe_key_place(probe, "appserver"),
                  "[probe %s] appserver: %s stands in it twice, which would write the same series",
                  probe->name, twice);
    if (!probe_per_company(probe) && probe->company.count > 1)
        warning_add(faults, probe_key_place(probe, "company"),
                    "[probe %s] company: kind = %s runs once for an app server; only %s is used", probe->name,
                    probe->kind->name, probe->company.items[0]);
    if (key_lines_find(&probe->keys, "timeout") != 0 && calls_services(probe)) {
        char *title = memory_format("[probe %s]", probe->name);
        short_timeout_warn(title, probe->timeout_ns, probe_key_place(probe, "timeout"), faults);
        free(title);
    }
    if (probe->interval_ns > 0 && probe->timeout_ns > probe->interval_ns)
        warning_add(
            faults, key_lines_place(&probe->keys, probe_key_place(probe, "interval"), "timeout"),
            "[probe %s] timeout: longer than the interval, so a slow run makes the next one be skipped",
            probe->name);
    failing_check(probe, faults);
}

/* ---- across sections ---- */

static void appserver_names_check(const struct model *model, const struct probe_settings *probe,
                                  struct fault_list *faults)
{
    for (size_t i = 0; i < probe->appserver.count; i++) {
        const char *name = probe->appserver.items[i];
        if (model_appserver(model, name) != NULL)
            continue;
        const char **names = memory_new(model->appserver_count, sizeof *names);
        for (size_t k = 0; k < model->appserver_count; k++)
            names[k] = model->appservers[k].name;
        const char *nearest = text_nearest(name, names, model->appserver_count);
        fault_add(faults, probe_key_place(probe, "appserver"),
                  "[probe %s] appserver = %s: there is no such [appserver]%s%s%s", probe->name, name,
                  nearest == NULL ? "" : "; is ", nearest == NULL ? "" : nearest,
                  nearest == NULL ? "" : " meant?");
        free(names);
    }
}

static bool probe_runs_on(const struct probe_settings *probe, const struct appserver_settings *appserver)
{
    for (size_t i = 0; i < probe->appserver.count; i++) {
        if (strcmp(probe->appserver.items[i], appserver->name) == 0)
            return true;
    }
    return probe->appserver.count == 0;
}

/* v2 has the company in its paths and wants an API key with every call but the token's. */
static void version_check(const struct model *model, const struct appserver_settings *appserver,
                          struct fault_list *faults)
{
    if (appserver->api_version != 2 || appserver->url == NULL) /* without URL it has enough faults */
        return;
    bool key_wanted = false;
    for (size_t i = 0; i < model->probe_count; i++) {
        const struct probe_settings *probe = &model->probes[i];
        if (probe->kind == NULL || !calls_services(probe) || !probe_runs_on(probe, appserver))
            continue;
        key_wanted = true;
        if (!probe_per_company(probe)) /* its kind says what it wants */
            continue;
        if (probe->company.count == 0 && appserver->company.count == 0)
            fault_add(
                faults, probe->place,
                "[probe %s]: api_version = v2 needs a company; neither the probe nor [appserver %s] has one",
                probe->name, appserver->name);
    }
    if (key_wanted && appserver->api_key.form == SECRET_NONE && appserver->company_keys.count == 0)
        warning_add(faults, appserver->place,
                    "[appserver %s]: no api_key, which api_version = v2 wants with every "
                    "call",
                    appserver->name);
}

static bool has_item(const struct text_list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], item) == 0)
            return true;
    }
    return false;
}

/* A key of a company that nobody asks for is mostly a company misspelt. */
static void company_keys_check(const struct model *model, const struct appserver_settings *appserver,
                               struct fault_list *faults)
{
    for (size_t i = 0; i < appserver->company_keys.count; i++) {
        const struct secret_pair *key = &appserver->company_keys.items[i];
        bool asked = has_item(&appserver->company, key->name);
        for (size_t k = 0; k < model->probe_count && !asked; k++)
            asked = has_item(&model->probes[k].company, key->name);
        if (!asked)
            warning_add(faults, key->place, "[appserver %s] api_key.%s: no probe runs for this company",
                        appserver->name, key->name);
    }
}

struct url_order {
    const struct appserver_settings *appserver;
};

static int url_order_compare(const void *left, const void *right)
{
    const struct url_order *a = left, *b = right;
    int order = strcmp(a->appserver->url, b->appserver->url);
    return order != 0 ? order : (a->appserver > b->appserver) - (a->appserver < b->appserver);
}

/* Two app servers of one URL each have their own gate, so together they take more seats than either says. */
static void urls_check(const struct model *model, struct fault_list *faults)
{
    struct url_order *order = memory_new(model->appserver_count, sizeof *order);
    size_t count = 0;
    for (size_t i = 0; i < model->appserver_count; i++) {
        if (model->appservers[i].url != NULL)
            order[count++].appserver = &model->appservers[i];
    }
    qsort(order, count, sizeof *order, url_order_compare);
    for (size_t i = 1; i < count; i++) {
        const struct appserver_settings *before = order[i - 1].appserver, *same = order[i].appserver;
        if (strcmp(before->url, same->url) == 0)
            warning_add(
                faults, appserver_key_place(same, "url"),
                "[appserver %s] url: the same as that of [appserver %s]; each has a gate and a login of its "
                "own",
                same->name, before->name);
    }
    free(order);
}

void model_check(const struct model *model, const char *path, struct fault_list *faults)
{
    struct place whole = {path, 0};
    if (model->appserver_count == 0)
        fault_add(faults, whole, "there is no [appserver NAME]: nothing to watch");
    else if (model->probe_count == 0)
        warning_add(faults, whole, "there is no [probe NAME]: nothing is asked of the app servers");
    for (size_t i = 0; i < model->probe_count; i++)
        appserver_names_check(model, &model->probes[i], faults);
    for (size_t i = 0; i < model->appserver_count; i++) {
        version_check(model, &model->appservers[i], faults);
        company_keys_check(model, &model->appservers[i], faults);
    }
    urls_check(model, faults);
}
