#include "report/problem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/board_state.h"

#define CERTIFICATE_WARNING_NS (14 * DAY_NS)
#define DRIFT_SHOWN_NS         DAY_NS

static const struct problem_row rows[PROBLEM_KINDS] = {
    [PROBLEM_HUNG] =
        {"hung", SEVERITY_CRITICAL,
         "The agent of the exporter does not turn; everything else here is as old as that.",
         "Restart the exporter; if it comes back, report it as a bug with the log of that time."},
    [PROBLEM_VERDICT] = {"verdict", SEVERITY_CRITICAL, NULL, NULL},
    [PROBLEM_LOGIN] = {"login", SEVERITY_CRITICAL, NULL, NULL},
    [PROBLEM_TOKEN] = {"token", SEVERITY_CRITICAL, NULL, NULL},
    [PROBLEM_CERTIFICATE_EXPIRED] = {"certificate_expired", SEVERITY_ERROR, NULL, NULL},
    [PROBLEM_TARGETS] = {"targets", SEVERITY_ERROR, NULL, NULL},
    [PROBLEM_RELOAD] = {"reload", SEVERITY_ERROR,
                        "The configuration that was read last has faults, so the one before is in force.",
                        "Run `epicor_exporter check`, mend what it names, and reload."},
    [PROBLEM_THROTTLED] =
        {"throttled", SEVERITY_WARNING,
         "Calls take much longer than they used to, as they do while no license seat is free.",
         "See who holds the seats (kind licenses or sessions); close idle sessions, or buy seats."},
    [PROBLEM_PRODUCTION] =
        {"production", SEVERITY_WARNING, NULL,
         "See whether `url` leads where it should, else mend `expect_production`; after a copy "
         "of the database the server's own setting may be the wrong one."},
    [PROBLEM_CERTIFICATE_EXPIRING] = {"certificate_expiring", SEVERITY_WARNING, NULL, NULL},
    [PROBLEM_SLOW] = {"slow", SEVERITY_WARNING, "The last run took longer than latency_limit.",
                      "See in which phase the time goes: processing is the server's work, the others are the "
                      "network's."},
    [PROBLEM_DRIFT] = {"drift", SEVERITY_NOTICE,
                       "The columns of the answer have changed within the last day.",
                       "See whether somebody changed the query, and whether those who read it know of that."},
};

/* Whose certificate it is. */
static const struct {
    const char *expired, *expiring, *remedy;
} certificates[] = {
    {"The certificate of the app server, or one of its chain, has expired.",
     "The certificate of the app server, or one of its chain, expires within two weeks.",
     "Renew it on the app server, in IIS."},
    {"The certificate of the identity provider, or one of its chain, has expired.",
     "The certificate of the identity provider, or one of its chain, expires within two weeks.",
     "Renew it there; no token is granted without it."},
    {"The client certificate that the exporter shows has expired.",
     "The client certificate that the exporter shows expires within two weeks.",
     "Have another one issued and put it where tls_client_cert_file points."},
};

const struct problem_row *problem_row(enum problem_kind kind)
{
    assert(kind < PROBLEM_KINDS);
    return &rows[kind];
}

const char *problem_severity_name(enum problem_severity severity)
{
    static const char *const names[SEVERITIES] = {"critical", "error", "warning", "notice"};

    assert(severity < SEVERITIES);
    return names[severity];
}

/* ---- the list while it is made ---- */

struct maker {
    const struct board_view *view;
    struct problem_list *list;
    size_t target_count; /* in list->targets */
    size_t *of_server;   /* targets, those of one app server together, in their order */
    size_t *first;       /* of each app server: where in of_server; and behind the last */
    enum board_state *states;
    bool *told; /* of each target: another problem explains why it fails */
};

static void sort_targets(struct maker *maker)
{
    const struct board_view *view = maker->view;
    size_t *servers = memory_new(view->target_count, sizeof *servers), server = 0;

    for (size_t i = 0; i < view->target_count; i++) {
        server = servers[i] = board_appserver_index(view, view->targets[i]->appserver, server);
        maker->first[server + 1]++;
        maker->states[i] = board_target_state(view->targets[i], view->now);
    }
    for (size_t i = 0; i <= view->appserver_count; i++)
        maker->first[i + 1] += maker->first[i];
    size_t *next = memory_new(view->appserver_count + 1, sizeof *next);
    memcpy(next, maker->first, (view->appserver_count + 1) * sizeof *next);
    for (size_t i = 0; i < view->target_count; i++)
        maker->of_server[next[servers[i]]++] = i;
    free(next);
    free(servers);
}

/* A problem of this app server; its sentence and remedy are those of the reason, where the kind has none. */
static struct problem *add(struct maker *maker, enum problem_kind kind, size_t server, enum reason reason,
                           int64_t since_wall_ns)
{
    struct problem_list *list = maker->list;
    const struct reason_row *row = reason == REASON_NONE ? NULL : reason_row(reason);

    list->items = memory_grow(list->items, list->count + 1, sizeof *list->items);
    struct problem *problem = &list->items[list->count++];
    *problem = (struct problem){
        .kind = kind,
        .appserver = server,
        .reason = reason,
        .sentence = row != NULL && rows[kind].sentence == NULL ? row->sentence : rows[kind].sentence,
        .remedy = row != NULL && rows[kind].remedy == NULL ? row->remedy : rows[kind].remedy,
        .since_wall_ns = since_wall_ns,
        .targets = list->targets + maker->target_count};
    return problem;
}

/* The problem that add has given last gets one more. */
static void add_target(struct maker *maker, struct problem *problem, size_t target)
{
    maker->list->targets[maker->target_count++] = target;
    problem->target_count++;
}

/* ---- what concerns a whole app server ---- */

/* Without an answer no target of it can do well; what an answer has proved before stands beside that. */
static bool is_explained(const struct problem *problem, enum reason reason)
{
    return reason == problem->reason || (problem->kind == PROBLEM_VERDICT && !reason_row(reason)->proves_up);
}

static void take_explained(struct maker *maker, struct problem *problem)
{
    for (size_t i = maker->first[problem->appserver]; i < maker->first[problem->appserver + 1]; i++) {
        size_t index = maker->of_server[i];
        const struct board_target *target = maker->view->targets[index];
        if (maker->states[index] != STATE_FAILING || maker->told[index] ||
            !is_explained(problem, target->reason))
            continue;
        maker->told[index] = true;
        add_target(maker, problem, index);
        if (problem->message == NULL && target->reason == problem->reason)
            problem->message = target->message;
    }
}

static void add_login(struct maker *maker, size_t server)
{
    const struct board_appserver *appserver = maker->view->appservers[server];
    enum reason reason = appserver->login_blocked_reason;

    if (appserver->login_blocked_until_wall_ns <= maker->view->now.wall_ns ||
        (reason != REASON_NONE && reason == appserver->verdict))
        return;
    struct problem *problem = add(maker, PROBLEM_LOGIN, server, reason,
                                  appserver->login_blocked_since_wall_ns);
    if (reason == REASON_NONE) {
        problem->sentence = "No login is tried for a while, since the last ones were refused.";
        problem->remedy = reason_row(REASON_CREDENTIALS)->remedy;
    }
    problem->message = appserver->login_blocked_message;
    take_explained(maker, problem);
}

static void add_token(struct maker *maker, size_t server)
{
    const struct board_appserver *appserver = maker->view->appservers[server];
    enum reason reason = appserver->token_reason;
    bool blocked = appserver->login_blocked_until_wall_ns > maker->view->now.wall_ns;

    if (!appserver->has_token || reason == REASON_NONE || reason == appserver->verdict ||
        (blocked && reason == appserver->login_blocked_reason))
        return;
    struct problem *problem = add(maker, PROBLEM_TOKEN, server, reason,
                                  appserver->token_failing_since_wall_ns);
    problem->message = appserver->token_message;
    take_explained(maker, problem);
}

static void add_whole(struct maker *maker, size_t server)
{
    const struct board_appserver *appserver = maker->view->appservers[server];

    if (appserver->verdict != REASON_NONE) {
        struct problem *problem = add(maker, PROBLEM_VERDICT, server, appserver->verdict,
                                      appserver->verdict_since_wall_ns);
        if (appserver->token_reason == appserver->verdict)
            problem->message = appserver->token_message;
        take_explained(maker, problem);
    }
    add_login(maker, server);
    add_token(maker, server);
    if (appserver->has_throttled && appserver->throttled)
        add(maker, PROBLEM_THROTTLED, server, REASON_NONE, 0);
    if (appserver->has_production && appserver->has_production_expected &&
        appserver->production != appserver->production_expected)
        add(maker, PROBLEM_PRODUCTION, server, REASON_NONE, 0)->sentence =
            appserver->production ? "It says that it is the production instance, and should not be."
                                  : "It says that it is not the production instance, and should be.";
}

static void add_certificates(struct maker *maker, size_t server)
{
    const struct board_appserver *appserver = maker->view->appservers[server];
    const int64_t expiries[] = {appserver->certificate_expiry_epoch,
                                appserver->identity_provider_certificate_expiry_epoch,
                                appserver->client_certificate_expiry_epoch};

    for (size_t i = 0; i < sizeof expiries / sizeof expiries[0]; i++) {
        int64_t left = expiries[i] - maker->view->now.wall_ns / SECOND_NS;
        if (expiries[i] == 0 || left >= CERTIFICATE_WARNING_NS / SECOND_NS)
            continue;
        struct problem *problem = add(maker,
                                      left <= 0 ? PROBLEM_CERTIFICATE_EXPIRED : PROBLEM_CERTIFICATE_EXPIRING,
                                      server, REASON_NONE, expiries[i] * SECOND_NS);
        problem->sentence = left <= 0 ? certificates[i].expired : certificates[i].expiring;
        problem->remedy = certificates[i].remedy;
    }
}

/* ---- what concerns targets ---- */

static void note_since(struct problem *problem, int64_t since_wall_ns)
{
    if (since_wall_ns != 0 && (problem->since_wall_ns == 0 || since_wall_ns < problem->since_wall_ns))
        problem->since_wall_ns = since_wall_ns;
}

/* Does the target have this problem, for which no other has been told? */
static bool has_problem(const struct maker *maker, size_t index, enum problem_kind kind, enum reason reason)
{
    const struct board_target *target = maker->view->targets[index];

    switch (kind) {
    case PROBLEM_TARGETS:
        return maker->states[index] == STATE_FAILING && !maker->told[index] && target->reason == reason;
    case PROBLEM_SLOW:
        return maker->states[index] == STATE_SLOW;
    default:
        return target->drift != NULL && maker->states[index] != STATE_RESTING &&
               maker->view->now.wall_ns - target->drift_wall_ns < DRIFT_SHOWN_NS;
    }
}

static int64_t since_of(const struct board_target *target, enum problem_kind kind)
{
    return kind == PROBLEM_TARGETS ? target->failing_since_wall_ns
           : kind == PROBLEM_SLOW  ? target->slow_since_wall_ns
                                   : target->drift_wall_ns;
}

static void add_of_targets(struct maker *maker, size_t server, enum problem_kind kind, enum reason reason)
{
    struct problem *problem = NULL;

    for (size_t i = maker->first[server]; i < maker->first[server + 1]; i++) {
        size_t index = maker->of_server[i];
        const struct board_target *target = maker->view->targets[index];
        if (!has_problem(maker, index, kind, reason))
            continue;
        if (problem == NULL) {
            problem = add(maker, kind, server, reason, 0);
            problem->message = kind == PROBLEM_TARGETS ? target->message
                               : kind == PROBLEM_DRIFT ? target->drift
                                                       : NULL;
        }
        add_target(maker, problem, index);
        note_since(problem, since_of(target, kind));
    }
}

static void add_targets(struct maker *maker, size_t server)
{
    bool present[REASONS] = {false};

    for (size_t i = maker->first[server]; i < maker->first[server + 1]; i++)
        present[maker->view->targets[maker->of_server[i]]->reason] = true;
    for (int reason = REASON_NONE + 1; reason < REASONS; reason++)
        if (present[reason])
            add_of_targets(maker, server, PROBLEM_TARGETS, (enum reason)reason);
    add_of_targets(maker, server, PROBLEM_SLOW, REASON_NONE);
    add_of_targets(maker, server, PROBLEM_DRIFT, REASON_NONE);
}

/* ---- all of it ---- */

static int compare(const void *a, const void *b)
{
    const struct problem *one = a, *other = b;

    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    if (one->appserver != other->appserver)
        return one->appserver < other->appserver ? -1 : 1;
    if (one->target_count != other->target_count)
        return one->target_count > other->target_count ? -1 : 1;
    return one->reason != other->reason
               ? (one->reason < other->reason ? -1 : 1)
               : (one->since_wall_ns > other->since_wall_ns) - (one->since_wall_ns < other->since_wall_ns);
}

struct problem_list problems_of(const struct board_view *view, bool hung)
{
    struct problem_list list = {.count = 0};
    /* A target is in one problem for its last run at most, and in one for its columns. */
    list.targets = memory_new(2 * view->target_count, sizeof *list.targets);
    struct maker maker = {.view = view,
                          .list = &list,
                          .of_server = memory_new(view->target_count, sizeof(size_t)),
                          .first = memory_new(view->appserver_count + 2, sizeof(size_t)),
                          .states = memory_new(view->target_count, sizeof(enum board_state)),
                          .told = memory_new(view->target_count, sizeof(bool))};

    sort_targets(&maker);
    if (hung)
        add(&maker, PROBLEM_HUNG, view->appserver_count, REASON_NONE, 0);
    if (view->reload_failed)
        add(&maker, PROBLEM_RELOAD, view->appserver_count, REASON_NONE, 0);
    for (size_t server = 0; server < view->appserver_count; server++) {
        if (!view->appservers[server]->in_maintenance) {
            add_whole(&maker, server);
            add_targets(&maker, server);
        }
        add_certificates(&maker, server);
    }
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, compare);
    free(maker.of_server);
    free(maker.first);
    free(maker.states);
    free(maker.told);
    return list;
}

void problem_list_free(struct problem_list *list)
{
    free(list->items);
    free(list->targets);
    *list = (struct problem_list){.count = 0};
}
