#include "agent/head.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define RETRY_SECONDS_MAX (365 * 24 * 3600)

void head_init(struct head *head, int64_t now_epoch)
{
    *head = (struct head){.now_epoch = now_epoch, .content_length = -1, .retry_seconds = -1};
}

/* ---- dates ---- */

/* Reads count digits (a blank may stand for the first). */
static bool read_digits(struct span *text, size_t count, int *out)
{
    int value = 0;

    if (text->size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char c = text->data[i];

        if (c == ' ' && i == 0 && count == 2)
            c = '0';
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    text->data += count;
    text->size -= count;
    *out = value;
    return true;
}

static bool read_exact(struct span *text, const char *wanted)
{
    if (!span_starts_with(*text, wanted))
        return false;
    text->data += strlen(wanted);
    text->size -= strlen(wanted);
    return true;
}

static bool read_month(struct span *text, int *month)
{
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    for (*month = 0; *month < 12; ++*month)
        if (read_exact(text, names[*month]))
            return true;
    return false;
}

static bool read_clock(struct span *text, struct tm *time)
{
    return read_digits(text, 2, &time->tm_hour) && read_exact(text, ":") &&
           read_digits(text, 2, &time->tm_min) && read_exact(text, ":") &&
           read_digits(text, 2, &time->tm_sec);
}

static int full_year(int two_digits, int64_t now_epoch)
{
    time_t now = (time_t)now_epoch;
    struct tm broken;

    gmtime_r(&now, &broken);
    int year = (broken.tm_year + 1900) / 100 * 100 + two_digits;

    return year > broken.tm_year + 1900 + 50 ? year - 100 : year;
}

/* The three forms differ in what stands behind the name of the day. */
static bool read_date(struct span text, int64_t now_epoch, struct tm *time, int *year)
{
    const char *comma = memchr(text.data, ',', text.size);

    if (comma == NULL) { /* asctime: Sun Nov  6 08:49:37 1994 */
        const char *blank = memchr(text.data, ' ', text.size);

        if (blank == NULL)
            return false;
        text.size -= (size_t)(blank - text.data);
        text.data = blank;
        return read_exact(&text, " ") && read_month(&text, &time->tm_mon) && read_exact(&text, " ") &&
               read_digits(&text, 2, &time->tm_mday) && read_exact(&text, " ") && read_clock(&text, time) &&
               read_exact(&text, " ") && read_digits(&text, 4, year) && text.size == 0;
    }
    text.size -= (size_t)(comma - text.data);
    text.data = comma;
    if (!read_exact(&text, ", ") || !read_digits(&text, 2, &time->tm_mday))
        return false;
    if (read_exact(&text, "-")) { /* RFC 850: Sunday, 06-Nov-94 08:49:37 GMT */
        if (!read_month(&text, &time->tm_mon) || !read_exact(&text, "-") || !read_digits(&text, 2, year))
            return false;
        *year = full_year(*year, now_epoch);
    } else if (!read_exact(&text, " ") || !read_month(&text, &time->tm_mon) || !read_exact(&text, " ") ||
               !read_digits(&text, 4, year)) { /* Sun, 06 Nov 1994 08:49:37 GMT */
        return false;
    }
    return read_exact(&text, " ") && read_clock(&text, time) && read_exact(&text, " GMT") && text.size == 0;
}

bool head_date(const char *text, size_t size, int64_t now_epoch, int64_t *epoch)
{
    struct tm time = {0};
    int year = 0;

    if (size > 64 || !read_date((struct span){.data = text, .size = size}, now_epoch, &time, &year))
        return false;
    if (time.tm_mday < 1 || time.tm_mday > 31 || time.tm_hour > 23 || time.tm_min > 59 || time.tm_sec > 60)
        return false;
    time.tm_year = year - 1900;

    struct tm normal = time;
    time_t seconds = timegm(&normal);

    if (normal.tm_mon != time.tm_mon && time.tm_sec != 60) /* the 31st of a month that has none */
        return false;
    *epoch = (int64_t)seconds;
    return true;
}

/* ---- lines ---- */

static bool is_printable(struct span value)
{
    for (size_t i = 0; i < value.size; i++)
        if ((unsigned char)value.data[i] < 0x20 || (unsigned char)value.data[i] > 0x7e)
            return false;
    return true;
}

/* Keeps a value whole or not at all. */
static void keep(char *out, size_t capacity, struct span value)
{
    out[0] = '\0';
    if (value.size < capacity && is_printable(value)) {
        memcpy(out, value.data, value.size);
        out[value.size] = '\0';
    }
}

/* A location without what may be secret in it: user and password, query, fragment. */
static void keep_location(char *out, size_t capacity, struct span value)
{
    const char *end = value.data;
    const char *authority = span_find(value, "//");
    size_t prefix = 0;

    while (end < value.data + value.size && *end != '?' && *end != '#')
        end++;
    value.size = (size_t)(end - value.data);
    if (authority != NULL && authority + 2 <= end) {
        const char *slash = memchr(authority + 2, '/', (size_t)(end - authority - 2));
        const char *stop = slash == NULL ? end : slash;
        const char *at = memrchr(authority + 2, '@', (size_t)(stop - authority - 2));

        if (at != NULL) {
            prefix = (size_t)(authority + 2 - value.data);
            if (prefix < capacity)
                keep(out, prefix + 1, (struct span){.data = value.data, .size = prefix});
            value.size -= (size_t)(at + 1 - value.data);
            value.data = at + 1;
        }
    }
    if (prefix + value.size >= capacity || !is_printable(value)) {
        out[0] = '\0';
        return;
    }
    keep(out + prefix, capacity - prefix, value);
}

static bool is_digits(struct span value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
    return value.size > 0;
}

static void read_retry_after(struct head *head, struct span value)
{
    int64_t seconds;

    head->retry_seconds = -1;
    head->retry_epoch = 0;
    if (text_to_int64(value, &seconds)) {
        if (seconds >= 0)
            head->retry_seconds = seconds < RETRY_SECONDS_MAX ? seconds : RETRY_SECONDS_MAX;
        return;
    }
    if (is_digits(value)) { /* more seconds than a number holds */
        head->retry_seconds = RETRY_SECONDS_MAX;
        return;
    }
    head_date(value.data, value.size, head->now_epoch, &head->retry_epoch);
}

/* Two codings, one upon the other, are none that was asked for. */
static void read_coding(struct head *head, struct span value)
{
    if (value.size == 0 || span_is_nocase(value, "identity"))
        return;
    bool gzip = span_is_nocase(value, "gzip") || span_is_nocase(value, "x-gzip");

    head->coding = gzip && head->coding == CODING_NONE ? CODING_GZIP : CODING_OTHER;
}

/* "NTLM" alone only offers it. */
static void read_challenge(struct head *head, struct span value)
{
    if (value.size > 5 && span_is_nocase((struct span){.data = value.data, .size = 4}, "NTLM") &&
        (value.data[4] == ' ' || value.data[4] == '\t'))
        head->ntlm_challenge = true;
}

static void read_field(struct head *head, struct span name, struct span value)
{
    if (span_is_nocase(name, "content-type")) {
        keep(head->content_type, sizeof head->content_type, value);
    } else if (span_is_nocase(name, "location")) {
        keep_location(head->location, sizeof head->location, value);
    } else if (span_is_nocase(name, "date")) {
        head_date(value.data, value.size, head->now_epoch, &head->date_epoch);
    } else if (span_is_nocase(name, "retry-after")) {
        read_retry_after(head, value);
    } else if (span_is_nocase(name, "www-authenticate")) {
        read_challenge(head, value);
    } else if (span_is_nocase(name, "content-encoding")) {
        read_coding(head, value);
    } else if (span_is_nocase(name, "content-length")) {
        int64_t length;

        if (text_to_int64(value, &length) && length >= 0)
            head->content_length = length;
    }
}

/* "HTTP/1.1 200 OK": the three digits behind the first blank. */
static int read_status(struct span line)
{
    const char *blank = memchr(line.data, ' ', line.size);
    int status = 0;

    if (blank == NULL)
        return 0;
    struct span rest = {.data = blank + 1, .size = line.size - (size_t)(blank + 1 - line.data)};

    return rest.size >= 3 && rest.data[0] != ' ' && read_digits(&rest, 3, &status) ? status : 0;
}

void head_next(struct head *head)
{
    size_t bytes = head->bytes;

    head_init(head, head->now_epoch);
    head->bytes = head->earlier = bytes;
}

enum head_verdict head_line(struct head *head, const char *bytes, size_t size)
{
    size_t before = head->bytes;

    if (size > HEAD_BYTES_MAX - before)
        return HEAD_TOO_LARGE;
    head->bytes += size;
    if (head->complete)
        return HEAD_MORE; /* a trailer */

    struct span line = {.data = bytes, .size = size};

    while (line.size > 0 && (line.data[line.size - 1] == '\n' || line.data[line.size - 1] == '\r'))
        line.size--;
    if (line.size == 0) {
        head->complete = head->status >= 200;
        return head->status == 101 ? HEAD_SWITCHING : HEAD_MORE;
    }
    if (span_starts_with(line, "HTTP/")) {
        size_t earlier = head->earlier;

        head_init(head, head->now_epoch);
        head->bytes = before + size;
        head->earlier = earlier;
        head->status = read_status(line);
        return HEAD_MORE;
    }

    const char *colon = memchr(line.data, ':', line.size);

    if (colon != NULL && line.data[0] != ' ' && line.data[0] != '\t') {
        size_t name = (size_t)(colon - line.data);

        read_field(head, (struct span){.data = line.data, .size = name},
                   span_trim((struct span){.data = colon + 1, .size = line.size - name - 1}));
    }
    return HEAD_MORE;
}

int64_t head_retry_after(const struct head *head, int64_t wall_ns)
{
    if (head->retry_seconds >= 0)
        return head->retry_seconds * SECOND_NS;
    if (head->retry_epoch == 0)
        return -1;

    int64_t from = head->date_epoch != 0 ? head->date_epoch : wall_ns / SECOND_NS;
    int64_t seconds = head->retry_epoch - from;

    if (seconds < 0)
        return 0;
    return (seconds < RETRY_SECONDS_MAX ? seconds : RETRY_SECONDS_MAX) * SECOND_NS;
}
