/*
 * A virtio-blk driver for micro-guests, over the driver library of tests/lib.
 */
#ifndef TESTS_GUEST_RT_VBLK_H
#define TESTS_GUEST_RT_VBLK_H

#include "tests/guest/rt/rt.h"
#include "tests/lib/drv.h"

#define VBLK_SLOTS 64
#define VBLK_BYTES 4096         /* data buffer of a slot */

struct vblk {
	struct drv_bus bus;
	struct drv_ring ring;
	struct pci_fn fn;
	unsigned gsi;                   /* INTx, from the interrupt line byte */
	uint8_t *data;                  /* VBLK_SLOTS buffers */
	uint8_t *status;                /* a byte a slot, 0xff: not completed */
	uint8_t *header;                /* 16 bytes a slot */
	int slot_of[DRV_RING_MAX];      /* by chain id */
};

/* Opens the nth virtio-blk function and negotiates want & offered. */
bool vblk_open(struct vblk *, unsigned nth, uint64_t want);
/* Queues and DRIVER_OK. Between open and this, MSI-X may be set up. */
void vblk_go(struct vblk *);
/* One request on a slot's buffer of len bytes; kicks. */
bool vblk_send(struct vblk *, unsigned slot, uint32_t type, uint64_t sector,
	       uint32_t len);
/* Collects what completed: how many. Slots' status bytes are set. */
unsigned vblk_collect(struct vblk *);
/* Sends on slot 0 and polls for the status, at most 5 s; 0xff: none came. */
uint8_t vblk_do(struct vblk *, uint32_t type, uint64_t sector, uint32_t len);

static inline uint8_t *vblk_buf(struct vblk *b, unsigned slot)
{
	return b->data + slot * VBLK_BYTES;
}

#define BLK_IN 0
#define BLK_OUT 1
#define BLK_FLUSH 4

#endif
