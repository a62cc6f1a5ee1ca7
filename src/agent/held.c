#include "agent/held.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

struct held_model {
    struct held_model *next;
    struct model *model; /* a reference */
    uint64_t last;       /* its latest ticket: tickets grow */
    size_t in_flight;
};

static void start(struct transport *transport, uint64_t ticket, struct order *order, struct moment now)
{
    struct held *held = (struct held *)transport;
    assert(ticket > held->last);
    held->last = ticket;
    held->in_flight++;
    held->outside->start(held->outside, ticket, order, now);
}

static void cancel(struct transport *transport, uint64_t ticket)
{
    struct held *held = (struct held *)transport;
    held->outside->cancel(held->outside, ticket);
    held_answered(held, ticket);
}

void held_init(struct held *held, struct transport *outside)
{
    *held = (struct held){.transport = {.start = start, .cancel = cancel}, .outside = outside};
}

void held_free(struct held *held)
{
    assert(held->in_flight == 0 && !held->models);
}

void held_answered(struct held *held, uint64_t ticket)
{
    /* Of the oldest model whose latest ticket it does not come after. */
    struct held_model **of = NULL;
    for (struct held_model **at = &held->models; *at && ticket <= (*at)->last; at = &(*at)->next)
        of = at;
    if (!of) {
        assert(held->in_flight > 0);
        held->in_flight--;
        return;
    }
    struct held_model *old = *of;
    assert(old->in_flight > 0);
    if (--old->in_flight > 0)
        return;
    *of = old->next;
    model_unref(old->model);
    free(old);
}

void held_keep(struct held *held, struct model *model)
{
    if (held->in_flight == 0)
        return;
    struct held_model *old = memory_new(1, sizeof *old);
    *old = (struct held_model){held->models, model_ref(model), held->last, held->in_flight};
    held->models = old;
    held->in_flight = 0;
}
