#include "metrics/openmetrics.h"

#include <string.h>

#include "metrics/label.h"
#include "metrics/lines.h"

/* A family has the unit that its name ends with. */
static const char *const units[] = {"seconds", "bytes", "ratio"};

static const char *unit_of(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i]);
        if (size > unit + 1 && name[size - unit - 1] == '_' &&
            memcmp(name + size - unit, units[i], unit) == 0)
            return units[i];
    }
    return NULL;
}

/* A blank stands behind it. */
static void begin_comment(struct buffer *page, const char *keyword, const char *name, size_t size)
{
    buffer_text(page, keyword);
    buffer_append(page, name, size);
    buffer_byte(page, ' ');
}

static void write_comments(struct buffer *page, const char *name, const char *help, enum metric_type type)
{
    size_t size = family_base_size(name, type);
    const char *unit = unit_of(name, size);

    begin_comment(page, "# HELP ", name, size);
    label_append_quoted(page, help);
    begin_comment(page, "\n# TYPE ", name, size);
    buffer_text(page, metric_type_name(type));
    if (unit != NULL) {
        begin_comment(page, "\n# UNIT ", name, size);
        buffer_text(page, unit);
    }
    buffer_byte(page, '\n');
}

bool openmetrics_write(const struct store_view *view, const struct exposition *exposition,
                       struct buffer *page)
{
    static const struct lines_dialect dialect = {
        .write_comments = write_comments, .created = true, .exemplars = true, .end = "# EOF\n"};

    return lines_write(view, exposition, &dialect, page);
}
