#include "../../main.h"

#include "scenario_parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "config/fault.h"
#include "probe/kind.h"
#include "secrets.h"

#define NOON_EPOCH    INT64_C(1769947200)
#define TURNS_AT_ONCE 100000
#define PAGE_MAX      ((size_t)256 << 20)

/* ---- the network ---- */

static char *whole_order(const struct order *order)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_format(&text, "%s %s\n", http_method_name(order->request->method), order->url);
    for (size_t i = 0; i < order->headers.count; i++)
        buffer_format(&text, "%s\n", order->headers.lines[i]);
    return buffer_take(&text);
}

static void record(struct scenario *scenario, const struct order *order, const struct exchange *exchange)
{
    char **last = exchange->login ? &scenario->last_login : &scenario->last_call;
    free(*last);
    *last = whole_order(order);
    if (exchange->login) {
        scenario->counts.logins++;
        if (++scenario->logins_now > scenario->counts.most_logins)
            scenario->counts.most_logins = scenario->logins_now;
        return;
    }
    if (scenario->counts.calls == scenario->url_capacity) {
        scenario->url_capacity = 2 * scenario->url_capacity + 64;
        scenario->urls = memory_grow(scenario->urls, scenario->url_capacity, sizeof *scenario->urls);
        scenario->starts = memory_grow(scenario->starts, scenario->url_capacity, sizeof *scenario->starts);
    }
    scenario->starts[scenario->counts.calls] = exchange->begun_ns;
    scenario->urls[scenario->counts.calls++] = memory_copy_text(order->url);
    if (++scenario->calls_now > scenario->counts.most_calls)
        scenario->counts.most_calls = scenario->calls_now;
}

static void cut_by_timeout(struct exchange *exchange, int64_t timeout_ns)
{
    struct answer *answer = &exchange->answer;
    if (exchange->ends_ns - exchange->begun_ns <= timeout_ns)
        return;
    exchange->ends_ns = exchange->begun_ns + timeout_ns;
    answer->failure = REASON_TIMEOUT;
    snprintf(answer->detail, sizeof answer->detail, "no answer in time");
}

static void transport_start(struct transport *transport, uint64_t ticket, struct order *order,
                            struct moment now)
{
    struct scenario *scenario = (struct scenario *)transport;
    struct exchange exchange = {
        .ticket = ticket,
        .request = order->request,
        .login = order->request->purpose == EXCHANGE_LOGIN,
        .begun_ns = now.boot_ns,
        .ends_ns = now.boot_ns,
        .answer = {.retry_after_ns = -1, .sent = true, .phases = {-1, -1, -1, -1, 0}},
    };
    assert_true(order->timeout_ns > 0);
    assert_true(order->connect_timeout_ns > 0 && order->connect_timeout_ns <= order->timeout_ns);
    if (exchange.login)
        kinetic_answer_login(scenario, order, &exchange);
    else
        kinetic_answer_call(scenario, order, &exchange);
    cut_by_timeout(&exchange, order->timeout_ns);
    if (scenario->erp.network != REASON_NONE)
        exchange.answer.failure = scenario->erp.network;
    if (scenario->erp.proxy && strcmp(scenario->erp.proxy, secret_reveal(order->proxy)) != 0) {
        exchange.answer = (struct answer){.failure = REASON_CONNECT, .proxy_refused = true};
        scenario->counts.wrong++;
    }
    if (exchange.answer.failure == REASON_CONNECT || exchange.answer.failure == REASON_RESOLVE)
        exchange.answer.sent = false;
    if (exchange.answer.failure == REASON_TIMEOUT && exchange.ends_ns - now.boot_ns < order->timeout_ns)
        exchange.ends_ns = now.boot_ns + order->timeout_ns;
    record(scenario, order, &exchange);
    if (scenario->exchange_count == scenario->exchange_capacity) {
        scenario->exchange_capacity = 2 * scenario->exchange_capacity + 16;
        scenario->exchanges = memory_grow(scenario->exchanges, scenario->exchange_capacity,
                                          sizeof *scenario->exchanges);
    }
    scenario->exchanges[scenario->exchange_count++] = exchange;
    free(order->url);
    header_list_free(&order->headers);
    secret_unref(order->username);
    secret_unref(order->password);
    secret_unref(order->proxy);
}

static struct exchange take_exchange(struct scenario *scenario, size_t index)
{
    struct exchange exchange = scenario->exchanges[index];
    scenario->exchanges[index] = scenario->exchanges[--scenario->exchange_count];
    if (exchange.login)
        scenario->logins_now--;
    else
        scenario->calls_now--;
    return exchange;
}

static void transport_cancel(struct transport *transport, uint64_t ticket)
{
    struct scenario *scenario = (struct scenario *)transport;
    for (size_t i = 0; i < scenario->exchange_count; i++)
        if (scenario->exchanges[i].ticket == ticket) {
            struct exchange exchange = take_exchange(scenario, i);
            free(exchange.text);
            scenario->counts.cancelled++;
            return;
        }
    fail_msg("cancelled what is not in flight");
}

/* Reads a good body as the transport does. */
static struct json_scanner *scan(const struct exchange *exchange, struct answer *answer)
{
    const struct request *request = exchange->request;
    if (request->wanted != BODY_JSON || answer->status / 100 != 2)
        return NULL;
    static const struct json_plan nothing;
    struct json_scanner *scanner = json_scanner_new(request->plan ? request->plan : &nothing, request->row,
                                                    request->row_context);
    json_scanner_feed(scanner, exchange->text, strlen(exchange->text));
    answer->json = json_scanner_finish(scanner);
    return scanner;
}

static void deliver(struct scenario *scenario, size_t index)
{
    struct exchange exchange = take_exchange(scenario, index);
    struct answer *answer = &exchange.answer;
    struct json_scanner *scanner = NULL;
    answer->text = "";
    answer->duration_ns = exchange.ends_ns - exchange.begun_ns;
    if (answer->failure == REASON_NONE) {
        answer->phases.processing_ns = answer->duration_ns;
        answer->date_epoch = scenario->now.wall_ns / SECOND_NS + scenario->erp.clock_ahead_s;
        answer->body_bytes = strlen(exchange.text);
        answer->text = exchange.text;
        answer->text_size = strlen(exchange.text);
        snprintf(answer->content_type, sizeof answer->content_type, "application/json");
        scanner = scan(&exchange, answer);
    } else {
        answer->status = 0;
    }
    agent_answered(scenario->agent, exchange.ticket, answer, scenario->now);
    if (scenario->erp.scrape)
        scenario->erp.scrape(scenario);
    json_scanner_free(scanner);
    free(exchange.text);
}

static void secrets_asked(struct secrets_port *port, size_t appserver,
                          const struct appserver_settings *settings)
{
    struct scenario *scenario = (struct scenario *)(void *)((char *)port -
                                                            offsetof(struct scenario, secrets));
    for (size_t i = 0; i < scenario->reading_count; i++)
        assert_int_not_equal(scenario->readings[i].appserver, appserver);
    scenario->readings = memory_grow(scenario->readings, scenario->reading_count + 1,
                                     sizeof *scenario->readings);
    scenario->readings[scenario->reading_count++] = (struct reading){appserver, settings,
                                                                     model_ref(scenario->model)};
}

/* ---- the key distribution center ---- */

static void ticket_asked(struct secrets_port *port, size_t appserver,
                         const struct appserver_settings *settings)
{
    assert_int_equal(settings->auth, AUTH_NEGOTIATE);
    struct scenario *scenario = (struct scenario *)(void *)((char *)port -
                                                            offsetof(struct scenario, secrets));
    for (size_t i = 0; i < scenario->ticket_count; i++)
        assert_int_not_equal(scenario->tickets_asked[i].appserver, appserver);
    scenario->tickets_asked = memory_grow(scenario->tickets_asked, scenario->ticket_count + 1,
                                          sizeof *scenario->tickets_asked);
    scenario->counts.tickets++;
    scenario->tickets_asked[scenario->ticket_count++] = (struct ticket_wait){
        appserver, scenario->now.boot_ns + scenario->erp.tickets_in_ns};
}

static struct secret *ticket_authorization(struct ticket *ticket, char **why)
{
    struct fake_ticket *fake = (struct fake_ticket *)ticket;
    if (fake->number <= fake->scenario->erp.useless_tickets) {
        *why = memory_copy_text("The ticket gives nothing.");
        return NULL;
    }
    char *text = memory_format("%" PRIu64 "-%" PRId64, fake->number, fake->issued_ns);
    struct secret *secret = secret_new(text, strlen(text));
    free(text);
    return secret;
}

static void ticket_release(struct ticket *ticket)
{
    free(ticket);
}

static void answer_ticket(struct scenario *scenario, size_t place)
{
    struct ticket_wait wait = scenario->tickets_asked[place];
    scenario->tickets_asked[place] = scenario->tickets_asked[--scenario->ticket_count];
    struct ticket_result result = {.reason = scenario->erp.ticket_reason,
                                   .lifetime_ns = scenario->erp.token_lifetime_s * SECOND_NS};
    if (result.reason == REASON_NONE) {
        struct fake_ticket *fake = memory_new(1, sizeof *fake);
        *fake = (struct fake_ticket){
            {1, ticket_authorization, ticket_release}, scenario, ++scenario->tokens, scenario->now.boot_ns};
        result.ticket = &fake->ticket;
    } else {
        result.why = memory_copy_text("The key distribution center says no.");
        scenario->counts.wrong += result.reason == REASON_CREDENTIALS;
    }
    agent_ticket(scenario->agent, wait.appserver, &result, scenario->now);
}

/* ---- time ---- */

static void turn(struct scenario *scenario)
{
    while (scenario->reading_count > 0 && !scenario->erp.readings_hang) {
        struct reading reading = scenario->readings[--scenario->reading_count];
        struct secrets secrets;
        secrets_read(reading.settings, &secrets);
        model_unref(reading.model);
        agent_secrets(scenario->agent, reading.appserver, &secrets, scenario->now);
    }
    for (size_t i = scenario->ticket_count; i > 0; i--)
        if (scenario->tickets_asked[i - 1].ends_ns <= scenario->now.boot_ns)
            answer_ticket(scenario, i - 1);
    scenario->deadline_ns = agent_turn(scenario->agent, scenario->now);
}

static int64_t next_event(const struct scenario *scenario, size_t *exchange)
{
    bool read = scenario->reading_count > 0 && !scenario->erp.readings_hang;
    int64_t next_ns = read ? scenario->now.boot_ns : scenario->deadline_ns;
    *exchange = SIZE_MAX;
    for (size_t i = 0; i < scenario->ticket_count; i++)
        next_ns = ns_min(next_ns, scenario->tickets_asked[i].ends_ns);
    for (size_t i = 0; i < scenario->exchange_count; i++)
        if (scenario->exchanges[i].ends_ns < next_ns) {
            next_ns = scenario->exchanges[i].ends_ns;
            *exchange = i;
        }
    return next_ns;
}

static void clock_to(struct scenario *scenario, int64_t boot_ns)
{
    scenario->now.wall_ns += boot_ns - scenario->now.boot_ns;
    scenario->now.boot_ns = boot_ns;
}

void scenario_pass(struct scenario *scenario, int64_t ns)
{
    int64_t end_ns = scenario->now.boot_ns + ns;
    size_t exchange, turns = 0;
    for (int64_t next_ns; (next_ns = next_event(scenario, &exchange)) <= end_ns;) {
        turns = next_ns > scenario->now.boot_ns ? 0 : turns + 1;
        if (turns > TURNS_AT_ONCE)
            fail_msg("the agent turns without end");
        if (next_ns > scenario->now.boot_ns)
            clock_to(scenario, next_ns);
        if (exchange != SIZE_MAX)
            deliver(scenario, exchange);
        turn(scenario);
    }
    clock_to(scenario, end_ns);
}

void scenario_suspend(struct scenario *scenario, int64_t ns)
{
    clock_to(scenario, scenario->now.boot_ns + ns);
}

void scenario_set_clock(struct scenario *scenario, int64_t epoch_seconds)
{
    scenario->now.wall_ns = epoch_seconds * SECOND_NS;
}

void scenario_shutdown(struct scenario *scenario)
{
    agent_shutdown(scenario->agent, scenario->now);
    turn(scenario);
}

/* ---- setting up ---- */

static char *at_folder(const struct scenario *scenario, const char *text)
{
    struct buffer out;
    buffer_init(&out, 16 << 20);
    for (; *text; text++)
        if (*text == '@')
            buffer_text(&out, scenario->folder);
        else
            buffer_byte(&out, *text);
    return buffer_take(&out);
}

void scenario_write(struct scenario *scenario, const char *name, const char *text)
{
    char *path = memory_format("%s/%s", scenario->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    free(path);
}

/* The log of a story is for people who set SCENARIO_LOG, and is searched for secrets. */
static int story_log = -1;

static void open_log(void)
{
    if (getenv("SCENARIO_LOG"))
        return;
    if (story_log < 0)
        story_log = memfd_create("log", MFD_CLOEXEC);
    assert_true(story_log >= 0);
    assert_int_equal(ftruncate(story_log, 0), 0);
    assert_int_equal(lseek(story_log, 0, SEEK_SET), 0);
    log_setup(LOG_INFO, LOG_LOGFMT, story_log);
}

static void check_secrets(struct scenario *scenario)
{
    const char *page = scenario_page(scenario);
    secret_check("the page of a story", page, strlen(page));
    off_t size = story_log < 0 ? 0 : lseek(story_log, 0, SEEK_CUR);
    char *log = memory_new((size_t)size + 1, 1);
    assert_true(size == 0 || pread(story_log, log, (size_t)size, 0) == size);
    secret_check("the log of a story", log, (size_t)size);
    free(log);
}

static struct model *load(struct scenario *scenario, const char *configuration)
{
    char *text = at_folder(scenario, configuration);
    scenario_write(scenario, "agent.ini", text);
    free(text);
    char *path = memory_format("%s/agent.ini", scenario->folder);
    struct fault_list faults = {0};
    struct model *model = model_load(path, probe_schema(), &faults);
    for (size_t i = 0; i < faults.count; i++)
        if (!faults.items[i].warning)
            print_error("%s:%d: %s\n", faults.items[i].file, faults.items[i].line, faults.items[i].text);
    fault_list_free(&faults);
    free(path);
    assert_non_null(model);
    return model;
}

static struct scenario *create(const char *configuration, const char *const *files, int64_t epoch)
{
    struct scenario *scenario = memory_new(1, sizeof *scenario);
    *scenario = (struct scenario){
        .transport = {.start = transport_start, .cancel = transport_cancel},
        .secrets = {.read = secrets_asked, .ticket = ticket_asked},
        .erp = {.answers_in_ns = 50 * MILLISECOND_NS,
                .grants_in_ns = 100 * MILLISECOND_NS,
                .token_lifetime_s = 3600,
                .password = "correct horse",
                .client_secret = "story-of-a-client",
                .tickets_in_ns = 200 * MILLISECOND_NS,
                .api_key = "key-of-epic06"},
        .now = {.boot_ns = 1000 * SECOND_NS, .wall_ns = epoch * SECOND_NS},
        .folder = "/tmp/scenario.XXXXXX",
    };
    buffer_init(&scenario->page, PAGE_MAX);
    assert_non_null(mkdtemp(scenario->folder));
    for (; files && files[0]; files += 2)
        scenario_write(scenario, files[0], files[1]);
    open_log();
    scenario->model = load(scenario, configuration);
    scenario->report = report_new(scenario->model, scenario->now, "test", "test");
    scenario->agent = agent_new(scenario->model, scenario->report, &scenario->transport, &scenario->secrets,
                                42, scenario->now);
    scenario->deadline_ns = scenario->now.boot_ns;
    return scenario;
}

struct scenario *scenario_new_with(const char *configuration, const char *const *files)
{
    return create(configuration, files, NOON_EPOCH);
}

struct scenario *scenario_new_at(const char *configuration, int64_t epoch_seconds)
{
    return create(configuration, NULL, epoch_seconds);
}

void scenario_reload(struct scenario *scenario, const char *configuration)
{
    struct model *model = load(scenario, configuration);
    struct model_match match = model_match(scenario->model, model);
    agent_reload(scenario->agent, model, &match, scenario->now);
    model_match_free(&match);
    model_unref(scenario->model); /* as the program does: the agent keeps what it still needs */
    scenario->model = model;
    scenario->deadline_ns = scenario->now.boot_ns;
}

struct scenario *scenario_new(const char *configuration)
{
    return scenario_new_with(configuration, NULL);
}

static void remove_folder(const struct scenario *scenario)
{
    static const char *const names[] = {"agent.ini", "password", "key", "keytab"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = memory_format("%s/%s", scenario->folder, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(scenario->folder);
}

void scenario_forget_calls(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->counts.calls; i++)
        free(scenario->urls[i]);
    free(scenario->urls);
    free(scenario->starts);
    scenario->urls = NULL;
    scenario->starts = NULL;
    scenario->url_capacity = 0;
    scenario->counts.calls = 0;
}

void scenario_free(struct scenario *scenario)
{
    check_secrets(scenario);
    agent_free(scenario->agent);
    assert_int_equal(scenario->exchange_count, 0);
    report_free(scenario->report);
    model_unref(scenario->model);
    while (scenario->reading_count > 0)
        model_unref(scenario->readings[--scenario->reading_count].model);
    scenario_forget_calls(scenario);
    free(scenario->exchanges);
    free(scenario->readings);
    free(scenario->tickets_asked);
    free(scenario->last_call);
    free(scenario->last_login);
    buffer_free(&scenario->page);
    remove_folder(scenario);
    free(scenario);
}

/* ---- looking ---- */

struct scenario_erp *scenario_erp(struct scenario *scenario)
{
    return &scenario->erp;
}

struct agent *scenario_agent(struct scenario *scenario)
{
    return scenario->agent;
}

struct moment scenario_now(const struct scenario *scenario)
{
    return scenario->now;
}

const struct model *scenario_model(const struct scenario *scenario)
{
    return scenario->model;
}

struct scenario_counts scenario_counts(const struct scenario *scenario)
{
    struct scenario_counts counts = scenario->counts;
    counts.in_flight = scenario->exchange_count;
    return counts;
}

struct scenario_sessions scenario_sessions(const struct scenario *scenario)
{
    return scenario->sessions;
}

uint64_t scenario_calls_of(const struct scenario *scenario, const char *text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < scenario->counts.calls; i++)
        count += strstr(scenario->urls[i], text) != NULL;
    return count;
}

size_t scenario_starts(const struct scenario *scenario, const int64_t **starts)
{
    *starts = scenario->starts;
    return scenario->counts.calls;
}

const char *scenario_last_call(const struct scenario *scenario)
{
    return scenario->last_call ? scenario->last_call : "";
}

const char *scenario_last_login(const struct scenario *scenario)
{
    return scenario->last_login ? scenario->last_login : "";
}

const char *scenario_page(struct scenario *scenario)
{
    buffer_clear(&scenario->page);
    assert_true(report_page(scenario->report, NULL, scenario->now, &scenario->page));
    return buffer_as_text(&scenario->page);
}

double scenario_metric(struct scenario *scenario, const char *series)
{
    const char *page = scenario_page(scenario);
    size_t size = strlen(series);
    for (const char *line = page; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, series, size) == 0 && line[size] == ' ')
            return strtod(line + size, NULL);
    }
    return NAN;
}

int64_t scenario_deadline(const struct scenario *scenario)
{
    return scenario->deadline_ns;
}
