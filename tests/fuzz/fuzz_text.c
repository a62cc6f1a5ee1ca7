/* Any bytes through the readers of base: what is read is written and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_numbers(struct span text)
{
    char out[64];
    double number, number_again;
    int64_t whole, ns, ns_again;
    uint64_t bytes, bytes_again;

    if (text_to_double(text, &number)) {
        size_t size = text_from_double(number, out);
        require(size <= TEXT_DOUBLE_MAX);
        require(text_to_double((struct span){out, size}, &number_again));
        require(memcmp(&number, &number_again, sizeof number) == 0);
    }
    if (text_to_int64(text, &whole) && text.data[0] != '+' && text.size < 16 && text_to_double(text, &number))
        require((double)whole == number);
    if (text_to_duration(text, &ns)) {
        text_from_duration(ns, out, sizeof out);
        require(text_to_duration(span_of(out), &ns_again) && ns_again == ns);
    }
    if (text_to_size(text, &bytes)) {
        text_from_size(bytes, out, sizeof out);
        require(text_to_size(span_of(out), &bytes_again) && bytes_again == bytes);
    }
}

static void check_base64(struct span text)
{
    unsigned char *bytes = memory_new(text.size / 4 * 3 + 3, 1);
    char *encoded = memory_new((text.size + 2) / 3 * 4 + 1, 1);
    unsigned char *again = memory_new(text.size + 6, 1);

    long size = text_base64_decode(text, bytes);
    require(size <= (long)(text.size / 4 * 3 + 2));
    text_base64_encode(text.data, text.size, encoded);
    require(text_base64_decode(span_of(encoded), again) == (long)text.size);
    require(text.size == 0 || memcmp(again, text.data, text.size) == 0);
    free(bytes);
    free(encoded);
    free(again);
}

static void check_redaction(struct span text)
{
    static const char word[] = "hunter2";
    char *copy = memory_copy_bytes(text.data, text.size);
    struct secret *secret = secret_new(word, sizeof word - 1);
    char *redacted = secret_redact(copy, &secret, 1, NULL, 0);

    require(strstr(redacted, word) == NULL);
    free(redacted);
    redacted = secret_redact(copy, NULL, 0, &secret, 1);
    require(strcasecmp(redacted, word) != 0);
    free(redacted);
    secret_unref(secret);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size}, rest = text, item;
    struct zone_rule rule;
    size_t at = 0, step;

    check_numbers(text);
    check_base64(text);
    check_redaction(text);
    zone_rule_parse(text, &rule);
    for (size_t items = 0; span_next_item(&rest, &item); items++)
        require(items <= size);
    while ((step = text_utf8_size(text.data + at, size - at)) > 0)
        at += step;
    require(text_is_utf8(text.data, size) == (at == size));
    return 0;
}
