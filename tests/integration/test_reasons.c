/* Every reason of the contract, reached from outside: one agent, a table of servers in trouble. Each row of the contract's table
   "Reasons" is at least one row here; the bytes of rude servers have a table of their own in test_reasons_rude.c. */
#include "main.h"

#include "integration/trouble.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* A name that does not exist at first. The program's own getaddrinfo stands before libc's, for libcurl too. */
static atomic_bool name_is_known;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    bool ours = name && strcmp(name, "kinetic.example") == 0;

    if (ours && !name_is_known)
        return EAI_NONAME;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(ours ? "127.0.0.1" : name, service, hints, out);
}

static void learn_name(struct scene *scene)
{
    (void)scene;
    name_is_known = true;
}

/* ---- how things go wrong and right ---- */

static void wrong_password(struct scene *scene)
{
    trouble_write_file(scene->password_file, "wrong-password");
}

static void right_password(struct scene *scene)
{
    trouble_write_file(scene->password_file, "demo-password");
}

static void no_password_file(struct scene *scene)
{
    unlink(scene->password_file);
}

static void wrong_key(struct scene *scene)
{
    trouble_write_file(scene->key_file, "wrong-api-key");
}

static void right_key(struct scene *scene)
{
    trouble_write_file(scene->key_file, "demo-api-key\n");
}

static void no_right(struct scene *scene)
{
    simulator_set_right(scene->server, "BaqSvc/zRow", false);
}

static void give_right(struct scene *scene)
{
    simulator_set_right(scene->server, "BaqSvc/zRow", true);
}

static void no_baq(struct scene *scene)
{
    simulator_remove(scene->server, "zRow");
}

static void share_baq(struct scene *scene)
{
    simulator_set_baq(scene->server, "zRow", NULL, 3);
}

static void keep_in_staging(struct scene *scene)
{
    simulator_set_function(scene->server,
                           &(struct simulator_function){.name = "MonitorLib/Ping", .staging = true});
}

static void publish(struct scene *scene)
{
    simulator_set_function(scene->server, &(struct simulator_function){.name = "MonitorLib/Ping"});
}

static void break_function(struct scene *scene)
{
    simulator_set_function(scene->server,
                           &(struct simulator_function){.name = "MonitorLib/Ping",
                                                        .outcome = SIMULATOR_FUNCTION_BL_EXCEPTION,
                                                        .message = "The queue is closed."});
}

static void no_seats(struct scene *scene)
{
    simulator_set_seats(scene->server, "WebService", 1);
    simulator_occupy_seats(scene->server, "WebService", 1);
}

static void buy_seats(struct scene *scene)
{
    simulator_set_seats(scene->server, "WebService", 5);
}

static void more_rows(struct scene *scene)
{
    simulator_set_rows(scene->server, "zRow", 50);
}

static void fewer_rows(struct scene *scene)
{
    simulator_set_rows(scene->server, "zRow", 1);
}

static void close_queue(struct scene *scene)
{
    simulator_set_function(scene->server, &(struct simulator_function){.name = "MonitorLib/Ping",
                                                                       .answer = "{\"Success\":false}"});
}

static void open_queue(struct scene *scene)
{
    simulator_set_function(scene->server, &(struct simulator_function){.name = "MonitorLib/Ping",
                                                                       .answer = "{\"Success\":true}"});
}

/* ---- the table ---- */

#define ACCESS           "System.UnauthorizedAccessException"
#define PING             "kind = efx\nlibrary = MonitorLib\nfunction = Ping"
#define TOKENS           "TokenResource"
#define CALLS            "/BaqSvc/"
#define HTML             .body = SIMULATOR_BODY_IIS_HTML
#define ROWS             "kind = baq\nbaq = zRow\n"
#define FAULT(...)       .rule = {.path = CALLS, __VA_ARGS__}
#define LOGIN_FAULT(...) .rule = {.path = TOKENS, __VA_ARGS__}, .token_failed = true

static const struct trouble rows[] = {
    /* the text of the answer, at any status of 400 or more */
    {"password", REASON_CREDENTIALS, 401, "Invalid username or password", .spoil = wrong_password,
     .mend = right_password, .token_failed = true, .logins = 1},
    {"password-html", REASON_CREDENTIALS, 401, .spoil = wrong_password, .mend = right_password,
     .options.behaviour.token_refusal = SIMULATOR_REFUSAL_HTML, .token_failed = true, .logins = 1},
    {"password-text", REASON_CREDENTIALS, 500, "Invalid username or password",
     FAULT(.status = 500, .message = "Invalid username or password."), .logins = 1},
    {"password-in-call", REASON_CREDENTIALS, 401, "Invalid username or password",
     .fault = "invalid_credentials", .logins = 2},
    {"key", REASON_API_KEY, 401, "Invalid API Key", .spoil = wrong_key, .mend = right_key, .logins = 1},
    {"key-echoed", REASON_API_KEY, 401, "Invalid API Key", .fault = "invalid_api_key", .logins = 1},
    {"key-required", REASON_API_KEY, 401, "API Key is required",
     FAULT(.status = 401, .message = "API Key is required."), .logins = 1},
    {"key-403", REASON_API_KEY, 403, "Access denied: API Key", .spoil = wrong_key, .mend = right_key,
     .options.behaviour.key_refusal = SIMULATOR_KEY_403, .logins = 1},
    {"key-404", REASON_API_KEY, 404, "Invalid API Key", .spoil = wrong_key, .mend = right_key,
     .options.behaviour.key_refusal = SIMULATOR_KEY_404, .logins = 1},
    {"right", REASON_ACCESS_DENIED, 401, "Access denied (BaqSvc.zRow", .spoil = no_right, .mend = give_right,
     .logins = 1},
    {"right-403", REASON_ACCESS_DENIED, 403, "Access denied (", .spoil = no_right, .mend = give_right,
     .options.behaviour.right_refusal = SIMULATOR_RIGHT_403, .logins = 1},
    {"right-in-words", REASON_ACCESS_DENIED, 401, "permission",
     FAULT(.status = 401, .type = ACCESS, .message = "You have no permission to run this query."),
     .logins = 1},
    {"right-403-page", REASON_ACCESS_DENIED, 403, .fault = "http_403", .logins = 1},
    {"seats", REASON_LICENSE_EXHAUSTED, 500, "Maximum users exceeded", .spoil = no_seats, .mend = buy_seats,
     .options.behaviour.seats_gone = SIMULATOR_SEATS_REFUSED, .logins = 1},
    {"seats-503", REASON_LICENSE_EXHAUSTED, 503, "Maximum users exceeded", .spoil = no_seats,
     .mend = buy_seats, .options.behaviour = {.seats_gone = SIMULATOR_SEATS_REFUSED, .seats_status = 503}},
    {"query-timeout", REASON_QUERY_TIMEOUT, 500, "Execution Timeout Expired", .fault = "query_timeout"},
    {"conversions", REASON_UPGRADE_PENDING, 503, .fault = "conversions_pending"},
    {"conversions-500", REASON_UPGRADE_PENDING, 500, "Wait.",
     FAULT(.status = 500, .type = "Ice.Common.ConversionsPendingException", .message = "Wait.")},

    /* then the status */
    {"token", REASON_TOKEN_REJECTED, 401, .fault = "http_401_empty", .logins = 2},
    {"token-page", REASON_TOKEN_REJECTED, 401, .fault = "http_401", .logins = 2},
    {"unauthorized", REASON_UNAUTHORIZED, 401, .fault = "http_401", .no_login = true, .stays = true,
     .logins = 1},
    {"baq", REASON_NOT_FOUND, 404, .spoil = no_baq, .mend = share_baq, .logins = 1},
    {"function", REASON_NOT_FOUND, 404, .probe = PING, .spoil = keep_in_staging, .mend = publish},
    {"method", REASON_CLIENT_ERROR, 405, FAULT(.status = 405)},
    {"application", REASON_UNAVAILABLE, 404, .fault = "http_404"},
    {"conflict", REASON_CONFLICT_OR_GONE, 409, .fault = "http_409"},
    {"gone", REASON_CONFLICT_OR_GONE, 410, .fault = "http_410"},
    {"throttled", REASON_THROTTLED, 429, .fault = "http_429"},
    {"throttled-until", REASON_THROTTLED, 429, .fault = "http_429_date"},
    {"refused", REASON_CLIENT_ERROR, 400, .fault = "http_400"},
    {"refused-logic", REASON_CLIENT_ERROR, 400, "The queue is closed", .probe = PING, .spoil = break_function,
     .mend = publish},
    {"curly-quotes", REASON_CLIENT_ERROR, 400, "Missing Root Element", .fault = "missing_root_element"},
    {"no-length", REASON_CLIENT_ERROR, 411, FAULT(.status = 411, HTML)},
    {"too-much", REASON_CLIENT_ERROR, 413, FAULT(.status = 413, HTML)},
    {"teapot", REASON_CLIENT_ERROR, 418, FAULT(.status = 418, .body = SIMULATOR_BODY_EMPTY)},
    {"sql", REASON_CLIENT_ERROR, 400, "Bad SQL", .fault = "bad_sql"},
    {"odata4", REASON_CLIENT_ERROR, 400, "Could not find a property", .fault = "odata4_400"},
    {"odata3", REASON_CLIENT_ERROR, 400, "Could not find a property", .fault = "odata3_400"},
    {"gateway", REASON_UNAVAILABLE, 502, .fault = "http_502"},
    {"pool", REASON_UNAVAILABLE, 503, .fault = "http_503"},
    {"busy", REASON_UNAVAILABLE, 503, "busy",
     FAULT(.status = 503, .body = SIMULATOR_BODY_TEXT, .text = "busy, come back",
           .content_type = "text/plain")},
    {"gateway-late", REASON_UNAVAILABLE, 504, .fault = "http_504"},
    {"unhandled", REASON_SERVER_ERROR, 500, .fault = "http_500"},
    {"unhandled-xml", REASON_SERVER_ERROR, 500, .fault = "xml_500"},
    {"unhandled-silent", REASON_SERVER_ERROR, 500, FAULT(.status = 500, .body = SIMULATOR_BODY_EMPTY)},
    {"hidden", REASON_SERVER_ERROR, 500, .fault = "secure_errors"},
    {"other-500", REASON_SERVER_ERROR, 507, FAULT(.status = 507, HTML)},
    {"moved", REASON_REDIRECTED, 301, "/login", .fault = "redirect_301"},
    {"found", REASON_REDIRECTED, 302, "/login", .fault = "redirect_302"},
    {"elsewhere", REASON_REDIRECTED, 307, "elsewhere.example.test", .fault = "redirect_307"},
    {"nothing-204", REASON_INVALID_RESPONSE, 204, .fault = "http_204"},
    {"unchanged", REASON_INVALID_RESPONSE, 304, .fault = "http_304"},
    {"page", REASON_INVALID_RESPONSE, 200, "text/html", .fault = "html_200"},
    {"xml", REASON_INVALID_RESPONSE, 200, "application/xml",
     FAULT(.status = 200, .body = SIMULATOR_BODY_TEXT, .text = "<Rows/>", .content_type = "application/xml")},
    {"nothing", REASON_INVALID_RESPONSE, 200, "empty body", .fault = "empty_200"},
    {"cut-json", REASON_INVALID_RESPONSE, 200, "not valid JSON", .fault = "broken_json_200"},
    {"error-in-200", REASON_INVALID_RESPONSE, 200, .fault = "error_in_200"},
    {"no-value", REASON_INVALID_RESPONSE, 200, "no array",
     FAULT(.status = 200, .body = SIMULATOR_BODY_TEXT, .text = "{}", .content_type = "application/json")},
    {"no-utf8", REASON_INVALID_RESPONSE, 200, "UTF-8",
     FAULT(.status = 200, .body = SIMULATOR_BODY_TEXT, .text = "{\"value\":[{\"a\":\"\xff\"}]}",
           .content_type = "application/json")},

    /* what is no answer */
    {"slow", REASON_TIMEOUT, 0, "no answer within 1s", .probe = ROWS "timeout = 1s", FAULT(.hold = true)},
    {"slow-body", REASON_TIMEOUT, 200, "body did not end within 1s", .probe = ROWS "timeout = 1s",
     FAULT(.body_delay_ms = 600000)},
    {"name", REASON_RESOLVE, 0, "kinetic.example", .host = "kinetic.example", .mend = learn_name},
    {"closed", REASON_CONNECT, 0, "Connection refused", .closed = true},
    {"expired", REASON_TLS, 0, "expired", .options.certificate = SIMULATOR_TLS_EXPIRED},
    {"untrusted", REASON_TLS, 0, "self", .options.certificate = SIMULATOR_TLS_SELF_SIGNED},
    {"early", REASON_TLS, 0, "not yet valid", .options.certificate = SIMULATOR_TLS_NOT_YET_VALID},
    {"wrong-name", REASON_TLS, 0, "another name", .options.certificate = SIMULATOR_TLS_WRONG_NAME},
    {"lost", REASON_CONNECTION_LOST, 0, "closed", .script = "cut"},

    /* answers that are what was asked for, and still */
    {"large", REASON_TOO_LARGE, 200, "max_response: 1KiB", .probe = ROWS "max_response = 1KiB",
     .spoil = more_rows, .mend = fewer_rows, .logins = 1},
    {"rows", REASON_ROWS, 200, "rows_max", .probe = ROWS "rows_max = 20", .spoil = more_rows,
     .mend = fewer_rows, .logins = 1},
    {"few-rows", REASON_ROWS, 200, "rows_min", .probe = ROWS "rows_min = 20", .spoil = fewer_rows,
     .mend = more_rows, .logins = 1},
    {"expectation", REASON_EXPECTATION, 200, "Success", .probe = PING "\nexpect.Success = true",
     .spoil = close_queue, .mend = open_queue, .logins = 1},

    /* ours */
    {"secret", REASON_INTERNAL, 0, "secret.password", .spoil = no_password_file, .mend = right_password},

    /* a failed token request */
    {"login-grant", REASON_CREDENTIALS, 400,
     LOGIN_FAULT(.status = 400, .body = SIMULATOR_BODY_OAUTH, .type = "invalid_grant",
                 .message = "It is not valid."),
     .appserver = "login_retry = 1s..2s\n"},
    {"login-client", REASON_CREDENTIALS, 400,
     LOGIN_FAULT(.status = 400, .body = SIMULATOR_BODY_OAUTH, .type = "invalid_client",
                 .message = "It is not valid."),
     .appserver = "login_retry = 1s..2s\n"},
    {"login-404", REASON_IDENTITY_PROVIDER, 404, LOGIN_FAULT(.status = 404, HTML)},
    {"login-405", REASON_IDENTITY_PROVIDER, 405, LOGIN_FAULT(.status = 405)},
    {"login-500", REASON_IDENTITY_PROVIDER, 500, LOGIN_FAULT(.status = 500)},
    {"login-502", REASON_UNAVAILABLE, 502, LOGIN_FAULT(.status = 502, HTML)},
    {"login-503", REASON_UNAVAILABLE, 503, LOGIN_FAULT(.status = 503, HTML)},
    {"login-504", REASON_UNAVAILABLE, 504, LOGIN_FAULT(.status = 504, HTML)},
    {"login-conversions", REASON_UPGRADE_PENDING, 503, LOGIN_FAULT(.status = 503)},
    {"login-probe", REASON_IDENTITY_PROVIDER, 404, LOGIN_FAULT(.status = 404, HTML), .probe = "kind = token"},
    {"login-probe-password", REASON_CREDENTIALS, 401, .probe = "kind = token", .spoil = wrong_password,
     .mend = right_password, .token_failed = true, .logins = 1},
};

enum { ROWS_COUNT = sizeof rows / sizeof rows[0] };

static void every_reason_is_reached(void **state)
{
    unsigned reached[REASONS] = {0};
    (void)state;
    for (size_t i = 0; i < ROWS_COUNT; i++)
        reached[rows[i].reason]++;
    for (int reason = REASON_NONE + 1; reason < REASONS; reason++)
        if (reached[reason] == 0)
            fail_msg("no server gives %s", reason_name((enum reason)reason));
    assert_int_equal(REASONS - 1, 26);
}

static void every_trouble_is_told_and_goes_away(void **state)
{
    (void)state;
    struct troubles troubles = troubles_start(rows, ROWS_COUNT, "");
    troubles_await(&troubles, 8);
    troubles_tell_no_secret(&troubles);
    troubles_mend(&troubles);
    troubles_tell_no_secret(&troubles);
    troubles_end(&troubles);
}

ALL_TESTS(cmocka_unit_test(every_reason_is_reached), cmocka_unit_test(every_trouble_is_told_and_goes_away));
