#include "main.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "metrics/process.h"

#define STAT " S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 20 0 1 0 12345 104857600 2560 18446744073709551615 1 2 3\n"

static void test_parsing(void **state)
{
    static const struct {
        const char *stat, *system;
        bool good;
        double start;
    } rows[] = {
        {"42 (epicor)" STAT, "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n", true, 1700000123.45},
        /* A name may hold anything. */
        {"42 (a) S 9 9 (b c)" STAT, "cpu 1\nbtime 1700000000\n", true, 1700000123.45},
        {"42 (epicor)" STAT, "", true, 0},
        {"42 (epicor)" STAT, "cpu 1\nbtime x\n", true, 0},
        {"", "cpu 1\nbtime 1700000000\n", false, 0},
        {"42 (epicor)", "", false, 0},
        {"42 (epicor) S 1 2 3", "", false, 0},
        {"42 (epicor) S 1 2 3 4 5 6 7 8 9 10 x 50 13 14 20 0 1 0 12345 1 2 3\n", "", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct process_figures figures = {0};
        process_parse(rows[i].stat, rows[i].system, 100, 4096, &figures);
        assert_int_equal(figures.has_stat, rows[i].good);
        if (!rows[i].good)
            continue;
        assert_true(figures.cpu_seconds == 3.0);
        assert_true(figures.virtual_bytes == 104857600.0);
        assert_true(figures.resident_bytes == 2560 * 4096.0);
        assert_true(figures.start_epoch == rows[i].start);
    }
}

static void test_this_process(void **state)
{
    struct process_figures before, after;

    (void)state;
    process_read(&before);
    assert_true(before.has_stat && before.has_open_fds && before.has_max_fds);
    assert_true(before.resident_bytes > 100000 && before.virtual_bytes >= before.resident_bytes);
    assert_true(before.start_epoch > (double)time(NULL) - 3600 &&
                before.start_epoch < (double)time(NULL) + 60);
    assert_true(before.open_fds >= 3 && before.open_fds <= before.max_fds);

    int descriptor = open("/dev/null", O_RDONLY);
    process_read(&after);
    close(descriptor);
    assert_true(after.open_fds == before.open_fds + 1);
    assert_true(after.cpu_seconds >= before.cpu_seconds);
}

ALL_TESTS(cmocka_unit_test(test_parsing), cmocka_unit_test(test_this_process));
