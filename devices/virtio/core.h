/*
 * What all virtio devices have in common, whatever their type and transport:
 * status, features, queues, configuration, reset. Every rule with a MUST in it
 * lives here, so that two transports cannot disagree.
 *
 * Locks and threads: `ctl` guards everything tagged [m]; transports take it
 * around each register access. Queues belong to their loop [l]; a thread that
 * holds ctl may loop_call_sync into a loop, a loop never takes ctl: it posts to
 * the control loop. Spec: virtio 2, 3; AERO-W7-VIRTIO 1.5 to 1.8.
 */
#ifndef DEVICES_VIRTIO_CORE_H
#define DEVICES_VIRTIO_CORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/base/gmem.h"
#include "devices/base/irq.h"
#include "devices/base/loop.h"
#include "devices/virtio/profile.h"
#include "devices/virtio/vq.h"

#define VIO_CFG_MAX 256

struct vio_dev;

struct vio_class {
	const char *name;
	uint16_t id;                    /* virtio device id */
	/* FEATURES_OK: acked stands, the driver reads the configuration next.
	 * ctl held. May be NULL. */
	void (*features)(struct vio_dev *);
	/* DRIVER_OK, before the queues go live. ctl held. May be NULL. */
	void (*start)(struct vio_dev *);
	/* Owner loop: kicked, or asked for by loop_bell_mark. Pops until empty. */
	void (*process)(struct vio_dev *, struct vq *);
	/* Owner loop: returns with vq->inflight == 0, nothing on its way to
	 * guest memory and the queue not lent. May be NULL: nothing is ever in
	 * flight. */
	void (*stop)(struct vio_dev *, struct vq *);
	/* ctl held: the device is broken, and queues that are lent must come
	 * back. May be NULL: none ever is. */
	void (*broken)(struct vio_dev *);
	/* After all queues stopped, ctl held: back to power-on. May be NULL. */
	void (*reset)(struct vio_dev *);
	/* Device configuration was written by the driver, ctl held. NULL:
	 * read-only. Bytes are in dev->cfg only if the hook puts them there. */
	void (*cfg_write)(struct vio_dev *, uint32_t off, unsigned size,
			  uint32_t val);
	void (*destroy)(struct vio_dev *);
};

/* What a device may ask of its transport. Any thread. */
struct vio_tp_ops {
	/* cause: VIRTIO_ISR_QUEUE with a queue index, or VIRTIO_ISR_CONFIG. */
	void (*raise)(struct vio_dev *, unsigned cause, uint16_t q);
	/* The device was reset: drop causes and the line. ctl held. */
	void (*reset)(struct vio_dev *);
	/* NULL, both: interrupts are raised here only. feed, after a raise for
	 * the queue: feed may be told of a wire then and until unfeed. Owner
	 * loop. */
	void (*feed)(struct vio_dev *, uint16_t q, struct msi_feed *);
	void (*unfeed)(struct vio_dev *, uint16_t q);
};

struct vio_dev {
	const struct vio_class *cls;            /* [c] */
	const struct vio_profile *prof;         /* [c] */
	const struct vio_dev_row *row;          /* [c] */
	char name[32];                          /* [c] "disk0", for people */
	const struct vio_tp_ops *tp;            /* [c] */
	void *tp_ctx;                           /* [c] the transport's instance */
	const struct gmem *gmem;                /* [c] all of guest memory */
	struct loop *ctl_loop;                  /* [c] the control loop */
	pthread_mutex_t ctl;
	uint64_t offered, acked;                /* [m] */
	uint8_t status, cfg_gen;                /* [m] */
	uint16_t nvqs;                          /* [c] */
	struct vq *vqs;                         /* [c] the array */
	uint8_t cfg[VIO_CFG_MAX];               /* [m] device configuration */
	bool dma;                               /* atomic: bus master on */
	bool broken;                            /* atomic: until reset */
	struct loop_call broken_call;
};

/*
 * Fills the common part; the device's own init calls it. name: shown to
 * people, up to 31 characters. nvqs: 1.. ; queue i is of row->qsize[i] entries,
 * later ones as the last non-zero. loops: queue i is served by
 * loops[i % nloops]. offered: the device's features; ring features are added
 * from the profile. 0 or -errno.
 */
int vio_init(struct vio_dev *, const struct vio_class *,
	     const struct vio_profile *, const struct vio_dev_row *,
	     const char *name, unsigned nvqs, uint64_t offered,
	     const struct gmem *, struct loop *ctl_loop,
	     struct loop *const *loops, unsigned nloops);
/* Before a driver sees it: these features are not offered after all. */
void vio_withhold(struct vio_dev *, uint64_t feats);
/* Device must be reset; its loops may be running. In a machine with threads
 * no queue may be on the control loop: it would wait for itself. */
void vio_fini(struct vio_dev *);
/* Any class: its destroy. NULL is fine. */
void vio_destroy(struct vio_dev *);

/* ---- called by transports with ctl held ---------------------------------- */

void vio_set_status(struct vio_dev *, uint8_t status);
/* sel 0 or 1; others read 0 and are ignored. */
uint32_t vio_offered(const struct vio_dev *, uint32_t sel);
uint32_t vio_acked(const struct vio_dev *, uint32_t sel);
void vio_ack(struct vio_dev *, uint32_t sel, uint32_t val);
/* NULL: q out of range. */
struct vq *vio_q(struct vio_dev *, uint32_t q);
/* part 0 desc, 1 driver area, 2 device area; ignored while enabled. */
void vio_q_addr(struct vq *, unsigned part, bool high, uint32_t val);
void vio_q_size(struct vq *, uint32_t size);
void vio_q_enable(struct vq *, uint32_t on);
uint32_t vio_cfg_read(struct vio_dev *, uint32_t off, unsigned size);
void vio_cfg_write(struct vio_dev *, uint32_t off, unsigned size, uint32_t val);

/* ---- called by transports, any thread ------------------------------------- */

void vio_notify(struct vio_dev *, uint32_t q);  /* out of range: ignored */
/* Bus mastering on or off. Returns only when no more DMA happens if off.
 * Takes no lock: bus lock held by the caller. */
void vio_set_dma(struct vio_dev *, bool on);
/* Machine reset. Takes ctl. */
void vio_reset(struct vio_dev *);

/* ---- called by devices ---------------------------------------------------- */

static inline bool vio_has(const struct vio_dev *dev, uint64_t feature)
{
	return (dev->acked & feature) != 0;
}

/* Owner loop: takes the next chain. false: empty, or the ring is broken and
 * everybody has been told. */
bool vio_pop(struct vq *, struct vq_chain *);
/* Owner loop, nothing in flight: leaves a live ring, and its kicks at bell.fd,
 * to somebody else, who begins at the entry returned. Only rings whose ops
 * seek. */
uint16_t vio_q_lend(struct vq *);
/* Owner loop: the ring is the device's again, from the first chain on that was
 * not given back. */
void vio_q_regain(struct vq *);
/* Any loop: the ring or the protocol is beyond repair. The queue stops; the
 * control loop sets NEEDS_RESET with a config interrupt (decision 9). */
void vio_break(struct vio_dev *, const struct vq *, const char *why);
/* Control loop or a thread without ctl: the configuration changes under ctl.
 * Between begin and end, cfg may be written; end bumps the generation and
 * raises the config interrupt if the driver is up. */
void vio_cfg_begin(struct vio_dev *);
void vio_cfg_end(struct vio_dev *);

#endif
