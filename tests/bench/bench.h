/* What benchmarks share: the processor's time, and numbers that are the same in every run. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdint.h>
#include <time.h>

/* Of the whole process, in seconds. */
static inline double cpu_seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* 24 bits. */
static inline uint32_t draw(void)
{
    static uint32_t seed = 12345;

    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

#endif
