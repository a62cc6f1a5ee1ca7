#include "probe/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "probe/refusal.h"

void verdict_fail(struct probe_result *result, enum reason reason, char *message)
{
    result->reason = reason;
    result->login = reason_row(reason)->login;
    result->proves_up = reason_row(reason)->proves_up;
    result->message = message == NULL ? NULL : error_line(message, strlen(message), ERROR_MESSAGE_MAX);
    free(message);
}

bool verdict_refuse(const struct answer *answer, const char *why, struct probe_result *result)
{
    struct error_body body;
    bool refused = refusal_read(answer->json->members, why != NULL, &body);
    if (!refused && why == NULL)
        return false;
    struct verdict verdict;
    error_classify_body(refused ? &body : NULL, why != NULL ? why : "an error body with a good status",
                        &verdict);
    result->reason = verdict.reason;
    result->login = verdict.login;
    result->proves_up = verdict.proves_up;
    result->message = verdict.message;
    result->correlation = verdict.correlation;
    error_body_free(&body);
    return true;
}
