/* Users, their passwords and their locks, and API keys: what the server holds, and what tests change. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

static struct sim_user *user_find(struct simulator *simulator, const char *name)
{
    struct sim_user *user = simulator->users;
    while (user && strcasecmp(user->name, name) != 0)
        user = user->next;
    return user;
}

/* A lock whose time is over counts wrong passwords anew. */
static bool user_locked(struct sim_user *user)
{
    if (user->locked_until_ns && sim_now_ns() >= user->locked_until_ns) {
        user->locked_until_ns = 0;
        user->wrong_in_a_row = 0;
    }
    return user->locked_until_ns != 0;
}

static void wrong_count(struct simulator *simulator, struct sim_user *user,
                        const struct simulator_behaviour *behaviour)
{
    simulator->counts.wrong_passwords++;
    if (!user || !behaviour->lockout_after || ++user->wrong_in_a_row < behaviour->lockout_after)
        return;
    simulator->counts.lock_outs++;
    user->locked_until_ns = behaviour->lockout_seconds
                                ? sim_now_ns() + (int64_t)behaviour->lockout_seconds * 1000000000
                                : INT64_MAX;
}

bool sim_password_check(struct sim_call *call, const char *name, const char *password)
{
    struct simulator *simulator = call->simulator;
    bool good = false;
    pthread_mutex_lock(&simulator->lock);
    struct sim_user *user = user_find(simulator, name);
    if (user && user_locked(user)) {
        simulator->counts.locked_attempts++;
    } else if (user && strcmp(user->password, password) == 0) {
        user->wrong_in_a_row = 0;
        good = true;
    } else {
        wrong_count(simulator, user, &call->behaviour);
    }
    pthread_mutex_unlock(&simulator->lock);
    return good;
}

bool sim_user_known(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    bool known = user_find(simulator, name) != NULL;
    pthread_mutex_unlock(&simulator->lock);
    return known;
}

static void user_free(struct sim_user *user)
{
    free(user->name);
    free(user->password);
    free(user);
}

void sim_accounts_free(struct simulator *simulator)
{
    for (struct sim_user *u = simulator->users, *next; u; u = next) {
        next = u->next;
        user_free(u);
    }
    for (struct sim_key *k = simulator->keys, *next; k; k = next) {
        next = k->next;
        free(k->company);
        free(k->key);
        free(k);
    }
    for (struct sim_delay *d = simulator->delays, *next; d; d = next) {
        next = d->next;
        free(d->part);
        free(d);
    }
    for (struct sim_name *d = simulator->denied, *next; d; d = next) {
        next = d->next;
        free(d->name);
        free(d);
    }
    for (char *const *company = simulator->companies; *company; company++)
        free(*company);
    free((void *)simulator->companies);
}

/* ---- what tests change
 * ------------------------------------------------------------------------------------------ */

void simulator_set_password(struct simulator *simulator, const char *name, const char *password)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_user *user = user_find(simulator, name);
    if (!user) {
        user = sim_allocate(sizeof *user);
        user->name = sim_duplicate(name);
        user->next = simulator->users;
        simulator->users = user;
    }
    free(user->password);
    user->password = sim_duplicate(password);
    pthread_mutex_unlock(&simulator->lock);
}

void simulator_remove_user(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_user *gone = user_find(simulator, name), **at = &simulator->users;
    if (!gone)
        sim_die("no user is called %s", name);
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    user_free(gone);
    pthread_mutex_unlock(&simulator->lock);
}

static void lock_set(struct simulator *simulator, const char *name, int64_t until_ns)
{
    bool found = !name;
    pthread_mutex_lock(&simulator->lock);
    for (struct sim_user *u = simulator->users; u; u = u->next) {
        if (name && strcasecmp(u->name, name) != 0)
            continue;
        u->locked_until_ns = until_ns;
        u->wrong_in_a_row = 0;
        found = true;
    }
    pthread_mutex_unlock(&simulator->lock);
    if (!found)
        sim_die("no user is called %s", name);
}

void simulator_lock(struct simulator *simulator, const char *user)
{
    lock_set(simulator, user, INT64_MAX);
}

void simulator_unlock(struct simulator *simulator, const char *user)
{
    lock_set(simulator, user, 0);
}

bool simulator_locked(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_user *user = user_find(simulator, name);
    bool locked = user && user_locked(user);
    pthread_mutex_unlock(&simulator->lock);
    if (!user)
        sim_die("no user is called %s", name);
    return locked;
}

static struct sim_key **key_find(struct simulator *simulator, const char *company)
{
    struct sim_key **at = &simulator->keys;
    while (*at &&
           (company && (*at)->company ? strcmp((*at)->company, company) != 0 : company != (*at)->company))
        at = &(*at)->next;
    return at;
}

void simulator_set_api_key(struct simulator *simulator, const char *company, const char *key)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_key **at = key_find(simulator, company);
    if (!*at) {
        *at = sim_allocate(sizeof **at);
        (*at)->company = sim_duplicate(company);
    }
    free((*at)->key);
    (*at)->key = sim_duplicate(key);
    pthread_mutex_unlock(&simulator->lock);
}

char *sim_password_of(struct simulator *simulator, const char *name)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_user *user = user_find(simulator, name);
    char *password = sim_duplicate(user ? user->password : NULL);
    pthread_mutex_unlock(&simulator->lock);
    return password;
}

char *sim_api_key_of(struct simulator *simulator, const char *company)
{
    pthread_mutex_lock(&simulator->lock);
    const struct sim_key *found = *key_find(simulator, company);
    char *key = sim_duplicate(found ? found->key : NULL);
    pthread_mutex_unlock(&simulator->lock);
    return key;
}

void simulator_remove_api_key(struct simulator *simulator, const char *company)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_key **at = key_find(simulator, company), *gone = *at;
    if (!gone)
        sim_die("%s has no API key of its own", company ? company : "the server");
    *at = gone->next;
    free(gone->company);
    free(gone->key);
    free(gone);
    pthread_mutex_unlock(&simulator->lock);
}

/* ---- what came of it
 * -------------------------------------------------------------------------------------------- */

struct simulator_counts simulator_counts(struct simulator *simulator)
{
    pthread_mutex_lock(&simulator->lock);
    sim_sessions_sweep(simulator);
    struct simulator_counts counts = simulator->counts;
    pthread_mutex_unlock(&simulator->lock);
    return counts;
}

const char *simulator_way_name(enum simulator_way way)
{
    static const char *const names[SIMULATOR_WAYS] = {"token", "basic", "oauth", "foreign", "proxy", "none"};
    if ((unsigned)way >= SIMULATOR_WAYS)
        sim_die("no way has the number %d", (int)way);
    return names[way];
}
