#include "main.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static void starts_empty_and_without_memory(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    assert_null(buffer.data);
    assert_string_equal(buffer_as_text(&buffer), "");
    assert_false(buffer.failed);
    buffer_free(&buffer);
}

static void every_append_is_whole_or_not_at_all(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    assert_true(buffer_text(&buffer, "12345"));
    assert_true(buffer_byte(&buffer, '6'));
    assert_true(buffer_append(&buffer,
                              "7\0"
                              "9",
                              3));
    assert_int_equal(buffer.size, 9);
    assert_memory_equal(buffer.data,
                        "1234567\0"
                        "9",
                        10);
    assert_false(buffer_text(&buffer, "ab"));
    assert_true(buffer.failed);
    assert_int_equal(buffer.size, 9);
    /* It stays failed, even for what would fit, so that no hole can come about. */
    assert_false(buffer_byte(&buffer, 'a'));
    assert_false(buffer_reserve(&buffer, 0));
    assert_int_equal(buffer.size, 9);
    buffer_clear(&buffer);
    assert_false(buffer.failed);
    assert_string_equal(buffer_as_text(&buffer), "");
    assert_true(buffer_text(&buffer, "1234567890"));
    assert_false(buffer_byte(&buffer, '1'));
    buffer_free(&buffer);
    assert_int_equal(buffer.maximum, 10);
    assert_false(buffer.failed);
}

static void fills_to_its_maximum_byte_by_byte(void **state)
{
    static const size_t maxima[] = {0, 1, 2, 255, 256, 257, 511, 512, 513, 10000};

    (void)state;
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        struct buffer buffer;
        buffer_init(&buffer, maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++) {
            assert_true(buffer_byte(&buffer, (char)('a' + n % 26)));
            assert_int_equal(buffer.data[buffer.size], '\0');
            assert_true(buffer.capacity <= maxima[i] + 1);
        }
        assert_false(buffer_byte(&buffer, 'x'));
        assert_int_equal(buffer.size, maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++)
            assert_int_equal(buffer.data[n], 'a' + n % 26);
        buffer_free(&buffer);
    }
}

static void formats_whole_or_not_at_all(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 600);
    assert_true(buffer_format(&buffer, "%s=%d", "a", 1));
    assert_true(buffer_format(&buffer, "%0500d", 7));
    assert_int_equal(buffer.size, 503);
    assert_int_equal(buffer.data[502], '7');
    assert_false(buffer_format(&buffer, "%098d", 7));
    assert_int_equal(buffer.size, 503);
    assert_int_equal(buffer.data[503], '\0');
    buffer_clear(&buffer);
    assert_true(buffer_format(&buffer, "%0600d", 7));
    assert_int_equal(strlen(buffer_as_text(&buffer)), 600);
    buffer_free(&buffer);
}

static void taking_hands_over_and_empties(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    char *text = buffer_take(&buffer);
    assert_string_equal(text, "");
    free(text);
    buffer_text(&buffer, "hello");
    text = buffer_take(&buffer);
    assert_string_equal(text, "hello");
    free(text);
    assert_null(buffer.data);
    assert_int_equal(buffer.maximum, 5);
    buffer_text(&buffer, "too long");
    assert_null(buffer_take(&buffer));
    assert_false(buffer.failed);
    buffer_free(&buffer);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, SIZE_MAX - 1);
    assert_true(buffer_byte(&buffer, 'a'));
    assert_false(buffer_reserve(&buffer, SIZE_MAX));
    buffer_clear(&buffer);
    assert_true(buffer_append(&buffer, NULL, 0));
    buffer_free(&buffer);
}

ALL_TESTS(cmocka_unit_test(starts_empty_and_without_memory),
          cmocka_unit_test(every_append_is_whole_or_not_at_all),
          cmocka_unit_test(fills_to_its_maximum_byte_by_byte), cmocka_unit_test(formats_whole_or_not_at_all),
          cmocka_unit_test(taking_hands_over_and_empties), cmocka_unit_test(absurd_sizes_are_refused));
