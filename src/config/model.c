#include "config/model.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/document.h"
#include "config/file.h"
#include "config/rows.h"
#include "config/sections.h"
#include "config/settings.h"
#include "config/shown.h"
#include "config/target.h"

/* What is behind the struct model that others see. */
struct model_owner {
    struct model model; /* the first member: a pointer to it is a pointer to this */
    atomic_size_t references;
    struct source_list sources; /* what the places in the model point to */
};

static struct model_owner *owner_of(struct model *model)
{
    return (struct model_owner *)model;
}

/* ---- ends ---- */

static void rows_free(enum config_section_id section, void *settings)
{
    settings_free(config_sections[section].rows, config_sections[section].row_count, settings);
}

static void appserver_free(struct appserver_settings *appserver)
{
    rows_free(SECTION_APPSERVER, appserver);
    key_lines_free(&appserver->keys);
    free(appserver->name);
}

static void probe_free(struct probe_settings *probe)
{
    rows_free(SECTION_PROBE, probe);
    if (probe->kind != NULL && probe->own != NULL && probe->kind->release != NULL)
        probe->kind->release(probe->own);
    if (probe->kind != NULL && probe->own != NULL)
        settings_free(probe->kind->rows, probe->kind->row_count, probe->own);
    free(probe->own);
    key_lines_free(&probe->keys);
    free(probe->name);
}

struct place web_key_place(const struct web_settings *web, const char *key)
{
    return key_lines_place(&web->keys, web->place, key);
}

struct place appserver_key_place(const struct appserver_settings *appserver, const char *key)
{
    return key_lines_place(&appserver->keys, appserver->place, key);
}

bool auth_has_token(enum auth_way auth)
{
    return auth == AUTH_TOKEN || auth == AUTH_OAUTH2;
}

/* A URL that has been checked, in parts; it holds no user. */
struct url_parts {
    struct span scheme, host, port;
    const char *path;
};

static struct url_parts url_parts_of(const char *url)
{
    struct url_parts parts = {.scheme = {url, strcspn(url, ":")}};
    const char *host = url + parts.scheme.size + strspn(url + parts.scheme.size, ":/");
    size_t bracketed = *host == '[' ? strcspn(host, "]") : 0;
    parts.host = (struct span){host, bracketed + strcspn(host + bracketed, ":/?#")};
    parts.path = host + parts.host.size;
    if (*parts.path == ':') {
        parts.port = (struct span){parts.path + 1, strcspn(parts.path + 1, "/?#")};
        parts.path += 1 + parts.port.size;
    }
    if (parts.port.size == 0)
        parts.port = span_of(span_is_nocase(parts.scheme, "http") ? "80" : "443");
    return parts;
}

static bool same_letters(struct span a, struct span b)
{
    return a.size == b.size && strncasecmp(a.data, b.data, a.size) == 0;
}

/* Scheme and host may be spelled in either case, and a scheme's own port may be left out (RFC 3986 section 6.2). */
bool login_is_outside(const struct appserver_settings *appserver)
{
    if (appserver->auth != AUTH_OAUTH2)
        return false;
    struct url_parts login = url_parts_of(appserver->oauth2.token_url), base = url_parts_of(appserver->url);
    size_t length = strlen(base.path);
    return !same_letters(login.scheme, base.scheme) || !same_letters(login.host, base.host) ||
           !same_letters(login.port, base.port) || strncmp(login.path, base.path, length) != 0 ||
           login.path[length] != '/';
}

struct place probe_key_place(const struct probe_settings *probe, const char *key)
{
    return key_lines_place(&probe->keys, probe->place, key);
}

bool probe_writes(const struct probe_settings *probe, const char *key)
{
    return key_lines_own(&probe->keys, key);
}

const char *probe_key_shown(const struct probe_settings *probe, const char *key)
{
    const char *shown = key_lines_shown(&probe->keys, key);
    return shown == NULL ? SHOWN_SECRET : shown;
}

struct model *model_ref(struct model *model)
{
    atomic_fetch_add_explicit(&owner_of(model)->references, 1, memory_order_relaxed);
    return model;
}

void model_unref(struct model *model)
{
    if (model == NULL)
        return;
    struct model_owner *owner = owner_of(model);
    if (atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) != 1)
        return;
    rows_free(SECTION_EXPORTER, &model->exporter);
    rows_free(SECTION_WEB, &model->web);
    key_lines_free(&model->exporter_keys);
    key_lines_free(&model->web.keys);
    free(model->web.at_next_start);
    for (size_t i = 0; i < model->appserver_count; i++)
        appserver_free(&model->appservers[i]);
    for (size_t i = 0; i < model->probe_count; i++)
        probe_free(&model->probes[i]);
    free(model->appservers);
    free(model->probes);
    free(model->targets);
    source_list_free(&owner->sources);
    free(owner);
}

/* ---- the whole ---- */

/* The model of the document, whose files it takes over; NULL where there were faults, before or in it. */
static struct model *document_to_model(struct document *document, const char *path, bool whole,
                                       const struct config_schema *schema, struct fault_list *faults,
                                       size_t faults_before)
{
    assert(schema->license_guid != NULL && schema->kinds != NULL);
    struct model_owner *owner = memory_new(1, sizeof *owner);
    atomic_init(&owner->references, 1);
    struct model *model = &owner->model;
    document_check(document, faults);
    if (whole)
        sections_read(document, path, schema, model, faults);
    owner->sources = document->sources;
    document->sources = (struct source_list){0};
    document_free(document);
    if (faults->faults == faults_before)
        return model;
    model_unref(model);
    return NULL;
}

struct model *model_read(const char *path, struct span text, const char *readers,
                         const struct config_schema *schema, struct fault_list *faults)
{
    struct document document = {0};
    size_t before = faults->faults;
    document_add(&document, path, readers, text, faults);
    return document_to_model(&document, path, true, schema, faults, before);
}

struct model *model_load(const char *path, const struct config_schema *schema, struct fault_list *faults)
{
    struct document document = {0};
    size_t before = faults->faults;
    bool whole = files_read(&document, path, faults);
    return document_to_model(&document, path, whole, schema, faults, before);
}

/* ---- the command line ---- */

bool shard_has(const char *appserver, int64_t index, int64_t total)
{
    assert(total >= 1 && index >= 0 && index < total);
    return text_hash(TEXT_HASH_START, appserver, strlen(appserver)) % (uint64_t)total == (uint64_t)index;
}

/* The list as it would be written in the file. */
static void listen_override(struct model *model)
{
    char *written = memory_copy_text("");
    for (size_t i = 0; i < model->web.listen_count; i++) {
        const struct listen_address *address = &model->web.listen[i];
        bool brackets = strchr(address->host, ':') != NULL;
        char *longer = memory_format("%s%s%s%s%s:%s", written, i == 0 ? "" : ", ", brackets ? "[" : "",
                                     address->host, brackets ? "]" : "", address->port);
        free(written);
        written = longer;
    }
    key_lines_override(&model->web.keys, "listen_address", "--web.listen-address", written);
    free(written);
}

void model_apply(struct model *model, const struct model_override *override)
{
    if (override->listen_count > 0) {
        free_listen(&model->web);
        model->web.listen = memory_new(override->listen_count, sizeof *model->web.listen);
        for (size_t i = 0; i < override->listen_count; i++)
            model->web.listen[i] = (struct listen_address){memory_copy_text(override->listen[i].host),
                                                           memory_copy_text(override->listen[i].port)};
        model->web.listen_count = override->listen_count;
        listen_override(model);
    }
    model->web.sockets_passed = override->sockets_passed;
    if (override->telemetry_path != NULL) {
        free(model->web.telemetry_path);
        model->web.telemetry_path = memory_copy_text(override->telemetry_path);
        key_lines_override(&model->web.keys, "telemetry_path", "--web.telemetry-path",
                           override->telemetry_path);
    }
    if (override->shard_total <= 1)
        return;
    model->shard_index = override->shard_index;
    model->shard_total = override->shard_total;
    size_t kept = 0;
    for (size_t i = 0; i < model->appserver_count; i++) {
        if (shard_has(model->appservers[i].name, override->shard_index, override->shard_total))
            model->appservers[kept++] = model->appservers[i];
        else
            appserver_free(&model->appservers[i]);
    }
    model->appserver_count = kept;
    free(model->targets);
    targets_expand(model); /* again: those of app servers that have gone are gone too */
}
