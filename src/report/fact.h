/* What the findings of targets tell people about their app server: seats, version, whether it is the production instance.
   Beside the series of metrics (report/finding.h), and for as long as those stand. */
#ifndef REPORT_FACT_H
#define REPORT_FACT_H

#include <stdint.h>

#include "config/model.h"
#include "probe/finding.h"
#include "report/board.h"

/* Of one target. */
struct facts {
    struct board_seats *seats; /* their texts are owned */
    size_t seats_count;
    char *version; /* NULL: none */
    bool has_production, production;
    int64_t until_boot_ns;
};

/* NULL when the findings tell nothing of the kind. */
struct facts *facts_of(const struct findings *findings);
void facts_free(struct facts *facts); /* NULL is allowed */

/* What targets tell, and what is configured for those of whom nobody tells, as a card has it. Only pointers are copied; the caller frees
   the array of seats. */
void facts_begin(struct board_appserver *card, const struct appserver_settings *settings);
void facts_add(struct board_appserver *card, const struct facts *facts);

/* Of the seats those that stand now: read ones until they grow old, configured ones where no read one of that license
   tells how many are owned, as their metrics do (gives_way in metrics/series_set.h). Written to seats, which has room for
   card->seats_count; returns how many. */
size_t facts_standing_seats(const struct board_appserver *card, int64_t now_boot_ns,
                            struct board_seats *seats);

#endif
