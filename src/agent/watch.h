/* Windows against the clocks: is it inside, and when to look again. Pure. */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/window.h"

struct watch {
    bool inside;
    int64_t change_ns; /* boot time of the moment at which that changes; NEVER_NS: never */
    int64_t
        again_ns; /* look again then: at the change, but within a minute, since the wall clock may be set */
};

struct watch watch_windows(const struct windows *windows, const struct zone *zone, struct moment now);

#endif
