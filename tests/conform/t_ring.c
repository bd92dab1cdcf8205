/* AERO-W7-VIRTIO 2: split rings, descriptors, guest memory. */
#include <string.h>

#include "tests/conform/cf.h"

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

/* A read of one sector into wherever, from what the image says. */
static void read_sector(struct cf *c, struct cf_dev *d, struct drv_mem to)
{
	uint32_t sector = rnd_below(&c->rnd, CF_DISK_BYTES / 512);
	unsigned seed = rnd_below(&c->rnd, 256);
	const uint8_t *got = to.p;

	cf_image_pattern(c, (uint64_t)sector * 512, 512, seed);
	CHECK_EQ(c, 0, cf_blk_at(c, d, 0, sector, to, 512).status);
	for (unsigned i = 0; i < 512; i++)
		CHECK_EQ(c, cf_byte(seed, i), got[i]);
}

static void c2_1a_split_rings(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	/* Around the ring and some more, so indices wrap at its size. */
	for (unsigned i = 0; i < d->qsize[0] + 10u; i++)
		cf_echo(c, d);
	CHECK_EQ(c, d->qsize[0] + 10u, drv_split_used_idx(&d->ring[0]));
	CHECK_EQ(c, 15, cf_status(d));
}

/* The ring's index runs over 2^16; a guest has not that much time. */
static void c2_1a_indices_wrap(struct cf *c)
{
	struct cf_dev *d = cf_up_direct(c, CF_BLK);
	struct drv_mem m = cf_mem(c, 17, 1);
	struct drv_buf b[2] = { { m.gpa, 16, false }, { m.gpa + 16, 1, true } };
	uint32_t len;

	*(uint8_t *)m.p = 4;
	for (unsigned i = 0; i < 66000; i++) {
		cf_send(c, d, 0, b, 2);
		cf_used(c, d, 0, &len);
	}
	CHECK_EQ(c, (uint16_t)66000, drv_split_used_idx(&d->ring[0]));
}

/* Rings with other bytes right behind them, which nobody may touch or need. */
static void c2_1_1a_nothing_behind_the_rings(struct cf *c)
{
	struct cf_dev *d = &c->dev[CF_BLK];
	uint32_t bytes[3] = { 16 * 128, 4 + 2 * 128, 4 + 8 * 128 };
	struct drv_mem part[3];

	CHECK(c, drv_start(&d->bus, cf_features(CF_BLK)));
	d->indirect = true;
	for (unsigned i = 0; i < 3; i++) {
		part[i] = cf_mem(c, bytes[i] + 8, 16);
		memset((uint8_t *)part[i].p + bytes[i], 0xff, 8);
	}
	drv_ring_init(&d->ring[0], &drv_split, 128, false, part, 1);
	drv_q_start(&d->bus, 0, &d->ring[0]);
	drv_ok(&d->bus);
	for (unsigned i = 0; i < 130; i++)
		cf_echo(c, d);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned k = 0; k < 8; k++)
			CHECK_EQ(c, 0xff, ((uint8_t *)part[i].p)[bytes[i] + k]);
}

/* ---- 2.2 ------------------------------------------------------------------ */

/* A ring whose parts stand exactly off bytes past a multiple of 4096. */
static void at_offsets(struct cf *c, const uint16_t off[3])
{
	CF_EACH(c, d) {
		CHECK(c, drv_start(&d->bus, cf_features(d->kind)));
		d->indirect = true;
		for (uint16_t q = 0; q < d->nq; q++) {
			struct drv_mem part[3];

			for (unsigned i = 0; i < 3; i++) {
				part[i] = cf_mem(c, drv_split.bytes(d->qsize[q],
					 (enum drv_part)i, false) + off[i],
					 4096);
				part[i].p = (uint8_t *)part[i].p + off[i];
				part[i].gpa += off[i];
			}
			drv_ring_init(&d->ring[q], &drv_split, d->qsize[q],
				      false, part, rnd_u32(&c->rnd) | 1);
			drv_q_start(&d->bus, q, &d->ring[q]);
		}
		drv_ok(&d->bus);
		for (unsigned i = 0; i < 5; i++)
			cf_echo(c, d);
		CHECK_EQ(c, 15, cf_status(d));
		drv_reset(&d->bus);
	}
}

static void c2_2a_descriptors_at_16(struct cf *c)
{
	static const uint16_t off[3] = { 16, 0, 0 };

	at_offsets(c, off);
}

static void c2_2b_available_ring_at_2(struct cf *c)
{
	static const uint16_t off[3] = { 0, 2, 0 };

	at_offsets(c, off);
}

static void c2_2c_used_ring_at_4(struct cf *c)
{
	static const uint16_t off[3] = { 0, 0, 4 };

	at_offsets(c, off);
}

/* ---- 2.3 ------------------------------------------------------------------ */

static void offers(struct cf *c, unsigned bit, bool want)
{
	CF_EACH(c, d)
		CHECK_EQ(c, want, drv_offered(&d->bus) >> bit & 1);
}

static void c2_3a_indirect_desc_is_offered(struct cf *c)
{
	offers(c, 28, true);
}

static void c2_3b_event_idx_is_not_offered(struct cf *c)
{
	offers(c, 29, false);
}

static void c2_3c_ring_packed_is_not_offered(struct cf *c)
{
	offers(c, 34, false);
}

/* ---- 2.4 ------------------------------------------------------------------ */

/* A read into pieces, in descriptors in any order. */
static void pieces(struct cf *c, struct cf_dev *d)
{
	unsigned n = rnd_range(&c->rnd, 2, 40), left = 1024;
	struct drv_buf b[40];
	struct drv_mem m[40];
	unsigned at = 0;

	cf_image_pattern(c, 0, 1024, n);
	for (unsigned i = 0; i < n; i++) {
		uint32_t len = i + 1 == n ? left :
			       rnd_range(&c->rnd, 1, 2 * left / (n - i) - 1);

		m[i] = cf_mem(c, len, 1);
		b[i] = (struct drv_buf){ m[i].gpa, len, true };
		left -= len;
	}
	CHECK_EQ(c, 0, cf_blk(c, d, 0, 0, b, n).status);
	for (unsigned i = 0; i < n; at += b[i++].len)
		for (unsigned k = 0; k < b[i].len; k++)
			CHECK_EQ(c, cf_byte(n, at + k),
				 ((uint8_t *)m[i].p)[k]);
}

static void c2_4a_next_chains_descriptors(struct cf *c)
{
	struct cf_dev *d = cf_up_direct(c, CF_BLK);

	for (unsigned i = 0; i < 5; i++)
		pieces(c, d);
}

static void c2_4b_write_is_the_devices_to_write(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = cf_mem(c, 512, 1);

	read_sector(c, d, m);
	/* And without it, what is there is read, and left alone. */
	memset(m.p, 0xa5, 512);
	CHECK_EQ(c, 0, cf_blk_at(c, d, 1, 3, m, 512).status);
	CHECK(c, cf_image_is(c, 3 * 512, 512, 0xa5));
	for (unsigned i = 0; i < 512; i++)
		CHECK_EQ(c, 0xa5, ((uint8_t *)m.p)[i]);
}

/* Sends the descriptors as they are: head 0, table or not. */
static void raw(struct cf_dev *d)
{
	drv_split_avail(&d->ring[0], d->ring[0].avail, 0);
	drv_split_avail_idx(&d->ring[0], ++d->ring[0].avail);
	d->bus.ops->notify(&d->bus, 0);
}

/* A flush by the descriptors of an indirect table. */
static struct drv_mem flush_table(struct cf *c, struct drv_mem *m)
{
	struct drv_mem table = cf_mem(c, 3 * 16, 1);
	struct vring_desc t[2];

	*m = cf_mem(c, 17, 1);
	*(uint8_t *)m->p = 4;
	((uint8_t *)m->p)[16] = 0xff;
	t[0] = drv_desc(m->gpa, 16, NEXT, 1);
	t[1] = drv_desc(m->gpa + 16, 1, WRITE, 0);
	memcpy(table.p, t, sizeof(t));
	return table;
}

static bool needs_reset(struct cf_dev *d)
{
	return cf_status(d) & VIRTIO_S_NEEDS_RESET;
}

static void c2_4c_indirect_is_taken(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		/* Half of these are indirect. */
		for (unsigned i = 0; i < 12; i++)
			cf_echo(c, d);
		CHECK_EQ(c, 15, cf_status(d));
		drv_reset(&d->bus);
	}
}

/* One descriptor of the ring holds a request of many buffers. */
static void c2_4c_a_long_request_in_one_descriptor(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 0; i < 10; i++)
		pieces(c, d);
	CHECK_EQ(c, 15, cf_status(d));
}

static void c2_4_1a_indirect_table_anywhere(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 0; i < 6; i++) {
		struct drv_mem m, table = flush_table(c, &m);
		uint32_t len;

		drv_split_desc(&d->ring[0], 0, table.gpa, 32, INDIRECT, 0);
		raw(d);
		cf_used(c, d, 0, &len);
		CHECK_EQ(c, 0, ((volatile uint8_t *)m.p)[16]);
	}
}

/* Decision 9: a ring that cannot be walked is for a reset to mend. */
static void c2_4_1b_length_not_a_multiple_of_16(struct cf *c)
{
	static const uint8_t bad[] = { 0, 1, 15, 17, 31, 33, 40 };

	for (unsigned i = 0; i < sizeof(bad); i++) {
		struct cf_dev *d = cf_up(c, CF_BLK);
		struct drv_mem m, table = flush_table(c, &m);

		drv_split_desc(&d->ring[0], 0, table.gpa, bad[i], INDIRECT, 0);
		raw(d);
		CF_UNTIL(c, needs_reset(d));
		CHECK(c, cf_none(c, d, 0));
		CHECK_EQ(c, 0xff, ((volatile uint8_t *)m.p)[16]);
		CHECK_EQ(c, 2, d->bus.ops->take_isr(&d->bus));
	}
	cf_echo(c, cf_up(c, CF_BLK));
}

static void c2_4_1c_indirect_that_was_not_negotiated(struct cf *c)
{
	struct cf_dev *d = cf_up_direct(c, CF_BLK);
	struct drv_mem m, table = flush_table(c, &m);

	drv_split_desc(&d->ring[0], 0, table.gpa, 32, INDIRECT, 0);
	raw(d);
	CF_UNTIL(c, needs_reset(d));
	CHECK(c, cf_none(c, d, 0));
	CHECK_EQ(c, 0xff, ((volatile uint8_t *)m.p)[16]);
}

/* ---- 2.6, 2.7 ------------------------------------------------------------- */

static void c2_6a_addresses_are_guest_physical(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 0; i < 8; i++)
		read_sector(c, d, cf_mem(c, 512, 512));
}

static void c2_6b_buffers_outside_of_ram(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem ram = cf_mem(c, 512, 1);
	uint64_t bad[] = {
		cf_hole(c), UINT64_MAX - 511, UINT64_MAX - 100,
		UINT64_C(1) << 52, UINT64_C(1) << 63,
	};

	memset(ram.p, 0x77, 512);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct drv_buf b[2] = { { bad[i], 512, true } };

		CHECK_EQ(c, 1, cf_blk(c, d, 0, 0, b, 1).status);
		b[0].write = false;
		CHECK_EQ(c, 1, cf_blk(c, d, 1, 0, b, 1).status);
		/* Nothing moves when one of them is bad. */
		b[0] = (struct drv_buf){ ram.gpa, 512, false };
		b[1] = (struct drv_buf){ bad[i], 512, false };
		cf_image_fill(c, 4096, 512, (uint8_t)i);
		CHECK_EQ(c, 1, cf_blk(c, d, 1, 8, b, 2).status);
		CHECK(c, cf_image_is(c, 4096, 512, (uint8_t)i));
	}
	read_sector(c, d, ram);
}

static void c2_6b_rings_outside_of_ram(struct cf *c)
{
	for (unsigned p = 0; p < 3; p++) {
		struct cf_dev *d = cf_start(c, CF_BLK, cf_features(CF_BLK));

		drv_q_stop(&d->bus, 0);
		d->ring[0].part[p].gpa = p == 1 ? UINT64_MAX & ~UINT64_C(4095)
						: cf_hole(c);
		drv_q_start(&d->bus, 0, &d->ring[0]);
		drv_ok(&d->bus);
		CF_UNTIL(c, needs_reset(d));
	}
	cf_echo(c, cf_up(c, CF_BLK));
}

/* Heads, nexts and tables that lead out of the ring, or in circles. */
static void c2_6b_descriptors_outside_of_the_ring(struct cf *c)
{
	for (unsigned i = 0; i < 4; i++) {
		struct cf_dev *d = cf_up(c, CF_BLK);
		struct drv_ring *r = &d->ring[0];
		struct drv_mem m = cf_mem(c, 64, 1);

		drv_split_desc(r, 0, m.gpa, 16, i == 0 ? 0 : NEXT,
			       i == 1 ? 128 : 0);
		if (i == 2)
			drv_split_desc(r, 0, cf_hole(c), 32, INDIRECT, 0);
		drv_split_avail(r, r->avail, i == 0 ? 128 : 0);
		drv_split_avail_idx(r, ++r->avail);
		d->bus.ops->notify(&d->bus, 0);
		CF_UNTIL(c, needs_reset(d));
		CHECK(c, cf_none(c, d, 0));
	}
	cf_echo(c, cf_up(c, CF_BLK));
}

static void c2_6c_buffers_of_any_address_and_length(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 1; i < 16; i += 2) {
		struct drv_mem m = cf_mem(c, 512 + 16, 16);

		m.gpa += i;
		m.p = (uint8_t *)m.p + i;
		read_sector(c, d, m);
	}
	for (unsigned i = 0; i < 4; i++)
		pieces(c, d);
}

static void c2_7a_addresses_above_4_gib(struct cf *c)
{
	CF_EACH(c, d) {
		CHECK(c, drv_start(&d->bus, cf_features(d->kind)));
		d->indirect = true;
		for (uint16_t q = 0; q < d->nq; q++) {
			struct drv_mem part[3];

			for (unsigned i = 0; i < 3; i++) {
				part[i] = cf_mem_in(c, true, drv_split.bytes(
					d->qsize[q], (enum drv_part)i, false),
					16);
				CHECK(c, part[i].gpa >> 32);
			}
			drv_ring_init(&d->ring[q], &drv_split, d->qsize[q],
				      false, part, 1);
			drv_q_start(&d->bus, q, &d->ring[q]);
		}
		drv_ok(&d->bus);
		for (unsigned i = 0; i < 4; i++)
			cf_echo(c, d);
		if (d->kind == CF_BLK)
			for (unsigned i = 0; i < 4; i++)
				read_sector(c, d, cf_mem_in(c, true, 512, 1));
		drv_reset(&d->bus);
	}
}

const struct cf_test cf_tests_ring[] = {
	CF_TEST(c2_1a_split_rings, CF_ALL),
	CF_TEST(c2_1a_indices_wrap, CF_PCI | CF_HOST),
	CF_TEST(c2_1_1a_nothing_behind_the_rings, CF_ALL),
	CF_TEST(c2_2a_descriptors_at_16, CF_ALL),
	CF_TEST(c2_2b_available_ring_at_2, CF_ALL),
	CF_TEST(c2_2c_used_ring_at_4, CF_ALL),
	CF_TEST(c2_3a_indirect_desc_is_offered, CF_ALL),
	CF_TEST(c2_3b_event_idx_is_not_offered, CF_ALL),
	CF_TEST(c2_3c_ring_packed_is_not_offered, CF_ALL),
	CF_TEST(c2_4a_next_chains_descriptors, CF_ALL),
	CF_TEST(c2_4b_write_is_the_devices_to_write, CF_ALL),
	CF_TEST(c2_4c_indirect_is_taken, CF_ALL),
	CF_TEST(c2_4c_a_long_request_in_one_descriptor, CF_ALL),
	CF_TEST(c2_4_1a_indirect_table_anywhere, CF_ALL),
	CF_TEST(c2_4_1b_length_not_a_multiple_of_16, CF_ALL),
	CF_TEST(c2_4_1c_indirect_that_was_not_negotiated, CF_ALL),
	CF_TEST(c2_6a_addresses_are_guest_physical, CF_ALL),
	CF_TEST(c2_6b_buffers_outside_of_ram, CF_ALL),
	CF_TEST(c2_6b_rings_outside_of_ram, CF_ALL),
	CF_TEST(c2_6b_descriptors_outside_of_the_ring, CF_ALL),
	CF_TEST(c2_6c_buffers_of_any_address_and_length, CF_ALL),
	CF_TEST(c2_7a_addresses_above_4_gib, CF_ALL),
	{ NULL, NULL, 0 },
};
