/*
 * User-mode networking: a router, DHCP and DNS server made of libslirp and
 * ordinary sockets. The guest is 10.0.2.15 behind 10.0.2.2, names are resolved
 * by 10.0.2.3; no rights on the host are needed.
 *
 * libslirp wants to be asked before each sleep which sockets to watch. Here
 * they stay in the loop, and a hook brings them up to date after each batch of
 * work. What the guest has not taken waits in a bounded buffer; when that is
 * half full, sockets of the host are not read any more and TCP slows down.
 */
#include <errno.h>
#include <stdio.h>

#include "devices/net/netio_int.h"

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)

#ifdef HAVE_SLIRP

#include <arpa/inet.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "devices/base/container.h"
#include "devices/base/dl.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"

static struct {
	DL_POINTER(slirp_add_hostfwd);
	DL_POINTER(slirp_cleanup);
	DL_POINTER(slirp_input);
	DL_POINTER(slirp_new);
	DL_POINTER(slirp_pollfds_fill);
	DL_POINTER(slirp_pollfds_poll);
} lib;
static const struct dl_symbol symbols[] = {
	DL_SYMBOL(lib, slirp_add_hostfwd),
	DL_SYMBOL(lib, slirp_cleanup),
	DL_SYMBOL(lib, slirp_input),
	DL_SYMBOL(lib, slirp_new),
	DL_SYMBOL(lib, slirp_pollfds_fill),
	DL_SYMBOL(lib, slirp_pollfds_poll),
};
#define slirp_add_hostfwd lib.slirp_add_hostfwd
#define slirp_cleanup lib.slirp_cleanup
#define slirp_input lib.slirp_input
#define slirp_new lib.slirp_new
#define slirp_pollfds_fill lib.slirp_pollfds_fill
#define slirp_pollfds_poll lib.slirp_pollfds_poll

#define BUFFER (256 * 1024)
#define ENOUGH (BUFFER / 2)     /* read no more from the host */
#define NS_MS 1000000u
/* libslirp asks to be called at least this often even with nothing to do. */
#define IDLE_MS 1000

struct watch {
	struct loop_fd lfd;
	struct user *user;
	uint32_t revents;
	unsigned seen;          /* the round that asked for it last */
	struct watch *next;
};

struct user {
	struct netio io;
	Slirp *slirp;
	struct watch *watches;
	struct watch **by_fd;
	int nfds;
	unsigned round;
	struct loop_hook refresh;
	struct loop_timer timer;        /* libslirp's TCP timers */
	bool due;                       /* libslirp wants to have a look */
	bool paused;
	uint64_t told_ns;               /* when libslirp last saw the clock */
	uint8_t *buf;                   /* a ring: length (4 bytes), frame */
	size_t head, used;
	uint8_t tx[NETIO_FRAME_MAX];
};

/* A timer of libslirp's. */
struct user_timer {
	struct loop_timer t;
	struct user *user;
	SlirpTimerCb cb;
	void *cb_opaque;
};

static struct user *to_user(struct netio *io)
{
	return container_of(io, struct user, io);
}

static void mark(struct user *u)
{
	if (u->io.loop)
		loop_hook_mark(u->io.loop, &u->refresh);
}

/* ---- frames for the guest -------------------------------------------------- */

static void buf_put(struct user *u, const void *from, size_t len)
{
	size_t at = (u->head + u->used) % BUFFER;
	size_t first = len < BUFFER - at ? len : BUFFER - at;

	memcpy(u->buf + at, from, first);
	memcpy(u->buf, (const uint8_t *)from + first, len - first);
	u->used += len;
}

/* The next len bytes as one list of at most two parts; they are gone. */
static unsigned buf_take(struct user *u, size_t len, struct iovec part[2])
{
	size_t first = len < BUFFER - u->head ? len : BUFFER - u->head;

	part[0] = (struct iovec){ u->buf + u->head, first };
	part[1] = (struct iovec){ u->buf, len - first };
	u->head = (u->head + len) % BUFFER;
	u->used -= len;
	return 2;
}

static ssize_t user_recv(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct user *u = to_user(io);
	struct iovec part[2];
	uint32_t len;
	size_t done;

	if (u->used == 0)
		return -EAGAIN;
	buf_take(u, sizeof(len), part);
	iov_get(part, 2, 0, &len, sizeof(len));
	buf_take(u, len, part);
	done = iov_put(iov, n, 0, part[0].iov_base, part[0].iov_len);
	done += iov_put(iov, n, done, part[1].iov_base, part[1].iov_len);
	if (u->paused && u->used < ENOUGH / 2)
		mark(u);
	return (ssize_t)done;
}

static ssize_t cb_send_packet(const void *frame, size_t len, void *opaque)
{
	struct user *u = opaque;
	uint32_t n = (uint32_t)len;

	/* Lost, then: TCP sends it again. */
	if (len > NETIO_FRAME_MAX || BUFFER - u->used < sizeof(n) + len)
		return (ssize_t)len;
	buf_put(u, &n, sizeof(n));
	buf_put(u, frame, len);
	if (u->io.loop)
		u->io.events->readable(&u->io);
	return (ssize_t)len;
}

/* ---- frames from the guest ------------------------------------------------- */

static int no_revents(int idx, void *opaque)
{
	(void)idx;
	(void)opaque;
	return 0;
}

static int user_send(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct user *u = to_user(io);
	/* A copy: libslirp looks at a frame more than once. */
	size_t len = iov_get(iov, n, 0, u->tx, sizeof(u->tx));
	uint64_t now = loop_now_ns();

	/* After a long sleep its idea of the time is as old as that, and what
	 * begins now would have expired at once. */
	if (now - u->told_ns > 200 * NS_MS) {
		u->told_ns = now;
		slirp_pollfds_poll(u->slirp, 1, no_revents, u);
	}
	slirp_input(u->slirp, u->tx, (int)len);
	/* It may have been the ARP answer that other frames wait for. */
	u->due = true;
	mark(u);
	return 0;
}

/* ---- sockets of the host --------------------------------------------------- */

static const struct { int slirp; uint32_t epoll; } poll_bits[] = {
	{ SLIRP_POLL_IN, EPOLLIN },
	{ SLIRP_POLL_OUT, EPOLLOUT },
	{ SLIRP_POLL_PRI, EPOLLPRI },
	{ SLIRP_POLL_ERR, EPOLLERR },
	{ SLIRP_POLL_HUP, EPOLLHUP },
};
#define POLL_BITS (sizeof(poll_bits) / sizeof(poll_bits[0]))

static void watch_ready(struct loop_fd *lfd, uint32_t events)
{
	struct watch *w = container_of(lfd, struct watch, lfd);

	w->revents |= events;
	w->user->due = true;
	mark(w->user);
}

static struct watch *find_watch(const struct user *u, int fd)
{
	return fd >= 0 && fd < u->nfds ? u->by_fd[fd] : NULL;
}

static void drop_watch(struct user *u, struct watch *w)
{
	struct watch **p = &u->watches;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	u->by_fd[w->lfd.fd] = NULL;
	loop_fd_del(u->io.loop, &w->lfd);
	free(w);
}

static struct watch *new_watch(struct user *u, int fd, uint32_t events)
{
	struct watch *w, **table;

	if (fd >= u->nfds) {
		int n = fd + 16;

		table = realloc(u->by_fd, (size_t)n * sizeof(*table));
		if (!table)
			return NULL;
		memset(table + u->nfds, 0,
		       (size_t)(n - u->nfds) * sizeof(*table));
		u->by_fd = table;
		u->nfds = n;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->user = u;
	w->lfd = (struct loop_fd){ .fd = fd, .events = events,
				   .ready = watch_ready };
	if (loop_fd_add(u->io.loop, &w->lfd)) {
		free(w);
		return NULL;
	}
	w->next = u->watches;
	u->watches = u->by_fd[fd] = w;
	return w;
}

static int cb_add_poll(int fd, int events, void *opaque)
{
	struct user *u = opaque;
	struct watch *w = find_watch(u, fd);
	uint32_t want = 0;

	for (size_t i = 0; i < POLL_BITS; i++)
		if (events & poll_bits[i].slirp)
			want |= poll_bits[i].epoll;
	if (!w) {
		w = new_watch(u, fd, want);
		if (!w)
			return -1;
	} else if (w->lfd.events != want) {
		w->lfd.events = want;
		loop_fd_mod(u->io.loop, &w->lfd);
	}
	w->seen = u->round;
	return fd;
}

static int cb_revents(int idx, void *opaque)
{
	const struct watch *w = find_watch(opaque, idx);
	int events = 0;

	for (size_t i = 0; w && i < POLL_BITS; i++)
		if (w->revents & poll_bits[i].epoll)
			events |= poll_bits[i].slirp;
	return events;
}

static void cb_unregister(int fd, void *opaque)
{
	struct user *u = opaque;
	struct watch *w = find_watch(u, fd);

	/* The number may be another socket's in a moment. */
	if (w)
		drop_watch(u, w);
}

static void cb_register(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

/* Drops those that the last round did not ask for: a socket that nobody reads
 * would be ready for ever. */
static void drop_unseen(struct user *u)
{
	struct watch *next;

	for (struct watch *w = u->watches; w; w = next) {
		next = w->next;
		w->revents = 0;
		if (w->seen != u->round)
			drop_watch(u, w);
	}
}

static void refresh(struct loop_hook *h)
{
	struct user *u = container_of(h, struct user, refresh);
	uint32_t ms = UINT32_MAX;

	if (u->due && !u->paused) {
		u->due = false;
		u->told_ns = loop_now_ns();
		slirp_pollfds_poll(u->slirp, 0, cb_revents, u);
	}
	u->paused = u->used >= ENOUGH;
	u->round++;
	if (!u->paused)
		slirp_pollfds_fill(u->slirp, &ms, cb_add_poll, u);
	drop_unseen(u);
	if (ms < IDLE_MS)
		loop_timer_set(u->io.loop, &u->timer,
			       loop_now_ns() + (uint64_t)ms * NS_MS);
	else
		loop_timer_del(u->io.loop, &u->timer);
}

static void timer_fired(struct loop_timer *t)
{
	struct user *u = container_of(t, struct user, timer);

	u->due = true;
	mark(u);
}

static void cb_notify(void *opaque)
{
	mark(opaque);
}

/* ---- timers and the rest --------------------------------------------------- */

static void user_timer_fired(struct loop_timer *t)
{
	struct user_timer *ut = container_of(t, struct user_timer, t);

	ut->cb(ut->cb_opaque);
	mark(ut->user);
}

static void *cb_timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
	struct user_timer *ut = calloc(1, sizeof(*ut));

	if (!ut)
		return NULL;
	ut->t.fired = user_timer_fired;
	ut->user = opaque;
	ut->cb = cb;
	ut->cb_opaque = cb_opaque;
	return ut;
}

static void cb_timer_free(void *timer, void *opaque)
{
	struct user_timer *ut = timer;
	struct user *u = opaque;

	if (ut && u->io.loop)
		loop_timer_del(u->io.loop, &ut->t);
	free(ut);
}

static void cb_timer_mod(void *timer, int64_t ms, void *opaque)
{
	struct user_timer *ut = timer;
	struct user *u = opaque;

	if (ut && u->io.loop)
		loop_timer_set(u->io.loop, &ut->t, (uint64_t)ms * NS_MS);
}

static int64_t cb_clock(void *opaque)
{
	(void)opaque;
	return (int64_t)loop_now_ns();
}

static void cb_guest_error(const char *msg, void *opaque)
{
	const struct user *u = opaque;

	guest_err(u->io.name, "%s", msg);
}

static const SlirpCb callbacks = {
	.send_packet = cb_send_packet,
	.guest_error = cb_guest_error,
	.clock_get_ns = cb_clock,
	.timer_new = cb_timer_new,
	.timer_free = cb_timer_free,
	.timer_mod = cb_timer_mod,
	.register_poll_fd = cb_register,
	.unregister_poll_fd = cb_unregister,
	.notify = cb_notify,
};

/* ---- life ------------------------------------------------------------------ */

static int user_bind(struct netio *io)
{
	struct user *u = to_user(io);

	u->due = true;          /* so that it learns the time */
	mark(u);
	return 0;
}

static void user_unbind(struct netio *io)
{
	struct user *u = to_user(io);

	while (u->watches)
		drop_watch(u, u->watches);
	loop_timer_del(io->loop, &u->timer);
	loop_hook_unmark(io->loop, &u->refresh);
}

static void user_close(struct netio *io)
{
	struct user *u = to_user(io);

	if (u->slirp)
		slirp_cleanup(u->slirp);
	free(u->by_fd);
	free(u->buf);
	free(u);
}

static const struct netio_ops user_ops = {
	.bind = user_bind,
	.unbind = user_unbind,
	.recv = user_recv,
	.send = user_send,
	.close = user_close,
};

static int forward(struct user *u, const char *spec, char *err, size_t errlen)
{
	struct netio_fwd f;
	int rc = netio_fwd_parse(&f, spec, err, errlen);
	char host[INET_ADDRSTRLEN];

	if (rc)
		return rc;
	errno = 0;
	if (slirp_add_hostfwd(u->slirp, f.udp, f.host, f.host_port, f.guest,
			      f.guest_port) == 0)
		return 0;
	rc = errno ? -errno : -EINVAL;
	inet_ntop(AF_INET, &f.host, host, sizeof(host));
	SAY("cannot forward %s port %u of %s to the guest: %s%s",
	    f.udp ? "UDP" : "TCP", f.host_port, host, strerror(-rc),
	    rc == -EADDRINUSE ? "; another program has it, use another port" :
	    rc == -EACCES ? "; ports below 1024 are root's, use a higher one" :
	    "");
	return rc;
}

static int start_slirp(struct user *u, const struct netio_cfg *cfg, char *err,
		       size_t errlen)
{
	SlirpConfig sc = { .version = 1, .in_enabled = true };
	int rc = 0;

	inet_pton(AF_INET, "10.0.2.0", &sc.vnetwork);
	inet_pton(AF_INET, "255.255.255.0", &sc.vnetmask);
	inet_pton(AF_INET, "10.0.2.2", &sc.vhost);
	inet_pton(AF_INET, "10.0.2.15", &sc.vdhcp_start);
	inet_pton(AF_INET, "10.0.2.3", &sc.vnameserver);
	sc.if_mtu = sc.if_mru = cfg->mtu;
	u->slirp = slirp_new(&sc, &callbacks, u);
	if (!u->slirp) {
		SAY("libslirp does not start%s", cfg->mtu ?
		    "; it may not like mtu=" : "");
		return -EINVAL;
	}
	for (unsigned i = 0; i < cfg->nhostfwd && rc == 0; i++)
		rc = forward(u, cfg->hostfwd[i], err, errlen);
	return rc;
}

int netio_user_open(struct netio **out, const struct netio_cfg *cfg, char *err,
		    size_t errlen)
{
	int rc = dl_load("libslirp.so.0", "libslirp0", symbols,
			 sizeof(symbols) / sizeof(symbols[0]), err, errlen);
	struct user *u;

	if (rc)
		return rc;
	rc = -ENOMEM;
	u = calloc(1, sizeof(*u));
	if (!u || !(u->buf = calloc(1, BUFFER))) {
		free(u);
		SAY("out of memory");
		return rc;
	}
	u->io.ops = &user_ops;
	snprintf(u->io.name, sizeof(u->io.name), "user");
	u->refresh.run = refresh;
	u->timer.fired = timer_fired;
	rc = start_slirp(u, cfg, err, errlen);
	if (rc) {
		user_close(&u->io);
		return rc;
	}
	*out = &u->io;
	return 0;
}

#else

int netio_user_open(struct netio **out, const struct netio_cfg *cfg, char *err,
		    size_t errlen)
{
	(void)out;
	(void)cfg;
	SAY("'user' networking is not in this build; install libslirp-dev and "
	    "build aerovmm again, or use '--net tap=NAME'");
	return -ENOTSUP;
}

#endif
