/* The head of an HTTP answer, line by line as it arrives: status and the few fields that are of use. Bounded whatever the
   server sends; fields of interim answers (1xx) and trailers never get into the final answer's. */
#ifndef AGENT_HEAD_H
#define AGENT_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_BYTES_MAX (256 * 1024) /* of all heads of one exchange together, trailers included */

enum head_coding { CODING_NONE, CODING_GZIP, CODING_OTHER };

struct head {
    int64_t now_epoch;
    size_t bytes;            /* of all lines */
    size_t earlier;          /* how many of them were of rounds before this one */
    int status;              /* of the answer being read; 0: no status line yet */
    bool complete;           /* the blank line after a final status has come */
    enum head_coding coding; /* Content-Encoding */
    int64_t content_length;  /* -1 if none */
    int64_t date_epoch;      /* 0 if none */
    int64_t retry_seconds;   /* Retry-After in seconds; -1 if none */
    int64_t retry_epoch;     /* Retry-After as a date; 0 if none */
    bool ntlm_challenge;     /* WWW-Authenticate carries an NTLM message (MS-NTHT section 2.1) */
    char content_type[128];  /* "" if none, longer, or not printable ASCII */
    char location[512];      /* without user, query and fragment; "" as above */
};

enum head_verdict {
    HEAD_MORE,      /* good so far */
    HEAD_SWITCHING, /* 101: what follows is no HTTP, and nothing more may come */
    HEAD_TOO_LARGE  /* more than HEAD_BYTES_MAX */
};

/* now_epoch: seconds, for dates with years of two digits. */
void head_init(struct head *head, int64_t now_epoch);

/* What has come was a round of a login, and the request goes out again: only the bytes still count. */
void head_next(struct head *head);

/* Takes one line, with or without its line end. */
enum head_verdict head_line(struct head *head, const char *bytes, size_t size);

/* Retry-After, from the receipt on: a date is held against the server's own Date where there is one, else against
   wall_ns. Nanoseconds, from 0 to a year; -1 if none. */
int64_t head_retry_after(const struct head *head, int64_t wall_ns);

/* A date of HTTP (RFC 9110 section 5.6.7: IMF-fixdate, and the two obsolete forms) as seconds since 1970, also of years before.
   A year of two digits is of the century that puts it at most 50 years ahead of now_epoch. False, and *epoch left alone, when it is
   none. */
bool head_date(const char *text, size_t size, int64_t now_epoch, int64_t *epoch);

#endif
