/* The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/), as far as we write it. Each
   function writes one field (or a part) at a place with room enough and returns the place behind it. */
#ifndef METRICS_WIRE_H
#define METRICS_WIRE_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define WIRE_VARINT_MAX 10 /* bytes */
#define WIRE_FIELD_MAX                                                                                       \
    (2 + WIRE_VARINT_MAX) /* bytes of a number with its tag, at most: the tags of fields up to 2047 */

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2 };

static inline size_t wire_varint_size(uint64_t value)
{
    size_t size = 1;

    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static inline char *wire_varint(char *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (char)(value | 0x80);
    *at++ = (char)value;
    return at;
}

static inline char *wire_tag(char *at, unsigned field, enum wire_type type)
{
    return wire_varint(at, field << 3 | (unsigned)type);
}

/* uint32, uint64, int64 that is not negative, enum */
static inline char *wire_unsigned(char *at, unsigned field, uint64_t value)
{
    return wire_varint(wire_tag(at, field, WIRE_VARINT), value);
}

/* sint32, sint64 */
static inline char *wire_signed(char *at, unsigned field, int64_t value)
{
    uint64_t zigzag = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

    return wire_unsigned(at, field, zigzag);
}

static inline char *wire_double(char *at, unsigned field, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
    at = wire_tag(at, field, WIRE_FIXED64);
    memcpy(at, &bits, sizeof bits);
    return at + sizeof bits;
}

static inline char *wire_put(char *at, struct span bytes)
{
    if (bytes.size > 0)
        memcpy(at, bytes.data, bytes.size);
    return at + bytes.size;
}

/* What stands before a string or a message of that size. */
static inline char *wire_length(char *at, unsigned field, size_t size)
{
    return wire_varint(wire_tag(at, field, WIRE_LENGTH), size);
}

/* string, or a message that has been written elsewhere */
static inline char *wire_bytes(char *at, unsigned field, struct span bytes)
{
    return wire_put(wire_length(at, field, bytes.size), bytes);
}

#endif
