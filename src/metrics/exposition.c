#include "metrics/exposition.h"

#include "metrics/text_format.h"

static const struct {
    const char *content_type;
    bool (*write)(const struct store_view *view, struct buffer *page);
} formats[EXPOSITION_FORMATS] = {
    [EXPOSITION_TEXT] = {TEXT_FORMAT_CONTENT_TYPE, text_format_write},
};

bool exposition_write(const struct store_view *view, const struct exposition *exposition, struct buffer *page)
{
    return formats[exposition->format].write(view, page);
}

const char *exposition_content_type(const struct exposition *exposition)
{
    return formats[exposition->format].content_type;
}
