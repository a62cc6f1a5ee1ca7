#include "main.h"

#include "fixture.h"

#include "base/clock.h"

static void test_presets(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = read_text(GOOD, &faults);
    assert_int_equal(faults.count, 0);
    assert_non_null(model);
    assert_int_equal(model->exporter.interval_ns, 60 * SECOND_NS);
    assert_int_equal(model->exporter.connect_timeout_ns, 10 * SECOND_NS);
    assert_int_equal(model->web.listen_count, 1);
    assert_string_equal(model->web.listen[0].host, "");
    assert_string_equal(model->web.listen[0].port, "10606");
    assert_string_equal(model->web.telemetry_path, "/metrics");
    const struct appserver_settings *live = &model->appservers[0];
    assert_string_equal(live->name, "live");
    assert_int_equal(live->place.line, 1);
    assert_string_equal(live->place.file, "/etc/x/e.ini");
    assert_int_equal(live->api_version, 2);
    assert_int_equal(live->auth, AUTH_TOKEN);
    assert_int_equal(live->username.form, SECRET_ENV);
    assert_string_equal(live->token_path, "TokenResource.svc/");
    assert_true(live->token_renew_at.is_share && live->token_renew_at.share > 0.799 &&
                live->token_renew_at.share < 0.801);
    assert_int_equal(live->login_retry.to_ns, 30 * MINUTE_NS);
    assert_true(live->license.set);
    assert_string_equal(live->license.name, "WebService");
    assert_string_equal(live->license.guid, "00000003-9439-4B30-A6F4-6D2FD4B9FD0F");
    assert_int_equal(live->max_in_flight, 1);
    assert_int_equal(live->backoff.from_ns, SECOND_NS);
    assert_null(live->plant);
    assert_null(live->tls_ca_file);
    const struct probe_settings *orders = &model->probes[0];
    assert_ptr_equal(orders->kind, &sample_baq);
    assert_int_equal(orders->interval_ns, 60 * SECOND_NS);
    assert_int_equal(orders->timeout_ns, 60 * SECOND_NS);
    assert_int_equal(orders->connection, CONNECTION_REUSE);
    assert_int_equal(orders->max_response, UINT64_C(2) << 30);
    assert_false(orders->license.set);
    assert_null(orders->timezone);
    assert_int_equal(orders->interval_on_failure_ns, 0);
    assert_int_equal(orders->active.count, 0);
    assert_int_equal(orders->retries, 0);
    assert_int_equal(orders->latency_limit_ns, 0);
    const struct sample_own *own = orders->own;
    assert_string_equal(own->baq, "Orders");
    assert_int_equal(own->cap, 65536);
    assert_int_equal(own->top, 7);
    assert_false(own->rows_min.set);
    assert_int_equal(model->target_count, 1);
    assert_string_equal(model->targets[0].company, "EPIC06");
    assert_string_equal(model->targets[0].url_company, "EPIC06");
    struct model *second = model_ref(model);
    model_unref(model);
    assert_string_equal(second->appservers[0].name, "live");
    model_unref(second);
    fault_list_free(&faults);
}

static void test_every_value(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = read_text(
        "[probe p]\nkind = baq\nbaq = B\nappserver = b , a\ncompany = C1,C2\ninterval = 1h30m\ntimeout = "
        "25s\n"
        "connection = fresh\nplant = MfgSys\nlicense = none\ntimezone = UTC\nmax_response = 1MiB\n"
        "interval_on_failure = 10s\nactive = Mon-Fri 06:00-18:00, Sat\nretries = 2\nlatency_limit = 1500ms\n"
        "param.x = 1, 2\nparam.y.list = 3, 4\nparam.z =\nexpect.a.b = != x\nrows_min = -1.5\nrows = "
        "all\nflag = on\n"
        "cap = 2KiB\ntop = 100\ncolumns = A,B\nfilter = a eq 'b'\n"
        "[appserver a]\nurl = HTTPS://Host:8443/I/\napi_version = v1\nusername_env = PATH\npassword_env = "
        "PATH\n"
        "license = "
        "11111111-2222-3333-4444-555555555555\ntoken_renew_at = 5m\napi_key_in = query\nlanguage = enu\n"
        "format_culture = de-DE\nconnection_max_age = 0\ntoken_credentials = basic\n"
        "maintenance = Sun 01:00-05:00\nbusiness_hours = Mon-Fri 06:00-18:00, Sat 08:00-12:00\n"
        "[appserver b]\nurl = http://[::1]:80\nauth = none\napi_version = v1\nmax_in_flight = 2\n"
        "[exporter]\ninterval = 5m\n[web]\nlisten_address = 127.0.0.1:1, [::1]:0, h-1:65535\ntelemetry_path "
        "= /m\n",
        &faults);
    if (faults.count != 0)
        fail_msg("%s", faults.items[0].text);
    const struct probe_settings *p = &model->probes[0];
    assert_int_equal(p->interval_ns, 90 * MINUTE_NS);
    assert_int_equal(p->timeout_ns, 25 * SECOND_NS);
    assert_int_equal(p->connection, CONNECTION_FRESH);
    assert_true(p->license.set);
    assert_null(p->license.guid);
    assert_string_equal(p->license.name, "none");
    assert_non_null(p->timezone);
    assert_int_equal(p->interval_on_failure_ns, 10 * SECOND_NS);
    assert_int_equal(p->active.count, 2);
    assert_int_equal(p->retries, 2);
    assert_int_equal(p->latency_limit_ns, 1500 * MILLISECOND_NS);
    const struct sample_own *own = p->own;
    static const char *const pairs[][2] = {{"x", "1, 2"}, {"y", "3"}, {"y", "4"}, {"z", ""}};
    assert_int_equal(own->param.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(own->param.items[i].name, pairs[i][0]);
        assert_string_equal(own->param.items[i].value, pairs[i][1]);
    }
    assert_int_equal(own->param.items[1].place.line, 18);
    assert_string_equal(own->expect.items[0].name, "a.b");
    assert_int_equal(model->appservers[0].maintenance.count, 1);
    assert_int_equal(model->appservers[0].business_hours.count, 2);
    assert_int_equal(model->appservers[1].maintenance.count, 0);
    assert_string_equal(own->expect.items[0].value, "!= x");
    assert_true(own->rows_min.set && own->rows_min.value == -1.5);
    assert_int_equal(own->rows, 2);
    assert_true(own->flag);
    assert_string_equal(own->filter, "a eq 'b'");
    assert_string_equal(own->columns.items[1], "B");
    const struct appserver_settings *a = &model->appservers[0];
    assert_string_equal(a->url, "https://Host:8443/I");
    assert_int_equal(a->api_version, 1);
    assert_false(a->token_renew_at.is_share);
    assert_int_equal(a->token_renew_at.before_ns, 5 * MINUTE_NS);
    assert_int_equal(a->api_key_in, API_KEY_IN_QUERY);
    assert_int_equal(a->token_credentials, TOKEN_BY_BASIC);
    assert_string_equal(a->license.name, "11111111-2222-3333-4444-555555555555");
    assert_int_equal(model->web.listen_count, 3);
    assert_string_equal(model->web.listen[1].host, "::1");
    assert_string_equal(model->web.listen[2].host, "h-1");
    /* In the order of the probe's own list. */
    static const char *const targets[][2] = {{"b", "C1"}, {"b", "C2"}, {"a", "C1"}, {"a", "C2"}};
    assert_int_equal(model->target_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(model->targets[i].appserver->name, targets[i][0]);
        assert_string_equal(model->targets[i].company, targets[i][1]);
    }
    model_unref(model);
    fault_list_free(&faults);
}

static void test_targets_of_a_kind_once_an_appserver(void **state)
{
    (void)state;
    struct fault_list faults = {0};
    struct model *model = read_text(
        "[appserver a]\nurl = https://h/a\nauth = none\ncompany = X,Y\n"
        "[appserver b]\nurl = https://h/b\nauth = none\n[probe t]\nkind = token\n",
        &faults);
    assert_int_equal(faults.count, 0);
    assert_int_equal(model->target_count, 2);
    assert_string_equal(model->targets[0].company, "");
    assert_string_equal(model->targets[0].url_company, "X");
    assert_string_equal(model->targets[1].url_company, "");
    assert_int_equal(model->probes[0].connection, CONNECTION_FRESH);
    model_unref(model);
    fault_list_free(&faults);
}

static void test_shards_and_overrides(void **state)
{
    (void)state;
    static const char text[] =
        "[appserver a]\nurl = https://h/a\nauth = none\n[appserver b]\nurl = https://h/b\nauth = none\n"
        "[appserver c]\nurl = https://h/c\nauth = none\n[appserver d]\nurl = https://h/d\nauth = none\n"
        "[probe t]\nkind = token\n[probe u]\nkind = token\nappserver = a, c\n";
    size_t appservers = 0, targets = 0;
    for (int64_t index = 0; index < 3; index++) {
        struct fault_list faults = {0};
        struct model *model = read_text(text, &faults);
        const struct listen_address listen = {(char[]){"h"}, (char[]){"1"}};
        model_apply(model, &(struct model_override){
                               .listen = &listen, .listen_count = 1, .shard_index = index, .shard_total = 3});
        for (size_t i = 0; i < model->appserver_count; i++)
            assert_true(shard_has(model->appservers[i].name, index, 3));
        for (size_t i = 0; i < model->target_count; i++)
            assert_true(shard_has(model->targets[i].appserver->name, index, 3));
        appservers += model->appserver_count;
        targets += model->target_count;
        assert_int_equal(model->web.listen_count, 1);
        assert_string_equal(model->web.listen[0].host, "h");
        assert_string_equal(model->web.telemetry_path, "/metrics");
        model_unref(model);
        fault_list_free(&faults);
    }
    assert_int_equal(appservers, 4);
    assert_int_equal(targets, 6);
}

#define F "/etc/x/e.ini:"

#define NO_PART                                                                                              \
    "no part between two / may be empty, . or ..: clients and proxies change such a path before they ask "   \
    "for it\n"

static void test_values_that_are_wrong(void **state)
{
    (void)state;
    static const struct told_case cases[] = {
        {GOOD "interval = 5\n",
         F "10: [probe orders] interval = 5: a bare number is no duration; write 5s or 5m\n"},
        {GOOD "interval = soon\n",
         F "10: [probe orders] interval = soon: it is no duration; write 500ms, 30s, 5m, 8h, 7d or 1h30m\n"},
        {GOOD "interval = 0\n", F "10: [probe orders] interval = 0: it must be 100ms to 31d\n"},
        {GOOD "interval =\n",
         F "10: [probe orders] interval: there is no value; leave the key out to have its default\n"},
        {GOOD "top = 101\n", F "10: [probe orders] top = 101: it must be 1 to 100\n"},
        {GOOD "top = 1.5\n", F "10: [probe orders] top = 1.5: it is no whole number\n"},
        {GOOD "rows_min = few\n", F "10: [probe orders] rows_min = few: it is no number\n"},
        {GOOD "cap = 1\n", F "10: [probe orders] cap = 1: it must be 1KiB to 1GiB\n"},
        {GOOD "cap = big\n",
         F "10: [probe orders] cap = big: it is no size; write 512, 64KiB, 16MiB or 2GiB\n"},
        {GOOD "flag = 1\n", F "10: [probe orders] flag = 1: write yes or no (true or false, on or off)\n"},
        {GOOD "rows = cuont\n",
         F "10: [probe orders] rows = cuont: it must be one of: page, count, all; is count meant?\n"},
        {GOOD "columns = A,,B\n",
         F "10: [probe orders] columns = A,,B: an item of the list is empty: a comma too many\n"},
        {GOOD "param.y.list =\n",
         F "10: [probe orders] param.y.list: there is no value; leave the key out to send none\n"},
        {GOOD "rows_min = 1001\n", F "10: [probe orders] rows_min: more than a page\n"},
        {GOOD "license = WebServise2\n", F "10: [probe orders] license = WebServise2: no license type of "
                                           "that name is known; is WebService meant?\n"},
        {GOOD "license = Gold\n", F "10: [probe orders] license = Gold: no license type of that name is "
                                    "known; write its GUID, or none\n"},
        {"[exporter]\ntimeout = 1m\nhistory = 0\n" GOOD,
         F "3: [exporter] history = 0: it must be 1 to 1440\n"},
        {"[exporter]\nhistory = 1441\n" GOOD, F "2: [exporter] history = 1441: it must be 1 to 1440\n"},
        {"[exporter]\nhistory = many\n" GOOD, F "2: [exporter] history = many: it is no whole number\n"},
        {"[web]\nlisten_address = 10606\n" GOOD,
         F "2: [web] listen_address = 10606: it must be [HOST]:PORT, such as :10606, 127.0.0.1:10606 or "
           "[::1]:10606\n"},
        {"[web]\nlisten_address = ::1:80\n" GOOD,
         F "2: [web] listen_address = ::1:80: write an IPv6 address in brackets, such as [::1]:10606\n"},
        {"[web]\nmax_connections = 4097\n" GOOD, F "2: [web] max_connections = 4097: it must be 1 to 4096\n"},
        {"[web]\nlisten_address = :65536\n" GOOD,
         F "2: [web] listen_address = :65536: it must be [HOST]:PORT, such as :10606, 127.0.0.1:10606 or "
           "[::1]:10606\n"},
        {"[web]\ntelemetry_path = metrics\n" GOOD,
         F "2: [web] telemetry_path = metrics: it must begin with / and have something behind it, such as "
           "/metrics\n"},
        {"[web]\ntelemetry_path = //x\n" GOOD, F "2: [web] telemetry_path = //x: " NO_PART},
        {"[web]\ntelemetry_path = /../m\n" GOOD, F "2: [web] telemetry_path = /../m: " NO_PART},
        {"[web]\ntelemetry_path = /./m\n" GOOD, F "2: [web] telemetry_path = /./m: " NO_PART},
        {"[web]\ntelemetry_path = /m/..\n" GOOD, F "2: [web] telemetry_path = /m/..: " NO_PART},
        {"[web]\ntelemetry_path = /m/\n" GOOD, F "2: [web] telemetry_path = /m/: " NO_PART},
        {"[web]\ntelemetry_path = /.../m..\n" GOOD, ""},
        {"[web]\nexternal_url = monitoring\n" GOOD,
         F "2: [web] external_url = monitoring: it must begin with https:// (or http://), such as "
           "https://monitoring.example.com/epicor\n"},
        {"[web]\nexternal_url = https://u@h\n" GOOD,
         F "2: [web] external_url = https://<secret>@h: it holds a user; leave that out: it is only where "
           "people reach the exporter\n"},
        {"[web]\ntelemetry_path = /-/ready\n" GOOD,
         F "2: [web] telemetry_path = /-/ready: what is below /- belongs to other pages of the exporter\n"},
        {"[appserver a]\nurl = erp/Live\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = erp/Live: it must begin with https:// (or http://), such as "
           "https://erp.example.com/KineticLive\n"},
        {"[appserver a]\nurl = https://u:geheim@erp/Live\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = https://<secret>@erp/Live: it holds a user; write username and password "
           "as keys of their own\n"},
        {"[appserver a]\nurl = https://erp/Live?x=1\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = https://erp/Live?<secret>: a base URL has no ? and no #\n"},
        {"[appserver a]\nurl = https://erp/Live/api/v2/odata\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = https://erp/Live/api/v2/odata: the base URL ends before /api, such as "
           "https://erp.example.com/KineticLive\n"},
        {"[appserver a]\nurl = https://:80/x\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = https://:80/x: the host is missing\n"},
        {"[appserver a]\nurl = https://h:x/x\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = https://h:x/x: the port is no number from 0 to 65535\n"},
        {"[appserver a]\nurl = https://h/a b\nauth = none\napi_version = v1\n" GOOD,
         F "2: [appserver a] url = https://h/a b: it holds a character that a URL writes as %XX\n"},
        {"[appserver a]\nurl = https://h/a\nauth = oauth\napi_version = v1\n" GOOD, F
         "3: [appserver a] auth = oauth: it must be one of: token, basic, oauth2, negotiate, ntlm, none; is "
         "oauth2 meant?\n"},
        {"[appserver a]\nurl = https://h/a\nauth = none\nbackoff = 5m..1s\napi_version = v1\n" GOOD,
         F "4: [appserver a] backoff = 5m..1s: the range runs backwards\n"},
        {"[appserver a]\nurl = https://h/a\nauth = none\nbackoff = 5m\napi_version = v1\n" GOOD,
         F "4: [appserver a] backoff = 5m: it is no range; write the least and the most, such as 1s..5m\n"},
        {"[appserver a]\nurl = https://h/a\nauth = none\ntoken_renew_at = 100%\napi_version = v1\n" GOOD,
         F "4: [appserver a] token_renew_at = 100%: a share of the lifetime is 1% to 99%\n"},
        {"[appserver a]\nurl = https://h/a\nauth = none\ntoken_path = /Token\napi_version = v1\n" GOOD, F
         "4: [appserver a] token_path = /Token: it is a path below the app server's url, without a / before "
         "it\n"},
        {"[appserver a]\nurl = https://h/a\nauth = none\napi_version = 2\n" GOOD,
         F "4: [appserver a] api_version = 2: it must be v2 or v1\n"},
        {"[appserver a]\nurl = https://h/a\nauth = none\ntls_ca_file = none.pem\napi_version = v1\n" GOOD,
         F "4: [appserver a] tls_ca_file = none.pem: /etc/x/none.pem cannot be read: No such file or "
           "directory\n"},
    };
    CHECK_TOLD(cases);
}

static void test_keys_and_sections_that_are_wrong(void **state)
{
    (void)state;
    static const struct told_case cases[] = {
        {GOOD "Intervall = 5s\n", F "10: [probe orders] Intervall: unknown key; is interval meant?\n"},
        {GOOD "what_ever = 5s\n", F "10: [probe orders] what_ever: unknown key\n"},
        {GOOD "params.x = 1\n", F "10: [probe orders] params.x: unknown key; is param.x meant?\n"},
        {GOOD "active = Mon-Fri 6-18\n", F
         "10: [probe orders] active = Mon-Fri 6-18: Mon-Fri 6-18: times are HH:MM-HH:MM from 00:00 to 24:00, "
         "such as 06:00-18:00\n"},
        {GOOD "retries = 11\n", F "10: [probe orders] retries = 11: it must be 0 to 10\n"},
        {GOOD "retries = -1\n", F "10: [probe orders] retries = -1: it must be 0 to 10\n"},
        {GOOD "interval_on_failure = 10\n",
         F "10: [probe orders] interval_on_failure = 10: a bare number is no "
           "duration; write 10s or 10m\n"},
        {GOOD "latency_limit = 0s\n", F "10: [probe orders] latency_limit = 0s: it must be 1ms to 1d\n"},
        {PROBE SERVER "maintenance = Sun 24:00-05:00\n",
         F "10: [appserver live] maintenance = Sun 24:00-05:00: Sun 24:00-05:00: no window begins at 24:00; "
           "write 00:00 of the next day\n"},
        {PROBE SERVER "business_hours = never\n",
         F "10: [appserver live] business_hours = never: never: days are Mon Tue Wed Thu Fri Sat Sun, one or "
           "from-to, such as Mon-Fri\n"},
        {PROBE SERVER "pasword_file = /x\n",
         F "10: [appserver live] pasword_file: unknown key; is password_file meant?\n"},
        {GOOD "[probe t]\nkind = token\nbaq = x\n",
         F "12: [probe t] baq: kind = token has no such key; these have: baq\n"},
        {GOOD "[probe t]\nkind = efx\nlibrary = x\n",
         F "11: [probe t] kind = efx: there is no such kind; there are: baq, token\n" F
           "12: [probe t] library: unknown key\n"},
        {GOOD "[probe t]\nkind = tokn\n",
         F "11: [probe t] kind = tokn: there is no such kind; is token meant?\n"},
        {GOOD "[probe t]\nkind = weather_report\n",
         F "11: [probe t] kind = weather_report: there is no such kind; there are: baq, token\n"},
        {GOOD "[probe t]\nbaq = x\n", F "10: [probe t]: kind is missing\n"},
        {GOOD "[probe t]\n", F "10: [probe t]: kind is missing\n"},
        {GOOD "[probe t]\nkind = baq\n", F "10: [probe t]: baq is missing\n"},
        {GOOD "[prob t]\nkind = token\n", F "10: [prob t]: unknown section; is probe meant?\n"},
        {GOOD "[probe]\nkind = token\n",
         F "10: [probe]: it needs a name, such as [appserver live] or [probe orders]\n"},
        {GOOD "[web x]\n", F "10: [web x]: this section has no name\n"},
        {GOOD "[probe orders]\nkind = token\n",
         F "10: [probe orders]: written twice, first in line 7\n" F
           "11: [probe orders] kind: written twice, first in line 8\n"},
        {GOOD "filter = x\nfilter_file = y\n", F "11: [probe orders] filter_file = y: filter is written too, "
                                                 "in line 10; only one of them can hold\n"},
        {GOOD "filter_file = y\n",
         F "10: [probe orders] filter_file = y: /etc/x/y cannot be read: No such file or directory\n"},
        {GOOD "appserver = live\ncompany = A, B, A\n",
         F "11: [probe orders] company: A stands in it twice, which would write the same series\n"},
        {GOOD "appserver = liv\n",
         F "10: [probe orders] appserver = liv: there is no such [appserver]; is live meant?\n"},
        {PROBE "company = X\n", "/etc/x/e.ini: there is no [appserver NAME]: nothing to watch\n"},
        {"[appserver a]\nauth = none\n" PROBE "company = X\n", F "1: [appserver a]: url is missing\n"},
        {"[appserver a]\nurl = https://h\n[probe t]\nkind = token\n",
         F "1: [appserver a]: auth = token needs password (or password_file, password_env, "
           "password_credential)\n" F "1: [appserver a]: auth = token needs username (or username_file, "
           "username_env, username_credential)\n"},
        {"[appserver a]\nurl = https://h\nauth = none\napi_key_env = PATH\n" PROBE,
         F "5: [probe orders]: api_version = v2 needs a company; neither the probe nor [appserver a] has "
           "one\n"},
        {"", "/etc/x/e.ini: there is no [appserver NAME]: nothing to watch\n"},
    };
    CHECK_TOLD(cases);
}

static void test_warnings(void **state)
{
    (void)state;
    static const struct told_case cases[] = {
        {GOOD, ""},
        {SERVER, "/etc/x/e.ini: warning: there is no [probe NAME]: nothing is asked of the app servers\n"},
        {GOOD "timeout = 2m\n",
         F "10: warning: [probe orders] timeout: longer than the interval, so a slow run "
           "makes the next one be skipped\n"},
        {"[exporter]\ntimeout = 19s\n" GOOD, F "2: warning: [exporter] timeout: below 20s; Kinetic delays "
                                               "each call by 20 s when license seats run out, "
                                               "which would then look like a time-out\n"},
        {GOOD "timeout = 5s\n",
         F "10: warning: [probe orders] timeout: below 20s; Kinetic delays each call by 20 s "
           "when license seats run out, which would then look like a time-out\n"},
        {GOOD "[probe t]\nkind = token\ntimeout = 5s\n", ""},
        {GOOD "interval_on_failure = 1s\nretries = 3\n", ""},
        {GOOD "interval_on_failure = 3m\n", ""},
        {GOOD "interval_on_failure = 10m\n",
         F "10: warning: [probe orders] interval_on_failure: more than three intervals, so while it fails it "
           "looks to rules as if it did not run\n"},
        {"[exporter]\nconnect_timeout = 2m\n" GOOD,
         F "2: warning: [exporter] connect_timeout: longer than timeout, so it never comes to bear\n"},
        {"[appserver a]\nurl = http://erp/a\nusername_env = PATH\npassword_env = PATH\n[probe t]\nkind = "
         "token\n",
         F "2: warning: [appserver a] url: http:// sends the credentials in clear text; use https://\n"},
        {"[appserver a]\nurl = http://127.0.0.1:80/a\nusername_env = PATH\npassword_env = PATH\n"
         "[probe t]\nkind = token\n",
         ""},
        {"[appserver a]\nurl = http://localhost.evil.com/a\nusername_env = PATH\npassword_env = PATH\n"
         "[probe t]\nkind = token\n",
         F "2: warning: [appserver a] url: http:// sends the credentials in clear text; use https://\n"},
        {SERVER "max_in_flight = 5\n" PROBE, F "7: warning: [appserver live] max_in_flight: each request "
                                               "holds a license seat while it lasts, so up to 5 "
                                               "seats\n"},
        {SERVER "login_retry = 5s..1m\n" PROBE,
         F "7: warning: [appserver live] login_retry: logins this soon after "
           "a refused one can lock the account\n"},
        {"[appserver a]\nurl = https://h\nauth = none\nusername_env = PATH\n[probe t]\nkind = token\n",
         F "4: warning: [appserver a] username: not used, because auth = none\n"},
        {"[appserver a]\nurl = https://h\nauth = none\ntoken_path = T\nlogin_retry = 1m..2m\n[probe t]\nkind "
         "= token\n",
         F "4: warning: [appserver a] token_path: not used, because auth = none\n" F
           "5: warning: [appserver a] login_retry: not used, because auth = none\n"},
        {"[appserver a]\nurl = https://h\nauth = none\ncompany = X\n" PROBE,
         F "1: warning: [appserver a]: no api_key, which api_version = v2 wants with every call\n"},
        {"[appserver a]\nurl = https://h\nauth = none\n[appserver b]\nurl = https://h/\nauth = none\n"
         "[probe t]\nkind = token\ncompany = X,Y\n",
         F "5: warning: [appserver b] url: the same as that of [appserver a]; each has a gate and a login of "
           "its "
           "own\n" F
           "9: warning: [probe t] company: kind = token runs once for an app server; only X is used\n"},
    };
    CHECK_TOLD(cases);
}

/* The word must never be told, whatever is wrong around it. */
static void test_no_fault_tells_a_secret(void **state)
{
    (void)state;
    static const char *const texts[] = {
        GOOD "[appserver b]\nurl = https://h\nusername = u\npassword = hunter2\npassword_file = hunter2x\n",
        GOOD "[appserver b]\nurl = https://h\npasword = hunter2\n",
        GOOD "[appserver b]\npassword: hunter2\n",
        GOOD "[appserver b]\npassword hunter2\n",
        GOOD "[appserver b]\npassword = it's hunter2 # x\n",
        GOOD "[appserver b]\npassword = x\n  hunter2\npassword = hunter2\n",
        GOOD "[appserver b]\nurl = https://me:hunter2@h/x\n",
        GOOD "[appserver b]\nurl = me://hunter2@h/x\n",
        GOOD "[appserver b]\nurl = https://h\noauth2_client_secret = hunter2\n",
        GOOD "[appserver b]\nurl = https://h\nproxy = http://a:hunter2@p\n",
        GOOD "[appserver b]\nurl = https://h\napi_key.EPIC06 = hunter2\n",
        GOOD "[appserver b]\nurl = https://h\nheader.Authorization = hunter2\n",
        "[web]\nbasic_auth.me = hunter2\n" GOOD,
        "[wep]\nbearer_token = hunter2\n" GOOD,
        "  password = hunter2\n" GOOD,
        "password = hunter2\n" GOOD,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *got = told(texts[i]);
        if (strstr(got, "hunter2") != NULL || got[0] == '\0')
            fail_msg("case %zu tells: %s", i, got);
        free(got);
    }
}

ALL_TESTS(cmocka_unit_test(test_presets), cmocka_unit_test(test_every_value),
          cmocka_unit_test(test_targets_of_a_kind_once_an_appserver),
          cmocka_unit_test(test_shards_and_overrides), cmocka_unit_test(test_values_that_are_wrong),
          cmocka_unit_test(test_keys_and_sections_that_are_wrong), cmocka_unit_test(test_warnings),
          cmocka_unit_test(test_no_fault_tells_a_secret));
