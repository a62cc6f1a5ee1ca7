/* Markdown (CommonMark with GitHub's tables) as the reference is printed in it. */
#ifndef COMMAND_MARKDOWN_H
#define COMMAND_MARKDOWN_H

#include <stdio.h>

/* Markdown text as a cell of a table: a bar would end the cell, also within `code`. */
void markdown_cell(FILE *out, const char *markdown);

/* Plain text as a cell, or anywhere else: nothing of it is taken for markup. */
void markdown_plain(FILE *out, const char *text);

#endif
