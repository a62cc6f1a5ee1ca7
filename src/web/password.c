#include "web/password.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bcrypt.h"
#include "base/memory.h"
#include "base/secret.h"
#include "web/client.h"
#include "web/digest.h"
#include "web/worker.h"

/* Of one check; more than there are connections, unless many of those have gone away already. */
#define WAITERS_MAX 1024

/* A question, and all that wait for its answer. */
struct check {
    struct passwords *passwords;
    struct digest digest;
    struct secret *password;
    char hash[BCRYPT_HASH_SIZE];
    bool user_exists;
    struct in6_addr address; /* of who asked first */
    struct later **waiters;
    size_t waiter_count;
};

struct passwords {
    struct later_post *post;
    struct web_worker *worker; /* NULL: nobody has asked yet */
    struct digest key;
    pthread_mutex_t lock; /* of all that follows */
    struct check *checks[PASSWORD_CHECKS_MAX];
    size_t check_count;
    struct digest remembered[PASSWORDS_REMEMBERED_MAX]; /* a ring */
    size_t remembered_count, next;
};

/* ---- what is remembered ---- */

static bool is_remembered(const struct passwords *passwords, const struct digest *digest)
{
    for (size_t i = 0; i < passwords->remembered_count; i++)
        if (digest_equal(&passwords->remembered[i], digest))
            return true;
    return false;
}

static void remember(struct passwords *passwords, const struct digest *digest)
{
    if (is_remembered(passwords, digest))
        return;
    passwords->remembered[passwords->next] = *digest;
    passwords->next = (passwords->next + 1) % PASSWORDS_REMEMBERED_MAX;
    if (passwords->remembered_count < PASSWORDS_REMEMBERED_MAX)
        passwords->remembered_count++;
}

/* ---- checks ---- */

static void check_free(struct check *check)
{
    secret_unref(check->password);
    free(check->waiters);
    free(check);
}

/* Whoever asks from now on begins another one. */
static void leave(struct check *check, bool right)
{
    struct passwords *passwords = check->passwords;

    pthread_mutex_lock(&passwords->lock);
    if (right)
        remember(passwords, &check->digest);
    for (size_t i = 0; i < passwords->check_count; i++) {
        if (passwords->checks[i] != check)
            continue;
        passwords->checks[i] = passwords->checks[--passwords->check_count];
        break;
    }
    pthread_mutex_unlock(&passwords->lock);
}

/* On the worker's thread. */
static void work(void *context)
{
    struct check *check = context;
    bool matches = bcrypt_matches(secret_reveal(check->password), check->hash);
    bool right = matches && check->user_exists;
    leave(check, right);
    for (size_t i = 0; i < check->waiter_count; i++)
        later_complete(check->waiters[i], LATER_VERDICT, right ? PASSWORD_IS_RIGHT : PASSWORD_IS_WRONG);
    check_free(check);
}

static void abandon(void *context)
{
    struct check *check = context;

    leave(check, false);
    for (size_t i = 0; i < check->waiter_count; i++)
        later_complete(check->waiters[i], 503, "The exporter ends.\n");
    check_free(check);
}

static struct later *wait_for(struct check *check)
{
    struct later *later = later_new(check->passwords->post);

    check->waiters = memory_grow(check->waiters, check->waiter_count + 1, sizeof(struct later *));
    check->waiters[check->waiter_count++] = later;
    return later;
}

/* The one that asks the same already; NULL: none does, and *waiting are from the address. */
static struct check *same_check(const struct passwords *passwords, const struct digest *digest,
                                const struct in6_addr *address, size_t *waiting)
{
    *waiting = 0;
    for (size_t i = 0; i < passwords->check_count; i++) {
        struct check *check = passwords->checks[i];
        if (digest_equal(&check->digest, digest))
            return check;
        *waiting += client_is_same(&check->address, address);
    }
    return NULL;
}

static bool begin(struct passwords *passwords, struct check *check)
{
    if (passwords->worker == NULL)
        passwords->worker = web_worker_start(PASSWORD_CHECKS_MAX);
    return passwords->worker != NULL && web_worker_do(passwords->worker, work, abandon, check);
}

/* ---- questions ---- */

/* For a user that does not exist the hash of some other one, always the same, so that it takes as long. */
static const struct pair *hash_for(const struct passwords *passwords, const struct pair_list *users,
                                   const char *user, bool *exists)
{
    const struct pair *found = NULL;

    assert(users->count > 0);
    for (size_t i = 0; i < users->count; i++)
        if (strcmp(users->items[i].name, user) == 0)
            found = &users->items[i];
    *exists = found != NULL;
    struct digest digest = digest_of(&passwords->key, &user, 1);
    return *exists ? found : &users->items[(digest.bytes[0] | (size_t)digest.bytes[1] << 8) % users->count];
}

/* With the lock. */
static enum password_verdict ask(struct passwords *passwords, const struct check *question,
                                 const char *password, struct later **later)
{
    size_t waiting;

    if (is_remembered(passwords, &question->digest))
        return PASSWORD_RIGHT;
    struct check *check = same_check(passwords, &question->digest, &question->address, &waiting);
    if (check != NULL && check->waiter_count == WAITERS_MAX)
        return PASSWORD_BUSY;
    if (check != NULL) {
        *later = wait_for(check);
        return PASSWORD_LATER;
    }
    if (waiting >= PASSWORD_CHECKS_PER_ADDRESS || passwords->check_count == PASSWORD_CHECKS_MAX)
        return PASSWORD_BUSY;
    check = memory_new(1, sizeof *check);
    *check = *question;
    check->password = secret_new(password, strlen(password));
    if (!begin(passwords, check)) {
        check_free(check);
        return PASSWORD_BUSY;
    }
    *later = wait_for(check);
    passwords->checks[passwords->check_count++] = check;
    return PASSWORD_LATER;
}

enum password_verdict passwords_ask(struct passwords *passwords, const struct pair_list *users,
                                    const char *user, const char *password, const struct in6_addr *address,
                                    struct later **later)
{
    struct check question = {.passwords = passwords, .address = *address};
    const struct pair *pair = hash_for(passwords, users, user, &question.user_exists);

    memcpy(question.hash, pair->value, BCRYPT_HASH_SIZE);
    /* A user who is no more may be held against the very hash that was theirs: what is remembered must not let them in. */
    const char *exists = question.user_exists ? "exists" : "";
    question.digest = digest_of(&passwords->key, (const char *const[]){user, password, question.hash, exists},
                                4);
    pthread_mutex_lock(&passwords->lock);
    enum password_verdict verdict = ask(passwords, &question, password, later);
    pthread_mutex_unlock(&passwords->lock);
    return verdict;
}

/* ---- begin and end ---- */

struct passwords *passwords_new(struct later_post *post)
{
    struct passwords *passwords = memory_new(1, sizeof *passwords);

    passwords->post = post;
    if (!digest_key(&passwords->key)) {
        free(passwords);
        return NULL;
    }
    pthread_mutex_init(&passwords->lock, NULL);
    return passwords;
}

void passwords_free(struct passwords *passwords)
{
    if (passwords == NULL)
        return;
    web_worker_stop(passwords->worker);
    pthread_mutex_destroy(&passwords->lock);
    secret_wipe(passwords, sizeof *passwords);
    free(passwords);
}
