/* Why a run failed: the closed list of the contract, one row a reason. Every use (metrics, pages, rules,
   retries, the server-wide verdict) walks this table. Names are label values that other people's alert rules
   rely on. */
#ifndef KINETIC_REASON_H
#define KINETIC_REASON_H

#include <stdbool.h>

enum reason {
    REASON_NONE, /* success; has no row */
    REASON_CREDENTIALS,
    REASON_API_KEY,
    REASON_TOKEN_REJECTED,
    REASON_ACCESS_DENIED,
    REASON_UNAUTHORIZED,
    REASON_IDENTITY_PROVIDER,
    REASON_LICENSE_EXHAUSTED,
    REASON_NOT_FOUND,
    REASON_CLIENT_ERROR,
    REASON_CONFLICT_OR_GONE,
    REASON_THROTTLED,
    REASON_UPGRADE_PENDING,
    REASON_UNAVAILABLE,
    REASON_SERVER_ERROR,
    REASON_QUERY_TIMEOUT,
    REASON_REDIRECTED,
    REASON_TIMEOUT,
    REASON_RESOLVE,
    REASON_CONNECT,
    REASON_TLS,
    REASON_CONNECTION_LOST,
    REASON_INVALID_RESPONSE,
    REASON_TOO_LARGE,
    REASON_EXPECTATION,
    REASON_ROWS,
    REASON_INTERNAL,
    REASONS
};

struct reason_row {
    const char *name; /* the label value: "credentials" */
    const char *
        sentence; /* what happened, for people: "The server refused the API key, or wants one and got none." */
    const char *remedy; /* what to do about it, for the one who is paged */
    bool login;         /* a fresh token may help: leads to at most one login (see struct verdict) */
    bool proves_up;     /* such an answer proves that the app server works */
    bool
        own_words; /* only with proves_up: it does in a body of Kinetic's own; a proxy or IIS may say the same */
    bool backs_off; /* the whole app server is to be asked less after it, be the verdict what it may */
    bool retry;     /* the same may go well a moment later: the run may be made again (retries) */
    bool auth;      /* counted in epicor_auth_failures_total */
};

/* The row of a reason other than REASON_NONE. */
const struct reason_row *reason_row(enum reason reason);

/* The label value; "" for REASON_NONE. */
const char *reason_name(enum reason reason);

#endif
