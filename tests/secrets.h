/* The secrets of all tests (tests/secrets.txt, a line each; # is a comment, ~ a word that is used as one and not looked for), and looking for them where they must not be: as they are, in any
   case of letters, in base64 behind anything, percent-encoded, escaped as in HTML and in JSON. Shares nothing with the
   product, whose redaction it judges. */
#ifndef TESTS_SECRETS_H
#define TESTS_SECRETS_H

#include <stddef.h>

struct secret_list {
    char **items;
    size_t count;
};

/* Ends the process when the file cannot be read or has no secret. */
struct secret_list secret_list_read(const char *path);
void secret_list_free(struct secret_list *list);

/* Where the text first holds one of them (or a token: eyJ... with a dot and eyJ...); NULL: nowhere. *what is in which form,
   *which the line of the secret in the list, 0 of a token. */
const char *secret_list_find(const struct secret_list *list, const char *text, size_t size, const char **what,
                             size_t *which);

/* Fails the cmocka test when the text holds a secret of the suite's list. */
void secret_check(const char *whose, const char *text, size_t size);

#endif
