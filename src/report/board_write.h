/* The writing side of the board, for report.c. */
#ifndef REPORT_BOARD_WRITE_H
#define REPORT_BOARD_WRITE_H

#include "report/board.h"

struct board *board_new(void); /* empty */
/* No view may be left. */
void board_free(struct board *board);

/* Replaces all snapshots at once by copies of these, and the model in force (a reference is taken). */
void board_replace(struct board *board, struct model *model, const struct board_appserver *const *appservers,
                   size_t appserver_count, const struct board_target *const *targets, size_t target_count);
/* Replaces the snapshot at this index by a copy of *value; its texts are copied too, its history and failures shared. */
void board_put_target(struct board *board, size_t index, const struct board_target *value);
void board_put_appserver(struct board *board, size_t index, const struct board_appserver *value);

/* Whether the last configuration that was read came into force; if so, when. */
void board_set_loaded(struct board *board, int64_t wall_ns);
void board_set_reload_failed(struct board *board);

void board_beat(struct board *board, int64_t boot_ns);
void board_set_ready(struct board *board, bool ready);

#endif
