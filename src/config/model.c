#include "config/model.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/cross.h"
#include "config/document.h"
#include "config/rows.h"
#include "config/settings.h"
#include "config/target.h"

/* What is behind the struct model that others see. */
struct model_owner {
    struct model model; /* the first member: a pointer to it is a pointer to this */
    atomic_size_t references;
    char *file; /* what the places in the model point to */
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
    if (probe->kind != NULL && probe->own != NULL)
        settings_free(probe->kind->rows, probe->kind->row_count, probe->own);
    free(probe->own);
    key_lines_free(&probe->keys);
    free(probe->name);
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
    for (size_t i = 0; i < model->appserver_count; i++)
        appserver_free(&model->appservers[i]);
    for (size_t i = 0; i < model->probe_count; i++)
        probe_free(&model->probes[i]);
    free(model->appservers);
    free(model->probes);
    free(model->targets);
    free(owner->file);
    free(owner);
}

/* ---- sections ---- */

static void section_fault(struct settings_reader *reader, const struct section *section, const char *text)
{
    char *title = section_title(section);
    fault_add(reader->faults, (struct place){reader->file, section->line}, "%s: %s", title, text);
    free(title);
}

/* Which section of the schema it is; SECTION_COUNT, with a fault, when it is none that can be read. */
static size_t section_identify(struct settings_reader *reader, const struct section *section)
{
    const char *types[SECTION_COUNT];
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct config_section *known = &config_sections[i];
        types[i] = known->type;
        if (strcmp(section->type, known->type) != 0)
            continue;
        if (known->not_built)
            section_fault(reader, section, "not in this version");
        else if (known->named && section->name == NULL)
            section_fault(reader, section, "it needs a name, such as [appserver live] or [probe orders]");
        else if (!known->named && section->name != NULL)
            section_fault(reader, section, "this section has no name");
        else
            return i;
        return SECTION_COUNT;
    }
    const char *nearest = text_nearest(section->type, types, SECTION_COUNT);
    char *text = nearest == NULL
                     ? memory_copy_text("unknown section; there are [exporter], [web], [appserver NAME] "
                                        "and [probe NAME]")
                     : memory_format("unknown section; is %s meant?", nearest);
    section_fault(reader, section, text);
    free(text);
    return SECTION_COUNT;
}

static bool kind_has(const struct config_kind *kind, const char *key)
{
    enum key_form form;
    struct span name;
    for (size_t i = 0; i < kind->row_count; i++) {
        if (row_takes_key(&kind->rows[i], key, &form, &name))
            return true;
    }
    return false;
}

/* The names of the built kinds that have the key, by commas; NULL: none has. The caller frees. */
static char *kinds_that_have(const struct config_schema *schema, const char *key)
{
    char *names = NULL;
    for (size_t i = 0; schema->kinds[i] != NULL; i++) {
        if (schema->kinds[i]->not_built || !kind_has(schema->kinds[i], key))
            continue;
        char *longer = names == NULL ? memory_copy_text(schema->kinds[i]->name)
                                     : memory_format("%s, %s", names, schema->kinds[i]->name);
        free(names);
        names = longer;
    }
    return names;
}

/* A key of a probe that neither all probes nor its kind have. */
static void probe_key_unknown(struct settings_reader *reader, const struct section *section,
                              const struct entry *entry)
{
    const struct config_schema *schema = reader->context.schema;
    char *kinds = kinds_that_have(schema, entry->name);
    if (kinds != NULL) {
        /* Without a kind nothing can be said of it; that the kind is missing or wrong is told already. */
        if (reader->kind != NULL) {
            char *text = memory_format("kind = %s has no such key; these have: %s", reader->kind->name,
                                       kinds);
            settings_fault(reader, section, entry, false, text);
            free(text);
        }
        free(kinds);
        return;
    }
    enum key_form form;
    struct span name;
    for (size_t i = 0; i < probe_rows_not_built_count; i++) {
        if (row_takes_key(&probe_rows_not_built[i], entry->name, &form, &name)) {
            settings_fault(reader, section, entry, false, "not in this version");
            return;
        }
    }
    settings_unknown(reader, section, entry, NULL, 0);
}

static void section_fill(struct settings_reader *reader, const struct section *section,
                         enum config_section_id id, void *settings)
{
    const struct settings_group group = {config_sections[id].rows, config_sections[id].row_count, settings};
    reader->groups = &group;
    reader->group_count = 1;
    reader->unknown = NULL;
    reader->kind = NULL;
    settings_read(reader, section);
    reader->groups = NULL;
}

static void appserver_read(struct settings_reader *reader, const struct section *section, struct model *model)
{
    struct appserver_settings *appserver = &model->appservers[model->appserver_count++];
    appserver->name = memory_copy_text(section->name);
    appserver->place = (struct place){reader->file, section->line};
    key_lines_init(&appserver->keys, section);
    size_t before = reader->faults->faults;
    section_fill(reader, section, SECTION_APPSERVER, appserver);
    seats_check(appserver, reader->context.schema, reader->faults);
    if (reader->faults->faults == before)
        appserver_check(appserver, reader->faults);
}

static void probe_read(struct settings_reader *reader, const struct section *section, struct model *model)
{
    struct probe_settings *probe = &model->probes[model->probe_count++];
    probe->name = memory_copy_text(section->name);
    probe->place = (struct place){reader->file, section->line};
    key_lines_init(&probe->keys, section);
    const struct entry *kind_entry = section_find(section, "kind");
    const struct config_kind *kind = kind_entry == NULL
                                         ? NULL
                                         : kind_find(reader->context.schema, kind_entry->value);
    struct settings_group groups[2] = {
        {config_sections[SECTION_PROBE].rows, config_sections[SECTION_PROBE].row_count, probe}};
    reader->group_count = 1;
    if (kind != NULL) {
        probe->own = memory_new(1, kind->settings_size);
        groups[reader->group_count++] = (struct settings_group){kind->rows, kind->row_count, probe->own};
    }
    reader->groups = groups;
    reader->unknown = probe_key_unknown;
    reader->kind = kind;
    size_t before = reader->faults->faults;
    settings_read(reader, section);
    reader->groups = NULL;
    if (probe->interval_ns == 0)
        probe->interval_ns = model->exporter.interval_ns;
    if (probe->timeout_ns == 0)
        probe->timeout_ns = model->exporter.timeout_ns;
    if (kind != NULL && kind->fresh && section_find(section, "connection") == NULL)
        probe->connection = CONNECTION_FRESH;
    if (kind == NULL)
        return;
    if (reader->faults->faults == before)
        probe_check(probe, reader->faults);
    if (kind->check != NULL)
        kind->check(probe, reader->faults);
}

/* [exporter] and [web] first: probes take their presets from there, wherever it stands in the file. */
static void sections_read(struct settings_reader *reader, const struct document *document,
                          struct model *model)
{
    static const struct section nothing = {0};
    const struct section *single[2] = {&nothing, &nothing}; /* by SECTION_EXPORTER, SECTION_WEB */
    size_t *ids = memory_new(document->count, sizeof *ids);
    size_t counts[SECTION_COUNT + 1] = {0};
    for (size_t i = 0; i < document->count; i++) {
        const struct section *section = &document->sections[i];
        ids[i] = section->reopened ? SECTION_COUNT : section_identify(reader, section);
        counts[ids[i]]++;
        if (ids[i] <= SECTION_WEB)
            single[ids[i]] = section;
    }
    section_fill(reader, single[SECTION_EXPORTER], SECTION_EXPORTER, &model->exporter);
    exporter_check(&model->exporter, single[SECTION_EXPORTER], reader->file, reader->faults);
    section_fill(reader, single[SECTION_WEB], SECTION_WEB, &model->web);
    model->appservers = memory_new(counts[SECTION_APPSERVER], sizeof *model->appservers);
    model->probes = memory_new(counts[SECTION_PROBE], sizeof *model->probes);
    for (size_t i = 0; i < document->count; i++) {
        if (ids[i] == SECTION_APPSERVER)
            appserver_read(reader, &document->sections[i], model);
        else if (ids[i] == SECTION_PROBE)
            probe_read(reader, &document->sections[i], model);
    }
    free(ids);
}

/* ---- the whole ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy_text("");
    return slash == path ? memory_copy_text("/") : memory_copy_bytes(path, (size_t)(slash - path));
}

struct model *model_read(const char *path, struct span text, const char *readers,
                         const struct config_schema *schema, struct fault_list *faults)
{
    assert(schema->license_guid != NULL && schema->kinds != NULL);
    struct model_owner *owner = memory_new(1, sizeof *owner);
    atomic_init(&owner->references, 1);
    owner->file = memory_copy_text(path);
    struct model *model = &owner->model;
    size_t before = faults->faults;
    struct document document;
    document_read(&document, path, text, faults);
    char *folder = folder_of(path);
    struct settings_reader reader = {
        .context = {schema, folder}, .file = owner->file, .faults = faults, .readers = readers};
    sections_read(&reader, &document, model);
    model_check(model, owner->file, faults);
    if (!targets_expand(model))
        fault_add(
            faults, (struct place){owner->file, 0},
            "probes x app servers x companies are more than 1000000 targets; cut the configuration in parts");
    targets_check(model, faults);
    free(folder);
    document_free(&document);
    if (faults->faults == before)
        return model;
    model_unref(model);
    return NULL;
}

/* ---- the file ---- */

/* Who beside the owner could read the file; NULL: nobody. Where the group's right is what lets this process
   read it, as packages set it up, the group is us. */
static const char *other_readers(const struct stat *about)
{
    if ((about->st_mode & S_IROTH) != 0)
        return "every user";
    bool by_group = about->st_uid != geteuid() && about->st_gid == getegid();
    return (about->st_mode & S_IRGRP) != 0 && !by_group ? "its group" : NULL;
}

static const char *read_remedy(int error)
{
    switch (error) {
    case ENOENT:
        return "; name it with --config.file=PATH";
    case EACCES:
        return "; let the user that runs the exporter read it, such as chgrp epicor_exporter and chmod 640";
    default:
        return "";
    }
}

/* The file's text. False when it cannot be read, which is told. */
static bool file_read(const char *path, struct buffer *text, struct stat *about, struct fault_list *faults)
{
    struct place place = {path, 0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO nobody writes must not block */
    if (descriptor < 0 || fstat(descriptor, about) != 0) {
        fault_add(faults, place, "cannot be read: %s%s", strerrordesc_np(errno), read_remedy(errno));
        if (descriptor >= 0)
            close(descriptor);
        return false;
    }
    bool good = false;
    if (S_ISDIR(about->st_mode)) {
        fault_add(faults, place,
                  "it is a folder; a folder as configuration is not in this version, name a file");
    } else if (S_ISREG(about->st_mode) && (size_t)about->st_size > DOCUMENT_MAX) {
        fault_add(faults, place, "the file is larger than 64 MiB");
    } else {
        char bytes[65536];
        ssize_t got;
        if (S_ISREG(about->st_mode))
            buffer_reserve(text,
                           (size_t)about->st_size); /* at once, so that no copy of a secret is left behind */
        while ((got = read(descriptor, bytes, sizeof bytes)) > 0 && buffer_append(text, bytes, (size_t)got))
            ;
        good = got == 0;
        if (got < 0)
            fault_add(faults, place, "cannot be read: %s%s", strerrordesc_np(errno), read_remedy(errno));
        else if (!good)
            fault_add(faults, place, "the file is larger than 64 MiB");
        secret_wipe(bytes, sizeof bytes);
    }
    close(descriptor);
    return good;
}

struct model *model_load(const char *path, const struct config_schema *schema, struct fault_list *faults)
{
    struct buffer text;
    struct stat about;
    buffer_init(&text, DOCUMENT_MAX);
    struct model *model = NULL;
    if (file_read(path, &text, &about, faults))
        model = model_read(path, (struct span){buffer_as_text(&text), text.size}, other_readers(&about),
                           schema, faults);
    if (text.data != NULL)
        secret_wipe(text.data, text.capacity);
    buffer_free(&text);
    return model;
}

/* ---- the command line ---- */

bool shard_has(const char *appserver, int64_t index, int64_t total)
{
    assert(total >= 1 && index >= 0 && index < total);
    return text_hash(TEXT_HASH_START, appserver, strlen(appserver)) % (uint64_t)total == (uint64_t)index;
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
    }
    if (override->telemetry_path != NULL) {
        free(model->web.telemetry_path);
        model->web.telemetry_path = memory_copy_text(override->telemetry_path);
    }
    if (override->shard_total <= 1)
        return;
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
