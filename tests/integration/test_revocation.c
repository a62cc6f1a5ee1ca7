/* One token for a thousand targets, revoked at moments that nobody chose: over real sockets, with calls in flight. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "integration/rig.h"
#include "simulator/simulator.h"

#define TARGETS   1000
#define IN_FLIGHT 40
#define ROUNDS    3
#define MOST      400 /* calls until the token is revoked */
#define MORE      500 /* calls after it that are looked at; the simulator keeps 4096 in all */

static struct rig agent_start(const struct simulator *server)
{
    struct buffer text;

    buffer_init(&text, 1 << 20);
    /* login_retry: a token refused within this time after it was granted would not be replaced again. */
    buffer_format(&text,
                  "[exporter]\ninterval = %s\n[appserver live]\nurl = %s\ncompany = EPIC06\n"
                  "api_key = demo-api-key\nmax_in_flight = %d\nlogin_retry = 100ms..30m\n"
                  "username = epicor-monitor\npassword = demo-password\n",
                  SANITIZED ? "10s" : "2s", simulator_url(server), IN_FLIGHT);
    for (int i = 0; i < TARGETS; i++)
        buffer_format(&text, "[probe t%d]\nkind = baq\nbaq = zTarget\nparam.Target = %d\n", i, i);
    struct rig rig = rig_start(buffer_as_text(&text));
    buffer_free(&text);
    return rig;
}

static void await_calls(struct simulator *server, uint64_t more)
{
    assert_true(simulator_wait_requests(server, "zTarget", simulator_requests(server, "zTarget") + more,
                                        RIG_PATIENCE_NS / MILLISECOND_NS));
}

/* In one round: how many calls were refused, and of which targets. */
struct refusals {
    size_t count;
    unsigned char of[TARGETS];
};

/* The round is told by the token that was refused: each round revokes one. */
static void count_refusals(struct simulator *server, struct refusals *rounds)
{
    struct simulator_request *request;
    char *revoked[ROUNDS] = {NULL};

    assert_true(simulator_requests(server, NULL) <= 4096);
    for (size_t i = 0; (request = simulator_request(server, "zTarget", i)); i++) {
        const char *token = simulator_request_header(request, "Authorization");
        if (request->status == 401) {
            int round = 0;
            assert_non_null(token);
            while (round < ROUNDS && revoked[round] && strcmp(revoked[round], token) != 0)
                round++;
            assert_in_range(round, 0, ROUNDS - 1);
            if (!revoked[round])
                revoked[round] = memory_copy_text(token);
            char *target = simulator_request_argument(request, "Target", 0);
            rounds[round].count++;
            rounds[round].of[strtoul(target, NULL, 10)]++;
            free(target);
        }
        simulator_request_free(request);
    }
    for (int i = 0; i < ROUNDS; i++)
        free(revoked[i]);
}

static void a_revoked_token_costs_one_login_and_no_run(void **state)
{
    struct simulator_options options = {.behaviour = {.latency_ms = 20}};
    struct simulator *server = simulator_start(&options);
    struct refusals *rounds = memory_new(ROUNDS, sizeof *rounds);
    unsigned seed = (unsigned)clock_now().boot_ns;

    (void)state;
    printf("%d targets, seed %u\n", TARGETS, seed);
    simulator_set_rows(server, "zTarget", 3);
    struct rig rig = agent_start(server);
    await_calls(server, TARGETS);
    for (int i = 0; i < ROUNDS; i++) {
        await_calls(server, (unsigned)rand_r(&seed) % MOST);
        simulator_revoke_tokens(server);
        await_calls(server, MORE);
        assert_int_equal(simulator_counts(server).token_requests, 2 + i);
    }
    char *page = rig_page(&rig);
    double runs = page_sum(page, "epicor_probe_runs_total{");
    assert_true(page_sum(page, "epicor_probe_failures_total{") == 0);
    assert_true(page_sum(page, "epicor_exporter_runs_skipped_total{") == 0);
    assert_true(page_value(page, "epicor_reauthentications_total{appserver=\"live\"}") == ROUNDS);
    free(page);
    rig_end(&rig);

    count_refusals(server, rounds);
    assert_int_equal(simulator_counts(server).token_requests, 1 + ROUNDS);
    printf("%.0f runs, none failed or skipped, %d token requests;", runs, 1 + ROUNDS);
    for (int i = 0; i < ROUNDS; i++) {
        printf(" round %d: %zu calls refused and repeated;", i + 1, rounds[i].count);
        assert_in_range(rounds[i].count, 1, IN_FLIGHT);
        for (size_t target = 0; target < TARGETS; target++)
            assert_in_range(rounds[i].of[target], 0, 1);
    }
    printf("\n");
    simulator_stop(server);
    free(rounds);
}

ALL_TESTS(cmocka_unit_test(a_revoked_token_costs_one_login_and_no_run));
