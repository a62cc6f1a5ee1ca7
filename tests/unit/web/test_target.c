/* Request targets in their forms. */
#include "main.h"

#include "web/target.h"

static void forms(void **state)
{
    static const struct {
        const char *target;
        bool good;
        const char *path, *host, *goes_by;
    } cases[] = {
        {"/metrics", true, "/metrics", "x", "x"},
        {"/metrics", true, "/metrics", NULL, NULL},
        {"*", true, "*", "x", "x"},
        {"", true, "", "x", "x"},
        {"http:/metrics", true, "http:/metrics", "x", "x"},
        {"ftp://x/metrics", true, "ftp://x/metrics", "x", "x"},
        {"/http://x/metrics", true, "/http://x/metrics", "x", "x"},
        {"http://x/metrics", true, "/metrics", "x", "x"},
        {"http://x/metrics", true, "/metrics", "y", ""},
        {"http://x/metrics", true, "/metrics", NULL, ""},
        {"HTTPS://Example:1234/", true, "/", "example:1234", "example:1234"},
        {"http://x", true, "/", "x", "x"},
        {"http://x//metrics", true, "//metrics", "x", "x"},
        {"http://[::1]:10606/-/ready", true, "/-/ready", "[::1]:10606", "[::1]:10606"},
        {"http://localhost@x/", true, "/", "localhost", ""},
        {"http://", false, "/", "", NULL},
        {"http:///metrics", false, "/metrics", "", NULL},
        {"https://:80/metrics", false, "/metrics", ":80", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct web_target target;
        if (target_read(cases[i].target, &target) != cases[i].good)
            fail_msg("%s", cases[i].target);
        assert_string_equal(target.path, cases[i].path);
        if (!cases[i].good)
            continue;
        const char *host = target_host(&target, cases[i].host);
        assert_int_equal(host == NULL, cases[i].goes_by == NULL);
        if (host != NULL)
            assert_string_equal(host, cases[i].goes_by);
    }
}

ALL_TESTS(cmocka_unit_test(forms));
