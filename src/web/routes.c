#include "web/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "config/shown.h"
#include "report/board.h"
#include "web/answer.h"
#include "web/reload.h"
#include "web/scrape.h"
#include "web/status.h"

enum { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4 };

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {{"GET", METHOD_GET}, {"HEAD", METHOD_HEAD}, {"POST", METHOD_POST}};

/* The texts of Allow, by the methods of a route. */
static const char *const allow_texts[] = {[METHOD_GET | METHOD_HEAD] = "GET, HEAD", [METHOD_POST] = "POST"};

struct route {
    const char *
        path; /* NULL: the configured telemetry path; one that ends in a slash and is not the root: all below it */
    unsigned methods;
    void (*answer)(const struct web_request *request, struct web_answer *answer);
};

static void answer_healthy(const struct web_request *request, struct web_answer *answer)
{
    int64_t beat_ns = board_heartbeat_boot_ns(report_board(request->report));

    if (!status_is_hung(request)) {
        answer_text(answer, 200, "The agent turns.\n");
        return;
    }
    answer_text(answer, 503, "");
    if (beat_ns == 0)
        buffer_text(&answer->body, "The agent has not begun to turn.\n");
    else
        buffer_format(&answer->body,
                      "The agent has not turned for %lld s: it hangs. Restart it, and report it as a bug.\n",
                      (long long)((request->now.boot_ns - beat_ns) / SECOND_NS));
}

static void answer_ready(const struct web_request *request, struct web_answer *answer)
{
    struct board *board = report_board(request->report);

    if (status_is_hung(request))
        answer_text(answer, 503, "The schedule does not turn: see /-/healthy.\n");
    else if (board_ready(board))
        answer_text(answer, 200, "The configuration is in force and the schedule turns.\n");
    else
        answer_text(answer, 503, "The schedule does not turn yet.\n");
}

static void answer_embedded(const struct web_request *request, struct web_answer *answer,
                            const struct embedded_file *table, const char *content_type)
{
    const struct embedded_file *file = embedded_find(table, strrchr(request->path, '/') + 1);

    if (file == NULL) {
        answer_text(answer, 404, "There is no such file. These there are:\n");
        for (file = table; file->name != NULL; file++)
            buffer_format(&answer->body, "%s\n", file->name);
        return;
    }
    answer->status = 200;
    answer->content_type = content_type;
    answer->compressible = true;
    if (!buffer_append(&answer->body, file->data, file->size))
        answer_too_large(request, answer);
}

static void answer_dashboard(const struct web_request *request, struct web_answer *answer)
{
    answer_embedded(request, answer, embedded_dashboards, "application/json");
}

static void answer_rules(const struct web_request *request, struct web_answer *answer)
{
    answer_embedded(request, answer, embedded_rules, "application/yaml");
}

static bool config_is_shown(const struct web_request *request)
{
    struct model *model = board_model(report_board(request->report));
    bool shown = model->web.config_page;

    model_unref(model);
    return shown;
}

static void answer_config(const struct web_request *request, struct web_answer *answer)
{
    if (!request->trusted) {
        answer_text(answer, 403, answer_untrusted);
        return;
    }
    struct model *model = board_model(report_board(request->report));
    answer->compressible = true;
    if (!model_print(model, &answer->body))
        answer_too_large(request, answer);
    model_unref(model);
}

static const struct route routes[] = {
    {NULL, METHOD_GET | METHOD_HEAD, scrape_answer},
    {"/", METHOD_GET | METHOD_HEAD, status_answer_page},
    {"/api/v1/status", METHOD_GET | METHOD_HEAD, status_answer_json},
    {"/-/healthy", METHOD_GET | METHOD_HEAD, answer_healthy},
    {"/-/ready", METHOD_GET | METHOD_HEAD, answer_ready},
    {"/-/reload", METHOD_POST, answer_reload},
    {"/config", METHOD_GET | METHOD_HEAD, answer_config},
    {"/dashboards/", METHOD_GET | METHOD_HEAD, answer_dashboard},
    {"/rules/", METHOD_GET | METHOD_HEAD, answer_rules},
};

static const char *route_path(const struct route *route, const struct web_request *request)
{
    return route->path != NULL ? route->path : request->telemetry_path;
}

static bool route_takes(const struct route *route, const struct web_request *request)
{
    const char *path = route_path(route, request);
    size_t size = strlen(path);

    if (route->path != NULL && size > 1 && path[size - 1] == '/')
        return strncmp(path, request->path, size) == 0 && strchr(request->path + size, '/') == NULL;
    return strcmp(path, request->path) == 0;
}

static const struct route *route_find(const struct web_request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (route_takes(&routes[i], request) &&
            (routes[i].answer != answer_config || config_is_shown(request)))
            return &routes[i];
    return NULL;
}

static unsigned method_bit(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].bit;
    return 0;
}

static const char *label_of(const struct route *route, const struct web_request *request)
{
    return route == NULL ? "other" : route_path(route, request);
}

const char *routes_label(const struct web_request *request)
{
    return label_of(request->malformed ? NULL : route_find(request), request);
}

const char *routes_answer(const struct web_request *request, struct web_answer *answer)
{
    const struct route *route = request->malformed ? NULL : route_find(request);
    unsigned allowed = route != NULL ? route->methods : METHOD_GET | METHOD_HEAD;

    answer_text(answer, 200, "");
    answer->close = request->has_body || request->malformed;
    if (request->malformed) {
        answer_text(answer, 400, "This is no request of HTTP/1.1 (RFC 9112).\n");
    } else if ((allowed & method_bit(request->method)) == 0) {
        answer->allow = allow_texts[allowed];
        answer_text(answer, 405, "This path does not take this method.\n");
    } else if (route == NULL) {
        answer_text(answer, 404, "There is nothing at this path. The status page is at /.\n");
    } else if (request->has_body) {
        answer_text(answer, 413, "This path takes no body.\n");
    } else {
        route->answer(request, answer);
    }
    return label_of(route, request);
}
