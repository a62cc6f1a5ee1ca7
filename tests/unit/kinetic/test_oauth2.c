#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "kinetic/oauth2.h"
#include "kinetic/token.h"

#define TYPE "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

/* The characters of RFC 6749 appendix B, and what it says becomes of them. */
#define APPENDIX_B         " %&+\xc2\xa3\xe2\x82\xac"
#define APPENDIX_B_ENCODED "+%25%26%2B%C2%A3%E2%82%AC"

static const struct {
    const char *grant;
    bool basic;
    const char *id, *secret, *assertion, *username, *password, *scope;
    const char *fields[4]; /* name, value ... */
    const char *body, *authorization;
} cases[] = {
    /* RFC 6749 sections 4.4.2, 2.3.1 and 4.3.2 */
    {"client_credentials",
     true,
     "s6BhdRkqt3",
     "gX1fBat3bV",
     NULL,
     NULL,
     NULL,
     NULL,
     {0},
     "grant_type=client_credentials",
     "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"},
    {"client_credentials",
     false,
     "s6BhdRkqt3",
     "7Fjfp0ZBr1KtDRbnfVdmIw",
     NULL,
     NULL,
     NULL,
     NULL,
     {0},
     "grant_type=client_credentials&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw",
     NULL},
    {"password",
     true,
     "s6BhdRkqt3",
     "gX1fBat3bV",
     NULL,
     "johndoe",
     "A3ddj3w",
     NULL,
     {0},
     "grant_type=password&username=johndoe&password=A3ddj3w",
     "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"},
    /* a public client of the password grant */
    {"password",
     false,
     "kinetic",
     NULL,
     NULL,
     "johndoe",
     "A3ddj3w",
     "openid email epicor_erp",
     {0},
     "grant_type=password&client_id=kinetic&username=johndoe&password=A3ddj3w&scope=openid+email+epicor_erp",
     NULL},
    /* what a form has to encode, and what it leaves alone */
    {"client_credentials",
     false,
     APPENDIX_B,
     "AZaz09*-._~!'()=\n\x01/",
     NULL,
     NULL,
     NULL,
     "api://1-2/.default",
     {0},
     "grant_type=client_credentials&client_id=" APPENDIX_B_ENCODED
     "&client_secret=AZaz09*-._%7E%21%27%28%29%3D%0A%01%2F&scope=api%3A%2F%2F1-2%2F.default",
     NULL},
    /* the same before it becomes Basic: "a%3Ab:c%2Bd+e" and APPENDIX_B_ENCODED ":" */
    {"client_credentials",
     true,
     "a:b",
     "c+d e",
     NULL,
     NULL,
     NULL,
     NULL,
     {0},
     "grant_type=client_credentials",
     "Basic YSUzQWI6YyUyQmQrZQ=="},
    {"client_credentials",
     true,
     APPENDIX_B,
     NULL,
     NULL,
     NULL,
     NULL,
     NULL,
     {0},
     "grant_type=client_credentials",
     "Basic KyUyNSUyNiUyQiVDMiVBMyVFMiU4MiVBQzo="},
    /* an assertion stands in place of the secret, whatever else there is */
    {"client_credentials",
     false,
     "id",
     "never",
     "e30.e30.c2ln",
     NULL,
     NULL,
     NULL,
     {0},
     "grant_type=client_credentials&client_id=id&client_assertion_type=" TYPE
     "&client_assertion=e30.e30.c2ln",
     NULL},
    {"client_credentials",
     true,
     "id",
     "never",
     "e30.e30.c2ln",
     NULL,
     NULL,
     NULL,
     {0},
     "grant_type=client_credentials&client_id=id&client_assertion_type=" TYPE
     "&client_assertion=e30.e30.c2ln",
     NULL},
    /* further fields; one without a value is not sent */
    {"client_credentials",
     false,
     "id",
     "s",
     NULL,
     NULL,
     NULL,
     "x",
     {"resource", "api://k", "a b", "&"},
     "grant_type=client_credentials&client_id=id&client_secret=s&scope=x&resource=api%3A%2F%2Fk&a+b=%26",
     NULL},
    {"client_credentials",
     false,
     "id",
     "s",
     NULL,
     NULL,
     NULL,
     NULL,
     {"audience", NULL, "b", ""},
     "grant_type=client_credentials&client_id=id&client_secret=s&b=",
     NULL},
};

static struct secret *secret_of(const char *text)
{
    return text == NULL ? NULL : secret_new(text, strlen(text));
}

static void each_login_is_the_form_that_it_should_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct secret *made[7] = {secret_of(cases[i].id),        secret_of(cases[i].secret),
                                  secret_of(cases[i].assertion), secret_of(cases[i].username),
                                  secret_of(cases[i].password),  secret_of(cases[i].fields[1]),
                                  secret_of(cases[i].fields[3])};
        struct oauth2_field fields[2] = {{cases[i].fields[0], made[5]}, {cases[i].fields[2], made[6]}};
        struct oauth2_login login = {.grant = cases[i].grant,
                                     .client_basic = cases[i].basic,
                                     .client_id = made[0],
                                     .client_secret = made[1],
                                     .assertion = made[2],
                                     .username = made[3],
                                     .password = made[4],
                                     .scope = cases[i].scope,
                                     .fields = fields,
                                     .field_count = cases[i].fields[0] == NULL ? 0 : 2};
        struct request request = {0};
        struct header_list headers = {0};
        oauth2_request(&login, &request, &headers);
        assert_string_equal(request.body, cases[i].body);
        assert_int_equal(request.body_size, strlen(cases[i].body));
        assert_string_equal(request.content_type, "application/x-www-form-urlencoded");
        assert_int_equal(request.purpose, EXCHANGE_LOGIN);
        assert_int_equal(request.method, HTTP_POST);
        assert_int_equal(request.wanted, BODY_ANY);
        assert_int_equal(request.keep, TOKEN_ANSWER_MAX);
        assert_int_equal(request.max_response, TOKEN_ANSWER_MAX);
        assert_null(request.path);
        assert_int_equal(headers.count, cases[i].authorization == NULL ? 0 : 1);
        if (cases[i].authorization != NULL) {
            assert_memory_equal(headers.lines[0], "Authorization: ", 15);
            assert_string_equal(headers.lines[0] + 15, cases[i].authorization);
        }
        request_free(&request);
        header_list_free(&headers);
        for (size_t n = 0; n < 7; n++)
            secret_unref(made[n]);
    }
}

static void the_longest_secrets_fit(void **state)
{
    (void)state;
    char *bytes = malloc(SECRET_MAX);
    assert_non_null(bytes);
    memset(bytes, '\xff', SECRET_MAX);
    struct secret *longest = secret_new(bytes, SECRET_MAX);
    free(bytes);
    for (int basic = 0; basic < 2; basic++) {
        struct oauth2_login login = {.grant = "password",
                                     .client_basic = basic,
                                     .client_id = longest,
                                     .client_secret = longest,
                                     .username = longest,
                                     .password = longest};
        struct request request = {0};
        struct header_list headers = {0};
        oauth2_request(&login, &request, &headers);
        assert_int_equal(request.body_size, strlen(request.body));
        assert_int_equal(request.body_size,
                         strlen("grant_type=password&username=&password=") + 2 * 3 * SECRET_MAX +
                             (basic ? 0 : strlen("&client_id=&client_secret=") + 2 * 3 * SECRET_MAX));
        request_free(&request);
        header_list_free(&headers);
    }
    secret_unref(longest);
}

ALL_TESTS(cmocka_unit_test(each_login_is_the_form_that_it_should_be),
          cmocka_unit_test(the_longest_secrets_fit));
