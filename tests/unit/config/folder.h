/* A folder of a test's own, with files in it. */
#ifndef TESTS_CONFIG_FOLDER_H
#define TESTS_CONFIG_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/epicor_config_XXXXXX";

/* For cmocka, before each test and behind it. */
static inline int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
    return mkdtemp(folder) == NULL || chmod(folder, 0755) != 0;
}

/* Until the next call. */
static inline char *path_of(const char *name)
{
    static char path[512];
    assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
    return path;
}

static inline void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *out = fopen(path_of(name), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static inline int remove_folder(void **state)
{
    (void)state;
    DIR *all = opendir(folder);
    for (const struct dirent *item; (item = readdir(all)) != NULL;)
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
            remove(path_of(item->d_name));
    closedir(all);
    return rmdir(folder);
}

#endif
