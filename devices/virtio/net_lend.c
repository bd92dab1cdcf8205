/*
 * virtio-net: queues that the backend serves by itself (vhost-net), from when
 * a queue goes live until it stops, its link goes down, its pair is turned off
 * or the device breaks. They are served here in between, for drivers that the
 * backend does not suit, and if it refuses or fails.
 *
 * What the backend does not do is either none of its business, because the tap
 * does it (offloads), or not owed: filtering by address and VLAN is best effort
 * (virtio 5.1.6.5.1, 5.1.6.5.3).
 */
#include <errno.h>
#include <string.h>

#include "devices/base/log.h"
#include "devices/net/vhost.h"
#include "devices/virtio/net_int.h"

/* virtio 2.2: the bits that are about queues; and how frames lie in them. */
#define RING_FEATURES ((VIRTIO_F(42) - VIRTIO_F(24)) | VIRTIO_NET_F_MRG_RXBUF)

static struct vq *ring_vq(struct net_pair *p, unsigned ring)
{
	return ring ? p->tx.vq : p->rx.vq;
}

/* Headers pass through unseen, so that the driver must have taken what makes
 * them meaningful; without MRG_RXBUF somebody would have to fill num_buffers. */
void net_lend_start(struct net *net)
{
	const struct netio *io = net->pair[0].io;

	net->lends = io->lends && net->tx_hdr && net->rx_csum && net->mrg &&
		     io->hdr_len == net->dialect->hdr_len &&
		     !(net->dev.acked & RING_FEATURES & ~io->lends);
	for (unsigned i = 0; i < net->npairs; i++)
		net->pair[i].refused = false;
	if (net->lends)
		log_debug("%s: vhost-net serves the queues", net->dev.name);
}

/* A pair is on when it is told so, and its tap's queue attached. */
static bool is_on(const struct net_pair *p)
{
	return p->idx < __atomic_load_n(&p->net->pairs_on, __ATOMIC_ACQUIRE) &&
	       (p->idx == 0 ||
		p->idx < __atomic_load_n(&p->steered, __ATOMIC_ACQUIRE));
}

static bool may_lend(const struct net_pair *p)
{
	const struct net *net = p->net;

	return p->io->lends && !p->refused && !p->io->gone && net_link(net) &&
	       p->bound && is_on(p) &&
	       !__atomic_load_n(&net->dev.broken, __ATOMIC_ACQUIRE);
}

/* ---- its interrupts -------------------------------------------------------- */

static void called(struct loop_bell *b)
{
	struct net_lent *l = container_of(b, struct net_lent, call);
	struct vio_dev *dev = &l->pair->net->dev;

	if (!l->vq->lent)
		return;
	dev->tp->raise(dev, VIRTIO_ISR_QUEUE, l->vq->idx);
	if (dev->tp->feed)
		dev->tp->feed(dev, l->vq->idx, &l->feed);
}

static void feed_to(struct msi_feed *f, int fd)
{
	struct net_lent *l = container_of(f, struct net_lent, feed);

	netio_call(l->pair->io, l->vq->idx % 2, fd < 0 ? l->call.fd : fd);
}

#define WATCH_NS 1000000000u
#define STUCK 5                 /* times nothing has moved */

static void watch(struct net_pair *p)
{
	loop_timer_set(p->loop, &p->watch, loop_now_ns() + WATCH_NS);
}

/* ---- there and back -------------------------------------------------------- */

bool net_lend(struct net_pair *p, unsigned ring)
{
	struct net_lent *l = &p->lent[ring];
	struct vq *vq = ring_vq(p, ring);
	struct vhost_ring r = {
		.size = vq->size, .desc = vq->desc, .avail = vq->avail,
		.used = vq->used, .features = p->net->dev.acked,
		.kick = vq->bell.fd, .call = l->call.fd, .err = l->err.fd,
	};
	int err;

	if (vio_has(&p->net->dev, VIRTIO_NET_F_MTU))
		r.mtu = p->net->rx_max - NET_FRAME_MIN;
	if (!may_lend(p))
		return false;
	if (ring == 0)
		net_rx_stop(p);
	r.at = vio_q_lend(vq);
	err = netio_lend(p->io, ring, &r);
	if (err) {
		p->refused = true;
		vio_q_regain(vq);
		host_err_limited(p->net->dev.name, "vhost-net does not take "
				 "queue %u: %s", vq->idx, err == -EMSGSIZE ?
				 "the MTU of the tap is above mtu=" :
				 strerror(-err));
		return true;
	}
	p->stuck = 0;
	if (!p->watch.at_ns)
		watch(p);
	/* Chains that were kicked before, or that we had begun with. */
	bell_ring(&vq->bell);
	return true;
}

void net_regain(struct net_pair *p, unsigned ring)
{
	struct vio_dev *dev = &p->net->dev;
	struct vq *vq = ring_vq(p, ring);

	if (dev->tp->unfeed)
		dev->tp->unfeed(dev, vq->idx);
	netio_regain(p->io, ring);
	vio_q_regain(vq);
	/* An interrupt of its that we have not heard yet, perhaps. */
	dev->tp->raise(dev, VIRTIO_ISR_QUEUE, vq->idx);
}

static void look(void *arg)
{
	struct net_pair *p = arg;

	for (unsigned ring = 0; ring < 2; ring++) {
		struct vq *vq = ring_vq(p, ring);

		if (vq->lent && !may_lend(p))
			net_regain(p, ring);
		loop_bell_mark(p->loop, &vq->bell);
	}
}

/* Until the driver begins anew. */
static void give_up(struct net_pair *p)
{
	p->refused = true;
	look(p);
}

/* Decisions 9 and 17: whether it is a bad buffer or a bad ring is for us to
 * judge, who can tell them apart; or the backend is gone. */
static void failed(struct loop_bell *b)
{
	struct net_lent *l = container_of(b, struct net_lent, err);

	if (!l->vq->lent)
		return;
	log_debug("%s: vhost-net does not go on with queue %u",
		  l->pair->net->dev.name, l->vq->idx);
	give_up(l->pair);
}

/* A thread that holds ctl may wait for loops. */
void net_lend_look(struct net *net)
{
	if (!net->lends)
		return;
	for (unsigned i = 0; i < net->npairs; i++)
		loop_call_sync(net->pair[i].loop, look, &net->pair[i]);
}

/* ---- what nobody tells ----------------------------------------------------- */

/* A frame that the tap does not take, because its header makes no sense, is
 * tried again and again, as fast as the host can, and nobody is told. */
static bool is_stuck(struct net_pair *p)
{
	const struct vq *vq = p->tx.vq;
	uint16_t used, was = p->seen_used;

	if (!vq->lent)
		return false;
	used = p->seen_used = le16_load(&vq->used->idx);
	if (used != was || used == le16_load(&vq->avail->idx))
		p->stuck = 0;
	else
		p->stuck++;
	return p->stuck == STUCK;
}

static void watch_fired(struct loop_timer *t)
{
	struct net_pair *p = container_of(t, struct net_pair, watch);

	if (!p->rx.vq->lent && !p->tx.vq->lent)
		return;
	netio_look(p->io);
	watch(p);
	if (!is_stuck(p))
		return;
	host_err_limited(p->net->dev.name, "vhost-net has not taken a frame "
			 "from queue %u for %u s; the queue is served without",
			 p->tx.vq->idx, STUCK);
	give_up(p);
}

/* ---- life ------------------------------------------------------------------ */

int net_lend_setup(struct net_pair *p)
{
	int err = 0;

	if (!p->io->lends)
		return 0;
	p->watch.fired = watch_fired;
	for (unsigned ring = 0; ring < 2 && err == 0; ring++) {
		struct net_lent *l = &p->lent[ring];

		l->pair = p;
		l->vq = ring_vq(p, ring);
		l->feed.to = feed_to;
		l->call.rung = called;
		l->err.rung = failed;
		err = loop_bell_add(p->loop, &l->call);
		if (err)
			break;
		err = loop_bell_add(p->loop, &l->err);
		if (err)
			loop_bell_del(p->loop, &l->call);
		l->bells = err == 0;
	}
	if (err == 0 || p->net->must_lend)
		return err;
	log_warn("%s: queues %u and %u are not for vhost-net: %s",
		 p->net->dev.name, 2 * p->idx, 2 * p->idx + 1, strerror(-err));
	net_lend_fini(p);
	p->io->lends = 0;
	return 0;
}

void net_lend_fini(struct net_pair *p)
{
	loop_timer_del(p->loop, &p->watch);
	for (unsigned ring = 0; ring < 2; ring++) {
		struct net_lent *l = &p->lent[ring];

		if (!l->bells)
			continue;
		loop_bell_del(p->loop, &l->call);
		loop_bell_del(p->loop, &l->err);
		l->bells = false;
	}
}
