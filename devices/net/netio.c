#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices/net/netio_int.h"

/* ---- none: a socket in the wall with no wire behind it --------------------- */

static int none_bind(struct netio *io)
{
	(void)io;
	return 0;
}

static void none_unbind(struct netio *io)
{
	(void)io;
}

static ssize_t none_recv(struct netio *io, const struct iovec *iov, unsigned n)
{
	(void)io;
	(void)iov;
	(void)n;
	return -EAGAIN;
}

static int none_send(struct netio *io, const struct iovec *iov, unsigned n)
{
	(void)io;
	(void)iov;
	(void)n;
	return 0;
}

static void none_close(struct netio *io)
{
	free(io);
}

static const struct netio_ops none_ops = {
	.bind = none_bind,
	.unbind = none_unbind,
	.recv = none_recv,
	.send = none_send,
	.close = none_close,
};

static int none_open(struct netio **out, char *err, size_t errlen)
{
	struct netio *io = calloc(1, sizeof(*io));

	if (!io) {
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	io->ops = &none_ops;
	snprintf(io->name, sizeof(io->name), "none");
	*out = io;
	return 0;
}

/* ---- all backends ---------------------------------------------------------- */

int netio_open(struct netio **out, const struct netio_cfg *cfg, char *err,
	       size_t errlen)
{
	switch (cfg->kind) {
	case NETIO_TAP:
		return netio_tap_open(out, cfg, err, errlen);
	case NETIO_FD:
		return netio_fd_open(out, cfg, err, errlen);
	case NETIO_USER:
		return netio_user_open(out, cfg, err, errlen);
	default:
		return none_open(out, err, errlen);
	}
}

void netio_close(struct netio *io)
{
	if (io)
		io->ops->close(io);
}

int netio_header(struct netio *io, unsigned len)
{
	int err = io->ops->header ? io->ops->header(io, len) : -ENOTSUP;

	if (err == 0) {
		io->hdr_len = len;
		return 0;
	}
	/* Nothing can be left undone that no header tells of. */
	io->hdr_len = 0;
	io->can = 0;
	return err == -ENOTSUP ? 0 : err;
}

int netio_bind(struct netio *io, struct loop *loop,
	       const struct netio_events *events, void *ctx)
{
	int err;

	io->loop = loop;
	io->events = events;
	io->ctx = ctx;
	err = io->ops->bind(io);
	if (err)
		io->loop = NULL;
	return err;
}

void netio_unbind(struct netio *io)
{
	if (!io->loop)
		return;
	io->ops->unbind(io);
	io->loop = NULL;
}

int netio_offload(struct netio *io, unsigned set)
{
	int err;

	if (set & ~io->can)
		return -EINVAL;
	/* A tap's takes a lock of the host's whole network. */
	if (set == io->offloads)
		return 0;
	err = io->ops->offload(io, set);
	if (err == 0)
		io->offloads = set;
	return err;
}

int netio_attach(struct netio *io, bool on)
{
	return io->ops->attach ? io->ops->attach(io, on) : 0;
}

int netio_memory(struct netio *io, const struct gmem *gmem)
{
	int err = io->ops->memory(io, gmem);

	if (err)
		io->lends = 0;
	return err;
}

void netio_lost(struct netio *io)
{
	if (io->gone)
		return;
	io->gone = true;
	io->events->gone(io);
}
