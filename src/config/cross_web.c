/* What is checked across the keys of [web]. */
#include <string.h>
#include <sys/stat.h>

#include "base/bcrypt.h"
#include "config/cross.h"

/* ---- TLS ---- */

static void tls_keys_check(const struct web_settings *web, struct fault_list *faults)
{
    if (web->tls_cert_file != NULL && web->tls_key_file == NULL)
        fault_add(faults, web_key_place(web, "tls_cert_file"),
                  "[web] tls_cert_file: tls_key_file is missing, the key of this certificate");
    if (web->tls_key_file != NULL && web->tls_cert_file == NULL)
        fault_add(faults, web_key_place(web, "tls_key_file"),
                  "[web] tls_key_file: tls_cert_file is missing, the certificate of this key");
    if (web->client_ca_file != NULL && web->tls_cert_file == NULL && web->tls_key_file == NULL)
        fault_add(faults, web_key_place(web, "client_ca_file"),
                  "[web] client_ca_file: clients show certificates over TLS only; tls_cert_file and "
                  "tls_key_file are missing");
}

/* ---- users and token ---- */

/* A value may be a password by mistake: it is not repeated. */
static void users_check(const struct web_settings *web, struct fault_list *faults)
{
    for (size_t i = 0; i < web->basic_auth.count; i++) {
        const struct pair *user = &web->basic_auth.items[i];
        if (!bcrypt_is_hash(user->value))
            fault_add(faults, user->place,
                      "[web] basic_auth.%s: the value is no bcrypt hash ($2y$, $2b$ or $2a$, cost %d to %d); "
                      "epicor_exporter hash-password makes one of a password",
                      user->name, BCRYPT_COST_MIN, BCRYPT_COST_MAX);
    }
}

/* The server reads it whenever it changes, and must not be held up by it. */
static void token_check(const struct web_settings *web, struct fault_list *faults)
{
    struct stat status;
    const struct secret_source *token = &web->bearer_token;

    if (token->form == SECRET_FILE && stat(token->name, &status) == 0 && !S_ISREG(status.st_mode))
        fault_add(faults, web_key_place(web, "bearer_token"),
                  "[web] bearer_token_file: %s is no regular file", token->name);
}

static bool is_loopback(const struct listen_address *address)
{
    return strcmp(address->host, "localhost") == 0 || strncmp(address->host, "127.", 4) == 0 ||
           strcmp(address->host, "::1") == 0;
}

static void plain_check(const struct web_settings *web, struct fault_list *faults)
{
    const char *key = web->basic_auth.count > 0               ? "basic_auth"
                      : web->bearer_token.form != SECRET_NONE ? "bearer_token"
                                                              : NULL;
    if (key == NULL || web->tls_cert_file != NULL)
        return;
    for (size_t i = 0; i < web->listen_count; i++) {
        if (is_loopback(&web->listen[i]))
            continue;
        struct place place = web->basic_auth.count > 0 ? web->basic_auth.items[0].place
                                                       : web_key_place(web, key);
        warning_add(faults, place,
                    "[web] %s: without tls_cert_file, what lets clients in crosses the network unencrypted "
                    "(listen_address %s:%s); keep it to loopback behind a proxy that speaks TLS, or set "
                    "tls_cert_file and tls_key_file",
                    key, web->listen[i].host, web->listen[i].port);
        return;
    }
}

/* ---- excluded paths ---- */

static void excluded_check(const struct web_settings *web, struct fault_list *faults)
{
    /* Who is not let in by anything may never ask these. */
    static const char *const guarded[] = {"/config", "/-/reload"};
    struct place place = web_key_place(web, "auth_exclude_paths");
    const struct text_list *paths = &web->auth_exclude_paths;

    if (paths->count == 1 && strcmp(paths->items[0], "none") == 0)
        return;
    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[i];
        if (path[0] != '/' || strpbrk(path, "?#*% \t") != NULL)
            fault_add(faults, place,
                      "[web] auth_exclude_paths: %s is no path: it begins with / and is written as clients "
                      "send it, without ? and without wildcards",
                      path);
        for (size_t k = 0; k < sizeof guarded / sizeof guarded[0]; k++)
            if (strcmp(path, guarded[k]) == 0)
                fault_add(faults, place,
                          "[web] auth_exclude_paths: %s is answered only to whom user, token or certificate "
                          "have let in; take it out",
                          path);
    }
    const char *twice = text_list_twice(paths);
    if (twice != NULL)
        warning_add(faults, place, "[web] auth_exclude_paths: %s stands in it twice", twice);
    if (key_lines_find(&web->keys, "auth_exclude_paths") != 0 && web->basic_auth.count == 0 &&
        web->bearer_token.form == SECRET_NONE)
        warning_add(faults, place,
                    "[web] auth_exclude_paths: without effect, because neither basic_auth nor bearer_token "
                    "is set");
}

void web_check(const struct web_settings *web, struct fault_list *faults)
{
    tls_keys_check(web, faults);
    users_check(web, faults);
    token_check(web, faults);
    plain_check(web, faults);
    excluded_check(web, faults);
}
