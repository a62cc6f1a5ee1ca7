#include "web/niceness.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* A third of the weight of a thread that is not nice: enough not to starve on a busy machine. Ten scrapers of 100,000 series on the
   agent's own two cores, itself busy (tests/bench/bench_isolation.sh, three rounds; p99 of the probes' duration against that without
   scrapers): not nice 0.8 to 6.6 times, runs late by 11 to 39 ms on average; 5 nice 0.1 to 0.9 times, 3 to 4 ms; 10 nice the same;
   SCHED_BATCH 0.2 to 0.8 times, 3 to 31 ms. */
#define NICENESS 5

void niceness_raise(void)
{
    id_t thread = (id_t)gettid();

    errno = 0;
    int now = getpriority(PRIO_PROCESS, thread);
    if (errno == 0)
        (void)setpriority(PRIO_PROCESS, thread, now + NICENESS); /* as nice as can be, if that is less */
}
