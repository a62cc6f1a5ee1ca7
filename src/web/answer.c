#include "web/answer.h"

const char answer_untrusted[] =
    "This is answered only to who has been let in. Ask from the exporter's own machine by localhost "
    "or an address, such as http://localhost:10606, without a proxy between; or set basic_auth.NAME, "
    "bearer_token_file or client_ca_file in [web], and ask with that.\n";

void answer_plain(struct web_answer *answer, int status)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    answer->content_policy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    answer->compressible = false;
}

void answer_text(struct web_answer *answer, int status, const char *text)
{
    answer_plain(answer, status);
    buffer_clear(&answer->body);
    buffer_text(&answer->body, text);
}

void answer_too_large(const struct web_request *request, struct web_answer *answer)
{
    if (request->others_wait) {
        answer->retry = true;
        answer_text(answer, 503, "Too many answers are being read at the moment. Ask again in a moment.\n");
    } else {
        answer_text(answer, 500, "The page is larger than this server may hold.\n");
    }
}
