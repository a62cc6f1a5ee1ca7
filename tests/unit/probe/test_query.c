#include "main.h"

#include "unit/probe/play.h"

#define V2  "company = EPIC06"
#define V1  "company = EPIC06\napi_version = v1"
#define BAQ "api/v2/odata/EPIC06/BaqSvc/zOrders/Data"

/* ---- the first request ---- */

static const struct {
    const char *appserver, *probe, *path;
} requests[] = {
    {V2, "kind = baq\nbaq = zOrders", BAQ},
    {V1, "kind = baq\nbaq = zOrders", "api/v1/BaqSvc/zOrders"},
    {"company = E P/6", "kind = baq\nbaq = z \xc3\xbc", "api/v2/odata/E%20P%2F6/BaqSvc/z%20%C3%BC/Data"},
    {V2, "kind = baq\nbaq = zOrders\ncompany = EPIC07", "api/v2/odata/EPIC07/BaqSvc/zOrders/Data"},
    {V2,
     "kind = baq\nbaq = zOrders\nselect = A,B\nfilter = A eq 'x&y'\norderby = A desc\nexpand = C\ntop = "
     "5\nskip = 10",
     BAQ "?$select=A,B&$filter=A%20eq%20'x%26y'&$orderby=A%20desc&$expand=C&$top=5&$skip=10"},
    {V2, "kind = baq\nbaq = zOrders\nparam.Plant = MfgSys\nparam.From = {today-7d}",
     BAQ "?Plant=MfgSys&From=2026-01-24"},
    {V2, "kind = baq\nbaq = zOrders\nparam.Group.list = A, B\nparam.Quoted = 'x'",
     BAQ "?Group=A&Group=B&Quoted='x'"},
    {V2 "\ntimezone = America/Chicago", "kind = baq\nbaq = zOrders\nfilter = D ge {now-1h}",
     BAQ "?$filter=D%20ge%202026-01-31T05:00:00"},
    {V2 "\ntimezone = America/Chicago",
     "kind = baq\nbaq = zOrders\ntimezone = Asia/Tokyo\nfilter = D ge {now-1h}",
     BAQ "?$filter=D%20ge%202026-01-31T20:00:00"},
    {V2, "kind = baq\nbaq = zOrders\nrows = count", BAQ "?$count=true"},
    {V2, "kind = baq\nbaq = zOrders\nrows = count\ntop = 1", BAQ "?$top=1&$count=true"},
    {V1, "kind = baq\nbaq = zOrders\nrows = count", "api/v1/BaqSvc/zOrders?$inlinecount=allpages"},
    {V2, "kind = baq\nbaq = zOrders\nrows = all\norderby = A", BAQ "?$orderby=A&$top=100"},
    {V2, "kind = baq\nbaq = zOrders\nrows = all\norderby = A\npage_size = 7\nfetch_limit = 3",
     BAQ "?$orderby=A&$top=3"},
    {V2, "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies",
     "api/v2/odata/EPIC06/Erp.BO.CompanySvc/Companies"},
    {V1, "kind = bo\nservice = Erp.BO.CompanySvc\nentity = Companies", "api/v1/Erp.BO.CompanySvc/Companies"},
    {V2, "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts(Company='EPIC06',PartNum='A/B #1 it''s')",
     "api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts(Company='EPIC06',PartNum='A%2FB%20%231%20it''s')"},
    {V2, "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts('a')/PartPlants\ntop = 1",
     "api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts('a')/PartPlants?$top=1"},
    {V2,
     "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\nselect = A,B\nfilter = A eq 'x&y'\norderby = A "
     "desc\n"
     "expand = C\ntop = 5\nskip = 10\nparam.Plant.list = M, N",
     "api/v2/odata/EPIC06/Erp.BO.PartSvc/"
     "Parts?Plant=M&Plant=N&$select=A,B&$filter=A%20eq%20'x%26y'&$orderby=A%20desc&"
     "$expand=C&$top=5&$skip=10"},
    {V2,
     "kind = bo\nservice = Erp.BO.PartSvc\nentity = Parts\nrows = all\norderby = A\npage_size = "
     "7\nfetch_limit = 3",
     "api/v2/odata/EPIC06/Erp.BO.PartSvc/Parts?$orderby=A&$top=3"},
};

static void test_first_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct play play = play_begin(requests[i].appserver, requests[i].probe);
        assert_string_equal(play.request.path, requests[i].path);
        assert_int_equal(play.request.method, HTTP_GET);
        assert_int_equal(play.request.purpose, EXCHANGE_CALL);
        assert_int_equal(play.request.wanted, BODY_JSON);
        assert_null(play.request.body);
        assert_int_equal(play.request.max_response, INT64_C(2) << 30);
        assert_false(play.request.fresh);
        assert_non_null(play.request.company);
        play_end(&play);
    }
}

/* ---- one answer ---- */

#define FRAME "\"@odata.context\":\"x\","
#define KINETICS(message, type)                                                                              \
    "{\"HttpStatus\":400,\"ReasonPhrase\":\"REST API Exception\",\"ErrorMessage\":\"" message                \
    "\",\"ErrorType\":\"" type "\",\"CorrelationId\":\"c-1\"}"

static const struct {
    const char *probe;
    int status;
    const char *text;
    enum reason reason;
    int64_t rows, columns; /* -1: none */
    const char *message;
} answers[] = {
#define PAGE "kind = baq\nbaq = b\n"
    {PAGE, 200, "{" FRAME "\"value\":[]}", REASON_NONE, 0, -1, NULL},
    {PAGE, 200, "{" FRAME "\"value\":[{\"A\":1,\"B\":null},{\"A\":2}]}", REASON_NONE, 2, 2, NULL},
    {PAGE, 200, "{\"value\":[{\"A\":1}],\"odata.metadata\":\"x\"}", REASON_NONE, 1, 1, NULL},
    {PAGE, 200, "{\"value\":[1,2,3]}", REASON_INVALID_RESPONSE, -1, -1,
     "\"value\" of the answer has rows that are no objects"},
    {PAGE, 200, "{}", REASON_INVALID_RESPONSE, -1, -1, "the answer has no array \"value\""},
    {PAGE, 200, "[]", REASON_INVALID_RESPONSE, -1, -1, "the answer has no array \"value\""},
    {PAGE, 200, "{\"value\":{}}", REASON_INVALID_RESPONSE, -1, -1, "\"value\" of the answer is no array"},
    {PAGE, 200, "{\"value\":[{\"A\":1}", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {PAGE, 200, "", REASON_INVALID_RESPONSE, -1, -1, "status 200 with an empty body"},
    {PAGE, 200, "<html>", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {PAGE, 200, KINETICS("Access denied (X).", "T"), REASON_ACCESS_DENIED, -1, -1, "Access denied (X)."},
    {PAGE, 200, KINETICS("Something.", "T"), REASON_INVALID_RESPONSE, -1, -1, "Something."},
    {PAGE, 200, "{\"ErrorMessage\":\"Maximum users exceeded on license type: X\"}", REASON_LICENSE_EXHAUSTED,
     -1, -1, "Maximum users exceeded on license type: X"},
    {PAGE, 200, "{\"error\":{\"code\":\"c\",\"message\":\"Execution Timeout Expired\"}}",
     REASON_QUERY_TIMEOUT, -1, -1, "Execution Timeout Expired"},
    {PAGE, 200, "{\"odata.error\":{\"message\":{\"lang\":\"en\",\"value\":\"Old\"}}}",
     REASON_INVALID_RESPONSE, -1, -1, "Old"},
    {PAGE, 404, KINETICS("No such BAQ", "T"), REASON_NOT_FOUND, -1, -1, "No such BAQ"},
    {PAGE, 401, "", REASON_TOKEN_REJECTED, -1, -1, "status 401 without a word"},
    {PAGE, 204, "", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {PAGE "rows_min = 2", 200, "{\"value\":[{\"A\":1}]}", REASON_ROWS, 1, 1,
     "1 row, at least 2 wanted (rows_min)"},
    {PAGE "rows_min = 1", 200, "{\"value\":[{\"A\":1}]}", REASON_NONE, 1, 1, NULL},
    {PAGE "rows_max = 0", 200, "{\"value\":[{\"A\":1}]}", REASON_ROWS, 1, 1,
     "1 row, at most 0 wanted (rows_max)"},
    {PAGE "rows_min = 0\nrows_max = 0", 200, "{\"value\":[]}", REASON_NONE, 0, -1, NULL},
#define COUNT "kind = baq\nbaq = b\nrows = count\n"
    {COUNT, 200, "{\"@odata.count\":12345,\"value\":[{\"A\":1}]}", REASON_NONE, 12345, 1, NULL},
    {COUNT, 200, "{\"value\":[],\"@odata.count\":\"7\"}", REASON_NONE, 7, -1, NULL},
    {COUNT, 200, "{\"odata.count\":\"7\",\"value\":[]}", REASON_NONE, 7, -1, NULL},
    {COUNT, 200, "{\"@odata.count\":0,\"value\":[]}", REASON_NONE, 0, -1, NULL},
    {COUNT, 200, "{\"value\":[]}", REASON_INVALID_RESPONSE, -1, -1,
     "the answer has no count although it was asked for ($count=true)"},
    {COUNT, 200, "{\"@odata.count\":-1,\"value\":[]}", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {COUNT, 200, "{\"@odata.count\":1.5,\"value\":[]}", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {COUNT, 200, "{\"@odata.count\":null,\"value\":[]}", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {COUNT "rows_max = 10", 200, "{\"@odata.count\":11,\"value\":[]}", REASON_ROWS, 11, -1, NULL},
#define SET "kind = bo\nservice = s\nentity = E\n"
    {SET, 200, "{\"value\":[{\"A\":1}]}", REASON_NONE, 1, 1, NULL},
    {SET, 200, "{" FRAME "\"A\":1}", REASON_NONE, 1, -1, NULL},
    {SET, 200, "{\"A\":1}", REASON_INVALID_RESPONSE, -1, -1, "the answer has no array \"value\""},
#define RECORD "kind = bo\nservice = s\nentity = E(K='1')\n"
    {RECORD, 200, "{" FRAME "\"A\":1,\"B\":2}", REASON_NONE, 1, 3, NULL},
    {RECORD, 200, "{\"A\":1}", REASON_NONE, 1, 1, NULL},
    {RECORD, 200, "{}", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {RECORD, 200, "[]", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {RECORD, 200, "{\"value\":[{\"A\":1}]}", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {RECORD "expect.A = 1", 200, "{\"A\":1}", REASON_NONE, 1, 1, NULL},
    {RECORD "expect.A = 2", 200, "{\"A\":1}", REASON_EXPECTATION, 1, 1, "A is 1, wanted: 2"},
    {RECORD, 200, KINETICS("Record not found.", "T"), REASON_INVALID_RESPONSE, -1, -1, "Record not found."},
};

static void test_one_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct play play = play_begin(V2, answers[i].probe);
        assert_int_equal(play_answer(&play, answers[i].status, answers[i].text), PROBE_DONE);
        const struct probe_result *result = &play.result;
        if (result->reason != answers[i].reason)
            fail_msg("%s %s: %s %s", answers[i].probe, answers[i].text, reason_name(result->reason),
                     result->message);
        assert_int_equal(result->has_rows, answers[i].rows >= 0);
        assert_int_equal(result->rows, answers[i].rows >= 0 ? answers[i].rows : 0);
        assert_int_equal(result->names != NULL, answers[i].columns >= 0);
        if (result->names != NULL)
            assert_int_equal(result->names->count, answers[i].columns);
        assert_false(result->has_truncated);
        assert_int_equal(result->status, answers[i].status);
        assert_int_equal(result->bytes, strlen(answers[i].text));
        assert_int_equal(result->message == NULL, answers[i].reason == REASON_NONE);
        if (answers[i].message != NULL)
            assert_string_equal(result->message, answers[i].message);
        bool rows_came = result->message != NULL && strstr(result->message, "has rows that") != NULL;
        bool proves = answers[i].reason == REASON_NONE || reason_row(answers[i].reason)->proves_up ||
                      rows_came;
        assert_int_equal(result->proves_up, proves);
        play_end(&play);
    }
}

/* ---- rows = all ---- */

/* A page of so many rows; extra members stand before them. */
static char *page(int rows, const char *extra)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_format(&text, "{%s\"value\":[", extra);
    for (int i = 0; i < rows; i++)
        buffer_format(&text, "%s{\"A\":%d}", i > 0 ? "," : "", i);
    buffer_text(&text, "]}");
    return buffer_take(&text);
}

#define ALL        "kind = baq\nbaq = zOrders\nrows = all\norderby = A\n"
#define NEXT(link) "\"@odata.nextLink\":\"" link "\","
#define FAR        "&$skip=1000000000"
#define PAGES_MAX  9
#define OWN        "https://erp.example.com/Live/" BAQ

static const struct {
    const char *probe;
    struct {
        const char *query; /* of the request, behind the path */
        int rows;
        const char *extra;
    } pages[PAGES_MAX];
    enum reason reason;
    int64_t rows; /* -1: none */
    bool truncated;
} walks[] = {
    {ALL, {{"?$orderby=A&$top=100", 0, ""}}, REASON_NONE, 0, false},
    {ALL,
     {{"?$orderby=A&$top=100", 30, ""}, {"?$orderby=A&$top=100&$skip=30", 0, ""}},
     REASON_NONE,
     30,
     false},
    {ALL,
     {{"?$orderby=A&$top=100", 100, ""},
      {"?$orderby=A&$top=100&$skip=100", 50, ""},
      {"?$orderby=A&$top=100" FAR, 0, ""},
      {"?$orderby=A&$top=100&$skip=150", 0, ""}},
     REASON_NONE,
     150,
     false},
    /* The server's own cap is smaller than the page asked for. */
    {ALL "page_size = 500\nfetch_limit = 500",
     {{"?$orderby=A&$top=500", 100, ""},
      {"?$orderby=A&$top=400&$skip=100", 100, ""},
      {"?$orderby=A&$top=400" FAR, 0, ""},
      {"?$orderby=A&$top=300&$skip=200", 20, ""},
      {"?$orderby=A&$top=280&$skip=220", 0, ""}},
     REASON_NONE,
     220,
     false},
    /* A count ends it without one more request. */
    {ALL, {{"?$orderby=A&$top=100", 30, "\"@odata.count\":30,"}}, REASON_NONE, 30, false},
    {ALL, {{"?$orderby=A&$top=100", 30, "\"odata.count\":\"30\","}}, REASON_NONE, 30, false},
    {ALL,
     {{"?$orderby=A&$top=100", 30, "\"@odata.count\":31,"},
      {"?$orderby=A&$top=100&$skip=30", 0, "\"@odata.count\":31,"}},
     REASON_NONE,
     30,
     true},
    /* fetch_limit */
    {ALL "page_size = 4\nfetch_limit = 6",
     {{"?$orderby=A&$top=4", 4, ""},
      {"?$orderby=A&$top=2&$skip=4", 2, ""},
      {"?$orderby=A&$top=2" FAR, 0, ""}},
     REASON_NONE,
     6,
     true},
    {ALL "page_size = 4\nfetch_limit = 6",
     {{"?$orderby=A&$top=4", 4, "\"@odata.count\":6,"},
      {"?$orderby=A&$top=2&$skip=4", 2, "\"@odata.count\":6,"},
      {"?$orderby=A&$top=2" FAR, 0, "\"@odata.count\":6,"}},
     REASON_NONE,
     6,
     false},
    {ALL "page_size = 4\nfetch_limit = 4",
     {{"?$orderby=A&$top=4", 4, "\"@odata.count\":9,"}},
     REASON_NONE,
     4,
     true},
    {ALL, {{"?$orderby=A&$top=100", 101, ""}}, REASON_INVALID_RESPONSE, -1, false},
    {ALL "rows_min = 31",
     {{"?$orderby=A&$top=100", 30, ""}, {"?$orderby=A&$top=100&$skip=30", 0, ""}},
     REASON_ROWS,
     30,
     false},
    /* A next link of the same resource is followed, and paging by $skip goes on where the links end. */
    {ALL,
     {{"?$orderby=A&$top=100", 40, NEXT(OWN "?$skiptoken=x%20y&$top=60")},
      {"?$skiptoken=x%20y&$top=60", 60, ""},
      {"?$orderby=A&$top=100&$skip=100", 0, ""}},
     REASON_NONE,
     100,
     false},
    {ALL "fetch_limit = 5",
     {{"?$orderby=A&$top=5", 3, NEXT(OWN "?a=1")}, {"?a=1", 300, NEXT(OWN "?a=2")}},
     REASON_NONE,
     303,
     true},
    /* Every other link is passed over. */
    {ALL,
     {{"?$orderby=A&$top=100", 1, NEXT("https://evil.example.com/Live/" BAQ "?a=1")},
      {"?$orderby=A&$top=100&$skip=1", 1, NEXT("https://erp.example.com.evil/Live/" BAQ "?a=1")},
      {"?$orderby=A&$top=100" FAR, 0, ""},
      {"?$orderby=A&$top=100&$skip=1", 1, NEXT("https://erp.example.com.evil/Live/" BAQ "?a=1")},
      {"?$orderby=A&$top=100&$skip=2", 1, NEXT("https://erp.example.com/Live/api/v2/odata/EPIC06/Other?a=1")},
      {"?$orderby=A&$top=100&$skip=3", 1, NEXT(OWN "?a=\\u000d\\u000aX: y")},
      {"?$orderby=A&$top=100&$skip=4", 1, NEXT(OWN "?api-key=k")},
      {"?$orderby=A&$top=100&$skip=5", 0, NEXT(OWN "?a=1")}},
     REASON_NONE,
     5,
     false},
    /* A server that does not heed $skip sends all of a short list again, and the first page of a long one. */
    {ALL,
     {{"?$orderby=A&$top=100", 40, ""},
      {"?$orderby=A&$top=100&$skip=40", 40, ""},
      {"?$orderby=A&$top=100" FAR, 40, ""}},
     REASON_NONE,
     40,
     false},
    {ALL,
     {{"?$orderby=A&$top=100", 100, ""},
      {"?$orderby=A&$top=100&$skip=100", 100, ""},
      {"?$orderby=A&$top=100" FAR, 100, ""}},
     REASON_INVALID_RESPONSE,
     -1,
     false},
    {ALL "page_size = 500",
     {{"?$orderby=A&$top=500", 100, ""},
      {"?$orderby=A&$top=500&$skip=100", 100, ""},
      {"?$orderby=A&$top=500" FAR, 100, ""}},
     REASON_INVALID_RESPONSE,
     -1,
     false},
    /* What a link leads to is told by the server: it has not to be tried. */
    {ALL,
     {{"?$orderby=A&$top=100", 40, NEXT(OWN "?a=1")},
      {"?a=1", 40, NEXT(OWN "?a=2")},
      {"?a=2", 10, "\"@odata.count\":90,"}},
     REASON_NONE,
     90,
     false},
};

static void test_pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
        struct play play = play_begin(V2, walks[i].probe);
        size_t p = 0, bytes = 0;
        for (bool more = true; more; p++) {
            assert_true(p < PAGES_MAX && walks[i].pages[p].query != NULL);
            assert_string_equal(play.request.path + strlen(BAQ), walks[i].pages[p].query);
            char *text = page(walks[i].pages[p].rows, walks[i].pages[p].extra);
            bytes += strlen(text);
            more = play_answer(&play, 200, text) == PROBE_ASK;
            free(text);
        }
        assert_true(p == PAGES_MAX || walks[i].pages[p].query == NULL);
        assert_int_equal(play.result.reason, walks[i].reason);
        assert_int_equal(play.result.has_rows, walks[i].rows >= 0);
        assert_int_equal(play.result.has_truncated, walks[i].rows >= 0);
        assert_int_equal(play.result.truncated, walks[i].truncated);
        if (walks[i].rows >= 0)
            assert_int_equal(play.result.rows, walks[i].rows);
        assert_int_equal(play.result.bytes, bytes);
        play_end(&play);
    }
}

/* 40 rows are 40, and their values are taken once, whether the server heeds $skip or not. */
static void test_values_of_a_page_that_comes_again(void **state)
{
    (void)state;
    struct play play = play_begin(V2, ALL "value.a = A\nvalue.a.aggregate = sum");
    char *text = page(40, "");
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, text), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 40);
    assert_int_equal(play.result.findings.count, 1);
    assert_float_equal(play.result.findings.items[0].number, 780, 0);
    play_end(&play);

    play = play_begin(V2, ALL "value.a = A\nvalue.a.aggregate = sum");
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK); /* another page of the server's cap */
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_ASK);
    assert_string_equal(play.request.path, BAQ "?$orderby=A&$top=100&$skip=40");
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_DONE);
    assert_int_equal(play.result.rows, 80);
    assert_float_equal(play.result.findings.items[0].number, 1560, 0);
    free(text);
    play_end(&play);
}

static void test_one_record_ends_rows_all(void **state)
{
    (void)state;
    struct play play = play_begin(V2, SET "rows = all\norderby = A\nvalue.a = A");
    assert_int_equal(play_answer(&play, 200, "{" FRAME "\"A\":7}"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 1);
    assert_true(play.result.has_truncated && !play.result.truncated);
    assert_float_equal(play.result.findings.items[0].number, 7, 0);
    play_end(&play);
}

static void test_a_page_that_fails_can_be_asked_again(void **state)
{
    (void)state;
    struct play play = play_begin(V2, ALL);
    char *first = page(100, "");
    assert_int_equal(play_answer(&play, 200, first), PROBE_ASK);
    assert_int_equal(play_answer(&play, 401, ""), PROBE_DONE);
    assert_true(play.result.login);
    assert_string_equal(play.request.path, BAQ "?$orderby=A&$top=100&$skip=100");
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 100);
    assert_int_equal(play.result.names->count, 1);
    free(first);
    play_end(&play);
}

/* ---- checks at load ---- */

#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN
#define LONG                                                                                                 \
    FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY    \
        FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY      \
            FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY  \
                FIFTY

#define SESSION_SET "kind = bo\nservice = Ice.BO.AdminSessionSvc\nentity = "

static const struct {
    const char *appserver, *probe, *fault; /* fault: the beginning of the first one; of a warning "w: ..." */
} faults_of[] = {
    {V2, "kind = baq", "[probe p]: baq is missing"},
    {V2, "kind = baq\nbaq = a/b", "[probe p] baq = a/b: wants a plain name"},
    {V2, "kind = baq\nbaq = ..", "[probe p] baq = ..: wants a plain name"},
    {V2, PAGE "rows_min = 3\nrows_max = 2", "[probe p] rows_min = 3: larger than rows_max = 2"},
    {V2, PAGE "rows_min = -1", "[probe p] rows_min = -1: wants a whole number from 0 on"},
    {V2, PAGE "rows_max = 1.5", "[probe p] rows_max = 1.5: wants a whole number from 0 on"},
    {V2, PAGE "rows_deviation = 0.5", "[probe p] rows_deviation = 0.5: write percent"},
    {V2, PAGE "rows_deviation = 0%", "[probe p] rows_deviation = 0%: write percent"},
    {V2, PAGE "rows_deviation = 10001%", "[probe p] rows_deviation = 10001%: write percent"},
    {V2, PAGE "rows_deviation = nan%", "[probe p] rows_deviation = nan%: write percent"},
    {V2, PAGE "top = 1e18", "[probe p] top = 1e+18: wants a whole number"},
    {V2, PAGE "rows = all\norderby = A\npage_size = 0",
     "[probe p] page_size = 0: wants a whole number from 1 on"},
    {V2, PAGE "rows = all\norderby = A\ntop = 5", "[probe p] top: not with rows = all"},
    {V2, PAGE "rows = all\norderby = A\nskip = 5", "[probe p] skip: not with rows = all"},
    {V2, PAGE "rows = all\norderby = A\nrows_min = 6000", "[probe p] rows_min = 6000: never reached"},
    {V2, PAGE "rows = all", "w: [probe p] rows = all: without orderby"},
    {V2, PAGE "page_size = 5", "w: [probe p] page_size: without effect, because rows = page"},
    {V2, PAGE "param.From = {todya}", "[probe p] param.From: {todya} is no date"},
    {V2, PAGE "filter = D ge {today-7}", "[probe p] filter: {today-7} is no date"},
    {V2, PAGE "param.$top = 3", "[probe p] param.$top: OData options have keys of their own"},
    {V2, "kind = bo\nservice = s", "[probe p]: entity is missing"},
    {V2, "kind = bo\nservice = s\nentity = E?$top=1", "[probe p] entity = E?$top=1: wants an entity set"},
    {V2, "kind = bo\nservice = s\nentity = ../x", "[probe p] entity = ../x: wants an entity set"},
    {V2, SET "expect.A = 1", "[probe p] expect.A: reads one record"},
    {V2, RECORD "rows = count", "[probe p] rows = count: entity names one record"},
    {V2, "kind = bo\nservice = s\nentity = GetDatabaseValues",
     "[probe p] entity = GetDatabaseValues: refused, its answers hold secrets"},
    {V2, SESSION_SET "KillSession('x')\nselect = InUse",
     "[probe p] entity = KillSession('x'): refused, a name"},
    {V2, SESSION_SET "AdminSessions('x')/DeleteIt\nselect = InUse",
     "[probe p] entity = AdminSessions('x')/DeleteIt: refused, a name"},
    {V2, SESSION_SET "AdminSessions('x')/SessionID\nselect = InUse",
     "[probe p] entity = AdminSessions('x')/SessionID: refused, the column"},
    {V2, SESSION_SET "AdminSessions\nselect = *", "[probe p] select = *: refused"},
    {V2, SESSION_SET "AdminSessions\nselect = InUse, sessionid",
     "[probe p] select: refused, sessionid of this"},
    {V2, SESSION_SET "AdminSessions\nselect = InUse\nexpand = X", "[probe p] expand: refused"},
    {V2, SESSION_SET "AdminSessions\nselect = InUse, CurComp\nvalue.a = InUse\nvalue.a.labels = u=UserName",
     "[probe p] select: it leaves out UserName"},
    {V2, SESSION_SET "AdminSessions('x')\nselect = InUse\nexpect.ClientComputerName = PC",
     "[probe p] expect.ClientComputerName: refused, ClientComputerName of"},
    {V2, "kind = bo\nservice = Ice.BO.SysAgentSvc\nentity = SysAgents",
     "[probe p] service = Ice.BO.SysAgentSvc: its rows hold secrets"},
    {V2, "kind = bo\nservice = ice.lib.tokenservicesvc\nentity = X\nselect = a",
     "[probe p] service = ice.lib.tokenservicesvc: refused"},
    {V2, "kind = bo\nservice = Ice.Lib.TokenServiceSvc\nentity = X\nselect = a",
     "[probe p] service = Ice.Lib.TokenServiceSvc: refused"},
    {V2, PAGE "filter = " LONG, "w: [probe p] its query string has 2508 bytes"},
    {"", PAGE, "[probe p]: api_version = v2 needs a company"},
};

static void test_checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults_of / sizeof faults_of[0]; i++) {
        struct fault_list faults = {0};
        struct model *model = play_model(faults_of[i].appserver, faults_of[i].probe, &faults);
        bool warning = strncmp(faults_of[i].fault, "w: ", 3) == 0;
        assert_int_equal(model == NULL, !warning);
        assert_true(faults.count > 0);
        assert_int_equal(faults.items[0].warning, warning);
        const char *expected = faults_of[i].fault + (warning ? 3 : 0);
        if (strncmp(faults.items[0].text, expected, strlen(expected)) != 0)
            fail_msg("%s: %s", faults_of[i].probe, faults.items[0].text);
        assert_true(faults.items[0].line > 0);
        play_fault_place(faults_of[i].appserver, faults_of[i].probe, &faults.items[0]);
        fault_list_free(&faults);
        model_unref(model);
    }
}

static void test_checks_beside_missing_keys(void **state)
{
    (void)state;
    static const char *const probes[] = {"kind = baq\nrows_min = 2\nrows_max = 1",
                                         "kind = bo\nrows_min = 2\nrows_max = 1\nexpect.A = 1",
                                         "kind = bo\nservice = s\nrows_min = 2\nrows_max = 1",
                                         "kind = efx\nbody_file = /nonexistent\nexpect.A = < x"};
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        struct fault_list faults = {0};
        assert_null(play_model(V2, probes[i], &faults));
        bool told = false;
        for (size_t f = 0; f < faults.count; f++)
            told = told || strstr(faults.items[f].text, "larger than rows_max") != NULL ||
                   strstr(faults.items[f].text, "is no number") != NULL;
        assert_true(told && faults.faults >= 2);
        fault_list_free(&faults);
    }
}

static void test_a_url_without_end_is_refused(void **state)
{
    (void)state;
    char probe[24000] = PAGE "filter = ";
    size_t used = strlen(probe);
    memset(probe + used, '&', 22000);
    struct fault_list faults = {0};
    assert_null(play_model(V2, probe, &faults));
    assert_non_null(strstr(faults.items[0].text, "its URL would be longer than"));
    fault_list_free(&faults);
}

ALL_TESTS(cmocka_unit_test(test_first_requests), cmocka_unit_test(test_one_answer),
          cmocka_unit_test(test_pages), cmocka_unit_test(test_values_of_a_page_that_comes_again),
          cmocka_unit_test(test_one_record_ends_rows_all),
          cmocka_unit_test(test_a_page_that_fails_can_be_asked_again), cmocka_unit_test(test_checks),
          cmocka_unit_test(test_checks_beside_missing_keys),
          cmocka_unit_test(test_a_url_without_end_is_refused));
