/* The table of routes, and what answers a request: pure of any HTTP library. */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "web/request.h"

/* Fills the answer. Returns the path of the route for epicor_exporter_http_requests_total, or "other"; it lives as long
   as telemetry_path. */
const char *routes_answer(const struct web_request *request, struct web_answer *answer);

#endif
