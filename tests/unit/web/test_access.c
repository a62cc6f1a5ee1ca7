/* Who may ask what: configuration, request, verdict. Passwords are checked by real bcrypt of the least cost, on its thread. */
#include "main.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bcrypt.h"
#include "base/memory.h"
#include "base/text.h"
#include "unit/report/sample.h"
#include "web/access.h"
#include "web/password.h"

/* ---- a configuration, and questions -------------------------------------------------------------------------------- */

struct scene {
    struct later_post *post;
    struct access *access;
    struct moment now;
};

static char hash[BCRYPT_HASH_SIZE]; /* of "correct horse" */

static struct model *model_with(const char *web)
{
    struct fault_list faults = {0};
    char *text = memory_format(
        "[web]\nlisten_address = 127.0.0.1:0\n%s\n[appserver live]\nurl = https://h/K\n"
        "auth = none\napi_version = v1\n",
        web);
    struct model *model = model_read("/tmp/web.ini", span_of(text), NULL, &sample_schema, &faults);

    if (model == NULL)
        fail_msg("%s", faults.items[0].text);
    fault_list_free(&faults);
    free(text);
    return model;
}

static void use(struct scene *scene, const char *web)
{
    struct model *model = model_with(web);

    access_use(scene->access, model, scene->now);
    model_unref(model);
}

static struct scene begin(const char *web)
{
    struct scene scene = {.post = later_post_new(), .now = sample_start};

    if (hash[0] == '\0')
        assert_true(bcrypt_make("correct horse", BCRYPT_COST_MIN, hash));
    scene.access = access_new(scene.post);
    assert_non_null(scene.access);
    use(&scene, web);
    return scene;
}

static void end(struct scene *scene)
{
    access_free(scene->access);
    later_post_free(scene->post);
}

static struct in6_addr address_of(const char *text)
{
    struct in6_addr address;

    assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
    return address;
}

/* "Basic ..." of user:password. */
static const char *basic(const char *pair)
{
    static char header[512];
    int size = snprintf(header, sizeof header, "Basic ");

    text_base64_encode(pair, strlen(pair), header + size);
    return header;
}

static void await(struct later *later, int *status, const char **text)
{
    for (int i = 0; i < 20000 && !later_take(later, status, text); i++)
        poll(NULL, 0, 1);
    assert_true(later_take(later, status, text));
}

/* The verdict in the end, as the server asks for it. */
static enum access_verdict ask(struct scene *scene, const struct access_question *question, bool *waited)
{
    struct later *later = NULL;
    enum access_verdict verdict = access_ask(scene->access, question, NULL, scene->now, &later);
    int status;
    const char *text;

    *waited = verdict == ACCESS_LATER;
    if (verdict != ACCESS_LATER) {
        assert_null(later);
        return verdict;
    }
    await(later, &status, &text);
    assert_int_equal(status, LATER_VERDICT);
    struct later *again = NULL;
    verdict = access_ask(scene->access, question, text, scene->now, &again);
    assert_null(again);
    later_unref(later);
    return verdict;
}

/* ---- tables -------------------------------------------------------------------------------------------------------- */

#define NONE   ""
#define USERS  "basic_auth.prometheus = HASH\nbasic_auth.anna = HASH\n"
#define TOKEN  "bearer_token = token-of-prometheus\n"
#define BOTH   USERS TOKEN
#define UNLESS "auth_exclude_paths = /metrics\n"
#define GOOD   ACCESS_CERTIFICATE_GOOD
#define BAD    ACCESS_CERTIFICATE_BAD
#define NO     ACCESS_CERTIFICATE_UNASKED
#define BEARER "Bearer token-of-prometheus"

static char *with_hash(const char *web)
{
    char *text = memory_copy_text(web);

    for (char *at; (at = strstr(text, "HASH")) != NULL;) {
        char *longer = memory_format("%.*s%s%s", (int)(at - text), text, hash, at + 4);
        free(text);
        text = longer;
    }
    return text;
}

static void verdicts(void **state)
{
    static const struct {
        const char *web, *path, *authorization, *pair; /* pair: Basic, in place of authorization */
        enum access_certificate certificate;
        bool local;
        enum access_verdict verdict;
    } cases[] = {
        /* Nothing configured: this machine is trusted, whatever it shows. */
        {NONE, "/", NULL, NULL, NO, true, ACCESS_TRUSTED},
        {NONE, "/", NULL, NULL, NO, false, ACCESS_GRANTED},
        {NONE, "/", BEARER, NULL, NO, false, ACCESS_GRANTED},
        {NONE, "/", BEARER, NULL, NO, true, ACCESS_TRUSTED},
        /* Certificates alone. */
        {NONE, "/", NULL, NULL, GOOD, false, ACCESS_TRUSTED},
        {NONE, "/", NULL, NULL, BAD, true, ACCESS_BARRED},
        {NONE, "/-/healthy", NULL, NULL, BAD, false, ACCESS_BARRED},
        /* Users. */
        {USERS, "/", NULL, NULL, NO, true, ACCESS_REFUSED},
        {USERS, "/no/such/path", NULL, NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", NULL, "prometheus:correct horse", NO, false, ACCESS_TRUSTED},
        {USERS, "/", NULL, "anna:correct horse", NO, false, ACCESS_TRUSTED},
        {USERS, "/", NULL, "Anna:correct horse", NO, false, ACCESS_REFUSED},
        {USERS, "/", NULL, "anna:correct horse ", NO, false, ACCESS_REFUSED},
        {USERS, "/", NULL, "anna:", NO, false, ACCESS_REFUSED},
        {USERS, "/", NULL, ":correct horse", NO, false, ACCESS_REFUSED},
        {USERS, "/", NULL, "nobody:correct horse", NO, true, ACCESS_REFUSED},
        {USERS, "/", NULL, "anna", NO, false, ACCESS_REFUSED},
        {USERS, "/", "Basic", NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", "Basic ", NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", "", NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", "Basic !!!!", NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", "Basic YTpi, Basic YTpi", NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", "Basic YW5uYTpjAA==", NULL, NO, false, ACCESS_REFUSED}, /* a NUL in it */
        {USERS, "/", "Digest username=anna", NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", BEARER, NULL, NO, false, ACCESS_REFUSED},
        {USERS, "/", NULL, "anna:correct horse", BAD, false, ACCESS_BARRED},
        {USERS, "/", NULL, NULL, GOOD, true, ACCESS_REFUSED},
        /* A token. */
        {TOKEN, "/", BEARER, NULL, NO, false, ACCESS_TRUSTED},
        {TOKEN, "/", "bearer   token-of-prometheus  ", NULL, NO, false, ACCESS_TRUSTED},
        {TOKEN, "/", "Bearer token-of-prometheu", NULL, NO, false, ACCESS_REFUSED},
        {TOKEN, "/", "Bearer token-of-prometheuss", NULL, NO, false, ACCESS_REFUSED},
        {TOKEN, "/", "Bearer Token-of-prometheus", NULL, NO, false, ACCESS_REFUSED},
        {TOKEN, "/", "Bearer", NULL, NO, false, ACCESS_REFUSED},
        {TOKEN, "/", "token-of-prometheus", NULL, NO, false, ACCESS_REFUSED},
        {TOKEN, "/", NULL, NULL, NO, true, ACCESS_REFUSED},
        {TOKEN, "/", NULL, "anna:correct horse", NO, false, ACCESS_REFUSED},
        /* Either of both. */
        {BOTH, "/", BEARER, NULL, NO, false, ACCESS_TRUSTED},
        {BOTH, "/", NULL, "anna:correct horse", GOOD, false, ACCESS_TRUSTED},
        {BOTH, "/", NULL, "anna:token-of-prometheus", NO, false, ACCESS_REFUSED},
        /* Excluded paths: answered, and not trusted, also not from this machine. */
        {BOTH, "/-/healthy", NULL, NULL, NO, true, ACCESS_GRANTED},
        {BOTH, "/-/ready", "Bearer x", NULL, GOOD, false, ACCESS_GRANTED},
        {BOTH, "/-/healthy/", NULL, NULL, NO, true, ACCESS_REFUSED},
        {BOTH, "/-/ready?", NULL, NULL, NO, true, ACCESS_REFUSED},
        {BOTH UNLESS, "/metrics", NULL, NULL, NO, false, ACCESS_GRANTED},
        {BOTH UNLESS, "/-/ready", NULL, NULL, NO, false, ACCESS_REFUSED},
        {BOTH "auth_exclude_paths = none\n", "/-/ready", NULL, NULL, NO, false, ACCESS_REFUSED},
        {BOTH "auth_exclude_paths = none\n", "none", NULL, NULL, NO, false,
         ACCESS_GRANTED}, /* no client sends it */
    };
    struct scene scene = begin(NONE);
    bool waited;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *web = with_hash(cases[i].web);
        struct access_question question = {.path = cases[i].path,
                                           .authorization = cases[i].pair != NULL ? basic(cases[i].pair)
                                                                                  : cases[i].authorization,
                                           .certificate = cases[i].certificate,
                                           .local = cases[i].local,
                                           .address = address_of("::ffff:10.0.0.1")};
        use(&scene, web);
        enum access_verdict verdict = ask(&scene, &question, &waited);
        if (verdict != cases[i].verdict)
            fail_msg("case %zu: %d", i, (int)verdict);
        free(web);
    }
    end(&scene);
}

static void what_is_answered(void **state)
{
    static const struct {
        const char *web;
        enum access_verdict verdict;
        int status;
        const char *first, *second;
    } cases[] = {
        {USERS, ACCESS_REFUSED, 401, "Basic realm=\"epicor_exporter\", charset=\"UTF-8\"", NULL},
        {TOKEN, ACCESS_REFUSED, 401, "Bearer realm=\"epicor_exporter\"", NULL},
        {BOTH, ACCESS_REFUSED, 401, "Basic realm=\"epicor_exporter\", charset=\"UTF-8\"",
         "Bearer realm=\"epicor_exporter\""},
        {NONE, ACCESS_BARRED, 403, NULL, NULL},
        {USERS, ACCESS_BUSY, 503, NULL, NULL},
    };
    struct scene scene = begin(NONE);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct web_answer answer = {0};
        char *web = with_hash(cases[i].web);
        use(&scene, web);
        buffer_init(&answer.body, 1000);
        access_answer(scene.access, cases[i].verdict, &answer);
        assert_int_equal(answer.status, cases[i].status);
        assert_true((answer.challenges[0] == NULL) == (cases[i].first == NULL));
        if (cases[i].first != NULL)
            assert_string_equal(answer.challenges[0], cases[i].first);
        assert_true((answer.challenges[1] == NULL) == (cases[i].second == NULL));
        if (cases[i].second != NULL)
            assert_string_equal(answer.challenges[1], cases[i].second);
        assert_true(answer.retry == (cases[i].status == 503));
        assert_true(answer.body.size > 0);
        buffer_free(&answer.body);
        free(web);
    }
    end(&scene);
}

/* ---- passwords ------------------------------------------------------------------------------------------------------ */

static void what_is_right_is_remembered(void **state)
{
    struct scene scene = begin(NONE);
    char *web = with_hash(USERS), other[BCRYPT_HASH_SIZE];
    struct access_question question = {.path = "/", .address = address_of("::1")};
    bool waited;

    (void)state;
    use(&scene, web);
    question.authorization = basic("anna:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    assert_true(waited);
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    assert_false(waited);
    /* Not for another user of the same password, and not wrong ones. */
    question.authorization = basic("prometheus:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    assert_true(waited);
    question.authorization = basic("anna:wrong");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&scene, &question, &waited), ACCESS_REFUSED);
        assert_true(waited);
    }
    /* A reload with another hash of hers: the old password is refused at once, also the remembered one. */
    assert_true(bcrypt_make("battery staple", BCRYPT_COST_MIN, other));
    char *changed = memory_format("basic_auth.anna = %s\n", other);
    use(&scene, changed);
    question.authorization = basic("anna:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_REFUSED);
    question.authorization = basic("anna:battery staple");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    question.authorization = basic("prometheus:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_REFUSED);
    /* A user who has been taken away, while somebody else has the same hash still. */
    char *renamed = memory_format("basic_auth.carol = %s\n", other);
    use(&scene, renamed);
    question.authorization = basic("anna:battery staple");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_REFUSED);
    question.authorization = basic("carol:battery staple");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    free(renamed);
    free(changed);
    free(web);
    end(&scene);
}

/* A storm fills what is there for its address, and for all; who is remembered is let in all the same. */
static void a_storm_of_wrong_passwords(void **state)
{
    char slow[BCRYPT_HASH_SIZE];
    struct scene scene = begin(NONE);
    struct access_question question = {.path = "/", .address = address_of("::ffff:10.0.0.1")};
    struct later *laters[200] = {NULL};
    size_t waiting = 0, busy = 0;
    bool waited;

    (void)state;
    /* Slow enough that none of the storm is through before it is there. */
    assert_true(bcrypt_make("correct horse", 10, slow));
    char *web = memory_format("basic_auth.anna = %s\n", slow);
    use(&scene, web);
    question.authorization = basic("anna:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    for (int i = 0; i < 200; i++) {
        char pair[32], address[32];
        snprintf(pair, sizeof pair, "anna:wrong%d", i);
        /* The first hundred from one network of 64 bits, which counts as one address. */
        snprintf(address, sizeof address, i < 100 ? "2001:db8::%d" : "::ffff:10.0.0.%d", i);
        question.address = address_of(address);
        question.authorization = basic(pair);
        enum access_verdict verdict = access_ask(scene.access, &question, NULL, scene.now, &laters[i]);
        if (verdict == ACCESS_LATER)
            waiting++;
        else if (verdict == ACCESS_BUSY)
            busy++;
        if (i == 99)
            assert_in_range(waiting, PASSWORD_CHECKS_PER_ADDRESS, PASSWORD_CHECKS_PER_ADDRESS + 2);
    }
    assert_int_equal(waiting + busy, 200);
    assert_in_range(waiting, PASSWORD_CHECKS_MAX, PASSWORD_CHECKS_MAX + 4);
    question.address = address_of("::ffff:10.0.0.1");
    question.authorization = basic("anna:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    assert_false(waited);
    /* The end comes while they wait: they are told, each one. */
    access_free(scene.access);
    for (int i = 0; i < 200; i++) {
        int status;
        const char *text;
        if (laters[i] != NULL)
            assert_true(later_take(laters[i], &status, &text));
        later_unref(laters[i]);
    }
    later_post_free(scene.post);
    free(web);
}

/* Ten connections of one Prometheus begin at the same moment: one check, ten answers. */
static void the_same_question_is_checked_once(void **state)
{
    char slow[BCRYPT_HASH_SIZE];
    struct scene scene = begin(NONE);
    struct access_question question = {.path = "/", .address = address_of("::ffff:10.0.0.1")};
    struct later *laters[10];

    (void)state;
    assert_true(bcrypt_make("correct horse", 8, slow));
    char *web = memory_format("basic_auth.anna = %s\n", slow);
    use(&scene, web);
    question.authorization = basic("anna:correct horse");
    for (int i = 0; i < 10; i++)
        assert_int_equal(access_ask(scene.access, &question, NULL, scene.now, &laters[i]), ACCESS_LATER);
    for (int i = 0; i < 10; i++) {
        int status;
        const char *text;
        await(laters[i], &status, &text);
        assert_string_equal(text, PASSWORD_IS_RIGHT);
        later_unref(laters[i]);
    }
    free(web);
    end(&scene);
}

/* ---- the token's file ------------------------------------------------------------------------------------------------ */

static void write_file(const char *path, const char *text)
{
    char *other = memory_format("%s.new", path);
    FILE *file = fopen(other, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, path), 0);
    free(other);
}

static enum access_verdict ask_token(struct scene *scene, struct model *model, const char *token, int after_s)
{
    char *header = memory_format("Bearer %s", token);
    struct access_question question = {.path = "/", .authorization = header, .address = address_of("::1")};
    bool waited;

    scene->now.boot_ns += after_s * SECOND_NS;
    access_use(scene->access, model, scene->now);
    enum access_verdict verdict = ask(scene, &question, &waited);
    free(header);
    return verdict;
}

static void the_token_changes(void **state)
{
    char folder[] = "/tmp/test_access_XXXXXX";
    struct scene scene = begin(NONE);

    (void)state;
    assert_non_null(mkdtemp(folder));
    char *path = memory_format("%s/token", folder), *web = memory_format("bearer_token_file = %s\n", path);
    struct model *model = model_with(web); /* not there yet: a warning */
    assert_int_equal(ask_token(&scene, model, "token-one", 0), ACCESS_REFUSED);
    write_file(path, "token-one\n");
    assert_int_equal(ask_token(&scene, model, "token-one", 0), ACCESS_REFUSED); /* looked at once a second */
    assert_int_equal(ask_token(&scene, model, "token-one", 1), ACCESS_TRUSTED);
    write_file(path, "token-two\n");
    assert_int_equal(ask_token(&scene, model, "token-two", 1), ACCESS_TRUSTED);
    assert_int_equal(ask_token(&scene, model, "token-one", 0), ACCESS_REFUSED);
    /* What cannot be read leaves the one before. */
    write_file(path, "");
    assert_int_equal(ask_token(&scene, model, "token-two", 1), ACCESS_TRUSTED);
    assert_int_equal(ask_token(&scene, model, "", 1), ACCESS_REFUSED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ask_token(&scene, model, "token-two", 1), ACCESS_TRUSTED);
    write_file(path, "token-three");
    assert_int_equal(ask_token(&scene, model, "token-three", 1), ACCESS_TRUSTED);
    /* Another file by a reload: the old token is worth nothing, also while the new one cannot be read. */
    struct model *other = model_with("bearer_token_file = /nowhere/token\n");
    assert_int_equal(ask_token(&scene, other, "token-three", 0), ACCESS_REFUSED);
    /* And none: whoever shows one is asked for nothing. */
    struct model *without = model_with(NONE);
    assert_int_equal(ask_token(&scene, without, "token-three", 0), ACCESS_GRANTED);
    assert_int_equal(ask_token(&scene, model, "token-three", 0), ACCESS_TRUSTED);
    model_unref(model);
    model_unref(other);
    model_unref(without);
    unlink(path);
    rmdir(folder);
    free(path);
    free(web);
    end(&scene);
}

/* A FIFO is told, not read: to wait for who writes it would hold up everybody else. */
static void the_token_is_a_fifo(void **state)
{
    char folder[] = "/tmp/test_access_XXXXXX", left[32];
    struct scene scene = begin(NONE);

    (void)state;
    assert_non_null(mkdtemp(folder));
    char *path = memory_format("%s/token", folder), *web = memory_format("bearer_token_file = %s\n", path);
    struct model *model = model_with(web); /* not there yet: a warning */
    assert_int_equal(mkfifo(path, 0600), 0);
    int out = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), in = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(in, "token-one\n", 10), 10);
    close(in);
    assert_int_equal(ask_token(&scene, model, "token-one", 0), ACCESS_REFUSED);
    assert_int_equal(ask_token(&scene, model, "token-one", 1), ACCESS_REFUSED);
    assert_int_equal(read(out, left, sizeof left), 10);
    close(out);
    write_file(path, "token-one\n");
    assert_int_equal(ask_token(&scene, model, "token-one", 1), ACCESS_TRUSTED);
    model_unref(model);
    unlink(path);
    rmdir(folder);
    free(path);
    free(web);
    end(&scene);
}

/* Checks are no more urgent than the process as a whole, which can be nice already. The last test: what was made nice stays so. */
static void a_nice_process_stays_nice(void **state)
{
    char *web = with_hash(USERS);
    struct access_question question = {.path = "/", .address = address_of("::1")};
    bool waited;

    (void)state;
    assert_int_equal(setpriority(PRIO_PROCESS, 0, 15), 0);
    struct scene scene = begin(NONE);
    use(&scene, web);
    question.authorization = basic("anna:correct horse");
    assert_int_equal(ask(&scene, &question, &waited), ACCESS_TRUSTED);
    assert_true(waited);
    size_t threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.')
            continue;
        char *path = memory_format("/proc/self/task/%s/comm", task->d_name), name[32] = "";
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(name, sizeof name, file));
        fclose(file);
        free(path);
        if (strcmp(name, "web-worker\n") != 0)
            continue;
        threads++;
        assert_true(getpriority(PRIO_PROCESS, (id_t)strtoul(task->d_name, NULL, 10)) >= 15);
    }
    closedir(tasks);
    assert_int_equal(threads, 1);
    free(web);
    end(&scene);
}

ALL_TESTS(cmocka_unit_test(verdicts), cmocka_unit_test(what_is_answered),
          cmocka_unit_test(what_is_right_is_remembered), cmocka_unit_test(a_storm_of_wrong_passwords),
          cmocka_unit_test(the_same_question_is_checked_once), cmocka_unit_test(the_token_changes),
          cmocka_unit_test(the_token_is_a_fifo), cmocka_unit_test(a_nice_process_stays_nice));
