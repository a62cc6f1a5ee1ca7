/* One HTTP request over a connection of its own, for the programs of the system tests; nothing of src is in it. */
#ifndef SYSTEM_PLAIN_HTTP_H
#define SYSTEM_PLAIN_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct plain_answer {
    int status;  /* 0: there was none */
    char *whole; /* owned */
    const char *body;
};

static inline struct plain_answer plain_ask(int port, const char *method, const char *path)
{
    struct plain_answer answer = {0};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char request[512];
    size_t size = 0, room = 1 << 16;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    answer.whole = calloc(1, room);
    answer.body = answer.whole;
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", method, path,
                          port);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(descriptor, request, (size_t)length, MSG_NOSIGNAL) != length) {
        if (descriptor >= 0)
            close(descriptor);
        return answer;
    }
    for (ssize_t got; (got = recv(descriptor, answer.whole + size, room - size - 1, 0)) > 0;) {
        size += (size_t)got;
        if (room - size < 1 << 14)
            answer.whole = realloc(answer.whole, room *= 2);
    }
    close(descriptor);
    answer.whole[size] = '\0';
    const char *end = strstr(answer.whole, "\r\n\r\n");
    answer.body = end == NULL ? answer.whole + size : end + 4;
    if (end != NULL && sscanf(answer.whole, "HTTP/1.%*d %d", &answer.status) != 1)
        answer.status = 0;
    return answer;
}

#endif
