/*
 * Requests in any framing (virtio 2.7.4): where descriptors begin and end
 * means nothing.
 */
#include <string.h>

#include "tests/lib/suite_blk_int.h"

static void assert_read(struct blkrig *b, uint64_t sector, uint64_t gpa,
			uint32_t len)
{
	uint8_t got[4096];

	assert_true(len <= sizeof(got));
	guest_peek(b->rig.guest, gpa, got, len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(blkrig_image_byte(sector * 512 + i), got[i]);
}

static void the_header_in_pieces(void **state)
{
	static const uint8_t cut[][3] = {
		{ 1, 15 }, { 8, 8 }, { 15, 1 }, { 4, 4, 8 }, { 3, 12, 1 },
	};
	struct blkrig *b = *state;

	for (unsigned i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct blkchain c = { .n = 0 };
		uint64_t at = b->hdr;
		struct blkresult r;

		blkrig_pattern(b);
		blk_hdr_at(b, at, IN, 3);
		for (unsigned k = 0; k < 3 && cut[i][k]; k++) {
			blk_add(&c, at, cut[i][k], false);
			at += cut[i][k];
		}
		blk_add(&c, b->data + 1, 1024, true);
		blk_tail(b, &c);
		r = blk_run(b, &c);
		assert_int_equal(OK, r.status);
		blk_expect_len(b, 1025, &r);
		assert_read(b, 3, b->data + 1, 1024);
	}
}

static void the_header_byte_by_byte(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	struct blkresult r;

	/* Scattered, with empty descriptors between. */
	blk_hdr_at(b, b->hdr + 0x100, IN, 9);
	for (unsigned i = 0; i < 16; i++) {
		uint8_t byte = guest_byte(b->rig.guest, b->hdr + 0x100 + i);

		guest_poke(b->rig.guest, b->hdr + 0x200 + 7 * i, &byte, 1);
		blk_add(&c, b->hdr + 0x200 + 7 * i, 1, false);
		blk_add(&c, GUEST_HOLE, 0, false);
	}
	blk_add(&c, b->data, 512, true);
	blk_tail(b, &c);
	r = blk_run(b, &c);
	assert_int_equal(OK, r.status);
	assert_read(b, 9, b->data, 512);
}

static void header_and_data_in_one_descriptor(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	uint8_t image[1024];
	struct blkresult r;

	blk_hdr_at(b, b->data + 100, OUT, 6);
	blk_add(&c, b->data + 100, 16 + 700, false);
	blk_add(&c, b->data + 5000, 324, false);
	blk_tail(b, &c);
	r = blk_run(b, &c);
	assert_int_equal(OK, r.status);
	blk_expect_len(b, 1, &r);
	blkrig_image_get(b, 6 * 512, image, sizeof(image));
	for (unsigned i = 0; i < 1024; i++)
		assert_int_equal(blkrig_data_byte(i < 700 ? 116 + i
							  : 5000 + i - 700),
				 image[i]);
}

static void part_of_the_header_with_the_data(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	uint8_t image[512];
	struct blkresult r;

	blk_hdr_at(b, b->data + 0x1000, OUT, 2);
	blk_add(&c, b->data + 0x1000, 5, false);
	blk_add(&c, b->data + 0x1005, 11 + 512, false);
	blk_tail(b, &c);
	r = blk_run(b, &c);
	assert_int_equal(OK, r.status);
	blkrig_image_get(b, 2 * 512, image, sizeof(image));
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(blkrig_data_byte(0x1010 + i), image[i]);
}

static void status_in_the_datas_descriptor(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	struct blkresult r;

	blk_head(b, &c, IN, 4);
	blk_add(&c, b->data + 3, 512, true);
	blk_add(&c, b->data + 2000, 512 + 1, true);
	r = blk_run(b, &c);
	assert_int_equal(BLK_UNTOUCHED, r.status);      /* not where it was */
	assert_int_equal(OK, guest_byte(b->rig.guest, b->data + 2512));
	blk_expect_len(b, 1025, &r);
	assert_read(b, 4, b->data + 3, 512);
	assert_read(b, 5, b->data + 2000, 512);
	assert_int_equal(blkrig_data_byte(2513),
			 guest_byte(b->rig.guest, b->data + 2513));
}

static void status_that_crosses_into_another_region(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	uint64_t data = GUEST_NEXT_GPA - 512;
	struct blkresult r;

	/* 512 bytes at the end of one region, the status first in the next. */
	guest_fill(b->rig.guest, data, 0x11, 514);
	blk_head(b, &c, IN, 8);
	blk_add(&c, data, 513, true);
	r = blk_run(b, &c);
	blk_expect_len(b, 513, &r);
	assert_read(b, 8, data, 512);
	assert_int_equal(OK, guest_byte(b->rig.guest, GUEST_NEXT_GPA));
	assert_int_equal(0x11, guest_byte(b->rig.guest, GUEST_NEXT_GPA + 1));
}

static void odd_segments_at_odd_addresses(void **state)
{
	static const uint32_t len[] = { 1, 510, 3, 33, 477, 1024, 511, 1 };
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	uint64_t at = b->data + 1, off = 0;
	uint8_t image[2560];
	struct blkresult r;

	blk_head(b, &c, IN, 100);
	for (unsigned i = 0; i < 8; i++, at += 1531)
		blk_add(&c, at, len[i], true);
	blk_tail(b, &c);
	r = blk_run(b, &c);
	assert_int_equal(OK, r.status);
	at = b->data + 1;
	for (unsigned i = 0; i < 8; i++, at += 1531)
		for (uint32_t k = 0; k < len[i]; k++, off++)
			assert_int_equal(blkrig_image_byte(100 * 512 + off),
					 guest_byte(b->rig.guest, at + k));
	assert_int_equal(2560, off);
	/* And the other way. */
	blkrig_pattern(b);
	for (unsigned i = 1; i <= 8; i++)
		c.b[i].write = false;
	blk_hdr_at(b, b->hdr, OUT, 200);
	r = blk_run(b, &c);
	assert_int_equal(OK, r.status);
	blkrig_image_get(b, 200 * 512, image, sizeof(image));
	off = 0;
	for (unsigned i = 0; i < 8; i++)
		for (uint32_t k = 0; k < len[i]; k++, off++)
			assert_int_equal(blkrig_data_byte(1 + 1531 * i + k),
					 image[off]);
}

static void direct_chains_of_the_whole_ring(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0, .direct = true };
	unsigned size = b->ring[0].size;
	struct blkresult r;

	blk_head(b, &c, IN, 0);
	for (unsigned i = 0; i < size - 2; i++)
		blk_add(&c, b->data + 700 * (uint64_t)i, 512, true);
	blk_tail(b, &c);
	assert_int_equal(size, c.n);
	r = blk_run(b, &c);
	assert_int_equal(OK, r.status);
	blk_expect_len(b, (size - 2) * 512 + 1, &r);
	for (unsigned i = 0; i < size - 2; i++)
		assert_read(b, i, b->data + 700 * (uint64_t)i, 512);
}

/* ---- requests that are not quite requests --------------------------------- */

static void headers_that_are_too_short(void **state)
{
	struct blkrig *b = *state;

	for (uint32_t len = 0; len < 16; len++) {
		struct blkchain c = { .n = 0 };
		struct blkresult r;

		blk_hdr_at(b, b->hdr, IN, 0);
		if (len)
			blk_add(&c, b->hdr, len, false);
		blk_add(&c, b->data, 512, true);
		blk_tail(b, &c);
		r = blk_run(b, &c);
		blk_expect_nothing(b, IOERR, &r);
	}
}

static void headers_outside_ram(void **state)
{
	static const uint64_t bad[] = {
		GUEST_HOLE, UINT64_MAX - 7, GUEST_HIGH_GPA + GUEST_HIGH_LEN - 8,
	};
	struct blkrig *b = *state;

	for (unsigned i = 0; i < 3; i++) {
		struct blkchain c = { .n = 0 };
		struct blkresult r;

		blk_add(&c, bad[i], 16, false);
		blk_add(&c, b->data, 512, true);
		blk_tail(b, &c);
		r = blk_run(b, &c);
		blk_expect_nothing(b, IOERR, &r);
		/* Half of it. */
		c.n = 0;
		blk_hdr_at(b, b->hdr, IN, 0);
		blk_add(&c, b->hdr, 8, false);
		blk_add(&c, bad[i], 16, false);
		blk_add(&c, b->data, 512, true);
		blk_tail(b, &c);
		r = blk_run(b, &c);
		blk_expect_nothing(b, IOERR, &r);
	}
	/* In ROM it is fine. */
	{
		struct blkchain c = { .n = 0 };
		struct blkresult r;

		blk_add(&c, GUEST_ROM_GPA, 16, false);  /* type a5a5a5a5 */
		blk_tail(b, &c);
		r = blk_run(b, &c);
		blk_expect_nothing(b, UNSUPP, &r);
	}
}

/* The chain comes back all the same, and the device goes on. */
static void no_place_for_the_status(void **state)
{
	static const uint64_t bad[] = {
		GUEST_HOLE, GUEST_ROM_GPA, UINT64_MAX,
		GUEST_HIGH_GPA + GUEST_HIGH_LEN,
	};
	struct blkrig *b = *state;
	struct blkresult r;

	for (unsigned i = 0; i < 6; i++) {
		struct blkchain c = { .n = 0 };

		blk_head(b, &c, OUT, 0);
		blk_add(&c, b->data, 512, false);
		if (i < 4)
			blk_add(&c, bad[i], 1, true);
		if (i == 5)
			blk_add(&c, b->status, 0, true);
		r = blk_run(b, &c);
		blk_expect_nothing(b, BLK_UNTOUCHED, &r);
	}
	/* Nothing at all. */
	{
		struct blkchain c = { .n = 0 };

		blk_add(&c, 0, 0, false);
		r = blk_run(b, &c);
		blk_expect_nothing(b, BLK_UNTOUCHED, &r);
	}
	r = blk_request(b, FLUSH, 0, 0, 0, false);
	blk_expect_nothing(b, OK, &r);
}

/* Only a status: no header, so it cannot be right. */
static void a_status_alone(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	struct blkresult r;

	blk_tail(b, &c);
	r = blk_run(b, &c);
	blk_expect_nothing(b, IOERR, &r);
	assert_int_equal(0x0f, rig_status(&b->rig));
}

static void status_and_header_in_a_rings_own_memory(void **state)
{
	struct blkrig *b = *state;
	struct blkchain c = { .n = 0 };
	uint32_t len;

	/* Reads sector 0 over the descriptor table: the guest's own loss. */
	blk_head(b, &c, IN, 0);
	blk_add(&c, b->ring[0].part[DRV_DESC].gpa, 512, true);
	blk_tail(b, &c);
	blk_run(b, &c);
	assert_int_equal(OK, guest_byte(b->rig.guest, b->status));
	drv_reset(&b->rig.bus);
	blkrig_up(b, 0, NULL);
	b->ring[0].ops->publish(&b->ring[0]);
	assert_int_equal(-1, b->ring[0].ops->collect(&b->ring[0], &len));
	assert_int_equal(0x0f, rig_status(&b->rig));
}

const struct vtest blk_framing_tests[] = {
	VTEST(the_header_in_pieces),
	VTEST(the_header_byte_by_byte),
	VTEST(header_and_data_in_one_descriptor),
	VTEST(part_of_the_header_with_the_data),
	VTEST(status_in_the_datas_descriptor),
	VTEST(status_that_crosses_into_another_region),
	VTEST(odd_segments_at_odd_addresses),
	VTEST(direct_chains_of_the_whole_ring),
	VTEST(headers_that_are_too_short),
	VTEST(headers_outside_ram),
	VTEST(no_place_for_the_status),
	VTEST(a_status_alone),
	VTEST(status_and_header_in_a_rings_own_memory),
};
const unsigned blk_framing_ntests =
	sizeof(blk_framing_tests) / sizeof(blk_framing_tests[0]);
