#include "main.h"

#include "integration/web_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/match.h"
#include "unit/report/sample.h"
#include "web/tls_credential.h"

const struct web_speaker web_speakers[] = {{"", true},
                                           {"X-Forwarded-For: 203.0.113.9\r\n", false},
                                           {"x-forwarded-for:\r\n", false},
                                           {"Forwarded: for=203.0.113.9\r\n", false},
                                           {"Via: 1.1 proxy\r\n", false},
                                           {"X-Real-IP: 203.0.113.9\r\n", false},
                                           {"X-Forwarded-Host: erp.example.com\r\n", false},
                                           {"X-Forwarded-Proto: https\r\n", false},
                                           {NULL, false}};

static void start(struct web_rig *rig, const struct web_settings *settings, const struct web_options *options)
{
    char *error = NULL;

    rig->report = report_new(rig->model, clock_now(), "1.2.3", "abc");
    report_ready(rig->report, true);
    report_turn(rig->report, MILLISECOND_NS, clock_now());
    rig->server = web_server_start(settings, rig->report, "1.2.3", options, &error);
    if (rig->server == NULL)
        fail_msg("%s", error);
    int64_t port = 0;
    const char *address = web_server_address(rig->server, 0);
    assert_true(text_to_int64(span_of(strrchr(address, ':') + 1), &port));
    assert_true(port > 0);
    assert_null(web_server_address(rig->server, 1));
    rig->port = (int)port;
}

struct web_rig web_rig_start(size_t companies, const struct web_options *options, int64_t connections,
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
    struct web_rig rig = {
        .model = sample_model_large(companies, "username = watch\npassword = secret\napi_key = key\n")};

    start(&rig, &settings, options);
    return rig;
}

struct model *web_rig_model(const char *folder, const char *web)
{
    struct fault_list faults = {0};
    struct config_schema schema = sample_schema;
    char *path = memory_format("%s/web.ini", folder);
    char *text = memory_format("[web]\nlisten_address = 0.0.0.0:0\n%s\n[appserver live]\nurl = https://h/K\n"
                               "auth = none\napi_version = v1\n",
                               web);

    schema.check_web = tls_files_check;
    struct model *model = model_read(path, span_of(text), NULL, &schema, &faults);
    if (model == NULL)
        fail_msg("%s", faults.items[0].text);
    fault_list_free(&faults);
    free(text);
    free(path);
    return model;
}

struct web_rig web_rig_configured(const char *folder, const char *web, const struct web_options *options)
{
    struct web_rig rig = {.model = web_rig_model(folder, web)};

    start(&rig, &rig.model->web, options);
    return rig;
}

void web_rig_reload(struct web_rig *rig, const char *folder, const char *web)
{
    struct model *model = web_rig_model(folder, web);
    struct model_match match = model_match(rig->model, model);

    report_reload(rig->report, model, &match, clock_now());
    model_match_free(&match);
    model_unref(rig->model);
    rig->model = model;
}

struct web_rig web_rig_usual(void)
{
    return web_rig_start(1, NULL, 128, 32);
}

void web_rig_stop(struct web_rig *rig)
{
    web_server_stop(rig->server);
    report_free(rig->report);
    model_unref(rig->model);
}

void web_rig_fail(struct web_rig *rig, size_t target)
{
    struct probe_result result = {.reason = REASON_NOT_FOUND,
                                  .status = 404,
                                  .message = (char[]){"<b>no such BAQ</b>"},
                                  .correlation = (char[]){"c0ffee"}};
    struct run_record record = {.ended = clock_now(),
                                .due_next_boot_ns = clock_now().boot_ns + MINUTE_NS,
                                .asked = true,
                                .timed = true,
                                .duration_ns = MILLISECOND_NS,
                                .phases = {-1, -1, -1, -1, -1},
                                .result = &result};

    report_run(report_target(rig->report, target), &record);
}

int web_client_from(const struct web_rig *rig, const char *from, int receive_buffer)
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

int web_client(const struct web_rig *rig)
{
    return web_client_from(rig, "127.0.0.1", 0);
}

void web_put(int descriptor, const char *bytes, size_t size)
{
    (void)!send(descriptor, bytes, size, MSG_NOSIGNAL); /* the server may have closed already */
}

void web_put_text(int descriptor, const char *text)
{
    web_put(descriptor, text, strlen(text));
}

/* Everything until the server closes; the caller frees. A server that does not close within the patience fails. */
char *web_rest(int descriptor)
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

char *web_ask_bytes(const struct web_rig *rig, const char *bytes, size_t size)
{
    int descriptor = web_client(rig);

    web_put(descriptor, bytes, size);
    return web_rest(descriptor);
}

char *web_ask(const struct web_rig *rig, const char *method, const char *target, const char *more)
{
    char *request = memory_format("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", method,
                                  target, more);
    char *answer = web_ask_bytes(rig, request, strlen(request));

    free(request);
    return answer;
}

int web_status(const char *answer)
{
    int64_t status = 0;

    if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strlen(answer) < 12 ||
        !text_to_int64((struct span){answer + 9, 3}, &status))
        fail_msg("no status line: %.200s", answer);
    return (int)status;
}

/* The value of a header, owned; NULL when there is none. */
char *web_header(const char *answer, const char *name)
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

void web_assert_header(const char *answer, const char *name, const char *wanted)
{
    char *value = web_header(answer, name);

    if (value == NULL || strcmp(value, wanted) != 0)
        fail_msg("%s: %s, wanted %s", name, value, wanted);
    free(value);
}

const char *web_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

size_t web_content_length(const char *answer)
{
    char *value = web_header(answer, "Content-Length");
    int64_t length = -1;

    assert_non_null(value);
    assert_true(text_to_int64(span_of(value), &length));
    free(value);
    return (size_t)length;
}

/* One answer on a connection that is kept. */
void web_read_kept(int descriptor, bool head)
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
            want = have + (head ? 0 : web_content_length(text));
    }
    assert_int_equal(web_status(text), 200);
}

void web_assert_serves(const struct web_rig *rig)
{
    char *answer = web_ask(rig, "GET", "/-/healthy", "");

    assert_int_equal(web_status(answer), 200);
    free(answer);
}
