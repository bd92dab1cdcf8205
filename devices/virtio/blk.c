#include "devices/virtio/blk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/blk_int.h"

#define STARTED (-1)            /* a status byte comes later */
#define EXTRA_IOV 2             /* header and status beside seg_max buffers */
#define MAX_RANGE_SECTORS (1u << 22)    /* 2 GiB a DISCARD or WRITE_ZEROES */

struct blk_req {
	struct blkio_req io;
	struct vq_chain chain;
	struct blk_queue *q;
	struct blk_req *next_free;
	uint8_t *status;                /* the last writable byte */
	struct iovec *data;             /* between header and status */
	unsigned nout, nin;             /* data buffers of each direction */
	uint64_t sector;
	uint32_t data_in;               /* bytes given to the guest on success */
	struct iovec iov[];             /* blk->seg_max + EXTRA_IOV */
};

struct blk_queue {
	struct blk *blk;
	struct vq *vq;
	struct blkio_chan chan;
	struct blk_req *free;           /* last used first: their pages are warm */
	unsigned fresh;                 /* requests of the slab never used yet */
	char *slab;
};

struct blk {
	struct vio_dev dev;
	struct blkio *img;
	const struct blk_dialect *dialect;
	char serial[BLK_SERIAL_LEN];
	uint32_t seg_max;
	size_t req_size;
	uint64_t sectors;               /* atomic: changes with block_resize */
	bool write_through;             /* atomic */
	struct blk_queue *q;
};

static struct blk *to_blk(struct vio_dev *dev)
{
	return container_of(dev, struct blk, dev);
}

/* ---- requests ------------------------------------------------------------- */

static struct blk_req *get_req(struct blk_queue *q)
{
	struct blk_req *r = q->free;

	if (r) {
		q->free = r->next_free;
		return r;
	}
	/* As many as descriptors, and vq_pop takes no more chains than that. */
	BUG_ON(q->fresh == q->vq->max);
	r = (struct blk_req *)(void *)(q->slab + q->fresh * q->blk->req_size);
	q->fresh++;
	r->q = q;
	r->chain.iov = r->iov;
	r->chain.max = (uint16_t)(q->blk->seg_max + EXTRA_IOV);
	return r;
}

static void put_req(struct blk_req *r)
{
	r->next_free = r->q->free;
	r->q->free = r;
}

static void finish(struct blk_req *r, uint8_t status)
{
	struct blk_queue *q = r->q;
	uint32_t written = 0;

	if (r->status) {
		/* virtio 2.7.8.2: at least used.len bytes MUST have been
		 * written, from the first writable one on: the status counts
		 * only where no data before it was left out. */
		written = status == VIRTIO_BLK_S_OK ? r->data_in : 0;
		if (written == r->chain.in_len - 1)
			written++;
		/* AERO-W7-VIRTIO 3.1.5: the status byte MUST be written
		 * before the used entry is published. vq_push orders it. */
		*r->status = status;
	}
	vq_push(q->vq, &r->chain, written & q->blk->dialect->used_len_mask);
	put_req(r);
	if (q->vq->content)
		loop_bell_mark(q->vq->loop, &q->vq->bell);
}

static int start_io(struct blk_req *r, enum blkio_op op, uint64_t off,
		    uint64_t len, unsigned niov);

static void io_done(struct blkio_req *io, int err)
{
	struct blk_req *r = container_of(io, struct blk_req, io);

	/* Zeroes by fallocate are not durable by themselves. */
	if (!err && io->durable &&
	    (io->op == BLKIO_ZEROES || io->op == BLKIO_ZEROES_UNMAP))
		start_io(r, BLKIO_FLUSH, 0, 0, 0);
	else
		finish(r, err ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK);
}

static int start_io(struct blk_req *r, enum blkio_op op, uint64_t off,
		    uint64_t len, unsigned niov)
{
	r->io.op = op;
	r->io.durable = __atomic_load_n(&r->q->blk->write_through,
					__ATOMIC_RELAXED);
	r->io.off = off;
	r->io.len = len;
	r->io.iov = r->data;
	r->io.niov = niov;
	r->io.done = io_done;
	blkio_submit(&r->q->chan, &r->io);
	return STARTED;
}

/* Sector and length lie on the disk and on its blocks. */
static bool in_range(const struct blk *blk, uint64_t sector, uint64_t len)
{
	uint64_t n = len / BLK_SECTOR, all;

	all = __atomic_load_n(&blk->sectors, __ATOMIC_RELAXED);
	return len % blk->img->block_size == 0 &&
	       sector % (blk->img->block_size / BLK_SECTOR) == 0 &&
	       n <= all && sector <= all - n;
}

/* AERO-W7-VIRTIO 3.1.5: between 1 and seg_max data buffers, all of them of the
 * request's direction; a multiple of 512 bytes; within the capacity. */
static int transfer(struct blk_req *r, enum blkio_op op, unsigned want,
		    unsigned other, uint64_t len)
{
	const struct blk *blk = r->q->blk;

	if (other || want == 0 || want > blk->seg_max || len == 0 ||
	    !in_range(blk, r->sector, len))
		return VIRTIO_BLK_S_IOERR;
	return start_io(r, op, r->sector * BLK_SECTOR, len, want);
}

static int run_in(struct blk_req *r)
{
	uint64_t len = r->chain.in_len - 1;

	r->data_in = (uint32_t)len;
	return transfer(r, BLKIO_READ, r->nin, r->nout, len);
}

static int run_out(struct blk_req *r)
{
	if (r->q->blk->img->ro)
		return VIRTIO_BLK_S_IOERR;
	return transfer(r, BLKIO_WRITE, r->nout, r->nin,
			r->chain.out_len - sizeof(struct virtio_blk_outhdr));
}

static int run_flush(struct blk_req *r)
{
	if (r->nin || r->nout)
		return VIRTIO_BLK_S_IOERR;
	return start_io(r, BLKIO_FLUSH, 0, 0, 0);
}

static int run_get_id(struct blk_req *r)
{
	if (r->nout || r->nin == 0)
		return VIRTIO_BLK_S_IOERR;
	r->data_in = (uint32_t)iov_put(r->data, r->nin, 0, r->q->blk->serial,
				       BLK_SERIAL_LEN);
	return VIRTIO_BLK_S_OK;
}

static int run_range(struct blk_req *r, bool zeroes)
{
	struct blk *blk = r->q->blk;
	struct virtio_blk_range range;
	uint32_t flags, sectors;
	uint64_t len;

	/* max_discard_seg and max_write_zeroes_seg are 1. */
	if (r->nin || iov_len(r->data, r->nout) != sizeof(range) ||
	    blk->img->ro)
		return VIRTIO_BLK_S_IOERR;
	iov_get(r->data, r->nout, 0, &range, sizeof(range));
	r->sector = le64_get(range.sector);
	sectors = le32_get(range.num_sectors);
	len = (uint64_t)sectors * BLK_SECTOR;
	flags = le32_get(range.flags);
	/* virtio 5.2.6.2: unknown flags, and unmap on a discard: UNSUPP. */
	if (flags & ~(zeroes ? 1u : 0u))
		return VIRTIO_BLK_S_UNSUPP;
	if (sectors > MAX_RANGE_SECTORS || !in_range(blk, r->sector, len))
		return VIRTIO_BLK_S_IOERR;
	if (len == 0)
		return VIRTIO_BLK_S_OK;
	return start_io(r, !zeroes ? BLKIO_DISCARD :
			flags ? BLKIO_ZEROES_UNMAP : BLKIO_ZEROES,
			r->sector * BLK_SECTOR, len, 0);
}

static int run_discard(struct blk_req *r)
{
	return run_range(r, false);
}

static int run_write_zeroes(struct blk_req *r)
{
	return run_range(r, true);
}

const struct blk_dialect blk_dialect_contract = {
	.op = {
		{ VIRTIO_BLK_T_IN, run_in },
		{ VIRTIO_BLK_T_OUT, run_out },
		{ VIRTIO_BLK_T_FLUSH, run_flush },
	},
	.used_len_mask = 0,
};

const struct blk_dialect blk_dialect_modern = {
	.op = {
		{ VIRTIO_BLK_T_IN, run_in },
		{ VIRTIO_BLK_T_OUT, run_out },
		{ VIRTIO_BLK_T_FLUSH, run_flush },
		{ VIRTIO_BLK_T_GET_ID, run_get_id },
		{ VIRTIO_BLK_T_DISCARD, run_discard },
		{ VIRTIO_BLK_T_WRITE_ZEROES, run_write_zeroes },
	},
	.used_len_mask = UINT32_MAX,
	.resizable = true,
};

/* The status byte is the last writable one, wherever the driver put it. */
static void take_status(struct blk_req *r)
{
	struct vq_chain *c = &r->chain;
	struct iovec *last;

	r->status = NULL;
	r->nin = c->nin;
	if (!c->nin)
		return;
	last = &c->iov[c->nout + c->nin - 1];
	if (last->iov_base)
		r->status = (uint8_t *)last->iov_base + last->iov_len - 1;
	if (--last->iov_len == 0)
		r->nin--;
}

/* The header is the first 16 readable bytes; what follows them is data. */
static bool take_header(struct blk_req *r, struct virtio_blk_outhdr *hdr)
{
	struct vq_chain *c = &r->chain;
	size_t left = sizeof(*hdr);

	r->data = c->iov;
	r->nout = c->nout;
	if (c->out_len < sizeof(*hdr) || (c->flaws & VQ_TOO_LONG))
		return false;
	for (size_t i = 0, n = 0; n < sizeof(*hdr); n += c->iov[i++].iov_len)
		if (!c->iov[i].iov_base)
			return false;
	iov_get(c->iov, c->nout, 0, hdr, sizeof(*hdr));
	while (left && left >= r->data->iov_len) {
		left -= r->data->iov_len;
		r->data++;
		r->nout--;
	}
	if (left) {
		r->data->iov_base = (uint8_t *)r->data->iov_base + left;
		r->data->iov_len -= left;
	}
	return true;
}

static int run(struct blk_req *r)
{
	const struct blk_dialect *d = r->q->blk->dialect;
	struct virtio_blk_outhdr hdr;
	uint32_t type;

	r->data_in = 0;
	take_status(r);
	if (!r->status) {
		guest_err(r->q->blk->dev.name,
			  "a request without room for its status");
		return VIRTIO_BLK_S_IOERR;
	}
	if (!take_header(r, &hdr))
		return VIRTIO_BLK_S_IOERR;
	type = le32_get(hdr.type);
	r->sector = le64_get(hdr.sector);
	for (unsigned i = 0; i < sizeof(d->op) / sizeof(d->op[0]); i++) {
		if (!d->op[i].run || d->op[i].type != type)
			continue;
		/* Decision 16: nothing moves when any buffer is bad. */
		return r->chain.flaws ? VIRTIO_BLK_S_IOERR : d->op[i].run(r);
	}
	return VIRTIO_BLK_S_UNSUPP;
}

static void blk_process(struct vio_dev *dev, struct vq *vq)
{
	struct blk_queue *q = &to_blk(dev)->q[vq->idx];

	/* A ring's worth at a time: a guest that never stops adding must not
	 * keep the loop from its other work. */
	for (unsigned n = 0; n < vq->size; n++) {
		struct blk_req *r;
		int status;

		if (vq->inflight == vq->max) {
			/* What else is in the ring waits for a completion. */
			vq->content = true;
			return;
		}
		r = get_req(q);
		if (!vio_pop(vq, &r->chain)) {
			put_req(r);
			return;
		}
		status = run(r);
		if (status != STARTED)
			finish(r, (uint8_t)status);
	}
	loop_bell_mark(vq->loop, &vq->bell);
}

/* ---- the device ----------------------------------------------------------- */

/* virtio 5.2.6.2: a driver that cannot flush, or turned the cache off, gets
 * its writes completed only when they are durable. */
static void set_cache(struct vio_dev *dev)
{
	bool off = vio_has(dev, VIRTIO_BLK_F_CONFIG_WCE) &&
		!dev->cfg[offsetof(struct virtio_blk_config, writeback)];

	__atomic_store_n(&to_blk(dev)->write_through,
			 off || !vio_has(dev, VIRTIO_BLK_F_FLUSH),
			 __ATOMIC_RELAXED);
}

static void blk_features(struct vio_dev *dev)
{
	/* virtio 5.2.5.2: then the device MUST initialize writeback to 0. */
	if (vio_has(dev, VIRTIO_BLK_F_CONFIG_WCE) &&
	    !vio_has(dev, VIRTIO_BLK_F_FLUSH))
		dev->cfg[offsetof(struct virtio_blk_config, writeback)] = 0;
}

static void blk_stop(struct vio_dev *dev, struct vq *vq)
{
	blkio_drain(&to_blk(dev)->q[vq->idx].chan);
}

static void blk_cfg_write(struct vio_dev *dev, uint32_t off, unsigned size,
			  uint32_t val)
{
	/* virtio 5.2.5.2: writeback is the one writable field. */
	if (off != offsetof(struct virtio_blk_config, writeback) || size != 1 ||
	    !vio_has(dev, VIRTIO_BLK_F_CONFIG_WCE))
		return;
	dev->cfg[off] = val & 1;
	set_cache(dev);
}

static void blk_reset(struct vio_dev *dev)
{
	size_t at = offsetof(struct virtio_blk_config, writeback);

	if (dev->offered & VIRTIO_BLK_F_CONFIG_WCE)
		dev->cfg[at] = 1;
}

static void fini_chan(void *arg)
{
	blkio_chan_fini(arg);
}

static void blk_destroy(struct vio_dev *dev)
{
	struct blk *blk = to_blk(dev);

	for (unsigned i = 0; blk->q && i < dev->nvqs; i++) {
		if (blk->q[i].slab)
			loop_call_sync(dev->vqs[i].loop, fini_chan,
				       &blk->q[i].chan);
		free(blk->q[i].slab);
	}
	vio_fini(dev);
	free(blk->q);
	blkio_close(blk->img);
	free(blk);
}

static const struct vio_class blk_class = {
	.name = "blk",
	.id = VIRTIO_ID_BLOCK,
	.features = blk_features,
	.start = set_cache,
	.process = blk_process,
	.stop = blk_stop,
	.reset = blk_reset,
	.cfg_write = blk_cfg_write,
	.destroy = blk_destroy,
};

static void fill_config(struct blk *blk, unsigned queues)
{
	struct virtio_blk_config c = {
		.capacity = le64_put(blk->sectors),
		.seg_max = le32_put(blk->seg_max),
		.blk_size = le32_put(blk->img->block_size),
		.opt_io_size = le32_put(0),
		.writeback = 1,
		.num_queues = le16_put((uint16_t)queues),
		.max_discard_sectors = le32_put(MAX_RANGE_SECTORS),
		.max_discard_seg = le32_put(1),
		.discard_sector_alignment =
			le32_put(blk->img->block_size / BLK_SECTOR),
		.max_write_zeroes_sectors = le32_put(MAX_RANGE_SECTORS),
		.max_write_zeroes_seg = le32_put(1),
		.write_zeroes_may_unmap = 1,
	};

	memcpy(blk->dev.cfg, &c, sizeof(c));
}

struct queue_call {
	struct blk_queue *q;
	int err;
};

static void init_chan(void *arg)
{
	struct queue_call *c = arg;
	struct blk_queue *q = c->q;

	c->err = blkio_chan_init(&q->chan, q->blk->img, q->vq->loop);
}

static int init_queues(struct blk *blk)
{
	struct vio_dev *dev = &blk->dev;

	blk->q = calloc(dev->nvqs, sizeof(*blk->q));
	if (!blk->q)
		return -ENOMEM;
	for (unsigned i = 0; i < dev->nvqs; i++) {
		struct blk_queue *q = &blk->q[i];
		struct queue_call c = { .q = q };

		q->blk = blk;
		q->vq = &dev->vqs[i];
		/* Zero pages until a request is used the first time. */
		q->slab = calloc(q->vq->max, blk->req_size);
		if (!q->slab)
			return -ENOMEM;
		loop_call_sync(q->vq->loop, init_chan, &c);
		if (c.err)
			return c.err;
	}
	return 0;
}

static uint64_t features(const struct blk_cfg *cfg, const struct blkio *img)
{
	uint64_t f = VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE |
		     VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE |
		     VIRTIO_BLK_F_TOPOLOGY;

	if (img->ro)
		f |= VIRTIO_BLK_F_RO;
	else
		f |= VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES;
	if (cfg->queues > 1)
		f |= VIRTIO_BLK_F_MQ;
	return f;
}

bool blk_multiqueue(const struct vio_profile *prof)
{
	return vio_profile_row(prof, "blk")->feats & VIRTIO_BLK_F_MQ;
}

int blk_create(struct vio_dev **out, const struct blk_cfg *cfg,
	       struct blkio *img)
{
	const struct vio_dev_row *row = vio_profile_row(cfg->prof, "blk");
	struct blk *blk = calloc(1, sizeof(*blk));
	int err;

	if (!blk)
		return -ENOMEM;
	blk->dialect = row->dialect;
	blk->sectors = img->size / BLK_SECTOR;
	/* A direct chain of seg_max buffers still fits the ring. */
	blk->seg_max = row->qsize[0] - EXTRA_IOV;
	blk->req_size = sizeof(struct blk_req) +
			(blk->seg_max + EXTRA_IOV) * sizeof(struct iovec);
	if (cfg->serial)
		memcpy(blk->serial, cfg->serial,
		       strnlen(cfg->serial, BLK_SERIAL_LEN));
	blk->img = img;
	err = vio_init(&blk->dev, &blk_class, cfg->prof, row, cfg->name,
		       cfg->queues, features(cfg, img), cfg->gmem,
		       cfg->ctl_loop, cfg->loops, cfg->nloops);
	if (err) {
		free(blk);
		return err;
	}
	fill_config(blk, cfg->queues);
	err = init_queues(blk);
	if (err) {
		blk->img = NULL;        /* stays with the caller */
		blk_destroy(&blk->dev);
		return err;
	}
	*out = &blk->dev;
	return 0;
}

void blk_resized(struct vio_dev *dev, uint64_t size)
{
	struct blk *blk = to_blk(dev);
	uint64_t sectors = (size - size % blk->img->block_size) / BLK_SECTOR;
	le64 capacity = le64_put(sectors);

	vio_cfg_begin(dev);
	__atomic_store_n(&blk->sectors, sectors, __ATOMIC_RELAXED);
	memcpy(dev->cfg + offsetof(struct virtio_blk_config, capacity),
	       &capacity, sizeof(capacity));
	vio_cfg_end(dev);
}

const struct blkio *blk_image(struct vio_dev *dev)
{
	return to_blk(dev)->img;
}

uint64_t blk_size(struct vio_dev *dev)
{
	return __atomic_load_n(&to_blk(dev)->sectors, __ATOMIC_RELAXED) *
	       BLK_SECTOR;
}

int blk_resize(struct vio_dev *dev, uint64_t size, char *err, size_t errlen)
{
	const struct blk *blk = to_blk(dev);
	int ret;

	if (!blk->dialect->resizable) {
		snprintf(err, errlen, "profile %s: its disks keep their size",
			 dev->prof->name);
		return -EPERM;
	}
	if (size % blk->img->block_size || size < blk_size(dev)) {
		snprintf(err, errlen, "the new size must be a multiple of %u "
			 "and not below the present %" PRIu64 " bytes",
			 blk->img->block_size, blk_size(dev));
		return -EINVAL;
	}
	ret = blkio_grow(blk->img, size, err, errlen);
	if (ret == 0)
		blk_resized(dev, size);
	return ret;
}
