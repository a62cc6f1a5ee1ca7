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
        if (origin_is_own(cases[i].origin, cases[i].fetch_site, cases[i].host, cases[i].tls, NULL) !=
            cases[i].own)
            fail_msg("case %zu: %s", i, cases[i].origin == NULL ? "none" : cases[i].origin);
}

static void a_proxy_in_front(void **state)
{
    static const struct {
        const char *origin, *url;
        bool own;
    } cases[] = {
        {"https://m.example.com", "https://m.example.com/epicor", true},
        {"https://m.example.com", "https://m.example.com:443/epicor", true},
        {"http://m.example.com", "http://m.example.com:80", true},
        {"https://[::1]", "https://[::1]:443", true},
        {"https://m.example.com", "https://m.example.com:80", false},
        {"http://m.example.com", "http://m.example.com:443", false},
        {"https://M.example.com", "https://m.example.com", true},
        {"https://m.example.com:8443", "https://m.example.com:8443/?x", true},
        {"http://m.example.com", "https://m.example.com/epicor", false},
        {"https://m.example.com.evil.example.com", "https://m.example.com/epicor", false},
        {"https://m.example.co", "https://m.example.com/epicor", false},
        {"null", "https://m.example.com/epicor", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (origin_is_own(cases[i].origin, NULL, "127.0.0.1:10606", false, cases[i].url) != cases[i].own)
            fail_msg("%s", cases[i].origin);
    assert_false(origin_is_own("https://m.example.com", "cross-site", "h", false, "https://m.example.com"));
}

static void hosts(void **state)
{
    static const char *const local[] = {NULL,          "localhost",       "LocalHost:10606",
                                        "127.0.0.1",   "127.0.0.1:10606", "10.1.2.3:1",
                                        "[::1]:10606", "[::1]",           "[fe80::1]"};
    static const char *const others[] = {"",
                                         "evil.example.com",
                                         "evil.example.com:10606",
                                         "localhost.evil.example.com",
                                         "127.0.0.1.evil.example.com",
                                         "127.0.0.1, h",
                                         "[::1",
                                         "[::1]x",
                                         "::1",
                                         "127.0.0.1:1x",
                                         "[127.0.0.1]",
                                         "[evil]:1",
                                         ":10606",
                                         "localhost:1:2"};

    (void)state;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        if (!host_is_local(local[i]))
            fail_msg("%s", local[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (host_is_local(others[i]))
            fail_msg("%s", others[i]);
}

ALL_TESTS(cmocka_unit_test(origins), cmocka_unit_test(a_proxy_in_front), cmocka_unit_test(hosts));
