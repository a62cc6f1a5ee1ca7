/* What begins and ends while the simulator runs: the words of a timetable and of a command, what each change does, and that what was
 * before is back at its end. */
#include "main.h"

#include "integration/http_client.h"
#include "simulator/simulator.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CO     "api/v2/odata/EPIC06/"
#define BAQ    CO "BaqSvc/"
#define MODULE CO "Ice.LIB.SessionModSvc/"
#define HEALTH CO "Ice.BO.HealthCheckSvc/"
#define USAGE  BAQ "zLicenseUsage/Data"
#define SEATS  CO "Ice.BO.AdminLicensingSvc/GetLicenseList"

static int server_start(void **state)
{
    *state = simulator_start(NULL);
    return 0;
}

static int server_stop(void **state)
{
    simulator_stop(*state);
    return 0;
}

/* wanted: how the answer to the command begins, and what it holds. */
static void command(struct simulator *server, const char *line, const char *wanted, const char *why)
{
    char *answer = simulator_command(server, line);
    if (strncmp(answer, wanted, strlen(wanted)) != 0 || !strstr(answer, line) || !strstr(answer, why))
        fail_msg("%s: %s", line, answer);
    free(answer);
}

static void begin(struct simulator *server, const char *words)
{
    char line[256];
    snprintf(line, sizeof line, "begin %s", words);
    command(server, line, "done: ", "");
}

static void end(struct simulator *server, const char *words)
{
    char line[256];
    snprintf(line, sizeof line, "end %s", words);
    command(server, line, "done: ", "");
}

/* ---- the grammar ---- */

static void commands_are_judged(void **state)
{
    static const struct {
        const char *line, *why; /* NULL: done */
    } cases[] = {
        {"begin fault=http_503 path=zNothing", NULL},
        {"begin fault=http_503 path=zNothing", "begun already"},
        {"begin fault=http_503 path=zOther", NULL},
        {"end fault=http_503", "not begun"},
        {"end fault=http_503 path=zNothing times=3", "not begun"},
        {"end path=zNothing fault=http_503", NULL},
        {"end fault=http_503 path=zOther", NULL},
        {"end fault=http_503 path=zOther", "not begun"},
        {"begin change=latency=1-2", NULL},
        {"begin change=latency=1-2", "begun already"},
        {"begin change=latency=3-4", "another change of this"},
        {"end change=latency=3-4", "not begun"},
        {" end  change=latency=1-2 ", NULL},
        {"begin change=seats=WebService=5", NULL},
        {"begin change=seats=Default=5", NULL},
        {"end change=seats=WebService=5", NULL},
        {"end change=seats=Default=5", NULL},
        {"begin fault=sessions_expire", NULL},
        {"end fault=sessions_expire", NULL},
        {"", "`begin` or `end`"},
        {"stop", "`begin` or `end`"},
        {"begin", "`fault=` or `change=`"},
        {"begin path=x", "`fault=` or `change=`"},
        {"begin fault=http_503 change=pilot", "`fault=` or `change=`"},
        {"begin fault=nothing", "no fault has this name"},
        {"begin fault=", "no fault has this name"},
        {"begin fault=http_503 fault=http_502", "unknown word"},
        {"begin fault=http_503 times=0", "from 1 on"},
        {"begin fault=http_503 times=-1", "from 1 on"},
        {"begin fault=http_503 times=1x", "from 1 on"},
        {"begin fault=http_503 times=99999999999999999999", "from 1 on"},
        {"begin fault=http_503 at 5s", "unknown word"},
        {"begin fault=accounts_locked path=x", "the whole server"},
        {"begin fault=accounts_locked times=1", "the whole server"},
        {"begin fault=identity_provider_503", "no token endpoint"},
        {"begin change=pilot times=1", "are of a fault"},
        {"begin change=", "no change has this name"},
        {"begin change=nothing=1", "no change has this name"},
        {"begin change=pilot=yes", "has no value"},
        {"begin change=latency", "wants a value"},
        {"begin change=latency=", "wants a value"},
        {"begin change=latency=9-3", "MIN-MAX"},
        {"begin change=latency=-3", "MIN-MAX"},
        {"begin change=clock-offset=1s", "whole number"},
        {"begin change=clock-offset=99999999999999999999", "whole number"},
        {"begin change=token-lifetime=0", "whole number"},
        {"begin change=delay=20", "NAME=VALUE"},
        {"begin change=delay==20", "NAME=VALUE"},
        {"begin change=delay=x=-1", "whole number"},
        {"begin change=seats=Nothing=1", "no license"},
        {"begin change=rows=zX=many", "whole number"},
        {"begin change=fail=Ice.BO.HealthCheckSvc/Nothing=500", "no method"},
        {"begin change=fail=Ice.BO.HealthCheckSvc/ErpAlive=7", "whole number"},
        {"begin change=fail=Nothing=500", "no method"},
        {"begin change=gone=zLicenseUsage", "efx/LIB/FN"},
        {"begin change=gone=BaqSvc/zNothing", "nothing of this name"},
        {"begin change=gone=efx/MonitorLib", "nothing of this name"},
        {"begin change=column-gone=zLicenseUsage", "BAQ=COLUMN"},
        {"begin change=column-gone=zNothing=A", "no BAQ"},
        {"begin change=column-gone=zLicenseUsage=A", "no such column"},
        {"begin change=column-new=zLicenseUsage=Calculated_Used", "has this column"},
        {"begin change=function-fails=MonitorLib/Nothing", "no function"},
        {"begin change=way=nothing=1", "no such way"},
        {"begin change=way=count=x", "no such choice"},
        {"begin change=certificate-days=1", "no TLS"},
        {"begin change=certificate=expired", "no TLS"},
        {"begin change=certificate=x", "no such certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        command(*state, cases[i].line,
                cases[i].why ? "refused: " : "done: ", cases[i].why ? cases[i].why : "");
}

static void a_fault_takes_so_many_requests(void **state)
{
    struct simulator *server = *state;
    const struct http_request usage = {USAGE, .headers = {BASIC, KEY}};
    begin(server, "fault=http_503 path=zLicense times=2");
    for (int i = 0; i < 2; i++)
        http_expect(server, &usage, 503, NULL);
    http_expect(server, &usage, 200, NULL);
    begin(server, "fault=http_503 path=zLicense times=2"); /* it is over, so it can begin anew */
    http_expect(server, &usage, 503, NULL);
    end(server, "fault=http_503 path=zLicense times=2");
    http_expect(server, &usage, 200, NULL);
}

/* ---- each change ---- */

/* Whether two answers are the same but for their digits: times go on. */
static bool bodies_alike(const char *left, const char *right)
{
    for (;; left++, right++) {
        while (isdigit((unsigned char)*left))
            left++;
        while (isdigit((unsigned char)*right))
            right++;
        if (*left != *right)
            return false;
        if (!*left)
            return true;
    }
}

static const struct effect {
    const char *change, *path, *body;
    long status;      /* of the answer while it is in force */
    const char *text; /* in that answer, and in none without the change; NULL: the status says it */
    bool random;      /* no two answers are alike */
} effects[] = {
    {"password=second-password", "TokenResource.svc/", "", 401, NULL, true},
    {"token-lifetime=77", "TokenResource.svc/", "", 200, "\"ExpiresIn\":77", true},
    {"api-key=second-api-key", USAGE, NULL, 401, "Invalid API Key", false},
    {"company-key=EPIC06=other-key", USAGE, NULL, 401, "Invalid API Key", false},
    {"clock-offset=-63072000", USAGE, NULL, 200, "2024 ", false},
    {"deny=BaqSvc/zLicenseUsage", USAGE, NULL, 401, "Access denied", false},
    {"way=right-refusal=403", USAGE, NULL, 200, NULL, false},
    {"way=count=string", USAGE "?$count=true", NULL, 200, "\"@odata.count\":\"3\"", false},
    {"way=more-baqs=2", BAQ, NULL, 200, "zListed00002", false},
    {"rows=zLicenseUsage=1", USAGE "?$count=true", NULL, 200, "\"@odata.count\":1,", false},
    {"rows=zFresh=2", BAQ, NULL, 200, "zFresh", false},
    {"gone=BaqSvc/zLicenseUsage", USAGE, NULL, 404, "BAQ \\\"zLicenseUsage\\\" not found", false},
    {"gone=efx/MonitorLib/Ping", "api/v2/efx/EPIC06/MonitorLib/Ping", "{}", 404, "Can't find library", false},
    {"column-gone=zLicenseUsage=Calculated_Used", USAGE "?$select=Calculated_Used", NULL, 400,
     "Could not find a property", false},
    {"column-new=zLicenseUsage=Calculated_New", USAGE, NULL, 200, "\"Calculated_New\":\"new\"", false},
    {"function-fails=MonitorLib/Ping", "api/v2/efx/EPIC06/MonitorLib/Ping", "{}", 200, "\"Success\":false",
     false},
    {"fail=Ice.BO.HealthCheckSvc/ReportServerAlive=500", HEALTH "ReportServerAlive", "{}", 500, NULL, false},
    {"pilot", MODULE "GetCurrentValuesFromServer", "{}", 200, "\"isProductionInstance\":false", false},
    {"version=11.3.200.1", MODULE "GetPatchLevel", "{}", 200, "\"11.3.200.1\"", false},
    {"database-latency=4321", HEALTH "DatabaseAlive", "{}", 200, "4321", false},
    {"tasks-waiting=31", HEALTH "CountImmediateSched", "{\"cutOffMinutes\":600}", 200, "\"count\":31", false},
    {"seats=WebService=3", SEATS, "{}", 200, "\"MaxUsers\":3,", false},
    {"others=Default=41", SEATS, "{}", 200, "\"ActiveUsers\":42,", false},
    {"schedules-overdue=2", CO "Ice.BO.SysAgentSvc/SysAgentScheds?$filter=AgentSchedNum%20eq%205", NULL, 200,
     "\"AgentSchedNum\":5", false},
    {"tasks-failed=3", CO "Ice.BO.SysTaskSvc/SysTasks?$filter=SysTaskNum%20eq%201", NULL, 200,
     "\"TaskStatus\":\"Error\"", false},
    {"tasks-failed=0", CO "Ice.BO.SysTaskSvc/SysTasks?$filter=SysTaskNum%20eq%204", NULL, 200,
     "\"TaskStatus\":\"Complete\"", false},
    {"sessions-expired=30", CO "Ice.BO.AdminSessionSvc/List?$filter=LicNum%20eq%2030&$select=Expired", NULL,
     200, "{\"Expired\":true}", false},
    {"key-days=-3", CO "Ice.BO.APIKeySvc/APIKeys?$filter=Name%20eq%20'Web%20shop'&$select=Enabled,ExpiresOn",
     NULL, 200, "true,\"ExpiresOn\":\"20", false},
    {"way=seats-status=555", USAGE, NULL, 200, NULL, false},
};

static struct http_answer effect_ask(struct simulator *server, const struct effect *effect)
{
    const struct http_request token = {effect->path, .body = effect->body, .headers = {USER}};
    const struct http_request api = {effect->path, .body = effect->body,
                                     .headers = {BASIC, KEY, "Content-Type: application/json"}};
    return http_ask(server, effect->random ? &token : &api);
}

static bool answer_holds(const struct http_answer *answer, const char *text)
{
    return text && (strstr(answer->body, text) || strstr(answer->head, text));
}

static void a_change_has_its_effect_and_its_end(void **state)
{
    struct simulator *server = *state;
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        const struct effect *effect = &effects[i];
        char words[200];
        snprintf(words, sizeof words, "change=%s", effect->change);
        struct http_answer before = effect_ask(server, effect);
        begin(server, words);
        struct http_answer amid = effect_ask(server, effect);
        end(server, words);
        struct http_answer after = effect_ask(server, effect);
        if (before.status != 200 || answer_holds(&before, effect->text))
            fail_msg("%s, before: %ld %s", effect->change, before.status, before.body);
        if (amid.status != effect->status || (effect->text && !answer_holds(&amid, effect->text)))
            fail_msg("%s: %ld %s", effect->change, amid.status, amid.body);
        if (after.status != 200 || answer_holds(&after, effect->text) ||
            (!effect->random && !bodies_alike(before.body, after.body)))
            fail_msg("%s, after: %ld %s\nand before: %s", effect->change, after.status, after.body,
                     before.body);
        http_answer_free(&before);
        http_answer_free(&amid);
        http_answer_free(&after);
    }
}

/* How often a text stands in the answer. */
static size_t answer_count(struct simulator *server, const char *path, const char *text)
{
    struct http_answer answer = http_ask(server, &(struct http_request){path, .headers = {BASIC, KEY}});
    size_t count = 0;
    assert_int_equal(answer.status, 200);
    for (const char *at = answer.body; (at = strstr(at, text)); at += strlen(text))
        count++;
    http_answer_free(&answer);
    return count;
}

static void services_tell_exactly_so_many(void **state)
{
    static const struct {
        const char *change, *path, *text;
        size_t amid;
    } cases[] = {
        {"change=tasks-failed=7", CO "Ice.BO.SysTaskSvc/SysTasks", "\"TaskStatus\":\"Error\"", 7},
        {"change=tasks-failed=0", CO "Ice.BO.SysTaskSvc/SysTasks", "\"TaskStatus\":\"Error\"", 0},
        {"change=sessions-expired=13", CO "Ice.BO.AdminSessionSvc/List", "\"Expired\":true", 13},
        {"change=sessions-expired=13", CO "Ice.BO.AdminSessionSvc/List", "\"Expired\":false", 20},
        {"change=sessions-expired=0", CO "Ice.BO.AdminSessionSvc/List", "\"Expired\":true", 0},
        {"change=schedules-overdue=4", CO "Ice.BO.SysAgentSvc/SysAgentScheds", "\"Enabled\":true", 6},
        {"change=column-gone=zLicenseUsage=Calculated_Used", USAGE, "Calculated_Used", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t before = answer_count(*state, cases[i].path, cases[i].text);
        begin(*state, cases[i].change);
        size_t amid = answer_count(*state, cases[i].path, cases[i].text);
        end(*state, cases[i].change);
        if (amid != cases[i].amid || answer_count(*state, cases[i].path, cases[i].text) != before)
            fail_msg("%s: %zu", cases[i].change, amid);
    }
}

/* In whatever order they end, the columns are as they were. */
static void columns_come_back_to_their_places(void **state)
{
    struct simulator *server = *state;
    const struct http_request usage = {USAGE, .headers = {BASIC, KEY}};
    struct http_answer before = http_ask(server, &usage);
    begin(server, "change=column-gone=zLicenseUsage=Calculated_Type");
    begin(server, "change=column-new=zLicenseUsage=Calculated_New");
    begin(server, "change=column-gone=zLicenseUsage=Calculated_Used");
    begin(server, "change=rows=zLicenseUsage=2");
    command(server, "begin change=column-gone=zLicenseUsage=Calculated_Used", "refused: ", "begun already");
    end(server, "change=column-gone=zLicenseUsage=Calculated_Type");
    http_expect(server, &usage, 200,
                TEXTS("\"value\":[{\"Calculated_Type\":\"DefaultUser\",\"Calculated_Total\":160,"));
    end(server, "change=rows=zLicenseUsage=2");
    end(server, "change=column-gone=zLicenseUsage=Calculated_Used");
    end(server, "change=column-new=zLicenseUsage=Calculated_New");
    struct http_answer after = http_ask(server, &usage);
    assert_string_equal(before.body, after.body);
    http_answer_free(&before);
    http_answer_free(&after);
}

static void a_password_may_change_while_tokens_live(void **state)
{
    struct simulator *server = *state;
    char *bearer = http_bearer(server);
    begin(server, "change=password=second-password");
    http_expect(server, &(struct http_request){USAGE, .headers = {bearer, KEY}}, 200, NULL);
    http_expect(server, &(struct http_request){USAGE, .headers = {BASIC, KEY}}, 401, NULL);
    end(server, "change=password=second-password");
    http_expect(server, &(struct http_request){USAGE, .headers = {BASIC, KEY}}, 200, NULL);
    free(bearer);
}

static void requests_are_delayed_by_their_path(void **state)
{
    struct simulator *server = *state;
    begin(server, "change=delay=zLicense=30000");
    struct http_answer late = http_ask(
        server, &(struct http_request){USAGE, .headers = {BASIC, KEY}, .timeout_ms = 200});
    assert_int_equal(late.code, CURLE_OPERATION_TIMEDOUT);
    http_answer_free(&late);
    http_expect(server, &(struct http_request){BAQ, .headers = {BASIC, KEY}}, 200, NULL);
    end(server, "change=delay=zLicense=30000");
    http_expect(server, &(struct http_request){USAGE, .headers = {BASIC, KEY}}, 200, NULL);
    begin(server, "change=latency=3-9");
    struct simulator_behaviour behaviour = simulator_behaviour(server);
    assert_int_equal(behaviour.latency_ms, 3);
    assert_int_equal(behaviour.latency_jitter_ms, 6);
    end(server, "change=latency=3-9");
    behaviour = simulator_behaviour(server);
    assert_int_equal(behaviour.latency_ms + behaviour.latency_jitter_ms, 0);
}

/* ---- from the start ---- */

static void changes_hold_from_the_start(void **state)
{
    static const char *const changes[] = {"tasks-waiting=0",
                                          "seats=WebService=5",
                                          "password=second-password",
                                          "key-days=9",
                                          "fail=Ice.BO.HealthCheckSvc/ErpAlive=500",
                                          NULL};
    const struct simulator_options options = {.changes = changes,
                                              .behaviour.access = SIMULATOR_BY(SIMULATOR_WAY_NONE)};
    struct simulator *server = simulator_start(&options);
    const struct http_request waiting = {HEALTH "CountImmediateSched", .body = "{\"cutOffMinutes\":1}",
                                         .headers = {KEY}};
    const struct http_request seats = {SEATS, .body = "{}", .headers = {KEY}};
    (void)state;
    http_expect(server, &waiting, 200, TEXTS("\"count\":0,"));
    http_expect(server, &seats, 200, TEXTS("\"MaxUsers\":5,"));
    http_expect(server, &(struct http_request){HEALTH "ErpAlive", .body = "{}", .headers = {KEY}}, 500, NULL);
    http_expect(server, &(struct http_request){"TokenResource.svc/", .body = "", .headers = {USER}}, 401,
                NULL);
    begin(server, "change=tasks-waiting=4");
    begin(server, "change=seats=WebService=6");
    begin(server, "change=fail=Ice.BO.HealthCheckSvc/ErpAlive=503");
    http_expect(server, &waiting, 200, TEXTS("\"count\":4,"));
    http_expect(server, &seats, 200, TEXTS("\"MaxUsers\":6,"));
    end(server, "change=fail=Ice.BO.HealthCheckSvc/ErpAlive=503");
    end(server, "change=tasks-waiting=4");
    end(server, "change=seats=WebService=6");
    http_expect(server, &waiting, 200, TEXTS("\"count\":0,"));
    http_expect(server, &seats, 200, TEXTS("\"MaxUsers\":5,"));
    http_expect(server, &(struct http_request){HEALTH "ErpAlive", .body = "{}", .headers = {KEY}}, 500, NULL);
    simulator_stop(server);
}

/* ---- the listener ---- */

static void a_closed_port_refuses_and_comes_back(void **state)
{
    struct simulator *server = *state;
    const struct http_request usage = {USAGE, .headers = {BASIC, KEY}};
    uint16_t port = simulator_port(server);
    CURL *kept = curl_easy_init();
    struct http_answer first = {.body = calloc(1, 1)}, second = {.body = calloc(1, 1)};
    curl_easy_setopt(kept, CURLOPT_URL, simulator_url(server));
    curl_easy_setopt(kept, CURLOPT_PROXY, "");
    curl_easy_setopt(kept, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(kept, CURLOPT_WRITEFUNCTION, http_body_keep);
    curl_easy_setopt(kept, CURLOPT_WRITEDATA, &first);
    assert_int_equal(curl_easy_perform(kept), CURLE_OK);
    for (int i = 0; i < 3; i++) {
        begin(server, "change=closed");
        struct http_answer refused = http_ask(server, &usage);
        assert_int_equal(refused.code, CURLE_COULDNT_CONNECT);
        http_answer_free(&refused);
        command(server, "begin change=closed", "refused: ", "begun already");
        curl_easy_setopt(kept, CURLOPT_WRITEDATA, &second);
        assert_int_equal(curl_easy_perform(kept), CURLE_COULDNT_CONNECT); /* not over what it had kept */
        end(server, "change=closed");
        assert_int_equal(simulator_port(server), port);
        http_expect(server, &usage, 200, NULL);
        assert_int_equal(curl_easy_perform(kept), CURLE_OK);
    }
    curl_easy_cleanup(kept);
    free(first.body);
    free(second.body);
    begin(server, "change=closed"); /* and it can be stopped so */
}

/* Seconds from now until the end of the certificate that a connection shows; kept: a handle that may have one. */
static long certificate_seconds(struct simulator *server, CURL *kept, long *connects)
{
    CURL *curl = kept ? kept : curl_easy_init();
    struct http_answer answer = {.body = calloc(1, 1)};
    struct curl_certinfo *info = NULL;
    char url[128];
    long left = 0;
    snprintf(url, sizeof url, "https://localhost:%u/", simulator_port(server));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, http_body_keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, connects);
    assert_int_equal(curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info), CURLE_OK);
    for (struct curl_slist *line = info->num_of_certs ? info->certinfo[0] : NULL; line; line = line->next) {
        struct tm tm = {0};
        if (strncmp(line->data, "Expire date:", 12) == 0 &&
            strptime(line->data + 12, " %b %d %T %Y GMT", &tm))
            left = (long)(timegm(&tm) - time(NULL));
    }
    if (!kept)
        curl_easy_cleanup(curl);
    free(answer.body);
    return left;
}

static void a_certificate_changes_for_new_connections(void **state)
{
    struct simulator *server = simulator_start(
        &(struct simulator_options){.certificate = SIMULATOR_TLS_VALID});
    CURL *kept = curl_easy_init();
    long connects = 0, day = 86400;
    const struct http_request usage = {USAGE, .headers = {BASIC, KEY}, .ca_file = simulator_ca_file(server)};
    (void)state;
    assert_in_range(certificate_seconds(server, kept, &connects), 90 * day - 600, 90 * day);
    begin(server, "change=certificate-days=3");
    assert_in_range(certificate_seconds(server, NULL, &connects), 3 * day - 600, 3 * day);
    assert_in_range(certificate_seconds(server, kept, &connects), 3 * day - 600, 3 * day);
    assert_int_equal(connects, 1); /* the old connection was closed */
    http_expect(server, &usage, 200, NULL);
    end(server, "change=certificate-days=3");
    begin(server, "change=certificate-days=-2");
    assert_true(certificate_seconds(server, kept, &connects) < -day);
    struct http_answer refused = http_ask(server, &usage);
    assert_int_equal(refused.code, CURLE_PEER_FAILED_VERIFICATION);
    http_answer_free(&refused);
    end(server, "change=certificate-days=-2");
    begin(server, "change=certificate=wrong-name");
    refused = http_ask(server, &usage);
    assert_int_equal(refused.code, CURLE_PEER_FAILED_VERIFICATION);
    http_answer_free(&refused);
    end(server, "change=certificate=wrong-name");
    http_expect(server, &usage, 200, NULL);
    assert_in_range(certificate_seconds(server, kept, &connects), 90 * day - 600, 90 * day);
    curl_easy_cleanup(kept);
    simulator_stop(server);
}

/* ---- while it works ---- */

struct asker {
    struct simulator *server;
    atomic_bool over;
    unsigned long asked, bad;
};

/* Over one connection after the other: none may be refused while a certificate changes. */
static void *ask_on(void *context)
{
    struct asker *asker = context;
    const struct http_request usage = {USAGE "?$count=true", .headers = {BASIC, KEY},
                                       .ca_file = simulator_ca_file(asker->server)};
    do {
        struct http_answer answer = http_ask(asker->server, &usage);
        asker->bad += answer.code != CURLE_OK || answer.status != 200;
        asker->asked++;
        http_answer_free(&answer);
    } while (!atomic_load(&asker->over));
    return NULL;
}

static void nobody_is_disturbed_by_a_change(void **state)
{
    static const char *const changes[] = {"change=certificate-days=3", "change=rows=zLicenseUsage=2",
                                          "change=column-gone=zLicenseUsage=Calculated_Used",
                                          "change=delay=zNothing=1", "change=sessions-expired=3"};
    struct simulator *server = simulator_start(
        &(struct simulator_options){.certificate = SIMULATOR_TLS_VALID});
    struct asker askers[3];
    pthread_t threads[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        askers[i] = (struct asker){.server = server};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &askers[i]), 0);
    }
    for (int i = 0; i < 5; i++) {
        for (size_t k = 0; k < sizeof changes / sizeof changes[0]; k++)
            begin(server, changes[k]);
        for (size_t k = 0; k < sizeof changes / sizeof changes[0]; k++)
            end(server, changes[k]);
    }
    for (size_t i = 0; i < 3; i++) {
        atomic_store(&askers[i].over, true);
        pthread_join(threads[i], NULL);
    }
    simulator_stop(server);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(askers[i].bad, 0);
        assert_true(askers[i].asked > 0);
    }
}

/* ---- a timetable ---- */

static char *timetable_play(struct simulator *server, const char *text)
{
    char name[] = "/tmp/timetable-XXXXXX";
    FILE *out = fdopen(mkstemp(name), "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    char *fault = simulator_play_timetable(server, name);
    remove(name);
    return fault;
}

static bool status_comes(struct simulator *server, long wanted)
{
    long status = 0;
    for (int i = 0; i < 20000 && status != wanted; i++) {
        struct http_answer answer = http_ask(server, &(struct http_request){USAGE, .headers = {BASIC, KEY}});
        status = answer.status;
        http_answer_free(&answer);
    }
    return status == wanted;
}

static void a_timetable_changes_the_server(void **state)
{
    static const struct {
        const char *text, *fault;
    } wrong[] = {
        {"at 1s for 9s change=latency=1\nat 5s for 1s change=latency=2\n",
         ":2: a line before is about the same"},
        {"at 1s for 9s change=gone=BaqSvc/zNothing\n", ":1: there is nothing of this name"},
        {"at 1s for 9s change=gone\n", ":1: this change wants a value"},
        {"at 1s for 9s fault=slow change=pilot\n", ":1: `fault=` or `change=` is wanted"},
        {"at 1s for 9s\n", ":1: `fault=` or `change=` is wanted"},
    };
    struct simulator *server = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char *fault = timetable_play(server, wrong[i].text);
        if (!fault || !strstr(fault, wrong[i].fault))
            fail_msg("case %zu: %s", i, fault ? fault : "no fault");
        free(fault);
    }
    /* One ends when the next of the same begins, whichever line is first. */
    assert_null(timetable_play(server, "at 300ms for 1h change=way=key-refusal=403\n"
                                       "at 0s for 300ms change=way=key-refusal=404\n"
                                       "at 0s for 1h change=company-key=EPIC06=other-key\n"));
    assert_true(status_comes(server, 403));
    end(server, "change=way=key-refusal=403");
    assert_true(status_comes(server, 401));
    end(server, "change=company-key=EPIC06=other-key");
    assert_true(status_comes(server, 200));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, server_start, server_stop)

ALL_TESTS(TEST(commands_are_judged), TEST(a_fault_takes_so_many_requests),
          TEST(a_change_has_its_effect_and_its_end), TEST(services_tell_exactly_so_many),
          TEST(columns_come_back_to_their_places), TEST(a_password_may_change_while_tokens_live),
          TEST(requests_are_delayed_by_their_path), cmocka_unit_test(changes_hold_from_the_start),
          TEST(a_closed_port_refuses_and_comes_back),
          cmocka_unit_test(a_certificate_changes_for_new_connections),
          cmocka_unit_test(nobody_is_disturbed_by_a_change), TEST(a_timetable_changes_the_server));
