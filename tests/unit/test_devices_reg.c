/*
 * Description: a register table answers reads of any width and offset from the
 * registers they cover, and takes writes only as a register's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "devices/base/reg.h"

struct dev {
	uint8_t bytes[32];      /* what a read must find */
	unsigned reads[32], writes[32];
	uint32_t wrote;
};

static uint32_t rd(void *ctx, const struct reg *r)
{
	struct dev *d = ctx;
	uint32_t v = 0;

	d->reads[r->off]++;
	for (unsigned i = 0; i < r->size; i++)
		v |= (uint32_t)d->bytes[r->off + i] << (8 * i);
	/* What lies above a register's width is not the table's business. */
	return r->size < 4 ? v | 0xdeadbeef << (8 * r->size) : v;
}

static void wr(void *ctx, const struct reg *r, uint32_t val)
{
	struct dev *d = ctx;

	d->writes[r->off]++;
	d->wrote = val;
}

/* 0: 4 rw, 4: 4 ro, 8: 2 rw, 10: 2 ro, 12: 1 rw, 13: 1 wo, 14-15 hole,
 * 16: 4 rw, hole to the end. */
static const struct reg regs[] = {
	{ 0, 4, "a", rd, wr, 0 },
	{ 4, 4, "b", rd, NULL, 0 },
	{ 8, 2, "c", rd, wr, 0 },
	{ 10, 2, "d", rd, NULL, 0 },
	{ 12, 1, "e", rd, wr, 0 },
	{ 13, 1, "f", NULL, wr, 0 },
	{ 16, 4, "g", rd, wr, 0 },
};

static void fill(struct dev *d, uint8_t undef)
{
	memset(d, 0, sizeof(*d));
	for (unsigned i = 0; i < sizeof(d->bytes); i++)
		d->bytes[i] = undef;
	for (unsigned i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		for (unsigned k = 0; k < regs[i].size; k++)
			d->bytes[regs[i].off + k] = regs[i].rd ?
				(uint8_t)(0x10 + regs[i].off + k) : 0;
}

static void reads_of_any_width(void **state)
{
	struct dev d;

	(void)state;
	for (unsigned undef = 0; undef < 256; undef += 255) {
		const struct reg_block b = { regs, 7, (uint8_t)undef };

		for (unsigned size = 1; size <= 4; size *= 2) {
			for (unsigned off = 0; off + size <= 32; off++) {
				uint32_t want = 0, got = 0x12345678;

				fill(&d, (uint8_t)undef);
				for (unsigned i = 0; i < size; i++)
					want |= (uint32_t)d.bytes[off + i] <<
						(8 * i);
				reg_rw(&b, &d, off, size, &got, false);
				assert_int_equal(want, got);
			}
		}
	}
}

static void reads_touch_only_what_they_cover(void **state)
{
	const struct reg_block b = { regs, 7, 0 };
	struct dev d;
	uint32_t v;

	(void)state;
	fill(&d, 0);
	reg_rw(&b, &d, 10, 2, &v, false);
	reg_rw(&b, &d, 11, 1, &v, false);
	assert_int_equal(2, d.reads[10]);
	assert_int_equal(0, d.reads[8] + d.reads[12] + d.reads[4]);
	reg_rw(&b, &d, 7, 4, &v, false);
	assert_int_equal(1, d.reads[4]);
	assert_int_equal(1, d.reads[8]);
	assert_int_equal(3, d.reads[10]);
	assert_int_equal(0, d.reads[12]);
}

static void writes_name_a_register_and_its_width(void **state)
{
	const struct reg_block b = { regs, 7, 0 };

	(void)state;
	for (unsigned size = 1; size <= 4; size *= 2) {
		for (unsigned off = 0; off < 24; off++) {
			uint32_t val = 0xa5a5a5a5;
			const struct reg *hit = NULL;
			unsigned n = 0;
			struct dev d;

			fill(&d, 0);
			for (unsigned i = 0; i < 7; i++)
				if (regs[i].off == off &&
				    regs[i].size == size && regs[i].wr)
					hit = &regs[i];
			reg_rw(&b, &d, off, size, &val, true);
			for (unsigned i = 0; i < 32; i++)
				n += d.writes[i] + d.reads[i];
			assert_int_equal(hit ? 1 : 0, n);
			if (hit)
				assert_int_equal(1, d.writes[off]);
			assert_int_equal(hit ? val : 0, d.wrote);
			assert_int_equal(0xa5a5a5a5, val);
		}
	}
}

static void an_empty_table_is_all_hole(void **state)
{
	const struct reg_block b = { NULL, 0, 0xff };
	uint32_t v = 0;

	(void)state;
	reg_rw(&b, NULL, 0xfffc, 4, &v, false);
	assert_int_equal(0xffffffff, v);
	reg_rw(&b, NULL, 0, 2, &v, false);
	assert_int_equal(0xffff, v);
	reg_rw(&b, NULL, 0, 4, &v, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_of_any_width),
		cmocka_unit_test(reads_touch_only_what_they_cover),
		cmocka_unit_test(writes_name_a_register_and_its_width),
		cmocka_unit_test(an_empty_table_is_all_hole),
	};

	return cmocka_run_group_tests_name("reg", tests, NULL, NULL);
}
