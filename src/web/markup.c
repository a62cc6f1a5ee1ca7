#include "web/markup.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

static const char *reference_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void markup_text(struct buffer *page, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t size = text_utf8_size(text, left);
        const char *reference = reference_of(*text);
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
        bool control_c1 = size == 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] < 0xa0;
        if (reference != NULL)
            buffer_text(page, reference);
        else if (*text == '\n' || *text == '\t' || *text == '\r')
            buffer_byte(page, ' ');
        else if (size == 0 || control || control_c1)
            buffer_text(page, "\xEF\xBF\xBD");
        else
            buffer_append(page, text, size);
        size = size == 0 ? 1 : size;
        text += size;
        left -= size;
    }
}

void markup_name(struct buffer *page, const char *name)
{
    while (*name != '\0') {
        size_t size = strcspn(name, "_-.");
        size += name[size] != '\0';
        char *part = memory_copy_bytes(name, size);
        markup_text(page, part);
        free(part);
        name += size;
        buffer_text(page, *name != '\0' ? "<wbr>" : "");
    }
}

void markup_span(struct buffer *page, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{DAY_NS, "d"}, {HOUR_NS, "h"}, {MINUTE_NS, "min"}, {SECOND_NS, "s"}};
    size_t i = 0;

    while (i < 4 && ns < units[i].ns)
        i++;
    if (i == 4) {
        buffer_text(page, "under 1 s");
        return;
    }
    buffer_format(page, "%lld %s", (long long)(ns / units[i].ns), units[i].name);
    int64_t rest = i == 3 ? 0 : ns % units[i].ns / units[i + 1].ns;
    if (rest > 0)
        buffer_format(page, " %lld %s", (long long)rest, units[i + 1].name);
}

void markup_latency(struct buffer *page, int64_t ns)
{
    if (ns < SECOND_NS)
        buffer_format(page, "%lld ms", (long long)((ns + MILLISECOND_NS / 2) / MILLISECOND_NS));
    else
        buffer_format(page, "%lld.%02lld s", (long long)(ns / SECOND_NS),
                      (long long)(ns % SECOND_NS / (10 * MILLISECOND_NS)));
}

static void write_utc(struct buffer *page, int64_t wall_ns, const char *between, const char *behind)
{
    int64_t seconds = wall_ns / SECOND_NS, of_day = seconds % 86400;
    struct calendar_date date = calendar_date(seconds / 86400);

    buffer_format(page, "%04lld-%02d-%02d%s%02d:%02d:%02d%s", (long long)date.year, date.month, date.day,
                  between, (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60), behind);
}

void markup_utc(struct buffer *page, int64_t wall_ns)
{
    write_utc(page, wall_ns, " ", " UTC");
}

void markup_moment(struct buffer *page, int64_t wall_ns, int64_t now_wall_ns)
{
    int64_t ahead = wall_ns - now_wall_ns;

    buffer_text(page, "<time datetime=\"");
    write_utc(page, wall_ns, "T", "Z");
    buffer_text(page, "\" title=\"");
    markup_utc(page, wall_ns);
    buffer_text(page, "\">");
    if (ahead > -SECOND_NS && ahead < SECOND_NS) {
        buffer_text(page, "now");
    } else {
        buffer_text(page, ahead > 0 ? "in " : "");
        markup_span(page, ahead > 0 ? ahead : -ahead);
        buffer_text(page, ahead > 0 ? "" : " ago");
    }
    buffer_text(page, "</time>");
}
