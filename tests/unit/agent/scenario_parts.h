/* What the files of scenario.h share: scenario.c (the stage: time, the network, setting up, looking) and
   scenario_kinetic.c (the Kinetic behind that network). */
#ifndef TESTS_AGENT_SCENARIO_PARTS_H
#define TESTS_AGENT_SCENARIO_PARTS_H

#include "scenario.h"

#include "agent/order.h"
#include "base/buffer.h"

#define SESSIONS_MAX 4096

struct exchange {
    uint64_t ticket;
    const struct request *request;
    bool login;
    int64_t begun_ns, ends_ns;
    struct answer answer;
    char *text;
};

/* A ticket that was asked for. */
struct ticket_wait {
    size_t appserver;
    int64_t ends_ns;
};

struct fake_ticket {
    struct ticket ticket; /* first */
    const struct scenario *scenario;
    uint64_t number;
    int64_t issued_ns;
};

struct scenario {
    struct transport transport; /* first */
    struct secrets_port secrets;
    struct scenario_erp erp;
    struct moment now;
    struct model *model;
    struct report *report;
    struct agent *agent;
    int64_t deadline_ns;
    struct exchange *exchanges;
    size_t exchange_count, exchange_capacity;
    struct reading {
        size_t appserver;
        const struct appserver_settings *settings;
        struct model *model; /* a reference, for settings */
    } * readings;            /* secrets that are asked for */
    size_t reading_count;
    struct ticket_wait *tickets_asked;
    size_t ticket_count;
    struct scenario_counts counts;
    size_t calls_now, logins_now;
    uint64_t tokens;
    struct scenario_sessions sessions;
    bool session_open[SESSIONS_MAX]; /* by its number */
    char **urls;                     /* of all calls */
    int64_t *starts;
    size_t url_capacity;
    char *last_call, *last_login;
    char folder[32];
    struct buffer page;
};

/* What the Kinetic says to a token request, and to a call: the answer, its text, and when it ends. */
void kinetic_answer_login(struct scenario *scenario, const struct order *order, struct exchange *exchange);
void kinetic_answer_call(struct scenario *scenario, const struct order *order, struct exchange *exchange);

#endif
