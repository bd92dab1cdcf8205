/*
 * One virtqueue, seen from a device: take a chain, fill it, publish it, maybe
 * interrupt. Devices see iovecs of host memory and never the ring's format.
 *
 * vio_pop, vq_push and everything behind them: the queue's owner loop only,
 * while the queue is live. Ring rules: virtio 2.6 to 2.8; AERO-W7-VIRTIO 2.
 */
#ifndef DEVICES_VIRTIO_VQ_H
#define DEVICES_VIRTIO_VQ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "devices/base/loop.h"
#include "devices/virtio/virtio.h"

#define VQ_MAX_SIZE 1024        /* entries */

struct gmem;
struct vio_dev;
struct vq;

/* What is wrong with a chain that could be walked all the same. */
enum vq_flaw {
	VQ_BAD_ADDR = 1,        /* a buffer outside RAM: its iov_base is NULL */
	VQ_TOO_LONG = 2,        /* more pieces than iov holds; the last piece
				 * stands in the last slot, the middle is lost */
	VQ_BAD_ORDER = 4,       /* readable after writable; those are left out */
};

struct vq_chain {
	struct iovec *iov;      /* in: room for max pieces */
	uint16_t max;
	uint16_t id;            /* names the chain in vq_push */
	uint16_t ndesc;         /* descriptors, indirect ones counted singly */
	uint16_t nout, nin;     /* iov[0..nout) the driver's, then nin to write */
	uint16_t nslots;        /* entries of the ring it takes (packed ring) */
	uint16_t flaws;         /* enum vq_flaw */
	uint64_t out_len, in_len;       /* bytes, lost pieces included */
};

struct vq_ops {
	/* Whether a queue may have that many entries, 1 to its maximum. */
	bool (*size_ok)(uint32_t size);
	/* Checks and translates the ring addresses, and starts at the first
	 * entry. -EFAULT: not RAM; -EINVAL: alignment or size. */
	int (*map)(struct vq *, const struct gmem *);
	/* 1 taken, 0 empty, -errno ring broken. */
	int (*pop)(struct vq *, struct vq_chain *);
	/* The chain popped last goes back, as if never taken. */
	void (*unpop)(struct vq *, const struct vq_chain *);
	void (*push)(struct vq *, const struct vq_chain *, uint32_t written);
	/* Makes pushed chains visible. true: the driver wants an interrupt. */
	bool (*flush)(struct vq *);
	/* Asks for kicks (on) or says they are not needed. true: work raced
	 * in while asking, so do not sleep. */
	bool (*arm)(struct vq *, bool on);
	/* There is something to pop. */
	bool (*waiting)(const struct vq *);
	/* Somebody else has taken chains and given them back in their order;
	 * what he took beyond those is to be popped again. NULL: nobody else
	 * knows this format. */
	void (*seek)(struct vq *);
};

extern const struct vq_ops vq_split_ops, vq_packed_ops;

struct vq {
	const struct vq_ops *ops;               /* [c] const while live */
	struct vio_dev *dev;                    /* [c] */
	struct loop *loop;                      /* [c] */
	const struct gmem *mem;                 /* [c] */
	uint64_t addr[3];                       /* [m] desc, driver, device */
	uint16_t idx, size, max;                /* [m] */
	bool enabled;                           /* [m] queue_enable */
	uint16_t vector;                        /* [m] MSI-X, VIRTIO_NO_VECTOR */

	bool live;                              /* [l] may be popped */
	bool lent;                              /* [l] not live: vio_q_lend */
	bool event_idx, indirect;               /* [c] */
	bool kicks_off;                         /* [l] */
	bool content;           /* [l] process left chains where they are, on
				 * purpose: ask for no kicks, the device marks
				 * the bell itself; forgotten at the next ring */
	uint16_t next_avail, next_used;         /* [l] index, or place */
	uint16_t inflight;                      /* [l] popped, not yet pushed */
	bool pushed;                            /* [l] since the last flush */
	/* Split ring */
	uint16_t seen_avail;                    /* [l] the driver's index, last read */
	uint16_t signalled;                     /* [l] used index last told */
	struct vring_desc *desc;                /* [c] host addresses */
	struct vring_avail *avail;
	struct vring_used *used;
	/* Packed ring */
	bool avail_wrap, used_wrap;             /* [l] of next_avail, next_used */
	uint16_t slots;                         /* [l] of the chains in flight */
	uint32_t unseen;                        /* [l] slots pushed, not flushed */
	struct vring_packed_desc *first;        /* [l] of those, and its flags */
	uint16_t first_flags;                   /* [l] */
	struct vring_packed_desc *packed;       /* [c] host addresses */
	le32 *driver_event, *device_event;

	struct loop_bell bell;                  /* kicks */
	struct loop_hook publish;               /* after a batch: flush */
	struct loop_hook rest;                  /* before sleeping: arm */
};

/* Gives a chain back; it is published at the end of the batch. written: bytes
 * the device wrote, from the first writable one on. */
static inline void vq_push(struct vq *vq, const struct vq_chain *c,
			   uint32_t written)
{
	vq->ops->push(vq, c, written);
	loop_hook_mark(vq->loop, &vq->publish);
}

#endif
