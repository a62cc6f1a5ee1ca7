/* The HTTP server: a thread of ours that owns the listening sockets, accepts by itself, and turns libmicrohttpd. It reads the report and its board; it never waits for the agent. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "config/model.h"
#include "report/report.h"

struct web_server;

/* What a client may take. The limits of connections come from the configuration. */
struct web_options {
    int64_t header_ns; /* from the first byte of a request (from accept on for the first) to its blank line */
    int64_t request_ns;      /* a whole request, its response included, unless that drains fast enough */
    int64_t idle_ns;         /* a kept connection without a request */
    int64_t later_ns;        /* an answer that comes later (web/later.h) */
    uint64_t drain_rate;     /* bytes a second that a response must leave with after request_ns */
    int64_t drain_ns;        /* and at a rate that a whole body leaves in so long with */
    size_t header_bytes;     /* request line and headers together, with libmicrohttpd's own overhead */
    uint64_t response_bytes; /* bodies held for all clients together */
    int passed_first; /* descriptors of listening sockets that a supervisor has passed, in place of the configured addresses */
    size_t passed_count; /* 0: none */
};

/* 5 s, 30 s, 2 min, 5 min, 10 KB/s, 1 min, 16 KiB, 256 MiB. */
extern const struct web_options web_options_default;

/* Binds every address of the settings and starts the thread; signals must be blocked already (the thread inherits the
   mask). settings are read during the call only; report and version must outlive the server. options NULL: the default.
   Returns NULL when it cannot: *error is then an owned sentence that names the address and the remedy. */
struct web_server *web_server_start(const struct web_settings *settings, struct report *report,
                                    const char *version, const struct web_options *options, char **error);

/* The bound addresses, in the order of the settings ("127.0.0.1:10606", "[::]:10606"; a port 0 is resolved), for the log
   line. NULL behind the last. They live as long as the server. */
const char *web_server_address(const struct web_server *server, size_t index);

/* Closes the listeners and every connection, ends the thread, frees. NULL is nothing. */
void web_server_stop(struct web_server *server);

#endif
