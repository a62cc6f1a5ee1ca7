/* bcrypt: hashes of others are known, ours are taken by ourselves, what is no hash is told. */
#include "main.h"

#include <string.h>

#include "base/bcrypt.h"

/* Of the passwords and hashes published with crypt_blowfish and jBCrypt. */
static void hashes_of_others(void **state)
{
    static const struct {
        const char *password, *hash;
        bool matches;
    } cases[] = {
        {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", true},
        {"U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", true},
        {"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", true},
        {"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", true},
        {"", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", true},
        {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", false},
        {"u*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
        {"abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(bcrypt_is_hash(cases[i].hash));
        if (bcrypt_matches(cases[i].password, cases[i].hash) != cases[i].matches)
            fail_msg("%s", cases[i].hash);
    }
}

static void what_is_no_hash(void **state)
{
#define REST "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    static const struct {
        const char *text;
        bool is_hash;
    } cases[] = {
        {"$2y$04$" REST, true},
        {"$2b$17$" REST, true},
        {"$2y$03$" REST, false},
        {"$2y$18$" REST, false},
        {"$2y$31$" REST, false},
        {"$2x$05$" REST, false},
        {"$2$05$" REST, false},
        {"$2y$5$" REST, false},
        {"$2y$ 5$" REST, false},
        {"$2y$05$" REST "x", false},
        {"$2y$05$" REST " ", false},
        {"$2\0$05$" REST, false},
        {"$2y$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false}, /* stray bits in the salt */
        {"$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyO=W", false},
        {"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJu", false},
        {"hunter2", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (bcrypt_is_hash(cases[i].text) != cases[i].is_hash)
            fail_msg("%s", cases[i].text);
}

static void a_new_hash_has_a_new_salt(void **state)
{
    char first[BCRYPT_HASH_SIZE], second[BCRYPT_HASH_SIZE];

    (void)state;
    assert_true(bcrypt_make("correct horse", BCRYPT_COST_MIN, first));
    assert_true(bcrypt_make("correct horse", BCRYPT_COST_MIN, second));
    assert_true(bcrypt_is_hash(first));
    assert_memory_equal(first, "$2y$04$", 7);
    assert_string_not_equal(first, second);
    assert_true(bcrypt_matches("correct horse", first));
    assert_true(bcrypt_matches("correct horse", second));
    assert_false(bcrypt_matches("correct horses", first));
    assert_false(bcrypt_matches("", first));
    /* libxcrypt takes no such long one, and says so: it matches nothing. */
    char longest[1000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(bcrypt_matches(longest, first));
}

ALL_TESTS(cmocka_unit_test(hashes_of_others), cmocka_unit_test(what_is_no_hash),
          cmocka_unit_test(a_new_hash_has_a_new_salt));
