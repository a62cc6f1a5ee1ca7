/* Who is let in, over the wire; and a storm of wrong passwords. */
#include "main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bcrypt.h"
#include "base/memory.h"
#include "base/text.h"
#include "integration/web_rig.h"

/* "Authorization: Basic ..." and a line end. Owned. */
static char *basic(const char *pair)
{
    size_t size = strlen(pair);
    char *text = memory_new(size * 2 + 8, 1);

    text_base64_encode(pair, size, text);
    char *line = memory_format("Authorization: Basic %s\r\n", text);
    free(text);
    return line;
}

/* Keys of [web] with this user, and a password "correct horse" of this cost. */
static char *with_user(const char *name, int cost)
{
    char hash[BCRYPT_HASH_SIZE];

    assert_true(bcrypt_make("correct horse", cost, hash));
    return memory_format("basic_auth.%s = %s\nbearer_token = token-of-prometheus\n", name, hash);
}

#define BEARER "Authorization: Bearer token-of-prometheus\r\n"

static void who_is_let_in(void **state)
{
    char *web = with_user("anna", BCRYPT_COST_MIN), *right = basic("anna:correct horse"),
         *wrong = basic("anna:horse"), *nobody = basic("nobody:correct horse"),
         *with_body = memory_format("%sContent-Length: 5\r\n", right),
         *first_body = memory_format("%sContent-Length: 5\r\n", nobody);
    const struct {
        const char *method, *target, *more;
        int status;
    } cases[] = {
        {"GET", "/metrics", "", 401},
        {"POST", "/metrics", first_body, 401}, /* waits for its password, and its body is not read */
        {"GET", "/metrics", right, 200},
        {"GET", "/metrics", wrong, 401},
        {"GET", "/metrics", nobody, 401},
        {"GET", "/metrics", BEARER, 200},
        {"GET", "/metrics", "Authorization: Bearer token\r\n", 401},
        {"GET", "/metrics", BEARER BEARER, 401}, /* two of them are none */
        {"HEAD", "/metrics", "", 401},
        {"HEAD", "/metrics", right, 200},
        {"GET", "/no/such/page", "", 401}, /* no path is told to strangers */
        {"GET", "/no/such/page", right, 404},
        {"DELETE", "/metrics", "", 401},
        {"DELETE", "/metrics", right, 405},
        {"POST", "/-/reload", "", 401},
        {"GET", "/-/healthy", "", 200},
        {"GET", "/-/ready?x", "", 200},
        {"GET", "/-/ready", wrong, 200},
        {"POST", "/metrics", "Content-Length: 5\r\n", 401},
        {"POST", "/metrics", with_body, 405},
        {"GET", "/metrics", "Content-Length : 5\r\n", 400},
    };
    struct web_rig rig = web_rig_configured("/tmp", web, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = web_ask(&rig, cases[i].method, cases[i].target, cases[i].more);
        if (web_status(answer) != cases[i].status)
            fail_msg("case %zu: %s", i, answer);
        bool challenged =
            strstr(answer, "WWW-Authenticate: Basic realm=\"epicor_exporter\", charset=\"UTF-8\"\r\n") !=
                NULL &&
            strstr(answer, "WWW-Authenticate: Bearer realm=\"epicor_exporter\"\r\n") != NULL;
        assert_true(challenged == (cases[i].status == 401));
        assert_true((web_body(answer)[0] == '\0') == (strcmp(cases[i].method, "HEAD") == 0));
        free(answer);
    }
    /* Refusals are counted by their path. */
    char *page = web_ask(&rig, "GET", "/metrics", right);
    assert_non_null(strstr(page, "epicor_exporter_http_requests_total{path=\"/metrics\",code=\"401\"} 9\n"));
    assert_non_null(strstr(page, "epicor_exporter_http_requests_total{path=\"other\",code=\"401\"}"));
    free(page);
    /* By a reload, at once. */
    web_rig_reload(&rig, "/tmp", "bearer_token = token-of-prometheus\nauth_exclude_paths = /metrics\n");
    char *answer = web_ask(&rig, "GET", "/", right);
    assert_int_equal(web_status(answer), 401);
    assert_null(strstr(answer, "Basic realm"));
    free(answer);
    answer = web_ask(&rig, "GET", "/metrics", "");
    assert_int_equal(web_status(answer), 200);
    free(answer);
    web_rig_reload(&rig, "/tmp", "");
    web_assert_serves(&rig);
    web_rig_stop(&rig);
    free(web);
    free(right);
    free(wrong);
    free(nobody);
    free(with_body);
    free(first_body);
}

/* A kept connection waits for its password, and goes on, with what was sent behind it. */
static void requests_on_one_connection(void **state)
{
    char *web = with_user("anna", 8), *right = basic("anna:correct horse"), *wrong = basic("anna:horse");
    struct web_rig rig = web_rig_configured("/tmp", web, NULL);
    char *requests = memory_format("GET /metrics HTTP/1.1\r\nHost: x\r\n%s\r\n"
                                   "HEAD /metrics HTTP/1.1\r\nHost: x\r\n%s\r\n"
                                   "GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                   wrong, right);

    (void)state;
    char *answers = web_ask_bytes(&rig, requests, strlen(requests));
    const char *second = strstr(answers + 1, "HTTP/1.1 ");
    assert_non_null(second);
    const char *third = strstr(second + 1, "HTTP/1.1 ");
    assert_non_null(third);
    assert_int_equal(web_status(answers), 401);
    assert_int_equal(web_status(second), 200);
    assert_int_equal(web_status(third), 200);
    free(answers);
    free(requests);
    web_rig_stop(&rig);
    free(web);
    free(right);
    free(wrong);
}

#define STORM 30 /* connections of one address; the limit is 32 */

/* Thirty clients with a wrong password each: some wait for their check, the others are told to come again; who is known is let
   in, from another address, while they wait. And the server stops amid them. */
static void a_storm_of_wrong_passwords(void **state)
{
    char *web = with_user("anna", 10), *right = basic("anna:correct horse");
    struct web_rig rig = web_rig_configured("/tmp", web, NULL);
    char *scrape = memory_format("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", right);
    int descriptors[STORM], refused = 0, busy = 0;

    (void)state;
    char *answer = web_ask_bytes(&rig, scrape, strlen(scrape)); /* is remembered from now on */
    assert_int_equal(web_status(answer), 200);
    free(answer);
    for (int i = 0; i < STORM; i++) {
        char *pair = memory_format("anna:wrong-%d", i), *wrong = basic(pair);
        char *request = memory_format("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
                                      wrong);
        descriptors[i] = web_client(&rig);
        web_put_text(descriptors[i], request);
        free(request);
        free(wrong);
        free(pair);
    }
    for (int i = 0; i < 5; i++) {
        int descriptor = web_client_from(&rig, "127.0.0.2", 0);
        web_put_text(descriptor, scrape);
        answer = web_rest(descriptor);
        assert_int_equal(web_status(answer), 200);
        free(answer);
    }
    for (int i = 0; i < STORM; i++) {
        answer = web_rest(descriptors[i]);
        refused += web_status(answer) == 401;
        if (web_status(answer) == 503) {
            busy++;
            web_assert_header(answer, "Retry-After", "1");
        }
        free(answer);
    }
    assert_int_equal(refused + busy, STORM);
    assert_true(refused >= 4);
    assert_true(busy > 0);
    /* Again, and the server stops before they are through: each is told, or closed. */
    for (int i = 0; i < 4; i++) {
        char *pair = memory_format("anna:again-%d", i), *wrong = basic(pair);
        char *request = memory_format("GET /metrics HTTP/1.1\r\nHost: x\r\n%s\r\n", wrong);
        descriptors[i] = web_client(&rig);
        web_put_text(descriptors[i], request);
        free(request);
        free(wrong);
        free(pair);
    }
    web_rig_stop(&rig);
    for (int i = 0; i < 4; i++)
        free(web_rest(descriptors[i]));
    free(scrape);
    free(web);
    free(right);
}

ALL_TESTS(cmocka_unit_test(who_is_let_in), cmocka_unit_test(requests_on_one_connection),
          cmocka_unit_test(a_storm_of_wrong_passwords));
