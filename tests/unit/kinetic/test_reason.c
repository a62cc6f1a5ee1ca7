#include "main.h"

#include <stdio.h>
#include <string.h>

#include "kinetic/reason.h"

/* The closed list of the contract, in its order: rules and dashboards of others are written against it. */
static const char contract[] =
    "credentials api_key token_rejected access_denied unauthorized identity_provider license_exhausted "
    "not_found "
    "client_error conflict_or_gone throttled upgrade_pending unavailable server_error query_timeout "
    "redirected "
    "timeout resolve connect tls connection_lost invalid_response too_large expectation rows internal ";

static void test_names_are_the_closed_list(void **state)
{
    (void)state;
    char all[1024] = "";
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s ", reason_name(reason));
    }
    assert_string_equal(all, contract);
    assert_string_equal(reason_name(REASON_NONE), "");
}

static void test_each_reason_speaks(void **state)
{
    (void)state;
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++) {
        const struct reason_row *row = reason_row(reason);
        assert_true(strlen(row->sentence) > 20 && row->sentence[strlen(row->sentence) - 1] == '.');
        assert_true(strlen(row->remedy) > 20);
        assert_true(strchr(row->sentence, '\n') == NULL && strchr(row->remedy, '\n') == NULL);
    }
}

static void assert_flag(const char *flag, const char *expected)
{
    char all[1024] = "";
    for (enum reason reason = REASON_NONE + 1; reason < REASONS; reason++) {
        const struct reason_row *row = reason_row(reason);
        bool set = strcmp(flag, "login") == 0       ? row->login
                   : strcmp(flag, "proves_up") == 0 ? row->proves_up
                   : strcmp(flag, "own_words") == 0 ? row->own_words
                   : strcmp(flag, "backs_off") == 0 ? row->backs_off
                                                    : row->auth;
        size_t used = strlen(all);
        if (set)
            snprintf(all + used, sizeof all - used, "%s ", row->name);
    }
    assert_string_equal(all, expected);
}

static void test_flags_are_the_contracts(void **state)
{
    (void)state;
    assert_flag("login", "token_rejected unauthorized ");
    assert_flag("proves_up",
                "access_denied not_found client_error query_timeout too_large expectation rows ");
    assert_flag("own_words", "access_denied not_found client_error ");
    assert_flag("backs_off", "license_exhausted throttled ");
    assert_flag("auth", "credentials api_key token_rejected access_denied unauthorized identity_provider ");
}

ALL_TESTS(cmocka_unit_test(test_names_are_the_closed_list), cmocka_unit_test(test_each_reason_speaks),
          cmocka_unit_test(test_flags_are_the_contracts));
