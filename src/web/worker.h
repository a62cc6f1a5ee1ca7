/* One thread for what would hold up the web thread: checking passwords (bcrypt), compressing large pages. One job at a time,
   in the order asked for; the queue is bounded. */
#ifndef WEB_WORKER_H
#define WEB_WORKER_H

#include <stdbool.h>
#include <stddef.h>

struct web_worker;

/* NULL when the system gives no thread. It inherits the signal mask. */
struct web_worker *web_worker_start(size_t queue_maximum);
/* Waits for the job under way; those that wait are dropped: abandon is called for each, on this thread. NULL is nothing. */
void web_worker_stop(struct web_worker *worker);

/* work is called with context on the worker's thread, or abandon (NULL: nothing to do) when the worker ends before. False: the
   queue is full, or the worker ends, and neither is called. From any thread. */
bool web_worker_do(struct web_worker *worker, void (*work)(void *context), void (*abandon)(void *context),
                   void *context);

#endif
