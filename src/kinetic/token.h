/* One token acquisition, without memory of the past: how to ask (TokenResource.svc, facts §1; OAuth 2.0: kinetic/oauth2.h) and
   how to read the answer (facts §1, §2, §9.3-7; RFC 6749 sections 5.1 and 5.2). */
#ifndef KINETIC_TOKEN_H
#define KINETIC_TOKEN_H

#include "base/secret.h"
#include "kinetic/exchange.h"
#include "kinetic/header.h"

#define TOKEN_ANSWER_MAX 65536 /* bytes; a token answer is never larger */

struct token {
    struct secret *text;
    int64_t lifetime_ns;  /* the smaller of ExpiresIn and the JWT's exp - iat, clamped to 1 s .. 400 d; 0:
                             neither known, or nothing above 0 */
    int64_t issued_epoch; /* the JWT's iat, by the server's clock; 0 if unknown */
};
void token_free(struct token *token);

/* Fills the zeroed request (purpose, method, path, keep, max_response) and appends the headers that carry the
   credentials: username and password as two headers, or as Basic. path is below the base URL. False when a
   credential cannot stand in a header (a line break in it). */
bool token_request(const char *path, bool basic, const struct secret *username, const struct secret *password,
                   struct request *request, struct header_list *headers);

/* Reads the answer. outside: it came, or did not come, from an address outside the app server's URL. REASON_NONE: *token
   is filled, the caller frees it. Otherwise the reason by the contract's paragraph on failed token requests, and *message
   an owned text (or NULL), as error_classify:
   - credentials for 401, and for 400 and 403 with invalid_grant or invalid_client (403 as Auth0 refuses a password);
   - outside: else always identity_provider, and the message begins with the reason that it would have been ("connect:
     ...") unless the provider told its own in the form of RFC 6749 section 5.2; only internal stays what it is, because
     that is a failure of ours;
   - inside: network reasons and 502 to 504 keep their own; 404, 405, 500 are identity_provider; a 2xx that holds no token
     is invalid_response.
   A refresh token is passed over and never part of a message. */
enum reason token_answer(const struct answer *answer, bool outside, struct token *token, char **message);

/* Does an answer from inside, which token_answer gave this reason, prove that the app server works? As error_classify says of
   calls: access_denied and client_error do in a body of Kinetic's own. */
bool token_answer_proves_up(const struct answer *answer, enum reason reason);

#endif
