/*
 * A tap of the host's, made by us or by somebody else, or handed over as an
 * open descriptor (then also a macvtap or a datagram socket).
 *
 * Of a tap with several queues each has a descriptor of its own. What the kernel
 * keeps once a tap (headers, offloads) is set through the first, which always
 * takes part; the kernel sends nothing to a detached one.
 *
 * The descriptor is watched edge-triggered: the card reads until -EAGAIN, so a
 * guest that is out of buffers costs no system calls, and the kernel's queue
 * holds what it has not taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/net/netio_int.h"
#include "devices/net/vhost.h"

#ifndef TUN_F_USO4              /* since Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
_Static_assert((int)NETIO_CSUM == TUN_F_CSUM &&
	       (int)NETIO_TSO4 == TUN_F_TSO4 &&
	       (int)NETIO_TSO6 == TUN_F_TSO6 &&
	       (int)NETIO_ECN == TUN_F_TSO_ECN &&
	       (int)NETIO_USO4 == TUN_F_USO4 &&
	       (int)NETIO_USO6 == TUN_F_USO6, "bits go to the kernel as they are");

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)
#define DEV_TUN "/dev/net/tun"

struct tap {
	struct netio io;
	char ifname[IFNAMSIZ];
	struct loop_fd lfd;
	struct loop_timer again;
	int fd;
	struct vhost *vhost;    /* NULL: none */
	bool socket;            /* not a tap */
	bool local;             /* AF_UNIX: errors mean the peer has left */
	bool stream_end;        /* SOCK_SEQPACKET: 0 bytes read is the end */
	bool vnet_hdr;
	bool follower;          /* a queue after the first */
	bool off;               /* [l] detached */
	bool down_said;         /* [l] */
};

static struct tap *to_tap(struct netio *io)
{
	return container_of(io, struct tap, io);
}

/* ---- frames ---------------------------------------------------------------- */

/* Is the other end gone, or was it only this frame? */
static bool is_gone(const struct tap *t, int e)
{
	struct ifreq ifr;

	if (t->socket)
		return t->local && (e == EPIPE || e == ECONNRESET ||
				    e == ECONNREFUSED || e == ENOTCONN);
	/* A descriptor whose interface was deleted answers EBADFD. */
	return ioctl(t->fd, TUNGETIFF, &ifr) < 0;
}

static ssize_t tap_recv(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct tap *t = to_tap(io);
	ssize_t len;

	if (io->gone)
		return -ENODEV;
	if (t->off)
		return -EAGAIN;
	len = readv(t->fd, iov, (int)n);
	if (len > 0 || (len == 0 && !t->stream_end))
		return len;
	if (len < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (len == 0 || is_gone(t, errno)) {
		netio_lost(io);
		return -ENODEV;
	}
	return 0;
}

static ssize_t put(const struct tap *t, const struct iovec *iov, unsigned n)
{
	struct msghdr msg = {
		.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n,
	};

	return t->socket ? sendmsg(t->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT)
			 : writev(t->fd, iov, (int)n);
}

static int tap_send(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct tap *t = to_tap(io);
	int e;

	if (io->gone || t->off || put(t, iov, n) >= 0)
		return 0;
	e = errno;
	if (e == EAGAIN) {
		/* The kernel notes who waits for room when it is asked. */
		t->lfd.events |= EPOLLOUT;
		loop_fd_mod(io->loop, &t->lfd);
		return -EAGAIN;
	}
	/* Others blame the frame: a header that makes no sense, no memory. */
	if ((t->socket || e == EIO || e == EBADFD) && is_gone(t, e)) {
		netio_lost(io);
	} else if (e == EIO && !t->down_said) {
		t->down_said = true;
		log_warn("%s is down and loses what the guest sends; bring it "
			 "up with 'ip link set dev %s up'", io->name,
			 t->ifname);
	}
	return 0;
}

/* A tap that is being deleted says so before it is. */
#define DYING_NS 10000000u

static void look_again(struct loop_timer *timer)
{
	struct tap *t = container_of(timer, struct tap, again);

	/* Changing a watch asks for its state anew. */
	loop_fd_mod(t->io.loop, &t->lfd);
}

static void tap_ready(struct loop_fd *lfd, uint32_t events)
{
	struct tap *t = container_of(lfd, struct tap, lfd);

	if (events & EPOLLOUT) {
		lfd->events &= ~(uint32_t)EPOLLOUT;
		loop_fd_mod(t->io.loop, lfd);
		t->io.events->writable(&t->io);
	}
	if ((events & EPOLLERR) && !t->socket) {
		if (is_gone(t, 0))
			netio_lost(&t->io);
		else
			loop_timer_set(t->io.loop, &t->again,
				       loop_now_ns() + DYING_NS);
	}
	/* Of a socket's end the reader hears by reading. */
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		t->io.events->readable(&t->io);
}

static int watch(struct tap *t)
{
	t->lfd = (struct loop_fd){
		.fd = t->fd, .events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.ready = tap_ready,
	};
	return loop_fd_add(t->io.loop, &t->lfd);
}

static void unwatch(struct tap *t)
{
	loop_fd_del(t->io.loop, &t->lfd);
	loop_timer_del(t->io.loop, &t->again);
}

static int tap_bind(struct netio *io)
{
	struct tap *t = to_tap(io);

	return t->off ? 0 : watch(t);
}

static void tap_unbind(struct netio *io)
{
	struct tap *t = to_tap(io);

	if (!t->off)
		unwatch(t);
}

/* A detached descriptor reports errors without end, so it is not watched. */
static int tap_attach(struct netio *io, bool on)
{
	struct ifreq ifr = {
		.ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE,
	};
	struct tap *t = to_tap(io);

	if (!t->follower || t->off == !on || io->gone)
		return 0;
	if (!on)
		unwatch(t);
	t->off = !on;
	if (ioctl(t->fd, TUNSETQUEUE, &ifr) < 0) {
		int err = -errno;

		t->off = true;
		/* Without the tap there is nothing to attach to. */
		netio_lost(io);
		return err;
	}
	return on ? watch(t) : 0;
}

/* ---- rings that vhost-net serves ------------------------------------------- */

static int tap_memory(struct netio *io, const struct gmem *gmem)
{
	return vhost_memory(to_tap(io)->vhost, gmem);
}

/* Of each frame that comes the watch would hear, too. */
static void hear_frames(struct tap *t, bool on)
{
	if (on)
		t->lfd.events |= EPOLLIN;
	else
		t->lfd.events &= ~(uint32_t)EPOLLIN;
	loop_fd_mod(t->io.loop, &t->lfd);
}

/* Frames that were queued for an earlier driver may have offloads this one does
 * not know, and nobody looks at them any more. */
#define STALE_MAX 65536         /* longer than queues are; and it ends */
static void drop_stale(const struct tap *t)
{
	char some[NETIO_HDR_MAX];       /* the rest of each is lost, too */

	for (unsigned i = 0; i < STALE_MAX; i++)
		if (read(t->fd, some, sizeof(some)) < 0 && errno == EAGAIN)
			break;
}

/* virtio 5.1.4.1: the device MUST NOT pass frames beyond a negotiated MTU, and
 * vhost-net passes whatever the tap lets through. */
static int keeps_mtu(const struct tap *t, unsigned mtu)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };
	int err = 0;

	memcpy(ifr.ifr_name, t->ifname, IFNAMSIZ);
	if (sock < 0 || ioctl(sock, SIOCGIFMTU, &ifr) < 0)
		err = -errno;
	else if (ifr.ifr_mtu > (int)mtu)
		err = -EMSGSIZE;
	if (sock >= 0)
		close(sock);
	return err;
}

static int tap_lend(struct netio *io, unsigned ring, struct vhost_ring *r)
{
	struct tap *t = to_tap(io);
	int err = 0;

	if (io->gone || t->off)
		return -ENODEV;
	if (ring == 0 && r->mtu)
		err = keeps_mtu(t, r->mtu);
	if (err)
		return err;
	r->tap = t->fd;
	if (ring == 0 && r->at == 0)
		drop_stale(t);
	err = vhost_start(t->vhost, ring, r);
	if (err == 0 && ring == 0)
		hear_frames(t, false);
	return err;
}

static void tap_regain(struct netio *io, unsigned ring)
{
	struct tap *t = to_tap(io);

	vhost_stop(t->vhost, ring);
	if (ring == 0)
		hear_frames(t, true);
}

/* That the tap was deleted is told as a frame would be, which nobody hears. */
static void tap_look(struct netio *io)
{
	look_again(&to_tap(io)->again);
}

static void tap_call(struct netio *io, unsigned ring, int fd)
{
	vhost_call(to_tap(io)->vhost, ring, fd);
}

/* ---- headers and offloads -------------------------------------------------- */

static int tap_header(struct netio *io, unsigned len)
{
	const struct tap *t = to_tap(io);
	int n = (int)len;

	if (!t->vnet_hdr)
		return -ENOTSUP;
	if (t->follower)
		return 0;
	return ioctl(t->fd, TUNSETVNETHDRSZ, &n) < 0 ? -errno : 0;
}

static int tap_offload(struct netio *io, unsigned set)
{
	const struct tap *t = to_tap(io);

	/* What the kernel would refuse: something without checksums, ECN
	 * without TSO, USO for one IP version only. */
	if (!(set & NETIO_CSUM))
		set = 0;
	if (!(set & (NETIO_TSO4 | NETIO_TSO6)))
		set &= ~(unsigned)NETIO_ECN;
	if (!(set & NETIO_USO4) || !(set & NETIO_USO6))
		set &= ~(unsigned)(NETIO_USO4 | NETIO_USO6);
	if (ioctl(t->fd, TUNSETOFFLOAD, (unsigned long)set) == 0)
		return 0;
	/* Gone, then, which the loop finds out by itself. */
	return errno == EBADFD ? 0 : -errno;
}

/* Offers come in bundles of what kernels learnt together. */
static void find_offloads(struct tap *t)
{
	static const unsigned bundle[] = {
		NETIO_CSUM | NETIO_TSO4 | NETIO_TSO6 | NETIO_ECN,
		NETIO_CSUM | NETIO_USO4 | NETIO_USO6,
	};

	if (!t->vnet_hdr)
		return;
	for (unsigned i = 0; i < sizeof(bundle) / sizeof(bundle[0]); i++)
		if (ioctl(t->fd, TUNSETOFFLOAD, (unsigned long)bundle[i]) == 0)
			t->io.can |= bundle[i];
	ioctl(t->fd, TUNSETOFFLOAD, 0ul);
}

/* ---- opening --------------------------------------------------------------- */

static void tap_close(struct netio *io)
{
	struct tap *t = to_tap(io);

	vhost_close(t->vhost);
	close(t->fd);
	free(t);
}

static const struct netio_ops tap_ops = {
	.bind = tap_bind,
	.unbind = tap_unbind,
	.recv = tap_recv,
	.send = tap_send,
	.header = tap_header,
	.offload = tap_offload,
	.attach = tap_attach,
	.memory = tap_memory,
	.lend = tap_lend,
	.regain = tap_regain,
	.look = tap_look,
	.call = tap_call,
	.close = tap_close,
};

/* ifr: what the kernel says of a tap; NULL: a socket. */
static int make(struct tap **out, int fd, const struct ifreq *ifr, char *err,
		size_t errlen)
{
	struct tap *t = calloc(1, sizeof(*t));

	if (!t) {
		SAY("out of memory");
		return -ENOMEM;
	}
	t->io.ops = &tap_ops;
	t->fd = fd;
	t->socket = ifr == NULL;
	t->again.fired = look_again;
	if (ifr) {
		memcpy(t->ifname, ifr->ifr_name, IFNAMSIZ - 1);
		t->vnet_hdr = ifr->ifr_flags & IFF_VNET_HDR;
		snprintf(t->io.name, sizeof(t->io.name), "tap '%s'",
			 t->ifname);
	}
	find_offloads(t);
	*out = t;
	return 0;
}

static int open_tun(char *err, size_t errlen)
{
	int fd = open(DEV_TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int e = errno;

	if (fd >= 0)
		return fd;
	if (e == ENOENT || e == ENODEV || e == ENXIO)
		SAY("there is no %s on this host; load the tun driver with "
		    "'modprobe tun', or use '--net user'", DEV_TUN);
	else if (e == EACCES || e == EPERM)
		SAY("no permission to open %s; let this user have it (it is "
		    "meant to be open to all: 'chmod 666 %s'), or use "
		    "'--net user'", DEV_TUN, DEV_TUN);
	else
		SAY("cannot open %s: %s", DEV_TUN, strerror(e));
	return -e;
}

static void say_attach(const char *name, unsigned queues, bool existed, int e,
		       char *err, size_t errlen)
{
	if (e == EBUSY)
		SAY("tap '%s' is in use by another program; stop that one or "
		    "use another tap", name);
	else if ((e == EPERM || e == EACCES) && existed)
		SAY("tap '%s' belongs to another user; make one for this user: "
		    "'ip tuntap add dev NAME mode tap user USER'", name);
	else if (e == EPERM || e == EACCES)
		SAY("tap '%s' does not exist and this user may not make it; "
		    "have it made: 'ip tuntap add dev %s mode tap user USER'",
		    name, name);
	else if (e == EINVAL && existed && queues > 1)
		SAY("network interface '%s' is not a tap for several queues; "
		    "use a name that is free, or 'ip tuntap add dev NAME mode "
		    "tap multi_queue'", name);
	else if (e == EINVAL && existed)
		SAY("network interface '%s' is not a tap, or is one for "
		    "several queues, and then it needs queues=2 or more; use "
		    "a name that is free, or 'ip tuntap add dev NAME mode "
		    "tap'", name);
	else if (e == E2BIG)
		SAY("tap '%s' has no %u queues to spare; lower queues=", name,
		    queues);
	else if (e == EINVAL)
		SAY("'%s' cannot be the name of a tap", name);
	else
		SAY("cannot attach to tap '%s': %s", name, strerror(e));
}

static int check_name(const char *name, char *err, size_t errlen)
{
	if (*name == '\0') {
		SAY("the tap has no name; write tap=NAME");
		return -EINVAL;
	}
	if (strlen(name) >= IFNAMSIZ) {
		SAY("the tap name '%s' is too long; the kernel allows %d "
		    "characters", name, IFNAMSIZ - 1);
		return -EINVAL;
	}
	/* The kernel would put a number in the place of '%d'. */
	if (strpbrk(name, "/%: \t\n")) {
		SAY("'%s' cannot be the name of a tap", name);
		return -EINVAL;
	}
	return 0;
}

/* Nobody else will do it: the tap is ours and ends with us. */
static void bring_up(int sock, const char *name)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strlen(name));
	if (ioctl(sock, SIOCGIFFLAGS, &ifr) == 0) {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(sock, SIOCSIFFLAGS, &ifr) == 0)
			return;
	}
	log_warn("tap '%s' was made but cannot be brought up: %s", name,
		 strerror(errno));
}

static void raise_mtu(int sock, const char *name, unsigned mtu)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strlen(name));
	if (ioctl(sock, SIOCGIFMTU, &ifr) == 0) {
		if (ifr.ifr_mtu >= (int)mtu)
			return;
		ifr.ifr_mtu = (int)mtu;
		if (ioctl(sock, SIOCSIFMTU, &ifr) == 0)
			return;
	}
	log_warn("tap '%s' keeps an MTU below mtu=%u (%s), so the host sends "
		 "shorter frames; change it with 'ip link set dev %s mtu %u'",
		 name, mtu, strerror(errno), name, mtu);
}

/* NULL: there is none, and it need not be. */
static int get_vhost(struct vhost **out, enum netio_vhost wish, char *err,
		     size_t errlen)
{
	int ret;

	*out = NULL;
	if (wish == NETIO_VHOST_OFF)
		return 0;
	/* Nothing is said of what nobody must have. */
	ret = vhost_open(out, err, wish == NETIO_VHOST_ON ? errlen : 0);
	return wish == NETIO_VHOST_ON ? ret : 0;
}

/* One queue of it; the first makes the tap where there is none. */
static int open_queue(struct tap **out, const struct netio_cfg *cfg,
		      bool existed, char *err, size_t errlen)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	struct vhost *vhost;
	int fd, rc;

	rc = get_vhost(&vhost, cfg->vhost, err, errlen);
	if (rc)
		return rc;
	fd = open_tun(err, errlen);
	if (fd < 0) {
		vhost_close(vhost);
		return fd;
	}
	if (cfg->queues > 1)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	memcpy(ifr.ifr_name, cfg->tap, strlen(cfg->tap));
	rc = ioctl(fd, TUNSETIFF, &ifr) < 0 ? -errno : 0;
	if (rc)
		say_attach(cfg->tap, cfg->queues, existed, -rc, err, errlen);
	else
		rc = make(out, fd, &ifr, err, errlen);
	if (rc) {
		close(fd);
		vhost_close(vhost);
		return rc;
	}
	(*out)->vhost = vhost;
	if (vhost)
		(*out)->io.lends = vhost_features(vhost);
	return 0;
}

static void prepare_interface(const struct netio_cfg *cfg, bool existed)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!existed)
		bring_up(sock, cfg->tap);
	if (cfg->mtu)
		raise_mtu(sock, cfg->tap, cfg->mtu);
	if (sock >= 0)
		close(sock);
}

int netio_tap_open(struct netio **out, const struct netio_cfg *cfg, char *err,
		   size_t errlen)
{
	unsigned n = 0, queues = cfg->queues ? cfg->queues : 1;
	struct tap *t;
	bool existed;
	int rc;

	rc = check_name(cfg->tap, err, errlen);
	if (rc)
		return rc;
	existed = if_nametoindex(cfg->tap) != 0;
	for (; n < queues && rc == 0; n++) {
		rc = open_queue(&t, cfg, existed || n > 0, err, errlen);
		if (rc)
			break;
		t->follower = n > 0;
		out[n] = &t->io;
	}
	if (rc) {
		while (n > 0)
			netio_close(out[--n]);
		return rc;
	}
	prepare_interface(cfg, existed);
	return 0;
}

/* ---- a descriptor from elsewhere ------------------------------------------- */

static int socket_is(int fd, int what)
{
	socklen_t len = sizeof(int);
	int is = -1;

	if (getsockopt(fd, SOL_SOCKET, what, &is, &len) < 0)
		return -1;
	return is;
}

int netio_fd_open(struct netio **out, const struct netio_cfg *cfg, char *err,
		  size_t errlen)
{
	int fd = cfg->fd, flags = fcntl(fd, F_GETFL), type, rc;
	struct ifreq ifr = { 0 };
	bool is_tap;
	struct tap *t;

	if (flags < 0) {
		SAY("fd=%d is not an open descriptor of this process; whoever "
		    "starts it must pass the descriptor on", fd);
		return -EBADF;
	}
	is_tap = ioctl(fd, TUNGETIFF, &ifr) == 0;
	type = is_tap ? -1 : socket_is(fd, SO_TYPE);
	if (!is_tap && type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
		SAY("fd=%d is neither a tap nor a datagram socket", fd);
		return -EINVAL;
	}
	if (is_tap && !(ifr.ifr_flags & IFF_TAP)) {
		SAY("fd=%d is a tun, which carries packets, not frames; open "
		    "it with IFF_TAP", fd);
		return -EINVAL;
	}
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		rc = -errno;
		SAY("fd=%d cannot be made non-blocking: %s", fd, strerror(-rc));
		return rc;
	}
	rc = make(&t, fd, is_tap ? &ifr : NULL, err, errlen);
	if (rc)
		return rc;
	t->stream_end = type == SOCK_SEQPACKET;
	t->local = socket_is(fd, SO_DOMAIN) == AF_UNIX;
	if (!is_tap)
		snprintf(t->io.name, sizeof(t->io.name), "socket fd=%d", fd);
	*out = &t->io;
	return 0;
}
