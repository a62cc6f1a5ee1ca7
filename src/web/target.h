/* The target of a request line (RFC 9112, 3.2). */
#ifndef WEB_TARGET_H
#define WEB_TARGET_H

#include <stdbool.h>

#include "base/text.h"

struct web_target {
    const char *path;      /* as sent; "/" where there is none behind the authority */
    bool absolute;         /* http://host/path, which every server must accept (3.2.2) */
    struct span authority; /* of an absolute one: instead of the header Host */
};

/* target is without a query, and outlives what is read. False: the URL has no host (RFC 9110, 4.2.1). */
bool target_read(const char *target, struct web_target *out);
/* The Host to go by; host: the header, or NULL. Where the two differ it is that of nobody: "". */
const char *target_host(const struct web_target *target, const char *host);

#endif
