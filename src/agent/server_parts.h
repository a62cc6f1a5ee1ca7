/* What the files of the app server share among themselves: server.c (the way to a request), server_login.c (secrets,
   token requests, probes of the kind token), server_session.c (shared sessions), server_answer.c (answers, pauses, the
   end of a run), server_proxy.c (a proxy's refusals). */
#ifndef AGENT_SERVER_PARTS_H
#define AGENT_SERVER_PARTS_H

#include "agent/order.h"
#include "agent/server.h"

/* Is what the run asks next a token request? */
bool target_is_login(const struct target *target);
/* Takes a waiting run out of the queue it stands in. */
void target_dequeue(struct target *target);
uint64_t server_new_ticket(struct server_context *context, uint64_t who);
bool server_has_token(const struct server *server);

/* While a pause stands, requests go one at a time, each after the end of the last pause. */
bool server_may_ask(const struct server *server, int64_t now_ns);
/* A request failed so that the app server is to be asked less. */
void server_pause_after(struct server *server, enum reason reason, const struct answer *answer,
                        struct moment now);
/* Has the proxy refused our login to it so lately that nothing may be sent? */
bool server_proxy_blocks(const struct server *server, int64_t now_ns);
/* What every answer says of the proxy's login. */
void server_note_proxy(struct server *server, const struct answer *answer, struct moment now);
/* For people, while that lasts. */
const char *server_proxy_standing(const struct server *server);
/* The text of the proxy's secret has changed. */
void server_proxy_changed(struct server *server);
/* After credential_succeed: what is known of a refusal goes on. */
void server_proxy_succeed(struct server *server, const struct server *before);
/* Is nothing in flight that carries the login? */
bool server_is_quiet(const struct server *server);
void server_tell_verdict(struct server *server, struct moment now);
void server_tell_token(struct server *server, struct moment now);
/* Until when the login is held back. Told before the outcome that has changed it: who reads the refusal on a page finds there
   that nobody asks again. */
void server_tell_blocked(struct server *server, struct moment now);

/* Hands the run's request to the transport, which takes over what order holds. */
void server_start(struct server *server, struct target *target, struct order *order, struct moment now);
/* What every answer tells, whatever it was asked for. outside: it came from an identity provider, whose certificate and
   clock are not the app server's. */
void server_note_answer(struct server *server, bool outside, const struct answer *answer, struct moment now);
/* After an answer: the transport still reads the answer by the run's plan, so the run is freed later. */
void server_finish_answered(struct server *server, struct target *target, struct probe_result *result,
                            struct moment now);
/* A run of the kind token: its answer is read like one of the credential's own, and thrown away. */
void server_login_probe_answered(struct server *server, struct target *target, const struct answer *answer,
                                 struct moment now);

/* Secrets and token requests, until there is nothing more to do about them for now. */
void server_turn_credential(struct server *server, struct moment now);

/* ---- shared sessions ---- */

/* The session that calls of the target want; NULL: none. */
struct server_session *server_session_of(struct server *server, const struct target *target);
/* Puts the session, which is ready, into the order of a call. */
void server_session_decorate(struct server *server, struct target *target, struct order *order);
/* The call is in flight no more. */
void server_session_done(struct target *target);
/* Reads the answer to such a call; failed: its run fails by it. True: the session has ended, and the run is to be enqueued
   again for a new one; a POST never is, its run fails. */
bool server_session_read(struct server *server, struct target *target, const struct answer *answer,
                         bool failed, struct moment now);
size_t server_sessions_waiting(const struct server *server);
/* Is there a session request to be sent, for which a token is wanted? */
bool server_sessions_want(const struct server *server);
/* Is there a session to be logged out as soon as it carries no call? Neither pauses nor a Login hold that back. */
bool server_sessions_part(const struct server *server);
/* Is any session request in flight? */
bool server_sessions_ask(const struct server *server);
void server_turn_sessions(struct server *server, struct moment now);
int64_t server_sessions_deadline(const struct server *server, int64_t now_ns);
/* A reload has come: each open session is logged out, and opened anew by the next call that wants it. */
void server_sessions_renew(struct server *server);
/* server_turn of a server that leaves. */
int64_t server_turn_leaving(struct server *server, struct moment now);
void server_sessions_free(struct server *server);

/* The text without any of the app server's secrets; the caller frees. NULL gives NULL. */
char *server_redact(const struct server *server, const char *text);

#endif
