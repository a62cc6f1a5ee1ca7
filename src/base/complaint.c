#include "base/complaint.h"

#include "base/clock.h"

#define FIRST_INTERVAL_NS MINUTE_NS
#define LAST_INTERVAL_NS  DAY_NS
#define FIRST_HOLD_NS     MINUTE_NS
#define LAST_HOLD_NS      (10 * MINUTE_NS) /* also: what returns later is new */

static enum complaint_say say_well(struct complaint *complaint, int64_t now_boot_ns)
{
    if (complaint->what == 0)
        return COMPLAINT_QUIET;
    if (!complaint->calm) {
        complaint->calm = true;
        complaint->calm_ns = now_boot_ns;
    }
    if (now_boot_ns - complaint->calm_ns < complaint->hold_ns)
        return COMPLAINT_QUIET;
    complaint->what = 0;
    complaint->calm_ns = now_boot_ns;
    return COMPLAINT_OVER;
}

static void begin(struct complaint *complaint, int64_t now_boot_ns)
{
    if (!complaint->calm || now_boot_ns - complaint->calm_ns > LAST_HOLD_NS)
        complaint->hold_ns = 0;
    else if (complaint->hold_ns == 0)
        complaint->hold_ns = FIRST_HOLD_NS;
    else
        complaint->hold_ns = complaint->hold_ns < LAST_HOLD_NS / 2 ? complaint->hold_ns * 2 : LAST_HOLD_NS;
}

enum complaint_say complaint_update(struct complaint *complaint, uint64_t what, int64_t now_boot_ns)
{
    if (what == 0)
        return say_well(complaint, now_boot_ns);
    if (complaint->what == 0)
        begin(complaint, now_boot_ns);
    complaint->calm = false;
    if (what != complaint->what) {
        complaint->what = what;
        complaint->since_ns = now_boot_ns;
        complaint->next_ns = now_boot_ns + FIRST_INTERVAL_NS;
        complaint->interval_ns = FIRST_INTERVAL_NS;
        return COMPLAINT_NEW;
    }
    if (now_boot_ns < complaint->next_ns)
        return COMPLAINT_QUIET;
    complaint->interval_ns *= 2;
    if (complaint->interval_ns > LAST_INTERVAL_NS)
        complaint->interval_ns = LAST_INTERVAL_NS;
    complaint->next_ns = now_boot_ns + complaint->interval_ns;
    return COMPLAINT_AGAIN;
}
