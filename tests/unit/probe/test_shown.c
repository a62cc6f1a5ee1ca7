/* The configuration in force as people see it: every key of every section and kind, and nothing that may be secret. */
#include "../../main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/rows.h"
#include "config/shown.h"
#include "probe/kind.h"

#define HIDDEN "hunter2more" /* a line of tests/secrets.txt */

static char *print(const char *text, const struct model_override *override)
{
    struct fault_list faults = {0};
    struct model *model = model_read("/etc/x/e.ini", span_of(text), NULL, probe_schema(), &faults);
    for (size_t i = 0; model == NULL && i < faults.count; i++)
        print_error("%d: %s\n", faults.items[i].line, faults.items[i].text);
    assert_non_null(model);
    fault_list_free(&faults);
    if (override != NULL)
        model_apply(model, override);
    struct buffer page;
    buffer_init(&page, 1 << 20);
    assert_true(model_print(model, &page));
    model_unref(model);
    return buffer_take(&page);
}

static void has(const char *page, const char *text)
{
    if (strstr(page, text) == NULL)
        fail_msg("not there: %s\nin:\n%s", text, page);
}

static void lacks(const char *page, const char *text)
{
    if (strstr(page, text) != NULL)
        fail_msg("there: %s\nin:\n%s", text, page);
}

/* Words of keys whose values are nobody's business. A key that has one of them and is harmless stands below. */
static const char *const telling[] = {"password", "secret", "bearer", "basic_auth", "api_key",
                                      "header",   "body",   "param",  "username",   "client_id",
                                      "proxy",    "auth",   "token",  "key",        "credential"};
static const char *const harmless[] = {"auth",
                                       "api_key_in",
                                       "auth_exclude_paths",
                                       "key_column",
                                       "keys",
                                       "oauth2_client_auth",
                                       "oauth2_client_cert_file",
                                       "oauth2_client_key_file",
                                       "kerberos_keytab_file",
                                       "oauth2_grant",
                                       "oauth2_scope",
                                       "oauth2_token_url",
                                       "tls_key_file",
                                       "tls_client_key_file",
                                       "token_credentials",
                                       "token_fallback_lifetime",
                                       "token_path",
                                       "token_renew_at"};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool must_hide(const struct config_row *row)
{
    bool tells = false;
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
        tells = tells || strstr(row->name, telling[i]) != NULL;
    return row->type == CONFIG_SECRET || row->type == CONFIG_SECRET_PAIRS ||
           (tells && !is_among(row->name, harmless, sizeof harmless / sizeof harmless[0]));
}

static void check_row(const struct config_row *row, size_t *hidden)
{
    char *plain = value_shown(row, HIDDEN);
    if (must_hide(row) && plain != NULL)
        fail_msg("the value of %s would be shown", row->name);
    *hidden += plain == NULL;
    free(plain);
    char *url = value_shown(row, "https://epicor:" HIDDEN "@erp.example.com/a?code=" HIDDEN);
    if (url != NULL && strstr(url, HIDDEN) != NULL)
        fail_msg("the value of %s shows a URL's secrets: %s", row->name, url);
    free(url);
}

static void every_row_hides_what_it_must(void **state)
{
    (void)state;
    size_t rows = 0, hidden = 0;
    for (size_t s = 0; s < SECTION_COUNT; s++)
        for (size_t i = 0; i < config_sections[s].row_count; i++, rows++)
            check_row(&config_sections[s].rows[i], &hidden);
    for (size_t k = 0; probe_schema()->kinds[k] != NULL; k++)
        for (size_t i = 0; i < probe_schema()->kinds[k]->row_count; i++, rows++)
            check_row(&probe_schema()->kinds[k]->rows[i], &hidden);
    assert_true(rows > 100);
    assert_true(hidden >= 15 && hidden < rows / 3);
}

static void values_lose_what_is_secret(void **state)
{
    (void)state;
    static const struct {
        const char *value, *shown;
    } cases[] = {
        {"plain", "plain"},
        {"", ""},
        {"a?b", "a?b"},
        {"https://erp.example.com/Live", "https://erp.example.com/Live"},
        {"https://u:p@h:8080/x", "https://<secret>@h:8080/x"},
        {"https://u@p@h/x", "https://<secret>@h/x"},
        {"https://u:p@h, https://v:q@i", "https://<secret>@h, https://<secret>@i"},
        {"https://h/x?sig=1&b=2", "https://h/x?<secret>"},
        {"https://h?sig=1", "https://h?<secret>"},
        {"see mail@example.com", "see mail@example.com"},
        {"https://u:p/q@h/x", NULL},
        {"https://h/x@y", NULL},
        {"://", "://"},
        {"//u:p@127.0.0.1/feeds", "//<secret>@127.0.0.1/feeds"},
        {"/x//u@h, //v@i", "/x//<secret>@h, //<secret>@i"},
        {"//h, //v@i", NULL},
        {"//u:p/q@h", NULL},
        {"u:p@h/x", NULL},
        {"https:/u:p@h", NULL},
        {"at 5:30 mail@example.com", "at 5:30 mail@example.com"},
    };
    const struct config_row row = {.name = "text", .type = CONFIG_TEXT};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *shown = value_shown(&row, cases[i].value);
        if ((shown == NULL) != (cases[i].shown == NULL) ||
            (shown != NULL && strcmp(shown, cases[i].shown) != 0))
            fail_msg("%s: %s", cases[i].value, shown == NULL ? "nothing" : shown);
        free(shown);
    }
    const struct config_row path = {.name = "path", .type = CONFIG_TEXT, .hides_query = true};
    char *shown = value_shown(&path, "api/v1/x?key=1?2");
    assert_string_equal(shown, "api/v1/x?<secret>");
    free(shown);
}

#define SERVER                                                                                               \
    "[appserver live]\nurl = https://erp.example.com/Live\ncompany = EPIC06\nusername = hunter\n"            \
    "password = hunter2\napi_key_env = NAME_OF_KEY\napi_key.EPIC07_file = /nonexistent/of-key\n"             \
    "header.X-Gateway = hunter2more\nproxy = http://hunter:hunter3@proxy.example.com\nlabel.site = Main\n"

static void a_whole_configuration(void **state)
{
    (void)state;
    static const char text[] =
        "[exporter]\ntimeout = 20s\n" SERVER "[web]\nconfig_page = yes\n"
        "[defaults efx]\ninterval = 5m\nbody = {\"who\": \"hunter2more\"}\nlibrary = Lib\n"
        "[probe call]\nkind = efx\nfunction = Do\n"
        "[probe own]\nkind = efx\nfunction = Do\ninterval = 30s\n"
        "[probe orders]\nkind = baq\nbaq = Orders\nparam.Plant = hunter2more\nfilter = a eq 1 and\n  b eq 2\n"
        "[probe raw]\nkind = http\npath = api/v1/x?key=hunter2more\n";
    char *page = print(text, NULL);
    static const char *const secrets[] = {"hunter", "NAME_OF_KEY", "of-key", "who"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        lacks(page, secrets[i]);
    static const char *const there[] = {
        "# /etc/x/e.ini:1\n[exporter]\ntimeout = 20s\n",
        "\n#interval = 60s\n",
        "# /etc/x/e.ini:13\n[web]\nconfig_page = yes\n#listen_address = :10606\n",
        "# /etc/x/e.ini:3\n[appserver live]\nurl = https://erp.example.com/Live\n",
        "\nusername = <secret>\npassword = <secret>\napi_key_env = <secret>\napi_key.EPIC07_file = "
        "<secret>\nheader.X-Gateway = <secret>\nproxy = <secret>\nlabel.site = Main\n",
        "\n#max_in_flight = 1\n",
        "[probe call]\nkind = efx\nfunction = Do\n# from [defaults efx]:\ninterval = 5m\nbody = "
        "<secret>\nlibrary = Lib\n#timeout = 20s\n",
        "[probe own]\nkind = efx\nfunction = Do\ninterval = 30s\n# from [defaults efx]:\nbody = "
        "<secret>\nlibrary = Lib\n",
        "\nparam.Plant = <secret>\nfilter = a eq 1 and b eq 2\n",
        "\npath = api/v1/x?<secret>\n",
        "\n#connection = reuse\n",
    };
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        has(page, there[i]);
    lacks(page, "\n[defaults ");
    free(page);
}

static void the_command_line_stands_in_it(void **state)
{
    (void)state;
    const struct listen_address listen[] = {{(char *)"::1", (char *)"1"}, {(char *)"", (char *)"2"}};
    const struct model_override override = {
        .listen = listen, .listen_count = 2, .telemetry_path = "/other", .shard_index = 0, .shard_total = 1};
    char *page = print("[web]\ntelemetry_path = /written\nmax_connections = 7\n" SERVER, &override);
    has(page, "[web]\n# from the command line:\ntelemetry_path = /other\nmax_connections = 7\n# from the "
              "command line:\nlisten_address = [::1]:1, :2\n");
    lacks(page, "/written");
    lacks(page, "#telemetry_path");
    lacks(page, "#listen_address");
    free(page);
    page = print(SERVER, &(struct model_override){.sockets_passed = true, .shard_total = 1});
    has(page,
        "# listen_address of [web] is without effect: the supervisor has passed the sockets.\n\n[web]\n");
    free(page);
    for (int64_t i = 0; i < 2; i++) {
        const struct model_override shard = {.shard_index = i, .shard_total = 2};
        char *part = print(SERVER "[probe orders]\nkind = baq\nbaq = Orders\n", &shard);
        has(part, "# This is shard ");
        assert_true((strstr(part, "[appserver live]") != NULL) == shard_has("live", i, 2));
        free(part);
    }
}

static void a_page_without_room_says_so(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = model_read("e.ini", span_of(SERVER), NULL, probe_schema(), &faults);
    struct buffer page;
    buffer_init(&page, 100);
    assert_false(model_print(model, &page));
    buffer_free(&page);
    model_unref(model);
    fault_list_free(&faults);
}

ALL_TESTS(cmocka_unit_test(every_row_hides_what_it_must), cmocka_unit_test(values_lose_what_is_secret),
          cmocka_unit_test(a_whole_configuration), cmocka_unit_test(the_command_line_stands_in_it),
          cmocka_unit_test(a_page_without_room_says_so));
