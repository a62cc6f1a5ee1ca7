#include "command/embedded_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static bool write_replaced(const char *data, const char *base_url, FILE *out)
{
    size_t size = strlen(base_url);

    while (size > 0 && base_url[size - 1] == '/')
        size--;
    for (const char *found; (found = strstr(data, EMBEDDED_BASE_URL)) != NULL;) {
        fwrite(data, 1, (size_t)(found - data), out);
        fwrite(base_url, 1, size, out);
        data = found + strlen(EMBEDDED_BASE_URL);
    }
    return fputs(data, out) >= 0;
}

static bool write_file(const struct embedded_file *file, const char *path, const char *base_url)
{
    char *draft = memory_format("%s.new", path);
    unlink(draft); /* of a run that was cut off */
    int descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");

    if (out == NULL) {
        free(draft);
        return false;
    }
    bool good = base_url != NULL ? write_replaced(file->data, base_url, out)
                                 : fwrite(file->data, 1, file->size, out) == file->size;
    good = !ferror(out) && good;
    good = fclose(out) == 0 && good && rename(draft, path) == 0;
    int why = errno;
    if (!good)
        unlink(draft);
    free(draft);
    errno = why;
    return good;
}

enum exit_status embedded_write(const struct embedded_file *table, const char *directory,
                                const char *base_url)
{
    enum exit_status status = STATUS_GOOD;

    if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "epicor_exporter: cannot make the folder %s: %s\n", directory,
                strerrordesc_np(errno));
        return STATUS_FAILED;
    }
    for (const struct embedded_file *file = table; file->name != NULL; file++) {
        char *path = memory_format("%s/%s", directory, file->name);
        if (write_file(file, path, base_url)) {
            printf("%s\n", path);
        } else {
            fprintf(stderr, "epicor_exporter: cannot write %s: %s\n", path, strerrordesc_np(errno));
            status = STATUS_FAILED;
        }
        free(path);
    }
    return status;
}
