/* The block road with AVX2; chosen at run time. */
#if defined(__x86_64__)

#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,pclmul,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,pclmul,bmi,bmi2,popcnt")
#endif

#include "json/block_prove.h"

static inline uint64_t join_masks(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline uint64_t map_equal(__m256i low, __m256i high, char byte)
{
    __m256i all = _mm256_set1_epi8(byte);
    return join_masks(_mm256_cmpeq_epi8(low, all), _mm256_cmpeq_epi8(high, all));
}

static inline uint64_t map_at_most(__m256i low, __m256i high, char bound)
{
    __m256i all = _mm256_set1_epi8(bound);
    return join_masks(_mm256_cmpeq_epi8(_mm256_max_epu8(low, all), all),
                      _mm256_cmpeq_epi8(_mm256_max_epu8(high, all), all));
}

/* A byte is blank if the table has that byte at its lower four bits; the fillers are found by no byte. */
static inline uint64_t map_blank(__m256i low, __m256i high)
{
    const __m256i table = _mm256_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0, ' ', 0,
                                           0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
    return join_masks(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, low), low),
                      _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, high), high));
}

static inline void block_classify(const uint8_t *bytes, struct block_maps *maps)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32));
    /* [ and ] are { and } without the bit 0x20. */
    __m256i bit = _mm256_set1_epi8(0x20);
    __m256i braced_low = _mm256_or_si256(low, bit), braced_high = _mm256_or_si256(high, bit);
    __m256i zero = _mm256_set1_epi8('0');
    *maps = (struct block_maps){
        .quote = map_equal(low, high, '"'),
        .backslash = map_equal(low, high, '\\'),
        .control = map_at_most(low, high, 0x1F),
        .high = join_masks(low, high),
        .blank = map_blank(low, high),
        .colon = map_equal(low, high, ':'),
        .comma = map_equal(low, high, ','),
        .opening = map_equal(braced_low, braced_high, '{'),
        .closing = map_equal(braced_low, braced_high, '}'),
        .brace = join_masks(_mm256_slli_epi16(low, 2), _mm256_slli_epi16(high, 2)),
        .digit = map_at_most(_mm256_sub_epi8(low, zero), _mm256_sub_epi8(high, zero), 9),
        .zero = map_equal(low, high, '0'),
        .minus = map_equal(low, high, '-'),
        .dot = map_equal(low, high, '.'),
    };
}

static inline uint64_t block_prefix_xor(uint64_t bits)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8((char)0xFF), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* The lookup method of J. Keiser and D. Lemire, "Validating UTF-8 in less than one instruction per byte" (2021):
   three tables, by the two halves of a byte and the upper half of the next, name the errors each allows; an error
   that all three name is one. */
enum {
    TOO_SHORT = 1 << 0,
    TOO_LONG = 1 << 1,
    OVERLONG_3 = 1 << 2,
    TOO_LARGE = 1 << 3,
    SURROGATE = 1 << 4,
    OVERLONG_2 = 1 << 5,
    TOO_LARGE_1000 = 1 << 6,
    OVERLONG_4 = 1 << 6,
    TWO_CONTINUATIONS = 1 << 7,
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS,
};

#define BOTH_LANES(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

static inline __m256i upper_half(__m256i bytes)
{
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
}

static inline __m256i special_errors(__m256i input, __m256i before)
{
    const __m256i first_high = BOTH_LANES(
        TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
        (char)TWO_CONTINUATIONS, (char)TWO_CONTINUATIONS, (char)TWO_CONTINUATIONS, (char)TWO_CONTINUATIONS,
        TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
        TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
    const char large = (char)(CARRY | TOO_LARGE | TOO_LARGE_1000);
    const __m256i first_low = BOTH_LANES((char)(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4),
                                         (char)(CARRY | OVERLONG_2), (char)CARRY, (char)CARRY,
                                         (char)(CARRY | TOO_LARGE), large, large, large, large, large, large,
                                         large, large, (char)(large | SURROGATE), large, large);
    const char continuation = (char)(TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS);
    const __m256i second_high = BOTH_LANES(
        TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        (char)(continuation | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4),
        (char)(continuation | OVERLONG_3 | TOO_LARGE), (char)(continuation | SURROGATE | TOO_LARGE),
        (char)(continuation | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    __m256i by_first = _mm256_and_si256(
        _mm256_shuffle_epi8(first_high, upper_half(before)),
        _mm256_shuffle_epi8(first_low, _mm256_and_si256(before, _mm256_set1_epi8(0x0F))));
    return _mm256_and_si256(by_first, _mm256_shuffle_epi8(second_high, upper_half(input)));
}

/* The bytes shifted up by some places, filled from the end of the previous ones. */
#define SHIFTED(input, previous, places)                                                                     \
    _mm256_alignr_epi8(input, _mm256_permute2x128_si256(previous, input, 0x21), 16 - (places))

static inline __m256i utf8_errors(__m256i input, __m256i previous)
{
    __m256i errors = special_errors(input, SHIFTED(input, previous, 1));
    /* The third and fourth byte of a character must be two continuations in a row, and nothing else may be. */
    __m256i third = _mm256_subs_epu8(SHIFTED(input, previous, 2), _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(SHIFTED(input, previous, 3), _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(due, errors);
}

static inline bool block_is_utf8(const uint8_t *bytes, size_t size)
{
    (void)size; /* what stands behind a cut may be judged too: it can only make the proof fail */
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32));
    __m256i errors = _mm256_or_si256(utf8_errors(low, _mm256_setzero_si256()), utf8_errors(high, low));
    return _mm256_testz_si256(errors, errors);
}

const uint8_t *block_read_avx2(struct json_scanner *scanner, const uint8_t *bytes, const uint8_t *end)
{
    return block_read(scanner, bytes, end);
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

bool block_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}

#endif
