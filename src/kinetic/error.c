#include "kinetic/error.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* ---- the text ---- */

enum where {
    ANYWHERE,    /* in message, type or elsewhere in the body */
    AT_START,    /* the message begins with it, in Kinetic's own words */
    ABOUT_RIGHTS /* in the message, where the type is UnauthorizedAccessException */
};

/* What tells by itself, the first row that fits (contract, "Reasons"; facts §3, §4.4, §5.4, §9.8-10). */
static const struct {
    const char *text;
    enum where where;
    enum reason reason;
} telling_texts[] = {
    {"Invalid username or password", ANYWHERE, REASON_CREDENTIALS},
    {"Invalid API Key", ANYWHERE, REASON_API_KEY},
    {"API Key is required", ANYWHERE, REASON_API_KEY},
    {"Access denied: API Key", ANYWHERE, REASON_API_KEY},
    {"Maximum users exceeded on license type", ANYWHERE, REASON_LICENSE_EXHAUSTED},
    {"Execution Timeout Expired", ANYWHERE, REASON_QUERY_TIMEOUT},
    {"ConversionsPendingException", ANYWHERE, REASON_UPGRADE_PENDING},
    {"Access denied (", ANYWHERE, REASON_ACCESS_DENIED},
    {"Access denied", AT_START, REASON_ACCESS_DENIED},
    {"denied", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"permission", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"privilege", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"rights", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"access scope", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"no access", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"not have access", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"not allowed", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
    {"not authorized", ABOUT_RIGHTS, REASON_ACCESS_DENIED},
};

static bool holds(const char *text, const char *wanted)
{
    return text != NULL && span_find_nocase(span_of(text), wanted) != NULL;
}

static bool is_kinetics_own(const struct error_body *body)
{
    return body->form == ERROR_EPICOR_JSON || body->form == ERROR_EPICOR_XML || body->form == ERROR_ODATA;
}

static bool tells(const struct error_body *body, const char *text, enum where where)
{
    switch (where) {
    case ANYWHERE:
        return holds(body->message, text) || holds(body->type, text) || holds(body->words, text);
    case AT_START:
        return is_kinetics_own(body) && body->message != NULL &&
               span_find_nocase(span_of(body->message), text) == body->message;
    case ABOUT_RIGHTS:
        return holds(body->type, "UnauthorizedAccessException") && holds(body->message, text);
    }
    return false;
}

enum reason error_body_reason(const struct error_body *body)
{
    for (size_t i = 0; i < sizeof telling_texts / sizeof telling_texts[0]; i++)
        if (tells(body, telling_texts[i].text, telling_texts[i].where))
            return telling_texts[i].reason;
    return REASON_NONE;
}

/* ---- the status ---- */

/* The first row that fits; what none fits is no HTTP status that we could understand. */
static const struct {
    int from, to;
    enum reason reason;
} statuses[] = {
    {300, 303, REASON_REDIRECTED},
    {305, 399, REASON_REDIRECTED},
    {401, 401, REASON_UNAUTHORIZED},
    {403, 403, REASON_ACCESS_DENIED},
    {404, 404, REASON_NOT_FOUND},
    {409, 410, REASON_CONFLICT_OR_GONE},
    {429, 429, REASON_THROTTLED},
    {400, 499, REASON_CLIENT_ERROR},
    {502, 504, REASON_UNAVAILABLE},
    {500, 599, REASON_SERVER_ERROR},
    {INT32_MIN, INT32_MAX, REASON_INVALID_RESPONSE},
};

static enum reason reason_of_status(int status, enum error_form form, bool bearer)
{
    if (status == 401 && bearer)
        return REASON_TOKEN_REJECTED;
    /* Every call of ours asks below api/ or for a token; there the application itself would speak JSON or XML. A web
       page comes from IIS: nothing is installed at this base path (facts §9.22, contract). */
    if (status == 404 && form == ERROR_HTML)
        return REASON_UNAVAILABLE;
    size_t i = 0;
    while (status < statuses[i].from || status > statuses[i].to)
        i++;
    return statuses[i].reason;
}

/* ---- the verdict ---- */

void verdict_free(struct verdict *verdict)
{
    free(verdict->message);
    free(verdict->correlation);
    *verdict = (struct verdict){0};
}

static char *copy_or_null(const char *text)
{
    return text == NULL ? NULL : memory_copy_text(text);
}

static void take_row(struct verdict *verdict, enum reason reason)
{
    verdict->reason = reason;
    verdict->login = reason != REASON_NONE && reason_row(reason)->login;
    verdict->proves_up = reason == REASON_NONE || reason_row(reason)->proves_up;
}

static char *line(const char *text)
{
    return error_line(text, strlen(text), ERROR_MESSAGE_MAX);
}

static void classify_failure(const struct answer *answer, struct verdict *verdict)
{
    take_row(verdict, answer->failure);
    verdict->message = answer->detail[0] == '\0' ? NULL : line(answer->detail);
}

static void classify_redirect(const struct answer *answer, struct verdict *verdict)
{
    take_row(verdict, REASON_REDIRECTED);
    char *text = memory_format("redirected (%d) to %s", answer->status,
                               answer->location[0] == '\0' ? "nowhere: no Location came" : answer->location);
    verdict->message = line(text);
    free(text);
}

static void classify_refusal(const struct answer *answer, bool bearer, struct verdict *verdict)
{
    struct error_body body;
    error_body_read(answer->text, answer->text_size, &body);
    enum reason told = answer->status >= 400 ? error_body_reason(&body) : REASON_NONE;
    take_row(verdict, told != REASON_NONE ? told : reason_of_status(answer->status, body.form, bearer));
    if (reason_row(verdict->reason)->own_words)
        verdict->proves_up = is_kinetics_own(&body);
    /* Some servers have one text for a wrong password and for an expired token. */
    if (verdict->reason == REASON_CREDENTIALS && bearer && answer->status == 401)
        verdict->login = true;
    verdict->message = body.message != NULL ? memory_copy_text(body.message)
                       : body.type != NULL  ? memory_copy_text(body.type)
                       : answer->detail[0] != '\0'
                           ? memory_format("status %d; %s", answer->status, answer->detail)
                           : memory_format("status %d without a word", answer->status);
    verdict->correlation = copy_or_null(body.correlation);
    error_body_free(&body);
}

static void classify_wrong_body(const struct answer *answer, struct verdict *verdict)
{
    take_row(verdict, REASON_INVALID_RESPONSE);
    const struct json_result *json = answer->json;
    char *text;
    if (json == NULL || json->error == JSON_EMPTY)
        text = memory_format("status %d with an empty body", answer->status);
    else if (answer->content_type[0] != '\0' &&
             span_find_nocase(span_of(answer->content_type), "json") == NULL && json->root == JSON_ABSENT)
        text = memory_format("the answer is %s, not JSON", answer->content_type);
    else
        text = memory_format("the answer is not valid JSON: %s", json->sentence);
    verdict->message = line(text);
    free(text);
}

void error_classify(const struct request *asked, const struct answer *answer, bool bearer,
                    struct verdict *verdict)
{
    *verdict = (struct verdict){0};
    if (answer->failure != REASON_NONE) {
        classify_failure(answer, verdict);
    } else if (answer->status >= 200 && answer->status <= 299 && answer->status != 204) {
        bool good = asked->wanted == BODY_ANY || (answer->json != NULL && answer->json->error == JSON_FINE);
        if (good)
            take_row(verdict, REASON_NONE);
        else
            classify_wrong_body(answer, verdict);
    } else if (answer->status >= 300 && answer->status <= 399 && answer->status != 304) {
        classify_redirect(answer, verdict);
    } else {
        classify_refusal(answer, bearer, verdict);
    }
}

void error_classify_body(const struct error_body *body, const char *why, struct verdict *verdict)
{
    *verdict = (struct verdict){0};
    enum reason told = body == NULL ? REASON_NONE : error_body_reason(body);
    take_row(verdict, told != REASON_NONE ? told : REASON_INVALID_RESPONSE);
    if (reason_row(verdict->reason)->own_words)
        verdict->proves_up = is_kinetics_own(body);
    const char *message = body == NULL ? NULL : body->message != NULL ? body->message : body->type;
    verdict->message = line(message != NULL ? message : why);
    verdict->correlation = body == NULL ? NULL : copy_or_null(body->correlation);
}
