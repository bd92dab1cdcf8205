/*
 * The packed ring, driver's side (virtio 2.8.16 to 2.8.22). Words the device
 * may look at or change meanwhile are accessed one by one, atomically.
 */
#include <string.h>

#include "tests/lib/drv.h"

struct vring_packed_desc *drv_packed_slot(const struct drv_ring *r, unsigned i)
{
	return (struct vring_packed_desc *)r->part[DRV_DESC].p + i;
}

static le32 *driver_event(const struct drv_ring *r)
{
	return r->part[DRV_DRIVER].p;
}

static uint32_t device_event(const struct drv_ring *r)
{
	return le32_load(r->part[DRV_DEVICE].p);
}

static uint32_t packed_bytes(uint16_t size, enum drv_part part, bool event_idx)
{
	(void)event_idx;
	return part == DRV_DESC ? 16u * size : 4;
}

static uint32_t packed_align(enum drv_part part)
{
	return part == DRV_DESC ? 16 : 4;
}

static void packed_init(struct drv_ring *r)
{
	drv_ring_ids(r);
	r->avail = r->used = r->published = 0;
	r->avail_wrap = r->used_wrap = true;
	r->added = 0;
	r->no_irq = false;
}

/* ---- adding --------------------------------------------------------------- */

static void put_slot(struct drv_ring *r, uint64_t addr, uint32_t len,
		     uint16_t id, uint16_t flags)
{
	struct vring_packed_desc *d = drv_packed_slot(r, r->avail);

	flags |= r->avail_wrap ? VRING_DESC_F_AVAIL : VRING_DESC_F_USED;
	le64_store(&d->addr, addr);
	le32_store(&d->len, len);
	le16_store(&d->id, id);
	/* The device looks at one slot only, the first of what was added: its
	 * flags come last, in publish. */
	if (r->added++ == 0) {
		r->published = r->avail;
		r->first_flags = flags;
	} else {
		le16_store(&d->flags, flags);
	}
	if (++r->avail == r->size) {
		r->avail = 0;
		r->avail_wrap = !r->avail_wrap;
	}
}

static void fill_table(void *table, const struct drv_buf *buf, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct vring_packed_desc d = {
			le64_put(buf[i].gpa), le32_put(buf[i].len), le16_put(0),
			le16_put(buf[i].write ? VRING_DESC_F_WRITE : 0),
		};

		memcpy((char *)table + 16u * i, &d, sizeof(d));
	}
}

static int packed_add(struct drv_ring *r, const struct drv_buf *buf,
		      unsigned n, const struct drv_mem *table)
{
	unsigned slots = table ? 1 : n;
	uint16_t id;

	if (n == 0 || n > DRV_RING_MAX || slots > r->nfree)
		return -1;
	id = drv_take_id(r);
	r->ndesc[id] = (uint16_t)slots;
	/* There are as many ids as slots, so that slots are what is short. */
	r->nfree = (uint16_t)(r->nfree - (slots - 1));
	if (table) {
		fill_table(table->p, buf, n);
		put_slot(r, table->gpa, 16 * n, id, VRING_DESC_F_INDIRECT);
		return id;
	}
	for (unsigned i = 0; i < n; i++)
		put_slot(r, buf[i].gpa, buf[i].len, id,
			 (uint16_t)((buf[i].write ? VRING_DESC_F_WRITE : 0) |
				    (i + 1 < n ? VRING_DESC_F_NEXT : 0)));
	return id;
}

/* Whether the device wants to hear of the n slots that end at avail. */
static bool wanted(const struct drv_ring *r, unsigned n)
{
	uint32_t event = device_event(r);
	unsigned laps = 2u * r->size, at, end;

	if (VRING_EVENT_FLAGS(event) == VRING_EVENT_DISABLE)
		return false;
	if (VRING_EVENT_FLAGS(event) != VRING_EVENT_DESC)
		return true;
	at = (event & VRING_EVENT_OFF) + (event & VRING_EVENT_WRAP ? 0 : r->size);
	end = r->avail + (r->avail_wrap ? 0u : r->size);
	return (end + laps - at - 1) % laps < n;
}

static bool packed_publish(struct drv_ring *r)
{
	unsigned n = r->added;

	r->added = 0;
	if (n == 0)
		return false;
	le16_store_release(&drv_packed_slot(r, r->published)->flags, r->first_flags);
	/* The flags before the look at the device's wish (virtio 2.8.21.2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return wanted(r, n);
}

/* ---- collecting ----------------------------------------------------------- */

static uint16_t used_flags(const struct drv_ring *r)
{
	return le16_load_acquire(&drv_packed_slot(r, r->used)->flags);
}

static bool packed_ready(const struct drv_ring *r)
{
	uint16_t flags = used_flags(r);
	bool avail = flags & VRING_DESC_F_AVAIL, used = flags & VRING_DESC_F_USED;

	return avail == r->used_wrap && used == r->used_wrap;
}

static void ask_at(struct drv_ring *r, unsigned at, bool wrap)
{
	if (at >= r->size) {
		at -= r->size;
		wrap = !wrap;
	}
	le32_store(driver_event(r),
		   VRING_EVENT(at | (wrap ? VRING_EVENT_WRAP : 0),
			       VRING_EVENT_DESC));
}

static int packed_collect(struct drv_ring *r, uint32_t *len)
{
	struct vring_packed_desc *d = drv_packed_slot(r, r->used);
	unsigned slots = 1;
	uint16_t id;

	if (!packed_ready(r))
		return -1;
	id = le16_load(&d->id);
	*len = used_flags(r) & VRING_DESC_F_WRITE ? le32_load(&d->len) : 0;
	/* An id that is not in flight frees nothing; the caller sees it. */
	if (id < r->size && r->ndesc[id]) {
		slots = r->ndesc[id];
		r->nfree = (uint16_t)(r->nfree + slots - 1);
		drv_give_id(r, id);
	}
	r->used = (uint16_t)(r->used + slots);
	if (r->used >= r->size) {
		r->used = (uint16_t)(r->used - r->size);
		r->used_wrap = !r->used_wrap;
	}
	if (r->event_idx && !r->no_irq)
		ask_at(r, r->used, r->used_wrap);
	return id;
}

static bool packed_irqs(struct drv_ring *r, bool on)
{
	r->no_irq = !on;
	if (!on)
		le32_store(driver_event(r), VRING_EVENT(0, VRING_EVENT_DISABLE));
	else if (r->event_idx)
		ask_at(r, r->used, r->used_wrap);
	else
		le32_store(driver_event(r), VRING_EVENT(0, VRING_EVENT_ENABLE));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return packed_ready(r);
}

static void packed_irq_after(struct drv_ring *r, unsigned chains,
			     unsigned ndesc)
{
	ask_at(r, r->used + chains * ndesc, r->used_wrap);
}

static bool packed_wants_kick(const struct drv_ring *r)
{
	uint32_t event = device_event(r);

	if (VRING_EVENT_FLAGS(event) != VRING_EVENT_DESC)
		return VRING_EVENT_FLAGS(event) == VRING_EVENT_ENABLE;
	return (event & 0xffff) ==
	       (r->avail | (r->avail_wrap ? VRING_EVENT_WRAP : 0));
}

static void packed_spoil(struct drv_ring *r)
{
	/* A table of no length. */
	put_slot(r, 0, 0, 0, VRING_DESC_F_INDIRECT);
	packed_publish(r);
}

static void packed_overfill(struct drv_ring *r)
{
	const struct vring_packed_desc *d = drv_packed_slot(r, r->avail);

	put_slot(r, le64_load(&d->addr), le32_load(&d->len), le16_load(&d->id),
		 le16_load(&d->flags) & VRING_DESC_F_WRITE);
	packed_publish(r);
}

const struct drv_ring_ops drv_packed = {
	.name = "packed",
	.feature = VIRTIO_F_RING_PACKED,
	.bytes = packed_bytes,
	.align = packed_align,
	.init = packed_init,
	.add = packed_add,
	.publish = packed_publish,
	.ready = packed_ready,
	.collect = packed_collect,
	.irqs = packed_irqs,
	.irq_after = packed_irq_after,
	.wants_kick = packed_wants_kick,
	.spoil = packed_spoil,
	.overfill = packed_overfill,
};

void drv_packed_desc(struct drv_ring *r, unsigned i, uint64_t addr,
		     uint32_t len, uint16_t id, uint16_t flags)
{
	struct vring_packed_desc *d = drv_packed_slot(r, i);

	le64_store(&d->addr, addr);
	le32_store(&d->len, len);
	le16_store(&d->id, id);
	le16_store_release(&d->flags, flags);
}

void drv_packed_event(struct drv_ring *r, uint32_t event)
{
	le32_store(driver_event(r), event);
}

uint32_t drv_packed_device_event(const struct drv_ring *r)
{
	return device_event(r);
}
