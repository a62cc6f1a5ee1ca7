#include "agent/ticket.h"

#include <assert.h>
#include <stdlib.h>

struct ticket *ticket_ref(struct ticket *ticket)
{
    if (ticket)
        ticket->references++;
    return ticket;
}

void ticket_unref(struct ticket *ticket)
{
    if (!ticket)
        return;
    assert(ticket->references > 0);
    if (--ticket->references == 0)
        ticket->release(ticket);
}

void ticket_result_free(struct ticket_result *result)
{
    ticket_unref(result->ticket);
    free(result->why);
    *result = (struct ticket_result){0};
}
