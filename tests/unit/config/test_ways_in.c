/* The keys of every way of authentication: what each wants, what it leaves alone, what is read of it. */
#include "main.h"

#include "fixture.h"

#define HEAD "[appserver a]\nurl = https://h/a\ncompany = X\napi_version = v1\n"
#define F    "/etc/x/e.ini:"
#define TAIL "[probe orders]\nkind = baq\nbaq = Orders\n"

#define OVERRIDES                                                                                            \
    "refused, it turns each call into another one, such as a DELETE, and a probe must change nothing\n"

static void test_what_a_way_wants(void **state)
{
    (void)state;
    static const struct told_case cases[] = {
        {HEAD "auth = basic\nusername_env = PATH\n" TAIL,
         F "1: [appserver a]: auth = basic needs password (or password_file, password_env, "
           "password_credential)\n"},
        {HEAD "auth = ntlm\npassword_env = PATH\n" TAIL,
         F "1: [appserver a]: auth = ntlm needs username (or username_file, username_env, "
           "username_credential)\n"},
        {HEAD "auth = negotiate\n" TAIL, ""},
        {HEAD "auth = oauth2\n" TAIL,
         F "1: [appserver a]: auth = oauth2 needs oauth2_client_id (or oauth2_client_id_file, "
           "oauth2_client_id_env, oauth2_client_id_credential)\n" F
           "1: [appserver a]: auth = oauth2 needs oauth2_client_secret (or oauth2_client_secret_file, "
           "oauth2_client_secret_env, oauth2_client_secret_credential)\n" F
           "1: [appserver a]: auth = oauth2 needs oauth2_token_url\n"},
        {HEAD "auth = oauth2\noauth2_token_url = https://i/t\noauth2_client_id = me\n"
              "oauth2_client_auth = private_key_jwt\n" TAIL,
         F "1: [appserver a]: oauth2_client_auth = private_key_jwt needs oauth2_client_cert_file\n" F
           "1: [appserver a]: oauth2_client_auth = private_key_jwt needs oauth2_client_key_file\n"},
        {HEAD "auth = oauth2\noauth2_token_url = https://i/t\noauth2_client_id = me\n"
              "oauth2_grant = password\nusername = u\n" TAIL,
         F "1: [appserver a]: oauth2_grant = password needs password (or password_file, password_env, "
           "password_credential)\n"},
        {HEAD "auth = none\noauth2_token_url = https://i\n" TAIL,
         F "6: [appserver a] oauth2_token_url = https://i: it has no path: a token endpoint is such as "
           "https://login.example.com/connect/token\n"},
        {HEAD "auth = none\nheader.Host = x\nheader.a b = y\nheader.Authorization = Bearer z\n" TAIL,
         F "6: [appserver a] header.Host: this header is written by the agent itself\n" F
           "7: [appserver a] header.a b: no header has such a name\n"},
        {HEAD "auth = none\nheader.x-http-method-override = PUT\n" TAIL, F
         "6: [appserver a] header.x-http-method-override: refused, it turns each call into another one, such "
         "as a DELETE, and a probe must change nothing\n"},
        {HEAD "auth = basic\nusername = u\npassword_env = PATH\nheader.Authorization = x\n" TAIL,
         F "8: [appserver a] header.Authorization: this header is written by the agent itself\n"},
        {HEAD "auth = oauth2\noauth2_token_url = https://i/t\noauth2_client_id = me\n"
              "oauth2_client_secret_env = PATH\noauth2_param.scope = x\n" TAIL,
         F "9: [appserver a] oauth2_param.scope: this field is written by the agent itself\n"},
        {HEAD "auth = none\nheader.X-HTTP-Method = PATCH\nheader.X-Method-Override = PUT\n"
              "header.SoapAction = x\n" TAIL,
         F "6: [appserver a] header.X-HTTP-Method: " OVERRIDES F
           "7: [appserver a] header.X-Method-Override: " OVERRIDES F
           "8: [appserver a] header.SoapAction: refused, it belongs to one call; see soap_action of kind = "
           "http\n"},
        {HEAD "auth = none\nheader.X-A = 1\nheader.X-A_env = PATH\n" TAIL,
         F "7: [appserver a] header.X-A_env: it is written in line 6 too; only one of them can hold\n"},
        {HEAD "auth = none\nheader.X-A = \n" TAIL,
         F "6: [appserver a] header.X-A: there is no value; leave the key out to have none\n"},
        {HEAD "auth = ntlm\nusername = u\npassword_env = PATH\nhttp_version = 2\n" TAIL,
         F "8: [appserver a] http_version: auth = ntlm does not work over HTTP/2\n"},
        {HEAD "auth = none\ntls_client_key_file = /dev/null\n" TAIL,
         F "6: [appserver a] tls_client_key_file: it needs tls_client_cert_file\n"},
    };
    CHECK_TOLD(cases);
}

static void test_what_is_unwise(void **state)
{
    (void)state;
    static const struct told_case cases[] = {
        {HEAD "auth = negotiate\nusername = u\noauth2_param.x = 1\n" TAIL,
         F "6: warning: [appserver a] username: not used, because auth = negotiate\n" F
           "7: warning: [appserver a] oauth2_param: not used, because auth = negotiate\n"},
        {HEAD "auth = none\nkerberos_principal = p\noauth2_client_secret_env = PATH\n" TAIL,
         F "6: warning: [appserver a] kerberos_principal: not used, because auth = none\n" F
           "7: warning: [appserver a] oauth2_client_secret: not used, because auth = none\n"},
        {HEAD "auth = oauth2\noauth2_token_url = http://i/t\noauth2_client_id = me\n"
              "oauth2_client_secret_env = PATH\npassword_env = PATH\n" TAIL,
         F "1: warning: [appserver a] username, password: not used, because oauth2_grant = "
           "client_credentials\n" F
           "6: warning: [appserver a] oauth2_token_url: http:// sends the credentials in clear text; use "
           "https://\n"},
        {HEAD "auth = none\nsession = shared\n" TAIL,
         F "6: warning: [appserver a] session: shared holds a license seat per company all the time; none "
           "holds one only during calls\n"},
        {HEAD "auth = none\napi_key.Y_env = PATH\napi_key.X_env = PATH\n" TAIL,
         F "6: warning: [appserver a] api_key.Y: no probe runs for this company\n"},
        {"[appserver a]\nurl = http://127.0.0.1/a\ncompany = X\napi_version = v1\nauth = none\n"
         "tls_server_name = n\n" TAIL,
         F "6: warning: [appserver a] tls_server_name: not used, because url does not begin with https://\n"},
    };
    CHECK_TOLD(cases);
}

static void test_what_is_read(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = read_text(
        HEAD "auth = oauth2\noauth2_token_url = HTTPS://i/t?x=y\noauth2_client_id = me\n"
             "oauth2_client_secret_file = /dev/null\noauth2_scope = a b\n"
             "oauth2_client_auth = basic\noauth2_param.resource = r\noauth2_param.code_env = PATH\n"
             "api_key.X_credential = x-key\napi_key = k\nheader.X-Gate_file = /dev/null\n"
             "proxy = environment\nhttp_version = 2\n" TAIL,
        &faults);
    assert_non_null(model);
    const struct appserver_settings *a = &model->appservers[0];
    assert_int_equal(a->auth, AUTH_OAUTH2);
    assert_string_equal(a->oauth2.token_url, "https://i/t?x=y");
    assert_true(login_is_outside(a));
    assert_int_equal(a->oauth2.client_auth, OAUTH2_CLIENT_BASIC);
    assert_int_equal(a->oauth2.client_secret.form, SECRET_FILE);
    assert_string_equal(a->oauth2.scope, "a b");
    assert_int_equal(a->oauth2.params.count, 2);
    assert_string_equal(a->oauth2.params.items[1].name, "code");
    assert_int_equal(a->oauth2.params.items[1].source.form, SECRET_ENV);
    assert_int_equal(a->company_keys.count, 1);
    assert_string_equal(a->company_keys.items[0].name, "X");
    assert_int_equal(a->company_keys.items[0].source.form, SECRET_CREDENTIAL);
    assert_int_equal(a->api_key.form, SECRET_INLINE);
    assert_string_equal(a->headers.items[0].name, "X-Gate");
    assert_int_equal(a->headers.items[0].source.form, SECRET_FILE);
    assert_int_equal(a->proxy.form, SECRET_INLINE);
    assert_int_equal(a->http_version, HTTP_2);
    model_unref(model);
    fault_list_free(&faults);
}

static void test_a_token_url_below_the_app_server_is_inside(void **state)
{
    (void)state;
    struct appserver_settings a = {.auth = AUTH_OAUTH2, .url = (char[]){"https://h/a"}};
    static const struct {
        const char *token_url;
        bool outside;
    } cases[] = {{"https://h/a/token", false},
                 {"https://h/ab/token", true},
                 {"http://h/a/token", true},
                 {"https://other/a/t", true},
                 {"https://h/a", true},
                 {"HTTPS://H/a/token", false},
                 {"https://h:443/a/token", false},
                 {"https://h:/a/token", false},
                 {"https://h:8443/a/token", true},
                 {"https://h:80/a/token", true},
                 {"https://h/A/token", true},
                 {"https://h.other/a/token", true},
                 {"https://h", true},
                 {"https://h:443", true},
                 {"https://[h]/a/token", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[64];
        snprintf(url, sizeof url, "%s", cases[i].token_url);
        a.oauth2.token_url = url;
        assert_true(login_is_outside(&a) == cases[i].outside);
    }
    a.url = (char[]){"http://[2001:DB8::1]:80"};
    a.oauth2.token_url = (char[]){"http://[2001:db8::1]/token"};
    assert_false(login_is_outside(&a));
    a.oauth2.token_url = (char[]){"http://[2001:db8::2]/token"};
    assert_true(login_is_outside(&a));
    a.auth = AUTH_TOKEN;
    assert_false(login_is_outside(&a));
}

ALL_TESTS(cmocka_unit_test(test_what_a_way_wants), cmocka_unit_test(test_what_is_unwise),
          cmocka_unit_test(test_what_is_read),
          cmocka_unit_test(test_a_token_url_below_the_app_server_is_inside));
