/* What kinds that call Kinetic's own services have in common: the path of a resource, a request filled for it. */
#ifndef PROBE_CALL_H
#define PROBE_CALL_H

#include "probe/kind.h"

#define CALL_PATH_MAX ((size_t)1 << 16)

/* The path of a service's method or entity set, percent-encoded: "api/v2/odata/EPIC06/Ice.LIB.SessionModSvc/GetPatchLevel",
   of v1 "api/v1/Ice.LIB.SessionModSvc/GetPatchLevel" (facts §6). The caller frees. */
char *call_path(const struct target_settings *target, const char *service, const char *name);

/* Fills a GET of that path (taken over), its JSON read by plan. */
void call_get(const struct probe_run *run, char *path, const struct json_plan *plan, struct request *request);

/* Fills a POST of a method with a JSON body (taken over; NULL: {}). */
void call_post(const struct probe_run *run, char *path, char *body, const struct json_plan *plan,
               struct request *request);

/* The members that a plan captures: refusal_members (probe/refusal.h), then count more. The caller frees; what the paths
   point to stays theirs. The values of the latter begin at answer->json->members[REFUSAL_MEMBERS]. */
struct json_path *call_members(const struct json_path *more, size_t count);

/* A finite number, also as padded text (facts §9.15); true, false, also as text and as 1 and 0. False, and *out untouched,
   when it is none. */
bool call_number(const struct json_value *value, double *out);
bool call_bool(const struct json_value *value, bool *out);

/* The zone of the probe, else of the app server. */
const struct zone *call_zone(const struct target_settings *target);

/* Faults of the length of a target's URL (path and query, taken over; NULL: beyond every bound): what no server takes; a
   warning of what IIS does not take unless told to. */
void call_check_length(const struct target_settings *target, char *url, struct fault_list *faults);

/* A fault where a target of this kind has no company and its API version wants one in the URL. */
void call_check_company(const struct target_settings *target, struct fault_list *faults);

#endif
