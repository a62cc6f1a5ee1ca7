/* The listening sockets of the configured addresses. */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <stddef.h>

#include "config/model.h"

struct listener {
    int descriptor; /* non-blocking, listening */
    char *address;  /* "127.0.0.1:10606", "[::1]:10606" */
};

struct listener_list {
    struct listener *items;
    size_t count;
};

/* Binds every address of the settings. An empty host is a pair of sockets, IPv4 and IPv6, with the same port; where the
   machine knows only one of the two, that one. A name is bound at each of its addresses. May block (names).
   Returns NULL, or an owned sentence that names the address and what to do; nothing is open then. */
char *listener_list_open(struct listener_list *list, const struct web_settings *settings);
/* Takes over listening sockets that are there already, those of the descriptors first .. first + count - 1. Returns NULL, or
   an owned sentence that names the one that is no listening TCP socket; all are closed then. */
char *listener_list_adopt(struct listener_list *list, int first, size_t count);
void listener_list_close(struct listener_list *list);

#endif
