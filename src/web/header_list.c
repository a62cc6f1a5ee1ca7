#include "web/header_list.h"

/* The part in front of the first separator that does not stand in a quoted string; *rest is moved behind that. */
static struct span take_part(struct span *rest, char separator)
{
    bool quoted = false;
    size_t size = 0;

    for (; size < rest->size && (quoted || rest->data[size] != separator); size++) {
        if (rest->data[size] == '"')
            quoted = !quoted;
        else if (quoted && rest->data[size] == '\\' && size + 1 < rest->size)
            size++;
    }
    struct span part = {rest->data, size};
    size_t passed = size < rest->size ? size + 1 : size;
    *rest = (struct span){rest->data + passed, rest->size - passed};
    return span_trim(part);
}

bool header_list_next(struct span *rest, struct header_item *item)
{
    while (rest->size > 0) {
        struct span whole = take_part(rest, ',');
        item->value = take_part(&whole, ';');
        item->parameters = whole;
        if (item->value.size > 0)
            return true;
    }
    return false;
}

bool header_parameter_next(struct span *rest, struct header_parameter *parameter)
{
    while (rest->size > 0) {
        struct span whole = take_part(rest, ';');
        if (whole.size == 0)
            continue;
        struct span name = take_part(&whole, '='), value = span_trim(whole);
        *parameter = (struct header_parameter){.name = name, .value = value};
        parameter->has_value = value.data > name.data + name.size;
        parameter->quoted = value.size > 0 && value.data[0] == '"';
        if (parameter->quoted) {
            bool closed = value.size > 1 && value.data[value.size - 1] == '"';
            parameter->value = (struct span){value.data + 1, value.size - (closed ? 2 : 1)};
        }
        return true;
    }
    return false;
}

bool header_parameter_is(const struct header_parameter *parameter, const char *text)
{
    struct span value = parameter->value;

    for (size_t i = 0; i < value.size; i++) {
        if (parameter->quoted && value.data[i] == '\\' && i + 1 < value.size)
            i++;
        if (*text == '\0' || *text++ != value.data[i])
            return false;
    }
    return *text == '\0';
}

/* 1, 0, 1.000, 0.25 */
static bool read_weight(struct span text, int *thousandths)
{
    int value, place = 100;
    bool more = false;

    if (text.size == 0 || (text.data[0] != '0' && text.data[0] != '1') ||
        (text.size > 1 && text.data[1] != '.'))
        return false;
    value = (text.data[0] - '0') * 1000;
    for (size_t i = 2; i < text.size; i++, place /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value += (text.data[i] - '0') * place;
        more = more || text.data[i] != '0';
    }
    if (value > 1000 || (text.data[0] == '1' && more))
        return false;
    *thousandths = value == 0 && more ? 1 : value;
    return true;
}

bool header_quality(struct span parameters, int *thousandths)
{
    struct header_parameter parameter;

    while (header_parameter_next(&parameters, &parameter))
        if (span_is_nocase(parameter.name, "q"))
            return !parameter.quoted && read_weight(parameter.value, thousandths);
    *thousandths = 1000;
    return true;
}
