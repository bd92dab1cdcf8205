#include "devices/net/netio_pair.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/net/netio_int.h"

struct frame {
	struct frame *next;
	size_t len;
	uint8_t data[];
};

struct lane {
	struct frame *first, **last;
	unsigned n;
};

struct pair {
	struct netio io;
	bool header;
	unsigned room;
	pthread_mutex_t lock;           /* all below */
	struct lane in, out;            /* as the guest sees it */
	unsigned offloads;
	bool full;                      /* the card was told -EAGAIN */
	bool off;                       /* not attached */
	bool cut;
	struct loop_call wake;
};

static struct pair *to_pair(struct netio *io)
{
	return container_of(io, struct pair, io);
}

static void lane_add(struct lane *l, struct frame *f)
{
	f->next = NULL;
	*l->last = f;
	l->last = &f->next;
	l->n++;
}

static struct frame *lane_take(struct lane *l)
{
	struct frame *f = l->first;

	if (!f)
		return NULL;
	l->first = f->next;
	if (!l->first)
		l->last = &l->first;
	l->n--;
	return f;
}

static void lane_clear(struct lane *l)
{
	struct frame *f;

	while ((f = lane_take(l)) != NULL)
		free(f);
}

static ssize_t pair_recv(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct pair *p = to_pair(io);
	struct frame *f;
	ssize_t len;

	if (io->gone)
		return -ENODEV;
	pthread_mutex_lock(&p->lock);
	f = lane_take(&p->in);
	pthread_mutex_unlock(&p->lock);
	if (!f)
		return -EAGAIN;
	len = (ssize_t)iov_put(iov, n, 0, f->data, f->len);
	free(f);
	return len;
}

static int pair_send(struct netio *io, const struct iovec *iov, unsigned n)
{
	struct pair *p = to_pair(io);
	size_t len = iov_len(iov, n);
	struct frame *f;
	bool off;

	if (io->gone)
		return 0;
	f = malloc(sizeof(*f) + len);
	if (!f)
		return 0;
	f->len = iov_get(iov, n, 0, f->data, len);
	pthread_mutex_lock(&p->lock);
	off = p->off;
	p->full = !off && p->out.n >= p->room;
	if (!p->full && !off)
		lane_add(&p->out, f);
	pthread_mutex_unlock(&p->lock);
	if (!p->full && !off)
		return 0;
	free(f);
	return off ? 0 : -EAGAIN;
}

/* Whatever the test did, the card looks at everything. */
static void woken(struct loop_call *c)
{
	struct pair *p = container_of(c, struct pair, wake);
	bool cut, room;

	pthread_mutex_lock(&p->lock);
	cut = p->cut;
	room = p->full && p->out.n < p->room;
	if (room)
		p->full = false;
	pthread_mutex_unlock(&p->lock);
	if (cut)
		netio_lost(&p->io);
	if (room)
		p->io.events->writable(&p->io);
	p->io.events->readable(&p->io);
}

static int pair_bind(struct netio *io)
{
	(void)io;
	return 0;
}

static void pair_unbind(struct netio *io)
{
	loop_unpost(io->loop, &to_pair(io)->wake);
}

static int pair_header(struct netio *io, unsigned len)
{
	(void)len;
	return to_pair(io)->header ? 0 : -ENOTSUP;
}

static int pair_offload(struct netio *io, unsigned set)
{
	struct pair *p = to_pair(io);

	pthread_mutex_lock(&p->lock);
	p->offloads = set;
	pthread_mutex_unlock(&p->lock);
	return 0;
}

static int pair_attach(struct netio *io, bool on)
{
	struct pair *p = to_pair(io);

	pthread_mutex_lock(&p->lock);
	p->off = !on;
	if (!on)
		lane_clear(&p->in);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

static void pair_close(struct netio *io)
{
	struct pair *p = to_pair(io);

	lane_clear(&p->in);
	lane_clear(&p->out);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static const struct netio_ops pair_ops = {
	.bind = pair_bind,
	.unbind = pair_unbind,
	.recv = pair_recv,
	.send = pair_send,
	.header = pair_header,
	.offload = pair_offload,
	.attach = pair_attach,
	.close = pair_close,
};

int netio_pair_open(struct netio **out, const struct netio_pair_cfg *cfg)
{
	struct pair *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->io.ops = &pair_ops;
	p->io.can = cfg->can;
	snprintf(p->io.name, sizeof(p->io.name), "pair");
	p->header = cfg->header;
	p->room = cfg->room;
	pthread_mutex_init(&p->lock, NULL);
	p->in.last = &p->in.first;
	p->out.last = &p->out.first;
	p->wake.fn = woken;
	*out = &p->io;
	return 0;
}

/* ---- the test's end -------------------------------------------------------- */

int netio_pair_put(struct netio *io, const void *frame, size_t len)
{
	struct pair *p = to_pair(io);
	struct frame *f = malloc(sizeof(*f) + len);
	bool off;

	if (!f)
		return -ENOMEM;
	f->len = len;
	memcpy(f->data, frame, len);
	pthread_mutex_lock(&p->lock);
	off = p->off;
	if (!off)
		lane_add(&p->in, f);
	pthread_mutex_unlock(&p->lock);
	if (off) {
		free(f);
		return -ENETDOWN;
	}
	loop_post(io->loop, &p->wake);
	return 0;
}

unsigned netio_pair_waiting(struct netio *io)
{
	struct pair *p = to_pair(io);
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->in.n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

ssize_t netio_pair_get(struct netio *io, void *frame, size_t max)
{
	struct pair *p = to_pair(io);
	struct frame *f;
	bool wake;
	ssize_t len;

	pthread_mutex_lock(&p->lock);
	f = lane_take(&p->out);
	wake = p->full;
	pthread_mutex_unlock(&p->lock);
	if (!f)
		return -EAGAIN;
	len = (ssize_t)f->len;
	memcpy(frame, f->data, f->len < max ? f->len : max);
	free(f);
	if (wake)
		loop_post(io->loop, &p->wake);
	return len;
}

unsigned netio_pair_offloads(struct netio *io)
{
	struct pair *p = to_pair(io);
	unsigned set;

	pthread_mutex_lock(&p->lock);
	set = p->offloads;
	pthread_mutex_unlock(&p->lock);
	return set;
}

void netio_pair_cut(struct netio *io)
{
	struct pair *p = to_pair(io);

	pthread_mutex_lock(&p->lock);
	p->cut = true;
	pthread_mutex_unlock(&p->lock);
	loop_post(io->loop, &p->wake);
}
