/*
 * Network backends: what the cable of a network card ends in.
 *
 * A struct netio serves one pair of queues from one loop; a backend with several
 * has one for each. Frames are Ethernet
 * without FCS. Where hdr_len is not 0, a struct virtio_net_hdr of that many
 * bytes stands in front of each frame (virtio 5.1.6), and the checksum and the
 * segmentation of a frame may be left to the other side, as its header says.
 *
 * Opening, netio_header and closing: set-up thread. netio_offload: one thread at
 * a time.
 * Everything else, and the events: the loop it was bound to.
 */
#ifndef DEVICES_NET_NETIO_H
#define DEVICES_NET_NETIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "devices/base/loop.h"

/* What may be left undone in a frame. */
enum netio_offload {
	NETIO_CSUM = 0x01,      /* checksums; the others need this one */
	NETIO_TSO4 = 0x02,
	NETIO_TSO6 = 0x04,
	NETIO_ECN = 0x08,       /* ECN marks in segmented TCP */
	NETIO_USO4 = 0x20,
	NETIO_USO6 = 0x40,
};

/* The longest frame anybody has: 65535 bytes of payload behind an IPv6, an
 * Ethernet and two VLAN headers. */
#define NETIO_FRAME_MAX 65597
#define NETIO_HDR_MAX 12

struct gmem;
struct netio;
struct vhost_ring;
struct netio_events {
	/* Frames may have come, after netio_recv said -EAGAIN. */
	void (*readable)(struct netio *);
	/* There is room again, after netio_send said -EAGAIN. */
	void (*writable)(struct netio *);
	/* The other end is no more, for good. Once. */
	void (*gone)(struct netio *);
};

struct netio_ops {
	int (*bind)(struct netio *);
	void (*unbind)(struct netio *);
	ssize_t (*recv)(struct netio *, const struct iovec *, unsigned n);
	int (*send)(struct netio *, const struct iovec *, unsigned n);
	/* NULL, both: has no headers. */
	int (*header)(struct netio *, unsigned len);
	int (*offload)(struct netio *, unsigned set);
	/* NULL: always attached. */
	int (*attach)(struct netio *, bool on);
	/* NULL, all: there is nobody to lend a ring to. */
	int (*memory)(struct netio *, const struct gmem *);
	int (*lend)(struct netio *, unsigned ring, struct vhost_ring *);
	void (*regain)(struct netio *, unsigned ring);
	void (*look)(struct netio *);
	void (*call)(struct netio *, unsigned ring, int fd);
	void (*close)(struct netio *);
};

struct netio {
	const struct netio_ops *ops;            /* [c] */
	char name[48];          /* [c] "tap 'tap0'": for people, and stable */
	unsigned can;           /* [c] enum netio_offload, both ways */
	unsigned hdr_len;       /* [c] while bound: 0, 10 or 12 */
	unsigned offloads;      /* set last; netio_offload's */
	uint64_t lends;         /* [c] ring features of who takes rings; 0: none */
	struct loop *loop;                      /* [c] while bound */
	const struct netio_events *events;      /* [c] while bound */
	void *ctx;                              /* [c] the events' own */
	bool gone;                              /* [l] */
};

enum netio_kind {
	NETIO_NONE,             /* swallows everything, says nothing */
	NETIO_TAP,
	NETIO_FD,               /* an open tap (with IFF_NO_PI), macvtap or
				 * datagram socket */
	NETIO_USER,             /* user-mode networking (libslirp) */
};

struct netio_cfg {
	enum netio_kind kind;
	const char *tap;        /* NETIO_TAP: name; made if it is not there */
	int fd;                 /* NETIO_FD: closed with the backend */
	unsigned queues;        /* NETIO_TAP: 1 to 8; 0: 1. Others have one */
	unsigned mtu;           /* bytes; 0: whatever it is */
	/* NETIO_TAP: rings may be lent to the host's vhost-net, or must. */
	enum netio_vhost { NETIO_VHOST_AUTO, NETIO_VHOST_ON, NETIO_VHOST_OFF }
		vhost;
	/* NETIO_USER: "tcp:[ADDR]:PORT-[ADDR]:PORT" or "udp:...". The host's
	 * address is 127.0.0.1 unless given, the guest's the one DHCP gives. */
	const char *const *hostfwd;
	unsigned nhostfwd;
};

/* Opens as many as there are queues, all attached. On failure err holds one
 * sentence: what, where, what to do. 0 or -errno. */
int netio_open(struct netio **, const struct netio_cfg *, char *err, size_t);
void netio_close(struct netio *);

/* Asks for headers of len bytes, 10 or 12; hdr_len says whether there are any.
 * 0 or -errno. */
int netio_header(struct netio *, unsigned len);

/* Attaches to the loop; events start. 0 or -errno. */
int netio_bind(struct netio *, struct loop *, const struct netio_events *,
	       void *ctx);
void netio_unbind(struct netio *);

/*
 * One frame, header first, into the list. Returns its length, at most the
 * list's: the rest of a longer frame is lost. -EAGAIN: there is none, readable
 * follows. -ENODEV: gone.
 */
static inline ssize_t netio_recv(struct netio *io, const struct iovec *iov,
				 unsigned n)
{
	return io->ops->recv(io, iov, n);
}

/* One frame, header first. 0: sent, or lost as a wire loses frames. -EAGAIN:
 * no room, writable follows. */
static inline int netio_send(struct netio *io, const struct iovec *iov,
			     unsigned n)
{
	return io->ops->send(io, iov, n);
}

/* What frames to the guest may leave undone: bits of can. 0 or -errno. Of a
 * backend with several queues the first speaks for all. */
int netio_offload(struct netio *, unsigned set);

/* Whether this queue takes part in the traffic. While it does not, nothing is
 * received and what is sent is lost. The first queue always takes part. 0 or
 * -errno. */
int netio_attach(struct netio *, bool on);

/*
 * The rings of a pair may be left to somebody who serves them faster (struct
 * vhost_ring in vhost.h; its tap is filled in here): ring 0 to the guest, 1
 * from it. What is lent is not received or sent here, and events fall silent;
 * gone, too, but for netio_look, to be called now and then. The others as
 * vhost_memory, vhost_start, vhost_stop, vhost_call; memory: set-up thread, and
 * on failure nothing can be lent. Only where lends is not 0.
 */
int netio_memory(struct netio *, const struct gmem *);
static inline int netio_lend(struct netio *io, unsigned ring,
			     struct vhost_ring *r)
{
	return io->ops->lend(io, ring, r);
}

static inline void netio_regain(struct netio *io, unsigned ring)
{
	io->ops->regain(io, ring);
}

static inline void netio_look(struct netio *io)
{
	io->ops->look(io);
}

static inline void netio_call(struct netio *io, unsigned ring, int fd)
{
	io->ops->call(io, ring, fd);
}

#endif
