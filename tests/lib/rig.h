/*
 * A machine without KVM around one virtio device: guest memory, loops, a bus
 * with a probe on its interrupt line, and the driver's side opened.
 *
 * Without threads everything runs in the test's thread, which steps the
 * loops; with threads the loops run by themselves, as in a machine.
 */
#ifndef TESTS_LIB_RIG_H
#define TESTS_LIB_RIG_H

#include "devices/virtio/core.h"
#include "tests/lib/drv.h"
#include "tests/lib/guest.h"
#include "tests/lib/hw_host.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/step.h"

struct rig;

/* A transport: rig_mmio needs libdevices only, rig_pci libpci as well. */
struct rig_bus {
	const char *name;
	void (*init)(struct rig *);
	void (*attach)(struct rig *, struct vio_dev *);
	void (*detach)(struct rig *);
	void (*fini)(struct rig *);
	/* DMA allowed: PCI's bus master bit, or what stands for it. */
	void (*bus_master)(struct rig *, bool on);
	/* The probe on the device's line. */
	struct irq_probe *(*line)(struct rig *);
};
extern const struct rig_bus rig_mmio, rig_pci;

enum rig_flags {
	RIG_URING = 1,          /* loops that sleep in io_uring, where allowed */
	RIG_THREADS = 2,
	RIG_PACKED = 4,         /* the driver uses packed rings */
};

struct rig {
	const struct rig_bus *via;
	void *bus_ctx;                  /* the transport's part */
	struct guest *guest;
	struct loop *io, *io2, *ctl;    /* queues 0, 2 .. on io, 1, 3 .. io2 */
	struct loop *loops[2];
	bool threads;
	struct hw_host hw;
	struct vio_dev *dev;
	/* After rig_attach: */
	struct drv_bus bus;
	bool packed;                    /* asked for */
	const struct drv_ring_ops *fmt; /* of the driver's rings */
};

void rig_open(struct rig *, const struct rig_bus *, unsigned flags);
/* The rig owns the device from here on. */
void rig_attach(struct rig *, struct vio_dev *);
void rig_close(struct rig *);

/* want, with or without RING_PACKED as the driver's rings have it. */
uint64_t rig_features(const struct rig *, uint64_t want);
/* From here on rigs use packed rings where the device offers them, flag or
 * not. For variant.c. */
void rig_prefer_packed(bool on);
bool rig_prefers_packed(void);

/* A ring of its own in guest memory; rnd NULL: in LOW, descriptors in order;
 * else anywhere, at the least alignment. */
void rig_ring(struct rig *, struct drv_ring *, uint16_t size, bool event_idx,
	      struct rnd *);
/* The same with the parts where the test wants them. */
void rig_ring_at(struct rig *, struct drv_ring *, uint16_t size,
		 bool event_idx, const uint64_t gpa[3], uint32_t shuffle);

/* Runs until nothing more happens (threads: everything posted was served). */
void rig_settle(struct rig *);
/* Runs until pred(arg); fails the test when that takes too long. */
void rig_until(struct rig *, bool (*pred)(void *), void *arg);
/* Waits for the ring's next used chain: its id. Kicks are up to the caller. */
int rig_collect(struct rig *, struct drv_ring *, uint32_t *len);

bool rig_irq(struct rig *);             /* level of the device's line */
/* Status as the driver reads it. */
uint8_t rig_status(struct rig *);

#endif
