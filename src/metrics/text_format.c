#include "metrics/text_format.h"

#include "metrics/label.h"
#include "metrics/lines.h"

static void write_comments(struct buffer *page, const char *name, const char *help, enum metric_type type)
{
    buffer_text(page, "# HELP ");
    buffer_text(page, name);
    buffer_byte(page, ' ');
    label_append_help(page, help);
    buffer_text(page, "\n# TYPE ");
    buffer_text(page, name);
    buffer_byte(page, ' ');
    buffer_text(page, metric_type_name(type));
    buffer_byte(page, '\n');
}

bool text_format_write(const struct store_view *view, const struct exposition *exposition,
                       struct buffer *page)
{
    static const struct lines_dialect dialect = {.write_comments = write_comments, .end = ""};

    return lines_write(view, exposition, &dialect, page);
}
