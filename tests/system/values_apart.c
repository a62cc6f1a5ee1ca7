/* Sum, average and maximum by two labels out of the bytes of a BAQ answer of the simulator's zExporterValues, apart from all
   code of the product: whole numbers of 10^-12, strtod of their digits at the end. Prints the series as a page of metrics has
   them, sorted, without target labels: NAME{warehouse="..",account=".."} number. The argument is max_series. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 12, GROUPS_MAX = 1000, VALUES = 3, ROW_MAX = 4096 };

static const char *const names[VALUES] = {"amount", "padded", "mixed"};
static const char *const columns[VALUES] = {
    "\"Calculated_Amount\":", "\"Calculated_Padded\":", "\"Calculated_Mixed\":"};
enum { SUM, AVG, MAX };

struct group {
    char labels[2][64];
    unsigned long long counts[VALUES];
    __int128 totals[VALUES], largest[VALUES];
};

static struct group groups[GROUPS_MAX];
static size_t group_count;

static void die(const char *what)
{
    fprintf(stderr, "values_apart: %s\n", what);
    exit(1);
}

/* The member's value: its text without quotes and blanks at both ends. False: null. */
static bool member(const char *row, const char *name, char *out, size_t size)
{
    const char *at = strstr(row, name);
    if (at == NULL)
        die("a member is missing");
    at += strlen(name);
    bool quoted = *at == '"';
    at += quoted;
    size_t length = quoted ? strcspn(at, "\"") : strcspn(at, ",}");
    while (length > 0 && *at == ' ') {
        at++;
        length--;
    }
    while (length > 0 && at[length - 1] == ' ')
        length--;
    if (length >= size)
        die("a value is too long");
    memcpy(out, at, length);
    out[length] = '\0';
    return quoted || strcmp(out, "null") != 0;
}

/* A decimal number in units of 10^-12. */
static __int128 units(const char *text)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        text = text[0] == 't' ? "1" : "0";
    bool negative = *text == '-';
    __int128 value = 0;
    int places = 0;
    bool behind = false;
    for (text += negative; *text != '\0' && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            behind = true;
            continue;
        }
        if (*text < '0' || *text > '9')
            die("no number");
        value = value * 10 + (*text - '0');
        places += behind;
    }
    if (*text != '\0')
        places -= (int)strtol(text + 1, NULL, 10);
    if (places > PLACES && value != 0)
        die("more places than are kept");
    for (; places < PLACES; places++)
        value *= 10;
    return negative ? -value : value;
}

static struct group *group_of(const char *first, const char *second)
{
    for (size_t i = 0; i < group_count; i++) {
        if (strcmp(groups[i].labels[0], first) == 0 && strcmp(groups[i].labels[1], second) == 0)
            return &groups[i];
    }
    if (group_count == GROUPS_MAX)
        die("too many groups");
    struct group *group = &groups[group_count++];
    snprintf(group->labels[0], sizeof group->labels[0], "%s", first);
    snprintf(group->labels[1], sizeof group->labels[1], "%s", second);
    return group;
}

static void take_row(const char *row)
{
    char first[64], second[64], text[64];
    member(row, "\"Calculated_Warehouse\":", first, sizeof first);
    member(row, "\"Calculated_Account\":", second, sizeof second);
    struct group *group = group_of(first, second);
    for (int i = 0; i < VALUES; i++) {
        if (!member(row, columns[i], text, sizeof text))
            continue;
        __int128 value = units(text);
        group->totals[i] += value;
        if (group->counts[i]++ == 0 || value > group->largest[i])
            group->largest[i] = value;
    }
}

static void join(struct group *into, const struct group *from)
{
    for (int i = 0; i < VALUES; i++) {
        if (from->counts[i] > 0 && (into->counts[i] == 0 || from->largest[i] > into->largest[i]))
            into->largest[i] = from->largest[i];
        into->counts[i] += from->counts[i];
        into->totals[i] += from->totals[i];
    }
}

/* number / divisor in digits: long division, 60 places behind the point. */
static double nearest(__int128 number, unsigned long long divisor)
{
    char digits[160];
    size_t size = 0;
    bool negative = number < 0;
    unsigned __int128 rest = negative ? -(unsigned __int128)number : (unsigned __int128)number;
    unsigned __int128 whole = rest / divisor;
    rest %= divisor;
    char reversed[48];
    int count = 0;
    do {
        reversed[count++] = (char)('0' + (int)(whole % 10));
        whole /= 10;
    } while (whole != 0);
    if (negative)
        digits[size++] = '-';
    while (count > 0)
        digits[size++] = reversed[--count];
    for (int i = 0; i < 60; i++) {
        digits[size++] = (char)('0' + (int)(rest * 10 / divisor));
        rest = rest * 10 % divisor;
    }
    snprintf(digits + size, sizeof digits - size, "e%d", -60 - PLACES);
    return strtod(digits, NULL);
}

static int by_labels(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    int order = strcmp(a->labels[0], b->labels[0]);
    return order != 0 ? order : strcmp(a->labels[1], b->labels[1]);
}

static void print_group(const struct group *group)
{
    for (int i = 0; i < VALUES; i++) {
        double number = i == SUM   ? nearest(group->totals[i], 1)
                        : i == AVG ? nearest(group->totals[i], group->counts[i])
                                   : nearest(group->largest[i], 1);
        if (group->counts[i] > 0)
            printf("%s{warehouse=\"%s\",account=\"%s\"} %.17g\n", names[i], group->labels[0],
                   group->labels[1], number);
    }
}

int main(int argc, char **argv)
{
    size_t maximum = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (maximum == 0)
        die("wants max_series");
    static char row[ROW_MAX];
    size_t size = 0, depth = 0;
    bool in_string = false, escaped = false;
    for (int byte; (byte = getchar_unlocked()) != EOF;) {
        if (depth == 2) {
            if (size + 2 > sizeof row)
                die("a row is too long");
            row[size++] = (char)byte;
        }
        if (in_string) {
            in_string = escaped || byte != '"';
            escaped = !escaped && byte == '\\';
            continue;
        }
        in_string = byte == '"';
        depth += byte == '{';
        if (byte != '}')
            continue;
        if (depth-- == 2) {
            row[size] = '\0';
            take_row(row);
            size = 0;
        }
    }
    qsort(groups, group_count, sizeof *groups, by_labels);
    struct group others = {.labels = {"other", "other"}};
    for (size_t i = 0; i < group_count; i++) {
        if (i < maximum)
            print_group(&groups[i]);
        else
            join(&others, &groups[i]);
    }
    print_group(&others);
    for (int i = 0; i < VALUES && group_count > maximum; i++)
        printf("%s_dropped %zu\n", names[i], group_count - maximum);
    return 0;
}
