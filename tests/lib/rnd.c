#include "tests/lib/rnd.h"

/* splitmix64: every state is a good one, 0 too. */
uint64_t rnd_u64(struct rnd *r)
{
	uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct rnd rnd_split(struct rnd *r)
{
	return (struct rnd){ rnd_u64(r) };
}

uint32_t rnd_u32(struct rnd *r)
{
	return (uint32_t)(rnd_u64(r) >> 32);
}

uint32_t rnd_below(struct rnd *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rnd_u32(r) * n >> 32);
}

uint32_t rnd_range(struct rnd *r, uint32_t lo, uint32_t hi)
{
	return lo + rnd_below(r, hi - lo + 1);
}

bool rnd_chance(struct rnd *r, unsigned percent)
{
	return rnd_below(r, 100) < percent;
}

void rnd_fill(struct rnd *r, void *to, size_t len)
{
	uint8_t *p = to;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)rnd_u32(r);
}
