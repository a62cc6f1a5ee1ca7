/* Accept-Encoding as clients write it, and as they should not. */
#include "main.h"

#include "web/encoding.h"

static void accepted(void **state)
{
    static const struct {
        const char *header;
        bool gzip;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true}, /* Prometheus */
        {"GZip", true},
        {"x-gzip", true},
        {"gzip, deflate, br, zstd", true}, /* browsers */
        {"deflate, br", false},
        {"identity", false},
        {"gzip;q=0", false},
        {"gzip;q=0.000", false},
        {"gzip;q=0.001", true},
        {"gzip; q=0.0, x-gzip", true},
        {"gzip;q=0.5, identity;q=0.5", true},
        {"gzip;q=0.5, identity;q=0.6", false},
        {"identity;q=0.6, gzip;q=0.5", false},
        {"gzip;q=0.2, *;q=0.8", true},
        {"*", true},
        {"*;q=0.1", true},
        {"*;q=0", false},
        {"gzip;q=0, *", false},
        {"*, identity;q=0.1", true},
        {"*;q=0.1, identity", false},
        {"identity;q=0", false}, /* whatever we send is refused */
        {"identity;q=0, gzip;q=0", false},
        {"identity;q=0, *;q=0", false},
        {"identity;q=0, gzip", true},
        {"gzip;q=2", false}, /* no weight: as if it were not there */
        {"gzip;q=x, identity", false},
        {"gzip;level=9;q=0", false},
        {"gzipped", false},
        {"\"gzip\"", false},
        {"a=\"gzip, gzip\"", false},
        {",,gzip,", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (encoding_takes_gzip(cases[i].header) != cases[i].gzip)
            fail_msg("%s", cases[i].header);
}

ALL_TESTS(cmocka_unit_test(accepted));
