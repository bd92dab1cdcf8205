/*
 * Random numbers that can be had again: the seed is printed at the start, and
 * SEED=number in the environment repeats a run. Each thread its own struct.
 * All but rnd_init works in micro-guests, too.
 */
#ifndef TESTS_LIB_RND_H
#define TESTS_LIB_RND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rnd {
	uint64_t s;
};

/* Seeds from SEED or the clock, and prints which. */
void rnd_init(struct rnd *, const char *what);
/* A generator of its own for another thread. */
struct rnd rnd_split(struct rnd *);

uint32_t rnd_u32(struct rnd *);
uint64_t rnd_u64(struct rnd *);
/* 0 .. n - 1; n > 0. */
uint32_t rnd_below(struct rnd *, uint32_t n);
/* lo .. hi */
uint32_t rnd_range(struct rnd *, uint32_t lo, uint32_t hi);
bool rnd_chance(struct rnd *, unsigned percent);
void rnd_fill(struct rnd *, void *to, size_t len);

#endif
