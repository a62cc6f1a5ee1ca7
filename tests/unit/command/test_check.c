#include "main.h"

#include "command/check.h"
#include "unit/config/fixture.h"

#include <unistd.h>

/* Runs check over a file of this text; what it prints, less the folder before e.ini, is the caller's to free. */
static char *check_text(const char *text, enum exit_status wanted, int64_t shard_total)
{
    char path[] = "/tmp/epicor_check_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    const struct arguments arguments = {.config_file = path, .shard_total = shard_total};
    assert_int_equal(check_configuration(&arguments, &sample_schema, out), wanted);
    fclose(out);
    unlink(path);
    for (char *at; (at = strstr(printed, path)) != NULL;)
        memmove(at, at + strlen(path), strlen(at + strlen(path)) + 1);
    return printed;
}

static void test_good(void **state)
{
    (void)state;
    char *printed = check_text(GOOD, STATUS_GOOD, 1);
    assert_string_equal(printed, "ok: 1 app servers, 1 probes, 1 targets\n");
    free(printed);
    printed = check_text(SERVER, STATUS_GOOD, 1);
    assert_string_equal(printed, ": warning: there is no [probe NAME]: nothing is asked of the app servers\n"
                                 "ok: 1 app servers, 0 probes, 0 targets\n");
    free(printed);
}

static void test_faults_before_warnings(void **state)
{
    (void)state;
    char *printed = check_text("[exporter]\ntimeout = 1s\nintervall = 5s\n" GOOD "top = 0\n",
                               STATUS_WRONG_CONFIG, 1);
    assert_string_equal(
        printed, ":3: [exporter] intervall: unknown key; is interval meant?\n:13: [probe orders] top = 0: it "
                 "must be 1 to 100\n"
                 ":1: warning: [exporter] connect_timeout: longer than timeout, so it never comes to bear\n"
                 ":2: warning: [exporter] timeout: below 20s; Kinetic delays each call by 20 s when license "
                 "seats run out, "
                 "which would then look like a time-out\n");
    free(printed);
}

static void test_a_shard_is_counted(void **state)
{
    (void)state;
    int64_t total = 2;
    char *printed = check_text(GOOD, STATUS_GOOD, total);
    char wanted[64];
    int mine = shard_has("live", 0, total) ? 1 : 0;
    snprintf(wanted, sizeof wanted, "ok: %d app servers, 1 probes, %d targets\n", mine, mine);
    assert_string_equal(printed, wanted);
    free(printed);
}

ALL_TESTS(cmocka_unit_test(test_good), cmocka_unit_test(test_faults_before_warnings),
          cmocka_unit_test(test_a_shard_is_counted));
