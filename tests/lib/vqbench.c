#include "tests/lib/vqbench.h"

#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"

struct vqbench *vqbench_new(uint16_t size, bool event_idx,
			    const uint64_t gpa[3])
{
	struct vqbench *b = calloc(1, sizeof(*b));
	struct drv_mem part[3];

	BUG_ON(!b);
	b->g = guest_new();
	for (unsigned i = 0; i < 3; i++) {
		uint32_t len = drv_split.bytes(size, (enum drv_part)i,
					       event_idx);

		part[i].gpa = gpa ? gpa[i] : guest_alloc(b->g, GUEST_LOW, len,
			drv_split.align((enum drv_part)i), NULL);
		part[i].p = guest_ptr(b->g, part[i].gpa, len);
		memset(part[i].p, 0, len);
		b->vq.addr[i] = part[i].gpa;
	}
	b->vq.ops = &vq_split_ops;
	b->vq.mem = &b->g->mem;
	b->vq.size = b->vq.max = size;
	b->vq.event_idx = event_idx;
	b->vq.indirect = true;
	drv_ring_init(&b->ring, &drv_split, size, event_idx, part, 0);
	BUG_ON(b->vq.ops->map(&b->vq, &b->g->mem));
	return b;
}

void vqbench_free(struct vqbench *b)
{
	guest_delete(b->g);
	free(b);
}

void vqbench_restart(struct vqbench *b, uint16_t start)
{
	struct drv_mem part[3];

	for (unsigned i = 0; i < 3; i++) {
		part[i] = b->ring.part[i];
		memset(part[i].p, 0, drv_split.bytes(b->ring.size,
						     (enum drv_part)i,
						     b->ring.event_idx));
	}
	drv_ring_init(&b->ring, &drv_split, b->ring.size, b->ring.event_idx,
		      part, b->ring.shuffle);
	b->ring.avail = b->ring.used = b->ring.published = start;
	drv_split_avail_idx(&b->ring, start);
	b->vq.next_avail = b->vq.seen_avail = start;
	b->vq.next_used = b->vq.signalled = start;
	b->vq.inflight = 0;
	b->vq.pushed = b->vq.kicks_off = false;
	/* As if it had come this far. */
	le16_store(&b->vq.used->idx, start);
}

int vqbench_pop(struct vqbench *b, uint16_t head, uint16_t max)
{
	drv_split_avail(&b->ring, b->ring.avail, head);
	drv_split_avail_idx(&b->ring, ++b->ring.avail);
	/* Shows what pop leaves alone. */
	memset(b->iov, 0x77, 32 * sizeof(b->iov[0]));
	b->c.iov = b->iov;
	b->c.max = max;
	return b->vq.ops->pop(&b->vq, &b->c);
}
