/* The configuration file as it is written: sections and their keys, with line numbers; what they mean is
   known elsewhere. Read with inih, behind a reader of our own that delivers logical lines. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/fault.h"

#define DOCUMENT_LINE_MAX    65536 /* bytes of a line, and of a value with its continuations */
#define DOCUMENT_SECTION_MAX 50    /* bytes between the brackets: "appserver " and a name of 40 */
#define DOCUMENT_MAX         ((size_t)64 * 1024 * 1024) /* bytes of a file */

struct entry {
    char *name;
    char *value; /* trimmed, quotes kept, comments taken off, continuations joined; wiped when freed */
    int line;
    bool comment; /* a comment followed it on one of its lines */
};

struct section {
    char *type; /* "appserver" */
    char *name; /* "live"; NULL when the brackets hold one word only */
    int line;
    bool reopened; /* its keys were moved to the section of that name further up */
    struct entry *entries;
    size_t count;
};

struct document {
    char *file; /* as it appears in faults */
    struct section *sections;
    size_t count;
};

/* Reads text as the file of that name. All faults of form are appended: lines, quotes, sections, sections and
   keys written twice. What is faulty is left out of the document. The caller frees with document_free. */
void document_read(struct document *document, const char *file, struct span text, struct fault_list *faults);
void document_free(struct document *document);

/* The first entry of that name, or NULL. */
const struct entry *section_find(const struct section *section, const char *name);

/* "[appserver live]", for faults. The caller frees. */
char *section_title(const struct section *section);

#endif
