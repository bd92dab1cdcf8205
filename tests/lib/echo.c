#include "tests/lib/echo.h"

#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"

const uint16_t echo_sizes[ECHO_QUEUES] = { 8, 64, 4 };

static const struct vio_dev_row row = {
	.name = "echo", .type = 0x2a, .sub_device = 0x1234,
	.class_code = 0xff0000, .feats = ECHO_FEATS,
	.qsize = { 8, 64, 4 }, .cfg_len = ECHO_CFG_LEN,
};

static struct echo *to_echo(struct vio_dev *dev)
{
	return container_of(dev, struct echo, dev);
}

static void answer(struct vq *vq, const struct vq_chain *c)
{
	/* Such a chain has a piece without memory. */
	bool usable = !(c->flaws & VQ_BAD_ADDR);
	uint8_t part[256];
	size_t n = 0, got = usable ? sizeof(part) : 0;

	while (got == sizeof(part)) {
		got = iov_get(c->iov, c->nout, n, part, sizeof(part));
		got = iov_put(c->iov + c->nout, c->nin, n, part, got);
		n += got;
	}
	vq_push(vq, c, (uint32_t)n);
}

static void echo_process(struct vio_dev *dev, struct vq *vq)
{
	struct echo *e = to_echo(dev);
	unsigned q = vq->idx;

	e->processed[q]++;
	for (;;) {
		struct echo_held *h = &e->held[q][e->nheld[q]];

		BUG_ON(e->nheld[q] == ECHO_HOLD);
		h->c.iov = h->iov;
		h->c.max = ECHO_IOV;
		if (!vio_pop(vq, &h->c))
			return;
		e->chains[q]++;
		if (e->mode == ECHO_KEEP) {
			e->nheld[q]++;
			continue;
		}
		answer(vq, &h->c);
		if (e->mode == ECHO_ONE) {
			vq->content = true;
			return;
		}
	}
}

void echo_release(struct echo *e, unsigned q)
{
	for (unsigned i = 0; i < e->nheld[q]; i++)
		answer(&e->dev.vqs[q], &e->held[q][i].c);
	e->nheld[q] = 0;
}

static void echo_stop(struct vio_dev *dev, struct vq *vq)
{
	struct echo *e = to_echo(dev);
	unsigned q = vq->idx;

	e->stopped[q]++;
	for (unsigned i = 0; i < e->nheld[q]; i++) {
		struct vq_chain *c = &e->held[q][i].c;
		uint8_t byte = ECHO_CANCELLED;

		if (!(c->flaws & VQ_BAD_ADDR))
			iov_put(c->iov + c->nout, c->nin, 0, &byte, 1);
		vq_push(vq, c, 1);
	}
	e->nheld[q] = 0;
}

static void echo_start(struct vio_dev *dev)
{
	to_echo(dev)->started++;
}

static void echo_reset(struct vio_dev *dev)
{
	to_echo(dev)->resets++;
}

static void echo_cfg_write(struct vio_dev *dev, uint32_t off, unsigned size,
			   uint32_t val)
{
	struct echo *e = to_echo(dev);

	BUG_ON(off >= ECHO_CFG_LEN || size > ECHO_CFG_LEN - off);
	e->cfg_writes++;
	e->cfg_off = off;
	e->cfg_size = size;
	e->cfg_val = val;
	for (unsigned i = 0; i < size; i++)
		dev->cfg[off + i] = (uint8_t)(val >> (8 * i));
}

static void echo_destroy(struct vio_dev *dev)
{
	vio_fini(dev);
	free(to_echo(dev));
}

static const struct vio_class echo_class = {
	.name = "echo", .id = 0x2a, .start = echo_start,
	.process = echo_process, .stop = echo_stop, .reset = echo_reset,
	.cfg_write = echo_cfg_write, .destroy = echo_destroy,
};

struct echo *echo_new(const struct vio_profile *prof, const struct gmem *mem,
		      struct loop *ctl, struct loop *const *loops,
		      unsigned nloops)
{
	struct echo *e = calloc(1, sizeof(*e));

	BUG_ON(!e);
	BUG_ON(vio_init(&e->dev, &echo_class, prof, &row, "echo0", ECHO_QUEUES,
			~UINT64_C(0), mem, ctl, loops, nloops));
	for (unsigned i = 0; i < VIO_CFG_MAX; i++)
		e->dev.cfg[i] = (uint8_t)(0x80 + i);
	return e;
}
