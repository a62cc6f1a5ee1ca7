/* What the agent tells the world. The agent calls these functions from its one thread; each turns an event into series
   of the store (families.c holds their rows) and, for people, into the board. Nothing here logs. Texts handed in are copied; messages are redacted
   by the caller. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "config/match.h"
#include "config/model.h"
#include "kinetic/exchange.h"
#include "probe/kind.h"

struct exposition;
struct report;
struct report_appserver;
struct report_target;
struct board;
struct mailbox;

/* Owners and their standing series for every app server and target of the model (a reference is taken). All counters
   with a closed label list stand at 0. */
struct report *report_new(struct model *model, struct moment now, const char *version, const char *revision);
void report_free(struct report *report);
struct board *report_board(struct report *report);
/* Where the web side asks for a reload; NULL: the system gave no descriptor for it. */
struct mailbox *report_mailbox(struct report *report);

/* By their indices in the model in force. Each stays the same over reloads that keep it. */
struct report_appserver *report_appserver(struct report *report, size_t index);
struct report_target *report_target(struct report *report, size_t index);

/* ---- the configuration ---- */

/* The model is in force from now on. match: how it goes with the one before. What stays keeps counters, histograms and
   results (but not the results of another kind, nor the gauges of a login that is no more); what is new starts at 0. The
   series of what has gone vanish; its handles drop what they are told from now on, and whoever holds them frees them. */
void report_reload(struct report *report, struct model *model, const struct model_match *match,
                   struct moment now);
/* A configuration was read that has faults; the one before stays in force. */
void report_reload_failed(struct report *report);

/* A handle that drops what it is told, as of an app server that has gone. */
struct report_appserver *report_appserver_none(void);
/* Only of what a reload has removed. */
void report_appserver_free(struct report_appserver *appserver);
void report_target_free(struct report_target *target);

/* ---- runs of a target ---- */

struct run_record {
    struct moment ended;
    int64_t due_next_boot_ns; /* the next run */
    bool asked;          /* at least one request went out; else it only waited, and no histogram sees it */
    bool timed;          /* got an answer or timed out: observed in the histogram */
    int64_t attempts;    /* that failed and were followed by another */
    int64_t duration_ns; /* of its exchanges together; no waiting for a place, no login */
    struct phases
        phases; /* processing and transfer of the last exchange; resolve, connect, tls of a new connection, else -1 */
    const struct probe_result *result;
    const struct target_settings
        *settings; /* by which it ran: maybe those that a reload has replaced since */
    bool
        has_columns; /* the run told which there are; then what is known of the target's now (probe/drift.h) */
    uint64_t columns, schema_hash;
    const char *drift; /* what came and went with it, a redacted sentence; NULL: nothing */
};

void report_run(struct report_target *target, const struct run_record *record);

/* The schedule stands: the first run is due then. */
void report_scheduled(struct report_target *target, int64_t due_boot_ns);

/* The target is outside its windows until due_boot_ns: its results and the times of its last run vanish, so that no rule finds
   it failing or stale. What was counted stays. */
void report_rest(struct report_target *target, int64_t due_boot_ns);

/* An HTTP answer came to a request of the target. */
void report_response(struct report_target *target, int status);

/* A run was left out: the last one is still going, or it never got a place. Neither says that the target's results are stale,
   so they go on to stand for three intervals more. */
enum skip_cause { SKIP_OVERRUN, SKIP_GATE };
void report_skipped(struct report_target *target, enum skip_cause cause, struct moment now);

/* Due until ready to be sent, or found to be too late to be made up (schedule_missed); waiting for a place not counted. */
void report_lateness(struct report *report, int64_t lateness_ns);

/* ---- an app server ---- */

/* known false: no request has ended yet. Else reason NONE (up) or the server-wide verdict. */
void report_verdict(struct report_appserver *appserver, bool known, enum reason reason, struct moment now);
void report_connection_opened(struct report_appserver *appserver);
void report_resend(struct report_appserver *appserver);
void report_gate(struct report_appserver *appserver, int64_t in_flight, int64_t waiting,
                 int64_t backoff_until_wall_ns);
void report_request_wait(struct report_appserver *appserver, int64_t waited_ns);
void report_clock_skew(struct report_appserver *appserver, double seconds);

enum certificate_of { CERTIFICATE_SERVER, CERTIFICATE_IDENTITY_PROVIDER, CERTIFICATE_CLIENT };
void report_certificate(struct report_appserver *appserver, enum certificate_of whose, int64_t expiry_epoch);

/* A token request ended: status 0 where no answer came; reason NONE: a token was granted. message is for the board. */
void report_token_request(struct report_appserver *appserver, int status, int64_t duration_ns,
                          enum reason reason, const char *message, struct moment now);
/* The token that lives now; lifetime_ns 0: none does. */
void report_token(struct report_appserver *appserver, int64_t lifetime_ns, int64_t expiry_boot_ns,
                  struct moment now);
/* Another credential is in force: no token of the last lives, its failures are no longer shown. */
void report_credential_changed(struct report_appserver *appserver);
/* correlation: what the server sent as its CorrelationId with the failure, redacted; NULL: none. */
void report_auth_failure(struct report_appserver *appserver, enum reason reason, const char *correlation,
                         struct moment now);
void report_reauthentication(struct report_appserver *appserver);
/* 0: not blocked. Otherwise why: what was refused last, and its redacted words (or NULL). changeable: another text of the
   secret would end it at once, as its source can have one without a restart. */
void report_login_blocked(struct report_appserver *appserver, int64_t until_wall_ns, enum reason reason,
                          const char *message, bool changeable, struct moment now);

/* Whether windows of maintenance and business hours are configured, and whether it is inside them now. */
void report_windows(struct report_appserver *appserver, bool has_maintenance, bool in_maintenance,
                    bool has_hours, bool in_hours);
/* None of its targets is within its windows, so nobody would take back what is told of token requests that failed. */
void report_nobody_asks(struct report_appserver *appserver);
/* A run is made again from its start after a failed attempt. */
void report_retry(struct report_appserver *appserver);

/* license: its label value. */
void report_license_refusal(struct report_appserver *appserver, const char *license);
void report_license_claim(struct report_appserver *appserver, const char *license, int64_t held_ns);
/* Whether calls are delayed because no seat is left, once the detector has a baseline (agent/throttle.h). */
void report_throttled(struct report_appserver *appserver, bool throttled);
/* Sessions that the agent holds open; of an app server with session = shared, 0 from the start. */
void report_sessions_open(struct report_appserver *appserver, int64_t open);

/* ---- the agent itself ---- */

/* The next two may be called by any thread. */

/* The web side answered a request. path: of its table of routes ("/metrics"), or "other"; bytes: of the body. */
void report_http_request(struct report *report, const char *path, int code, uint64_t bytes,
                         struct moment now);

/* Writes the page of all series, as asked for (metrics/exposition.h; NULL: text format
   0.0.4, all), into the buffer; what is read at the scrape
   (process_*, log messages) is read here. False when it does not fit: what the buffer holds then is no page. */
bool report_page(struct report *report, const struct exposition *exposition, struct moment now,
                 struct buffer *page);

/* One turn of the agent's loop has taken turn_ns and ended now; also the heartbeat. */
void report_turn(struct report *report, int64_t turn_ns, struct moment now);
/* The schedule turns. */
void report_ready(struct report *report, bool ready);

#endif
