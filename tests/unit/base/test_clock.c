#include "main.h"

#include <time.h>

#include "base/clock.h"

static void both_clocks_are_read_in_nanoseconds(void **state)
{
    (void)state;
    struct timespec boot, wall;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &wall);
    struct moment now = clock_now();
    int64_t boot_apart = now.boot_ns - (boot.tv_sec * SECOND_NS + boot.tv_nsec);
    int64_t wall_apart = now.wall_ns - (wall.tv_sec * SECOND_NS + wall.tv_nsec);
    assert_true(boot_apart >= 0 && boot_apart < MINUTE_NS);
    assert_true(wall_apart > -MINUTE_NS && wall_apart < MINUTE_NS);
}

static void boot_time_does_not_go_back(void **state)
{
    (void)state;
    struct moment before = clock_now();
    for (int i = 0; i < 1000; i++) {
        struct moment now = clock_now();
        assert_true(now.boot_ns >= before.boot_ns);
        before = now;
    }
}

static void units_build_on_each_other(void **state)
{
    (void)state;
    assert_true(DAY_NS == 86400 * 1000 * MILLISECOND_NS);
    assert_true(MILLISECOND_NS == 1000 * MICROSECOND_NS);
    assert_true(clock_seconds(1500 * MILLISECOND_NS) == 1.5);
}

ALL_TESTS(cmocka_unit_test(both_clocks_are_read_in_nanoseconds), cmocka_unit_test(boot_time_does_not_go_back),
          cmocka_unit_test(units_build_on_each_other));
