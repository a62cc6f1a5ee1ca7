#include "config/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/secret.h"
#include "config/value.h"

/* ---- a file ---- */

/* Who beside the owner could read the file; NULL: nobody. Where the group's right is what lets this process
   read it, as packages set it up, the group is us. */
static const char *other_readers(const struct stat *about)
{
    if ((about->st_mode & S_IROTH) != 0)
        return "every user";
    bool by_group = about->st_uid != geteuid() && about->st_gid == getegid();
    return (about->st_mode & S_IRGRP) != 0 && !by_group ? "its group" : NULL;
}

static const char *read_remedy(int error)
{
    switch (error) {
    case ENOENT:
        return "; name it with --config.file=PATH";
    case EACCES:
        return "; let the user that runs the exporter read it, such as chgrp epicor_exporter and chmod 640";
    default:
        return "";
    }
}

static void unreadable(const char *path, int error, struct fault_list *faults)
{
    fault_add(faults, (struct place){path, 0}, "cannot be read: %s%s", strerrordesc_np(error),
              read_remedy(error));
}

/* All of the descriptor's bytes, at most the text's maximum. False when it cannot be read, which is told. */
static bool descriptor_read(int descriptor, const char *path, struct buffer *text, struct fault_list *faults)
{
    char bytes[65536];
    ssize_t got;
    int error = 0;

    while ((got = read(descriptor, bytes, sizeof bytes)) > 0 && buffer_append(text, bytes, (size_t)got))
        ;
    if (got < 0)
        error = errno;
    secret_wipe(bytes, sizeof bytes);
    if (error != 0)
        unreadable(path, error, faults);
    else if (got > 0)
        fault_add(faults, (struct place){path, 0}, "the file is larger than 64 MiB");
    return got == 0;
}

static void text_wipe(struct buffer *text)
{
    if (text->data != NULL)
        secret_wipe(text->data, text->capacity);
    buffer_free(text);
}

/* Adds the open file to the document. *room: bytes that may still be read. False when it cannot be read, which is told. */
static bool file_add(struct document *document, int descriptor, const struct stat *about, const char *path,
                     size_t *room, struct fault_list *faults)
{
    struct buffer text;
    bool good;

    if (S_ISREG(about->st_mode) && (size_t)about->st_size > *room) {
        fault_add(faults, (struct place){path, 0}, "%s larger than 64 MiB",
                  *room == DOCUMENT_MAX ? "the file is" : "with this file the configuration is");
        return false;
    }
    buffer_init(&text, *room);
    if (S_ISREG(about->st_mode))
        buffer_reserve(&text,
                       (size_t)about->st_size); /* at once, so that no copy of a secret is left behind */
    good = descriptor_read(descriptor, path, &text, faults);
    if (good) {
        *room -= text.size;
        document_add(document, path, other_readers(about), (struct span){buffer_as_text(&text), text.size},
                     faults);
    }
    text_wipe(&text);
    return good;
}

/* Opens without waiting for whoever writes a FIFO. */
static int file_open(const char *path, struct stat *about)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (descriptor >= 0 && fstat(descriptor, about) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

/* ---- a folder ---- */

struct names {
    char **items;
    size_t count;
};

static int name_compare(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The *.ini of the folder, but for hidden ones, by name. False when the folder is no good, which is told. */
static bool folder_list(const char *path, struct names *names, struct fault_list *faults)
{
    const struct place place = {path, 0};
    DIR *folder = opendir(path);
    const struct dirent *item;

    if (folder == NULL) {
        unreadable(path, errno, faults);
        return false;
    }
    for (errno = 0; (item = readdir(folder)) != NULL && names->count <= FILES_MAX; errno = 0) {
        size_t size = strlen(item->d_name);
        if (size < 4 || strcmp(item->d_name + size - 4, ".ini") != 0)
            continue;
        if (item->d_name[0] == '.') {
            char *hidden = path_within(path, item->d_name);
            warning_add(faults, (struct place){hidden, 0}, "a hidden file is not read");
            free(hidden);
            continue;
        }
        if ((names->count & (names->count - 1)) == 0)
            names->items = memory_grow(names->items, names->count == 0 ? 1 : names->count * 2,
                                       sizeof *names->items);
        names->items[names->count++] = memory_copy_text(item->d_name);
    }
    int error = errno;
    closedir(folder);
    if (error != 0)
        unreadable(path, error, faults);
    else if (names->count == 0)
        fault_add(faults, place, "there is no file *.ini in this folder");
    else if (names->count > FILES_MAX)
        fault_add(faults, place, "there are more than %d files *.ini in this folder", FILES_MAX);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, name_compare);
    return error == 0 && names->count <= FILES_MAX;
}

static bool folder_file_add(struct document *document, const char *path, size_t *room,
                            struct fault_list *faults)
{
    struct stat about;
    int descriptor = file_open(path, &about);

    bool good = false;

    if (descriptor < 0) {
        int error = errno;
        if (error != ENOENT)
            unreadable(path, error, faults);
        else if (lstat(path, &about) == 0)
            fault_add(faults, (struct place){path, 0}, "the link leads to nothing");
        else
            good = true; /* one that has just gone was not to be read */
        return good;
    }
    if (S_ISDIR(about.st_mode))
        fault_add(faults, (struct place){path, 0}, "it is a folder; folders within the folder are not read");
    else if (!S_ISREG(about.st_mode))
        fault_add(faults, (struct place){path, 0}, "it is no regular file");
    else
        good = file_add(document, descriptor, &about, path, room, faults);
    close(descriptor);
    return good;
}

static bool folder_read(struct document *document, const char *path, struct fault_list *faults)
{
    struct names names = {0};
    size_t room = DOCUMENT_MAX;
    bool listed = folder_list(path, &names, faults), good = listed && names.count > 0;

    for (size_t i = 0; i < names.count; i++) {
        char *file = path_within(path, names.items[i]);
        if (listed && !folder_file_add(document, file, &room, faults))
            good = false;
        free(file);
        free(names.items[i]);
    }
    free(names.items);
    return good;
}

bool files_read(struct document *document, const char *path, struct fault_list *faults)
{
    struct stat about;
    size_t room = DOCUMENT_MAX;
    int descriptor = file_open(path, &about);
    bool good;

    if (descriptor < 0) {
        unreadable(path, errno, faults);
        return false;
    }
    if (S_ISDIR(about.st_mode)) {
        size_t size = strlen(path);
        while (size > 1 && path[size - 1] == '/')
            size--;
        char *folder = memory_copy_bytes(path, size);
        good = folder_read(document, folder, faults);
        free(folder);
    } else {
        good = file_add(document, descriptor, &about, path, &room, faults);
    }
    close(descriptor);
    return good;
}
