/* The headers of a request, one by one: what is kept of them, and what they say of the message. */
#include "main.h"

#include <string.h>

#include "web/headers.h"

#define LINES_MAX 4

static struct headers take(const char *const lines[LINES_MAX][2])
{
    struct headers headers = {.has_body = false};

    for (size_t i = 0; i < LINES_MAX && lines[i][0] != NULL; i++)
        headers_add(&headers, lines[i][0], lines[i][1]);
    return headers;
}

static void values_of_one_name_are_joined(void **state)
{
    static const struct {
        const char *lines[LINES_MAX][2];
        enum header_id id;
        const char *text; /* NULL: absent */
    } cases[] = {
        {{{"Accept", "text/plain"}}, HEADER_ACCEPT, "text/plain"},
        {{{"ACCEPT", "a"}, {"Host", "x"}, {"accept", "b"}, {"Accept", "c"}}, HEADER_ACCEPT, "a, b, c"},
        {{{"Accept-Encoding", "gzip"}, {"Accept", "b"}}, HEADER_ACCEPT_ENCODING, "gzip"},
        {{{"Authorization", "Basic a"}, {"authorization", "Bearer b"}},
         HEADER_AUTHORIZATION,
         "Basic a, Bearer b"},
        {{{"Host", ""}}, HEADER_HOST, ""},
        {{{"Origin", NULL}, {"Origin", "b"}}, HEADER_ORIGIN, ", b"},
        {{{"Sec-Fetch-Site", "same-origin"}}, HEADER_FETCH_SITE, "same-origin"},
        {{{"Sec-Fetch", "a"}, {"Accept-", "b"}, {"X-Accept", "c"}}, HEADER_ACCEPT, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct headers headers = take(cases[i].lines);
        if (cases[i].text != NULL)
            assert_string_equal(headers.texts[cases[i].id], cases[i].text);
        else
            assert_null(headers.texts[cases[i].id]);
        headers_free(&headers);
        assert_null(headers.texts[cases[i].id]);
    }
}

static void what_they_say_of_the_message(void **state)
{
    static const struct {
        const char *lines[LINES_MAX][2];
        bool has_body, wrong, by_proxy;
    } cases[] = {
        {{{"Host", "x"}, {"Accept", "*/*"}}, false, false, false},
        {{{"X-Odd!#$%&'*+.^_`|~9", ""}}, false, false, false},
        /* Bodies. */
        {{{"Content-Length", "0"}}, false, false, false},
        {{{"content-length", "5"}}, true, false, false},
        {{{"Transfer-Encoding", "chunked"}}, true, false, false},
        {{{"Content-Length", "00"}}, true, false, false},
        /* What a proxy could read in another way. */
        {{{"Content-Length", ""}}, true, true, false},
        {{{"Content-Length", NULL}}, true, true, false},
        {{{"Content-Length", "+5"}}, true, true, false},
        {{{"Content-Length", "5 "}}, true, true, false},
        {{{"Content-Length", "5, 5"}}, true, true, false},
        {{{"Content-Length", "0"}, {"Content-Length", "0"}}, false, true, false},
        {{{"Content-Length", "0"}, {"CONTENT-LENGTH", "5"}}, true, true, false},
        {{{"Content-Length ", "5"}}, false, true, false},
        {{{"", "5"}}, false, true, false},
        {{{"a b", "5"}}, false, true, false},
        {{{"\xc3\xa4", "5"}}, false, true, false},
        {{{"Host", "x"}, {"host", "x"}}, false, true, false},
        {{{"a b", "5"}, {"Host", "x"}, {"Content-Length", "0"}}, false, true, false},
        /* Proxies. */
        {{{"Forwarded", "for=10.0.0.1"}}, false, false, true},
        {{{"X-FORWARDED-FOR", "10.0.0.1"}, {"Host", "x"}}, false, false, true},
        {{{"X-Forwarded-Host", ""}}, false, false, true},
        {{{"X-Forwarded-Proto", "https"}}, false, false, true},
        {{{"X-Real-IP", "10.0.0.1"}}, false, false, true},
        {{{"Via", "1.1 x"}}, false, false, true},
        {{{"X-Forwarded", "x"}, {"Vias", "x"}}, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct headers headers = take(cases[i].lines);
        if (headers.has_body != cases[i].has_body || headers.wrong != cases[i].wrong ||
            headers.by_proxy != cases[i].by_proxy)
            fail_msg("case %zu: body %d, wrong %d, proxy %d", i, headers.has_body, headers.wrong,
                     headers.by_proxy);
        headers_free(&headers);
        assert_false(headers.wrong);
    }
}

ALL_TESTS(cmocka_unit_test(values_of_one_name_are_joined), cmocka_unit_test(what_they_say_of_the_message));
