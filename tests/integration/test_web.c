/* The HTTP server over real sockets: what good clients get, and what hostile ones do not. */
#include "main.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "unit/report/sample.h"
#include "web/server.h"

/* ---- a server on a small report, and clients of it ---------------------------------------------------------------- */

struct rig {
    struct model *model;
    struct report *report;
    struct web_server *server;
    int port;
};

static struct model *model_with_companies(size_t companies)
{
    struct fault_list faults = {0};
    struct buffer text;

    buffer_init(&text, 1 << 20);
    buffer_text(&text, "[appserver live]\nurl = https://erp.example.com/KineticLive\nusername = watch\n"
                       "password = secret\napi_key = key\ncompany = C0");
    for (size_t i = 1; i < companies; i++)
        buffer_format(&text, ",C%zu", i);
    buffer_text(&text, "\n[probe orders]\nkind = baq\n");
    struct model *model = model_read("web.ini", (struct span){text.data, text.size}, NULL, &sample_schema,
                                     &faults);
    assert_non_null(model);
    fault_list_free(&faults);
    buffer_free(&text);
    return model;
}

static struct rig rig_start(size_t companies, const struct web_options *options, int64_t connections,
                            int64_t per_address)
{
    /* Every address of 127.0.0.0/8, so that clients can have several. */
    struct listen_address any = {(char[]){"0.0.0.0"}, (char[]){"0"}};
    char path[] = "/metrics";
    struct web_settings settings = {.listen = &any,
                                    .listen_count = 1,
                                    .telemetry_path = path,
                                    .max_connections = connections,
                                    .max_connections_per_address = per_address};
    struct rig rig = {.model = model_with_companies(companies)};
    char *error = NULL;

    rig.report = report_new(rig.model, clock_now(), "1.2.3", "abc");
    report_ready(rig.report, true);
    report_turn(rig.report, MILLISECOND_NS, clock_now());
    rig.server = web_server_start(&settings, rig.report, "1.2.3", options, &error);
    if (rig.server == NULL)
        fail_msg("%s", error);
    int64_t port = 0;
    const char *address = web_server_address(rig.server, 0);
    assert_true(text_to_int64(span_of(strrchr(address, ':') + 1), &port));
    assert_true(port > 0);
    assert_null(web_server_address(rig.server, 1));
    rig.port = (int)port;
    return rig;
}

static struct rig rig_usual(void)
{
    return rig_start(1, NULL, 128, 32);
}

static void rig_stop(struct rig *rig)
{
    web_server_stop(rig->server);
    report_free(rig->report);
    model_unref(rig->model);
}

static int client_from(const struct rig *rig, const char *from, int receive_buffer)
{
    struct sockaddr_in us = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(from)};
    struct sockaddr_in it = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)rig->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 20};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(descriptor >= 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer != 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&us, sizeof us), 0);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&it, sizeof it), 0);
    return descriptor;
}

static int client(const struct rig *rig)
{
    return client_from(rig, "127.0.0.1", 0);
}

static void put(int descriptor, const char *bytes, size_t size)
{
    (void)!send(descriptor, bytes, size, MSG_NOSIGNAL); /* the server may have closed already */
}

static void put_text(int descriptor, const char *text)
{
    put(descriptor, text, strlen(text));
}

/* Everything until the server closes; the caller frees. A server that does not close within the patience fails. */
static char *rest_of(int descriptor)
{
    struct buffer all;
    char part[65536];

    buffer_init(&all, 64 << 20);
    buffer_text(&all, "");
    buffer_reserve(&all, 1);
    for (;;) {
        ssize_t got = recv(descriptor, part, sizeof part, 0);
        if (got < 0 && errno != ECONNRESET)
            fail_msg("the server neither answers nor closes: %s\nso far: %s", strerror(errno),
                     buffer_as_text(&all));
        if (got <= 0)
            break;
        assert_true(buffer_append(&all, part, (size_t)got));
    }
    close(descriptor);
    char *text = memory_copy_bytes(all.size > 0 ? all.data : "", all.size);
    buffer_free(&all);
    return text;
}

static char *ask_bytes(const struct rig *rig, const char *bytes, size_t size)
{
    int descriptor = client(rig);

    put(descriptor, bytes, size);
    return rest_of(descriptor);
}

static char *ask(const struct rig *rig, const char *method, const char *target, const char *more)
{
    char *request = memory_format("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method, target,
                                  more);
    char *answer = ask_bytes(rig, request, strlen(request));

    free(request);
    return answer;
}

static int status_of(const char *answer)
{
    int64_t status = 0;

    if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strlen(answer) < 12 ||
        !text_to_int64((struct span){answer + 9, 3}, &status))
        fail_msg("no status line: %.200s", answer);
    return (int)status;
}

/* The value of a header, owned; NULL when there is none. */
static char *header_of(const char *answer, const char *name)
{
    const char *end = strstr(answer, "\r\n\r\n");
    char *key = memory_format("\r\n%s: ", name), *value = NULL;
    const char *at = end == NULL ? NULL
                                 : span_find_nocase((struct span){answer, (size_t)(end - answer)}, key);

    if (at != NULL) {
        at += strlen(key);
        value = memory_copy_bytes(at, (size_t)(strstr(at, "\r\n") - at));
    }
    free(key);
    return value;
}

static void assert_header(const char *answer, const char *name, const char *wanted)
{
    char *value = header_of(answer, name);

    if (value == NULL || strcmp(value, wanted) != 0)
        fail_msg("%s: %s, wanted %s", name, value, wanted);
    free(value);
}

static const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

static size_t content_length(const char *answer)
{
    char *value = header_of(answer, "Content-Length");
    int64_t length = -1;

    assert_non_null(value);
    assert_true(text_to_int64(span_of(value), &length));
    free(value);
    return (size_t)length;
}

/* ---- good clients ------------------------------------------------------------------------------------------------- */

static void metrics_are_served(void **state)
{
    struct rig rig = rig_usual();
    char *answer = ask(&rig, "GET", "/metrics?x=1", "");

    (void)state;
    assert_int_equal(status_of(answer), 200);
    assert_header(answer, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    assert_header(answer, "Cache-Control", "no-store");
    assert_header(answer, "X-Content-Type-Options", "nosniff");
    assert_header(answer, "Referrer-Policy", "no-referrer");
    assert_int_equal(content_length(answer), strlen(body_of(answer)));
    assert_non_null(strstr(answer, "\nepicor_exporter_build_info{version=\"1.2.3\",revision=\"abc\"} 1\n"));
    size_t length = content_length(answer);
    free(answer);

    /* The next one tells of the first. */
    answer = ask(&rig, "GET", "/metrics", "");
    char *bytes = memory_format("\nepicor_exporter_http_response_bytes{path=\"/metrics\"} %zu\n", length);
    assert_non_null(
        strstr(answer, "\nepicor_exporter_http_requests_total{path=\"/metrics\",code=\"200\"} 1\n"));
    assert_non_null(strstr(answer, bytes));
    free(bytes);
    free(answer);

    answer = ask(&rig, "HEAD", "/metrics", "");
    assert_int_equal(status_of(answer), 200);
    assert_true(content_length(answer) >= length);
    assert_string_equal(body_of(answer), "");
    free(answer);
    rig_stop(&rig);
}

/* One failed run of the only target, with words of the server. */
static void fail_target(struct rig *rig)
{
    struct probe_result result = {
        .reason = REASON_NOT_FOUND, .status = 404, .message = (char[]){"<b>no such BAQ</b>"}};
    struct run_record record = {.ended = clock_now(),
                                .due_next_boot_ns = clock_now().boot_ns + MINUTE_NS,
                                .asked = true,
                                .timed = true,
                                .duration_ns = MILLISECOND_NS,
                                .phases = {-1, -1, -1, -1, -1},
                                .result = &result};

    report_run(report_target(rig->report, 0), &record);
}

static void the_style_is_allowed_by_its_hash(void **state)
{
    struct rig rig = rig_usual();
    char *answer = ask(&rig, "GET", "/", "");
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hash[EVP_MAX_MD_SIZE * 2];
    unsigned digest_size = 0;

    (void)state;
    assert_int_equal(status_of(answer), 200);
    assert_header(answer, "Content-Type", "text/html; charset=utf-8");
    assert_int_equal(content_length(answer), strlen(body_of(answer)));
    const char *style = strstr(answer, "<style>") + strlen("<style>");
    assert_int_equal(EVP_Digest(style, (size_t)(strstr(style, "</style>") - style), digest, &digest_size,
                                EVP_sha256(), NULL),
                     1);
    text_base64_encode(digest, digest_size, hash);
    char *wanted = memory_format(
        "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
        hash);
    assert_header(answer, "Content-Security-Policy", wanted);
    assert_null(strstr(style + 1, "<style"));
    assert_null(strstr(answer, " style=\""));
    assert_null(strstr(answer, "<script"));
    assert_null(strstr(answer, "://fonts"));
    free(wanted);
    free(answer);
    rig_stop(&rig);
}

static void words_of_a_server_are_for_this_machine(void **state)
{
    static const struct {
        const char *header;
        bool shown;
    } cases[] = {{"", true},
                 {"X-Forwarded-For: 203.0.113.9\r\n", false},
                 {"x-forwarded-for:\r\n", false},
                 {"Forwarded: for=203.0.113.9\r\n", false}};
    struct rig rig = rig_usual();

    (void)state;
    fail_target(&rig);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = ask(&rig, "GET", "/", cases[i].header);
        assert_int_equal(status_of(answer), 200);
        assert_null(strstr(answer, "<b>no such"));
        if ((strstr(answer, "&lt;b&gt;no such BAQ&lt;/b&gt;") != NULL) != cases[i].shown)
            fail_msg("with \"%s\" the message is %s", cases[i].header, cases[i].shown ? "missing" : "shown");
        free(answer);
    }
    rig_stop(&rig);
}

static void life_is_told(void **state)
{
    struct rig rig = rig_usual();

    (void)state;
    for (int i = 0; i < 2; i++) {
        char *answer = ask(&rig, "GET", "/-/healthy", "");
        assert_int_equal(status_of(answer), 200);
        free(answer);
        answer = ask(&rig, "GET", "/-/ready", "");
        assert_int_equal(status_of(answer), i == 0 ? 200 : 503);
        free(answer);
        report_ready(rig.report, false);
    }
    rig_stop(&rig);
}

/* One answer on a connection that is kept. */
static void read_kept(int descriptor, bool head)
{
    char text[65536];
    size_t have = 0, want = 0;

    while (want == 0 || have < want) {
        ssize_t got = recv(descriptor, text + have, want == 0 ? 1 : want - have, 0);
        assert_true(got > 0);
        have += (size_t)got;
        assert_true(have < sizeof text);
        text[have] = '\0';
        if (want == 0 && strstr(text, "\r\n\r\n") != NULL)
            want = have + (head ? 0 : content_length(text));
    }
    assert_int_equal(status_of(text), 200);
}

static void a_connection_is_kept(void **state)
{
    struct rig rig = rig_usual();
    int descriptor = client(&rig);

    (void)state;
    for (int i = 0; i < 20; i++) {
        put_text(descriptor, i % 3 == 1 ? "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
                                        : "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
        read_kept(descriptor, i % 3 == 1);
    }
    /* Three at once are three answers. */
    put_text(descriptor, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\nGET /-/ready HTTP/1.1\r\nHost: x\r\n\r\n"
                         "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 3; i++)
        read_kept(descriptor, false);
    close(descriptor);
    rig_stop(&rig);
}

/* ---- wrong requests ----------------------------------------------------------------------------------------------- */

#define CLOSE " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void wrong_requests(void **state)
{
    static const struct {
        struct span bytes;
        int status;
    } cases[] = {
#define CASE(text, status) {{text, sizeof(text) - 1}, status}
        CASE("GET /nothing" CLOSE, 404),
        CASE("GET //" CLOSE, 404),
        CASE("GET //metrics" CLOSE, 404),
        CASE("GET /metrics/" CLOSE, 404),
        CASE("GET /x/../metrics" CLOSE, 404),
        CASE("GET /../metrics" CLOSE, 404),
        CASE("GET /./metrics" CLOSE, 404),
        CASE("GET /%6detrics" CLOSE, 404),
        CASE("GET /%2e%2e/metrics" CLOSE, 404),
        CASE("GET /%2fmetrics" CLOSE, 404),
        CASE("GET /metrics%00" CLOSE, 404),
        CASE("GET /METRICS" CLOSE, 404),
        CASE("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello", 400),
        CASE("GET /metrics\0" CLOSE, 400),
        CASE("GET /metrics\0/x" CLOSE, 400),
        CASE("GET /metrics?a\0b" CLOSE, 400),
        CASE("GET metrics" CLOSE, 404),
        CASE("GET *" CLOSE, 404),
        CASE("POST /metrics" CLOSE, 405),
        CASE("PUT /" CLOSE, 405),
        CASE("DELETE /-/healthy" CLOSE, 405),
        CASE("OPTIONS /" CLOSE, 405),
        CASE("TRACE /" CLOSE, 405),
        CASE("get /metrics" CLOSE, 405),
        CASE("POST /nothing" CLOSE, 404),
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
    struct rig rig = rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = ask_bytes(&rig, cases[i].bytes.data, cases[i].bytes.size);
        if (status_of(answer) != cases[i].status)
            fail_msg("%s: %d, wanted %d", cases[i].bytes.data, status_of(answer), cases[i].status);
        if (strstr(strstr(answer, "\r\nDate:") + 1, "\r\nDate:") != NULL)
            fail_msg("%s: a second answer: %s", cases[i].bytes.data, answer);
        if (cases[i].status == 405)
            assert_header(answer, "Allow", "GET, HEAD");
        free(answer);
    }
    rig_stop(&rig);
}

/* What libmicrohttpd refuses by itself. 0.9.75 writes the head of some of these answers twice, and closes. */
static void the_library_is_strict(void **state)
{
    static const char *const cases[] = {
        "GET /metrics HTTP/1.1\r\n\r\n", /* without Host */
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    };
    struct rig rig = rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = ask_bytes(&rig, cases[i], strlen(cases[i]));
        int status = status_of(answer);
        if (status < 400 || status > 499)
            fail_msg("%s: %s", cases[i], answer);
        free(answer);
    }
    rig_stop(&rig);
}

static void assert_still_serves(const struct rig *rig)
{
    char *answer = ask(rig, "GET", "/-/healthy", "");

    assert_int_equal(status_of(answer), 200);
    free(answer);
}

static void garbage_is_thrown_out(void **state)
{
    static const struct {
        const char *head, *filler;
        size_t times;
        const char *tail;
    } cases[] = {
        {"GET /", "a", 100000, CLOSE},
        {"GET / HTTP/1.1\r\nHost: x\r\nA: ", "a", 1000000, "\r\n\r\n"},
        {"GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 100000, "\r\n"},
        {"", "\xff\x00\x01", 100000, ""},
        {"", "\r\n", 50000, ""},
        {"\x16\x03\x01\x02", "\x01", 500, "\r\n\r\n"},
        {"GET / HTTP/9.9\r\n", "x", 100, "\r\n\r\n"},
        {"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", "\x01\x02garbage\r\n\r\n", 5000, ""},
    };
    struct web_options options = web_options_default;
    options.header_ns = 500 * MILLISECOND_NS;
    struct rig rig = rig_start(1, &options, 128, 32);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer bytes;
        buffer_init(&bytes, 8 << 20);
        buffer_text(&bytes, cases[i].head);
        for (size_t j = 0; j < cases[i].times; j++)
            buffer_text(&bytes, cases[i].filler);
        buffer_text(&bytes, cases[i].tail);
        free(ask_bytes(&rig, bytes.data, bytes.size)); /* whatever it says: it ends */
        buffer_free(&bytes);
        assert_still_serves(&rig);
    }
    rig_stop(&rig);
}

/* ---- slow and greedy clients -------------------------------------------------------------------------------------- */

/* Until the server ends the connection; false after ten seconds. */
static bool is_ended(int descriptor, short events)
{
    struct pollfd poll_for = {.fd = descriptor, .events = events};

    return poll(&poll_for, 1, 10000) == 1;
}

static void slow_headers_are_cut(void **state)
{
    static const char request[] =
        "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    struct web_options options = web_options_default;
    options.header_ns = 400 * MILLISECOND_NS;
    options.idle_ns = MINUTE_NS;
    struct rig rig = rig_start(1, &options, 128, 32);

    (void)state;
    /* The first request of a connection, and the second. */
    for (int i = 0; i < 2; i++) {
        int descriptor = client(&rig);
        if (i == 1) {
            put_text(descriptor, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
            read_kept(descriptor, false);
        }
        int64_t begin = clock_now().boot_ns;
        struct pollfd end = {.fd = descriptor, .events = POLLIN};
        size_t sent = 0;
        for (; sent < sizeof request - 1; sent++) {
            put(descriptor, request + sent, 1);
            if (poll(&end, 1, 30) != 0)
                break;
        }
        int64_t took = clock_now().boot_ns - begin;
        if (sent == sizeof request - 1)
            fail_msg("never cut");
        assert_true(took >= options.header_ns);
        assert_true(took < options.header_ns + 5 * SECOND_NS);
        free(rest_of(descriptor));
    }
    assert_still_serves(&rig);
    rig_stop(&rig);
}

static void silent_connections_are_cut(void **state)
{
    struct web_options options = web_options_default;
    options.header_ns = 200 * MILLISECOND_NS;
    options.idle_ns = 400 * MILLISECOND_NS;
    struct rig rig = rig_start(1, &options, 128, 32);
    int silent = client(&rig), kept = client(&rig);

    (void)state;
    put_text(kept, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
    read_kept(kept, false);
    assert_true(is_ended(silent, POLLIN));
    assert_true(is_ended(kept, POLLIN));
    close(silent);
    close(kept);
    assert_still_serves(&rig);
    rig_stop(&rig);
}

/* A page of 4 MB, more than the kernel holds for a client. */
#define MANY_COMPANIES 1600

static void slow_readers_are_cut(void **state)
{
    struct web_options options = web_options_default;
    options.request_ns = 400 * MILLISECOND_NS;
    options.drain_rate = 200 * 1000;
    struct rig rig = rig_start(MANY_COMPANIES, &options, 128, 32);
    int stuck = client_from(&rig, "127.0.0.1", 4096), steady = client(&rig);
    int64_t begin = clock_now().boot_ns;

    (void)state;
    put_text(stuck, "GET /metrics" CLOSE);
    put_text(steady, "GET /metrics" CLOSE);

    /* The one that reads, at a rate above the wanted one, gets all of it, though that takes longer than a request may. */
    struct buffer page;
    buffer_init(&page, 64 << 20);
    for (;;) {
        assert_true(buffer_reserve(&page, 100000));
        ssize_t got = recv(steady, page.data + page.size, 100000, MSG_WAITALL);
        assert_true(got >= 0);
        if (got == 0)
            break;
        page.size += (size_t)got;
        poll(NULL, 0, 40); /* the rate is what is tested */
    }
    assert_true(buffer_byte(&page, '\0'));
    assert_int_equal(content_length(page.data), strlen(body_of(page.data)));
    assert_true(page.size > 2 << 20);
    assert_true(clock_now().boot_ns - begin > 2 * options.request_ns);
    buffer_free(&page);
    close(steady);

    /* The other one was cut before its end. */
    assert_true(is_ended(stuck, POLLRDHUP));
    char *rest = rest_of(stuck);
    assert_true(strlen(rest) < 2 << 20);
    free(rest);
    assert_still_serves(&rig);
    rig_stop(&rig);
}

static void bodies_held_are_bounded(void **state)
{
    struct web_options options = web_options_default;
    options.response_bytes = 5 << 20; /* one page, not two */
    struct rig rig = rig_start(MANY_COMPANIES, &options, 128, 32);
    int stuck = client_from(&rig, "127.0.0.1", 4096);

    (void)state;
    put_text(stuck, "GET /metrics" CLOSE);
    assert_true(is_ended(stuck, POLLIN)); /* its answer has begun */
    char *answer = ask(&rig, "GET", "/metrics", "");
    assert_int_equal(status_of(answer), 503);
    assert_header(answer, "Retry-After", "1");
    free(answer);
    assert_still_serves(&rig);
    close(stuck);
    do { /* as soon as the server sees that */
        answer = ask(&rig, "GET", "/metrics", "");
        int status = status_of(answer);
        free(answer);
        if (status == 200)
            break;
        assert_int_equal(status, 503);
    } while (true);
    rig_stop(&rig);

    options.response_bytes = 1 << 20; /* none at all */
    rig = rig_start(MANY_COMPANIES, &options, 128, 32);
    answer = ask(&rig, "GET", "/metrics", "");
    assert_int_equal(status_of(answer), 500);
    free(answer);
    assert_still_serves(&rig);
    rig_stop(&rig);
}

static void connections_are_bounded(void **state)
{
    enum { PER_ADDRESS = 3, TOTAL = 5 };
    struct rig rig = rig_start(1, NULL, TOTAL, PER_ADDRESS);
    int greedy[PER_ADDRESS];

    (void)state;
    for (int i = 0; i < PER_ADDRESS; i++) {
        greedy[i] = client(&rig);
        put_text(greedy[i], "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
        read_kept(greedy[i], false);
    }
    char *answer = ask(&rig, "GET", "/-/healthy", ""); /* one too many */
    assert_int_equal(status_of(answer), 503);
    assert_header(answer, "Connection", "close");
    assert_int_equal(content_length(answer), strlen(body_of(answer)));
    free(answer);

    int others[TOTAL - PER_ADDRESS];
    for (int i = 0; i < TOTAL - PER_ADDRESS; i++) {
        others[i] = client_from(&rig, "127.0.0.2", 0);
        put_text(others[i], "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
        read_kept(others[i], false);
    }
    int late = client_from(&rig, "127.0.0.3", 0); /* all places are taken */
    put_text(late, "GET /-/healthy" CLOSE);
    answer = rest_of(late);
    assert_int_equal(status_of(answer), 503);
    free(answer);

    /* A place that is given back is a place. */
    close(greedy[0]);
    for (int status = 503; status != 200; free(answer)) {
        answer = ask(&rig, "GET", "/-/healthy", "");
        status = status_of(answer);
        assert_true(status == 200 || status == 503);
    }
    for (int i = 1; i < PER_ADDRESS; i++)
        close(greedy[i]);
    for (int i = 0; i < TOTAL - PER_ADDRESS; i++)
        close(others[i]);
    rig_stop(&rig);
}

static void early_ends(void **state)
{
    struct rig rig = rig_start(MANY_COMPANIES / 8, NULL, 128, 32);

    (void)state;
    for (int i = 0; i < 30; i++) {
        int descriptor = client(&rig);
        put_text(descriptor, i % 3 == 0 ? "GET /met" : "GET /metrics" CLOSE);
        if (i % 3 == 1)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        if (i % 3 == 2)
            shutdown(descriptor, SHUT_WR);
        close(descriptor);
    }
    /* One that has said all it has to say still gets its answer. */
    int half = client(&rig);
    put_text(half, "GET /metrics" CLOSE);
    shutdown(half, SHUT_WR);
    char *answer = rest_of(half);
    assert_int_equal(status_of(answer), 200);
    assert_int_equal(content_length(answer), strlen(body_of(answer)));
    free(answer);
    assert_still_serves(&rig);
    rig_stop(&rig);
}

/* Out of descriptors the waiting connection is neither lost nor turned around without end. */
static void descriptors_run_out(void **state)
{
    struct rig rig = rig_usual();
    struct rlimit usual, tight;
    struct timespec before, after;

    (void)state;
    int next = dup(0);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    tight = usual;
    tight.rlim_cur = (rlim_t)next + 1; /* one more, for the client */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int descriptor = client(&rig);
    put_text(descriptor, "GET /-/healthy" CLOSE);
    struct pollfd answered = {.fd = descriptor, .events = POLLIN};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    int early = poll(&answered, 1, 400);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(early, 0);
    assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 200);
    char *answer = rest_of(descriptor);
    assert_int_equal(status_of(answer), 200);
    free(answer);
    rig_stop(&rig);
}

/* ---- start and stop ----------------------------------------------------------------------------------------------- */

static void starts_and_stops(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct rig rig = rig_usual();
        int waiting = client(&rig), asking = client(&rig);
        put_text(asking, "GET /metrics" CLOSE);
        if (i % 2 == 0)
            free(rest_of(asking));
        rig_stop(&rig);
        char end;
        assert_true(recv(waiting, &end, 1, 0) <= 0);
        close(waiting);
        if (i % 2 != 0)
            close(asking);
    }
}

ALL_TESTS(cmocka_unit_test(metrics_are_served), cmocka_unit_test(the_style_is_allowed_by_its_hash),
          cmocka_unit_test(words_of_a_server_are_for_this_machine), cmocka_unit_test(life_is_told),
          cmocka_unit_test(a_connection_is_kept), cmocka_unit_test(wrong_requests),
          cmocka_unit_test(the_library_is_strict), cmocka_unit_test(garbage_is_thrown_out),
          cmocka_unit_test(slow_headers_are_cut), cmocka_unit_test(silent_connections_are_cut),
          cmocka_unit_test(slow_readers_are_cut), cmocka_unit_test(bodies_held_are_bounded),
          cmocka_unit_test(connections_are_bounded), cmocka_unit_test(early_ends),
          cmocka_unit_test(descriptors_run_out), cmocka_unit_test(starts_and_stops));
