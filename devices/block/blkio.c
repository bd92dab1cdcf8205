#include "devices/block/blkio.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/block/blkio_int.h"

/* A misaligned O_DIRECT request is copied in pieces of this size, so that a
 * guest cannot make us allocate as much as it can name. */
#define BOUNCE_BYTES (1u << 20)
#define MAX_RETRIES 100

int blkio_falloc_mode(enum blkio_op op)
{
	if (op == BLKIO_ZEROES)
		return FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
	return FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
}

static bool misaligned(const struct blkio *img, const struct blkio_req *r)
{
	if (!img->direct)
		return false;
	for (unsigned i = 0; i < r->niov; i++)
		if ((uintptr_t)r->iov[i].iov_base % img->mem_align ||
		    r->iov[i].iov_len % img->off_align)
			return true;
	return false;
}

static int get_bounce(struct blkio_req *r)
{
	size_t len = r->len < BOUNCE_BYTES ? r->len : BOUNCE_BYTES;
	void *p;

	if (r->bounce.iov_base)
		return 0;
	/* Page-aligned satisfies every device there is. */
	if (posix_memalign(&p, 4096, (len + 4095) & ~(size_t)4095))
		return -ENOMEM;
	r->bounce.iov_base = p;
	if (r->by_hand)
		memset(p, 0, len);
	return 0;
}

/* Sets piece to what is left, at most a bounce buffer's worth of it. */
static void next_piece(struct blkio_req *r)
{
	uint64_t left = r->len - r->moved;

	if (!r->bounce.iov_base) {
		if (r->moved) {
			r->niov = iov_slice(r->iov, r->iov, r->niov,
					    iov_len(r->iov, r->niov) - left,
					    left);
		}
		r->piece = r->iov;
		r->npiece = r->niov;
		return;
	}
	r->bounce.iov_len = left < BOUNCE_BYTES ? left : BOUNCE_BYTES;
	if (r->op == BLKIO_WRITE)
		iov_get(r->iov, r->niov, r->moved, r->bounce.iov_base,
			r->bounce.iov_len);
	r->piece = &r->bounce;
	r->npiece = 1;
}

static const char *op_name(enum blkio_op op)
{
	switch (op) {
	case BLKIO_READ: return "read";
	case BLKIO_WRITE: return "write";
	case BLKIO_FLUSH: return "flush";
	case BLKIO_DISCARD: return "discard";
	case BLKIO_ZEROES:
	case BLKIO_ZEROES_UNMAP: return "write of zeroes";
	}
	return "request";
}

static bool failed(struct blkio_req *r, int err, const char *hint)
{
	host_err_limited(r->chan->img->path,
			 "%s of %" PRIu64 " bytes at %" PRIu64 " failed: %s; "
			 "the guest gets an I/O error%s", op_name(r->op),
			 r->len, r->off, strerror(-err), hint);
	r->result = err;
	return false;
}

/* The file system cannot do it: discarding is only advice, zeroes are not. */
static bool unsupported(struct blkio_req *r)
{
	r->result = 0;
	if (r->op == BLKIO_DISCARD)
		return false;
	r->by_hand = true;
	if (get_bounce(r))
		return failed(r, -ENOMEM, "");
	next_piece(r);
	return true;
}

static bool account_error(struct blkio_req *r, int err)
{
	if ((err == -EINTR || err == -EAGAIN) && r->retries++ < MAX_RETRIES)
		return true;
	if (err == -EOPNOTSUPP && !blkio_moves(r) && r->op != BLKIO_FLUSH)
		return unsupported(r);
	return failed(r, err, err == -ENOSPC || err == -EDQUOT ?
		      ". Free space on the host and let the guest retry" : "");
}

bool blkio_account(struct blkio_req *r, int64_t res)
{
	if (res < 0)
		return account_error(r, (int)res);
	r->result = 0;
	if (!blkio_moves(r))
		return false;
	if (res == 0)
		return failed(r, -EIO, r->op == BLKIO_READ ?
			      ". The image is shorter than it was at start" : "");
	if ((uint64_t)res > r->len - r->moved)
		res = (int64_t)(r->len - r->moved);
	if (r->bounce.iov_base && r->op == BLKIO_READ)
		iov_put(r->iov, r->niov, r->moved, r->bounce.iov_base,
			(size_t)res);
	r->moved += (uint64_t)res;
	if (r->moved == r->len)
		return false;
	next_piece(r);
	return true;
}

static void tell(struct loop_hook *h)
{
	struct blkio_chan *c = container_of(h, struct blkio_chan, tell);

	while (c->ready) {
		struct blkio_req *r = c->ready;

		c->ready = r->next;
		if (!c->ready)
			c->ready_tail = &c->ready;
		c->inflight--;
		if (r->bounce.iov_base) {
			free(r->bounce.iov_base);
			r->bounce.iov_base = NULL;
		}
		r->done(r, r->result);
	}
}

void blkio_finish(struct blkio_req *r)
{
	struct blkio_chan *c = r->chan;

	r->next = NULL;
	*c->ready_tail = r;
	c->ready_tail = &r->next;
	loop_hook_mark(c->loop, &c->tell);
}

int blkio_chan_init(struct blkio_chan *c, struct blkio *img, struct loop *loop)
{
	*c = (struct blkio_chan){ .img = img, .loop = loop, .tell.run = tell };
	c->ready_tail = &c->ready;
	if (img->ops)
		c->ops = img->ops;
	else
		c->ops = loop_has_uring(loop) ? &blkio_uring_ops
					      : &blkio_sync_ops;
	return 0;
}

void blkio_chan_fini(struct blkio_chan *c)
{
	blkio_drain(c);
	loop_hook_unmark(c->loop, &c->tell);
}

void blkio_submit(struct blkio_chan *c, struct blkio_req *r)
{
	r->chan = c;
	r->bounce.iov_base = NULL;
	r->moved = 0;
	r->retries = 0;
	r->by_hand = false;
	r->result = 0;
	c->inflight++;
	if (r->op == BLKIO_READ || r->op == BLKIO_WRITE) {
		if (misaligned(c->img, r) && get_bounce(r)) {
			failed(r, -ENOMEM, "");
			blkio_finish(r);
			return;
		}
		next_piece(r);
	}
	c->ops->submit(c, r);
}

void blkio_drain(struct blkio_chan *c)
{
	while (c->inflight) {
		if (!c->ready)
			c->ops->wait(c);
		tell(&c->tell);
	}
	loop_hook_unmark(c->loop, &c->tell);
}
