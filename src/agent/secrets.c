#include "agent/secrets.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/assertion.h"
#include "base/memory.h"
#include "base/text.h"

/* ---- the sources, in the order of struct secrets ---- */

static size_t source_count(const struct appserver_settings *settings)
{
    return SECRETS_NAMED + settings->company_keys.count + settings->oauth2.params.count +
           settings->headers.count;
}

static const struct secret_source *named_source(const struct appserver_settings *settings, size_t which)
{
    const struct secret_source *const sources[SECRETS_NAMED] = {
        [SECRET_USERNAME] = &settings->username,
        [SECRET_PASSWORD] = &settings->password,
        [SECRET_API_KEY] = &settings->api_key,
        [SECRET_CLIENT_ID] = &settings->oauth2.client_id,
        [SECRET_CLIENT_SECRET] = &settings->oauth2.client_secret,
        [SECRET_PROXY] = &settings->proxy,
    };
    return sources[which];
}

static const struct secret_source *source_at(const struct appserver_settings *settings, size_t index)
{
    if (index < SECRETS_NAMED)
        return named_source(settings, index);
    const struct secret_pair_list *const lists[] = {&settings->company_keys, &settings->oauth2.params,
                                                    &settings->headers};
    index -= SECRETS_NAMED;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (index < lists[i]->count)
            return &lists[i]->items[index].source;
        index -= lists[i]->count;
    }
    assert(false && "there are not so many");
    return NULL;
}

static bool has_assertion(const struct appserver_settings *settings)
{
    return settings->auth == AUTH_OAUTH2 && settings->oauth2.client_auth == OAUTH2_CLIENT_PRIVATE_KEY_JWT;
}

/* What is of no use is not read: that it cannot be need not matter. */
static bool of_use(const struct appserver_settings *settings, size_t index)
{
    enum auth_way auth = settings->auth;
    bool params = index >= SECRETS_NAMED + settings->company_keys.count &&
                  index < SECRETS_NAMED + settings->company_keys.count + settings->oauth2.params.count;
    switch (index) {
    case SECRET_USERNAME:
    case SECRET_PASSWORD:
        return auth == AUTH_TOKEN || auth == AUTH_BASIC || auth == AUTH_NTLM ||
               (auth == AUTH_OAUTH2 && settings->oauth2.grant == OAUTH2_PASSWORD);
    case SECRET_CLIENT_ID:
        return auth == AUTH_OAUTH2;
    case SECRET_CLIENT_SECRET:
        return auth == AUTH_OAUTH2 && !has_assertion(settings);
    default:
        return !params || auth == AUTH_OAUTH2;
    }
}

/* ---- reading ---- */

static bool has_keytab(const struct appserver_settings *settings)
{
    return settings->auth == AUTH_NEGOTIATE && settings->kerberos_keytab_file;
}

/* A keytab of more has thousands of keys; beyond this only its size counts. */
#define KEYTAB_MAX ((size_t)1 << 20)

/* Tells one keytab from another by what it holds, since jobs write the same keys anew; one that cannot be read is another too. */
static uint64_t keytab_fingerprint(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat file;
    if (descriptor < 0)
        return 1;
    uint64_t whole = fstat(descriptor, &file) == 0 ? (uint64_t)file.st_size : 0;
    size_t capacity = whole > 0 && whole < KEYTAB_MAX ? (size_t)whole + 1 : KEYTAB_MAX, size = 0;
    unsigned char *bytes = memory_new(capacity, 1);
    ssize_t got;
    while (size < capacity && (got = read(descriptor, bytes + size, capacity - size)) > 0)
        size += (size_t)got;
    uint64_t hash = text_hash(text_hash(TEXT_HASH_START, &whole, sizeof whole), bytes, size);
    close(descriptor);
    secret_wipe(bytes, size);
    free(bytes);
    return hash;
}

void secrets_read(const struct appserver_settings *settings, struct secrets *out)
{
    *out = (struct secrets){.count = source_count(settings)};
    out->items = memory_new(out->count, sizeof(struct secret *));
    /* Without one of them the others are of no use, and each may take its time. */
    for (size_t i = 0; i < out->count && !out->why; i++) {
        if (of_use(settings, i))
            out->items[i] = secret_read(source_at(settings, i), &out->why);
    }
    if (has_keytab(settings))
        out->client_key = keytab_fingerprint(settings->kerberos_keytab_file);
    struct secret *client_id = secrets_named(out, SECRET_CLIENT_ID);
    if (has_assertion(settings) && client_id && !out->why)
        out->assertion = assertion_sign(&settings->oauth2, client_id, &out->client_key, &out->why);
}

void secrets_free(struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        secret_unref(secrets->items[i]);
    free(secrets->items);
    secret_unref(secrets->assertion);
    free(secrets->why);
    *secrets = (struct secrets){0};
}

/* ---- looking ---- */

static struct secret *item_at(const struct secrets *secrets, size_t index)
{
    return index < secrets->count ? secrets->items[index] : NULL;
}

struct secret *secrets_named(const struct secrets *secrets, enum secret_which which)
{
    return item_at(secrets, which);
}

struct secret *secrets_param(const struct secrets *secrets, const struct appserver_settings *settings,
                             size_t index)
{
    return item_at(secrets, SECRETS_NAMED + settings->company_keys.count + index);
}

struct secret *secrets_header(const struct secrets *secrets, const struct appserver_settings *settings,
                              size_t index)
{
    return item_at(secrets,
                   SECRETS_NAMED + settings->company_keys.count + settings->oauth2.params.count + index);
}

struct secret *secrets_api_key(const struct secrets *secrets, const struct appserver_settings *settings,
                               const char *company)
{
    for (size_t i = 0; company && i < settings->company_keys.count; i++) {
        if (strcmp(settings->company_keys.items[i].name, company) == 0)
            return item_at(secrets, SECRETS_NAMED + i);
    }
    return item_at(secrets, SECRET_API_KEY);
}

bool secrets_login_differs(const struct secrets *a, const struct secrets *b,
                           const struct appserver_settings *settings)
{
    static const enum secret_which of_login[] = {SECRET_USERNAME, SECRET_PASSWORD, SECRET_CLIENT_ID,
                                                 SECRET_CLIENT_SECRET};
    for (size_t i = 0; i < sizeof of_login / sizeof of_login[0]; i++) {
        if (!secret_equal(secrets_named(a, of_login[i]), secrets_named(b, of_login[i])))
            return true;
    }
    for (size_t i = 0; i < settings->oauth2.params.count; i++) {
        if (!secret_equal(secrets_param(a, settings, i), secrets_param(b, settings, i)))
            return true;
    }
    return a->client_key != b->client_key;
}

void secrets_carry(const struct secrets *from, const struct appserver_settings *before,
                   const struct appserver_settings *after, struct secrets *out)
{
    const struct secret_pair_list *old = &before->oauth2.params, *new = &after->oauth2.params;
    *out = (struct secrets){0};
    if (!from->items)
        return;
    out->count = source_count(after);
    out->items = memory_new(out->count, sizeof(struct secret *));
    out->client_key = from->client_key;
    for (size_t i = 0; i < SECRETS_NAMED; i++)
        out->items[i] = secret_ref(from->items[i]);
    for (size_t i = 0; i < new->count; i++) {
        for (size_t k = 0; k < old->count; k++) {
            if (strcmp(new->items[i].name, old->items[k].name) == 0)
                out->items[SECRETS_NAMED + after->company_keys.count + i] = secret_ref(
                    secrets_param(from, before, k));
        }
    }
}

bool secrets_changeable(const struct appserver_settings *settings)
{
    if (has_assertion(settings) || has_keytab(settings))
        return true;
    for (size_t i = 0; i < source_count(settings); i++) {
        enum secret_form form = source_at(settings, i)->form;
        if (of_use(settings, i) && (form == SECRET_FILE || form == SECRET_CREDENTIAL))
            return true;
    }
    return false;
}
