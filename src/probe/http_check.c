/* The checks of kind http at load: the path stays below the base URL and changes nothing that its name tells, the body is what
   its type says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/xml.h"
#include "probe/body.h"
#include "probe/date.h"
#include "probe/expect.h"
#include "probe/guard.h"
#include "probe/http.h"

/* ---- the path ---- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The text without percent-encoding, as a server may come to see it; NULL where a % has no two digits behind it, or stands for
   a NUL. Owned. */
static char *decode(const char *text, size_t size)
{
    struct buffer decoded;
    buffer_init(&decoded, size);
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < size ? hex_value(text[i + 1]) : -1,
                low = i + 2 < size ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                buffer_free(&decoded);
                return NULL;
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        buffer_byte(&decoded, c);
    }
    return buffer_take(&decoded);
}

/* Is a part of the path only dots, whatever separates them? */
static bool climbs(const char *path)
{
    for (const char *at = path;; at++) {
        size_t size = strcspn(at, "/\\"), dots = strspn(at, ".");
        if (dots > 0 && dots == size)
            return true;
        at += size;
        if (*at == '\0')
            return false;
    }
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Would a server that decodes twice see another path than we do? */
static bool is_encoded_twice(const char *decoded)
{
    for (; (decoded = strchr(decoded, '%')) != NULL; decoded++)
        if (hex_value(decoded[1]) >= 0 && hex_value(decoded[2]) >= 0)
            return true;
    return false;
}

/* NULL, or what is wrong with the form of a path and its query, for people; decoded: the path alone. */
static const char *find_wrong(const char *path, const char *decoded)
{
    const char *below = path + (path[0] == '/');
    if (decoded == NULL)
        return "% has to stand before two hexadecimal digits, %25 for itself";
    if (strncmp(decoded + strcspn(decoded, ":/"), "://", 3) == 0 || below[0] == '/')
        return "wants a path below url of the app server, no other address";
    if (strchr(path, '#') != NULL)
        return "a fragment (#) is not sent to servers; %23 for the character";
    if (strchr(path, '\\') != NULL)
        return "wants / between its parts";
    if (has_control(path) || has_control(decoded))
        return "holds a control character";
    if (strpbrk(path, "{}") != NULL)
        return "dates go into param.NAME; %7B and %7D for braces";
    if (is_encoded_twice(decoded))
        return "is percent-encoded twice; write it plainly, or encode it once";
    if (climbs(decoded))
        return "must stay below url of the app server: no part of it may be . or ..";
    return NULL;
}

/* The length of the key in parentheses with which text begins, 0 where none ends; a quoted part may hold any character. */
static size_t key_length(const char *text)
{
    bool quoted = false;
    size_t depth = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        quoted ^= text[i] == '\'';
        depth += !quoted && text[i] == '(';
        depth -= !quoted && text[i] == ')';
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

/* The last part of a path, without keys, and without the blanks and dots around it that a server may take off. Owned. */
static char *last_segment(const char *decoded)
{
    struct buffer plain;
    buffer_init(&plain, strlen(decoded));
    for (size_t i = 0; decoded[i] != '\0';) {
        size_t key = decoded[i] == '(' ? key_length(decoded + i) : 0;
        if (key == 0)
            buffer_byte(&plain, decoded[i]);
        i += key == 0 ? 1 : key;
    }
    char *text = buffer_take(&plain);
    size_t end = strlen(text);
    while (end > 0 && strchr("/. ", text[end - 1]) != NULL)
        end--;
    size_t begin = end;
    while (begin > 0 && text[begin - 1] != '/')
        begin--;
    begin += strspn(text + begin, ". ");
    char *last = begin < end ? memory_copy_bytes(text + begin, end - begin) : memory_copy_text("");
    free(text);
    return last;
}

static bool has_select(const struct http_settings *settings)
{
    bool found = strstr(settings->path, "?$select=") != NULL || strstr(settings->path, "&$select=") != NULL;
    for (size_t i = 0; i < settings->param.count; i++)
        found = found || strcmp(settings->param.items[i].name, "$select") == 0;
    return found;
}

/* What the names in the path tell. Functions have names of their own, and kind = efx calls them too. */
static void guard_check(const struct probe_settings *probe, const struct http_settings *settings,
                        const char *decoded, struct fault_list *faults)
{
    char *last = last_segment(decoded);
    bool post = settings->http_method == HTTP_WAY_POST;
    bool function = strncasecmp(decoded + (decoded[0] == '/'), "api/v2/efx/", 11) == 0;
    /* A qualified name ends in the method's own. */
    const char *name = strrchr(last, '.') == NULL || strcasecmp(strrchr(last, '.'), ".svc") == 0
                           ? last
                           : strrchr(last, '.') + 1;
    const char *refused = post && !function ? guard_method(name) : NULL;
    if (refused == NULL && post && !function)
        refused = guard_method(last);
    enum guarded guarded = guard_service(decoded);
    struct place place = probe_key_place(probe, "path");
    if (strcasecmp(name, "GetDatabaseValues") == 0)
        refused = guard_method(name);
    if (guarded == GUARD_NEVER)
        fault_add(faults, place, "[probe %s] path = %s: refused, the answers of this service hold secrets",
                  probe->name, settings->path);
    else if (refused != NULL)
        fault_add(faults, place, "[probe %s] path = %s: refused, %s", probe->name, settings->path, refused);
    else if (post && strcasecmp(last, "$batch") == 0)
        fault_add(faults, place,
                  "[probe %s] path = %s: refused, a batch can hold calls that change something", probe->name,
                  settings->path);
    else if (guarded == GUARD_SENSITIVE && !post && !has_select(settings))
        fault_add(faults, place,
                  "[probe %s] path = %s: the rows of this service hold secrets or personal data; name the "
                  "columns that you need in $select",
                  probe->name, settings->path);
    free(last);
}

static void path_check(const struct probe_settings *probe, const struct http_settings *settings,
                       struct fault_list *faults)
{
    if (settings->path == NULL)
        return;
    char *decoded = decode(settings->path, strcspn(settings->path, "?"));
    const char *wrong = find_wrong(settings->path, decoded);
    if (wrong != NULL)
        fault_add(faults, probe_key_place(probe, "path"), "[probe %s] path = %s: %s", probe->name,
                  settings->path, wrong);
    else
        guard_check(probe, settings, decoded, faults);
    free(decoded);
}

/* ---- the body ---- */

const char *http_content_type(const struct http_settings *settings)
{
    if (settings->content_type != NULL || settings->body == NULL)
        return settings->content_type;
    switch (settings->body[strspn(settings->body, " \t\r\n")]) {
    case '{':
    case '[':
        return "application/json";
    case '<':
        return "text/xml; charset=utf-8";
    default:
        return NULL;
    }
}

static bool type_is(const char *type, const char *kind)
{
    struct span essence = {type, strcspn(type, ";")};
    return span_find_nocase(essence, kind) != NULL;
}

static void xml_check(const struct probe_settings *probe, const char *body, struct fault_list *faults)
{
    char *text = date_expand(body, zone_utc(), (struct moment){0});
    if (!xml_read(text, strlen(text), NULL, 0))
        fault_add(faults, probe_key_place(probe, "body"),
                  "[probe %s] body: not well-formed XML, or with a document type declaration", probe->name);
    free(text);
}

static void content_check(const struct probe_settings *probe, const struct http_settings *settings,
                          struct fault_list *faults)
{
    const char *type = http_content_type(settings);
    if (settings->body == NULL)
        return;
    if (type != NULL && type_is(type, "json")) {
        body_check(probe, settings->body, NULL, faults);
        return;
    }
    size_t before = faults->count;
    body_check_dates(probe, settings->body, faults);
    if (type == NULL)
        fault_add(faults, probe_key_place(probe, "body"),
                  "[probe %s] body: begins neither like JSON nor like XML; say in content_type what it is",
                  probe->name);
    else if (type_is(type, "xml") && faults->count == before)
        xml_check(probe, settings->body, faults);
}

static void type_check(const struct probe_settings *probe, const char *type, struct fault_list *faults)
{
    if (type == NULL)
        return;
    bool plain = strchr(type, '/') != NULL && type[0] != '/' && !has_control(type);
    for (const char *c = type; *c != '\0'; c++)
        plain = plain && (unsigned char)*c < 0x7f;
    if (!plain)
        fault_add(faults, probe_key_place(probe, "content_type"),
                  "[probe %s] content_type = %s: wants a media type, such as text/xml; charset=utf-8",
                  probe->name, type);
}

/* ---- all ---- */

static void method_check(const struct probe_settings *probe, const struct http_settings *settings,
                         struct fault_list *faults)
{
    const struct {
        const char *key;
        bool set;
        unsigned ways; /* those with which it goes */
        const char *why;
    } keys[] = {
        {"body", settings->body != NULL, 1u << HTTP_WAY_POST, "goes with http_method = POST"},
        {"content_type", settings->content_type != NULL, 1u << HTTP_WAY_POST, "goes with http_method = POST"},
        {"expect_text", settings->expect_text != NULL, 1u << HTTP_WAY_POST | 1u << HTTP_WAY_GET,
         "the answer to a HEAD has no body"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].set && (keys[i].ways >> settings->http_method & 1) == 0)
            fault_add(faults, probe_key_place(probe, keys[i].key), "[probe %s] %s: %s", probe->name,
                      keys[i].key, keys[i].why);
    if (settings->content_type != NULL && settings->body == NULL && settings->http_method == HTTP_WAY_POST)
        warning_add(faults, probe_key_place(probe, "content_type"),
                    "[probe %s] content_type: without effect, because there is no body", probe->name);
    if (settings->expect.count > 0 && settings->http_method == HTTP_WAY_HEAD)
        fault_add(faults, settings->expect.items[0].place,
                  "[probe %s] expect.%s: the answer to a HEAD has no body", probe->name,
                  settings->expect.items[0].name);
}

void http_check(const struct probe_settings *probe, struct fault_list *faults)
{
    const struct http_settings *settings = probe->own;
    char title[64];
    path_check(probe, settings, faults);
    method_check(probe, settings, faults);
    type_check(probe, settings->content_type, faults);
    content_check(probe, settings, faults);
    for (size_t i = 0; i < settings->param.count; i++) {
        const struct pair *param = &settings->param.items[i];
        char *wrong = date_check(param->value);
        if (wrong != NULL)
            fault_add(faults, param->place, "[probe %s] param.%s: %s", probe->name, param->name, wrong);
        free(wrong);
    }
    snprintf(title, sizeof title, "[probe %s]", probe->name);
    expectations_check(&settings->expect, title, faults);
}
