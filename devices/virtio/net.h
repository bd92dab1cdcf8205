/*
 * virtio-net (virtio 5.1; AERO-W7-VIRTIO 3.2).
 *
 * net_create: set-up thread. Frames are moved by the queues' loops; receive and
 * transmit queue of a pair share one, because they share a queue of the backend.
 * Pair i is on loops[i % nloops], the control queue on loops[0]; for a driver that
 * does not take several pairs it is queue 2, on the second pair's loop.
 */
#ifndef DEVICES_VIRTIO_NET_H
#define DEVICES_VIRTIO_NET_H

#include "devices/net/netio.h"
#include "devices/virtio/core.h"

struct net_cfg {
	const struct vio_profile *prof;
	const char *name;               /* for people: "net0" */
	const uint8_t *mac;     /* 6 bytes; NULL: made of the host's identity,
				 * the backend's name and the card's, so the
				 * same at each start */
	uint16_t mtu;                   /* told to the guest; 0: nothing */
	const struct gmem *gmem;
	struct loop *ctl_loop;
	unsigned pairs;                 /* of queues, 1 to NET_PAIRS_MAX; 0: 1 */
	struct loop *const *loops;      /* already running or stepped by hand */
	unsigned nloops;
	bool must_lend;         /* no card rather than one whose backend lends
				 * and which cannot make use of that */
};

#define NET_PAIRS_MAX 8

/* Takes the backend over, a queue of it for each pair: they are closed with
 * the device. 0 or -errno, and then the backend stays with the caller;
 * -EINVAL: the profile's cards have one pair. */
int net_create(struct vio_dev **, const struct net_cfg *, struct netio *const *);

/* Cards of the profile may have several pairs. Pure. */
bool net_multiqueue(const struct vio_profile *);

/* Queues of the profile's cards may be lent to a backend (netio_lend). Pure. */
bool net_lends(const struct vio_profile *);

/* Control loop: pulls the cable or plugs it in again. While it is out, frames
 * are lost both ways. A backend that is gone keeps the link down. */
void net_set_link(struct vio_dev *, bool up);

/* "52:54:00:12:34:56", also with '-'. 0, or -EINVAL: not an address, or not
 * that of one card. Any thread. */
int net_mac_parse(const char *, uint8_t mac[6]);

#endif
