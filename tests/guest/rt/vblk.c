#include "tests/guest/rt/vblk.h"

#include "tests/guest/rt/hw.h"

#include <string.h>

bool vblk_open(struct vblk *b, unsigned nth, uint64_t want)
{
	uint64_t bar;

	memset(b, 0, sizeof(*b));
	if (!pci_find(VIRTIO_PCI_VENDOR, VIRTIO_PCI_DEVICE_BASE + VIRTIO_ID_BLOCK,
		      nth, &b->fn))
		return false;
	bar = pci_bar(b->fn, 0);
	if (bar >> 32)
		map(bar, 0x4000);
	b->gsi = pci_rd(b->fn, 0x3c, 1);
	if (!drv_pci_open(&b->bus, &rt_hw, b->fn.slot, b->fn.func) ||
	    !drv_start(&b->bus, (want | VIRTIO_F_VERSION_1) &
				drv_offered(&b->bus)))
		return false;
	b->data = pages(VBLK_SLOTS * VBLK_BYTES);
	b->status = pages(VBLK_SLOTS);
	b->header = pages(VBLK_SLOTS * 16);
	return true;
}

static bool acked(struct vblk *b, uint64_t feature)
{
	bool high = feature >> 32;

	b->bus.ops->put(&b->bus, DRV_DRV_SEL, high);
	return b->bus.ops->get(&b->bus, DRV_DRV_FEATURES) &
	       (uint32_t)(feature >> (high ? 32 : 0));
}

void vblk_go(struct vblk *b)
{
	const struct drv_ring_ops *fmt = acked(b, VIRTIO_F_RING_PACKED) ?
					 &drv_packed : &drv_split;
	bool event_idx = acked(b, VIRTIO_F_EVENT_IDX);
	uint16_t size = drv_q_max(&b->bus, 0);
	struct drv_mem part[3];

	for (unsigned i = 0; i < 3; i++) {
		part[i].p = pages(fmt->bytes(size, (enum drv_part)i,
					     event_idx));
		part[i].gpa = (uint64_t)part[i].p;
	}
	drv_ring_init(&b->ring, fmt, size, event_idx, part, 0);
	drv_q_start(&b->bus, 0, &b->ring);
	drv_ok(&b->bus);
}

bool vblk_send(struct vblk *b, unsigned slot, uint32_t type, uint64_t sector,
	       uint32_t len)
{
	uint8_t *h = b->header + slot * 16;
	struct drv_buf buf[3] = {
		{ (uint64_t)h, 16, false },
		{ (uint64_t)vblk_buf(b, slot), len, type == BLK_IN },
		{ (uint64_t)(b->status + slot), 1, true },
	};
	int id;

	memset(h, 0, 16);
	memcpy(h, &type, 4);
	memcpy(h + 8, &sector, 8);
	b->status[slot] = 0xff;
	if (!len)
		buf[1] = buf[2];
	id = drv_send(&b->bus, 0, &b->ring, buf, len ? 3 : 2, NULL);
	if (id < 0)
		return false;
	b->slot_of[id] = (int)slot;
	return true;
}

unsigned vblk_collect(struct vblk *b)
{
	unsigned n = 0;
	uint32_t len;

	while (b->ring.ops->collect(&b->ring, &len) >= 0)
		n++;
	return n;
}

uint8_t vblk_do(struct vblk *b, uint32_t type, uint64_t sector, uint32_t len)
{
	if (!vblk_send(b, 0, type, sector, len) ||
	    !wait_for(5000, vblk_collect(b) > 0))
		return 0xff;
	return __atomic_load_n(&b->status[0], __ATOMIC_ACQUIRE);
}
