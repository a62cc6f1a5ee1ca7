#include "config/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define DAY_MINUTES    1440
#define DAY_SECONDS    86400
#define WEEK_SECONDS   (7 * DAY_SECONDS)
#define ITEM_SHOWN_MAX 60                 /* bytes of an item that a fault repeats */
#define SEARCHED       (3 * WEEK_SECONDS) /* one week may lose its window to a change of clocks */

static const char *const day_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- reading ---- */

static void skip_blanks(struct span *text)
{
    while (text->size > 0 && (*text->data == ' ' || *text->data == '\t')) {
        text->data++;
        text->size--;
    }
}

/* Takes a dash with the blanks around it; leaves the text as it is where there is none. */
static bool take_dash(struct span *text)
{
    struct span rest = *text;
    skip_blanks(&rest);
    if (rest.size == 0 || *rest.data != '-')
        return false;
    rest.data++;
    rest.size--;
    skip_blanks(&rest);
    *text = rest;
    return true;
}

/* Takes a word of letters that is the name of a day; -1: there is none. */
static int take_day(struct span *text)
{
    size_t size = 0;
    while (size < text->size && ((text->data[size] | 0x20) >= 'a' && (text->data[size] | 0x20) <= 'z'))
        size++;
    for (int day = 0; day < 7; day++) {
        if (!span_is_nocase((struct span){text->data, size}, day_names[day]))
            continue;
        text->data += size;
        text->size -= size;
        return day;
    }
    return -1;
}

static bool is_digit_at(struct span text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

/* Takes H:MM or HH:MM, to 24:00, in minutes; -1: there is none. */
static int take_time(struct span *text)
{
    size_t hours = is_digit_at(*text, 1) ? 2 : 1, size = hours + 3;
    if (!is_digit_at(*text, 0) || hours >= text->size || text->data[hours] != ':' ||
        !is_digit_at(*text, hours + 1) || !is_digit_at(*text, hours + 2) || is_digit_at(*text, size))
        return -1;
    const char *at = text->data;
    int hour = hours == 2 ? (at[0] - '0') * 10 + at[1] - '0' : at[0] - '0';
    int minute = (at[hours + 1] - '0') * 10 + at[hours + 2] - '0';
    if (minute > 59 || hour * 60 + minute > DAY_MINUTES)
        return -1;
    text->data += size;
    text->size -= size;
    return hour * 60 + minute;
}

static char *item_fault(struct span item, const char *what)
{
    if (item.size > ITEM_SHOWN_MAX)
        return memory_copy_text(what);
    return memory_format("%.*s: %s", (int)item.size, item.data, what);
}

static char *read_days(struct span item, struct span *rest, struct window *out)
{
    int first = take_day(rest);
    int last = first >= 0 && take_dash(rest) ? take_day(rest) : first;
    if (first < 0 || last < 0)
        return item_fault(item, "days are Mon Tue Wed Thu Fri Sat Sun, one or from-to, such as Mon-Fri");
    for (int day = first;; day = (day + 1) % 7) {
        out->days |= 1u << day;
        if (day == last)
            return NULL;
    }
}

static char *read_times(struct span item, struct span *rest, struct window *out)
{
    out->begin = take_time(rest);
    out->end = out->begin >= 0 && take_dash(rest) ? take_time(rest) : -1;
    if (out->end < 0)
        return item_fault(item, "times are HH:MM-HH:MM from 00:00 to 24:00, such as 06:00-18:00");
    if (out->begin == DAY_MINUTES)
        return item_fault(item, "no window begins at 24:00; write 00:00 of the next day");
    if (out->begin == out->end)
        return item_fault(item, "it ends when it begins; the whole day is 00:00-24:00");
    if (out->end < out->begin)
        out->end += DAY_MINUTES;
    return NULL;
}

/* DAYS or DAYS TIMES; *whole: it has no times. */
static char *read_item(struct span item, struct window *out, bool *whole)
{
    struct span rest = item;
    *out = (struct window){.end = DAY_MINUTES};
    char *fault = read_days(item, &rest, out);
    if (fault != NULL)
        return fault;
    *whole = rest.size == 0;
    if (*whole)
        return NULL;
    if (*rest.data != ' ' && *rest.data != '\t')
        return item_fault(item, "between days and times stands a blank, such as Mon-Fri 06:00-18:00");
    skip_blanks(&rest);
    fault = read_times(item, &rest, out);
    if (fault == NULL && rest.size > 0)
        fault = item_fault(item, "after the times comes a comma or nothing");
    return fault;
}

static char *read_items(struct span rest, struct windows *out)
{
    struct span item, whole_item = {NULL, 0};
    while (span_next_item(&rest, &item)) {
        bool whole;
        if (item.size == 0)
            return memory_copy_text("an item of the list is empty: a comma too many");
        if (out->count == WINDOWS_MAX)
            return memory_format("more than %d windows", WINDOWS_MAX);
        out->items = memory_grow(out->items, out->count + 1, sizeof *out->items);
        char *fault = read_item(item, &out->items[out->count], &whole);
        if (fault != NULL)
            return fault;
        if (!whole && whole_item.size > 0)
            return memory_format(
                "%.*s has no times and stands before days that have: write %.*s 00:00-24:00 for "
                "whole days, or the times behind each",
                (int)whole_item.size, whole_item.data, (int)whole_item.size, whole_item.data);
        if (whole)
            whole_item = item;
        out->count++;
    }
    return NULL;
}

char *windows_read(const char *text, struct windows *out)
{
    struct windows read = {0};
    char *fault = read_items(span_of(text), &read);
    if (fault == NULL && read.count == 0)
        fault = memory_copy_text("there is no window; write such as Mon-Fri 06:00-18:00");
    if (fault != NULL)
        windows_free(&read);
    else
        *out = read;
    return fault;
}

void windows_free(struct windows *windows)
{
    free(windows->items);
    *windows = (struct windows){0};
}

/* ---- moments ---- */

static bool contain_local(const struct windows *windows, const struct civil *local)
{
    int minute = local->hour * 60 + local->minute;
    unsigned today = 1u << local->weekday, yesterday = 1u << (local->weekday + 6) % 7;
    for (size_t i = 0; i < windows->count; i++) {
        const struct window *window = &windows->items[i];
        if (((window->days & today) && minute >= window->begin && minute < window->end) ||
            ((window->days & yesterday) && minute < window->end - DAY_MINUTES))
            return true;
    }
    return false;
}

bool windows_contain(const struct windows *windows, const struct zone *zone, int64_t epoch_seconds)
{
    struct civil local = zone_to_civil(zone, epoch_seconds);
    return contain_local(windows, &local);
}

/* Seconds until the clock on the wall shows the next beginning or end of a window, but a day at most: a longer step could
   miss that clocks are changed and changed back. */
static int64_t to_next_edge(const struct windows *windows, const struct civil *local)
{
    int64_t now = (int64_t)local->weekday * DAY_SECONDS + local->hour * 3600 + local->minute * 60 +
                  local->second;
    int64_t nearest = DAY_SECONDS;
    for (size_t i = 0; i < windows->count; i++) {
        const int minutes[] = {windows->items[i].begin, windows->items[i].end};
        for (int edge = 0; edge < 14; edge++) {
            if (!(windows->items[i].days & 1u << edge / 2))
                continue;
            int64_t at = (int64_t)(edge / 2) * DAY_SECONDS + minutes[edge % 2] * 60;
            int64_t wait = (at - now) % WEEK_SECONDS;
            wait = wait <= 0 ? wait + WEEK_SECONDS : wait;
            nearest = wait < nearest ? wait : nearest;
        }
    }
    return nearest;
}

/* The first second of (before, after] whose offset is that of after. */
static int64_t change_of_clocks(const struct zone *zone, int64_t before, int64_t after)
{
    int offset = zone_to_civil(zone, before).offset_seconds;
    while (after - before > 1) {
        int64_t middle = before + (after - before) / 2;
        *(zone_to_civil(zone, middle).offset_seconds == offset ? &before : &after) = middle;
    }
    return after;
}

int64_t windows_next_change(const struct windows *windows, const struct zone *zone, int64_t epoch_seconds)
{
    struct civil local = zone_to_civil(zone, epoch_seconds);
    bool inside = contain_local(windows, &local);
    for (int64_t at = epoch_seconds; at - epoch_seconds < SEARCHED;) {
        int64_t next = at + to_next_edge(windows, &local);
        struct civil there = zone_to_civil(zone, next);
        if (there.offset_seconds != local.offset_seconds) {
            next = change_of_clocks(zone, at, next);
            there = zone_to_civil(zone, next);
        }
        if (contain_local(windows, &there) != inside)
            return next;
        at = next;
        local = there;
    }
    return WINDOW_NEVER;
}
