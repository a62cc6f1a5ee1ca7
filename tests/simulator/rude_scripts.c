#include "simulator/rude_scripts.h"
#include "simulator/text.h"

#include <pthread.h>
#include <string.h>
#include <zlib.h>

#define AWAIT                                                                                                \
    {                                                                                                        \
        .act = RUDE_AWAIT                                                                                    \
    }
#define SEND(text)                                                                                           \
    {                                                                                                        \
        .act = RUDE_SEND, RUDE_BYTES(text)                                                                   \
    }
#define REPEAT(text, all)                                                                                    \
    {                                                                                                        \
        .act = RUDE_REPEAT, RUDE_BYTES(text), .count = (all)                                                 \
    }
#define DRIP(text, ms)                                                                                       \
    {                                                                                                        \
        .act = RUDE_DRIP, RUDE_BYTES(text), .milliseconds = (ms)                                             \
    }
#define WAIT(ms)                                                                                             \
    {                                                                                                        \
        .act = RUDE_WAIT, .milliseconds = (ms)                                                               \
    }
#define SILENCE                                                                                              \
    {                                                                                                        \
        .act = RUDE_SILENCE                                                                                  \
    }
#define CUT                                                                                                  \
    {                                                                                                        \
        .act = RUDE_CUT                                                                                      \
    }
#define RESET                                                                                                \
    {                                                                                                        \
        .act = RUDE_RESET                                                                                    \
    }
#define AGAIN                                                                                                \
    {                                                                                                        \
        .act = RUDE_AGAIN                                                                                    \
    }
#define END                                                                                                  \
    {                                                                                                        \
        .act = RUDE_END                                                                                      \
    }

#define OK       "HTTP/1.1 200 OK\r\n"
#define REFUSED  "HTTP/1.1 401 Unauthorized\r\n" JSON
#define JSON     "Content-Type: application/json\r\n"
#define ROWS     "{\"value\":[{\"a\":1},{\"a\":2}]}" /* 27 bytes */
#define GOOD     OK JSON "Content-Length: 27\r\n\r\n" ROWS
#define GIGABYTE (UINT64_C(1) << 30)
#define TOKEN    "{\"AccessToken\":\"opaque\",\"ExpiresIn\":3600,\"TokenType\":\"Bearer\"}" /* 62 bytes */
#define ZEROS_16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_256                                                                                            \
    ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16       \
        ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16 ZEROS_16
#define ZEROS_4K                                                                                             \
    ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256      \
        ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256 ZEROS_256
#define ROWS_64 "{\"Part_PartNum\":\"P-1\",\"Part_Description\":\"Bracket, long, steel\"},"
#define ROWS_1K                                                                                              \
    ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64 ROWS_64  \
        ROWS_64 ROWS_64 ROWS_64

#define STEPS(...) ((const struct rude_step[]){__VA_ARGS__})

/* A gzip member whose blocks end at byte borders (full flush), so that one of them can be sent for ever: a kilobyte on
 * the wire is a megabyte of blanks. */
static struct rude_step bomb_steps[5] = {
    AWAIT,
    SEND(OK JSON "Content-Encoding: gzip\r\nConnection: close\r\n\r\n"),
    {.act = RUDE_SEND},
    {.act = RUDE_REPEAT, .count = GIGABYTE},
    END,
};
static pthread_once_t bomb_once = PTHREAD_ONCE_INIT;

static void bomb_make(void)
{
    static unsigned char start[256], block[8192], blanks[1 << 20];
    static const char opening[] = "{\"value\":[";
    z_stream stream = {0};
    memset(blanks, ' ', sizeof blanks);
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        sim_die("no zlib");
    stream.next_in = (unsigned char *)(uintptr_t)opening;
    stream.avail_in = sizeof opening - 1;
    stream.next_out = start;
    stream.avail_out = sizeof start;
    deflate(&stream, Z_FULL_FLUSH);
    bomb_steps[2].bytes = start;
    bomb_steps[2].size = sizeof start - stream.avail_out;
    stream.next_in = blanks;
    stream.avail_in = sizeof blanks;
    stream.next_out = block;
    stream.avail_out = sizeof block;
    if (deflate(&stream, Z_FULL_FLUSH) != Z_OK || stream.avail_in || !stream.avail_out)
        sim_die("the gzip bomb was not made");
    bomb_steps[3].bytes = block;
    bomb_steps[3].size = sizeof block - stream.avail_out;
    deflateEnd(&stream);
}

static const struct script_row {
    const char *name, *description;
    const struct rude_step *steps;
} scripts[] = {
    {"good", "two rows, the connection is kept", STEPS(AWAIT, SEND(GOOD), AGAIN)},
    {"token", "a token that is no JWT, then closes",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 62\r\nConnection: close\r\n\r\n" TOKEN), END)},
    {"cut_before_reading", "closes the accepted connection", STEPS(CUT)},
    {"reset_before_reading", "resets the accepted connection", STEPS(RESET)},
    {"silence", "reads the request and never answers", STEPS(AWAIT, SILENCE)},
    {"deaf", "accepts and never reads", STEPS(SILENCE)},
    {"cut", "closes after the request", STEPS(AWAIT, CUT)},
    {"reset", "resets after the request", STEPS(AWAIT, RESET)},
    {"half_status_line", "half a status line, then closes", STEPS(AWAIT, SEND("HTTP/1.1 20"), CUT)},
    {"half_header", "half a header line, then closes", STEPS(AWAIT, SEND(OK "Content-Ty"), CUT)},
    {"no_blank_line", "the head without its blank line, then closes", STEPS(AWAIT, SEND(OK JSON), CUT)},
    {"head_then_silence", "half a head and nothing more", STEPS(AWAIT, SEND(OK JSON), SILENCE)},
    {"half_body", "half a body by Content-Length, then closes",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 1000\r\n\r\n{\"value\":[{\"a\":1},"), CUT)},
    {"half_body_reset", "half a body, then a reset",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 1000\r\n\r\n{\"value\":[{\"a\":1},"), WAIT(50), RESET)},
    {"half_body_silence", "half a body and nothing more",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 1000\r\n\r\n{\"value\":[{\"a\":1},"), SILENCE)},
    {"length_too_short", "Content-Length ends amid the JSON",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 10\r\n\r\n" ROWS), END)},
    {"length_negative", "Content-Length: -1",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: -1\r\n\r\n" ROWS), END)},
    {"length_not_a_number", "Content-Length: many",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: many\r\n\r\n" ROWS), END)},
    {"lengths_differ", "two Content-Length",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 27\r\nContent-Length: 2\r\n\r\n" ROWS), END)},
    {"bad_chunk_size", "a chunk size that is no number",
     STEPS(AWAIT, SEND(OK JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n" ROWS "\r\n0\r\n\r\n"), END)},
    {"huge_chunk_size", "a chunk size of 24 digits",
     STEPS(AWAIT, SEND(OK JSON "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffff\r\n" ROWS), END)},
    {"cut_chunked", "a chunked body without its end",
     STEPS(AWAIT, SEND(OK JSON "Transfer-Encoding: chunked\r\n\r\n1b\r\n" ROWS "\r\n"), CUT)},
    {"nul_in_header", "NUL in a header value",
     STEPS(AWAIT, SEND(OK JSON "X-Text: a\0b\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"nul_in_body", "NUL between tokens",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 28\r\n\r\n{\"value\":\0[{\"a\":1},{\"a\":2}]}"), END)},
    {"huge_header_line", "a header line of 110 KB",
     STEPS(AWAIT, SEND(OK JSON "X-Long: "), REPEAT("abcdefghij", 110 * 1024),
           SEND("\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"endless_headers", "header lines without end",
     STEPS(AWAIT, SEND(OK), REPEAT("X-More: abcdefghijklmnopqrstuvwxyz\r\n", GIGABYTE), END)},
    {"invalid_utf8", "a string that is not UTF-8",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 22\r\n\r\n{\"value\":[{\"a\":\"\xc3(\"}]}"), END)},
    {"interim_100", "100 before the answer", STEPS(AWAIT, SEND("HTTP/1.1 100 Continue\r\n\r\n" GOOD), AGAIN)},
    {"interim_102", "102 before the answer",
     STEPS(AWAIT, SEND("HTTP/1.1 102 Processing\r\n\r\n" GOOD), AGAIN)},
    {"interim_103", "103 before the answer",
     STEPS(AWAIT, SEND("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" GOOD), AGAIN)},
    {"interim_only", "100 and then closes", STEPS(AWAIT, SEND("HTTP/1.1 100 Continue\r\n\r\n"), CUT)},
    {"interim_endless", "102 for ever",
     STEPS(AWAIT, REPEAT("HTTP/1.1 102 Processing\r\n\r\n", GIGABYTE), END)},
    {"switching_101", "101, which nobody asked for",
     STEPS(AWAIT, SEND("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
           SILENCE)},
    {"garbage", "no HTTP at all", STEPS(AWAIT, SEND("\x15\x03\x01\x00\x02\x02\x46 hello?\r\n\r\n"), END)},
    {"old_http", "HTTP/1.0 without a length",
     STEPS(AWAIT, SEND("HTTP/1.0 200 OK\r\n" JSON "\r\n" ROWS), END)},
    {"http_9", "HTTP/9.9", STEPS(AWAIT, SEND("HTTP/9.9 200 OK\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"status_words", "a status that is no number",
     STEPS(AWAIT, SEND("HTTP/1.1 abc OK\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"zeros", "4 GiB of zeros",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 4294967296\r\n\r\n"), REPEAT(ZEROS_4K, 4 * GIGABYTE), END)},
    {"endless_rows", "rows without end",
     STEPS(AWAIT, SEND(OK JSON "Connection: close\r\n\r\n{\"value\":["), REPEAT(ROWS_1K, 1024 * GIGABYTE),
           END)},
    {"dripping_header", "a byte of the head every 20 ms, for ever long",
     STEPS(AWAIT, SEND(OK "X-Slow: "), DRIP("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", 20),
           SILENCE)},
    {"dripping_body", "a byte of the body every 5 ms",
     STEPS(AWAIT, SEND(OK JSON "Content-Length: 27\r\n\r\n"), DRIP(ROWS, 5), AGAIN)},
    {"broken_gzip", "Content-Encoding: gzip, and no gzip",
     STEPS(AWAIT, SEND(OK JSON "Content-Encoding: gzip\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"cut_gzip", "a gzip member that ends amid its data",
     STEPS(AWAIT,
           SEND(OK JSON "Content-Encoding: gzip\r\nContent-Length: "
                        "14\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56\x2a\x4b"),
           END)},
    {"gzip_bomb", "a terabyte of blanks in a gigabyte", bomb_steps},
    {"unknown_encoding", "Content-Encoding: br",
     STEPS(AWAIT, SEND(OK JSON "Content-Encoding: br\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"half_401", "half the body of a 401, then closes",
     STEPS(AWAIT, SEND(REFUSED "Content-Length: 1000\r\n\r\n{\"Error"), CUT)},
    {"half_401_reset", "half the body of a 401, then a reset",
     STEPS(AWAIT, SEND(REFUSED "Content-Length: 1000\r\n\r\n{\"Error"), WAIT(50), RESET)},
    {"half_401_silence", "half the body of a 401 and nothing more",
     STEPS(AWAIT, SEND(REFUSED "Content-Length: 1000\r\n\r\n{\"Error"), SILENCE)},
    {"bad_chunk_401", "a chunk size that is no number, of a 401",
     STEPS(AWAIT, SEND(REFUSED "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), END)},
    {"broken_gzip_401", "Content-Encoding: gzip, and no gzip, of a 401",
     STEPS(AWAIT, SEND(REFUSED "Content-Encoding: gzip\r\nContent-Length: 27\r\n\r\n" ROWS), END)},
    {"no_blank_line_401", "the head of a 401 without its blank line, then closes",
     STEPS(AWAIT, SEND(REFUSED), CUT)},
    {"kept_dies", "a good answer; closes when the second request has come",
     STEPS(AWAIT, SEND(GOOD), AWAIT, CUT)},
    {"kept_resets", "a good answer; resets when the second request has come",
     STEPS(AWAIT, SEND(GOOD), AWAIT, RESET)},
    {"kept_closes", "a good answer that promises to keep the connection, which is closed",
     STEPS(AWAIT, SEND(GOOD), END)},
    {"body_after_204", "204 with a body", STEPS(AWAIT, SEND("HTTP/1.1 204 No Content\r\n\r\n" ROWS), END)},
    {"early_answer", "the whole answer before the request", STEPS(SEND(GOOD), AWAIT, END)},
};

bool rude_script_name(size_t i, const char **name, const char **description)
{
    if (i >= sizeof scripts / sizeof scripts[0])
        return false;
    *name = scripts[i].name;
    *description = scripts[i].description;
    return true;
}

const struct rude_step *rude_script_find(const char *name)
{
    pthread_once(&bomb_once, bomb_make);
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(scripts[i].name, name) == 0)
            return scripts[i].steps;
    }
    return NULL;
}
