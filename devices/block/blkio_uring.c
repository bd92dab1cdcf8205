/*
 * Requests as io_uring operations on the loop's own ring; the loop submits
 * them together when it goes to sleep.
 */
#include <liburing.h>

#include "devices/base/container.h"
#include "devices/block/blkio_int.h"

static void op_done(struct loop_op *, int res);

/* The kernel moves at most 2 GiB a call; what is left is issued again. */
#define MAX_BYTES (1u << 30)

static void prep_move(struct io_uring_sqe *sqe, const struct blkio_req *r)
{
	const struct iovec *v = r->piece;
	unsigned len = v->iov_len < MAX_BYTES ? (unsigned)v->iov_len : MAX_BYTES;
	int fd = r->chan->img->fd;
	uint64_t off = r->off + r->moved;

	/* The single-buffer forms spare the kernel a copy of the list. */
	if (r->op == BLKIO_READ && r->npiece == 1)
		io_uring_prep_read(sqe, fd, v->iov_base, len, off);
	else if (r->op == BLKIO_READ)
		io_uring_prep_readv(sqe, fd, v, r->npiece, off);
	else if (r->npiece == 1)
		io_uring_prep_write(sqe, fd, v->iov_base, len, off);
	else
		io_uring_prep_writev(sqe, fd, v, r->npiece, off);
	if (r->op != BLKIO_READ && r->durable)
		sqe->rw_flags = RWF_DSYNC;
}

static void issue(struct blkio_req *r)
{
	struct io_uring_sqe *sqe = loop_sqe(r->chan->loop);
	int fd = r->chan->img->fd;

	if (blkio_moves(r))
		prep_move(sqe, r);
	else if (r->op == BLKIO_FLUSH)
		io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	else
		io_uring_prep_fallocate(sqe, fd, blkio_falloc_mode(r->op),
					(off_t)r->off, (off_t)r->len);
	loop_sqe_commit(sqe, &r->lop);
}

static void op_done(struct loop_op *op, int res)
{
	struct blkio_req *r = container_of(op, struct blkio_req, lop);

	if (blkio_account(r, res))
		issue(r);
	else
		blkio_finish(r);
}

static void submit(struct blkio_chan *c, struct blkio_req *r)
{
	(void)c;
	r->lop.done = op_done;
	issue(r);
}

static void wait_some(struct blkio_chan *c)
{
	loop_wait_ops(c->loop);
}

const struct blkio_ops blkio_uring_ops = { .submit = submit, .wait = wait_some };
