#include "agent/reload.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

struct waiter {
    reload_told *told;
    void *context;
};

struct waiters {
    struct waiter *items;
    size_t count;
};

struct reload {
    struct agent *agent;
    struct report *report;
    struct model *model;   /* in force */
    struct model *started; /* whose web settings are in use */
    reload_build *build;
    void *context;
    bool building, again;
    struct waiters now, next; /* for the build that goes, for the one after it */
};

/* ---- a build ---- */

void model_build_make(const struct model_factory *factory, const struct model *before,
                      struct model_build *build)
{
    *build = (struct model_build){0};
    build->model = factory->make(factory->context, &build->faults);
    if (build->model)
        build->match = model_match(before, build->model);
}

void model_build_free(struct model_build *build)
{
    model_unref(build->model);
    model_match_free(&build->match);
    fault_list_free(&build->faults);
    *build = (struct model_build){0};
}

/* ---- what is told ---- */

void faults_log(struct fault_list *faults)
{
    fault_list_sort(faults);
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->items[i];
        if (fault->warning)
            log_event(LOG_WARN, "configuration", LOG_TEXT("file", fault->file), LOG_INT("line", fault->line),
                      LOG_TEXT("warning", fault->text));
        else
            log_event(LOG_ERROR, "configuration", LOG_TEXT("file", fault->file), LOG_INT("line", fault->line),
                      LOG_TEXT("error", fault->text));
    }
}

static bool same_listen(const struct web_settings *a, const struct web_settings *b)
{
    bool same = a->listen_count == b->listen_count;
    if (a->sockets_passed) /* without effect at the next start too */
        return true;
    for (size_t i = 0; same && i < a->listen_count; i++)
        same = strcmp(a->listen[i].host, b->listen[i].host) == 0 &&
               strcmp(a->listen[i].port, b->listen[i].port) == 0;
    return same;
}

static bool same_path(const struct web_settings *a, const struct web_settings *b)
{
    return strcmp(a->telemetry_path, b->telemetry_path) == 0;
}

static bool same_connections(const struct web_settings *a, const struct web_settings *b)
{
    return a->max_connections == b->max_connections;
}

static bool same_connections_per_address(const struct web_settings *a, const struct web_settings *b)
{
    return a->max_connections_per_address == b->max_connections_per_address;
}

/* Other files hold at once; whether it is HTTPS does not change. */
static bool same_tls(const struct web_settings *a, const struct web_settings *b)
{
    return (a->tls_cert_file == NULL) == (b->tls_cert_file == NULL);
}

/* The web side was started with its settings, and keeps them. */
static const struct {
    const char *key;
    bool (*same)(const struct web_settings *a, const struct web_settings *b);
} web_keys[] = {
    {"listen_address", same_listen},       {"telemetry_path", same_path},
    {"tls_cert_file", same_tls},           {"tls_key_file", same_tls},
    {"max_connections", same_connections}, {"max_connections_per_address", same_connections_per_address}};

/* Of a model that nobody else holds yet. */
static void note_kept_keys(const struct web_settings *started, struct web_settings *web)
{
    for (size_t i = 0; i < sizeof web_keys / sizeof web_keys[0]; i++) {
        if (web_keys[i].same(started, web))
            continue;
        char *before = web->at_next_start;
        web->at_next_start = before == NULL ? memory_copy_text(web_keys[i].key)
                                            : memory_format("%s, %s", before, web_keys[i].key);
        free(before);
        log_event(LOG_WARN, "a changed key of [web] takes effect at the next start only",
                  LOG_TEXT("key", web_keys[i].key));
    }
}

/* Who asks for client certificates wants nobody else in: over plain HTTP, which goes on until the next start, everybody would
   be. So it is told, and the configuration before stays. */
static void check_client_certificates(const struct web_settings *started, struct model_build *build)
{
    if (build->model == NULL || build->model->web.client_ca_file == NULL || started->tls_cert_file != NULL)
        return;
    fault_add(&build->faults, web_key_place(&build->model->web, "client_ca_file"),
              "[web] client_ca_file: no reload can begin with client certificates, because the exporter was "
              "started with plain HTTP, in which clients show none: restart it");
    model_unref(build->model);
    build->model = NULL;
}

static void tell_waiters(struct waiters *waiters, enum reload_end end, const char *text)
{
    for (size_t i = 0; i < waiters->count; i++)
        waiters->items[i].told(waiters->items[i].context, end, text);
    free(waiters->items);
    *waiters = (struct waiters){0};
}

/* Without the warnings, which stand behind the faults (the list is sorted): the log has them. */
static void tell_faults(struct waiters *waiters, const struct fault_list *list)
{
    struct fault_list faults = *list;
    faults.count = faults.faults;
    char *text = NULL;
    size_t size = 0;
    FILE *out = waiters->count > 0 ? open_memstream(&text, &size) : NULL;
    if (out) {
        fault_list_print(&faults, out);
        fclose(out);
    }
    tell_waiters(waiters, RELOAD_FAULTY, text ? text : "the configuration has faults, which the log names");
    free(text);
}

/* ---- requests ---- */

struct reload *reload_new(struct agent *agent, struct report *report, struct model *model,
                          reload_build *build, void *context)
{
    struct reload *reload = memory_new(1, sizeof *reload);
    *reload = (struct reload){.agent = agent,
                              .report = report,
                              .model = model_ref(model),
                              .started = model_ref(model),
                              .build = build,
                              .context = context};
    return reload;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    model_unref(reload->model);
    model_unref(reload->started);
    tell_waiters(&reload->now, RELOAD_STOPPING, NULL);
    tell_waiters(&reload->next, RELOAD_STOPPING, NULL);
    free(reload);
}

static void begin(struct reload *reload)
{
    assert(!reload->building && reload->now.count == 0);
    reload->now = reload->next;
    reload->next = (struct waiters){0};
    reload->building = true;
    reload->again = false;
    reload->build(reload->context, reload->model);
}

void reload_ask(struct reload *reload, reload_told *told, void *context)
{
    struct waiters *next = &reload->next;
    if (told) {
        next->items = memory_grow(next->items, next->count + 1, sizeof *next->items);
        next->items[next->count++] = (struct waiter){told, context};
    }
    /* A build that goes may have read the file already. */
    if (reload->building)
        reload->again = true;
    else
        begin(reload);
}

bool reload_is_idle(const struct reload *reload)
{
    return !reload->building;
}

/* False: the agent is coming to its end. */
static bool put_into_force(struct reload *reload, struct model_build *build, struct moment now)
{
    note_kept_keys(&reload->started->web, &build->model->web);
    if (!agent_reload(reload->agent, build->model, &build->match, now))
        return false;
    model_unref(reload->model);
    reload->model = model_ref(build->model);
    log_event(LOG_INFO, "the configuration was reloaded",
              LOG_INT("appservers", build->model->appserver_count),
              LOG_INT("targets", build->model->target_count));
    return true;
}

struct model *reload_built(struct reload *reload, struct model_build *build, struct moment now)
{
    assert(reload->building);
    reload->building = false;
    check_client_certificates(&reload->started->web, build);
    faults_log(&build->faults);
    struct model *model = NULL;
    if (build->model && put_into_force(reload, build, now)) {
        model = reload->model;
        tell_waiters(&reload->now, RELOAD_DONE, model->web.at_next_start);
    } else if (build->model) {
        tell_waiters(&reload->now, RELOAD_STOPPING, NULL);
    } else {
        report_reload_failed(reload->report);
        log_event(LOG_ERROR, "the new configuration has faults: the one before stays in force",
                  LOG_INT("faults", build->faults.faults));
        tell_faults(&reload->now, &build->faults);
    }
    model_build_free(build);
    if (reload->again)
        begin(reload);
    return model;
}
