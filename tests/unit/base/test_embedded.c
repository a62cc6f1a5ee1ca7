#include "main.h"

#include "base/embedded.h"

#include <string.h>

static void the_rules_are_built_in(void **state)
{
    const struct embedded_file *file = embedded_find(embedded_rules, "epicor.rules.yml");

    (void)state;
    assert_non_null(file);
    assert_int_equal(strlen(file->data), file->size);
    assert_non_null(strstr(file->data, "alert: EpicorUnavailable"));
    assert_non_null(strstr(file->data, EMBEDDED_BASE_URL "/runbooks/EpicorUnavailable.md"));
    /* base64 of 32 bytes */
    assert_int_equal(strlen(file->sha256), 44);
    assert_int_equal(file->sha256[43], '=');
    assert_null(embedded_find(embedded_rules, "epicor.rules"));
    assert_null(embedded_find(embedded_rules, ""));
}

ALL_TESTS(cmocka_unit_test(the_rules_are_built_in));
