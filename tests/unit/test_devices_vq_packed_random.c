/*
 * Description: whatever stands in a packed ring, pop takes what a plain reading
 * of the rules takes and refuses what it refuses, for many chains in a row and
 * any order of giving them back.
 *
 * SEED=number in the environment repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/vqmodel.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT
#define AVAIL VRING_DESC_F_AVAIL
#define USED VRING_DESC_F_USED

#define TABLES 4
#define TABLE_LEN 12    /* entries */
#define ROUNDS 60000

/* ---- making rings --------------------------------------------------------- */

static uint64_t table_gpa(unsigned i)
{
	return i == 3 ? GUEST_HIGH_GPA + GUEST_HIGH_LEN - 16 * TABLE_LEN
		      : 0x30000 + 0x1001 * (uint64_t)i;
}

static uint16_t any_flags(struct rnd *r, bool wrap)
{
	uint16_t flags = wrap ? AVAIL : USED;

	if (rnd_chance(r, 50))
		flags |= NEXT;
	if (rnd_chance(r, 40))
		flags |= WRITE;
	if (rnd_chance(r, 10))
		flags ^= (uint16_t)(rnd_u32(r) & (AVAIL | USED));
	if (rnd_chance(r, 5))
		flags |= (uint16_t)(rnd_u32(r) & 0x7f78);
	return flags;
}

static void make_slot(struct vqbench *b, struct rnd *r, unsigned i, bool wrap)
{
	uint64_t addr = vqmodel_any_addr(r);
	uint32_t len = vqmodel_any_len(r);
	uint16_t flags = any_flags(r, wrap);

	if (rnd_chance(r, 20)) {
		flags |= INDIRECT;
		if (rnd_chance(r, 90))
			flags &= (uint16_t)~NEXT;
		if (rnd_chance(r, 90)) {
			addr = table_gpa(rnd_below(r, TABLES));
			len = 16 * rnd_range(r, 1, TABLE_LEN);
		}
		if (rnd_chance(r, 5))
			len += rnd_below(r, 40);
	}
	drv_packed_desc(&b->ring, i, addr, len, (uint16_t)rnd_u32(r), flags);
}

static void make_tables(struct vqbench *b, struct rnd *r)
{
	for (unsigned t = 0; t < TABLES; t++) {
		for (unsigned i = 0; i < TABLE_LEN; i++) {
			struct vring_packed_desc d = {
				le64_put(vqmodel_any_addr(r)),
				le32_put(vqmodel_any_len(r)),
				le16_put((uint16_t)rnd_u32(r)),
				le16_put((uint16_t)rnd_u32(r)),
			};

			guest_poke(b->g, table_gpa(t) + 16 * i, &d, sizeof(d));
		}
	}
}

/* ---- reading them, slowly ------------------------------------------------- */

struct want {
	struct vqmodel m;
	unsigned slots;
	uint16_t id;
};

static struct vring_packed_desc at(struct vqbench *b, uint64_t gpa, unsigned i)
{
	struct vring_packed_desc d;

	guest_peek(b->g, gpa + 16 * i, &d, sizeof(d));
	return d;
}

static int want_table(struct vqbench *b, struct want *w, uint64_t gpa,
		      uint32_t len)
{
	int err = vqmodel_table(b, gpa, len);

	for (unsigned i = 0; !err && i < len / 16; i++) {
		struct vring_packed_desc d = at(b, gpa, i);

		vqmodel_buffer(b, &w->m, le64_get(d.addr), le32_get(d.len),
			       le16_get(d.flags) & WRITE);
	}
	return err;
}

/* From slot first on, counted forever; busy slots of the ring are in flight.
 * 1, 0, or an error. */
static int want_chain(struct vqbench *b, struct want *w, unsigned first,
		      unsigned busy)
{
	unsigned size = b->ring.size;
	bool wrap = first / size % 2 == 0;

	for (unsigned i = 0;; i++) {
		struct vring_packed_desc d = at(b, b->vq.addr[0],
						(first + i) % size);
		uint16_t flags = le16_get(d.flags);

		if (i == 0 && (!!(flags & AVAIL) != wrap ||
			       !!(flags & USED) == wrap))
			return 0;
		if (busy + i >= size)
			return -EPROTO;
		w->slots = i + 1;
		w->id = le16_get(d.id);
		if (flags & INDIRECT) {
			int err = i > 0 || (flags & NEXT) ? -EPROTO :
				  want_table(b, w, le64_get(d.addr),
					     le32_get(d.len));

			return err ? err : 1;
		}
		vqmodel_buffer(b, &w->m, le64_get(d.addr), le32_get(d.len),
			       flags & WRITE);
		if (!(flags & NEXT))
			return 1;
	}
}

/* ---- a life --------------------------------------------------------------- */

struct life {
	struct vqbench *b;
	struct rnd *rnd;
	unsigned avail, used;           /* slots, counted forever */
	struct vq_chain held[32];
	unsigned nheld, taken, refused;
};

/* A chain that is held goes back, any of them. */
static void give_back(struct life *l)
{
	struct vqbench *b = l->b;
	unsigned i = rnd_below(l->rnd, l->nheld), size = b->ring.size;
	struct vq_chain c = l->held[i];
	uint32_t len = rnd_below(l->rnd, 3);
	struct vring_packed_desc d;

	b->vq.ops->push(&b->vq, &c, len);
	b->vq.ops->flush(&b->vq);
	d = at(b, b->vq.addr[0], l->used % size);
	assert_int_equal(c.id, le16_get(d.id));
	assert_int_equal(len, le32_get(d.len));
	assert_int_equal((l->used / size % 2 ? 0 : AVAIL | USED) |
			 (len ? WRITE : 0), le16_get(d.flags));
	l->used += c.nslots;
	l->held[i] = l->held[--l->nheld];
	assert_int_equal(l->nheld, b->vq.inflight);
	assert_int_equal(l->avail - l->used, b->vq.slots);
}

/* false: the ring is broken. */
static bool take(struct life *l)
{
	struct vqbench *b = l->b;
	uint16_t max = (uint16_t)rnd_range(l->rnd, 1, 20);
	struct want w = { .slots = 0 };
	int want = want_chain(b, &w, l->avail, l->avail - l->used);
	int got = vqbench_take(b, max);

	assert_int_equal(want, got);
	l->refused += got < 0;
	if (got <= 0)
		return got == 0;
	vqmodel_compare(b, &w.m, max);
	assert_int_equal(w.id, b->c.id);
	assert_int_equal(w.slots, b->c.nslots);
	l->taken++;
	if (rnd_chance(l->rnd, 10)) {
		b->vq.ops->unpop(&b->vq, &b->c);
		return true;
	}
	l->held[l->nheld++] = b->c;
	l->avail += w.slots;
	return true;
}

static void pop_against_a_plain_reading(void **state)
{
	unsigned taken = 0, refused = 0;
	struct rnd r;

	(void)state;
	rnd_init(&r, "vq_packed_random");
	for (unsigned i = 0; i < ROUNDS / 40; i++) {
		uint16_t size = (uint16_t)rnd_range(&r, 1, 12);
		struct life l = {
			.b = vqbench_new(&drv_packed, size, rnd_chance(&r, 50),
					 NULL),
			.rnd = &r,
		};

		l.avail = l.used = rnd_below(&r, 4u * size);
		vqbench_restart(l.b, (uint16_t)l.avail);
		make_tables(l.b, &r);
		for (unsigned k = 0; k < 40; k++) {
			unsigned slot = l.avail + rnd_below(&r, size);

			/* Mostly what comes next, of the right lap. */
			for (unsigned n = rnd_below(&r, 4); n; n--, slot++)
				make_slot(l.b, &r, slot % size,
					  slot / size % 2 == 0);
			if (!take(&l))
				break;
			while (l.nheld && (l.nheld == 32 || rnd_chance(&r, 50)))
				give_back(&l);
		}
		taken += l.taken;
		refused += l.refused;
		vqbench_free(l.b);
	}
	/* The generator makes enough of both. */
	assert_true(taken > ROUNDS / 20);
	assert_true(refused > ROUNDS / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pop_against_a_plain_reading),
	};

	return cmocka_run_group_tests_name("vq packed random", tests, NULL,
					   NULL);
}
