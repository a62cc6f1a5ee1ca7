/* Who calls: the ways to be let in to API calls, facts §1 to §3. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

bool sim_basic_read(const char *authorization, char **user, char **password)
{
    if (strncasecmp(authorization, "Basic ", 6) != 0)
        return false;
    size_t size;
    char *text = sim_base64_decode(authorization + 6, strlen(authorization + 6), &size);
    char *colon = text ? strchr(text, ':') : NULL;
    if (colon) {
        *user = sim_duplicate_n(text, (size_t)(colon - text));
        *password = sim_duplicate(colon + 1);
    }
    free(text);
    return colon != NULL;
}

static bool way_open(const struct sim_call *call, enum simulator_way way)
{
    unsigned access = call->behaviour.access;
    return access ? (access & SIMULATOR_BY(way)) != 0 : way != SIMULATOR_WAY_NONE;
}

static void bearer_refuse(struct sim_call *call)
{
    sim_call_add_header(call, "WWW-Authenticate", "Bearer");
    switch (call->behaviour.bearer_refusal) {
    case SIMULATOR_BEARER_EMPTY:
        sim_error_as(call, 401, SIMULATOR_BODY_EMPTY, NULL, NULL);
        break;
    case SIMULATOR_BEARER_EPICOR:
        sim_error(call, 401, NULL, "Invalid username or password.");
        break;
    case SIMULATOR_BEARER_HTML:
        sim_error_as(call, 401, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
        break;
    }
}

static void basic_refuse(struct sim_call *call)
{
    sim_call_add_header(call, "WWW-Authenticate", "Basic realm=\"Epicor\"");
    switch (call->behaviour.basic_refusal) {
    case SIMULATOR_BASIC_EPICOR:
        sim_error(call, 401, NULL, "Invalid username or password.");
        break;
    case SIMULATOR_BASIC_HTML:
        sim_error_as(call, 401, SIMULATOR_BODY_TEXT, NULL, NULL);
        sim_text_add_string(&call->body,
                            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "
                            "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n<html><head><title>"
                            "401 - Unauthorized: Access is denied due to invalid credentials.</title></head>"
                            "\r\n<body><h2>HTTP Error 401.1 - Unauthorized</h2></body></html>\r\n");
        call->content_type = "text/html";
        break;
    }
}

/* Tokens of TokenResource.svc and of the own token endpoint are signed with one key; `iss` tells them apart. */
static bool bearer_check(struct sim_call *call, const char *token, enum simulator_way *way)
{
    struct sim_jwt_claims claims;
    pthread_mutex_lock(&call->simulator->lock);
    struct sim_jwt_key key = call->simulator->key;
    pthread_mutex_unlock(&call->simulator->lock);
    if (sim_jwt_good(&key, token, sim_server_time(call), &claims)) {
        *way = claims.epicor ? SIMULATOR_WAY_TOKEN : SIMULATOR_WAY_OAUTH;
        call->user = claims.user;
        return way_open(call, *way);
    }
    *way = SIMULATOR_WAY_TOKEN;
    if (!way_open(call, SIMULATOR_WAY_FOREIGN) || !sim_foreign_good(call, token))
        return false;
    *way = SIMULATOR_WAY_FOREIGN;
    return true;
}

/* user, user@REALM or DOMAIN\user, as the modules of Apache name them. */
static bool proxy_check(struct sim_call *call, const char *named)
{
    const char *backslash = strrchr(named, '\\'), *name = backslash ? backslash + 1 : named;
    call->user = sim_duplicate_n(name, strcspn(name, "@"));
    return sim_user_known(call->simulator, call->user);
}

static bool basic_check(struct sim_call *call, const char *authorization)
{
    char *password = NULL;
    bool good = sim_basic_read(authorization, &call->user, &password) &&
                sim_password_check(call, call->user, password);
    free(password);
    return good;
}

static bool way_check(struct sim_call *call, enum simulator_way *way)
{
    const char *authorization = sim_call_header(call, "Authorization");
    const char *header = call->simulator->proxy_user_header;
    const char *named = header ? sim_call_header(call, header) : NULL;
    if (way_open(call, SIMULATOR_WAY_NONE)) {
        *way = SIMULATOR_WAY_NONE;
        return true;
    }
    if (named && way_open(call, SIMULATOR_WAY_PROXY)) {
        *way = SIMULATOR_WAY_PROXY;
        return proxy_check(call, named);
    }
    if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
        return bearer_check(call, authorization + 7, way);
    *way = authorization ? SIMULATOR_WAY_BASIC : SIMULATOR_WAY_NONE;
    return authorization && way_open(call, SIMULATOR_WAY_BASIC) && basic_check(call, authorization);
}

bool sim_identity_check(struct sim_call *call)
{
    enum simulator_way way;
    bool good = way_check(call, &way);
    struct simulator_counts *counts = &call->simulator->counts;
    pthread_mutex_lock(&call->simulator->lock);
    (good ? counts->logins : counts->refusals)[way]++;
    pthread_mutex_unlock(&call->simulator->lock);
    if (good)
        return true;
    bool bearer = way == SIMULATOR_WAY_TOKEN || way == SIMULATOR_WAY_OAUTH || way == SIMULATOR_WAY_FOREIGN;
    if (bearer || !way_open(call, SIMULATOR_WAY_BASIC))
        bearer_refuse(call);
    else
        basic_refuse(call);
    return false;
}
