/* The table of routes, and what answers a request: pure of any HTTP library. */
#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "web/request.h"

/* The path of the request's route for epicor_exporter_http_requests_total, or "other"; it lives as long as telemetry_path. */
const char *routes_label(const struct web_request *request);

/* Fills the answer to a request that access has let pass. Returns routes_label. */
const char *routes_answer(const struct web_request *request, struct web_answer *answer);

#endif
