/* Whether a file is still the one that was read. */
#ifndef WEB_FILE_STAMP_H
#define WEB_FILE_STAMP_H

#include <stdbool.h>
#include <sys/stat.h>

struct file_stamp {
    bool exists, is_regular;
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec written, changed;
};

/* Of the file that the path leads to now; through symbolic links, which is how Kubernetes swaps files. */
struct file_stamp file_stamp_of(const char *path);
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);

#endif
