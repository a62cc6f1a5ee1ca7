#include "probe/field.h"

#include <string.h>

#include "base/text.h"
#include "probe/iso_time.h"

static struct span text_of(const struct json_value *value)
{
    return span_trim((struct span){value->text, value->size});
}

static bool has_text(const struct json_value *value)
{
    return (value->kind == JSON_STRING || value->kind == JSON_NUMBER) && !value->overlong;
}

bool field_is_absent(const struct json_value *value)
{
    return value->kind == JSON_ABSENT || value->kind == JSON_NULL ||
           (value->kind == JSON_STRING && text_of(value).size == 0);
}

bool field_number(const struct json_value *value, double *out)
{
    return has_text(value) && text_to_double(text_of(value), out);
}

bool field_flag(const struct json_value *value, bool *out)
{
    double number = -1;
    bool yes = value->kind == JSON_TRUE || field_is(value, "true");
    bool no = value->kind == JSON_FALSE || field_is(value, "false");
    if (!yes && !no && field_number(value, &number)) {
        yes = number > 0 && number < 2;
        no = number < 1 && number > -1;
    }
    if (!yes && !no)
        return false;
    *out = yes;
    return true;
}

bool field_moment(const struct json_value *value, const struct zone *zone, double *out)
{
    double epoch;
    if (value->kind != JSON_STRING || value->overlong || !iso_time_read(text_of(value), zone, &epoch))
        return false;
    *out = epoch > 0 ? epoch : 0;
    return true;
}

bool field_label(const struct json_value *value, char out[FIELD_LABEL_MAX + 1])
{
    struct span text = text_of(value);
    if (!has_text(value) || text.size == 0 || text.size > FIELD_LABEL_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

bool field_is(const struct json_value *value, const char *text)
{
    return value->kind == JSON_STRING && !value->overlong && span_is_nocase(text_of(value), text);
}
