#include "probe/refusal.h"

enum {
    ERROR_MESSAGE,
    ERROR_TYPE,
    CORRELATION,
    HTTP_STATUS,
    REASON_PHRASE,
    ODATA_MESSAGE,
    ODATA_MESSAGE_VALUE,
    ODATA_CODE,
    ODATA3_MESSAGE_VALUE,
    ODATA3_CODE
};

#define PATH(...)                                                                                            \
    {                                                                                                        \
        .names = (const char *const[]){__VA_ARGS__},                                                         \
        .depth = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)                           \
    }

const struct json_path refusal_members[REFUSAL_MEMBERS] = {
    [ERROR_MESSAGE] = PATH("ErrorMessage"),
    [ERROR_TYPE] = PATH("ErrorType"),
    [CORRELATION] = PATH("CorrelationId"),
    [HTTP_STATUS] = PATH("HttpStatus"),
    [REASON_PHRASE] = PATH("ReasonPhrase"),
    [ODATA_MESSAGE] = PATH("error", "message"),
    [ODATA_MESSAGE_VALUE] = PATH("error", "message", "value"),
    [ODATA_CODE] = PATH("error", "code"),
    [ODATA3_MESSAGE_VALUE] = PATH("odata.error", "message", "value"),
    [ODATA3_CODE] = PATH("odata.error", "code"),
};

static bool is_text(const struct json_value *value)
{
    return value->kind == JSON_STRING && value->size > 0;
}

static char *line_of(const struct json_value *value)
{
    return is_text(value) ? error_line(value->text, value->size, ERROR_MESSAGE_MAX) : NULL;
}

static const struct json_value *first_text(const struct json_value *members, const int *indexes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_text(&members[indexes[i]]))
            return &members[indexes[i]];
    return NULL;
}

bool refusal_read(const struct json_value *members, bool anyhow, struct error_body *body)
{
    static const int messages[] = {ODATA_MESSAGE, ODATA_MESSAGE_VALUE, ODATA3_MESSAGE_VALUE};
    static const int codes[] = {ODATA_CODE, ODATA3_CODE};
    const struct json_value *odata_message = first_text(members, messages, 3);
    const struct json_value *odata_code = first_text(members, codes, 2);
    bool message = is_text(&members[ERROR_MESSAGE]), type = is_text(&members[ERROR_TYPE]);
    bool frame = members[HTTP_STATUS].kind != JSON_ABSENT || members[REASON_PHRASE].kind != JSON_ABSENT ||
                 members[CORRELATION].kind != JSON_ABSENT;
    bool epicor = anyhow ? message || type : message && type && frame;
    bool odata = odata_message != NULL && (anyhow || odata_code != NULL);
    *body = (struct error_body){0};
    if (epicor) {
        body->form = ERROR_EPICOR_JSON;
        body->message = line_of(&members[ERROR_MESSAGE]);
        body->type = line_of(&members[ERROR_TYPE]);
        body->correlation = line_of(&members[CORRELATION]);
    } else if (odata) {
        body->form = ERROR_ODATA;
        body->message = line_of(odata_message);
        body->type = odata_code == NULL ? NULL : line_of(odata_code);
    }
    return epicor || odata;
}
