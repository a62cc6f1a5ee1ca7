/* Answers packed for who takes them so, over real sockets. */
#include "main.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "integration/web_rig.h"
#include "unit/web/unpack.h"

#define ROOM ((size_t)64 << 20)

/* What the server sent until it closed. */
static struct buffer answer_to(const struct web_rig *rig, const char *method, const char *target,
                               const char *more)
{
    struct buffer answer, request;
    char part[65536];
    int descriptor = web_client(rig);
    ssize_t got;

    buffer_init(&request, 4096);
    buffer_format(&request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method, target, more);
    web_put(descriptor, request.data, request.size);
    buffer_init(&answer, ROOM);
    while ((got = recv(descriptor, part, sizeof part, 0)) > 0)
        assert_true(buffer_append(&answer, part, (size_t)got));
    assert_int_equal(got, 0);
    close(descriptor);
    buffer_free(&request);
    return answer;
}

static void assert_no_header(const char *answer, const char *name)
{
    char *value = web_header(answer, name);

    if (value != NULL)
        fail_msg("%s: %s", name, value);
}

static void assert_varies(const char *answer)
{
    char *value = web_header(answer, "Vary");

    assert_non_null(value);
    assert_non_null(strstr(value, "Accept-Encoding"));
    free(value);
}

/* The body unpacked, owned. */
static char *unpacked(const struct buffer *answer)
{
    const char *body = web_body(answer->data);
    size_t size = answer->size - (size_t)(body - answer->data), plain = 0;

    web_assert_header(answer->data, "Content-Encoding", "gzip");
    assert_int_equal(web_content_length(answer->data), size);
    return unpack(body, size, ROOM, &plain);
}

/* Small pages are packed by the web thread, large ones by the worker; both look the same from outside. */
static void pages_of_both_sizes(void **state)
{
    static const size_t companies[] = {1, WEB_MANY_COMPANIES};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct web_rig rig = web_rig_start(companies[i], NULL, 128, 32);
        struct buffer plain = answer_to(&rig, "GET", "/metrics", "");
        struct buffer packed = answer_to(&rig, "GET", "/metrics", "Accept-Encoding: br, gzip;q=0.5\r\n");
        struct buffer head = answer_to(&rig, "HEAD", "/metrics", "Accept-Encoding: gzip\r\n");
        char *text = unpacked(&packed);
        assert_int_equal(web_status(packed.data), 200);
        web_assert_header(packed.data, "X-Content-Type-Options", "nosniff");
        assert_varies(plain.data);
        assert_varies(packed.data);
        assert_no_header(plain.data, "Content-Encoding");
        assert_non_null(strstr(text, "\nepicor_exporter_build_info{"));
        assert_int_equal(text[strlen(text) - 1], '\n');
        assert_true(strlen(text) > 1000);
        assert_true(web_content_length(packed.data) * 3 < web_content_length(plain.data));

        web_assert_header(head.data, "Content-Encoding", "gzip");
        assert_true(web_content_length(head.data) > 0);
        assert_true(web_content_length(head.data) * 3 < web_content_length(plain.data));
        assert_string_equal(web_body(head.data), "");
        free(text);
        buffer_free(&plain);
        buffer_free(&packed);
        buffer_free(&head);
        web_rig_stop(&rig);
    }
}

static void who_does_not_take_it(void **state)
{
    static const struct {
        const char *target, *more;
        int status;
        const char *encoding;
    } cases[] = {
        {"/", "Accept-Encoding: gzip\r\n", 200, "gzip"},
        {"/", "Accept-Encoding: *\r\n", 200, "gzip"},
        {"/", "Accept-Encoding: identity;q=0\r\naccept-encoding: x-gzip\r\n", 200, "gzip"},
        {"/", "Accept-Encoding: gzip;q=0\r\n", 200, NULL},
        {"/", "Accept-Encoding: br\r\n", 200, NULL},
        {"/", "", 200, NULL},
        {"/-/healthy", "Accept-Encoding: gzip\r\n", 200, NULL}, /* too small to be worth it */
        {"/nothing", "Accept-Encoding: gzip\r\n", 404, NULL},
    };
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer answer = answer_to(&rig, "GET", cases[i].target, cases[i].more);
        assert_int_equal(web_status(answer.data), cases[i].status);
        if (cases[i].encoding != NULL)
            free(unpacked(&answer));
        else
            assert_no_header(answer.data, "Content-Encoding");
        buffer_free(&answer);
    }
    web_rig_stop(&rig);
}

/* While the worker packs, all that is held counts; afterwards there is room again. */
static void what_is_packed_is_held(void **state)
{
    struct web_options options = web_options_default;
    options.response_bytes = 12 << 20; /* a page, and what packing it may need */
    struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES, &options, 128, 32);
    int gone[8];

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        gone[i] = web_client(&rig);
        web_put_text(gone[i], "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    }
    for (size_t i = 0; i < 8; i++)
        close(gone[i]);
    for (int status = 503; status != 200;) {
        struct buffer answer = answer_to(&rig, "GET", "/metrics", "Accept-Encoding: gzip\r\n");
        status = web_status(answer.data);
        assert_true(status == 200 || status == 503);
        if (status == 200)
            free(unpacked(&answer));
        buffer_free(&answer);
    }
    web_rig_stop(&rig);
}

static void the_server_ends_meanwhile(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct web_rig rig = web_rig_start(WEB_MANY_COMPANIES / 2, NULL, 128, 32);
        int asking[4];
        for (size_t j = 0; j < 4; j++) {
            asking[j] = web_client(&rig);
            web_put_text(asking[j], "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
        }
        free(web_ask(&rig, "GET", "/-/healthy", ""));
        web_rig_stop(&rig);
        for (size_t j = 0; j < 4; j++)
            close(asking[j]);
    }
}

ALL_TESTS(cmocka_unit_test(pages_of_both_sizes), cmocka_unit_test(who_does_not_take_it),
          cmocka_unit_test(what_is_packed_is_held), cmocka_unit_test(the_server_ends_meanwhile));
