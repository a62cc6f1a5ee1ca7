/* The part of text.h that turns text into numbers and back; the scrape's hot path. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool text_to_int64(struct span text, int64_t *out)
{
    size_t at = 0;
    uint64_t value = 0;
    bool negative = text.size > 0 && text.data[0] == '-';

    if (negative || (text.size > 0 && text.data[0] == '+'))
        at++;
    if (at == text.size)
        return false;
    for (; at < text.size; at++) {
        if (!is_digit(text.data[at]))
            return false;
        uint64_t digit = (uint64_t)(text.data[at] - '0');
        if (value > ((uint64_t)INT64_MAX + 1 - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (!negative && value > INT64_MAX)
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* ---- text to double
 * ---------------------------------------------------------------------------------------------- */

/* A double, and so the midpoint of two doubles too, is told apart from any other number by its first 768
   significant digits and whether any digit behind them is not zero. */
#define DIGITS_MAX 768

struct decimal {
    char digits[DIGITS_MAX +
                1]; /* significant digits, without leading zeros; the last stands for all behind it */
    size_t count;
    int64_t exponent; /* value = digits * 10^exponent */
    bool negative;
};

static void decimal_digit(struct decimal *decimal, char digit)
{
    if (decimal->count == 0 && digit == '0')
        return;
    if (decimal->count < DIGITS_MAX) {
        decimal->digits[decimal->count++] = digit;
        return;
    }
    if (decimal->count == DIGITS_MAX && digit != '0') {
        /* One digit that is not zero, right behind those kept, is as good as all that follow. */
        decimal->digits[decimal->count++] = '1';
        decimal->exponent--;
    }
    decimal->exponent++;
}

/* Reads [eE][+-]?digits; a huge exponent saturates. */
static bool read_exponent(struct span text, size_t *at, int64_t *out)
{
    int64_t exponent = 0;
    bool negative = false;

    (*at)++;
    if (*at < text.size && (text.data[*at] == '-' || text.data[*at] == '+'))
        negative = text.data[(*at)++] == '-';
    if (*at == text.size)
        return false;
    for (; *at < text.size; (*at)++) {
        if (!is_digit(text.data[*at]))
            return false;
        if (exponent < INT64_MAX / 100)
            exponent = exponent * 10 + (text.data[*at] - '0');
    }
    *out = negative ? -exponent : exponent;
    return true;
}

/* The grammar of RFC 8259, section 6, and a leading plus. */
static bool read_decimal(struct span text, struct decimal *decimal)
{
    size_t at = 0;
    int64_t exponent = 0;

    decimal->count = 0;
    decimal->exponent = 0;
    decimal->negative = text.size > 0 && text.data[0] == '-';
    if (decimal->negative || (text.size > 0 && text.data[0] == '+'))
        at++;

    size_t whole = at;
    for (; at < text.size && is_digit(text.data[at]); at++)
        decimal_digit(decimal, text.data[at]);
    if (at == whole || (text.data[whole] == '0' && at > whole + 1))
        return false;

    if (at < text.size && text.data[at] == '.') {
        size_t fraction = ++at;
        for (; at < text.size && is_digit(text.data[at]); at++) {
            decimal_digit(decimal, text.data[at]);
            decimal->exponent--;
        }
        if (at == fraction)
            return false;
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E') &&
        !read_exponent(text, &at, &exponent))
        return false;
    decimal->exponent += exponent;
    return at == text.size;
}

static double decimal_value(const struct decimal *decimal)
{
    /* Each of these is exact as a double. */
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    if (decimal->count == 0)
        return 0.0;
    if (decimal->count <= 15 && decimal->exponent >= -22 && decimal->exponent <= 22) {
        /* Both operands are exact, so that one multiplication or division rounds once, which is correctly. */
        uint64_t digits = 0;
        for (size_t i = 0; i < decimal->count; i++)
            digits = digits * 10 + (uint64_t)(decimal->digits[i] - '0');
        if (decimal->exponent < 0)
            return (double)digits / powers[-decimal->exponent];
        return (double)digits * powers[decimal->exponent];
    }

    char text[DIGITS_MAX + 32];
    int64_t exponent = decimal->exponent;
    if (exponent > 1000000)
        exponent = 1000000;
    if (exponent < -1000000)
        exponent = -1000000;
    /* No decimal point in it, and this program never sets a locale. */
    snprintf(text, sizeof text, "%.*se%lld", (int)decimal->count, decimal->digits, (long long)exponent);
    return strtod(text, NULL);
}

bool text_to_double(struct span text, double *out)
{
    struct decimal decimal;

    if (!read_decimal(text, &decimal))
        return false;
    double value = decimal_value(&decimal);
    if (!isfinite(value))
        return false;
    *out = decimal.negative ? -value : value;
    return true;
}

/* ---- double to text
 * ---------------------------------------------------------------------------------------------- */

static const char digit_pairs[] = "00010203040506070809"
                                  "10111213141516171819"
                                  "20212223242526272829"
                                  "30313233343536373839"
                                  "40414243444546474849"
                                  "50515253545556575859"
                                  "60616263646566676869"
                                  "70717273747576777879"
                                  "80818283848586878889"
                                  "90919293949596979899";

static size_t write_whole(uint64_t value, char *out)
{
    char reversed[24];
    char *at = reversed + sizeof reversed;

    while (value >= 100) {
        at -= 2;
        memcpy(at, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(at, digit_pairs + value * 2, 2);
    } else {
        *--at = (char)('0' + value);
    }
    size_t size = (size_t)(reversed + sizeof reversed - at);
    memcpy(out, at, size);
    return size;
}

/* Writes .ddd without the zeros at its end. */
static size_t write_fraction(uint32_t fraction, uint32_t digits, char *out)
{
    char text[10];
    uint32_t at = digits;

    while (at >= 2) {
        at -= 2;
        memcpy(text + at, digit_pairs + (size_t)(fraction % 100) * 2, 2);
        fraction /= 100;
    }
    if (at == 1)
        text[0] = (char)('0' + fraction);
    while (digits > 0 && text[digits - 1] == '0')
        digits--;
    if (digits == 0)
        return 0;
    out[0] = '.';
    memcpy(out + 1, text, digits);
    return digits + 1;
}

/* Tries value = n / 10^k with n of at most 15 digits. If the division, which rounds correctly, gives the
   value back, then n / 10^k is the one decimal of so few digits that does. Returns 0 when there is none. */
static size_t write_decimal(double value, char *out)
{
    static const struct {
        double below, scale;
        uint64_t divisor;
        uint32_t digits;
    } ranges[] = {{1e6, 1e9, 1000000000, 9}, {1e9, 1e6, 1000000, 6}, {1e12, 1e3, 1000, 3}};

    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (value >= ranges[i].below)
            continue;
        uint64_t scaled = (uint64_t)(value * ranges[i].scale + 0.5);
        if ((double)scaled / ranges[i].scale != value)
            return 0;
        size_t size = write_whole(scaled / ranges[i].divisor, out);
        return size + write_fraction((uint32_t)(scaled % ranges[i].divisor), ranges[i].digits, out + size);
    }
    return 0;
}

/* The shortest digits that read back as value, by Steele and White's fixed-point algorithm ("How to print
   floating-point numbers accurately", 1990): the whole part as it is, then digits of the fraction until what is left is
   nearer than half the distance to the next double. Exact, in 128 bits, for 1e-5 <= value < 2^53 with a fraction. Returns
   0 where that is not so, and at powers of two, whose lower neighbour is nearer than their upper one. */
static size_t write_fixed(double value, char *out)
{
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(value, &exponent), 53);
    int shift = 53 - exponent; /* value = mantissa / 2^shift */

    if (value < 1e-5 || shift <= 0 || mantissa == UINT64_C(1) << 52)
        return 0;
    bool even = mantissa % 2 == 0; /* then a text halfway to a neighbour reads back as value too */
    unsigned __int128 whole = shift < 64 ? mantissa >> shift : 0;
    unsigned __int128 one = (unsigned __int128)1 << (shift + 1);
    unsigned __int128 rest = ((unsigned __int128)mantissa << 1) - whole * one;
    unsigned __int128 reach = 1; /* half the distance to the next double, in units of 1 / one */
    size_t size = write_whole((uint64_t)whole, out);
    bool low, high;

    out[size++] = '.';
    do {
        rest *= 10;
        reach *= 10;
        unsigned digit = (unsigned)(rest >> (shift + 1));
        rest &= one - 1;
        low = rest < reach || (even && rest == reach);
        high = rest + reach > one || (even && rest + reach == one);
        if (high && (!low || rest * 2 >= one))
            digit++; /* never to 10: then one digit less would have been enough */
        out[size++] = (char)('0' + digit);
    } while (!low && !high);
    return size;
}

static size_t write_any(double value, char *out)
{
    char text[TEXT_DOUBLE_MAX];
    int size = 0;

    for (int precision = 15; precision <= 17; precision++) {
        size = snprintf(text, sizeof text, "%.*g", precision, value);
        if (precision < 17 && strtod(text, NULL) == value)
            break;
    }
    memcpy(out, text, (size_t)size);
    return (size_t)size;
}

size_t text_from_double(double value, char *out)
{
    size_t sign = 0;

    if (!isfinite(value)) {
        const char *name = isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf";
        size_t size = isnan(value) ? 3 : 4;
        memcpy(out, name, size);
        return size;
    }
    if (signbit(value)) {
        out[sign++] = '-';
        value = -value;
    }
    if (value < 9007199254740992.0 && value == (double)(uint64_t)value)
        return sign + write_whole((uint64_t)value, out + sign);

    size_t size = value < 1e12 ? write_decimal(value, out + sign) : 0;
    if (size == 0 && value < 9007199254740992.0)
        size = write_fixed(value, out + sign);
    return sign + (size > 0 ? size : write_any(value, out + sign));
}
