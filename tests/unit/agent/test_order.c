/* From a request to what goes over the wire: for each way of authentication the exact headers and URL. */
#include "main.h"

#include "agent/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "probe/kind.h"

#define LINES_MAX 12

/* ---- a model and its secrets ---- */

static struct model *model_of(const char *appserver_lines)
{
    char *text = memory_format("[appserver Live]\nurl = https://erp.example.com/KineticLive\n"
                               "company = EPIC06\n%s\n[probe p]\nkind = baq\nbaq = B\n",
                               appserver_lines);
    struct fault_list faults = {0};
    struct model *model = model_read("t.ini", span_of(text), NULL, probe_schema(), &faults);

    for (size_t i = 0; model == NULL && i < faults.count; i++)
        print_message("%s\n", faults.items[i].text);
    assert_non_null(model);
    fault_list_free(&faults);
    free(text);
    return model;
}

static void credential_begin(struct credential *credential, const struct model *model)
{
    struct secrets secrets;

    credential_init(credential, &model->appservers[0], 1);
    secrets_read(&model->appservers[0], &secrets);
    assert_null(secrets.why);
    credential_reading(credential, 0);
    credential_read(credential, &secrets, 0);
    credential->token = secret_new("tok.en", 6);
}

static void order_end(struct order *order)
{
    free(order->url);
    header_list_free(&order->headers);
    secret_unref(order->username);
    secret_unref(order->password);
    secret_unref(order->proxy);
}

/* Each of the lines once and no other; any order. */
static void assert_headers(const char *which, const struct header_list *headers, const char *const *lines)
{
    size_t wanted = 0;

    for (; wanted < LINES_MAX && lines[wanted] != NULL; wanted++) {
        size_t found = 0;
        for (size_t i = 0; i < headers->count; i++)
            found += strcmp(headers->lines[i], lines[wanted]) == 0;
        if (found != 1)
            fail_msg("%s: %zu times %s", which, found, lines[wanted]);
    }
    for (size_t i = 0; headers->count != wanted && i < headers->count; i++)
        print_message("%s\n", headers->lines[i]);
    if (headers->count != wanted)
        fail_msg("%s: %zu headers", which, headers->count);
}

static void assert_secret(const struct secret *secret, const char *text)
{
    if (text == NULL)
        assert_null(secret);
    else
        assert_string_equal(secret_reveal(secret), text);
}

/* ---- a ticket that others would make ---- */

struct fake_ticket {
    struct ticket ticket;
    int asked;
    bool released;
};

static struct secret *give_authorization(struct ticket *ticket, char **why)
{
    struct fake_ticket *fake = (struct fake_ticket *)(void *)ticket;
    char text[16];

    (void)why;
    snprintf(text, sizeof text, "YII%d", ++fake->asked);
    return secret_new(text, strlen(text));
}

static struct secret *refuse_authorization(struct ticket *ticket, char **why)
{
    (void)ticket;
    *why = memory_copy_text("the ticket has expired");
    return NULL;
}

static void note_release(struct ticket *ticket)
{
    ((struct fake_ticket *)(void *)ticket)->released = true;
}

/* ---- calls ---- */

#define ACCOUNT "username = monitor\npassword = p:w\n"
#define OAUTH2                                                                                               \
    "auth = oauth2\noauth2_token_url = https://idp/token\noauth2_client_id = id-of-client\n"                 \
    "oauth2_client_secret = secret-of-client\n"
#define ACCEPT  "Accept: application/json"
#define LICENSE "License: {\"ClaimedLicense\":\"00000003-9439-4B30-A6F4-6D2FD4B9FD0F\"}"
#define BASE    "https://erp.example.com/KineticLive/api/x?a=b"

static const struct call_case {
    const char *lines;
    const char *url;
    const char *headers[LINES_MAX];
    enum order_login login;
    const char *username, *password, *proxy;
} calls[] = {
    {"auth = token\n" ACCOUNT,
     BASE,
     {"Authorization: Bearer tok.en", ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     0},
    {OAUTH2, BASE, {"Authorization: Bearer tok.en", ACCEPT, LICENSE}, ORDER_NO_LOGIN, 0, 0, 0},
    {OAUTH2 "oauth2_grant = password\nusername = u\npassword = p\n",
     BASE,
     {"Authorization: Bearer tok.en", ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     0},
    /* base64 of "monitor:p:w" */
    {"auth = basic\n" ACCOUNT,
     BASE,
     {"Authorization: Basic bW9uaXRvcjpwOnc=", ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     0},
    {"auth = negotiate\n", BASE, {"Authorization: Negotiate YII1", ACCEPT, LICENSE}, ORDER_NO_LOGIN, 0, 0, 0},
    {"auth = ntlm\nusername = DOM\\monitor\npassword = p:w\n",
     BASE,
     {ACCEPT, LICENSE},
     ORDER_NTLM,
     "DOM\\monitor",
     "p:w",
     0},
    {"auth = none\n", BASE, {ACCEPT, LICENSE}, ORDER_NO_LOGIN, 0, 0, 0},
    /* the API key, with each of them the same: in the header, in the query, one of the company */
    {"auth = basic\napi_key = key-1\n" ACCOUNT,
     BASE,
     {"Authorization: Basic bW9uaXRvcjpwOnc=", "x-api-key: key-1", ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     0},
    {"auth = none\napi_key = k/1 &\napi_key_in = query\n",
     BASE "&api-key=k%2F1%20%26",
     {ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     0},
    {"auth = ntlm\napi_key = key-1\napi_key.EPIC06 = key-06\napi_key.EPIC07 = key-07\n" ACCOUNT,
     BASE,
     {"x-api-key: key-06", ACCEPT, LICENSE},
     ORDER_NTLM,
     "monitor",
     "p:w",
     0},
    {OAUTH2 "api_key.EPIC07 = key-07\n",
     BASE,
     {"Authorization: Bearer tok.en", ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     0},
    /* header.NAME, license, CallSettings, proxy */
    {"auth = none\nlicense = none\nplant = MfgSys\nheader.X-Gateway = g h\nheader.X-Other = o\n"
     "proxy = http://u:p@proxy:3128\n",
     BASE,
     {"X-Gateway: g h", "X-Other: o", ACCEPT, "CallSettings: {\"Company\":\"EPIC06\",\"Plant\":\"MfgSys\"}"},
     ORDER_NO_LOGIN,
     0,
     0,
     "http://u:p@proxy:3128"},
    {"auth = none\nheader.Authorization = Custom abc\nproxy = environment\n",
     BASE,
     {"Authorization: Custom abc", ACCEPT, LICENSE},
     ORDER_NO_LOGIN,
     0,
     0,
     "environment"},
};

static void each_way_adds_its_own_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct call_case *wanted = &calls[i];
        struct model *model = model_of(wanted->lines);
        struct fake_ticket fake = {.ticket = {1, give_authorization, note_release}};
        struct request request = {
            .method = HTTP_GET, .path = (char *)(uintptr_t) "api/x?a=b", .company = "EPIC06"};
        struct credential credential;
        struct order order;
        enum reason reason;
        char *why;
        credential_begin(&credential, model);
        credential.ticket = &fake.ticket;
        if (!order_call(&order, &request, &model->targets[0], &credential, &reason, &why))
            fail_msg("%s: %s", wanted->lines, why);
        assert_string_equal(order.url, wanted->url);
        assert_headers(wanted->lines, &order.headers, wanted->headers);
        assert_int_equal(order.login, wanted->login);
        assert_secret(order.username, wanted->username);
        assert_secret(order.password, wanted->password);
        assert_secret(order.proxy, wanted->proxy);
        assert_false(order.outside);
        assert_ptr_equal(order.request, &request);
        assert_ptr_equal(order.appserver, &model->appservers[0]);
        assert_int_equal(fake.asked, model->appservers[0].auth == AUTH_NEGOTIATE);
        order_end(&order);
        credential_free(&credential);
        assert_true(fake.released);
        model_unref(model);
    }
}

/* Where a probe says its own, the app server's does not count. */
static void plant_and_license_may_be_the_probe_s(void **state)
{
    static const char text[] =
        "[appserver Live]\nurl = https://erp.example.com/KineticLive\ncompany = EPIC06\n"
        "auth = none\nplant = MfgSys\nlicense = none\n"
        "[probe p]\nkind = baq\nbaq = B\nplant = Other\nlicense = WebService\n";
    static const char *const wanted[] = {ACCEPT, LICENSE,
                                         "CallSettings: {\"Company\":\"EPIC06\",\"Plant\":\"Other\"}", NULL};
    struct fault_list faults = {0};
    struct model *model = model_read("t.ini", span_of(text), NULL, probe_schema(), &faults);
    struct request request = {.method = HTTP_GET, .path = (char *)(uintptr_t) "api/x", .company = "EPIC06"};
    struct credential credential;
    struct order order;
    enum reason reason;
    char *why;

    (void)state;
    assert_non_null(model);
    fault_list_free(&faults);
    credential_begin(&credential, model);
    assert_true(order_call(&order, &request, &model->targets[0], &credential, &reason, &why));
    assert_headers("its own", &order.headers, wanted);
    order_end(&order);
    credential_free(&credential);
    model_unref(model);
}

static void a_body_has_its_type(void **state)
{
    static const char *const wanted[] = {ACCEPT, LICENSE, "Content-Type: application/json",
                                         "SOAPAction: \"http://tempuri.org/X/GetRows\"", NULL};
    struct model *model = model_of("auth = none\n");
    struct request request = {.method = HTTP_POST,
                              .path = (char *)(uintptr_t) "api/x",
                              .body = (char *)(uintptr_t) "{}",
                              .body_size = 2,
                              .content_type = "application/json",
                              .soap_action = "http://tempuri.org/X/GetRows"};
    struct credential credential;
    struct order order;
    enum reason reason;
    char *why;

    (void)state;
    credential_begin(&credential, model);
    assert_true(order_call(&order, &request, &model->targets[0], &credential, &reason, &why));
    assert_headers("a body", &order.headers, wanted);
    order_end(&order);
    credential_free(&credential);
    model_unref(model);
}

/* A new authorization for each request: a server may refuse one that it has seen. */
static void tickets_serve_one_request_each(void **state)
{
    struct model *model = model_of("auth = negotiate\n");
    struct fake_ticket fake = {.ticket = {1, give_authorization, note_release}};
    struct request request = {.path = (char *)(uintptr_t) "api/x"};
    struct credential credential;

    (void)state;
    credential_begin(&credential, model);
    credential.ticket = &fake.ticket;
    for (int i = 1; i <= 3; i++) {
        struct order order;
        enum reason reason;
        char *why, line[64];
        snprintf(line, sizeof line, "Authorization: Negotiate YII%d", i);
        assert_true(order_call(&order, &request, &model->targets[0], &credential, &reason, &why));
        assert_headers("negotiate", &order.headers, (const char *const[]){line, ACCEPT, LICENSE, NULL});
        order_end(&order);
    }
    credential_free(&credential);
    model_unref(model);
}

/* ---- what cannot be sent ---- */

static const struct {
    const char *lines;
    const char *username, *password, *token, *key, *header; /* over those of the lines; NULL: theirs */
    enum reason reason;
    const char *words;
} failures[] = {
    {"auth = basic\n" ACCOUNT, "a:b", NULL, NULL, NULL, NULL, REASON_CREDENTIALS, "colon"},
    {"auth = basic\n" ACCOUNT, NULL, "a\nb", NULL, NULL, NULL, REASON_CREDENTIALS, "HTTP Basic cannot carry"},
    {"auth = token\n" ACCOUNT, NULL, NULL, "a\nb", NULL, NULL, REASON_IDENTITY_PROVIDER, "token"},
    {OAUTH2, NULL, NULL, "a\nb", NULL, NULL, REASON_IDENTITY_PROVIDER, "token"},
    {"auth = none\napi_key = k\n", NULL, NULL, NULL, "a\nb", NULL, REASON_API_KEY, "API key"},
    {"auth = none\nheader.X-G = g\n", NULL, NULL, NULL, NULL, "a\nb", REASON_INTERNAL, "header.X-G"},
};

static void replace(struct secret **item, const char *text)
{
    if (text == NULL)
        return;
    secret_unref(*item);
    *item = secret_new(text, strlen(text));
}

static void what_cannot_be_sent_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct model *model = model_of(failures[i].lines);
        struct request request = {.path = (char *)(uintptr_t) "api/x"};
        struct credential credential;
        struct order order;
        enum reason reason;
        char *why;
        credential_begin(&credential, model);
        replace(&credential.now.items[SECRET_USERNAME], failures[i].username);
        replace(&credential.now.items[SECRET_PASSWORD], failures[i].password);
        replace(&credential.token, failures[i].token);
        replace(&credential.now.items[SECRET_API_KEY], failures[i].key);
        if (failures[i].header != NULL) /* the only one behind the named */
            replace(&credential.now.items[SECRETS_NAMED], failures[i].header);
        assert_false(order_call(&order, &request, &model->targets[0], &credential, &reason, &why));
        assert_int_equal(reason, failures[i].reason);
        if (strstr(why, failures[i].words) == NULL)
            fail_msg("%s: %s", failures[i].lines, why);
        assert_null(strstr(why, "a\nb"));
        assert_null(order.url);
        assert_int_equal(order.headers.count, 0);
        free(why);
        credential_free(&credential);
        model_unref(model);
    }
}

static void a_ticket_that_cannot_serve_says_why(void **state)
{
    struct model *model = model_of("auth = negotiate\n");
    struct fake_ticket fake = {.ticket = {1, refuse_authorization, note_release}};
    struct request request = {.path = (char *)(uintptr_t) "api/x"};
    struct credential credential;
    struct order order;
    enum reason reason;
    char *why;

    (void)state;
    credential_begin(&credential, model);
    assert_false(order_call(&order, &request, &model->targets[0], &credential, &reason, &why));
    assert_int_equal(reason, REASON_IDENTITY_PROVIDER);
    free(why);
    credential.ticket = &fake.ticket;
    assert_false(order_call(&order, &request, &model->targets[0], &credential, &reason, &why));
    assert_int_equal(reason, REASON_IDENTITY_PROVIDER);
    assert_string_equal(why, "the ticket has expired");
    assert_null(order.url);
    free(why);
    credential_free(&credential);
    model_unref(model);
}

/* ---- token requests ---- */

/* What belongs to the app server, and must not reach an identity provider. */
#define IN_HEADER "api_key = key-1\nplant = MfgSys\nheader.X-Gateway = g\nproxy = http://proxy:3128\n"
#define IN_QUERY  "api_key_in = query\n" IN_HEADER

static const struct login_case {
    const char *lines;
    const char *url;
    const char *headers[LINES_MAX];
    const char *body; /* NULL: none */
    bool outside;
} logins[] = {
    {"auth = token\n" ACCOUNT IN_HEADER,
     "https://erp.example.com/KineticLive/TokenResource.svc/",
     {"username: monitor", "password: p:w", ACCEPT, "X-Gateway: g"},
     NULL,
     false},
    {"auth = token\ntoken_path = TokenResource.svc\ntoken_credentials = basic\n" ACCOUNT IN_QUERY,
     "https://erp.example.com/KineticLive/TokenResource.svc",
     {"Authorization: Basic bW9uaXRvcjpwOnc=", ACCEPT, "X-Gateway: g"},
     NULL,
     false},
    {OAUTH2 IN_HEADER "oauth2_scope = epicor_erp\n",
     "https://idp/token",
     {ACCEPT},
     "grant_type=client_credentials&client_id=id-of-client&client_secret=secret-of-client&scope=epicor_erp",
     true},
    {OAUTH2 IN_QUERY "oauth2_client_auth = basic\noauth2_param.resource = r s\noauth2_param.b = c\n",
     "https://idp/token",
     {"Authorization: Basic aWQtb2YtY2xpZW50OnNlY3JldC1vZi1jbGllbnQ=", ACCEPT},
     "grant_type=client_credentials&resource=r+s&b=c",
     true},
    {OAUTH2 IN_HEADER ACCOUNT "oauth2_grant = password\n",
     "https://idp/token",
     {ACCEPT},
     "grant_type=password&client_id=id-of-client&client_secret=secret-of-client&username=monitor"
     "&password=p%3Aw",
     true},
    /* user and password are not for the other grant */
    {OAUTH2 IN_HEADER ACCOUNT,
     "https://idp/token",
     {ACCEPT},
     "grant_type=client_credentials&client_id=id-of-client&client_secret=secret-of-client",
     true},
    {"auth = oauth2\noauth2_token_url = https://erp.example.com/KineticLive/idp/token?x=y\n"
     "oauth2_client_id = i\noauth2_client_secret = s\n" IN_QUERY,
     "https://erp.example.com/KineticLive/idp/token?x=y",
     {ACCEPT, "X-Gateway: g"},
     "grant_type=client_credentials&client_id=i&client_secret=s",
     false},
    {"auth = oauth2\noauth2_token_url = https://erp.example.com/KineticLiveIdp/token\n"
     "oauth2_client_id = i\noauth2_client_secret = s\n" IN_HEADER,
     "https://erp.example.com/KineticLiveIdp/token",
     {ACCEPT},
     "grant_type=client_credentials&client_id=i&client_secret=s",
     true},
};

static void each_login_goes_where_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        const struct login_case *wanted = &logins[i];
        struct model *model = model_of(wanted->lines);
        struct credential credential;
        credential_begin(&credential, model);
        for (int fresh = 0; fresh < 2; fresh++) {
            struct request request = {.fresh = fresh != 0};
            struct order order;
            enum reason reason;
            char *why;
            if (!order_login(&order, &request, &credential, &reason, &why))
                fail_msg("%s: %s", wanted->lines, why);
            assert_string_equal(order.url, wanted->url);
            assert_headers(wanted->lines, &order.headers, wanted->headers);
            assert_int_equal(order.outside, wanted->outside);
            assert_int_equal(order.login, ORDER_NO_LOGIN);
            assert_null(order.username);
            assert_null(order.password);
            assert_secret(order.proxy, "http://proxy:3128");
            assert_int_equal(request.fresh, fresh);
            assert_int_equal(request.purpose, EXCHANGE_LOGIN);
            assert_int_equal(request.method, HTTP_POST);
            assert_int_equal(request.path != NULL, wanted->body == NULL);
            if (wanted->body == NULL) {
                assert_null(request.body);
            } else {
                assert_string_equal(request.body, wanted->body);
                assert_string_equal(request.content_type, "application/x-www-form-urlencoded");
            }
            order_end(&order);
            request_free(&request);
        }
        credential_free(&credential);
        model_unref(model);
    }
}

static void an_assertion_goes_in_place_of_the_secret(void **state)
{
    static const char *const wanted[] = {ACCEPT, NULL};
    struct model *model = model_of(OAUTH2);
    struct appserver_settings settings = model->appservers[0];
    struct credential credential;
    struct request request = {0};
    struct order order;
    enum reason reason;
    char *why;

    (void)state;
    credential_begin(&credential, model);
    settings.oauth2.client_auth = OAUTH2_CLIENT_PRIVATE_KEY_JWT;
    credential.settings = &settings;
    credential.now.assertion = secret_new("e30.e30.c2ln", 12);
    assert_true(order_login(&order, &request, &credential, &reason, &why));
    assert_headers("an assertion", &order.headers, wanted);
    assert_string_equal(request.body, "grant_type=client_credentials&client_id=id-of-client&client_assertion_"
                                      "type=urn%3Aietf%3Aparams%3Aoauth"
                                      "%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=e30.e30.c2ln");
    order_end(&order);
    request_free(&request);
    credential_free(&credential);
    model_unref(model);
}

static void a_login_without_its_secrets_is_none(void **state)
{
    static const struct {
        const char *lines;
        enum secret_which missing;
    } cases[] = {
        {"auth = token\n" ACCOUNT, SECRET_USERNAME},
        {"auth = token\n" ACCOUNT, SECRET_PASSWORD},
        {OAUTH2, SECRET_CLIENT_ID},
        {OAUTH2 ACCOUNT "oauth2_grant = password\n", SECRET_PASSWORD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct model *model = model_of(cases[i].lines);
        struct credential credential;
        struct request request = {0};
        struct order order;
        enum reason reason;
        char *why;
        credential_begin(&credential, model);
        secret_unref(credential.now.items[cases[i].missing]);
        credential.now.items[cases[i].missing] = NULL;
        assert_false(order_login(&order, &request, &credential, &reason, &why));
        assert_int_equal(reason, REASON_CREDENTIALS);
        assert_null(order.url);
        free(why);
        request_free(&request);
        credential_free(&credential);
        model_unref(model);
    }
}

ALL_TESTS(cmocka_unit_test(each_way_adds_its_own_and_nothing_else),
          cmocka_unit_test(plant_and_license_may_be_the_probe_s), cmocka_unit_test(a_body_has_its_type),
          cmocka_unit_test(tickets_serve_one_request_each), cmocka_unit_test(what_cannot_be_sent_is_told),
          cmocka_unit_test(a_ticket_that_cannot_serve_says_why),
          cmocka_unit_test(each_login_goes_where_it_should),
          cmocka_unit_test(an_assertion_goes_in_place_of_the_secret),
          cmocka_unit_test(a_login_without_its_secrets_is_none));
