/*
 * Description: a split queue takes every chain a driver may make, refuses each
 * kind of ring it may not make, and tells the driver what it asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/vqbench.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

static int setup(void **state)
{
	*state = vqbench_new(&drv_split, 8, false, NULL);
	return 0;
}

static int teardown(void **state)
{
	vqbench_free(*state);
	return 0;
}

static void desc(struct vqbench *b, unsigned i, uint64_t addr, uint32_t len,
		 uint16_t flags, uint16_t next)
{
	drv_split_desc(&b->ring, i, addr, len, flags, next);
}

static void entry(struct vqbench *b, uint64_t table, unsigned i, uint64_t addr,
		  uint32_t len, uint16_t flags, uint16_t next)
{
	struct vring_desc d = drv_desc(addr, len, flags, next);

	guest_poke(b->g, table + 16 * i, &d, sizeof(d));
}

/* Refused, and the queue is as before. */
static void assert_refused(struct vqbench *b, int err, uint16_t head)
{
	uint16_t avail = b->vq.next_avail, inflight = b->vq.inflight;

	assert_int_equal(err, vqbench_pop(b, head, 16));
	assert_int_equal(avail, b->vq.next_avail);
	assert_int_equal(inflight, b->vq.inflight);
	/* And again when asked again. */
	assert_int_equal(err, b->vq.ops->pop(&b->vq, &b->c));
	vqbench_restart(b, 0);
}

/* ---- where the ring is ---------------------------------------------------- */

static int map_at(struct vqbench *b, uint64_t desc_at, uint64_t avail,
		  uint64_t used)
{
	b->vq.addr[0] = desc_at;
	b->vq.addr[1] = avail;
	b->vq.addr[2] = used;
	return b->vq.ops->map(&b->vq, &b->g->mem);
}

static void minimum_alignment_is_enough(void **state)
{
	struct vqbench *b = *state;

	assert_int_equal(0, map_at(b, 0x10, 0x1002, 0x2004));
	assert_int_equal(0, map_at(b, 0, 0x1002, 0x2004));
	for (unsigned i = 1; i < 16; i++)
		assert_int_equal(-EINVAL, map_at(b, 0x1000 + i, 0, 0x2000));
	assert_int_equal(-EINVAL, map_at(b, 0, 0x1001, 0x2000));
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(-EINVAL, map_at(b, 0, 0x1000, 0x2000 + i));
}

static void each_part_is_wholly_in_ram(void **state)
{
	static const uint64_t bad[] = {
		GUEST_HOLE, UINT64_MAX - 15, UINT64_C(1) << 63,
		GUEST_HIGH_GPA + GUEST_HIGH_LEN,
		GUEST_HIGH_GPA + GUEST_HIGH_LEN - 16,
		GUEST_NEXT_GPA - 16,            /* in two regions */
		GUEST_NEXT_GPA + GUEST_NEXT_LEN - 16,
	};
	struct vqbench *b = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(-EFAULT, map_at(b, bad[i], 0x1000, 0x2000));
		assert_int_equal(-EFAULT, map_at(b, 0, bad[i], 0x2000));
		assert_int_equal(-EFAULT, map_at(b, 0, 0x1000, bad[i]));
	}
	/* What the device only reads may be where it may only read. */
	assert_int_equal(0, map_at(b, GUEST_ROM_GPA, GUEST_ROM_GPA + 0x100,
				   0x2000));
	assert_int_equal(-EFAULT, map_at(b, 0, 0x1000, GUEST_ROM_GPA));
}

/* AERO-W7-VIRTIO 2.1.1: without EVENT_IDX a ring has no bytes past its
 * entries, so it may end where RAM ends. */
static void a_ring_may_end_where_ram_ends(void **state)
{
	uint64_t end = GUEST_HIGH_GPA + GUEST_HIGH_LEN;
	struct vqbench *b = *state;

	assert_int_equal(0, map_at(b, end - 16 * 8, 0x1000, 0x2000));
	assert_int_equal(0, map_at(b, 0, end - (4 + 2 * 8), 0x2000));
	assert_int_equal(0, map_at(b, 0, 0x1000, end - (4 + 8 * 8)));
	b->vq.event_idx = true;
	assert_int_equal(-EFAULT, map_at(b, 0, end - (4 + 2 * 8), 0x2000));
	assert_int_equal(0, map_at(b, 0, end - (6 + 2 * 8), 0x2000));
	assert_int_equal(-EFAULT, map_at(b, 0, 0x1000, end - (4 + 8 * 8)));
	assert_int_equal(0, map_at(b, 0, 0x1000, end - (8 + 8 * 8)));
}

static void a_ring_at_the_end_of_ram_works(void **state)
{
	static const enum guest_where where[] = {
		GUEST_LOW, GUEST_NEXT, GUEST_HIGH,
	};

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		enum guest_where end = where[i % 3];
		bool event_idx = i / 3 == 1;
		uint64_t gpa[3] = { 0x40000, 0x50000, 0x60000 };
		struct guest *g = guest_new();
		struct vqbench *b;
		struct drv_buf buf = { 0x10000, 16, true };

		/* One part a time where nothing follows. */
		gpa[i / 3] = guest_alloc_end(g, end,
			drv_split.bytes(4, (enum drv_part)(i / 3), event_idx),
			drv_split.align((enum drv_part)(i / 3)));
		guest_delete(g);
		b = vqbench_new(&drv_split, 4, event_idx, gpa);
		for (unsigned k = 0; k < 100; k++) {
			uint32_t len;
			int id = b->ring.ops->add(&b->ring, &buf, 1, NULL);

			b->ring.ops->publish(&b->ring);
			b->c.iov = b->iov;
			b->c.max = 4;
			assert_int_equal(1, b->vq.ops->pop(&b->vq, &b->c));
			b->vq.ops->push(&b->vq, &b->c, k);
			b->vq.ops->flush(&b->vq);
			b->vq.ops->arm(&b->vq, k % 2);
			assert_int_equal(id, b->ring.ops->collect(&b->ring,
								  &len));
			assert_int_equal(k, len);
		}
		vqbench_free(b);
	}
}

/* ---- chains --------------------------------------------------------------- */

static void direct_chains(void **state)
{
	struct vqbench *b = *state;

	desc(b, 5, 0x10000, 16, NEXT, 2);
	desc(b, 2, GUEST_HIGH_GPA + 1, 3, NEXT, 7);
	desc(b, 7, 0x20001, 512, WRITE | NEXT, 0);
	desc(b, 0, GUEST_LOW_GPA, 1, WRITE, 9999);      /* next is not looked at */
	assert_int_equal(1, vqbench_pop(b, 5, 16));
	vqbench_assert_chain(b, 2, 2, 19, 513, 0);
	assert_int_equal(5, b->c.id);
	assert_int_equal(4, b->c.ndesc);
	assert_int_equal(1, b->c.nslots);
	vqbench_assert_piece(b, 0, 0x10000, 16);
	vqbench_assert_piece(b, 1, GUEST_HIGH_GPA + 1, 3);
	vqbench_assert_piece(b, 2, 0x20001, 512);
	vqbench_assert_piece(b, 3, 0, 1);
	assert_int_equal(1, b->vq.inflight);
	assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
}

static void a_chain_of_every_descriptor(void **state)
{
	struct vqbench *b = *state;

	for (uint16_t i = 0; i < 8; i++)
		desc(b, i, 0x10000 + 0x100u * i, 1u + i, i < 7 ? NEXT : 0,
		     (uint16_t)(i + 1));
	assert_int_equal(1, vqbench_pop(b, 0, 8));
	vqbench_assert_chain(b, 8, 0, 36, 0, 0);
	assert_int_equal(8, b->c.ndesc);
}

static void zero_length_descriptors_are_left_out(void **state)
{
	struct vqbench *b = *state;

	/* Where they point does not matter. */
	desc(b, 0, GUEST_HOLE, 0, NEXT, 1);
	desc(b, 1, 0x10000, 4, NEXT, 2);
	desc(b, 2, 0, 0, WRITE | NEXT, 3);
	desc(b, 3, UINT64_MAX, 0, NEXT, 4);
	desc(b, 4, 0x11000, 4, WRITE | NEXT, 5);
	desc(b, 5, GUEST_ROM_GPA, 0, WRITE, 0);
	assert_int_equal(1, vqbench_pop(b, 0, 2));
	vqbench_assert_chain(b, 1, 1, 4, 4, 0);
	assert_int_equal(6, b->c.ndesc);
	desc(b, 6, 0x10000, 0, 0, 0);
	assert_int_equal(1, vqbench_pop(b, 6, 2));
	vqbench_assert_chain(b, 0, 0, 0, 0, 0);
}

static void indirect_chains(void **state)
{
	struct vqbench *b = *state;
	uint64_t table = 0x30001;       /* no alignment is asked for */

	entry(b, table, 0, 0x10000, 16, NEXT, 3);
	entry(b, table, 3, 0x11000, 8, WRITE | NEXT, 1);
	entry(b, table, 1, 0x12000, 1, WRITE, 77);
	/* virtio 2.7.5.3.2: WRITE here MUST be ignored. */
	desc(b, 3, table, 4 * 16, INDIRECT | WRITE, 3);
	assert_int_equal(1, vqbench_pop(b, 3, 16));
	vqbench_assert_chain(b, 1, 2, 16, 9, 0);
	assert_int_equal(3, b->c.id);
	assert_int_equal(3, b->c.ndesc);
	vqbench_assert_piece(b, 0, 0x10000, 16);
	vqbench_assert_piece(b, 1, 0x11000, 8);
	vqbench_assert_piece(b, 2, 0x12000, 1);
}

/* virtio 2.7.5.3.2: zero or more normal descriptors, then an indirect one. */
static void direct_then_indirect(void **state)
{
	struct vqbench *b = *state;
	uint64_t table = GUEST_HIGH_GPA + 0x30000;

	desc(b, 0, 0x10000, 16, NEXT, 1);
	desc(b, 1, 0x10100, 16, NEXT, 2);
	desc(b, 2, table, 32, INDIRECT, 0);
	entry(b, table, 0, 0x11000, 8, NEXT, 1);
	entry(b, table, 1, 0x12000, 1, WRITE, 0);
	assert_int_equal(1, vqbench_pop(b, 0, 16));
	vqbench_assert_chain(b, 3, 1, 40, 1, 0);
	assert_int_equal(4, b->c.ndesc);
}

static void the_largest_indirect_table(void **state)
{
	uint64_t table = 0x40000;
	struct vqbench *b = *state;

	for (unsigned i = 0; i < VQ_MAX_SIZE; i++)
		entry(b, table, i, i, 1, i + 1 < VQ_MAX_SIZE ? NEXT : 0,
		      (uint16_t)(i + 1));
	desc(b, 0, table, VQ_MAX_SIZE * 16, INDIRECT, 0);
	assert_int_equal(1, vqbench_pop(b, 0, VQ_MAX_SIZE));
	vqbench_assert_chain(b, VQ_MAX_SIZE, 0, VQ_MAX_SIZE, 0, 0);
	vqbench_restart(b, 0);
	desc(b, 0, table, (VQ_MAX_SIZE + 1) * 16, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
}

static void tables_end_where_ram_ends(void **state)
{
	uint64_t end = GUEST_HIGH_GPA + GUEST_HIGH_LEN;
	struct vqbench *b = *state;

	entry(b, end - 32, 0, 0x10000, 8, NEXT, 1);
	entry(b, end - 32, 1, 0x11000, 8, WRITE, 0);
	desc(b, 0, end - 32, 32, INDIRECT, 0);
	assert_int_equal(1, vqbench_pop(b, 0, 16));
	vqbench_assert_chain(b, 1, 1, 8, 8, 0);
	vqbench_restart(b, 0);
	desc(b, 0, end - 32, 48, INDIRECT, 0);
	assert_refused(b, -EFAULT, 0);
	/* In ROM, too, and across touching regions not. */
	desc(b, 0, GUEST_NEXT_GPA - 16, 32, INDIRECT, 0);
	assert_refused(b, -EFAULT, 0);
}

/* ---- rings no driver makes ------------------------------------------------ */

static void heads_and_nexts_out_of_range(void **state)
{
	struct vqbench *b = *state;

	assert_refused(b, -EPROTO, 8);
	assert_refused(b, -EPROTO, 0xffff);
	desc(b, 0, 0x10000, 1, NEXT, 8);
	assert_refused(b, -EPROTO, 0);
	desc(b, 0, 0x10000, 1, NEXT, 0xffff);
	assert_refused(b, -EPROTO, 0);
	entry(b, 0x30000, 0, 0x10000, 1, NEXT, 2);
	desc(b, 0, 0x30000, 32, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
	entry(b, 0x30000, 0, 0x10000, 1, NEXT, 0xffff);
	desc(b, 0, 0x30000, 32, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
}

static void loops(void **state)
{
	struct vqbench *b = *state;

	desc(b, 3, 0x10000, 1, NEXT, 3);
	assert_refused(b, -EPROTO, 3);
	/* Of empty descriptors, too, which leave no pieces. */
	desc(b, 3, 0x10000, 0, NEXT, 3);
	assert_refused(b, -EPROTO, 3);
	desc(b, 0, 0x10000, 1, NEXT, 1);
	desc(b, 1, 0x10000, 1, NEXT, 2);
	desc(b, 2, 0x10000, 1, NEXT, 1);
	assert_refused(b, -EPROTO, 0);
	entry(b, 0x30000, 0, 0x10000, 0, NEXT, 1);
	entry(b, 0x30000, 1, 0x10000, 0, NEXT, 0);
	desc(b, 0, 0x30000, 32, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
	/* A table that is the ring itself is walked once, as a table. */
	desc(b, 0, b->ring.part[DRV_DESC].gpa, 8 * 16, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
}

static void indirect_descriptors_as_they_must_not_be(void **state)
{
	struct vqbench *b = *state;
	static const uint32_t lens[] = { 0, 1, 15, 17, 31, 0xffffffff,
					 0xfffffff0, 1u << 31 };

	entry(b, 0x30000, 0, 0x10000, 1, 0, 0);
	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		desc(b, 0, 0x30000, lens[i], INDIRECT, 0);
		assert_refused(b, -EPROTO, 0);
	}
	desc(b, 0, 0x30000, 16, INDIRECT | NEXT, 1);
	desc(b, 1, 0x10000, 16, WRITE, 0);
	assert_refused(b, -EPROTO, 0);
	/* A table in a table. */
	entry(b, 0x30000, 0, 0x30100, 16, INDIRECT, 0);
	entry(b, 0x30100, 0, 0x10000, 16, 0, 0);
	desc(b, 0, 0x30000, 16, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
	entry(b, 0x30000, 0, 0x10000, 1, NEXT, 1);
	entry(b, 0x30000, 1, 0x30100, 16, INDIRECT, 0);
	desc(b, 0, 0x30000, 32, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
	/* Where there is no RAM. */
	desc(b, 0, GUEST_HOLE, 16, INDIRECT, 0);
	assert_refused(b, -EFAULT, 0);
	desc(b, 0, UINT64_MAX - 7, 16, INDIRECT, 0);
	assert_refused(b, -EFAULT, 0);
	desc(b, 0, UINT64_MAX - 15, 16, INDIRECT, 0);
	assert_refused(b, -EFAULT, 0);
	/* Not negotiated. */
	b->vq.indirect = false;
	entry(b, 0x30000, 0, 0x10000, 1, 0, 0);
	desc(b, 0, 0x30000, 16, INDIRECT, 0);
	assert_refused(b, -EPROTO, 0);
}

static void an_index_that_jumps(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, 0x10000, 1, 0, 0);
	b->c.iov = b->iov;
	b->c.max = 1;
	for (unsigned start = 0; start < 0x10000; start += 0x1fff) {
		for (unsigned by = 9; by < 0x10000; by += 0x7ff) {
			vqbench_restart(b, (uint16_t)start);
			drv_split_avail_idx(&b->ring, (uint16_t)(start + by));
			assert_int_equal(-EPROTO,
					 b->vq.ops->pop(&b->vq, &b->c));
		}
		/* As many as there are entries is no jump. */
		vqbench_restart(b, (uint16_t)start);
		desc(b, 0, 0x10000, 1, 0, 0);
		drv_split_avail_idx(&b->ring, (uint16_t)(start + 8));
		assert_int_equal(1, b->vq.ops->pop(&b->vq, &b->c));
	}
}

static void more_chains_than_descriptors(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, 0x10000, 1, 0, 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(1, vqbench_pop(b, 0, 4));
	assert_int_equal(-EPROTO, vqbench_pop(b, 0, 4));
	assert_int_equal(8, b->vq.inflight);
	/* Nothing new is just empty. */
	vqbench_restart(b, 0);
	desc(b, 0, 0x10000, 1, 0, 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(1, vqbench_pop(b, 0, 4));
	assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
}

/* ---- chains with flaws ---------------------------------------------------- */

static void buffers_outside_ram(void **state)
{
	static const struct { uint64_t addr; uint32_t len; uint16_t flags; }
	bad[] = {
		{ GUEST_HOLE, 1, 0 },
		{ GUEST_HOLE, 1, WRITE },
		{ GUEST_ROM_GPA, 1, WRITE },
		{ GUEST_ROM_GPA + GUEST_ROM_LEN - 1, 2, 0 },
		{ GUEST_HIGH_GPA + GUEST_HIGH_LEN - 1, 2, WRITE },
		{ GUEST_NEXT_GPA + GUEST_NEXT_LEN - 4, 5, 0 },
		{ GUEST_LOW_GPA, 0xffffffff, 0 },
		{ UINT64_MAX, 1, 0 },
		{ UINT64_MAX, 2, 0 },           /* wraps to 0 */
		{ UINT64_MAX - 0xfff, 0x1001, WRITE },
		{ UINT64_MAX - 0xfffffffe, 0xffffffff, 0 },
	};
	struct vqbench *b = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool write = bad[i].flags & WRITE;

		vqbench_restart(b, 0);
		desc(b, 0, 0x10000, 7, NEXT, 1);
		desc(b, 1, bad[i].addr, bad[i].len, bad[i].flags | NEXT, 2);
		desc(b, 2, 0x11000, 9, WRITE, 0);
		assert_int_equal(1, vqbench_pop(b, 0, 16));
		vqbench_assert_chain(b, write ? 1 : 2, write ? 2 : 1,
			     7 + (write ? 0 : (uint64_t)bad[i].len),
			     9 + (write ? (uint64_t)bad[i].len : 0),
			     VQ_BAD_ADDR);
		vqbench_assert_piece(b, 0, 0x10000, 7);
		assert_null(b->iov[1].iov_base);
		assert_int_equal(bad[i].len, b->iov[1].iov_len);
		vqbench_assert_piece(b, 2, 0x11000, 9);
	}
}

static void buffers_across_regions(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, GUEST_NEXT_GPA - 3, 10, NEXT, 1);
	desc(b, 1, GUEST_NEXT_GPA - 1, 2, WRITE, 0);
	assert_int_equal(1, vqbench_pop(b, 0, 4));
	vqbench_assert_chain(b, 2, 2, 10, 2, 0);
	vqbench_assert_piece(b, 0, GUEST_NEXT_GPA - 3, 3);
	vqbench_assert_piece(b, 1, GUEST_NEXT_GPA, 7);
	vqbench_assert_piece(b, 2, GUEST_NEXT_GPA - 1, 1);
	vqbench_assert_piece(b, 3, GUEST_NEXT_GPA, 1);
	assert_int_equal(2, b->c.ndesc);
}

static void readable_after_writable(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, 0x10000, 16, NEXT, 1);
	desc(b, 1, 0x11000, 4, WRITE | NEXT, 2);
	desc(b, 2, 0x12000, 32, NEXT, 3);
	desc(b, 3, 0x13000, 1, WRITE, 0);
	assert_int_equal(1, vqbench_pop(b, 0, 16));
	vqbench_assert_chain(b, 1, 2, 16, 5, VQ_BAD_ORDER);
	vqbench_assert_piece(b, 1, 0x11000, 4);
	vqbench_assert_piece(b, 2, 0x13000, 1);
	assert_int_equal(4, b->c.ndesc);
}

static void more_pieces_than_room(void **state)
{
	struct vqbench *b = *state;

	for (uint16_t nout = 0; nout <= 8; nout++) {
		for (uint16_t max = 1; max <= 9; max++) {
			unsigned all = 8, flaws = all > max ? VQ_TOO_LONG : 0;

			vqbench_restart(b, 0);
			for (uint16_t i = 0; i < 8; i++)
				desc(b, i, 0x10000 + 0x100u * i, 1,
				     (uint16_t)((i < nout ? 0 : WRITE) |
						(i < 7 ? NEXT : 0)),
				     (uint16_t)(i + 1));
			assert_int_equal(1, vqbench_pop(b, 0, max));
			assert_int_equal(flaws, b->c.flaws);
			assert_int_equal(nout, b->c.out_len);
			assert_int_equal(8 - nout, b->c.in_len);
			assert_int_equal(max < 8 ? max : 8,
					 b->c.nout + b->c.nin);
			assert_int_equal(nout < 8, b->c.nin > 0);
			/* The first ones and the last one are there. */
			for (unsigned i = 0; i + 1 < max && i < 8; i++)
				vqbench_assert_piece(b, i, 0x10000 + 0x100u * i, 1);
			vqbench_assert_piece(b, (max < 8 ? max : 8u) - 1, 0x10700, 1);
			/* Nothing was written past the room. */
			assert_int_equal(0x77, ((uint8_t *)&b->iov[max])[0]);
		}
	}
}

static void a_crossing_piece_as_the_last_one(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, 0x10000, 16, NEXT, 1);
	desc(b, 1, GUEST_NEXT_GPA - 1, 2, WRITE, 0);
	assert_int_equal(1, vqbench_pop(b, 0, 2));
	vqbench_assert_chain(b, 1, 1, 16, 2, VQ_TOO_LONG);
	vqbench_assert_piece(b, 1, GUEST_NEXT_GPA, 1);
}

/* ---- giving back ---------------------------------------------------------- */

static void pop_one(struct vqbench *b, uint16_t head)
{
	desc(b, head, 0x10000, 16, WRITE, 0);
	assert_int_equal(1, vqbench_pop(b, head, 4));
}

static void used_entries_appear_at_flush(void **state)
{
	struct vqbench *b = *state;
	uint32_t len;

	for (uint16_t i = 0; i < 5; i++) {
		pop_one(b, i);
		b->vq.ops->push(&b->vq, &b->c, 100u + i);
		assert_int_equal(-1, b->ring.ops->collect(&b->ring, &len));
	}
	assert_int_equal(0, b->vq.inflight);
	assert_true(b->vq.ops->flush(&b->vq));
	assert_false(b->vq.ops->flush(&b->vq));
	for (int i = 0; i < 5; i++) {
		assert_int_equal(i, b->ring.ops->collect(&b->ring, &len));
		assert_int_equal(100 + i, len);
	}
	assert_int_equal(-1, b->ring.ops->collect(&b->ring, &len));
}

/* Decision 5: the used ring advances all the same. */
static void no_interrupt_is_honoured(void **state)
{
	struct vqbench *b = *state;

	drv_split_flags(&b->ring, VRING_AVAIL_F_NO_INTERRUPT);
	pop_one(b, 0);
	b->vq.ops->push(&b->vq, &b->c, 0);
	assert_false(b->vq.ops->flush(&b->vq));
	assert_int_equal(1, drv_split_used_idx(&b->ring));
	/* Other bits are not ours. */
	drv_split_flags(&b->ring, 0xfffe);
	pop_one(b, 0);
	b->vq.ops->push(&b->vq, &b->c, 0);
	assert_true(b->vq.ops->flush(&b->vq));
}

static void unpop_puts_back(void **state)
{
	struct vqbench *b = *state;

	pop_one(b, 3);
	b->vq.ops->unpop(&b->vq, &b->c);
	assert_int_equal(0, b->vq.inflight);
	assert_int_equal(1, b->vq.ops->pop(&b->vq, &b->c));
	assert_int_equal(3, b->c.id);
	assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
	/* At the wrap. */
	vqbench_restart(b, 0xffff);
	pop_one(b, 2);
	b->vq.ops->unpop(&b->vq, &b->c);
	assert_int_equal(1, b->vq.ops->pop(&b->vq, &b->c));
	assert_int_equal(2, b->c.id);
	assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
}

static void kicks_are_asked_for_by_flag(void **state)
{
	struct vqbench *b = *state;

	assert_false(b->vq.ops->arm(&b->vq, false));
	assert_int_equal(VRING_USED_F_NO_NOTIFY,
			 drv_split_used_flags(&b->ring));
	assert_false(b->vq.ops->arm(&b->vq, false));
	assert_false(b->vq.ops->arm(&b->vq, true));
	assert_int_equal(0, drv_split_used_flags(&b->ring));
	/* Something came in meanwhile. */
	b->vq.ops->arm(&b->vq, false);
	drv_split_avail_idx(&b->ring, 1);
	assert_true(b->vq.ops->arm(&b->vq, true));
	assert_int_equal(0, drv_split_used_flags(&b->ring));
}

/* ---- every size, every index ---------------------------------------------- */

static void all_sizes_and_the_wrap_of_indices(void **state)
{
	(void)state;
	for (uint16_t size = 1; size <= VQ_MAX_SIZE; size = (uint16_t)(size * 4)) {
		struct vqbench *b = vqbench_new(&drv_split, size, size % 3 == 0, NULL);
		struct drv_buf buf = { 0x70000, 8, true };
		unsigned sent = 0, got = 0;

		vqbench_restart(b, 0xfff0);
		while (got < 70000) {
			uint32_t len;

			while (b->ring.ops->add(&b->ring, &buf, 1, NULL) >= 0)
				sent++;
			b->ring.ops->publish(&b->ring);
			b->c.iov = b->iov;
			b->c.max = 1;
			while (b->vq.ops->pop(&b->vq, &b->c) == 1)
				b->vq.ops->push(&b->vq, &b->c, sent);
			b->vq.ops->flush(&b->vq);
			for (; b->ring.ops->collect(&b->ring, &len) >= 0; got++)
				assert_int_equal(sent, len);
			assert_int_equal(sent, got);
		}
		assert_int_equal(0, b->vq.inflight);
		vqbench_free(b);
	}
}

/* virtio 2.7.7.2: an interrupt when the entry at index used_event is among
 * those just written. */
static bool passed(uint16_t old, uint16_t new, uint16_t event)
{
	for (uint16_t i = old; i != new; i++)
		if (i == event)
			return true;
	return false;
}

static void used_event_against_the_definition(void **state)
{
	struct vqbench *b = vqbench_new(&drv_split, 16, true, NULL);
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "used_event");
	for (unsigned i = 0; i < 200000; i++) {
		uint16_t start = (uint16_t)rnd_u32(&rnd), event, n;

		if (i % 50 == 0)
			vqbench_restart(b, rnd_chance(&rnd, 50) ? start :
					(uint16_t)(0 - rnd_below(&rnd, 20)));
		start = b->vq.next_used;
		n = (uint16_t)rnd_below(&rnd, 17);
		event = (uint16_t)(start - 20 + rnd_below(&rnd, 40));
		drv_split_used_event(&b->ring, event);
		/* The lower bit of flags MUST be ignored then. */
		drv_split_flags(&b->ring, (uint16_t)rnd_below(&rnd, 2));
		for (unsigned k = 0; k < n; k++)
			pop_one(b, (uint16_t)k);
		for (unsigned k = 0; k < n; k++)
			b->vq.ops->push(&b->vq, &b->c, 0);
		assert_int_equal(passed(start, (uint16_t)(start + n), event),
				 b->vq.ops->flush(&b->vq));
		assert_int_equal((start + n) & 0xffff,
				 drv_split_used_idx(&b->ring));
		/* virtio 2.7.10.2: flags MUST be 0 then. */
		b->vq.ops->arm(&b->vq, false);
		assert_int_equal(0, drv_split_used_flags(&b->ring));
		assert_false(b->vq.ops->arm(&b->vq, true));
		assert_int_equal(b->vq.next_avail,
				 drv_split_avail_event(&b->ring));
	}
	vqbench_free(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(minimum_alignment_is_enough),
		TEST(each_part_is_wholly_in_ram),
		TEST(a_ring_may_end_where_ram_ends),
		cmocka_unit_test(a_ring_at_the_end_of_ram_works),
		TEST(direct_chains),
		TEST(a_chain_of_every_descriptor),
		TEST(zero_length_descriptors_are_left_out),
		TEST(indirect_chains),
		TEST(direct_then_indirect),
		TEST(the_largest_indirect_table),
		TEST(tables_end_where_ram_ends),
		TEST(heads_and_nexts_out_of_range),
		TEST(loops),
		TEST(indirect_descriptors_as_they_must_not_be),
		TEST(an_index_that_jumps),
		TEST(more_chains_than_descriptors),
		TEST(buffers_outside_ram),
		TEST(buffers_across_regions),
		TEST(readable_after_writable),
		TEST(more_pieces_than_room),
		TEST(a_crossing_piece_as_the_last_one),
		TEST(used_entries_appear_at_flush),
		TEST(no_interrupt_is_honoured),
		TEST(unpop_puts_back),
		TEST(kicks_are_asked_for_by_flag),
		cmocka_unit_test(all_sizes_and_the_wrap_of_indices),
		cmocka_unit_test(used_event_against_the_definition),
	};

	return cmocka_run_group_tests_name("vq split", tests, NULL, NULL);
}
