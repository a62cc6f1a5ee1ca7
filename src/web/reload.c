#include "web/reload.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"
#include "config/model.h"
#include "report/board.h"
#include "report/mailbox.h"
#include "report/report.h"
#include "web/answer.h"
#include "web/later.h"
#include "web/origin.h"

static const char stopping[] = "The exporter is stopping.\n";

static void tell_done(struct later *later, const char *at_next_start)
{
    char *text = at_next_start == NULL
                     ? memory_copy_text("The configuration was read, and is in force.\n")
                     : memory_format("The configuration was read, and is in force, but for what takes effect "
                                     "at the next start only: %s of [web].\n",
                                     at_next_start);

    later_complete(later, 200, text);
    free(text);
}

static void on_told(void *context, enum reload_end end, const char *text)
{
    struct later *later = context;

    switch (end) {
    case RELOAD_DONE:
        tell_done(later, text);
        break;
    case RELOAD_FAULTY:
        later_complete(later, 500, text);
        break;
    case RELOAD_STOPPING:
        later_complete(later, 503, stopping);
        break;
    }
}

static void ask(const struct web_request *request, struct web_answer *answer)
{
    struct mailbox *mailbox = report_mailbox(request->report);
    struct later *later = later_new(request->post);
    enum mailbox_verdict verdict = mailbox_ask(mailbox, on_told, later);

    if (verdict == MAILBOX_ASKED) {
        answer->later = later;
        return;
    }
    later_unref(later); /* both references are ours */
    later_unref(later);
    if (verdict == MAILBOX_FULL) {
        answer->retry = true;
        answer_text(answer, 503, "Too many reloads wait already. Ask again in a moment.\n");
    } else {
        answer_text(answer, 503, stopping);
    }
}

static bool is_own_page(const struct web_request *request)
{
    struct model *model = board_model(report_board(request->report));
    bool own = origin_is_own(request->origin, request->fetch_site, request->host, request->tls,
                             model->web.external_url);

    model_unref(model);
    return own;
}

void answer_reload(const struct web_request *request, struct web_answer *answer)
{
    if (!request->trusted)
        answer_text(answer, 403, answer_untrusted);
    else if (!is_own_page(request))
        answer_text(answer, 403,
                    "A page of another site asks for this: only a page of this exporter, or a program, may. "
                    "Try: curl -X POST, or send SIGHUP.\n");
    else
        ask(request, answer);
}
