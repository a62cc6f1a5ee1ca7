/* token and efx, the table of kinds, and what probe_step does for all of them. */
#include "main.h"

#include "unit/probe/play.h"

#define V2  "company = EPIC06"
#define EFX "kind = efx\nlibrary = MonitorLib\nfunction = Ping\n"

static void test_the_table(void **state)
{
    (void)state;
    static const char *const contract[] = {
        "token",   "baq",      "efx",      "bo",     "method", "metadata", "environment", "catalog",
        "version", "licenses", "sessions", "health", "tasks",  "api_keys", "http",        NULL};
    const struct config_schema *schema = probe_schema();
    for (size_t i = 0; contract[i] != NULL || schema->kinds[i] != NULL; i++) {
        assert_non_null(schema->kinds[i]);
        assert_string_equal(schema->kinds[i]->name, contract[i]);
        for (size_t r = 0; r < schema->kinds[i]->row_count; r++)
            assert_true(strlen(schema->kinds[i]->rows[r].help) > 10);
    }
    const char *name;
    assert_string_equal(schema->license_guid("webservice", &name), "00000003-9439-4B30-A6F4-6D2FD4B9FD0F");
    assert_string_equal(name, "WebService");
    assert_null(schema->license_guid("WebServise", &name));
    assert_string_equal(name, "WebService");
    assert_null(schema->license_guid("x", &name));
    assert_null(name);
}

static void test_retries_are_of_no_use_where_it_posts(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        bool good;
    } cases[] = {
        {"kind = token", false},
        {EFX, false},
        {"kind = method\nservice = Erp.BO.PartSvc\nmethod = GetRows", false},
        {"kind = method\nservice = Erp.BO.PartSvc\nmethod = GetRows\nhttp_method = GET", true},
        {"kind = baq\nbaq = Orders\nfilter = a gt '{today-7d}'", true},
        {"kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        char text[256];
        snprintf(text, sizeof text, "%s\nretries = 2", cases[i].probe);
        struct model *model = play_model(V2, text, &faults);
        if ((model != NULL) != cases[i].good)
            fail_msg("%s", faults.count > 0 ? faults.items[0].text : cases[i].probe);
        if (!model)
            assert_non_null(strstr(faults.items[0].text, "sends POST here, which is never repeated"));
        fault_list_free(&faults);
        model_unref(model);
    }
}

/* ---- token ---- */

static void test_token(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
    } cases[] = {
        {200, "{\"AccessToken\":\"a.b.c\",\"ExpiresIn\":3600}", REASON_NONE},
        {200, "<Token><AccessToken>x</AccessToken></Token>", REASON_NONE},
        {200, "<html></html>", REASON_INVALID_RESPONSE},
        {204, "", REASON_INVALID_RESPONSE},
        {401, "", REASON_CREDENTIALS},
        {404, "", REASON_IDENTITY_PROVIDER},
        {503, "", REASON_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, "kind = token");
        assert_int_equal(play.request.purpose, EXCHANGE_LOGIN);
        assert_true(play.request.fresh);
        assert_true(play.request.keep > 0);
        assert_string_equal(play.run.target->company, "");
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        assert_int_equal(play.result.reason, cases[i].reason);
        assert_int_equal(play.result.message == NULL, cases[i].reason == REASON_NONE);
        assert_false(play.result.login);
        assert_false(play.result.has_rows);
        play_end(&play);
    }
    struct fault_list faults = {0};
    struct model *model = play_model("auth = none", "kind = token", &faults);
    assert_null(model);
    assert_non_null(strstr(faults.items[0].text, "has neither auth = token nor auth = oauth2"));
    fault_list_free(&faults);
}

/* ---- efx ---- */

static void test_efx_requests(void **state)
{
    (void)state;
    static const struct {
        const char *probe, *path, *body;
    } cases[] = {
        {EFX, "api/v2/efx/EPIC06/MonitorLib/Ping", "{}"},
        {EFX "staging = yes", "api/v2/efx/staging/EPIC06/MonitorLib/Ping", "{}"},
        {"kind = efx\nlibrary = My Lib\nfunction = F\xc3\xbc", "api/v2/efx/EPIC06/My%20Lib/F%C3%BC", "{}"},
        {EFX "body = {\"From\":\"{today-7d}\",\"At\":\"{now}\",\"s\":\"{x}\"}",
         "api/v2/efx/EPIC06/MonitorLib/Ping",
         "{\"From\":\"2026-01-24\",\"At\":\"2026-01-31T12:00:00\",\"s\":\"{x}\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, cases[i].probe);
        assert_int_equal(play.request.method, HTTP_POST);
        assert_string_equal(play.request.path, cases[i].path);
        assert_string_equal(play.request.body, cases[i].body);
        assert_int_equal(play.request.body_size, strlen(cases[i].body));
        assert_string_equal(play.request.content_type, "application/json");
        assert_string_equal(play.request.company, "EPIC06");
        play_end(&play);
    }
}

static void test_efx_answers(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        int status;
        const char *text;
        enum reason reason;
        int columns; /* -1: none */
        const char *message;
    } cases[] = {
        {EFX, 200, "{\"Success\":true,\"Count\":3}", REASON_NONE, 2, NULL},
        {EFX, 200, "{}", REASON_NONE, 0, NULL},
        {EFX, 200, "[]", REASON_INVALID_RESPONSE, -1, "the answer is no object of outputs"},
        {EFX, 200, "\"x\"", REASON_INVALID_RESPONSE, -1, NULL},
        {EFX, 200, "{\"a\":", REASON_INVALID_RESPONSE, -1, NULL},
        {EFX, 202, "{\"a\":1}", REASON_NONE, 1, NULL},
        /* A business failure is an output as any other, unless somebody expects more. */
        {EFX, 200, "{\"Success\":false,\"ErrorMessage\":\"No stock\"}", REASON_NONE, 2, NULL},
        {EFX "expect.Success = true\nexpect.ErrorMessage = absent", 200,
         "{\"Success\":false,\"ErrorMessage\":\"No stock\"}", REASON_EXPECTATION, 2,
         "Success is false, wanted: true; ErrorMessage is \"No stock\", wanted: absent"},
        {EFX "expect.Success = true\nexpect.ErrorMessage = absent", 200, "{\"Success\":true}", REASON_NONE, 1,
         NULL},
        {EFX "expect.Result.Rows = >= 1", 200, "{\"Result\":{\"Rows\":\"2\"}}", REASON_NONE, 1, NULL},
        {EFX, 200,
         "{\"HttpStatus\":401,\"ReasonPhrase\":\"x\",\"ErrorMessage\":\"Invalid API Key "
         "k.\",\"ErrorType\":\"T\","
         "\"CorrelationId\":\"c-9\"}",
         REASON_API_KEY, -1, "Invalid API Key k."},
        {EFX, 404, "{\"ErrorMessage\":\"Can't find library MonitorLib\",\"ErrorType\":\"T\"}",
         REASON_NOT_FOUND, -1, "Can't find library MonitorLib"},
        {EFX, 400, "{\"ErrorMessage\":\"Bad\",\"ErrorType\":\"Ice.BLException\"}", REASON_CLIENT_ERROR, -1,
         "Bad"},
        {EFX, 500, "{\"ErrorMessage\":\"An error\",\"CorrelationId\":\"c-9\"}", REASON_SERVER_ERROR, -1,
         "An error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, cases[i].probe);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        assert_int_equal(play.result.names != NULL, cases[i].columns >= 0);
        if (play.result.names != NULL)
            assert_int_equal(play.result.names->count, cases[i].columns);
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        if (strstr(cases[i].text, "c-9") != NULL)
            assert_string_equal(play.result.correlation, "c-9");
        assert_false(play.result.has_rows);
        play_end(&play);
    }
}

static void test_efx_checks(void **state)
{
    (void)state;
    static const struct {
        const char *appserver, *probe, *fault;
    } cases[] = {
        {V2, "kind = efx\nlibrary = L", "[probe p]: function is missing"},
        {V2, "kind = efx\nlibrary = L/M\nfunction = F", "[probe p] library = L/M: wants a plain name"},
        {V2, EFX "body = {", "[probe p] body: not JSON: "},
        {V2,
         EFX "body = {\xe2\x80\x9c"
             "a\xe2\x80\x9d:1}",
         "[probe p] body: not JSON: byte 1 is a curly quote"},
        {V2, EFX "body = []", "[probe p] body: an array; a function wants an object"},
        {V2, EFX "body = {\"a\":\"{tody}\"}", "[probe p] body: {tody} is no date"},
        {V2, EFX "expect.A = < x", "[probe p] expect.A = < x: \"x\" is no number"},
        {V2 "\napi_version = v1", EFX, "[probe p] kind = efx: app server live has api_version = v1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        assert_null(play_model(cases[i].appserver, cases[i].probe, &faults));
        if (strncmp(faults.items[0].text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("%s: %s", cases[i].probe, faults.items[0].text);
        play_fault_place(cases[i].appserver, cases[i].probe, &faults.items[0]);
        fault_list_free(&faults);
    }
    /* A curly quote within a text is nobody's fault. */
    struct play play = play_begin(V2, EFX "body = {\"a\":\"\xe2\x80\x9cquoted\xe2\x80\x9d\"}");
    play_end(&play);
}

/* ---- for all ---- */

static void test_failures_of_the_network(void **state)
{
    (void)state;
    static const enum reason failures[] = {REASON_TIMEOUT, REASON_RESOLVE,         REASON_CONNECT,
                                           REASON_TLS,     REASON_CONNECTION_LOST, REASON_TOO_LARGE,
                                           REASON_INTERNAL};
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct play play = play_begin(V2, i % 2 == 0 ? EFX : "kind = baq\nbaq = b");
        struct answer answer = {.failure = failures[i], .detail = "why", .text = "", .body_bytes = 5};
        struct request next;
        assert_int_equal(probe_step(&play.run, &play.request, &answer, true, &next, &play.result),
                         PROBE_DONE);
        assert_int_equal(play.result.reason, failures[i]);
        assert_string_equal(play.result.message, "why");
        assert_int_equal(play.result.proves_up, failures[i] == REASON_TOO_LARGE);
        assert_int_equal(play.result.bytes, 5);
        play_end(&play);
    }
}

static void test_a_run_may_be_given_up(void **state)
{
    (void)state;
    static const char *const probes[] = {"kind = token", "kind = baq\nbaq = b", EFX "expect.A = ~ x",
                                         "kind = bo\nservice = s\nentity = E('1')\nexpect.A = 1"};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        struct play play = play_begin(V2, probes[i]);
        play_end(&play);
        assert_null(play.run.state);
    }
}

#define LIMITS "\nrows_min = 2\nrows_deviation = 50%"

static void test_limits(void **state)
{
    (void)state;
    static const char *const probes[] = {"kind = baq\nbaq = b" LIMITS,
                                         "kind = bo\nservice = s\nentity = E" LIMITS};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        struct play play = play_begin(V2, probes[i]);
        struct probe_limits limits = {0};
        const struct probe_kind *kind = (const struct probe_kind *)(const void *)play.run.target->probe->kind;
        kind->limits(play.run.target->probe, &limits);
        assert_true(limits.rows_min.set && limits.rows_min.value > 1.9 && limits.rows_min.value < 2.1);
        assert_false(limits.rows_max.set);
        assert_true(limits.rows_deviation.set && limits.rows_deviation.value > 0.49 &&
                    limits.rows_deviation.value < 0.51);
        play_end(&play);
    }
}

ALL_TESTS(cmocka_unit_test(test_the_table), cmocka_unit_test(test_retries_are_of_no_use_where_it_posts),
          cmocka_unit_test(test_token), cmocka_unit_test(test_efx_requests),
          cmocka_unit_test(test_efx_answers), cmocka_unit_test(test_efx_checks),
          cmocka_unit_test(test_failures_of_the_network), cmocka_unit_test(test_a_run_may_be_given_up),
          cmocka_unit_test(test_limits));
