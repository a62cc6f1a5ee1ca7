/* The status page for people: first what is wrong, why and what to do, then every app server and every target. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "report/board.h"

/* The Content-Security-Policy that the page needs: nothing but its own style, by its hash. */
extern const char page_content_policy[];

struct page_setting {
    const char *version;
    const char *telemetry_path; /* begins with / */
    bool show_messages;         /* the server's own words */
    bool ready;                 /* the schedule turns */
    bool hung;                  /* the agent does not turn */
    int64_t heartbeat_ns;       /* boot time of the agent's last turn; 0: none yet */
};

/* Appends the page. False when it does not fit: what stands there then is no page. */
bool page_write(const struct page_setting *setting, const struct board_view *view, struct buffer *page);

#endif
