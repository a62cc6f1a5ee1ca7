#include "main.h"

#include "agent/proxy.h"

#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static void clear(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
}

static const char *ask(const char *proxy, const char *url)
{
    struct secret *secret = proxy == NULL ? NULL : secret_new(proxy, strlen(proxy));
    static char kept[256];
    const char *why = NULL, *found = proxy_of(secret, url, &why);

    assert_true((found == NULL) == (why != NULL));
    if (found != NULL) {
        assert_true(strlen(found) < sizeof kept);
        memcpy(kept, found, strlen(found) + 1);
    }
    secret_unref(secret);
    return found == NULL ? NULL : kept;
}

static void kinds_of_proxy(void **state)
{
    static const struct {
        const char *proxy;
        bool good;
    } cases[] = {
        {"http://a:3128", true},     {"HTTP://a", true},   {"a:3128", true},     {"", true},
        {"socks5h://u:p@a", true},   {"socks5://a", true}, {"https://a", false}, {"socks4://a", false},
        {"socks4a://a:1080", false}, {"httpx://a", false}, {"file:///a", false},
    };

    (void)state;
    clear();
    assert_string_equal(ask(NULL, "https://b"), "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = ask(cases[i].proxy, "https://b");

        if (cases[i].good)
            assert_string_equal(found, cases[i].proxy);
        else
            assert_null(found);
    }
}

static void environment_names_it(void **state)
{
    (void)state;
    clear();
    assert_string_equal(ask("environment", "https://b"), "");
    setenv("HTTP_PROXY", "http://never", 1);
    assert_string_equal(ask("environment", "http://b"), "");
    setenv("ALL_PROXY", "http://all", 1);
    assert_string_equal(ask("environment", "http://b"), "http://all");
    setenv("http_proxy", "http://plain", 1);
    setenv("HTTPS_PROXY", "http://upper", 1);
    assert_string_equal(ask("environment", "http://b"), "http://plain");
    assert_string_equal(ask("environment", "HTTPS://b"), "http://upper");
    setenv("https_proxy", "http://lower", 1);
    assert_string_equal(ask("environment", "https://b"), "http://lower");
    setenv("https_proxy", "https://lower", 1);
    assert_null(ask("environment", "https://b"));
    clear();
}

static void exceptions(void **state)
{
    static const struct {
        const char *list, *url;
        bool excepted;
    } cases[] = {
        {"*", "https://erp.example.com/x", true},
        {"example.com", "https://erp.example.com/x", true},
        {".Example.com.", "https://ERP.example.com.:8443/x", true},
        {"example.com", "https://example.com", true},
        {".example.com", "https://example.com", true},
        {"ample.com", "https://example.com", false},
        {"erp.example.com", "https://example.com", false},
        {"a,b , example.com\t", "https://example.com?x", true},
        {"", "https://example.com", false},
        {",. ,", "https://example.com", false},
        {"example.com", "https://other.net/?example.com", false},
        {"10.1.2.3", "https://10.1.2.3:443", true},
        {"10.1.2.0/24", "https://10.1.2.3", true},
        {"10.1.3.0/23", "https://10.1.2.3", true},
        {"10.1.0.0/23", "https://10.1.2.3", false},
        {"0.0.0.0/0", "https://10.1.2.3", true},
        {"10.1.2.0/33", "https://10.1.2.3", false},
        {"10.1.2.0/x", "https://10.1.2.3", false},
        {"10.1.2.0/24", "https://10.1.2.3.example", false},
        {"::1", "https://[::1]:8443/", true},
        {"fd00::/8", "https://[fd12::1]", true},
        {"fd00::/8", "https://[fe80::1]", false},
        {"::/0", "https://10.1.2.3", false},
    };

    (void)state;
    clear();
    setenv("https_proxy", "http://p", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("no_proxy", cases[i].list, 1);
        if ((ask("environment", cases[i].url)[0] == '\0') != cases[i].excepted)
            fail_msg("case %zu", i);
        assert_string_equal(ask("http://q", cases[i].url), "http://q");
    }
    clear();
}

ALL_TESTS(cmocka_unit_test(kinds_of_proxy), cmocka_unit_test(environment_names_it),
          cmocka_unit_test(exceptions));
