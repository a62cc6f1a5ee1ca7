/* The kinds licenses, sessions and tasks against the polite server, in the ways in which servers differ: what they ask and make of
   the answers agrees with what the server was made from, which is not our code. */
#include "main.h"

#include "integration/http_client.h"
#include "unit/probe/told.h"

#define CO      "company = EPIC06"
#define V1      CO "\napi_version = v1"
#define SERVICE "kind = licenses\nsource = service"
#define COMPANY "kind = licenses\nsource = company"
#define BAQ                                                                                                  \
    "kind = licenses\nbaq = zLicenseUsage\nlicense_column = Calculated_Type\nused_column = "                 \
    "Calculated_Used\nowned_column = Calculated_Total"

/* A whole run over plain HTTP; now is the real one, by which the server's rows go. */
static struct play play_run(struct simulator *server, const char *appserver, const char *probe)
{
    struct play play = play_begin(appserver, probe);
    probe_end(&play.run);
    request_free(&play.request);
    play.run.now = clock_now();
    probe_begin(&play.run, &play.request);
    for (enum probe_next next = PROBE_ASK; next == PROBE_ASK;) {
        struct http_request request = {.path = play.request.path,
                                       .body = play.request.method == HTTP_POST ? play.request.body : NULL,
                                       .headers = {BASIC, KEY, "Content-Type: application/json"}};
        struct http_answer answer = http_ask(server, &request);
        assert_int_equal(answer.code, CURLE_OK);
        /* The columns about people are not even sent, where they can be left out. */
        if (strstr(play.request.path, "$select=") != NULL)
            assert_null(strstr(answer.body, "erson"));
        next = play_answer(&play, (int)answer.status, answer.body);
        http_answer_free(&answer);
    }
    return play;
}

static void check(struct simulator *server, const char *appserver, const char *probe, int requests,
                  const char *told)
{
    struct play play = play_run(server, appserver, probe);
    told_check(&play, REASON_NONE, told);
    assert_int_equal(play.requests, requests);
    play_end(&play);
}

/* ---- licenses ---- */

static const struct simulator_behaviour usual = {0};
static const struct simulator_behaviour ways[] = {
    {.license_codes = SIMULATOR_LICENSE_NAMES, .integers_as_strings = true},
    {.return_obj = SIMULATOR_RETURN_SETS, .parameters_first = true},
    {.envelope = SIMULATOR_ENVELOPE_BARE, .decimals_as_strings = true, .pad_characters = true},
    {.envelope = SIMULATOR_ENVELOPE_V3, .count_form = SIMULATOR_COUNT_STRING},
    {.row_cap = 2, .return_obj = SIMULATOR_RETURN_ARRAY},
};

static void seats_are_the_servers(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    simulator_set_seats(server, "Default", 160);
    simulator_set_seats(server, "DataCollection", 40);
    simulator_occupy_seats(server, "DataCollection", 40);
    simulator_set_seats(server, "WebService", 3);
    for (size_t i = 0; i <= sizeof ways / sizeof ways[0]; i++) {
        simulator_set_behaviour(server, i == 0 ? &usual : &ways[i - 1]);
        static const char *const probes[] = {SERVICE, COMPANY};
        static const char *const labels[] = {"", "EPIC06"};
        for (size_t p = 0; p < 2; p++) {
            struct play play = play_run(server, i % 2 == 0 ? CO : V1, probes[p]);
            const struct findings *findings = &play.result.findings;
            assert_int_equal(play.result.reason, REASON_NONE);
            size_t seen = 0;
            for (size_t k = 0; k < findings->count; k++) {
                const struct finding *finding = &findings->items[k];
                assert_string_equal(finding_label(findings, finding, 0), labels[p]);
                if (strcmp(finding_label(findings, finding, 1), "DataCollection") != 0)
                    continue;
                assert_true(finding->number > 39 && finding->number < 41);
                seen |= finding->kind == FINDING_SEATS_USED ? 1 : 2;
            }
            assert_int_equal(seen, 3);
            play_end(&play);
        }
    }
    simulator_stop(server);
}

static void seats_by_a_query(void **state)
{
    (void)state;
    static const char told[] =
        "seats_used{,DataCollection} 12\nseats_used{,WebService} 1\nseats_used{,DefaultUser} 157\n"
        "seats_owned{,DataCollection} 40\nseats_owned{,WebService} 3\nseats_owned{,DefaultUser} 160\n";
    struct simulator *server = simulator_start(NULL);
    check(server, CO, BAQ, 2, told);
    check(server, V1, BAQ, 2, told);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        simulator_set_behaviour(server, &ways[i]);
        struct play play = play_run(server, CO, BAQ);
        told_check(&play, REASON_NONE, told);
        play_end(&play);
    }
    simulator_stop(server);
}

/* ---- sessions ---- */

#define SESSIONS 20

/* What the simulator's rows say (facts §4.5): companies, licenses and flags of the n-th row go round. */
static char *sessions_wanted(void)
{
    static const char *const licenses[] = {"DataCollection", "Default", "WebService"};
    static const char *const companies[] = {"EPIC06", "other"}, *const states[] = {"in_use", "idle",
                                                                                   "expired"};
    static const int license_of[] = {1, 2, 1, 0}, company_of[] = {0, 0, 1};
    static const int state_of[] = {0, 1, 0, 0, 2};
    int counts[3][2][3] = {0};
    struct buffer out;
    buffer_init(&out, 4096);
    for (int n = 0; n < SESSIONS; n++)
        counts[license_of[n % 4]][company_of[n % 3]][state_of[n % 5]]++;
    for (int l = 0; l < 3; l++)
        for (int c = 0; c < 2; c++)
            for (int s = 0; s < 3; s++)
                buffer_format(&out, "sessions{%s,%s,%s} %d\n", companies[c], licenses[l], states[s],
                              counts[l][c][s]);
    return buffer_take(&out);
}

static void sessions_by_every_form(void **state)
{
    (void)state;
    struct simulator *server = simulator_start(NULL);
    char *told = sessions_wanted();
    check(server, CO, "kind = sessions", 2, told);
    check(server, V1, "kind = sessions", 2, told);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        simulator_set_behaviour(server, &ways[i]);
        struct play play = play_run(server, CO, "kind = sessions");
        told_check(&play, REASON_NONE, told);
        play_end(&play);
    }
    /* Without the entity set, by the method: as it is, by the array, by pages, by pages of a size. */
    simulator_add_fault(server, &(struct simulator_fault){.path = "AdminSessionSvc/List", .status = 404});
    static const struct {
        struct simulator_behaviour behaviour;
        int requests;
    } methods[] = {{{0}, 2},
                   {{.return_obj = SIMULATOR_RETURN_ARRAY, .parameters_first = true}, 3},
                   {{.method_rows = 7, .return_obj = SIMULATOR_RETURN_SETS}, 4},
                   {{.page_size_zero_400 = true, .method_rows = 10}, 4}};
    struct play without_leave = play_run(server, CO, "kind = sessions");
    assert_int_equal(without_leave.requests, 1);
    assert_false(without_leave.result.has_findings);
    play_end(&without_leave);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        simulator_set_behaviour(server, &methods[i].behaviour);
        check(server, CO, "kind = sessions\nget_list = yes", methods[i].requests, told);
    }
    free(told);
    simulator_stop(server);
}

/* ---- tasks ---- */

static void tasks_and_schedules(void **state)
{
    (void)state;
    static const char zeros[] = "tasks{EPIC07,pending} 0\ntasks{EPIC07,active} 0\ntasks{EPIC07,error} 0\n"
                                "tasks{EPIC07,cancelled} 0\n";
    struct simulator *server = simulator_start(NULL);
    for (size_t i = 0; i <= sizeof ways / sizeof ways[0]; i++) {
        simulator_set_behaviour(server, i == 0 ? &usual : &ways[i - 1]);
        struct play play = play_run(server, "company = EPIC06, EPIC07",
                                    "kind = tasks\nwatch = Posting Engine, Erp.Internal.PO.PoSug.dll");
        double now = clock_seconds(play.run.now.wall_ns);
        const struct findings *findings = &play.result.findings;
        assert_int_equal(play.result.reason, REASON_NONE);
        double sums[FINDING_KINDS] = {0};
        size_t counts[FINDING_KINDS] = {0};
        for (size_t k = 0; k < findings->count; k++) {
            sums[findings->items[k].kind] += findings->items[k].number;
            counts[findings->items[k].kind]++;
        }
        assert_int_equal(counts[FINDING_TASKS], 8); /* one active, one that failed 800 s ago */
        assert_true(sums[FINDING_TASKS] > 1.5 && sums[FINDING_TASKS] < 2.5);
        assert_int_equal(counts[FINDING_TASK_OLDEST_START], 1);
        assert_true(now - sums[FINDING_TASK_OLDEST_START] > 540 &&
                    now - sums[FINDING_TASK_OLDEST_START] < 700);
        assert_int_equal(counts[FINDING_TASK_LAST_SUCCESS], 2); /* 30 s and 7000 s ago */
        assert_true(2 * now - sums[FINDING_TASK_LAST_SUCCESS] > 6900 &&
                    2 * now - sums[FINDING_TASK_LAST_SUCCESS] < 7200);
        assert_int_equal(counts[FINDING_SCHEDULES_OVERDUE], 1);
        assert_true(sums[FINDING_SCHEDULES_OVERDUE] < 0.5);
        char *text = told_findings(findings);
        assert_non_null(strstr(text, zeros));
        assert_non_null(strstr(text, "tasks{EPIC06,error} 1\n"));
        free(text);
        play_end(&play);
    }
    simulator_stop(server);
}

ALL_TESTS(cmocka_unit_test(seats_are_the_servers), cmocka_unit_test(seats_by_a_query),
          cmocka_unit_test(sessions_by_every_form), cmocka_unit_test(tasks_and_schedules), );
