/* The web side's threads stand back behind the agent's. */
#ifndef WEB_NICENESS_H
#define WEB_NICENESS_H

/* Makes the calling thread, and those that it starts from then on, nicer than the process was: on a machine whose processors
   are all busy, a probe that is due goes before a scrape. */
void niceness_raise(void);

#endif
