/* The ways in which servers differ, by name: one row a member of struct simulator_behaviour. For command lines. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

enum way_form { WAY_CHOICE, WAY_YES_NO, WAY_NUMBER };

#define CHOICE(member, name, choices)                                                                        \
    {                                                                                                        \
        name, choices, WAY_CHOICE, offsetof(struct simulator_behaviour, member)                              \
    }
#define YES_NO(member, name)                                                                                 \
    {                                                                                                        \
        name, "no|yes", WAY_YES_NO, offsetof(struct simulator_behaviour, member)                             \
    }
#define NUMBER(member, name)                                                                                 \
    {                                                                                                        \
        name, "N", WAY_NUMBER, offsetof(struct simulator_behaviour, member)                                  \
    }

/* Choices in the order of the enum's values; the first is the usual way. */
static const struct way_row {
    const char *name, *choices;
    enum way_form form;
    size_t offset;
} ways[] = {
    CHOICE(token_claims, "token-claims", "strings|numbers|opaque"),
    CHOICE(expires_in, "expires-in", "number|string|missing"),
    CHOICE(token_form, "token-form", "by-accept|xml|json"),
    CHOICE(refresh_token, "refresh-token", "empty|absent|filled"),
    CHOICE(token_names, "token-names", "pascal|oauth"),
    CHOICE(token_refusal, "token-refusal", "by-accept|xml|html|empty"),
    CHOICE(token_credentials, "token-credentials", "any|headers|basic"),
    NUMBER(claims_lifetime, "claims-lifetime"),
    YES_NO(token_byte_order_mark, "token-byte-order-mark"),
    YES_NO(token_slash_redirects, "token-slash-redirects"),
    CHOICE(token_feature, "token-feature", "on|off-404|off-500"),
    CHOICE(key_refusal, "key-refusal", "401|403|404"),
    CHOICE(right_refusal, "right-refusal", "401|403|404"),
    CHOICE(bearer_refusal, "bearer-refusal", "empty|epicor|html"),
    CHOICE(client_authentication, "client-authentication", "form-or-basic|form|basic"),
    YES_NO(client_basic_raw, "client-basic-raw"),
    YES_NO(thumbprint_wanted, "thumbprint-wanted"),
    CHOICE(count_form, "count", "number|string|absent"),
    YES_NO(decimals_as_strings, "decimals-as-strings"),
    YES_NO(integers_as_strings, "integers-as-strings"),
    YES_NO(bare_dates, "bare-dates"),
    CHOICE(envelope, "envelope", "by-version|v4|v3|bare"),
    YES_NO(pad_characters, "pad-characters"),
    YES_NO(gzip, "gzip"),
    YES_NO(content_length, "content-length"),
    CHOICE(return_obj, "return-obj", "object|array|sets"),
    YES_NO(parameters_first, "parameters-first"),
    YES_NO(page_size_zero_400, "page-size-zero-400"),
    NUMBER(method_rows, "method-rows"),
    CHOICE(void_answer, "void-answer", "object|parameters|empty|204"),
    NUMBER(more_baqs, "more-baqs"),
    YES_NO(company_metadata, "company-metadata"),
    CHOICE(efx_list, "efx-list", "value|array|pairs|libraries|map"),
    CHOICE(efx_nulls, "efx-nulls", "left-out|written"),
    CHOICE(environment, "environment", "object|array|empty"),
    CHOICE(license_codes, "license-codes", "guids|names"),
    CHOICE(seats_gone, "seats-gone", "shared|refused"),
    NUMBER(shared_delay_ms, "shared-delay-ms"),
    YES_NO(shared_delay_doubles, "shared-delay-doubles"),
    NUMBER(seats_status, "seats-status"),
    YES_NO(secure_errors, "secure-errors"),
};

bool simulator_behaviour_name(size_t i, const char **name, const char **choices)
{
    if (i >= sizeof ways / sizeof ways[0])
        return false;
    *name = ways[i].name;
    *choices = ways[i].choices;
    return true;
}

/* The place of a word among the choices; false: it is none of them. */
static bool choice_find(const char *choices, const char *word, unsigned *place)
{
    size_t size = strlen(word);
    *place = 0;
    for (const char *at = choices; *at; (*place)++) {
        size_t length = strcspn(at, "|");
        if (length == size && memcmp(at, word, size) == 0)
            return true;
        at += length;
        at += *at == '|';
    }
    return false;
}

static const struct way_row *way_find(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    }
    return NULL;
}

char *sim_behaviour_chosen(const struct simulator_behaviour *behaviour, const char *name)
{
    const struct way_row *row = way_find(name);
    const char *member = (const char *)behaviour + row->offset, *choice = row->choices;
    unsigned number;
    if (row->form == WAY_YES_NO)
        number = *(const bool *)member;
    else
        memcpy(&number, member, sizeof number);
    if (row->form == WAY_NUMBER) {
        struct sim_text text = {0};
        sim_text_add_number(&text, number);
        return text.data;
    }
    for (; number; number--)
        choice += strcspn(choice, "|") + 1;
    return sim_duplicate_n(choice, strcspn(choice, "|"));
}

bool simulator_behaviour_choose(struct simulator_behaviour *behaviour, const char *name, const char *value)
{
    const struct way_row *row = way_find(name);
    unsigned number;
    if (!row)
        return false;
    char *member = (char *)behaviour + row->offset;
    if (row->form == WAY_NUMBER) {
        char *rest;
        unsigned long read = strtoul(value, &rest, 10);
        number = (unsigned)read;
        if (*value < '0' || *value > '9' || *rest || read > UINT32_MAX)
            return false;
    } else if (!choice_find(row->choices, value, &number)) {
        return false;
    }
    if (row->form == WAY_YES_NO)
        *(bool *)member = number == 1;
    else
        memcpy(member, &number, sizeof number); /* an enum, a uint32_t or an int */
    return true;
}
