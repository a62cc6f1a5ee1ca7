/* The HTTP server over real sockets: what good clients get, and what is no request. */
#include "main.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "integration/web_rig.h"
#include "metrics/text_format.h"

/* ---- good clients ------------------------------------------------------------------------------------------------- */

static void metrics_are_served(void **state)
{
    struct web_rig rig = web_rig_usual();
    char *answer = web_ask(&rig, "GET", "/metrics?x=1", "");

    (void)state;
    assert_int_equal(web_status(answer), 200);
    web_assert_header(answer, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    web_assert_header(answer, "Cache-Control", "no-store");
    web_assert_header(answer, "X-Content-Type-Options", "nosniff");
    web_assert_header(answer, "Referrer-Policy", "no-referrer");
    assert_int_equal(web_content_length(answer), strlen(web_body(answer)));
    assert_non_null(strstr(answer, "\nepicor_exporter_build_info{version=\"1.2.3\",revision=\"abc\"} 1\n"));
    size_t length = web_content_length(answer);
    free(answer);

    /* The next one tells of the first. */
    answer = web_ask(&rig, "GET", "/metrics", "");
    char *bytes = memory_format("\nepicor_exporter_http_response_bytes{path=\"/metrics\"} %zu\n", length);
    assert_non_null(
        strstr(answer, "\nepicor_exporter_http_requests_total{path=\"/metrics\",code=\"200\"} 1\n"));
    assert_non_null(strstr(answer, bytes));
    free(bytes);
    free(answer);

    answer = web_ask(&rig, "HEAD", "/metrics", "");
    assert_int_equal(web_status(answer), 200);
    assert_true(web_content_length(answer) >= length);
    assert_string_equal(web_body(answer), "");
    free(answer);

    /* A HEAD sends no body, and none is counted. */
    free(web_ask(&rig, "HEAD", "/-/healthy", ""));
    answer = web_ask(&rig, "GET", "/metrics", "");
    assert_non_null(strstr(answer, "\nepicor_exporter_http_response_bytes{path=\"/-/healthy\"} 0\n"));
    free(answer);
    web_rig_stop(&rig);
}

/* base64 of the SHA-256 of what stands in the one element of that name. */
static void hash_element(const char *page, const char *name, char *hash)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    char *open = memory_format("<%s>", name), *close = memory_format("</%s>", name);
    const char *text = strstr(page, open);

    assert_non_null(text);
    text += strlen(open);
    const char *end = strstr(text, close);
    assert_int_equal(EVP_Digest(text, (size_t)(end - text), digest, &digest_size, EVP_sha256(), NULL), 1);
    text_base64_encode(digest, digest_size, hash);
    assert_null(strstr(end, open));
    free(open);
    free(close);
}

static void style_and_script_are_allowed_by_their_hashes(void **state)
{
    struct web_rig rig = web_rig_usual();
    char *answer = web_ask(&rig, "GET", "/", "");
    char style[EVP_MAX_MD_SIZE * 2], script[EVP_MAX_MD_SIZE * 2];

    (void)state;
    assert_int_equal(web_status(answer), 200);
    web_assert_header(answer, "Content-Type", "text/html; charset=utf-8");
    assert_int_equal(web_content_length(answer), strlen(web_body(answer)));
    hash_element(answer, "style", style);
    hash_element(answer, "script", script);
    char *wanted = memory_format(
        "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; connect-src "
        "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        style, script);
    web_assert_header(answer, "Content-Security-Policy", wanted);
    free(wanted);
    free(answer);
    answer = web_ask(&rig, "GET", "/?appserver=a&company=b&probe=gone", "");
    assert_int_equal(web_status(answer), 404);
    assert_non_null(strstr(answer, "There is no such target"));
    free(answer);
    web_rig_stop(&rig);
}

static void words_of_a_server_are_for_this_machine(void **state)
{
    struct web_rig rig = web_rig_usual();

    (void)state;
    web_rig_fail(&rig, 0);
    for (const struct web_speaker *from = web_speakers; from->header != NULL; from++) {
        char *answer = web_ask(&rig, "GET", "/", from->header);
        assert_int_equal(web_status(answer), 200);
        assert_null(strstr(answer, "<b>no such"));
        if ((strstr(answer, "&lt;b&gt;no such BAQ&lt;/b&gt;") != NULL) != from->local)
            fail_msg("with \"%s\" the message is %s", from->header, from->local ? "missing" : "shown");
        free(answer);
    }
    /* A page of another site that lets its own name resolve to this machine, and requests that name two hosts. */
    static const struct {
        const char *text;
        bool shown;
    } hosts[] = {
        {"GET / HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n", false},
        {"GET http://localhost/" WEB_CLOSE, true},
        {"GET http://evil.example.com/" WEB_CLOSE, false},
        {"GET http://localhost/ HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n", false}};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char *answer = web_ask_bytes(&rig, hosts[i].text, strlen(hosts[i].text));
        assert_int_equal(web_status(answer), 200);
        if ((strstr(answer, "no such BAQ") != NULL) != hosts[i].shown)
            fail_msg("%s", hosts[i].text);
        free(answer);
    }
    web_rig_stop(&rig);
}

static void life_is_told(void **state)
{
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (int i = 0; i < 2; i++) {
        char *answer = web_ask(&rig, "GET", "/-/healthy", "");
        assert_int_equal(web_status(answer), 200);
        free(answer);
        answer = web_ask(&rig, "GET", "/-/ready", "");
        assert_int_equal(web_status(answer), i == 0 ? 200 : 503);
        free(answer);
        report_ready(rig.report, false);
    }
    web_rig_stop(&rig);
}

static void a_connection_is_kept(void **state)
{
    struct web_rig rig = web_rig_usual();
    int descriptor = web_client(&rig);

    (void)state;
    for (int i = 0; i < 20; i++) {
        web_put_text(descriptor, i % 3 == 1 ? "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
                                            : "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
        web_read_kept(descriptor, i % 3 == 1);
    }
    /* Three at once are three answers. */
    web_put_text(descriptor,
                 "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\nGET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 3; i++)
        web_read_kept(descriptor, false);
    close(descriptor);
    web_rig_stop(&rig);
}

/* ---- wrong requests ----------------------------------------------------------------------------------------------- */

static void wrong_requests(void **state)
{
    static const struct {
        struct span bytes;
        int status;
    } cases[] = {
#define CASE(text, status) {{text, sizeof(text) - 1}, status}
        CASE("GET /nothing" WEB_CLOSE, 404),
        CASE("GET //" WEB_CLOSE, 404),
        CASE("GET //metrics" WEB_CLOSE, 404),
        CASE("GET /metrics/" WEB_CLOSE, 404),
        CASE("GET /x/../metrics" WEB_CLOSE, 404),
        CASE("GET /../metrics" WEB_CLOSE, 404),
        CASE("GET /./metrics" WEB_CLOSE, 404),
        CASE("GET /%6detrics" WEB_CLOSE, 404),
        CASE("GET /%2e%2e/metrics" WEB_CLOSE, 404),
        CASE("GET /%2fmetrics" WEB_CLOSE, 404),
        CASE("GET /metrics%00" WEB_CLOSE, 404),
        CASE("GET /METRICS" WEB_CLOSE, 404),
        CASE("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello", 400),
        CASE("GET /-/ready HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n"
             "GET /-/ready HTTP/1.1\r\nHost: smuggled\r\n\r\n",
             400),
        CASE("GET /-/ready HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n", 400),
        CASE("GET /-/ready HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        CASE("GET /-/ready HTTP/1.1\r\nHost: localhost\r\nhost: evil.example.com\r\n\r\n", 400),
        CASE("GET /-/ready HTTP/1.1\r\nHost: x\r\nContent-Length: 00\r\n\r\n", 413),
        CASE("GET /metrics\0" WEB_CLOSE, 400),
        CASE("GET /metrics\0/x" WEB_CLOSE, 400),
        CASE("GET /metrics?a\0b" WEB_CLOSE, 400),
        CASE("GET metrics" WEB_CLOSE, 404),
        CASE("GET *" WEB_CLOSE, 404),
        CASE("POST /metrics" WEB_CLOSE, 405),
        CASE("PUT /" WEB_CLOSE, 405),
        CASE("DELETE /-/healthy" WEB_CLOSE, 405),
        CASE("OPTIONS /" WEB_CLOSE, 405),
        CASE("TRACE /" WEB_CLOSE, 405),
        CASE("get /metrics" WEB_CLOSE, 405),
        CASE("POST /nothing" WEB_CLOSE, 405),
        CASE("OPTIONS *" WEB_CLOSE, 405),
        CASE("CONNECT example.com:443" WEB_CLOSE, 405),
        CASE("PROPFIND /nothing" WEB_CLOSE, 405),
        CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        CASE("GET http://x/metrics" WEB_CLOSE, 200),
        CASE("GET HTTPS://localhost/-/ready" WEB_CLOSE, 200),
        CASE("GET http://localhost" WEB_CLOSE, 200),
        CASE("GET http://localhost?q=a" WEB_CLOSE, 200),
        CASE("GET http://x/nothing" WEB_CLOSE, 404),
        CASE("GET http://x//metrics" WEB_CLOSE, 404),
        CASE("GET http:///metrics" WEB_CLOSE, 400),
        CASE("GET ftp://x/metrics" WEB_CLOSE, 404),
        CASE("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405),
        CASE(
            "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n",
            405),
        CASE("POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
             405),
        CASE("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 43\r\n\r\nGET /-/ready HTTP/1.1\r\nHost: "
             "smuggled\r\n\r\n",
             413),
        CASE("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
             "0\r\n\r\nGET /-/ready HTTP/1.1\r\nHost: smuggled\r\n\r\n",
             413),
#undef CASE
    };
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = web_ask_bytes(&rig, cases[i].bytes.data, cases[i].bytes.size);
        if (web_status(answer) != cases[i].status)
            fail_msg("%s: %d, wanted %d", cases[i].bytes.data, web_status(answer), cases[i].status);
        if (strstr(strstr(answer, "\r\nDate:") + 1, "\r\nDate:") != NULL)
            fail_msg("%s: a second answer: %s", cases[i].bytes.data, answer);
        if (cases[i].status == 405)
            web_assert_header(answer, "Allow", "GET, HEAD");
        free(answer);
    }
    web_rig_stop(&rig);
}

/* What libmicrohttpd refuses by itself. 0.9.75 writes the head of some of these answers twice, and closes. */
static void the_library_is_strict(void **state)
{
    static const char *const cases[] = {
        "GET /metrics HTTP/1.1\r\n\r\n", /* without Host */
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -0\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0x0\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0 0\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 0\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    };
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = web_ask_bytes(&rig, cases[i], strlen(cases[i]));
        int status = web_status(answer);
        if (status < 400 || status > 499)
            fail_msg("%s: %s", cases[i], answer);
        free(answer);
    }
    web_rig_stop(&rig);
}

/* ---- start and stop ----------------------------------------------------------------------------------------------- */

static void starts_and_stops(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct web_rig rig = web_rig_usual();
        int waiting = web_client(&rig), asking = web_client(&rig);
        web_put_text(asking, "GET /metrics" WEB_CLOSE);
        if (i % 2 == 0)
            free(web_rest(asking));
        web_rig_stop(&rig);
        char end;
        assert_true(recv(waiting, &end, 1, 0) <= 0);
        close(waiting);
        if (i % 2 != 0)
            close(asking);
    }
}

ALL_TESTS(cmocka_unit_test(metrics_are_served),
          cmocka_unit_test(style_and_script_are_allowed_by_their_hashes),
          cmocka_unit_test(words_of_a_server_are_for_this_machine), cmocka_unit_test(life_is_told),
          cmocka_unit_test(a_connection_is_kept), cmocka_unit_test(wrong_requests),
          cmocka_unit_test(the_library_is_strict), cmocka_unit_test(starts_and_stops));
