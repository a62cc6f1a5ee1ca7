#include "command/markdown.h"

#include <string.h>

void markdown_cell(FILE *out, const char *markdown)
{
    for (const char *c = markdown; *c != '\0'; c++) {
        if (*c == '|')
            fputc('\\', out);
        fputc(*c == '\n' ? ' ' : *c, out);
    }
}

void markdown_plain(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        /* An underscore within a word is none of its signs; between words it is. */
        if (strchr("\\`*|<>[]$~", *c) != NULL || (*c == '_' && (c == text || c[-1] == ' ' || c[1] == ' ')))
            fputc('\\', out);
        fputc(*c == '\n' ? ' ' : *c, out);
    }
}
