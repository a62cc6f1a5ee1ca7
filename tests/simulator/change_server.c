/* Changes of who may come in, of the clock and the pace, of seats and rights, of the listener and its certificate. */
#include "simulator/call.h"
#include "simulator/change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MANY 1000000000
#define DAY  86400

static char *number_text(int64_t number)
{
    struct sim_text text = {0};
    sim_text_printf(&text, "%" PRId64, number);
    return text.data;
}

static int64_t number_of(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* ---- who may come in */

static char *password_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return sim_password_of(simulator, simulator->user);
}

static void password_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    simulator_set_password(simulator, simulator->user, text);
}

static const char *company_of(const struct sim_change *change)
{
    return *change->key ? change->key : NULL;
}

static char *key_read(struct simulator *simulator, const struct sim_change *change)
{
    return sim_api_key_of(simulator, company_of(change));
}

static void key_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    if (text)
        simulator_set_api_key(simulator, company_of(change), text);
    else
        simulator_remove_api_key(simulator, company_of(change));
}

static char *deny_read(struct simulator *simulator, const struct sim_change *change)
{
    return sim_right_denied(simulator, change->key) ? sim_duplicate("yes") : NULL;
}

static void deny_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    simulator_set_right(simulator, change->key, !text);
}

/* ---- pace and clock */

static bool latency_parse(const char *text, long *min, long *max)
{
    char *end;
    *min = *max = strtol(text, &end, 10);
    if (end == text || *text == '-')
        return false;
    if (*end == '-') {
        const char *second = end + 1;
        *max = strtol(second, &end, 10);
        if (end == second || *second == '-')
            return false;
    }
    return !*end && *min <= *max && *max <= 3600000;
}

static const char *latency_check(struct simulator *simulator, const struct sim_change *change)
{
    long min, max;
    (void)simulator;
    return latency_parse(change->value, &min, &max) ? NULL : "MIN-MAX in milliseconds is wanted";
}

static char *latency_read(struct simulator *simulator, const struct sim_change *change)
{
    struct simulator_behaviour behaviour = simulator_behaviour(simulator);
    struct sim_text text = {0};
    (void)change;
    sim_text_printf(&text, "%u-%u", behaviour.latency_ms, behaviour.latency_ms + behaviour.latency_jitter_ms);
    return text.data;
}

/* One member changes, whatever else befalls the others meanwhile. */
static void latency_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    long min = 0, max = 0;
    (void)change;
    latency_parse(text, &min, &max);
    pthread_mutex_lock(&simulator->lock);
    simulator->behaviour.latency_ms = (uint32_t)min;
    simulator->behaviour.latency_jitter_ms = (uint32_t)(max - min);
    pthread_mutex_unlock(&simulator->lock);
}

static char *clock_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return number_text(simulator_behaviour(simulator).clock_offset);
}

static void clock_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    pthread_mutex_lock(&simulator->lock);
    simulator->behaviour.clock_offset = (int32_t)number_of(text);
    pthread_mutex_unlock(&simulator->lock);
}

static char *lifetime_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return number_text(simulator_behaviour(simulator).token_lifetime);
}

static void lifetime_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    pthread_mutex_lock(&simulator->lock);
    simulator->behaviour.token_lifetime = (uint32_t)number_of(text);
    pthread_mutex_unlock(&simulator->lock);
}

static char *delay_read(struct simulator *simulator, const struct sim_change *change)
{
    char *text = NULL;
    pthread_mutex_lock(&simulator->lock);
    for (const struct sim_delay *delay = simulator->delays; delay; delay = delay->next) {
        if (strcmp(delay->part, change->key) == 0)
            text = number_text(delay->ms);
    }
    pthread_mutex_unlock(&simulator->lock);
    return text;
}

static void delay_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_delay **at = &simulator->delays;
    while (*at && strcmp((*at)->part, change->key) != 0)
        at = &(*at)->next;
    if (text && !*at) {
        *at = sim_allocate(sizeof **at);
        (*at)->part = sim_duplicate(change->key);
    }
    if (text) {
        (*at)->ms = (uint32_t)number_of(text);
    } else if (*at) {
        struct sim_delay *gone = *at;
        *at = gone->next;
        free(gone->part);
        free(gone);
    }
    pthread_mutex_unlock(&simulator->lock);
}

static const char *way_check(struct simulator *simulator, const struct sim_change *change)
{
    struct simulator_behaviour tried = {0};
    (void)simulator;
    return simulator_behaviour_choose(&tried, change->key, change->value) ? NULL
                                                                          : "no such way, or no such choice";
}

static char *way_read(struct simulator *simulator, const struct sim_change *change)
{
    struct simulator_behaviour behaviour = simulator_behaviour(simulator);
    return sim_behaviour_chosen(&behaviour, change->key);
}

static void way_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    pthread_mutex_lock(&simulator->lock);
    simulator_behaviour_choose(&simulator->behaviour, change->key, text);
    pthread_mutex_unlock(&simulator->lock);
}

/* ---- seats */

static const char *license_check(struct simulator *simulator, const struct sim_change *change)
{
    (void)simulator;
    return sim_license_known(change->key) ? NULL : "no license has this name";
}

static struct sim_seats seats_of(struct simulator *simulator, const char *license)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_seats seats = *sim_seats_find(simulator, license);
    pthread_mutex_unlock(&simulator->lock);
    return seats;
}

static char *seats_read(struct simulator *simulator, const struct sim_change *change)
{
    return number_text(seats_of(simulator, change->key).owned);
}

static void seats_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    simulator_set_seats(simulator, change->key, (uint32_t)number_of(text));
}

static char *others_read(struct simulator *simulator, const struct sim_change *change)
{
    return number_text(seats_of(simulator, change->key).others);
}

static void others_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    simulator_occupy_seats(simulator, change->key, (uint32_t)number_of(text));
}

/* ---- the listener and its certificate */

static const char *closed_check(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return simulator && !simulator_listening(simulator) ? "it does not listen" : NULL;
}

static char *closed_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return simulator_listening(simulator) ? NULL : sim_duplicate("yes");
}

static void closed_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    simulator_set_listening(simulator, !text);
}

static const struct {
    const char *name;
    enum simulator_certificate kind;
} certificate_kinds[] = {
    {"valid", SIMULATOR_TLS_VALID},
    {"expired", SIMULATOR_TLS_EXPIRED},
    {"not-yet-valid", SIMULATOR_TLS_NOT_YET_VALID},
    {"self-signed", SIMULATOR_TLS_SELF_SIGNED},
    {"wrong-name", SIMULATOR_TLS_WRONG_NAME},
};
#define CERTIFICATE_KINDS (sizeof certificate_kinds / sizeof certificate_kinds[0])

bool simulator_certificate_named(const char *name, enum simulator_certificate *kind)
{
    for (size_t i = 0; i < CERTIFICATE_KINDS; i++) {
        if (strcmp(certificate_kinds[i].name, name) == 0) {
            *kind = certificate_kinds[i].kind;
            return true;
        }
    }
    return false;
}

static struct sim_listening listening_of(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->listeners_lock);
    struct sim_listening listening = simulator->listening;
    pthread_mutex_unlock(&simulator->listeners_lock);
    return listening;
}

static const char *tls_check(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return simulator && listening_of(simulator).certificate == SIMULATOR_PLAIN_HTTP ? "this server has no TLS"
                                                                                    : NULL;
}

static const char *certificate_check(struct simulator *simulator, const struct sim_change *change)
{
    enum simulator_certificate kind;
    return simulator_certificate_named(change->value, &kind) ? tls_check(simulator, change)
                                                             : "no such certificate";
}

static char *certificate_read(struct simulator *simulator, const struct sim_change *change)
{
    struct sim_listening listening = listening_of(simulator);
    (void)change;
    for (size_t i = 0; i < CERTIFICATE_KINDS; i++) {
        if (certificate_kinds[i].kind == listening.certificate)
            return sim_duplicate(certificate_kinds[i].name);
    }
    return NULL;
}

static void certificate_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    enum simulator_certificate kind = SIMULATOR_TLS_VALID;
    (void)change;
    simulator_certificate_named(text, &kind);
    simulator_set_certificate(simulator, kind, listening_of(simulator).certificate_expires_in);
}

/* In seconds, where 0 is the usual age. */
static char *days_make(struct simulator *simulator, const struct sim_change *change)
{
    int64_t seconds = number_of(change->value) * DAY;
    (void)simulator;
    return number_text(seconds ? seconds : 1);
}

static char *days_read(struct simulator *simulator, const struct sim_change *change)
{
    (void)change;
    return number_text(listening_of(simulator).certificate_expires_in);
}

static void days_write(struct simulator *simulator, const struct sim_change *change, const char *text)
{
    (void)change;
    simulator_set_certificate(simulator, listening_of(simulator).certificate, number_of(text));
}

const struct sim_change_row sim_server_changes[] = {
    {.name = "password",
     .form = "TEXT",
     .help = "default demo-password; tokens given before live on",
     .read = password_read,
     .write = password_write},
    {.name = "api-key", .form = "TEXT", .help = "default demo-api-key", .read = key_read, .write = key_write},
    {.name = "company-key",
     .form = "ID=KEY",
     .help = "the company's own API key, good for no other",
     .kind = SIM_CHANGE_OF_PAIR,
     .read = key_read,
     .write = key_write},
    {.name = "token-lifetime",
     .form = "SECONDS",
     .help = "of tokens given from then on; default 3600",
     .min = 1,
     .max = MANY,
     .read = lifetime_read,
     .write = lifetime_write},
    {.name = "clock-offset",
     .form = "SECONDS",
     .help = "the server's clock is so far ahead, or behind if negative",
     .min = -MANY,
     .max = MANY,
     .read = clock_read,
     .write = clock_write},
    {.name = "latency",
     .form = "MIN-MAX",
     .help = "milliseconds of every answer; default 20-120",
     .check = latency_check,
     .read = latency_read,
     .write = latency_write},
    {.name = "delay",
     .form = "PART=MS",
     .help = "requests whose path holds PART take so much longer, each on its seat",
     .kind = SIM_CHANGE_OF_PAIR,
     .max = 3600000,
     .read = delay_read,
     .write = delay_write},
    {.name = "seats",
     .form = "LICENSE=N",
     .help = "seats owned of Default, WebService ...; default unlimited",
     .kind = SIM_CHANGE_OF_PAIR,
     .max = UINT32_MAX,
     .check = license_check,
     .read = seats_read,
     .write = seats_write},
    {.name = "others",
     .form = "LICENSE=N",
     .help = "seats that other users sit on",
     .kind = SIM_CHANGE_OF_PAIR,
     .max = UINT32_MAX,
     .check = license_check,
     .read = others_read,
     .write = others_write},
    {.name = "deny",
     .form = "RESOURCE",
     .help = "nobody has the right to SERVICE, SERVICE/METHOD, BaqSvc/NAME, efx/LIB",
     .kind = SIM_CHANGE_OF_KEY,
     .read = deny_read,
     .write = deny_write},
    {.name = "way",
     .form = "NAME=CHOICE",
     .help = "how this server differs from others, see below",
     .kind = SIM_CHANGE_OF_PAIR,
     .check = way_check,
     .read = way_read,
     .write = way_write},
    {.name = "closed",
     .help = "the port refuses connections, those that stand are cut",
     .kind = SIM_CHANGE_BARE,
     .check = closed_check,
     .read = closed_read,
     .write = closed_write},
    {.name = "certificate",
     .form = "KIND",
     .help = "with --tls, where its kinds stand: what new connections see",
     .check = certificate_check,
     .read = certificate_read,
     .write = certificate_write},
    {.name = "certificate-days",
     .form = "N",
     .help = "with --tls: new connections see a certificate that ends in N days, negative: ended",
     .min = -3000,
     .max = 3000,
     .check = tls_check,
     .read = days_read,
     .make = days_make,
     .write = days_write},
    {.name = NULL},
};
