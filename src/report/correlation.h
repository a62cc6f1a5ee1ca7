/* The id by which Kinetic's own logs know a failed request, as labels of an exemplar. */
#ifndef REPORT_CORRELATION_H
#define REPORT_CORRELATION_H

#include "base/text.h"

#define CORRELATION_ID_MAX 64 /* characters; a GUID has 36 */

struct correlation {
    char text[sizeof "correlation_id=\"\"" + CORRELATION_ID_MAX];
    struct span labels; /* escaped; empty where there is no id */
};

/* id: what a server sent as such, or NULL. Only what looks like an id is taken, letters, digits and hyphens: a server's free
   text never becomes a label. The labels live as long as out. */
void correlation_labels(struct correlation *out, const char *id);

#endif
