/* Ice.LIB.SessionModSvc, facts §4.3: a session holds a seat from Login to Logout or expiry. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORD_LIFETIME_S 259200 /* the session record lives 72 h without use, §4.2 */

static void session_remove(struct simulator *simulator, struct sim_session **at)
{
    struct sim_session *gone = *at;
    *at = gone->next;
    sim_seat_give_back(simulator, gone->license);
    simulator->counts.sessions_open--;
    free(gone);
}

void sim_sessions_sweep(struct simulator *simulator)
{
    uint32_t idle = simulator->behaviour.session_idle_seconds;
    int64_t before_ns = sim_now_ns() - (int64_t)(idle ? idle : RECORD_LIFETIME_S) * 1000000000;
    for (struct sim_session **at = &simulator->sessions; *at;) {
        if ((*at)->used_ns <= before_ns) {
            simulator->counts.sessions_expired++;
            session_remove(simulator, at);
        } else {
            at = &(*at)->next;
        }
    }
}

/* Under the lock. */
static struct sim_session **session_find(struct simulator *simulator, const char *guid)
{
    struct sim_session **at = &simulator->sessions;
    sim_sessions_sweep(simulator);
    while (*at && strcasecmp((*at)->guid, guid) != 0)
        at = &(*at)->next;
    return at;
}

static char *text_member(const cJSON *json, const char *first, const char *second)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, first);
    if (!member)
        member = cJSON_GetObjectItemCaseSensitive(json, second);
    return sim_duplicate(cJSON_GetStringValue(member));
}

/* SessionInfo, with either spelling of the key (§9 no. 33), or in the License header as EPY and EBR do (§4.1).
 * Allocated; NULL: none is named. */
static char *session_named(const struct sim_call *call)
{
    static const char *const headers[] = {"SessionInfo", "License"};
    char *guid = NULL;
    for (size_t i = 0; i < 2 && !guid; i++) {
        const char *header = sim_call_header(call, headers[i]);
        cJSON *json = header ? cJSON_Parse(header) : NULL;
        guid = text_member(json, "SessionID", "sessionId");
        cJSON_Delete(json);
    }
    if (guid && !*guid) {
        free(guid);
        guid = NULL;
    }
    return guid;
}

static void session_refuse(struct sim_call *call)
{
    sim_error_as(call, 410, call->json ? SIMULATOR_BODY_EPICOR_JSON : SIMULATOR_BODY_EPICOR_XML, NULL, NULL);
}

bool sim_session_enter(struct sim_call *call, const char *resource)
{
    char *guid = session_named(call);
    if (!guid)
        return true;
    bool own = strncasecmp(resource, "Ice.LIB.SessionModSvc/", 22) == 0;
    if (call->behaviour.session_info_500 && !own) {
        free(guid);
        sim_error(call, 500, NULL, NULL);
        return false;
    }
    pthread_mutex_lock(&call->simulator->lock);
    struct sim_session *session = *session_find(call->simulator, guid);
    call->in_session = session != NULL;
    unsigned license = session ? session->license : SIM_NO_LICENSE;
    if (session)
        session->used_ns = sim_now_ns();
    pthread_mutex_unlock(&call->simulator->lock);
    free(guid);
    if (!call->in_session)
        session_refuse(call);
    else
        sim_seat_delay(call, license);
    return call->in_session;
}

static void open_count(struct simulator_counts *counts)
{
    counts->sessions_opened++;
    if (++counts->sessions_open > counts->sessions_peak)
        counts->sessions_peak = counts->sessions_open;
}

static void answer_write(struct sim_call *call)
{
    call->status = 200;
    call->content_type = "application/json; charset=utf-8";
}

/* The call's seat becomes the session's. */
void sim_session_login(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    if (!sim_seat_take(call))
        return;
    struct sim_session *session = sim_allocate(sizeof *session);
    sim_guid(session->guid);
    session->used_ns = sim_now_ns();
    answer_write(call);
    sim_text_printf(&call->body, "{\"returnObj\":\"%s\"}", session->guid);
    pthread_mutex_lock(&simulator->lock);
    session->license = call->license;
    call->license = SIM_NO_LICENSE;
    session->next = simulator->sessions;
    simulator->sessions = session;
    open_count(&simulator->counts);
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
}

/* Without SessionInfo it opens a session and closes that one: the one that was meant stays open. */
void sim_session_logout(struct sim_call *call)
{
    struct simulator *simulator = call->simulator;
    char *guid = session_named(call);
    if (!guid && !sim_seat_take(call))
        return;
    bool found = true;
    pthread_mutex_lock(&simulator->lock);
    struct simulator_counts *counts = &simulator->counts;
    if (guid) {
        struct sim_session **at = session_find(simulator, guid);
        found = *at != NULL;
        if (found)
            session_remove(simulator, at);
    } else {
        open_count(counts);
        counts->sessions_open--;
    }
    counts->sessions_closed += found;
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
    free(guid);
    if (found) {
        answer_write(call);
        sim_text_add_string(&call->body, "{}");
    } else {
        session_refuse(call);
    }
}

/* IsValidSession {sessionID, userID} -> bool. */
void sim_session_validate(struct sim_call *call)
{
    cJSON *json = cJSON_ParseWithLength(call->upload.data ? call->upload.data : "", call->upload.size);
    char *guid = text_member(json, "sessionID", "SessionID");
    cJSON_Delete(json);
    if (!call->in_session && !sim_seat_take(call)) {
        free(guid);
        return;
    }
    pthread_mutex_lock(&call->simulator->lock);
    bool valid = guid && *session_find(call->simulator, guid);
    pthread_mutex_unlock(&call->simulator->lock);
    free(guid);
    answer_write(call);
    sim_text_printf(&call->body, "{\"returnObj\":%s}", valid ? "true" : "false");
}

void simulator_expire_sessions(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    while (simulator->sessions) {
        simulator->counts.sessions_expired++;
        session_remove(simulator, &simulator->sessions);
    }
    pthread_cond_broadcast(&simulator->changed);
    pthread_mutex_unlock(&simulator->lock);
}

uint32_t simulator_sessions_open(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    sim_sessions_sweep(simulator);
    uint32_t open = simulator->counts.sessions_open;
    pthread_mutex_unlock(&simulator->lock);
    return open;
}

bool simulator_wait_sessions(struct simulator *simulator, uint32_t open, unsigned timeout_ms)
{
    int64_t ns = sim_now_ns() + (int64_t)timeout_ms * 1000000;
    struct timespec deadline = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    pthread_mutex_lock(&simulator->lock);
    int late = 0;
    bool reached;
    sim_sessions_sweep(simulator);
    while (!(reached = (simulator->counts.sessions_open == open)) && !late)
        late = pthread_cond_timedwait(&simulator->changed, &simulator->lock, &deadline);
    pthread_mutex_unlock(&simulator->lock);
    return reached;
}

void sim_sessions_free(struct simulator *simulator)
{
    for (struct sim_session *s = simulator->sessions, *next; s; s = next) {
        next = s->next;
        free(s);
    }
}
