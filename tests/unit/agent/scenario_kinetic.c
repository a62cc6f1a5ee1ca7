/* The Kinetic of the stage: tokens, sessions, rows, and what a story makes it say instead. */
#include "../../main.h"

#include "scenario_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char *header_value(const struct order *order, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < order->headers.count; i++)
        if (strncmp(order->headers.lines[i], name, size) == 0 && order->headers.lines[i][size] == ':')
            return order->headers.lines[i] + size + 2;
    return "";
}

static void say(struct exchange *exchange, int status, char *body)
{
    exchange->answer.status = status;
    exchange->text = body;
}

static char *epicor_error(int status, const char *message)
{
    return memory_format("{\"HttpStatus\":%d,\"ReasonPhrase\":\"REST API Exception\",\"ErrorMessage\":\"%s\","
                         "\"ErrorType\":\"System.UnauthorizedAccessException\"}",
                         status, message);
}

static char *base64url(const char *text)
{
    char *out = memory_new(2 * strlen(text) + 8, 1);
    text_base64_encode(text, strlen(text), out);
    for (char *c = out; *c; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c);
    return out;
}

/* header.payload.signature; the signature tells which token it is and when it was issued, by our clock. */
static void grant(struct scenario *scenario, struct exchange *exchange)
{
    int64_t issued = scenario->now.wall_ns / SECOND_NS + scenario->erp.clock_ahead_s;
    char *payload = memory_format("{\"exp\":\"%" PRId64 "\",\"iat\":\"%" PRId64 "\",\"iss\":\"epicor\"}",
                                  issued + scenario->erp.token_lifetime_s, issued);
    char *encoded = base64url(payload);
    int64_t issued_ns = scenario->erp.tokens_age ? exchange->begun_ns : exchange->ends_ns;
    say(exchange, 200,
        memory_format("{\"AccessToken\":\"eyJhbGciOiJIUzI1NiJ9.%s.t%" PRIu64 "-%" PRId64
                      "\",\"ExpiresIn\":%" PRId64 ",\"TokenType\":\"Bearer\"}",
                      encoded, ++scenario->tokens, issued_ns, scenario->erp.token_lifetime_s));
    free(encoded);
    free(payload);
}

static bool serial_is_good(const struct scenario *scenario, const char *text)
{
    char *rest;
    uint64_t number = strtoull(text, &rest, 10);
    int64_t issued_ns = *rest == '-' ? strtoll(rest + 1, NULL, 10) : 0;
    bool alive = scenario->now.boot_ns - issued_ns < scenario->erp.token_lifetime_s * SECOND_NS;
    return number >= scenario->erp.oldest_token && (alive || scenario->erp.forgets_lifetimes);
}

static bool token_is_good(const struct scenario *scenario, const char *bearer)
{
    const char *signature = strrchr(bearer, '.');
    if (!signature || strncmp(signature, ".t", 2) != 0)
        return false;
    return serial_is_good(scenario, signature + 2);
}

static bool login_is_good(struct scenario *scenario, const struct order *order)
{
    const char *authorization = header_value(order, "Authorization");
    switch (order->appserver->auth) {
    case AUTH_TOKEN:
    case AUTH_OAUTH2:
        return token_is_good(scenario, authorization);
    case AUTH_BASIC: {
        char *account = memory_format("monitor:%s", scenario->erp.password), encoded[256];
        text_base64_encode(account, strlen(account), encoded);
        free(account);
        bool good = strncmp(authorization, "Basic ", 6) == 0 && strcmp(authorization + 6, encoded) == 0;
        scenario->counts.wrong += !good;
        return good;
    }
    case AUTH_NTLM: {
        assert_int_equal(order->login, ORDER_NTLM);
        size_t size = secret_size(order->password);
        bool good = size == strlen(scenario->erp.password) &&
                    memcmp(secret_reveal(order->password), scenario->erp.password, size) == 0;
        scenario->counts.wrong += !good;
        return good;
    }
    case AUTH_NEGOTIATE:
        return strncmp(authorization, "Negotiate ", 10) == 0 && serial_is_good(scenario, authorization + 10);
    case AUTH_NONE:
        return true;
    }
    return false;
}

static bool asks_rightly(const struct scenario *scenario, const struct order *order)
{
    if (order->appserver->auth == AUTH_TOKEN)
        return strcmp(header_value(order, "password"), scenario->erp.password) == 0;
    assert_int_equal(order->request->method, HTTP_POST);
    char *wanted = memory_format("client_secret=%s&", scenario->erp.client_secret);
    char *form = memory_format("%.*s&", (int)order->request->body_size, order->request->body);
    bool right = strstr(form, wanted) != NULL;
    free(form);
    free(wanted);
    return right;
}

void kinetic_answer_login(struct scenario *scenario, const struct order *order, struct exchange *exchange)
{
    exchange->ends_ns += scenario->erp.grants_in_ns;
    exchange->answer.failure = scenario->erp.token_network;
    if (scenario->erp.token_retry_after_ns != 0)
        exchange->answer.retry_after_ns = scenario->erp.token_retry_after_ns;
    if (scenario->erp.token_status != 0)
        say(exchange, scenario->erp.token_status,
            memory_copy_text(scenario->erp.token_body ? scenario->erp.token_body
                                                      : "<html><title>Error</title></html>"));
    else if (!asks_rightly(scenario, order)) {
        scenario->counts.wrong++;
        say(exchange, 401, epicor_error(401, "Invalid username or password."));
    } else {
        grant(scenario, exchange);
    }
}

/* The number of the session that the call names; 0: none. */
static uint64_t session_of(const struct order *order)
{
    const char *id = strstr(header_value(order, "SessionInfo"), SCENARIO_SESSION_ID);
    return id ? strtoull(id + strlen(SCENARIO_SESSION_ID), NULL, 10) : 0;
}

static bool session_is_open(const struct scenario *scenario, uint64_t number)
{
    return number < SESSIONS_MAX && number >= scenario->erp.oldest_session && scenario->session_open[number];
}

static void expire_sessions(struct scenario *scenario)
{
    for (uint64_t i = 1; i <= scenario->sessions.opened && i < scenario->erp.oldest_session; i++)
        if (scenario->session_open[i]) {
            scenario->session_open[i] = false;
            scenario->sessions.open--;
        }
}

static void open_session(struct scenario *scenario, struct exchange *exchange)
{
    struct scenario_sessions *sessions = &scenario->sessions;
    uint64_t number = ++sessions->opened;
    assert_true(number < SESSIONS_MAX);
    scenario->session_open[number] = true;
    if (++sessions->open > sessions->most_open)
        sessions->most_open = sessions->open;
    say(exchange, 200, memory_format("{\"returnObj\":\"" SCENARIO_SESSION_ID "%012" PRIu64 "\"}", number));
}

/* SessionModSvc, and calls that name a session which is not open: true when the call is answered. */
static bool answer_session(struct scenario *scenario, const struct order *order, struct exchange *exchange)
{
    uint64_t number = session_of(order);
    expire_sessions(scenario);
    if (strstr(order->url, "SessionModSvc/Login")) {
        open_session(scenario, exchange);
    } else if (number != 0 && !session_is_open(scenario, number)) {
        scenario->sessions.strays++;
        say(exchange, 410,
            memory_copy_text(
                "{\"HttpStatus\":410,\"ReasonPhrase\":\"Gone\",\"ErrorMessage\":\"The session is "
                "not valid.\",\"ErrorType\":\"Ice.Common.InvalidSessionException\"}"));
    } else if (strstr(order->url, "SessionModSvc/Logout")) {
        assert_int_not_equal(number, 0);
        scenario->session_open[number] = false;
        scenario->sessions.open--;
        scenario->sessions.closed++;
        say(exchange, 200, memory_copy_text("{}"));
    } else {
        return false;
    }
    return true;
}

static const struct scenario_rule *rule_of(struct scenario *scenario, const char *url)
{
    for (struct scenario_rule *rule = scenario->erp.rules; rule->path; rule++) {
        if (rule->times < 0 || !strstr(url, rule->path))
            continue;
        if (rule->times > 0 && --rule->times == 0)
            rule->times = -1;
        return rule;
    }
    return NULL;
}

void kinetic_answer_call(struct scenario *scenario, const struct order *order, struct exchange *exchange)
{
    static const struct scenario_rule none;
    const struct scenario_rule *rule = rule_of(scenario, order->url);
    rule = rule ? rule : &none;
    exchange->ends_ns += rule->in_ns ? rule->in_ns : scenario->erp.answers_in_ns;
    exchange->answer.failure = rule->network;
    exchange->answer.retry_after_ns = rule->retry_after_ns ? rule->retry_after_ns : -1;
    const char *key = header_value(order, "x-api-key");
    if (!login_is_good(scenario, order)) {
        bool by_password = order->appserver->auth == AUTH_BASIC || order->appserver->auth == AUTH_NTLM;
        say(exchange, 401,
            by_password && !scenario->erp.refuses_mutely ? epicor_error(401, "Invalid username or password.")
                                                         : memory_copy_text(""));
    } else if (strcmp(key, scenario->erp.api_key) != 0) {
        const char *hidden = scenario->erp.key_refusal;
        char *message = hidden ? memory_copy_text(hidden)
                               : memory_format("Invalid API Key %s.\\r\\nCompany EPIC06.", key);
        say(exchange, hidden ? 404 : 401, epicor_error(hidden ? 404 : 401, message));
        free(message);
    } else if (rule->body) {
        say(exchange, rule->status ? rule->status : 200, memory_copy_text(rule->body));
    } else if (rule->status && rule->status != 200) {
        say(exchange, rule->status, memory_copy_text(""));
    } else if (rule->network == REASON_NONE && answer_session(scenario, order, exchange)) {
        return;
    } else {
        /* Its list has no end but a far one. */
        say(exchange, 200,
            memory_copy_text(strstr(order->url, "$skip=1000000000") == NULL
                                 ? "{\"value\":[{\"A\":1},{\"A\":2}]}"
                                 : "{\"value\":[]}"));
    }
}
