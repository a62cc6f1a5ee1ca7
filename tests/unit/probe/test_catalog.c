#include "main.h"

#include "unit/probe/play.h"

#define V2            "company = EPIC06"
#define CATALOG       "kind = catalog\n"
#define BAQS          CATALOG "require_baqs = zOrders, zStock\n"
#define FUNCTIONS     CATALOG "require_functions = Mon/Ping, Lib\n"
#define BOTH          BAQS "require_functions = Mon/Ping\n"
#define LIST(entries) "{\"@odata.context\":\"c\",\"value\":[" entries "]}"
#define NAMED(name)   "{\"name\":\"" name "\",\"kind\":\"EntitySet\",\"url\":\"" name "\"}"

static void test_requests(void **state)
{
    (void)state;
    static const struct {
        const char *appserver, *probe, *first, *second; /* NULL: there is none */
    } cases[] = {
        {V2, CATALOG, "api/v2/odata/EPIC06/BaqSvc", NULL},
        {V2, BAQS, "api/v2/odata/EPIC06/BaqSvc", NULL},
        {V2, FUNCTIONS, "api/v2/efx/EPIC06", NULL},
        {V2, BOTH, "api/v2/odata/EPIC06/BaqSvc", "api/v2/efx/EPIC06"},
        {"company = A B", FUNCTIONS, "api/v2/efx/A%20B", NULL},
        {"api_version = v1\ncompany = EPIC06", BAQS, "api/v1/BaqSvc", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(cases[i].appserver, cases[i].probe);
        assert_int_equal(play.request.method, HTTP_GET);
        assert_string_equal(play.request.path, cases[i].first);
        enum probe_next next = play_answer(&play, 200, LIST(NAMED("Mon/Ping") "," NAMED("Lib")));
        assert_int_equal(next, cases[i].second == NULL ? PROBE_DONE : PROBE_ASK);
        if (cases[i].second != NULL) {
            assert_string_equal(play.request.path, cases[i].second);
            assert_null(play.request.row);
        }
        play_end(&play);
    }
    /* It tells of a company. */
    struct play play = play_begin("company = EPIC06, EPIC07", CATALOG);
    assert_int_equal(play.model->target_count, 2);
    play_end(&play);
}

static void test_baqs(void **state)
{
    (void)state;
    static const struct {
        const char *probe;
        int status;
        const char *text;
        enum reason reason;
        int rows; /* -1: none */
        const char *message;
    } cases[] = {
        {CATALOG, 200, LIST(NAMED("a") "," NAMED("b")), REASON_NONE, 2, NULL},
        {CATALOG, 200, LIST(""), REASON_NONE, 0, NULL},
        {CATALOG, 200, LIST("1,\"x\",{}"), REASON_NONE, 3, NULL},
        {BAQS, 200, LIST(NAMED("zOther") "," NAMED("zOrders") "," NAMED("zStock")), REASON_NONE, 3, NULL},
        {BAQS, 200, LIST(NAMED("ZORDERS") "," NAMED(" zstock ")), REASON_NONE, 2, NULL},
        {BAQS, 200, LIST("{\"url\":\"BaqSvc/zOrders/Data\"},{\"QueryID\":\"zStock\"}"), REASON_NONE, 2, NULL},
        {BAQS, 200, "{\"odata.metadata\":\"m\",\"value\":[{\"name\":\"zOrders\"},{\"Name\":\"zStock\"}]}",
         REASON_NONE, 2, NULL},
        {BAQS, 200, LIST(NAMED("zOrders") "," NAMED("zOrders2")), REASON_EXPECTATION, 2,
         "1 of 2 required BAQs is missing: zStock"},
        {BAQS, 200, LIST(""), REASON_EXPECTATION, 0, "2 of 2 required BAQs are missing: zOrders, zStock"},
        {CATALOG "require_baqs = a, b, c, d, e, f, g", 200, LIST(NAMED("a")), REASON_EXPECTATION, 1,
         "6 of 7 required BAQs are missing: b, c, d, e, f and 1 more"},
        /* A list that cannot be judged. */
        {BAQS, 200, "{\"value\":[{\"name\":\"zOrders\"}],\"@odata.nextLink\":\"x\"}", REASON_INVALID_RESPONSE,
         -1, "the server sent a part of its list only (nextLink), so what is missing cannot be told"},
        {CATALOG, 200, "{\"value\":[{\"name\":\"zOrders\"}],\"@odata.nextLink\":\"x\"}", REASON_NONE, 1,
         NULL},
        {BAQS, 200, LIST("{\"title\":\"zOrders\"}"), REASON_INVALID_RESPONSE, -1,
         "the entries of the list have no name"},
        {BAQS, 200, LIST("\"zOrders\",\"zStock\""), REASON_INVALID_RESPONSE, -1, NULL},
        {BAQS, 200, "{\"value\":{}}", REASON_INVALID_RESPONSE, -1, "the answer has no array \"value\""},
        {CATALOG, 200, "[]", REASON_INVALID_RESPONSE, -1, NULL},
        {CATALOG, 200, "{}", REASON_INVALID_RESPONSE, -1, NULL},
        {CATALOG, 200, "{\"value\":[{},", REASON_INVALID_RESPONSE, -1, NULL},
        {CATALOG, 200, "", REASON_INVALID_RESPONSE, -1, NULL},
        {BAQS, 200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (x).\",\"ErrorType\":\"T\"}",
         REASON_ACCESS_DENIED, -1, "Access denied (x)."},
        {BAQS, 401, "{\"ErrorMessage\":\"Access denied (Ice.BO.BaqSvc).\",\"ErrorType\":\"T\"}",
         REASON_ACCESS_DENIED, -1, NULL},
        {BAQS, 404, "{\"ErrorMessage\":\"x\",\"ErrorType\":\"T\"}", REASON_NOT_FOUND, -1, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, cases[i].probe);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        assert_int_equal(play.result.has_rows, cases[i].rows >= 0);
        assert_int_equal(play.result.rows, cases[i].rows >= 0 ? cases[i].rows : 0);
        assert_null(play.result.names);
        play_end(&play);
    }
}

/* An answer that broke off, and the same request again. */
static void test_a_repeated_request(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum reason reason;
    } cases[] = {
        {LIST(NAMED("zOrders")), REASON_EXPECTATION},
        {LIST(""), REASON_EXPECTATION},
        {LIST(NAMED("zStock") "," NAMED("zOrders")), REASON_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, BAQS);
        assert_int_equal(play_answer(&play, 200, "{\"value\":[" NAMED("zStock") ","), PROBE_DONE);
        assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
        assert_int_equal(play_answer(&play, 200, cases[i].text), PROBE_DONE);
        assert_int_equal(play.result.reason, cases[i].reason);
        play_end(&play);
    }
}

static void test_functions(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
        const char *message;
    } cases[] = {
        {200, "[{\"LibraryID\":\"Mon\",\"Functions\":[{\"FunctionID\":\"Ping\"}]},{\"LibraryID\":\"Lib\"}]",
         REASON_NONE, NULL},
        {200,
         "{\"value\":[{\"LibraryID\":\"MON\",\"FunctionID\":\"ping\"},{\"LibraryID\":\"lib\",\"FunctionID\":"
         "\"x\"}]}",
         REASON_NONE, NULL},
        {200, "{\"Mon\":[\"Ping\"],\"Lib\":[]}", REASON_NONE, NULL},
        /* Nothing but libraries: no more can be told. */
        {200, "[\"Mon\",\"Lib\"]", REASON_NONE, NULL},
        {200, "{\"value\":[{\"name\":\"Mon\"},{\"name\":\"Lib\"}]}", REASON_NONE, NULL},
        {200, "[\"Mon\",\"Library\"]", REASON_EXPECTATION, "1 of 2 required functions is missing: Lib"},
        {200, "{\"Mon\":[\"Pong\"],\"Lib\":[]}", REASON_EXPECTATION,
         "1 of 2 required functions is missing: Mon/Ping"},
        {200, "{\"Other\":[\"Ping\"],\"Lib\":[]}", REASON_EXPECTATION,
         "1 of 2 required functions is missing: Mon/Ping"},
        {200, "[]", REASON_EXPECTATION, "2 of 2 required functions are missing: Mon/Ping, Lib"},
        {200, "{\"value\":[]}", REASON_EXPECTATION, NULL},
        {200, "{\"count\":3}", REASON_INVALID_RESPONSE,
         "no library can be made out in the list of functions"},
        {200, "\"Mon\"", REASON_INVALID_RESPONSE, "the list of functions is no object and no array"},
        {200, "", REASON_INVALID_RESPONSE, NULL},
        {200, "{\"HttpStatus\":500,\"ErrorMessage\":\"Bad\",\"ErrorType\":\"T\"}", REASON_INVALID_RESPONSE,
         "Bad"},
        {404, "{\"ErrorMessage\":\"x\",\"ErrorType\":\"T\"}", REASON_NOT_FOUND, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, FUNCTIONS);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        assert_false(play.result.has_rows);
        play_end(&play);
    }
}

static void test_both(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BOTH);
    assert_int_equal(play_answer(&play, 200, LIST(NAMED("zOrders") "," NAMED("x"))), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "[]"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_EXPECTATION);
    assert_string_equal(play.result.message,
                        "1 of 2 required BAQs is missing: zStock; 1 of 1 required functions is missing: "
                        "Mon/Ping");
    assert_true(play.result.proves_up);
    assert_int_equal(play.result.rows, 2);
    play_end(&play);

    play = play_begin(V2, BOTH);
    assert_int_equal(play_answer(&play, 200, LIST(NAMED("zOrders") "," NAMED("zStock"))), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "[\"Mon/Ping\"]"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    play_end(&play);

    /* A list of functions that goes on and on is not kept. */
    size_t size = (size_t)2 << 20;
    char *text = memory_new(size + 1, 1);
    memset(text, ' ', size);
    memcpy(text, "[\"Mon/Ping\"]", 12);
    play = play_begin(V2, FUNCTIONS);
    assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_TOO_LARGE);
    play_end(&play);
    free(text);
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *appserver, *probe, *fault;
    } cases[] = {
        {V2, CATALOG "require_baqs = a/b", "[probe p] require_baqs: \"a/b\": wants names of BAQs"},
        {V2, CATALOG "require_functions = a/b/c",
         "[probe p] require_functions: \"a/b/c\": wants LIBRARY/FUNCTION"},
        {V2, CATALOG "require_functions = /b", "[probe p] require_functions: \"/b\": wants LIBRARY/FUNCTION"},
        {V2, CATALOG "require_functions = a/", "[probe p] require_functions: \"a/\": wants LIBRARY/FUNCTION"},
        {"company = EPIC06\napi_version = v1", FUNCTIONS,
         "[probe p] require_functions: app server live has api_version"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        assert_null(play_model(cases[i].appserver, cases[i].probe, &faults));
        if (strncmp(faults.items[0].text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("%s: %s", cases[i].probe, faults.items[0].text);
        assert_int_equal(faults.count, 1);
        play_fault_place(cases[i].appserver, cases[i].probe, &faults.items[0]);
        fault_list_free(&faults);
    }
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_baqs),
          cmocka_unit_test(test_a_repeated_request), cmocka_unit_test(test_functions),
          cmocka_unit_test(test_both), cmocka_unit_test(test_settings));
