/* The lock-out guard toward a proxy: its accounts are a directory's too. A refused login to it (answer.proxy_refused) holds back
   every request of the app server for login_retry, doubling, or until the text of the proxy's secret changes; then one trial
   goes out at a time. */
#include "agent/notice.h"
#include "agent/server_parts.h"
#include "base/clock.h"

bool server_proxy_blocks(const struct server *server, int64_t now_ns)
{
    return now_ns < server->proxy_refusal.until_ns;
}

void server_note_proxy(struct server *server, const struct answer *answer, struct moment now)
{
    if (server_proxy_blocks(server, now.boot_ns))
        return; /* it was under way before */
    if (answer->proxy_refused) {
        backoff_grow(&server->proxy_refusal, 0, now.boot_ns);
        credential_look(&server->credential);
        notice_proxy_refused(server, now);
    } else if (answer->status > 0 && answer->new_connection) {
        backoff_rest(&server->proxy_refusal);
    }
}

const char *server_proxy_standing(const struct server *server)
{
    return secrets_changeable(server->settings)
               ? "No request was sent: the proxy refuses the user or password that its URL holds. The next "
                 "try "
                 "goes out after login_retry, or at once when the text of the secret changes."
               : "No request was sent: the proxy refuses the user or password that its URL holds. The next "
                 "try "
                 "goes out after login_retry.";
}

void server_proxy_changed(struct server *server)
{
    if (!backoff_stands(&server->proxy_refusal))
        return;
    backoff_rest(&server->proxy_refusal);
    backoff_rest(&server->credential.retry);
    if (server->backoff_reason == REASON_CONNECT)
        backoff_rest(&server->backoff);
    for (size_t i = 0; i < server->session_count; i++)
        backoff_rest(&server->sessions[i]->session.retry);
}

void server_proxy_succeed(struct server *server, const struct server *before)
{
    /* Whether it is the same text, the first reading tells, as of the login. */
    if (server->settings->proxy.form == SECRET_NONE || !server->credential.now.items)
        return;
    server->proxy_refusal = before->proxy_refusal;
    server->proxy_refusal.range = server->settings->login_retry;
}
