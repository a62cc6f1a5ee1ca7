/* TokenResource.svc, facts §1. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

static void refusal_write(struct sim_call *call)
{
    switch (call->behaviour.token_refusal) {
    case SIMULATOR_REFUSAL_BY_ACCEPT:
        sim_error(call, 401, NULL, "Invalid username or password.");
        break;
    case SIMULATOR_REFUSAL_XML:
        sim_error_as(call, 401, SIMULATOR_BODY_EPICOR_XML, NULL, "Invalid username or password.");
        break;
    case SIMULATOR_REFUSAL_HTML:
        sim_error_as(call, 401, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
        break;
    case SIMULATOR_REFUSAL_EMPTY:
        sim_error_as(call, 401, SIMULATOR_BODY_EMPTY, NULL, NULL);
        break;
    }
}

static void json_write(struct sim_call *call, const char *token, uint32_t lifetime)
{
    const struct simulator_behaviour *behaviour = &call->behaviour;
    bool oauth = behaviour->token_names == SIMULATOR_NAMES_OAUTH;
    struct sim_text *body = &call->body;
    sim_text_printf(body, "{\"%s\":\"%s\"", oauth ? "access_token" : "AccessToken", token);
    if (behaviour->expires_in != SIMULATOR_EXPIRES_MISSING) {
        const char *quote = behaviour->expires_in == SIMULATOR_EXPIRES_STRING ? "\"" : "";
        sim_text_printf(body, ",\"%s\":%s%u%s", oauth ? "expires_in" : "ExpiresIn", quote, lifetime, quote);
    }
    if (behaviour->refresh_token != SIMULATOR_REFRESH_ABSENT)
        sim_text_printf(body, ",\"%s\":\"%s\"", oauth ? "refresh_token" : "RefreshToken",
                        behaviour->refresh_token == SIMULATOR_REFRESH_FILLED ? "cmVmcmVzaC1tZS1ub3Q" : "");
    sim_text_printf(body, ",\"%s\":\"Bearer\"}", oauth ? "token_type" : "TokenType");
    call->content_type = "application/json; charset=utf-8";
}

static void xml_write(struct sim_call *call, const char *token, uint32_t lifetime)
{
    const struct simulator_behaviour *behaviour = &call->behaviour;
    struct sim_text *body = &call->body;
    sim_text_printf(body,
                    "<Token xmlns=\"http://schemas.datacontract.org/2004/07/Epicor.Web\" "
                    "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><AccessToken>%s</AccessToken>",
                    token);
    if (behaviour->expires_in != SIMULATOR_EXPIRES_MISSING)
        sim_text_printf(body, "<ExpiresIn>%u</ExpiresIn>", lifetime);
    if (behaviour->refresh_token == SIMULATOR_REFRESH_FILLED)
        sim_text_add_string(body, "<RefreshToken>cmVmcmVzaC1tZS1ub3Q</RefreshToken>");
    else if (behaviour->refresh_token == SIMULATOR_REFRESH_EMPTY)
        sim_text_add_string(body, "<RefreshToken/>");
    sim_text_add_string(body, "<TokenType>Bearer</TokenType></Token>");
    call->content_type = "application/xml; charset=utf-8";
}

/* Header names are case-blind; Basic stands in place of the two headers. */
static bool credentials_good(struct sim_call *call, char **user)
{
    const char *name = sim_call_header(call, "username"), *secret = sim_call_header(call, "password");
    const char *authorization = sim_call_header(call, "Authorization");
    char *basic_password = NULL;
    *user = NULL;
    unsigned by = (unsigned)call->behaviour.token_credentials;
    if (name && secret && by != SIMULATOR_CREDENTIALS_BASIC)
        *user = sim_duplicate(name);
    else if (authorization && by != SIMULATOR_CREDENTIALS_HEADERS &&
             sim_basic_read(authorization, user, &basic_password))
        secret = basic_password;
    bool good = *user && secret && sim_password_check(call, *user, secret);
    free(basic_password);
    return good;
}

void sim_token_answer(struct sim_call *call)
{
    const struct simulator_behaviour *behaviour = &call->behaviour;
    if (strcmp(call->method, "POST") != 0) {
        sim_call_add_header(call, "Allow", "POST");
        sim_error(call, 405, NULL, NULL);
        return;
    }
    /* How it looks when the feature is off is unknown (facts §8): 404 as a page, or 500. */
    if (behaviour->token_feature == SIMULATOR_TOKENS_OFF_404) {
        sim_error_as(call, 404, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
        return;
    }
    if (behaviour->token_feature == SIMULATOR_TOKENS_OFF_500) {
        sim_error(call, 500, NULL, "Token authentication is not enabled.");
        return;
    }
    if (behaviour->token_slash_redirects && call->path[strlen(call->path) - 1] != '/') {
        struct sim_text location = {0};
        sim_text_printf(&location, "%s/", call->path);
        sim_call_add_header(call, "Location", location.data);
        sim_text_free(&location);
        sim_error_as(call, 301, SIMULATOR_BODY_EMPTY, NULL, NULL);
        return;
    }
    char *user;
    if (!credentials_good(call, &user)) {
        free(user);
        refusal_write(call);
        return;
    }
    uint32_t lifetime = behaviour->token_lifetime ? behaviour->token_lifetime : 3600;
    int64_t now = sim_server_time(call);
    pthread_mutex_lock(&call->simulator->lock);
    struct sim_jwt_key key = call->simulator->key;
    call->simulator->tokens++;
    pthread_mutex_unlock(&call->simulator->lock);
    uint32_t lives = behaviour->claims_lifetime ? behaviour->claims_lifetime : lifetime;
    char *token = sim_jwt_make(&key, now, now + lives, user, (int)behaviour->token_claims);
    call->status = 200;
    if (behaviour->token_byte_order_mark)
        sim_text_add_string(&call->body, "\xef\xbb\xbf");
    bool json = behaviour->token_form == SIMULATOR_TOKEN_JSON ||
                (behaviour->token_form == SIMULATOR_TOKEN_BY_ACCEPT && call->json);
    (json ? json_write : xml_write)(call, token, lifetime);
    free(token);
    free(user);
}
