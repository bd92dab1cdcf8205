/*
 * A device made for tests of the virtio core: what the driver sends in a
 * chain comes back in the chain's writable part. Queue i of 0..2 has
 * echo_sizes[i] entries.
 */
#ifndef TESTS_LIB_ECHO_H
#define TESTS_LIB_ECHO_H

#include "devices/virtio/core.h"

#define ECHO_QUEUES 3
#define ECHO_HOLD 65            /* a full ring, and one to try */
#define ECHO_IOV 8
#define ECHO_CFG_LEN 18
/* Offered on top of the profile's. */
#define ECHO_FEATS (VIRTIO_F(0) | VIRTIO_F(3) | VIRTIO_F(23) | VIRTIO_F(50))
/* What its stop writes into each chain it held. */
#define ECHO_CANCELLED 0xcc

extern const uint16_t echo_sizes[ECHO_QUEUES];

enum echo_mode {
	ECHO_REPLY,
	ECHO_KEEP,              /* takes chains, answers at echo_release */
	ECHO_ONE,               /* takes one a ring and is content */
};

struct echo_held {
	struct vq_chain c;
	struct iovec iov[ECHO_IOV];
};

struct echo {
	struct vio_dev dev;
	enum echo_mode mode;            /* before the queues go live */
	/* of each queue, its loop's */
	struct echo_held held[ECHO_QUEUES][ECHO_HOLD];
	unsigned nheld[ECHO_QUEUES];
	unsigned processed[ECHO_QUEUES], stopped[ECHO_QUEUES];
	unsigned chains[ECHO_QUEUES];
	/* under ctl */
	unsigned started, resets, cfg_writes;
	uint32_t cfg_off, cfg_size, cfg_val;
};

struct echo *echo_new(const struct vio_profile *, const struct gmem *,
		      struct loop *ctl, struct loop *const *loops,
		      unsigned nloops);
/* Answers what queue q holds; owner loop, or loops stepped by hand. */
void echo_release(struct echo *, unsigned q);

#endif
