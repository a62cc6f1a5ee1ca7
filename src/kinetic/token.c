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
#define NOT_BEARER           "the answer holds a token of another type than Bearer"

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

/* What cannot be used as a bearer token must not be used (RFC 6749 section 7.1); TokenResource and some providers leave
   the type out. */
static bool is_bearer_type(struct span type)
{
    type = span_trim(type);
    return type.size == 0 || span_is_nocase(type, "Bearer");
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
    const cJSON *type = either(root, "TokenType", "token_type");
    const char *wrong = "the answer holds no token";
    if (cJSON_IsString(text) && cJSON_IsString(type) && !is_bearer_type(span_of(type->valuestring)))
        wrong = NOT_BEARER;
    else if (cJSON_IsString(text))
        wrong = token_fill(token, text->valuestring, strlen(text->valuestring),
                           number_of(either(root, "ExpiresIn", "expires_in")));
    else if (root == NULL)
        wrong = "the answer is not valid JSON";
    delete_wiped(root);
    return wrong;
}

static const char *read_xml_token(struct span body, struct token *token)
{
    struct xml_field fields[] = {{.name = "AccessToken"}, {.name = "ExpiresIn"}, {.name = "access_token"},
                                 {.name = "expires_in"},  {.name = "TokenType"}, {.name = "token_type"}};
    enum { COUNT = sizeof fields / sizeof fields[0] };
    if (!xml_read(body.data, body.size, fields, COUNT))
        return "the answer is neither JSON nor a token in XML";
    const struct xml_field *text = fields[0].text != NULL ? &fields[0] : &fields[2];
    const struct xml_field *expires = fields[1].text != NULL ? &fields[1] : &fields[3];
    const struct xml_field *type = fields[4].text != NULL ? &fields[4] : &fields[5];
    double seconds = NAN;
    if (expires->text != NULL &&
        !text_to_double(span_trim((struct span){expires->text, expires->size}), &seconds))
        seconds = NAN;
    const char *wrong = "the answer holds no token";
    if (text->text != NULL && type->text != NULL && !is_bearer_type((struct span){type->text, type->size})) {
        wrong = NOT_BEARER;
    } else if (text->text != NULL) {
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

/* ---- refusals ---- */

/* What the text of a refused login decides whatever the status; the rest goes by status (contract, "A failed token
   request"). */
static bool text_decides(enum reason told)
{
    return told == REASON_CREDENTIALS || told == REASON_LICENSE_EXHAUSTED || told == REASON_UPGRADE_PENDING;
}

/* RFC 6749 section 5.2. The others (unauthorized_client, invalid_scope, interaction_required ...) say nothing of a secret:
   they are about what the provider was told to allow. */
static bool is_oauth_refusal(const struct error_body *body)
{
    static const char *const codes[] = {"invalid_grant", "invalid_client"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (body->type != NULL && strcmp(body->type, codes[i]) == 0)
            return true;
    return false;
}

/* RFC 6749 wants 400 or 401 of such a refusal; some providers say it with 200, 403, 429 or 500. */
static bool refuses_credentials(int status, const struct error_body *body)
{
    return status == 401 || is_oauth_refusal(body);
}

/* The reason of an answer without a token, which by itself would be by_status. */
static enum reason refusal_reason(int status, const struct error_body *body, enum reason by_status)
{
    enum reason told = error_body_reason(body);
    if (refuses_credentials(status, body))
        return REASON_CREDENTIALS;
    if (text_decides(told))
        return told;
    return status == 404 || status == 405 || status == 500 ? REASON_IDENTITY_PROVIDER : by_status;
}

/* The same for an identity provider: by_status goes in front of the message where the provider has no words of its own
   kind. */
static enum reason provider_reason(int status, const struct error_body *body, enum reason by_status,
                                   char **message)
{
    if (refuses_credentials(status, body))
        return REASON_CREDENTIALS;
    if (by_status == REASON_INTERNAL)
        return by_status;
    const char *name = reason_name(by_status), *words = *message;
    if (words == NULL)
        words = reason_row(by_status)->sentence;
    if (body->form != ERROR_OAUTH && !span_starts_with(span_of(words), name)) {
        char *whole = memory_format("%s: %s", name, words);
        free(*message);
        *message = error_line(whole, strlen(whole), ERROR_MESSAGE_MAX);
        free(whole);
    }
    return REASON_IDENTITY_PROVIDER;
}

/* A 2xx without a token: by its words, if they tell; else why. Other words are not shown: a token may stand in them. */
static enum reason missing_reason(const struct error_body *body, const char *why, char **message)
{
    struct verdict verdict;
    bool tells = text_decides(error_body_reason(body)) || body->form == ERROR_OAUTH;
    error_classify_body(tells ? body : NULL, why, &verdict);
    enum reason reason = verdict.reason;
    *message = verdict.message;
    verdict.message = NULL;
    verdict_free(&verdict);
    return reason;
}

/* Of an answer that is no 2xx, or of none. */
static enum reason by_table(const struct answer *answer, char **message)
{
    static const struct request asked = {.purpose = EXCHANGE_LOGIN, .wanted = BODY_ANY};
    struct verdict verdict;
    error_classify(&asked, answer, false, &verdict);
    enum reason reason = verdict.reason;
    *message = verdict.message;
    verdict.message = NULL;
    verdict_free(&verdict);
    return reason;
}

enum reason token_answer(const struct answer *answer, bool outside, struct token *token, char **message)
{
    *token = (struct token){0};
    enum reason reason = by_table(answer, message);
    const char *wrong = reason == REASON_NONE ? read_token(answer, token) : NULL;
    if (reason == REASON_NONE && wrong == NULL)
        return REASON_NONE;
    token_free(token);
    struct error_body body = {.form = ERROR_EMPTY};
    if (answer->failure == REASON_NONE)
        error_body_read(answer->text, answer->text_size, &body);
    if (wrong != NULL)
        reason = missing_reason(&body, wrong, message);
    int status = answer->failure == REASON_NONE ? answer->status : 0;
    if (outside)
        reason = provider_reason(status, &body, reason, message);
    else if (status >= 400 || is_oauth_refusal(&body))
        reason = refusal_reason(status, &body, reason);
    error_body_free(&body);
    return reason;
}

bool token_answer_proves_up(const struct answer *answer, enum reason reason)
{
    static const struct request asked = {.purpose = EXCHANGE_LOGIN, .wanted = BODY_ANY};
    struct verdict verdict;
    error_classify(&asked, answer, false, &verdict);
    bool proves_up = reason != REASON_NONE && verdict.reason == reason && verdict.proves_up;
    verdict_free(&verdict);
    return proves_up;
}
