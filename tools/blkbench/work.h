/*
 * What is asked of a disk, shared by the micro-guest and the host's side, so
 * that both make the same requests in the same order: where the next request
 * goes, what a block holds when it is verified, and how latencies are counted.
 * Freestanding. One thread at a time for each object.
 */
#ifndef TOOLS_BLKBENCH_WORK_H
#define TOOLS_BLKBENCH_WORK_H

#include <stdbool.h>
#include <stdint.h>

#define WORK_QUEUES_MAX 8
#define WORK_DEPTH_MAX  1024            /* of all queues together */
#define WORK_BS_MAX     (1u << 20)

struct work {
	uint64_t blocks;                /* of bs bytes, from the start */
	uint64_t count;                 /* requests in all; 0: until ticks */
	uint64_t ticks, warm;           /* of the clock; warm is not counted */
	uint64_t seed;
	uint32_t bs;                    /* bytes, a multiple of 512 */
	uint32_t depth;                 /* in flight in each queue */
	uint32_t queues;
	uint32_t writes;                /* per cent */
	bool random;
};

/* ---- where requests go ---------------------------------------------------- */

struct stream {                         /* of one queue */
	uint64_t state, first, blocks, at;
	uint64_t left;                  /* requests; ~0: no end */
};

static inline uint64_t work_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Sequential queues walk through parts of their own, random ones share all. */
static inline void stream_init(struct stream *s, const struct work *w,
			       unsigned q)
{
	uint64_t part = w->blocks / w->queues;

	s->state = w->seed + q * UINT64_C(0x632be59bd9b4e019);
	s->first = w->random ? 0 : q * part;
	s->blocks = w->random ? w->blocks : part;
	s->at = 0;
	s->left = w->count ? w->count / w->queues +
			     (q < w->count % w->queues) : ~UINT64_C(0);
}

/* The next request's block; true: it is a write. left is not 0. */
static inline bool stream_next(struct stream *s, const struct work *w,
			       uint64_t *block)
{
	uint64_t r = work_random(&s->state);

	if (w->random) {
		*block = (uint64_t)((unsigned __int128)r * s->blocks >> 64);
	} else {
		*block = s->first + s->at;
		s->at = s->at + 1 < s->blocks ? s->at + 1 : 0;
	}
	s->left--;
	return (r & 0xffff) * 100 >> 16 < w->writes;
}

/* ---- what a verified block holds ------------------------------------------ */

static inline void block_fill(void *to, uint32_t bs, uint64_t seed,
			      uint64_t block)
{
	uint64_t state = seed ^ block * UINT64_C(0xd6e8feb86659fd93), *p = to;

	for (uint32_t i = 0; i < bs / 8; i++)
		p[i] = work_random(&state);
}

static inline bool block_good(const void *at, uint32_t bs, uint64_t seed,
			      uint64_t block)
{
	uint64_t state = seed ^ block * UINT64_C(0xd6e8feb86659fd93);
	const uint64_t *p = at;

	for (uint32_t i = 0; i < bs / 8; i++)
		if (p[i] != work_random(&state))
			return false;
	return true;
}

/* ---- latencies ------------------------------------------------------------ */

/* 64 buckets for each power of two: at most 1.6 % off. */
#define HIST_BITS 6
#define HIST_LEN  ((64 - HIST_BITS + 1) << HIST_BITS)

struct hist {
	uint64_t n, sum, max;
	uint32_t at[HIST_LEN];
};

static inline void hist_add(struct hist *h, uint64_t v)
{
	unsigned shift = 0;

	if (v >> HIST_BITS)
		shift = 63u - (unsigned)__builtin_clzll(v) - HIST_BITS;
	if (v >> HIST_BITS)
		h->at[((shift + 1) << HIST_BITS) +
		      (v >> shift & ((1 << HIST_BITS) - 1))]++;
	else
		h->at[v]++;
	h->n++;
	h->sum += v;
	if (v > h->max)
		h->max = v;
}

/* What permille of the values are not above; 0 when there is none. */
static inline uint64_t hist_permille(const struct hist *h, unsigned permille)
{
	uint64_t want = (h->n * permille + 999) / 1000, seen = 0;

	for (unsigned i = 0; i < HIST_LEN && h->n; i++) {
		unsigned shift = i >> HIST_BITS ? (i >> HIST_BITS) - 1 : 0;
		uint64_t low = i & ((1 << HIST_BITS) - 1);

		seen += h->at[i];
		if (seen < want)
			continue;
		if (i >> HIST_BITS)
			low |= UINT64_C(1) << HIST_BITS;
		low = (low << shift) + ((UINT64_C(1) << shift) >> 1);
		return low < h->max ? low : h->max;
	}
	return 0;
}

#endif
