/* What the kernel knows of this process, as Prometheus's client libraries expose it (process_*). */
#ifndef METRICS_PROCESS_H
#define METRICS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process_figures {
    bool has_stat;      /* /proc/self/stat could be read: the next four */
    double cpu_seconds; /* user and system */
    double resident_bytes, virtual_bytes;
    double start_epoch; /* 0: unknown */
    bool has_open_fds;
    double open_fds;
    bool has_max_fds;
    double max_fds; /* the soft limit; +Inf: none */
};

/* Reads /proc: some ten system calls, a few kilobytes. Any thread. */
void process_read(struct process_figures *figures);

/* The figures of the text of /proc/PID/stat and the line "btime" of that of /proc/stat (either may be ""); the
   ticks are those of sysconf(_SC_CLK_TCK). */
void process_parse(const char *stat, const char *system_stat, double ticks, double page_size,
                   struct process_figures *figures);

#endif
