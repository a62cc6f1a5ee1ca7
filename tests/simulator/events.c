/* What befalls the whole server on command or by a timetable, where faults.c takes over single answers. */
#include "simulator/call.h"

#include <string.h>

#define LOST_MS 600000 /* an answer that nobody waits for */

static void sessions_expire(struct simulator *simulator)
{
    simulator_expire_sessions(simulator);
}

static void accounts_lock(struct simulator *simulator)
{
    simulator_lock(simulator, NULL);
}

static void accounts_unlock(struct simulator *simulator)
{
    simulator_unlock(simulator, NULL);
}

static void provider_close(struct simulator *simulator)
{
    simulator_set_identity_provider(simulator, false);
}

static void provider_open(struct simulator *simulator)
{
    simulator_set_identity_provider(simulator, true);
}

static const struct event_row {
    const char *name, *description;
    void (*begin)(struct simulator *simulator), (*end)(struct simulator *simulator); /* NULL: nothing */
    struct simulator_fault rule; /* of the token endpoint, where it answers or delays */
} events[] = {
    {"sessions_expire", "every session expires at once, its seat is free", sessions_expire, NULL, {0}},
    {"tokens_revoked", "every token given until then is refused", simulator_revoke_tokens, NULL, {0}},
    {"accounts_locked", "every account is locked meanwhile", accounts_lock, accounts_unlock, {0}},
    {"identity_provider_refuses",
     "the token endpoint's own port refuses connections meanwhile",
     provider_close,
     provider_open,
     {0}},
    {"identity_provider_503",
     "the token endpoint answers 503 with a page",
     NULL,
     NULL,
     {.status = 503, .body = SIMULATOR_BODY_IIS_HTML}},
    {"identity_provider_hangs", "the token endpoint is silent", NULL, NULL, {.delay_ms = LOST_MS}},
};

bool simulator_event_name(size_t i, const char **name, const char **description)
{
    if (i >= sizeof events / sizeof events[0])
        return false;
    *name = events[i].name;
    *description = events[i].description;
    return true;
}

bool sim_event_known(const char *name, bool *answers)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(events[i].name, name) == 0) {
            *answers = events[i].rule.status || events[i].rule.delay_ms;
            return true;
        }
    }
    return false;
}

const char *sim_event_impossible(const struct simulator *simulator, const char *name)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(events[i].name, name) != 0)
            continue;
        if ((events[i].rule.status || events[i].rule.delay_ms) && !simulator->token_path)
            return "there is no token endpoint";
        if (events[i].begin == provider_close && !simulator->provider_own_port)
            return "the token endpoint has no port of its own";
    }
    return NULL;
}

/* An event that answers nothing stands in the list of faults without matching a request, until it is cleared. */
bool sim_event_begin(struct simulator *simulator, const char *name, uint32_t count, unsigned *number)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(events[i].name, name) != 0)
            continue;
        struct simulator_fault rule = events[i].rule;
        bool answers = rule.status || rule.delay_ms;
        const char *impossible = sim_event_impossible(simulator, name);
        if (impossible)
            sim_die("%s: %s", name, impossible);
        rule.path = answers ? simulator->token_path : NULL;
        rule.count = count;
        *number = sim_fault_add(simulator, &rule, events[i].end, !answers);
        if (events[i].begin)
            events[i].begin(simulator);
        return true;
    }
    return false;
}
