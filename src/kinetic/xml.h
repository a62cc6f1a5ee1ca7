/* XML: the texts of named elements of a small document (token answers and error bodies, facts §1, §5.4), and the elements of a
   document of any size as they come ($metadata, facts §5.2). The only file that knows expat. A document type declaration is
   refused, so there are no entities but the five of XML itself. */
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

/* ---- as it comes ---- */

#define XML_NAMES_MAX 4096         /* distinct names of elements and attributes: the parser keeps each */
#define XML_TOKEN_MAX (128 * 1024) /* bytes of one tag or comment, about: the parser keeps it whole */

/* Told of each element; its name without prefix, attributes as pairs of name and value, ended by NULL. */
struct xml_visitor {
    void (*start)(void *context, const char *name, const char *const *attributes);
    void (*end)(void *context, const char *name);
    void *context;
};

struct xml_stream;

/* Reads a document of any size in pieces, in memory that the bounds above limit whatever the pieces hold. Freed by the
   caller; visitor is copied. */
struct xml_stream *xml_stream_new(const struct xml_visitor *visitor);
/* False as soon as the document is certainly not good; more is ignored then. */
bool xml_stream_feed(struct xml_stream *stream, const void *bytes, size_t size);
/* The document ends here. NULL when it was well-formed; else what was wrong, for people, which lives as long as the stream. */
const char *xml_stream_finish(struct xml_stream *stream);
void xml_stream_free(struct xml_stream *stream); /* may be NULL */

/* The value of the attribute of that very name; NULL when there is none. */
const char *xml_attribute(const char *const *attributes, const char *name);

#endif
