#include "main.h"

#include "unit/probe/play.h"

#define V2   "company = EPIC06"
#define V1   "company = EPIC06\napi_version = v1"
#define PART "kind = metadata\nservice = Erp.BO.PartSvc\n"

static const struct {
    const char *appserver, *probe, *path;
} requests[] = {
    {V2, PART, "api/v2/odata/EPIC06/Erp.BO.PartSvc/$metadata"},
    {V1, PART, "api/v1/Erp.BO.PartSvc/$metadata"},
    {V2, "kind = metadata\nbaq = z Orders", "api/v2/odata/EPIC06/BaqSvc/z%20Orders/$metadata"},
    {V1, "kind = metadata\nbaq = z Orders", "api/v1/BaqSvc/z%20Orders/$metadata"},
    {V2, "kind = metadata", "api/v2/odata/EPIC06/$metadata"},
    {V1, "kind = metadata", "api/v1/$metadata"},
    {V2, "kind = metadata\ncompany = E/7", "api/v2/odata/E%2F7/$metadata"},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct play play = play_begin(requests[i].appserver, requests[i].probe);
        assert_string_equal(play.request.path, requests[i].path);
        assert_int_equal(play.request.method, HTTP_GET);
        assert_int_equal(play.request.wanted, BODY_ANY);
        assert_string_equal(play.request.accept, "application/xml");
        play_end(&play);
    }
}

#define EDMX(inside)                                                                                         \
    "<?xml version='1.0'?><edmx:Edmx xmlns:edmx='http://docs.oasis-open.org/odata/ns/"                       \
    "edmx'><edmx:DataServices><Schema Namespace='Erp'>" inside "</Schema></edmx:DataServices></edmx:Edmx>"
#define TYPE                                                                                                 \
    "<EntityType Name='Part'><Property Name='A' Type='Edm.String'/><Property Name='B' "                      \
    "Type='Edm.Int32'/></EntityType>"
#define COMPANY "kind = metadata\n"
#define MISSING                                                                                              \
    "{\"HttpStatus\":404,\"ErrorMessage\":\"no "                                                             \
    "such\",\"ErrorType\":\"ApiException\",\"CorrelationId\":\"c1\"}"

static const struct {
    const char *probe;
    int status;
    const char *text;
    enum reason reason;
    int rows, columns;   /* -1: none told */
    const char *message; /* its beginning */
} answers[] = {
    {PART, 200, EDMX(TYPE), REASON_NONE, 1, 2, NULL},
    {PART, 200, EDMX(""), REASON_NONE, 0, -1, NULL},
    {PART, 200, EDMX(TYPE) " ", REASON_NONE, 1, 2, NULL},
    {PART, 200, "", REASON_INVALID_RESPONSE, -1, -1, "the answer is an empty body, not metadata in XML"},
    {PART, 200, " {\"value\":[]}", REASON_INVALID_RESPONSE, -1, -1,
     "the answer is JSON, not metadata in XML"},
    {PART, 200, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>", REASON_INVALID_RESPONSE,
     -1, -1, "the answer is a web page, not metadata in XML: Sign in"},
    {PART, 200, "<html><head><title>Sign in</title></head></html>", REASON_INVALID_RESPONSE, -1, -1,
     "the answer is a web page, not metadata in XML: Sign in"},
    {PART, 200, "<feed xmlns='http://www.w3.org/2005/Atom'/>", REASON_INVALID_RESPONSE, -1, -1,
     "the answer is no metadata (EDMX): its root element is feed, not Edmx"},
    {PART, 200, "<edmx:Edmx><edmx:DataServices><Schema>" TYPE, REASON_INVALID_RESPONSE, -1, -1,
     "the answer is no metadata (EDMX): line 1: no element found"},
    {PART, 200, EDMX(TYPE "</x>"), REASON_INVALID_RESPONSE, -1, -1,
     "the answer is no metadata (EDMX): line 1: mismatched tag"},
    /* An error body with a good status. */
    {PART, 200, "{\"HttpStatus\":401,\"ErrorMessage\":\"Access denied (Erp.BO.Part).\",\"ErrorType\":\"x\"}",
     REASON_ACCESS_DENIED, -1, -1, "Access denied (Erp.BO.Part)."},
    {PART, 200,
     "<ApiExceptionResponse><HttpStatus>Unauthorized</HttpStatus><ErrorMessage>Maximum users exceeded on "
     "license type: X</ErrorMessage></ApiExceptionResponse>",
     REASON_LICENSE_EXHAUSTED, -1, -1, "Maximum users exceeded"},
    {PART, 404, MISSING, REASON_NOT_FOUND, -1, -1, "no such"},
    {PART, 204, "", REASON_INVALID_RESPONSE, -1, -1, NULL},
    {PART, 406, "", REASON_CLIENT_ERROR, -1, -1, NULL},
    {PART, 503, "<html>", REASON_UNAVAILABLE, -1, -1, NULL},
    {COMPANY, 200, EDMX(TYPE), REASON_NONE, 1, 2, NULL},
    {COMPANY, 404, MISSING, REASON_NOT_FOUND, -1, -1,
     "this server has no $metadata of a whole company; name a service or a baq (no such)"},
    {COMPANY, 404, "", REASON_NOT_FOUND, -1, -1,
     "this server has no $metadata of a whole company; name a service or a baq (status 404"},
    {COMPANY, 404, "<html>", REASON_UNAVAILABLE, -1, -1, NULL},
    {COMPANY, 401, "", REASON_TOKEN_REJECTED, -1, -1, NULL},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct play play = play_begin(V2, answers[i].probe);
        assert_int_equal(play_answer(&play, answers[i].status, answers[i].text), PROBE_DONE);
        const struct probe_result *result = &play.result;
        if (result->reason != answers[i].reason)
            fail_msg("case %zu: %s: %s", i, reason_name(result->reason), result->message);
        assert_int_equal(result->has_rows ? (int)result->rows : -1, answers[i].rows);
        assert_int_equal(result->names ? (int)result->names->count : -1, answers[i].columns);
        if (answers[i].message != NULL &&
            strncmp(result->message, answers[i].message, strlen(answers[i].message)) != 0)
            fail_msg("case %zu: %s", i, result->message);
        assert_int_equal(result->correlation != NULL, strcmp(answers[i].text, MISSING) == 0);
        if (answers[i].reason == REASON_NOT_FOUND)
            assert_int_equal(result->proves_up, answers[i].text[0] == '{');
        play_end(&play);
    }
}

/* Drift says what came and went, and that a type changed; order is none. */
static void test_drift(void **state)
{
    (void)state;
    static const char *const texts[] = {
        EDMX(TYPE),
        EDMX("<EntityType Name='Part'><Property Name='B' Type='Edm.Int32'/><Property Name='A' "
             "Type='Edm.String'/></EntityType>"),
        EDMX("<EntityType Name='Part'><Property Name='A' Type='Edm.String'/><Property Name='B' "
             "Type='Edm.Int64'/></EntityType>"),
    };
    struct drift drift = {0};
    struct drift_change change;
    struct play play = play_begin(V2, PART);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(play_answer(&play, 200, texts[i]), PROBE_DONE);
        assert_int_equal(drift_take(&drift, play.result.names, DRIFT_EXACT, &change), i == 2);
        char *sentence = drift_sentence(&change);
        if (i == 2)
            assert_string_equal(sentence, "came: Part.B Edm.Int64; went: Part.B Edm.Int32");
        free(sentence);
        drift_change_free(&change);
    }
    drift_free(&drift);
    play_end(&play);
}

static void test_checks(void **state)
{
    (void)state;
    static const struct {
        const char *probe, *fault;
    } cases[] = {
        {PART "baq = b", "[probe p] baq: not beside service"},
        {"kind = metadata\nservice = a/b", "[probe p] service = a/b: wants a plain name"},
        {"kind = metadata\nbaq = ..", "[probe p] baq = ..: wants a plain name"},
        {"kind = metadata\nservice = Ice.LIB.TokenServiceSvc",
         "[probe p] service = Ice.LIB.TokenServiceSvc: refused"},
        {PART "rows_min = 1", "[probe p] rows_min: kind = metadata has no such key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        assert_null(play_model(V2, cases[i].probe, &faults));
        if (strncmp(faults.items[0].text, cases[i].fault, strlen(cases[i].fault)) != 0)
            fail_msg("%s: %s", cases[i].probe, faults.items[0].text);
        fault_list_free(&faults);
    }
}

ALL_TESTS(cmocka_unit_test(test_requests), cmocka_unit_test(test_answers), cmocka_unit_test(test_drift),
          cmocka_unit_test(test_checks));
