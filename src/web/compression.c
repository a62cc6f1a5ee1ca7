#include "web/compression.h"

#include <stdlib.h>

#include "base/memory.h"
#include "web/gzip.h"

struct compression {
    struct later *later;
    struct buffer body;
    size_t size; /* of the plain body */
    atomic_uint_fast64_t *held;
};

bool compression_now(struct buffer *body)
{
    struct buffer packed;

    buffer_init(&packed, body->maximum);
    if (!gzip_pack(body, &packed))
        return false;
    buffer_free(body);
    *body = packed;
    return true;
}

static void end(struct compression *compression, enum compression_end how)
{
    *compression->held += compression->body.size -
                          compression->size; /* at once: nobody else gets what is freed between */
    later_complete_bytes(compression->later, (int)how, &compression->body, compression->held);
    free(compression);
}

static void work(void *context)
{
    struct compression *compression = context;

    end(compression, compression_now(&compression->body) ? COMPRESSION_PACKED : COMPRESSION_PLAIN);
}

static void abandon(void *context)
{
    end(context, COMPRESSION_PLAIN);
}

struct later *compression_start(struct web_worker *worker, struct later_post *post, struct buffer *body,
                                atomic_uint_fast64_t *held)
{
    struct compression *compression = memory_new(1, sizeof *compression);
    struct later *later = later_new(post);

    *compression = (struct compression){.later = later, .body = *body, .size = body->size, .held = held};
    *held += compression->size;
    if (web_worker_do(worker, work, abandon, compression)) {
        buffer_init(body, body->maximum);
        return later;
    }
    *held -= compression->size;
    free(compression);
    later_unref(later);
    later_unref(later);
    return NULL;
}
