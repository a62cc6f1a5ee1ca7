/* Finding a text that has been sent in a text that came back. What a server echoes comes back as it was sent or as the
   answer's language writes it, so each character is looked for in every form that it may have: percent-encoded (also
   twice), escaped as in JSON, HTML or XML, read as Latin-1, in the other case. */
#ifndef BASE_SECRET_MATCH_H
#define BASE_SECRET_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct secret_match {
    size_t text;   /* bytes of it that stand for ... */
    size_t secret; /* ... so many bytes of this */
};

/* Sets leads[b] for each byte b that a text may begin with where it stands for what was sent, which begins with the
   byte first; more are set than need be. Elsewhere secret_match finds nothing, and need not be asked. */
void secret_match_leads(unsigned char first, bool leads[256]);

/* How much of what was sent the text begins with. */
struct secret_match secret_match(struct span text, const char *bytes, size_t size);

#endif
