/* Secrets: a type of their own, wiped when freed, printed nowhere. Where a secret comes from is a struct
   secret_source, which is configuration; a struct secret is its text at one moment. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define SECRET_MAX 65536 /* bytes; a longer secret is refused */

struct secret; /* reference-counted, immutable, thread-safe */

enum secret_form { SECRET_NONE, SECRET_INLINE, SECRET_FILE, SECRET_ENV, SECRET_CREDENTIAL };

struct secret_source {
    enum secret_form form;
    char *name;             /* file path, variable, credential name; NULL for the others. Owned. */
    struct secret *inlined; /* SECRET_INLINE only. Owned. */
};

/* A secret of these bytes (copied). The caller's own copy is the caller's to wipe (secret_wipe). */
struct secret *secret_new(const char *bytes, size_t size);
struct secret *secret_ref(struct secret *secret); /* NULL gives NULL */
void secret_unref(struct secret *secret);         /* NULL is allowed; the last one wipes */

/* The text, NUL-terminated; to be handed to a library or put into a request, nowhere else. */
const char *secret_reveal(const struct secret *secret);
size_t secret_size(const struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b); /* both NULL: equal */

/* Reads the source now. May block (a file): not for the agent thread. Trailing CR and LF are trimmed, and
   only they. Credentials are files in $CREDENTIALS_DIRECTORY. Returns NULL, and *why an owned sentence that
   names the source and never its content, when it cannot be read, is empty, holds a NUL or is too long.
   SECRET_NONE gives NULL and *why NULL. */
struct secret *secret_read(const struct secret_source *source, char **why);

void secret_source_free(struct secret_source *source);

/* Overwrites in a way that the compiler keeps. */
void secret_wipe(void *bytes, size_t size);

/* A new text, which the caller frees, with <secret> in the place of each occurrence of each secret (of 4 bytes
   or more), in any case of letters and in whatever form it comes back: percent-encoded (also twice), escaped
   as in JSON, HTML or XML, read as Latin-1, in base64; and of its beginning, where that is 8 bytes or more, or
   4 at the end of the text, as a text has it that was cut amid the secret. And with <user> in the place of each
   name where the text speaks of that user (base/user_name.h), <secret> in the place of Basic credentials in base64 that
   begin with it. NULLs in the lists are passed over. */
char *secret_redact(const char *text, struct secret *const *secrets, size_t count,
                    struct secret *const *names, size_t name_count);

#endif
