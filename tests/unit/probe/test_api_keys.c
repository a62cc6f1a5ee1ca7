#include "main.h"

#include "base/buffer.h"
#include "unit/probe/play.h"

#define V2   "company = EPIC06"
#define KEYS "kind = api_keys\n"
#define PATH                                                                                                 \
    "api/v2/odata/EPIC06/Ice.BO.APIKeySvc/APIKeys?$select=Name,ExpiresOn,Enabled&$orderby=Name&$top=100"
#define LIST(rows) "{\"@odata.context\":\"c\",\"value\":[" rows "]}"
#define EMPTY      LIST("")
#define KEY(name, expires, enabled)                                                                          \
    "{\"Name\":\"" name "\",\"ExpiresOn\":" expires ",\"Enabled\":" enabled "}"
#define NOW PLAY_NOW /* 2026-01-31T12:00:00Z */

/* "Name=expiry, relative to now, in hours" of all findings */
static char *told(const struct play *play)
{
    struct buffer text;
    buffer_init(&text, 4096);
    for (size_t i = 0; i < play->result.findings.count; i++) {
        const struct finding *item = &play->result.findings.items[i];
        assert_int_equal(item->kind, FINDING_API_KEY_EXPIRY);
        buffer_format(&text, "%s%s=%.2f", i == 0 ? "" : " ", finding_label(&play->result.findings, item, 0),
                      (item->number - NOW) / 3600);
    }
    return buffer_take(&text);
}

static void test_requests(void **state)
{
    (void)state;
    struct play play = play_begin(V2, KEYS);
    assert_int_equal(play.request.method, HTTP_GET);
    assert_string_equal(play.request.path, PATH);
    assert_int_equal(play_answer(&play, 200, LIST(KEY("a", "null", "true") "," KEY("b", "null", "true"))),
                     PROBE_ASK);
    assert_string_equal(play.request.path, PATH "&$skip=2");
    assert_int_equal(play_answer(&play, 200, LIST(KEY("c", "null", "true"))), PROBE_ASK);
    assert_string_equal(play.request.path, PATH "&$skip=3");
    assert_int_equal(play_answer(&play, 200, EMPTY), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_true(play.result.has_rows);
    assert_int_equal(play.result.rows, 3);
    assert_null(play.result.names);
    play_end(&play);

    play = play_begin("api_version = v1", KEYS);
    assert_string_equal(
        play.request.path,
        "api/v1/Ice.BO.APIKeySvc/APIKeys?$select=Name,ExpiresOn,Enabled&$orderby=Name&$top=100");
    play_end(&play);
}

static void test_what_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *appserver, *probe, *rows, *told;
        enum reason reason;
        const char *message;
    } cases[] = {
        {V2, KEYS, KEY("Monitor", "\"2026-02-01T12:00:00Z\"", "true"), "Monitor=24.00", REASON_NONE, NULL},
        {V2, KEYS, KEY(" Monitor ", "\" 2026-02-01T12:00:00.0000000Z \"", "\"True\""), "Monitor=24.00",
         REASON_NONE, NULL},
        /* What names no zone is a time there. */
        {V2, KEYS, KEY("m", "\"2026-02-01T12:00:00\"", "true"), "m=24.00", REASON_NONE, NULL},
        {V2 "\ntimezone = America/Chicago", KEYS, KEY("m", "\"2026-02-01T12:00:00\"", "true"), "m=30.00",
         REASON_NONE, NULL},
        {V2, KEYS "timezone = Asia/Tokyo", KEY("m", "\"2026-02-01\"", "true"), "m=3.00", REASON_NONE, NULL},
        /* Never. */
        {V2, KEYS,
         KEY("a", "null", "true") "," KEY("b", "\"\"", "true") "," KEY(
             "c", "\"0001-01-01T00:00:00\"", "true") ",{\"Name\":\"d\",\"Enabled\":true}",
         "", REASON_NONE, NULL},
        /* Seven days past, and no more. */
        {V2, KEYS,
         KEY("a", "\"2026-01-24T12:00:00Z\"", "true") "," KEY("b", "\"2026-01-24T11:59:59Z\"", "true"),
         "a=-168.00", REASON_NONE, NULL},
        /* Enabled ones only; where it is not told, all. */
        {V2, KEYS,
         KEY("a", "\"2026-02-01\"", "false") "," KEY(
             "b", "\"2026-02-01\"", "\"false\"") ",{\"Name\":\"c\",\"ExpiresOn\":\"2026-02-01\"}",
         "c=12.00", REASON_NONE, NULL},
        /* What expires first comes first; one a name. */
        {V2, KEYS,
         KEY("b", "\"2026-02-03\"", "true") "," KEY("a", "\"2026-02-02\"", "true") "," KEY(
             "b", "\"2026-02-01\"", "true") "," KEY("b", "\"2026-01-01\"", "true"),
         "b=12.00 a=36.00", REASON_NONE, NULL},
        /* Only those that are named. */
        {V2, KEYS "keys = shop, MONITOR",
         KEY("Monitor", "\"2026-02-01\"", "true") "," KEY("Shop", "null",
                                                          "true") "," KEY("x", "\"2026-02-01\"", "true"),
         "Monitor=12.00", REASON_NONE, NULL},
        {V2, KEYS "keys = Shop, Monitor",
         KEY("Monitor", "\"2026-02-01\"", "true") "," KEY("Shop", "null", "false"), "Monitor=12.00",
         REASON_EXPECTATION, "1 of 2 keys is not there or not enabled: Shop"},
        {V2, KEYS "keys = a, b, c, d, e, f", "", "", REASON_EXPECTATION,
         "6 of 6 keys are not there or not enabled: a, b, c, d, e and 1 more"},
        /* Dates that are none matter where they are wanted. */
        {V2, KEYS, KEY("a", "\"soon\"", "true"), NULL, REASON_INVALID_RESPONSE,
         "ExpiresOn of key a is no date"},
        {V2, KEYS, KEY("a", "1769860800", "true"), NULL, REASON_INVALID_RESPONSE, NULL},
        {V2, KEYS, KEY("a", "\"soon\"", "false"), "", REASON_NONE, NULL},
        {V2, KEYS "keys = b", KEY("a", "\"soon\"", "true") "," KEY("b", "null", "true"), "", REASON_NONE,
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];
        struct play play = play_begin(cases[i].appserver, cases[i].probe);
        snprintf(text, sizeof text, LIST("%s"), cases[i].rows);
        if (play_answer(&play, 200, text) == PROBE_ASK)
            assert_int_equal(play_answer(&play, 200, EMPTY), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s: %s", cases[i].rows, reason_name(play.result.reason), play.result.message);
        assert_int_equal(play.result.has_findings, cases[i].told != NULL);
        assert_int_equal(play.result.findings.dropped[FINDING_API_KEY_EXPIRY], 0);
        if (cases[i].told != NULL) {
            char *findings = told(&play);
            assert_string_equal(findings, cases[i].told);
            free(findings);
        }
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        play_end(&play);
    }
}

static void test_names_that_are_no_label(void **state)
{
    (void)state;
    char text[1024], rows[512];
    snprintf(rows, sizeof rows, "{\"Name\":\"%0201d\",\"ExpiresOn\":\"2026-02-01\",\"Enabled\":true}", 1);
    snprintf(text, sizeof text, LIST("%s,%s,%s,%s,%s"), rows, KEY("a", "\"2026-02-01\"", "true"),
             KEY("x\\u0000y", "\"2026-02-01\"", "true"), KEY("", "null", "true"),
             "{\"Name\":null,\"ExpiresOn\":\"2026-02-01\",\"Enabled\":false}");
    struct play play = play_begin(V2, KEYS);
    assert_int_equal(play_answer(&play, 200, text), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, EMPTY), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 5);
    assert_int_equal(play.result.findings.count, 1);
    assert_int_equal(play.result.findings.dropped[FINDING_API_KEY_EXPIRY], 2);
    play_end(&play);
}

/* count keys k00000, k00001 ... from first on, each a minute later than the one before. */
static char *many(size_t first, size_t count)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_text(&text, "{\"value\":[");
    for (size_t i = first; i < first + count; i++)
        buffer_format(
            &text, "%s{\"Name\":\"k%05zu\",\"ExpiresOn\":\"2026-03-%02zuT%02zu:%02zu:00Z\",\"Enabled\":true}",
            i == first ? "" : ",", i, 1 + i / 1440, i / 60 % 24, i % 60);
    buffer_text(&text, "]}");
    return buffer_take(&text);
}

static enum probe_next answer_many(struct play *play, size_t first, size_t count)
{
    char *text = many(first, count);
    enum probe_next next = play_answer(play, 200, text);
    free(text);
    return next;
}

static void test_many_keys(void **state)
{
    (void)state;
    /* The fifty that expire first; the others are counted. */
    struct play play = play_begin(V2, KEYS);
    assert_int_equal(answer_many(&play, 100, 100), PROBE_ASK);
    assert_int_equal(answer_many(&play, 0, 30), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, EMPTY), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 130);
    assert_int_equal(play.result.findings.count, 50);
    assert_string_equal(finding_label(&play.result.findings, &play.result.findings.items[0], 0), "k00000");
    assert_string_equal(finding_label(&play.result.findings, &play.result.findings.items[49], 0), "k00119");
    assert_int_equal(play.result.findings.dropped[FINDING_API_KEY_EXPIRY], 80);
    play_end(&play);

    /* A server that does not heed $top: this is the whole list. */
    play = play_begin(V2, KEYS);
    assert_int_equal(answer_many(&play, 0, 101), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 101);
    play_end(&play);

    /* One that does not heed $skip: of a short list nothing is lost, of a long one all else is. */
    play = play_begin(V2, KEYS);
    assert_int_equal(answer_many(&play, 0, 40), PROBE_ASK);
    assert_int_equal(answer_many(&play, 0, 40), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 40);
    play_end(&play);
    play = play_begin(V2, KEYS);
    assert_int_equal(answer_many(&play, 0, 100), PROBE_ASK);
    assert_int_equal(answer_many(&play, 0, 100), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
    assert_false(play.result.has_rows);
    play_end(&play);

    /* What has no end is given up: rows, pages. */
    play = play_begin(V2, KEYS);
    assert_int_equal(answer_many(&play, 0, 2001), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
    assert_string_equal(play.result.message,
                        "there are more than 2000 API keys, or the server does not heed $skip");
    play_end(&play);
    play = play_begin(V2, KEYS);
    for (size_t i = 0; i < 39; i++)
        assert_int_equal(answer_many(&play, i, 1), PROBE_ASK);
    assert_int_equal(answer_many(&play, 39, 1), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
    assert_string_equal(play.result.message, "there are more than 40 pages of API keys");
    play_end(&play);
}

/* An answer that broke off, and the same request again. */
static void test_a_repeated_request(void **state)
{
    (void)state;
    struct play play = play_begin(V2, KEYS);
    assert_int_equal(play_answer(&play, 200, LIST(KEY("a", "\"2026-02-01\"", "true"))), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[" KEY("b", "null", "true") ","), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_INVALID_RESPONSE);
    assert_int_equal(play_answer(&play, 200, LIST(KEY("c", "null", "true"))), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[" KEY("d", "null", "true") ","), PROBE_DONE);
    assert_int_equal(play_answer(&play, 200, EMPTY), PROBE_DONE);
    assert_int_equal(play.result.reason, REASON_NONE);
    assert_int_equal(play.result.rows, 2);
    play_end(&play);
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
        enum reason reason;
        const char *message;
    } cases[] = {
        {200, EMPTY, REASON_NONE, NULL},
        {200, "{\"odata.metadata\":\"m\",\"value\":[]}", REASON_NONE, NULL},
        {200, "{}", REASON_INVALID_RESPONSE, "the answer has no array \"value\""},
        {200, "[]", REASON_INVALID_RESPONSE, NULL},
        {200, "{\"value\":null}", REASON_INVALID_RESPONSE, NULL},
        {200, LIST("1,\"x\",[]"), REASON_INVALID_RESPONSE, "the rows have no Name"},
        {200, LIST("{\"KeyID\":\"k\"}"), REASON_INVALID_RESPONSE, "the rows have no Name"},
        {200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (x).\",\"ErrorType\":\"T\"}",
         REASON_ACCESS_DENIED, "Access denied (x)."},
        {401, "{\"ErrorMessage\":\"Access denied (Ice.BO.APIKeySvc).\",\"ErrorType\":\"T\"}",
         REASON_ACCESS_DENIED, NULL},
        {404, "{\"ErrorMessage\":\"x\",\"ErrorType\":\"T\"}", REASON_NOT_FOUND, NULL},
        {503, "<html></html>", REASON_UNAVAILABLE, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct play play = play_begin(V2, KEYS);
        assert_int_equal(play_answer(&play, cases[i].status, cases[i].text), PROBE_DONE);
        if (play.result.reason != cases[i].reason)
            fail_msg("%s: %s", cases[i].text, reason_name(play.result.reason));
        if (cases[i].message != NULL)
            assert_string_equal(play.result.message, cases[i].message);
        assert_int_equal(play.result.has_findings, cases[i].reason == REASON_NONE);
        play_end(&play);
    }
}

static void test_settings(void **state)
{
    (void)state;
    char probe[512] = KEYS "keys = k0";
    struct fault_list faults = {0};
    for (size_t i = 1; i < 50; i++)
        snprintf(probe + strlen(probe), sizeof probe - strlen(probe), ",k%zu", i);
    struct play play = play_begin(V2, probe);
    play_end(&play);
    snprintf(probe + strlen(probe), sizeof probe - strlen(probe), ",k50");
    assert_null(play_model(V2, probe, &faults));
    assert_string_equal(faults.items[0].text, "[probe p] keys: 51 names; at most 50");
    play_fault_place(V2, probe, &faults.items[0]);
    fault_list_free(&faults);
    faults = (struct fault_list){0};
    assert_null(play_model("", KEYS, &faults));
    assert_non_null(strstr(faults.items[0].text, "whose URLs need a company"));
    fault_list_free(&faults);
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_what_is_told),
          cmocka_unit_test(test_names_that_are_no_label), cmocka_unit_test(test_many_keys),
          cmocka_unit_test(test_a_repeated_request), cmocka_unit_test(test_answers),
          cmocka_unit_test(test_settings));
