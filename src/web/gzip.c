#include "web/gzip.h"

#include <libdeflate.h>

/* Pages of our own of 10,000 and 97,800 series, CPU of one core (tests/bench/bench_compress, Debian 12):

                             1.0 MB                    9.8 MB
     libdeflate  level 1     2.9 ms   53 KB            21.6 ms   470 KB
                 level 3     5.9 ms   52 KB            37.9 ms   459 KB
                 level 6     6.3 ms   42 KB            50.6 ms   392 KB
     zlib        level 1     3.1 ms   59 KB            41.7 ms   509 KB
                 level 3     3.8 ms   59 KB            48.0 ms   508 KB
                 level 6    12.4 ms   50 KB           134.1 ms   439 KB

   libdeflate's level 1 is the fastest of all and smaller than zlib's 1 and 3. Level 6 would save a sixth of a twentieth of the
   page, for more than twice the time. */
#define LEVEL 1

bool gzip_pack(const struct buffer *plain, struct buffer *packed)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(LEVEL);
    size_t room = libdeflate_gzip_compress_bound(compressor, plain->size);

    if (compressor != NULL && buffer_reserve(packed, room))
        packed->size = libdeflate_gzip_compress(compressor, buffer_as_text(plain), plain->size, packed->data,
                                                packed->capacity - 1);
    libdeflate_free_compressor(compressor);
    if (packed->size == 0) {
        buffer_free(packed);
        return false;
    }
    packed->data[packed->size] = '\0';
    return true;
}
