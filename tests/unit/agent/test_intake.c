#include "main.h"

#include "agent/intake.h"
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static size_t pack(const void *bytes, size_t size, unsigned char *out, size_t capacity)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes,
                       .avail_in = (uInt)size,
                       .next_out = out,
                       .avail_out = (uInt)capacity};

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return capacity - stream.avail_out;
}

/* Every split and every ending: whole only at the end of a member, broken or waiting for more before it. */
static void gzip_at_every_split(void **state)
{
    static const char text[] = "{\"value\":[{\"a\":1},{\"a\":2}]}";
    unsigned char packed[256];
    size_t one = pack(text, 14, packed, sizeof packed);
    size_t size = one + pack(text + 14, sizeof text - 1 - 14, packed + one, sizeof packed - one);

    (void)state;
    for (size_t split = 0; split <= size; split++) {
        for (size_t end = split; end <= size; end++) {
            struct gunzip *gunzip = gunzip_new();
            const size_t pieces[] = {split, end - split};
            const unsigned char *at = packed;
            char out[64];
            size_t filled = 0, got;

            for (size_t i = 0; i < 2; at += pieces[i++]) {
                gunzip_feed(gunzip, at, pieces[i]);
                while (gunzip_next(gunzip, out + filled, 3, &got) == GUNZIP_MORE)
                    filled += got;
                assert_false(gunzip_pending(gunzip));
            }
            assert_memory_equal(out, text, filled);
            assert_int_equal(gunzip_whole(gunzip), end == 0 || end == one || end == size);
            if (end == size)
                assert_int_equal(filled, sizeof text - 1);
            gunzip_free(gunzip);
        }
    }
}

static void broken_gzip_is_told(void **state)
{
    unsigned char packed[256], out[64];
    size_t size = pack("hello, hello, hello", 19, packed, sizeof packed), got;

    (void)state;
    packed[size] = 'x'; /* rubbish behind it */
    for (size_t i = 0; i < size + 1; i++) {
        struct gunzip *gunzip = gunzip_new();
        unsigned char saved = packed[i];
        enum gunzip_verdict verdict;

        if (i < size)
            packed[i] ^= 0x10;
        gunzip_feed(gunzip, packed, size + (i == size));
        do
            verdict = gunzip_next(gunzip, out, sizeof out, &got);
        while (verdict == GUNZIP_MORE);
        if (i < 4 || i >= 10) /* time, flags and system of the header are anybody's */
            assert_true(verdict == GUNZIP_BROKEN || !gunzip_whole(gunzip));
        gunzip_free(gunzip);
        packed[i] = saved;
    }
}

/* A bomb is taken share by share, and stops at max_response. */
static void bomb_waits_for_its_share(void **state)
{
    static unsigned char packed[32768];
    size_t plain = 8 << 20, share, rounds = 0;
    char *blanks = malloc(plain);
    struct request request = {.wanted = BODY_ANY, .max_response = 4 << 20};
    struct head head;
    struct intake intake;

    (void)state;
    assert_non_null(blanks);
    memset(blanks, ' ', plain);
    size_t size = pack(blanks, plain, packed, sizeof packed);

    head_init(&head, 0);
    head.status = 200;
    head.coding = CODING_GZIP;
    intake_init(&intake, &request);
    share = 65536;
    enum intake_verdict verdict = intake_take(&intake, &head, packed, size, &share);

    while (verdict == INTAKE_WAITS) {
        assert_int_equal(share, 0);
        assert_false(intake_whole(&intake));
        share = 65536;
        rounds++;
        verdict = intake_go_on(&intake, &head, &share);
    }
    assert_int_equal(verdict, INTAKE_TOO_LARGE);
    assert_true(intake.bytes <= (4 << 20) + 65536);
    assert_true(rounds >= 60);
    intake_reset(&intake);
    free(blanks);
}

static void verdicts(void **state)
{
    static const struct {
        int status;
        enum body_form wanted;
        enum http_method method;
        size_t keep;
        uint64_t maximum;
        int64_t announced;
        enum head_coding coding;
        const char *body;
        enum intake_verdict verdict;
        bool json;
        const char *text;
        bool cut;
    } cases[] = {
        {200, BODY_JSON, HTTP_GET, 0, 100, -1, CODING_NONE, "{}", INTAKE_MORE, true, "", false},
        {200, BODY_JSON, HTTP_GET, 1, 100, -1, CODING_NONE, "{}", INTAKE_MORE, true, "{", true},
        {200, BODY_ANY, HTTP_GET, 9, 100, -1, CODING_NONE, "<x>", INTAKE_MORE, false, "<x>", false},
        {200, BODY_JSON, HTTP_GET, 0, 100, -1, CODING_NONE, "<x>", INTAKE_NOT_JSON, true, "", false},
        {200, BODY_JSON, HTTP_GET, 0, 2, -1, CODING_NONE, "{}", INTAKE_MORE, true, "", false},
        {200, BODY_JSON, HTTP_GET, 0, 1, -1, CODING_NONE, "{}", INTAKE_TOO_LARGE, false, "", false},
        {200, BODY_JSON, HTTP_GET, 0, 10, 11, CODING_NONE, "{}", INTAKE_TOO_LARGE, false, "", false},
        {200, BODY_JSON, HTTP_GET, 0, 10, 11, CODING_OTHER, "{}", INTAKE_MISCODED, false, "", false},
        {200, BODY_JSON, HTTP_GET, 0, 10, 11, CODING_GZIP, "{}", INTAKE_MISCODED, false, "", false},
        {500, BODY_JSON, HTTP_GET, 0, 1, -1, CODING_NONE, "<html>", INTAKE_MORE, false, "<html>", false},
        {302, BODY_JSON, HTTP_GET, 0, 1, -1, CODING_NONE, "moved", INTAKE_MORE, false, "moved", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = {.wanted = cases[i].wanted,
                                  .method = cases[i].method,
                                  .keep = cases[i].keep,
                                  .max_response = cases[i].maximum};
        struct head head;
        struct intake intake;
        size_t share = 1000;

        head_init(&head, 0);
        head.status = cases[i].status;
        head.coding = cases[i].coding;
        head.content_length = cases[i].announced;
        intake_init(&intake, &request);
        assert_int_equal(intake_take(&intake, &head, cases[i].body, strlen(cases[i].body), &share),
                         cases[i].verdict);
        if (cases[i].verdict == INTAKE_MORE || cases[i].verdict == INTAKE_NOT_JSON)
            intake_finish(&intake, cases[i].status);
        assert_int_equal(intake.json != NULL, cases[i].json);
        assert_string_equal(intake.text == NULL ? "" : intake.text, cases[i].text);
        assert_int_equal(intake.text_cut, cases[i].cut);
        intake_reset(&intake);
    }
}

static void note_pieces(void *context, const void *bytes, size_t size)
{
    struct buffer *taken = context;
    buffer_text(taken, bytes == NULL ? "|" : "+");
    buffer_append(taken, bytes == NULL ? "" : bytes, size);
}

/* A taker is told when a good body begins, also an empty one and the one of another attempt; of a bad body nothing. */
static void takers(void **state)
{
    struct buffer taken;
    struct request request = {
        .wanted = BODY_ANY, .max_response = 100, .take = note_pieces, .take_context = &taken};
    static const int statuses[] = {200, 503, 200};
    struct intake intake;

    (void)state;
    buffer_init(&taken, 100);
    intake_init(&intake, &request);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct head head;
        size_t share = 1000;

        head_init(&head, 0);
        head.status = statuses[i];
        head.coding = CODING_NONE;
        head.content_length = -1;
        intake_take(&intake, &head, "ab", 2, &share);
        intake_take(&intake, &head, "c", 1, &share);
        intake_reset(&intake);
    }
    intake_finish(&intake, 200);
    assert_string_equal(buffer_as_text(&taken), "|+ab+c|+ab+c|");
    intake_reset(&intake);
    buffer_free(&taken);
}

/* Of a 204, and of a body that never came, there is a verdict on the JSON too; of a HEAD there is none. */
static void empty_bodies(void **state)
{
    struct request request = {.wanted = BODY_JSON, .max_response = 10};
    struct intake intake;

    (void)state;
    intake_init(&intake, &request);
    intake_finish(&intake, 204);
    assert_int_equal(intake.json->error, JSON_EMPTY);
    assert_true(intake_whole(&intake));
    intake_reset(&intake);
    request.method = HTTP_HEAD;
    intake_finish(&intake, 200);
    assert_null(intake.json);
    intake_reset(&intake);
    request.method = HTTP_GET;
    intake_finish(&intake, 503);
    assert_null(intake.json);
    intake_reset(&intake);
}

ALL_TESTS(cmocka_unit_test(takers), cmocka_unit_test(gzip_at_every_split),
          cmocka_unit_test(broken_gzip_is_told), cmocka_unit_test(bomb_waits_for_its_share),
          cmocka_unit_test(verdicts), cmocka_unit_test(empty_bodies));
