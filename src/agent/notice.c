#include "agent/notice.h"

#include <string.h>

#include "base/log.h"

/* A label that is empty is left out of the line. */
static const char *label(const char *text)
{
    return text && *text ? text : NULL;
}

/* No status, as of a run that sent nothing, is left out too. */
static struct log_field status_field(int status)
{
    return status != 0 ? LOG_INT("status", status) : LOG_TEXT("status", NULL);
}

static void say_failed(const struct target *target, enum log_level level, const char *event,
                       const struct probe_result *result)
{
    log_event(level, event, LOG_TEXT("appserver", target->settings->appserver->name),
              LOG_TEXT("probe", target->settings->probe->name),
              LOG_TEXT("company", label(target->settings->company)),
              LOG_TEXT("reason", reason_name(result->reason)), status_field(result->status),
              LOG_TEXT("said", result->message), LOG_TEXT("correlation", result->correlation));
}

static void say_works(const struct target *target, const char *event, int64_t failed_for_ns)
{
    if (failed_for_ns < 0)
        log_event(LOG_INFO, event, LOG_TEXT("appserver", target->settings->appserver->name),
                  LOG_TEXT("probe", target->settings->probe->name),
                  LOG_TEXT("company", label(target->settings->company)));
    else
        log_event(LOG_INFO, event, LOG_TEXT("appserver", target->settings->appserver->name),
                  LOG_TEXT("probe", target->settings->probe->name),
                  LOG_TEXT("company", label(target->settings->company)),
                  LOG_SECONDS("failed_for", failed_for_ns));
}

void notice_run(struct target *target, const struct probe_result *result, struct moment now)
{
    switch (complaint_update(&target->complaint, (uint64_t)result->reason, now.boot_ns)) {
    case COMPLAINT_NEW:
        say_failed(target, LOG_WARN, "probe failed", result);
        break;
    case COMPLAINT_AGAIN:
        /* "app server still fails" speaks for all of its targets. */
        say_failed(target, target->server->verdict.standing == result->reason ? LOG_DEBUG : LOG_WARN,
                   "probe still fails", result);
        break;
    case COMPLAINT_OVER:
        say_works(target, "probe works again", now.boot_ns - target->complaint.since_ns);
        break;
    case COMPLAINT_QUIET:
        if (result->reason == REASON_NONE && !target->succeeded)
            say_works(target, "probe works", -1);
        break;
    }
}

void notice_drift(const struct target *target, const char *sentence)
{
    log_event(LOG_WARN, "columns changed", LOG_TEXT("appserver", target->settings->appserver->name),
              LOG_TEXT("probe", target->settings->probe->name),
              LOG_TEXT("company", label(target->settings->company)), LOG_TEXT("change", sentence));
}

void notice_retry(const struct target *target, const struct probe_result *result)
{
    say_failed(target, LOG_DEBUG, "attempt failed, asked again", result);
}

void notice_verdict(struct server *server, struct moment now)
{
    enum reason reason = server->verdict.standing;
    const char *name = server->settings->name;
    switch (complaint_update(&server->verdict_complaint, (uint64_t)reason, now.boot_ns)) {
    case COMPLAINT_NEW:
        log_event(LOG_ERROR, "app server fails", LOG_TEXT("appserver", name),
                  LOG_TEXT("url", server->settings->url), LOG_TEXT("reason", reason_name(reason)),
                  LOG_TEXT("meaning", reason_row(reason)->sentence),
                  LOG_TEXT("remedy", reason_row(reason)->remedy));
        break;
    case COMPLAINT_AGAIN:
        log_event(LOG_ERROR, "app server still fails", LOG_TEXT("appserver", name),
                  LOG_TEXT("reason", reason_name(reason)),
                  LOG_SECONDS("since", now.boot_ns - server->verdict_complaint.since_ns));
        break;
    case COMPLAINT_OVER:
        log_event(LOG_INFO, "app server works again", LOG_TEXT("appserver", name),
                  LOG_SECONDS("failed_for", now.boot_ns - server->verdict_complaint.since_ns));
        break;
    case COMPLAINT_QUIET:
        break;
    }
}

static void say_login_failed(const struct server *server, const char *event, enum reason reason, int status,
                             const char *message, struct moment now)
{
    int64_t next_ns = server->credential.blocked_until_ns > now.boot_ns ? server->credential.blocked_until_ns
                                                                        : server->credential.retry.until_ns;
    log_event(LOG_WARN, event, LOG_TEXT("appserver", server->settings->name),
              LOG_TEXT("url", server->settings->url), LOG_TEXT("reason", reason_name(reason)),
              status_field(status), LOG_TEXT("said", message),
              LOG_SECONDS("next_in", next_ns > now.boot_ns ? next_ns - now.boot_ns : 0));
}

struct login_words {
    const char *failed, *still_fails, *granted_again, *granted;
};

void notice_login(struct server *server, enum reason reason, int status, const char *message,
                  struct moment now)
{
    static const struct login_words token = {"token request failed", "token request still fails",
                                             "token granted again", "token granted"},
                                    ticket = {"no ticket came", "still no ticket comes",
                                              "ticket granted again", "ticket granted"};
    const struct login_words *words = server->settings->auth == AUTH_NEGOTIATE ? &ticket : &token;
    const char *name = server->settings->name;
    int64_t lifetime_ns = server->credential.lifetime_ns;
    switch (complaint_update(&server->token_complaint, (uint64_t)reason, now.boot_ns)) {
    case COMPLAINT_NEW:
        say_login_failed(server, words->failed, reason, status, message, now);
        break;
    case COMPLAINT_AGAIN:
        say_login_failed(server, words->still_fails, reason, status, message, now);
        break;
    case COMPLAINT_OVER:
        log_event(LOG_INFO, words->granted_again, LOG_TEXT("appserver", name),
                  LOG_SECONDS("lifetime", lifetime_ns),
                  LOG_SECONDS("failed_for", now.boot_ns - server->token_complaint.since_ns));
        break;
    case COMPLAINT_QUIET:
        if (reason == REASON_NONE)
            log_event(server->granted ? LOG_DEBUG : LOG_INFO, words->granted, LOG_TEXT("appserver", name),
                      LOG_SECONDS("lifetime", lifetime_ns));
        break;
    }
}

void notice_session(const struct server *server, struct server_session *own, const char *method,
                    enum reason reason, int status, const char *message, struct moment now)
{
    const char *name = server->settings->name;
    switch (complaint_update(&own->complaint, (uint64_t)reason, now.boot_ns)) {
    case COMPLAINT_NEW:
    case COMPLAINT_AGAIN:
        log_event(LOG_WARN, "session request failed", LOG_TEXT("appserver", name),
                  LOG_TEXT("company", own->session.company), LOG_TEXT("method", method),
                  LOG_TEXT("reason", reason_name(reason)), status_field(status), LOG_TEXT("said", message));
        break;
    case COMPLAINT_OVER:
    case COMPLAINT_QUIET:
        if (reason == REASON_NONE)
            log_event(LOG_INFO, strcmp(method, "Login") == 0 ? "session opened" : "session ended",
                      LOG_TEXT("appserver", name), LOG_TEXT("company", own->session.company));
        break;
    }
}

static const char *way_out(const struct server *server)
{
    return secrets_changeable(server->settings)
               ? "then with one try, or at once when the text of the secret changes"
               : "then with one try";
}

void notice_blocked(struct server *server, int64_t until_ns, struct moment now)
{
    const struct credential *credential = &server->credential;
    const char *name = server->settings->name;
    if (until_ns != 0)
        log_event(LOG_WARN, "login blocked", LOG_TEXT("appserver", name),
                  LOG_TEXT("reason", reason_name(credential->reason)), LOG_TEXT("said", credential->message),
                  LOG_SECONDS("for", until_ns - now.boot_ns), LOG_TEXT("ends", way_out(server)));
    else if (now.boot_ns < server->told_blocked)
        log_event(LOG_INFO, "login no longer blocked", LOG_TEXT("appserver", name));
    else
        log_event(LOG_INFO, "login blocked long enough, one try goes out", LOG_TEXT("appserver", name));
}

void notice_proxy_refused(const struct server *server, struct moment now)
{
    log_event(
        LOG_WARN, "proxy refused the login, nothing is sent", LOG_TEXT("appserver", server->settings->name),
        LOG_SECONDS("for", server->proxy_refusal.until_ns - now.boot_ns), LOG_TEXT("ends", way_out(server)));
}

void notice_session_lost(const struct server *server, const struct server_session *own)
{
    log_event(LOG_WARN, "session not ended: there was no time left",
              LOG_TEXT("appserver", server->settings->name), LOG_TEXT("company", own->session.company));
}

void notice_secrets(struct server *server, const char *why, struct moment now)
{
    const char *name = server->settings->name;
    switch (complaint_update(&server->secrets_complaint, why ? 1 : 0, now.boot_ns)) {
    case COMPLAINT_NEW:
    case COMPLAINT_AGAIN:
        log_event(LOG_WARN, "secret cannot be read", LOG_TEXT("appserver", name), LOG_TEXT("why", why));
        break;
    case COMPLAINT_OVER:
        log_event(LOG_INFO, "secrets can be read again", LOG_TEXT("appserver", name));
        break;
    case COMPLAINT_QUIET:
        break;
    }
}

void notice_target(const struct target *target, struct moment now)
{
    static const char *const states[] = {
        [RUN_NONE] = "idle", [RUN_WAITING] = "waiting", [RUN_ASKING] = "asking", [RUN_ENDED] = "idle"};
    log_event(LOG_INFO, "target", LOG_TEXT("appserver", target->settings->appserver->name),
              LOG_TEXT("probe", target->settings->probe->name),
              LOG_TEXT("company", label(target->settings->company)),
              LOG_TEXT("state", target->resting ? "resting" : states[target_state(target)]),
              LOG_TEXT("reason", label(reason_name(target->last_reason))),
              LOG_INT("status", target->last_status), LOG_INT("failures", target->failures),
              LOG_SECONDS("next_in", target->due_ns - now.boot_ns));
}
