/*
 * The same requests by plain system calls, one after the other, on the loop's
 * thread: for hosts that refuse io_uring.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "devices/block/blkio_int.h"

static int64_t run(const struct blkio_req *r)
{
	int fd = r->chan->img->fd;
	off_t off = (off_t)(r->off + r->moved);
	ssize_t n;

	if (r->op == BLKIO_READ)
		n = preadv(fd, r->piece, (int)r->npiece, off);
	else if (blkio_moves(r))
		n = pwritev2(fd, r->piece, (int)r->npiece, off,
			     r->durable ? RWF_DSYNC : 0);
	else if (r->op == BLKIO_FLUSH)
		n = fdatasync(fd);
	else
		n = fallocate(fd, blkio_falloc_mode(r->op), (off_t)r->off,
			      (off_t)r->len);
	return n < 0 ? -errno : n;
}

static void submit(struct blkio_chan *c, struct blkio_req *r)
{
	(void)c;
	while (blkio_account(r, run(r)))
		;
	blkio_finish(r);
}

const struct blkio_ops blkio_sync_ops = { .submit = submit };
