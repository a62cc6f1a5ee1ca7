/* What the agent says in the log about targets and app servers: when a thing changes, again at doubling
   intervals, and when it is over. Texts handed in are redacted. */
#ifndef AGENT_NOTICE_H
#define AGENT_NOTICE_H

#include "agent/server.h"

/* A run has ended. */
void notice_run(struct target *target, const struct probe_result *result, struct moment now);
/* Its columns or output fields are others than before. */
void notice_drift(const struct target *target, const char *sentence);
/* An attempt has failed, and is followed by another. */
void notice_retry(const struct target *target, const struct probe_result *result);
void notice_verdict(struct server *server, struct moment now);
/* A token request of the credential's own, or one for a ticket, has ended; REASON_NONE: granted. */
void notice_login(struct server *server, enum reason reason, int status, const char *message,
                  struct moment now);
/* A Login or Logout of a shared session has ended; REASON_NONE: well. */
void notice_session(const struct server *server, struct server_session *own, const char *method,
                    enum reason reason, int status, const char *message, struct moment now);
/* From until_ns on (boot time; 0: now) credentials are sent again; called when that changes. */
void notice_blocked(struct server *server, int64_t until_ns, struct moment now);
/* The agent ends, or its app server is gone, and a session may still be open. */
/* The proxy refused the login to it. */
void notice_proxy_refused(const struct server *server, struct moment now);
void notice_session_lost(const struct server *server, const struct server_session *own);
/* The secrets were read (why NULL), or could not be. */
void notice_secrets(struct server *server, const char *why, struct moment now);
void notice_target(const struct target *target, struct moment now);

#endif
