/*
 * A network card on a rig: its cable in the test's hand (netio_pair) and its
 * queues in the driver's. One thread, but for net_rig_put and net_rig_get.
 */
#ifndef TESTS_LIB_NET_RIG_H
#define TESTS_LIB_NET_RIG_H

#include "devices/net/netio_pair.h"
#include "devices/virtio/net.h"
#include "devices/virtio/net_int.h"
#include "tests/lib/rig.h"

#define NET_RIG_Q 256
#define NET_RIG_BUFS 40         /* of one chain */
#define NET_RIG_PAIRS 2         /* at most */
#define NET_RIG_QUEUES (2 * NET_RIG_PAIRS + 1)

struct net_rig_chain {
	unsigned n;
	struct { uint64_t gpa; uint32_t len; } buf[NET_RIG_BUFS];
	uint64_t table;
};

struct net_rig {
	struct rig rig;
	struct vio_dev *dev;
	struct netio *io, *ios[NET_RIG_PAIRS];  /* io: the first */
	struct drv_ring q[NET_RIG_QUEUES];
	struct net_rig_chain chain[NET_RIG_QUEUES][NET_RIG_Q];  /* by id */
	unsigned pairs, pair;   /* pair: what is posted and sent goes there */
	unsigned ctrl;          /* the control queue's index */
	uint64_t acked;
	unsigned hdr_len;
	struct rnd *rnd;        /* NULL: plain layouts */
};

extern const uint8_t net_rig_mac[6];            /* the card's */

/* cfg: of the pair, or NULL: no headers, plenty of room. */
void net_rig_open(struct net_rig *, const struct vio_profile *,
		  const struct netio_pair_cfg *, uint16_t mtu, unsigned flags);
/* The same with several pairs. */
void net_rig_open_pairs(struct net_rig *, const struct vio_profile *,
			const struct netio_pair_cfg *, unsigned pairs,
			unsigned flags);
/* The same on any backend; net_rig_put and net_rig_get are not for it. */
void net_rig_open_io(struct net_rig *, const struct vio_profile *,
		     struct netio *, uint16_t mtu, unsigned flags);
/* Two pairs on the queues of a backend. */
void net_rig_open_two(struct net_rig *, const struct vio_profile *,
		      struct netio *const io[2], unsigned flags);
void net_rig_close(struct net_rig *);
/* The driver starts with those of the offered features; fresh rings. */
void net_rig_start(struct net_rig *, uint64_t features);
void net_rig_settle(struct net_rig *);

/* A frame to mac from some other card; its bytes are a function of seed. */
void net_rig_frame(uint8_t *frame, size_t len, const uint8_t *mac,
		   unsigned seed);

/* ---- receive --------------------------------------------------------------- */

/* Posts a chain of n buffers of these lengths, filled with 0xee. Its id. */
int net_rig_post(struct net_rig *, unsigned n, const uint32_t *len);
int net_rig_post1(struct net_rig *, uint32_t len);
/* The same with descriptors as they are. */
int net_rig_post_raw(struct net_rig *, const struct drv_buf *, unsigned n);
/* A used chain once more, its buffers as they are. Its new id. */
int net_rig_repost(struct net_rig *, int id);
/* A used chain's memory is free again. */
void net_rig_free(struct net_rig *, unsigned q, int id);
/* The next used chain: its id, or -1. */
int net_rig_used(struct net_rig *, unsigned q, uint32_t *len);
/* Bytes of a posted chain. Returns how many there are. */
size_t net_rig_read(struct net_rig *, unsigned q, int id, void *to, size_t max);
void net_rig_put(struct net_rig *, const void *frame, size_t len);

/* ---- transmit -------------------------------------------------------------- */

/* Sends bytes, header included, cut into descriptors of these lengths (the
 * last takes the rest); n 0: one. The id. */
int net_rig_send(struct net_rig *, const void *bytes, size_t len, unsigned n,
		 const uint32_t *cut);
/* A frame behind a zeroed header of the profile's size, in two descriptors. */
int net_rig_send_frame(struct net_rig *, const void *frame, size_t len);
/* What came out at the other end, or -EAGAIN. */
ssize_t net_rig_get(struct net_rig *, void *frame, size_t max);

/* ---- control --------------------------------------------------------------- */

/* A command; its ack, or 0xee when none was written. */
uint8_t net_rig_ctrl(struct net_rig *, uint8_t class, uint8_t cmd,
		     const void *data, size_t len);

#endif
