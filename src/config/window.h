/* Windows: times of the week on the clocks of a zone, as `Mon-Fri 06:00-18:00, Sat 08:00-12:00`. Pure.

   Days are Mon Tue Wed Thu Fri Sat Sun, one or from .. to (Sat-Mon runs over the week's end). Behind them stand times
   of the day, HH:MM-HH:MM, to 24:00; an end that is not after its beginning lies on the next day, and the window
   belongs to the day on which it begins. Days without times are whole days; they stand behind those with times, since
   `Mon, Wed 06:00-18:00` would be read in two ways.

   A moment is inside when the clock on the wall says so: what a change of clocks leaves out is never inside, and
   what it repeats is inside twice. */
#ifndef CONFIG_WINDOW_H
#define CONFIG_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone.h"

struct window {
    unsigned days;  /* bit 0: Monday ... bit 6: Sunday; on which it begins */
    int begin, end; /* minutes of that day; end above 1440: of the next one */
};

/* Zeroed: none is configured. */
struct windows {
    struct window *items;
    size_t count;
};

#define WINDOWS_MAX  64        /* in one value */
#define WINDOW_NEVER INT64_MAX /* no change ever comes */

/* Reads the text. Returns NULL, or an owned sentence of what is wrong; out is then unchanged. */
char *windows_read(const char *text, struct windows *out);
void windows_free(struct windows *windows);

/* Is the moment within one of them? */
bool windows_contain(const struct windows *windows, const struct zone *zone, int64_t epoch_seconds);

/* The first second after this moment at which that is otherwise; WINDOW_NEVER: none within three weeks, that is none
   unless the rules of the zone change. */
int64_t windows_next_change(const struct windows *windows, const struct zone *zone, int64_t epoch_seconds);

#endif
