#include "web/accept.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "web/header_list.h"

/* The parameters that tell formats apart; name.size 0: not given. */
struct range_parameters {
    struct header_parameter version, escaping, proto, encoding;
};

static struct range_parameters read_parameters(struct span text)
{
    static const struct {
        const char *name;
        size_t offset;
    } known[] = {
        {"version", offsetof(struct range_parameters, version)},
        {"escaping", offsetof(struct range_parameters, escaping)},
        {"proto", offsetof(struct range_parameters, proto)},
        {"encoding", offsetof(struct range_parameters, encoding)},
    };
    struct range_parameters parameters = {.version = {.name = {"", 0}}};
    struct header_parameter parameter;

    while (header_parameter_next(&text, &parameter))
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (span_is_nocase(parameter.name, known[i].name))
                memcpy((char *)&parameters + known[i].offset, &parameter, sizeof parameter);
    return parameters;
}

static bool is_version(const struct range_parameters *parameters, const char *version)
{
    return header_parameter_is(&parameters->version, version);
}

/* Does the range name a format of ours? */
static bool find_format(const struct header_item *range, struct exposition *found)
{
    const struct range_parameters parameters = read_parameters(range->parameters);
    bool any_version = is_version(&parameters, "");

    *found = (struct exposition){.format = EXPOSITION_FORMATS};
    if (span_is_nocase(range->value, "text/plain")) {
        if (any_version || is_version(&parameters, "0.0.4"))
            found->format = EXPOSITION_TEXT;
    } else if (span_is_nocase(range->value, "application/openmetrics-text")) {
        found->draft = !is_version(&parameters, "1.0.0");
        if (!found->draft || any_version || is_version(&parameters, "0.0.1"))
            found->format = EXPOSITION_OPENMETRICS;
    } else if (span_is_nocase(range->value, "application/vnd.google.protobuf")) {
        if (header_parameter_is(&parameters.proto, "io.prometheus.client.MetricFamily") &&
            header_parameter_is(&parameters.encoding, "delimited"))
            found->format = EXPOSITION_PROTOBUF;
    }
    for (int escaping = ESCAPING_NONE + 1; escaping < EXPOSITION_ESCAPINGS; escaping++)
        if (header_parameter_is(&parameters.escaping,
                                exposition_escaping_name((enum exposition_escaping)escaping)))
            found->escaping = (enum exposition_escaping)escaping;
    return found->format != EXPOSITION_FORMATS && exposition_offers(found->format);
}

static bool is_wild(struct span media)
{
    return span_is(media, "*/*") || span_is(media, "*") || span_is_nocase(media, "text/*");
}

void accept_negotiate(const char *accept, struct exposition *exposition)
{
    struct span rest = span_of(accept != NULL ? accept : "");
    struct exposition best = {.format = EXPOSITION_TEXT}, found;
    int best_rank = 0, weight; /* twice the weight, and one more for what names its format */
    struct header_item range;

    while (header_list_next(&rest, &range)) {
        bool wild = is_wild(range.value);
        if (!header_quality(range.parameters, &weight) || weight == 0 || 2 * weight + !wild <= best_rank)
            continue;
        if (wild)
            found = (struct exposition){.format = EXPOSITION_TEXT};
        else if (!find_format(&range, &found))
            continue;
        best = found;
        best_rank = 2 * weight + !wild;
    }
    exposition->format = best.format;
    exposition->draft = best.draft;
    exposition->escaping = best.escaping;
}
