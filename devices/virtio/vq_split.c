/*
 * The split virtqueue (virtio 2.7; AERO-W7-VIRTIO 2).
 *
 * Each word of the driver's is read once into a copy, and only the copy is
 * looked at. The ring's own parts are host pointers, checked as a whole when
 * the queue goes live.
 */
#include <errno.h>

#include "devices/base/gmem.h"
#include "devices/virtio/vq_int.h"

/* virtio 2.7: a split queue's size is a power of two. */
static bool split_size_ok(uint32_t size)
{
	return (size & (size - 1)) == 0;
}

static int split_map(struct vq *vq, const struct gmem *mem)
{
	/* AERO-W7-VIRTIO 2.1.1: without EVENT_IDX there is no field past the
	 * entries, and a ring may end where RAM ends. */
	uint64_t event = vq->event_idx ? 2 : 0;
	uint64_t n = vq->size;

	if (vq->addr[0] % 16 || vq->addr[1] % 2 || vq->addr[2] % 4 ||
	    !split_size_ok(vq->size))
		return -EINVAL;
	vq->desc = gmem_ptr(mem, vq->addr[0], 16 * n, GMEM_READ);
	vq->avail = gmem_ptr(mem, vq->addr[1], 4 + 2 * n + event, GMEM_READ);
	vq->used = gmem_ptr(mem, vq->addr[2], 4 + 8 * n + event, GMEM_WRITE);
	vq->seen_avail = vq->signalled = 0;
	return vq->desc && vq->avail && vq->used ? 0 : -EFAULT;
}

static le16 *used_event(const struct vq *vq)
{
	return &vq->avail->ring[vq->size];
}

static le16 *avail_event(const struct vq *vq)
{
	return (le16 *)(void *)&vq->used->ring[vq->size];
}

/* ---- taking a chain ------------------------------------------------------- */

/* Where the walk is: the ring's own table or an indirect one. */
struct walk {
	const uint8_t *table;
	uint32_t entries, left;         /* left: descriptors until it is a loop */
	bool indirect;
};

static int enter_indirect(const struct vq *vq, struct walk *w, uint64_t addr,
			  uint32_t len, uint16_t flags)
{
	if (!vq->indirect || w->indirect || (flags & VRING_DESC_F_NEXT) ||
	    !vq_table_len_ok(len))
		return -EPROTO;
	w->table = gmem_ptr(vq->mem, addr, len, GMEM_READ);
	if (!w->table)
		return -EFAULT;
	w->entries = w->left = len / sizeof(struct vring_desc);
	w->indirect = true;
	return 0;
}

static int walk_chain(const struct vq *vq, struct vq_chain *c, uint16_t head)
{
	struct walk w = {
		.table = (const uint8_t *)vq->desc, .entries = vq->size,
		.left = vq->size,
	};
	uint32_t i = head;
	int err;

	for (;;) {
		struct vring_desc d;
		uint16_t flags;

		if (i >= w.entries || w.left-- == 0)
			return -EPROTO;
		vq_desc_copy(&d, w.table + i * sizeof(d));
		flags = le16_get(d.flags);
		if (flags & VRING_DESC_F_INDIRECT) {
			err = enter_indirect(vq, &w, le64_get(d.addr),
					     le32_get(d.len), flags);
			if (err)
				return err;
			i = 0;
			continue;
		}
		vq_chain_add(vq, c, le64_get(d.addr), le32_get(d.len),
			     flags & VRING_DESC_F_WRITE);
		if (!(flags & VRING_DESC_F_NEXT))
			return 0;
		i = le16_get(d.next);
	}
}

static int split_pop(struct vq *vq, struct vq_chain *c)
{
	uint16_t head;
	int err;

	if (vq->next_avail == vq->seen_avail) {
		/* Pairs with the driver's barrier between entry and index. */
		vq->seen_avail = le16_load_acquire(&vq->avail->idx);
		if (vq->next_avail == vq->seen_avail)
			return 0;
		if ((uint16_t)(vq->seen_avail - vq->next_avail) > vq->size)
			return -EPROTO;
	}
	/* More chains than descriptors: some are handed out twice. */
	if (vq->inflight >= vq->size)
		return -EPROTO;
	head = le16_load(&vq->avail->ring[vq->next_avail & (vq->size - 1)]);
	vq_chain_begin(c);
	c->id = head;
	c->nslots = 1;
	err = walk_chain(vq, c, head);
	if (err)
		return err;
	vq->next_avail++;
	vq->inflight++;
	return 1;
}

static void split_unpop(struct vq *vq, const struct vq_chain *c)
{
	(void)c;
	vq->next_avail--;
	vq->inflight--;
}

/* ---- giving it back ------------------------------------------------------- */

static void split_push(struct vq *vq, const struct vq_chain *c,
		       uint32_t written)
{
	struct vring_used_elem *e =
		&vq->used->ring[vq->next_used & (vq->size - 1)];

	le32_store(&e->id, c->id);
	le32_store(&e->len, written);
	vq->next_used++;
	vq->inflight--;
	vq->pushed = true;
}

/* virtio 2.7.10: has the index passed event since it was old? */
static bool need_event(uint16_t event, uint16_t new, uint16_t old)
{
	return (uint16_t)(new - event - 1) < (uint16_t)(new - old);
}

static bool split_flush(struct vq *vq)
{
	uint16_t old = vq->signalled;

	if (!vq->pushed)
		return false;
	vq->pushed = false;
	/* Orders the used entries, and what they stand for, before the index. */
	le16_store_release(&vq->used->idx, vq->next_used);
	vq->signalled = vq->next_used;
	/* The driver writes its wish, then looks at the index; we write the
	 * index, then look at its wish. One of us must see the other. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vq->event_idx)
		return need_event(le16_load(used_event(vq)), vq->next_used,
				  old);
	return !(le16_load(&vq->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

static bool split_waiting(const struct vq *vq)
{
	return le16_load(&vq->avail->idx) != vq->next_avail;
}

static bool split_arm(struct vq *vq, bool on)
{
	if (!on) {
		/* With EVENT_IDX an index left behind asks for nothing. */
		if (!vq->event_idx && !vq->kicks_off)
			le16_store(&vq->used->flags, VRING_USED_F_NO_NOTIFY);
		vq->kicks_off = true;
		return false;
	}
	if (vq->event_idx)
		le16_store(avail_event(vq), vq->next_avail);
	else if (vq->kicks_off)
		le16_store(&vq->used->flags, 0);
	vq->kicks_off = false;
	/* As in split_flush, with the sides exchanged. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return split_waiting(vq);
}

static void split_seek(struct vq *vq)
{
	uint16_t at = le16_load(&vq->used->idx);

	vq->next_avail = vq->seen_avail = at;
	vq->next_used = vq->signalled = at;
	/* As far as is known. */
	vq->kicks_off = true;
}

const struct vq_ops vq_split_ops = {
	.size_ok = split_size_ok,
	.map = split_map,
	.pop = split_pop,
	.unpop = split_unpop,
	.push = split_push,
	.flush = split_flush,
	.arm = split_arm,
	.waiting = split_waiting,
	.seek = split_seek,
};
