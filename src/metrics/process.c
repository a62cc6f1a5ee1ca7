#include "metrics/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"

/* proc(5), fields of /proc/PID/stat, counted from 1; the third is the first behind the name in parentheses. */
enum { FIRST = 3, UTIME = 14, STIME = 15, STARTTIME = 22, VSIZE = 23, RSS = 24 };

static bool read_field(const char *text, int wanted, double *out)
{
    int64_t value;

    for (int field = FIRST; field < wanted; field++) {
        text = strchr(text, ' ');
        if (text == NULL)
            return false;
        text++;
    }
    if (!text_to_int64((struct span){text, strcspn(text, " \n")}, &value))
        return false;
    *out = (double)value;
    return true;
}

static double boot_epoch(const char *system_stat)
{
    const char *line = strstr(system_stat, "\nbtime ");
    int64_t value;

    if (line == NULL)
        return 0;
    line += strlen("\nbtime ");
    return text_to_int64((struct span){line, strcspn(line, "\n")}, &value) ? (double)value : 0;
}

void process_parse(const char *stat, const char *system_stat, double ticks, double page_size,
                   struct process_figures *figures)
{
    /* The program's name may hold anything, blanks and parentheses too. */
    const char *fields = strrchr(stat, ')');
    double user, system, start, size, pages;

    figures->has_stat = false;
    if (fields == NULL || strlen(fields) < 2)
        return;
    fields += 2;
    if (!read_field(fields, UTIME, &user) || !read_field(fields, STIME, &system) ||
        !read_field(fields, STARTTIME, &start) || !read_field(fields, VSIZE, &size) ||
        !read_field(fields, RSS, &pages))
        return;
    figures->has_stat = true;
    figures->cpu_seconds = (user + system) / ticks;
    figures->virtual_bytes = size;
    figures->resident_bytes = pages * page_size;
    double boot = boot_epoch(system_stat);
    figures->start_epoch = boot > 0 ? boot + start / ticks : 0;
}

/* Reads at most size - 1 bytes of the file; "" when it cannot be read. */
static void read_text(const char *path, char *out, size_t size)
{
    size_t used = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    while (descriptor >= 0 && used < size - 1) {
        ssize_t got = read(descriptor, out + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    if (descriptor >= 0)
        close(descriptor);
    out[used] = '\0';
}

/* The line of /proc/stat that holds the time of boot, a line feed before it. */
static void read_boot_line(char *out, size_t size)
{
    FILE *file = fopen("/proc/stat", "re");
    char *line = NULL;
    size_t room = 0;

    out[0] = '\0';
    while (file != NULL && getline(&line, &room, file) > 0) {
        if (strncmp(line, "btime ", strlen("btime ")) == 0) {
            snprintf(out, size, "\n%s", line);
            break;
        }
    }
    free(line);
    if (file != NULL)
        fclose(file);
}

static bool count_descriptors(double *out)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    if (folder == NULL)
        return false;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    *out = (double)(count - 1); /* that of the folder itself */
    return true;
}

void process_read(struct process_figures *figures)
{
    char stat[2048], boot[64];
    struct rlimit limit;

    *figures = (struct process_figures){0};
    read_text("/proc/self/stat", stat, sizeof stat);
    read_boot_line(boot, sizeof boot);
    process_parse(stat, boot, (double)sysconf(_SC_CLK_TCK), (double)sysconf(_SC_PAGESIZE), figures);
    figures->has_open_fds = count_descriptors(&figures->open_fds);
    figures->has_max_fds = getrlimit(RLIMIT_NOFILE, &limit) == 0;
    if (figures->has_max_fds)
        figures->max_fds = limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
}
