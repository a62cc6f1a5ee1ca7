/* A stage for the agent: a fake clock, a fake network with a Kinetic behind it, and the real configuration,
   probes and report. A test sets what the server does, lets time pass, and looks at what happened. */
#ifndef TESTS_AGENT_SCENARIO_H
#define TESTS_AGENT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/agent.h"

/* What calls whose URL holds this text get in place of rows. */
struct scenario_rule {
    const char *path;       /* NULL ends the list */
    int64_t in_ns;          /* 0: as others */
    enum reason network;    /* REASON_NONE: an answer comes */
    int status;             /* 0: 200 */
    const char *body;       /* NULL: rows for a 200, nothing else */
    int64_t retry_after_ns; /* 0: none */
    int times;              /* for so many calls, then -1: no more; 0: always */
};

struct scenario;

/* The Kinetic: tests change it as the story goes. */
struct scenario_erp {
    int64_t answers_in_ns, grants_in_ns;
    int64_t token_lifetime_s;
    bool tokens_age;       /* by the time that they take: made when they are asked for */
    int64_t clock_ahead_s; /* of ours */
    const char *password;  /* that it accepts */
    const char *api_key;
    const char *key_refusal;      /* not NULL: the words of the 404 that a wrong key gets (facts 9.8) */
    const char *client_secret;    /* of auth = oauth2 by client credentials */
    bool refuses_mutely;          /* a wrong login of a call gets a bare 401, as from IIS, and no words */
    uint64_t oldest_token;        /* earlier ones are revoked; tickets too */
    bool forgets_lifetimes;       /* refuses no token because of its age */
    int token_status;             /* not 0: every token request is answered so */
    const char *token_body;       /* NULL: a web page; with token_status */
    int64_t token_retry_after_ns; /* 0: none; with token_status */
    enum reason network;          /* not REASON_NONE: what becomes of every exchange */
    enum reason token_network;    /* the same, of token requests */
    const char *proxy;            /* not NULL: the URL, with its login, that the proxy accepts */
    bool readings_hang;           /* secrets that are read meanwhile come when it is over */
    int64_t tickets_in_ns;        /* the key distribution center's time for a ticket */
    uint64_t useless_tickets;     /* so many of the first give no authorization */
    enum reason ticket_reason;    /* not REASON_NONE: it gives none */
    struct scenario_rule rules[8];
    uint64_t oldest_session; /* earlier ones have expired; sessions are counted from 1 */
    /* Not NULL: called when the agent was handed an answer and has not had its turn yet; a scrape may come in between. */
    void (*scrape)(struct scenario *scenario);
};

/* What is between the name of an app server and its probes in most stories. "@" in the text stands for a
   folder where scenario_write puts files. */
#define LIVE                                                                                                 \
    "[appserver live]\n"                                                                                     \
    "url = http://erp.example.com/KineticLive\n"                                                             \
    "company = EPIC06\n"                                                                                     \
    "username = monitor\n"                                                                                   \
    "password = correct horse\n"                                                                             \
    "api_key = key-of-epic06\n"
#define BAQ(name) "[probe " name "]\nkind = baq\nbaq = " name "\n"

/* The agent of this configuration at noon; nothing has happened yet. Fails the test when it has faults. */
struct scenario *scenario_new(const char *configuration);
/* The same with files written before: pairs of name and text, ended by NULL. */
struct scenario *scenario_new_with(const char *configuration, const char *const *files);
/* The same at another moment than noon of Sunday, 2026-02-01, UTC. */
struct scenario *scenario_new_at(const char *configuration, int64_t epoch_seconds);
void scenario_free(struct scenario *scenario);
void scenario_write(struct scenario *scenario, const char *name, const char *text);

struct scenario_erp *scenario_erp(struct scenario *scenario);
struct agent *scenario_agent(struct scenario *scenario);
struct moment scenario_now(const struct scenario *scenario);
const struct model *scenario_model(const struct scenario *scenario);

/* Lets time pass, event by event. Fails the test if the agent wants to be turned again and again at once. */
void scenario_pass(struct scenario *scenario, int64_t ns);
/* The machine sleeps so long: clocks go on, nothing else does. */
void scenario_suspend(struct scenario *scenario, int64_t ns);

/* The wall clock is set; the agent is not told. */
void scenario_set_clock(struct scenario *scenario, int64_t epoch_seconds);

/* Another configuration comes into force now; the agent's next turn is due. */
void scenario_reload(struct scenario *scenario, const char *configuration);

/* As a signal does. */
void scenario_shutdown(struct scenario *scenario);

/* What has come over the wire so far. */
struct scenario_counts {
    uint64_t calls, logins, tickets;
    uint64_t wrong;                 /* calls and token requests whose user, password or client was refused */
    size_t most_calls, most_logins; /* in flight at once */
    uint64_t cancelled;
    size_t in_flight;
};
struct scenario_counts scenario_counts(const struct scenario *scenario);
/* Sessions of SessionModSvc so far. Those that a call or a Logout named when they were not open are strays. */
struct scenario_sessions {
    uint64_t opened, closed, strays;
    size_t open, most_open;
};
struct scenario_sessions scenario_sessions(const struct scenario *scenario);
/* What their ids begin with. */
#define SCENARIO_SESSION_ID "5e551011-cafe-4000-8000-"

/* Calls whose URL held this text. */
uint64_t scenario_calls_of(const struct scenario *scenario, const char *text);
/* Starts of all calls, boot time. */
size_t scenario_starts(const struct scenario *scenario, const int64_t **starts);
/* None has been made, as far as is remembered here: for who counts the agent's memory. */
void scenario_forget_calls(struct scenario *scenario);
/* URL and headers, a line each, of the last call and the last login. */
const char *scenario_last_call(const struct scenario *scenario);
const char *scenario_last_login(const struct scenario *scenario);

/* The value of a series on the page, "epicor_up{appserver=\"live\"}"; NaN when it is not there. */
double scenario_metric(struct scenario *scenario, const char *series);
/* The whole page, valid until the next call. */
const char *scenario_page(struct scenario *scenario);
/* Where the agent wants its next turn. */
int64_t scenario_deadline(const struct scenario *scenario);

#endif
