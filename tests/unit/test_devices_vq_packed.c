/*
 * Description: a packed queue takes every chain a driver may make, of any ring
 * size, refuses each kind of ring it may not make, and tells the driver what
 * it asked for.
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
#define AVAIL VRING_DESC_F_AVAIL
#define USED VRING_DESC_F_USED

#define SIZE 7          /* no power of two is asked for */

static int setup(void **state)
{
	*state = vqbench_new(&drv_packed, SIZE, false, NULL);
	return 0;
}

static int teardown(void **state)
{
	vqbench_free(*state);
	return 0;
}

/* Available in the first lap. */
static void desc(struct vqbench *b, unsigned i, uint64_t addr, uint32_t len,
		 uint16_t id, uint16_t flags)
{
	drv_packed_desc(&b->ring, i, addr, len, id, flags | AVAIL);
}

static void entry(struct vqbench *b, uint64_t table, unsigned i, uint64_t addr,
		  uint32_t len, uint16_t id, uint16_t flags)
{
	struct vring_packed_desc d = {
		le64_put(addr), le32_put(len), le16_put(id), le16_put(flags),
	};

	guest_poke(b->g, table + 16 * i, &d, sizeof(d));
}

/* Refused, and the queue is as before. */
static void assert_refused(struct vqbench *b, int err)
{
	struct vq was = b->vq;

	assert_int_equal(err, vqbench_take(b, 16));
	assert_int_equal(was.next_avail, b->vq.next_avail);
	assert_int_equal(was.avail_wrap, b->vq.avail_wrap);
	assert_int_equal(was.inflight, b->vq.inflight);
	assert_int_equal(was.slots, b->vq.slots);
	/* And again when asked again. */
	assert_int_equal(err, b->vq.ops->pop(&b->vq, &b->c));
	vqbench_restart(b, 0);
}

static int add(struct vqbench *b, unsigned n)
{
	struct drv_buf buf[SIZE];

	for (unsigned i = 0; i < n; i++)
		buf[i] = (struct drv_buf){ 0x10000 + 16 * i, 4, true };
	return b->ring.ops->add(&b->ring, buf, n, NULL);
}

static struct vring_packed_desc slot(struct vqbench *b, unsigned i)
{
	struct vring_packed_desc d;

	guest_peek(b->g, b->vq.addr[0] + 16 * i, &d, sizeof(d));
	return d;
}

/* ---- where the ring is ---------------------------------------------------- */

static int map_at(struct vqbench *b, uint64_t ring, uint64_t driver,
		  uint64_t device)
{
	b->vq.addr[0] = ring;
	b->vq.addr[1] = driver;
	b->vq.addr[2] = device;
	return b->vq.ops->map(&b->vq, &b->g->mem);
}

static void minimum_alignment_is_enough(void **state)
{
	struct vqbench *b = *state;

	assert_int_equal(0, map_at(b, 0x10, 0x1004, 0x2004));
	assert_int_equal(0, map_at(b, 0, 0x1004, 0x2004));
	for (unsigned i = 1; i < 16; i++)
		assert_int_equal(-EINVAL, map_at(b, 0x1000 + i, 0, 0x2000));
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(-EINVAL, map_at(b, 0, 0x1000 + i, 0x2000));
		assert_int_equal(-EINVAL, map_at(b, 0, 0x1000, 0x2000 + i));
	}
}

static void each_part_is_wholly_in_ram(void **state)
{
	static const uint64_t bad[] = {
		GUEST_HOLE, UINT64_MAX - 15, UINT64_C(1) << 63,
		GUEST_HIGH_GPA + GUEST_HIGH_LEN,
	};
	uint64_t end = GUEST_HIGH_GPA + GUEST_HIGH_LEN;
	struct vqbench *b = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(-EFAULT, map_at(b, bad[i], 0x1000, 0x2000));
		assert_int_equal(-EFAULT, map_at(b, 0, bad[i], 0x2000));
		assert_int_equal(-EFAULT, map_at(b, 0, 0x1000, bad[i]));
	}
	/* In two regions. */
	assert_int_equal(-EFAULT, map_at(b, GUEST_NEXT_GPA - 16, 0x1000,
					 0x2000));
	/* The device writes to the ring and to its own part only. */
	assert_int_equal(-EFAULT, map_at(b, GUEST_ROM_GPA, 0x1000, 0x2000));
	assert_int_equal(-EFAULT, map_at(b, 0, 0x1000, GUEST_ROM_GPA));
	assert_int_equal(0, map_at(b, 0, GUEST_ROM_GPA, 0x2000));
	/* It may end where RAM ends. */
	assert_int_equal(0, map_at(b, end - 16 * SIZE, 0x1000, 0x2000));
	assert_int_equal(-EFAULT, map_at(b, end - 16 * SIZE + 16, 0x1000,
					 0x2000));
	assert_int_equal(0, map_at(b, 0, end - 4, 0x2000));
	assert_int_equal(0, map_at(b, 0, 0x1000, end - 4));
}

static void any_size_is_allowed(void **state)
{
	const struct vq_ops *ops = ((struct vqbench *)*state)->vq.ops;

	for (unsigned n = 1; n <= VQ_MAX_SIZE; n++)
		assert_true(ops->size_ok(n));
}

static void a_ring_at_the_end_of_ram_works(void **state)
{
	static const enum guest_where where[] = {
		GUEST_LOW, GUEST_NEXT, GUEST_HIGH,
	};

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		uint64_t gpa[3] = { 0x40000, 0x50000, 0x60000 };
		struct guest *g = guest_new();
		struct vqbench *b;

		gpa[i / 3] = guest_alloc_end(g, where[i % 3],
			drv_packed.bytes(SIZE, (enum drv_part)(i / 3), true),
			drv_packed.align((enum drv_part)(i / 3)));
		guest_delete(g);
		b = vqbench_new(&drv_packed, SIZE, i % 2, gpa);
		for (unsigned k = 0; k < 100; k++) {
			uint32_t len;
			int id = add(b, 1 + k % 3);

			b->ring.ops->publish(&b->ring);
			assert_int_equal(1, vqbench_take(b, 4));
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

static void lists(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, 0x10000, 16, 1, NEXT);
	desc(b, 1, GUEST_HIGH_GPA + 1, 3, 2, NEXT);
	desc(b, 2, 0x20001, 512, 3, WRITE | NEXT);
	desc(b, 3, GUEST_LOW_GPA, 1, 0xffff, WRITE);
	assert_int_equal(1, vqbench_take(b, 16));
	vqbench_assert_chain(b, 2, 2, 19, 513, 0);
	/* virtio 2.8.6: the id is in the last of them; any is good. */
	assert_int_equal(0xffff, b->c.id);
	assert_int_equal(4, b->c.ndesc);
	assert_int_equal(4, b->c.nslots);
	vqbench_assert_piece(b, 0, 0x10000, 16);
	vqbench_assert_piece(b, 1, GUEST_HIGH_GPA + 1, 3);
	vqbench_assert_piece(b, 2, 0x20001, 512);
	vqbench_assert_piece(b, 3, 0, 1);
	assert_int_equal(1, b->vq.inflight);
	assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
}

static void a_list_of_every_descriptor_from_every_place(void **state)
{
	struct vqbench *b = *state;

	for (uint16_t start = 0; start < 2 * SIZE; start++) {
		uint32_t len;
		int id;

		vqbench_restart(b, start);
		id = add(b, SIZE);
		b->ring.ops->publish(&b->ring);
		assert_int_equal(1, vqbench_take(b, SIZE));
		vqbench_assert_chain(b, 0, SIZE, 0, 4 * SIZE, 0);
		assert_int_equal(SIZE, b->c.nslots);
		assert_int_equal(start % SIZE, b->vq.next_avail);
		assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
		b->vq.ops->push(&b->vq, &b->c, 9);
		b->vq.ops->flush(&b->vq);
		assert_int_equal(id, b->ring.ops->collect(&b->ring, &len));
		assert_int_equal(9, len);
		assert_int_equal(0, b->vq.slots);
	}
}

static void zero_length_descriptors_are_left_out(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, GUEST_HOLE, 0, 0, NEXT);
	desc(b, 1, 0x10000, 4, 0, NEXT);
	desc(b, 2, UINT64_MAX, 0, 0, WRITE | NEXT);
	desc(b, 3, 0x11000, 4, 0, WRITE);
	desc(b, 4, 0, 0, 0, 0);
	assert_int_equal(1, vqbench_take(b, 2));
	vqbench_assert_chain(b, 1, 1, 4, 4, 0);
	assert_int_equal(4, b->c.nslots);
	assert_int_equal(1, vqbench_take(b, 2));
	vqbench_assert_chain(b, 0, 0, 0, 0, 0);
}

/* virtio 2.8.7: only WRITE counts in a table, and all of it is the chain. */
static void indirect_chains(void **state)
{
	struct vqbench *b = *state;
	uint64_t table = 0x30001;       /* no alignment is asked for */

	entry(b, table, 0, 0x10000, 16, 77, 0);
	entry(b, table, 1, 0x11000, 8, 78,
	      (uint16_t)(0xffff & ~WRITE));     /* NEXT, INDIRECT, all of it */
	entry(b, table, 2, 0x12000, 1, 79, WRITE);
	desc(b, 0, table, 3 * 16, 5, INDIRECT | WRITE);
	assert_int_equal(1, vqbench_take(b, 16));
	vqbench_assert_chain(b, 2, 1, 24, 1, 0);
	assert_int_equal(5, b->c.id);
	assert_int_equal(3, b->c.ndesc);
	assert_int_equal(1, b->c.nslots);
	vqbench_assert_piece(b, 0, 0x10000, 16);
	vqbench_assert_piece(b, 1, 0x11000, 8);
	vqbench_assert_piece(b, 2, 0x12000, 1);
}

static void the_largest_indirect_table(void **state)
{
	uint64_t table = 0x40000;
	struct vqbench *b = *state;

	for (unsigned i = 0; i < VQ_MAX_SIZE; i++)
		entry(b, table, i, i, 1, 0, 0);
	desc(b, 0, table, VQ_MAX_SIZE * 16, 0, INDIRECT);
	assert_int_equal(1, vqbench_take(b, VQ_MAX_SIZE));
	vqbench_assert_chain(b, VQ_MAX_SIZE, 0, VQ_MAX_SIZE, 0, 0);
	vqbench_restart(b, 0);
	desc(b, 0, table, (VQ_MAX_SIZE + 1) * 16, 0, INDIRECT);
	assert_refused(b, -EPROTO);
}

static void what_is_not_available_is_not_taken(void **state)
{
	static const uint16_t not[2][3] = {
		{ 0, USED, AVAIL | USED }, { 0, AVAIL, AVAIL | USED },
	};
	struct vqbench *b = *state;

	for (unsigned lap = 0; lap < 4; lap++) {
		for (unsigned i = 0; i < 3; i++) {
			vqbench_restart(b, (uint16_t)(lap * SIZE));
			drv_packed_desc(&b->ring, 0, 0x10000, 1, 0,
					not[lap % 2][i]);
			assert_int_equal(0, vqbench_take(b, 4));
			assert_false(b->vq.ops->arm(&b->vq, true));
		}
		drv_packed_desc(&b->ring, 0, 0x10000, 1, 0,
				lap % 2 ? USED : AVAIL);
		assert_true(b->vq.ops->arm(&b->vq, true));
		assert_int_equal(1, vqbench_take(b, 4));
	}
}

/* ---- rings no driver makes ------------------------------------------------ */

static void lists_without_end(void **state)
{
	struct vqbench *b = *state;

	for (unsigned i = 0; i < SIZE; i++)
		desc(b, i, 0x10000, i % 2, 0, NEXT);
	assert_refused(b, -EPROTO);
	/* Into what is still in flight. */
	for (unsigned i = 0; i < SIZE; i++)
		desc(b, i, 0x10000, 1, 0, i == 2 ? 0 : NEXT);
	assert_int_equal(1, vqbench_take(b, 16));
	assert_int_equal(3, b->c.nslots);
	assert_refused(b, -EPROTO);
	/* As long as what is left is not too long. */
	for (unsigned i = 0; i < SIZE; i++)
		desc(b, i, 0x10000, 1, 0, i == 2 || i == SIZE - 1 ? 0 : NEXT);
	assert_int_equal(1, vqbench_take(b, 16));
	assert_int_equal(1, vqbench_take(b, 16));
	assert_int_equal(SIZE, b->vq.slots);
	vqbench_restart(b, 0);
}

static void more_chains_than_descriptors(void **state)
{
	struct vqbench *b = *state;

	for (unsigned i = 0; i < SIZE; i++)
		desc(b, i, 0x10000, 1, 0, 0);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(1, vqbench_take(b, 4));
	assert_int_equal(0, vqbench_take(b, 4));
	/* The second lap, while the first is in flight. */
	drv_packed_desc(&b->ring, 0, 0x10000, 1, 0, USED);
	assert_refused(b, -EPROTO);
}

static void indirect_descriptors_as_they_must_not_be(void **state)
{
	struct vqbench *b = *state;
	static const uint32_t lens[] = { 0, 1, 15, 17, 31, 0xffffffff,
					 0xfffffff0, 1u << 31 };

	entry(b, 0x30000, 0, 0x10000, 1, 0, 0);
	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		desc(b, 0, 0x30000, lens[i], 0, INDIRECT);
		assert_refused(b, -EPROTO);
	}
	desc(b, 0, 0x30000, 16, 0, INDIRECT | NEXT);
	desc(b, 1, 0x10000, 16, 0, WRITE);
	assert_refused(b, -EPROTO);
	/* A list is of one kind. */
	desc(b, 0, 0x10000, 16, 0, NEXT);
	desc(b, 1, 0x30000, 16, 0, INDIRECT);
	assert_refused(b, -EPROTO);
	/* Where there is no RAM, or not all of it. */
	desc(b, 0, GUEST_HOLE, 16, 0, INDIRECT);
	assert_refused(b, -EFAULT);
	desc(b, 0, UINT64_MAX - 7, 16, 0, INDIRECT);
	assert_refused(b, -EFAULT);
	desc(b, 0, UINT64_MAX - 15, 16, 0, INDIRECT);
	assert_refused(b, -EFAULT);
	desc(b, 0, GUEST_NEXT_GPA - 16, 32, 0, INDIRECT);
	assert_refused(b, -EFAULT);
	/* Not negotiated. */
	b->vq.indirect = false;
	desc(b, 0, 0x30000, 16, 0, INDIRECT);
	assert_refused(b, -EPROTO);
}

/* The ring as a table: its bytes are descriptors like others. */
static void a_table_that_is_the_ring(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, b->vq.addr[0], 16 * SIZE, 0, INDIRECT);
	assert_int_equal(1, vqbench_take(b, 16));
	assert_int_equal(SIZE, b->c.ndesc);
	vqbench_assert_piece(b, 0, b->vq.addr[0], 16 * SIZE);
}

/* ---- chains with flaws ---------------------------------------------------- */

static void buffers_that_cannot_be_used(void **state)
{
	struct vqbench *b = *state;

	desc(b, 0, 0x10000, 7, 0, NEXT);
	desc(b, 1, GUEST_ROM_GPA, 1, 0, WRITE | NEXT);
	desc(b, 2, 0x11000, 9, 0, WRITE | NEXT);
	desc(b, 3, 0x12000, 5, 0, 0);           /* readable after writable */
	assert_int_equal(1, vqbench_take(b, 16));
	vqbench_assert_chain(b, 1, 2, 7, 10, VQ_BAD_ADDR | VQ_BAD_ORDER);
	assert_null(b->iov[1].iov_base);
	vqbench_restart(b, 0);
	desc(b, 0, GUEST_NEXT_GPA - 3, 10, 0, NEXT);
	desc(b, 1, GUEST_NEXT_GPA - 1, 2, 0, WRITE);
	assert_int_equal(1, vqbench_take(b, 4));
	vqbench_assert_chain(b, 2, 2, 10, 2, 0);
	vqbench_restart(b, 0);
	desc(b, 0, GUEST_NEXT_GPA - 3, 10, 0, NEXT);
	desc(b, 1, GUEST_NEXT_GPA - 1, 2, 0, WRITE);
	assert_int_equal(1, vqbench_take(b, 2));
	vqbench_assert_chain(b, 1, 1, 10, 2, VQ_TOO_LONG);
}

/* ---- giving back ---------------------------------------------------------- */

static void pop_one(struct vqbench *b, unsigned n)
{
	assert_true(add(b, n) >= 0);
	b->ring.ops->publish(&b->ring);
	assert_int_equal(1, vqbench_take(b, SIZE));
	assert_int_equal(n, b->c.nslots);
}

static void used_descriptors_appear_at_flush(void **state)
{
	struct vqbench *b = *state;
	uint32_t len;

	for (uint16_t start = 0; start < 2 * SIZE; start++) {
		vqbench_restart(b, start);
		for (unsigned i = 0; i < 5; i++) {
			pop_one(b, 1);
			b->vq.ops->push(&b->vq, &b->c, 100 + i);
			assert_int_equal(-1, b->ring.ops->collect(&b->ring,
								  &len));
		}
		assert_int_equal(0, b->vq.inflight);
		assert_true(b->vq.ops->flush(&b->vq));
		assert_false(b->vq.ops->flush(&b->vq));
		for (unsigned i = 0; i < 5; i++) {
			assert_true(b->ring.ops->collect(&b->ring, &len) >= 0);
			assert_int_equal(100 + i, len);
		}
		assert_int_equal(-1, b->ring.ops->collect(&b->ring, &len));
		assert_int_equal(SIZE, b->ring.nfree);
	}
}

/* virtio 2.8.3, 2.8.6: one used descriptor for a list, the next one after as
 * many slots as the list had; WRITE tells whether len counts. */
static void where_used_descriptors_stand(void **state)
{
	struct vqbench *b = *state;
	struct vq_chain first, second;

	desc(b, 0, 0x10000, 1, 9, WRITE | NEXT);
	desc(b, 1, 0x10000, 1, 9, WRITE | NEXT);
	desc(b, 2, 0x10000, 1, 41, WRITE);
	desc(b, 3, 0x10000, 1, 8, NEXT);
	desc(b, 4, 0x10000, 1, 42, 0);
	assert_int_equal(1, vqbench_take(b, SIZE));
	first = b->c;
	assert_int_equal(1, vqbench_take(b, SIZE));
	second = b->c;
	/* In the order of completion. */
	b->vq.ops->push(&b->vq, &second, 0);
	b->vq.ops->push(&b->vq, &first, 3);
	b->vq.ops->flush(&b->vq);
	assert_int_equal(42, le16_get(slot(b, 0).id));
	assert_int_equal(AVAIL | USED, le16_get(slot(b, 0).flags));
	assert_int_equal(41, le16_get(slot(b, 2).id));
	assert_int_equal(AVAIL | USED | WRITE, le16_get(slot(b, 2).flags));
	assert_int_equal(3, le32_get(slot(b, 2).len));
	assert_int_equal(5, b->vq.next_used);
	/* The rest is as the driver wrote it. */
	assert_int_equal(NEXT | WRITE | AVAIL, le16_get(slot(b, 1).flags));
	assert_int_equal(NEXT | AVAIL, le16_get(slot(b, 3).flags));
	assert_int_equal(AVAIL, le16_get(slot(b, 4).flags));
}

static void interrupts_are_asked_for_by_flag(void **state)
{
	struct vqbench *b = *state;
	static const struct { uint32_t event; bool want; } is[] = {
		{ VRING_EVENT(0, VRING_EVENT_ENABLE), true },
		{ VRING_EVENT(0x8003, VRING_EVENT_ENABLE), true },
		{ VRING_EVENT(0, VRING_EVENT_DISABLE), false },
		/* virtio 2.8.14: the rest of the word is not ours. */
		{ VRING_EVENT(0xffff, 0xfffc | VRING_EVENT_DISABLE), false },
		{ VRING_EVENT(0xffff, 0xfffc | VRING_EVENT_ENABLE), true },
		/* Reserved without EVENT_IDX, and always: never too few. */
		{ VRING_EVENT(5, VRING_EVENT_DESC), true },
		{ VRING_EVENT(0, 3), true },
	};

	for (unsigned i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		uint32_t len;

		drv_packed_event(&b->ring, is[i].event);
		pop_one(b, 1);
		b->vq.ops->push(&b->vq, &b->c, 0);
		assert_int_equal(is[i].want, b->vq.ops->flush(&b->vq));
		/* Decision 5: it is used all the same. */
		assert_true(b->ring.ops->collect(&b->ring, &len) >= 0);
	}
}

static void unpop_puts_back(void **state)
{
	struct vqbench *b = *state;

	for (uint16_t start = 0; start < 2 * SIZE; start++) {
		for (unsigned n = 1; n < SIZE; n++) {
			struct vq was;

			vqbench_restart(b, start);
			pop_one(b, 1);
			was = b->vq;
			pop_one(b, n);
			b->vq.ops->unpop(&b->vq, &b->c);
			assert_int_equal(was.inflight, b->vq.inflight);
			assert_int_equal(was.slots, b->vq.slots);
			assert_int_equal(was.next_avail, b->vq.next_avail);
			assert_int_equal(was.avail_wrap, b->vq.avail_wrap);
			assert_int_equal(1, vqbench_take(b, SIZE));
			assert_int_equal(n, b->c.nslots);
			assert_int_equal(0, b->vq.ops->pop(&b->vq, &b->c));
		}
	}
}

static void kicks_are_asked_for_by_flag(void **state)
{
	struct vqbench *b = *state;
	const struct drv_ring *r = &b->ring;

	assert_false(b->vq.ops->arm(&b->vq, false));
	assert_int_equal(VRING_EVENT(0, VRING_EVENT_DISABLE),
			 drv_packed_device_event(r));
	assert_false(b->vq.ops->arm(&b->vq, false));
	assert_false(b->vq.ops->arm(&b->vq, true));
	assert_int_equal(VRING_EVENT(0, VRING_EVENT_ENABLE),
			 drv_packed_device_event(r));
	/* Something came in meanwhile. */
	b->vq.ops->arm(&b->vq, false);
	add(b, 1);
	b->ring.ops->publish(&b->ring);
	assert_true(b->vq.ops->arm(&b->vq, true));
	assert_int_equal(VRING_EVENT(0, VRING_EVENT_ENABLE),
			 drv_packed_device_event(r));
}

static void kicks_are_asked_for_by_place(void **state)
{
	struct vqbench *b = *state;

	b->vq.event_idx = true;
	for (uint16_t start = 0; start < 2 * SIZE; start++) {
		uint16_t at = start % SIZE, wrap = start < SIZE ?
					    VRING_EVENT_WRAP : 0;

		vqbench_restart(b, start);
		assert_false(b->vq.ops->arm(&b->vq, true));
		assert_int_equal(VRING_EVENT(at | wrap, VRING_EVENT_DESC),
				 drv_packed_device_event(&b->ring));
		b->vq.ops->arm(&b->vq, false);
		assert_int_equal(VRING_EVENT(0, VRING_EVENT_DISABLE),
				 drv_packed_device_event(&b->ring));
	}
}

/* ---- every size, every place ---------------------------------------------- */

static void every_size_for_some_laps(void **state)
{
	(void)state;
	for (uint16_t size = 1; size <= VQ_MAX_SIZE;
	     size = (uint16_t)(size < 20 ? size + 1 : size * 3 / 2 + 1)) {
		struct vqbench *b = vqbench_new(&drv_packed, size, size % 2,
						NULL);
		struct drv_buf buf[3] = {
			{ 0x70000, 8, false }, { 0x70010, 8, true },
			{ 0x70020, 8, true },
		};
		unsigned sent = 0, got = 0;

		while (got < 20u * size) {
			uint32_t len;

			for (unsigned n = 1 + sent % 3; n <= size &&
			     b->ring.ops->add(&b->ring, buf, n, NULL) >= 0;
			     n = 1 + sent % 3)
				sent++;
			b->ring.ops->publish(&b->ring);
			while (vqbench_take(b, 3) == 1)
				b->vq.ops->push(&b->vq, &b->c, sent);
			b->vq.ops->flush(&b->vq);
			for (; b->ring.ops->collect(&b->ring, &len) >= 0; got++)
				assert_int_equal(sent, len);
			assert_int_equal(sent, got);
			if (size < 3 && sent % 3 >= size)
				sent = got += 3 - sent % 3;
		}
		assert_int_equal(0, b->vq.inflight);
		assert_int_equal(0, b->vq.slots);
		assert_int_equal(size, b->ring.nfree);
		vqbench_free(b);
	}
}

/* virtio 2.8.10: an interrupt when the slot named, in the lap named, is among
 * those just used. Slots are counted from the start, forever. */
static bool passed(unsigned size, unsigned old, unsigned new, uint16_t off_wrap)
{
	for (unsigned at = old; at != new; at++)
		if ((off_wrap & VRING_EVENT_OFF) == at % size &&
		    !!(off_wrap & VRING_EVENT_WRAP) == (at / size % 2 == 0))
			return true;
	return false;
}

static void events_against_the_definition(void **state)
{
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "packed_event");
	for (unsigned round = 0; round < 40; round++) {
		unsigned size = rnd_range(&rnd, 1, SIZE), at = 0;
		struct vqbench *b = vqbench_new(&drv_packed, (uint16_t)size,
						true, NULL);

		for (unsigned i = 0; i < 3000; i++) {
			unsigned n = rnd_below(&rnd, size + 1), slots = 0;
			uint16_t event = (uint16_t)(rnd_below(&rnd, size) |
				(rnd_chance(&rnd, 50) ? VRING_EVENT_WRAP : 0));
			uint32_t len;

			drv_packed_event(&b->ring,
					 VRING_EVENT(event, VRING_EVENT_DESC));
			while (slots < n) {
				unsigned k = rnd_range(&rnd, 1, n - slots);

				pop_one(b, k);
				b->vq.ops->push(&b->vq, &b->c, k);
				slots += k;
			}
			assert_int_equal(passed(size, at, at + n, event),
					 b->vq.ops->flush(&b->vq));
			at += n;
			b->ring.no_irq = true;
			while (b->ring.ops->collect(&b->ring, &len) >= 0)
				;
		}
		/* A place that there is not: rather once too often. */
		drv_packed_event(&b->ring, VRING_EVENT(size, VRING_EVENT_DESC));
		pop_one(b, 1);
		b->vq.ops->push(&b->vq, &b->c, 0);
		assert_true(b->vq.ops->flush(&b->vq));
		vqbench_free(b);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(minimum_alignment_is_enough),
		TEST(each_part_is_wholly_in_ram),
		TEST(any_size_is_allowed),
		cmocka_unit_test(a_ring_at_the_end_of_ram_works),
		TEST(lists),
		TEST(a_list_of_every_descriptor_from_every_place),
		TEST(zero_length_descriptors_are_left_out),
		TEST(indirect_chains),
		TEST(the_largest_indirect_table),
		TEST(what_is_not_available_is_not_taken),
		TEST(lists_without_end),
		TEST(more_chains_than_descriptors),
		TEST(indirect_descriptors_as_they_must_not_be),
		TEST(a_table_that_is_the_ring),
		TEST(buffers_that_cannot_be_used),
		TEST(used_descriptors_appear_at_flush),
		TEST(where_used_descriptors_stand),
		TEST(interrupts_are_asked_for_by_flag),
		TEST(unpop_puts_back),
		TEST(kicks_are_asked_for_by_flag),
		TEST(kicks_are_asked_for_by_place),
		cmocka_unit_test(every_size_for_some_laps),
		cmocka_unit_test(events_against_the_definition),
	};

	return cmocka_run_group_tests_name("vq packed", tests, NULL, NULL);
}
