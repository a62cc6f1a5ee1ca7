/* secrets_search LIST FILE...: looks for every secret of the list in every file. Says where one is, never which it is but by its
   line in the list; exit 1 when there is one, 2 when a file cannot be read. */
#include "secrets.h"

#include <stdio.h>
#include <stdlib.h>

static int search(const struct secret_list *list, const char *path)
{
    char *text = NULL;
    size_t size = 0, capacity = 0, got, which;
    const char *what;
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return 2;
    }
    do {
        if (size + 65536 > capacity)
            text = realloc(text, capacity = 2 * capacity + 65536);
        if (!text)
            abort();
        size += got = fread(text + size, 1, 65536, file);
    } while (got > 0);
    fclose(file);
    const char *found = secret_list_find(list, text, size, &what, &which);
    if (found) {
        size_t line = 1;
        for (const char *at = text; at < found; at++)
            line += *at == '\n';
        printf("%s:%zu: the secret of line %zu of the list, %s\n", path, line, which, what);
    }
    free(text);
    return found ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: secrets_search LIST FILE...\n");
        return 2;
    }
    struct secret_list list = secret_list_read(argv[1]);
    int worst = 0;
    for (int i = 2; i < argc; i++) {
        int status = search(&list, argv[i]);
        worst = status > worst ? status : worst;
    }
    secret_list_free(&list);
    return worst;
}
