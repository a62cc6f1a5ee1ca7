/* A token endpoint as identity providers have it: RFC 6749 §4.3, §4.4 and §5, facts §2. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

struct grant {
    char *type, *client_id, *client_secret, *assertion_type, *assertion, *user, *password, *scope;
    bool by_basic;
};

static void grant_read(struct grant *grant, struct sim_call *call)
{
    const char *form = call->upload.data ? call->upload.data : "";
    *grant = (struct grant){
        .type = sim_query_argument(form, "grant_type", 0),
        .client_id = sim_query_argument(form, "client_id", 0),
        .client_secret = sim_query_argument(form, "client_secret", 0),
        .assertion_type = sim_query_argument(form, "client_assertion_type", 0),
        .assertion = sim_query_argument(form, "client_assertion", 0),
        .user = sim_query_argument(form, "username", 0),
        .password = sim_query_argument(form, "password", 0),
        .scope = sim_query_argument(form, "scope", 0),
    };
}

static void grant_free(struct grant *grant)
{
    free(grant->type);
    free(grant->client_id);
    free(grant->client_secret);
    free(grant->assertion_type);
    free(grant->assertion);
    free(grant->user);
    free(grant->password);
    free(grant->scope);
}

static void answer_head(struct sim_call *call, int status)
{
    call->status = status;
    call->content_type = "application/json;charset=UTF-8";
    sim_call_add_header(call, "Cache-Control", "no-store");
    sim_call_add_header(call, "Pragma", "no-cache");
}

static void refuse(struct sim_call *call, int status, const char *error, const char *description)
{
    sim_error_as(call, status, SIMULATOR_BODY_OAUTH, error, description);
    answer_head(call, status);
}

/* 401 only to a client that tried by the Authorization header (RFC 6749 §5.2). */
static void client_refuse(struct sim_call *call, const struct grant *grant, const char *description)
{
    pthread_mutex_lock(&call->simulator->lock);
    call->simulator->counts.wrong_clients++;
    pthread_mutex_unlock(&call->simulator->lock);
    if (grant->by_basic)
        sim_call_add_header(call, "WWW-Authenticate", "Basic realm=\"token\"");
    refuse(call, grant->by_basic ? 401 : 400, "invalid_client", description);
}

/* Id and secret are form-urlencoded inside Basic (RFC 6749 §2.3.1); some servers do not know that. */
static bool basic_take(struct grant *grant, struct sim_call *call)
{
    const char *authorization = sim_call_header(call, "Authorization");
    char *id = NULL, *secret = NULL;
    if (!authorization || !sim_basic_read(authorization, &id, &secret))
        return false;
    bool raw = call->behaviour.client_basic_raw;
    free(grant->client_id);
    free(grant->client_secret);
    grant->client_id = raw ? sim_duplicate(id) : sim_decode(id, strlen(id), true);
    grant->client_secret = raw ? sim_duplicate(secret) : sim_decode(secret, strlen(secret), true);
    grant->by_basic = true;
    free(id);
    free(secret);
    return true;
}

static bool secret_good(struct sim_call *call, const struct grant *grant)
{
    struct simulator *simulator = call->simulator;
    const char *given = grant->client_secret ? grant->client_secret : "";
    pthread_mutex_lock(&simulator->lock);
    bool good = grant->client_id && strcmp(grant->client_id, simulator->client_id) == 0 &&
                strcmp(given, simulator->client_secret) == 0;
    pthread_mutex_unlock(&simulator->lock);
    unsigned how = (unsigned)call->behaviour.client_authentication;
    return good &&
           (how == SIMULATOR_CLIENT_FORM_OR_BASIC || (how == SIMULATOR_CLIENT_BASIC) == grant->by_basic);
}

static bool client_check(struct sim_call *call, struct grant *grant)
{
    bool in_form = grant->client_secret || grant->assertion;
    if (sim_call_header(call, "Authorization") && in_form) { /* one method a request, §2.3 */
        refuse(call, 400, "invalid_request", "The client authenticates in two ways.");
        return false;
    }
    if (grant->assertion) {
        const char *why = NULL;
        char *client = NULL;
        if (!grant->assertion_type || strcmp(grant->assertion_type, ASSERTION_TYPE) != 0)
            why = "client_assertion_type is not that of a JWT.";
        else
            client = sim_assertion_check(call, grant->assertion, &why);
        if (client && grant->client_id && strcmp(grant->client_id, client) != 0)
            why = "client_id is not the assertion's.";
        free(client);
        if (why)
            client_refuse(call, grant, why);
        return !why;
    }
    (void)basic_take(grant, call);
    if (secret_good(call, grant))
        return true;
    client_refuse(call, grant, "Client authentication failed.");
    return false;
}

/* Every word of `scope` is one of the known ones. */
static bool scope_good(const struct simulator *simulator, const char *scope)
{
    if (!simulator->scopes || !scope)
        return true;
    for (const char *at = scope; *(at += strspn(at, " "));) {
        size_t size = strcspn(at, " ");
        bool known = false;
        for (const char *k = simulator->scopes; *(k += strspn(k, " ")); k += strcspn(k, " "))
            known |= strcspn(k, " ") == size && memcmp(k, at, size) == 0;
        if (!known)
            return false;
        at += size;
    }
    return true;
}

static char *token_make(struct sim_call *call, const struct grant *grant, const char *user, uint32_t lifetime)
{
    struct simulator *simulator = call->simulator;
    long long now = sim_server_time(call), expires = now + lifetime;
    struct sim_text payload = {0};
    char id[37];
    sim_guid(id);
    sim_text_add_string(&payload, "{\"iss\":");
    sim_text_add_json(&payload, simulator->token_url);
    sim_text_printf(&payload,
                    ",\"aud\":\"epicor\",\"exp\":%lld,\"iat\":%lld,\"jti\":\"%s\",\"username\":", expires,
                    now, id);
    sim_text_add_json(&payload, user);
    sim_text_add_string(&payload, ",\"client_id\":");
    sim_text_add_json(&payload, simulator->client_id);
    if (grant->scope) {
        sim_text_add_string(&payload, ",\"scope\":");
        sim_text_add_json(&payload, grant->scope);
    }
    sim_text_add(&payload, "}", 1);
    pthread_mutex_lock(&simulator->lock);
    struct sim_jwt_key key = simulator->key;
    simulator->tokens++;
    pthread_mutex_unlock(&simulator->lock);
    char *token = sim_jwt_sign(&key, payload.data, call->behaviour.token_claims == SIMULATOR_OPAQUE_TOKEN);
    sim_text_free(&payload);
    return token;
}

static void token_write(struct sim_call *call, const struct grant *grant, const char *user)
{
    const struct simulator_behaviour *behaviour = &call->behaviour;
    uint32_t lifetime = behaviour->token_lifetime ? behaviour->token_lifetime : 3600;
    char *token = token_make(call, grant, user, lifetime);
    answer_head(call, 200);
    sim_text_printf(&call->body, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\"", token);
    if (behaviour->expires_in != SIMULATOR_EXPIRES_MISSING) {
        const char *quote = behaviour->expires_in == SIMULATOR_EXPIRES_STRING ? "\"" : "";
        sim_text_printf(&call->body, ",\"expires_in\":%s%u%s", quote, lifetime, quote);
    }
    if (behaviour->refresh_token == SIMULATOR_REFRESH_FILLED)
        sim_text_add_string(&call->body, ",\"refresh_token\":\"cmVmcmVzaC1tZS1ub3Q\"");
    if (grant->scope) {
        sim_text_add_string(&call->body, ",\"scope\":");
        sim_text_add_json(&call->body, grant->scope);
    }
    sim_text_add(&call->body, "}", 1);
    free(token);
}

static void grant_answer(struct sim_call *call, struct grant *grant)
{
    bool password = grant->type && strcmp(grant->type, "password") == 0;
    const char *user = password ? grant->user : call->simulator->client_user;
    if (!grant->type) {
        refuse(call, 400, "invalid_request", "grant_type is missing.");
    } else if (!password && strcmp(grant->type, "client_credentials") != 0) {
        refuse(call, 400, "unsupported_grant_type", "Only client_credentials and password are granted.");
    } else if (!client_check(call, grant)) {
        return;
    } else if (password && (!grant->user || !grant->password)) {
        refuse(call, 400, "invalid_request", "username or password is missing.");
    } else if (!scope_good(call->simulator, grant->scope)) {
        refuse(call, 400, "invalid_scope", "A scope is not known.");
    } else if (password && !sim_password_check(call, grant->user, grant->password)) {
        refuse(call, 400, "invalid_grant", "Invalid username or password.");
    } else {
        token_write(call, grant, user);
    }
}

bool sim_oauth_asked(const struct sim_call *call)
{
    const struct simulator *simulator = call->simulator;
    return simulator->token_path && call->door->identity_provider == simulator->provider_own_port &&
           strcmp(call->path, simulator->token_path) == 0;
}

void sim_oauth_answer(struct sim_call *call)
{
    const char *type = sim_call_header(call, "Content-Type");
    struct grant grant;
    if (strcmp(call->method, "POST") != 0) {
        sim_call_add_header(call, "Allow", "POST");
        refuse(call, 405, "invalid_request", "POST is wanted.");
    } else if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0) {
        refuse(call, 400, "invalid_request", "The body is no form.");
    } else {
        grant_read(&grant, call);
        grant_answer(call, &grant);
        grant_free(&grant);
    }
}

void sim_oauth_start(struct simulator *simulator, const struct simulator_options *options)
{
    const struct simulator_oauth *oauth = &options->oauth;
    if (!oauth->on)
        return;
    const char *user = oauth->user ? oauth->user : options->user;
    simulator->token_path = sim_duplicate(oauth->path ? oauth->path : "/connect/token");
    simulator->provider_own_port = oauth->own_port;
    simulator->provider_port = oauth->port;
    simulator->client_id = sim_duplicate(oauth->client_id ? oauth->client_id : "demo-client");
    simulator->client_secret = sim_duplicate(oauth->client_secret ? oauth->client_secret
                                                                  : "demo-client-secret");
    simulator->client_key = sim_duplicate(oauth->client_key);
    simulator->audience = sim_duplicate(oauth->audience);
    simulator->scopes = sim_duplicate(oauth->scopes);
    simulator->client_user = sim_duplicate(user ? user : "epicor-monitor");
}

void sim_oauth_free(struct simulator *simulator)
{
    free(simulator->token_path);
    free(simulator->token_url);
    free(simulator->client_id);
    free(simulator->client_secret);
    free(simulator->client_key);
    free(simulator->audience);
    free(simulator->scopes);
    free(simulator->client_user);
}

void simulator_set_client_secret(struct simulator *simulator, const char *secret)
{
    char *copy = sim_duplicate(secret);
    pthread_mutex_lock(&simulator->lock);
    char *old = simulator->client_secret;
    simulator->client_secret = copy;
    pthread_mutex_unlock(&simulator->lock);
    free(old);
}

const char *simulator_token_url(const struct simulator *simulator)
{
    return simulator->token_url;
}
