/* The agent thread's one epoll loop: descriptors with a handler each, one client with a deadline. The cost of a turn grows with
   events, never with the number of descriptors watched. */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct loop;

/* events: EPOLLIN, EPOLLOUT ... as epoll_wait gave them. */
typedef void loop_handler(void *context, int descriptor, uint32_t events, struct moment now);

struct loop *loop_new(void); /* NULL, and errno, when the system gives none */
void loop_free(struct loop *loop);

/* Watches (or watches for other events, with another handler) or forgets a descriptor; the loop never closes it.
   Safe from within a handler, also for descriptors whose events of this turn have not been handled yet. False, and errno, when epoll
   refuses. A descriptor that is to be closed is forgotten before. */
bool loop_watch(struct loop *loop, int descriptor, uint32_t events, loop_handler *handler, void *context);
void loop_forget(struct loop *loop, int descriptor);

/* The next turn waits until this moment at the latest, whatever deadline it is given. For work that came up between turns; holds for
   one turn. */
void loop_hasten(struct loop *loop, int64_t boot_ns);

/* One turn: waits for events or until deadline_boot_ns (NEVER_NS: no deadline), handles them. A deadline is
   never early, goes on during a suspend, and is not rounded. Returns the moment at which the waiting ended; that may be before the
   deadline, with or without an event handled. */
struct moment loop_turn(struct loop *loop, int64_t deadline_boot_ns);

#endif
