/*
 * The split ring, driver's side (virtio 2.7.13, 2.7.14). Words the device may
 * look at or change meanwhile are accessed one by one, atomically.
 */
#include <string.h>

#include "tests/lib/drv.h"

static struct vring_desc *desc_of(const struct drv_ring *r)
{
	return r->part[DRV_DESC].p;
}

static struct vring_avail *avail_of(const struct drv_ring *r)
{
	return r->part[DRV_DRIVER].p;
}

static struct vring_used *used_of(const struct drv_ring *r)
{
	return r->part[DRV_DEVICE].p;
}

static le16 *used_event(const struct drv_ring *r)
{
	return &avail_of(r)->ring[r->size];
}

static le16 *avail_event(const struct drv_ring *r)
{
	return (le16 *)(void *)&used_of(r)->ring[r->size];
}

static uint32_t split_bytes(uint16_t size, enum drv_part part, bool event_idx)
{
	uint32_t event = event_idx ? 2 : 0;

	switch (part) {
	case DRV_DESC: return 16u * size;
	case DRV_DRIVER: return 4 + 2u * size + event;
	default: return 4 + 8u * size + event;
	}
}

static uint32_t split_align(enum drv_part part)
{
	return part == DRV_DESC ? 16 : part == DRV_DRIVER ? 2 : 4;
}

static void split_init(struct drv_ring *r)
{
	drv_ring_ids(r);
	r->avail = r->used = r->published = 0;
	r->no_irq = false;
}

/* Where the n entries of an indirect table stand: entry 0 is the first, the
 * others anywhere. */
static void table_order(struct drv_ring *r, uint16_t *at, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		at[i] = (uint16_t)i;
	for (unsigned i = n; r->shuffle && i > 2; i--) {
		uint32_t j = 1 + drv_roll(&r->shuffle) % (i - 1);
		uint16_t was = at[j];

		at[j] = at[i - 1];
		at[i - 1] = was;
	}
}

static void fill_table(struct drv_ring *r, void *table,
		       const struct drv_buf *buf, unsigned n)
{
	uint16_t at[DRV_RING_MAX + 1];

	table_order(r, at, n);
	at[n] = 0;
	for (unsigned i = 0; i < n; i++) {
		uint16_t flags = buf[i].write ? VRING_DESC_F_WRITE : 0;
		struct vring_desc d;

		if (i + 1 < n)
			flags |= VRING_DESC_F_NEXT;
		d = drv_desc(buf[i].gpa, buf[i].len, flags, at[i + 1]);
		memcpy((char *)table + 16u * at[i], &d, sizeof(d));
	}
}

static int add_direct(struct drv_ring *r, const struct drv_buf *buf, unsigned n)
{
	uint16_t head = r->free_head, i = head;

	for (unsigned k = 0; k < n; k++) {
		uint16_t flags = buf[k].write ? VRING_DESC_F_WRITE : 0;

		i = drv_take_id(r);
		if (k + 1 < n)
			flags |= VRING_DESC_F_NEXT;
		/* next[i] is the one taken next. */
		desc_of(r)[i] = drv_desc(buf[k].gpa, buf[k].len, flags,
					 k + 1 < n ? r->next[i] : 0);
	}
	r->ndesc[head] = (uint16_t)n;
	return head;
}

static int add_indirect(struct drv_ring *r, const struct drv_buf *buf,
			unsigned n, const struct drv_mem *table)
{
	uint16_t i = drv_take_id(r);

	fill_table(r, table->p, buf, n);
	desc_of(r)[i] = drv_desc(table->gpa, 16 * n, VRING_DESC_F_INDIRECT, 0);
	r->ndesc[i] = 1;
	return i;
}

static int split_add(struct drv_ring *r, const struct drv_buf *buf, unsigned n,
		     const struct drv_mem *table)
{
	int head;

	if (n == 0 || n > DRV_RING_MAX || (table ? 1 : n) > r->nfree)
		return -1;
	head = table ? add_indirect(r, buf, n, table) : add_direct(r, buf, n);
	le16_store(&avail_of(r)->ring[r->avail & (r->size - 1)],
		   (uint16_t)head);
	r->avail++;
	return head;
}

static bool split_publish(struct drv_ring *r)
{
	uint16_t old = r->published, new = r->avail;

	le16_store_release(&avail_of(r)->idx, new);
	r->published = new;
	/* The index before the look at the device's wish (virtio 2.7.13.3). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!r->event_idx)
		return !(le16_load(&used_of(r)->flags) &
			 VRING_USED_F_NO_NOTIFY);
	return (uint16_t)(new - le16_load(avail_event(r)) - 1) <
	       (uint16_t)(new - old);
}

static void free_chain(struct drv_ring *r, uint16_t head)
{
	uint16_t last = head;

	for (unsigned k = 1; k < r->ndesc[head]; k++)
		last = r->next[last];
	r->next[last] = r->free_head;
	r->free_head = head;
	r->nfree = (uint16_t)(r->nfree + r->ndesc[head]);
	r->ndesc[head] = 0;
}

static bool split_ready(const struct drv_ring *r)
{
	return le16_load_acquire(&used_of(r)->idx) != r->used;
}

static int split_collect(struct drv_ring *r, uint32_t *len)
{
	struct vring_used_elem *e;
	uint32_t id;

	if (!split_ready(r))
		return -1;
	e = &used_of(r)->ring[r->used & (r->size - 1)];
	id = le32_load(&e->id);
	*len = le32_load(&e->len);
	r->used++;
	if (r->event_idx && !r->no_irq)
		le16_store(used_event(r), r->used);
	/* An id that is not in flight frees nothing; the caller sees it. */
	if (id < r->size && r->ndesc[id])
		free_chain(r, (uint16_t)id);
	return (int)id;
}

static bool split_irqs(struct drv_ring *r, bool on)
{
	r->no_irq = !on;
	if (r->event_idx)
		le16_store(used_event(r), on ? r->used
					     : (uint16_t)(r->used - 1));
	else
		le16_store(&avail_of(r)->flags,
			   on ? 0 : VRING_AVAIL_F_NO_INTERRUPT);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return split_ready(r);
}

static void split_irq_after(struct drv_ring *r, unsigned chains,
			    unsigned ndesc)
{
	(void)ndesc;
	le16_store(used_event(r), (uint16_t)(r->used + chains));
}

static bool split_wants_kick(const struct drv_ring *r)
{
	if (r->event_idx)
		return le16_load(avail_event(r)) == r->avail;
	return !(le16_load(&used_of(r)->flags) & VRING_USED_F_NO_NOTIFY);
}

static void split_spoil(struct drv_ring *r)
{
	le16_store(&avail_of(r)->ring[r->avail & (r->size - 1)], 0xfff0);
	le16_store_release(&avail_of(r)->idx, ++r->avail);
}

static void split_overfill(struct drv_ring *r)
{
	le16_store_release(&avail_of(r)->idx, ++r->avail);
}

const struct drv_ring_ops drv_split = {
	.name = "split",
	.bytes = split_bytes,
	.align = split_align,
	.init = split_init,
	.add = split_add,
	.publish = split_publish,
	.ready = split_ready,
	.collect = split_collect,
	.irqs = split_irqs,
	.irq_after = split_irq_after,
	.wants_kick = split_wants_kick,
	.spoil = split_spoil,
	.overfill = split_overfill,
};

void drv_split_desc(struct drv_ring *r, unsigned i, uint64_t addr, uint32_t len,
		    uint16_t flags, uint16_t next)
{
	desc_of(r)[i] = drv_desc(addr, len, flags, next);
}

void drv_split_avail(struct drv_ring *r, uint16_t at, uint16_t head)
{
	le16_store(&avail_of(r)->ring[at & (r->size - 1)], head);
}

void drv_split_avail_idx(struct drv_ring *r, uint16_t idx)
{
	le16_store_release(&avail_of(r)->idx, idx);
}

void drv_split_flags(struct drv_ring *r, uint16_t flags)
{
	le16_store(&avail_of(r)->flags, flags);
}

void drv_split_used_event(struct drv_ring *r, uint16_t event)
{
	le16_store(used_event(r), event);
}

uint16_t drv_split_used_idx(const struct drv_ring *r)
{
	return le16_load_acquire(&used_of(r)->idx);
}

uint16_t drv_split_used_flags(const struct drv_ring *r)
{
	return le16_load(&used_of(r)->flags);
}

uint16_t drv_split_avail_event(const struct drv_ring *r)
{
	return le16_load(avail_event(r));
}
