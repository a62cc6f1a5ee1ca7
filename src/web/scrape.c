#include "web/scrape.h"

#include <string.h>

#include "config/model.h"
#include "metrics/exposition.h"
#include "report/board.h"
#include "web/accept.h"
#include "web/answer.h"
#include "web/query.h"

/* Returns how many there are, also where that is more than fit. */
static size_t read_names(const struct query *query, struct span names[SCRAPE_NAMES_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < query->count; i++) {
        if (strcmp(query->pairs[i].name, "name[]") != 0)
            continue;
        if (count < SCRAPE_NAMES_MAX)
            names[count] = span_of(query->pairs[i].value);
        count++;
    }
    return count;
}

static bool wants_created(struct report *report)
{
    struct model *model = board_model(report_board(report));
    bool created = model->web.created;

    model_unref(model);
    return created;
}

void scrape_answer(const struct web_request *request, struct web_answer *answer)
{
    struct span names[SCRAPE_NAMES_MAX];
    struct exposition exposition = {.created = wants_created(request->report)};
    struct query query;

    if (!query_read(&query, request->query)) {
        answer_text(answer, 400, query_unreadable);
        return;
    }
    exposition.names = (struct wanted_names){names, read_names(&query, names)};
    if (exposition.names.count > SCRAPE_NAMES_MAX) {
        answer_text(answer, 400, "The query has too many names.\n");
    } else {
        accept_negotiate(request->accept, &exposition);
        answer->status = 200;
        answer->negotiated = true;
        if (report_page(request->report, &exposition, request->now, &answer->body)) {
            answer->content_type = exposition_content_type(&exposition);
            answer->compressible = true;
        } else {
            answer_too_large(request, answer);
        }
    }
    query_free(&query);
}
