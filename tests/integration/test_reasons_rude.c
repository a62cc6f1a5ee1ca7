/* Servers that speak no proper HTTP or JSON, or too much of it: each is an outcome with a sentence, the agent goes on, and its memory
   stays flat. */
#include "main.h"

#include "integration/trouble.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define ROWS      "kind = baq\nbaq = zRow\n"
#define SOON      .probe = ROWS "timeout = 1s"
#define EIGHT     .probe = ROWS "max_response = 8MiB"
#define BAD(...)  REASON_INVALID_RESPONSE, __VA_ARGS__
#define LOST(...) REASON_CONNECTION_LOST, __VA_ARGS__
#define LATE(...) REASON_TIMEOUT, __VA_ARGS__
#define REFUSED                                                                                              \
    REASON_CREDENTIALS, 401, .rude_login = true, .token_failed = true, .appserver = "login_retry = 1s..2s\n"
#define LARGE(...) REASON_TOO_LARGE, __VA_ARGS__

static const struct trouble rows[] = {
    {"good", REASON_NONE, .script = "good"},
    {"interim-100", REASON_NONE, .script = "interim_100"},
    {"interim-102", REASON_NONE, .script = "interim_102"},
    {"interim-103", REASON_NONE, .script = "interim_103"},
    {"old-http", REASON_NONE, .script = "old_http"},
    {"dripping-body", REASON_NONE, .script = "dripping_body"},
    {"kept-dies", REASON_NONE, .script = "kept_dies"},
    {"kept-resets", REASON_NONE, .script = "kept_resets"},
    {"kept-closes", REASON_NONE, .script = "kept_closes"},
    {"early-answer", REASON_NONE, .script = "early_answer"},

    {"cut-before", LOST(0, "closed"), .script = "cut_before_reading"},
    {"reset-before", LOST(0), .script = "reset_before_reading"},
    {"cut", LOST(0, "without an answer"), .script = "cut"},
    {"reset", LOST(0, "reset by peer"), .script = "reset"},
    {"half-status", LOST(0, "closed"), .script = "half_status_line"},
    {"half-header", LOST(0, "amid the answer's header"), .script = "half_header"},
    {"no-blank-line", LOST(0, "amid the answer's header"), .script = "no_blank_line"},
    {"half-body", LOST(200, "amid the answer's body"), .script = "half_body"},
    {"half-body-reset", LOST(200, "amid the answer's body"), .script = "half_body_reset"},
    {"cut-chunked", LOST(200, "amid the answer's body"), .script = "cut_chunked"},
    {"interim-only", LOST(0, "closed"), .script = "interim_only"},

    {"silence", LATE(0, "no answer within 1s"), .script = "silence", SOON},
    {"deaf", LATE(0, "no answer within 1s"), .script = "deaf", SOON},
    {"half-head", LATE(0, "header did not end"), .script = "head_then_silence", SOON},
    {"half-body-silence", LATE(200, "body did not end"), .script = "half_body_silence", SOON},
    {"dripping-header", LATE(0, "header did not end"), .script = "dripping_header", SOON},

    {"too-short", BAD(200, "not valid JSON"), .script = "length_too_short"},
    {"negative", BAD(0, "Content-Length"), .script = "length_negative"},
    {"not-a-number", BAD(0, "Content-Length"), .script = "length_not_a_number"},
    {"lengths-differ", BAD(200, "not valid JSON"), .script = "lengths_differ"},
    {"bad-chunk", BAD(200, "not chunked"), .script = "bad_chunk_size"},
    {"huge-chunk", BAD(200, "not chunked"), .script = "huge_chunk_size"},
    {"nul-in-header", BAD(0, "Nul byte"), .script = "nul_in_header"},
    {"nul-in-body", BAD(200, "not valid JSON"), .script = "nul_in_body"},
    {"long-header", BAD(0, "header is too large"), .script = "huge_header_line"},
    {"endless-headers", BAD(0, "header is too large"), .script = "endless_headers"},
    {"utf8", BAD(200, "UTF-8"), .script = "invalid_utf8"},
    {"interim-endless", BAD(0, "header is too large"), .script = "interim_endless"},
    {"switching", BAD(101, "another protocol"), .script = "switching_101"},
    {"garbage", BAD(0, "does not begin as HTTP"), .script = "garbage"},
    {"http-9", BAD(0, "does not begin as HTTP"), .script = "http_9"},
    {"status-words", BAD(0, "does not begin as HTTP"), .script = "status_words"},
    {"broken-gzip", BAD(200, "not compressed"), .script = "broken_gzip"},
    {"cut-gzip", BAD(200, "not compressed"), .script = "cut_gzip"},
    {"unknown-encoding", BAD(200, "not compressed"), .script = "unknown_encoding"},
    {"body-after-204", BAD(204), .script = "body_after_204"},
    {"half-401", REFUSED, .script = "half_401"},
    {"half-401-reset", REFUSED, .script = "half_401_reset"},
    {"half-401-silence", REASON_UNAUTHORIZED, 401, .script = "half_401_silence", .no_login = true,
     .stays = true, SOON},
    {"bad-chunk-401", REFUSED, .said = "not chunked", .script = "bad_chunk_401"},
    {"broken-gzip-401", REFUSED, .said = "not compressed", .script = "broken_gzip_401"},
    {"no-blank-401", REFUSED, .said = "amid the answer's header", .script = "no_blank_line_401"},
    {"no-rows", BAD(200, "no array"), .script = "token"},

    {"zeros", LARGE(200, "max_response: 8MiB"), .script = "zeros", EIGHT},
    {"endless-rows", LARGE(200, "max_response: 8MiB"), .script = "endless_rows", EIGHT},
    {"bomb", LARGE(200, "max_response: 8MiB"), .script = "gzip_bomb", EIGHT},

    {"login-lost", LOST(0, "closed"), .script = "cut", .rude_login = true, .token_failed = true},
    {"login-garbage", BAD(0, "does not begin as HTTP"), .script = "garbage", .rude_login = true,
     .token_failed = true},
    {"login-rows", BAD(200, "no token"), .script = "good", .rude_login = true, .token_failed = true},
    {"login-bomb", LARGE(200, "max_response"), .script = "gzip_bomb", .rude_login = true,
     .token_failed = true},
};

enum { ROWS_COUNT = sizeof rows / sizeof rows[0] };

/* Of this process, in KiB: what is resident, and the most that was since the last reset. */
static long memory_line(const char *name)
{
    char text[4096] = "";
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_true(read(file, text, sizeof text - 1) > 0);
    close(file);
    const char *line = strstr(text, name);
    assert_non_null(line);
    return strtol(line + strlen(name), NULL, 10);
}

static void reset_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(file, "5", 1), 1);
    close(file);
}

/* Every script that the player has is a row, so that a new one is not forgotten. */
static void every_script_has_a_row(void **state)
{
    const char *name, *description;
    (void)state;
    for (size_t i = 0; rude_script_name(i, &name, &description); i++) {
        bool found = false;
        for (size_t row = 0; row < ROWS_COUNT; row++)
            found = found || strcmp(rows[row].script, name) == 0;
        if (!found)
            fail_msg("%s has no row", name);
    }
}

static void rude_servers_are_told_and_go_away(void **state)
{
    (void)state;
    struct troubles troubles = troubles_start(rows, ROWS_COUNT, "");
    troubles_await(&troubles, 3);
    long before = memory_line("VmRSS:");
    troubles_await(&troubles, SANITIZED ? 5 : 10);
    long grown = memory_line("VmRSS:") - before;
    if (!SANITIZED && grown > 16 * 1024)
        fail_msg("%ld KiB more after seven more runs", grown);
    troubles_tell_no_secret(&troubles);
    troubles_mend(&troubles);
    troubles_end(&troubles);
}

/* ---- gigabytes ---- */

#define ROW_64   "{\"Part_PartNum\":\"P-1\",\"Part_Description\":\"Bracket, long, steel\"},"
#define ROW_512  ROW_64 ROW_64 ROW_64 ROW_64 ROW_64 ROW_64 ROW_64 ROW_64
#define ROW_4K   ROW_512 ROW_512 ROW_512 ROW_512 ROW_512 ROW_512 ROW_512 ROW_512
#define TIMES    ((uint64_t)(SANITIZED ? 4000 : 40000))
#define ALL_ROWS (64 * TIMES + 1)

static const struct rude_step much[] = {
    {.act = RUDE_AWAIT},
    {.act = RUDE_SEND,
     RUDE_BYTES(
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"value\":[")},
    {.act = RUDE_REPEAT, RUDE_BYTES(ROW_4K), .count = TIMES * (sizeof ROW_4K - 1)},
    {.act = RUDE_SEND, RUDE_BYTES("{}]}")},
    {.act = RUDE_END},
};

static void much_is_counted_and_not_kept(void **state)
{
    (void)state;
    struct rude_script scripts[] = {{.name = "token", .connection = 1},
                                    {.name = "much", .from = 2, .steps = much}};
    struct rude_player *player = rude_player_start(scripts, 2, NULL);
    char *text = memory_format("[exporter]\ninterval = 100ms\ntimeout = 60s\n"
                               "[appserver live]\nurl = %s\ncompany = EPIC06\nusername = u\npassword = "
                               "secret-word\napi_key = secret-key\n"
                               "[probe much]\nkind = baq\nbaq = zRow\nmax_response = 4GiB\n",
                               rude_player_url(player));
    reset_peak();
    long before = memory_line("VmRSS:");
    struct rig rig = rig_start(text);
    rig_await_at_least(
        &rig,
        "epicor_probe_responses_total{appserver=\"live\",company=\"EPIC06\",probe=\"much\",code=\"200\"}", 2);
    long grown = memory_line("VmHWM:") - before;
    double counted = rig_metric(&rig,
                                "epicor_probe_rows{appserver=\"live\",company=\"EPIC06\",probe=\"much\"}");
    if (counted != (double)ALL_ROWS)
        fail_msg("%.0f rows, not %.0f", counted, (double)ALL_ROWS);
    if (!SANITIZED && grown > 12 * 1024)
        fail_msg("%ld KiB more while %llu KiB came", grown, 4ULL * TIMES);
    rig_end(&rig);
    rude_player_stop(player);
    free(text);
}

ALL_TESTS(cmocka_unit_test(much_is_counted_and_not_kept), cmocka_unit_test(every_script_has_a_row),
          cmocka_unit_test(rude_servers_are_told_and_go_away));
