#include "tests/lib/vqmodel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct gmem_region *region_of(struct vqbench *b, uint64_t gpa)
{
	for (unsigned i = 0; i < b->g->mem.n; i++)
		if (gpa >= b->g->mem.r[i].gpa &&
		    gpa < b->g->mem.r[i].gpa + b->g->mem.r[i].len)
			return &b->g->mem.r[i];
	return NULL;
}

static bool allowed(struct vqbench *b, uint64_t gpa, uint64_t len, bool write)
{
	for (uint64_t i = 0; i < len; i++) {
		const struct gmem_region *r = region_of(b, gpa + i);

		if (!r || (write && !(r->dirs & GMEM_WRITE)))
			return false;
	}
	return true;
}

void vqmodel_buffer(struct vqbench *b, struct vqmodel *w, uint64_t gpa,
		    uint64_t len, bool write)
{
	w->ndesc++;
	if (len == 0)
		return;
	if (!write && w->in_len) {
		w->flaws |= VQ_BAD_ORDER;
		return;
	}
	assert_true(w->n + GMEM_MAX_REGIONS < VQMODEL_PIECES);
	*(write ? &w->in_len : &w->out_len) += len;
	/* No region is that long. */
	if (len > 0x200000 || !allowed(b, gpa, len, write)) {
		w->flaws |= VQ_BAD_ADDR;
		w->piece[w->n].bad = true;
		w->piece[w->n].write = write;
		w->piece[w->n++].len = len;
		return;
	}
	while (len) {
		const struct gmem_region *r = region_of(b, gpa);
		uint64_t part = r->gpa + r->len - gpa;

		part = part < len ? part : len;
		w->piece[w->n].gpa = gpa;
		w->piece[w->n].write = write;
		w->piece[w->n].bad = false;
		w->piece[w->n++].len = part;
		gpa += part;
		len -= part;
	}
}

int vqmodel_table(struct vqbench *b, uint64_t gpa, uint32_t len)
{
	if (len % 16 || len == 0 || len / 16 > VQ_MAX_SIZE)
		return -EPROTO;
	return gmem_ptr(&b->g->mem, gpa, len, GMEM_READ) ? 0 : -EFAULT;
}

static void compare_piece(struct vqbench *b, const struct vqmodel *w,
			  unsigned at, unsigned i)
{
	assert_int_equal(w->piece[i].len, b->iov[at].iov_len);
	if (w->piece[i].bad)
		assert_null(b->iov[at].iov_base);
	else
		assert_ptr_equal(gmem_ptr(&b->g->mem, w->piece[i].gpa,
					  w->piece[i].len, GMEM_READ),
				 b->iov[at].iov_base);
}

void vqmodel_compare(struct vqbench *b, const struct vqmodel *w, unsigned max)
{
	bool lost = w->n > max;
	unsigned n = lost ? max : w->n, nin = 0;

	assert_int_equal(w->ndesc, b->c.ndesc);
	assert_int_equal(w->out_len, b->c.out_len);
	assert_int_equal(w->in_len, b->c.in_len);
	assert_int_equal(w->flaws | (lost ? VQ_TOO_LONG : 0), b->c.flaws);
	assert_int_equal(n, b->c.nout + b->c.nin);
	for (unsigned i = 0; i + 1 < n; i++)
		compare_piece(b, w, i, i);
	if (n)
		compare_piece(b, w, n - 1, w->n - 1);
	for (unsigned i = 0; i < n; i++)
		nin += w->piece[i + 1 < n ? i : w->n - 1].write;
	assert_int_equal(nin, b->c.nin);
}

uint64_t vqmodel_any_addr(struct rnd *r)
{
	static const uint64_t edges[] = {
		GUEST_LOW_GPA, GUEST_NEXT_GPA, GUEST_NEXT_GPA + GUEST_NEXT_LEN,
		GUEST_ROM_GPA, GUEST_ROM_GPA + GUEST_ROM_LEN, GUEST_HIGH_GPA,
		GUEST_HIGH_GPA + GUEST_HIGH_LEN, GUEST_HOLE, 0,
	};

	if (rnd_chance(r, 70))
		return 0x10000 + rnd_below(r, 0x10000);
	return edges[rnd_below(r, 9)] + rnd_below(r, 64) - 32;
}

uint32_t vqmodel_any_len(struct rnd *r)
{
	static const uint32_t lens[] = { 0, 1, 16, 512, 4096, 0xffffffff };

	return rnd_chance(r, 80) ? rnd_below(r, 40) : lens[rnd_below(r, 6)];
}
