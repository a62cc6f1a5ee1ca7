#include "agent/gunzip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/memory.h"

#define GZIP_ONLY (MAX_WBITS + 16)

struct gunzip {
    z_stream stream;
    unsigned char *fed;
    size_t capacity;
    bool begun;  /* a member */
    bool filled; /* the last call filled all of out, so zlib may hold more */
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = memory_new(1, sizeof *gunzip);
    int failed = inflateInit2(&gunzip->stream, GZIP_ONLY);

    assert(failed == Z_OK);
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip == NULL)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip->fed);
    free(gunzip);
}

void gunzip_feed(struct gunzip *gunzip, const void *bytes, size_t size)
{
    assert(!gunzip_pending(gunzip));
    if (size == 0)
        return;
    if (size > gunzip->capacity) {
        gunzip->fed = memory_grow(gunzip->fed, size, 1);
        gunzip->capacity = size;
    }
    memcpy(gunzip->fed, bytes, size);
    gunzip->stream.next_in = gunzip->fed;
    gunzip->stream.avail_in = (unsigned)size;
}

bool gunzip_pending(const struct gunzip *gunzip)
{
    return gunzip->stream.avail_in > 0 || gunzip->filled;
}

bool gunzip_whole(const struct gunzip *gunzip)
{
    return !gunzip->begun && !gunzip_pending(gunzip);
}

enum gunzip_verdict gunzip_next(struct gunzip *gunzip, void *out, size_t capacity, size_t *size)
{
    z_stream *stream = &gunzip->stream;

    *size = 0;
    while (*size == 0) {
        if (!gunzip_pending(gunzip))
            return GUNZIP_HUNGRY;
        stream->next_out = out;
        stream->avail_out = (unsigned)capacity;
        gunzip->begun = true;
        int result = inflate(stream, Z_NO_FLUSH);

        *size = capacity - stream->avail_out;
        gunzip->filled = stream->avail_out == 0;
        if (result == Z_STREAM_END) { /* another member may follow (RFC 1952 section 2.2) */
            gunzip->begun = false;
            gunzip->filled = false;
            inflateReset(stream);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return GUNZIP_BROKEN;
        }
    }
    return GUNZIP_MORE;
}
