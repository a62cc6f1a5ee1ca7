/* GET /api/v1/status over real sockets: what a good client gets, who may read the servers' words, and many targets. */
#include "main.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cJSON.h>

#include "base/memory.h"
#include "integration/web_rig.h"

static const char *text_at(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static void a_good_client_gets_json(void **state)
{
    struct web_rig rig = web_rig_usual();

    (void)state;
    web_rig_fail(&rig, 0);
    char *answer = web_ask(&rig, "GET", "/api/v1/status", "Origin: https://evil.example.com\r\n");
    assert_int_equal(web_status(answer), 200);
    web_assert_header(answer, "Content-Type", "application/json");
    web_assert_header(answer, "X-Content-Type-Options", "nosniff");
    web_assert_header(answer, "Cache-Control", "no-store");
    assert_null(web_header(answer, "Access-Control-Allow-Origin"));
    assert_int_equal(web_content_length(answer), strlen(web_body(answer)));
    cJSON *json = cJSON_ParseWithOpts(web_body(answer), NULL, false);
    assert_non_null(json);
    assert_string_equal(text_at(json, "api"), "v1");
    assert_string_equal(text_at(json, "version"), "1.2.3");
    const cJSON *target = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "targets"), 0);
    assert_string_equal(text_at(target, "state"), "failing");
    assert_string_equal(text_at(target, "reason"), "not_found");
    assert_string_equal(text_at(target, "message"), "<b>no such BAQ</b>");
    assert_null(strchr(web_body(answer), '<'));
    cJSON_Delete(json);
    free(answer);
    answer = web_ask(&rig, "HEAD", "/api/v1/status", "");
    assert_int_equal(web_status(answer), 200);
    assert_string_equal(web_body(answer), "");
    free(answer);
    web_rig_stop(&rig);
}

static void words_of_a_server_are_for_this_machine(void **state)
{
    struct web_rig rig = web_rig_usual();

    (void)state;
    web_rig_fail(&rig, 0);
    for (const struct web_speaker *from = web_speakers; from->header != NULL; from++) {
        char *answer = web_ask(&rig, "GET", "/api/v1/status?history=1", from->header);
        assert_int_equal(web_status(answer), 200);
        bool words = strstr(answer, "no such BAQ") != NULL, ids = strstr(answer, "c0ffee") != NULL;
        if (words != from->local)
            fail_msg("with \"%s\" the message is %s", from->header, from->local ? "missing" : "shown");
        assert_true(ids); /* as on the page and in the exemplars */
        assert_non_null(strstr(answer, from->local ? "\"messages\":\"shown\"" : "\"messages\":\"withheld\""));
        free(answer);
    }
    web_rig_stop(&rig);
}

static void queries(void **state)
{
    static const struct {
        const char *target;
        int status;
    } cases[] = {
        {"/api/v1/status?", 200},
        {"/api/v1/status?state=good&state=failing", 200},
        {"/api/v1/status?appserver=%e2%82%ac%00", 400},
        {"/api/v1/status?appserver=%zz", 400},
        {"/api/v1/status?state=%3Cscript%3E", 400},
        {"/api/v1/status?pretty", 400},
    };
    struct web_rig rig = web_rig_usual();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = web_ask(&rig, "GET", cases[i].target, "");
        if (web_status(answer) != cases[i].status)
            fail_msg("%s: %d", cases[i].target, web_status(answer));
        if (cases[i].status == 400) {
            web_assert_header(answer, "Content-Type", "text/plain; charset=utf-8");
            assert_null(strstr(web_body(answer), "script"));
        }
        free(answer);
    }
    web_rig_stop(&rig);
}

static void many_targets(void **state)
{
    enum { COMPANIES = 1000 };
    struct web_rig rig = web_rig_start(COMPANIES, NULL, 8, 8);

    (void)state;
    for (size_t i = 0; i < COMPANIES; i += 2)
        web_rig_fail(&rig, i);
    char *answer = web_ask(&rig, "GET", "/api/v1/status?state=failing", "");
    assert_int_equal(web_status(answer), 200);
    cJSON *json = cJSON_Parse(web_body(answer));
    assert_non_null(json);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "targets")), COMPANIES / 2);
    const cJSON *problems = cJSON_GetObjectItemCaseSensitive(json, "problems");
    assert_int_equal(cJSON_GetArraySize(problems), 1);
    assert_int_equal(
        cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(problems, 0), "targets")),
        COMPANIES / 2);
    cJSON_Delete(json);
    free(answer);
    web_rig_stop(&rig);
}

/* More pages of a large fleet than may wait, each asked for at the same time: each comes whole, or is told to come again. */
static void many_pages_at_once(void **state)
{
    enum { COMPANIES = 1000, ASKING = 24 };
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /api/v1/status?history=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    };
    static const char *const ends[] = {"</html>\n", "}\n", "state=.\n"};
    struct web_rig rig = web_rig_start(COMPANIES, NULL, 64, 64);
    int asking[ASKING];
    size_t whole[3] = {0};

    (void)state;
    for (size_t i = 0; i < ASKING; i++) {
        asking[i] = web_client(&rig);
        web_put_text(asking[i], requests[i % 3]);
    }
    web_assert_serves(&rig);
    for (size_t i = 0; i < ASKING; i++) {
        char *answer = web_rest(asking[i]);
        int wanted = i % 3 == 2 ? 400 : 200;
        if (web_status(answer) == 503) {
            web_assert_header(answer, "Retry-After", "1");
        } else {
            const char *body = web_body(answer);
            assert_int_equal(web_status(answer), wanted);
            assert_string_equal(body + strlen(body) - strlen(ends[i % 3]), ends[i % 3]);
            web_assert_header(answer, "Content-Type",
                              i % 3 == 0   ? "text/html; charset=utf-8"
                              : i % 3 == 1 ? "application/json"
                                           : "text/plain; charset=utf-8");
            whole[i % 3]++;
        }
        free(answer);
    }
    for (size_t i = 0; i < 3; i++)
        assert_true(whole[i] > 0);
    char *answer = web_ask(&rig, "GET", "/?appserver=a&company=b&probe=c", "Accept-Encoding: gzip\r\n");
    assert_int_equal(web_status(answer), 404);
    web_assert_header(answer, "Content-Type", "text/html; charset=utf-8");
    web_assert_header(answer, "Content-Encoding", "gzip");
    free(answer);
    web_rig_stop(&rig);
}

static void the_server_ends_while_pages_are_formed(void **state)
{
    struct web_rig rig = web_rig_start(1000, NULL, 64, 64);
    int asking[6];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        asking[i] = web_client(&rig);
        web_put_text(asking[i], "GET / HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
    }
    web_assert_serves(&rig);
    web_rig_stop(&rig);
    for (size_t i = 0; i < 6; i++)
        close(asking[i]);
}

ALL_TESTS(cmocka_unit_test(a_good_client_gets_json), cmocka_unit_test(words_of_a_server_are_for_this_machine),
          cmocka_unit_test(queries), cmocka_unit_test(many_targets), cmocka_unit_test(many_pages_at_once),
          cmocka_unit_test(the_server_ends_while_pages_are_formed));
