/* Description: AML lengths, names and numbers have their shortest form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bios/aml.h"

static uint8_t buf[1200000];

static void assert_bytes(const struct aml *a, const char *want, uint32_t len)
{
	assert_false(a->full);
	assert_int_equal(a->len, len);
	assert_memory_equal(a->buf, want, len);
}
#define BYTES(a, s) assert_bytes(a, s, sizeof(s) - 1)

/* A package's length counts itself: 63, 4095 and 1048575 are the last that
 * fit into one, two and three bytes. */
static void lengths_count_themselves(void **state)
{
	static const struct { uint32_t body, size; uint8_t head[4]; } t[] = {
		{ 62, 1, { 0x3f } },
		{ 63, 2, { 0x41, 0x04 } },
		{ 4093, 2, { 0x4f, 0xff } },
		{ 4094, 3, { 0x81, 0x00, 0x01 } },
		{ 1048572, 3, { 0x8f, 0xff, 0xff } },
		{ 1048573, 4, { 0xc1, 0x00, 0x00, 0x01 } },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct aml a;
		aml_mark m;

		aml_init(&a, buf, sizeof(buf));
		m = aml_package(&a, 0);         /* one byte of the body */
		for (uint32_t n = 1; n < t[i].body; n++)
			aml_int(&a, 1);
		aml_end(&a, m);
		assert_false(a.full);
		assert_int_equal(a.len, 1 + t[i].size + t[i].body);
		assert_int_equal(buf[0], 0x12);
		assert_memory_equal(buf + 1, t[i].head, t[i].size);
		assert_int_equal(buf[1 + t[i].size], 0);
		assert_int_equal(buf[a.len - 1], 1);
	}
}

static void bodies_nest(void **state)
{
	struct aml a;
	aml_mark scope, dev;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	scope = aml_scope(&a, "\\_SB");
	dev = aml_device(&a, "X");
	aml_name_int(&a, "_UID", 2);
	aml_end(&a, dev);
	aml_end(&a, scope);
	BYTES(&a, "\x10\x14\\_SB_" "\x5b\x82\x0cX___" "\x08_UID\x0a\x02");
}

static void paths_have_one_to_many_segments(void **state)
{
	struct aml a;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	aml_path(&a, "AB");
	BYTES(&a, "AB__");
	aml_init(&a, buf, sizeof(buf));
	aml_path(&a, "\\_SB.PCI0");
	BYTES(&a, "\\\x2e_SB_PCI0");
	aml_init(&a, buf, sizeof(buf));
	aml_path(&a, "_SB.PCI0.A");
	BYTES(&a, "\x2f\x03_SB_PCI0A___");
}

static void numbers_take_as_few_bytes_as_they_can(void **state)
{
	static const uint32_t v[] = { 0, 1, 2, 0xff, 0x100, 0xffff, 0x10000 };
	struct aml a;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		aml_int(&a, v[i]);
	BYTES(&a, "\x00\x01\x0a\x02\x0a\xff\x0b\x00\x01\x0b\xff\xff"
		  "\x0c\x00\x00\x01\x00");
}

static void eisa_ids_are_compressed(void **state)
{
	struct aml a;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	aml_name_eisa(&a, "_HID", "PNP0A03");
	BYTES(&a, "\x08_HID\x0c\x41\xd0\x0a\x03");
}

static void resource_lists_know_their_size(void **state)
{
	struct aml a;
	aml_mark m;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	m = aml_resources(&a, "_CRS");
	aml_res_io(&a, 0x3f8, 8);
	aml_res_irq(&a, 4);
	aml_resources_end(&a, m);
	BYTES(&a, "\x08_CRS\x11\x10\x0a\x0d"
		  "\x47\x01\xf8\x03\xf8\x03\x01\x08" "\x22\x10\x00" "\x79\x00");
}

/* Whatever the room, nothing is written behind it (ASan) and full says so. */
static void running_out_of_room_is_noticed(void **state)
{
	for (uint32_t cap = 0; cap < 40; cap++) {
		uint8_t small[40];
		struct aml a;
		aml_mark scope, res;

		memset(small, 0xee, sizeof(small));
		aml_init(&a, small, cap);
		scope = aml_scope(&a, "\\_SB");
		res = aml_resources(&a, "_CRS");
		aml_res_gsi(&a, 10, true);
		aml_resources_end(&a, res);
		aml_end(&a, scope);
		assert_int_equal(a.full, cap < 27);
		for (uint32_t i = cap; i < sizeof(small); i++)
			assert_int_equal(small[i], 0xee);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_count_themselves),
		cmocka_unit_test(bodies_nest),
		cmocka_unit_test(paths_have_one_to_many_segments),
		cmocka_unit_test(numbers_take_as_few_bytes_as_they_can),
		cmocka_unit_test(eisa_ids_are_compressed),
		cmocka_unit_test(resource_lists_know_their_size),
		cmocka_unit_test(running_out_of_room_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
