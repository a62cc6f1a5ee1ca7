#include "report/correlation.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_id(const char *text)
{
    size_t size = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-");

    return size > 0 && size <= CORRELATION_ID_MAX && text[size] == '\0';
}

void correlation_labels(struct correlation *out, const char *id)
{
    out->labels = (struct span){out->text, 0};
    if (id == NULL || !is_id(id))
        return;
    int size = snprintf(out->text, sizeof out->text, "correlation_id=\"%s\"", id);
    out->labels.size = (size_t)size;
}
