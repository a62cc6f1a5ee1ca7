#include "base/complaint.h"

#include "base/clock.h"

#define FIRST_INTERVAL_NS MINUTE_NS
#define LAST_INTERVAL_NS  DAY_NS

enum complaint_say complaint_update(struct complaint *complaint, uint64_t what, int64_t now_boot_ns)
{
    if (what != complaint->what) {
        int64_t since_ns = what == 0 ? complaint->since_ns : now_boot_ns;
        *complaint = (struct complaint){.what = what,
                                        .since_ns = since_ns,
                                        .next_ns = now_boot_ns + FIRST_INTERVAL_NS,
                                        .interval_ns = FIRST_INTERVAL_NS};
        return what == 0 ? COMPLAINT_OVER : COMPLAINT_NEW;
    }
    if (what == 0 || now_boot_ns < complaint->next_ns)
        return COMPLAINT_QUIET;
    complaint->interval_ns *= 2;
    if (complaint->interval_ns > LAST_INTERVAL_NS)
        complaint->interval_ns = LAST_INTERVAL_NS;
    complaint->next_ns = now_boot_ns + complaint->interval_ns;
    return COMPLAINT_AGAIN;
}
