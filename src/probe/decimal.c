#include "probe/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

static const int64_t powers[DECIMAL_PLACES_MAX + 1] = {1,
                                                       10,
                                                       100,
                                                       1000,
                                                       10000,
                                                       100000,
                                                       1000000,
                                                       10000000,
                                                       100000000,
                                                       1000000000,
                                                       10000000000,
                                                       100000000000,
                                                       1000000000000,
                                                       10000000000000,
                                                       100000000000000,
                                                       1000000000000000,
                                                       10000000000000000,
                                                       100000000000000000,
                                                       1000000000000000000};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent's value; what is far beyond a double is held at a bound. False: it is none. */
static bool read_exponent(struct span text, int *exponent)
{
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    if (at == text.size)
        return false;
    int value = 0;
    for (; at < text.size; at++) {
        if (!is_digit(text.data[at]))
            return false;
        if (value < 1000000)
            value = value * 10 + (text.data[at] - '0');
    }
    *exponent = text.data[0] == '-' ? -value : value;
    return true;
}

/* Sets what is small; places may lie outside their range. */
static void make_small(struct decimal *out, uint64_t digits, size_t count, int places)
{
    while (places > DECIMAL_PLACES_MAX && digits % 10 == 0 && digits != 0) {
        digits /= 10;
        places--;
    }
    if (places < 0 && digits != 0 && count + (size_t)-places <= DECIMAL_PLACES_MAX) {
        digits *= (uint64_t)powers[-places];
        places = 0;
    }
    if (digits == 0)
        places = 0;
    out->small = places >= 0 && places <= DECIMAL_PLACES_MAX;
    out->digits = out->negative ? -(int64_t)digits : (int64_t)digits;
    out->places = places;
}

bool decimal_read(struct span text, struct decimal *out)
{
    text = span_trim(text);
    struct decimal number = {.negative = text.size > 0 && text.data[0] == '-'};
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+'), begin = at;
    while (at < text.size && text.data[at] == '0')
        at++;
    if (at > begin && (at == text.size || !is_digit(text.data[at])))
        at--; /* the zero before a dot */
    number.text = (struct span){text.data + at, text.size - at};

    uint64_t digits = 0;
    size_t count, whole = at;
    for (; at < text.size && is_digit(text.data[at]); at++)
        digits = digits * 10 + (uint64_t)(text.data[at] - '0'); /* overflows only where count says so */
    count = at - whole;
    if (at == whole)
        return false;
    count -= text.data[whole] == '0';
    int places = 0, exponent = 0;
    if (at < text.size && text.data[at] == '.') {
        size_t fraction = ++at;
        while (count == 0 && at < text.size && text.data[at] == '0')
            at++;
        size_t first = at;
        for (; at < text.size && is_digit(text.data[at]); at++)
            digits = digits * 10 + (uint64_t)(text.data[at] - '0');
        count += at - first;
        if (at == fraction)
            return false;
        places = (int)(at - fraction);
    }
    if (at < text.size && (text.data[at] | 0x20) == 'e') {
        at++;
        if (!read_exponent((struct span){text.data + at, text.size - at}, &exponent))
            return false;
        at = text.size;
    }
    if (at != text.size)
        return false;
    if (count <= DECIMAL_PLACES_MAX)
        make_small(&number, digits, count, places - exponent);
    double value;
    if (!number.small && !text_to_double(number.text, &value))
        return false;
    *out = number;
    return true;
}

struct decimal decimal_of_int64(int64_t number)
{
    return (struct decimal){.small = true, .digits = number};
}

double decimal_to_double(const struct decimal *decimal)
{
    /* Both are whole numbers that a double holds, so the one division rounds once. */
    if (decimal->small && decimal->digits >= -(INT64_C(1) << 53) && decimal->digits <= INT64_C(1) << 53)
        return (double)decimal->digits / (double)powers[decimal->places];
    if (decimal->small && decimal->places == 0)
        return (double)decimal->digits;
    double value = 0;
    text_to_double(decimal->text, &value);
    return decimal->negative ? -value : value;
}

/* ---- sums ---- */

/* A number to the base 10^9, least part first; part WIDE_POINT is that of the ones. The parts have signs of their own and are
   put in order when the sum is told. */
enum { PART_DIGITS = 9, WIDE_POINT = DECIMAL_WIDE_PLACES / PART_DIGITS, WIDE_PARTS = WIDE_POINT + 38 };
#define PART_BASE INT64_C(1000000000)

struct decimal_wide {
    int64_t parts[WIDE_PARTS];
    uint32_t added; /* since the parts were put in order */
};

/* Every part but the last between 0 and 10^9. */
static void put_in_order(struct decimal_wide *wide)
{
    int64_t carry = 0;
    for (int i = 0; i < WIDE_PARTS - 1; i++) {
        int64_t part = wide->parts[i] + carry, rest = part % PART_BASE;
        if (rest < 0)
            rest += PART_BASE;
        carry = (part - rest) / PART_BASE;
        wide->parts[i] = rest;
    }
    wide->parts[WIDE_PARTS - 1] += carry;
    wide->added = 0;
}

static void count_addition(struct decimal_wide *wide)
{
    if (++wide->added == UINT32_C(1) << 28)
        put_in_order(wide);
}

static void wide_add_total(struct decimal_wide *wide, __int128 total, int places)
{
    int behind = (places + PART_DIGITS - 1) / PART_DIGITS;
    int64_t shift = powers[behind * PART_DIGITS - places], sign = total < 0 ? -1 : 1;
    unsigned __int128 rest = total < 0 ? -(unsigned __int128)total : (unsigned __int128)total;
    for (int i = WIDE_POINT - behind; rest != 0; i++, rest /= (uint64_t)PART_BASE) {
        int64_t part = (int64_t)(rest % (uint64_t)PART_BASE) * shift;
        wide->parts[i] += sign * (part % PART_BASE);
        wide->parts[i + 1] += sign * (part / PART_BASE);
    }
    count_addition(wide);
}

static void wide_add_text(struct decimal_wide *wide, const struct decimal *number)
{
    struct span text = number->text;
    size_t whole = 0, mantissa = 0;
    while (whole < text.size && is_digit(text.data[whole]))
        whole++;
    while (mantissa < text.size && (is_digit(text.data[mantissa]) || text.data[mantissa] == '.'))
        mantissa++;
    int exponent = 0;
    if (mantissa < text.size)
        read_exponent((struct span){text.data + mantissa + 1, text.size - mantissa - 1}, &exponent);
    int64_t place = (int64_t)whole - 1 + exponent + DECIMAL_WIDE_PLACES;
    for (size_t i = 0; i < mantissa && place >= 0; i++) {
        if (text.data[i] == '.')
            continue;
        int64_t part = (text.data[i] - '0') * powers[place % PART_DIGITS];
        if (part != 0)
            wide->parts[place / PART_DIGITS] += number->negative ? -part : part;
        place--;
    }
    count_addition(wide);
}

static struct decimal_wide *wide_of(struct decimal_sum *sum)
{
    if (sum->wide == NULL)
        sum->wide = memory_new(1, sizeof *sum->wide);
    return sum->wide;
}

/* Below this in size no total overflows with one more addition of its kind. */
#define TOTAL_MAX ((__int128)1 << 125)

static bool is_below(__int128 total, __int128 bound)
{
    return total < bound && total > -bound;
}

/* Brings the total to more places. False: it would not fit. */
static bool scale_total(struct decimal_sum *sum, int places)
{
    int64_t power = powers[places - sum->places];
    if (!is_below(sum->total, TOTAL_MAX / power))
        return false;
    sum->total *= power;
    sum->places = places;
    return true;
}

/* total is below TOTAL_MAX, and of at most the sum's places, or the sum is brought to them. */
static void add_total(struct decimal_sum *sum, __int128 total, int places)
{
    if (places > sum->places && !scale_total(sum, places)) {
        wide_add_total(wide_of(sum), total, places);
        return;
    }
    if (places < sum->places) {
        int64_t power = powers[sum->places - places];
        if (!is_below(total, TOTAL_MAX / power)) {
            wide_add_total(wide_of(sum), total, places);
            return;
        }
        total *= power;
    }
    sum->total += total;
    if (!is_below(sum->total, TOTAL_MAX)) {
        wide_add_total(wide_of(sum), sum->total, sum->places);
        sum->total = 0;
    }
}

void decimal_sum_add(struct decimal_sum *sum, const struct decimal *number)
{
    if (!number->small)
        wide_add_text(wide_of(sum), number);
    else if (number->places == sum->places && is_below(sum->total, TOTAL_MAX / 2))
        sum->total += number->digits; /* as nearly always */
    else
        add_total(sum, number->digits, number->places);
}

void decimal_sum_join(struct decimal_sum *sum, const struct decimal_sum *other)
{
    if (other->wide != NULL) {
        struct decimal_wide *wide = wide_of(sum);
        put_in_order(wide);
        for (int i = 0; i < WIDE_PARTS; i++)
            wide->parts[i] += other->wide->parts[i];
        put_in_order(wide);
    }
    add_total(sum, other->total, other->places);
}

/* ---- the nearest double ---- */

/* More than a double, or the middle between two, is told apart by in all but constructed cases; there what follows is not zero
   is told by one digit more. */
#define QUOTIENT_PARTS 8

/* Writes number / divisor, which is not negative, as digits and an exponent. */
static void write_quotient(const struct decimal_wide *number, uint64_t divisor, char *out, size_t size)
{
    size_t length = 0;
    unsigned __int128 rest = 0;
    int kept = 0, at = WIDE_PARTS - 1;
    for (; at >= 0 && kept < QUOTIENT_PARTS; at--) {
        rest = rest * (uint64_t)PART_BASE + (uint64_t)number->parts[at];
        uint64_t part = (uint64_t)(rest / divisor);
        rest %= divisor;
        if (kept > 0 || part != 0)
            length += (size_t)snprintf(out + length, size - length, kept++ > 0 ? "%09llu" : "%llu",
                                       (unsigned long long)part);
    }
    bool more = rest != 0;
    for (int i = at; i >= 0; i--)
        more = more || number->parts[i] != 0;
    int exponent = (at + 1 - WIDE_POINT) * PART_DIGITS;
    snprintf(out + length, size - length, "%s%se%d", length == 0 ? "0" : "", more ? "1" : "",
             more ? exponent - 1 : exponent);
}

double decimal_sum_quotient(const struct decimal_sum *sum, uint64_t divisor)
{
    const __int128 whole = (__int128)1 << 53; /* up to here a double holds every whole number */
    if (sum->wide == NULL && divisor == 1 && sum->total <= whole && sum->total >= -whole)
        return (double)(int64_t)sum->total / (double)powers[sum->places];
    struct decimal_wide number = {0};
    if (sum->wide != NULL)
        number = *sum->wide;
    wide_add_total(&number, sum->total, sum->places);
    put_in_order(&number);
    bool negative = number.parts[WIDE_PARTS - 1] < 0;
    for (int i = 0; negative && i < WIDE_PARTS; i++)
        number.parts[i] = -number.parts[i];
    put_in_order(&number);
    char text[(QUOTIENT_PARTS + 1) * 20 + 32];
    write_quotient(&number, divisor, text, sizeof text);
    double value;
    if (!text_to_double(span_of(text), &value))
        value = INFINITY;
    return negative ? -value : value;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    struct decimal_sum difference = {0};
    struct decimal negated = *b;
    negated.negative = !b->negative;
    negated.digits = -b->digits;
    decimal_sum_add(&difference, a);
    decimal_sum_add(&difference, &negated);
    double sign = decimal_sum_quotient(&difference, 1);
    decimal_sum_free(&difference);
    return (sign > 0) - (sign < 0);
}

void decimal_sum_free(struct decimal_sum *sum)
{
    free(sum->wide);
    sum->wide = NULL;
}
