/* Who may have sent what changes something. */
#include "main.h"

#include "web/origin.h"

static void origins(void **state)
{
    static const struct {
        const char *origin, *fetch_site, *host;
        bool tls, own;
    } cases[] = {
        {NULL, NULL, "h:10606", false, true}, /* curl */
        {NULL, NULL, NULL, false, true},
        {"http://h:10606", NULL, "h:10606", false, true},
        {"http://h:10606", "same-origin", "h:10606", false, true},
        {"HTTP://H:10606", NULL, "h:10606", false, true},
        {"https://h", "same-origin", "h", false, true}, /* TLS ends at a proxy */
        {"https://h:10606", NULL, "h:10606", true, true},
        {"http://h:10606", NULL, "h:10606", true, false},
        {"http://evil.example.com", NULL, "h:10606", false, false},
        {"http://h:10606.evil.example.com", NULL, "h:10606", false, false},
        {"http://h:1060", NULL, "h:10606", false, false},
        {"http://h", NULL, "h:10606", false, false},
        {"http://h:10606/", NULL, "h:10606", false, false},
        {"http://user@h:10606", NULL, "h:10606", false, false},
        {"http://h:10606, http://h:10606", NULL, "h:10606", false, false},
        {"null", NULL, "h:10606", false, false},
        {"", NULL, "h:10606", false, false},
        {"http://", NULL, "", false, false},
        {"http://h", NULL, NULL, false, false},
        {"ftp://h:10606", NULL, "h:10606", false, false},
        {"chrome-extension://h:10606", NULL, "h:10606", false, false},
        {"http://h:10606", "cross-site", "h:10606", false, false},
        {"http://h:10606", "same-site", "h:10606", false, false},
        {NULL, "cross-site", "h:10606", false, false},
        {NULL, "none", "h:10606", false, true},
        {NULL, "", "h:10606", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (origin_is_own(cases[i].origin, cases[i].fetch_site, cases[i].host, cases[i].tls) != cases[i].own)
            fail_msg("case %zu: %s", i, cases[i].origin == NULL ? "none" : cases[i].origin);
}

ALL_TESTS(cmocka_unit_test(origins));
