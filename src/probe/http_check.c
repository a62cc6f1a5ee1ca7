/* The checks of kind http at load: the path stays below the base URL, the body is what its type says. What it may call is the
   part of http_guard.c. */
#include <ctype.h>
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
        if (isxdigit((unsigned char)decoded[1]) && isxdigit((unsigned char)decoded[2]))
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
    if (!guard_parts_end(decoded))
        return "a bracket or quote in it does not end; %27%27 for a quote in a key";
    return NULL;
}

static void path_check(const struct probe_settings *probe, const struct http_settings *settings,
                       struct fault_list *faults)
{
    if (settings->path == NULL)
        return;
    char *decoded = http_decode(settings->path, strcspn(settings->path, "?"));
    const char *wrong = find_wrong(settings->path, decoded);
    if (wrong != NULL)
        fault_add(faults, probe_key_place(probe, "path"), "[probe %s] path = %s: %s", probe->name,
                  probe_key_shown(probe, "path"), wrong);
    else
        http_guard_path(probe, settings, decoded, faults);
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

static bool is_plain(const char *text)
{
    bool plain = !has_control(text);
    for (const char *c = text; *c != '\0'; c++)
        plain = plain && (unsigned char)*c < 0x7f;
    return plain;
}

static void type_check(const struct probe_settings *probe, const char *type, struct fault_list *faults)
{
    if (type != NULL && (!is_plain(type) || strchr(type, '/') == NULL || type[0] == '/'))
        fault_add(faults, probe_key_place(probe, "content_type"),
                  "[probe %s] content_type = %s: wants a media type, such as text/xml; charset=utf-8",
                  probe->name, probe_key_shown(probe, "content_type"));
}

static void action_check(const struct probe_settings *probe, const char *action, struct fault_list *faults)
{
    if (action != NULL && (!is_plain(action) || strpbrk(action, "\" \t") != NULL))
        fault_add(faults, probe_key_place(probe, "soap_action"),
                  "[probe %s] soap_action = %s: wants the action's address alone, without quotes and blanks",
                  probe->name, probe_key_shown(probe, "soap_action"));
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
        {"soap_action", settings->soap_action != NULL, 1u << HTTP_WAY_POST, "goes with http_method = POST"},
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
    action_check(probe, settings->soap_action, faults);
    content_check(probe, settings, faults);
    http_guard_call(probe, settings, faults);
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
