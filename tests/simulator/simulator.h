/*
 * The polite Kinetic server: an app server in this process, on a free port of 127.0.0.1.
 *
 * What it pretends follows "Epicor Kinetic REST: wire facts" (the section is named where a thing is
 * pretended); where the facts name two ways, struct simulator_behaviour chooses. Zero is always the usual
 * way.
 *
 *     struct simulator *server = simulator_start(NULL);
 *     ... simulator_url(server) ...
 *     simulator_stop(server);
 *
 * Every function may be called from any thread while the server runs. Strings given are copied. A misuse (an
 * unknown name, no memory, no socket) ends the program with a message: this is a tool of tests.
 */
#ifndef SIMULATOR_SIMULATOR_H
#define SIMULATOR_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct simulator;

#define SIMULATOR_UNLIMITED UINT32_MAX

/* ---- start and stop
 * -------------------------------------------------------------------------------------------- */

enum simulator_certificate {
    SIMULATOR_PLAIN_HTTP,
    SIMULATOR_TLS_VALID,   /* for localhost, 127.0.0.1 and ::1, signed by the CA of simulator_ca_file() */
    SIMULATOR_TLS_EXPIRED, /* ended a day ago */
    SIMULATOR_TLS_NOT_YET_VALID, /* begins tomorrow */
    SIMULATOR_TLS_SELF_SIGNED,   /* simulator_ca_file() is a CA that has nothing to do with it */
    SIMULATOR_TLS_WRONG_NAME,    /* for wrong.example.test */
};

/* The ways to be let in to API calls. */
enum simulator_way {
    SIMULATOR_WAY_TOKEN,   /* Authorization: Bearer, a token of TokenResource.svc (facts §1) */
    SIMULATOR_WAY_BASIC,   /* Authorization: Basic on each call; real servers take both (facts §1, §3) */
    SIMULATOR_WAY_OAUTH,   /* Bearer, a token of the simulator's own token endpoint, where it is on (§2) */
    SIMULATOR_WAY_FOREIGN, /* Bearer, a JWT of another identity provider, where its keys are given (§2) */
    SIMULATOR_WAY_PROXY,   /* a header of a trusted proxy in front, where its name is given */
    SIMULATOR_WAY_NONE,    /* everybody; the API key is still wanted */
    SIMULATOR_WAYS
};
#define SIMULATOR_BY(way) (1u << (way))

/* The ways in which real servers differ, or in which sources contradict each other. */
struct simulator_behaviour {
    /* TokenResource.svc, facts §1 */
    uint32_t token_lifetime; /* seconds; 0: 3600 */
    enum { SIMULATOR_CLAIMS_STRINGS, SIMULATOR_CLAIMS_NUMBERS, SIMULATOR_OPAQUE_TOKEN } token_claims;
    enum { SIMULATOR_EXPIRES_NUMBER, SIMULATOR_EXPIRES_STRING, SIMULATOR_EXPIRES_MISSING } expires_in;
    enum { SIMULATOR_TOKEN_BY_ACCEPT, SIMULATOR_TOKEN_XML, SIMULATOR_TOKEN_JSON } token_form;
    enum { SIMULATOR_REFRESH_EMPTY, SIMULATOR_REFRESH_ABSENT, SIMULATOR_REFRESH_FILLED } refresh_token;
    enum { SIMULATOR_NAMES_PASCAL, SIMULATOR_NAMES_OAUTH } token_names; /* AccessToken or access_token */
    enum {
        SIMULATOR_REFUSAL_BY_ACCEPT, /* Epicor's JSON or XML */
        SIMULATOR_REFUSAL_XML,
        SIMULATOR_REFUSAL_HTML,
        SIMULATOR_REFUSAL_EMPTY
    } token_refusal;
    enum {
        SIMULATOR_CREDENTIALS_ANY, /* username and password as headers, or Basic (§9 no. 2) */
        SIMULATOR_CREDENTIALS_HEADERS,
        SIMULATOR_CREDENTIALS_BASIC
    } token_credentials;
    uint32_t claims_lifetime; /* exp - iat in the JWT, where ExpiresIn says another; 0: the same (§9 no. 4) */
    bool token_byte_order_mark; /* before the answer, JSON or XML (§9 no. 3) */
    bool token_slash_redirects; /* without the slash at the end: 301 to it, as WCF may do (§9 no. 1) */
    enum { SIMULATOR_TOKENS_ON, SIMULATOR_TOKENS_OFF_404, SIMULATOR_TOKENS_OFF_500 } token_feature;
    int32_t clock_offset; /* seconds that the server's clock is ahead of ours: exp, iat, Date header,
                             verification */

    /* Access, facts §3 */
    unsigned access; /* SIMULATOR_BY(...) | ...; 0: all that are configured, but not SIMULATOR_WAY_NONE */
    enum {
        SIMULATOR_BASIC_EPICOR, /* 401 with Epicor's body, "Invalid username or password." */
        SIMULATOR_BASIC_HTML    /* IIS's page "HTTP Error 401.1" without a telling text (§9 no. 22) */
    } basic_refusal;            /* of a wrong user or password, or of none */
    /* So many wrong passwords in a row, whichever way they came, lock the account for so many seconds; 0: never,
     * and 0: until simulator_unlock(). A locked account answers as a wrong password does. */
    uint32_t lockout_after, lockout_seconds;
    enum { SIMULATOR_KEY_401, SIMULATOR_KEY_403, SIMULATOR_KEY_404 } key_refusal;
    enum { SIMULATOR_RIGHT_401, SIMULATOR_RIGHT_403, SIMULATOR_RIGHT_404 } right_refusal; /* 404: scope */
    enum {
        SIMULATOR_BEARER_EMPTY,  /* 401 without a telling text: empty body, WWW-Authenticate: Bearer */
        SIMULATOR_BEARER_EPICOR, /* 401 with Epicor's JSON, "Invalid username or password." (one text for all)
                                  */
        SIMULATOR_BEARER_HTML
    } bearer_refusal; /* an expired, revoked or foreign token */

    /* Its own token endpoint, facts §2; token_lifetime, expires_in and an opaque token as above */
    enum {
        SIMULATOR_CLIENT_FORM_OR_BASIC,
        SIMULATOR_CLIENT_FORM,
        SIMULATOR_CLIENT_BASIC
    } client_authentication; /* what it takes; an assertion always, where a key was given */
    bool client_basic_raw;   /* reads Basic as it is, in place of form-urlencoded inside (RFC 6749 §2.3.1) */
    bool thumbprint_wanted;  /* an assertion needs x5t or x5t#S256; one that is there is always checked */

    /* Rows, facts §6 */
    bool ignores_paging; /* $skip and absolutePage: the first page comes whichever is asked for (facts §6) */
    uint32_t row_cap;    /* DefaultMaxRowCount; 0: 100; SIMULATOR_UNLIMITED: none */
    enum { SIMULATOR_COUNT_NUMBER, SIMULATOR_COUNT_STRING, SIMULATOR_COUNT_ABSENT } count_form;
    bool decimals_as_strings; /* "62400.00000000" */
    bool integers_as_strings; /* OData v3 writes 64 bits so; in rows and in answers of methods */
    bool bare_dates;          /* of {@N}: without Z */
    enum {
        SIMULATOR_ENVELOPE_BY_VERSION, /* v2 @odata.context, v1 odata.metadata */
        SIMULATOR_ENVELOPE_V4,
        SIMULATOR_ENVELOPE_V3,
        SIMULATOR_ENVELOPE_BARE /* `value` alone */
    } envelope;                 /* §9 no. 18 */
    bool pad_characters;        /* char columns filled with blanks */
    bool gzip;                  /* every answer, where the client accepts it */
    bool content_length;        /* rows with Content-Length in place of chunked coding */

    /* Methods, facts §6 "Method calls" */
    enum {
        SIMULATOR_RETURN_OBJECT, /* table arrays in an object; a scalar as it is */
        SIMULATOR_RETURN_ARRAY, /* the rows of the first table themselves (§9 no. 30; which array is a guess) */
        SIMULATOR_RETURN_SETS /* the object in an array (a guess too) */
    } return_obj;
    bool parameters_first;   /* before returnObj */
    bool page_size_zero_400; /* pageSize=0 is refused, else all rows (§9 no. 37) */
    uint32_t
        method_rows; /* most rows of a page of GetRows and GetList, whatever was asked; 0: no such bound */
    enum {
        SIMULATOR_VOID_OBJECT,     /* {} */
        SIMULATOR_VOID_PARAMETERS, /* {"parameters":{}} */
        SIMULATOR_VOID_EMPTY,      /* 200 without a body */
        SIMULATOR_VOID_204
    } void_answer; /* of a method without output, §7.1; its form is a guess */

    /* What is there, facts §5.2, §5.3; shapes that the facts call unknown are guesses */
    uint32_t
        more_baqs; /* so many further names zListed00001 ... in the list of BAQs, which answer 404 themselves */
    bool company_metadata; /* the company's $metadata is supported (§9 no. 39) */
    enum {
        SIMULATOR_EFX_VALUE,     /* {"value":[{"LibraryID","Functions":[{"FunctionID"}]}]} */
        SIMULATOR_EFX_ARRAY,     /* the array alone */
        SIMULATOR_EFX_PAIRS,     /* {"value":[{"LibraryID","FunctionID"}]} */
        SIMULATOR_EFX_LIBRARIES, /* ["Library"] */
        SIMULATOR_EFX_MAP        /* {"Library":["Function"]} */
    } efx_list;
    enum { SIMULATOR_NULLS_LEFT_OUT, SIMULATOR_NULLS_WRITTEN } efx_nulls; /* §9 no. 16 */
    enum {
        SIMULATOR_ENVIRONMENT_OBJECT, /* {"Companies":[{"Company","Plants":[...]}]} */
        SIMULATOR_ENVIRONMENT_ARRAY,
        SIMULATOR_ENVIRONMENT_EMPTY /* {} */
    } environment;

    /* Licenses, facts §4 */
    enum { SIMULATOR_LICENSE_GUIDS, SIMULATOR_LICENSE_NAMES } license_codes; /* UserLicenseCode, a guess */
    enum {
        SIMULATOR_SEATS_SHARED,
        SIMULATOR_SEATS_REFUSED
    } seats_gone;              /* of WebService; others are refused */
    uint32_t shared_delay_ms;  /* of a call on WebServiceShared; 0: 20000 */
    bool shared_delay_doubles; /* with each such call in a row, up to 16 times */
    int seats_status;          /* of the refusal; 0: 500 */

    /* Sessions, facts §4.3 */
    uint32_t session_idle_seconds; /* a session unused so long has expired; 0: 72 h */
    bool session_info_500; /* 500 to a call with SessionInfo that is none of SessionModSvc (§9 no. 32) */

    /* Errors, facts §5.4 */
    bool secure_errors; /* errors of BAQs, functions and services hide their text */

    uint32_t latency_ms, latency_jitter_ms; /* of every answer: latency + 0..jitter; 0: none */
};

/* The simulator's own OAuth 2.0 token endpoint (RFC 6749, facts §2): grants client_credentials and password. */
struct simulator_oauth {
    bool on;
    const char *path;          /* below the root of the host; NULL: "/connect/token" */
    bool own_port;             /* listens on a port of its own, so that it can be down alone */
    uint16_t port;             /* that port; 0: free */
    const char *client_id;     /* NULL: "demo-client" */
    const char *client_secret; /* NULL: "demo-client-secret"; "": the client has none */
    const char *client_key;    /* PEM text of a certificate or a public key: private_key_jwt, RS256 or PS256
                                  (RFC 7523 §3: aud, iss = sub = client id, exp, jti used once); NULL: none */
    const char *audience;      /* of that assertion; NULL: simulator_token_url() */
    const char *scopes;        /* those it knows, blanks between them; NULL: any */
    const char *user;          /* as whom client_credentials comes in; NULL: options.user */
};

/* Another identity provider whose JWTs (RS256, PS256) are let in; exp and nbf are checked always. */
struct simulator_foreign {
    const char *jwks, *jwks_file; /* JWKS document (RFC 7517) as text, or a file; both NULL: none is let in */
    const char *issuer, *audience; /* NULL: any */
};

struct simulator_options {
    const char *base_path;        /* NULL: "/KineticLive" */
    const char *host;             /* NULL: 127.0.0.1 */
    uint16_t port;                /* 0: free */
    const char *user, *password;  /* NULL: "epicor-monitor", "demo-password" */
    const char *api_key;          /* NULL: "demo-api-key" */
    const char *const *companies; /* ended by NULL; NULL: EPIC06, EPIC07 */
    enum simulator_certificate certificate;
    int64_t certificate_expires_in; /* seconds from now until notAfter; 0: 90 days (expired: a day ago) */
    const struct simulator *ca_of;  /* a running one whose CA signs this certificate too; NULL: its own CA */
    /* "seats=WebService=5": what is otherwise than usual from the start, in the words of a change, see below; NULL: nothing.
     * They come after the options beside them. */
    const char *const *changes;
    struct simulator_behaviour behaviour;
    struct simulator_oauth oauth;
    struct simulator_foreign foreign;
    /* "X-Remote-User": a proxy in front did Kerberos, NTLM or Basic and names the user in this header, as user,
     * user@REALM or DOMAIN\user; the user must be known here. Whoever sends it is believed. NULL: nobody is. */
    const char *proxy_user_header;
};

/* The server listens when this returns. NULL options: all defaults. */
struct simulator *simulator_start(const struct simulator_options *options);
/* Ends delays, closes connections, joins threads, removes the CA file. NULL is nothing. */
void simulator_stop(struct simulator *simulator);

uint16_t simulator_port(const struct simulator *simulator);
/* "http://127.0.0.1:PORT/KineticLive" (https: "https://localhost:PORT/KineticLive"), no slash at the end. */
const char *simulator_url(const struct simulator *simulator);
/* "http://127.0.0.1:PORT/connect/token"; NULL where the token endpoint is off. */
const char *simulator_token_url(const struct simulator *simulator);
/* PEM file in a folder that simulator_stop() removes; NULL without TLS. */
const char *simulator_ca_file(const struct simulator *simulator);
time_t simulator_certificate_not_after(const struct simulator *simulator);

struct simulator_behaviour simulator_behaviour(struct simulator *simulator);
void simulator_set_behaviour(struct simulator *simulator, const struct simulator_behaviour *behaviour);
/* By name, for command lines: row i and what can be chosen, "a|b" (the first is the usual way) or "N"; false past the end. */
bool simulator_behaviour_name(size_t i, const char **name, const char **choices);
/* False: no such name, or no such choice. */
bool simulator_behaviour_choose(struct simulator_behaviour *behaviour, const char *name, const char *value);

/* ---- who may come in
 * ------------------------------------------------------------------------------------------- */

/* A new user, or a new password; the account stays locked if it was. */
void simulator_set_password(struct simulator *simulator, const char *name, const char *password);
/* Their passwords are wrong from now on; tokens that they have are still good. */
void simulator_remove_user(struct simulator *simulator, const char *name);
/* user NULL: all. Locked until simulator_unlock(); counts as no lock-out. */
void simulator_lock(struct simulator *simulator, const char *user);
void simulator_unlock(struct simulator *simulator, const char *user);
bool simulator_locked(struct simulator *simulator, const char *name);
/* company NULL: the key of every company that has none of its own. A company's own key is good for no other. */
void simulator_set_api_key(struct simulator *simulator, const char *company, const char *key);
/* The company has no key of its own any more. */
void simulator_remove_api_key(struct simulator *simulator, const char *company);
void simulator_set_client_secret(struct simulator *simulator, const char *secret);
/* PEM text; NULL: no assertion is good. */
void simulator_set_client_key(struct simulator *simulator, const char *pem);
/* The keys of the other identity provider are now these; a JWKS document as text, or the same from a file. */
void simulator_set_jwks(struct simulator *simulator, const char *text);
void simulator_load_jwks(struct simulator *simulator, const char *file);
/* Whether the own token endpoint listens; only with own_port. Off: connections are refused. The port stays. */
void simulator_set_identity_provider(struct simulator *simulator, bool up);
/* Whether the app server listens. Off: connections are refused, those that stand are cut. The port stays. */
void simulator_set_listening(struct simulator *simulator, bool up);
bool simulator_listening(struct simulator *simulator);
/* Of a server with TLS: new connections see this certificate, of the same CA; those that stand are closed when what was asked
 * over them is answered. expires_in: as in struct simulator_options. */
void simulator_set_certificate(struct simulator *simulator, enum simulator_certificate kind,
                               int64_t expires_in);
/* Every token given until now is refused from now on; those of the other identity provider that have been seen too. */
void simulator_revoke_tokens(struct simulator *simulator);
/* The account loses the right to a service ("Erp.BO.PartSvc"), a BAQ ("BaqSvc/NAME"), a library ("efx/LIB"):
 * 401 `Access denied (...)`. allowed = true gives it back. */
void simulator_set_right(struct simulator *simulator, const char *resource, bool allowed);

/* ---- what it has
 * ----------------------------------------------------------------------------------------------- */

/* A column: its value is JSON text with slots: {n} the row's number from 1, {n%M} its remainder, {company},
 * {guid}, {a|b|c}: row by row one of these, and {<N|a|b|c}: a in the first N rows, then b and c. A text of digits with a point is a decimal, a quoted one is a
 * char column (see the behaviour). */
struct simulator_column {
    const char *name, *value;
};

/* So many BAQs are there at start. */
#define SIMULATOR_BAQS 5

/* Creates or replaces a BAQ. Columns end with a NULL name; RowIdent is added to every row. NULL columns: an
 * order number, a customer, an amount, a date, a boolean, a null. Rows may be many millions: they are made
 * while they are sent. */
void simulator_set_baq(struct simulator *simulator, const char *name, const struct simulator_column *columns,
                       uint64_t rows);
/* Changes only the number of rows of a BAQ or entity set ("Erp.BO.PartSvc/Parts"); an unknown BAQ is made with the
 * usual columns. */
void simulator_set_rows(struct simulator *simulator, const char *name, uint64_t rows);
/* Also for entity sets, functions ("MonitorLib/Ping") and methods: from now on unknown, 404. */
void simulator_remove(struct simulator *simulator, const char *name);
/* name: "Erp.BO.PartSvc/Parts". */
void simulator_set_entity(struct simulator *simulator, const char *name,
                          const struct simulator_column *columns, uint64_t rows);

/* Changes at run time, of rows and $metadata alike; a column that is not there, or is there already, is a misuse. */
void simulator_add_column(struct simulator *simulator, const char *table, const char *column,
                          const char *value);
void simulator_remove_column(struct simulator *simulator, const char *table, const char *column);
void simulator_move_column_last(struct simulator *simulator, const char *table, const char *column);
/* "Edm.Int64" ...; only $metadata tells it. */
void simulator_set_column_type(struct simulator *simulator, const char *table, const char *column,
                               const char *type);
/* In how many answers so far the column was sent, in rows of an entity set or BAQ or of a method that reads it. */
uint64_t simulator_column_answers(struct simulator *simulator, const char *table, const char *column);

/* A method of a service (facts §6): POST with a JSON object, or GET. Texts are JSON with {now}, {n} and {n%M} as in functions,
 * and {company}. */
struct simulator_method {
    const char *name;       /* "Ice.LIB.SessionModSvc/GetPatchLevel"; the service's case does not count */
    const char *return_obj; /* NULL: none */
    const char *parameters; /* a JSON object; NULL: none */
    const char *
        rows; /* in place of return_obj: rows of this entity set, by pageSize and absolutePage, morePages among the
                               parameters; whereClause is taken and has no effect */
    const char *rows_as; /* the table's name in returnObj: "AdminSessionList" */
    const char *wants;   /* a parameter that has to come; NULL: none */
    bool get;            /* also by GET */
    int status;          /* not 0: it fails so, with `message` */
    const char *message;
};
/* Creates or replaces it. */
void simulator_set_method(struct simulator *simulator, const struct simulator_method *method);
/* A method that fails from now on, however it answers when it is mended: "Ice.BO.HealthCheckSvc/ErpAlive", 500. */
void simulator_fail_method(struct simulator *simulator, const char *name, int status, const char *message);
void simulator_mend_method(struct simulator *simulator, const char *name);
/* isProductionInstance of GetCurrentValuesFromServer; true at first. */
void simulator_set_production(struct simulator *simulator, bool production);

/* Any other answer below the base path: feeds, pages. path: without a slash at the begin. GET and HEAD. */
struct simulator_page {
    const char *path, *content_type, *text;
    bool open; /* nobody has to be let in */
};
void simulator_set_page(struct simulator *simulator, const struct simulator_page *page);

struct simulator_function {
    const char *name; /* "MonitorLib/Ping" */
    enum {
        SIMULATOR_FUNCTION_RETURNS,
        SIMULATOR_FUNCTION_BL_EXCEPTION, /* 400, BLException with `message` */
        SIMULATOR_FUNCTION_UNHANDLED     /* 500, generic text and a CorrelationId */
    } outcome;
    const char *answer; /* JSON object; {now} = server time, {n}, {n%M} = number of the call; null members are
                           left out */
    const char *message; /* of the BLException */
    bool staging;        /* not published: only under efx/staging/ */
    uint32_t
        not_found_every; /* each so many-th call: 404 `Can't find library` though it is published; 0: never */
};
void simulator_set_function(struct simulator *simulator, const struct simulator_function *function);

/* ---- seats (facts §4)
 * ------------------------------------------------------------------------------------------ */

/* license: "Default", "WebService", "WebServiceShared", ... as in the table of facts §4.1. Unlimited at
 * start. */
void simulator_set_seats(struct simulator *simulator, const char *license, uint32_t owned);
/* Seats that other users sit on. */
void simulator_occupy_seats(struct simulator *simulator, const char *license, uint32_t others);
/* Held by calls and by sessions, others not counted; license NULL: all together. A call keeps its seat until its
 * own end, also when the client has gone; a session until Logout or expiry, and calls within it take none. */
uint32_t simulator_seats_taken(struct simulator *simulator, const char *license);
/* The most held at once so far, or since simulator_reset_peaks(). */
uint32_t simulator_seats_peak(struct simulator *simulator, const char *license);
/* Calls and sessions that got such a seat since the start. */
uint64_t simulator_seats_calls(struct simulator *simulator, const char *license);

/* ---- sessions (facts §4.3): POST .../Ice.LIB.SessionModSvc/Login, Logout, IsValidSession; v1 and v2
 * ------------------ */

uint32_t simulator_sessions_open(struct simulator *simulator);
/* Waits until exactly so many are open; false when the time is over. */
bool simulator_wait_sessions(struct simulator *simulator, uint32_t open, unsigned timeout_ms);
/* Every session expires now: its seat is free, calls within it get 410 InvalidSessionException. */
void simulator_expire_sessions(struct simulator *simulator);

/* ---- faults
 * ---------------------------------------------------------------------------------------------------- */

enum simulator_body {
    SIMULATOR_BODY_EPICOR_JSON, /* facts §5.4, 1 */
    SIMULATOR_BODY_EPICOR_XML,  /* 2: HttpStatus is a word */
    SIMULATOR_BODY_ODATA4,      /* 3 */
    SIMULATOR_BODY_ODATA3,      /* 3: odata.error */
    SIMULATOR_BODY_OAUTH,       /* 4: error = type, error_description = message */
    SIMULATOR_BODY_IIS_HTML,    /* 5 */
    SIMULATOR_BODY_EMPTY,       /* 5 */
    SIMULATOR_BODY_TEXT,        /* `text` as it stands */
    SIMULATOR_BODY_SOAP_FAULT,  /* SOAP 1.1, faultstring = message; form by the standard */
};

struct simulator_fault {
    const char *path;   /* part of the path, as "BaqSvc/zOrders"; NULL: every request */
    const char *method; /* NULL: every method */
    uint32_t skip;      /* so many matching requests pass first */
    uint32_t count;     /* so many are hit; 0: until cleared */
    int status;         /* 0: the ordinary answer, only late */
    enum simulator_body body;
    const char *message, *type; /* ErrorMessage, ErrorType; NULL: what fits the status */
    bool echo; /* the message, or the text, is what was sent: query, headers and body, secrets and all */
    const char *text, *content_type;
    const char *headers;    /* further lines, "Retry-After: 5\nLocation: /x" */
    uint32_t queue_ms;      /* before the request is looked at: what the answer says is made afterwards */
    uint32_t delay_ms;      /* before the first byte; with status 0 the call sits on its seat meanwhile */
    uint32_t body_delay_ms; /* amid the body */
    bool hold;              /* the answer waits, on its seat with status 0, until the fault is cleared */
};

/* Returns a number for simulator_clear_fault. The first fault that matches decides. */
unsigned simulator_add_fault(struct simulator *simulator, const struct simulator_fault *fault);
/* A ready-made fault of simulator_fault_name(), for a path (NULL: all) and a number of requests (0: until
 * cleared); or an event of simulator_event_name(), which begins now and ends when it is cleared: `path` means
 * nothing to it. */
unsigned simulator_add_named_fault(struct simulator *simulator, const char *name, const char *path,
                                   uint32_t count);
void simulator_clear_fault(struct simulator *simulator, unsigned number);
void simulator_clear_faults(struct simulator *simulator);
/* Requests hit so far. */
uint32_t simulator_fault_hits(struct simulator *simulator, unsigned number);

/* Row i of the ready-made faults: its name and what it is; false past the end. */
bool simulator_fault_name(size_t i, const char **name, const char **description);
/* The same of the events: what befalls the whole server, or its token endpoint. */
bool simulator_event_name(size_t i, const char **name, const char **description);

/* ---- what came
 * ------------------------------------------------------------------------------------------------- */

struct simulator_header {
    char *name, *value;
};

struct simulator_request {
    char *method;
    char *path;  /* as sent, without the query; begins with the base path */
    char *query; /* as sent, without the '?'; "" when there is none */
    struct simulator_header *headers;
    size_t headers_count;
    char *body; /* ends with NUL; at most 64 KiB are kept */
    size_t body_size;
    int64_t arrived_ns;  /* CLOCK_MONOTONIC, when the request was complete */
    unsigned connection; /* from 1: the same number, the same connection */
    int status;          /* of the answer; 0 while there is none */
};

/* How many requests came whose path contains this text (NULL: all). Exact, however many. */
uint64_t simulator_requests(struct simulator *simulator, const char *path_part);
/* The i-th such request from 0 among the last 4096 requests, or with i = SIMULATOR_LAST the last; NULL when
 * there is none. To be freed by simulator_request_free. */
#define SIMULATOR_LAST SIZE_MAX
struct simulator_request *simulator_request(struct simulator *simulator, const char *path_part, size_t i);
void simulator_request_free(struct simulator_request *request);
/* Value of a header (case-blind), NULL when it is absent. */
const char *simulator_request_header(const struct simulator_request *request, const char *name);
/* The i-th value of a query argument, decoded, allocated; NULL when there is none. */
char *simulator_request_argument(const struct simulator_request *request, const char *name, size_t i);

/* Waits until so many such requests have come; false when the time is over. */
bool simulator_wait_requests(struct simulator *simulator, const char *path_part, uint64_t count,
                             unsigned timeout_ms);
/* Waits until no request is being worked on. */
bool simulator_wait_idle(struct simulator *simulator, unsigned timeout_ms);
/* The most requests worked on at the same time; reset sets it back to those of now. A request counts until
 * its last byte is handed to the network. */
uint32_t simulator_requests_peak(struct simulator *simulator);
void simulator_reset_peaks(struct simulator *simulator);
/* To all listeners. */
uint64_t simulator_connections(struct simulator *simulator);

struct simulator_counts {
    uint64_t logins[SIMULATOR_WAYS];   /* API calls let in, by way */
    uint64_t refusals[SIMULATOR_WAYS]; /* API calls refused for user, password or token, by the way tried;
                                                 those that brought nothing stand under SIMULATOR_WAY_NONE */
    uint64_t wrong_passwords; /* of token requests, Basic and password grants; a locked account's not */
    uint64_t locked_attempts; /* attempts on a locked account, with the right password or a wrong one */
    uint64_t lock_outs;       /* accounts locked by wrong passwords */
    uint64_t token_requests, token_refusals; /* to TokenResource.svc; refusals: any status but 200 */
    uint64_t oauth_requests, oauth_refusals; /* to the own token endpoint */
    uint64_t wrong_clients;                  /* wrong client id, secret or assertion there */
    uint64_t wrong_api_keys;                 /* API calls without a key count too */
    uint64_t sessions_opened, sessions_closed, sessions_expired; /* closed: by Logout */
    uint32_t sessions_open, sessions_peak;
};
struct simulator_counts simulator_counts(struct simulator *simulator);
/* "token", "basic", "oauth", "foreign", "proxy", "none". */
const char *simulator_way_name(enum simulator_way way);

/* Tokens given, by TokenResource.svc and by the own token endpoint. */
uint64_t simulator_tokens(struct simulator *simulator);

/* ---- faults and changes by their words
 * ------------------------------------------------------------------------------- */

/* `begin WORDS` or `end WORDS`, where WORDS are `fault=NAME [path=PART] [times=N]` or `change=NAME=VALUE`; without blanks in
 * them. A fault takes all requests, those with PART in their path, or N of them, and is over then. A change is in force until
 * its end; then what was before is back. `end` names the same words as its `begin`. One change of a thing at a time.
 * Returns "done: LINE" once it is in force, or has ended, or "refused: LINE: why"; allocated. */
char *simulator_command(struct simulator *simulator, const char *line);
/* Row i of the changes: its name, what comes after the '=' (NULL: nothing does), what it is; false past the end. */
bool simulator_change_name(size_t i, const char **name, const char **form, const char **description);
/* What is wrong with NAME=VALUE, whatever the server; NULL: nothing. */
const char *simulator_change_wrong(const char *text);
/* "valid", "expired", "not-yet-valid", "self-signed", "wrong-name"; false: none of them. */
bool simulator_certificate_named(const char *name, enum simulator_certificate *kind);

/* Lines `at 30s for 20s WORDS`, also `every 5m at 30s for 20s WORDS`; # begins a comment. Times count from this call. Returns
 * NULL, or the fault "FILE:LINE: message" (allocated) with nothing in force. */
char *simulator_play_timetable(struct simulator *simulator, const char *file);

#endif
