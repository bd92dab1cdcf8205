/*
 * The packed virtqueue (virtio 2.8).
 *
 * One ring of descriptors that both sides write. A descriptor is available
 * when its AVAIL bit is the driver's wrap counter and its USED bit is not, and
 * used when both are the device's. Positions here are slots of the ring; a
 * chain takes as many as it has descriptors, an indirect one takes one.
 *
 * Each word of the driver's is read once into a copy, and only the copy is
 * looked at. The ring's own parts are host pointers, checked as a whole when
 * the queue goes live.
 */
#include <errno.h>

#include "devices/base/gmem.h"
#include "devices/virtio/vq_int.h"

static bool packed_size_ok(uint32_t size)
{
	(void)size;
	return true;
}

static int packed_map(struct vq *vq, const struct gmem *mem)
{
	if (vq->addr[0] % 16 || vq->addr[1] % 4 || vq->addr[2] % 4)
		return -EINVAL;
	/* Read and written: nothing that may be written may not be read. */
	vq->packed = gmem_ptr(mem, vq->addr[0],
			      sizeof(*vq->packed) * (uint64_t)vq->size,
			      GMEM_WRITE);
	vq->driver_event = gmem_ptr(mem, vq->addr[1],
				    sizeof(*vq->driver_event), GMEM_READ);
	vq->device_event = gmem_ptr(mem, vq->addr[2],
				    sizeof(*vq->device_event), GMEM_WRITE);
	vq->avail_wrap = vq->used_wrap = true;
	vq->slots = vq->unseen = 0;
	return vq->packed && vq->driver_event && vq->device_event ? 0 : -EFAULT;
}

/* ---- taking a chain ------------------------------------------------------- */

static bool is_available(const struct vq *vq, uint16_t flags)
{
	bool avail = flags & VRING_DESC_F_AVAIL, used = flags & VRING_DESC_F_USED;

	return avail == vq->avail_wrap && used != vq->avail_wrap;
}

static void advance(const struct vq *vq, uint16_t *at, bool *wrap, unsigned by)
{
	unsigned next = *at + by;

	if (next >= vq->size) {
		next -= vq->size;
		*wrap = !*wrap;
	}
	*at = (uint16_t)next;
}

/* virtio 2.8.7: all of the table's entries in their order, and of their flags
 * only WRITE counts. */
static int walk_table(const struct vq *vq, struct vq_chain *c, uint64_t addr,
		      uint32_t len, uint16_t flags)
{
	const uint8_t *table;

	if (!vq->indirect || (flags & VRING_DESC_F_NEXT) ||
	    !vq_table_len_ok(len))
		return -EPROTO;
	table = gmem_ptr(vq->mem, addr, len, GMEM_READ);
	if (!table)
		return -EFAULT;
	for (uint32_t off = 0; off < len; off += sizeof(struct vring_packed_desc)) {
		struct vring_packed_desc d;

		vq_desc_copy(&d, table + off);
		vq_chain_add(vq, c, le64_get(d.addr), le32_get(d.len),
			     le16_get(d.flags) & VRING_DESC_F_WRITE);
	}
	return 0;
}

/* flags: the first descriptor's, as they said that it is available. The
 * driver wrote the rest of the list before them. */
static int walk_list(const struct vq *vq, struct vq_chain *c, uint16_t flags)
{
	unsigned room = vq->size - vq->slots, at = vq->next_avail;

	for (;;) {
		struct vring_packed_desc d;

		/* A list longer than the ring, or one that begins again what
		 * is still in flight. */
		if (c->nslots == room)
			return -EPROTO;
		vq_desc_copy(&d, &vq->packed[at]);
		if (c->nslots++ > 0)
			flags = le16_get(d.flags);
		c->id = le16_get(d.id);
		if (flags & VRING_DESC_F_INDIRECT)
			/* virtio 2.8.7: a list is of one kind. */
			return c->nslots > 1 ? -EPROTO :
			       walk_table(vq, c, le64_get(d.addr),
					  le32_get(d.len), flags);
		vq_chain_add(vq, c, le64_get(d.addr), le32_get(d.len),
			     flags & VRING_DESC_F_WRITE);
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;
		if (++at == vq->size)
			at = 0;
	}
}

static int packed_pop(struct vq *vq, struct vq_chain *c)
{
	/* Pairs with the driver's barrier before it sets these flags. */
	uint16_t flags = le16_load_acquire(&vq->packed[vq->next_avail].flags);
	int err;

	if (!is_available(vq, flags))
		return 0;
	vq_chain_begin(c);
	c->nslots = 0;
	err = walk_list(vq, c, flags);
	if (err)
		return err;
	advance(vq, &vq->next_avail, &vq->avail_wrap, c->nslots);
	vq->slots = (uint16_t)(vq->slots + c->nslots);
	vq->inflight++;
	return 1;
}

static void packed_unpop(struct vq *vq, const struct vq_chain *c)
{
	if (vq->next_avail < c->nslots) {
		vq->next_avail = (uint16_t)(vq->next_avail + vq->size);
		vq->avail_wrap = !vq->avail_wrap;
	}
	vq->next_avail = (uint16_t)(vq->next_avail - c->nslots);
	vq->slots = (uint16_t)(vq->slots - c->nslots);
	vq->inflight--;
}

/* ---- giving it back ------------------------------------------------------- */

static void packed_push(struct vq *vq, const struct vq_chain *c,
			uint32_t written)
{
	struct vring_packed_desc *d = &vq->packed[vq->next_used];
	uint16_t flags = vq->used_wrap ? VRING_DESC_F_AVAIL | VRING_DESC_F_USED
				       : 0;

	if (written)
		flags |= VRING_DESC_F_WRITE;
	le16_store(&d->id, c->id);
	le32_store(&d->len, written);
	/* The driver looks at one slot only, the first of the batch: its flags
	 * come last, in flush, and the whole batch with them. */
	if (vq->pushed) {
		le16_store(&d->flags, flags);
	} else {
		vq->first = d;
		vq->first_flags = flags;
		vq->pushed = true;
	}
	advance(vq, &vq->next_used, &vq->used_wrap, c->nslots);
	vq->unseen += c->nslots;
	vq->slots = (uint16_t)(vq->slots - c->nslots);
	vq->inflight--;
}

/* virtio 2.8.10: is the slot the driver named among the last n used? Places
 * are counted over two laps, one for each state of the wrap counter. */
static bool event_passed(const struct vq *vq, uint16_t off_wrap, uint32_t n)
{
	unsigned size = vq->size, off = off_wrap & VRING_EVENT_OFF;
	unsigned laps = 2 * size;
	unsigned event = off + (off_wrap & VRING_EVENT_WRAP ? 0 : size);
	unsigned end = vq->next_used + (vq->used_wrap ? 0 : size);

	/* No place at all: rather once too often. */
	if (off >= size)
		return true;
	return (end + laps - event - 1) % laps < n;
}

static bool packed_flush(struct vq *vq)
{
	uint32_t n = vq->unseen, event;

	if (!vq->pushed)
		return false;
	vq->pushed = false;
	vq->unseen = 0;
	/* Orders the batch, and what it stands for, before its first flags. */
	le16_store_release(&vq->first->flags, vq->first_flags);
	/* The driver writes its wish, then looks at the flags; we write the
	 * flags, then look at its wish. One of us must see the other. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	event = le32_load(vq->driver_event);
	switch (VRING_EVENT_FLAGS(event)) {
	case VRING_EVENT_DISABLE:
		return false;
	case VRING_EVENT_DESC:
		return !vq->event_idx || event_passed(vq, (uint16_t)event, n);
	default:
		return true;
	}
}

static bool packed_waiting(const struct vq *vq)
{
	return is_available(vq, le16_load(&vq->packed[vq->next_avail].flags));
}

static bool packed_arm(struct vq *vq, bool on)
{
	uint16_t wrap = vq->avail_wrap ? VRING_EVENT_WRAP : 0;

	if (!on) {
		if (!vq->kicks_off)
			le32_store(vq->device_event,
				   VRING_EVENT(0, VRING_EVENT_DISABLE));
		vq->kicks_off = true;
		return false;
	}
	if (vq->event_idx)
		le32_store(vq->device_event,
			   VRING_EVENT(vq->next_avail | wrap, VRING_EVENT_DESC));
	else if (vq->kicks_off)
		le32_store(vq->device_event,
			   VRING_EVENT(0, VRING_EVENT_ENABLE));
	vq->kicks_off = false;
	/* As in packed_flush, with the sides exchanged. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return packed_waiting(vq);
}

const struct vq_ops vq_packed_ops = {
	.size_ok = packed_size_ok,
	.map = packed_map,
	.pop = packed_pop,
	.unpop = packed_unpop,
	.push = packed_push,
	.flush = packed_flush,
	.arm = packed_arm,
	.waiting = packed_waiting,
};
