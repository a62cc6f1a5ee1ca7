#include "probe/body.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "probe/date.h"
#include "json/scanner.h"

/* The offset of the first curly quote, or -1. Word processors put them in place of straight ones. */
static long find_curly_quote(const char *text)
{
    static const char *const quotes[] = {"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98", "\xe2\x80\x99"};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        const char *found = strstr(text, quotes[i]);
        if (found != NULL && (first == NULL || found < first))
            first = found;
    }
    return first == NULL ? -1 : (long)(first - text);
}

void body_check_dates(const struct probe_settings *probe, const char *body, struct fault_list *faults)
{
    char *misspelt = body == NULL ? NULL : date_check(body);
    if (misspelt != NULL)
        fault_add(faults, probe_key_place(probe, "body"), "[probe %s] body: %s", probe->name, misspelt);
    free(misspelt);
}

void body_check(const struct probe_settings *probe, const char *body, const char *whose,
                struct fault_list *faults)
{
    static const struct json_plan validate_only;
    size_t before = faults->count;
    body_check_dates(probe, body, faults);
    if (body == NULL || faults->count > before)
        return;
    char *text = date_expand(body, zone_utc(), (struct moment){0});
    struct json_scanner *scanner = json_scanner_new(&validate_only, NULL, NULL);
    json_scanner_feed(scanner, text, strlen(text));
    const struct json_result *json = json_scanner_finish(scanner);
    long curly = json->error == JSON_FINE ? -1 : find_curly_quote(text);
    if (curly >= 0)
        fault_add(faults, probe_key_place(probe, "body"),
                  "[probe %s] body: not JSON: byte %ld is a curly quote, as word processors write them; JSON "
                  "wants the straight one (\")",
                  probe->name, curly);
    else if (json->error != JSON_FINE)
        fault_add(faults, probe_key_place(probe, "body"), "[probe %s] body: not JSON: %s", probe->name,
                  json->sentence);
    else if (whose != NULL && json->root != JSON_OBJECT)
        fault_add(faults, probe_key_place(probe, "body"),
                  "[probe %s] body: %s; %s wants an object of its inputs, {} for none", probe->name,
                  json_kind_text(json->root), whose);
    json_scanner_free(scanner);
    free(text);
}

/* ---- members ---- */

/* Behind the string whose opening quote is at text. */
static const char *skip_string(const char *text)
{
    for (text++; *text != '"'; text++)
        text += *text == '\\';
    return text + 1;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Behind the value that begins at text: to the comma or the bracket that ends it. */
static const char *skip_value(const char *text)
{
    for (size_t depth = 0;; text++) {
        if (*text == '"')
            text = skip_string(text) - 1;
        else if (*text == '{' || *text == '[')
            depth++;
        else if (depth == 0 && (*text == ',' || *text == '}'))
            return text;
        else if (*text == '}' || *text == ']')
            depth--;
    }
}

bool body_member(const char *json, const char *name, struct span *value)
{
    size_t size = strlen(name);
    const char *at = skip_blanks(json);
    if (*at != '{')
        return false;
    for (at = skip_blanks(at + 1); *at == '"'; at = skip_blanks(at)) {
        const char *key = at + 1;
        at = skip_string(at);
        bool found = (size_t)(at - key) == size + 1 && memcmp(key, name, size) == 0;
        const char *begin = skip_blanks(skip_blanks(at) + 1); /* behind the colon */
        at = skip_value(begin);
        if (found) {
            *value = span_trim((struct span){begin, (size_t)(at - begin)});
            return true;
        }
        at += *at == ',';
    }
    return false;
}
