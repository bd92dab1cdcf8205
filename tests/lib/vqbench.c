#include "tests/lib/vqbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/log.h"

struct vqbench *vqbench_new(const struct drv_ring_ops *fmt, uint16_t size,
			    bool event_idx, const uint64_t gpa[3])
{
	struct vqbench *b = calloc(1, sizeof(*b));
	struct drv_mem part[3];

	BUG_ON(!b);
	b->g = guest_new();
	for (unsigned i = 0; i < 3; i++) {
		uint32_t len = fmt->bytes(size, (enum drv_part)i, event_idx);

		part[i].gpa = gpa ? gpa[i] : guest_alloc(b->g, GUEST_LOW, len,
			fmt->align((enum drv_part)i), NULL);
		part[i].p = guest_ptr(b->g, part[i].gpa, len);
		memset(part[i].p, 0, len);
		b->vq.addr[i] = part[i].gpa;
	}
	b->vq.ops = fmt == &drv_packed ? &vq_packed_ops : &vq_split_ops;
	b->vq.mem = &b->g->mem;
	b->vq.size = b->vq.max = size;
	b->vq.event_idx = event_idx;
	b->vq.indirect = true;
	drv_ring_init(&b->ring, fmt, size, event_idx, part, 0);
	BUG_ON(b->vq.ops->map(&b->vq, &b->g->mem));
	return b;
}

void vqbench_free(struct vqbench *b)
{
	guest_delete(b->g);
	free(b);
}

/* As if both sides had come as far as start. */
static void start_split(struct vqbench *b, uint16_t start)
{
	b->ring.avail = b->ring.used = b->ring.published = start;
	drv_split_avail_idx(&b->ring, start);
	b->vq.next_avail = b->vq.seen_avail = start;
	b->vq.next_used = b->vq.signalled = start;
	le16_store(&b->vq.used->idx, start);
}

static void start_packed(struct vqbench *b, uint16_t start)
{
	uint16_t at = start % b->ring.size;
	bool wrap = start / b->ring.size % 2 == 0;

	/* What the lap before left in the ring, or this one has. */
	for (unsigned i = 0; i < b->ring.size; i++)
		drv_packed_desc(&b->ring, i, 0, 0, 0, (i < at) == wrap ?
				VRING_DESC_F_AVAIL | VRING_DESC_F_USED : 0);
	b->ring.avail = b->ring.used = at;
	b->vq.next_avail = b->vq.next_used = at;
	b->ring.avail_wrap = b->ring.used_wrap = wrap;
	b->vq.avail_wrap = b->vq.used_wrap = wrap;
}

void vqbench_restart(struct vqbench *b, uint16_t start)
{
	const struct drv_ring_ops *fmt = b->ring.ops;
	struct drv_mem part[3];

	for (unsigned i = 0; i < 3; i++) {
		part[i] = b->ring.part[i];
		memset(part[i].p, 0, fmt->bytes(b->ring.size, (enum drv_part)i,
						b->ring.event_idx));
	}
	drv_ring_init(&b->ring, fmt, b->ring.size, b->ring.event_idx, part,
		      b->ring.shuffle);
	b->vq.next_avail = b->vq.next_used = b->vq.inflight = 0;
	b->vq.pushed = b->vq.kicks_off = false;
	BUG_ON(b->vq.ops->map(&b->vq, &b->g->mem));
	if (fmt == &drv_packed)
		start_packed(b, start);
	else
		start_split(b, start);
}

int vqbench_take(struct vqbench *b, uint16_t max)
{
	/* Shows what pop leaves alone. */
	memset(b->iov, 0x77, 32 * sizeof(b->iov[0]));
	b->c.iov = b->iov;
	b->c.max = max;
	return b->vq.ops->pop(&b->vq, &b->c);
}

int vqbench_pop(struct vqbench *b, uint16_t head, uint16_t max)
{
	drv_split_avail(&b->ring, b->ring.avail, head);
	drv_split_avail_idx(&b->ring, ++b->ring.avail);
	return vqbench_take(b, max);
}

void vqbench_assert_piece(struct vqbench *b, unsigned i, uint64_t gpa,
			  uint64_t len)
{
	assert_ptr_equal(gmem_ptr(&b->g->mem, gpa, len, GMEM_READ),
			 b->iov[i].iov_base);
	assert_int_equal(len, b->iov[i].iov_len);
}

void vqbench_assert_chain(struct vqbench *b, unsigned nout, unsigned nin,
			  uint64_t out_len, uint64_t in_len, unsigned flaws)
{
	assert_int_equal(nout, b->c.nout);
	assert_int_equal(nin, b->c.nin);
	assert_int_equal(out_len, b->c.out_len);
	assert_int_equal(in_len, b->c.in_len);
	assert_int_equal(flaws, b->c.flaws);
}
