/* Says a thing when it changes, repeats it at doubling intervals while it lasts, says when it is over. A fault that
   comes and goes does not fill the log: when one returns within ten minutes, its end is said only once all has been
   well for a minute, then two, up to ten; until then it counts as lasting. One struct a thing that can go wrong; the
   caller does the logging. */
#ifndef BASE_COMPLAINT_H
#define BASE_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

struct complaint {
    uint64_t what;       /* 0 = all is well */
    int64_t since_ns;    /* boot time at which what became so */
    int64_t next_ns;     /* when it may be said again */
    int64_t interval_ns; /* doubles from a minute to a day */
    bool calm;           /* well since calm_ns, which has not been said yet, or (what is 0) was said then */
    int64_t calm_ns;
    int64_t hold_ns; /* so long it must be well before that is said */
};

enum complaint_say { COMPLAINT_QUIET, COMPLAINT_NEW, COMPLAINT_AGAIN, COMPLAINT_OVER };

/* Tells what to say now about the state what (0 = well; anything else names the fault, such as its reason).
   COMPLAINT_OVER comes with what 0 only, COMPLAINT_NEW and COMPLAINT_AGAIN never do. After COMPLAINT_OVER since_ns
   still says when the fault began. A zeroed struct is well. */
enum complaint_say complaint_update(struct complaint *complaint, uint64_t what, int64_t now_boot_ns);

#endif
