/* Description: virtio-net's receive, transmit and control queues, and a wire
 * that brings frames, refuses them, and stops being there. */
#include <errno.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/net.h"
#include "tests/fuzz/fz_vio.h"

#define FRAMES 8

struct wire {
	struct netio io;
	struct { uint16_t len; uint8_t head[32]; } frame[FRAMES];
	unsigned n;             /* to the guest */
	bool full;              /* takes none from it */
	unsigned offloads;
	uint8_t sum;            /* of what it took: all of it is read */
};

static struct fz_vio vio[2];
static struct wire wire[3];             /* of card 0; of card 1 */

static struct wire *to_wire(struct netio *io)
{
	return container_of(io, struct wire, io);
}

static int wire_bind(struct netio *io)
{
	(void)io;
	return 0;
}

static void wire_unbind(struct netio *io)
{
	(void)io;
}

static ssize_t wire_recv(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct wire *w = to_wire(io);
	size_t room = iov_len(iov, n), len, head;

	if (!w->n)
		return -EAGAIN;
	w->n--;
	len = io->hdr_len + (size_t)w->frame[w->n].len;
	len = len < room ? len : room;
	head = len < sizeof(w->frame[0].head) ? len : sizeof(w->frame[0].head);
	iov_zero(iov, n, 0, len);
	iov_put(iov, n, 0, w->frame[w->n].head, head);
	return (ssize_t)len;
}

static int wire_send(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct wire *w = to_wire(io);

	if (w->full)
		return -EAGAIN;
	BUG_ON(iov_len(iov, n) > io->hdr_len + NETIO_FRAME_MAX);
	BUG_ON(iov_len(iov, n) < io->hdr_len);
	for (unsigned i = 0; i < n; i++) {
		const volatile uint8_t *p = iov[i].iov_base;

		/* A byte of each 64 is as good as all of them. */
		for (size_t k = 0; k < iov[i].iov_len; k += 64)
			w->sum ^= p[k];
		if (iov[i].iov_len)
			w->sum ^= p[iov[i].iov_len - 1];
	}
	return 0;
}

static int wire_header(struct netio *io, unsigned len)
{
	io->hdr_len = len;
	return 0;
}

static int wire_offload(struct netio *io, unsigned set)
{
	BUG_ON(set & ~io->can);
	to_wire(io)->offloads = set;
	return 0;
}

static void wire_close(struct netio *io)
{
	(void)io;
}

static const struct netio_ops wire_ops = {
	.bind = wire_bind, .unbind = wire_unbind, .recv = wire_recv,
	.send = wire_send, .header = wire_header, .offload = wire_offload,
	.close = wire_close,
};

static void add(unsigned i, const struct vio_profile *prof, unsigned can,
		unsigned pairs)
{
	struct netio *io[2];
	struct loop *loop = fz_vio_loop();
	const struct net_cfg cfg = {
		.prof = prof, .name = "net0",
		.mac = (const uint8_t *)"\x52\x54\x00\x12\x34\x56",
		.mtu = i ? 1500 : 0, .gmem = fz_vio_mem(), .ctl_loop = loop,
		.pairs = pairs, .loops = &loop, .nloops = 1,
	};
	struct vio_dev *dev;

	for (unsigned k = 0; k < pairs; k++) {
		io[k] = &wire[i + k].io;
		*io[k] = (struct netio){
			.ops = &wire_ops, .name = "wire", .can = can,
		};
	}
	BUG_ON(net_create(&dev, &cfg, io));
	fz_vio_init(&vio[i], dev);
}

void fz_setup(void)
{
	add(0, &vio_profile_aero_w7, 0, 1);
	add(1, &vio_profile_modern, NETIO_CSUM | NETIO_TSO4 | NETIO_TSO6 |
	    NETIO_ECN | NETIO_USO4 | NETIO_USO6, 2);
}

static void frame(struct wire *w, struct fz *in)
{
	size_t got;
	const uint8_t *p;

	if (w->n == FRAMES)
		return;
	memset(&w->frame[w->n], 0, sizeof(w->frame[0]));
	w->frame[w->n].len = fz_u16(in);
	p = fz_bytes(in, fz_u8(in) % 32u, &got);
	memcpy(w->frame[w->n].head, p, got);
	w->n++;
}

static void more(struct fz_vio *v, struct fz *in, unsigned what)
{
	struct wire *w = &wire[v == vio ? 0 : 1 + (fz_u8(in) & 1)];

	switch (what) {
	case 0: frame(w, in); break;
	case 1:
		if (w->io.events)
			w->io.events->readable(&w->io);
		break;
	case 2: w->full = true; break;
	case 3:
		w->full = false;
		if (w->io.events)
			w->io.events->writable(&w->io);
		break;
	default: net_set_link(v->dev, fz_u8(in) & 1);
	}
}

void fz_one(struct fz *in)
{
	unsigned which = fz_u8(in) & 1;

	fz_vio_run(&vio[which], in, more, 5);
	for (unsigned i = 0; i < 3; i++) {
		wire[i].n = 0;
		wire[i].full = false;
	}
	net_set_link(vio[which].dev, true);
	fz_vio_settle(&vio[which]);
}
