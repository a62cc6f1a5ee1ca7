/* Who may come in, facts §3: user or token first, then the API key and the company, then the right. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

/* The three live 401 differ only in ErrorMessage; others saw 403 and 404 (facts §3). */
static void key_refuse(struct sim_call *call, const char *key)
{
    struct sim_text message = {0};
    if (!key)
        sim_text_add_string(&message, "API Key is required.");
    else
        sim_text_printf(&message, "Invalid API Key %s.\r\nCompany %s.", key, call->company);
    switch (call->behaviour.key_refusal) {
    case SIMULATOR_KEY_401:
        sim_error(call, 401, NULL, message.data);
        break;
    case SIMULATOR_KEY_403:
        sim_error(call, 403, NULL, "Access denied: API Key");
        break;
    case SIMULATOR_KEY_404:
        sim_error(call, 404, "System.UnauthorizedAccessException", message.data);
        break;
    }
    sim_text_free(&message);
}

static bool key_check(struct sim_call *call)
{
    char *from_query = NULL;
    const char *key = sim_call_header(call, "x-api-key");
    if (!key)
        key = from_query = sim_query_argument(call->query, "api-key", 0);
    const char *expected = NULL;
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_key *k = call->simulator->keys; k; k = k->next) {
        if (k->company ? strcmp(k->company, call->company) == 0 : !expected)
            expected = k->key;
    }
    bool good = key && expected && strcmp(key, expected) == 0;
    call->simulator->counts.wrong_api_keys += !good;
    pthread_mutex_unlock(&call->simulator->lock);
    if (!good)
        key_refuse(call, key);
    free(from_query);
    return good;
}

/* A bad company gives an "invalid URL"-type error (facts §5.1, EUG 119610); its status is unknown. */
static bool company_check(struct sim_call *call)
{
    if (!*call->company) /* v1, or the environment, which has none */
        return true;
    for (char *const *company = call->simulator->companies; *company; company++) {
        if (strcmp(*company, call->company) == 0)
            return true;
    }
    struct sim_text message = {0};
    sim_text_printf(&message, "Invalid URL: company %s is not known.", call->company);
    sim_error(call, 404, NULL, message.data);
    sim_text_free(&message);
    return false;
}

static bool right_check(struct sim_call *call, const char *resource)
{
    bool denied = false;
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_name *d = call->simulator->denied; d; d = d->next) {
        size_t size = strlen(d->name);
        denied |= strncmp(d->name, resource, size) == 0 && (resource[size] == '\0' || resource[size] == '/');
    }
    pthread_mutex_unlock(&call->simulator->lock);
    if (!denied)
        return true;
    struct sim_text message = {0};
    sim_text_add_string(&message, "Access denied (");
    for (const char *c = resource; *c; c++)
        sim_text_add(&message, *c == '/' ? "." : c, 1);
    sim_text_add_string(&message, ").");
    static const int statuses[] = {
        [SIMULATOR_RIGHT_401] = 401, [SIMULATOR_RIGHT_403] = 403, [SIMULATOR_RIGHT_404] = 404};
    sim_error(call, statuses[call->behaviour.right_refusal], "System.UnauthorizedAccessException",
              message.data);
    sim_text_free(&message);
    return false;
}

bool sim_access_check(struct sim_call *call, const char *resource)
{
    return sim_identity_check(call) && (call->v1 || key_check(call)) && company_check(call) &&
           right_check(call, resource);
}

/* ---- what tests change
 * ------------------------------------------------------------------------------------------ */

void simulator_revoke_tokens(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    sim_jwt_new_key(&simulator->key);
    for (struct sim_seen *seen = simulator->foreign_tokens; seen; seen = seen->next)
        seen->revoked = true;
    pthread_mutex_unlock(&simulator->lock);
}

void simulator_set_right(struct simulator *simulator, const char *resource, bool allowed)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_name **at = &simulator->denied;
    while (*at && strcmp((*at)->name, resource) != 0)
        at = &(*at)->next;
    if (*at && allowed) {
        struct sim_name *gone = *at;
        *at = gone->next;
        free(gone->name);
        free(gone);
    } else if (!*at && !allowed) {
        *at = sim_allocate(sizeof **at);
        (*at)->name = sim_duplicate(resource);
    }
    pthread_mutex_unlock(&simulator->lock);
}

bool sim_right_denied(struct simulator *simulator, const char *resource)
{
    bool denied = false;
    pthread_mutex_lock(&simulator->lock);
    for (const struct sim_name *d = simulator->denied; d; d = d->next)
        denied |= strcmp(d->name, resource) == 0;
    pthread_mutex_unlock(&simulator->lock);
    return denied;
}
