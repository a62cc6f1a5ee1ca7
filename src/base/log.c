#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/zone.h"

#define LINE_MAX_SIZE  8192 /* bytes, the newline counted */
#define SHORTEST_FIELD 16   /* a text is never shortened below this many bytes */

static const char *const level_names[LOG_LEVELS] = {"debug", "info", "warn", "error"};
static const char *const format_names[] = {[LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};

static struct {
    atomic_int level, format, descriptor;
    atomic_bool
        torn; /* the last line reached the descriptor in part only: the next one begins with a newline */
    atomic_uint_least64_t count[LOG_LEVELS], lost;
} state = {.level = LOG_INFO, .format = LOG_LOGFMT, .descriptor = STDERR_FILENO};

/* ---- one line
 * ---------------------------------------------------------------------------------------------------- */

struct line {
    char data[1 + LINE_MAX_SIZE]; /* the first byte is kept for the newline after a torn line */
    size_t size;
    size_t text_max; /* bytes that one text may take, its quotes not counted */
    enum log_format format;
    bool overflown;
};

static void put(struct line *line, const void *bytes, size_t size)
{
    if (line->overflown || size > sizeof line->data - line->size) {
        line->overflown = true;
        return;
    }
    memcpy(line->data + line->size, bytes, size);
    line->size += size;
}

static void put_plain(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static const char unknown[3] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD; no NUL */

/* One character of a text as it goes into quotes: escaped, replaced by U+FFFD if not UTF-8, or as it is.
   Returns the bytes written to out (at least 8), and in *step the bytes read. */
static size_t escape_character(const char *at, size_t left, char *out, size_t *step)
{
    static const char pairs[] = "\"\"\\\\\nn\rr\tt";
    unsigned char first = (unsigned char)*at;

    *step = text_utf8_size(at, left);
    if (*step == 0) {
        *step = 1;
        memcpy(out, unknown, sizeof unknown);
        return sizeof unknown;
    }
    for (const char *pair = pairs; *step == 1 && *pair != '\0'; pair += 2) {
        if (*at == pair[0]) {
            out[0] = '\\';
            out[1] = pair[1];
            return 2;
        }
    }
    /* C0, DEL and the C1 controls (C2 80 .. C2 9F), which some terminals obey. */
    unsigned code = *step == 1 ? first : *step == 2 && first == 0xC2 ? (unsigned char)at[1] : 0xFFFF;
    if (code < 0x20 || (code >= 0x7F && code <= 0x9F))
        return (size_t)snprintf(out, 8, "\\u%04x", code);
    memcpy(out, at, *step);
    return *step;
}

/* As go-kit/logfmt decides it; the C1 controls in addition. */
static bool needs_quotes(const char *text, size_t size)
{
    if (strcmp(text, "null") == 0)
        return true;
    for (size_t at = 0, step; at < size; at += step) {
        char escaped[8];
        size_t written = escape_character(text + at, size - at, escaped, &step);
        bool replaced = written == sizeof unknown && memcmp(escaped, unknown, sizeof unknown) == 0;
        bool plain = text[at] != ' ' && text[at] != '=' && (written == step || text[at] == '\\');
        if (!plain || replaced)
            return true;
    }
    return false;
}

static void put_text(struct line *line, const char *text)
{
    size_t left = strlen(text), used = 0;
    /* What is longer than the line need not be looked at whole. */
    bool quoted = line->format == LOG_JSON || left > LINE_MAX_SIZE || needs_quotes(text, left);

    if (quoted)
        put(line, "\"", 1);
    while (left > 0) {
        char escaped[8];
        size_t step, size = escape_character(text, left, escaped, &step);
        if (!quoted) /* where a backslash stays as it is */
            memcpy(escaped, text, size = step);
        if (used + size > line->text_max) {
            put_plain(line, "…");
            break;
        }
        put(line, escaped, size);
        used += size;
        text += step;
        left -= step;
    }
    if (quoted)
        put(line, "\"", 1);
}

static void put_name(struct line *line, const char *name)
{
    bool first = line->size == 1;

    if (line->format == LOG_JSON) {
        put_plain(line, first ? "{\"" : ",\"");
        put_plain(line, name);
        put_plain(line, "\":");
    } else {
        put_plain(line, first ? "" : " ");
        put_plain(line, name);
        put_plain(line, "=");
    }
}

static void put_number(struct line *line, const struct log_field *field)
{
    char text[TEXT_DOUBLE_MAX];
    size_t size;

    if (field->kind == LOG_FIELD_SECONDS)
        size = text_from_double(clock_seconds(field->integer / (SECOND_NS / 1000) * (SECOND_NS / 1000)),
                                text);
    else
        size = (size_t)snprintf(text, sizeof text, "%lld", (long long)field->integer);
    put(line, text, size);
}

static void put_time(struct line *line, int64_t wall_ns)
{
    char text[64];
    int64_t seconds = wall_ns / SECOND_NS, rest = wall_ns % SECOND_NS;

    if (rest < 0) {
        rest += SECOND_NS;
        seconds--;
    }
    struct civil utc = zone_to_civil(zone_utc(), seconds);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.year, utc.month, utc.day, utc.hour,
             utc.minute, utc.second, (int)(rest / MILLISECOND_NS));
    put_text(line, text);
}

static void write_line(struct line *line, int64_t wall_ns, enum log_level level, const char *message,
                       const struct log_field *fields)
{
    line->data[0] = '\n';
    line->size = 1;
    line->overflown = false;
    put_name(line, "ts");
    put_time(line, wall_ns);
    put_name(line, "level");
    put_text(line, level_names[level]);
    put_name(line, "msg");
    put_text(line, message);
    for (const struct log_field *field = fields; field->name != NULL; field++) {
        if (field->kind == LOG_FIELD_TEXT && field->text == NULL)
            continue;
        put_name(line, field->name);
        if (field->kind == LOG_FIELD_TEXT)
            put_text(line, field->text);
        else
            put_number(line, field);
    }
    put_plain(line, line->format == LOG_JSON ? "}\n" : "\n");
}

/* ---- the descriptor
 * ---------------------------------------------------------------------------------------------- */

/* Whether write(2) of so many bytes will not block, as far as one can tell before. */
static bool has_room(int descriptor, bool is_fifo, size_t size)
{
    struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
    int queued;

    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
        return false;
    /* Poll promises PIPE_BUF bytes of a pipe, not more; an empty one takes every line of ours. */
    if (is_fifo && size > PIPE_BUF)
        return ioctl(descriptor, FIONREAD, &queued) == 0 && queued == 0;
    return true;
}

/* One write that does not wait. The descriptor is shared with others (a shell, a container's run time), so that its
   O_NONBLOCK is not ours to set. */
static ssize_t write_at_once(int descriptor, char *data, size_t size)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0)
        return -1;
    if (S_ISSOCK(status.st_mode))
        return send(descriptor, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (S_ISFIFO(status.st_mode)) {
        ssize_t written = pwritev2(descriptor, &(struct iovec){.iov_base = data, .iov_len = size}, 1, -1,
                                   RWF_NOWAIT);
        /* Kernels before 6.4 and some sandboxes do not know how. */
        if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != EPERM))
            return written;
    }
    /* A regular file is always ready, and RWF_NOWAIT would lose lines there that cost no wait worth the name. */
    return has_room(descriptor, S_ISFIFO(status.st_mode), size) ? write(descriptor, data, size) : -1;
}

static void send_line(struct line *line)
{
    int descriptor = atomic_load(&state.descriptor), error = errno;
    bool torn = atomic_exchange(&state.torn, false);
    char *data = line->data + (torn ? 0 : 1);
    size_t size = line->size - (torn ? 0 : 1);
    ssize_t written;

    do
        written = write_at_once(descriptor, data, size);
    while (written < 0 && errno == EINTR);
    if (written < 0 || (size_t)written < size) {
        atomic_fetch_add(&state.lost, 1);
        if (torn || written > 0)
            atomic_store(&state.torn, true);
    }
    errno = error;
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    struct line line = {.format = (enum log_format)atomic_load(&state.format), .text_max = LINE_MAX_SIZE};

    assert(level >= LOG_DEBUG && level < LOG_LEVELS && message != NULL);
    atomic_fetch_add(&state.count[level], 1);
    if (!log_enabled(level))
        return;
    int64_t now_ns = clock_now().wall_ns;
    do
        write_line(&line, now_ns, level, message, fields);
    while (line.overflown && (line.text_max /= 2) >= SHORTEST_FIELD);
    if (line.overflown)
        atomic_fetch_add(&state.lost, 1);
    else
        send_line(&line);
}

/* ---- settings and counts
 * ----------------------------------------------------------------------------------------- */

void log_setup(enum log_level level, enum log_format format, int descriptor)
{
    atomic_store(&state.level, (int)level);
    atomic_store(&state.format, (int)format);
    atomic_store(&state.descriptor, descriptor < 0 ? STDERR_FILENO : descriptor);
    atomic_store(&state.torn, false);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load(&state.level);
}

uint64_t log_count(enum log_level level)
{
    assert(level >= LOG_DEBUG && level < LOG_LEVELS);
    return atomic_load(&state.count[level]);
}

uint64_t log_lost(void)
{
    return atomic_load(&state.lost);
}

static bool find_name(const char *const *names, size_t count, const char *text, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool log_level_from_text(const char *text, enum log_level *out)
{
    size_t index;

    if (!find_name(level_names, LOG_LEVELS, text, &index))
        return false;
    *out = (enum log_level)index;
    return true;
}

bool log_format_from_text(const char *text, enum log_format *out)
{
    size_t index;

    if (!find_name(format_names, sizeof format_names / sizeof format_names[0], text, &index))
        return false;
    *out = (enum log_format)index;
    return true;
}

const char *log_level_name(enum log_level level)
{
    assert(level >= LOG_DEBUG && level < LOG_LEVELS);
    return level_names[level];
}
