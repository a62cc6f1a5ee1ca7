/* Passwords as bcrypt hashes, by libxcrypt, which this module alone includes. */
#ifndef BASE_BCRYPT_H
#define BASE_BCRYPT_H

#include <stdbool.h>

#define BCRYPT_PASSWORD_MAX 72 /* bytes of a password that count; what is behind them is not looked at */
#define BCRYPT_HASH_SIZE    61 /* with the NUL */
#define BCRYPT_COST_MIN     4
#define BCRYPT_COST_MAX     17 /* some 10 s a password; more would hold up whoever comes next */
#define BCRYPT_COST_PRESET  12

/* Is the text a hash as bcrypt_make writes it, or with $2a$ or $2b$, of a cost within the bounds? */
bool bcrypt_is_hash(const char *text);

/* Takes milliseconds (cost 4) to seconds (cost 17) of CPU. hash must be one; false also when it cannot be computed. Takes as
   long for every password. Thread-safe. */
bool bcrypt_matches(const char *password, const char *hash);

/* Writes a $2y$ hash with a new salt. False: the system gives no random bytes. */
bool bcrypt_make(const char *password, int cost, char hash[BCRYPT_HASH_SIZE]);

#endif
