/* What the two halves of the rude player share: the player and its connections. */
#ifndef SIMULATOR_RUDE_PLAYER_H
#define SIMULATOR_RUDE_PLAYER_H

#include "simulator/certificates.h"
#include "simulator/rude.h"
#include "simulator/text.h"

#include <openssl/ssl.h>
#include <pthread.h>

#define RUDE_REQUESTS_KEPT 1024
#define RUDE_FILLERS       8

struct rude_connection {
    struct rude_player *player;
    pthread_t thread;
    unsigned number;   /* from 1 */
    unsigned requests; /* complete ones */
    int descriptor;    /* -1 when closed; under the lock */
    SSL *tls;
    struct sim_text input;
    bool awaited_early; /* a request was read to choose the script */
    struct rude_connection *next;
};

struct rude_player {
    const struct rude_script *scripts;
    size_t scripts_count;
    int listener;
    int fillers[RUDE_FILLERS];
    uint16_t port;
    char *url;
    struct sim_certificates certificates;
    SSL_CTX *context;
    bool accepts;
    pthread_t thread;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    bool stopping;
    struct rude_connection *connections;
    unsigned connections_count, requests_count;
    char *requests[RUDE_REQUESTS_KEPT];
};

/* The thread of a connection: chooses its script and plays it. context: a struct rude_connection. */
void *rude_connection_run(void *context);

#endif
