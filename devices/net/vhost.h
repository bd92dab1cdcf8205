/*
 * The host kernel's vhost-net: it serves the split rings of a network card
 * itself, between guest memory and a tap.
 *
 * One struct vhost serves a receive and a transmit ring. Opening, memory and
 * closing: set-up thread. The rest: the loop the pair is on, but vhost_call,
 * which any thread may call.
 */
#ifndef DEVICES_NET_VHOST_H
#define DEVICES_NET_VHOST_H

#include <stddef.h>
#include <stdint.h>

struct gmem;
struct vhost;
struct vring_avail;
struct vring_desc;
struct vring_used;

#define VHOST_DEV "/dev/vhost-net"

/* What it is to know of one ring. */
struct vhost_ring {
	uint16_t size, at;              /* entries; which one is next */
	struct vring_desc *desc;        /* in this process, inside guest RAM */
	struct vring_avail *avail;
	struct vring_used *used;
	uint64_t features;              /* the driver's; the same for a pair */
	int kick, call, err;            /* eventfds */
	int tap;
	unsigned mtu;                   /* netio_lend's: the driver was promised
					 * no longer frames; 0: nothing */
};

/* 0, or -errno with one sentence in err: what, where, what to do. */
int vhost_open(struct vhost **, char *err, size_t);
void vhost_close(struct vhost *);
/* All memory rings and buffers may be in. Const from then on. 0 or -errno. */
int vhost_memory(struct vhost *, const struct gmem *);
/* The features it knows. */
uint64_t vhost_features(const struct vhost *);

/* ring 0: to the guest; 1: from it. 0 or -errno, and then nothing was done. */
int vhost_start(struct vhost *, unsigned ring, const struct vhost_ring *);
/* Returns when nothing more of it reaches guest memory. It gives chains back in
 * their order; those it had taken beyond its used index are nobody's. */
void vhost_stop(struct vhost *, unsigned ring);
/* Interrupts from now on by this eventfd; none by another once it returns. */
void vhost_call(struct vhost *, unsigned ring, int fd);

#endif
