#include "main.h"

#include "unit/probe/told.h"

#define V2        "company = EPIC06, EPIC07"
#define KIND      "kind = sessions"
#define BY_METHOD KIND "\nget_list = yes"
#define LIST      "api/v2/odata/EPIC06/Ice.BO.AdminSessionSvc/List"
#define SELECT                                                                                               \
    "?$select=CurComp,SessionTypeDescription,LicenseType,SessionType,InUse,Expired,SysRowID&$top=1000"
#define GET_LIST "api/v2/odata/EPIC06/Ice.BO.AdminSessionSvc/GetList?whereClause=&pageSize=0&absolutePage="

#define ROW(company, words, in_use, expired)                                                                 \
    "{\"CurComp\":\"" company "\",\"SessionTypeDescription\":" words ",\"InUse\":" in_use                    \
    ",\"Expired\":" expired "}"
#define VALUE(rows) "{\"value\":[" rows "]}"
#define METHOD(rows, more)                                                                                   \
    "{\"returnObj\":{\"AdminSessionList\":[" rows "]},\"parameters\":{\"morePages\":" more "}}"

static void test_the_request_keeps_persons_out(void **state)
{
    (void)state;
    struct play play = play_begin(V2, KIND);
    assert_string_equal(play.request.path, LIST SELECT);
    assert_int_equal(play.request.method, HTTP_GET);
    assert_int_equal(play.model->target_count, 1);
    assert_string_equal(play.model->targets[0].company, "");
    play_end(&play);

    play = play_begin("api_version = v1", KIND);
    assert_string_equal(play.request.path, "api/v1/Ice.BO.AdminSessionSvc/List" SELECT);
    play_end(&play);
}

#define THREE(company, license, in_use, idle, expired)                                                       \
    "sessions{" company "," license ",in_use} " in_use "\nsessions{" company "," license ",idle} " idle      \
    "\nsessions{" company "," license ",expired} " expired "\n"

static const struct {
    const char *text;
    enum reason reason;
    const char *told;
} answers[] = {
    {VALUE(ROW("EPIC06", "\"DefaultUser\"", "true", "false") "," ROW(
         "epic06", "\"DefaultUser\"", "false",
         "false") "," ROW("EPIC06 ", "\"DefaultUser\"", "true",
                          "true") "," ROW("EPIC07", "\"DataCollection\"", "\"True\"", "0")),
     REASON_NONE,
     THREE("EPIC07", "DataCollection", "1", "0", "0") THREE("EPIC06", "DefaultUser", "1", "1", "1")},
    /* A company that nobody configured, none at all. */
    {VALUE(ROW("ACME", "\"CRM\"", "1", "null") "," ROW("", "\"CRM\"", "1", "null") ",{\"InUse\":true}"),
     REASON_NONE, THREE("other", "CRM", "2", "0", "0") THREE("other", "unknown", "1", "0", "0")},
    /* The GUID says more than words do. */
    {VALUE("{\"SessionTypeDescription\":\"Web "
           "Services\",\"SessionType\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\",\"InUse\":"
           "true,\"CurComp\":\"EPIC07\"}"),
     REASON_NONE, THREE("EPIC07", "WebService", "1", "0", "0")},
    {VALUE(""), REASON_NONE, ""},
    {VALUE(ROW("EPIC06", "\"X\"", "\"maybe\"", "false")), REASON_INVALID_RESPONSE,
     "InUse of a row is neither true nor false"},
    {VALUE(ROW("EPIC06", "\"X\"", "true", "{}")), REASON_INVALID_RESPONSE,
     "Expired of a row is neither true nor false"},
    {VALUE("{\"CurComp\":\"EPIC06\"}"), REASON_INVALID_RESPONSE, "no row has a column InUse"},
    {VALUE("null"), REASON_INVALID_RESPONSE, "row 1 of \"value\" is null"},
    {"{\"value\":{}}", REASON_INVALID_RESPONSE, "\"value\" of the answer is no array"},
    {"\"x\"", REASON_INVALID_RESPONSE, "the answer has no array \"value\""},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct play play = play_begin(V2, KIND);
        if (play_answer(&play, 200, answers[i].text) == PROBE_ASK)
            assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
        told_check(&play, answers[i].reason, answers[i].told);
        play_end(&play);
    }
}

/* Nothing of what GetList sends about persons stays. */
static void test_a_server_that_has_the_method_only(void **state)
{
    (void)state;
    static const int statuses[] = {404, 405};
    for (size_t i = 0; i < 2; i++) {
        struct play play = play_begin(V2, BY_METHOD);
        assert_int_equal(
            play_answer(&play, statuses[i], "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}"),
            PROBE_ASK);
        assert_string_equal(play.request.path, GET_LIST "1");
        assert_int_equal(
            play_answer(&play, 200,
                        METHOD("{\"SessionID\":\"s\",\"CurUserID\":\"anna\",\"CurComp\":\"EPIC06\","
                               "\"SessionTypeDescription\":\"A\",\"InUse\":true}",
                               "true")),
            PROBE_ASK);
        assert_string_equal(play.request.path, GET_LIST "2");
        assert_int_equal(play_answer(&play, 200, METHOD(ROW("EPIC06", "\"A\"", "false", "false"), "false")),
                         PROBE_DONE);
        told_check(&play, REASON_NONE, THREE("EPIC06", "A", "1", "1", "0"));
        assert_int_equal(play.result.rows, 2);
        play_end(&play);
    }
}

/* Without leave nobody's name crosses the wire, whatever the server lacks. */
static void test_the_method_wants_leave(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum reason reason;
    } cases[] = {{404, REASON_NOT_FOUND}, {405, REASON_CLIENT_ERROR}};
    for (size_t i = 0; i < 2; i++) {
        struct play play = play_begin(V2, KIND);
        assert_int_equal(play_answer(&play, cases[i].status, "{\"HttpStatus\":404,\"ErrorMessage\":\"No\"}"),
                         PROBE_DONE);
        told_check(
            &play, cases[i].reason,
            "No (List of Ice.BO.AdminSessionSvc; get_list = yes asks by a method instead, whose answer "
            "holds users and session ids)");
        assert_true(play.result.proves_up);
        assert_int_equal(play.requests, 1);
        play_end(&play);
    }
}

static void test_a_method_whose_rows_are_the_return_object(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BY_METHOD);
    const char *text = "{\"returnObj\":[" ROW("EPIC06", "\"A\"", "true",
                                              "false") "],\"parameters\":{\"morePages\":\"false\"}}";
    play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}");
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
    assert_string_equal(play.request.path, GET_LIST "1");
    assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
    told_check(&play, REASON_NONE, THREE("EPIC06", "A", "1", "0", "0"));
    play_end(&play);
}

static void test_a_method_that_wants_a_page_size(void **state)
{
    (void)state;
    static const int last[] = {200, 400};
    for (size_t i = 0; i < 2; i++) {
        struct play play = play_begin(V2, BY_METHOD);
        play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}");
        assert_int_equal(play_answer(&play, 400, "{\"HttpStatus\":400,\"ErrorMessage\":\"pageSize\"}"),
                         PROBE_ASK);
        assert_string_equal(play.request.path, "api/v2/odata/EPIC06/Ice.BO.AdminSessionSvc/"
                                               "GetList?whereClause=&pageSize=1000&absolutePage=1");
        if (last[i] == 200) {
            assert_int_equal(play_answer(&play, 200, METHOD("", "true")), PROBE_DONE);
            told_check(&play, REASON_NONE, "");
        } else {
            assert_int_equal(play_answer(&play, 400, "{\"HttpStatus\":400,\"ErrorMessage\":\"no\"}"),
                             PROBE_DONE);
            told_check(&play, REASON_CLIENT_ERROR, "no");
        }
        play_end(&play);
    }
}

static void test_the_method_fails_once_and_for_all(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BY_METHOD);
    play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}");
    assert_int_equal(play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No method\"}"),
                     PROBE_DONE);
    told_check(&play, REASON_NOT_FOUND, "No method");
    assert_int_equal(play.requests, 2);
    play_end(&play);

    play = play_begin(V2, BY_METHOD);
    play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}");
    play_answer(&play, 200, METHOD(ROW("EPIC06", "\"A\"", "true", "false"), "true"));
    assert_int_equal(play_answer(&play, 200, METHOD(ROW("EPIC06", "\"A\"", "true", "false"), "true")),
                     PROBE_DONE);
    told_check(&play, REASON_INVALID_RESPONSE,
               "GetList says that there are more pages, and sends the same one again");
    play_end(&play);

    play = play_begin(V2, BY_METHOD);
    play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}");
    for (int i = 0; i < 50; i++) {
        char text[512];
        snprintf(text, sizeof text, METHOD("{\"CurComp\":\"EPIC06\",\"InUse\":1,\"SysRowID\":%d}", "true"),
                 i);
        assert_int_equal(play_answer(&play, 200, text), i < 49 ? PROBE_ASK : PROBE_DONE);
    }
    told_check(&play, REASON_TOO_LARGE,
               "more than 50 sessions in 50 pages, which is as far as this probe reads");
    play_end(&play);
}

/* Only a server that lacks the entity set is asked otherwise: not one that refuses, is not there, or fails half-way. */
static void test_other_failures_stand(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
    } cases[] = {{403, "{\"ErrorMessage\":\"Access denied (X).\"}", REASON_ACCESS_DENIED},
                 {404, "<html><title>404</title></html>", REASON_UNAVAILABLE},
                 {400, "{\"ErrorMessage\":\"Bad\"}", REASON_CLIENT_ERROR},
                 {500, "{\"ErrorMessage\":\"Bad\"}", REASON_SERVER_ERROR},
                 {404, "{\"ErrorMessage\":\"Invalid API Key x\"}", REASON_API_KEY}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, KIND);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        assert_int_equal(play.result.reason, cases[i].reason);
        assert_false(play.result.has_findings);
        play_end(&play);
    }
    struct play play = play_begin(V2, KIND);
    play_answer(&play, 200, VALUE(ROW("EPIC06", "\"A\"", "true", "false")));
    assert_int_equal(play_answer(&play, 404, "{\"HttpStatus\":404,\"ErrorMessage\":\"No resource\"}"),
                     PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NOT_FOUND);
    play_end(&play);
}

static void test_thousands_of_licenses_and_companies(void **state)
{
    (void)state;
    struct play play = play_begin(V2, KIND);
    struct buffer page;
    buffer_init(&page, (size_t)1 << 20);
    for (int p = 0; p < 10; p++) { /* exactly as many as are read */
        buffer_clear(&page);
        buffer_text(&page, "{\"value\":[");
        for (int i = 0; i < 1000; i++)
            buffer_format(&page, "%s{\"CurComp\":\"C%d\",\"LicenseType\":\"L%04d\",\"InUse\":true}",
                          i == 0 ? "" : ",", i, p * 1000 + i);
        buffer_text(&page, "]}");
        assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_ASK);
    }
    assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
    assert_int_equal(play.result.findings.count, 32 * 3);
    for (size_t i = 0; i < 32 * 3; i++)
        assert_string_equal(finding_label(&play.result.findings, &play.result.findings.items[i], 0), "other");
    /* Distinct ones are told apart up to a bound. */
    assert_int_equal(play.result.findings.dropped[FINDING_SESSIONS], 4096 * 3);
    play_end(&play);

    play = play_begin(V2, KIND);
    for (int p = 0; p < 10; p++) {
        buffer_clear(&page);
        buffer_format(&page, "{\"value\":[{\"InUse\":%d}", p % 2);
        for (int i = 1; i < 1000; i++)
            buffer_text(&page, ",{\"InUse\":1}");
        buffer_text(&page, "]}");
        assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_ASK);
    }
    assert_int_equal(play_answer(&play, 200, VALUE(ROW("EPIC06", "\"A\"", "true", "false"))), PROBE_DONE);
    told_check(&play, REASON_TOO_LARGE, "more than 10000 rows, which is as far as this probe reads");
    play_end(&play);
    buffer_free(&page);
}

static void test_faults(void **state)
{
    (void)state;
    told_faults(V2, KIND, "");
    told_faults("", KIND,
                "[probe p] kind = sessions: app server live has api_version = v2, whose URLs need a company; "
                "neither the "
                "probe nor [appserver live] has one\n");
    told_faults(V2, KIND "\n[probe q]\n" KIND,
                "[probe q] kind = sessions: would write the same series as [probe p], for app server live; "
                "one probe of "
                "this kind is enough\n");
}

ALL_TESTS(cmocka_unit_test(test_the_request_keeps_persons_out), cmocka_unit_test(test_answers),
          cmocka_unit_test(test_a_server_that_has_the_method_only),
          cmocka_unit_test(test_a_method_that_wants_a_page_size),
          cmocka_unit_test(test_the_method_wants_leave),
          cmocka_unit_test(test_a_method_whose_rows_are_the_return_object),
          cmocka_unit_test(test_the_method_fails_once_and_for_all),
          cmocka_unit_test(test_other_failures_stand),
          cmocka_unit_test(test_thousands_of_licenses_and_companies), cmocka_unit_test(test_faults), );
