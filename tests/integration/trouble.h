/* A table of troubles, each with an app server of its own in one agent: all begin in their trouble, are told with their reason,
   are mended while the agent runs, and succeed. */
#ifndef TESTS_TROUBLE_H
#define TESTS_TROUBLE_H

#include <stddef.h>
#include <stdint.h>

#include "integration/rig.h"
#include "kinetic/reason.h"
#include "simulator/rude.h"
#include "simulator/simulator.h"

struct scene;

/* The server of a row is polite, and has BAQ zRow, unless it is of the row's script. */
struct trouble {
    const char *name;   /* of app server and probe */
    enum reason reason; /* REASON_NONE: it is no trouble at all */
    int code;           /* the status that is counted; 0: no answer */
    const char *said;   /* stands in what is told; NULL: whatever is said */

    const char *appserver,
        *probe;       /* further lines of the configuration; probe NULL: kind = baq, baq = zRow */
    const char *host; /* in place of the server's */

    /* how it begins: every one that is set */
    struct simulator_options options;
    const char *fault, *path; /* ready-made, of the simulator; path NULL: BaqSvc */
    struct simulator_fault rule;
    const char *script; /* of the rude player, from its second connection on; the first gets a token */
    const struct rude_step *steps; /* in place of a ready-made script */
    void (*spoil)(struct scene *scene);
    bool closed; /* nothing listens */

    /* how it is mended: mend if it is set; faults are cleared, a script or closed port makes room for a polite server */
    void (*mend)(struct scene *scene);
    bool stays;        /* cannot be mended */
    bool rude_login;   /* the script answers the token request too */
    bool no_login;     /* auth = none: the call itself, and no API key */
    bool token_failed; /* code and reason are the token request's too */
    unsigned logins;   /* token requests at most while it lasts; 0: not looked at */
};

struct scene {
    const struct trouble *row;
    struct simulator *server;
    struct rude_player *player;
    struct rude_script scripts[2];
    int holder; /* a socket that keeps the closed port; -1 */
    uint16_t port;
    int64_t certificate_expiry; /* 0: plain HTTP */
    char *password_file, *key_file, *ca_file;
};

struct troubles {
    const struct trouble *rows;
    size_t count;
    struct scene *scenes;
    struct simulator *neighbour; /* always well, in the same agent; also the CA of the others */
    char *folder;
    struct rig rig;
};

void trouble_write_file(const char *path, const char *text);

/* Starts servers and agent. exporter: lines of [exporter]. */
struct troubles troubles_start(const struct trouble *rows, size_t count, const char *exporter);
/* Waits until each target has failed with its reason so often, and holds it against its row. */
void troubles_await(struct troubles *troubles, unsigned runs);
/* Mends them all and waits until each succeeds; the neighbour never failed. */
void troubles_mend(struct troubles *troubles);
/* No secret stands in anything that was told. */
void troubles_tell_no_secret(struct troubles *troubles);
void troubles_end(struct troubles *troubles);

#endif
