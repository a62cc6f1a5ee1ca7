/* Headers of a request, some of them secret: all are wiped when freed. And the headers that Kinetic reads
   (facts §3, §4.1, §5.1). */
#ifndef KINETIC_HEADER_H
#define KINETIC_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

struct header_list {
    char **lines; /* "Name: value", without CR LF */
    size_t count;
};

/* Appends "Name: value". False, and nothing appended, when the value holds a control character but tab (RFC
 * 9110 §5.5). */
bool header_add(struct header_list *list, const char *name, const char *value);
/* The same with value = prefix and the secret: ("Authorization", "Bearer ", token). */
bool header_add_secret(struct header_list *list, const char *name, const char *prefix,
                       const struct secret *value);
void header_list_free(struct header_list *list);

/* Authorization: Basic of user and password in UTF-8 (RFC 7617). False when the user holds a colon. */
bool header_add_basic(struct header_list *list, const struct secret *username, const struct secret *password);

/* License: {"ClaimedLicense":"guid"}; guid NULL adds none. */
bool header_add_license(struct header_list *list, const char *guid);

/* CallSettings: {"Company":...,"Plant":...,"Language":...,"FormatCulture":...} with the members that are not
   NULL, as JSON in ASCII (other characters as \u escapes); where all are NULL none is added. */
bool header_add_call_settings(struct header_list *list, const char *company, const char *plant,
                              const char *language, const char *format_culture);

#endif
