/* Bodies packed at once and on the worker; read back by another library. */
#include "main.h"

#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "unit/web/unpack.h"
#include "web/compression.h"
#include "web/gzip.h"

static struct buffer body_of(size_t size, size_t maximum)
{
    struct buffer body;

    buffer_init(&body, maximum);
    for (size_t i = 0; i < size; i++)
        buffer_byte(&body, (char)(i * i % 251));
    return body;
}

static void assert_packed(const struct buffer *packed, size_t size)
{
    struct buffer plain = body_of(size, size);
    size_t unpacked_size = 0;
    char *unpacked = unpack(packed->data, packed->size, size + 1, &unpacked_size);

    assert_int_equal(unpacked_size, size);
    assert_memory_equal(unpacked, buffer_as_text(&plain), size);
    assert_int_equal(packed->data[packed->size], '\0');
    free(unpacked);
    buffer_free(&plain);
}

static void any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 999, 1000, 65535, 65536, 3000000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer body = body_of(sizes[i], 4 << 20), packed;
        buffer_init(&packed, 4 << 20);
        assert_true(gzip_pack(&body, &packed));
        assert_packed(&packed, sizes[i]);
        buffer_free(&packed);
        assert_true(compression_now(&body));
        assert_packed(&body, sizes[i]);
        buffer_free(&body);
    }
}

static void no_room(void **state)
{
    struct buffer body = body_of(5000, 5000);

    (void)state;
    assert_false(compression_now(&body)); /* it might become larger */
    assert_int_equal(body.size, 5000);
    assert_false(body.failed);
    buffer_free(&body);
}

static void await(const struct later_post *post)
{
    struct pollfd poll_for = {.fd = later_post_descriptor(post), .events = POLLIN};

    assert_int_equal(poll(&poll_for, 1, 20000), 1);
}

static void on_the_worker(void **state)
{
    struct later_post *post = later_post_new();
    struct web_worker *worker = web_worker_start(4);
    atomic_uint_fast64_t held = 7;

    (void)state;
    for (int room = 0; room < 2; room++) {
        struct buffer body = body_of(300000, room ? 400000 : 300000);
        struct later *later = compression_start(worker, post, &body, &held);
        int status = 0;
        const char *text;
        assert_non_null(later);
        assert_int_equal(body.size, 0);
        await(post);
        later_post_clear(post);
        assert_true(later_take(later, &status, &text));
        assert_int_equal(status, room ? COMPRESSION_PACKED : COMPRESSION_PLAIN);
        assert_true(held > 7); /* what it came to, until somebody takes it over */
        assert_true(room ? held < 7 + 300000 : held == 7 + 300000);
        size_t packed = held - 7;
        later_move_bytes(later, &body);
        assert_int_equal(body.size, packed);
        assert_int_equal(held, 7);
        if (room)
            assert_packed(&body, 300000);
        else
            assert_int_equal(body.size, 300000);
        buffer_free(&body);
        later_unref(later);
    }
    web_worker_stop(worker);
    later_post_free(post);
}

struct gate {
    sem_t begun, open;
};

static void wait_at(void *pointer)
{
    struct gate *gate = pointer;

    sem_post(&gate->begun);
    sem_wait(&gate->open);
}

/* Nobody has a place: it stays as it is; nobody waits any longer, or the worker ends: nothing is lost. */
static void a_full_or_ending_worker(void **state)
{
    struct later_post *post = later_post_new();
    struct web_worker *worker = web_worker_start(1);
    atomic_uint_fast64_t held = 0;
    struct gate gate;
    struct buffer first = body_of(300000, 400000), second = body_of(2000, 4000);

    (void)state;
    sem_init(&gate.begun, 0, 0);
    sem_init(&gate.open, 0, 0);
    assert_true(web_worker_do(worker, wait_at, NULL, &gate));
    sem_wait(&gate.begun);
    struct later *later = compression_start(worker, post, &first, &held);
    assert_non_null(later);
    assert_int_equal(held, 300000);
    assert_null(compression_start(worker, post, &second, &held));
    assert_int_equal(second.size, 2000);
    assert_int_equal(held, 300000);
    later_unref(later);
    later_post_free(post);
    sem_post(&gate.open);
    web_worker_stop(worker); /* it is packed or dropped */
    assert_int_equal(held, 0);
    buffer_free(&second);
    sem_destroy(&gate.begun);
    sem_destroy(&gate.open);
}

ALL_TESTS(cmocka_unit_test(any_size), cmocka_unit_test(no_room), cmocka_unit_test(on_the_worker),
          cmocka_unit_test(a_full_or_ending_worker));
