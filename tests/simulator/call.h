/* One request while it is worked on, and the server it came to. What the files of the polite server share. */
#ifndef SIMULATOR_CALL_H
#define SIMULATOR_CALL_H

#include "simulator/certificates.h"
#include "simulator/jwt.h"
#include "simulator/simulator.h"
#include "simulator/table.h"
#include "simulator/text.h"

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <pthread.h>

#define SIM_BODY_KEPT    ((size_t)64 * 1024)
#define SIM_LOG_SIZE     4096
#define SIM_LICENSES     14
#define SIM_NO_LICENSE   SIM_LICENSES
#define SIM_SEGMENTS     10
#define SIM_HEADERS      8
#define SIM_UPLOAD_LIMIT ((size_t)16 * 1024 * 1024)

struct sim_user {
    char *name, *password;
    uint32_t wrong_in_a_row;
    int64_t locked_until_ns; /* 0: not; INT64_MAX: until it is unlocked */
    struct sim_user *next;
};

struct sim_key {
    char *company; /* NULL: every company without one of its own */
    char *key;
    struct sim_key *next;
};

struct sim_delay {
    char *part; /* of the path */
    uint32_t ms;
    struct sim_delay *next;
};

/* What every listener has. */
struct sim_listening {
    const char *host;
    enum simulator_certificate certificate;
    int64_t certificate_expires_in;
};

struct sim_in_force;

struct sim_name {
    char *name;
    struct sim_name *next;
};

struct sim_session {
    char guid[37];
    unsigned license; /* whose seat it holds */
    int64_t used_ns;
    struct sim_session *next;
};

/* What must not come twice, or not again: token ids of assertions, digests of foreign tokens. */
struct sim_seen {
    char *text;
    bool revoked;
    struct sim_seen *next;
};

/* Where requests come in: the app server, and the identity provider when it has a port of its own. */
struct sim_door {
    struct simulator *simulator;
    bool identity_provider;
    struct MHD_Daemon *daemon;
    /* under the server's lock: */
    uint32_t requests; /* whose answers have not been sent to their end */
    uint32_t unasked;  /* connections over which nothing has been asked yet */
    bool closing;
};

/* What belongs to a connection. */
struct sim_connection {
    unsigned number; /* from 1, of all doors */
    bool asked;
};

struct sim_listener {
    struct sim_door *door; /* NULL: it refuses connections */
    uint16_t port;         /* 0: there is no such listener */
    int kept;              /* the port's socket while there is no door */
};

/* What a change makes of a table while it is in force. */
struct sim_cover {
    char *name;                       /* of the change */
    struct sim_table_change *changes; /* strings are our own */
    size_t count;
    uint64_t more_rows;
    struct sim_cover *next;
};

struct sim_entry {
    struct sim_table *base, *table; /* table: as it is read, the base with all covers */
    struct sim_cover *covers;
    bool gone; /* nobody finds it */
    struct sim_entry *next;
};

struct sim_function {
    char *name, *answer, *message;
    int outcome;
    bool staging, gone, fails; /* fails: its Success is false */
    uint32_t not_found_every;
    uint64_t calls;
    struct sim_function *next;
};

struct sim_method {
    char *name, *return_obj, *parameters, *rows, *rows_as, *wants, *message;
    bool get;
    int status;
    uint64_t calls;
    struct sim_method *next;
};

struct sim_page {
    char *path, *content_type, *text;
    bool open;
    struct sim_page *next;
};

/* In how many answers a column was sent. */
struct sim_column_count {
    char *name; /* "Ice.BO.APIKeySvc/APIKeys/KeyID" */
    uint64_t count;
    struct sim_column_count *next;
};

struct sim_seats {
    uint32_t owned, others, taken, peak;
    uint64_t calls;
};

struct sim_fault {
    unsigned number;
    struct simulator_fault rule; /* strings are our own */
    uint32_t passed, hits;
    bool over, cleared;
    void (*undo)(struct simulator *simulator); /* when it is cleared; NULL: nothing */
    struct sim_fault *next;
};

struct sim_path_count {
    char *path;
    uint64_t count;
    struct sim_path_count *next;
};

struct sim_timetable;

struct simulator {
    char *base_path, *url;
    char *const *companies;
    char *user;                        /* of options.user, or of its default */
    pthread_mutex_t disturbances_lock; /* in_force; taken before the two others */
    struct sim_in_force *in_force;
    char *token_path, *token_url; /* NULL: no token endpoint */
    bool provider_own_port;
    uint16_t provider_port; /* as asked for */
    char *client_id, *audience, *scopes, *client_user;
    char *issuer, *foreign_audience;
    char *proxy_user_header;
    pthread_mutex_t listeners_lock; /* the next four; taken before `lock` */
    struct sim_listening listening;
    struct sim_listener listener, provider_listener;
    struct sim_certificates certificates;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    bool stopping;
    struct simulator_behaviour behaviour;
    struct sim_jwt_key key;
    char *client_secret, *client_key;
    cJSON *jwks;
    struct sim_seen *assertions, *foreign_tokens;
    struct simulator_counts counts;
    struct sim_session *sessions;
    uint32_t seats_taken, seats_peak; /* of all licenses */
    struct sim_user *users;
    struct sim_key *keys;
    struct sim_name *denied;
    struct sim_delay *delays;
    struct sim_entry *tables;
    struct sim_function *functions;
    struct sim_method *methods;
    struct sim_page *pages;
    struct sim_column_count *columns_sent;
    struct sim_seats seats[SIM_LICENSES];
    uint32_t shared_in_a_row;
    struct sim_fault *faults;
    unsigned faults_count;
    struct simulator_request *log[SIM_LOG_SIZE];
    uint64_t requests;
    struct sim_path_count *paths;
    uint32_t in_flight, in_flight_peak;
    unsigned connections;
    uint64_t tokens;
    struct sim_timetable *timetable;
};

struct sim_call {
    struct simulator *simulator;
    struct sim_door *door;
    struct MHD_Connection *connection;
    unsigned references;
    bool begun, ended;
    struct simulator_behaviour behaviour; /* as it was when the request was complete */

    /* the request */
    char *path, *query; /* as sent */
    char *method;
    struct sim_text upload;
    size_t upload_size;
    uint64_t number;              /* in the log */
    char *segments[SIM_SEGMENTS]; /* below the base path, decoded */
    size_t segments_count;
    bool json; /* Accept names it */
    bool v1;
    const char *company; /* of the path, or of v1's three other ways; "" when unknown */
    char *company_copy;
    unsigned license; /* whose seat is taken */
    char *user;       /* who was let in; NULL: nobody, or not known */
    bool in_session;
    enum { SIM_NO_TOKEN_REQUEST, SIM_TOKEN_RESOURCE, SIM_TOKEN_ENDPOINT } token_request;

    /* the answer */
    int status;
    const char *content_type;
    struct sim_text body;
    struct sim_rows *rows; /* body is then the part before the rows, `tail` the part after them */
    const char *tail;
    struct sim_text tail_text; /* tail, where it is made */
    struct {
        char *name, *value;
    } headers[SIM_HEADERS];
    size_t headers_count;
    uint32_t delay_ms, body_delay_ms;
    const struct sim_fault *held_by; /* NULL: not held */
};

/* ---- call.c */
struct sim_call *sim_call_make(struct sim_door *door, const char *uri);
/* The request is complete: it is counted, logged, and sees the behaviour of now. */
void sim_call_begin(struct sim_call *call);
/* The call's own end: gives the seat back, writes the status into the log. Once. */
void sim_call_end(struct sim_call *call);
/* A call belongs to its connection and, while its answer is made, to the answer; both live in the same thread. */
void sim_call_drop(struct sim_call *call);
int64_t sim_server_time(const struct sim_call *call); /* epoch, by the server's own clock */
const char *sim_call_header(const struct sim_call *call, const char *name); /* of the request */
char *sim_query_argument(const char *query, const char *name, size_t i);    /* allocated, NULL */
void sim_call_add_header(struct sim_call *call, const char *name, const char *value);
/* Whether the server or the call's own listener is closing; under the lock. */
bool sim_call_cut(const struct sim_call *call);
/* Sleep; false when they were cut short by that, or by the server's stop. */
bool sim_call_sleep(struct sim_call *call, uint32_t milliseconds);
bool sim_sleep(struct simulator *simulator, uint32_t milliseconds);

/* ---- server.c: what libmicrohttpd calls, with the simulator, and with the door when a request begins */
enum MHD_Result sim_request_handle(void *context, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload, size_t *size,
                                   void **state);
void *sim_request_named(void *context, const char *uri, struct MHD_Connection *connection);
void sim_request_completed(void *context, struct MHD_Connection *connection, void **state,
                           enum MHD_RequestTerminationCode code);
void sim_connection_changed(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code);

/* ---- listener.c: the port is known from here on, and refuses connections */
void sim_listener_bind(struct simulator *simulator, bool identity_provider, uint16_t port);
/* For ever; also one that never listened. */
void sim_listener_stop(struct simulator *simulator, bool identity_provider);

/* ---- answer.c: hands the answer to libmicrohttpd. */
enum MHD_Result sim_answer_queue(struct sim_call *call);

/* ---- routes.c: the answer to a request, into the call. */
void sim_call_answer(struct sim_call *call);

/* ---- errors.c: answers that are errors (facts §5.4) */
/* Kinetic's own, JSON or XML as Accept says. NULL message or type: what fits the status. */
void sim_error(struct sim_call *call, int status, const char *type, const char *message);
void sim_error_as(struct sim_call *call, int status, enum simulator_body form, const char *type,
                  const char *message);

/* ---- token.c: TokenResource.svc; oauth.c: the token endpoint of its own */
void sim_token_answer(struct sim_call *call);
void sim_oauth_start(struct simulator *simulator, const struct simulator_options *options);
void sim_oauth_free(struct simulator *simulator);
bool sim_oauth_asked(const struct sim_call *call); /* whether the request is for it */
void sim_oauth_answer(struct sim_call *call);
/* assertion.c: the client's id when it is good, allocated; else NULL, and `why` says why. */
char *sim_assertion_check(struct sim_call *call, const char *assertion, const char **why);

/* ---- access.c: whether user, key, company and right are good; else the answer is an error already. */
bool sim_access_check(struct sim_call *call, const char *resource);
/* identity.c: the first of these. */
bool sim_identity_check(struct sim_call *call);
/* User and password of an Authorization: Basic value; allocated. */
bool sim_basic_read(const char *authorization, char **user, char **password);

/* ---- accounts.c */
/* Counts wrong passwords, locks after too many. */
bool sim_password_check(struct sim_call *call, const char *user, const char *password);
bool sim_user_known(struct simulator *simulator, const char *user);
void sim_accounts_free(struct simulator *simulator);

/* ---- foreign.c: tokens of another identity provider. */
bool sim_foreign_good(struct sim_call *call, const char *token);
/* Whether the text is new in the list, which keeps it; under the lock. */
bool sim_seen_add(struct sim_seen **list, const char *text);
void sim_seen_free(struct sim_seen *list);

/* ---- sessions.c */
/* Finds the session that the call names; false: it is none, the answer is an error already. */
bool sim_session_enter(struct sim_call *call, const char *resource);
void sim_session_login(struct sim_call *call);
void sim_session_logout(struct sim_call *call);
void sim_session_validate(struct sim_call *call);
/* Lets idle sessions expire; under the lock. */
void sim_sessions_sweep(struct simulator *simulator);
void sim_sessions_free(struct simulator *simulator);

/* ---- seats.c: takes a seat and adds what it costs in time; false: refused, the answer is an error already.
 */
bool sim_seat_take(struct sim_call *call);
void sim_seat_give_back(struct simulator *simulator, unsigned license); /* under the lock */
/* What a call within a session costs in time: that of the shared license, every time (facts §4.4). */
void sim_seat_delay(struct sim_call *call, unsigned license);
void sim_seats_start(struct simulator *simulator);

/* ---- faults.c: whether a fault took the answer over. */
bool sim_fault_apply(struct sim_call *call);
/* Waits as long as a fault holds the answer; false when the server stops. */
bool sim_fault_wait(struct sim_call *call);
/* Whether it has been cleared, or has had its requests. */
bool sim_fault_over(struct simulator *simulator, unsigned number);
unsigned sim_fault_add(struct simulator *simulator, const struct simulator_fault *fault,
                       void (*undo)(struct simulator *simulator), bool over);
void sim_faults_free(struct simulator *simulator);

/* ---- events.c */
/* answers: whether it answers requests to the token endpoint, so that a number of them can be its end. */
bool sim_event_known(const char *name, bool *answers);
/* Why this server cannot have this event; NULL: it can, or the name is none of an event. */
const char *sim_event_impossible(const struct simulator *simulator, const char *name);
/* False when no event has this name. */
bool sim_event_begin(struct simulator *simulator, const char *name, uint32_t count, unsigned *number);

/* ---- log.c */
void sim_log_add(struct sim_call *call); /* under the lock */
void sim_log_free(struct simulator *simulator);

/* ---- content.c */
void sim_content_start(struct simulator *simulator);
void sim_content_free(struct simulator *simulator);
struct sim_table *sim_table_find(struct simulator *simulator, const char *name); /* a reference, or NULL */

/* A change's covers over a table that is there; those before of the same name go. No changes and rows: only that. */
void sim_cover_set(struct simulator *simulator, const char *table, const char *name,
                   const struct sim_table_change *changes, size_t count, uint64_t more_rows);
/* Of a table or function ("LIB/FN"); false: there is none. */
bool sim_content_gone(struct simulator *simulator, const char *name, bool function, bool *gone);
void sim_content_set_gone(struct simulator *simulator, const char *name, bool function, bool gone);
/* Whether a function's Success is false. */
bool sim_function_fails(struct simulator *simulator, const char *name);
void sim_function_set_fails(struct simulator *simulator, const char *name, bool fails);

/* ---- rows.c: rows of tables, and what OData wraps around them */
/* {"@odata.context":"...", and the content type. */
void sim_envelope_open(struct sim_call *call, const char *path, const char *context);
/* "/api/v2/odata/{company}/{service}", or that of v1. */
void sim_service_path(struct sim_call *call, const char *service, struct sim_text *path);
/* The query of a call for a table of so many rows; its texts are the call's. */
struct sim_query sim_query_make(const struct sim_call *call, uint64_t rows);
/* The table and its number of rows as of now, a reference, or NULL. */
struct sim_table *sim_table_of_call(struct sim_call *call, const char *name, uint64_t *rows);
/* Counts the columns that the call's rows send. */
void sim_columns_note(struct sim_call *call, const char *table);
void sim_not_found(struct sim_call *call, const char *what, const char *name);

/* ---- method.c: methods of services; services.c: those that are there at start */
void sim_method_answer(struct sim_call *call, const char *service, const char *name);
/* Whether there is one that also answers to GET. */
bool sim_method_by_get(struct sim_call *call, const char *service, const char *method);
void sim_services_start(struct simulator *simulator);
void sim_methods_free(struct simulator *simulator);
bool sim_method_remove(struct simulator *simulator, const char *name); /* under the lock */
/* licensing.c: the texts of returnObj and parameters of methods about seats; false: the method is none. */
bool sim_licensing_make(struct sim_call *call, const char *name, struct sim_text *return_obj,
                        struct sim_text *parameters);

/* ---- discovery.c: what is there; edmx.c: $metadata */
void sim_service_document(struct sim_call *call, const char *service);
void sim_baq_list(struct sim_call *call);
void sim_efx_list(struct sim_call *call);
void sim_environment(struct sim_call *call);
/* service NULL: the company's; baq not NULL: that of one BAQ. */
void sim_metadata_answer(struct sim_call *call, const char *service, const char *baq);

/* ---- soap.c, page.c */
void sim_soap_answer(struct sim_call *call, const char *service);
/* Whether the path is a page; `open`: anybody may read it. */
bool sim_page_find(struct sim_call *call, bool *open);
void sim_page_answer(struct sim_call *call);
void sim_pages_free(struct simulator *simulator);

/* ---- seats.c, of the pools, under the lock */
struct sim_license {
    const char *guid, *name, *told;
    bool usual; /* listed also where its pool is unlimited */
    uint32_t active, owned;
};
struct sim_license sim_license_read(struct simulator *simulator, unsigned license);

/* ---- function.c */
/* {now}, {n}, {n%M}, {company} in an answer's text; other braces are JSON's own. */
void sim_answer_fill(const struct sim_call *call, struct sim_text *out, const char *answer, uint64_t n);
/* The body as a JSON object, or NULL. */
cJSON *sim_body_object(const struct sim_call *call);

/* ---- rows.c, function.c: the kinds of answers */
void sim_baq_answer(struct sim_call *call, const char *baq);
void sim_baq_describe(struct sim_call *call, const char *baq);
void sim_entity_answer(struct sim_call *call, const char *service, const char *entity);
void sim_function_answer(struct sim_call *call, const char *library, const char *name, bool staging);

/* ---- disturbance.c, change.c */
void sim_disturbances_free(struct simulator *simulator);
/* As `change=` has them, from now on and without end. */
void sim_changes_start(struct simulator *simulator, const char *const *texts);

/* ---- what changes read; texts are allocated */
char *sim_password_of(struct simulator *simulator, const char *user);     /* accounts.c */
char *sim_api_key_of(struct simulator *simulator, const char *company);   /* NULL: it has none */
bool sim_right_denied(struct simulator *simulator, const char *resource); /* access.c */
char *sim_behaviour_chosen(const struct simulator_behaviour *behaviour, const char *name); /* ways.c */
bool sim_license_known(const char *license);                                               /* seats.c */
struct sim_seats *sim_seats_find(struct simulator *simulator, const char *license);   /* under the lock */
bool sim_content_rows(struct simulator *simulator, const char *name, uint64_t *rows); /* content.c */
bool sim_cover_find(struct simulator *simulator, const char *table, const char *name, uint64_t *more_rows);
char *sim_cover_text(struct simulator *simulator, const char *table, const char *name);
bool sim_method_known(struct simulator *simulator, const char *name); /* method.c */
/* The status with which it fails, 0: it does not. */
int sim_method_failure(struct simulator *simulator, const char *name, char **message);
/* returnObj, or parameters. */
char *sim_method_text(struct simulator *simulator, const char *name, bool parameters);
void sim_method_set_text(struct simulator *simulator, const char *name, bool parameters, const char *text);
char *sim_current_values(bool production); /* services.c: of GetCurrentValuesFromServer */

/* ---- timetable.c */
void sim_timetable_stop(struct simulator *simulator);

#endif
