/* Any bytes as what services answer with: dates, the scalar of a method, the list of functions. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kinetic/function_list.h"
#include "probe/iso_time.h"
#include "probe/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(void *context, struct span library, struct span function)
{
    size_t *named = context;
    assert(library.size > 0 && function.data != NULL);
    (*named)++;
}

static void check_value(struct reply *reply, const char *member, const char *name)
{
    struct json_value value = reply_value(reply, member, name);
    assert(value.kind != JSON_OBJECT && value.kind != JSON_ARRAY);
    assert(strlen(value.text) == value.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_copy_bytes((const char *)data, size);
    struct span span = {text, size};
    double epoch;
    if (iso_time_read(span, zone_utc(), &epoch))
        assert(epoch >= -62135596800.0 - 86400 && epoch <= 253402300800.0 + 86400);

    struct reply reply;
    reply_read(&reply, &(struct answer){.text = text, .text_size = size});
    check_value(&reply, "returnObj", NULL);
    check_value(&reply, "parameters", "count");
    reply_free(&reply);

    size_t named = 0;
    if (function_list_read(span, look_at, &named))
        assert(size > 0);
    free(text);
    return 0;
}
