#include "base/bcrypt.h"

#include <crypt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "base/secret.h"

#define SALT_BYTES 16
#define ALPHABET   "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* $2y$12$ and then 22 characters of salt and 31 of the hash. */
#define COST_AT     4
#define SALT_AT     7
#define SALT_END_AT 28

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool bcrypt_is_hash(const char *text)
{
    if (strlen(text) != BCRYPT_HASH_SIZE - 1 || strncmp(text, "$2", 2) != 0 ||
        strchr("aby", text[2]) == NULL || text[3] != '$' || !is_digit(text[COST_AT]) ||
        !is_digit(text[COST_AT + 1]) || text[SALT_AT - 1] != '$')
        return false;
    int cost = (text[COST_AT] - '0') * 10 + (text[COST_AT + 1] - '0');
    if (cost < BCRYPT_COST_MIN || cost > BCRYPT_COST_MAX)
        return false;
    /* Of the last character of the salt two bits count; libxcrypt clears the others, and no password would match. */
    return strspn(text + SALT_AT, ALPHABET) == BCRYPT_HASH_SIZE - 1 - SALT_AT &&
           strchr(".Oeu", text[SALT_END_AT]) != NULL;
}

/* The hash of the password with the salt and cost of setting. False: libxcrypt refuses. */
static bool compute(const char *password, const char *setting, char hash[BCRYPT_HASH_SIZE])
{
    struct crypt_data *data = memory_new(1, sizeof *data); /* 32 KB, too much for a stack */
    const char *made = crypt_rn(password, setting, data, (int)sizeof *data);
    bool good = made != NULL && strlen(made) == BCRYPT_HASH_SIZE - 1;

    if (good)
        memcpy(hash, made, BCRYPT_HASH_SIZE);
    secret_wipe(data, sizeof *data);
    free(data);
    return good;
}

bool bcrypt_matches(const char *password, const char *hash)
{
    char computed[BCRYPT_HASH_SIZE];
    unsigned char difference = 0;

    if (!compute(password, hash, computed))
        return false;
    for (size_t i = 0; i < BCRYPT_HASH_SIZE - 1; i++)
        difference = (unsigned char)(difference | (computed[i] ^ hash[i]));
    return difference == 0;
}

bool bcrypt_make(const char *password, int cost, char hash[BCRYPT_HASH_SIZE])
{
    char salt[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];

    return getrandom(salt, sizeof salt, 0) == SALT_BYTES &&
           crypt_gensalt_rn("$2y$", (unsigned long)cost, salt, SALT_BYTES, setting, (int)sizeof setting) !=
               NULL &&
           compute(password, setting, hash);
}
