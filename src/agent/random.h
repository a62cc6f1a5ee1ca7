/* Numbers for jitter: small, seeded, repeatable in tests; not for secrets. */
#ifndef AGENT_RANDOM_H
#define AGENT_RANDOM_H

#include <stdint.h>

/* Mixes the bits of a number (the finaliser of SplitMix64). */
static inline uint64_t random_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* 0 <= result < below, below > 0; steps the state. */
static inline int64_t random_below(uint64_t *state, int64_t below)
{
    *state = random_mix(*state);
    return (int64_t)(*state % (uint64_t)below);
}

#endif
