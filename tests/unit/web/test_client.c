/* Limits and deadlines on a clock of the test's own. */
#include "main.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "web/client.h"

static struct in6_addr address(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return client_address((struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return client_address((struct sockaddr *)&in6);
}

static void places(void **state)
{
    struct client_table table;
    struct in6_addr one = address("192.0.2.1"), mapped = address("::ffff:192.0.2.1"),
                    two = address("2001:db8::2");

    (void)state;
    client_table_init(&table, 4, 2);
    struct client *first = client_enter(&table, 10, &one, 0);
    assert_non_null(first);
    assert_non_null(client_enter(&table, 11, &mapped, 0));
    assert_null(client_enter(&table, 12, &one, 0)); /* an IPv4 address is one, however it came */
    assert_non_null(client_enter(&table, 12, &two, 0));
    client_leave(&table, first);
    assert_non_null(client_enter(&table, 13, &one, 0));
    assert_non_null(client_enter(&table, 14, &two, 0));
    assert_int_equal(table.used, 4);
    struct in6_addr three = address("192.0.2.3");
    assert_null(client_enter(&table, 15, &three, 0)); /* full */
    client_table_free(&table);
}

/* A host has a network of 64 bits of IPv6 to take addresses from. */
static void same_addresses(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"2001:db8::1", "2001:db8::2", true},
        {"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
        {"2001:db8::1", "2001:db8:0:1::1", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"127.0.0.1", "127.0.0.2", false},
        {"127.0.0.1", "::1", false},
        {"::1", "::1", true},
        {"::1", "::2", false},
        {"::2", "192.0.2.1", false},
    };
    struct client_table table;
    struct in6_addr one = address("2001:db8::1"), two = address("2001:db8::2"),
                    three = address("2001:db8::3");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct in6_addr a = address(cases[i].a), b = address(cases[i].b);
        if (client_is_same(&a, &b) != cases[i].same || client_is_same(&b, &a) != cases[i].same)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
    }
    client_table_init(&table, 4, 2);
    assert_non_null(client_enter(&table, 10, &one, 0));
    assert_non_null(client_enter(&table, 11, &two, 0));
    assert_null(client_enter(&table, 12, &three, 0));
    client_table_free(&table);
}

/* A large body is to leave faster: all of it in drain_ns. */
static void large_bodies_drain_faster(void **state)
{
    static const struct {
        uint64_t size, rate;
        bool late;
    } cases[] = {
        {1 << 20, 20000, false}, {7400000, 20000, true}, {7400000, 120000, true}, {7400000, 130000, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client client = {.phase = CLIENT_HEADERS};
        uint64_t arrived = 0;
        int64_t now = 0;
        client_asked(&client, now);
        client_drains(&client, now, arrived, cases[i].size);
        bool late = false;
        for (int64_t seconds = 5; seconds <= 35; seconds += 5) {
            arrived += 5 * cases[i].rate;
            late = late || client_is_late(&client, &web_options_default, seconds * SECOND_NS, arrived);
        }
        if (late != cases[i].late)
            fail_msg("%zu", i);
    }
}

/* Others can take all shared places, but not those that this machine itself has beside them. */
static void reserved(void **state)
{
    struct client_table table;
    struct in6_addr outside = address("192.0.2.1"), inside = address("127.0.0.1"), inside6 = address("::1");
    struct client *last = NULL;

    (void)state;
    client_table_init(&table, 3, 20);
    for (int i = 0; i < 3; i++)
        assert_non_null(client_enter(&table, 10 + i, &outside, 0));
    assert_null(client_enter(&table, 13, &outside, 0));
    for (size_t i = 0; i < CLIENT_RESERVED; i++) {
        last = client_enter(&table, 13 + (int)i, i % 2 == 0 ? &inside : &inside6, 0);
        assert_non_null(last);
    }
    assert_null(client_enter(&table, 30, &inside, 0));
    client_leave(&table, last);
    assert_null(client_enter(&table, 30, &outside, 0)); /* that place is not for everybody */
    assert_non_null(client_enter(&table, 30, &inside, 0));
    client_table_free(&table);
}

static void loopback(void **state)
{
    static const struct {
        const char *address;
        bool loopback;
    } cases[] = {{"127.0.0.1", true},        {"127.255.0.9", true}, {"::1", true},
                 {"::ffff:127.0.0.1", true}, {"128.0.0.1", false},  {"::", false},
                 {"::127.0.0.1", false},     {"fe80::1", false},    {"0.0.0.0", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct in6_addr in6 = address(cases[i].address);
        if (client_is_loopback(&in6) != cases[i].loopback)
            fail_msg("%s", cases[i].address);
    }
}

#define S SECOND_NS

static struct client client_at(int64_t now_ns)
{
    return (struct client){.phase = CLIENT_HEADERS, .since_ns = now_ns, .request_ns = now_ns};
}

static void headers_and_idle(void **state)
{
    const struct web_options *options = &web_options_default;
    struct client client = client_at(100 * S);

    (void)state;
    assert_int_equal(client_next_ns(&client, options), 105 * S);
    assert_false(client_is_late(&client, options, 105 * S - 1, 0));
    assert_true(client_is_late(&client, options, 105 * S, 0));

    client_asked(&client, 104 * S);
    client_answered(&client, 105 * S, 300);
    assert_int_equal(client_next_ns(&client, options), 225 * S);
    client_received(&client, 150 * S, 300); /* nothing new */
    assert_int_equal(client.phase, CLIENT_IDLE);
    client_received(&client, 160 * S, 301); /* the first byte */
    client_received(&client, 164 * S, 302); /* the next one buys no time */
    assert_false(client_is_late(&client, options, 165 * S - 1, 0));
    assert_true(client_is_late(&client, options, 165 * S, 0));
    client.cut = true;
    assert_int_equal(client_next_ns(&client, options), NEVER_NS);
    assert_false(client_is_late(&client, options, 500 * S, 0));
}

/* 10 KB/s over windows of 5 s, asked for after 30 s. */
static void responses(void **state)
{
    const struct web_options *options = &web_options_default;
    struct client client = client_at(0);

    (void)state;
    client_asked(&client, 0);
    client_drains(&client, 1 * S, 1000, 100);
    for (int64_t at = 6; at < 30; at += 5) /* stands still, and may */
        assert_false(client_is_late(&client, options, at * S, 1000));
    assert_false(client_is_late(&client, options, 31 * S, 51000));  /* 50,000 bytes in 5 s */
    assert_false(client_is_late(&client, options, 36 * S, 101000)); /* still */
    assert_false(client_is_late(&client, options, 38 * S, 101000)); /* within the window */
    assert_true(client_is_late(&client, options, 41 * S, 150999));  /* one byte too few */
}

/* A request that came whole between two looks has its own beginning. */
static void a_second_request_is_not_older_than_itself(void **state)
{
    const struct web_options *options = &web_options_default;
    struct client client = client_at(0);

    (void)state;
    client_asked(&client, 1 * S);
    client_answered(&client, 2 * S, 100);
    client_asked(&client, 100 * S);
    assert_false(client_is_late(&client, options, 105 * S, 0));
    assert_false(client_is_late(&client, options, 129 * S, 0));
    assert_true(client_is_late(&client, options, 134 * S, 0));
}

/* Waiting for our answer is bounded by itself, and counts for nothing else. */
static void later(void **state)
{
    const struct web_options *options = &web_options_default;
    struct client client = client_at(100 * S);

    (void)state;
    client_asked(&client, 101 * S);
    client_waits(&client, 101 * S);
    assert_int_equal(client_next_ns(&client, options), 101 * S + options->later_ns);
    assert_false(client_is_late(&client, options, 101 * S + options->later_ns - 1, 0));
    assert_true(client_is_late(&client, options, 101 * S + options->later_ns, 0));

    client_goes_on(&client, 201 * S);
    client_drains(&client, 201 * S, 1000, 100);
    assert_false(
        client_is_late(&client, options, 206 * S, 1000)); /* stuck, but within the time of a request */
    assert_false(client_is_late(&client, options, 229 * S, 1000));
    assert_true(client_is_late(&client, options, 234 * S, 1000));
}

ALL_TESTS(cmocka_unit_test(later), cmocka_unit_test(places), cmocka_unit_test(same_addresses),
          cmocka_unit_test(large_bodies_drain_faster), cmocka_unit_test(reserved), cmocka_unit_test(loopback),
          cmocka_unit_test(headers_and_idle), cmocka_unit_test(responses),
          cmocka_unit_test(a_second_request_is_not_older_than_itself));
