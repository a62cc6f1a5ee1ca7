/* Rows in, findings out: through the kinds, as the agent plays them. */
#include "main.h"

#include "base/memory.h"
#include "unit/probe/play.h"

#define V2     "company = EPIC06"
#define BAQ    "kind = baq\nbaq = b\n"
#define SET    "kind = bo\nservice = s\nentity = E\n"
#define RECORD "kind = bo\nservice = s\nentity = E('x')\n"

/* The findings as text: "name{label,label} number", a line each, and what was dropped. */
static char *findings_text(const struct play *play)
{
    const struct findings *findings = &play->result.findings;
    const struct probe_settings *probe = play->run.target->probe;
    const struct probe_kind *kind = (const struct probe_kind *)(const void *)probe->kind;
    struct value_definitions values = kind->values(probe);
    struct buffer text;
    buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        char number[TEXT_DOUBLE_MAX];
        size_t size = text_from_double(finding->number, number);
        assert_int_equal(finding->kind, FINDING_VALUE);
        assert_true(finding->value < values.count);
        assert_int_equal(finding->label_count, values.items[finding->value].label_count);
        buffer_format(&text, "%s", values.items[finding->value].name);
        for (size_t k = 0; k < finding->label_count; k++)
            buffer_format(&text, "%c%s", k == 0 ? '{' : ',', finding_label(findings, finding, k));
        buffer_format(&text, "%s %.*s\n", finding->label_count == 0 ? "" : "}", (int)size, number);
    }
    uint64_t dropped = 0;
    for (size_t i = 0; i < findings->dropped_value_count; i++)
        dropped += findings->dropped_values[i];
    if (dropped > 0)
        buffer_format(&text, "dropped %llu\n", (unsigned long long)dropped);
    return buffer_as_text(&text)[0] == '\0' ? memory_copy_text("") : buffer_take(&text);
}

static const struct {
    const char *probe, *rows, *findings; /* findings NULL: fails with message */
    const char *message;
} answers[] = {
/* Each aggregate, and what it says of nothing. */
#define EVERY                                                                                                \
    BAQ "value.last = A\nvalue.s = A\nvalue.s.aggregate = sum\nvalue.mn = A\nvalue.mn.aggregate = min\n"     \
        "value.mx = A\nvalue.mx.aggregate = max\nvalue.av = A\nvalue.av.aggregate = avg\n"                   \
        "value.n = A\nvalue.n.aggregate = count\n"
    {EVERY, "", "s 0\nn 0\n", NULL},
    {EVERY, "{\"A\":null},{\"A\":null}", "n 0\n", NULL},
    {EVERY, "{\"B\":1}", NULL, "no row has a column A"},
    {EVERY, "{\"A\":3},{\"A\":-1},{\"A\":4},{\"A\":null}", "last 4\ns 6\nmn -1\nmx 4\nav 2\nn 3\n", NULL},
    {EVERY, "{\"A\":0}", "last 0\ns 0\nmn 0\nmx 0\nav 0\nn 1\n", NULL},
    {EVERY, "{\"A\":-0},{\"A\":-5},{}", "last -5\ns -5\nmn -5\nmx 0\nav -2.5\nn 2\n", NULL},
    /* A column that no row has is misspelt, or has gone; one that is null everywhere is there. */
    {EVERY, "{\"a\":7},{\"A \":null}", NULL, "no row has a column A"},
    {EVERY, "{},{\"A\":null},{}", "n 0\n", NULL},
    {EVERY, "{\"A\":1,\"A\":2}", "last 2\ns 2\nmn 2\nmx 2\nav 2\nn 1\n", NULL},
/* The forms of a number. */
#define SUM BAQ "value.s = A\nvalue.s.aggregate = sum\n"
    {SUM, "{\"A\":\"62400.00000000\"},{\"A\":\"  0.1  \"},{\"A\":0.2}", "s 62400.3\n", NULL},
    {SUM, "{\"A\":true},{\"A\":false},{\"A\":true}", "s 2\n", NULL},
    {SUM, "{\"A\":1e308},{\"A\":1},{\"A\":-1e308}", "s 1\n", NULL},
    {SUM, "{\"A\":9007199254740993},{\"A\":-9007199254740992}", "s 1\n", NULL},
    {SUM, "{\"A\":\"007\"},{\"A\":\"+1\"}", "s 8\n", NULL},
#define LAST BAQ "value.s = A\n"
    {LAST, "{\"A\":\"2023-10-06T00:00:00\"}", "s 1696550400\n", NULL},
    {LAST "timezone = America/Chicago\n", "{\"A\":\"2023-10-06T00:00:00\"}", "s 1696568400\n", NULL},
    {LAST "timezone = America/Chicago\n", "{\"A\":\"2023-10-06T00:00:00.5Z\"}", "s 1696550400.5\n", NULL},
    {LAST "timezone = America/Chicago\n", "{\"A\":\"2023-12-06\"}", "s 1701842400\n", NULL},
    {LAST "timezone = Europe/Berlin\n", "{\"A\":\"2026-03-29T02:30:00\"}", "s 1774747800\n", NULL},
    {LAST, "{\"A\":\"0001-01-01T00:00:00\"}", "s -62135596800\n", NULL},
    {LAST, "{\"A\":\"2024-02-29T23:59:59.1234567+01:00\"}", "s 1709247599.123457\n", NULL},
    {LAST, "{\"A\":12345678901234567890}", "s 1.2345678901234567e+19\n", NULL},
    /* What is none, by its first row. */
    {LAST, "{\"A\":1},{\"A\":\"1,5\"},{\"A\":\"x\"}", NULL,
     "row 2, column A: \"1,5\" is not a number, a boolean or a date"},
    {LAST, "{\"A\":\"\"}", NULL, "row 1, column A: \"\" is not a number, a boolean or a date"},
    {LAST, "{\"A\":\"NaN\"}", NULL, "row 1, column A: \"NaN\" is not a number, a boolean or a date"},
    {LAST, "{\"A\":\"Infinity\"}", NULL, NULL},
    {LAST, "{\"A\":\"true\"}", NULL, NULL},
    {LAST, "{\"A\":\"2023-02-29\"}", NULL, NULL},
    {LAST, "{\"A\":\"0000-01-01\"}", NULL, NULL},
    {LAST, "{\"A\":\"10/06/2023\"}", NULL, NULL},
    {LAST, "{\"A\":1e999}", NULL, "row 1, column A: \"1e999\" is not a number that can be held"},
    {LAST, "{\"A\":[1]}", NULL, "row 1, column A: an array is not a number, a boolean or a date"},
    {LAST, "{\"A\":{}}", NULL, "row 1, column A: an object is not a number, a boolean or a date"},
    {LAST,
     "{\"A\":"
     "\"\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4"
     "\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00e4\\u00"
     "e4x"
     "\\u00e4\"}",
     NULL,
     "row 1, column A: "
     "\"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
     "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4x\" ... is not a number, "
     "a boolean or "
     "a date"},
    /* Whatever is not null can be counted. */
    {BAQ "value.n = A\nvalue.n.aggregate = count\n", "{\"A\":\"x\"},{\"A\":\"\"},{\"A\":[]},{\"A\":null},{}",
     "n 3\n", NULL},
    {BAQ "rows_min = 5\nvalue.n = A\n", "{\"A\":\"x\"}", NULL, "1 row, at least 5 wanted (rows_min)"},
/* Labels. */
#define BY BAQ "value.s = A\nvalue.s.aggregate = sum\nvalue.s.labels = one=L, two=M\n"
    {BY, "", "", NULL},
    {BY,
     "{\"A\":1,\"L\":\"b\",\"M\":\"x\"},{\"A\":2,\"L\":\"a\",\"M\":\"y\"},{\"A\":3,\"M\":\"x\",\"L\":\"b\"}",
     "s{a,y} 2\ns{b,x} 4\n", NULL},
    {BY, "{\"A\":1,\"L\":null},{\"A\":2,\"L\":\"\",\"M\":\"  \"},{\"A\":3,\"M\":\"\"}", "s{,} 6\n", NULL},
    {BY, "{\"A\":1,\"L\":\"a\"},{\"A\":2,\"L\":\"b\"}", NULL, "no row has a column M"},
    {BY, "{\"A\":1,\"L\":\"MfgSys   \"},{\"A\":2,\"L\":\"MfgSys\"},{\"A\":4,\"L\":\" MfgSys\",\"M\":null}",
     "s{ MfgSys,} 4\ns{MfgSys,} 3\n", NULL},
    {BY, "{\"A\":1,\"L\":9007199254740993,\"M\":1.50},{\"A\":2,\"L\":9007199254740992,\"M\":1.5}",
     "s{9007199254740992,1.5} 2\ns{9007199254740993,1.50} 1\n", NULL},
    {BY, "{\"A\":1,\"L\":true,\"M\":false}", "s{true,false} 1\n", NULL},
    {BY,
     "{\"A\":1,\"M\":null,\"L\":\"a\\u0000b\"},{\"A\":2,\"L\":\"a\xEF\xBF\xBD"
     "b\"}",
     "s{a\xEF\xBF\xBD"
     "b,} 3\n",
     NULL},
    {BY, "{\"A\":1,\"L\":\"a\",\"M\":\"bc\"},{\"A\":2,\"L\":\"ab\",\"M\":\"c\"}", "s{a,bc} 1\ns{ab,c} 2\n",
     NULL},
    {BY, "{\"A\":null,\"L\":\"a\",\"M\":\"\"},{\"A\":1,\"L\":\"b\"}", "s{b,} 1\n", NULL},
    {BY, "{\"A\":1,\"L\":[]}", NULL, "row 1, column L: an array is no label"},
    {BY, "{\"A\":1,\"L\":{\"A\":5}}", NULL, "row 1, column L: an object is no label"},
    /* The label may be the value's own column; values with other labels, and the same in another order. */
    {BAQ "value.a = A\nvalue.a.labels = v=A\nvalue.b = B\nvalue.b.labels = v=A\nvalue.c = A\nvalue.c.labels "
         "= x=A, y=B\n",
     "{\"A\":1,\"B\":2},{\"A\":\"1\",\"B\":3}", "a{1} 1\nb{1} 3\nc{1,2} 1\nc{1,3} 1\n", NULL},
/* More groups than may be. */
#define TWO BAQ "max_series = 2\nvalue.s = A\nvalue.s.aggregate = sum\nvalue.s.labels = l=L\n"
    {TWO,
     "{\"A\":1,\"L\":\"c\"},{\"A\":2,\"L\":\"b\"},{\"A\":4,\"L\":\"a\"},{\"A\":8,\"L\":\"c\"},{\"A\":16,"
     "\"L\":\"d\"},"
     "{\"A\":32,\"L\":\"a\"}",
     "s{a} 36\ns{b} 2\ns{other} 25\ndropped 2\n", NULL},
    {TWO, "{\"A\":1,\"L\":\"a\"},{\"A\":2,\"L\":\"other\"}", "s{a} 1\ns{other} 2\n", NULL},
    {TWO, "{\"A\":1,\"L\":\"a\"},{\"A\":2,\"L\":\"other\"},{\"A\":4,\"L\":\"z\"}",
     "s{a} 1\ns{other} 6\ndropped 1\n", NULL},
    {TWO "value.last = A\nvalue.last.labels = l=L\nvalue.min = A\nvalue.min.labels = "
         "l=L\nvalue.min.aggregate = min\n"
         "value.avg = A\nvalue.avg.labels = l=L\nvalue.avg.aggregate = avg\n",
     "{\"A\":9,\"L\":\"d\"},{\"A\":5,\"L\":\"e\"},{\"A\":1,\"L\":\"c\"},{\"A\":7,\"L\":\"d\"},{\"A\":6,\"L\":"
     "\"b\"}",
     "s{b} 6\nlast{b} 6\nmin{b} 6\navg{b} 6\ns{c} 1\nlast{c} 1\nmin{c} 1\navg{c} 1\n"
     "s{other} 21\nlast{other} 7\nmin{other} 5\navg{other} 7\ndropped 8\n",
     NULL},
    /* Entity sets, one record in its frame, one record asked for. */
    {SET "value.s = A\n", "{\"A\":5}", "s 5\n", NULL},
    {SET "max_series = 1\nvalue.s = A\nvalue.s.labels = l=L\n", "{\"A\":1,\"L\":\"b\"},{\"A\":2,\"L\":\"a\"}",
     "s{a} 2\ns{other} 1\ndropped 1\n", NULL},
};

static void answers_check(const char *probe, const char *text, const char *findings, const char *message)
{
    struct play play = play_begin(V2, probe);
    play_answer(&play, 200, text);
    char *got = findings_text(&play);
    if (findings != NULL && (play.result.reason != REASON_NONE || !play.result.has_findings))
        fail_msg("%s\n%s\nfails: %s", probe, text, play.result.message);
    if (findings != NULL && strcmp(got, findings) != 0)
        fail_msg("%s\n%s\ngives:\n%swanted:\n%s", probe, text, got, findings);
    if (findings == NULL) {
        enum reason wanted = message != NULL && strstr(message, "rows_min") != NULL ? REASON_ROWS
                                                                                    : REASON_INVALID_RESPONSE;
        assert_int_equal(play.result.reason, wanted);
        assert_true(play.result.proves_up);
        assert_false(play.result.has_findings);
        assert_string_equal(got, "");
        if (message != NULL)
            assert_string_equal(play.result.message, message);
    }
    free(got);
    play_end(&play);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        char *text = memory_format("{\"@odata.context\":\"x\",\"value\":[%s]}", answers[i].rows);
        answers_check(answers[i].probe, text, answers[i].findings, answers[i].message);
        free(text);
    }
}

static void test_one_record(void **state)
{
    (void)state;
    answers_check(SET "value.s = A\nvalue.s.labels = l=L, m=@odata.context\n",
                  "{\"@odata.context\":\"x\",\"A\":5,\"L\":null,\"B\":{\"A\":6}}", "s{,x} 5\n", NULL);
    answers_check(RECORD "value.s = A\nvalue.s.labels = l=L\nexpect.A = 5\n",
                  "{\"A\":\"5\",\"L\":12345678901234567890}", "s{12345678901234567890} 5\n", NULL);
    answers_check(RECORD "value.s = A\nvalue.n = A\nvalue.n.aggregate = sum\n", "{\"B\":1}", NULL,
                  "no row has a column A");
    answers_check(RECORD "value.s = A\n", "{\"A\":\"x\"}", NULL,
                  "row 1, column A: \"x\" is not a number, a boolean or a date");
}

/* The reading is whole where the run then fails by its rows. */
static void test_told_beside_rows(void **state)
{
    (void)state;
    struct play play = play_begin(V2, SUM "rows_max = 1\n");
    play_answer(&play, 200, "{\"value\":[{\"A\":1},{\"A\":2}]}");
    assert_int_equal(play.result.reason, REASON_ROWS);
    assert_true(play.result.has_findings);
    char *text = findings_text(&play);
    assert_string_equal(text, "s 3\n");
    free(text);
    play_end(&play);
}

/* No row of an answer that is bad in the end counts. */
static void test_bad_answers(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
    } bad[] = {{200, "{\"value\":[{\"A\":1},{\"A\":2}"},
               {200, "{\"value\":[{\"A\":1}],\"ErrorMessage\":\"e\",\"ErrorType\":\"t\",\"HttpStatus\":401,"
                     "\"ReasonPhrase\":\"r\",\"CorrelationId\":\"c\"}"},
               {401, ""},
               {500, "x"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct play play = play_begin(V2, SUM);
        assert_int_equal(play_answer(&play, bad[i].status, bad[i].text), PROBE_DONE);
        assert_int_not_equal(play.result.reason, REASON_NONE);
        assert_false(play.result.has_findings);
        assert_int_equal(play.result.findings.count, 0);
        assert_false(i == 1 && play.result.login);
        play_end(&play);
    }
}

static void test_pages(void **state)
{
    (void)state;
    struct play play = play_begin(
        V2, SUM "rows = all\norderby = A\npage_size = 2\nvalue.l = A\nvalue.l.labels = x=L\n");
    assert_int_equal(play_answer(&play, 200, "{\"value\":[{\"A\":0.1,\"L\":1},{\"A\":0.2,\"L\":2}]}"),
                     PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[{\"A\":0.3,\"L\":1},{\"A\":0.1,\"L\":2}]}"),
                     PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_ASK); /* it heeds $skip */
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_DONE);
    char *text = findings_text(&play);
    assert_string_equal(text, "s 0.7\nl{1} 0.3\nl{2} 0.1\n");
    free(text);
    play_end(&play);

    play = play_begin(V2, LAST "rows = all\norderby = A\npage_size = 1\n");
    assert_int_equal(play_answer(&play, 200, "{\"value\":[{\"A\":1}]}"), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[{\"A\":\"x\"}]}"), PROBE_ASK);
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_ASK); /* it heeds $skip */
    assert_int_equal(play_answer(&play, 200, "{\"value\":[]}"), PROBE_DONE);
    assert_string_equal(play.result.message, "row 2, column A: \"x\" is not a number, a boolean or a date");
    play_end(&play);
}

/* Labels that are too long go to the others; they are not cut. */
static void test_long_labels(void **state)
{
    (void)state;
    static char label[5000], text[PLAY_TEXT_MAX], wanted[2000];
    memset(label, 'x', sizeof label);
    snprintf(text, sizeof text,
             "{\"value\":[{\"A\":1,\"L\":\"%.512s\"},{\"A\":2,\"L\":\"%.513s\"},{\"A\":4,\"L\":\"%.4999s\"},"
             "{\"A\":8,\"L\":\"%.512s \"},{\"A\":16,\"L\":\"y\"}]}",
             label, label, label, label);
    snprintf(wanted, sizeof wanted, "s{%.512s} 9\ns{y} 16\ns{other} 6\ndropped 1\n", label);
    answers_check(SUM "value.s.labels = l=L\n", text, wanted, NULL);
    /* A number of 400 digits is no double; one of 5000 places is longer than what is kept. */
    memset(label, '1', sizeof label);
    snprintf(text, sizeof text, "{\"value\":[{\"A\":%.400s}]}", label);
    answers_check(SUM, text, NULL, NULL);
    snprintf(text, sizeof text, "{\"value\":[{\"A\":0.%.400s}]}", label);
    answers_check(SUM, text, "s 0.1111111111111111\n", NULL);
    snprintf(text, sizeof text, "{\"value\":[{\"A\":0.%.4999s}]}", label);
    answers_check(SUM, text, NULL, NULL);
}

/* ---- the configuration ---- */

static const struct {
    const char *keys, *fault; /* "w: " before a warning */
} faults_of[] = {
    {"value.Qty = A",
     "[probe p] value.Qty: a name has small letters, digits and _, and begins with a letter"},
    {"value.1a = A", "[probe p] value.1a: a name has small"},
    {"value._a = A", "[probe p] value._a: a name has small"},
    {"value.a-b = A", "[probe p] value.a-b: a name has small"},
    {"value.x_total = A", "[probe p] value.x_total: a name must not end in _total, which has a meaning"},
    {"value.x_count = A", "[probe p] value.x_count: a name must not end in _count"},
    {"value.x_sum = A", "[probe p] value.x_sum: a name must not end in _sum"},
    {"value.x_bucket = A", "[probe p] value.x_bucket: a name must not end in _bucket"},
    {"value.x_created = A", "[probe p] value.x_created: a name must not end in _created"},
    {"value.x_info = A", "[probe p] value.x_info: a name must not end in _info"},
    {"value.total = A", "w: [probe p] value.total: the metric would be epicor_value_total"},
    {"value.a =", "[probe p] value.a: there is no column"},
    {"value."
     "a123456789b123456789c123456789d123456789e123456789f123456789g123456789h123456789i123456789j123456789k"
     " = A",
     "[probe p] value.a123456789b123456789c123456789d123456789: a name that begins so has more than 100 "
     "bytes"},
    {"value.a = A\nvalue.a.aggregate = summ",
     "[probe p] value.a.aggregate = summ: there are sum, min, max, avg, count and last; is sum meant?"},
    {"value.a = A\nvalue.a.aggregate = median",
     "[probe p] value.a.aggregate = median: there are sum, min, max, avg, count and last"},
    {"value.a = A\nvalue.a.label = x=X", "[probe p] value.a.label: unknown key; after value.NAME come "
                                         ".aggregate, .labels and .help; is .labels meant?"},
    {"value.a = A\nvalue.a.b.c = x", "[probe p] value.a.b.c: unknown key"},
    {"value.qty = A\nvalue.qyt.labels = x=X",
     "[probe p] value.qyt.labels: there is no value.qyt; is value.qty meant?"},
    {"value. = Qty", "[probe p] value.: it wants a name behind it: value.NAME"},
    {"value..labels = Site", "[probe p] value..labels: it wants a name between the dots: value.NAME.labels"},
    {"value.labels.help = x", "[probe p] value.labels.help: there is no value.labels, which says the column"},
    {"value.a = A\nvalue.a.labels =", "[probe p] value.a.labels: an item of the list is empty"},
    {"value.a = A\nvalue.a.labels = x=X,", "[probe p] value.a.labels: an item of the list is empty"},
    {"value.a = A\nvalue.a.labels = X", "[probe p] value.a.labels: wants alias=Column and not X"},
    {"value.a = A\nvalue.a.labels = x=", "[probe p] value.a.labels: wants alias=Column and not x="},
    {"value.a = A\nvalue.a.labels = xY=X", "[probe p] value.a.labels: xY is no name of a label"},
    {"value.a = A\nvalue.a.labels = __x=X", "[probe p] value.a.labels: __x is no name of a label"},
    {"value.a = A\nvalue.a.labels = x=X, x=Y", "[probe p] value.a.labels: x stands in it twice"},
    {"value.a = A\nvalue.a.labels = company=X",
     "[probe p] value.a.labels: the label company has a meaning already; choose another alias"},
    {"value.a = A\nvalue.a.labels = le=X", "[probe p] value.a.labels: the label le has a meaning"},
    {"value.a = A\nvalue.a.labels = instance=X",
     "[probe p] value.a.labels: the label instance has a meaning"},
    {"value.a = A\nvalue.a.labels = a=A,b=A,c=A,d=A,e=A,f=A,g=A,h=A,i=A,j=A,k=A,l=A,m=A,n=A,o=A,p=A,q=A",
     "[probe p] value.a.labels: more than 16 labels"},
    {"value.a = A\nvalue.a.help =", "[probe p] value.a.help: there is no text"},
    {"max_series = 5", "w: [probe p] max_series: without effect, because there is no value.NAME"},
    {"value.a = A\nmax_series = 0", "[probe p] max_series = 0: "},
    {"value.a = A\nmax_series = 10001", "[probe p] max_series = 10001: "},
    {"value.a = A\nrows = count", "w: [probe p] rows = count: values are read from the rows that come along"},
    {"value.a = A\nselect = B,C", "[probe p] select: it leaves out A, which a value.NAME reads"},
    {"value.a = A\nvalue.a.labels = b=B\nselect = A", "[probe p] select: it leaves out B"},
    {"value.a = A\n[probe q]\nkind = baq\nbaq = b\nvalue.a = A\nvalue.a.labels = x=X\nvalue.a.help = h",
     "[probe q] value.a: it has another help than in [probe p]; one metric has one help: write value.a.help "
     "alike"},
    {"value.a = A\nvalue.a.help = h\n[probe q]\nkind = bo\nservice = s\nentity = E\nvalue.a = "
     "B\nvalue.a.labels = x=X\n"
     "value.a.help = h",
     "[probe q] value.a: it has other labels, or in another order, than in [probe p]"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults_of / sizeof faults_of[0]; i++) {
        struct fault_list faults = {0};
        char *probe = memory_format(BAQ "%s", faults_of[i].keys);
        struct model *model = play_model(V2, probe, &faults);
        bool warning = strncmp(faults_of[i].fault, "w: ", 3) == 0, told = false;
        const char *expected = faults_of[i].fault + (warning ? 3 : 0);
        for (size_t f = 0; f < faults.count; f++) {
            const struct fault *fault = &faults.items[f];
            if (strncmp(fault->text, expected, strlen(expected)) != 0)
                continue;
            told = true;
            assert_int_equal(fault->warning, warning);
            if (strncmp(expected, "[probe p]", 9) == 0)
                play_fault_place(V2, probe, fault);
            else
                assert_true(fault->line > 8);
        }
        if (!told || (model == NULL) == warning)
            fail_msg("%s: %s", faults_of[i].keys, faults.count == 0 ? "no fault" : faults.items[0].text);
        fault_list_free(&faults);
        model_unref(model);
        free(probe);
    }
}

/* label.NAME of the app server stands on the series of values too. */
static void test_constant_labels(void **state)
{
    struct fault_list faults = {0};

    (void)state;
    struct model *model = play_model(V2 "label.site = x\n", BAQ "value.a = A\nvalue.a.labels = warehouse=W\n",
                                     &faults);
    assert_non_null(model);
    model_unref(model);
    fault_list_free(&faults);
    assert_null(play_model(V2 "label.site = x\nlabel.warehouse = y\n",
                           BAQ "value.a = A\nvalue.a.labels = bin=B, warehouse=W\n", &faults));
    assert_int_equal(faults.faults, 1);
    assert_string_equal(faults.items[0].text,
                        "[appserver live] label.warehouse: value.a of [probe p] has a label of that name; "
                        "choose another one");
    fault_list_free(&faults);
}

static void test_definitions(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = play_model(
        V2,
        BAQ "value.qty.labels = warehouse = Bin_WarehouseCode , bin=Bin_BinNum\nvalue.qty = Bin_OnhandQty\n"
            "value.qty.aggregate = sum\nvalue.parts = Part_PartNum\nvalue.parts.aggregate = count\n"
            "value.parts.help = Parts: \"all\"\nselect = Bin_WarehouseCode, Bin_BinNum, Bin_OnhandQty, "
            "Part_PartNum\n"
            "[probe q]\nkind = baq\nbaq = c\nvalue.parts = Other\nvalue.parts.aggregate = "
            "count\nvalue.parts.help = "
            "Parts: \"all\"",
        &faults);
    if (model == NULL || faults.count > 0)
        fail_msg("%s", faults.items[0].text);
    const struct probe_kind *kind = (const struct probe_kind *)(const void *)model->probes[0].kind;
    struct value_definitions values = kind->values(&model->probes[0]);
    assert_int_equal(values.count, 2);
    assert_string_equal(values.items[0].name, "qty");
    assert_string_equal(values.items[0].column, "Bin_OnhandQty");
    assert_int_equal(values.items[0].aggregate, VALUE_SUM);
    assert_int_equal(values.items[0].label_count, 2);
    assert_string_equal(values.items[0].labels[0].alias, "warehouse");
    assert_string_equal(values.items[0].labels[0].column, "Bin_WarehouseCode");
    assert_string_equal(values.items[0].labels[1].alias, "bin");
    assert_string_equal(values.items[0].help,
                        "Sum of Bin_OnhandQty in the rows of a probe, by Bin_WarehouseCode and Bin_BinNum.");
    assert_string_equal(values.items[1].help, "Parts: \"all\"");
    assert_int_equal(values.items[1].label_count, 0);
    fault_list_free(&faults);
    model_unref(model);
}

ALL_TESTS(cmocka_unit_test(test_answers), cmocka_unit_test(test_one_record),
          cmocka_unit_test(test_told_beside_rows), cmocka_unit_test(test_bad_answers),
          cmocka_unit_test(test_pages), cmocka_unit_test(test_long_labels), cmocka_unit_test(test_faults),
          cmocka_unit_test(test_definitions), cmocka_unit_test(test_constant_labels));
