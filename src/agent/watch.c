#include "agent/watch.h"

#define LOOK_NS MINUTE_NS

struct watch watch_windows(const struct windows *windows, const struct zone *zone, struct moment now)
{
    int64_t epoch = now.wall_ns / SECOND_NS, change = windows_next_change(windows, zone, epoch);
    int64_t change_ns = change == WINDOW_NEVER ? NEVER_NS : now.boot_ns + change * SECOND_NS - now.wall_ns;
    return (struct watch){.inside = windows_contain(windows, zone, epoch),
                          .change_ns = change_ns,
                          .again_ns = ns_min(change_ns, now.boot_ns + LOOK_NS)};
}
