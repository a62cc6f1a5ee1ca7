/* The one that started the program and looks after it, where it speaks the protocol of sd_notify(3) and
   sd_listen_fds(3): systemd, and others. What it handed over is in the environment; what is told it goes to a datagram socket.
   Nothing here blocks. */
#ifndef BASE_SUPERVISOR_H
#define BASE_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>

#define SUPERVISOR_FIRST_SOCKET 3 /* SD_LISTEN_FDS_START */

struct supervisor;

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_FDS and LISTEN_PID, and takes them out of the environment, so that
   nobody else takes them for his own: to be called before any thread is started. Never NULL; without a supervisor all below
   does nothing. What is malformed is told in the log, and passed over. */
struct supervisor *supervisor_new(void);
void supervisor_free(struct supervisor *supervisor);

/* How many sockets it passed: the descriptors from SUPERVISOR_FIRST_SOCKET on. They are as they came. */
size_t supervisor_sockets(const struct supervisor *supervisor);

/* Tells a state: lines such as "READY=1\nSTATUS=120 targets". What its socket cannot take now is sent, in order, by later turns. By
   one thread only, as is the turn. */
void supervisor_tell(struct supervisor *supervisor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A sign of life where it watches for one (WATCHDOG=1, twice as often as it asks for), and what could not be sent before.
   Returns the boot time at which it is to be called again; NEVER_NS: need not be. */
int64_t supervisor_turn(struct supervisor *supervisor, int64_t now_boot_ns);

#endif
