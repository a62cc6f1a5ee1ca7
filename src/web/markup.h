/* Pieces of HTML text: whatever is put in comes out as text, never as markup. */
#ifndef WEB_MARKUP_H
#define WEB_MARKUP_H

#include <stdint.h>

#include "base/buffer.h"

/* The text for element content and quoted attribute values: & < > " ' as references; control characters, and bytes that
   are no UTF-8, as U+FFFD. */
void markup_text(struct buffer *page, const char *text);

/* The same of a name, which may be broken behind each _ - . where there is little room. */
void markup_name(struct buffer *page, const char *name);

/* A span of time for people, its two largest units ("3 d 4 h", "12 min", "8 s"; below a second "under 1 s"). A
   negative one counts as 0. */
void markup_span(struct buffer *page, int64_t ns);

/* What took so long: "42 ms", "1.25 s". */
void markup_latency(struct buffer *page, int64_t ns);

/* <time> with the moment in UTC as tooltip and the distance from now as text: "12 s ago", "in 5 min". */
void markup_moment(struct buffer *page, int64_t wall_ns, int64_t now_wall_ns);

/* The moment as text, 2026-01-31 12:00:00 UTC. */
void markup_utc(struct buffer *page, int64_t wall_ns);

#endif
