/* What is completed by other threads, before and after the server has lost interest. */
#include "main.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "web/later.h"

static bool is_announced(const struct later_post *post, int timeout_ms)
{
    struct pollfd poll_for = {.fd = later_post_descriptor(post), .events = POLLIN};

    return poll(&poll_for, 1, timeout_ms) == 1;
}

static void completed_and_taken(void **state)
{
    struct later_post *post = later_post_new();
    struct later *one = later_new(post), *two = later_new(post);
    int status = -1;
    const char *text = NULL;

    (void)state;
    assert_false(is_announced(post, 0));
    assert_false(later_take(one, &status, &text));
    later_complete(one, 500, "web.ini:3: no such key\n");
    assert_true(is_announced(post, 0));
    later_complete(two, LATER_VERDICT, "");
    later_post_clear(post);
    assert_false(is_announced(post, 0));
    later_post_clear(post); /* nothing is there: nothing blocks */

    assert_true(later_take(one, &status, &text));
    assert_int_equal(status, 500);
    assert_string_equal(text, "web.ini:3: no such key\n");
    assert_true(later_take(two, &status, &text));
    assert_int_equal(status, LATER_VERDICT);
    assert_string_equal(text, "");
    later_unref(one);
    later_unref(two);
    later_unref(NULL);
    later_post_free(post);
    later_post_free(NULL);
}

static void bytes_are_moved(void **state)
{
    struct later_post *post = later_post_new();
    struct later *later = later_new(post);
    struct buffer bytes, out;

    (void)state;
    buffer_init(&bytes, 100);
    buffer_append(&bytes, "a\0b", 3);
    const char *data = bytes.data;
    later_complete_bytes(later, 200, &bytes, NULL);
    assert_int_equal(bytes.size, 0);
    later_move_bytes(later, &out);
    assert_ptr_equal(out.data, data);
    assert_int_equal(out.size, 3);
    assert_int_equal(out.maximum, 100);
    buffer_free(&out);
    later_unref(later);
    later_post_free(post);
}

/* Either side goes first, and the post before both. */
static void references(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        struct later_post *post = later_post_new();
        struct later *later = later_new(post);
        if (order & 1)
            later_unref(later);
        if (order & 2)
            later_post_free(post);
        later_complete(later, 200, "done");
        if (!(order & 1))
            later_unref(later);
        if (!(order & 2))
            later_post_free(post);
    }
}

enum { COMPLETERS = 4, LATERS = 200 };

static void *complete_all(void *pointer)
{
    struct later **laters = pointer;

    for (size_t i = 0; i < LATERS; i++)
        later_complete(laters[i], 200 + (int)i, "from another thread");
    return NULL;
}

/* One waits, as the server does, for what others complete. */
static void from_other_threads(void **state)
{
    struct later_post *post = later_post_new();
    struct later *laters[COMPLETERS][LATERS];
    bool seen[COMPLETERS][LATERS] = {{false}};
    pthread_t threads[COMPLETERS];
    size_t left = (size_t)COMPLETERS * LATERS;

    (void)state;
    for (size_t i = 0; i < COMPLETERS; i++) {
        for (size_t j = 0; j < LATERS; j++)
            laters[i][j] = later_new(post);
        assert_int_equal(pthread_create(&threads[i], NULL, complete_all, laters[i]), 0);
    }
    while (left > 0) {
        assert_true(is_announced(post, 20000));
        later_post_clear(post);
        for (size_t i = 0; i < COMPLETERS; i++) {
            for (size_t j = 0; j < LATERS; j++) {
                int status = 0;
                const char *text = NULL;
                if (seen[i][j] || !later_take(laters[i][j], &status, &text))
                    continue;
                assert_int_equal(status, 200 + (int)j);
                assert_string_equal(text, "from another thread");
                later_unref(laters[i][j]);
                seen[i][j] = true;
                left--;
            }
        }
    }
    for (size_t i = 0; i < COMPLETERS; i++)
        pthread_join(threads[i], NULL);
    later_post_free(post);
}

/* The server goes while others still complete. */
static void the_post_goes_meanwhile(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct later_post *post = later_post_new();
        struct later *laters[LATERS];
        pthread_t thread;
        for (size_t i = 0; i < LATERS; i++)
            laters[i] = later_new(post);
        for (size_t i = 0; i < LATERS; i += 2)
            later_unref(laters[i]);
        assert_int_equal(pthread_create(&thread, NULL, complete_all, laters), 0);
        later_post_free(post);
        for (size_t i = 1; i < LATERS; i += 2)
            later_unref(laters[i]);
        pthread_join(thread, NULL);
    }
}

ALL_TESTS(cmocka_unit_test(completed_and_taken), cmocka_unit_test(bytes_are_moved),
          cmocka_unit_test(references), cmocka_unit_test(from_other_threads),
          cmocka_unit_test(the_post_goes_meanwhile));
