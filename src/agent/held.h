/* Models that are no longer in force, kept as long as exchanges that were started under them are in flight: what an order
   points to lives in them. It stands between the agent and its transport, and counts. */
#ifndef AGENT_HELD_H
#define AGENT_HELD_H

#include <stddef.h>
#include <stdint.h>

#include "agent/transport.h"
#include "config/model.h"

struct held_model;

struct held {
    struct transport transport; /* first: for the agent */
    struct transport *outside;  /* the one behind it */
    size_t in_flight;           /* exchanges of the model in force */
    uint64_t last;              /* the latest ticket of all */
    struct held_model *models;  /* earlier ones, newest first */
};

void held_init(struct held *held, struct transport *outside);
/* Nothing may be in flight. */
void held_free(struct held *held);

/* An exchange was answered (it is told of those that are cancelled by itself). */
void held_answered(struct held *held, uint64_t ticket);
/* The model is in force no more: it is kept while any exchange that has been started so far is in flight. */
void held_keep(struct held *held, struct model *model);

#endif
