#include "web/file_stamp.h"

struct file_stamp file_stamp_of(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return (struct file_stamp){.exists = false};
    return (struct file_stamp){.exists = true,
                               .is_regular = S_ISREG(status.st_mode),
                               .device = status.st_dev,
                               .number = status.st_ino,
                               .size = status.st_size,
                               .written = status.st_mtim,
                               .changed = status.st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->exists == b->exists && a->device == b->device && a->number == b->number && a->size == b->size &&
           same_time(a->written, b->written) && same_time(a->changed, b->changed);
}
