/*
 * The rude player: a server that plays byte scripts over raw sockets, plain or TLS, for what no polite server
 * does: half headers, wrong lengths, resets, silence.
 *
 *     struct rude_player *player = rude_player_start(&(struct rude_script){.name = "half_header"}, 1, NULL);
 *     ... rude_player_url(player) ...
 *     rude_player_stop(player);
 *
 * Every connection has a thread of its own and plays the first script that fits it. All functions may be
 * called from any thread. Scripts are not copied: they live until rude_player_stop().
 */
#ifndef SIMULATOR_RUDE_H
#define SIMULATOR_RUDE_H

#include "simulator/simulator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rude_act {
    RUDE_END,     /* closes (FIN; with TLS a close_notify before) */
    RUDE_SEND,    /* bytes */
    RUDE_REPEAT,  /* bytes again and again until `count` bytes are sent */
    RUDE_DRIP,    /* bytes one by one, `milliseconds` between two */
    RUDE_AWAIT,   /* waits for a complete request (head and body) that was not awaited yet */
    RUDE_WAIT,    /* milliseconds */
    RUDE_SILENCE, /* sends nothing more until the client closes or the player stops; the last step */
    RUDE_CUT,     /* closes (FIN); with TLS without close_notify */
    RUDE_RESET,   /* closes with RST */
    RUDE_AGAIN,   /* goes back to the first step */
};

struct rude_step {
    enum rude_act act;
    const void *bytes;
    size_t size;
    uint64_t count;
    unsigned milliseconds;
};

#define RUDE_BYTES(text) .bytes = (text), .size = sizeof(text) - 1

/* Steps NULL: the ready-made script of that name, see rude_script_name(). The steps end with one that ends the connection,
 * or with RUDE_AGAIN. */
struct rude_script {
    const char *name;
    unsigned connection; /* only the connection of this number, from 1; 0: each */
    unsigned from;       /* only connections from this number on; 0: each */
    const char *path; /* only when the request line contains this; NULL: any. It is read for this purpose, and
                         is still to be awaited by the script. */
    const struct rude_step *steps;
};

struct rude_player;

struct rude_options {
    enum simulator_certificate certificate; /* TLS begins at the first step that reads or sends */
    const char *
        clients_file; /* TLS: PEM of the certificates of which clients have to show one; NULL: none is asked for */
    bool full_backlog; /* nothing is accepted and no place is free: connecting hangs */
};

/* Connections that no script fits are closed. NULL options: plain. */
struct rude_player *rude_player_start(const struct rude_script *scripts, size_t count,
                                      const struct rude_options *options);
void rude_player_stop(struct rude_player *player);

uint16_t rude_player_port(const struct rude_player *player);
/* "http://127.0.0.1:PORT/KineticLive" or "https://localhost:PORT/KineticLive" */
const char *rude_player_url(const struct rude_player *player);
const char *rude_player_ca_file(const struct rude_player *player);

unsigned rude_player_connections(struct rude_player *player);
/* Complete requests received; connection 0: on all connections. */
unsigned rude_player_requests(struct rude_player *player, unsigned connection);
/* Text of the i-th complete request from 0 (at most 64 KiB), allocated; NULL when there is none. */
char *rude_player_request(struct rude_player *player, size_t i);
bool rude_player_wait_requests(struct rude_player *player, unsigned count, unsigned timeout_ms);
bool rude_player_wait_connections(struct rude_player *player, unsigned count, unsigned timeout_ms);

/* Row i of the ready-made scripts: its name and what it does; false past the end. */
bool rude_script_name(size_t i, const char **name, const char **description);

#endif
