/* States in one word, and what is wrong: the worst first, each cause once. */
#include "main.h"

#include <string.h>

#include "base/memory.h"
#include "report/board_state.h"
#include "report/problem.h"

static const struct moment now = {.boot_ns = 90000 * SECOND_NS, .wall_ns = 1767225600 * SECOND_NS};

static struct board_appserver server_named(const char *name)
{
    return (struct board_appserver){.name = name, .url = "http://x", .known = true, .sessions_open = -1};
}

static struct board_target target_of(const char *server, enum reason reason)
{
    return (struct board_target){.appserver = server,
                                 .company = "",
                                 .probe = "orders",
                                 .kind = "baq",
                                 .ran = true,
                                 .reason = reason,
                                 .results_until_boot_ns = now.boot_ns + 1};
}

static void states_of_targets(void **state)
{
    const struct {
        struct board_target target;
        enum board_state wanted;
    } cases[] = {
        {{.ran = false}, STATE_NEVER_RAN},
        {{.resting = true}, STATE_RESTING},
        {{.ran = true, .results_until_boot_ns = now.boot_ns + 1}, STATE_GOOD},
        {{.ran = true, .results_until_boot_ns = now.boot_ns}, STATE_WAITING},
        {{.ran = true, .reason = REASON_ROWS, .results_until_boot_ns = now.boot_ns}, STATE_WAITING},
        {{.ran = true, .reason = REASON_ROWS, .results_until_boot_ns = now.boot_ns + 1}, STATE_FAILING},
        {{.ran = true, .consecutive_slow_runs = 1, .results_until_boot_ns = now.boot_ns + 1}, STATE_SLOW},
        {{.ran = true,
          .reason = REASON_TIMEOUT,
          .consecutive_slow_runs = 1,
          .results_until_boot_ns = now.boot_ns + 1},
         STATE_FAILING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (board_target_state(&cases[i].target, now) != cases[i].wanted)
            fail_msg("case %zu", i);
}

static void states_of_app_servers(void **state)
{
    static const size_t some[BOARD_STATES] = {[STATE_GOOD] = 1, [STATE_RESTING] = 1};
    static const size_t resting[BOARD_STATES] = {[STATE_RESTING] = 2};
    static const size_t none[BOARD_STATES] = {0};
    const int64_t later = now.wall_ns + 1;
    const struct {
        struct board_appserver appserver;
        const size_t *targets;
        enum board_state wanted;
        enum reason reason;
    } cases[] = {
        {{.known = false}, some, STATE_NEVER_RAN, REASON_NONE},
        {{.known = true}, some, STATE_GOOD, REASON_NONE},
        {{.known = true}, resting, STATE_RESTING, REASON_NONE},
        {{.known = true}, none, STATE_GOOD, REASON_NONE},
        {{.known = true}, NULL, STATE_GOOD, REASON_NONE},
        {{.known = true, .verdict = REASON_TLS}, some, STATE_FAILING, REASON_TLS},
        {{.known = true, .has_token = true, .token_reason = REASON_TIMEOUT},
         some,
         STATE_FAILING,
         REASON_TIMEOUT},
        {{.known = true, .token_reason = REASON_TIMEOUT}, some, STATE_GOOD, REASON_NONE},
        {{.known = true, .login_blocked_until_wall_ns = later, .login_blocked_reason = REASON_API_KEY},
         some,
         STATE_FAILING,
         REASON_API_KEY},
        {{.known = true, .login_blocked_until_wall_ns = now.wall_ns, .login_blocked_reason = REASON_API_KEY},
         some,
         STATE_GOOD,
         REASON_NONE},
        {{.known = true, .has_throttled = true, .throttled = true}, some, STATE_SLOW, REASON_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (board_appserver_state(&cases[i].appserver, cases[i].targets, now) != cases[i].wanted ||
            board_appserver_reason(&cases[i].appserver, now) != cases[i].reason)
            fail_msg("case %zu", i);
    for (int i = 0; i < BOARD_STATES; i++)
        assert_non_null(board_state_row((enum board_state)i)->words);
}

/* ---- problems ---- */

#define MOST 16

static const struct board_appserver *server_list[MOST];
static const struct board_target *target_list[MOST];

static struct board_view view_of(const struct board_appserver *servers, size_t server_count,
                                 const struct board_target *targets, size_t target_count)
{
    for (size_t i = 0; i < server_count; i++)
        server_list[i] = &servers[i];
    for (size_t i = 0; i < target_count; i++)
        target_list[i] = &targets[i];
    return (struct board_view){.now = now,
                               .appservers = server_list,
                               .appserver_count = server_count,
                               .targets = target_list,
                               .target_count = target_count};
}

static void assert_problem(const struct problem_list *list, size_t index, enum problem_kind kind,
                           size_t appserver, enum reason reason, size_t targets)
{
    const struct problem *problem = &list->items[index];

    assert_true(index < list->count);
    if (problem->kind != kind || problem->appserver != appserver || problem->reason != reason ||
        problem->target_count != targets)
        fail_msg("problem %zu: %s of %zu, %s, %zu targets", index, problem_row(problem->kind)->name,
                 problem->appserver, reason_name(problem->reason), problem->target_count);
    assert_non_null(problem->sentence);
    assert_non_null(problem->remedy);
}

static void nothing_is_wrong(void **state)
{
    struct board_appserver servers[] = {server_named("live")};
    struct board_target targets[] = {target_of("live", REASON_NONE),
                                     target_of("live", REASON_CONNECT),
                                     target_of("live", REASON_CONNECT),
                                     {.appserver = "live"}};

    (void)state;
    targets[1].results_until_boot_ns = now.boot_ns; /* of long ago */
    targets[2].resting = true;
    targets[0].drift = (char *)"added: X";
    targets[0].drift_wall_ns = now.wall_ns - DAY_NS;
    servers[0].certificate_expiry_epoch = now.wall_ns / SECOND_NS + 14 * 86400;
    struct board_view view = view_of(servers, 1, targets, 4);
    struct problem_list list = problems_of(&view, false);
    assert_int_equal(list.count, 0);
    problem_list_free(&list);
    view = view_of(servers, 0, targets, 0);
    list = problems_of(&view, false);
    assert_int_equal(list.count, 0);
    problem_list_free(&list);
}

/* The verdict explains what failed without an answer; what an answer proved before stands beside it. */
static void a_cause_is_told_once(void **state)
{
    struct board_appserver servers[] = {server_named("live"), server_named("test")};
    struct board_target targets[] = {
        target_of("live", REASON_CONNECT), target_of("test", REASON_ROWS), target_of("live", REASON_TIMEOUT),
        target_of("live", REASON_ROWS),    target_of("test", REASON_ROWS), target_of("live", REASON_CONNECT),
        target_of("test", REASON_API_KEY), target_of("live", REASON_NONE),
    };

    (void)state;
    servers[0].verdict = REASON_CONNECT;
    servers[0].verdict_since_wall_ns = 77;
    servers[0].has_token = true;
    servers[0].token_reason = REASON_CONNECT;
    servers[0].token_message = (char *)"refused";
    targets[1].failing_since_wall_ns = 90;
    targets[4].failing_since_wall_ns = 80;
    targets[1].message = (char *)"no rows";
    struct board_view view = view_of(servers, 2, targets, 8);
    struct problem_list list = problems_of(&view, false);
    assert_int_equal(list.count, 4);
    assert_problem(&list, 0, PROBLEM_VERDICT, 0, REASON_CONNECT, 3);
    assert_int_equal(list.items[0].targets[0], 0);
    assert_int_equal(list.items[0].targets[1], 2);
    assert_int_equal(list.items[0].targets[2], 5);
    assert_true(list.items[0].since_wall_ns == 77);
    assert_string_equal(list.items[0].message, "refused");
    assert_string_equal(list.items[0].sentence, reason_row(REASON_CONNECT)->sentence);
    assert_problem(&list, 1, PROBLEM_TARGETS, 0, REASON_ROWS, 1);
    assert_problem(&list, 2, PROBLEM_TARGETS, 1, REASON_ROWS, 2);
    assert_true(list.items[2].since_wall_ns == 80);
    assert_string_equal(list.items[2].message, "no rows");
    assert_problem(&list, 3, PROBLEM_TARGETS, 1, REASON_API_KEY, 1);
    problem_list_free(&list);
}

static void logins_explain_what_waits_for_them(void **state)
{
    struct board_appserver servers[] = {server_named("live"), server_named("pilot"), server_named("test")};
    struct board_target targets[] = {
        target_of("live", REASON_CREDENTIALS), target_of("live", REASON_NOT_FOUND),
        target_of("pilot", REASON_IDENTITY_PROVIDER), target_of("test", REASON_CREDENTIALS)};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        servers[i].has_token = true;
    servers[0].login_blocked_until_wall_ns = now.wall_ns + 1;
    servers[0].login_blocked_reason = REASON_CREDENTIALS;
    servers[0].login_blocked_message = (char *)"Invalid username or password";
    servers[0].token_reason = REASON_CREDENTIALS;
    servers[1].token_reason = REASON_IDENTITY_PROVIDER;
    servers[1].token_failing_since_wall_ns = 5;
    servers[2].verdict = REASON_CREDENTIALS;
    servers[2].token_reason = REASON_CREDENTIALS;
    servers[2].login_blocked_until_wall_ns = now.wall_ns + 1;
    servers[2].login_blocked_reason = REASON_CREDENTIALS;
    struct board_view view = view_of(servers, 3, targets, 4);
    struct problem_list list = problems_of(&view, false);
    assert_int_equal(list.count, 4);
    assert_problem(&list, 0, PROBLEM_VERDICT, 2, REASON_CREDENTIALS, 1);
    assert_problem(&list, 1, PROBLEM_LOGIN, 0, REASON_CREDENTIALS, 1);
    assert_string_equal(list.items[1].message, "Invalid username or password");
    assert_problem(&list, 2, PROBLEM_TOKEN, 1, REASON_IDENTITY_PROVIDER, 1);
    assert_true(list.items[2].since_wall_ns == 5);
    assert_problem(&list, 3, PROBLEM_TARGETS, 0, REASON_NOT_FOUND, 1);
    problem_list_free(&list);
}

static void all_kinds_in_their_order(void **state)
{
    struct board_appserver servers[] = {server_named("a"), server_named("b")};
    struct board_target targets[] = {target_of("b", REASON_NONE), target_of("a", REASON_NONE),
                                     target_of("a", REASON_ROWS)};
    static const struct {
        enum problem_kind kind;
        size_t appserver;
    } wanted[] = {
        {PROBLEM_HUNG, 2},
        {PROBLEM_VERDICT, 1},
        {PROBLEM_LOGIN, 0},
        {PROBLEM_TOKEN, 0},
        {PROBLEM_CERTIFICATE_EXPIRED, 1},
        {PROBLEM_TARGETS, 0},
        {PROBLEM_RELOAD, 2},
        {PROBLEM_THROTTLED, 0},
        {PROBLEM_PRODUCTION, 0},
        {PROBLEM_CERTIFICATE_EXPIRING, 0},
        {PROBLEM_CERTIFICATE_EXPIRING, 1},
        {PROBLEM_SLOW, 0},
        {PROBLEM_DRIFT, 0},
    };

    (void)state;
    servers[1].verdict = REASON_UNAVAILABLE;
    servers[1].certificate_expiry_epoch = now.wall_ns / SECOND_NS;
    servers[1].client_certificate_expiry_epoch = now.wall_ns / SECOND_NS + 1;
    servers[0].login_blocked_until_wall_ns = now.wall_ns + 1; /* of a reason that nobody knows */
    servers[0].has_token = true;
    servers[0].token_reason = REASON_TIMEOUT;
    servers[0].identity_provider_certificate_expiry_epoch = now.wall_ns / SECOND_NS + 86400;
    servers[0].has_throttled = servers[0].throttled = true;
    servers[0].has_production = servers[0].production = servers[0].has_production_expected = true;
    targets[1].consecutive_slow_runs = 1;
    targets[1].drift = (char *)"added: X";
    targets[1].drift_wall_ns = now.wall_ns - DAY_NS + 1;
    struct board_view view = view_of(servers, 2, targets, 3);
    view.reload_failed = true;
    struct problem_list list = problems_of(&view, true);
    assert_int_equal(list.count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.items[i].kind, wanted[i].kind);
        assert_int_equal(list.items[i].appserver, wanted[i].appserver);
        assert_non_null(list.items[i].sentence);
        assert_non_null(list.items[i].remedy);
        assert_true(i == 0 || problem_row(list.items[i].kind)->severity >=
                                  problem_row(list.items[i - 1].kind)->severity);
    }
    problem_list_free(&list);
}

/* In maintenance only certificates are told. */
static void maintenance_raises_nothing(void **state)
{
    struct board_appserver servers[] = {server_named("live")};
    struct board_target targets[] = {target_of("live", REASON_CONNECT)};

    (void)state;
    servers[0].has_maintenance = servers[0].in_maintenance = true;
    servers[0].verdict = REASON_CONNECT;
    servers[0].certificate_expiry_epoch = 1;
    struct board_view view = view_of(servers, 1, targets, 1);
    struct problem_list list = problems_of(&view, false);
    assert_int_equal(list.count, 1);
    assert_problem(&list, 0, PROBLEM_CERTIFICATE_EXPIRED, 0, REASON_NONE, 0);
    problem_list_free(&list);
}

ALL_TESTS(cmocka_unit_test(states_of_targets), cmocka_unit_test(states_of_app_servers),
          cmocka_unit_test(nothing_is_wrong), cmocka_unit_test(a_cause_is_told_once),
          cmocka_unit_test(logins_explain_what_waits_for_them), cmocka_unit_test(all_kinds_in_their_order),
          cmocka_unit_test(maintenance_raises_nothing));
