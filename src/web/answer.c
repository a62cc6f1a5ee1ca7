#include "web/answer.h"

void answer_text(struct web_answer *answer, int status, const char *text)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    answer->content_policy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    buffer_clear(&answer->body);
    buffer_text(&answer->body, text);
}
