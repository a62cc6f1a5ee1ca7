/* What the end of an attempt means: the one table from how it ended, with which status, and how far it had come, to a reason and
   a sentence. A code of libcurl alone is no reason: garbage, a header line of 110 KB and a missing resolver thread share codes
   with things that have nothing to do with them. */
#ifndef AGENT_OUTCOME_H
#define AGENT_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinetic/reason.h"

/* How an attempt ended. The numbers are libcurl's (transfer.c asserts it); the last ones are our own. */
enum ending {
    ENDING_OK = 0,
    ENDING_UNSUPPORTED_PROTOCOL = 1,
    ENDING_COULDNT_RESOLVE_PROXY = 5,
    ENDING_COULDNT_RESOLVE_HOST = 6,
    ENDING_COULDNT_CONNECT = 7,
    ENDING_WEIRD_SERVER_REPLY = 8,
    ENDING_HTTP2 = 16,
    ENDING_PARTIAL_FILE = 18,
    ENDING_WRITE_ERROR = 23,
    ENDING_OUT_OF_MEMORY = 27,
    ENDING_OPERATION_TIMEDOUT = 28,
    ENDING_SSL_CONNECT_ERROR = 35,
    ENDING_INTERFACE_FAILED = 45,
    ENDING_GOT_NOTHING = 52,
    ENDING_SEND_ERROR = 55,
    ENDING_RECV_ERROR = 56,
    ENDING_SSL_CIPHER = 59,
    ENDING_PEER_FAILED_VERIFICATION = 60,
    ENDING_BAD_CONTENT_ENCODING = 61,
    ENDING_FILESIZE_EXCEEDED = 63,
    ENDING_HTTP2_STREAM = 92,
    ENDING_PROXY = 97,
    ENDING_SSL_CLIENTCERT = 98,
    ENDING_PROXY_REFUSED = 1003, /* the proxy answered CONNECT with another status than 2xx */
    ENDING_PROXY_LOGIN = 1004,   /* the same, because of the login to the proxy itself */
    ENDING_NO_SOCKET = 1001,     /* this process got none from the system */
    ENDING_RESET_AT_ONCE = 1002, /* a connection that was accepted was reset before libcurl saw it stand */
    ENDING_NOT_TWICE = 1000      /* the kept connection had died, and the request was not to be sent again */
};

/* How far an attempt came: what it stood before when it ended. */
enum stage { STAGE_NAME, STAGE_CONNECT, STAGE_TLS, STAGE_REQUEST, STAGE_ANSWER, STAGE_HEAD, STAGE_BODY };

struct outcome {
    int ending; /* an enum ending, or another code of libcurl */
    int status; /* 0: none came */
    enum stage stage;
    const char *words; /* libcurl's own, "" if it said none */
    const char
        *certificate; /* OpenSSL's verdict on the server's certificate; NULL if it was good or never seen */
    int system_error; /* an errno; 0 if none */
    int64_t timeout_ns, connect_timeout_ns;
    uint64_t max_response;
    bool proxied;
    int proxy_status; /* of its answer to CONNECT; 0: none came */
};

/* Returns the reason (REASON_NONE: a whole answer), and writes the sentence for people into detail ("" for REASON_NONE): printable
   ASCII, "..." at its end where it had to be shortened. */
enum reason outcome_decide(const struct outcome *outcome, char *detail, size_t capacity);

#endif
