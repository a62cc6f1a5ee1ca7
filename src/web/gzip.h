/* A body as gzip (RFC 1952). */
#ifndef WEB_GZIP_H
#define WEB_GZIP_H

#include <stdbool.h>

#include "base/buffer.h"

/* Fills packed, which is empty, up to its maximum. False, and it is empty, when that is too little for what there might have to be, or
   memory is short. From any thread. */
bool gzip_pack(const struct buffer *plain, struct buffer *packed);

#endif
