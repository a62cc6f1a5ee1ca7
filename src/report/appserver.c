/* The part of report.h that speaks of app servers. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/correlation.h"
#include "report/parts.h"

#define DROPPED_MAXIMUM 4096 /* series told apart among those that found no room, a family */

/* ---- what is no more ---- */

static void clear_token(struct report_appserver *appserver)
{
    struct store *store = appserver->report->store;

    store_clear(store, appserver->owner, FAMILY_TOKEN_FAILURE_REASON, 0);
    store_clear(store, appserver->owner, FAMILY_TOKEN_CONSECUTIVE_FAILURES, 0);
    store_clear(store, appserver->owner, FAMILY_TOKEN_LIFETIME, 0);
    store_clear(store, appserver->owner, FAMILY_TOKEN_EXPIRY, 0);
    store_set_expiry(store, appserver->owner, FAMILY_TOKEN_REMAINING, 0);
    store_set(store, appserver->owner, FAMILY_LOGIN_BLOCKED_UNTIL, 0, 0, NEVER_NS);
    free(appserver->card.token_message);
    appserver->card.token_message = NULL;
    appserver->card.token_reason = REASON_NONE;
    appserver->card.token_failing_since_wall_ns = 0;
    appserver->card.token_expiry_boot_ns = 0;
    appserver->card.login_blocked_until_wall_ns = 0;
    appserver->card.login_blocked_since_wall_ns = 0;
    appserver->card.login_secret_changeable = false;
    appserver->card.login_blocked_reason = REASON_NONE;
    free(appserver->card.login_blocked_message);
    appserver->card.login_blocked_message = NULL;
    appserver->token_failures = 0;
}

/* What the last handshake and the last answer said of a machine that is asked no more. */
static void forget_machine(struct report_appserver *appserver)
{
    struct store *store = appserver->report->store;

    for (size_t whose = CERTIFICATE_SERVER; whose <= CERTIFICATE_CLIENT; whose++)
        store_clear(store, appserver->owner, FAMILY_CERTIFICATE_EXPIRY, whose);
    store_clear(store, appserver->owner, FAMILY_CLOCK_SKEW, 0);
    store_clear(store, appserver->owner, FAMILY_LICENSE_THROTTLED, 0);
    appserver->card.certificate_expiry_epoch = 0;
    appserver->card.identity_provider_certificate_expiry_epoch = 0;
    appserver->card.client_certificate_expiry_epoch = 0;
    appserver->card.has_clock_skew = false;
    appserver->card.has_throttled = false;
}

/* ---- what is configured ---- */

struct label_pair *report_constant_labels(const struct appserver_settings *settings)
{
    struct label_pair *labels = memory_new(settings->labels.count, sizeof *labels);

    for (size_t i = 0; i < settings->labels.count; i++)
        labels[i] = (struct label_pair){settings->labels.items[i].name, settings->labels.items[i].value};
    return labels;
}

static void relabel(struct report_appserver *appserver, const struct appserver_settings *settings)
{
    bool labelled = settings->labels.count > 0;

    if (labelled || appserver->labelled) {
        struct label_pair *labels = report_constant_labels(settings);
        store_owner_relabel(appserver->report->store, appserver->owner, (const char *const[]){settings->name},
                            labels, settings->labels.count);
        free(labels);
    }
    appserver->labelled = labelled;
}

/* Configured seats give way to those that a probe reads. */
static void show_seats(struct report_appserver *appserver, const struct appserver_settings *settings)
{
    struct series_builder builder;

    series_builder_init(&builder);
    size_t family = series_builder_family(&builder, &families[FAMILY_LICENSE_SEATS_OWNED]);
    for (size_t i = 0; i < settings->seats.count; i++) {
        const struct pair *seats = &settings->seats.items[i];
        double number = 0;
        text_to_double(span_of(seats->value), &number);
        series_builder_add(&builder, family, (const char *const[]){"", seats->name}, number);
    }
    struct series_set *set = series_builder_finish(&builder);
    if (set != NULL)
        set->gives_way = true;
    store_put_set(appserver->report->store, appserver->owner, set, NEVER_NS);
}

static void show_or_clear(struct report_appserver *appserver, enum family family, bool has, double number)
{
    if (has)
        store_set(appserver->report->store, appserver->owner, family, 0, number, NEVER_NS);
    else
        store_clear(appserver->report->store, appserver->owner, family, 0);
}

static void show_settings(struct report_appserver *appserver, const struct appserver_settings *settings)
{
    show_seats(appserver, settings);
    show_or_clear(appserver, FAMILY_SERVER_PRODUCTION_EXPECTED, settings->expect_production.set,
                  settings->expect_production.value);
    show_or_clear(appserver, FAMILY_DATABASE_LATENCY_LIMIT, settings->database_latency_limit_ns > 0,
                  clock_seconds(settings->database_latency_limit_ns));
}

/* ---- from birth to death ---- */

struct report_appserver *report_appserver_new(struct report *report,
                                              const struct appserver_settings *settings, struct moment now)
{
    struct report_appserver *appserver = memory_new(1, sizeof *appserver);

    appserver->report = report;
    appserver->owner = store_owner_add(report->store, OWNER_APPSERVER, (const char *const[]){settings->name},
                                       0, now);
    store_set(report->store, appserver->owner, FAMILY_LOGIN_BLOCKED_UNTIL, 0, 0, NEVER_NS);
    store_set(report->store, appserver->owner, FAMILY_REQUESTS_IN_FLIGHT, 0, 0, NEVER_NS);
    store_set(report->store, appserver->owner, FAMILY_REQUESTS_WAITING, 0, 0, NEVER_NS);
    store_set(report->store, appserver->owner, FAMILY_BACKOFF_UNTIL, 0, 0, NEVER_NS);
    return appserver;
}

void report_appserver_configure(struct report_appserver *appserver, size_t index,
                                const struct appserver_settings *settings)
{
    unsigned groups = auth_has_token(settings->auth) ? GROUP_TOKEN : 0;

    if (appserver->card.url != NULL && strcmp(appserver->card.url, settings->url) != 0)
        forget_machine(appserver);
    if (appserver->groups != groups) {
        clear_token(appserver);
        store_owner_regroup(appserver->report->store, appserver->owner, groups);
        appserver->groups = groups;
    }
    relabel(appserver, settings);
    show_settings(appserver, settings);
    if (settings->session == SESSION_NONE)
        store_clear(appserver->report->store, appserver->owner, FAMILY_SESSIONS_OPEN, 0);
    else if (!appserver->shares_session)
        store_set(appserver->report->store, appserver->owner, FAMILY_SESSIONS_OPEN, 0, 0, NEVER_NS);
    if (appserver->shares_session != (settings->session == SESSION_SHARED) || appserver->settings == NULL)
        appserver->card.sessions_open = settings->session == SESSION_SHARED ? 0 : -1;
    appserver->shares_session = settings->session == SESSION_SHARED;
    appserver->settings = settings;
    report_appserver_gather(appserver);
    appserver->card.has_production_expected = settings->expect_production.set;
    appserver->card.production_expected = settings->expect_production.value;
    appserver->index = index;
    appserver->card.name = settings->name;
    appserver->card.url = settings->url;
    appserver->card.has_token = (groups & GROUP_TOKEN) != 0;
}

void report_appserver_detach(struct report_appserver *appserver)
{
    store_owner_remove(appserver->report->store, appserver->owner);
    appserver->report = NULL;
}

struct report_appserver *report_appserver_none(void)
{
    return memory_new(1, sizeof(struct report_appserver));
}

void report_appserver_free(struct report_appserver *appserver)
{
    if (appserver == NULL)
        return;
    for (size_t i = 0; i < FAMILIES; i++)
        free(appserver->dropped[i].hashes);
    drop_list_free(&appserver->found_drops);
    free(appserver->card.token_message);
    free(appserver->card.login_blocked_message);
    free((struct board_seats *)appserver->card.seats);
    free(appserver);
}

/* ---- small changes ---- */

/* Takes the lock of the store. False, and nothing is locked, when a reload has removed the app server. */
static bool lock(const struct report_appserver *appserver)
{
    if (appserver->report == NULL)
        return false;
    store_lock(appserver->report->store);
    return true;
}

void report_appserver_show(const struct report_appserver *appserver)
{
    board_put_appserver(appserver->report->board, appserver->index, &appserver->card);
}

static void count(struct report_appserver *appserver, enum family family, size_t value)
{
    if (!lock(appserver))
        return;
    store_add(appserver->report->store, appserver->owner, family, value, 1);
    store_unlock(appserver->report->store);
}

static void set(struct report_appserver *appserver, enum family family, size_t value, double number)
{
    if (!lock(appserver))
        return;
    store_set(appserver->report->store, appserver->owner, family, value, number, NEVER_NS);
    store_unlock(appserver->report->store);
}

void report_connection_opened(struct report_appserver *appserver)
{
    count(appserver, FAMILY_CONNECTIONS_OPENED, 0);
}

void report_resend(struct report_appserver *appserver)
{
    count(appserver, FAMILY_RESENDS, 0);
}

void report_retry(struct report_appserver *appserver)
{
    count(appserver, FAMILY_RETRIES, 0);
}

void report_reauthentication(struct report_appserver *appserver)
{
    count(appserver, FAMILY_REAUTHENTICATIONS, 0);
}

void report_auth_failure(struct report_appserver *appserver, enum reason reason, const char *correlation,
                         struct moment now)
{
    struct correlation exemplar;

    correlation_labels(&exemplar, correlation);
    if (!lock(appserver))
        return;
    store_add_with(appserver->report->store, appserver->owner, FAMILY_AUTH_FAILURES,
                   family_auth_reason_index(reason), 1, exemplar.labels, now);
    store_unlock(appserver->report->store);
}

void report_clock_skew(struct report_appserver *appserver, double seconds)
{
    struct board_appserver *card = &appserver->card;

    set(appserver, FAMILY_CLOCK_SKEW, 0, seconds);
    if (appserver->report == NULL || (card->has_clock_skew && card->clock_skew_seconds == seconds))
        return;
    card->has_clock_skew = true;
    card->clock_skew_seconds = seconds;
    report_appserver_show(appserver);
}

void report_request_wait(struct report_appserver *appserver, int64_t waited_ns)
{
    if (!lock(appserver))
        return;
    store_observe(appserver->report->store, appserver->owner, FAMILY_REQUEST_WAIT, clock_seconds(waited_ns));
    store_unlock(appserver->report->store);
}

void report_gate(struct report_appserver *appserver, int64_t in_flight, int64_t waiting,
                 int64_t backoff_until_wall_ns)
{
    if (!lock(appserver))
        return;
    struct store *store = appserver->report->store;
    store_set(store, appserver->owner, FAMILY_REQUESTS_IN_FLIGHT, 0, (double)in_flight, NEVER_NS);
    store_set(store, appserver->owner, FAMILY_REQUESTS_WAITING, 0, (double)waiting, NEVER_NS);
    store_set(store, appserver->owner, FAMILY_BACKOFF_UNTIL, 0, clock_seconds(backoff_until_wall_ns),
              NEVER_NS);
    store_unlock(store);
    appserver->card.in_flight = in_flight;
    appserver->card.waiting = waiting;
    appserver->card.backoff_until_wall_ns = backoff_until_wall_ns;
    report_appserver_show(appserver);
}

/* ---- what the board shows too ---- */

void report_verdict(struct report_appserver *appserver, bool known, enum reason reason, struct moment now)
{
    struct board_appserver *card = &appserver->card;

    if ((card->known == known && card->verdict == reason) || !lock(appserver))
        return;
    struct store *store = appserver->report->store;
    card->known = known;
    if (card->verdict == REASON_NONE || reason == REASON_NONE)
        card->verdict_since_wall_ns = reason == REASON_NONE ? 0 : now.wall_ns;
    card->verdict = reason;
    store_clear(store, appserver->owner, FAMILY_UP, 0);
    store_clear(store, appserver->owner, FAMILY_APPSERVER_FAILURE_REASON, 0);
    if (known)
        store_set(store, appserver->owner, FAMILY_UP, 0, reason == REASON_NONE, NEVER_NS);
    if (known && reason != REASON_NONE)
        store_set(store, appserver->owner, FAMILY_APPSERVER_FAILURE_REASON, family_reason_index(reason), 1,
                  NEVER_NS);
    store_unlock(store);
    report_appserver_show(appserver);
}

void report_certificate(struct report_appserver *appserver, enum certificate_of whose, int64_t expiry_epoch)
{
    set(appserver, FAMILY_CERTIFICATE_EXPIRY, whose, (double)expiry_epoch);
    int64_t *const shown[] = {
        [CERTIFICATE_SERVER] = &appserver->card.certificate_expiry_epoch,
        [CERTIFICATE_IDENTITY_PROVIDER] = &appserver->card.identity_provider_certificate_expiry_epoch,
        [CERTIFICATE_CLIENT] = &appserver->card.client_certificate_expiry_epoch};
    if (appserver->report != NULL && *shown[whose] != expiry_epoch) {
        *shown[whose] = expiry_epoch;
        report_appserver_show(appserver);
    }
}

void report_login_blocked(struct report_appserver *appserver, int64_t until_wall_ns, enum reason reason,
                          const char *message, bool changeable, struct moment now)
{
    if (appserver->report == NULL)
        return;
    if (until_wall_ns == 0 || appserver->card.login_blocked_until_wall_ns == 0)
        appserver->card.login_blocked_since_wall_ns = until_wall_ns == 0 ? 0 : now.wall_ns;
    set(appserver, FAMILY_LOGIN_BLOCKED_UNTIL, 0, clock_seconds(until_wall_ns));
    appserver->card.login_blocked_until_wall_ns = until_wall_ns;
    appserver->card.login_secret_changeable = changeable;
    appserver->card.login_blocked_reason = reason;
    free(appserver->card.login_blocked_message);
    appserver->card.login_blocked_message = message == NULL ? NULL : memory_copy_text(message);
    report_appserver_show(appserver);
}

/* ---- tokens ---- */

void report_nobody_asks(struct report_appserver *appserver)
{
    if (!lock(appserver))
        return;
    struct store *store = appserver->report->store;
    store_clear(store, appserver->owner, FAMILY_TOKEN_FAILURE_REASON, 0);
    store_clear(store, appserver->owner, FAMILY_TOKEN_CONSECUTIVE_FAILURES, 0);
    store_unlock(store);
    appserver->token_failures = 0;
    free(appserver->card.token_message);
    appserver->card.token_message = NULL;
    appserver->card.token_reason = REASON_NONE;
    appserver->card.token_failing_since_wall_ns = 0;
    report_appserver_show(appserver);
}

void report_token_request(struct report_appserver *appserver, int status, int64_t duration_ns,
                          enum reason reason, const char *message, struct moment now)
{
    struct store_owner owner = appserver->owner;

    if (!lock(appserver))
        return;
    struct store *store = appserver->report->store;
    if (reason == REASON_NONE || appserver->token_failures == 0)
        appserver->card.token_failing_since_wall_ns = reason == REASON_NONE ? 0 : now.wall_ns;
    appserver->token_failures = reason == REASON_NONE ? 0 : appserver->token_failures + 1;
    store_add(store, owner, FAMILY_TOKEN_REQUESTS, 0, 1);
    if (status != 0)
        report_code(appserver->report, owner, FAMILY_TOKEN_RESPONSES, status);
    if (duration_ns >= 0)
        store_observe(store, owner, FAMILY_TOKEN_REQUEST_DURATION, clock_seconds(duration_ns));
    store_set(store, owner, FAMILY_TOKEN_CONSECUTIVE_FAILURES, 0, (double)appserver->token_failures,
              NEVER_NS);
    store_clear(store, owner, FAMILY_TOKEN_FAILURE_REASON, 0);
    if (reason != REASON_NONE) {
        store_add(store, owner, FAMILY_TOKEN_FAILURES, 0, 1);
        store_set(store, owner, FAMILY_TOKEN_FAILURE_REASON, family_reason_index(reason), 1, NEVER_NS);
    }
    store_unlock(store);

    free(appserver->card.token_message);
    appserver->card.token_reason = reason;
    appserver->card.token_message = reason == REASON_NONE || message == NULL ? NULL
                                                                             : memory_copy_text(message);
    report_appserver_show(appserver);
}

void report_token(struct report_appserver *appserver, int64_t lifetime_ns, int64_t expiry_boot_ns,
                  struct moment now)
{
    struct store_owner owner = appserver->owner;
    int64_t expiry_wall_ns = now.wall_ns + (expiry_boot_ns - now.boot_ns);

    if (!lock(appserver))
        return;
    struct store *store = appserver->report->store;
    if (lifetime_ns > 0) {
        store_set(store, owner, FAMILY_TOKEN_LIFETIME, 0, clock_seconds(lifetime_ns), NEVER_NS);
        store_set(store, owner, FAMILY_TOKEN_EXPIRY, 0, clock_seconds(expiry_wall_ns), NEVER_NS);
        store_set_expiry(store, owner, FAMILY_TOKEN_REMAINING, expiry_boot_ns);
    } else {
        store_clear(store, owner, FAMILY_TOKEN_EXPIRY, 0);
        store_set_expiry(store, owner, FAMILY_TOKEN_REMAINING, 0);
    }
    store_unlock(store);
    appserver->card.token_expiry_boot_ns = lifetime_ns > 0 ? expiry_boot_ns : 0;
    report_appserver_show(appserver);
}

void report_credential_changed(struct report_appserver *appserver)
{
    if (!lock(appserver))
        return;
    clear_token(appserver);
    store_unlock(appserver->report->store);
    report_appserver_show(appserver);
}

/* ---- licenses ---- */

/* All of epicor_exporter_series_dropped, anew: what has gone is to leave no series. Under the store's lock. */
static void show_dropped(struct report_appserver *appserver)
{
    struct store *store = appserver->report->store;
    const struct drop_list *found = &appserver->found_drops;

    store_clear_data(store, appserver->owner, FAMILY_SERIES_DROPPED);
    for (size_t i = 0; i < FAMILIES; i++)
        if (appserver->dropped[i].count > 0)
            store_set_data(store, appserver->owner, FAMILY_SERIES_DROPPED,
                           (const char *const[]){families[i].name}, (double)appserver->dropped[i].count,
                           NEVER_NS);
    for (size_t i = 0; i < found->count; i++)
        store_set_data(store, appserver->owner, FAMILY_SERIES_DROPPED,
                       (const char *const[]){found->items[i].family}, (double)found->items[i].count,
                       NEVER_NS);
}

void report_found_drops(struct report_target *target, struct drop_list *drops)
{
    struct drop_list *before = &target->drops, *all = &target->appserver->found_drops;

    if (before->count > 0 || drops->count > 0) {
        for (size_t i = 0; i < before->count; i++)
            drop_list_subtract(all, before->items[i].family, before->items[i].count);
        for (size_t i = 0; i < drops->count; i++)
            drop_list_add(all, drops->items[i].family, drops->items[i].count);
        show_dropped(target->appserver);
    }
    drop_list_free(before);
    *before = *drops;
    *drops = (struct drop_list){.count = 0};
}

/* A series that found no room: counted once, by its label. Under the store's lock. */
static void drop(struct report_appserver *appserver, enum family family, const char *label)
{
    struct dropped *dropped = &appserver->dropped[family];
    uint64_t hash = text_hash(TEXT_HASH_START, label, strlen(label));

    for (size_t i = 0; i < dropped->count; i++)
        if (dropped->hashes[i] == hash)
            return;
    if (dropped->count == DROPPED_MAXIMUM)
        return;
    dropped->hashes = memory_grow(dropped->hashes, dropped->count + 1, sizeof *dropped->hashes);
    dropped->hashes[dropped->count++] = hash;
    show_dropped(appserver);
}

static void add_license(struct report_appserver *appserver, enum family family, const char *license,
                        double increment)
{
    if (!lock(appserver))
        return;
    struct store *store = appserver->report->store;
    if (!store_add_data(store, appserver->owner, family, &license, increment, clock_now()))
        drop(appserver, family, license);
    store_unlock(store);
}

void report_license_refusal(struct report_appserver *appserver, const char *license)
{
    add_license(appserver, FAMILY_LICENSE_REFUSALS, license, 1);
}

void report_license_claim(struct report_appserver *appserver, const char *license, int64_t held_ns)
{
    add_license(appserver, FAMILY_LICENSE_CLAIM, license, clock_seconds(held_ns));
}

void report_throttled(struct report_appserver *appserver, bool throttled)
{
    set(appserver, FAMILY_LICENSE_THROTTLED, 0, throttled);
    appserver->card.has_throttled = true;
    appserver->card.throttled = throttled;
    if (appserver->report != NULL)
        report_appserver_show(appserver);
}

void report_sessions_open(struct report_appserver *appserver, int64_t open)
{
    set(appserver, FAMILY_SESSIONS_OPEN, 0, (double)open);
    appserver->card.sessions_open = open;
    if (appserver->report != NULL)
        report_appserver_show(appserver);
}

/* ---- what its targets tell of it ---- */

void report_appserver_gather(struct report_appserver *appserver)
{
    facts_begin(&appserver->card, appserver->settings);
    for (const struct report_target *target = appserver->telling; target != NULL;
         target = target->next_telling)
        facts_add(&appserver->card, target->facts);
}

void report_facts(struct report_target *target, struct facts *facts)
{
    struct report_target **link = &target->appserver->telling;

    if (facts == NULL && target->facts == NULL)
        return;
    while (*link != NULL && *link != target)
        link = &(*link)->next_telling;
    if (*link != NULL)
        *link = target->next_telling;
    facts_free(target->facts);
    target->facts = facts;
    target->next_telling = NULL;
    if (facts != NULL) {
        target->next_telling = target->appserver->telling;
        target->appserver->telling = target;
    }
    report_appserver_gather(target->appserver);
}

/* ---- windows ---- */

void report_windows(struct report_appserver *appserver, bool has_maintenance, bool in_maintenance,
                    bool has_hours, bool in_hours)
{
    struct board_appserver *card = &appserver->card;
    bool same = card->has_maintenance == has_maintenance && card->in_maintenance == in_maintenance &&
                card->has_hours == has_hours && card->in_hours == in_hours;

    if (same || !lock(appserver))
        return;
    show_or_clear(appserver, FAMILY_MAINTENANCE, has_maintenance, in_maintenance);
    show_or_clear(appserver, FAMILY_BUSINESS_HOURS, has_hours, in_hours);
    store_unlock(appserver->report->store);
    card->has_maintenance = has_maintenance;
    card->in_maintenance = in_maintenance;
    card->has_hours = has_hours;
    card->in_hours = in_hours;
    report_appserver_show(appserver);
}
