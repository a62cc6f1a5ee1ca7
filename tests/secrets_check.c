#include "main.h"

#include "secrets.h"

void secret_check(const char *whose, const char *text, size_t size)
{
    const char *what;
    size_t which;
    struct secret_list list = secret_list_read(TESTS_DIR "/secrets.txt");
    const char *found = secret_list_find(&list, text, size, &what, &which);
    secret_list_free(&list);
    if (found)
        fail_msg("%s holds the secret of line %zu of tests/secrets.txt, %s", whose, which, what);
}
