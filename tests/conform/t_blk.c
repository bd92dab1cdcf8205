/* AERO-W7-VIRTIO 3.1: virtio-blk. */
#include <string.h>

#include "tests/conform/cf.h"

enum { IN = 0, OUT = 1, FLUSH = 4 };
enum { OK, IOERR, UNSUPP };
#define UNTOUCHED 0xe7
#define SECTORS (CF_DISK_BYTES / 512)

static void want(struct cf *c, struct cf_blk r, int status)
{
	CHECK_EQ(c, (unsigned)status, (unsigned)r.status);
	CHECK_EQ(c, 0, r.used_len);
}

static struct drv_mem buffer(struct cf *c, uint32_t len)
{
	struct drv_mem m = cf_mem(c, len, 1);

	memset(m.p, UNTOUCHED, len);
	return m;
}

static bool untouched(struct drv_mem m, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (((volatile uint8_t *)m.p)[i] != UNTOUCHED)
			return false;
	return true;
}

static void image_is(struct cf *c, uint64_t sector, uint8_t byte)
{
	CHECK(c, cf_image_is(c, sector * 512, 512, byte));
}

static void image_fill(struct cf *c, uint64_t sector, uint8_t byte)
{
	cf_image_fill(c, sector * 512, 512, byte);
}

/* ---- 3.1.2 to 3.1.4 ------------------------------------------------------- */

static void c3_1_2a_one_queue_of_128(struct cf *c)
{
	struct drv_bus *b = &c->dev[CF_BLK].bus;

	CHECK_EQ(c, 128, drv_q_max(b, 0));
	CHECK_EQ(c, 0, drv_q_max(b, 1));
}

static void c3_1_3a_features_offered(struct cf *c)
{
	static const uint8_t bits[] = { 32, 28, 2, 6, 9 };
	uint64_t f = drv_offered(&c->dev[CF_BLK].bus);

	for (unsigned i = 0; i < sizeof(bits); i++)
		CHECK(c, f >> bits[i] & 1);
}

/* RO, MQ, DISCARD, WRITE_ZEROES, EVENT_IDX, and what is not named. */
static void c3_1_3b_features_not_offered(struct cf *c)
{
	static const uint8_t bits[] = { 5, 12, 13, 14, 29 };
	uint64_t f = drv_offered(&c->dev[CF_BLK].bus);

	for (unsigned i = 0; i < sizeof(bits); i++)
		CHECK(c, !(f >> bits[i] & 1));
	CHECK_EQ(c, 0, f & ~cf_features(CF_BLK));
}

static void c3_1_4a_capacity(struct cf *c)
{
	struct cf_dev *d = &c->dev[CF_BLK];

	CHECK_EQ(c, SECTORS, cf_cfg(d, 0, 4));
	CHECK_EQ(c, 0, cf_cfg(d, 4, 4));
	d->bus.ops->cfg_put(&d->bus, 0, 4, 1);
	CHECK_EQ(c, SECTORS, cf_cfg(d, 0, 4));
}

static void c3_1_4b_size_max_is_0(struct cf *c)
{
	CHECK_EQ(c, 0, cf_cfg(&c->dev[CF_BLK], 8, 4));
}

static void c3_1_4c_seg_max_and_blk_size(struct cf *c)
{
	uint32_t seg_max = cf_cfg(&c->dev[CF_BLK], 12, 4);

	CHECK(c, seg_max >= 1);
	CHECK(c, seg_max <= 126);
	CHECK_EQ(c, 512, cf_cfg(&c->dev[CF_BLK], 20, 4));
}

static void c3_1_4d_geometry_is_0(struct cf *c)
{
	CHECK_EQ(c, 0, cf_cfg(&c->dev[CF_BLK], 16, 4));
}

static void c3_1_4e_the_rest_is_0(struct cf *c)
{
	for (unsigned off = 0x18; off < 0x100; off += 4)
		CHECK_EQ(c, 0, cf_cfg(&c->dev[CF_BLK], off, 4));
}

/* ---- 3.1.5: directions ---------------------------------------------------- */

static void c3_1_5a_data_of_a_read_are_writable(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem a = buffer(c, 512), b = buffer(c, 512);
	struct drv_buf buf[2] = { { a.gpa, 512, false }, { b.gpa, 512, true } };

	image_fill(c, 0, 0x11);
	image_fill(c, 1, 0x12);
	want(c, cf_blk(c, d, IN, 0, buf, 1), IOERR);
	want(c, cf_blk(c, d, IN, 0, buf, 2), IOERR);
	CHECK(c, untouched(a, 512));
	CHECK(c, untouched(b, 512));
}

static void c3_1_5b_data_of_a_write_are_readable(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem a = buffer(c, 512), b = buffer(c, 512);
	struct drv_buf buf[2] = { { a.gpa, 512, false }, { b.gpa, 512, true } };

	image_fill(c, 0, 0x11);
	image_fill(c, 1, 0x12);
	want(c, cf_blk(c, d, OUT, 0, buf + 1, 1), IOERR);
	want(c, cf_blk(c, d, OUT, 0, buf, 2), IOERR);
	image_is(c, 0, 0x11);
	image_is(c, 1, 0x12);
	CHECK(c, untouched(b, 512));
}

static void c3_1_5c_a_flush_has_no_data(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 512);

	want(c, cf_blk(c, d, FLUSH, 0, NULL, 0), OK);
	want(c, cf_blk_at(c, d, FLUSH, 0, m, 512), IOERR);
	CHECK(c, untouched(m, 512));
}

/* ---- types ---------------------------------------------------------------- */

static void c3_1_5d_in_reads(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 0; i < 6; i++) {
		uint32_t sector = i == 0 ? 0 : i == 1 ? SECTORS - 1 :
				  rnd_below(&c->rnd, SECTORS);
		struct drv_mem m = buffer(c, 514);
		uint8_t *p = m.p;

		image_fill(c, sector, (uint8_t)(0x20 + i));
		m.gpa++;
		want(c, cf_blk_at(c, d, IN, sector, m, 512), OK);
		CHECK_EQ(c, UNTOUCHED, p[0]);
		CHECK_EQ(c, UNTOUCHED, p[513]);
		for (unsigned k = 1; k <= 512; k++)
			CHECK_EQ(c, 0x20 + i, p[k]);
	}
}

static void c3_1_5e_out_writes(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 0; i < 6; i++) {
		uint32_t sector = i == 0 ? 0 : i == 1 ? SECTORS - 3 :
				  rnd_below(&c->rnd, SECTORS - 3);
		struct drv_mem m = buffer(c, 512);

		for (unsigned k = 0; k < 3; k++)
			image_fill(c, sector + k, 0x31);
		memset(m.p, (int)(0x40 + i), 512);
		want(c, cf_blk_at(c, d, OUT, sector + 1, m, 512), OK);
		image_is(c, sector, 0x31);
		image_is(c, sector + 1, (uint8_t)(0x40 + i));
		image_is(c, sector + 2, 0x31);
	}
}

static void c3_1_5f_flush_is_supported(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);

	for (unsigned i = 0; i < 3; i++)
		want(c, cf_blk(c, d, FLUSH, 0, NULL, 0), OK);
}

/* GET_ID, DISCARD, WRITE_ZEROES and what nobody has heard of. */
static void c3_1_5g_other_types_are_unsupp(struct cf *c)
{
	static const uint32_t types[] = {
		2, 3, 5, 6, 7, 8, 10, 11, 13, 16, 0x80000000, 0x80000001,
		0xffffffff,
	};
	struct cf_dev *d = cf_up(c, CF_BLK);

	image_fill(c, 0, 0x55);
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct drv_mem m = buffer(c, 512);
		struct drv_buf b = { m.gpa, 512, i & 1 };

		want(c, cf_blk(c, d, types[i], 0, &b, 1), UNSUPP);
		b.write = !b.write;
		want(c, cf_blk(c, d, types[i], 0, &b, 1), UNSUPP);
		want(c, cf_blk(c, d, types[i], 0, NULL, 0), UNSUPP);
		CHECK(c, untouched(m, 512));
	}
	image_is(c, 0, 0x55);
}

/* ---- limits --------------------------------------------------------------- */

static void c3_1_5h_one_to_seg_max_buffers(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	uint32_t seg_max = cf_cfg(d, 12, 4);
	struct drv_mem m = buffer(c, 512);
	struct drv_buf b[128];

	CHECK(c, seg_max < 128);
	for (unsigned type = IN; type <= OUT; type++) {
		for (unsigned i = 0; i < 128; i++)
			b[i] = (struct drv_buf){ m.gpa, 512, type == IN };
		want(c, cf_blk(c, d, type, 0, NULL, 0), IOERR);
		want(c, cf_blk(c, d, type, 0, b, 1), OK);
		want(c, cf_blk(c, d, type, 0, b, seg_max), OK);
	}
}

/* More than the ring holds in direct descriptors: an indirect table. */
static void c3_1_5h_more_than_seg_max(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	uint32_t seg_max = cf_cfg(d, 12, 4);
	struct drv_mem m = cf_mem(c, 512 + 32, 16), table = cf_mem(c, 2560, 1);
	uint64_t head = m.gpa + 512;
	struct drv_buf b[131];
	unsigned n = seg_max + 1;
	uint32_t len;

	for (unsigned i = 1; i <= n; i++)
		b[i] = (struct drv_buf){ m.gpa, 512, true };
	b[0] = (struct drv_buf){ head, 16, false };
	b[n + 1] = (struct drv_buf){ head + 16, 1, true };
	((uint8_t *)m.p)[512 + 16] = 0xff;
	memset(m.p, UNTOUCHED, 512);
	CHECK(c, drv_send(&d->bus, 0, &d->ring[0], b, n + 2, &table) >= 0);
	cf_used(c, d, 0, &len);
	CHECK_EQ(c, IOERR, ((volatile uint8_t *)m.p)[512 + 16]);
	CHECK_EQ(c, 0, len);
	CHECK(c, untouched(m, 512));
}

static void c3_1_5i_a_multiple_of_512(struct cf *c)
{
	static const uint16_t bad[] = { 1, 16, 511, 513, 1000, 1023 };
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 1024);
	const struct drv_buf two[2] = {
		{ m.gpa, 500, true }, { m.gpa + 500, 12, true },
	};

	image_fill(c, 0, 0x66);
	image_fill(c, 1, 0x66);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		want(c, cf_blk_at(c, d, IN, 0, m, bad[i]), IOERR);
		CHECK(c, untouched(m, 1024));
		want(c, cf_blk_at(c, d, OUT, 0, m, bad[i]), IOERR);
	}
	image_is(c, 0, 0x66);
	image_is(c, 1, 0x66);
	/* The total counts, not the pieces. */
	want(c, cf_blk(c, d, IN, 0, two, 2), OK);
}

static void c3_1_5j_beyond_the_capacity(struct cf *c)
{
	static const uint64_t bad[] = {
		SECTORS - 1, SECTORS, SECTORS + 1, UINT64_C(1) << 32,
		UINT64_MAX / 512, UINT64_C(1) << 55, UINT64_MAX - 1, UINT64_MAX,
	};
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 1024);

	image_fill(c, SECTORS - 1, 0x77);
	image_fill(c, 0, 0x78);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		want(c, cf_blk_at(c, d, IN, bad[i], m, 1024), IOERR);
		CHECK(c, untouched(m, 1024));
		want(c, cf_blk_at(c, d, OUT, bad[i], m, 1024), IOERR);
	}
	image_is(c, SECTORS - 1, 0x77);
	image_is(c, 0, 0x78);
	want(c, cf_blk_at(c, d, IN, SECTORS - 2, m, 1024), OK);
	want(c, cf_blk_at(c, d, IN, SECTORS - 1, m, 512), OK);
}

/* cf_blk reads the status right after it saw the used entry. */
static void c3_1_5k_status_before_the_used_entry(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 512);

	for (unsigned i = 0; i < 40; i++)
		want(c, cf_blk_at(c, d, i & 1, i, m, 512), OK);
}

static void c3_1_5l_used_len_is_0(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 4096);

	CHECK_EQ(c, 0, cf_blk_at(c, d, IN, 0, m, 4096).used_len);
	CHECK_EQ(c, 0, cf_blk_at(c, d, OUT, 0, m, 4096).used_len);
	CHECK_EQ(c, 0, cf_blk(c, d, FLUSH, 0, NULL, 0).used_len);
	CHECK_EQ(c, 0, cf_blk_at(c, d, 8, 0, m, 512).used_len);
	CHECK_EQ(c, 0, cf_blk_at(c, d, IN, SECTORS, m, 512).used_len);
}

static void c3_1_5m_a_flush_waits_for_the_backend(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 512);
	unsigned syncs = cf_image_syncs(c);
	uint32_t len;

	want(c, cf_blk_at(c, d, OUT, 5, m, 512), OK);
	cf_image_hold(c, true);
	cf_ask(c, d);
	CHECK(c, cf_none(c, d, 0));
	CHECK_EQ(c, syncs, cf_image_syncs(c));
	cf_image_hold(c, false);
	cf_used(c, d, 0, &len);
	CHECK_EQ(c, syncs + 1, cf_image_syncs(c));
	image_is(c, 5, UNTOUCHED);
}

static void c3_1_5m_written_before_the_flush_is_there(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = buffer(c, 512);

	for (uint8_t i = 1; i < 5; i++) {
		memset(m.p, i, 512);
		want(c, cf_blk_at(c, d, OUT, i, m, 512), OK);
	}
	want(c, cf_blk(c, d, FLUSH, 0, NULL, 0), OK);
	for (uint8_t i = 1; i < 5; i++)
		image_is(c, i, i);
}

static void c3_1_5o_ioprio_is_ignored(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct drv_mem m = cf_mem(c, 17, 1);
	const struct drv_buf b[2] = {
		{ m.gpa, 16, false }, { m.gpa + 16, 1, true },
	};
	uint32_t len;

	memset(m.p, 0xff, 17);
	memcpy(m.p, "\4\0\0\0", 4);
	cf_send(c, d, 0, b, 2);
	cf_used(c, d, 0, &len);
	CHECK_EQ(c, OK, ((volatile uint8_t *)m.p)[16]);
}

const struct cf_test cf_tests_blk[] = {
	CF_TEST(c3_1_2a_one_queue_of_128, CF_ALL),
	CF_TEST(c3_1_3a_features_offered, CF_ALL),
	CF_TEST(c3_1_3b_features_not_offered, CF_ALL),
	CF_TEST(c3_1_4a_capacity, CF_ALL),
	CF_TEST(c3_1_4b_size_max_is_0, CF_ALL),
	CF_TEST(c3_1_4c_seg_max_and_blk_size, CF_ALL),
	CF_TEST(c3_1_4d_geometry_is_0, CF_ALL),
	CF_TEST(c3_1_4e_the_rest_is_0, CF_ALL),
	CF_TEST(c3_1_5a_data_of_a_read_are_writable, CF_ALL),
	CF_TEST(c3_1_5b_data_of_a_write_are_readable, CF_ALL),
	CF_TEST(c3_1_5c_a_flush_has_no_data, CF_ALL),
	CF_TEST(c3_1_5d_in_reads, CF_ALL),
	CF_TEST(c3_1_5e_out_writes, CF_ALL),
	CF_TEST(c3_1_5f_flush_is_supported, CF_ALL),
	CF_TEST(c3_1_5g_other_types_are_unsupp, CF_ALL),
	CF_TEST(c3_1_5h_one_to_seg_max_buffers, CF_ALL),
	CF_TEST(c3_1_5h_more_than_seg_max, CF_ALL),
	CF_TEST(c3_1_5i_a_multiple_of_512, CF_ALL),
	CF_TEST(c3_1_5j_beyond_the_capacity, CF_ALL),
	CF_TEST(c3_1_5k_status_before_the_used_entry, CF_ALL),
	CF_TEST(c3_1_5l_used_len_is_0, CF_ALL),
	CF_TEST(c3_1_5m_a_flush_waits_for_the_backend,
		CF_PCI | CF_MMIO | CF_HOST),
	CF_TEST(c3_1_5m_written_before_the_flush_is_there, CF_ALL),
	CF_TEST(c3_1_5o_ioprio_is_ignored, CF_ALL),
	{ NULL, NULL, 0 },
};
