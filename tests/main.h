/* What every cmocka program of ours defines; tests/main.c runs it. Include this first. */
#ifndef TESTS_MAIN_H
#define TESTS_MAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern const struct CMUnitTest all_tests[];
extern const size_t all_tests_count;

/* In place of cmocka's run macro: ALL_TESTS(cmocka_unit_test(a), cmocka_unit_test(b)) */
#define ALL_TESTS(...)                                                                                       \
    const struct CMUnitTest all_tests[] = {__VA_ARGS__};                                                     \
    const size_t all_tests_count = sizeof all_tests / sizeof all_tests[0]

#endif
