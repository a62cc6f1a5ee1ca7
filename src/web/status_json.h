/* What GET /api/v1/status answers: the board as JSON, field by field as report/status_field.h documents it. */
#ifndef WEB_STATUS_JSON_H
#define WEB_STATUS_JSON_H

#include <stdbool.h>

#include "base/buffer.h"
#include "report/board.h"
#include "web/query.h"

struct status_setting {
    const char *version;
    bool show_messages; /* the servers' own words */
    bool ready;         /* the schedule turns */
    bool hung;          /* the agent does not turn */
};

/* Whether the query holds only what status_parameter tells. NULL; or an owned text of what is wrong, for people. */
char *status_query_check(const struct query *query);

/* Whether the targets that the query is about are not too many for what it wants of each. NULL; or what is wrong, for people. */
const char *status_history_check(const struct query *query, const struct board_view *view);

/* Appends the answer to such a query. False when it does not fit: what stands there then is no JSON. */
bool status_json_write(const struct status_setting *setting, const struct query *query,
                       const struct board_view *view, struct buffer *out);

#endif
