/* What a probe of kind http may call: the names in its path, the actions and operations of SOAP, the columns of services whose
   rows hold secrets. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "kinetic/xml.h"
#include "probe/date.h"
#include "probe/guard.h"
#include "probe/http.h"

/* ---- percent-encoding ---- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *http_decode(const char *text, size_t size)
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

/* ---- the path ---- */

static const char secret_service[] = "the answers of this service hold secrets";

/* What of the path names no method: api/v1, api/v2/odata/EPIC06. */
static const char *behind_company(const char *decoded)
{
    static const char v1[] = "api/v1/", v2[] = "api/v2/odata/";
    const char *path = decoded + strspn(decoded, "/");
    if (strncasecmp(path, v1, strlen(v1)) == 0)
        return path + strlen(v1);
    if (strncasecmp(path, v2, strlen(v2)) != 0)
        return path;
    path += strlen(v2);
    return path + strcspn(path, "/");
}

/* NULL, or why a part of the path must not be asked for that way. service: NULL where none stands before it. */
static const char *part_refusal(enum http_way way, const char *service, const char *part, bool last)
{
    if (way == HTTP_WAY_POST && strcasecmp(part, "$batch") == 0)
        return "a batch can hold calls that change something";
    if (way == HTTP_WAY_POST)
        return service != NULL && last ? guard_post(service, part) : guard_method(part);
    if (service != NULL)
        return guard_read(service, part);
    const char *why = guard_method(part);
    return why != NULL && strcasestr(part, "GetDatabaseValues") != NULL ? why : NULL;
}

/* NULL, or why the path must not be asked for. *unclear: a POST of a name that does not tell what it does. */
static const char *path_refusal(const struct http_settings *settings, const char *decoded, bool *unclear)
{
    bool post = settings->http_method == HTTP_WAY_POST;
    const char *why = NULL, *at = behind_company(decoded);
    char *service = NULL, *part;
    bool query = false; /* the next part names a BAQ, not a method */
    while (why == NULL && (part = guard_next_part(&at)) != NULL) {
        bool last = at[strspn(at, "/")] == '\0';
        if (service == NULL && guard_is_service(part)) {
            service = part;
            query = strcasecmp(service, "BaqSvc") == 0;
            if (query && post)
                why = "a POST to a BAQ can write through it; GET reads it";
            continue;
        }
        if (!query)
            why = part_refusal((enum http_way)settings->http_method, service, part, last);
        *unclear = post && service != NULL && last && !guard_reads(part);
        query = false;
        free(part);
    }
    free(service);
    return why;
}

/* Functions have names of their own, and kind = efx calls them too. */
static bool is_function(const char *decoded)
{
    return strncasecmp(decoded + strspn(decoded, "/"), "api/v2/efx/", 11) == 0;
}

static void methods_check(const struct probe_settings *probe, const struct http_settings *settings,
                          const char *decoded, struct fault_list *faults)
{
    struct place place = probe_key_place(probe, "path");
    bool unclear = false;
    const char *why = guard_service(decoded) == GUARD_NEVER ? secret_service
                      : is_function(decoded)                ? NULL
                                                            : path_refusal(settings, decoded, &unclear);
    if (why != NULL)
        fault_add(faults, place, "[probe %s] path = %s: refused, %s", probe->name,
                  probe_key_shown(probe, "path"), why);
    else if (unclear)
        warning_add(faults, place,
                    "[probe %s] path = %s: its name does not tell that the method only reads; a probe must "
                    "change nothing",
                    probe->name, probe_key_shown(probe, "path"));
}

/* ---- the columns ---- */

/* Faults of the options behind ? in the path; true where one of them is $select. */
static bool query_check_options(const struct probe_settings *probe, const struct http_settings *settings,
                                const char *service, struct fault_list *faults)
{
    bool select = false;
    const char *at = settings->path + strcspn(settings->path, "?");
    for (at += *at == '?'; *at != '\0'; at += *at == '&') {
        size_t size = strcspn(at, "&"), name = strcspn(at, "=&");
        char *option = http_decode(at, name);
        char *value = http_decode(at + name, size - name);
        if (option != NULL && value != NULL) {
            select = select || (strcmp(option, "$select") == 0 && value[0] == '=' && value[1] != '\0');
            guard_option(probe, service, probe_key_place(probe, "path"), "", option, value, faults);
        } else {
            fault_add(faults, probe_key_place(probe, "path"),
                      "[probe %s] path = %s: %% has to stand before two hexadecimal digits, %%25 for itself",
                      probe->name, probe_key_shown(probe, "path"));
        }
        free(option);
        free(value);
        at += size;
    }
    return select;
}

static void columns_check(const struct probe_settings *probe, const struct http_settings *settings,
                          const char *decoded, struct fault_list *faults)
{
    struct place place = probe_key_place(probe, "path");
    bool select = query_check_options(probe, settings, decoded, faults);
    for (size_t i = 0; i < settings->param.count; i++) {
        const struct pair *param = &settings->param.items[i];
        guard_option(probe, decoded, param->place, "param.", param->name, param->value, faults);
        select = select || (strcmp(param->name, "$select") == 0 && param->value[0] != '\0');
    }
    const char *behind = strcasestr(decoded, "svc/");
    char *column = guard_column(decoded, behind == NULL ? "" : behind + strlen("svc/"));
    if (column != NULL)
        fault_add(faults, place,
                  "[probe %s] path = %s: refused, %s of this service is a secret or personal data",
                  probe->name, probe_key_shown(probe, "path"), column);
    else if (settings->http_method == HTTP_WAY_POST)
        warning_add(faults, place,
                    "[probe %s] path = %s: the rows of this service hold secrets or personal data; where it "
                    "has an entity set, ask that with GET and $select",
                    probe->name, probe_key_shown(probe, "path"));
    else if (!select)
        fault_add(faults, place,
                  "[probe %s] path = %s: the rows of this service hold secrets or personal data; name the "
                  "columns that you need in $select",
                  probe->name, probe_key_shown(probe, "path"));
    free(column);
    guard_expect(probe, decoded, &settings->expect, faults);
}

void http_guard_path(const struct probe_settings *probe, const struct http_settings *settings,
                     const char *decoded, struct fault_list *faults)
{
    size_t before = faults->count;
    methods_check(probe, settings, decoded, faults);
    if (faults->count == before && guard_service(decoded) == GUARD_SENSITIVE)
        columns_check(probe, settings, decoded, faults);
}

/* ---- SOAP ---- */

struct envelope {
    int depth;
    bool soap, body; /* the root is an envelope; its body is open */
    const char *why; /* NULL: no operation is refused */
    char *operation; /* the refused one; owned */
};

static void on_start(void *context, const char *name, const char *const *attributes)
{
    (void)attributes;
    struct envelope *envelope = context;
    int depth = envelope->depth++;
    if (depth == 0)
        envelope->soap = strcasecmp(name, "Envelope") == 0;
    else if (depth == 1)
        envelope->body = strcasecmp(name, "Body") == 0;
    const char *why = depth == 2 && envelope->soap && envelope->body ? guard_method(name) : NULL;
    if (why != NULL && envelope->why == NULL) {
        envelope->why = why;
        envelope->operation = memory_copy_text(name);
    }
}

static void on_end(void *context, const char *name)
{
    (void)name;
    ((struct envelope *)context)->depth--;
}

/* The operation of an envelope is the first element in its body; WS-Addressing names it in the header too. */
static void envelope_check(const struct probe_settings *probe, const char *text, struct fault_list *faults)
{
    static const struct xml_visitor visitor = {.start = on_start, .end = on_end};
    struct envelope envelope = {0};
    struct xml_visitor own = visitor;
    own.context = &envelope;
    struct xml_stream *stream = xml_stream_new(&own);
    xml_stream_feed(stream, text, strlen(text));
    xml_stream_finish(stream);
    xml_stream_free(stream);
    struct xml_field action = {.name = "Action"};
    if (envelope.why != NULL)
        fault_add(faults, probe_key_place(probe, "body"), "[probe %s] body: its operation %s is refused, %s",
                  probe->name, envelope.operation, envelope.why);
    else if (envelope.soap && xml_read(text, strlen(text), &action, 1) && action.text != NULL) {
        char *address = memory_copy_bytes(action.text, action.size);
        const char *why = guard_action(address);
        if (why != NULL)
            fault_add(faults, probe_key_place(probe, "body"), "[probe %s] body: its action %s is refused, %s",
                      probe->name, address, why);
        free(address);
    }
    xml_fields_free(&action, 1);
    free(envelope.operation);
}

/* The parameters of a media type, of which action names what SOAP 1.2 calls. */
static void type_guard(const struct probe_settings *probe, const char *type, struct fault_list *faults)
{
    static const char action[] = "action";
    for (const char *at = type; (at = strcasestr(at, action)) != NULL; at++) {
        const char *value = at + strlen(action);
        value += strspn(value, " \t");
        if (*value != '=')
            continue;
        value += 1 + strspn(value + 1, " \t\"'");
        char *address = memory_copy_bytes(value, strcspn(value, "\"';"));
        const char *why = guard_action(address);
        if (why != NULL)
            fault_add(faults, probe_key_place(probe, "content_type"),
                      "[probe %s] content_type = %s: refused, %s", probe->name,
                      probe_key_shown(probe, "content_type"), why);
        free(address);
    }
}

void http_guard_call(const struct probe_settings *probe, const struct http_settings *settings,
                     struct fault_list *faults)
{
    const char *why = settings->soap_action == NULL ? NULL : guard_action(settings->soap_action);
    if (why != NULL)
        fault_add(faults, probe_key_place(probe, "soap_action"), "[probe %s] soap_action = %s: refused, %s",
                  probe->name, probe_key_shown(probe, "soap_action"), why);
    if (settings->content_type != NULL)
        type_guard(probe, settings->content_type, faults);
    if (settings->content_type != NULL && strncasecmp(settings->content_type, "multipart/", 10) == 0)
        fault_add(faults, probe_key_place(probe, "content_type"),
                  "[probe %s] content_type = %s: refused, the parts can hold calls that change something",
                  probe->name, probe_key_shown(probe, "content_type"));
    if (settings->body == NULL || settings->body[strspn(settings->body, " \t\r\n\xef\xbb\xbf")] != '<')
        return;
    char *text = date_expand(settings->body, zone_utc(), (struct moment){0});
    envelope_check(probe, text, faults);
    free(text);
}
