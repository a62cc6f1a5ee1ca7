#include "kinetic/token.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "kinetic/error.h"
#include "kinetic/xml.h"

#define LIFETIME_MAX_SECONDS (400.0 * 24 * 3600)

void token_free(struct token *token)
{
    secret_unref(token->text);
    *token = (struct token){0};
}

bool token_request(const char *path, bool basic, const struct secret *username, const struct secret *password,
                   struct request *request, struct header_list *headers)
{
    bool good = basic ? header_add_basic(headers, username, password)
                      : header_add_secret(headers, "username", "", username) &&
                            header_add_secret(headers, "password", "", password);
    if (!good)
        return false;
    request->purpose = EXCHANGE_LOGIN;
    request->method = HTTP_POST;
    request->path = memory_copy_text(path);
    request->wanted = BODY_ANY;
    request->keep = TOKEN_ANSWER_MAX;
    request->max_response = TOKEN_ANSWER_MAX;
    return true;
}

/* ---- numbers ---- */

/* A number, or a text that is one; NaN for anything else. */
static double number_of(const cJSON *item)
{
    double value = NAN;
    if (cJSON_IsNumber(item))
        value = item->valuedouble;
    else if (cJSON_IsString(item) && !text_to_double(span_trim(span_of(item->valuestring)), &value))
        value = NAN;
    return isfinite(value) ? value : NAN;
}

static const cJSON *either(const cJSON *object, const char *name, const char *other)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return item != NULL ? item : cJSON_GetObjectItemCaseSensitive(object, other);
}

static int64_t lifetime_of(double seconds)
{
    double clamped = seconds < 1 ? 1 : seconds > LIFETIME_MAX_SECONDS ? LIFETIME_MAX_SECONDS : seconds;
    return (int64_t)(clamped * 1e9);
}

/* Of a NaN and a number the number. */
static double smaller(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

/* ---- the JWT (RFC 7519), of which only exp and iat are read; nothing is verified, that is the server's part ---- */

static void wipe_tree(cJSON *item)
{
    for (; item != NULL; item = item->next) {
        if (item->valuestring != NULL)
            secret_wipe(item->valuestring, strlen(item->valuestring));
        wipe_tree(item->child);
    }
}

static void delete_wiped(cJSON *root)
{
    wipe_tree(root);
    cJSON_Delete(root);
}

/* The payload between the first and the second dot as JSON; NULL where the token is opaque. */
static cJSON *jwt_payload(const char *text, size_t size)
{
    const char *first = memchr(text, '.', size);
    if (first == NULL)
        return NULL;
    const char *start = first + 1;
    const char *second = memchr(start, '.', size - (size_t)(start - text));
    if (second == NULL)
        return NULL;
    size_t encoded = (size_t)(second - start);
    unsigned char *decoded = memory_new(encoded / 4 * 3 + 3, 1);
    long decoded_size = text_base64_decode((struct span){start, encoded}, decoded);
    cJSON *payload = decoded_size > 0 ? cJSON_ParseWithLength((const char *)decoded, (size_t)decoded_size)
                                      : NULL;
    secret_wipe(decoded, encoded / 4 * 3 + 3);
    free(decoded);
    return payload;
}

/* exp - iat in seconds, both by the server's clock; NaN where the token does not say it, or says nonsense. */
static double jwt_lifetime(const char *text, size_t size, int64_t *issued_epoch)
{
    cJSON *payload = jwt_payload(text, size);
    double expires = number_of(cJSON_GetObjectItemCaseSensitive(payload, "exp"));
    double issued = number_of(cJSON_GetObjectItemCaseSensitive(payload, "iat"));
    delete_wiped(payload);
    if (issued > 0 && issued < 253402300800.0) /* the year 10000 */
        *issued_epoch = (int64_t)issued;
    double lifetime = expires - issued;
    return lifetime > 0 ? lifetime : NAN;
}

/* ---- the answer ---- */

/* What an authentication scheme can carry in a header: visible ASCII (RFC 6750 §2.1 allows less). */
static bool is_bearer_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7f)
            return false;
    return size > 0;
}

/* Fills the token from its text and ExpiresIn in seconds (NaN: not told). NULL, or what is wrong with it. */
static const char *token_fill(struct token *token, const char *text, size_t size, double expires_in)
{
    if (size == 0)
        return "the answer holds an empty token";
    if (!is_bearer_text(text, size))
        return "the token holds characters that no header can carry";
    double of_jwt = jwt_lifetime(text, size, &token->issued_epoch);
    double lifetime = smaller(expires_in > 0 ? expires_in : NAN,
                              of_jwt); /* 0: a login a second would follow */
    token->lifetime_ns = isnan(lifetime) ? 0 : lifetime_of(lifetime);
    token->text = secret_new(text, size);
    return NULL;
}

static const char *read_json_token(struct span body, struct token *token)
{
    /* cJSON ends a text at U+0000 and would hand out a part of the token. */
    if (span_find(body, "\\u0000") != NULL)
        return "the answer holds a NUL";
    cJSON *root = cJSON_ParseWithLength(body.data, body.size);
    const cJSON *text = either(root, "AccessToken", "access_token");
    const char *wrong = "the answer holds no token";
    if (cJSON_IsString(text))
        wrong = token_fill(token, text->valuestring, strlen(text->valuestring),
                           number_of(either(root, "ExpiresIn", "expires_in")));
    else if (root == NULL)
        wrong = "the answer is not valid JSON";
    delete_wiped(root);
    return wrong;
}

static const char *read_xml_token(struct span body, struct token *token)
{
    struct xml_field fields[] = {
        {.name = "AccessToken"}, {.name = "ExpiresIn"}, {.name = "access_token"}, {.name = "expires_in"}};
    enum { COUNT = sizeof fields / sizeof fields[0] };
    if (!xml_read(body.data, body.size, fields, COUNT))
        return "the answer is neither JSON nor a token in XML";
    const struct xml_field *text = fields[0].text != NULL ? &fields[0] : &fields[2];
    const struct xml_field *expires = fields[1].text != NULL ? &fields[1] : &fields[3];
    double seconds = NAN;
    if (expires->text != NULL &&
        !text_to_double(span_trim((struct span){expires->text, expires->size}), &seconds))
        seconds = NAN;
    const char *wrong = "the answer holds no token";
    if (text->text != NULL) {
        struct span trimmed = span_trim((struct span){text->text, text->size});
        wrong = token_fill(token, trimmed.data, trimmed.size, seconds);
    }
    xml_fields_free(fields, COUNT);
    return wrong;
}

/* NULL, or what is wrong with the answer. */
static const char *read_token(const struct answer *answer, struct token *token)
{
    struct span body = {answer->text, answer->text_size};
    if (answer->text_cut)
        return "the answer is longer than any token";
    if (memchr(body.data, '\0', body.size) != NULL)
        return "the answer holds a NUL";
    if (span_starts_with(body, "\xef\xbb\xbf"))
        body = (struct span){body.data + 3, body.size - 3};
    body = span_trim(body);
    if (body.size == 0)
        return "the answer is empty";
    return body.data[0] == '<' ? read_xml_token(body, token) : read_json_token(body, token);
}

/* What the text of a refused login decides whatever the status; the rest goes by status (contract, "A failed token
   request"). */
static bool text_decides(enum reason told)
{
    return told == REASON_CREDENTIALS || told == REASON_LICENSE_EXHAUSTED || told == REASON_UPGRADE_PENDING;
}

static bool is_oauth_refusal(const struct error_body *body)
{
    static const char *const codes[] = {"invalid_grant", "invalid_client"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (body->type != NULL && strcmp(body->type, codes[i]) == 0)
            return true;
    return false;
}

static enum reason refusal_reason(const struct answer *answer, enum reason by_table)
{
    struct error_body body;
    error_body_read(answer->text, answer->text_size, &body);
    enum reason told = error_body_reason(&body);
    enum reason reason = by_table;
    if (answer->status == 401 || (answer->status == 400 && is_oauth_refusal(&body)))
        reason = REASON_CREDENTIALS;
    else if (text_decides(told))
        reason = told;
    else if (answer->status == 404 || answer->status == 405 || answer->status == 500)
        reason = REASON_IDENTITY_PROVIDER;
    error_body_free(&body);
    return reason;
}

/* A 2xx without a token: by its words, if they tell; else why. */
static enum reason missing_reason(const struct answer *answer, const char *why, char **message)
{
    struct error_body body;
    struct verdict verdict;
    error_body_read(answer->text, answer->text_size, &body);
    enum reason told = error_body_reason(&body);
    error_classify_body(text_decides(told) ? &body : NULL, why, &verdict);
    enum reason reason = verdict.reason;
    *message = verdict.message;
    verdict.message = NULL;
    verdict_free(&verdict);
    error_body_free(&body);
    return reason;
}

enum reason token_answer(const struct answer *answer, struct token *token, char **message)
{
    static const struct request asked = {.purpose = EXCHANGE_LOGIN, .wanted = BODY_ANY};
    struct verdict verdict;
    *token = (struct token){0};
    *message = NULL;
    error_classify(&asked, answer, false, &verdict);
    enum reason reason = verdict.reason;
    if (reason == REASON_NONE) {
        const char *wrong = read_token(answer, token);
        if (wrong != NULL) {
            token_free(token);
            reason = missing_reason(answer, wrong, message);
        }
    } else {
        if (answer->failure == REASON_NONE && answer->status >= 400)
            reason = refusal_reason(answer, reason);
        *message = verdict.message;
        verdict.message = NULL;
    }
    verdict_free(&verdict);
    return reason;
}
