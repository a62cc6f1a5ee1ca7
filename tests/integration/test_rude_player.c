/* The rude player does on the wire what its scripts say; the verdicts are those of libcurl 7.88. */
#include "main.h"

#include "simulator/rude.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    CURLcode code;
    long status;
    uint64_t size;
    char body[256]; /* its beginning */
};

static size_t body_keep(char *data, size_t unit, size_t count, void *context)
{
    struct answer *answer = context;
    size_t size = unit * count, room = sizeof answer->body - 1;
    if (answer->size < room)
        memcpy(answer->body + answer->size, data, size < room - answer->size ? size : room - answer->size);
    answer->size += size;
    return answer->size > (64u << 20) ? 0 : size; /* enough is enough: CURLE_WRITE_ERROR */
}

static CURL *client_make(struct rude_player *player, struct answer *answer)
{
    char url[256];
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    snprintf(url, sizeof url, "%s/api/v2/odata/EPIC06/BaqSvc/z/Data", rude_player_url(player));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (rude_player_ca_file(player))
        curl_easy_setopt(curl, CURLOPT_CAINFO, rude_player_ca_file(player));
    return curl;
}

static struct answer ask(struct rude_player *player, long timeout_ms)
{
    struct answer answer = {.code = CURLE_OK};
    CURL *curl = client_make(player, &answer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    answer.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_cleanup(curl);
    return answer;
}

static const struct {
    const char *name;
    CURLcode code;
    long status;
} cases[] = {
    {"good", CURLE_OK, 200},
    {"token", CURLE_OK, 200},
    {"cut_before_reading", CURLE_GOT_NOTHING, 0},
    {"reset_before_reading", CURLE_RECV_ERROR, 0},
    {"silence", CURLE_OPERATION_TIMEDOUT, 0},
    {"deaf", CURLE_OPERATION_TIMEDOUT, 0},
    {"cut", CURLE_GOT_NOTHING, 0},
    {"reset", CURLE_RECV_ERROR, 0},
    {"half_status_line", CURLE_GOT_NOTHING, 0},
    {"half_header", CURLE_OK, 200},
    {"no_blank_line", CURLE_OK, 200},
    {"head_then_silence", CURLE_OPERATION_TIMEDOUT, 200},
    {"half_body", CURLE_PARTIAL_FILE, 200},
    {"half_body_reset", CURLE_RECV_ERROR, 200},
    {"half_body_silence", CURLE_OPERATION_TIMEDOUT, 200},
    {"length_too_short", CURLE_OK, 200},
    {"length_negative", CURLE_WEIRD_SERVER_REPLY, 200},
    {"length_not_a_number", CURLE_WEIRD_SERVER_REPLY, 200},
    {"lengths_differ", CURLE_OK, 200},
    {"bad_chunk_size", CURLE_RECV_ERROR, 200},
    {"huge_chunk_size", CURLE_RECV_ERROR, 200},
    {"cut_chunked", CURLE_PARTIAL_FILE, 200},
    {"nul_in_header", CURLE_WEIRD_SERVER_REPLY, 200},
    {"nul_in_body", CURLE_OK, 200},
    {"huge_header_line", CURLE_OUT_OF_MEMORY, 200},
    {"endless_headers", CURLE_RECV_ERROR, 200},
    {"invalid_utf8", CURLE_OK, 200},
    {"interim_100", CURLE_OK, 200},
    {"interim_102", CURLE_OK, 200},
    {"interim_103", CURLE_OK, 200},
    {"interim_only", CURLE_GOT_NOTHING, 100},
    {"interim_endless", CURLE_RECV_ERROR, 102},
    {"switching_101", CURLE_OPERATION_TIMEDOUT, 101},
    {"garbage", CURLE_UNSUPPORTED_PROTOCOL, 0},
    {"old_http", CURLE_OK, 200},
    {"http_9", CURLE_UNSUPPORTED_PROTOCOL, 0},
    {"status_words", CURLE_UNSUPPORTED_PROTOCOL, 0},
    {"zeros", CURLE_WRITE_ERROR, 200},
    {"endless_rows", CURLE_WRITE_ERROR, 200},
    {"dripping_header", CURLE_OPERATION_TIMEDOUT, 200},
    {"dripping_body", CURLE_OK, 200},
    {"broken_gzip", CURLE_BAD_CONTENT_ENCODING, 200},
    {"cut_gzip", CURLE_OK, 200},
    {"gzip_bomb", CURLE_WRITE_ERROR, 200},
    {"unknown_encoding", CURLE_BAD_CONTENT_ENCODING, 200},
    {"half_401", CURLE_PARTIAL_FILE, 401},
    {"half_401_reset", CURLE_RECV_ERROR, 401},
    {"half_401_silence", CURLE_OPERATION_TIMEDOUT, 401},
    {"bad_chunk_401", CURLE_RECV_ERROR, 401},
    {"broken_gzip_401", CURLE_BAD_CONTENT_ENCODING, 401},
    {"no_blank_line_401", CURLE_OK, 401},
    {"kept_dies", CURLE_OK, 200},
    {"kept_resets", CURLE_OK, 200},
    {"kept_closes", CURLE_OK, 200},
    {"body_after_204", CURLE_OK, 204},
    {"early_answer", CURLE_OK, 200},
};

static bool waits(CURLcode code)
{
    return code == CURLE_OPERATION_TIMEDOUT;
}

static void every_script_plays(void **state)
{
    const char *name, *description;
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; rude_script_name(i, &name, &description); i++) {
        if (i >= sizeof cases / sizeof cases[0] || strcmp(name, cases[i].name) != 0)
            fail_msg("the table does not say what %s leads to", name);
        struct rude_script script = {.name = name};
        struct rude_player *player = rude_player_start(&script, 1, NULL);
        struct answer answer = ask(player, waits(cases[i].code) ? 300 : 20000);
        if (answer.code != cases[i].code || answer.status != cases[i].status) {
            print_error("%s: curl %d, status %ld, %s\n", name, (int)answer.code, answer.status, answer.body);
            wrong++;
        }
        rude_player_stop(player);
    }
    assert_int_equal(wrong, 0);
}

static void tls_plays_too(void **state)
{
    static const struct {
        const char *name;
        CURLcode code;
    } few[] = {
        {"good", CURLE_OK},
        {"half_body", CURLE_PARTIAL_FILE},
        {"silence", CURLE_OPERATION_TIMEDOUT},
        {"cut_before_reading", CURLE_SSL_CONNECT_ERROR},
        {"gzip_bomb", CURLE_WRITE_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++) {
        struct rude_script script = {.name = few[i].name};
        struct rude_options options = {.certificate = SIMULATOR_TLS_VALID};
        struct rude_player *player = rude_player_start(&script, 1, &options);
        struct answer answer = ask(player, waits(few[i].code) ? 1000 : 20000);
        if (answer.code != few[i].code)
            fail_msg("%s over TLS: curl %d", few[i].name, (int)answer.code);
        rude_player_stop(player);
    }
    /* A reset may come before libcurl has seen that it is connected, or after. */
    struct rude_script script = {.name = "reset_before_reading"};
    struct rude_player *player = rude_player_start(
        &script, 1, &(struct rude_options){.certificate = SIMULATOR_TLS_VALID});
    struct answer answer = ask(player, 20000);
    assert_true(answer.code == CURLE_SSL_CONNECT_ERROR || answer.code == CURLE_COULDNT_CONNECT);
    rude_player_stop(player);
}

/* The kept connection dies when the second request is there: libcurl sends it again, over a new one. */
static void scripts_are_chosen_by_connection_and_path(void **state)
{
    static const struct rude_step no[] = {
        {.act = RUDE_AWAIT}, {.act = RUDE_SEND, RUDE_BYTES("HTTP/1.1 404 No\r\n\r\n")}, {.act = RUDE_END}};
    static const struct rude_script scripts[] = {
        {.path = "TokenResource", .steps = no},
        {.path = "BaqSvc", .connection = 1, .name = "kept_dies"},
        {.from = 2, .name = "good"},
    };
    (void)state;
    struct rude_player *player = rude_player_start(scripts, 3, NULL);
    struct answer answer = {.code = CURLE_OK};
    CURL *curl = client_make(player, &answer);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(curl_easy_perform(curl), CURLE_OK);
        assert_memory_equal(answer.body, "{\"value\":[{\"a\":1},{\"a\":2}]}", 27);
    }
    curl_easy_cleanup(curl);
    assert_int_equal(rude_player_connections(player), 2);
    assert_int_equal(rude_player_requests(player, 1), 2);
    assert_int_equal(rude_player_requests(player, 2), 2);
    assert_true(rude_player_wait_requests(player, 4, 0));
    assert_false(rude_player_wait_connections(player, 3, 10));
    char *text = rude_player_request(player, 1);
    assert_non_null(text);
    assert_non_null(strstr(text, "GET /KineticLive/api/v2/odata/EPIC06/BaqSvc/z/Data HTTP/1.1\r\n"));
    assert_null(rude_player_request(player, 4));
    free(text);
    rude_player_stop(player);
}

static void a_full_backlog_lets_nobody_in(void **state)
{
    (void)state;
    struct rude_player *player = rude_player_start(NULL, 0, &(struct rude_options){.full_backlog = true});
    struct answer answer = ask(player, 300);
    assert_int_equal(answer.code, CURLE_OPERATION_TIMEDOUT);
    assert_int_equal(rude_player_connections(player), 0);
    rude_player_stop(player);
}

ALL_TESTS(cmocka_unit_test(every_script_plays), cmocka_unit_test(tls_plays_too),
          cmocka_unit_test(scripts_are_chosen_by_connection_and_path),
          cmocka_unit_test(a_full_backlog_lets_nobody_in));
