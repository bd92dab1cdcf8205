/*
 * virtio-net: numbers and layouts (virtio 5.1), what differs between profiles,
 * and what its files share.
 */
#ifndef DEVICES_VIRTIO_NET_INT_H
#define DEVICES_VIRTIO_NET_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/base/container.h"
#include "devices/net/netio.h"
#include "devices/virtio/core.h"
#include "devices/virtio/virtio.h"

#define VIRTIO_NET_F_CSUM               VIRTIO_F(0)
#define VIRTIO_NET_F_GUEST_CSUM         VIRTIO_F(1)
#define VIRTIO_NET_F_CTRL_GUEST_OFFLOADS VIRTIO_F(2)
#define VIRTIO_NET_F_MTU                VIRTIO_F(3)
#define VIRTIO_NET_F_MAC                VIRTIO_F(5)
#define VIRTIO_NET_F_GUEST_TSO4         VIRTIO_F(7)
#define VIRTIO_NET_F_GUEST_TSO6         VIRTIO_F(8)
#define VIRTIO_NET_F_GUEST_ECN          VIRTIO_F(9)
#define VIRTIO_NET_F_HOST_TSO4          VIRTIO_F(11)
#define VIRTIO_NET_F_HOST_TSO6          VIRTIO_F(12)
#define VIRTIO_NET_F_HOST_ECN           VIRTIO_F(13)
#define VIRTIO_NET_F_MRG_RXBUF          VIRTIO_F(15)
#define VIRTIO_NET_F_STATUS             VIRTIO_F(16)
#define VIRTIO_NET_F_CTRL_VQ            VIRTIO_F(17)
#define VIRTIO_NET_F_CTRL_RX            VIRTIO_F(18)
#define VIRTIO_NET_F_CTRL_VLAN          VIRTIO_F(19)
#define VIRTIO_NET_F_CTRL_RX_EXTRA      VIRTIO_F(20)
#define VIRTIO_NET_F_GUEST_ANNOUNCE     VIRTIO_F(21)
#define VIRTIO_NET_F_MQ                 VIRTIO_F(22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR      VIRTIO_F(23)
#define VIRTIO_NET_F_GUEST_USO4         VIRTIO_F(54)
#define VIRTIO_NET_F_GUEST_USO6         VIRTIO_F(55)
#define VIRTIO_NET_F_HOST_USO           VIRTIO_F(56)
#define VIRTIO_NET_F_SPEED_DUPLEX       VIRTIO_F(63)

#define VIRTIO_NET_S_LINK_UP            1
#define VIRTIO_NET_S_ANNOUNCE           2

#define VIRTIO_NET_HDR_F_NEEDS_CSUM     1
#define VIRTIO_NET_HDR_GSO_TCPV4        1
#define VIRTIO_NET_HDR_GSO_TCPV6        4
#define VIRTIO_NET_HDR_GSO_UDP_L4       5
#define VIRTIO_NET_HDR_GSO_ECN          0x80

struct virtio_net_hdr {
	uint8_t flags, gso_type;
	le16 hdr_len, gso_size, csum_start, csum_offset;
	le16 num_buffers;       /* not in the 10-byte form */
};
_Static_assert(sizeof(struct virtio_net_hdr) == NETIO_HDR_MAX, "virtio 5.1.6");
_Static_assert(offsetof(struct virtio_net_hdr, num_buffers) == 10,
	       "AERO-W7-VIRTIO 3.2.5");

struct virtio_net_config {
	uint8_t mac[6];
	le16 status, max_virtqueue_pairs, mtu;
	le32 speed;             /* Mbit/s */
	uint8_t duplex;         /* 1: full */
} __attribute__((packed));
_Static_assert(sizeof(struct virtio_net_config) == 17, "virtio 5.1.4");

struct net_dialect {
	uint8_t hdr_len;        /* bytes in front of each frame in the rings */
	bool hdr_blank;         /* which mean nothing: zero for the driver,
				 * ignored from it */
	uint8_t other_hdr_len;  /* what drivers of another dialect send, to be
				 * told from ours; 0: there are none */
	uint32_t frame_max;     /* bytes */
};
extern const struct net_dialect net_dialect_contract, net_dialect_modern;

#define NET_FRAME_MIN 14        /* an Ethernet header */

/* ---- the receive filter ---------------------------------------------------- */

#define NET_MACS 64             /* of each kind; more turn the filter off */

struct net_macs {
	unsigned n;
	bool over;              /* more than fit: take all of the kind */
	uint8_t mac[NET_MACS][6];
};

struct net_filter {
	bool programmed;        /* until then everything is taken */
	bool promisc, allmulti, alluni, nomulti, nouni, nobcast;
	uint8_t mac[6];
	struct net_macs uni, multi;
	bool vlans;             /* of tagged frames, only those of vlan[] */
	uint64_t vlan[4096 / 64];
};

/* How much of a frame the filter looks at. */
#define NET_PEEK 18

/* frame: at least NET_FRAME_MIN of len bytes; of those NET_PEEK are there. */
bool net_filter_takes(const struct net_filter *, const uint8_t *frame,
		      size_t len);

/* ---- the device ------------------------------------------------------------ */

#define NET_IOV 1024            /* as many as readv takes */
#define NET_CHAIN_IOV 272       /* of one chain: a ring's worth and some */
#define NET_HELD 64             /* chains waiting for one frame */
#define NET_BATCH 64            /* frames before others have their turn */
#define NET_SPILL (NETIO_FRAME_MAX + NETIO_HDR_MAX + 1)

/*
 * Chains are taken from the ring before a frame is read, and the frame is read
 * right into them: the held ones, oldest first, and their buffers one after
 * the other in iov (a held chain's own iov is not kept up to date). What does
 * not fit there lands in the spill.
 */
struct net_rx {
	struct vq *vq;
	struct vq_chain held[NET_HELD];         /* a ring */
	unsigned first, n;
	uint64_t room;                  /* bytes of all held */
	unsigned iov_at, iov_end;       /* their part of iov */
	struct iovec *iov, *bare;       /* NET_IOV; bare: without the header */
	uint8_t *spill;
	uint64_t rest, rest_at; /* a frame that waits for more chains: its
				 * length in the rings, where its spill goes */
};

struct net_tx {
	struct vq *vq;
	struct vq_chain chain;
	struct iovec *iov;              /* NET_IOV; [0] for a blank header */
	unsigned judged;                /* frames looked at for their dialect */
	bool told_dialect;
};

/* One of the two while the backend may serve it. */
struct net_lent {
	struct net_pair *pair;          /* [c] */
	struct vq *vq;                  /* [c] */
	struct loop_bell call, err;     /* it interrupts; it cannot go on */
	bool bells;                     /* [c] they are there */
	struct msi_feed feed;
};

/* A receive and a transmit queue, and their queue of the backend: all on one
 * loop, which owns what is not const. */
struct net_pair {
	struct net *net;                        /* [c] */
	struct netio *io;                       /* [c] */
	struct loop *loop;                      /* [c] */
	uint16_t idx;                           /* [c] */
	bool bound;                             /* [c] */
	struct net_rx rx;
	struct net_tx tx;
	struct net_filter filter;       /* a copy of the card's */
	unsigned filter_gen;            /* of the copy */
	struct loop_call steer;
	unsigned steered;               /* atomic: pairs_on when last looked at */
	struct net_lent lent[2];        /* receive, transmit */
	bool refused;                   /* to serve this driver */
	struct loop_timer watch;        /* while one is lent */
	uint16_t seen_used;             /* transmit, when last looked at */
	unsigned stuck;                 /* looks that saw the same, and work */
};

struct net {
	struct vio_dev dev;
	const struct net_dialect *dialect;
	struct net_pair *pair;
	unsigned npairs;                /* [c] */
	bool must_lend;                 /* [c] */
	uint8_t mac[6];                 /* [c] the card's own */
	/* What the driver accepted: const while queues are live. */
	bool mrg;
	bool tx_hdr;                    /* its headers go on as they are */
	bool rx_csum;
	bool lends;                     /* rings go to the backend */
	unsigned rx_gso;                /* bit per gso_type */
	uint64_t rx_want;               /* bytes to have ready for a frame */
	uint32_t rx_max;                /* of a frame without segmentation */

	pthread_mutex_t filter_lock;    /* a leaf */
	struct net_filter filter;       /* [filter_lock] */
	unsigned filter_gen;            /* atomic: changes with it */
	unsigned pairs_on;              /* atomic: the driver uses those */
	bool link;                      /* atomic: frames pass */
	bool plugged, lost;             /* [control loop] */
	uint64_t changed_ns;            /* [ctrl's loop] by a command */
	struct loop_timer again;        /* when one may change it next */
	struct loop_call lost_call;
};

static inline struct net *to_net(struct vio_dev *dev)
{
	return container_of(dev, struct net, dev);
}

static inline bool net_link(const struct net *net)
{
	return __atomic_load_n(&net->link, __ATOMIC_RELAXED);
}

/* Owner loop, all of these. */
void net_rx_process(struct net_pair *);
/* Gives the held chains back to the ring, and forgets a frame for more. */
void net_rx_stop(struct net_pair *);
void net_tx_process(struct net_pair *);
void net_ctrl_process(struct net *, struct vq *);
/* NULL: the profile's cards have none. Any thread while features stand. */
struct vq *net_ctrl_vq(struct net *);
/* The first n pairs are the ones in use. -EAGAIN: some have not heard of it
 * yet; ask again. -EINVAL: there are not as many. */
int net_use_pairs(struct net *, unsigned n);

/*
 * net_lend.c: queues that the backend serves by itself. setup, on the owner
 * loop: 0 or -errno. start, ctl held: as the device's. Owner loop: lend: true:
 * the queue is out of our hands. regain: it is in them. look: takes back what
 * may not be out.
 */
int net_lend_setup(struct net_pair *);
void net_lend_fini(struct net_pair *);
void net_lend_start(struct net *);
bool net_lend(struct net_pair *, unsigned ring);
void net_regain(struct net_pair *, unsigned ring);
/* Control loop. */
void net_lend_look(struct net *);

/* ctl held, queues stopped: the filter of a driver that begins. */
void net_filter_start(struct net *);
/* GUEST_* features as enum netio_offload. */
unsigned net_offloads(uint64_t features);

#endif
