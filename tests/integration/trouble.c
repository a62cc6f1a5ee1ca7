#include "main.h"

#include "integration/trouble.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

#define PASSWORD "demo-password"
#define API_KEY  "demo-api-key"

void trouble_write_file(const char *path, const char *text)
{
    char *fresh = memory_format("%s.new", path);
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(close(file), 0);
    assert_int_equal(rename(fresh, path), 0);
    free(fresh);
}

/* ---- servers ---- */

static void polite(struct scene *scene, const struct simulator_options *options)
{
    struct simulator_options here = *options;
    here.port = scene->port;
    scene->server = simulator_start(&here);
    scene->port = simulator_port(scene->server);
    simulator_set_baq(scene->server, "zRow", NULL, 3);
}

/* Bound and not listening, so that nobody else gets the port meanwhile. */
static void hold_port(struct scene *scene)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    scene->holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(scene->holder >= 0);
    assert_int_equal(bind(scene->holder, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(scene->holder, (struct sockaddr *)&address, &size), 0);
    scene->port = ntohs(address.sin_port);
}

static void scene_open(struct troubles *troubles, struct scene *scene)
{
    const struct trouble *row = scene->row;
    struct simulator_options options = row->options;
    if (row->closed) {
        hold_port(scene);
    } else if (row->script) {
        scene->scripts[0] = (struct rude_script){.name = "token", .connection = 1};
        scene->scripts[1] = (struct rude_script){.name = row->script, .from = 2, .steps = row->steps};
        if (row->rude_login)
            scene->scripts[0] = (struct rude_script){.name = row->script, .steps = row->steps};
        scene->player = rude_player_start(scene->scripts, 2, NULL);
        scene->port = rude_player_port(scene->player);
    } else {
        if (options.certificate != SIMULATOR_PLAIN_HTTP)
            options.ca_of = troubles->neighbour;
        polite(scene, &options);
    }
    if (options.certificate != SIMULATOR_PLAIN_HTTP)
        scene->certificate_expiry = simulator_certificate_not_after(scene->server);
    if (row->fault)
        simulator_add_named_fault(scene->server, row->fault, row->path ? row->path : "BaqSvc", 0);
    if (row->rule.path)
        simulator_add_fault(scene->server, &row->rule);
    scene->password_file = memory_format("%s/%s.password", troubles->folder, row->name);
    scene->key_file = memory_format("%s/%s.key", troubles->folder, row->name);
    trouble_write_file(scene->password_file, PASSWORD "\n");
    trouble_write_file(scene->key_file, API_KEY "\n");
    if (row->spoil)
        row->spoil(scene);
}

static void scene_mend(struct troubles *troubles, struct scene *scene)
{
    const struct trouble *row = scene->row;
    bool tls = row->options.certificate != SIMULATOR_PLAIN_HTTP;
    if (scene->holder >= 0) {
        close(scene->holder);
        scene->holder = -1;
        polite(scene, &row->options);
    } else if (scene->player) {
        rude_player_stop(scene->player);
        scene->player = NULL;
        polite(scene, &row->options);
    } else if (tls) {
        simulator_stop(scene->server);
        polite(scene,
               &(struct simulator_options){.certificate = SIMULATOR_TLS_VALID, .ca_of = troubles->neighbour});
        scene->certificate_expiry = simulator_certificate_not_after(scene->server);
    } else if (row->mend) {
        row->mend(scene);
    }
    simulator_clear_faults(scene->server);
}

static void scene_close(struct scene *scene)
{
    if (scene->holder >= 0)
        close(scene->holder);
    simulator_stop(scene->server);
    rude_player_stop(scene->player);
    unlink(scene->password_file);
    unlink(scene->key_file);
    free(scene->password_file);
    free(scene->key_file);
}

/* ---- configuration ---- */

static void configure(struct buffer *text, struct scene *scene)
{
    const struct trouble *row = scene->row;
    bool tls = scene->certificate_expiry != 0;
    buffer_format(text, "[appserver %s]\nurl = %s://%s:%u/KineticLive\ncompany = EPIC06\n", row->name,
                  tls ? "https" : "http",
                  row->host ? row->host
                  : tls     ? "localhost"
                            : "127.0.0.1",
                  scene->port);
    if (row->no_login)
        buffer_text(text, "auth = none\n");
    else
        buffer_format(text, "username = epicor-monitor\npassword_file = %s\n", scene->password_file);
    if (!row->no_login)
        buffer_format(text, "api_key_file = %s\n", scene->key_file);
}

static char *configuration(struct troubles *troubles, const char *exporter)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_format(&text,
                  "[exporter]\ninterval = 500ms\ntimeout = 30s\n%s"
                  "[appserver neighbour]\nurl = %s\ncompany = EPIC06\nusername = epicor-monitor\n"
                  "password = " PASSWORD "\napi_key = " API_KEY "\ntls_ca_file = %s\n"
                  "[probe neighbour]\nkind = baq\nappserver = neighbour\nbaq = zExporterOpenOrders\n",
                  exporter, simulator_url(troubles->neighbour), simulator_ca_file(troubles->neighbour));
    for (size_t i = 0; i < troubles->count; i++) {
        const struct trouble *row = &troubles->rows[i];
        configure(&text, &troubles->scenes[i]);
        buffer_format(&text,
                      "tls_ca_file = %s\nbackoff = 20ms..200ms\nmax_in_flight = 200\n%s[probe %s]\nappserver "
                      "= %s\n%s\n",
                      simulator_ca_file(troubles->neighbour), row->appserver ? row->appserver : "", row->name,
                      row->name, row->probe ? row->probe : "kind = baq\nbaq = zRow");
    }
    return buffer_take(&text);
}

struct troubles troubles_start(const struct trouble *rows, size_t count, const char *exporter)
{
    struct troubles troubles = {.rows = rows, .count = count};
    char folder[] = "/tmp/troubles-XXXXXX";
    assert_non_null(mkdtemp(folder));
    troubles.folder = memory_copy_text(folder);
    troubles.neighbour = simulator_start(&(struct simulator_options){.certificate = SIMULATOR_TLS_VALID});
    troubles.scenes = memory_new(count, sizeof *troubles.scenes);
    for (size_t i = 0; i < count; i++) {
        troubles.scenes[i] = (struct scene){.row = &rows[i], .holder = -1};
        scene_open(&troubles, &troubles.scenes[i]);
    }
    char *text = configuration(&troubles, exporter);
    troubles.rig = rig_start(text);
    free(text);
    return troubles;
}

void troubles_end(struct troubles *troubles)
{
    rig_end(&troubles->rig);
    for (size_t i = 0; i < troubles->count; i++)
        scene_close(&troubles->scenes[i]);
    simulator_stop(troubles->neighbour);
    rmdir(troubles->folder);
    free(troubles->folder);
    free(troubles->scenes);
}

/* ---- what is told ---- */

/* The value of a family's series of the row's target; more: further labels behind it, which begin with a comma. */
static double of_target(const char *page, const char *family, const char *company, const char *name,
                        const char *more)
{
    char *series = memory_format("%s{appserver=\"%s\",company=\"%s\",probe=\"%s\"%s}", family, name, company,
                                 name, more);
    double value = page_value(page, series);
    free(series);
    return value;
}

static const char *company_of(const struct trouble *row)
{
    return row->probe && strstr(row->probe, "kind = token") ? "" : "EPIC06";
}

static double reason_told(const char *page, const struct trouble *row)
{
    char *more = memory_format(",reason=\"%s\"", reason_name(row->reason));
    double value = of_target(page, "epicor_probe_failure_reason", company_of(row), row->name, more);
    free(more);
    return value;
}

static const struct board_target *board_row(const struct board_view *view, const char *name)
{
    for (size_t i = 0; i < view->target_count; i++)
        if (strcmp(view->targets[i]->probe, name) == 0)
            return view->targets[i];
    fail_msg("no target %s", name);
    return NULL;
}

/* What stands there in place of what was awaited. */
static void describe(const struct board_target *target, const struct trouble *row)
{
    print_error("%s: wanted %s; ran %d, %s, status %d, %s, %llu failures\n", row->name,
                reason_name(row->reason), target->ran, reason_name(target->reason), target->status,
                target->message ? target->message : "no words",
                (unsigned long long)target->consecutive_failures);
}

static bool has_trouble(const struct board_target *target, const struct trouble *row, unsigned runs)
{
    bool often = row->reason == REASON_NONE || target->consecutive_failures >= runs;
    return target->ran && target->reason == row->reason && often;
}

static bool works(const struct board_target *target, const struct trouble *row)
{
    return row->stays || (target->ran && target->reason == REASON_NONE);
}

/* By the board, which costs less to look at than the page; what the page says is held against the rows afterwards. */
static void await_all(struct troubles *troubles, bool trouble, unsigned runs)
{
    int64_t end_ns = clock_now().boot_ns + RIG_PATIENCE_NS;
    size_t left = troubles->count;
    while (left > 0) {
        bool over = clock_now().boot_ns > end_ns;
        struct board_view *view = board_view_take(report_board(troubles->rig.report), clock_now());
        left = 0;
        for (size_t i = 0; i < troubles->count; i++) {
            const struct trouble *row = &troubles->rows[i];
            const struct board_target *target = board_row(view, row->name);
            bool good = trouble ? has_trouble(target, row, runs) : works(target, row);
            left += !good;
            if (over && !good)
                describe(target, row);
        }
        board_view_free(view);
        if (over)
            fail_msg("%zu of %zu did not come", left, troubles->count);
        rig_pause();
    }
}

/* The log told it, with the words. */
static void check_log(const char *log, const struct trouble *row, const char *message)
{
    char *begin = memory_format(" msg=\"probe failed\" appserver=%s ", row->name);
    char *reason = memory_format(" reason=%s", reason_name(row->reason));
    bool told = false, said = false;
    for (const char *line = log; (line = strstr(line, begin)); line++) {
        char *copy = memory_copy_bytes(line, strcspn(line, "\n"));
        told = told || strstr(copy, reason);
        said = said || (strstr(copy, reason) && strstr(copy, " said="));
        free(copy);
    }
    if (!told || !said)
        fail_msg("%s: the log does not tell %s (board: %s)", row->name, reason_name(row->reason), message);
    free(begin);
    free(reason);
}

static void check_code(const char *page, const struct trouble *row)
{
    if (row->code == 0)
        return;
    char *code = memory_format(",code=\"%d\"", row->code);
    char *token = memory_format("epicor_token_responses_total{appserver=\"%s\"%s}", row->name, code);
    double counted = row->token_failed
                         ? page_value(page, token)
                         : of_target(page, "epicor_probe_responses_total", company_of(row), row->name, code);
    if (!(counted >= 1))
        fail_msg("%s: status %d is counted %g times", row->name, row->code, counted);
    free(token);
    free(code);
}

static void check_counts(const char *page, const struct trouble *row)
{
    char *prefix = memory_format("epicor_probe_failure_reason{appserver=\"%s\",", row->name);
    if (page_count(page, prefix) != 1)
        fail_msg("%s: %zu reasons on the page, not one", row->name, (size_t)page_count(page, prefix));
    if (reason_told(page, row) != 1) {
        const char *other = strstr(page, prefix);
        fail_msg("%s: wanted reason %s, the page has %.*s", row->name, reason_name(row->reason),
                 (int)strcspn(other, "\n"), other);
    }
    free(prefix);
    assert_true(of_target(page, "epicor_probe_success", company_of(row), row->name, "") == 0);
    char *failures = memory_format("epicor_failures_total{appserver=\"%s\",reason=\"%s\"}", row->name,
                                   reason_name(row->reason));
    assert_true(page_value(page, failures) >= 1);
    free(failures);
    if (row->token_failed) {
        char *token = memory_format("epicor_token_failure_reason{appserver=\"%s\",reason=\"%s\"}", row->name,
                                    reason_name(row->reason));
        if (page_value(page, token) != 1)
            fail_msg("%s: no token failure", row->name);
        free(token);
    }
}

static void check_certificate(const char *page, const struct scene *scene)
{
    char *series = memory_format(
        "epicor_tls_certificate_expiry_timestamp_seconds{appserver=\"%s\",certificate=\"server\"}",
        scene->row->name);
    double expiry = page_value(page, series);
    if (scene->certificate_expiry != 0 && expiry != (double)scene->certificate_expiry)
        fail_msg("%s: the certificate's expiry is %g", scene->row->name, expiry);
    free(series);
}

static void check_words(const struct trouble *row, const char *message)
{
    if (!message || strlen(message) < 5)
        fail_msg("%s: no sentence", row->name);
    else if (row->said && !strstr(message, row->said))
        fail_msg("%s: says '%s', not '%s'", row->name, message, row->said);
}

void troubles_await(struct troubles *troubles, unsigned runs)
{
    await_all(troubles, true, runs);
    char *page = rig_page(&troubles->rig), *log = rig_log();
    struct board_view *view = board_view_take(report_board(troubles->rig.report), clock_now());
    for (size_t i = 0; i < troubles->count; i++) {
        const struct trouble *row = &troubles->rows[i];
        const struct board_target *target = board_row(view, row->name);
        if (row->reason == REASON_NONE)
            continue;
        check_words(row, target->message);
        check_log(log, row, target->message);
        check_code(page, row);
        check_counts(page, row);
        check_certificate(page, &troubles->scenes[i]);
        uint64_t logins = troubles->scenes[i].server
                              ? simulator_requests(troubles->scenes[i].server, "TokenResource")
                              : 0;
        if (row->logins > 0 && logins > row->logins)
            fail_msg("%s: %llu logins", row->name, (unsigned long long)logins);
    }
    board_view_free(view);
    free(page);
    free(log);
}

void troubles_mend(struct troubles *troubles)
{
    for (size_t i = 0; i < troubles->count; i++)
        if (!troubles->rows[i].stays)
            scene_mend(troubles, &troubles->scenes[i]);
    await_all(troubles, false, 0);
    char *page = rig_page(&troubles->rig);
    for (size_t i = 0; i < troubles->count; i++) {
        const struct trouble *row = &troubles->rows[i];
        char *prefix = memory_format("epicor_probe_failure_reason{appserver=\"%s\",", row->name);
        if (!row->stays) {
            assert_int_equal(page_count(page, prefix), 0);
            assert_true(of_target(page, "epicor_probe_success", company_of(row), row->name, "") == 1);
            check_certificate(page, &troubles->scenes[i]);
        }
        free(prefix);
    }
    assert_true(of_target(page, "epicor_probe_failures_total", "EPIC06", "neighbour", "") == 0);
    assert_true(of_target(page, "epicor_probe_runs_total", "EPIC06", "neighbour", "") >= 3);
    free(page);
}

/* ---- secrets ---- */

static void check_absent(const char *what, const char *text, const char *secret)
{
    const char *found = strstr(text, secret);
    if (found)
        fail_msg("%s holds a secret: %.200s", what, found - text > 80 ? found - 80 : text);
}

static void check_secret(char *const *texts, const char *secret)
{
    static const char *const names[] = {"/metrics", "the status page", "the log"};
    for (size_t i = 0; i < 3; i++)
        check_absent(names[i], texts[i], secret);
}

/* The token that the last call carried, whole and its signature alone. */
static void check_token(char *const *texts, struct simulator *server)
{
    struct simulator_request *request = server ? simulator_request(server, "/api/", SIMULATOR_LAST) : NULL;
    const char *bearer = request ? simulator_request_header(request, "Authorization") : NULL;
    if (bearer && strncmp(bearer, "Bearer ", 7) == 0) {
        const char *signature = strrchr(bearer, '.');
        check_secret(texts, bearer + 7);
        if (signature)
            check_secret(texts, signature + 1);
    }
    simulator_request_free(request);
}

void troubles_tell_no_secret(struct troubles *troubles)
{
    char *texts[] = {rig_page(&troubles->rig), rig_status_page(&troubles->rig), rig_log()};
    assert_true(strlen(texts[0]) > 1000 && strlen(texts[1]) > 1000 && strlen(texts[2]) > 1000);
    check_secret(texts, PASSWORD);
    check_secret(texts, API_KEY);
    check_secret(texts, "wrong-password");
    check_secret(texts, "wrong-api-key");
    for (size_t i = 0; i < troubles->count; i++)
        check_token(texts, troubles->scenes[i].server);
    check_token(texts, troubles->neighbour);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
}
