/* The transfer against the rude player: each bad server is one row, and what libcurl makes of it must come out as a reason. */
#include "main.h"

#include "integration/network.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulator/rude.h"

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
    {"reset_before_reading", LONG, REASON_CONNECTION_LOST, 0, -1, "reset by peer"},
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
    {"broken_gzip", LONG, REASON_INVALID_RESPONSE, 200, -1, "not compressed as its header says"},
    {"cut_gzip", LONG, REASON_NONE, 200, JSON_TRUNCATED, ""},
    {"gzip_bomb", LONG, REASON_TOO_LARGE, 200, -1, "larger than max_response: 64MiB"},
    {"unknown_encoding", LONG, REASON_INVALID_RESPONSE, 200, -1, "not compressed as its header says"},
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

        if (row == NULL)
            fail_msg("no row for %s (%s)", name, description);
        play(row, SIMULATOR_PLAIN_HTTP);
    }
}

ALL_TESTS(cmocka_unit_test(each_bad_server_is_an_outcome));
