/* One run of a probe against the simulator over a plain libcurl, decorated as the agent would: no agent is in it. */
#ifndef INTEGRATION_BARE_RUN_H
#define INTEGRATION_BARE_RUN_H

#include "probe/kind.h"
#include "simulator/simulator.h"

struct outcome {
    struct probe_result result; /* the caller frees it */
    int requests;
};

/* appserver, probe: further lines of their sections; the company is EPIC06. password: for kind = token. */
struct outcome run_probe(struct simulator *server, const char *appserver, const char *probe,
                         const char *password);

#endif
