#include "kinetic/session.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kinetic/error.h"
#include "kinetic/url.h"

#define ID_MAX         128 /* bytes: a GUID has 36, with braces 38 */
#define PATH_BYTES_MAX ((size_t)4096)

static void fill(int api_version, const char *company, const char *method, struct request *request)
{
    struct buffer path;
    buffer_init(&path, PATH_BYTES_MAX);
    if (api_version == 1) {
        buffer_text(&path, "api/v1");
    } else {
        buffer_text(&path, "api/v2/odata/");
        url_encode(&path, span_of(company), NULL);
    }
    buffer_format(&path, "/Ice.LIB.SessionModSvc/%s", method);
    *request = (struct request){
        .purpose = EXCHANGE_CALL,
        .method = HTTP_POST,
        .path = buffer_take(&path),
        .company = company,
        .body = memory_copy_text("{}"),
        .body_size = 2,
        .content_type = "application/json",
        .wanted = BODY_ANY,
        .keep = SESSION_ANSWER_MAX,
        .max_response = SESSION_ANSWER_MAX,
    };
}

void session_login_request(int api_version, const char *company, struct request *request)
{
    fill(api_version, company, "Login", request);
}

void session_logout_request(int api_version, const char *company, struct request *request)
{
    fill(api_version, company, "Logout", request);
}

/* What may stand in the header's JSON as it is; the empty GUID is no session. */
static bool is_id(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= ID_MAX &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-{}._") == size &&
           strspn(text, "0-{}") != size;
}

static const char *read_id(const struct answer *answer, struct secret **id)
{
    const char *wrong = "the answer to the session's Login is not valid JSON", *end;
    cJSON *root = cJSON_ParseWithLengthOpts(answer->text, answer->text_size, &end, 0);
    if (root != NULL) {
        char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "returnObj"));
        wrong = "the answer to the session's Login holds no session id";
        if (text != NULL && is_id(text)) {
            *id = secret_new(text, strlen(text));
            wrong = NULL;
        }
        if (text != NULL)
            secret_wipe(text, strlen(text));
    }
    cJSON_Delete(root);
    return wrong;
}

static void classify(const struct answer *answer, bool bearer, struct session_reading *out)
{
    static const struct request asked = {
        .purpose = EXCHANGE_CALL, .method = HTTP_POST, .wanted = BODY_ANY, .keep = SESSION_ANSWER_MAX};
    struct verdict verdict;
    error_classify(&asked, answer, bearer, &verdict);
    *out = (struct session_reading){.reason = verdict.reason,
                                    .login = verdict.login,
                                    .proves_up = verdict.proves_up,
                                    .message = verdict.message};
    verdict.message = NULL;
    verdict_free(&verdict);
}

void session_reading_free(struct session_reading *reading)
{
    free(reading->message);
    secret_unref(reading->id);
    *reading = (struct session_reading){0};
}

void session_login_read(const struct answer *answer, bool bearer, struct session_reading *out)
{
    classify(answer, bearer, out);
    if (out->reason != REASON_NONE)
        return;
    const char *wrong = read_id(answer, &out->id);
    if (wrong != NULL) {
        out->reason = REASON_INVALID_RESPONSE;
        out->message = memory_copy_text(wrong);
    }
}

void session_logout_read(const struct answer *answer, bool bearer, struct session_reading *out)
{
    classify(answer, bearer, out);
    /* 410: it ended before we came to it. */
    if (answer->failure == REASON_NONE && (answer->status / 100 == 2 || answer->status == 410))
        session_reading_free(out);
}

bool session_answer_tells_end(const struct answer *answer)
{
    struct error_body body;
    if (answer->status != 410)
        return false;
    error_body_read(answer->text, answer->text_size, &body);
    bool tells = (body.words && strcasestr(body.words, "InvalidSession")) ||
                 (body.type && strcasestr(body.type, "InvalidSession"));
    error_body_free(&body);
    return tells;
}

bool header_add_session(struct header_list *list, const struct secret *id)
{
    static const char before[] = "{\"SessionID\":\"", after[] = "\"}";
    size_t size = sizeof before - 1 + secret_size(id) + sizeof after - 1;
    char *value = memory_new(size + 1, 1);
    memcpy(value, before, sizeof before - 1);
    memcpy(value + sizeof before - 1, secret_reveal(id), secret_size(id));
    memcpy(value + sizeof before - 1 + secret_size(id), after, sizeof after - 1);
    bool good = header_add(list, "SessionInfo", value);
    secret_wipe(value, size);
    free(value);
    return good;
}
