/* The last failed runs of a target, kept longer than the successes between them: immutable and reference-counted, as its
   history is (report/history.h). From any thread. */
#ifndef REPORT_FAILURE_H
#define REPORT_FAILURE_H

#include <stddef.h>

#include "report/history.h"

#define FAILURES_KEPT               20
#define FAILURE_MESSAGE_MAXIMUM     300 /* bytes; a longer one ends in an ellipsis */
#define FAILURE_CORRELATION_MAXIMUM 80  /* likewise */

struct board_failure {
    struct board_run run;
    const char *message;     /* the server's own words, redacted; NULL: none */
    const char *correlation; /* Kinetic's CorrelationId; NULL: none */
};

struct failures; /* NULL is one without any */

/* Those of before and this one behind them, the last FAILURES_KEPT; texts are copied. One reference, the caller's; that
   of before stays with its holder. */
struct failures *failures_add(const struct failures *before, const struct board_failure *failure);
struct failures *failures_ref(struct failures *failures); /* NULL is allowed here and below */
void failures_unref(struct failures *failures);

size_t failures_count(const struct failures *failures);
/* 0 the oldest; lives as long as somebody holds them. */
const struct board_failure *failures_at(const struct failures *failures, size_t index);

#endif
