#include "main.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/secret_match.h"
#include "base/text.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder, "/tmp/test_secret_XXXXXX", 24);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static char *write_file(const char *name, const char *bytes, size_t size)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    return path;
}

static void assert_refused(struct secret_source source, const char *part)
{
    char *why = NULL;

    assert_null(secret_read(&source, &why));
    assert_non_null(why);
    if (strstr(why, part) == NULL)
        fail_msg("%s does not say: %s", why, part);
    assert_null(strstr(why, "hunter"));
    free(why);
}

static void assert_reads(struct secret_source source, const char *expected)
{
    char *why = "";
    struct secret *secret = secret_read(&source, &why);

    assert_null(why);
    assert_non_null(secret);
    assert_string_equal(secret_reveal(secret), expected);
    assert_int_equal(secret_size(secret), strlen(expected));
    secret_unref(secret);
}

static void holds_and_compares(void **state)
{
    (void)state;
    struct secret *a = secret_new("hunter2", 7), *b = secret_new("hunter2 ", 7),
                  *c = secret_new("hunter3", 7);
    struct secret *d = secret_new("hunter", 6);
    assert_string_equal(secret_reveal(a), "hunter2");
    assert_true(secret_equal(a, b) && secret_equal(a, a) && secret_equal(NULL, NULL));
    assert_false(secret_equal(a, c) || secret_equal(a, d) || secret_equal(a, NULL) || secret_equal(NULL, a));
    assert_ptr_equal(secret_ref(a), a);
    secret_unref(a);
    assert_string_equal(secret_reveal(a), "hunter2");
    assert_null(secret_ref(NULL));
    secret_unref(NULL);
    secret_unref(a);
    secret_unref(b);
    secret_unref(c);
    secret_unref(d);
}

static void wiping_leaves_zeros(void **state)
{
    (void)state;
    char bytes[8] = "hunter2";
    secret_wipe(bytes, sizeof bytes);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0", 8);
    secret_wipe(NULL, 0);
}

static void *take_and_give_back(void *argument)
{
    for (int i = 0; i < 20000; i++)
        secret_unref(secret_ref(argument));
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    struct secret *secret = secret_new("hunter2", 7);
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, take_and_give_back, secret), 0);
    take_and_give_back(secret);
    pthread_join(other, NULL);
    assert_string_equal(secret_reveal(secret), "hunter2");
    secret_unref(secret);
}

static void files_are_read_and_only_line_ends_trimmed(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *secret, *refusal;
    } rows[] = {{"hunter2", 7, "hunter2", NULL},
                {"hunter2\n", 8, "hunter2", NULL},
                {"hunter2\r\n\r\n", 11, "hunter2", NULL},
                {" hunter2 \t\n", 11, " hunter2 \t", NULL},
                {"a\nb\n", 4, "a\nb", NULL},
                {"", 0, NULL, "is empty"},
                {"\r\n", 2, NULL, "is empty"},
                {"hunter\0"
                 "2",
                 8, NULL, "NUL"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = write_file("password", rows[i].bytes, rows[i].size);
        struct secret_source source = {.form = SECRET_FILE, .name = path};
        if (rows[i].secret != NULL)
            assert_reads(source, rows[i].secret);
        else
            assert_refused(source, rows[i].refusal);
        unlink(path);
        free(path);
    }
}

static void files_are_bounded(void **state)
{
    static char bytes[SECRET_MAX + 1000];

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    for (size_t size = SECRET_MAX; size <= sizeof bytes; size += size < SECRET_MAX + 2 ? 1 : 998) {
        char *path = write_file("password", bytes, size);
        struct secret_source source = {.form = SECRET_FILE, .name = path};
        if (size == SECRET_MAX) {
            char *why;
            struct secret *secret = secret_read(&source, &why);
            assert_non_null(secret);
            assert_int_equal(secret_size(secret), SECRET_MAX);
            secret_unref(secret);
        } else {
            assert_refused(source, "more than 65536 bytes");
        }
        unlink(path);
        free(path);
    }
    assert_refused((struct secret_source){.form = SECRET_FILE, .name = "/dev/zero"},
                   "neither a regular file");
    assert_refused((struct secret_source){.form = SECRET_FILE, .name = folder}, "neither a regular file");
    assert_refused((struct secret_source){.form = SECRET_FILE, .name = "/nowhere/at/all"}, "/nowhere/at/all");
    assert_refused((struct secret_source){.form = SECRET_FILE, .name = ""}, "cannot be opened");
}

static void symbolic_links_are_followed(void **state)
{
    (void)state;
    char *path = write_file("..data", "hunter2\n", 8);
    char *link = memory_format("%s/password", folder);
    assert_int_equal(symlink("..data", link), 0);
    assert_reads((struct secret_source){.form = SECRET_FILE, .name = link}, "hunter2");
    unlink(link);
    unlink(path);
    free(link);
    free(path);
}

static void *write_to_fifo(void *path)
{
    int descriptor = open(path, O_WRONLY);
    for (int i = 0; i < 3; i++)
        if (write(descriptor, "part", 4) != 4)
            break;
    close(descriptor);
    return NULL;
}

static void a_fifo_is_read_to_its_end(void **state)
{
    (void)state;
    char *path = memory_format("%s/fifo", folder);
    pthread_t writer;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_to_fifo, path), 0);
    assert_reads((struct secret_source){.form = SECRET_FILE, .name = path}, "partpartpart");
    pthread_join(writer, NULL);

    /* Nobody writes: others wait for the reader too. */
    struct moment before = clock_now();
    assert_refused((struct secret_source){.form = SECRET_FILE, .name = path}, "cannot be read");
    assert_true(clock_now().boot_ns - before.boot_ns < 4 * SECOND_NS);
    unlink(path);
    free(path);
}

static void variables(void **state)
{
    (void)state;
    struct secret_source source = {.form = SECRET_ENV, .name = "TEST_SECRET_VARIABLE"};
    unsetenv("TEST_SECRET_VARIABLE");
    assert_refused(source, "TEST_SECRET_VARIABLE is not set");
    setenv("TEST_SECRET_VARIABLE", "", 1);
    assert_refused(source, "TEST_SECRET_VARIABLE is empty");
    setenv("TEST_SECRET_VARIABLE", "hunter2\n", 1);
    assert_reads(source, "hunter2");
    unsetenv("TEST_SECRET_VARIABLE");
}

static void credentials(void **state)
{
    static const char *const wrong[] = {"", ".", "..", "../password", "/etc/passwd", "a/b"};

    (void)state;
    char *path = write_file("api-key", "hunter2\n", 8);
    struct secret_source source = {.form = SECRET_CREDENTIAL, .name = "api-key"};
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_refused(source, "CREDENTIALS_DIRECTORY");
    setenv("CREDENTIALS_DIRECTORY", "relative", 1);
    assert_refused(source, "CREDENTIALS_DIRECTORY");
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_reads(source, "hunter2");
    source.name = "other";
    assert_refused(source, "the credential other");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char *name = memory_copy_text(wrong[i]);
        source.name = name;
        assert_refused(source, "is not the name of a credential");
        free(name);
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    unlink(path);
    free(path);
}

static void inline_and_none(void **state)
{
    (void)state;
    struct secret_source none = {.form = SECRET_NONE}, source = {.form = SECRET_INLINE};
    char *why = "";
    assert_null(secret_read(&none, &why));
    assert_null(why);
    assert_refused(source, "is empty");
    source.inlined = secret_new("hunter2", 7);
    assert_reads(source, "hunter2");
    secret_source_free(&source);
    assert_int_equal(source.form, SECRET_NONE);
    assert_null(source.inlined);
}

static void redacting(void **state)
{
    static const struct {
        const char *secret, *text, *redacted;
    } rows[] = {
        {"hunter2", "password hunter2 is wrong", "password <secret> is wrong"},
        {"hunter2", "hunter2", "<secret>"},
        {"hunter2", "", ""},
        {"hunter2", "hunt", "<secret>"}, /* cut amid the secret */
        {"hunter2", "it was hunt\xe2\x80\xa6", "it was <secret>\xe2\x80\xa6"},
        {"hunter2", "it was hunter...", "it was <secret>..."},
        {"hunter2", "hun", "hun"},
        {"hunter2", "hunter s", "hunter s"},
        {"correct horse battery", "was correct horse\xe2\x80\xa6", "was <secret>\xe2\x80\xa6"},
        {"APIKEY-7f3a9c2e-0042", "begins with APIKEY-7f3*** so", "begins with <secret>*** so"},
        {"APIKEY-7f3a9c2e-0042", "the APIKEY is", "the APIKEY is"},
        {"APIKEY-7f3a9c2e-0042", "apikey-7F3A9C2E-0042 is wrong", "<secret> is wrong"},
        {"two  blanks", "two blanks are one", "<secret> are one"},
        {"tab\tbed", "tab bed", "<secret>"},
        {"a/b+c", "a%252Fb%25252bc", "<secret>"},
        {"100%/day", "100%25%2Fday", "<secret>"},
        {"a+b'c", "a&#x2B;b&#039;c or a&#43;b&#X0027;c", "<secret> or <secret>"},
        {"a+b'c", "a&#;b and a&#43", "a&#;b and a&#43"},
        {"p\xc3\xa4ssword", "p\xc3\xa4ssword", "<secret>"},
        {"p\xc3\xa4ssword", "p&#228;ssword p&#xE4;ssword", "<secret> <secret>"},
        {"p\xc3\xa4ssword", "p\\u00e4ssword p%c3%A4ssword", "<secret> <secret>"},
        {"p\xc3\xa4ssword", "read as Latin-1: p\xc3\x83\xc2\xa4ssword", "read as Latin-1: <secret>"},
        {"p\xc3\xa4ssword", "p\\u00c3\\u00a4ssword p?ssword p??ssword", "<secret> <secret> <secret>"},
        {"p\xe4ssword", "p\xef\xbf\xbdssword p\xe4ssword p\xc3\xa4ssword", "<secret> <secret> <secret>"},
        {"key \xf0\x9f\x94\x91 one", "key \\ud83d\\uDD11 one", "<secret>"},
        {"correct horse battery", "Basic bWU6Y29ycmVjdCBob3Jz", "Basic <secret>"},
        {"correct horse battery", "Basic bWU6Y29ycmVjdCBo\xe2\x80\xa6", "Basic <secret>\xe2\x80\xa6"},
        {"hunter2", "hunter1 and hunter2, hunter2.", "hunter1 and <secret>, <secret>."},
        {"abc", "abc is too short to look for", "abc is too short to look for"},
        {"aaaa", "aaaaaaaa b aaa", "<secret> b aaa"},
        {"p&ss w/rd", "q=p%26ss%20w%2Frd&x", "q=<secret>&x"},
        {"p&ss w/rd", "q=p%26ss+w%2frd&x", "q=<secret>&x"},
        {"p&ss w/rd", "<b>p&amp;ss w/rd</b>", "<b><secret></b>"},
        {"say\"it\\x", "{\"k\":\"say\\\"it\\\\x\"}", "{\"k\":\"<secret>\"}"},
        {"a<b'c", "\"a\\u003cb\\u0027c\"", "\"<secret>\""},
        {"a<b'c", "a&lt;b&#39;c", "<secret>"},
        {"two\\\\slashes", "two\\\\slashes", "<secret>"},
        {"%41bcd", "key %41bcd", "key <secret>"},
        {"hunter2", "Authorization: Basic aHVudGVyMg==", "Authorization: Basic <secret>"},
        {"hunter2", "Authorization: Basic bWU6aHVudGVyMg==", "Authorization: Basic <secret>"},
        {"hunter2", "bTpodW50ZXIy", "<secret>"},
        {"hunter2", "Og==, aHVudGVyMg", "Og==, <secret>"},
        {"\xFB\xEF\xBE\xFF\xFF", "\"++++__8=\"", "\"<secret>\""},
        {"hunter2", "%", "%"},
        {"hunter2", "hunter%3", "hunter%3"},
        {"hunter2", "hunter\\u003", "hunter\\u003"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret *list[] = {NULL, secret_new(rows[i].secret, strlen(rows[i].secret)), NULL};
        char *redacted = secret_redact(rows[i].text, list, 3, NULL, 0);
        assert_string_equal(redacted, rows[i].redacted);
        free(redacted);
        secret_unref(list[1]);
    }
}

static void redacting_several(void **state)
{
    (void)state;
    struct secret *list[] = {secret_new("hunter2", 7), secret_new("api-key-1", 9),
                             secret_new("hunter2more", 11)};
    char *redacted = secret_redact("a hunter2 b api-key-1 c hunter2more d", list, 3, NULL, 0);
    assert_string_equal(redacted, "a <secret> b <secret> c <secret> d");
    free(redacted);
    redacted = secret_redact("text", NULL, 0, NULL, 0);
    assert_string_equal(redacted, "text");
    free(redacted);
    for (size_t i = 0; i < 3; i++)
        secret_unref(list[i]);
}

/* Whatever stands before and behind it in what is encoded. */
static void base64_at_every_place(void **state)
{
    (void)state;
    struct secret *secret = secret_new("hunter2", 7);
    for (int before = 0; before < 7; before++) {
        for (int behind = 0; behind < 7; behind++) {
            char plain[64], encoded[128];
            snprintf(plain, sizeof plain, "%.*shunter2%.*s", before, "abcdefg", behind, "hijklmn");
            text_base64_encode(plain, strlen(plain), encoded);
            char *redacted = secret_redact(encoded, &secret, 1, NULL, 0);
            assert_string_equal(redacted, "<secret>");
            free(redacted);
        }
    }
    secret_unref(secret);
}

/* Facts §3, §5.4 and what else messages look like. */
static void user_names(void **state)
{
    static const struct {
        const char *name, *text, *redacted;
    } rows[] = {
        {"epicor", "User epicor is disabled.", "User <user> is disabled."},
        {"epicor", "EPICOR: no license for Epicor.", "<user>: no license for <user>."},
        {"epicor", "epicor", "<user>"},
        {"epicor", "", ""},
        {"epicor", "Epicor.RESTApi.ErrorHandling.ApiException", "Epicor.RESTApi.ErrorHandling.ApiException"},
        {"epicor", "Ice.Epicor and Ice.Epicor.Lib", "Ice.Epicor and Ice.Epicor.Lib"},
        {"epicor", "epicor_erp, erp_epicor, epicor1, myepicor", "epicor_erp, erp_epicor, epicor1, myepicor"},
        {"epicor", "epicor-erp of erp-epicor - epicor -", "epicor-erp of erp-epicor - <user> -"},
        {"epicor", "sure ...epicor...", "sure ...<user>..."},
        {"epicor", "EPICOR\\\\monitor at EPICOR\\monitor", "<user>\\\\monitor at EPICOR\\monitor"},
        {"epicor", "ACME\\epicor, epicor@example.com, x@epicor",
         "ACME\\<user>, <user>@example.com, x@epicor"},
        {"epicor", "('epicor') \"epicor\" [epicor] <epicor>", "('<user>') \"<user>\" [<user>] <<user>>"},
        {"epicor", "user=epicor&x user:epicor;y /epicor/", "user=<user>&x user:<user>;y /<user>/"},
        {"epicor", "%27epicor%27 %2527epicor%2527 %5fepicor", "%27<user>%27 %2527<user>%2527 %5fepicor"},
        {"epicor", "\\u0027epicor\\u0027 \\u0061epicor", "\\u0027<user>\\u0027 \\u0061epicor"},
        {"epicor", "of\\nepicor\\r\\n {\\\"epicor\\\"}", "of\\n<user>\\r\\n {\\\"<user>\\\"}"},
        {"epicor", "&#39;epicor&#39; &quot;epicor&quot;", "&#39;<user>&#39; &quot;<user>&quot;"},
        {"epicor",
         "\xc3\xa4"
         "epicor epicor\xc3\xa4",
         "\xc3\xa4"
         "epicor epicor\xc3\xa4"},
        {"svc.epicor-1", "svc.epicor-1, svc.epicor-12, xsvc.epicor-1. SVC.Epicor-1.",
         "<user>, svc.epicor-12, xsvc.epicor-1. <user>."},
        {"svc epicor", "user svc epicor, svc%20epicor, svc+epicor", "user <user>, <user>, <user>"},
        {"J\xc3\xbcrgen", "J\xc3\x9cRGEN or J&#252;rgen or j\\u00fcrgen", "<user> or <user> or <user>"},
        {"ACME\\monitor", "ACME\\monitor, acme\\\\monitor, monitor, ACME", "<user>, <user>, <user>, ACME"},
        {"monitor@example.com", "monitor@example.com, monitor, monitor@other, example.com",
         "<user>, <user>, <user>@other, example.com"},
        {"username", "Invalid username or password.", "Invalid username or password."},
        {"username", "user 'username', ACME\\username, user=username, 'no username'",
         "user '<user>', ACME\\<user>, user=<user>, 'no username'"},
        {"API", "API Key is required. 'api' is no user.", "API Key is required. '<user>' is no user."},
        {"me", "tell me: me@example.com", "tell me: <user>@example.com"},
        {"monitor", "monitoring of monitors", "monitoring of monitors"},
        {"monitor", "Basic bW9uaXRvcjo=", "Basic <secret>"},
        {"monitor", "Basic bW9uaXRvcjpvbGQgcGFzcw== of monitor", "Basic <secret> of <user>"},
        {"monitor", "xbW9uaXRvcjpvbGQgcGFzcw== bW9uaXRvcg", "xbW9uaXRvcjpvbGQgcGFzcw== bW9uaXRvcg"},
        {"7F3A9C2E-0042-4B30-A6F4-6D2FD4B9FD0F", "client 7f3a9c2e-0042-4b30-a6f4-6d2fd4b9fd0f is unknown",
         "client <user> is unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret *list[] = {NULL, secret_new(rows[i].name, strlen(rows[i].name)), secret_new("", 0)};
        char *redacted = secret_redact(rows[i].text, NULL, 0, list, 3);
        assert_string_equal(redacted, rows[i].redacted);
        free(redacted);
        secret_unref(list[1]);
        secret_unref(list[2]);
    }
}

/* A name may hold the beginning of a password, and the other way round. */
static void names_beside_secrets(void **state)
{
    static const struct {
        const char *secret, *name, *text, *redacted;
    } rows[] = {
        {"monitor-1", "monitor", "monitor and monitor-1", "<user> and <secret>"},
        {"moni", "monitor", "monitor", "<secret><user>"},
        {"monitor", "monitor", "monitor", "<secret>"},
        {"hunter2", "monitor", "bW9uaXRvcjpodW50ZXIy for monitor:hunter2", "<secret> for <user>:<secret>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret *secret = secret_new(rows[i].secret, strlen(rows[i].secret));
        struct secret *name = secret_new(rows[i].name, strlen(rows[i].name));
        char *redacted = secret_redact(rows[i].text, &secret, 1, &name, 1);
        assert_string_equal(redacted, rows[i].redacted);
        free(redacted);
        secret_unref(secret);
        secret_unref(name);
    }
}

/* Where a text begins otherwise than secret_match_leads says, nothing of the secret begins. */
static void leads_leave_nothing_out(void **state)
{
    static const char *const tails[] = {"", "bcdef", "u0041", "amp;", "#65;", "\xa4x", "\xbf\xbd", "2541"};

    (void)state;
    static const char seconds[] = "b\x80\xa4\xbf\xf0";
    for (int first = 1; first < 256; first++) {
        bool leads[256] = {false};
        secret_match_leads((unsigned char)first, leads);
        for (size_t s = 0; s < (first < 0x80 ? 1 : sizeof seconds - 1); s++) {
            const char secret[] = {(char)first, seconds[s], 'c', 'd', '\0'};
            for (int lead = 1; lead < 256; lead++)
                for (size_t i = 0; i < sizeof tails / sizeof tails[0] && !leads[lead]; i++) {
                    char text[16];
                    size_t size = strlen(tails[i]);
                    text[0] = (char)lead;
                    memcpy(text + 1, tails[i], size);
                    if (secret_match((struct span){text, size + 1}, secret, 4).secret != 0)
                        fail_msg("%02x%02x begins at %02x %s", first, (unsigned char)seconds[s], lead,
                                 tails[i]);
                }
        }
    }
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

ALL_TESTS(cmocka_unit_test(holds_and_compares), cmocka_unit_test(wiping_leaves_zeros),
          cmocka_unit_test(threads_share_it), WITH_FOLDER(files_are_read_and_only_line_ends_trimmed),
          WITH_FOLDER(files_are_bounded), WITH_FOLDER(symbolic_links_are_followed),
          WITH_FOLDER(a_fifo_is_read_to_its_end), cmocka_unit_test(variables), WITH_FOLDER(credentials),
          cmocka_unit_test(inline_and_none), cmocka_unit_test(redacting), cmocka_unit_test(redacting_several),
          cmocka_unit_test(base64_at_every_place), cmocka_unit_test(user_names),
          cmocka_unit_test(names_beside_secrets), cmocka_unit_test(leads_leave_nothing_out));
