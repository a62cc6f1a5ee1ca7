/* Where a text speaks of a user by name. A name is often a word like any other, so it counts only as a whole word, in
   any case of ASCII and Latin-1 letters:

   - Letters, digits, _ and all that is no ASCII make words. So do . - and @ before, . - and \ after the name, where another
     such character follows on their other side. A user called epicor is therefore not found in
     Epicor.RESTApi.ErrorHandling, epicor_erp, epicor-erp, erp@epicor and EPICOR\other, but in "of epicor.",
     ACME\epicor and epicor@example.com. An escaped character (%27, \u0027, \n) counts as what it stands for.
   - Of ACME\monitor and monitor@example.com the part monitor is looked for as well.
   - A name that the messages of servers use as a word of their own (username, api ...; see user_name.c) or of
     fewer than three bytes is found only where it can be nothing else: 'username', ACME\username, user=username,
     username@example.com; not in "Invalid username or password." */
#ifndef BASE_USER_NAME_H
#define BASE_USER_NAME_H

#include "base/text.h"

/* Sets to mark what is 0 of the bytes of hidden (as many as text has) where the text has the name. */
void user_name_hide(struct span text, struct span name, char mark, char *hidden);

#endif
