/*
 * A cable with a test at its other end. Frames wait in a bounded queue each
 * way. The functions below: any thread.
 */
#ifndef DEVICES_NET_NETIO_PAIR_H
#define DEVICES_NET_NETIO_PAIR_H

#include "devices/net/netio.h"

struct netio_pair_cfg {
	unsigned can;           /* enum netio_offload */
	bool header;            /* frames carry a virtio_net_hdr, if asked to */
	unsigned room;          /* frames that fit on the way to the test */
};

int netio_pair_open(struct netio **, const struct netio_pair_cfg *);

/* To the guest. -ENETDOWN: the card has this queue of several turned off. */
int netio_pair_put(struct netio *, const void *frame, size_t len);
/* How many of those the card has not taken yet. */
unsigned netio_pair_waiting(struct netio *);
/* From the guest: its length, or -EAGAIN. Room for another one is made. */
ssize_t netio_pair_get(struct netio *, void *frame, size_t max);
/* What netio_offload set last. */
unsigned netio_pair_offloads(struct netio *);
/* The other end goes away. */
void netio_pair_cut(struct netio *);

#endif
