/* What tests of the HTTP server share: a server on a small report, raw clients of it, and what they were told. Whatever goes wrong
   fails the test. */
#ifndef INTEGRATION_WEB_RIG_H
#define INTEGRATION_WEB_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/server.h"

struct web_rig {
    struct model *model;
    struct report *report;
    struct web_server *server;
    int port;
};

/* So many targets. options NULL: the default. It listens on every address of 127.0.0.0/8, so that clients can have several. */
struct web_rig web_rig_start(size_t companies, const struct web_options *options, int64_t connections,
                             int64_t per_address);
/* One target, and the usual limits. */
struct web_rig web_rig_usual(void);
/* With these keys of [web], whose relative paths begin at the folder, on a port of the system's choice of 127.0.0.0/8. */
struct web_rig web_rig_configured(const char *folder, const char *web, const struct web_options *options);
/* Other keys from now on. */
void web_rig_reload(struct web_rig *rig, const char *folder, const char *web);
/* The configuration alone. */
struct model *web_rig_model(const char *folder, const char *web);
void web_rig_stop(struct web_rig *rig);

/* One failed run of a target, with words of the server, "<b>no such BAQ</b>", and the correlation id c0ffee. */
void web_rig_fail(struct web_rig *rig, size_t target);

/* Lines of headers, and whether a request with them comes from this machine for all that can be told; NULL behind the last. */
extern const struct web_speaker {
    const char *header;
    bool local;
} web_speakers[];

/* With so many companies a page of 4 MB, more than the kernel holds for a client. */
#define WEB_MANY_COMPANIES 1600

/* A connection; receive_buffer 0: as the system has it. */
int web_client_from(const struct web_rig *rig, const char *from, int receive_buffer);
int web_client(const struct web_rig *rig);
/* The server may have closed already. */
void web_put(int descriptor, const char *bytes, size_t size);
void web_put_text(int descriptor, const char *text);

/* Everything until the server closes; the caller frees. A server that does not close within the patience fails. */
char *web_rest(int descriptor);
/* Asks over a connection of its own, as web_rest. more: further header lines. */
char *web_ask_bytes(const struct web_rig *rig, const char *bytes, size_t size);
char *web_ask(const struct web_rig *rig, const char *method, const char *target, const char *more);
/* The end of a request for web_put_text. */
#define WEB_CLOSE " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
/* One answer, 200, on a connection that is kept. */
void web_read_kept(int descriptor, bool head);

int web_status(const char *answer);
/* The value of a header, owned; NULL when there is none. */
char *web_header(const char *answer, const char *name);
void web_assert_header(const char *answer, const char *name, const char *wanted);
const char *web_body(const char *answer);
size_t web_content_length(const char *answer);
void web_assert_serves(const struct web_rig *rig);

#endif
