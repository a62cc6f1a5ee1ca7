#include "config/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

typedef uint64_t (*hash_function)(const struct model *model, size_t index);
typedef bool (*same_function)(const struct model *before, size_t old, const struct model *after, size_t new);

/* A hash table of the old model's rows: each place holds an index and one more, or 0. */
struct table {
    size_t *places;
    size_t mask;
};

static struct table table_of(const struct model *before, size_t count, hash_function hash)
{
    size_t size = 4;

    while (size < 2 * count)
        size *= 2;
    struct table table = {memory_new(size, sizeof *table.places), size - 1};
    for (size_t i = 0; i < count; i++) {
        size_t at = hash(before, i) & table.mask;
        while (table.places[at] != 0)
            at = (at + 1) & table.mask;
        table.places[at] = i + 1;
    }
    return table;
}

/* For each of the new rows the old one of the same identity. */
static size_t *match_rows(const struct model *before, size_t before_count, const struct model *after,
                          size_t after_count, hash_function hash, same_function same)
{
    size_t *match = memory_new(after_count, sizeof *match);

    for (size_t i = 0; i < after_count; i++)
        match[i] = MATCH_NEW;
    if (before_count == 0)
        return match;
    struct table table = table_of(before, before_count, hash);
    for (size_t i = 0; i < after_count; i++) {
        size_t at = hash(after, i) & table.mask;
        while (table.places[at] != 0 && !same(before, table.places[at] - 1, after, i))
            at = (at + 1) & table.mask;
        if (table.places[at] != 0)
            match[i] = table.places[at] - 1;
    }
    free(table.places);
    return match;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return text_hash(hash, text, strlen(text) + 1); /* the NUL parts it from what follows */
}

static uint64_t appserver_hash(const struct model *model, size_t index)
{
    return hash_text(TEXT_HASH_START, model->appservers[index].name);
}

static bool appserver_same(const struct model *before, size_t old, const struct model *after, size_t new)
{
    return strcmp(before->appservers[old].name, after->appservers[new].name) == 0;
}

static uint64_t target_hash(const struct model *model, size_t index)
{
    const struct target_settings *target = &model->targets[index];
    uint64_t hash = hash_text(TEXT_HASH_START, target->appserver->name);

    return hash_text(hash_text(hash, target->company), target->probe->name);
}

static bool target_same(const struct model *before, size_t old, const struct model *after, size_t new)
{
    const struct target_settings *a = &before->targets[old], *b = &after->targets[new];

    return strcmp(a->appserver->name, b->appserver->name) == 0 && strcmp(a->company, b->company) == 0 &&
           strcmp(a->probe->name, b->probe->name) == 0;
}

struct model_match model_match(const struct model *before, const struct model *after)
{
    static const struct model nothing = {0};

    if (before == NULL)
        before = &nothing;
    return (struct model_match){
        match_rows(before, before->appserver_count, after, after->appserver_count, appserver_hash,
                   appserver_same),
        match_rows(before, before->target_count, after, after->target_count, target_hash, target_same)};
}

void model_match_free(struct model_match *match)
{
    free(match->appservers);
    free(match->targets);
    *match = (struct model_match){0};
}

/* ---- logins ---- */

/* Keys that the login does not depend on; a session is opened for a company and a license. */
static bool beside_login(const char *key)
{
    static const char *const keys[] = {"backoff",
                                       "business_hours",
                                       "company",
                                       "connection_max_age",
                                       "database_latency_limit",
                                       "expect_production",
                                       "format_culture",
                                       "language",
                                       "license",
                                       "login_retry",
                                       "maintenance",
                                       "max_in_flight",
                                       "plant",
                                       "timezone",
                                       "token_fallback_lifetime",
                                       "token_renew_at"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return strncmp(key, "label.", strlen("label.")) == 0 || strncmp(key, "seats.", strlen("seats.")) == 0;
}

static bool beside_session(const char *key)
{
    return beside_login(key) && strcmp(key, "company") != 0 && strcmp(key, "license") != 0;
}

/* Secrets are not among them: their texts are compared when they have been read. */
static bool beside_door(const char *key)
{
    static const char *const keys[] = {
        "auth",         "kerberos_principal", "oauth2_client_auth", "oauth2_grant",
        "oauth2_scope", "oauth2_token_url",   "token_credentials",  "token_path",
        "url"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0)
            return false;
    }
    return true;
}

bool appserver_same_door(const struct appserver_settings *before, const struct appserver_settings *after)
{
    return key_lines_same(&before->keys, &after->keys, beside_door);
}

bool appserver_same_login(const struct appserver_settings *before, const struct appserver_settings *after)
{
    return key_lines_same(&before->keys, &after->keys,
                          after->session == SESSION_SHARED ? beside_session : beside_login);
}
