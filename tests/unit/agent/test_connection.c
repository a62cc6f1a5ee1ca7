#include "main.h"

#include "agent/connection.h"

static const int user_a, user_b;
enum { set_a = 1, set_b };

static void fit_depends_on_age_idleness_and_trust(void **state)
{
    static const struct {
        int64_t age_s, idle_s, max_age_s;
        bool post;
        uint64_t trust;
        bool fits;
    } cases[] = {
        {0, 0, 300, false, set_a, true},     {0, 0, 300, true, set_a, true},
        {299, 299, 300, false, set_a, true}, {300, 0, 300, false, set_a, false},
        {100, 29, 300, true, set_a, true},   {100, 30, 300, true, set_a, false},
        {100, 30, 300, false, set_a, true},  {0, 0, 300, false, set_b, false},
        {0, 0, 300, false, 0, false},        {0, 0, 0, false, set_a, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct connection connection = {.opened_ns = (1000 - cases[i].age_s) * SECOND_NS,
                                        .used_ns = (1000 - cases[i].idle_s) * SECOND_NS,
                                        .trust = set_a};
        struct connection_need need = {
            .max_age_ns = cases[i].max_age_s * SECOND_NS, .post = cases[i].post, .trust = cases[i].trust};

        if (connection_fits(&connection, &need, 1000 * SECOND_NS) != cases[i].fits)
            fail_msg("case %zu", i);
    }
}

/* Ends that share the local port, and so the bucket, are told apart; a closed connection is found no more. */
static void book_finds_what_is_open(void **state)
{
    enum { COUNT = 2000 };
    static struct connection_book book;
    struct connection_ends ends = {.remote_ip = "10.0.0.1", .local_ip = "10.0.0.2", .remote_port = 443};

    (void)state;
    assert_null(connection_at(&book, -1));
    assert_null(connection_at(&book, 5));
    for (int i = 0; i < COUNT; i++) {
        connection_opened(&book, i, (uint64_t)i, i);
        ends.local_port = 1000 + i / 4;
        ends.remote_port = 443 + i % 4;
        assert_null(connection_find(&book, &ends));
        connection_use(&book, connection_at(&book, i), &ends, set_a, NULL);
        assert_ptr_equal(connection_find(&book, &ends), connection_at(&book, i));
    }
    for (int i = 0; i < COUNT; i += 3)
        connection_closed(&book, i);
    connection_closed(&book, 0);        /* twice is nothing */
    connection_opened(&book, 0, 77, 5); /* the number is used again */
    for (int i = 0; i < COUNT; i++) {
        ends.local_port = 1000 + i / 4;
        ends.remote_port = 443 + i % 4;
        struct connection *found = connection_find(&book, &ends);

        if (i % 3 == 0)
            assert_null(found);
        else
            assert_int_equal(found->descriptor, i);
    }
    assert_int_equal(connection_at(&book, 0)->owner, 77);
    assert_false(connection_at(&book, 0)->used);
    connection_book_free(&book);
}

static void fit_depends_on_whose_login_it_carries(void **state)
{
    static const void *const users[] = {NULL, &user_a, &user_b};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            struct connection connection = {.trust = set_a, .login = users[i]};
            struct connection_need need = {.max_age_ns = SECOND_NS, .trust = set_a, .login = users[k]};

            assert_int_equal(connection_fits(&connection, &need, 0), i == k);
            connection.refused = true;
            assert_false(connection_fits(&connection, &need, 0));
        }
}

ALL_TESTS(cmocka_unit_test(fit_depends_on_age_idleness_and_trust),
          cmocka_unit_test(fit_depends_on_whose_login_it_carries), cmocka_unit_test(book_finds_what_is_open));
