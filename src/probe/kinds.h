/* The kinds there are, one file each; kind.c has the table. */
#ifndef PROBE_KINDS_H
#define PROBE_KINDS_H

#include "probe/kind.h"

extern const struct probe_kind probe_kind_method, probe_kind_http, probe_kind_metadata;
extern const struct probe_kind probe_kind_token, probe_kind_baq, probe_kind_efx, probe_kind_bo;
extern const struct probe_kind probe_kind_environment, probe_kind_version, probe_kind_health;
extern const struct probe_kind probe_kind_licenses, probe_kind_sessions, probe_kind_tasks;
extern const struct probe_kind probe_kind_catalog, probe_kind_api_keys;

#endif
