#include "devices/char/chario.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/char/chario_int.h"

/* Between two batches: no person sees it, and a boot log is a few hundred
 * writes instead of a hundred thousand. */
#define FLUSH_GAP_NS UINT64_C(4000000)
/* How long the end waits for an outside that takes nothing, and in all. */
#define STUCK_MS 1000
#define DRAIN_NS UINT64_C(30000000000)

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct chario *open_list;

int chario_fail(int code, char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return code;
}

/* ---- the ring ------------------------------------------------------------- */

static void ring_put(struct chario *c, const uint8_t *buf, size_t n)
{
	size_t to = (c->at + c->used) % CHARIO_RING;
	size_t first = n < CHARIO_RING - to ? n : CHARIO_RING - to;

	memcpy(c->ring + to, buf, first);
	memcpy(c->ring, buf + first, n - first);
	c->used += n;
}

static void ring_drop(struct chario *c, size_t n)
{
	c->at = (c->at + n) % CHARIO_RING;
	c->used -= n;
}

static int ring_peek(const struct chario *c, struct iovec iov[2])
{
	size_t first = CHARIO_RING - c->at;

	if (first > c->used)
		first = c->used;
	iov[0] = (struct iovec){ c->ring + c->at, first };
	iov[1] = (struct iovec){ c->ring, c->used - first };
	return iov[1].iov_len ? 2 : 1;
}

/* Nobody is there: room is made by forgetting the oldest. */
static size_t ring_keep_newest(struct chario *c, const uint8_t *buf, size_t len)
{
	size_t n = len < CHARIO_RING ? len : CHARIO_RING;

	if (n > CHARIO_RING - c->used)
		ring_drop(c, n - (CHARIO_RING - c->used));
	ring_put(c, buf + (len - n), n);
	return len;
}

size_t chario_write(struct chario *c, const uint8_t *buf, size_t len)
{
	bool ring_bell = false;
	size_t n = len;

	pthread_mutex_lock(&c->lock);
	if (!c->connected) {
		if (!c->discard)
			ring_keep_newest(c, buf, len);
	} else {
		if (n > CHARIO_RING - c->used)
			n = CHARIO_RING - c->used;
		ring_put(c, buf, n);
		c->refused |= n < len;
		ring_bell = !c->flush_due;
		c->flush_due = true;
	}
	pthread_mutex_unlock(&c->lock);
	if (ring_bell)
		bell_ring(&c->bell);
	return n;
}

void chario_say(struct chario *c, const char *text)
{
	size_t len = strlen(text);
	bool fits;

	pthread_mutex_lock(&c->lock);
	fits = len <= CHARIO_RING - c->used;
	pthread_mutex_unlock(&c->lock);
	if (fits)
		chario_write(c, (const uint8_t *)text, len);
}

/* ---- output --------------------------------------------------------------- */

/* Sends from the ring once; under out_lock. Bytes sent, or -errno. */
static ssize_t send_some(struct chario *c)
{
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	/* Writers only add behind what this sees, as long as we are connected,
	 * and that changes on the owner loop only. */
	pthread_mutex_lock(&c->lock);
	msg.msg_iovlen = (size_t)ring_peek(c, iov);
	pthread_mutex_unlock(&c->lock);
	if (!iov[0].iov_len)
		return 0;
	if (c->socket)
		n = sendmsg(c->out_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = writev(c->out_fd, iov, (int)msg.msg_iovlen);
	return n < 0 ? -errno : n;
}

static bool would_block(ssize_t n)
{
	return n == -EAGAIN || n == -EINTR;
}

static bool sent(struct chario *c, size_t n)
{
	bool room;

	pthread_mutex_lock(&c->lock);
	ring_drop(c, n);
	room = c->refused && c->used < CHARIO_RING;
	if (room)
		c->refused = false;
	pthread_mutex_unlock(&c->lock);
	return room;
}

static void tell_room(struct chario *c)
{
	if (c->cb->writable)
		c->cb->writable(c->ctx);
}

static void out_wait(struct chario *c, bool on)
{
	if (on == c->out_on)
		return;
	if (on) {
		c->out_src.fd = c->out_fd;
		c->out_src.events = EPOLLOUT;
		/* What epoll refuses never says EAGAIN either. */
		if (loop_fd_add(c->loop, &c->out_src))
			return;
	} else {
		loop_fd_del(c->loop, &c->out_src);
	}
	c->out_on = on;
}

/* The outside refuses for good. A far side that can come back keeps the bytes;
 * else they have nowhere to go, and a full disk must not stop the guest. */
static size_t send_failed(struct chario *c, int err)
{
	size_t n;

	if (c->kind->gone) {
		c->hung_up = true;
		return 0;
	}
	pthread_mutex_lock(&c->lock);
	n = c->used;
	pthread_mutex_unlock(&c->lock);
	host_err_limited(c->kind->name, "cannot write: %s. %zu bytes of serial "
			 "output were lost.", strerror(err), n);
	return n;
}

static void far_side_left(struct chario *c);

static void flush(struct chario *c)
{
	bool room = false, more;
	ssize_t n;

	pthread_mutex_lock(&c->out_lock);
	n = send_some(c);
	if (n < 0 && !would_block(n))
		n = (ssize_t)send_failed(c, (int)-n);
	if (n > 0)
		room = sent(c, (size_t)n);
	pthread_mutex_unlock(&c->out_lock);
	c->flushed_ns = loop_now_ns();
	if (c->hung_up) {
		far_side_left(c);
		return;
	}
	pthread_mutex_lock(&c->lock);
	more = c->used > 0;
	c->flush_due = more;
	pthread_mutex_unlock(&c->lock);
	out_wait(c, more && would_block(n));
	if (more && !c->out_on)
		loop_timer_set(c->loop, &c->flush_timer,
			       c->flushed_ns + FLUSH_GAP_NS);
	if (room)
		tell_room(c);
}

static void flush_fn(struct loop_timer *t)
{
	flush(container_of(t, struct chario, flush_timer));
}

static void out_ready(struct loop_fd *src, uint32_t events)
{
	struct chario *c = container_of(src, struct chario, out_src);

	(void)events;
	out_wait(c, false);
	flush(c);
}

static void flush_soon(struct chario *c)
{
	uint64_t at = c->flushed_ns + FLUSH_GAP_NS;

	if (c->out_on || c->flush_timer.at_ns)
		return;
	if (loop_now_ns() >= at)
		flush(c);
	else
		loop_timer_set(c->loop, &c->flush_timer, at);
}

/* Writes out all of it, from any thread, as long as the outside takes any. */
static void drain(struct chario *c)
{
	uint64_t limit = loop_now_ns() + DRAIN_NS;
	struct pollfd p = { .events = POLLOUT };
	size_t left;

	pthread_mutex_lock(&c->out_lock);
	p.fd = c->out_fd;
	while (c->out_fd >= 0 && loop_now_ns() < limit) {
		ssize_t n = send_some(c);

		if (n > 0)
			sent(c, (size_t)n);
		else if (n == 0 || !would_block(n) ||
			 (n == -EAGAIN && poll(&p, 1, STUCK_MS) == 0))
			break;
	}
	pthread_mutex_lock(&c->lock);
	left = c->connected ? c->used : 0;
	pthread_mutex_unlock(&c->lock);
	pthread_mutex_unlock(&c->out_lock);
	if (left)
		log_warn("%s: the last %zu bytes of serial output could not be "
			 "written and were lost.", c->kind->name, left);
}

/* ---- input ---------------------------------------------------------------- */

static void in_add(struct chario *c)
{
	int err = loop_fd_add(c->loop, &c->in_src);

	c->in_added = err == 0;
	c->in_direct = err == -EPERM;
	if (err && err != -EPERM)
		log_warn("%s: cannot watch for input: %s", c->kind->name,
			 strerror(-err));
}

static void in_watch(struct chario *c)
{
	/* Read ahead, even while the guest takes none: the person's way out is
	 * in there. */
	bool on = c->in_fd >= 0 && !c->in_ended && c->in_n < CHARIO_IN;
	/* A far side that may leave and come back is watched for its leaving
	 * while there is no room. */
	bool added = on || (c->in_fd >= 0 && c->kind->gone && !c->hung_up);

	c->in_src.fd = c->in_fd;
	c->in_src.events = on ? EPOLLIN : 0;
	if (added && !c->in_added && !c->in_direct) {
		in_add(c);
	} else if (!added && c->in_added) {
		loop_fd_del(c->loop, &c->in_src);
		c->in_added = false;
	} else if (c->in_added && on != c->in_on) {
		loop_fd_mod(c->loop, &c->in_src);
	}
	c->in_on = on;
	if (on && c->in_direct)
		loop_bell_mark(c->loop, &c->bell);
}

/* Hands the guest what is there, until it takes too little. */
static void feed(struct chario *c)
{
	while (c->in_n && !c->in_wait) {
		size_t took = c->cb->input ?
			      c->cb->input(c->ctx, c->in, c->in_n) : c->in_n;

		if (took > c->in_n)
			took = c->in_n;
		/* chario_resume may have come already: it is told of after. */
		c->in_wait = took < c->in_n;
		c->in_n -= took;
		memmove(c->in, c->in + took, c->in_n);
	}
}

static void in_end(struct chario *c)
{
	c->in_ended = true;
	in_watch(c);
}

/* From here on bytes wait for the next far side, and none is refused. */
static void out_stop(struct chario *c)
{
	bool room;

	out_wait(c, false);
	loop_timer_del(c->loop, &c->flush_timer);
	pthread_mutex_lock(&c->lock);
	c->connected = c->flush_due = false;
	room = c->refused;
	c->refused = false;
	pthread_mutex_unlock(&c->lock);
	if (room)
		tell_room(c);
}

static void far_side_left(struct chario *c)
{
	if (!c->kind->gone) {
		in_end(c);
		return;
	}
	c->hung_up = true;
	out_stop(c);
	/* What it said last, the guest still hears. */
	if (c->in_fd >= 0 && !c->in_ended)
		in_watch(c);
	else
		c->kind->gone(c);
}

static ssize_t read_once(struct chario *c)
{
	uint8_t *to = c->in + c->in_n;
	size_t room = CHARIO_IN - c->in_n;
	ssize_t n = c->in_socket ? recv(c->in_fd, to, room, MSG_DONTWAIT) :
				   read(c->in_fd, to, room);

	return n < 0 ? -errno : n;
}

static void read_in(struct chario *c)
{
	ssize_t n = read_once(c);

	if (would_block(n))
		return;
	if (n < 0 && c->kind->in_failed && c->kind->in_failed(c, (int)-n))
		return;
	if (n <= 0) {
		c->in_ended = true;
		if (n < 0 || c->hung_up)
			far_side_left(c);
		else
			in_watch(c);    /* it may still listen */
		return;
	}
	if (c->kind->filter)
		n = (ssize_t)c->kind->filter(c, c->in + c->in_n, (size_t)n);
	c->in_n += (size_t)n;
	feed(c);
	in_watch(c);
}

static void in_ready(struct loop_fd *src, uint32_t events)
{
	struct chario *c = container_of(src, struct chario, in_src);

	if (events & EPOLLIN) {
		read_in(c);
		return;
	}
	c->in_ended |= c->in_on;        /* there would be EPOLLIN too */
	far_side_left(c);
}

void chario_in_stop(struct chario *c)
{
	in_end(c);
}

void chario_in_start(struct chario *c)
{
	c->in_ended = false;
	in_watch(c);
}

void chario_resume(struct chario *c)
{
	pthread_mutex_lock(&c->lock);
	c->resume_due = true;
	pthread_mutex_unlock(&c->lock);
	bell_ring(&c->bell);
}

static void rung(struct loop_bell *b)
{
	struct chario *c = container_of(b, struct chario, bell);
	bool resume, due;

	pthread_mutex_lock(&c->lock);
	resume = c->resume_due;
	c->resume_due = false;
	due = c->connected && c->flush_due;
	pthread_mutex_unlock(&c->lock);
	if (due)
		flush_soon(c);
	if (resume) {
		c->in_wait = false;
		feed(c);
		in_watch(c);
	}
	if (c->in_direct && c->in_on)
		read_in(c);
}

/* ---- far sides ------------------------------------------------------------ */

void chario_connect(struct chario *c, int in_fd, int out_fd)
{
	bool due;

	c->in_fd = in_fd;
	c->in_ended = c->hung_up = c->in_direct = false;
	pthread_mutex_lock(&c->out_lock);
	c->out_fd = out_fd;
	pthread_mutex_unlock(&c->out_lock);
	pthread_mutex_lock(&c->lock);
	c->connected = true;
	c->flush_due = due = c->used > 0;
	pthread_mutex_unlock(&c->lock);
	if (due)
		loop_bell_mark(c->loop, &c->bell);
	in_watch(c);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void chario_disconnect(struct chario *c)
{
	out_stop(c);
	in_end(c);
	if (c->in_added)
		loop_fd_del(c->loop, &c->in_src);
	c->in_added = false;
	close_fd(&c->in_fd);
	pthread_mutex_lock(&c->out_lock);
	close_fd(&c->out_fd);
	pthread_mutex_unlock(&c->out_lock);
}

/* ---- the simple kinds ----------------------------------------------------- */

static int none_open(struct chario *c, const char *path, char *err,
		     size_t errlen)
{
	(void)path, (void)err, (void)errlen;
	c->discard = true;
	return 0;
}

static int file_open(struct chario *c, const char *path, char *err,
		     size_t errlen)
{
	/* Non-blocking for a FIFO that nobody reads; a file does not care. */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
		      O_NOCTTY | O_NONBLOCK, 0666);

	if (fd < 0 && errno == ENXIO)
		return chario_fail(-ENXIO, err, errlen, "file:%s is a pipe or "
				   "device that nobody reads: start its reader "
				   "first", path);
	if (fd < 0)
		return chario_fail(-errno, err, errlen, "cannot write file:%s: "
				   "%s. Choose a file in a folder you may "
				   "write to", path, strerror(errno));
	chario_connect(c, -1, fd);
	return 0;
}

static void nothing_to_close(struct chario *c)
{
	(void)c;
}

static const struct chario_kind kind_none = {
	.name = "none",
	.open = none_open,
	.close = nothing_to_close,
};

static const struct chario_kind kind_file = {
	.name = "file",
	.takes_path = true,
	.open = file_open,
	.close = nothing_to_close,
};

static int find_kind(const char *spec, const struct chario_kind **kind,
		     const char **path, char *err, size_t errlen)
{
	const struct chario_kind *const kinds[] = {
		&chario_stdio, &kind_none, &kind_file, &chario_unix,
		&chario_pty,
	};
	size_t len = strcspn(spec, ":");

	*path = spec[len] ? spec + len + 1 : NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i]->name) != len ||
		    memcmp(kinds[i]->name, spec, len) != 0)
			continue;
		*kind = kinds[i];
		if (kinds[i]->takes_path && (!*path || !**path))
			return chario_fail(-EINVAL, err, errlen, "'%s' names "
					   "no path: write %s:PATH", spec,
					   kinds[i]->name);
		if (!kinds[i]->takes_path && *path)
			return chario_fail(-EINVAL, err, errlen, "'%s': %s "
					   "takes no path: write just %s", spec,
					   kinds[i]->name, kinds[i]->name);
		return 0;
	}
	return chario_fail(-EINVAL, err, errlen, "'%s' is none of stdio, none, "
			   "file:PATH, unix:PATH and pty", spec);
}

/* ---- life ----------------------------------------------------------------- */

static void at_exit(void)
{
	pthread_mutex_lock(&open_lock);
	for (struct chario *c = open_list; c; c = c->next)
		drain(c);
	pthread_mutex_unlock(&open_lock);
	chario_restore_terminal();
}

/* A pipe whose reader left is an error of one write, not the machine's end. */
static void ignore_sigpipe(void)
{
	struct sigaction old;

	if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

static void list_add(struct chario *c)
{
	static bool registered;

	pthread_mutex_lock(&open_lock);
	if (!registered)
		registered = atexit(at_exit) == 0;
	c->next = open_list;
	open_list = c;
	pthread_mutex_unlock(&open_lock);
}

static void list_del(struct chario *c)
{
	struct chario **p = &open_list;

	pthread_mutex_lock(&open_lock);
	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	pthread_mutex_unlock(&open_lock);
}

static void free_chario(struct chario *c)
{
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->out_lock);
	free(c->ring);
	free(c);
}

static struct chario *new_chario(void)
{
	struct chario *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->out_lock, NULL);
	c->in_fd = c->out_fd = -1;
	c->bell.rung = rung;
	c->flush_timer.fired = flush_fn;
	c->out_src.ready = out_ready;
	c->in_src.ready = in_ready;
	c->ring = malloc(CHARIO_RING);
	if (!c->ring) {
		free_chario(c);
		return NULL;
	}
	return c;
}

int chario_open(struct chario **out, struct loop *loop, const char *spec,
		const struct chario_cb *cb, void *ctx, char *err, size_t errlen)
{
	const struct chario_kind *kind = NULL;
	const char *path = NULL;
	struct chario *c;
	int code = find_kind(spec, &kind, &path, err, errlen);

	if (code)
		return code;
	c = new_chario();
	if (!c)
		return chario_fail(-ENOMEM, err, errlen, "no memory for '%s'",
				   spec);
	c->kind = kind;
	c->loop = loop;
	c->cb = cb;
	c->ctx = ctx;
	code = loop_bell_add(loop, &c->bell);
	if (code) {
		chario_fail(0, err, errlen, "cannot watch '%s': %s", spec,
			    strerror(-code));
		goto err_free;
	}
	code = kind->open(c, path, err, errlen);
	if (code)
		goto err_del_bell;
	ignore_sigpipe();
	list_add(c);
	*out = c;
	return 0;
err_del_bell:
	loop_bell_del(loop, &c->bell);
err_free:
	free_chario(c);
	return code;
}

void chario_close(struct chario *c)
{
	if (!c)
		return;
	list_del(c);
	drain(c);
	c->kind->close(c);
	chario_disconnect(c);
	loop_bell_del(c->loop, &c->bell);
	free_chario(c);
}
