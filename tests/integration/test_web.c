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
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "metrics/text_format.h"
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

static inline void put_text(int descriptor, const char *text)
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
    assert_header(answer, "Content-Type", TEXT_FORMAT_CONTENT_TYPE);
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

ALL_TESTS(cmocka_unit_test(metrics_are_served));
