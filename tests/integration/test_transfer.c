/* The transfer against the polite server, and byte for byte: what goes out, what of an answer is handed over. */
#include "main.h"

#include "integration/network.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "simulator/rude.h"

static struct simulator *server_with(const struct simulator_fault *fault)
{
    struct simulator *server = simulator_start(NULL);

    simulator_add_fault(server, fault);
    return server;
}

static struct rude_player *player_of(const struct rude_step *steps)
{
    static struct rude_script script;

    script = (struct rude_script){.steps = steps};
    return rude_player_start(&script, 1, NULL);
}

static void rows_are_counted(void **state)
{
    struct simulator *server = server_with(&(struct simulator_fault){.status = 200,
                                                                     .body = SIMULATOR_BODY_TEXT,
                                                                     .text = "{\"value\":[{},{}]}",
                                                                     .content_type = "application/json"});
    struct network *network = network_new(simulator_url(server), NULL);
    struct seen *seen = network_ask(network, "/rows");
    const struct answer *answer = &seen->answer;

    (void)state;
    assert_int_equal(answer->failure, REASON_NONE);
    assert_int_equal(answer->status, 200);
    assert_true(seen->has_json);
    assert_int_equal(seen->json_error, JSON_FINE);
    assert_int_equal(seen->rows, 2);
    assert_int_equal(answer->body_bytes, 17);
    assert_string_equal(answer->content_type, "application/json");
    assert_string_equal(answer->text, "");
    assert_int_equal(answer->retry_after_ns, -1);
    assert_int_equal(answer->certificate_expiry_epoch, 0);
    assert_int_equal(answer->phases.tls_ns, -1);
    assert_true(answer->phases.resolve_ns >= 0);
    assert_true(answer->phases.connect_ns >= 0);
    assert_true(answer->sent);
    assert_true(answer->new_connection);
    int64_t wall = clock_now().wall_ns / SECOND_NS;

    assert_in_range(answer->date_epoch, wall - 5, wall + 5);
    network_free(network);
    simulator_stop(server);
}

static void good_text_is_kept_as_asked(void **state)
{
    static const size_t keeps[] = {0, 5, 17, 100};
    struct simulator *server = server_with(&(struct simulator_fault){.status = 200,
                                                                     .body = SIMULATOR_BODY_TEXT,
                                                                     .text = "{\"value\":[{},{}]}",
                                                                     .content_type = "application/json"});
    struct network *network = network_new(simulator_url(server), NULL);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        network->request.keep = keeps[i];
        struct seen *seen = network_ask(network, "/rows");

        assert_int_equal(seen->answer.text_size, keeps[i] > 17 ? 17 : keeps[i]);
        assert_memory_equal(seen->answer.text, "{\"value\":[{},{}]}", seen->answer.text_size);
        assert_int_equal(seen->answer.text_cut, keeps[i] > 0 && keeps[i] < 17);
        assert_true(seen->has_json);
    }
    network->request.wanted = BODY_ANY;
    assert_false(network_ask(network, "/rows")->has_json);
    network->request.wanted = BODY_JSON;
    network->request.method = HTTP_HEAD;
    struct seen *seen = network_ask(network, "/rows");

    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_false(seen->has_json);
    network_free(network);
    simulator_stop(server);
}

static void bad_answer_keeps_its_text(void **state)
{
    struct simulator *server = server_with(&(struct simulator_fault){
        .status = 503,
        .body = SIMULATOR_BODY_TEXT,
        .text = "<html>Service Unavailable</html>",
        .content_type = "text/html",
        .headers = "Retry-After: 7",
    });
    struct network *network = network_new(simulator_url(server), NULL);
    struct seen *seen = network_ask(network, "/rows");

    (void)state;
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->answer.status, 503);
    assert_false(seen->has_json);
    assert_string_equal(seen->answer.text, "<html>Service Unavailable</html>");
    assert_false(seen->answer.text_cut);
    assert_string_equal(seen->answer.content_type, "text/html");
    assert_int_equal(seen->answer.retry_after_ns, 7 * SECOND_NS);
    network_free(network);
    simulator_stop(server);
}

static void redirect_is_an_answer(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct simulator *server = server_with(&(struct simulator_fault){
            .path = "/rows",
            .status = statuses[i],
            .body = SIMULATOR_BODY_TEXT,
            .text = "",
            .headers = "Location: https://user:pass@login.example/adfs/ls?wtrealm=secret#x",
        });
        struct network *network = network_new(simulator_url(server), NULL);
        struct seen *seen = network_ask(network, "/rows");

        assert_int_equal(seen->answer.failure, REASON_NONE);
        assert_int_equal(seen->answer.status, statuses[i]);
        assert_string_equal(seen->answer.location, "https://login.example/adfs/ls");
        assert_int_equal(simulator_requests(server, NULL), 1);
        network_free(network);
        simulator_stop(server);
    }
}

static void request_goes_out_as_ordered(void **state)
{
    static char body[] = "{\"a\":1}";
    static const struct request requests[] = {
        {.method = HTTP_GET},
        {.method = HTTP_HEAD},
        {.method = HTTP_POST},
        {.method = HTTP_POST, .body = body, .body_size = 7, .content_type = "application/json"},
    };
    static const char *const wanted[] = {
        "GET /KineticLive/x%20y?$top=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: epicor_exporter\r\n"
        "Accept-Encoding: gzip\r\nX-Test: value\r\nAccept: application/json\r\n\r\n",
        "HEAD /KineticLive/x%20y?$top=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: epicor_exporter\r\n"
        "Accept-Encoding: gzip\r\nX-Test: value\r\nAccept: application/json\r\n\r\n",
        "POST /KineticLive/x%20y?$top=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: epicor_exporter\r\n"
        "Accept-Encoding: gzip\r\nX-Test: value\r\nAccept: application/json\r\nContent-Length: 0\r\n\r\n",
        "POST /KineticLive/x%20y?$top=1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: epicor_exporter\r\n"
        "Accept-Encoding: gzip\r\nX-Test: value\r\nAccept: application/json\r\n"
        "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
    };
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "token"}, 1, NULL);
    struct network *network = network_new(rude_player_url(player), NULL);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        network->request = requests[i];
        network->request.max_response = 1000;
        assert_int_equal(
            network_await(network, network_start(network, "/x%20y?$top=1", "value"))->answer.failure,
            REASON_NONE);
        char *sent = rude_player_request(player, i);
        char *host = memory_format("127.0.0.1:%u", rude_player_port(player));
        const char *mark = strstr(wanted[i], "%s");
        char *want = memory_format("%.*s%s%s", (int)(mark - wanted[i]), wanted[i], host, mark + 2);

        assert_string_equal(sent, want);
        free(want);
        free(host);
        free(sent);
    }
    network_free(network);
    rude_player_stop(player);
}

/* A body over 1 MiB makes libcurl ask first ("Expect: 100-continue") and wait for a second. */
static void large_body_goes_without_asking(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "good"}, 1, NULL);
    struct network *network = network_new(rude_player_url(player), NULL);

    (void)state;
    network->request.method = HTTP_POST;
    network->request.body_size = 2 << 20;
    network->request.body = memory_new(1, network->request.body_size + 1);
    memset(network->request.body, 'x', network->request.body_size);
    struct seen *seen = network_ask(network, "/x");
    char *sent = rude_player_request(player, 0);

    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_null(strcasestr(sent, "expect"));
    assert_null(strstr(sent, "www-form"));
    free(sent);
    free(network->request.body);
    network_free(network);
    rude_player_stop(player);
}

#define HEADS                                                                                                \
    "HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\nContent-Type: text/html\r\nDate: Sun, 06 Nov 1994 "       \
    "08:49:37 GMT\r\nLocation: /leak\r\n\r\nHTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n"        \
    "2\r\n{}\r\n0\r\nRetry-After: 6\r\nContent-Type: text/plain\r\nLocation: /trailer\r\n\r\n"

static void interim_answers_and_trailers_leave_nothing(void **state)
{
    static const struct rude_step steps[] = {
        {.act = RUDE_AWAIT}, {.act = RUDE_SEND, RUDE_BYTES(HEADS)}, {.act = RUDE_AGAIN}};
    struct rude_player *player = player_of(steps);
    struct network *network = network_new(rude_player_url(player), NULL);
    struct seen *seen = network_ask(network, "/x");

    (void)state;
    assert_int_equal(seen->answer.status, 302);
    assert_string_equal(seen->answer.content_type, "");
    assert_string_equal(seen->answer.location, "");
    assert_int_equal(seen->answer.retry_after_ns, -1);
    assert_int_equal(seen->answer.date_epoch, 0);
    assert_string_equal(seen->answer.text, "{}");
    network_free(network);
    rude_player_stop(player);
}

#define LETTERS_64 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"

/* Of a long error page the beginning is kept; a moderately long one is read to its end, for the connection's sake. */
static void long_bad_body_is_bounded(void **state)
{
    static const struct {
        uint64_t size;
        bool kept_connection;
    } cases[] = {{65536, true}, {65537, true}, {300000, true}, {UINT64_C(1) << 30, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *head = memory_format("HTTP/1.1 500 Internal Server Error\r\nContent-Length: %llu\r\n\r\n",
                                   (unsigned long long)cases[i].size);
        struct rude_step steps[] = {
            {.act = RUDE_AWAIT},
            {.act = RUDE_SEND, .bytes = head, .size = strlen(head)},
            {.act = RUDE_REPEAT, RUDE_BYTES(LETTERS_64), .count = cases[i].size},
            {.act = RUDE_AGAIN},
        };
        struct rude_player *player = player_of(steps);
        struct network *network = network_new(rude_player_url(player), NULL);

        network->request.max_response = 1000; /* of good answers */
        struct seen *seen = network_ask(network, "/x");

        assert_int_equal(seen->answer.failure, REASON_NONE);
        assert_int_equal(seen->answer.status, 500);
        assert_int_equal(seen->answer.text_size, ANSWER_TEXT_MAX);
        assert_int_equal(seen->answer.text_cut, cases[i].size > ANSWER_TEXT_MAX);
        seen = network_ask(network, "/x");
        assert_int_equal(seen->answer.new_connection, !cases[i].kept_connection);
        network_free(network);
        rude_player_stop(player);
        free(head);
    }
}

static void too_large_is_said_at_once(void **state)
{
    static const struct rude_step announced[] = {
        {.act = RUDE_AWAIT},
        {.act = RUDE_SEND, RUDE_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{")},
        {.act = RUDE_SILENCE}};
    static const struct rude_step exact[] = {
        {.act = RUDE_AWAIT},
        {.act = RUDE_SEND, RUDE_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}")},
        {.act = RUDE_REPEAT, RUDE_BYTES(" "), .count = 998},
        {.act = RUDE_AGAIN}};
    static const struct rude_step *const both[] = {announced, exact};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rude_player *player = player_of(both[i]);
        struct network *network = network_new(rude_player_url(player), NULL);

        network->request.max_response = 1000;
        struct seen *seen = network_ask(network, "/x");

        assert_int_equal(seen->answer.failure, i == 0 ? REASON_TOO_LARGE : REASON_NONE);
        assert_true(seen->answer.duration_ns < 5 * SECOND_NS);
        network_free(network);
        rude_player_stop(player);
    }
}

static void certificate_faults_are_told(void **state)
{
    static const struct {
        enum simulator_certificate certificate;
        enum reason failure;
        const char *detail;
    } cases[] = {
        {SIMULATOR_TLS_VALID, REASON_NONE, ""},
        {SIMULATOR_TLS_EXPIRED, REASON_TLS, "certificate has expired"},
        {SIMULATOR_TLS_NOT_YET_VALID, REASON_TLS, "certificate is not yet valid"},
        {SIMULATOR_TLS_SELF_SIGNED, REASON_TLS, "self-signed certificate"},
        {SIMULATOR_TLS_WRONG_NAME, REASON_TLS,
         "the certificate is for another name: SSL: no alternative certificate subject name matches target "
         "host name 'localhost'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct simulator *server = simulator_start(
            &(struct simulator_options){.certificate = cases[i].certificate});
        struct network *network = network_new(simulator_url(server), simulator_ca_file(server));
        struct seen *seen = network_ask(network, "/x");

        assert_int_equal(seen->answer.failure, cases[i].failure);
        assert_string_equal(seen->answer.detail, cases[i].detail);
        assert_int_equal(seen->answer.sent, cases[i].failure == REASON_NONE);
        assert_true(seen->answer.new_connection);
        assert_int_equal(seen->answer.certificate_expiry_epoch, simulator_certificate_not_after(server));
        assert_int_equal(simulator_requests(server, NULL), cases[i].failure == REASON_NONE);
        if (cases[i].failure == REASON_NONE) {
            assert_true(seen->answer.phases.tls_ns > 0);
            seen = network_ask(network, "/x");
            assert_false(seen->answer.new_connection);
            assert_int_equal(seen->answer.certificate_expiry_epoch, 0);
            assert_int_equal(seen->answer.phases.tls_ns, -1);
            network->request.fresh = true; /* no session is resumed, so the certificate is seen again */
            seen = network_ask(network, "/x");
            assert_int_equal(seen->answer.certificate_expiry_epoch, simulator_certificate_not_after(server));
        }
        network_free(network);
        simulator_stop(server);
    }
}

static void system_ca_set_trusts_no_stranger(void **state)
{
    struct simulator *server = simulator_start(
        &(struct simulator_options){.certificate = SIMULATOR_TLS_VALID});
    struct network *network = network_new(simulator_url(server), NULL);
    struct seen *seen = network_ask(network, "/x");

    (void)state;
    assert_int_equal(seen->answer.failure, REASON_TLS);
    assert_string_equal(seen->answer.detail, "unable to get local issuer certificate");
    assert_int_equal(seen->answer.certificate_expiry_epoch, simulator_certificate_not_after(server));
    network_free(network);
    simulator_stop(server);
}

static void ca_file_has_to_be_one(void **state)
{
    static const char *const files[] = {"/nonexistent/ca.pem", "/dev/null", TESTS_DIR "/main.h", "/"};
    struct simulator *server = simulator_start(
        &(struct simulator_options){.certificate = SIMULATOR_TLS_VALID});

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct network *network = network_new(simulator_url(server), files[i]);

        assert_non_null(transfer_trust(network->transfer, &network->appserver));
        uint64_t ticket = network_start(network, "/x", NULL);

        assert_int_equal(network->answered, 0); /* never from within start */
        struct seen *seen = network_await(network, ticket);

        assert_int_equal(seen->answer.failure, REASON_TLS);
        assert_non_null(strstr(seen->answer.detail, "tls_ca_file"));
        assert_false(seen->answer.sent);
        struct appserver_settings other = {0}, system = {0};

        other.tls_ca_file = memory_copy_text(simulator_ca_file(server));
        assert_null(transfer_trust(network->transfer, &other));
        assert_null(transfer_trust(network->transfer, &system));
        free(other.tls_ca_file);
        network_free(network);
    }
    simulator_stop(server);
}

/* gzip in one member or two, in one piece or in many, larger than what is taken in one turn: nothing of it is lost. */
static void gzip_is_unfolded(void **state)
{
    enum { ROWS = 200000 };
    struct {
        bool chunked;
        uLong pieces;
    } cases[] = {{false, 1}, {true, 1}, {false, 2}, {true, 3}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct buffer plain, head;
        uLong bound = 0, size = 0;

        buffer_init(&plain, 64 << 20);
        buffer_text(&plain, "{\"value\":[{}");
        for (int row = 1; row < ROWS; row++)
            buffer_text(&plain, ",{\"OrderHed_OrderNum\":100,\"Customer_Name\":\"Acme\"}");
        buffer_text(&plain, "]}");
        bound = compressBound(plain.size) + 1000;
        unsigned char *packed = memory_new(bound, 1);

        for (uLong piece = 0; piece < cases[i].pieces; piece++) {
            size_t from = plain.size * piece / cases[i].pieces,
                   to = plain.size * (piece + 1) / cases[i].pieces;
            z_stream stream = {0};

            assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                             Z_OK);
            stream.next_in = (unsigned char *)plain.data + from;
            stream.avail_in = (uInt)(to - from);
            stream.next_out = packed + size;
            stream.avail_out = (uInt)(bound - size);
            assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
            size = bound - stream.avail_out;
            deflateEnd(&stream);
        }
        buffer_init(&head, 1000);
        buffer_text(&head, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n");
        if (cases[i].chunked)
            buffer_format(&head, "Transfer-Encoding: chunked\r\n\r\n%lx\r\n", size);
        else
            buffer_format(&head, "Content-Length: %lu\r\n\r\n", size);
        struct rude_step steps[] = {{.act = RUDE_AWAIT},
                                    {.act = RUDE_SEND, .bytes = head.data, .size = head.size},
                                    {.act = RUDE_SEND, .bytes = packed, .size = size},
                                    {.act = RUDE_SEND, RUDE_BYTES("\r\n0\r\n\r\n")},
                                    {.act = RUDE_AGAIN}};
        if (!cases[i].chunked)
            steps[3] = steps[4];
        struct rude_player *player = player_of(steps);
        struct network *network = network_new(rude_player_url(player), NULL);

        for (int again = 0; again < 2; again++) { /* and the connection is good for another */
            struct seen *seen = network_ask(network, "/x");

            assert_string_equal(seen->answer.detail, "");
            assert_int_equal(seen->json_error, JSON_FINE);
            assert_int_equal(seen->rows, ROWS);
            assert_int_equal(seen->answer.body_bytes, plain.size);
            assert_int_equal(seen->answer.new_connection, again == 0);
        }
        network_start(network, "/x", NULL); /* is freed amid the unfolding */
        network_turn_until(network, 3, 5 * MILLISECOND_NS);
        network_free(network);
        rude_player_stop(player);
        free(packed);
        buffer_free(&plain);
        buffer_free(&head);
    }
}

ALL_TESTS(cmocka_unit_test(gzip_is_unfolded), cmocka_unit_test(rows_are_counted),
          cmocka_unit_test(good_text_is_kept_as_asked), cmocka_unit_test(bad_answer_keeps_its_text),
          cmocka_unit_test(redirect_is_an_answer), cmocka_unit_test(request_goes_out_as_ordered),
          cmocka_unit_test(large_body_goes_without_asking),
          cmocka_unit_test(interim_answers_and_trailers_leave_nothing),
          cmocka_unit_test(long_bad_body_is_bounded), cmocka_unit_test(too_large_is_said_at_once),
          cmocka_unit_test(certificate_faults_are_told), cmocka_unit_test(system_ca_set_trusts_no_stranger),
          cmocka_unit_test(ca_file_has_to_be_one));
