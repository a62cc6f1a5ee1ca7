/* Which connection a request goes over, and that none goes out twice. */
#include "main.h"

#include "integration/network.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "simulator/rude.h"

/* The clock of the agent can be put forward; all else sees the real one. */
static int64_t boot_ahead_ns;

int clock_gettime(clockid_t id, struct timespec *now)
{
    long failed = syscall(SYS_clock_gettime, id, now);

    if (failed == 0 && id == CLOCK_BOOTTIME)
        now->tv_sec += (time_t)(boot_ahead_ns / SECOND_NS);
    return (int)failed;
}

struct scene {
    struct rude_player *player;
    struct network *network;
};

static struct scene scene_open(const char *first, const char *others, enum simulator_certificate certificate)
{
    static struct rude_script scripts[2];
    struct scene scene;

    scripts[0] = (struct rude_script){.name = first, .connection = 1};
    scripts[1] = (struct rude_script){.name = others};
    scene.player = rude_player_start(scripts, 2, &(struct rude_options){.certificate = certificate});
    scene.network = network_new(rude_player_url(scene.player), rude_player_ca_file(scene.player));
    return scene;
}

static void scene_close(struct scene *scene)
{
    boot_ahead_ns = 0;
    network_free(scene->network);
    rude_player_stop(scene->player);
}

static void make_post(struct network *network)
{
    network->request.method = HTTP_POST;
    network->request.body = (char *)(uintptr_t) "{}";
    network->request.body_size = 2;
    network->request.content_type = "application/json";
}

static void assert_good(const struct seen *seen, bool new_connection, bool resent)
{
    assert_string_equal(seen->answer.detail, "");
    assert_int_equal(seen->answer.failure, REASON_NONE);
    assert_int_equal(seen->rows, 2);
    assert_int_equal(seen->answer.new_connection, new_connection);
    assert_int_equal(seen->answer.resent, resent);
    assert_true(seen->answer.sent);
    assert_true((seen->answer.phases.connect_ns >= 0) == new_connection);
    assert_true((seen->answer.phases.resolve_ns >= 0) == new_connection);
    assert_true(seen->answer.phases.processing_ns >= 0);
    assert_true(seen->answer.phases.transfer_ns >= 0);
}

static void connection_is_kept(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);

    (void)state;
    assert_good(network_ask(scene.network, "/a"), true, false);
    assert_good(network_ask(scene.network, "/b"), false, false);
    make_post(scene.network);
    assert_good(network_ask(scene.network, "/c"), false, false);
    assert_int_equal(rude_player_connections(scene.player), 1);
    scene_close(&scene);
}

/* The server reads the request and closes: once over the kept connection, once over a fresh one, and no third. */
static void get_is_repeated_once_over_a_fresh_connection(void **state)
{
    static const char *const ways[] = {"kept_dies", "kept_resets"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_open(ways[i], "good", SIMULATOR_PLAIN_HTTP);

        assert_good(network_ask(scene.network, "/a"), true, false);
        assert_good(network_ask(scene.network, "/b"), true, true);
        assert_int_equal(rude_player_connections(scene.player), 2);
        assert_int_equal(rude_player_requests(scene.player, 1), 2);
        assert_int_equal(rude_player_requests(scene.player, 2), 1);
        assert_good(network_ask(scene.network, "/c"), false, false);
        scene_close(&scene);
    }
}

static void get_is_not_repeated_twice(void **state)
{
    struct scene scene = scene_open("kept_dies", "cut", SIMULATOR_PLAIN_HTTP);

    (void)state;
    assert_good(network_ask(scene.network, "/a"), true, false);
    struct seen *seen = network_ask(scene.network, "/b");

    assert_int_equal(seen->answer.failure, REASON_CONNECTION_LOST);
    assert_true(seen->answer.resent);
    assert_int_equal(rude_player_connections(scene.player), 2);
    assert_int_equal(rude_player_requests(scene.player, 0), 3);
    scene_close(&scene);
}

static void post_is_on_the_wire_once(void **state)
{
    static const char *const ways[] = {"kept_dies", "kept_resets"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene scene = scene_open(ways[i], "good", SIMULATOR_PLAIN_HTTP);

        assert_good(network_ask(scene.network, "/a"), true, false);
        make_post(scene.network);
        struct seen *seen = network_ask(scene.network, "/b");

        assert_int_equal(seen->answer.failure, REASON_CONNECTION_LOST);
        assert_non_null(strstr(seen->answer.detail, "not sent twice"));
        assert_false(seen->answer.resent);
        assert_false(seen->answer.new_connection);
        assert_true(seen->answer.sent);
        assert_int_equal(rude_player_connections(scene.player), 1);
        assert_int_equal(rude_player_requests(scene.player, 0), 2);
        assert_good(network_ask(scene.network, "/c"), true, false);
        scene_close(&scene);
    }
}

/* A connection that the server has closed meanwhile is noticed before anything goes over it. */
static void closed_connection_is_replaced(void **state)
{
    struct scene scene = scene_open("kept_closes", "good", SIMULATOR_PLAIN_HTTP);

    (void)state;
    assert_good(network_ask(scene.network, "/a"), true, false);
    usleep(50000); /* the FIN is on its way and nothing here tells when it has come */
    make_post(scene.network);
    assert_good(network_ask(scene.network, "/b"), true, false);
    scene_close(&scene);
}

static void post_needs_a_connection_used_lately(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);

    (void)state;
    assert_good(network_ask(scene.network, "/a"), true, false);
    make_post(scene.network);
    boot_ahead_ns += 29 * SECOND_NS;
    assert_good(network_ask(scene.network, "/b"), false, false);
    boot_ahead_ns += 29 * SECOND_NS;
    assert_good(network_ask(scene.network, "/c"), false, false);
    boot_ahead_ns += 31 * SECOND_NS;
    assert_good(network_ask(scene.network, "/d"), true, false);
    scene.network->request.method = HTTP_GET;
    boot_ahead_ns += 31 * SECOND_NS;
    assert_good(network_ask(scene.network, "/e"), false, false);
    assert_int_equal(rude_player_connections(scene.player), 2);
    assert_int_equal(rude_player_requests(scene.player, 0), 5);
    scene_close(&scene);
}

static void connection_is_replaced_when_old(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);

    (void)state;
    assert_good(network_ask(scene.network, "/a"), true, false);
    boot_ahead_ns += 4 * MINUTE_NS;
    assert_good(network_ask(scene.network, "/b"), false, false);
    boot_ahead_ns += 61 * SECOND_NS;
    assert_good(network_ask(scene.network, "/c"), true, false);
    assert_good(network_ask(scene.network, "/d"), false, false);
    assert_int_equal(rude_player_connections(scene.player), 2);
    scene_close(&scene);
}

static void fresh_connections_are_not_kept(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);

    (void)state;
    scene.network->request.fresh = true;
    assert_good(network_ask(scene.network, "/a"), true, false);
    assert_good(network_ask(scene.network, "/b"), true, false);
    scene.network->request.fresh = false;
    scene.network->appserver.connection_max_age_ns = 0;
    assert_good(network_ask(scene.network, "/c"), true, false);
    assert_good(network_ask(scene.network, "/d"), true, false);
    assert_int_equal(rude_player_connections(scene.player), 4);
    scene_close(&scene);
}

/* The server sends a body with its answer to HEAD. */
static void connection_of_a_head_is_not_used_again(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);

    (void)state;
    scene.network->request.method = HTTP_HEAD;
    assert_int_equal(network_ask(scene.network, "/a")->answer.failure, REASON_NONE);
    scene.network->request.method = HTTP_GET;
    assert_good(network_ask(scene.network, "/b"), true, false);
    assert_good(network_ask(scene.network, "/c"), false, false);
    assert_int_equal(rude_player_connections(scene.player), 2);
    scene_close(&scene);
}

/* One app server's short connection_max_age does not cost the others their connections. */
static void limits_are_each_servers_own(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);
    struct scene other = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);
    const char *here = scene.network->base, *there = rude_player_url(other.player);

    (void)state;
    for (int i = 0; i < 3; i++) {
        scene.network->base = here;
        scene.network->appserver.connection_max_age_ns = 5 * MINUTE_NS;
        assert_good(network_ask(scene.network, "/a"), i == 0, false);
        scene.network->base = there;
        scene.network->appserver.connection_max_age_ns = 20 * SECOND_NS;
        assert_good(network_ask(scene.network, "/a"), true, false);
        boot_ahead_ns += 30 * SECOND_NS;
    }
    scene_close(&other);
    scene_close(&scene);
}

/* libcurl would keep four connections a running transfer: asked one after the other, no server would keep its own. */
static void servers_in_turn_keep_their_connections(void **state)
{
    enum { SERVERS = 7 }; /* the network was told of 8 connections */
    struct scene scene = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);
    static const struct rude_script good = {.name = "good"};
    struct rude_player *players[SERVERS];
    const char *here = scene.network->base;

    (void)state;
    for (int i = 0; i < SERVERS; i++)
        players[i] = rude_player_start(&good, 1, &(struct rude_options){0});
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SERVERS; i++) {
            scene.network->base = rude_player_url(players[i]);
            assert_good(network_ask(scene.network, "/a"), round == 0, false);
        }
    }
    scene.network->base = here;
    for (int i = 0; i < SERVERS; i++) {
        assert_int_equal(rude_player_connections(players[i]), 1);
        rude_player_stop(players[i]);
    }
    scene_close(&scene);
}

/* No TLS session is resumed: it would show no certificate. */
static void each_handshake_shows_the_certificate(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_TLS_VALID);

    (void)state;
    scene.network->request.fresh = true;
    for (int i = 0; i < 3; i++) {
        struct seen *seen = network_ask(scene.network, "/a");

        assert_good(seen, true, false);
        assert_true(seen->answer.certificate_expiry_epoch > 0);
        assert_true(seen->answer.phases.tls_ns > 0);
    }
    scene_close(&scene);
}

/* A kept connection that was verified against one CA set does not serve a request that trusts another. */
static void ca_sets_do_not_share_connections(void **state)
{
    struct scene scene = scene_open("good", "good", SIMULATOR_TLS_VALID);
    struct scene other = scene_open("good", "good", SIMULATOR_TLS_VALID);
    struct network *network = scene.network;
    char *right = network->appserver.tls_ca_file;

    (void)state;
    assert_good(network_ask(network, "/a"), true, false);
    assert_good(network_ask(network, "/b"), false, false);
    network->appserver.tls_ca_file = other.network->appserver.tls_ca_file;
    struct seen *seen = network_ask(network, "/c");

    assert_int_equal(seen->answer.failure, REASON_TLS);
    assert_string_equal(seen->answer.detail, "certificate signature failure");
    assert_false(seen->answer.sent);
    network->appserver.tls_ca_file = right;
    assert_good(network_ask(network, "/d"), true, false);
    scene_close(&other);
    scene_close(&scene);
}

static void no_request_goes_to_a_proxy_of_the_environment(void **state)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    struct scene proxy = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);
    struct scene plain = scene_open("good", "good", SIMULATOR_PLAIN_HTTP);
    struct scene tls = scene_open("good", "good", SIMULATOR_TLS_VALID);

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], rude_player_url(proxy.player), 1);
    assert_good(network_ask(plain.network, "/a"), true, false);
    assert_good(network_ask(tls.network, "/a"), true, false);
    assert_int_equal(rude_player_connections(proxy.player), 0);
    assert_int_equal(rude_player_requests(plain.player, 0), 1);
    assert_int_equal(rude_player_requests(tls.player, 0), 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    scene_close(&tls);
    scene_close(&plain);
    scene_close(&proxy);
}

ALL_TESTS(cmocka_unit_test(connection_is_kept),
          cmocka_unit_test(get_is_repeated_once_over_a_fresh_connection),
          cmocka_unit_test(get_is_not_repeated_twice), cmocka_unit_test(post_is_on_the_wire_once),
          cmocka_unit_test(closed_connection_is_replaced),
          cmocka_unit_test(post_needs_a_connection_used_lately),
          cmocka_unit_test(connection_is_replaced_when_old), cmocka_unit_test(fresh_connections_are_not_kept),
          cmocka_unit_test(connection_of_a_head_is_not_used_again),
          cmocka_unit_test(limits_are_each_servers_own),
          cmocka_unit_test(servers_in_turn_keep_their_connections),
          cmocka_unit_test(each_handshake_shows_the_certificate),
          cmocka_unit_test(ca_sets_do_not_share_connections),
          cmocka_unit_test(no_request_goes_to_a_proxy_of_the_environment));
