/* The texts of named elements of a small XML document: token answers and error bodies (facts §1, §5.4). The only file
   that knows expat. A document type declaration is refused, so there are no entities but the five of XML itself. */
#ifndef KINETIC_XML_H
#define KINETIC_XML_H

#include <stdbool.h>
#include <stddef.h>

#define XML_DEPTH_MAX 64 /* elements open at once */

/* An element looked for: by its name without prefix, whatever the case of its letters, at any depth. */
struct xml_field {
    const char *name;
    char
        *text; /* of the first such element, without the text of elements in it; NULL: there is none. Owned */
    size_t size;
};

/* Reads a whole document, with or without a byte order mark. False, and all texts NULL, when it is not well-formed, has
   a document type declaration or is nested too deep. The caller bounds size, and calls xml_fields_free. */
bool xml_read(const char *text, size_t size, struct xml_field *fields, size_t count);

/* Wipes and frees the texts: one of them may be a token. */
void xml_fields_free(struct xml_field *fields, size_t count);

#endif
