/* What every cmocka program of ours defines; tests/main.c runs it. Include this first. */
#ifndef TESTS_MAIN_H
#define TESTS_MAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 1: a sanitizer is at work. It takes several times as long, and looks at how memory and threads are used: long walks over
   pure functions take longer steps then, and are walked whole in the other builds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

extern const struct CMUnitTest all_tests[];
extern const size_t all_tests_count;

/* In place of cmocka's run macro: ALL_TESTS(cmocka_unit_test(a), cmocka_unit_test(b)) */
#define ALL_TESTS(...)                                                                                       \
    const struct CMUnitTest all_tests[] = {__VA_ARGS__};                                                     \
    const size_t all_tests_count = sizeof all_tests / sizeof all_tests[0]

#endif
