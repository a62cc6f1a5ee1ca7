#include "base/zone.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/zone_rule.h"

#define DEFAULT_FOLDER "/usr/share/zoneinfo"
#define NAME_MAX_SIZE  128
#define FILE_MAX_SIZE  262144 /* bytes; the largest of zoneinfo has less than 4 KiB */
#define DAY_SECONDS    86400
#define OFFSET_MAX     (26 * 3600) /* RFC 8536, section 3.2: -25 to 26 hours */
#define TYPES_MAX      256
#define YEAR_MAX       999999

struct zone {
    int64_t *times;       /* transitions, rising */
    unsigned char *types; /* of each transition: an index of offsets */
    size_t count;
    int32_t offsets[TYPES_MAX]; /* local minus UTC; the first holds before the first transition */
    bool has_rule;
    struct zone_rule rule; /* from the last transition on */
};

static const char not_well_formed[] = "its file is not a well-formed TZif file";

/* ---- TZif
 * -------------------------------------------------------------------------------------------------------- */

struct tzif_header {
    int version;
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, name_bytes;
};

#define HEADER_SIZE 44

static uint64_t read_big_endian(const unsigned char *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

static bool take_header(struct span *file, struct tzif_header *out)
{
    const unsigned char *at = (const unsigned char *)file->data;
    uint32_t counts[6];

    if (file->size < HEADER_SIZE || memcmp(at, "TZif", 4) != 0)
        return false;
    for (size_t i = 0; i < 6; i++)
        counts[i] = (uint32_t)read_big_endian(at + 20 + i * 4, 4);
    *out = (struct tzif_header){at[4], counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    file->data += HEADER_SIZE;
    file->size -= HEADER_SIZE;
    return true;
}

/* The size of the data behind the header, whose times are of time_size bytes. */
static uint64_t data_size(const struct tzif_header *header, uint64_t time_size)
{
    return header->time_count * (time_size + 1) + (uint64_t)header->type_count * 6 + header->name_bytes +
           header->leap_count * (time_size + 4) + header->standard_count + header->utc_count;
}

static bool read_types(struct zone *zone, const unsigned char *at, size_t count)
{
    if (count == 0 || count > TYPES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        zone->offsets[i] = (int32_t)(uint32_t)read_big_endian(at + i * 6, 4);
        if (zone->offsets[i] < -OFFSET_MAX || zone->offsets[i] > OFFSET_MAX)
            return false;
    }
    return true;
}

static bool read_transitions(struct zone *zone, const unsigned char *at, size_t count, size_t type_count)
{
    zone->times = memory_new(count, sizeof *zone->times);
    zone->types = memory_new(count, 1);
    zone->count = count;
    for (size_t i = 0; i < count; i++) {
        zone->times[i] = (int64_t)read_big_endian(at + i * 8, 8);
        zone->types[i] = at[count * 8 + i];
        if (zone->types[i] >= type_count || (i > 0 && zone->times[i] <= zone->times[i - 1]))
            return false;
    }
    return true;
}

/* A newline, a TZ string that may be empty, a newline. */
static bool read_footer(struct zone *zone, struct span footer)
{
    if (footer.size == 0 || footer.data[0] != '\n')
        return false;
    const char *end = memchr(footer.data + 1, '\n', footer.size - 1);
    if (end == NULL)
        return false;
    struct span rule = {footer.data + 1, (size_t)(end - footer.data - 1)};
    zone->has_rule = rule.size > 0;
    return rule.size == 0 || zone_rule_parse(rule, &zone->rule);
}

static const char *parse(struct zone *zone, struct span file)
{
    struct tzif_header header;

    if (!take_header(&file, &header))
        return not_well_formed;
    if (header.version < '2')
        return "its file is of TZif version 1, which ends in 2037";
    if (data_size(&header, 4) > file.size)
        return not_well_formed;
    file.data += data_size(&header, 4);
    file.size -= data_size(&header, 4);
    if (!take_header(&file, &header) || header.version < '2' || data_size(&header, 8) > file.size)
        return not_well_formed;
    if (header.leap_count > 0)
        return "its file counts leap seconds";

    const unsigned char *data = (const unsigned char *)file.data;
    struct span footer = {file.data + data_size(&header, 8), file.size - data_size(&header, 8)};
    bool well_formed = read_types(zone, data + (size_t)header.time_count * 9, header.type_count) &&
                       read_transitions(zone, data, header.time_count, header.type_count) &&
                       read_footer(zone, footer);
    return well_formed ? NULL : not_well_formed;
}

struct zone *zone_parse(const void *bytes, size_t size, const char **why)
{
    struct zone *zone = memory_new(1, sizeof *zone);

    *why = parse(zone, (struct span){bytes, size});
    if (*why == NULL)
        return zone;
    zone_free(zone);
    return NULL;
}

/* ---- loading
 * ----------------------------------------------------------------------------------------------------- */

static bool is_zone_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/";
    size_t size = strlen(name);

    /* Without dots there is no way out of the folder. */
    return size > 0 && size <= NAME_MAX_SIZE && strspn(name, allowed) == size && name[0] != '/' &&
           name[size - 1] != '/' && strstr(name, "//") == NULL;
}

static struct zone *load_open_file(int descriptor, const char **why)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        *why = "zoneinfo has no zone of this name";
        return NULL;
    }
    if (status.st_size > FILE_MAX_SIZE) {
        *why = "its file is too large";
        return NULL;
    }
    size_t capacity = (size_t)status.st_size, size = 0;
    char *bytes = memory_new(capacity, 1);
    ssize_t got = 1;
    while (size < capacity && (got = read(descriptor, bytes + size, capacity - size)) > 0)
        size += (size_t)got;
    struct zone *zone = NULL;
    if (got < 0)
        *why = "its file cannot be read";
    else
        zone = zone_parse(bytes, size, why);
    free(bytes);
    return zone;
}

struct zone *zone_load(const char *name, const char **why)
{
    const char *folder = getenv("ZONEINFO");

    *why = NULL;
    if (strcmp(name, "UTC") == 0) {
        struct zone *zone = memory_new(1, sizeof *zone);
        *zone = *zone_utc();
        return zone;
    }
    if (!is_zone_name(name)) {
        *why = "it is not a name as in America/Chicago";
        return NULL;
    }
    char *path = memory_format("%s/%s", folder == NULL || folder[0] == '\0' ? DEFAULT_FOLDER : folder, name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    free(path);
    if (descriptor < 0) {
        *why = "zoneinfo has no zone of this name (or is not installed: Debian package tzdata)";
        return NULL;
    }
    struct zone *zone = load_open_file(descriptor, why);
    close(descriptor);
    return zone;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    free(zone->times);
    free(zone->types);
    free(zone);
}

const struct zone *zone_utc(void)
{
    static const struct zone utc; /* no transition, no rule, offset 0 */

    return &utc;
}

/* ---- conversion
 * -------------------------------------------------------------------------------------------------- */

static int32_t offset_at(const struct zone *zone, int64_t epoch_seconds)
{
    size_t low = 0, high = zone->count; /* how many transitions have happened */

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= epoch_seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->has_rule)
        return zone_rule_offset(&zone->rule, epoch_seconds);
    return zone->offsets[low == 0 ? 0 : zone->types[low - 1]];
}

static int64_t held_within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

struct civil zone_to_civil(const struct zone *zone, int64_t epoch_seconds)
{
    int64_t low = calendar_days(-YEAR_MAX, 1, 1) * DAY_SECONDS,
            high = calendar_days(YEAR_MAX, 12, 31) * DAY_SECONDS;
    int64_t moment = held_within(epoch_seconds, low, high);
    int32_t offset = offset_at(zone, moment);
    int64_t local = moment + offset;
    int64_t days = local / DAY_SECONDS - (local % DAY_SECONDS < 0);
    int second = (int)(local - days * DAY_SECONDS);
    struct calendar_date date = calendar_date(days);

    return (struct civil){.year = (int)date.year,
                          .month = date.month,
                          .day = date.day,
                          .hour = second / 3600,
                          .minute = second / 60 % 60,
                          .second = second % 60,
                          .weekday = calendar_weekday(days),
                          .offset_seconds = offset};
}

int64_t zone_from_civil(const struct zone *zone, struct civil civil)
{
    int64_t months = (int64_t)civil.month - 1;
    int64_t years = months / 12 - (months % 12 < 0);
    int64_t days = calendar_days(civil.year + years, (int)(months - years * 12) + 1, civil.day);
    int64_t local = days * DAY_SECONDS + (int64_t)civil.hour * 3600 + (int64_t)civil.minute * 60 +
                    civil.second;

    /* What the offset may be: that of before, of after, and of what these two lead to. */
    int32_t before = offset_at(zone, local - DAY_SECONDS), after = offset_at(zone, local + DAY_SECONDS);
    int32_t offsets[] = {before, offset_at(zone, local - before), offset_at(zone, local - after), after};
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        int64_t moment = local - offsets[i];
        if (moment < first && offset_at(zone, moment) == offsets[i])
            first = moment;
    }
    return first < INT64_MAX ? first : local - before;
}
