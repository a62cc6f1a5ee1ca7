/* The keys of [web] that let clients in: how they are read, and what is told of them. */
#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/model.h"
#include "unit/config/fixture.h"

#define HASH   "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
#define FILE_A TESTS_DIR "/main.c" /* any that can be read */
#define FILE_B TESTS_DIR "/main.h"
#define REST   GOOD

static struct model *read_web(const char *text, struct fault_list *faults)
{
    char *whole = memory_format("[web]\n%s" REST, text);
    struct model *model = model_read("/etc/e/web.ini", span_of(whole), NULL, &sample_schema, faults);
    free(whole);
    return model;
}

static void what_is_read(void **state)
{
    struct fault_list faults = {0};
    struct model *model = read_web("tls_cert_file = " FILE_A "\ntls_key_file = " FILE_B "\n"
                                   "client_ca_file = " FILE_A "\nbasic_auth.prometheus = " HASH "\n"
                                   "basic_auth.a.person@example.com = " HASH "\nbearer_token_env = PATH\n"
                                   "auth_exclude_paths = /, /metrics\n",
                                   &faults);

    (void)state;
    assert_non_null(model);
    const struct web_settings *web = &model->web;
    assert_string_equal(web->tls_cert_file, FILE_A);
    assert_string_equal(web->tls_key_file, FILE_B);
    assert_string_equal(web->client_ca_file, FILE_A);
    assert_int_equal(web->basic_auth.count, 2);
    assert_string_equal(web->basic_auth.items[0].name, "prometheus");
    assert_string_equal(web->basic_auth.items[0].value, HASH);
    assert_string_equal(web->basic_auth.items[1].name, "a.person@example.com");
    assert_int_equal(web->bearer_token.form, SECRET_ENV);
    assert_int_equal(web->auth_exclude_paths.count, 2);
    assert_string_equal(web->auth_exclude_paths.items[1], "/metrics");
    assert_int_equal(web_key_place(web, "client_ca_file").line, 4);
    model_unref(model);
    fault_list_free(&faults);

    model = read_web("", &faults);
    assert_non_null(model);
    assert_null(model->web.tls_cert_file);
    assert_int_equal(model->web.basic_auth.count, 0);
    assert_int_equal(model->web.bearer_token.form, SECRET_NONE);
    assert_int_equal(model->web.auth_exclude_paths.count, 2);
    assert_string_equal(model->web.auth_exclude_paths.items[0], "/-/healthy");
    model_unref(model);
    fault_list_free(&faults);

    model = read_web("auth_exclude_paths = none\n", &faults);
    assert_non_null(model);
    assert_string_equal(model->web.auth_exclude_paths.items[0], "none");
    assert_int_equal(faults.count, 0);
    model_unref(model);
    fault_list_free(&faults);
}

static void what_is_told(void **state)
{
    static const struct {
        const char *text;
        int line; /* 0: nothing is told */
        bool warning;
        const char *told;
    } cases[] = {
        {"tls_cert_file = " FILE_A "\n", 2, false, "tls_key_file is missing"},
        {"\ntls_key_file = " FILE_A "\n", 3, false, "tls_cert_file is missing"},
        {"client_ca_file = " FILE_A "\n", 2, false, "over TLS only"},
        {"listen_address = [::1]:1\nbasic_auth.me = hunter2\n", 3, false,
         "basic_auth.me: the value is no bcrypt hash ($2y$, $2b$ or $2a$, cost 4 to 17); epicor_exporter "
         "hash-password makes one"},
        {"basic_auth.me =\n", 2, false, "no bcrypt hash"},
        {"basic_auth = " HASH "\n", 2, false, "it wants a name behind it: basic_auth.NAME"},
        {"basic_auth. = " HASH "\n", 2, false, "basic_auth.: it wants a name behind it: basic_auth.NAME"},
        {"basic_auth.me = " HASH "\n", 2, true, "unencrypted (listen_address :10606)"},
        {"listen_address = 127.0.0.1:1, 10.0.0.1:2\nbearer_token_env = PATH\n", 3, true,
         "bearer_token: without tls_cert_file, what lets clients in crosses the network unencrypted "
         "(listen_address 10.0.0.1:2)"},
        {"listen_address = 127.0.0.1:1, [::1]:1, localhost:3\nbasic_auth.me = " HASH "\n", 0, false, NULL},
        {"tls_cert_file = " FILE_A "\ntls_key_file = " FILE_B "\nbasic_auth.me = " HASH "\n", 0, false, NULL},
        {"bearer_token =\nlisten_address = 127.0.0.1:1\n", 2, false, "there is no value"},
        {"listen_address = 127.0.0.1:1\nbearer_token_file = /dev/null\n", 3, false,
         "[web] bearer_token_file: /dev/null is no regular file"},
        {"auth_exclude_paths = metrics\n", 2, false, "metrics is no path"},
        {"auth_exclude_paths = /, /dashboards/*\n", 2, false, "/dashboards/* is no path"},
        {"auth_exclude_paths = none, /\n", 2, false, "none is no path"},
        {"auth_exclude_paths = /-/reload\n", 2, false, "/-/reload is answered only to whom"},
        {"auth_exclude_paths = /, /config\n", 2, false, "/config is answered only to whom"},
        {"auth_exclude_paths = /, /\nlisten_address = 127.0.0.1:1\nbasic_auth.me = " HASH "\n", 2, true,
         "/ stands in it twice"},
        {"auth_exclude_paths = /\n", 2, true, "without effect"},
        {"basic_auth.me = " HASH "\nbasic_auth.me = " HASH "\n", 3, false, "basic_auth.me"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault_list faults = {0};
        struct model *model = read_web(cases[i].text, &faults);
        fault_list_sort(&faults);
        bool good = cases[i].line == 0 ? faults.count == 0
                                       : faults.count > 0 && faults.items[0].line == cases[i].line &&
                                             faults.items[0].warning == cases[i].warning &&
                                             strstr(faults.items[0].text, cases[i].told) != NULL &&
                                             strstr(faults.items[0].text, "hunter2") == NULL;
        if (!good)
            fail_msg("case %zu: line %d: %s", i, faults.count > 0 ? faults.items[0].line : 0,
                     faults.count > 0 ? faults.items[0].text : "nothing");
        assert_true((model != NULL) == (faults.faults == 0));
        model_unref(model);
        fault_list_free(&faults);
    }
}

/* The files are looked at by the schema's own function, once all else is good. */
static size_t looked_at;

static void look(const struct web_settings *web, struct fault_list *faults)
{
    looked_at++;
    fault_add(faults, web_key_place(web, "tls_key_file"), "[web] tls_key_file: broken");
}

static void files_are_looked_at(void **state)
{
    struct config_schema schema = sample_schema;
    struct fault_list faults = {0};

    (void)state;
    schema.check_web = look;
    assert_null(model_read("w.ini",
                           span_of("[web]\ntls_cert_file = " FILE_A "\ntls_key_file = " FILE_B "\n" REST),
                           NULL, &schema, &faults));
    assert_int_equal(looked_at, 1);
    assert_int_equal(faults.items[0].line, 3);
    fault_list_free(&faults);
    assert_null(
        model_read("w.ini", span_of("[web]\ntls_cert_file = " FILE_A "\n" REST), NULL, &schema, &faults));
    assert_int_equal(looked_at, 1);
    fault_list_free(&faults);
}

ALL_TESTS(cmocka_unit_test(what_is_read), cmocka_unit_test(what_is_told),
          cmocka_unit_test(files_are_looked_at));
