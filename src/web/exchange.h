/* One request after the other on a connection: libmicrohttpd's view of it turned into a struct web_request for the routes, and
   their answer into its response. An answer that comes later suspends the connection until then. */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include <microhttpd.h>
#include <stdint.h>

#include "web/server_parts.h"

/* Callbacks of libmicrohttpd, for MHD_start_daemon; cls is the server. */
enum MHD_Result exchange_request(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **request_cls);
void *exchange_request_line(void *cls, const char *target, struct MHD_Connection *connection);
void exchange_completed(void *cls, struct MHD_Connection *connection, void **request_cls,
                        enum MHD_RequestTerminationCode code);

/* A suspended connection goes on: what it waits for has been completed, or it gets no longer time. */
void exchange_resume(struct client *client, int64_t now_ns);
/* Bytes that have arrived at the client, and that came from it, since it connected. */
uint64_t exchange_bytes_arrived(const struct client *client);
uint64_t exchange_bytes_received(const struct client *client);
/* The connection has been accepted: what it begins with in TLS. */
void exchange_begin(struct web_server *server, struct client *client, struct MHD_Connection *connection);
/* The connection has ended. */
void exchange_end(struct client *client);

#endif
