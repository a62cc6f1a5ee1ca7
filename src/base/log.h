/* The log: to stderr, one event a line, each line one write(2), logfmt or JSON. A stderr that would block
   loses the line and counts it. Never a secret: no function here takes a struct secret. Thread-safe. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVELS };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
    const char *name;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INTEGER, LOG_FIELD_SECONDS } kind;
    const char *text;
    int64_t
        integer; /* also nanoseconds of LOG_FIELD_SECONDS, which are printed as seconds, to the millisecond */
};

#define LOG_TEXT(name, value)    ((struct log_field){(name), LOG_FIELD_TEXT, (value), 0})
#define LOG_INT(name, value)     ((struct log_field){(name), LOG_FIELD_INTEGER, NULL, (int64_t)(value)})
#define LOG_SECONDS(name, value) ((struct log_field){(name), LOG_FIELD_SECONDS, NULL, (int64_t)(value)})

/* log_event(LOG_WARN, "login refused", LOG_TEXT("appserver", name), LOG_INT("status", 401)) writes
   ts=2026-01-31T12:00:00.123Z level=warn msg="login refused" appserver=live status=401
   The message is a constant sentence; what varies is a field. A NULL text is left out. */
#define log_event(level, ...)           LOG_EVENT_(level, __VA_ARGS__, LOG_END_)
#define LOG_END_                        ((struct log_field){NULL, LOG_FIELD_TEXT, NULL, 0})
#define LOG_EVENT_(level, message, ...) log_write((level), (message), (const struct log_field[]){__VA_ARGS__})
void log_write(enum log_level level, const char *message, const struct log_field *fields);

/* Lines below level are left out. Until it is called: info, logfmt, to descriptor 2. descriptor -1 means 2.
 */
void log_setup(enum log_level level, enum log_format format, int descriptor);
bool log_enabled(enum log_level level);

/* Lines asked for at this level since the start (also those left out or lost), and lines lost. */
uint64_t log_count(enum log_level level);
uint64_t log_lost(void);

bool log_level_from_text(const char *text, enum log_level *out);
bool log_format_from_text(const char *text, enum log_format *out);
const char *log_level_name(enum log_level level);

#endif
