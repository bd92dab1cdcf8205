#include "tests/lib/suite_blk.h"

#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"
#include "devices/base/loop_int.h"
#include "tests/lib/suite_blk_int.h"

int blk_setup(void **state)
{
	const struct variant *v = *state;
	struct blkrig *b = calloc(1, sizeof(*b));
	struct blkrig_cfg c = {
		.prof = v->prof, .image = (enum blk_image)v->kind,
		.serial = "serial-0123456789ab",
	};

	BUG_ON(!b);
	blkrig_open(b, v->via, v->flags, &c);
	blkrig_up(b, ~UINT64_C(0), NULL);
	blkrig_pattern(b);
	*state = b;
	return 0;
}

int blk_teardown(void **state)
{
	blkrig_close(*state);
	free(*state);
	return 0;
}

void blk_expect_len(const struct blkrig *b, uint32_t written,
		    const struct blkresult *r)
{
	/* AERO-W7-VIRTIO 3.1.5; decision 16 */
	assert_int_equal(b->prof == &vio_profile_aero_w7 ? 0 : written,
			 r->used_len);
}

void blk_expect_nothing(struct blkrig *b, int status,
			const struct blkresult *r)
{
	assert_int_equal(status, r->status);
	/* virtio 2.7.8.2: bytes from the first writable one on. */
	blk_expect_len(b, status != BLK_UNTOUCHED && !r->data_in, r);
	assert_true(blkrig_image_unchanged(b));
	assert_true(blkrig_data_unchanged(b));
}

/* ---- identity ------------------------------------------------------------- */

static void features_and_configuration(void **state)
{
	struct blkrig *b = *state;
	const struct drv_bus_ops *ops = b->rig.bus.ops;
	struct drv_bus *bus = &b->rig.bus;
	bool contract = b->prof == &vio_profile_aero_w7;
	uint64_t f = drv_offered(bus);

	/* AERO-W7-VIRTIO 3.1.2 to 3.1.4 */
	if (contract)
		assert_int_equal(VIRTIO_F(32) | VIRTIO_F(28) | VIRTIO_F(2) |
				 VIRTIO_F(6) | VIRTIO_F(9), f);
	else
		assert_int_equal(VIRTIO_F(32) | VIRTIO_F(28) | VIRTIO_F(29) |
				 VIRTIO_F(34) | VIRTIO_F(2) | VIRTIO_F(6) | VIRTIO_F(9) |
				 VIRTIO_F(10) | VIRTIO_F(11) | VIRTIO_F(13) |
				 VIRTIO_F(14), f);
	assert_int_equal(contract ? 128 : 256, drv_q_max(bus, 0));
	assert_int_equal(0, drv_q_max(bus, 1));
	assert_int_equal(BLK_SECTORS, ops->cfg_get(bus, 0, 4));
	assert_int_equal(0, ops->cfg_get(bus, 4, 4));
	assert_int_equal(0, ops->cfg_get(bus, 8, 4));
	/* Header and status fit the ring beside them. */
	assert_int_equal(contract ? 126 : 254, ops->cfg_get(bus, 12, 4));
	assert_int_equal(0, ops->cfg_get(bus, 16, 4));
	assert_int_equal(512, ops->cfg_get(bus, 20, 4));
	for (unsigned off = contract ? 24 : 60; off < 0x100; off++)
		assert_int_equal(0, ops->cfg_get(bus, off, 1));
	/* Read-only but for writeback. */
	for (unsigned off = 0; off < 60; off++) {
		uint32_t was = ops->cfg_get(bus, off, 1);

		ops->cfg_put(bus, off, 1, was ^ 0xff);
		if (contract || off != 32)
			assert_int_equal(was, ops->cfg_get(bus, off, 1));
	}
}

/* ---- moving data ---------------------------------------------------------- */

static void reads_give_what_is_on_the_disk(void **state)
{
	static const struct { uint64_t sector; uint32_t len; } at[] = {
		{ 0, 512 }, { 1, 512 }, { 7, 4096 }, { BLK_SECTORS - 1, 512 },
		{ BLK_SECTORS - 8, 4096 }, { 3, 0xc0000 },
	};
	struct blkrig *b = *state;

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint8_t *data = guest_ptr(b->rig.guest, b->data, at[i].len);
		unsigned taken = b->rig.io->taken_requests;
		struct blkresult r;

		blkrig_pattern(b);
		r = blk_request(b, IN, at[i].sector, 0, at[i].len, true);
		assert_int_equal(OK, r.status);
		/* By which the loop decides how to share a CPU. */
		assert_int_equal(taken + 1, b->rig.io->taken_requests);
		blk_expect_len(b, at[i].len + 1, &r);
		for (uint32_t k = 0; k < at[i].len; k++)
			if (data[k] != blkrig_image_byte(at[i].sector * 512 + k))
				fail_msg("byte %u", k);
		if (at[i].len < 0xc0000)
			assert_int_equal(blkrig_data_byte(at[i].len),
					 data[at[i].len]);
		assert_true(blkrig_image_unchanged(b));
	}
}

static void writes_reach_the_disk(void **state)
{
	static const struct { uint64_t sector; uint32_t len; } at[] = {
		{ 0, 512 }, { 5, 512 }, { 9, 4096 }, { BLK_SECTORS - 1, 512 },
		{ 11, 0xc0000 },
	};
	static uint8_t image[BLK_SIZE_BYTES];
	struct blkrig *b = *state;

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint64_t first = at[i].sector * 512;
		struct blkresult r;

		blkrig_pattern(b);
		r = blk_request(b, OUT, at[i].sector, 0, at[i].len, false);
		assert_int_equal(OK, r.status);
		blk_expect_len(b, 1, &r);
		blkrig_image_get(b, 0, image, sizeof(image));
		for (uint64_t k = 0; k < sizeof(image); k++)
			if (image[k] != (k - first < at[i].len ?
					 blkrig_data_byte(k - first) :
					 blkrig_image_byte(k)))
				fail_msg("byte %u", (unsigned)k);
		assert_true(blkrig_data_unchanged(b));
	}
}

static void flush_has_no_data(void **state)
{
	struct blkrig *b = *state;
	struct blkresult r = blk_request(b, FLUSH, 0, 0, 0, false);

	blk_expect_nothing(b, OK, &r);
	/* The sector means nothing. */
	r = blk_request(b, FLUSH, UINT64_MAX, 0, 0, false);
	blk_expect_nothing(b, OK, &r);
	r = blk_request(b, FLUSH, 0, 0, 512, false);
	blk_expect_nothing(b, IOERR, &r);
	r = blk_request(b, FLUSH, 0, 0, 512, true);
	blk_expect_nothing(b, IOERR, &r);
}

/* ---- what is refused ------------------------------------------------------ */

static void lengths_are_multiples_of_512(void **state)
{
	static const uint32_t bad[] = { 1, 2, 511, 513, 1023, 4095, 0xbffff };
	struct blkrig *b = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct blkresult r = blk_request(b, IN, 0, 0, bad[i], true);

		blk_expect_nothing(b, IOERR, &r);
		r = blk_request(b, OUT, 0, 0, bad[i], false);
		blk_expect_nothing(b, IOERR, &r);
	}
}

static void requests_end_on_the_disk(void **state)
{
	static const struct { uint64_t sector; uint32_t len; } bad[] = {
		{ BLK_SECTORS, 512 }, { BLK_SECTORS - 1, 1024 },
		{ BLK_SECTORS - 7, 4096 }, { BLK_SECTORS + 1, 512 },
		{ UINT64_MAX, 512 }, { UINT64_MAX - 1, 1024 },
		{ UINT64_MAX / 512, 512 }, { UINT64_MAX / 512 + 1, 512 },
		{ UINT64_C(1) << 63, 512 }, { UINT64_C(1) << 55, 512 },
		{ (UINT64_C(1) << 55) - 1, 1024 }, { UINT64_C(1) << 32, 512 },
		{ UINT64_MAX - 2047, 0xc0000 },
	};
	struct blkrig *b = *state;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct blkresult r = blk_request(b, IN, bad[i].sector, 0,
						 bad[i].len, true);

		blk_expect_nothing(b, IOERR, &r);
		r = blk_request(b, OUT, bad[i].sector, 0, bad[i].len, false);
		blk_expect_nothing(b, IOERR, &r);
	}
}

static struct blkresult with_segments(struct blkrig *b, uint32_t type,
				      unsigned n)
{
	struct blkchain c = { .n = 0 };

	blk_head(b, &c, type, 1);
	for (unsigned i = 0; i < n; i++)
		blk_add(&c, b->data + 1024 * (uint64_t)i, 512, type == IN);
	blk_tail(b, &c);
	return blk_run(b, &c);
}

static void one_to_seg_max_segments(void **state)
{
	struct blkrig *b = *state;
	unsigned max = b->rig.bus.ops->cfg_get(&b->rig.bus, 12, 4);
	struct blkresult r;

	for (uint32_t type = IN; type <= OUT; type++) {
		r = with_segments(b, type, 0);
		blk_expect_nothing(b, IOERR, &r);
		r = with_segments(b, type, max + 1);
		blk_expect_nothing(b, IOERR, &r);
		r = with_segments(b, type, max + 40);
		blk_expect_nothing(b, IOERR, &r);
		r = with_segments(b, type, 1);
		assert_int_equal(OK, r.status);
		r = with_segments(b, type, max);
		assert_int_equal(OK, r.status);
		blk_expect_len(b, type == IN ? max * 512 + 1 : 1, &r);
		blkrig_pattern(b);
	}
}

static void data_is_of_the_requests_direction(void **state)
{
	struct blkrig *b = *state;
	struct blkresult r;

	r = blk_request(b, IN, 0, 0, 512, false);
	blk_expect_nothing(b, IOERR, &r);
	r = blk_request(b, OUT, 0, 0, 512, true);
	blk_expect_nothing(b, IOERR, &r);
	/* A right one beside a wrong one. */
	for (uint32_t type = IN; type <= OUT; type++) {
		struct blkchain c = { .n = 0 };

		blk_head(b, &c, type, 0);
		blk_add(&c, b->data, 512, false);
		blk_add(&c, b->data + 512, 512, true);
		blk_tail(b, &c);
		r = blk_run(b, &c);
		blk_expect_nothing(b, IOERR, &r);
		/* And in the wrong order, too. */
		c.n = 0;
		blk_head(b, &c, type, 0);
		blk_add(&c, b->data, 512, true);
		blk_add(&c, b->data + 512, 512, false);
		blk_tail(b, &c);
		r = blk_run(b, &c);
		blk_expect_nothing(b, IOERR, &r);
	}
}

/* Decision 16: nothing moves, not even what could. */
static void buffers_outside_ram_stop_all_of_it(void **state)
{
	static const struct { uint64_t gpa; uint32_t len; } bad[] = {
		{ GUEST_HOLE, 512 }, { UINT64_MAX - 511, 512 },
		{ UINT64_MAX - 255, 512 }, { GUEST_ROM_GPA, 512 },
		{ GUEST_HIGH_GPA + GUEST_HIGH_LEN - 256, 512 },
		{ GUEST_NEXT_GPA + GUEST_NEXT_LEN - 1, 512 },
		{ GUEST_HIGH_GPA + GUEST_HIGH_LEN, 512 },
		{ GUEST_LOW_GPA, 0xfffffe00 },
	};
	struct blkrig *b = *state;

	for (unsigned i = 0; i < 3 * sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint32_t type = IN; type <= OUT; type++) {
			struct blkchain c = { .n = 0 };
			struct blkresult r;

			if (type == OUT && bad[i / 3].gpa == GUEST_ROM_GPA)
				continue;       /* may be read */
			blk_head(b, &c, type, 0);
			for (unsigned k = 0; k < 3; k++)
				blk_add(&c, k == i % 3 ? bad[i / 3].gpa
						: b->data + 512 * (uint64_t)k,
					k == i % 3 ? bad[i / 3].len : 512,
					type == IN);
			blk_tail(b, &c);
			r = blk_run(b, &c);
			blk_expect_nothing(b, IOERR, &r);
		}
	}
}

static void other_types_are_unsupported(void **state)
{
	static const uint32_t types[] = {
		2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 16, 0x100, 0x10000,
		0x80000000, 0x80000001, 0xffffffff,
		/* known to modern only: */
		VIRTIO_BLK_T_GET_ID, VIRTIO_BLK_T_DISCARD,
		VIRTIO_BLK_T_WRITE_ZEROES,
	};
	struct blkrig *b = *state;
	unsigned n = sizeof(types) / sizeof(types[0]);

	if (b->prof != &vio_profile_aero_w7)
		n -= 3;
	for (unsigned i = 0; i < n; i++) {
		struct blkresult r = blk_request(b, types[i], 0, 0, 0, false);

		blk_expect_nothing(b, UNSUPP, &r);
		r = blk_request(b, types[i], 0, 0, 512, true);
		blk_expect_nothing(b, UNSUPP, &r);
		r = blk_request(b, types[i], 0, 0, 512, false);
		blk_expect_nothing(b, UNSUPP, &r);
	}
}

/* ---- many ----------------------------------------------------------------- */

static void a_ring_full_of_requests(void **state)
{
	struct blkrig *b = *state;
	struct drv_ring *ring = &b->ring[0];
	unsigned n = ring->size, seen = 0;
	int id[256];

	/* Each in one descriptor of the ring: header, 512 bytes, status. */
	for (unsigned i = 0; i < n; i++) {
		uint64_t page = b->data + 1024 * (uint64_t)i;
		struct drv_mem table = { guest_ptr(b->rig.guest, page + 600,
						   48), page + 600 };
		struct drv_buf buf[3] = {
			{ page + 512, 16, false }, { page, 512, true },
			{ page + 528, 1, true },
		};

		blk_hdr_at(b, page + 512, IN, 2 * i);
		guest_fill(b->rig.guest, page + 528, BLK_UNTOUCHED, 1);
		id[i] = ring->ops->add(ring, buf, 3, &table);
		assert_true(id[i] >= 0);
	}
	assert_int_equal(0, ring->nfree);
	ring->ops->publish(ring);
	b->rig.bus.ops->notify(&b->rig.bus, 0);
	while (seen < n) {
		struct blkresult r = { .status = OK };
		int got = rig_collect(&b->rig, ring, &r.used_len);
		unsigned i = 0;
		uint64_t page;
		uint8_t *p;

		blk_expect_len(b, 513, &r);
		while (i < n && id[i] != got)
			i++;
		assert_true(i < n);
		id[i] = -1;
		page = b->data + 1024 * (uint64_t)i;
		p = guest_ptr(b->rig.guest, page, 1024);
		assert_int_equal(OK, p[528]);
		for (unsigned k = 0; k < 512; k++)
			assert_int_equal(blkrig_image_byte(1024 * i + k), p[k]);
		seen++;
	}
	assert_int_equal(n, ring->nfree);
}

int suite_blk_run(const struct rig_bus *via)
{
	static const struct vtest contract[] = {
		VTEST(features_and_configuration),
		VTEST(reads_give_what_is_on_the_disk),
		VTEST(writes_reach_the_disk),
		VTEST(flush_has_no_data),
		VTEST(lengths_are_multiples_of_512),
		VTEST(requests_end_on_the_disk),
		VTEST(one_to_seg_max_segments),
		VTEST(data_is_of_the_requests_direction),
		VTEST(buffers_outside_ram_stop_all_of_it),
		VTEST(other_types_are_unsupported),
		VTEST(a_ring_full_of_requests),
	};
	const struct variant variants[] = {
		{ "mem", via, &vio_profile_aero_w7, 0, BLK_MEM },
		{ "mem", via, &vio_profile_modern, 0, BLK_MEM },
		{ "sync", via, &vio_profile_aero_w7, 0, BLK_FILE },
		{ "uring", via, &vio_profile_aero_w7, RIG_URING, BLK_FILE },
		{ "uring", via, &vio_profile_modern, RIG_URING, BLK_FILE },
		{ "uring-threads", via, &vio_profile_modern,
		  RIG_URING | RIG_THREADS, BLK_FILE },
		{ "mem", via, &vio_profile_modern, RIG_PACKED, BLK_MEM },
		{ "uring", via, &vio_profile_modern, RIG_URING | RIG_PACKED,
		  BLK_FILE },
	};
	unsigned n = sizeof(variants) / sizeof(variants[0]);
	const struct variant spies[] = {
		{ "spy", via, &vio_profile_aero_w7, 0, BLK_SPY },
		{ "spy", via, &vio_profile_modern, 0, BLK_SPY },
		{ "spy", via, &vio_profile_modern, RIG_PACKED, BLK_SPY },
	};
	int bad;

	bad = variant_run("blk", contract,
			  sizeof(contract) / sizeof(contract[0]), variants, n,
			  blk_setup, blk_teardown);
	bad |= variant_run("blk framing", blk_framing_tests, blk_framing_ntests,
			   variants, n, blk_setup, blk_teardown);
	bad |= variant_run("blk backend", blk_backend_tests, blk_backend_ntests,
			   spies, 3, blk_setup, blk_teardown);
	return bad;
}
