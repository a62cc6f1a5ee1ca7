/* Small pictures of the runs of a target, as inline SVG with its text alternative. Colours are the style's (page.css). */
#ifndef WEB_SPARK_H
#define WEB_SPARK_H

#include <stddef.h>

#include "base/buffer.h"
#include "report/board.h"

/* The last runs as bars of their latency; a failed one is a cross. Nothing where there is no run. */
void spark_write(const struct board_target *target, struct buffer *out);

/* The last runs larger, each bar stacked by its phases, with an axis; a failed one has a cross above. */
void spark_write_phases(const struct board_target *target, struct buffer *out);

#endif
