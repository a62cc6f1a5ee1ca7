/* The simulator's sessions and seats, against the facts (§4.2, §4.3). */
#include "main.h"

#include "integration/http_client.h"
#include "simulator/simulator.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVICE     "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/"
#define OLD_SERVICE "api/v1/Ice.Lib.SessionModSvc/"
#define DATA        "api/v2/odata/EPIC06/BaqSvc/zLicenseUsage/Data"
#define WEB_SERVICE "License: {\"ClaimedLicense\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\"}"
#define POST(where, ...)                                                                                     \
    (&(struct http_request){.path = (where), .body = "{}", .headers = {BASIC, KEY, __VA_ARGS__}})
#define GET(...) (&(struct http_request){.path = DATA, .headers = {BASIC, KEY, __VA_ARGS__}})

/* `SessionInfo: {"SessionID":"..."}` of a new session, allocated; `format` takes the GUID. */
static char *session_open(struct simulator *server, const char *path, const char *license, const char *key)
{
    struct http_answer answer = http_ask(server, POST(path, license));
    cJSON *json = cJSON_Parse(answer.body);
    const char *guid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "returnObj"));
    char *header = NULL;
    if (answer.status != 200 || !guid || strlen(guid) != 36)
        fail_msg("%ld: %s", answer.status, answer.body);
    assert_true(asprintf(&header, "SessionInfo: {\"%s\":\"%s\"}", key, guid) > 0);
    cJSON_Delete(json);
    http_answer_free(&answer);
    return header;
}

static uint32_t held(struct simulator *server, const char *license)
{
    assert_true(simulator_wait_idle(server, 10000));
    return simulator_seats_taken(server, license);
}

static void a_session_holds_its_seat(void **state)
{
    static const struct {
        const char *path, *key;
    } cases[] = {{SERVICE, "SessionID"}, {OLD_SERVICE, "sessionId"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct simulator *server = simulator_start(NULL);
        char login[100], logout[100];
        snprintf(login, sizeof login, "%sLogin", cases[i].path);
        snprintf(logout, sizeof logout, "%sLogout", cases[i].path);
        char *session = session_open(server, login, WEB_SERVICE, cases[i].key);
        assert_int_equal(simulator_sessions_open(server), 1);
        assert_int_equal(held(server, "WebService"), 1);
        assert_int_equal(held(server, NULL), 1);
        for (int j = 0; j < 3;
             j++) /* calls within it take no further seat, with or without a License header */
            http_expect(server, GET(session, j ? WEB_SERVICE : NULL), 200, NULL);
        assert_int_equal(simulator_seats_peak(server, NULL), 1);
        assert_int_equal(simulator_seats_calls(server, "WebService"), 1);
        assert_int_equal(simulator_seats_calls(server, NULL), 1);
        http_expect(server, GET(WEB_SERVICE), 200, NULL); /* one without the session does */
        assert_int_equal(simulator_seats_peak(server, "WebService"), 2);
        assert_int_equal(held(server, "WebService"), 1);
        http_expect(server, POST(logout, session), 200, TEXTS("{}"));
        assert_true(simulator_wait_sessions(server, 0, 0));
        assert_int_equal(held(server, NULL), 0);
        http_expect(server, GET(session), 410, TEXTS("InvalidSessionException", "\"HttpStatus\":410"));
        http_expect(server, POST(logout, session), 410, TEXTS("InvalidSessionException"));
        struct simulator_counts counts = simulator_counts(server);
        assert_int_equal(counts.sessions_opened, 1);
        assert_int_equal(counts.sessions_closed, 1);
        assert_int_equal(counts.sessions_peak, 1);
        assert_false(simulator_wait_sessions(server, 1, 5));
        free(session);
        simulator_stop(server);
    }
}

static void traps_of_logout_and_session_info(void **state)
{
    struct simulator *server = simulator_start(NULL);
    (void)state;
    char *session = session_open(server, SERVICE "Login", NULL, "SessionID");
    /* Logout without SessionInfo opens and closes another one. */
    http_expect(server, POST(SERVICE "Logout", NULL), 200, NULL);
    assert_int_equal(simulator_sessions_open(server), 1);
    struct simulator_counts counts = simulator_counts(server);
    assert_int_equal(counts.sessions_opened, 2);
    assert_int_equal(counts.sessions_closed, 1);
    assert_int_equal(held(server, "Default"), 1);

    simulator_set_behaviour(server, &(struct simulator_behaviour){.session_info_500 = true});
    http_expect(server, GET(session), 500, TEXTS("\"HttpStatus\":500"));
    http_expect(server, GET(NULL), 200, NULL);
    http_expect(server, POST(SERVICE "IsValidSession", session), 200, TEXTS("{\"returnObj\":false}"));
    char body[100];
    snprintf(body, sizeof body, "{\"sessionID\":%.38s,\"userID\":\"x\"}", strchr(session, '"') + 12);
    http_expect(server,
                &(struct http_request){SERVICE "IsValidSession", .body = body, .headers = {BASIC, KEY}}, 200,
                TEXTS("{\"returnObj\":true}"));
    http_expect(server, POST(SERVICE "Logout", session), 200, NULL);
    assert_int_equal(simulator_sessions_open(server), 0);

    http_expect(server, GET("SessionInfo: {}"), 200, NULL);
    http_expect(server, GET("SessionInfo: {\"SessionID\":\"\"}"), 200, NULL);
    simulator_set_behaviour(server, &(struct simulator_behaviour){0});
    http_expect(server, GET("SessionInfo: {\"SessionID\":\"5f1e\"}"), 410, TEXTS("InvalidSessionException"));
    http_expect(server, &(struct http_request){SERVICE "Login", .headers = {BASIC, KEY}}, 405, NULL);
    http_expect(server, POST(SERVICE "Login", NULL), 200, NULL);
    simulator_set_right(server, "Ice.LIB.SessionModSvc", false);
    http_expect(server, POST(SERVICE "Login", NULL), 401,
                TEXTS("Access denied (Ice.LIB.SessionModSvc.Login)"));
    free(session);
    simulator_stop(server);
}

static void sessions_expire(void **state)
{
    struct simulator *server = simulator_start(NULL);
    (void)state;
    char *first = session_open(server, SERVICE "Login", WEB_SERVICE, "SessionID");
    char *second = session_open(server, SERVICE "Login", WEB_SERVICE, "SessionID");
    assert_int_equal(held(server, "WebService"), 2);
    simulator_add_named_fault(server, "sessions_expire", NULL, 0);
    assert_int_equal(held(server, "WebService"), 0);
    http_expect(server, GET(first), 410, NULL);
    http_expect(server, GET(second), 410, NULL);
    free(first);
    free(second);
    first = session_open(server, SERVICE "Login", WEB_SERVICE, "SessionID");
    simulator_set_behaviour(server, &(struct simulator_behaviour){.session_idle_seconds = 1});
    for (int i = 0; i < 1000 && simulator_sessions_open(server); i++)
        poll(NULL, 0, 10);
    http_expect(server, GET(first), 410, NULL);
    assert_int_equal(held(server, NULL), 0);
    struct simulator_counts counts = simulator_counts(server);
    assert_int_equal(counts.sessions_expired, 3);
    assert_int_equal(counts.sessions_closed, 0);
    assert_int_equal(counts.sessions_peak, 2);
    free(first);
    simulator_stop(server);
}

/* A Login takes a seat as a call does: refused, or on the shared license, whose delay then comes every time. */
static void a_login_needs_a_seat(void **state)
{
    struct simulator *server = simulator_start(
        &(struct simulator_options){.behaviour = {.shared_delay_ms = 50}});
    (void)state;
    simulator_set_seats(server, "WebService", 1);
    simulator_occupy_seats(server, "WebService", 1);
    char *session = session_open(server, SERVICE "Login", WEB_SERVICE, "SessionID");
    assert_int_equal(held(server, "WebServiceShared"), 1);
    for (int i = 0; i < 2; i++) {
        struct http_answer answer = http_ask(server, GET(session));
        assert_int_equal(answer.status, 200);
        assert_true(answer.seconds >= 0.05);
        http_answer_free(&answer);
    }
    simulator_set_behaviour(server, &(struct simulator_behaviour){.seats_gone = SIMULATOR_SEATS_REFUSED});
    http_expect(server, POST(SERVICE "Login", WEB_SERVICE), 500, TEXTS("Maximum users exceeded"));
    assert_int_equal(simulator_sessions_open(server), 1);
    free(session);
    simulator_stop(server);
}

/* ---- calls that are aborted ------------------------------------------------------------------------------------ */

/* Asks for the rows, waits until `at_least` bytes of the answer are there, and resets the connection. */
static void ask_and_reset(struct simulator *server, size_t at_least)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(simulator_port(server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char request[] = "GET /KineticLive/" DATA " HTTP/1.1\r\nHost: x\r\n" BASIC "\r\n" KEY
                                  "\r\n" WEB_SERVICE "\r\n\r\n";
    char buffer[4096];
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(client, request, sizeof request - 1, 0), sizeof request - 1);
    assert_true(simulator_wait_requests(server, "zLicenseUsage", 1, 10000));
    for (size_t have = 0; have < at_least;) {
        ssize_t got = recv(client, buffer, sizeof buffer, 0);
        assert_true(got > 0);
        have += (size_t)got;
    }
    struct linger reset = {.l_onoff = 1};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
}

static void an_aborted_call_keeps_its_seat_to_its_own_end(void **state)
{
    static const struct {
        struct simulator_fault fault;
        size_t at_least;
    } cases[] = {
        {{.delay_ms = 300}, 0},      /* before the answer */
        {{.body_delay_ms = 300}, 1}, /* in its middle, before the pause or in it */
        {{.body_delay_ms = 300}, 100},
        {{.delay_ms = 100, .body_delay_ms = 200}, 0}, /* gone before the first byte, both delays count */
        {{.hold = true}, 0},                          /* its end is when the fault is cleared */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulator *server = simulator_start(NULL);
        unsigned fault = simulator_add_fault(server, &cases[i].fault);
        ask_and_reset(server, cases[i].at_least);
        for (int j = 0; j < 1000 && !simulator_seats_peak(server, NULL); j++)
            poll(NULL, 0, 5); /* a request is in the log a moment before it sits on its seat */
        struct simulator_request *request = simulator_request(server, NULL, 0);
        assert_int_equal(simulator_seats_peak(server, "WebService"), 1);
        if (cases[i].fault.hold) {
            assert_false(simulator_wait_idle(server, 50));
            assert_int_equal(simulator_seats_taken(server, NULL), 1);
            simulator_clear_fault(server, fault);
        }
        assert_true(simulator_wait_idle(server, 10000));
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t took_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - request->arrived_ns;
        if (!cases[i].fault.hold && took_ns < 299000000)
            fail_msg("case %zu: the seat was free after %lld ns", i, (long long)took_ns);
        assert_int_equal(simulator_seats_taken(server, NULL), 0);
        assert_int_equal(simulator_seats_peak(server, NULL), 1);
        simulator_request_free(request);
        simulator_stop(server);
    }
}

ALL_TESTS(cmocka_unit_test(a_session_holds_its_seat), cmocka_unit_test(traps_of_logout_and_session_info),
          cmocka_unit_test(sessions_expire), cmocka_unit_test(a_login_needs_a_seat),
          cmocka_unit_test(an_aborted_call_keeps_its_seat_to_its_own_end));
