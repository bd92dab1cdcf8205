/*
 * An image in memory, for tests: what blkio_sync does, without a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/iov.h"
#include "devices/block/blkio_int.h"

static int64_t run(const struct blkio_req *r)
{
	uint8_t *at = (uint8_t *)r->chan->img->mem + r->off + r->moved;
	uint64_t left = r->len - r->moved;

	if (r->off + r->len > r->chan->img->size)
		return -EIO;
	switch (r->op) {
	case BLKIO_READ:
		return (int64_t)iov_put(r->piece, r->npiece, 0, at, left);
	case BLKIO_WRITE:
		return (int64_t)iov_get(r->piece, r->npiece, 0, at, left);
	case BLKIO_ZEROES:
	case BLKIO_ZEROES_UNMAP:
		memset(at, 0, left);
		return 0;
	case BLKIO_FLUSH:
	case BLKIO_DISCARD:
		return 0;
	}
	return -EINVAL;
}

static void submit(struct blkio_chan *c, struct blkio_req *r)
{
	(void)c;
	while (blkio_account(r, run(r)))
		;
	blkio_finish(r);
}

const struct blkio_ops blkio_mem_ops = { .submit = submit };

int blkio_mem_open(struct blkio **out, uint64_t size, uint32_t block_size)
{
	struct blkio *img = calloc(1, sizeof(*img));

	if (!img)
		return -ENOMEM;
	*img = (struct blkio){
		.ops = &blkio_mem_ops, .fd = -1, .path = strdup("memory"),
		.size = size, .block_size = block_size, .mem_align = 1,
		.off_align = 1, .mem = calloc(1, size),
	};
	if (!img->path || !img->mem) {
		blkio_close(img);
		return -ENOMEM;
	}
	*out = img;
	return 0;
}
