/* Compressing a body of an answer: a small one at once, a large one on the worker, while its request waits. */
#ifndef WEB_COMPRESSION_H
#define WEB_COMPRESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "web/later.h"
#include "web/worker.h"

/* Below, a packet less is not worth it. */
#define COMPRESSION_LEAST ((size_t)1000)
/* From here on it takes the web thread more than half a millisecond (web/gzip.c). */
#define COMPRESSION_LARGE ((size_t)256 << 10)

/* How it ends, as the status of the later: the bytes are the body, packed or as it was. */
enum compression_end { COMPRESSION_PACKED = 1, COMPRESSION_PLAIN };

/* Packs the body in place. False: it is as it was. */
bool compression_now(struct buffer *body);

/* Takes the body over and packs it on the worker; its size counts in *held until the plain body is freed, and the size of
   what the later then holds until that is moved out. *held outlives the worker and the later. NULL: the worker has no place, and the body is as it was. */
struct later *compression_start(struct web_worker *worker, struct later_post *post, struct buffer *body,
                                atomic_uint_fast64_t *held);

#endif
