/* virtio-net: from the guest to the backend. */
#include <errno.h>
#include <string.h>

#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/net_int.h"

/* A driver is judged by its first frames; later ones cost nothing. */
#define JUDGED 16

static const uint8_t blank[NETIO_HDR_MAX];

/* The sender's address, were the header n bytes long, is the card's. */
static bool fits(const struct net *net, const struct vq_chain *c, size_t n)
{
	uint8_t src[6];

	return iov_get(c->iov, c->nout, n + 6, src, sizeof(src)) ==
	       sizeof(src) && memcmp(src, net->mac, sizeof(src)) == 0;
}

/* A driver that follows virtio 1.x puts 12 bytes in front of each frame, and
 * under a profile that has 10 nothing works: say why, once. */
static void judge(struct net_pair *p, const struct vq_chain *c)
{
	const struct net *net = p->net;
	const struct net_dialect *d = net->dialect;

	if (p->tx.judged == JUDGED || p->tx.told_dialect)
		return;
	p->tx.judged++;
	if (fits(net, c, d->hdr_len)) {
		p->tx.judged = JUDGED;
		return;
	}
	if (c->iov[0].iov_len != d->other_hdr_len &&
	    !fits(net, c, d->other_hdr_len))
		return;
	p->tx.told_dialect = true;
	log_warn("%s: the guest's driver puts a header of %u bytes in front "
		 "of frames, profile %s has %u, so its network will not work; "
		 "start this guest with '--profile modern'", net->dev.name,
		 d->other_hdr_len, net->dev.prof->name, d->hdr_len);
}

/* The list without its first len bytes. */
static unsigned skip(struct iovec **iov, unsigned n, size_t len)
{
	while (n && len >= (*iov)->iov_len) {
		len -= (*iov)->iov_len;
		(*iov)++;
		n--;
	}
	if (n) {
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + len;
		(*iov)->iov_len -= len;
	}
	return n;
}

/* 0: the chain is done with, frame sent or not. -EAGAIN: it has to wait. */
static int send_frame(struct net_pair *p, struct vq_chain *c)
{
	const struct net *net = p->net;
	const struct net_dialect *d = net->dialect;
	struct iovec *iov = c->iov;
	unsigned n = c->nout;
	uint64_t len;

	/* AERO-W7-VIRTIO 3.2.6, 3.2.7: a frame outside the valid sizes and a
	 * chain with writable descriptors are dropped but completed. */
	if (c->flaws || c->nin || c->out_len < d->hdr_len)
		return 0;
	len = c->out_len - d->hdr_len;
	if (d->other_hdr_len)
		judge(p, c);
	if (len < NET_FRAME_MIN || len > d->frame_max || !net_link(net))
		return 0;
	if (!net->tx_hdr) {
		n = skip(&iov, n, d->hdr_len);
		if (p->io->hdr_len) {
			*--iov = (struct iovec){
				(void *)(uintptr_t)blank, p->io->hdr_len,
			};
			n++;
		}
	}
	return netio_send(p->io, iov, n);
}

void net_tx_process(struct net_pair *p)
{
	struct net_tx *tx = &p->tx;
	struct vq_chain *c = &tx->chain;

	for (unsigned i = 0; i < NET_BATCH; i++) {
		c->iov = tx->iov + 1;
		c->max = NET_IOV - 1;
		if (!vio_pop(tx->vq, c))
			return;
		if (send_frame(p, c) == -EAGAIN) {
			/* Not taken, then; the backend says when to go on. */
			tx->vq->ops->unpop(tx->vq, c);
			tx->vq->content = true;
			return;
		}
		vq_push(tx->vq, c, 0);
	}
	loop_bell_mark(p->loop, &tx->vq->bell);
}
