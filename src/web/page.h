/* The status page for people: first what is wrong, why and what to do, then every app server and every target; or one
   target with its runs. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "report/board.h"

/* The Content-Security-Policy that the page needs: nothing but its own style and script, by their hashes. */
const char *page_content_policy(void);

struct page_setting {
    const char *version;
    const char *telemetry_path; /* begins with / */
    const char *query;          /* of the request, as sent; NULL: none */
    bool show_messages;         /* the server's own words */
    bool ready;                 /* the schedule turns */
    bool hung;                  /* the agent does not turn */
    int64_t heartbeat_ns;       /* boot time of the agent's last turn; 0: none yet */
};

enum page_outcome {
    PAGE_WRITTEN,
    PAGE_NO_TARGET, /* written, and says that the target asked for is not there: 404 */
    PAGE_BAD_QUERY, /* what is written is a sentence about the query, as plain text: 400 */
    PAGE_TOO_LARGE  /* does not fit: what stands there then is no page */
};

/* Appends the page. */
enum page_outcome page_write(const struct page_setting *setting, const struct board_view *view,
                             struct buffer *out);

#endif
