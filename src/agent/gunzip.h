/* Unfolds a gzip body piece by piece, no further than it is asked to: a kilobyte may be a megabyte. */
#ifndef AGENT_GUNZIP_H
#define AGENT_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

struct gunzip;

struct gunzip *gunzip_new(void);         /* never NULL */
void gunzip_free(struct gunzip *gunzip); /* NULL is allowed */

/* Gives it the next bytes of the body (copied), after all before have been unfolded. */
void gunzip_feed(struct gunzip *gunzip, const void *bytes, size_t size);

enum gunzip_verdict {
    GUNZIP_MORE,   /* out holds *size bytes */
    GUNZIP_HUNGRY, /* all that was fed is unfolded */
    GUNZIP_BROKEN  /* this is no gzip */
};
enum gunzip_verdict gunzip_next(struct gunzip *gunzip, void *out, size_t capacity, size_t *size);

/* Whether there is something left to unfold. */
bool gunzip_pending(const struct gunzip *gunzip);

/* Whether the body may end here: at the end of a member, or before anything came. */
bool gunzip_whole(const struct gunzip *gunzip);

#endif
