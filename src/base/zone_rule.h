/* The rule at the end of a TZif file, for times after its last transition: a TZ string as POSIX (chapter 8.3)
   and RFC 8536, section 3.3.1, define it. */
#ifndef BASE_ZONE_RULE_H
#define BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct zone_rule_change {
    enum { ZONE_RULE_JULIAN, ZONE_RULE_DAY, ZONE_RULE_WEEKDAY } form; /* Jn, n, Mm.w.d */
    int month, week, day;
    int32_t seconds; /* after the local midnight; from -167 to 167 hours */
};

struct zone_rule {
    int32_t standard, daylight; /* local minus UTC, seconds; daylight may be the smaller one */
    bool has_daylight;
    struct zone_rule_change start, end; /* of daylight */
};

bool zone_rule_parse(struct span text, struct zone_rule *out);

/* Local minus UTC at this moment, in seconds. */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t epoch_seconds);

#endif
