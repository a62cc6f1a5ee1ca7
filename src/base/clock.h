/* Time. Deadlines and lifetimes are counted on CLOCK_BOOTTIME (goes on during a suspend, never jumps); wall
   time is for display and dates only. Everything that needs the time is handed a struct moment, so that tests
   own the clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define MICROSECOND_NS ((int64_t)1000)
#define MILLISECOND_NS ((int64_t)1000000)
#define SECOND_NS      ((int64_t)1000000000)
#define MINUTE_NS      (60 * SECOND_NS)
#define HOUR_NS        (60 * MINUTE_NS)
#define DAY_NS         (24 * HOUR_NS)
#define NEVER_NS       INT64_MAX /* a deadline that does not come */

struct moment {
    int64_t boot_ns; /* CLOCK_BOOTTIME, nanoseconds */
    int64_t wall_ns; /* CLOCK_REALTIME, nanoseconds since 1970-01-01T00:00:00Z */
};

struct moment clock_now(void);

static inline int64_t ns_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t ns_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline double clock_seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

#endif
