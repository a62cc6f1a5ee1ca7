#include "web/access.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/complaint.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "web/answer.h"
#include "web/file_stamp.h"
#include "web/password.h"

#define LOOK_NS SECOND_NS /* at most so often the token's file is looked at */
/* Wrong passwords are over only when none has come for a while: who sends them cannot fill the log. */
#define CALM_NS MINUTE_NS

#define BASIC_CHALLENGE  "Basic realm=\"epicor_exporter\", charset=\"UTF-8\"" /* RFC 7617 section 2.1 */
#define BEARER_CHALLENGE "Bearer realm=\"epicor_exporter\""                   /* RFC 6750 section 3 */

struct access {
    struct passwords *passwords;
    struct model *model;  /* whose rules hold; NULL before the first */
    struct secret *token; /* NULL: none is configured, or it could not be read yet */
    struct file_stamp token_stamp;
    int64_t next_look_ns;
    struct complaint unreadable, wrong;
    int64_t last_wrong_ns;
};

static const struct web_settings *rules(const struct access *access)
{
    return &access->model->web;
}

static bool has_users(const struct access *access)
{
    return rules(access)->basic_auth.count > 0;
}

static bool has_token(const struct access *access)
{
    return rules(access)->bearer_token.form != SECRET_NONE;
}

/* ---- the token ---- */

/* The file of the token, owned; NULL: it stands in none. */
static char *token_path(const struct secret_source *source)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (source->form == SECRET_FILE)
        return memory_copy_text(source->name);
    return source->form == SECRET_CREDENTIAL && folder != NULL ? memory_format("%s/%s", folder, source->name)
                                                               : NULL;
}

static void complain_of_token(struct access *access, const char *why, struct moment now)
{
    uint64_t what = why == NULL ? 0 : text_hash(TEXT_HASH_START, why, strlen(why)) | 1;

    switch (complaint_update(&access->unreadable, what, now.boot_ns)) {
    case COMPLAINT_NEW:
    case COMPLAINT_AGAIN:
        log_event(LOG_ERROR,
                  access->token == NULL ? "the bearer token of [web] cannot be read: nobody is let in by it"
                                        : "the bearer token of [web] cannot be read: the one before stays",
                  LOG_TEXT("error", why));
        break;
    case COMPLAINT_OVER:
        log_event(LOG_INFO, "the bearer token of [web] can be read again");
        break;
    case COMPLAINT_QUIET:
        break;
    }
}

static void read_token(struct access *access, struct moment now)
{
    char *why = NULL;
    struct secret *token = secret_read(&rules(access)->bearer_token, &why);

    if (token != NULL) {
        secret_unref(access->token);
        access->token = token;
    }
    complain_of_token(access, why, now);
    free(why);
}

static bool same_source(const struct secret_source *a, const struct secret_source *b)
{
    return a->form == b->form && (a->name == NULL) == (b->name == NULL) &&
           (a->name == NULL || strcmp(a->name, b->name) == 0) && secret_equal(a->inlined, b->inlined);
}

/* What is no regular file, such as a FIFO, is not read: it could hold the thread up. */
static void look_at_token(struct access *access, bool is_new, struct moment now)
{
    char *path = token_path(&rules(access)->bearer_token);
    struct file_stamp stamp = path != NULL ? file_stamp_of(path) : (struct file_stamp){.exists = false};
    bool again = path != NULL && (access->token == NULL || access->unreadable.what != 0 || !stamp.exists ||
                                  !file_stamp_same(&stamp, &access->token_stamp));

    access->next_look_ns = now.boot_ns + LOOK_NS;
    if (stamp.exists && !stamp.is_regular) {
        char *why = memory_format("%s is no regular file", path);
        complain_of_token(access, why, now);
        free(why);
    } else if (is_new || again) {
        read_token(access, now);
    }
    access->token_stamp = stamp;
    free(path);
}

void access_use(struct access *access, struct model *model, struct moment now)
{
    struct model *before = access->model;
    bool is_new = false;

    if (before != model) {
        access->model = model_ref(model);
        is_new = before == NULL || !same_source(&before->web.bearer_token, &model->web.bearer_token);
        if (is_new) { /* another token, not another text of it */
            secret_unref(access->token);
            access->token = NULL;
            access->unreadable = (struct complaint){.what = 0};
        }
        model_unref(before);
    }
    if (has_token(access) && (is_new || now.boot_ns >= access->next_look_ns))
        look_at_token(access, is_new, now);
}

/* ---- what a request shows ---- */

/* The scheme's name and the blanks behind it; *rest is what follows (RFC 9110 section 11.4). */
static bool has_scheme(const char *authorization, const char *scheme, struct span *rest)
{
    size_t size = strcspn(authorization, " ");

    *rest = span_trim(span_of(authorization + size));
    return span_is_nocase((struct span){authorization, size}, scheme) && rest->size > 0;
}

static enum access_verdict ask_token(const struct access *access, struct span shown)
{
    struct secret *token = secret_new(shown.data, shown.size);
    bool right = access->token != NULL && secret_equal(token, access->token);

    secret_unref(token);
    return right ? ACCESS_TRUSTED : ACCESS_REFUSED;
}

/* Text, user and password in one; at the first colon it is parted (RFC 7617 section 2). */
static enum access_verdict ask_password(struct access *access, const struct access_question *question,
                                        char *text, size_t size, struct later **later)
{
    char *colon = memchr(text, ':', size);

    if (colon == NULL || memchr(text, '\0', size) != NULL)
        return ACCESS_REFUSED;
    *colon = '\0';
    switch (passwords_ask(access->passwords, &rules(access)->basic_auth, text, colon + 1, &question->address,
                          later)) {
    case PASSWORD_RIGHT:
        return ACCESS_TRUSTED;
    case PASSWORD_BUSY:
        return ACCESS_BUSY;
    case PASSWORD_LATER:
        break;
    }
    return ACCESS_LATER;
}

static enum access_verdict ask_basic(struct access *access, const struct access_question *question,
                                     struct span encoded, struct later **later)
{
    size_t room = encoded.size / 4 * 3 + 4;
    char *text = memory_new(1, room);
    long size = text_base64_decode(encoded, (unsigned char *)text);
    enum access_verdict verdict = ACCESS_REFUSED;

    if (size >= 0) {
        text[size] = '\0';
        verdict = ask_password(access, question, text, (size_t)size, later);
    }
    secret_wipe(text, room);
    free(text);
    return verdict;
}

/* ---- the rules ---- */

static bool is_excluded(const struct access *access, const char *path)
{
    const struct text_list *paths = &rules(access)->auth_exclude_paths;

    for (size_t i = 0; i < paths->count; i++)
        if (strcmp(paths->items[i], path) == 0)
            return true;
    return false;
}

static enum access_verdict decide(struct access *access, const struct access_question *question,
                                  const char *verdict, struct later **later)
{
    struct span shown;

    if (question->certificate == ACCESS_CERTIFICATE_BAD)
        return ACCESS_BARRED;
    if (!has_users(access) && !has_token(access))
        return question->local || question->certificate == ACCESS_CERTIFICATE_GOOD ? ACCESS_TRUSTED
                                                                                   : ACCESS_GRANTED;
    if (is_excluded(access, question->path))
        return ACCESS_GRANTED;
    if (question->authorization == NULL || (verdict != NULL && strcmp(verdict, PASSWORD_IS_RIGHT) != 0))
        return ACCESS_REFUSED;
    if (has_token(access) && has_scheme(question->authorization, "Bearer", &shown))
        return ask_token(access, shown);
    if (has_users(access) && has_scheme(question->authorization, "Basic", &shown))
        return ask_basic(access, question, shown, later);
    return ACCESS_REFUSED;
}

/* Who has nothing to show is no reason to worry: browsers ask so at first. */
static void complain_of_wrong(struct access *access, const struct access_question *question,
                              struct moment now)
{
    char address[INET6_ADDRSTRLEN] = "";

    access->last_wrong_ns = now.boot_ns;
    enum complaint_say say = complaint_update(&access->wrong, 1, now.boot_ns);
    if (say != COMPLAINT_NEW && say != COMPLAINT_AGAIN)
        return;
    inet_ntop(AF_INET6, &question->address, address, sizeof address);
    log_event(
        LOG_WARN, "a client was refused: its user, password or token is wrong",
        LOG_TEXT("client", IN6_IS_ADDR_V4MAPPED(&question->address) ? strrchr(address, ':') + 1 : address));
}

enum access_verdict access_ask(struct access *access, const struct access_question *question,
                               const char *verdict, struct moment now, struct later **later)
{
    assert(access->model != NULL);
    enum access_verdict decided = decide(access, question, verdict, later);

    if (decided == ACCESS_REFUSED && question->authorization != NULL)
        complain_of_wrong(access, question, now);
    else if (access->wrong.what != 0 && now.boot_ns - access->last_wrong_ns > CALM_NS)
        complaint_update(&access->wrong, 0, now.boot_ns);
    return decided;
}

void access_answer(const struct access *access, enum access_verdict verdict, struct web_answer *answer)
{
    size_t count = 0;

    switch (verdict) {
    case ACCESS_REFUSED:
        answer_text(answer, 401,
                    "This is answered only to whom [web] of the configuration lets in: user and password, or "
                    "the token, are missing or wrong.\n");
        if (has_users(access))
            answer->challenges[count++] = BASIC_CHALLENGE;
        if (has_token(access))
            answer->challenges[count] = BEARER_CHALLENGE;
        return;
    case ACCESS_BARRED:
        answer_text(answer, 403,
                    "A client certificate is wanted that client_ca_file of [web] vouches for. Connect anew "
                    "with one.\n");
        answer->close = true;
        return;
    case ACCESS_BUSY:
        answer_text(answer, 503, "Too many passwords are being checked. Ask again in a moment.\n");
        answer->retry = true;
        return;
    case ACCESS_TRUSTED:
    case ACCESS_GRANTED:
    case ACCESS_LATER:
        break;
    }
    assert(false && "no refusal");
}

/* ---- begin and end ---- */

struct access *access_new(struct later_post *post)
{
    struct passwords *passwords = passwords_new(post);

    if (passwords == NULL)
        return NULL;
    struct access *access = memory_new(1, sizeof *access);
    access->passwords = passwords;
    return access;
}

void access_free(struct access *access)
{
    if (access == NULL)
        return;
    passwords_free(access->passwords);
    secret_unref(access->token);
    model_unref(access->model);
    free(access);
}
