#include "devices/base/reg.h"

static void reg_write(const struct reg_block *b, void *ctx, uint32_t off,
		      unsigned size, uint32_t val)
{
	for (unsigned i = 0; i < b->n; i++) {
		const struct reg *r = &b->regs[i];

		if (r->off != off)
			continue;
		if (r->size == size && r->wr)
			r->wr(ctx, r, val);
		return;
	}
}

static uint32_t reg_read(const struct reg_block *b, void *ctx, uint32_t off,
			 unsigned size)
{
	uint32_t val = 0;

	for (unsigned at = 0; at < size; at++)
		val |= (uint32_t)b->undef << (8 * at);
	for (unsigned i = 0; i < b->n; i++) {
		const struct reg *r = &b->regs[i];
		uint32_t v;

		if (r->off >= off + size)
			break;
		if (r->off + r->size <= off)
			continue;
		v = r->rd ? r->rd(ctx, r) : 0;
		for (unsigned k = 0; k < r->size; k++) {
			uint32_t at = r->off + k - off;

			if (at >= size)         /* before off wraps to large */
				continue;
			val &= ~(0xffu << (8 * at));
			val |= (v >> (8 * k) & 0xff) << (8 * at);
		}
	}
	return val;
}

void reg_rw(const struct reg_block *b, void *ctx, uint32_t off, unsigned size,
	    uint32_t *val, bool write)
{
	if (write)
		reg_write(b, ctx, off, size, *val);
	else
		*val = reg_read(b, ctx, off, size);
}
