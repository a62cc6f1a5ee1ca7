#include "main.h"

#include "unit/probe/told.h"

#define V2      "company = EPIC06, EPIC07"
#define V1      "api_version = v1"
#define BAQ     "kind = licenses\nbaq = zSeats\nlicense_column = L\nused_column = U\nowned_column = O\n"
#define SERVICE "kind = licenses\nsource = service\n"
#define COMPANY "kind = licenses\nsource = company\n"

static const struct {
    const char *appserver, *probe, *path;
    enum http_method method;
} requests[] = {
    {V2, BAQ, "api/v2/odata/EPIC06/BaqSvc/zSeats/Data?$select=L,U,O&$top=500", HTTP_GET},
    {V1, BAQ, "api/v1/BaqSvc/zSeats?$select=L,U,O&$top=500", HTTP_GET},
    {V2, "kind = licenses\nsource = baq\nbaq = b\nlicense_column = L\nowned_column = O",
     "api/v2/odata/EPIC06/BaqSvc/b/Data?$select=L,O&$top=500", HTTP_GET},
    {V2, SERVICE, "api/v2/odata/EPIC06/Ice.BO.AdminLicensingSvc/GetLicenseList", HTTP_POST},
    {V1, SERVICE, "api/v1/Ice.BO.AdminLicensingSvc/GetLicenseList", HTTP_POST},
    {V2, COMPANY, "api/v2/odata/EPIC06/Erp.BO.CompanyLicenseInfoSvc/GetLicense", HTTP_POST},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct play play = play_begin(requests[i].appserver, requests[i].probe);
        assert_string_equal(play.request.path, requests[i].path);
        assert_int_equal(play.request.method, requests[i].method);
        if (requests[i].method == HTTP_POST)
            assert_string_equal(play.request.body, "{}");
        play_end(&play);
    }
}

static void test_only_by_company_it_runs_for_each(void **state)
{
    (void)state;
    static const struct {
        const char *probe, *companies[3];
    } cases[] = {{BAQ, {""}}, {SERVICE, {""}}, {COMPANY, {"EPIC06", "EPIC07"}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, cases[i].probe);
        size_t count = 0;
        for (; cases[i].companies[count] != NULL; count++)
            assert_string_equal(play.model->targets[count].company, cases[i].companies[count]);
        assert_int_equal(play.model->target_count, count);
        play_end(&play);
    }
}

/* ---- one answer, and the empty page after it ---- */

#define SEAT(code, name, used, owned)                                                                        \
    "{\"UserLicenseCode\":\"" code "\",\"UserLicenseName\":" name ",\"ActiveUsers\":" used                   \
    ",\"AvailableUsers\":0,\"MaxUsers\":" owned "}"
#define LIST(rows)                                                                                           \
    "{\"returnObj\":{\"AdminUserLicense\":[" rows "],\"AdminSerialNumber\":[{\"MaxUsers\":9}]}}"
#define OF_CO(rows)  "{\"returnObj\":{\"UserLicenseData\":[" rows "]}}"
#define VALUE(rows)  "{\"value\":[" rows "]}"
#define ROW(l, u, o) "{\"L\":" l ",\"U\":" u ",\"O\":" o "}"
#define WEBSERVICE   "00000003-9439-4b30-a6f4-6d2fd4b9fd0f"

static const struct {
    const char *probe, *text;
    enum reason reason;
    const char *told;
} answers[] = {
    {SERVICE,
     LIST(
         SEAT(WEBSERVICE, "\"Web Service Users\"", "1", "3") "," SEAT("DU", "\"DefaultUser\"", "157", "160")),
     REASON_NONE,
     "seats_used{,WebService} 1\nseats_used{,DefaultUser} 157\nseats_owned{,WebService} "
     "3\nseats_owned{,DefaultUser} 160\n"},
    /* Two installations, padded numbers; a name that the table knows counts before one that it does not. */
    {SERVICE, LIST(SEAT("1", "\"crm\"", "\" 2.00 \"", "\"5\"") "," SEAT("2", "\"CRM\"", "1", "7")),
     REASON_NONE, "seats_used{,CRM} 3\nseats_owned{,CRM} 12\n"},
    /* null and missing are not 0; a license without any name has one all the same. */
    {SERVICE, LIST(SEAT("X", "null", "null", "4") ",{\"ActiveUsers\":1}"), REASON_NONE,
     "seats_used{,unknown} 1\nseats_owned{,X} 4\n"},
    {SERVICE, LIST(""), REASON_NONE, ""},
    {SERVICE, "{\"returnObj\":[{\"AdminUserLicense\":[" SEAT("X", "\"Y\"", "0", "0") "]}]}", REASON_NONE,
     "seats_used{,Y} 0\nseats_owned{,Y} 0\n"},
    {COMPANY, OF_CO(SEAT("X", "\"Y\"", "0", "0")), REASON_NONE,
     "seats_used{EPIC06,Y} 0\nseats_owned{EPIC06,Y} 0\n"},
    {SERVICE, LIST(SEAT("X", "\"a\\u0001b\"", "1", "1") "," SEAT("", "{}", "1", "1")), REASON_NONE,
     "seats_used{,X} 1\nseats_owned{,X} 1\nseats_used dropped 1\nseats_owned dropped 1\n"},
    {SERVICE, LIST("{\"UserLicenseName\":7,\"ActiveUsers\":1,\"MaxUsers\":2}"), REASON_NONE,
     "seats_used{,7} 1\nseats_owned{,7} 2\n"},
    {SERVICE, LIST(SEAT("X", "\"Y\"", "\"many\"", "1")), REASON_INVALID_RESPONSE,
     "ActiveUsers of a row is no number"},
    {SERVICE, LIST(SEAT("X", "\"Y\"", "true", "1")), REASON_INVALID_RESPONSE,
     "ActiveUsers of a row is no number"},
    {SERVICE, LIST(SEAT("X", "\"Y\"", "1", "[2]")), REASON_INVALID_RESPONSE,
     "MaxUsers of a row is no number"},
    {SERVICE, LIST("1"), REASON_INVALID_RESPONSE, "row 1 of returnObj.AdminUserLicense is a number"},
    {SERVICE, LIST("{\"UserLicenseName\":\"Y\",\"MaxUsers\":2}"), REASON_INVALID_RESPONSE,
     "no row has a column ActiveUsers"},
    {SERVICE, LIST("{\"ActiveUsers\":1,\"MaxUsers\":2}"), REASON_INVALID_RESPONSE,
     "no row has a column UserLicenseCode"},
    {SERVICE, "{}", REASON_INVALID_RESPONSE, "the answer has no array returnObj.AdminUserLicense"},
    {SERVICE, "[]", REASON_INVALID_RESPONSE, "the answer has no array returnObj.AdminUserLicense"},
    {SERVICE, "{\"returnObj\":{\"AdminUserLicense\":{}}}", REASON_INVALID_RESPONSE,
     "returnObj.AdminUserLicense of the answer is no array"},
    {SERVICE, "{\"ErrorMessage\":\"Access denied (AdminLicensing).\",\"ErrorType\":\"T\"}",
     REASON_ACCESS_DENIED, "Access denied (AdminLicensing)."},
    {SERVICE, LIST(SEAT("X", "\"Y\"", "1", "1")) "x", REASON_INVALID_RESPONSE, NULL},
    {BAQ, VALUE(ROW("\"Default\"", "1", "null") "," ROW("\"" WEBSERVICE "\"", "\"2\"", "5")), REASON_NONE,
     "seats_used{,Default} 1\nseats_used{,WebService} 2\nseats_owned{,WebService} 5\n"},
    {BAQ, VALUE("{\"L\":\"a\",\"U\":1}"), REASON_INVALID_RESPONSE, "no row has a column O"},
    {BAQ, VALUE("{\"U\":1,\"O\":1}"), REASON_INVALID_RESPONSE, "no row has a column L"},
    {BAQ, "{\"value\":1}", REASON_INVALID_RESPONSE, "\"value\" of the answer is no array"},
};

/* Some services send the rows themselves as returnObj: then the plan is another one, and the same is asked again. */
static void test_rows_that_are_the_return_object(void **state)
{
    (void)state;
    static const char *const probes[] = {SERVICE, COMPANY};
    static const char *const told[] = {"seats_used{,Y} 1\nseats_owned{,Y} 2\n",
                                       "seats_used{EPIC06,Y} 1\nseats_owned{EPIC06,Y} 2\n"};
    for (size_t i = 0; i < 2; i++) {
        struct play play = play_begin(V2, probes[i]);
        const char *text = "{\"returnObj\":[" SEAT("X", "\"Y\"", "1", "2") "]}";
        assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
        assert_int_equal(play.request.method, HTTP_POST);
        assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
        told_check(&play, REASON_NONE, told[i]);
        play_end(&play);
    }
    struct play play = play_begin(V2, SERVICE);
    assert_int_equal(play_answer(&play, 200, "{\"returnObj\":[]}"), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"returnObj\":7}"), PROBE_DONE);
    told_check(&play, REASON_INVALID_RESPONSE, "returnObj of the answer is no array");
    play_end(&play);
}

/* What is wrong with a row is the probe's matter, and none of the app server's health. */
static void test_rows_prove_that_the_server_works(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool proves_up;
    } cases[] = {
        {LIST(SEAT("X", "\"Y\"", "\"many\"", "1")), true},
        {LIST("{\"ActiveUsers\":1,\"MaxUsers\":2}"), true},
        {LIST(""), true}, /* a success */
        {"{}", false},
        {"{\"returnObj\":{\"AdminUserLicense\":{}}}", false},
        {LIST(SEAT("X", "\"Y\"", "1", "1")) "x", false},
        {"{\"ErrorMessage\":\"Strange.\"}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, SERVICE);
        assert_int_equal(play_answer(&play, 200, cases[i].text), PROBE_DONE);
        if (play.result.proves_up != cases[i].proves_up)
            fail_msg("%s", cases[i].text);
        play_end(&play);
    }
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct play play = play_begin(V2, answers[i].probe);
        if (play_answer(&play, 200, answers[i].text) == PROBE_ASK) {
            assert_non_null(strstr(play.request.path, "$top=500&$skip="));
            assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
        }
        if (answers[i].told == NULL) {
            assert_int_equal(play.result.reason, answers[i].reason);
            assert_false(play.result.has_findings);
        } else {
            told_check(&play, answers[i].reason, answers[i].told);
        }
        play_end(&play);
    }
}

/* ---- pages ---- */

static void test_the_count_ends_the_pages(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BAQ);
    assert_int_equal(
        play_answer(&play, 200, "{\"@odata.count\":\"2\",\"value\":[" ROW("\"a\"", "1", "1") "]}"),
        PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"@odata.count\":2,\"value\":[" ROW("\"a\"", "1", "2") "]}"),
                     PROBE_DONE);
    told_check(&play, REASON_NONE, "seats_used{,a} 2\nseats_owned{,a} 3\n");
    assert_int_equal(play.result.rows, 2);
    play_end(&play);
}

static void test_a_server_that_does_not_heed_skip(void **state)
{
    (void)state;
    struct play play = play_begin(V1, BAQ);
    assert_int_equal(play_answer(&play, 200, VALUE(ROW("\"a\"", "1", "2"))), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, VALUE(ROW("\"a\"", "1", "2"))), PROBE_DONE);
    told_check(&play, REASON_NONE, "seats_used{,a} 1\nseats_owned{,a} 2\n");
    play_end(&play);

    struct buffer page;
    buffer_init(&page, (size_t)1 << 20);
    buffer_text(&page, "{\"value\":[" ROW("\"a\"", "1", "2"));
    for (int i = 1; i < 100; i++)
        buffer_text(&page, "," ROW("\"a\"", "1", "2"));
    buffer_text(&page, "]}");
    play = play_begin(V1, BAQ);
    assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_DONE);
    told_check(&play, REASON_INVALID_RESPONSE,
               "the server does not heed $skip: the same 100 rows came again, and there may be more");
    play_end(&play);
    buffer_free(&page);
}

/* The same request may be asked again after an answer that broke off: its rows count once. */
static void test_a_page_that_is_asked_again(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BAQ);
    play_answer(&play, 200, "{\"value\":[" ROW("\"broken\"", "1", "1") "," ROW("\"b\"", "8", "8") ",");
    assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
    assert_int_equal(play_answer(&play, 200, VALUE(ROW("\"a\"", "1", "2"))), PROBE_ASK);
    play_answer(&play, 200, "{\"value\":[" ROW("\"broken\"", "1", "1") ",");
    assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
    told_check(&play, REASON_NONE, "seats_used{,a} 1\nseats_owned{,a} 2\n");
    play_end(&play);
}

static void add_seats(struct buffer *text, const char *prefix, int from, int count)
{
    for (int i = 0; i < count; i++)
        buffer_format(text, "%s{\"L\":\"%s%05d\",\"U\":1,\"O\":1}", i == 0 ? "" : ",", prefix, from + i);
}

static void test_thousands_of_licenses(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BAQ);
    struct buffer page;
    buffer_init(&page, (size_t)1 << 20);
    for (int p = 0; p < 10; p++) {
        buffer_clear(&page);
        buffer_text(&page, "{\"value\":[{\"L\":\"Default\",\"U\":1,\"O\":2},");
        add_seats(&page, "x", (9 - p) * 300, 300);
        buffer_text(&page, "]}");
        assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_ASK);
    }
    assert_int_equal(play_answer(&play, 200, VALUE("")), PROBE_DONE);
    const struct findings *findings = &play.result.findings;
    assert_int_equal(findings->count, 64);
    assert_string_equal(finding_label(findings, &findings->items[0], 1), "Default");
    assert_true(findings->items[0].number > 9 && findings->items[0].number < 11);
    assert_string_equal(finding_label(findings, &findings->items[1], 1), "x00000");
    assert_string_equal(finding_label(findings, &findings->items[31], 1), "x00030");
    assert_int_equal(findings->dropped[FINDING_SEATS_USED], 3000 - 31);
    assert_int_equal(findings->dropped[FINDING_SEATS_OWNED], 3000 - 31);
    play_end(&play);
    buffer_free(&page);
}

static void test_more_rows_than_are_read(void **state)
{
    (void)state;
    struct play play = play_begin(V2, BAQ);
    struct buffer page;
    buffer_init(&page, (size_t)1 << 20);
    for (int p = 0; p < 10; p++) {
        buffer_clear(&page);
        buffer_text(&page, "{\"value\":[");
        add_seats(&page, "x", p * 500, 500);
        buffer_text(&page, "]}");
        assert_int_equal(play_answer(&play, 200, buffer_as_text(&page)), PROBE_ASK);
    }
    /* 5000 are not more than 5000. */
    assert_int_equal(play_answer(&play, 200, "{\"value\":[{\"SeatNo\":1}]}"), PROBE_DONE);
    told_check(&play, REASON_TOO_LARGE, "more than 5000 rows, which is as far as this probe reads");
    play_end(&play);
    buffer_free(&page);
}

/* ---- the configuration ---- */

static void test_faults(void **state)
{
    (void)state;
    told_faults(V2, BAQ, "");
    told_faults(V2, "kind = licenses",
                "[probe p] source = baq: baq is missing\n[probe p] source = baq: license_column is missing\n"
                "[probe p] source = baq: used_column or owned_column is missing\n");
    told_faults(V2, SERVICE "used_column = U",
                "[probe p] used_column: only with source = baq; here source = service\n");
    told_faults(V2, BAQ "source = csv", "[probe p] source = csv: it must be one of: baq, service, company\n");
    told_faults(V2, "kind = licenses\nbaq = a/b\nlicense_column = L\nused_column = A,B\nowned_column = L",
                "[probe p] baq = a/b: wants a plain name, without / \\ ? #\n"
                "[probe p] used_column = A,B: wants the name of one column\n"
                "[probe p] owned_column = L: is license_column already\n");
    told_faults("", SERVICE,
                "[probe p] kind = licenses: app server live has api_version = v2, whose URLs need a company; "
                "neither the "
                "probe nor [appserver live] has one\n");
    told_faults(
        "", COMPANY,
        "[probe p]: api_version = v2 needs a company; neither the probe nor [appserver live] has one\n");
    told_faults(V2, SERVICE "[probe q]\n" COMPANY, "");
    told_faults(V2, BAQ "[probe q]\n" SERVICE,
                "[probe q] kind = licenses: would write the same series as [probe p], for app server live; "
                "one probe of "
                "this kind is enough\n");
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_only_by_company_it_runs_for_each),
          cmocka_unit_test(test_answers), cmocka_unit_test(test_rows_prove_that_the_server_works),
          cmocka_unit_test(test_rows_that_are_the_return_object),
          cmocka_unit_test(test_the_count_ends_the_pages),
          cmocka_unit_test(test_a_server_that_does_not_heed_skip),
          cmocka_unit_test(test_a_page_that_is_asked_again), cmocka_unit_test(test_thousands_of_licenses),
          cmocka_unit_test(test_more_rows_than_are_read), cmocka_unit_test(test_faults), );
