/* Reads gzip back by another library than the one that wrote it. */
#ifndef TESTS_UNPACK_H
#define TESTS_UNPACK_H

#include <stdlib.h>
#include <zlib.h>

#include "base/memory.h"

/* Owned, with a NUL behind it; one whole member and nothing else, else the test fails. */
static inline char *unpack(const void *packed, size_t packed_size, size_t room, size_t *size)
{
    char *out = (char *)memory_new(1, room + 1);
    z_stream stream = {0};

    stream.next_in = (unsigned char *)(uintptr_t)packed;
    stream.avail_in = (unsigned)packed_size;
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)room;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    *size = stream.total_out;
    inflateEnd(&stream);
    return out;
}

#endif
