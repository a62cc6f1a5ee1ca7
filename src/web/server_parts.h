/* What the files of the server share; nobody else includes this. */
#ifndef WEB_SERVER_PARTS_H
#define WEB_SERVER_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "web/acceptor.h"
#include "web/access.h"
#include "web/client.h"
#include "web/formation.h"
#include "web/later.h"
#include "web/reply.h"
#include "web/server.h"
#include "web/tls.h"
#include "web/worker.h"

struct MHD_Daemon;

struct web_server {
    struct web_options options;
    struct report *report;
    const char *version;
    char *telemetry_path;
    int epoll, stop;
    struct MHD_Daemon *daemon;
    struct later_post *post;
    struct web_worker *worker;
    struct former former;
    pthread_t thread;
    atomic_uint_fast64_t response_bytes; /* bodies held for clients */
    /* What follows belongs to the thread. */
    struct access *access;
    struct tls *tls; /* NULL: plain HTTP */
    struct acceptor acceptor;
    struct client_table clients;
    struct reply *replies;   /* those that others may share; no reference */
    uint64_t mark;           /* of the last sum over replies */
    struct client *arriving; /* while MHD_add_connection runs */
    int64_t idle_looked_ns;  /* when kept connections without a request were last looked at */
    bool idle_look_due;      /* something has come since */
    bool ends;               /* every request is told so */
};

#endif
