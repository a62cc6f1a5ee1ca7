/* The transfer against the rude player: each bad server is one row, and what libcurl makes of it must come out as a reason. */
#include "main.h"

#include "integration/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "simulator/rude.h"

/* How much longer things may take under a sanitizer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW 10
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SLOW 10
#endif
#endif
#ifndef SLOW
#define SLOW 1
#endif

#define SHORT (400 * MILLISECOND_NS)
#define LONG  (20 * SECOND_NS)

static const struct bad_server {
    const char *script;
    int64_t timeout_ns;
    enum reason failure;
    int status;
    int json; /* enum json_error; -1: no JSON */
    const char *detail;
} bad_servers[] = {
    {"good", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"token", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"cut_before_reading", LONG, REASON_CONNECTION_LOST, 0, -1, "closed without an answer"},
    {"silence", SHORT, REASON_TIMEOUT, 0, -1, "no answer within 400ms"},
    {"deaf", SHORT, REASON_TIMEOUT, 0, -1, "no answer within 400ms"},
    {"cut", LONG, REASON_CONNECTION_LOST, 0, -1, "closed without an answer"},
    {"reset", LONG, REASON_CONNECTION_LOST, 0, -1, "before the answer: Connection reset by peer"},
    {"half_status_line", LONG, REASON_CONNECTION_LOST, 0, -1, "closed"},
    {"half_header", LONG, REASON_CONNECTION_LOST, 0, -1, "amid the answer's header"},
    {"no_blank_line", LONG, REASON_CONNECTION_LOST, 0, -1, "amid the answer's header"},
    {"head_then_silence", SHORT, REASON_TIMEOUT, 0, -1, "header did not end within 400ms"},
    {"half_body", LONG, REASON_CONNECTION_LOST, 200, -1, "closed amid the answer's body"},
    {"half_body_reset", LONG, REASON_CONNECTION_LOST, 200, -1, "amid the answer's body: Connection reset"},
    {"half_body_silence", SHORT, REASON_TIMEOUT, 200, -1, "body did not end within 400ms"},
    {"length_too_short", LONG, REASON_NONE, 200, JSON_TRUNCATED, ""},
    {"length_negative", LONG, REASON_INVALID_RESPONSE, 0, -1, "not HTTP: Invalid Content-Length"},
    {"length_not_a_number", LONG, REASON_INVALID_RESPONSE, 0, -1, "not HTTP: Invalid Content-Length"},
    {"lengths_differ", LONG, REASON_NONE, 200, JSON_TRUNCATED, ""},
    {"bad_chunk_size", LONG, REASON_INVALID_RESPONSE, 200, -1, "not chunked"},
    {"huge_chunk_size", LONG, REASON_INVALID_RESPONSE, 200, -1, "not chunked"},
    {"cut_chunked", LONG, REASON_CONNECTION_LOST, 200, -1, "closed amid the answer's body"},
    {"nul_in_header", LONG, REASON_INVALID_RESPONSE, 0, -1, "not HTTP: Nul byte in header"},
    {"nul_in_body", LONG, REASON_NONE, 200, JSON_UNEXPECTED, ""},
    {"huge_header_line", LONG, REASON_INVALID_RESPONSE, 0, -1, "header is too large"},
    {"endless_headers", LONG, REASON_INVALID_RESPONSE, 0, -1, "header is too large"},
    {"invalid_utf8", LONG, REASON_NONE, 200, JSON_UTF8, ""},
    {"interim_100", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"interim_102", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"interim_103", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"interim_only", LONG, REASON_CONNECTION_LOST, 0, -1, "closed"},
    {"interim_endless", LONG, REASON_INVALID_RESPONSE, 0, -1, "header is too large"},
    {"switching_101", LONG, REASON_INVALID_RESPONSE, 101, -1, "switched to another protocol"},
    {"garbage", LONG, REASON_INVALID_RESPONSE, 0, -1, "does not begin as HTTP"},
    {"old_http", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"http_9", LONG, REASON_INVALID_RESPONSE, 0, -1, "does not begin as HTTP"},
    {"status_words", LONG, REASON_INVALID_RESPONSE, 0, -1, "does not begin as HTTP"},
    {"zeros", LONG, REASON_TOO_LARGE, 200, -1, "larger than max_response: 2GiB"},
    {"endless_rows", LONG, REASON_TOO_LARGE, 200, -1, "larger than max_response: 64MiB"},
    {"dripping_header", SHORT, REASON_TIMEOUT, 0, -1, "header did not end within 400ms"},
    {"dripping_body", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"broken_gzip", LONG, REASON_INVALID_RESPONSE, 200, -1, "not compressed as was asked for"},
    {"cut_gzip", LONG, REASON_INVALID_RESPONSE, 200, -1, "not compressed as was asked for"},
    {"half_401", LONG, REASON_NONE, 401, -1, "closed amid the answer's body"},
    {"half_401_reset", LONG, REASON_NONE, 401, -1, "amid the answer's body: Connection reset"},
    {"half_401_silence", SHORT, REASON_NONE, 401, -1, "body did not end within 400ms"},
    {"bad_chunk_401", LONG, REASON_NONE, 401, -1, "not chunked"},
    {"broken_gzip_401", LONG, REASON_NONE, 401, -1, "not compressed as was asked for"},
    {"no_blank_line_401", LONG, REASON_NONE, 401, -1, "amid the answer's header"},
    {"gzip_bomb", LONG, REASON_TOO_LARGE, 200, -1, "larger than max_response: 64MiB"},
    {"unknown_encoding", LONG, REASON_INVALID_RESPONSE, 200, -1, "not compressed as was asked for"},
    {"kept_dies", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"kept_resets", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"kept_closes", LONG, REASON_NONE, 200, JSON_FINE, ""},
    {"body_after_204", LONG, REASON_NONE, 204, JSON_EMPTY, ""},
    {"early_answer", LONG, REASON_NONE, 200, JSON_FINE, ""},
};

static const struct bad_server *row_of(const char *script)
{
    for (size_t i = 0; i < sizeof bad_servers / sizeof bad_servers[0]; i++)
        if (strcmp(bad_servers[i].script, script) == 0)
            return &bad_servers[i];
    return NULL;
}

static void play(const struct bad_server *row, enum simulator_certificate certificate)
{
    struct rude_script script = {.name = row->script};
    struct rude_player *player = rude_player_start(&script, 1,
                                                   &(struct rude_options){.certificate = certificate});
    struct network *network = network_new(rude_player_url(player), rude_player_ca_file(player));

    network->timeout_ns = row->timeout_ns;
    if (strcmp(row->script, "zeros") != 0)
        network->request.max_response = 64 << 20;
    else
        network->request.max_response = UINT64_C(2) << 30;
    struct seen *seen = network_ask(network, "/x");

    assert_string_equal(reason_name(seen->answer.failure), reason_name(row->failure));
    assert_int_equal(seen->answer.status, row->status);
    assert_int_equal(seen->has_json ? (int)seen->json_error : -1, row->json);
    assert_non_null(strstr(seen->answer.detail, row->detail));
    assert_false(seen->answer.resent);
    network_free(network);
    rude_player_stop(player);
}

/* Every script that the player has is a row here, so that a new one is not forgotten. */
static void each_bad_server_is_an_outcome(void **state)
{
    const char *name, *description;

    (void)state;
    for (size_t i = 0; rude_script_name(i, &name, &description); i++) {
        const struct bad_server *row = row_of(name);

        if (strcmp(name, "reset_before_reading") == 0) /* below: not always the same words */
            continue;
        if (row == NULL)
            fail_msg("no row for %s (%s)", name, description);
        play(row, SIMULATOR_PLAIN_HTTP);
    }
}

/* The reset may come before the connection is seen to stand, or after the request: a lost connection either way. */
static void reset_at_once(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "reset_before_reading"}, 1,
                                                   NULL);
    struct network *network = network_new(rude_player_url(player), NULL);
    struct seen *seen = network_ask(network, "/x");

    (void)state;
    assert_int_equal(seen->answer.failure, REASON_CONNECTION_LOST);
    assert_non_null(strstr(seen->answer.detail, "onnection"));
    network_free(network);
    rude_player_stop(player);
}

/* Of each bad server over TLS the same is to be said; only of a cut or a reset TLS tells more, or less. */
static void bad_servers_over_tls(void **state)
{
    static const char *const same[] = {"good",        "silence",       "half_header", "half_body_silence",
                                       "nul_in_body", "switching_101", "garbage",     "bad_chunk_size"};

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        play(row_of(same[i]), SIMULATOR_TLS_VALID);
}

/* What answers at an https URL is no TLS, or ends amid the handshake, or says nothing. */
static void handshakes_that_fail(void **state)
{
    static const struct {
        const char *script;
        enum reason failure;
        const char *detail;
    } cases[] = {
        {"early_answer", REASON_TLS, "the TLS handshake failed: "},
        {"cut_before_reading", REASON_TLS, "the TLS handshake failed: "},
        {"deaf", REASON_TIMEOUT, "the TLS handshake did not end within 400ms"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rude_script script = {.name = cases[i].script};
        struct rude_player *player = rude_player_start(&script, 1, NULL);
        char *url = memory_format("https://127.0.0.1:%u", rude_player_port(player));
        struct network *network = network_new(url, NULL);

        network->connect_timeout_ns = SHORT;
        struct seen *seen = network_ask(network, "/x");

        assert_string_equal(reason_name(seen->answer.failure), reason_name(cases[i].failure));
        assert_ptr_equal(strstr(seen->answer.detail, cases[i].detail), seen->answer.detail);
        assert_false(seen->answer.sent);
        assert_true(seen->answer.new_connection);
        assert_int_equal(seen->answer.certificate_expiry_epoch, 0);
        network_free(network);
        free(url);
        rude_player_stop(player);
    }
}

static int listener(int backlog, struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(descriptor, (struct sockaddr *)address, size), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)address, &size), 0);
    if (backlog >= 0)
        assert_int_equal(listen(descriptor, backlog), 0);
    return descriptor;
}

/* A process without a free descriptor says nothing of the server. */
static void no_descriptor_is_internal(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "good"}, 1,
                                                   &(struct rude_options){0});
    struct network *network = network_new(rude_player_url(player), NULL);
    struct rlimit before, none;
    int first_free = dup(0);

    (void)state;
    close(first_free);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)first_free;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct seen *seen = network_ask(network, "/a");

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(seen->answer.failure, REASON_INTERNAL);
    assert_string_equal(seen->answer.detail, "no socket could be opened: Too many open files");
    assert_false(seen->answer.sent);
    seen = network_ask(network, "/b");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    network_free(network);
    rude_player_stop(player);
}

static void closed_port_is_connect(void **state)
{
    struct sockaddr_in address;
    int descriptor = listener(-1, &address); /* bound and not listening: nobody else gets the port */
    char *url = memory_format("http://127.0.0.1:%u", ntohs(address.sin_port));
    struct network *network = network_new(url, NULL);
    struct seen *seen = network_ask(network, "/x");

    (void)state;
    assert_int_equal(seen->answer.failure, REASON_CONNECT);
    assert_string_equal(seen->answer.detail, "no connection could be made: Connection refused");
    assert_false(seen->answer.sent);
    assert_false(seen->answer.new_connection);
    assert_int_equal(seen->answer.phases.connect_ns, -1);
    network_free(network);
    free(url);
    close(descriptor);
}

/* A full queue of unaccepted connections drops what knocks further, as a firewall does. */
static void unanswered_knocking_is_connect(void **state)
{
    struct sockaddr_in address;
    int descriptor = listener(0, &address), knocking[8];
    char *url = memory_format("http://127.0.0.1:%u", ntohs(address.sin_port));

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        knocking[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(knocking[i], (struct sockaddr *)&address, sizeof address);
    }
    struct network *network = network_new(url, NULL);

    network->connect_timeout_ns = SHORT;
    struct seen *seen = network_ask(network, "/x");

    assert_int_equal(seen->answer.failure, REASON_CONNECT);
    assert_string_equal(seen->answer.detail, "no TCP connection within 400ms");
    assert_false(seen->answer.new_connection);
    network_free(network);
    free(url);
    for (size_t i = 0; i < 8; i++)
        close(knocking[i]);
    close(descriptor);
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void large_answers_cost_no_memory(void **state)
{
    static const char *const scripts[] = {"endless_rows", "gzip_bomb", "endless_headers", "interim_endless"};

    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct rude_script script = {.name = scripts[i]};
        struct rude_player *player = rude_player_start(&script, 1, NULL);
        struct network *network = network_new(rude_player_url(player), NULL);
        size_t before, most = 0;

        network->request.max_response = 256 << 20;
        network_start(network, "/x", NULL);
        network_turn_until(network, 1, 20 * MILLISECOND_NS);
        before = resident_bytes();
        while (network->answered == 0) {
            size_t now = resident_bytes();

            most = now > most ? now : most;
            network_turn_until(network, 1, 20 * MILLISECOND_NS);
        }
        assert_true(most < before + ((SLOW == 1 ? 4 : 32) << 20));
        assert_true(network->longest_turn_ns < 250 * MILLISECOND_NS * SLOW);
        network_free(network);
        rude_player_stop(player);
    }
}

/* Hung transfers beside it do not slow a transfer down, can be cancelled, and can be freed. */
static void hung_transfers_are_no_burden(void **state)
{
    enum { HUNG = 400 };
    struct sockaddr_in address;
    int descriptor = listener(4096, &address); /* takes connections and never answers */
    char *url = memory_format("http://127.0.0.1:%u", ntohs(address.sin_port));
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "good"}, 1, NULL);
    struct network *network = network_new(url, NULL);
    struct transport *transport = transfer_transport(network->transfer);

    (void)state;
    network->last_ticket = NETWORK_TICKETS;
    for (int i = 0; i < HUNG; i++)
        network_start(network, "/hung", NULL);
    network_turn_until(network, 1, 200 * MILLISECOND_NS);
    assert_int_equal(network->answered, 0);
    network->base = rude_player_url(player);
    uint64_t after = network->last_ticket;

    network->last_ticket = 0;
    struct moment begin = clock_now();

    for (int i = 0; i < 50; i++)
        assert_int_equal(network_ask(network, "/x")->answer.failure, REASON_NONE);
    assert_true(clock_now().boot_ns - begin.boot_ns < SECOND_NS * SLOW);
    for (uint64_t ticket = NETWORK_TICKETS + 1; ticket <= after; ticket += 2)
        transport->cancel(transport, ticket);
    transport->cancel(transport, after + 1000); /* never was */
    transport->cancel(transport, 1);            /* was answered */
    assert_int_equal(network_ask(network, "/x")->answer.failure, REASON_NONE);
    assert_int_equal(network->answered, 51);
    network_free(network);
    rude_player_stop(player);
    free(url);
    close(descriptor);
}

/* Of many that end in one time-out each is told once, in time. */
static void time_outs_come_in_time(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "silence"}, 1, NULL);
    struct network *network = network_new(rude_player_url(player), NULL);

    (void)state;
    for (int64_t i = 1; i <= 20; i++) {
        network->timeout_ns = (i + 9) * 20 * MILLISECOND_NS; /* enough for connecting on a busy machine */
        network_start(network, "/x", NULL);
    }
    struct moment begin = clock_now();

    assert_true(network_turn_until(network, 20, 5 * SECOND_NS));
    for (int64_t i = 1; i <= 20; i++) {
        const struct seen *seen = &network->seen[i];

        assert_int_equal(seen->count, 1);
        assert_int_equal(seen->answer.failure, REASON_TIMEOUT);
        assert_true(seen->answer.duration_ns >= ((i + 9) * 20 - 5 * SLOW) * MILLISECOND_NS);
        assert_true(seen->at.boot_ns - begin.boot_ns < ((i + 9) * 20 + 300 * SLOW) * MILLISECOND_NS);
    }
    network_free(network);
    rude_player_stop(player);
}

/* Time-outs of answers that are paused at that moment, because others take the turn's share, are time-outs too. */
static void time_outs_of_the_greedy(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "endless_rows"}, 1, NULL);
    struct network *network = network_new(rude_player_url(player), NULL);

    (void)state;
    network->request.max_response = UINT64_MAX;
    for (int64_t i = 1; i <= 30; i++) {
        network->timeout_ns = (300 + i * 20) * MILLISECOND_NS;
        network_start(network, "/x", NULL);
    }
    assert_true(network_turn_until(network, 30, 20 * SECOND_NS));
    for (int64_t i = 1; i <= 30; i++) {
        assert_string_equal(reason_name(network->seen[i].answer.failure), "timeout");
        assert_int_equal(network->seen[i].count, 1);
    }
    network_free(network);
    rude_player_stop(player);
}

struct chain {
    struct network *network;
    unsigned left;
};

/* From within an answer the next request may be started and others cancelled. */
static void chain_on(void *context, uint64_t ticket, const struct answer *answer, struct moment now)
{
    struct chain *chain = context;
    struct transport *transport = transfer_transport(chain->network->transfer);

    (void)now;
    assert_int_equal(answer->failure, REASON_NONE);
    transport->cancel(transport, ticket);
    if (chain->left == 0)
        return;
    chain->left--;
    network_start(chain->network, "/x", NULL);
    transport->cancel(transport, network_start(chain->network, "/y", NULL));
}

static void answers_may_start_and_cancel(void **state)
{
    struct rude_player *player = rude_player_start(&(struct rude_script){.name = "good"}, 1, NULL);
    struct network *network = network_new(rude_player_url(player), NULL);
    struct chain chain = {.network = network, .left = 20};

    (void)state;
    transfer_free(network->transfer);
    network->transfer = transfer_new(network->loop, 4, chain_on, &chain);
    network_start(network, "/x", NULL);
    network_turn_until(network, 1, 300 * MILLISECOND_NS);
    assert_int_equal(chain.left, 0);
    network_free(network);
    rude_player_stop(player);
}

ALL_TESTS(cmocka_unit_test(each_bad_server_is_an_outcome), cmocka_unit_test(reset_at_once),
          cmocka_unit_test(bad_servers_over_tls), cmocka_unit_test(handshakes_that_fail),
          cmocka_unit_test(closed_port_is_connect), cmocka_unit_test(no_descriptor_is_internal),
          cmocka_unit_test(unanswered_knocking_is_connect), cmocka_unit_test(large_answers_cost_no_memory),
          cmocka_unit_test(hung_transfers_are_no_burden), cmocka_unit_test(time_outs_come_in_time),
          cmocka_unit_test(time_outs_of_the_greedy), cmocka_unit_test(answers_may_start_and_cancel));
