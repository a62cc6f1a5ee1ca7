#include "main.h"

#include "agent/head.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define NOW INT64_C(1795219200) /* 2026-11-21 00:00:00 */

static enum head_verdict read_lines(struct head *head, const char *text)
{
    enum head_verdict verdict = HEAD_MORE;

    head_init(head, NOW);
    while (*text != '\0' && verdict == HEAD_MORE) {
        size_t size = strcspn(text, "\n") + 1;

        verdict = head_line(head, text, size);
        text += size;
    }
    return verdict;
}

static void dates_in_three_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t epoch; /* -1: refused */
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 16 08:49:37 1994", 784975777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Mon, 29 Feb 2028 23:59:60 GMT", 1835481600},
        {"Saturday, 21-Nov-26 00:00:00 GMT", NOW},
        {"Tuesday, 21-Nov-76 00:00:00 GMT", 3373142400}, /* 50 years ahead */
        {"Monday, 21-Nov-77 00:00:00 GMT", 248918400},   /* 51 would be */
        {"Fri, 31 Feb 2026 00:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:00 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37 UTC", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 nov 1994 08:49:37 GMT", -1},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"1994-11-06T08:49:37Z", -1},
        {"784111777", -1},
        {"", -1},
        {",", -1},
        {"Sun,", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t epoch = -7;
        bool good = head_date(cases[i].text, strlen(cases[i].text), NOW, &epoch);

        if (good != (cases[i].epoch >= 0) || epoch != (good ? cases[i].epoch : -7))
            fail_msg("\"%s\" gave %d, %lld", cases[i].text, good, (long long)epoch);
    }
}

static void fields_are_read(void **state)
{
    struct head head;

    (void)state;
    assert_int_equal(read_lines(&head,
                                "HTTP/1.1 200 OK\r\ncontent-TYPE:application/json; charset=utf-8 \r\n"
                                "Content-Length: 12\r\nContent-Encoding: gzip\r\n"
                                "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\tContent-Type: folded/line\r\n"),
                     HEAD_MORE);
    assert_int_equal(head.status, 200);
    assert_false(head.complete);
    assert_int_equal(head_line(&head, "\r\n", 2), HEAD_MORE);
    assert_true(head.complete);
    assert_string_equal(head.content_type, "application/json; charset=utf-8");
    assert_int_equal(head.content_length, 12);
    assert_int_equal(head.coding, CODING_GZIP);
    assert_int_equal(head.date_epoch, 784111777);
    assert_int_equal(head_retry_after(&head, 0), -1);
}

static void status_and_coding(void **state)
{
    static const struct {
        const char *text;
        int status;
        bool complete;
        enum head_coding coding;
        enum head_verdict verdict;
    } cases[] = {
        {"HTTP/1.1 204\n\n", 204, true, CODING_NONE, HEAD_MORE},
        {"HTTP/1.1 100 Continue\r\nContent-Encoding: gzip\r\n\r\n", 100, false, CODING_GZIP, HEAD_MORE},
        {"HTTP/1.1 100 Continue\r\nContent-Encoding: gzip\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, true,
         CODING_NONE, HEAD_MORE},
        {"HTTP/1.1 101 Switching\r\n\r\n", 101, false, CODING_NONE, HEAD_SWITCHING},
        {"HTTP/1.1 xyz\r\n\r\n", 0, false, CODING_NONE, HEAD_MORE},
        {"HTTP/1.1\r\n\r\n", 0, false, CODING_NONE, HEAD_MORE},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\n", 200, true, CODING_NONE, HEAD_MORE},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: X-GZIP\r\n\r\n", 200, true, CODING_GZIP, HEAD_MORE},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", 200, true, CODING_OTHER, HEAD_MORE},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n", 200, true, CODING_OTHER, HEAD_MORE},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n", 200, true,
         CODING_OTHER, HEAD_MORE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head head;

        assert_int_equal(read_lines(&head, cases[i].text), cases[i].verdict);
        assert_int_equal(head.status, cases[i].status);
        assert_int_equal(head.complete, cases[i].complete);
        assert_int_equal(head.coding, cases[i].coding);
    }
}

static void retry_after_in_both_forms(void **state)
{
    static const struct {
        const char *fields;
        int64_t seconds;
    } cases[] = {
        {"Retry-After: 0\r\n", 0},
        {"Retry-After: 120\r\n", 120},
        {"Retry-After: -5\r\n", -1},
        {"Retry-After: soon\r\n", -1},
        {"Retry-After: 9223372036854775807\r\n", 365 * 24 * 3600},
        {"Retry-After: 99999999999999999999999\r\n", 365 * 24 * 3600},
        {"Retry-After: 99999999999999999999999s\r\n", -1},
        {"Retry-After:\r\n", -1},
        {"Retry-After: Sun, 06 Nov 1994 08:50:00 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 23},
        {"Date: Sun, 06 Nov 1994 08:50:01 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:00 GMT\r\n", 0},
        {"Retry-After: Sat, 21 Nov 2026 00:01:00 GMT\r\n", 60}, /* no Date: our clock */
        {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 365 * 24 * 3600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head head;

        read_lines(&head, "HTTP/1.1 503 Service Unavailable\r\n");
        for (const char *at = cases[i].fields; *at != '\0';) {
            size_t size = strcspn(at, "\n") + 1;

            head_line(&head, at, size);
            at += size;
        }
        int64_t wanted = cases[i].seconds < 0 ? -1 : cases[i].seconds * SECOND_NS;

        if (head_retry_after(&head, NOW * SECOND_NS) != wanted)
            fail_msg("%s gave %lld", cases[i].fields, (long long)head_retry_after(&head, NOW * SECOND_NS));
    }
}

static void location_loses_what_may_be_secret(void **state)
{
    static const struct {
        const char *value, *kept;
    } cases[] = {
        {"https://login.example/adfs?x=secret", "https://login.example/adfs"},
        {"https://login.example/adfs#secret", "https://login.example/adfs"},
        {"https://user:secret@login.example/adfs", "https://login.example/adfs"},
        {"https://user:secret@login.example", "https://login.example"},
        {"//a:b@c@d/x", "//d/x"},
        {"/KineticLive/x@y", "/KineticLive/x@y"},
        {"https://login.example/a@b?c@d", "https://login.example/a@b"},
        {"?secret", ""},
        {"", ""},
        {"/a\x01z", ""},
        {"/\xc3\xa4", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head head;
        char line[256];

        read_lines(&head, "HTTP/1.1 302 Found\r\n");
        int size = snprintf(line, sizeof line, "Location: %s\r\n", cases[i].value);

        head_line(&head, line, (size_t)size);
        assert_string_equal(head.location, cases[i].kept);
    }
}

/* What does not fit is left out, never cut. */
static void long_values_are_left_out(void **state)
{
    struct head head;
    char line[1000];

    (void)state;
    for (size_t length = 120; length < 520; length++) {
        int prefix = snprintf(line, sizeof line, "Content-Type: ");

        memset(line + prefix, 'a', length);
        read_lines(&head, "HTTP/1.1 200 OK\r\n");
        head_line(&head, line, (size_t)prefix + length);
        assert_int_equal(strlen(head.content_type), length < sizeof head.content_type ? length : 0);
        prefix = snprintf(line, sizeof line, "Location: /");
        memset(line + prefix, 'a', length);
        head_line(&head, line, (size_t)prefix + length);
        assert_int_equal(strlen(head.location), length + 1 < sizeof head.location ? length + 1 : 0);
    }
}

static void heads_are_bounded_together(void **state)
{
    static char line[1024];
    struct head head;
    size_t lines = 0;

    (void)state;
    memset(line, 'x', sizeof line);
    head_init(&head, NOW);
    while (head_line(&head, line, sizeof line) == HEAD_MORE) {
        lines++;
        assert_int_equal(head_line(&head, "HTTP/1.1 102 P\r\n", 16), HEAD_MORE);
        assert_int_equal(head_line(&head, "\r\n", 2), HEAD_MORE);
        assert_true(lines < 300);
    }
    assert_true(lines > 200);
}

/* A login's round: what it said is forgotten, its bytes count. */
static void rounds_of_a_login_are_told_apart(void **state)
{
    static const struct {
        const char *field;
        bool challenge;
    } cases[] = {
        {"WWW-Authenticate: NTLM", false},     {"WWW-Authenticate: NTLM ", false},
        {"www-authenticate: ntlm TlRM", true}, {"WWW-Authenticate: NTLM\tTlRM", true},
        {"WWW-Authenticate: NTLMv2 x", false}, {"WWW-Authenticate: Negotiate TlRM", false},
        {"Proxy-Authenticate: NTLM x", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head head;
        char text[256];

        snprintf(text, sizeof text, "HTTP/2 401 \r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n%s\r\n\r\n",
                 cases[i].field);
        assert_int_equal(read_lines(&head, text), HEAD_MORE);
        assert_true(head.complete);
        assert_int_equal(head.status, 401);
        assert_int_equal(head.ntlm_challenge, cases[i].challenge);
        head_next(&head);
        assert_true(!head.complete && head.status == 0 && head.date_epoch == 0 && !head.ntlm_challenge);
        assert_int_equal(head.bytes, strlen(text));
        assert_int_equal(head.earlier, strlen(text));
        assert_int_equal(head_line(&head, "HTTP/1.1 200 OK\r\n", 17), HEAD_MORE);
        assert_int_equal(head.status, 200);
        assert_true(head.bytes > head.earlier);
    }
}

ALL_TESTS(cmocka_unit_test(dates_in_three_forms), cmocka_unit_test(fields_are_read),
          cmocka_unit_test(status_and_coding), cmocka_unit_test(retry_after_in_both_forms),
          cmocka_unit_test(location_loses_what_may_be_secret), cmocka_unit_test(long_values_are_left_out),
          cmocka_unit_test(heads_are_bounded_together), cmocka_unit_test(rounds_of_a_login_are_told_apart));
