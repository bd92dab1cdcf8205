/* virtio-net: from the backend to the guest. */
#include <errno.h>
#include <string.h>

#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/net_int.h"

/* ---- chains ---------------------------------------------------------------- */

static struct vq_chain *held(struct net_rx *rx, unsigned i)
{
	return &rx->held[(rx->first + i) % NET_HELD];
}

/* Room for one more chain's buffers, with one entry left for the spill. */
static struct iovec *iov_room(struct net_rx *rx)
{
	unsigned at = rx->iov_at;

	if (rx->iov_end + NET_CHAIN_IOV >= NET_IOV && at > 0) {
		memmove(rx->iov, rx->iov + at,
			(rx->iov_end - at) * sizeof(*rx->iov));
		rx->iov_end -= at;
		rx->iov_at = 0;
	}
	return rx->iov_end + NET_CHAIN_IOV < NET_IOV ? rx->iov + rx->iov_end
						     : NULL;
}

enum hold { HOLD_ENOUGH, HOLD_EMPTY, HOLD_STUCK };

/* Takes chains until they have room for want bytes. EMPTY: the ring is.
 * STUCK: no more can be held, whatever the driver adds. */
static enum hold hold(struct net_pair *p, uint64_t want)
{
	struct net_rx *rx = &p->rx;
	unsigned unusable = 0;

	while (rx->room < want) {
		struct vq_chain *c = held(rx, rx->n);

		if (rx->n == NET_HELD || !(c->iov = iov_room(rx)))
			return HOLD_STUCK;
		c->max = NET_CHAIN_IOV;
		if (!vio_pop(rx->vq, c))
			return HOLD_EMPTY;
		if (c->nin && !c->nout && !c->flaws) {
			rx->iov_end += c->nin;
			rx->room += c->in_len;
			rx->n++;
			continue;
		}
		/* Decision 17: completed with length 0, and later chains
		 * work; in its turn, for unpop goes backwards. */
		if (rx->n || unusable++ == NET_BATCH) {
			rx->vq->ops->unpop(rx->vq, c);
			return HOLD_STUCK;
		}
		guest_err(p->net->dev.name, "a receive buffer that cannot be "
			  "written to");
		vq_push(rx->vq, c, 0);
	}
	return HOLD_ENOUGH;
}

static void release(struct net_rx *rx)
{
	const struct vq_chain *c = held(rx, 0);

	rx->iov_at += c->nin;
	rx->room -= c->in_len;
	rx->first = (rx->first + 1) % NET_HELD;
	if (--rx->n == 0)
		rx->iov_at = rx->iov_end = 0;
}

void net_rx_stop(struct net_pair *p)
{
	struct net_rx *rx = &p->rx;

	while (rx->n > 0)
		rx->vq->ops->unpop(rx->vq, held(rx, --rx->n));
	rx->room = rx->rest = 0;
	rx->iov_at = rx->iov_end = 0;
}

/* ---- one frame ------------------------------------------------------------- */

/* The frame in the held chains, total bytes with its header, is the guest's. */
static void deliver(struct net_pair *p, uint64_t total)
{
	const struct net_dialect *d = p->net->dialect;
	struct net_rx *rx = &p->rx;
	const struct iovec *iov = rx->iov + rx->iov_at;
	unsigned niov = rx->iov_end - rx->iov_at, chains = 0;
	struct virtio_net_hdr hdr = { 0 };

	for (uint64_t room = 0; room < total; chains++)
		room += held(rx, chains)->in_len;
	/* virtio 5.1.6.4.1: num_buffers MUST be what the frame is spread over,
	 * 1 without MRG_RXBUF. */
	hdr.num_buffers = le16_put((uint16_t)chains);
	if (d->hdr_blank || !p->net->rx_csum)
		iov_put(iov, niov, 0, &hdr, d->hdr_len);
	else
		iov_put(iov, niov, offsetof(struct virtio_net_hdr, num_buffers),
			&hdr.num_buffers, sizeof(hdr.num_buffers));
	while (chains-- > 0) {
		const struct vq_chain *c = held(rx, 0);
		uint64_t part = total < c->in_len ? total : c->in_len;

		vq_push(rx->vq, c, (uint32_t)part);
		total -= part;
		release(rx);
	}
}

/* A longer one than the held chains: the rest of it is in the spill. */
static bool deliver_rest(struct net_pair *p)
{
	struct net_rx *rx = &p->rx;
	enum hold got = hold(p, rx->rest);
	uint64_t total = rx->rest;

	if (got == HOLD_EMPTY)
		return false;
	rx->rest = 0;
	if (got == HOLD_STUCK)
		return true;
	iov_put(rx->iov + rx->iov_at, rx->iov_end - rx->iov_at, rx->rest_at,
		rx->spill, total - rx->rest_at);
	deliver(p, total);
	return true;
}

static bool is_tagged(const uint8_t *frame)
{
	return (frame[12] == 0x81 && frame[13] == 0x00) ||
	       (frame[12] == 0x88 && frame[13] == 0xa8);
}

static const struct net_filter *filter_of(struct net_pair *p)
{
	struct net *net = p->net;

	if (__atomic_load_n(&net->filter_gen, __ATOMIC_ACQUIRE) !=
	    p->filter_gen) {
		pthread_mutex_lock(&net->filter_lock);
		p->filter = net->filter;
		p->filter_gen = __atomic_load_n(&net->filter_gen,
						__ATOMIC_RELAXED);
		pthread_mutex_unlock(&net->filter_lock);
	}
	return &p->filter;
}

/* Whether the guest is to see the frame, which starts at off of the list. */
static bool wanted(struct net_pair *p, const struct iovec *iov,
		   unsigned niov, size_t off, size_t len)
{
	const struct net *net = p->net;
	uint8_t peek[NETIO_HDR_MAX + NET_PEEK] = { 0 };
	const uint8_t *frame = peek + off;
	unsigned flags = 0, gso = 0;

	/* AERO-W7-VIRTIO 3.2.6: outside the valid sizes a frame MUST be
	 * dropped without a chain being consumed for it. */
	if (len < NET_FRAME_MIN || len > net->dialect->frame_max)
		return false;
	iov_get(iov, niov, 0, peek, off + NET_PEEK);
	if (off) {
		flags = peek[offsetof(struct virtio_net_hdr, flags)];
		gso = peek[offsetof(struct virtio_net_hdr, gso_type)] &
		      ~(unsigned)VIRTIO_NET_HDR_GSO_ECN;
	}
	/* virtio 5.1.6.4.1: nothing left undone that the driver has not said
	 * it would do. Such a frame was queued for an earlier driver. */
	if ((flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && !net->rx_csum)
		return false;
	if (gso && (gso > 31 || !(net->rx_gso >> gso & 1)))
		return false;
	/* virtio 5.1.4.1: MUST NOT exceed the negotiated MTU. */
	if (!gso && len > net->rx_max + (is_tagged(frame) ? 4u : 0u))
		return false;
	return net_filter_takes(filter_of(p), frame, len);
}

/* The list a frame is read into: held chains, then the spill; without the
 * header where the backend has none. */
static struct iovec *read_list(struct net_pair *p, unsigned *niov)
{
	struct net_rx *rx = &p->rx;
	struct iovec *iov = rx->iov + rx->iov_at;
	unsigned n = rx->iov_end - rx->iov_at;

	if (p->io->hdr_len == 0) {
		n = iov_slice(rx->bare, iov, n, p->net->dialect->hdr_len,
			      SIZE_MAX);
		iov = rx->bare;
	}
	iov[n] = (struct iovec){ rx->spill, NET_SPILL };
	*niov = n + 1;
	return iov;
}

/* While the cable is out nobody gets what comes in. */
static bool discard(struct net_pair *p)
{
	struct iovec iov = { p->rx.spill, NET_SPILL };

	p->rx.vq->content = true;
	return netio_recv(p->io, &iov, 1) >= 0;
}

/* false: there is nothing more to do now. */
static bool one_frame(struct net_pair *p)
{
	const struct net *net = p->net;
	struct net_rx *rx = &p->rx;
	size_t off = p->io->hdr_len;
	struct iovec *iov;
	uint64_t total;
	unsigned niov;
	ssize_t len;

	if (!net_link(net))
		return discard(p);
	if (rx->rest)
		return deliver_rest(p);
	hold(p, net->rx_want);
	/* Without any chain, frames wait in the backend until the driver
	 * kicks; one chain is enough not to need its kicks. */
	rx->vq->content = rx->n > 0;
	if (rx->n == 0)
		return false;
	iov = read_list(p, &niov);
	len = netio_recv(p->io, iov, niov);
	if (len < 0)
		return false;
	if ((size_t)len < off || !wanted(p, iov, niov, off, (size_t)len - off))
		return true;
	total = (uint64_t)len - off + net->dialect->hdr_len;
	if (total <= rx->room) {
		deliver(p, total);
	} else if (net->mrg) {
		rx->rest = total;
		/* A backend without headers leaves their room alone. */
		rx->rest_at = off || rx->room > net->dialect->hdr_len ?
			      rx->room : net->dialect->hdr_len;
		rx->vq->content = false;
	}
	/* Else decision 6: the frame is lost and the chain stays. */
	return true;
}

void net_rx_process(struct net_pair *p)
{
	struct vio_dev *dev = &p->net->dev;

	for (unsigned i = 0; i < NET_BATCH; i++)
		if (!one_frame(p))
			return;
	/* The other queues have their turn, too: kicks are off while their
	 * loop is busy. */
	for (unsigned i = 0; i < dev->nvqs; i++)
		if (dev->vqs[i].loop == p->loop)
			loop_bell_mark(p->loop, &dev->vqs[i].bell);
}
