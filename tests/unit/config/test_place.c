#include "main.h"

#include "config/document.h"
#include "config/place.h"

static void keys_are_found_in_every_form(void **state)
{
    (void)state;
    struct entry entries[] = {{.name = (char[]){"rows_min"}, .value = (char[]){""}, .line = 3},
                              {.name = (char[]){"password_env"}, .value = (char[]){""}, .line = 4},
                              {.name = (char[]){"body_file"}, .value = (char[]){""}, .line = 5},
                              {.name = (char[]){"api_key_credential"}, .value = (char[]){""}, .line = 6}};
    const struct source source = {.file = (char[]){"f.ini"}};
    struct section section = {.source = &source, .line = 2, .entries = entries, .count = 4};
    struct key_lines keys;
    for (size_t i = 0; i < 4; i++)
        entries[i].source = &source;
    entries[2].inherited = true;
    static const struct {
        const char *key;
        int line;
    } cases[] = {{"rows_min", 3}, {"rows", 0}, {"password", 4}, {"body", 5}, {"api_key", 6}, {"url", 0}};

    key_lines_init(&keys, &section);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct place place = key_lines_place(&keys, (struct place){"f.ini", 2}, cases[i].key);

        assert_int_equal(key_lines_find(&keys, cases[i].key), cases[i].line);
        assert_int_equal(place.line, cases[i].line == 0 ? 2 : cases[i].line);
        assert_string_equal(place.file, "f.ini");
    }
    assert_true(key_lines_own(&keys, "password"));
    assert_false(key_lines_own(&keys, "body"));
    assert_false(key_lines_own(&keys, "url"));
    key_lines_free(&keys);
    assert_int_equal(key_lines_find(&keys, "rows_min"), 0);
}

ALL_TESTS(cmocka_unit_test(keys_are_found_in_every_form));
