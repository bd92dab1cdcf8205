/*
 * Description: whatever stands in a split ring, pop takes what a plain reading
 * of the rules takes and refuses what it refuses.
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

#define SIZE 8
#define TABLES 4
#define TABLE_LEN 12    /* entries */
#define ROUNDS 300000

/* ---- making rings --------------------------------------------------------- */

static uint64_t table_gpa(unsigned i)
{
	return i == 3 ? GUEST_HIGH_GPA + GUEST_HIGH_LEN - 16 * TABLE_LEN
		      : 0x30000 + 0x1001 * (uint64_t)i;
}

static struct vring_desc any_desc(struct rnd *r, unsigned entries)
{
	uint64_t addr = vqmodel_any_addr(r);
	uint32_t len = vqmodel_any_len(r);
	uint16_t flags = 0, next = (uint16_t)rnd_below(r, entries);

	if (rnd_chance(r, 60))
		flags |= NEXT;
	if (rnd_chance(r, 40))
		flags |= WRITE;
	if (rnd_chance(r, 5))
		flags |= (uint16_t)(rnd_u32(r) & 0xfff8);
	if (rnd_chance(r, 4))
		next = (uint16_t)rnd_u32(r);
	if (rnd_chance(r, 15)) {
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
	return drv_desc(addr, len, flags, next);
}

static void make_ring(struct vqbench *b, struct rnd *r)
{
	struct vring_desc *d = b->ring.part[DRV_DESC].p;

	for (unsigned i = 0; i < SIZE; i++)
		d[i] = any_desc(r, SIZE);
	for (unsigned t = 0; t < TABLES; t++) {
		struct vring_desc table[TABLE_LEN];

		for (unsigned i = 0; i < TABLE_LEN; i++) {
			table[i] = any_desc(r, TABLE_LEN);
			/* Mostly none of the second level. */
			if (rnd_chance(r, 80))
				table[i].flags = le16_put(
					(uint16_t)(le16_get(table[i].flags) &
						   ~INDIRECT));
		}
		guest_poke(b->g, table_gpa(t), table, sizeof(table));
	}
}

/* ---- reading them, slowly ------------------------------------------------- */

static int want_table(struct vqbench *b, struct vqmodel *w, uint64_t gpa,
		      unsigned entries, unsigned i, bool inside)
{
	bool seen[VQ_MAX_SIZE] = { false };

	for (;;) {
		struct vring_desc d;
		uint32_t len;
		uint16_t flags;

		if (i >= entries || seen[i])
			return -EPROTO;
		seen[i] = true;
		guest_peek(b->g, gpa + 16 * i, &d, 16);
		flags = le16_get(d.flags);
		len = le32_get(d.len);
		if (flags & INDIRECT) {
			uint64_t at = le64_get(d.addr);

			int err = inside || (flags & NEXT) ? -EPROTO :
				  vqmodel_table(b, at, len);

			return err ? err : want_table(b, w, at, len / 16, 0, true);
		}
		vqmodel_buffer(b, w, le64_get(d.addr), len, flags & WRITE);
		if (!(flags & NEXT))
			return 0;
		i = le16_get(d.next);
	}
}

static void pop_against_a_plain_reading(void **state)
{
	struct vqbench *b = vqbench_new(&drv_split, SIZE, false, NULL);
	unsigned taken = 0, refused = 0;
	struct rnd r;

	(void)state;
	rnd_init(&r, "vq_random");
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct vqmodel w = { 0 };
		uint16_t head = (uint16_t)rnd_below(&r, SIZE + 1);
		uint16_t max = (uint16_t)rnd_range(&r, 1, 20);
		int got;

		if (i % 8 == 0)
			make_ring(b, &r);
		vqbench_restart(b, 0);
		make_ring(b, &r);
		w.err = want_table(b, &w, b->ring.part[DRV_DESC].gpa, SIZE,
				   head, false);
		got = vqbench_pop(b, head, max);
		assert_int_equal(w.err ? w.err : 1, got);
		assert_int_equal(got == 1, b->vq.inflight);
		if (got == 1)
			vqmodel_compare(b, &w, max);
		taken += got == 1;
		refused += got < 0;
	}
	/* The generator makes enough of both. */
	assert_true(taken > ROUNDS / 5);
	assert_true(refused > ROUNDS / 20);
	vqbench_free(b);
}

/* A driver that keeps the rules, whatever the order of its descriptors. */
static void chains_of_a_driver_come_out_as_they_went_in(void **state)
{
	struct vqbench *b = vqbench_new(&drv_split, 64, false, NULL);
	struct { struct drv_buf buf[12]; unsigned n; uint64_t table; } sent[64];
	unsigned order[64], first = 0, last = 0;
	struct rnd r;

	(void)state;
	rnd_init(&r, "vq_driver");
	b->ring.shuffle = rnd_u32(&r) | 1;
	vqbench_restart(b, (uint16_t)rnd_u32(&r));
	memset(sent, 0, sizeof(sent));
	guest_release_all(b->g);
	for (unsigned i = 0; i < 3; i++)
		guest_alloc(b->g, GUEST_LOW, 0x1000, 0x1000, NULL);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct drv_buf buf[12];
		struct drv_mem table;
		unsigned n = rnd_range(&r, 1, 12), nout = rnd_below(&r, n + 1);
		bool indirect = rnd_chance(&r, 50);
		int id;

		for (unsigned k = 0; k < n; k++)
			buf[k] = (struct drv_buf){
				0x10000 + rnd_below(&r, 0x10000),
				rnd_range(&r, 1, 3000), k >= nout };
		if (indirect) {
			table.gpa = guest_alloc(b->g, GUEST_HIGH, 16 * n, 1,
						&r);
			table.p = guest_ptr(b->g, table.gpa, 16 * n);
		}
		id = b->ring.ops->add(&b->ring, buf, n,
				      indirect ? &table : NULL);
		if (id < 0) {
			if (indirect)
				guest_release(b->g, table.gpa);
		} else {
			memcpy(sent[id].buf, buf, sizeof(buf));
			sent[id].n = n;
			sent[id].table = indirect ? table.gpa : 0;
			order[last++ % 64] = (unsigned)id;
		}
		if (id >= 0 && rnd_chance(&r, 80))
			continue;
		b->ring.ops->publish(&b->ring);
		b->c.iov = b->iov;
		b->c.max = 12;
		while (b->vq.ops->pop(&b->vq, &b->c) == 1) {
			unsigned is = order[first++ % 64];

			assert_int_equal(is, b->c.id);
			assert_int_equal(sent[is].n, b->c.nout + b->c.nin);
			for (unsigned k = 0; k < sent[is].n; k++) {
				assert_int_equal(sent[is].buf[k].write,
						 k >= b->c.nout);
				assert_int_equal(sent[is].buf[k].len,
						 b->iov[k].iov_len);
				assert_ptr_equal(guest_ptr(b->g,
					sent[is].buf[k].gpa, 1),
					b->iov[k].iov_base);
			}
			if (sent[is].table)
				guest_release(b->g, sent[is].table);
			b->vq.ops->push(&b->vq, &b->c, is);
		}
		assert_int_equal(last, first);
		b->vq.ops->flush(&b->vq);
		for (uint32_t len; (id = b->ring.ops->collect(&b->ring, &len))
		     >= 0;)
			assert_int_equal(id, len);
		assert_int_equal(64, b->ring.nfree);
	}
	vqbench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pop_against_a_plain_reading),
		cmocka_unit_test(chains_of_a_driver_come_out_as_they_went_in),
	};

	return cmocka_run_group_tests_name("vq random", tests, NULL, NULL);
}
