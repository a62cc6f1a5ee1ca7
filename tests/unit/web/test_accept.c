#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/accept.h"

#define TEXT  "text/plain; version=0.0.4; charset=utf-8"
#define OPEN  "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define DRAFT "application/openmetrics-text; version=0.0.1; charset=utf-8"
#define PROTO "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

struct row {
    const char *accept, *wanted;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct exposition exposition = {.created = true};
        accept_negotiate(rows[i].accept, &exposition);
        const char *type = exposition_content_type(&exposition);
        if (strcmp(type, rows[i].wanted) != 0)
            fail_msg("\"%s\" is answered %s", rows[i].accept != NULL ? rows[i].accept : "(none)", type);
        assert_true(exposition.created); /* not touched */
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows)[0])

/* As they are sent. */
static void test_headers_of_scrapers(void **state)
{
#define DELIMITED "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    static const struct row rows[] = {
        /* Prometheus 1 */
        {DELIMITED ";q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", PROTO},
        {DELIMITED ";q=0.7,text/plain;version=0.0.4;q=0.3,application/json;schema=\"prometheus/telemetry\";"
                   "version=0.0.2;q=0.2,*/*;q=0.1",
         PROTO},
        /* Prometheus 2.0 to 2.4; VictoriaMetrics' vmagent; Netdata */
        {"text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT},
        /* 2.5 to 2.35 */
        {"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", DRAFT},
        /* 2.42 (Debian 12), and the OpenTelemetry collector and Grafana Agent that were built with it */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         OPEN},
        /* the same with --enable-feature=native-histograms */
        {DELIMITED
         ",application/openmetrics-text;version=1.0.0;q=0.8,"
         "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         PROTO},
        /* 2.49 to 2.55, without and with it; Grafana Alloy */
        {"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         OPEN},
        {DELIMITED
         ";q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,"
         "application/openmetrics-text;version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
         PROTO},
        /* 3.x, without and with it, and held to text */
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/"
         "plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         OPEN "; escaping=allow-utf-8"},
        {DELIMITED
         ";q=0.7,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=underscores;"
         "q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         PROTO},
        {"text/plain;version=0.0.4;q=0.7,*/*;q=0.6", TEXT},
        {"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.7,*/*;q=0.6", TEXT},
        /* Telegraf */
        {DELIMITED ";q=0.7,text/plain;version=0.0.4;q=0.3", PROTO},
        /* curl, wget, Python's requests */
        {"*/*", TEXT},
        /* Firefox, Chrome, Safari */
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", TEXT},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
         "application/signed-exchange;v=b3;q=0.7",
         TEXT},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT},
    };

    (void)state;
    CHECK(rows);
}

static void test_rules(void **state)
{
    static const struct row rows[] = {
        /* nothing asked for, nothing that we have */
        {NULL, TEXT},
        {"", TEXT},
        {" ", TEXT},
        {",,;,", TEXT},
        {"application/json", TEXT},
        {"text/html", TEXT},
        {"application/*", TEXT},
        {"text/plain;q=0", TEXT},
        {"*/*;q=0", TEXT},
        /* versions */
        {"text/plain", TEXT},
        {"text/plain;version=0.0.4", TEXT},
        {"text/plain;version=1.0.0,application/openmetrics-text;q=0.1", DRAFT},
        {"text/plain;version=0.0.5,application/openmetrics-text;q=0.1", DRAFT},
        {"application/openmetrics-text", DRAFT},
        {"application/openmetrics-text; version=0.0.1", DRAFT},
        {"application/openmetrics-text; version=1.0.0", OPEN},
        {"application/openmetrics-text; version=\"1.0.0\"", OPEN},
        {"application/openmetrics-text;version=2.0.0", TEXT},
        {"application/openmetrics-text;version=1.0", TEXT},
        {"application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.1", OPEN},
        {"application/openmetrics-text;version=1.0.0;charset=utf-8", OPEN},
        {"application/openmetrics-text;charset=utf-8", DRAFT},
        {"Application/OpenMetrics-Text; Version=1.0.0", OPEN},
        {"application/openmetrics-text2;version=1.0.0", TEXT},
        {"application/openmetrics-text/x;version=1.0.0", TEXT},
        /* protobuf */
        {"application/vnd.google.protobuf", TEXT},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", TEXT},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", TEXT},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text",
         TEXT},
        {"application/vnd.google.protobuf;proto=other.Family;encoding=delimited", TEXT},
        {DELIMITED, PROTO},
        {"application/vnd.google.protobuf; encoding=delimited; proto=io.prometheus.client.MetricFamily",
         PROTO},
        /* weights */
        {"text/plain;q=0.3,application/openmetrics-text;version=1.0.0;q=0.7", OPEN},
        {"text/plain;q=0.7,application/openmetrics-text;version=1.0.0;q=0.3", TEXT},
        {"text/plain,application/openmetrics-text;version=1.0.0", TEXT},
        {"application/openmetrics-text;version=1.0.0,text/plain", OPEN},
        {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.500", OPEN},
        {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.501", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.001", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=0", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=0.000", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=1.000", OPEN},
        {"application/openmetrics-text;version=1.0.0;q=1.", OPEN},
        {"application/openmetrics-text;version=1.0.0;Q=0.9,text/plain;q=0.8", OPEN},
        {"application/openmetrics-text;version=1.0.0 ; q = 0.9 , text/plain ; q = 0.8", OPEN},
        {"application/openmetrics-text;version=1.0.0;q=0.99999,text/plain;q=0.5", OPEN},
        /* none */
        {"application/openmetrics-text;version=1.0.0;q=1.001", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=1.0001", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=2", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=-1", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=high", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=.5", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=10", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=0,5", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=NaN", TEXT},
        {"application/openmetrics-text;version=1.0.0;q", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=\"1\"", TEXT},
        /* wildcards ask for text */
        {"*/*,application/openmetrics-text;version=1.0.0", OPEN},
        {"*,application/openmetrics-text;version=1.0.0", OPEN},
        {"text/*,application/openmetrics-text;version=1.0.0", OPEN},
        {"*/*,application/openmetrics-text;version=1.0.0;q=0.9", TEXT},
        {"text/*;q=0.8,application/openmetrics-text;version=1.0.0;q=0.9", OPEN},
        {"*/*;q=0.1,application/openmetrics-text;version=1.0.0;q=0.05", TEXT},
        /* escaping */
        {"text/plain;escaping=underscores", TEXT "; escaping=underscores"},
        {"text/plain;version=0.0.4;escaping=dots", TEXT "; escaping=dots"},
        {"application/openmetrics-text;version=1.0.0;escaping=values", OPEN "; escaping=values"},
        {"application/openmetrics-text;escaping=allow-utf-8", DRAFT "; escaping=allow-utf-8"},
        {DELIMITED ";escaping=allow-utf-8", PROTO "; escaping=allow-utf-8"},
        {"text/plain;escaping=Dots", TEXT},
        {"text/plain;escaping=", TEXT},
        {"text/plain;escaping=dots\r\nX: y", TEXT},
        {"text/plain;version=1.0.0;escaping=dots,text/plain;version=0.0.4", TEXT},
        {"*/*;escaping=dots", TEXT},
        /* what is quoted is one piece */
        {"text/html;x=\",application/openmetrics-text;version=1.0.0\"", TEXT},
        {"text/html;x=\"\\\",application/openmetrics-text;version=1.0.0\"", TEXT},
        {"application/openmetrics-text;x=\";version=2\";version=1.0.0", OPEN},
        {"text/html;x=\"never ended,application/openmetrics-text;version=1.0.0", TEXT},
        {"text/html;x=\"\\", TEXT},
        {"application/openmetrics-text;version=\"", DRAFT},
        {"\xFF\xFE\x01;q=1,application/openmetrics-text;version=1.0.0;q=0.1", OPEN},
    };

    (void)state;
    CHECK(rows);
}

/* As long as a request's headers may be: read once, whatever it holds. */
static void test_a_long_header(void **state)
{
    enum { SIZE = 1 << 20 };
    static const char *const pieces[] = {"a/b,",       ";q=0", "\"",
                                         "*/*;q=0.1,", "\\",   "text/plain;version=\"1\","};
    char *accept = malloc(SIZE + 1);
    struct exposition exposition = {0};

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t size = strlen(pieces[i]);
        for (size_t at = 0; at < SIZE; at++)
            accept[at] = pieces[i][at % size];
        accept[SIZE] = '\0';
        accept_negotiate(accept, &exposition);
        assert_int_equal(exposition.format, EXPOSITION_TEXT);
    }
    free(accept);
}

ALL_TESTS(cmocka_unit_test(test_headers_of_scrapers), cmocka_unit_test(test_rules),
          cmocka_unit_test(test_a_long_header));
