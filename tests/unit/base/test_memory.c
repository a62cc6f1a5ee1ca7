#include "main.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

static void new_memory_is_zeroed(void **state)
{
    (void)state;
    unsigned char *bytes = memory_new(1000, 3);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(bytes[i], 0);
    free(bytes);
}

static void nothing_can_be_freed(void **state)
{
    (void)state;
    void *none = memory_new(0, 8);
    assert_non_null(none);
    none = memory_grow(none, 0, 8);
    assert_non_null(none);
    none = memory_grow(none, 8, 0);
    assert_non_null(none);
    free(none);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    char *text = memory_copy_text("kept");
    text = memory_grow(text, 100000, 1);
    assert_string_equal(text, "kept");
    free(text);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    char *copy = memory_copy_bytes("a\0b", 3);
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
    copy = memory_copy_bytes(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = memory_copy_text("");
    assert_string_equal(copy, "");
    free(copy);
}

static void formats_of_any_size(void **state)
{
    (void)state;
    char *text = memory_format("%s-%0500d", "a", 7);
    assert_int_equal(strlen(text), 502);
    assert_string_equal(text + 495, "0000007");
    free(text);
}

static volatile size_t huge = SIZE_MAX / 2 + 2;

static void ask_product(void)
{
    free(memory_new(huge, 2));
}

static void ask_growth(void)
{
    free(memory_grow(NULL, huge, 2));
}

static void ask_bytes(void)
{
    free(memory_copy_bytes("", huge + (huge - 5)));
}

static void no_memory_ends_the_process_with_a_word(void **state)
{
    static void (*const asks[])(void) = {ask_product, ask_growth, ask_bytes};

    (void)state;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        int ends[2];
        char told[256] = "";
        int status;

        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            signal(SIGABRT, SIG_DFL);
            dup2(ends[1], STDERR_FILENO);
            asks[i]();
            _exit(0);
        }
        close(ends[1]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(read(ends[0], told, sizeof told - 1) >= 0);
        close(ends[0]);
        /* A sanitizer may end it in its own way, before the allocator can say no. */
        assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        if (WIFSIGNALED(status))
            assert_string_equal(told, "epicor_exporter: out of memory\n");
    }
}

ALL_TESTS(cmocka_unit_test(new_memory_is_zeroed), cmocka_unit_test(nothing_can_be_freed),
          cmocka_unit_test(growing_keeps_the_content), cmocka_unit_test(copies_are_terminated),
          cmocka_unit_test(formats_of_any_size), cmocka_unit_test(no_memory_ends_the_process_with_a_word));
