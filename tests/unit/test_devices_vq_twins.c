/*
 * Description: one random script of requests, right and wrong, in any framing
 * and finished in any order, ends in the same bytes, lengths, orders, kicks and
 * interrupts over a split ring and over a packed one.
 *
 * SEED=number in the environment repeats a run.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"
#include "tests/lib/blkrig.h"

#define FLIGHT 24
#define AREA 0x4000             /* of a request: header, status, data */
#define MAX_SEGS 12
#define STEPS 1500              /* in a life */
#define LIVES 24
#define LOOK 100                /* steps between looks at all of memory */

/* ---- what is written down ------------------------------------------------- */

enum what { SENT, USED, LINE, MEMORY };

struct note {
	uint32_t what, req;
	uint64_t a, b;
};

struct notes {
	struct note *n;
	unsigned count, room;
};

static void note(struct notes *to, enum what what, uint32_t req, uint64_t a,
		 uint64_t b)
{
	if (to->count == to->room) {
		to->room = to->room ? 2 * to->room : 4096;
		to->n = realloc(to->n, to->room * sizeof(*to->n));
		BUG_ON(!to->n);
	}
	to->n[to->count++] = (struct note){ what, req, a, b };
}

static uint64_t sum(const void *from, size_t len)
{
	const uint64_t *p = from;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < len / 8; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

/* ---- the script ----------------------------------------------------------- */

struct twin {
	struct blkrig b;
	struct rnd rnd;
	struct notes notes;
	int id[FLIGHT];                 /* -1: free */
	uint64_t table[FLIGHT];
	unsigned flying;
};

static uint64_t area(const struct twin *t, unsigned i)
{
	return t->b.data + i * (uint64_t)AREA;
}

static void bring_up(struct twin *t)
{
	uint64_t f = ~UINT64_C(0);

	if (rnd_chance(&t->rnd, 50))
		f &= ~VIRTIO_F_EVENT_IDX;
	blkrig_up(&t->b, f, NULL);
	for (unsigned i = 0; i < FLIGHT; i++) {
		t->id[i] = -1;
		t->table[i] = guest_alloc(t->b.rig.guest, GUEST_LOW,
					  16 * (MAX_SEGS + 2), 16, NULL);
	}
	t->flying = 0;
	/* Until the device has asked for kicks, the two have different ways
	 * of being told of all that is added. */
	rig_settle(&t->b.rig);
}

static unsigned cut(struct twin *t, uint64_t gpa, uint32_t len, bool write,
		    struct drv_buf *buf)
{
	unsigned n = 0;

	while (len) {
		uint32_t part = n == MAX_SEGS - 1 || rnd_chance(&t->rnd, 30) ?
				len : rnd_range(&t->rnd, 1, len);

		buf[n] = (struct drv_buf){ gpa, part, write };
		if (rnd_chance(&t->rnd, 2))
			buf[n].gpa = GUEST_HOLE;
		if (rnd_chance(&t->rnd, 2))
			buf[n].write = !write;
		if (rnd_chance(&t->rnd, 2))
			buf[n].len = 0;
		n++;
		gpa += part;
		len -= part;
	}
	return n;
}

static void submit(struct twin *t, unsigned i)
{
	static const uint32_t types[] = {
		VIRTIO_BLK_T_IN, VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT,
		VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID, 77,
	};
	uint32_t type = types[rnd_below(&t->rnd, 7)];
	uint32_t len = 512 * rnd_range(&t->rnd, 1, 20);
	struct drv_mem table = {
		guest_ptr(t->b.rig.guest, t->table[i], 16 * (MAX_SEGS + 2)),
		t->table[i],
	};
	struct drv_ring *r = &t->b.ring[0];
	struct drv_buf buf[MAX_SEGS + 2];
	unsigned n = 1;
	bool kick;

	blk_hdr_at(&t->b, area(t, i), type,
		   rnd_below(&t->rnd, BLK_SECTORS + 10));
	buf[0] = (struct drv_buf){ area(t, i), 16, false };
	if (type == VIRTIO_BLK_T_GET_ID)
		len = 20;
	if (type != VIRTIO_BLK_T_FLUSH)
		n += cut(t, area(t, i) + 0x400, len, type != VIRTIO_BLK_T_OUT,
			 buf + 1);
	buf[n++] = (struct drv_buf){ area(t, i) + 32, 1, true };
	t->id[i] = r->ops->add(r, buf, n, rnd_chance(&t->rnd, 50) ? &table
								  : NULL);
	if (t->id[i] < 0)
		return;
	t->flying++;
	if (rnd_chance(&t->rnd, 60))
		return;
	kick = r->ops->publish(r);
	note(&t->notes, SENT, i, kick, t->flying);
	if (kick)
		t->b.rig.bus.ops->notify(&t->b.rig.bus, 0);
}

static void collect(struct twin *t)
{
	struct drv_ring *r = &t->b.ring[0];
	uint32_t len;
	int id;

	rig_settle(&t->b.rig);
	note(&t->notes, LINE, 0, rig_irq(&t->b.rig),
	     t->b.rig.bus.ops->take_isr(&t->b.rig.bus));
	while ((id = r->ops->collect(r, &len)) >= 0) {
		unsigned i = 0;

		while (i < FLIGHT && t->id[i] != id)
			i++;
		assert_true(i < FLIGHT);
		note(&t->notes, USED, i, len,
		     guest_byte(t->b.rig.guest, area(t, i) + 32));
		t->id[i] = -1;
		t->flying--;
	}
}

static void look(struct twin *t)
{
	note(&t->notes, MEMORY, 0,
	     sum(guest_ptr(t->b.rig.guest, t->b.data, FLIGHT * AREA),
		 FLIGHT * AREA), sum(t->b.img->mem, BLK_SIZE_BYTES));
}

static void step(struct twin *t)
{
	struct drv_ring *r = &t->b.ring[0];
	unsigned i = rnd_below(&t->rnd, FLIGHT);

	if (t->id[i] < 0)
		submit(t, i);
	if (rnd_chance(&t->rnd, 20) && t->b.spy.nheld)
		spy_finish(&t->b.spy, rnd_below(&t->rnd, t->b.spy.nheld),
			   rnd_chance(&t->rnd, 5) ? -5 : 0);
	if (rnd_chance(&t->rnd, 20))
		collect(t);
	if (rnd_chance(&t->rnd, 5))
		r->ops->irqs(r, rnd_chance(&t->rnd, 50));
}

static void live(struct twin *t)
{
	bring_up(t);
	t->b.spy.hold = true;
	for (unsigned i = 0; i < STEPS; i++) {
		step(t);
		if (i % LOOK == 0)
			look(t);
	}
	if (rnd_chance(&t->rnd, 50)) {
		/* To the end. */
		t->b.ring[0].ops->publish(&t->b.ring[0]);
		t->b.rig.bus.ops->notify(&t->b.rig.bus, 0);
		rig_settle(&t->b.rig);
		t->b.spy.hold = false;
		spy_finish_all(&t->b.spy);
		collect(t);
		assert_int_equal(0, t->flying);
	}
	/* Or cut off. */
	drv_reset(&t->b.rig.bus);
	look(t);
}

static void tell(struct twin *t, struct rnd rnd, unsigned flags)
{
	struct blkrig_cfg cfg = {
		.prof = &vio_profile_modern, .image = BLK_SPY,
		.serial = "twin",
	};

	*t = (struct twin){ .rnd = rnd };
	blkrig_open(&t->b, &rig_mmio, flags, &cfg);
	bring_up(t);
	blkrig_pattern(&t->b);
	for (unsigned i = 0; i < LIVES; i++)
		live(t);
	blkrig_close(&t->b);
}

static void the_same_story_twice(void **state)
{
	static struct twin split, packed;
	unsigned used = 0;
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "twins");
	tell(&split, rnd, 0);
	tell(&packed, rnd, RIG_PACKED);
	for (unsigned i = 0; i < split.notes.count &&
			     i < packed.notes.count; i++) {
		const struct note *s = &split.notes.n[i];
		const struct note *p = &packed.notes.n[i];

		if (memcmp(s, p, sizeof(*s)))
			fail_msg("note %u: split %u %u %lx %lx, packed %u %u "
				 "%lx %lx", i, s->what, s->req, (long)s->a,
				 (long)s->b, p->what, p->req, (long)p->a,
				 (long)p->b);
		used += s->what == USED;
	}
	assert_int_equal(split.notes.count, packed.notes.count);
	assert_true(used > 500);
	free(split.notes.n);
	free(packed.notes.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_story_twice),
	};

	return cmocka_run_group_tests_name("vq twins", tests, NULL, NULL);
}
