#include "tests/lib/spyio.h"

#include <string.h>

#include "devices/base/log.h"
#include "devices/block/blkio_int.h"

/* Ops have no room for an argument; a test has one spy at a time. */
static struct spy *the_spy;

static void finish(struct blkio_req *r, int err)
{
	if (err) {
		r->result = err;
		blkio_finish(r);
	} else {
		blkio_mem_ops.submit(r->chan, r);
	}
}

static void submit(struct blkio_chan *c, struct blkio_req *r)
{
	struct spy *s = the_spy;

	(void)c;
	s->seen[s->nseen++ % SPY_MAX] = (struct spy_seen){
		r->op, r->durable, r->off, r->len,
	};
	if (!s->hold) {
		finish(r, s->fail);
		return;
	}
	BUG_ON(s->nheld == SPY_MAX);
	s->held[s->nheld++] = r;
}

static void wait_some(struct blkio_chan *c)
{
	struct spy *s = the_spy;

	s->waits++;
	for (unsigned i = 0; i < s->nheld; i++) {
		if (s->held[i]->chan != c)
			continue;
		spy_finish(s, i, s->fail);
		return;
	}
	log_bug(__FILE__, __LINE__, "the device waits for nothing");
}

static const struct blkio_ops spy_ops = { .submit = submit, .wait = wait_some };

void spy_open(struct spy *s, uint64_t size, uint32_t block_size)
{
	*s = (struct spy){ .hold = false };
	BUG_ON(blkio_mem_open(&s->img, size, block_size));
	s->img->ops = &spy_ops;
	the_spy = s;
}

void spy_finish(struct spy *s, unsigned i, int err)
{
	struct blkio_req *r = s->held[i];

	BUG_ON(i >= s->nheld);
	s->nheld--;
	memmove(&s->held[i], &s->held[i + 1],
		(s->nheld - i) * sizeof(s->held[0]));
	finish(r, err);
}

void spy_finish_all(struct spy *s)
{
	while (s->nheld)
		spy_finish(s, 0, s->fail);
}

const struct spy_seen *spy_last(const struct spy *s)
{
	return &s->seen[(s->nseen - 1) % SPY_MAX];
}
