/* The configuration as it is written, in one file or several: sections and their keys, with file and line; what they mean
   is known elsewhere. Read with inih, behind a reader of our own that delivers logical lines. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/fault.h"

#define DOCUMENT_LINE_MAX    65536 /* bytes of a line, and of a value with its continuations */
#define DOCUMENT_SECTION_MAX 50    /* bytes between the brackets: "appserver " and a name of 40 */
#define DOCUMENT_MAX         ((size_t)64 * 1024 * 1024) /* bytes of a file */

/* One file of the configuration. */
struct source {
    char *file;          /* as it appears in faults */
    char *folder;        /* relative file names in it begin there; "" for the working directory */
    const char *readers; /* who else can read it, as static words; NULL: nobody */
};

/* Each at an address of its own, which stays. */
struct source_list {
    struct source **items;
    size_t count;
};

void source_list_free(struct source_list *list);

struct entry {
    char *name;
    char *value; /* trimmed, quotes kept, comments taken off, continuations joined; wiped when freed */
    const struct source *source;
    int line;
    bool comment;   /* a comment followed it on one of its lines */
    bool inherited; /* it stands in [defaults KIND]; only in what defaults_merge makes */
};

struct section {
    char *type; /* "appserver" */
    char *name; /* "live"; NULL when the brackets hold one word only */
    const struct source *source;
    int line;
    bool reopened; /* its keys were moved to the section of that name further up */
    struct entry *entries;
    size_t count;
};

struct document {
    struct source_list sources; /* in the order in which they were read */
    struct section *sections;
    size_t count;
};

/* Reads text as one more file of the document (zeroed before the first). readers as in struct source. All faults of form
   are appended: lines, quotes, sections. What is faulty is left out of the document. The caller frees with
   document_free. */
void document_add(struct document *document, const char *file, const char *readers, struct span text,
                  struct fault_list *faults);
/* When all files have been added: tells sections and keys that are written twice. */
void document_check(struct document *document, struct fault_list *faults);
void document_free(struct document *document);

/* The first entry of that name, or NULL. */
const struct entry *section_find(const struct section *section, const char *name);

struct place section_place(const struct section *section);
struct place entry_place(const struct entry *entry);

/* "[appserver live]", for faults. The caller frees. */
char *section_title(const struct section *section);

#endif
