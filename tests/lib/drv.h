/*
 * The driver's side of virtio: what a guest kernel does, over a bus that is
 * PCI or MMIO, with a ring that is split or packed. Free of libc but
 * for memcpy and memset, so that micro-guests can compile it, too.
 *
 * Calls on one bus: one thread at a time. Each ring: one thread at a time.
 */
#ifndef TESTS_LIB_DRV_H
#define TESTS_LIB_DRV_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/virtio/virtio.h"

/* ---- the machine ---------------------------------------------------------- */

/* The CPU's loads and stores of device registers. */
struct drv_hw {
	uint64_t (*read)(struct drv_hw *, uint64_t addr, unsigned size);
	void (*write)(struct drv_hw *, uint64_t addr, unsigned size,
		      uint64_t val);
	uint32_t (*in)(struct drv_hw *, uint16_t port, unsigned size);
	void (*out)(struct drv_hw *, uint16_t port, unsigned size,
		    uint32_t val);
};

/* ---- the bus -------------------------------------------------------------- */

enum drv_reg {
	DRV_DEV_SEL, DRV_DEV_FEATURES, DRV_DRV_SEL, DRV_DRV_FEATURES,
	DRV_STATUS, DRV_GENERATION,
	DRV_Q_SEL, DRV_Q_MAX, DRV_Q_SIZE, DRV_Q_ENABLE,
};
enum drv_part { DRV_DESC, DRV_DRIVER, DRV_DEVICE };

struct drv_bus;
struct drv_bus_ops {
	const char *name;               /* "pci", "mmio" */
	uint32_t (*get)(struct drv_bus *, enum drv_reg);
	void (*put)(struct drv_bus *, enum drv_reg, uint32_t val);
	/* Of the selected queue. */
	void (*put_addr)(struct drv_bus *, enum drv_part, uint64_t gpa);
	/* Any thread, once the queue was set up. */
	void (*notify)(struct drv_bus *, uint16_t q);
	/* Interrupt causes (VIRTIO_ISR_*), acknowledged by the call. */
	unsigned (*take_isr)(struct drv_bus *);
	uint32_t (*cfg_get)(struct drv_bus *, unsigned off, unsigned size);
	void (*cfg_put)(struct drv_bus *, unsigned off, unsigned size,
			uint32_t val);
};

#define DRV_QUEUES 8

struct drv_bus {
	const struct drv_bus_ops *ops;
	struct drv_hw *hw;
	/* PCI: the function, where its windows are, notify addresses */
	uint8_t slot, func;
	uint64_t bar0, common, isr, cfg, notify, notify_q[DRV_QUEUES];
	uint32_t notify_mult;
	/* MMIO */
	uint64_t base;
};

/* The function at slot.func: reads its capabilities and turns on memory
 * decoding and bus mastering. False: not a virtio device with all it needs. */
bool drv_pci_open(struct drv_bus *, struct drv_hw *, unsigned slot,
		  unsigned func);
/* False: no virtio-mmio device of version 2 there. */
bool drv_mmio_open(struct drv_bus *, struct drv_hw *, uint64_t base);

/* Configuration space, by ports 0xCF8 and 0xCFC. */
uint32_t drv_pci_cfg_get(struct drv_bus *, unsigned off, unsigned size);
void drv_pci_cfg_put(struct drv_bus *, unsigned off, unsigned size,
		     uint32_t val);
/* Offset of the nth capability with that id (vendor ones: of that cfg_type,
 * unless type is 0), or 0. */
unsigned drv_pci_cap(struct drv_bus *, uint8_t id, uint8_t type);
/* Turns MSI-X on: vector v sends data + v to addr. config and queue q get
 * vectors 0 and 1 + q. False: no such capability. */
bool drv_pci_msix(struct drv_bus *, uint64_t addr, uint32_t data,
		  unsigned queues);

/* ---- set-up --------------------------------------------------------------- */

uint64_t drv_offered(struct drv_bus *);
/* Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK. False: the device did
 * not take them. */
bool drv_start(struct drv_bus *, uint64_t features);
void drv_ok(struct drv_bus *);
/* Status 0, then waits until it reads 0. */
void drv_reset(struct drv_bus *);
uint16_t drv_q_max(struct drv_bus *, uint16_t q);

struct drv_ring;
/* Tells the device where the ring is and enables it. */
void drv_q_start(struct drv_bus *, uint16_t q, const struct drv_ring *);
void drv_q_stop(struct drv_bus *, uint16_t q);

/* ---- rings ---------------------------------------------------------------- */

#define DRV_RING_MAX 1024

/* Guest memory by both its names. */
struct drv_mem {
	void *p;
	uint64_t gpa;
};

struct drv_buf {
	uint64_t gpa;
	uint32_t len;
	bool write;             /* the device's to write */
};

struct drv_ring_ops {
	const char *name;
	uint64_t feature;       /* to be negotiated for it, or 0 */
	/* Bytes of a part, event words included when asked for. */
	uint32_t (*bytes)(uint16_t size, enum drv_part, bool event_idx);
	uint32_t (*align)(enum drv_part);
	void (*init)(struct drv_ring *);
	/* A chain of n buffers, in an indirect table if there is one. Its id,
	 * or -1: not enough descriptors. Not visible yet. */
	int (*add)(struct drv_ring *, const struct drv_buf *, unsigned n,
		   const struct drv_mem *table);
	/* Makes the added chains visible. True: the device wants a kick. */
	bool (*publish)(struct drv_ring *);
	/* Whether a used chain waits to be collected. */
	bool (*ready)(const struct drv_ring *);
	/* The next used chain's id and length, or -1. */
	int (*collect)(struct drv_ring *, uint32_t *len);
	/* Asks for interrupts or says they are not needed. True: something
	 * came in while asking. */
	bool (*irqs)(struct drv_ring *, bool on);
	/* With event_idx: asks for an interrupt once chains more, of ndesc
	 * descriptors each, were used and the next one is. */
	void (*irq_after)(struct drv_ring *, unsigned chains, unsigned ndesc);
	/* Whether the device asks for a kick with the next chain. */
	bool (*wants_kick)(const struct drv_ring *);
	/* Makes a chain available that cannot be walked. */
	void (*spoil)(struct drv_ring *);
	/* Makes the oldest chain of a full ring available once more. */
	void (*overfill)(struct drv_ring *);
};
extern const struct drv_ring_ops drv_split, drv_packed;

struct drv_ring {
	const struct drv_ring_ops *ops;
	uint16_t size;
	bool event_idx;
	struct drv_mem part[3];         /* by enum drv_part */
	/* The rest is the ring's own. */
	uint32_t shuffle;       /* not 0: descriptors in a random order */
	uint16_t nfree;                 /* descriptors */
	uint16_t free_head;             /* of them; packed: of buffer ids */
	uint16_t avail, used, published;
	uint16_t next[DRV_RING_MAX];    /* free list, and chains in flight */
	uint16_t ndesc[DRV_RING_MAX];   /* of the chain of that id, or 0 */
	bool no_irq;
	bool avail_wrap, used_wrap;     /* packed: wrap counters */
	uint16_t added, first_flags;    /* slots since the last publish */
};

/* part[] is filled, with zeroed memory. shuffle: see above. */
void drv_ring_init(struct drv_ring *, const struct drv_ring_ops *,
		   uint16_t size, bool event_idx,
		   const struct drv_mem part[3], uint32_t shuffle);
/* How many used chains wait to be collected. */
unsigned drv_used(const struct drv_ring *);
/* add, publish and, if wanted, notify. The id or -1. */
int drv_send(struct drv_bus *, uint16_t q, struct drv_ring *,
	     const struct drv_buf *, unsigned n, const struct drv_mem *table);

/* What the formats share: ids from 0 to size - 1, in a random order if
 * shuffle is set. */
uint32_t drv_roll(uint32_t *state);
void drv_ring_ids(struct drv_ring *);
uint16_t drv_take_id(struct drv_ring *);
void drv_give_id(struct drv_ring *, uint16_t id);

/* A packed ring's words one by one, for rings no driver would make. flags:
 * all of them, AVAIL and USED included. */
struct vring_packed_desc *drv_packed_slot(const struct drv_ring *, unsigned i);
void drv_packed_desc(struct drv_ring *, unsigned i, uint64_t addr,
		     uint32_t len, uint16_t id, uint16_t flags);
void drv_packed_event(struct drv_ring *, uint32_t event);
uint32_t drv_packed_device_event(const struct drv_ring *);

/* A split ring's words one by one, for rings no driver would make. */
void drv_split_desc(struct drv_ring *, unsigned i, uint64_t addr, uint32_t len,
		    uint16_t flags, uint16_t next);
void drv_split_avail(struct drv_ring *, uint16_t at, uint16_t head);
void drv_split_avail_idx(struct drv_ring *, uint16_t idx);
void drv_split_flags(struct drv_ring *, uint16_t flags);
void drv_split_used_event(struct drv_ring *, uint16_t event);
uint16_t drv_split_used_idx(const struct drv_ring *);
uint16_t drv_split_used_flags(const struct drv_ring *);
uint16_t drv_split_avail_event(const struct drv_ring *);

/* A descriptor as it stands in a table. */
static inline struct vring_desc drv_desc(uint64_t addr, uint32_t len,
					 uint16_t flags, uint16_t next)
{
	return (struct vring_desc){
		le64_put(addr), le32_put(len), le16_put(flags), le16_put(next),
	};
}

#endif
