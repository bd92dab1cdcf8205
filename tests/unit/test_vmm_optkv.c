/* Description: "FIRST,key=value,flag" becomes a struct, or one sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/optkv.h"

struct thing {
	const char *path, *label;
	bool ro;
	unsigned count;
	uint64_t size;
	int colour;
};

static const char *const colours[] = { "off", "on", "green", NULL };
static const struct optkv_key keys[] = {
	{ "path", OPTKV_TEXT, .off = offsetof(struct thing, path) },
	{ "label", OPTKV_TEXT, .off = offsetof(struct thing, label),
	  .lone = true },
	{ "ro", OPTKV_FLAG, .off = offsetof(struct thing, ro) },
	{ "count", OPTKV_NUMBER, .off = offsetof(struct thing, count),
	  .min = 1, .max = 32 },
	{ "size", OPTKV_SIZE, .off = offsetof(struct thing, size),
	  .min = 4096, .max = 1u << 30 },
	{ "colour", OPTKV_WORD, .off = offsetof(struct thing, colour),
	  .words = colours, .lone = true },
};

static char text[256], err[256];

static int parse(const char *what, struct thing *t)
{
	memset(t, 0, sizeof(*t));
	strcpy(text, what);
	err[0] = '\0';
	return optkv_parse("--thing", text, keys, 6, t, err, sizeof(err));
}

static void first_key_needs_no_name(void **state)
{
	struct thing t;

	(void)state;
	assert_int_equal(parse("a.img", &t), 0);
	assert_string_equal(t.path, "a.img");
	assert_int_equal(parse("path=a.img", &t), 0);
	assert_string_equal(t.path, "a.img");
	assert_int_equal(parse("ro,path=a.img", &t), -EINVAL);
	assert_int_equal(parse("label=x,path=a.img", &t), 0);
	assert_string_equal(t.path, "a.img");
	assert_string_equal(t.label, "x");
}

static void a_path_may_hold_equals_signs(void **state)
{
	struct thing t;

	(void)state;
	assert_int_equal(parse("/dev/disk/by-id/a=b", &t), 0);
	assert_string_equal(t.path, "/dev/disk/by-id/a=b");
	assert_int_equal(parse("path=a=b", &t), 0);
	assert_string_equal(t.path, "a=b");
}

static void two_commas_are_one(void **state)
{
	struct thing t;

	(void)state;
	assert_int_equal(parse("a,,b,,,ro", &t), 0);
	assert_string_equal(t.path, "a,b,");
	assert_true(t.ro);
	assert_int_equal(parse("a,label=x,,", &t), 0);
	assert_string_equal(t.label, "x,");
}

static void all_types_arrive(void **state)
{
	struct thing t;

	(void)state;
	assert_int_equal(parse("p,ro,count=32,size=1M,colour=green,label=",
			       &t), 0);
	assert_true(t.ro);
	assert_int_equal(t.count, 32);
	assert_int_equal(t.size, 1 << 20);
	assert_int_equal(t.colour, 2);
	assert_string_equal(t.label, "");
	assert_int_equal(parse("p,ro=off,colour", &t), 0);
	assert_false(t.ro);
	assert_int_equal(t.colour, 1);
}

static void bad_values_are_named(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "", "path is empty" },
		{ "path=", "path is empty" },
		{ "ro=on", "path is missing" },
		{ "p,ro,ro=off", "ro is given twice" },
		{ "p,path=q", "path is given twice" },
		{ "p,ro=yes", "say on or off" },
		{ "p,count=0", "not a number from 1 to 32" },
		{ "p,count=33", "not a number from 1 to 32" },
		{ "p,count=1K", "not a number from 1 to 32" },
		{ "p,count=-1", "not a number" },
		{ "p,count= 1", "not a number" },
		{ "p,count", "count needs a value" },
		{ "p,label", "label needs a value" },
		{ "p,size=4095", "not a size from 4K to 1G" },
		{ "p,size=2G", "not a size from 4K to 1G" },
		{ "p,colour=red", "not one of off, on, green" },
		{ "p,", "unknown key ''" },
		{ "p,zzzzz", "there is path, label, ro, count, size, colour" },
		{ "p,cuont=1", "did you mean count?" },
	};
	struct thing t;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].text, &t), -EINVAL);
		if (!strstr(err, bad[i].says))
			fail_msg("\"%s\" says: %s", bad[i].text, err);
		assert_memory_equal(err, "--thing: ", 9);
	}
}

static void sizes_have_units(void **state)
{
	static const struct { const char *text; int ret; uint64_t val; } s[] = {
		{ "0", 0, 0 }, { "512", 0, 512 }, { "1k", 0, 1024 },
		{ "3M", 0, 3 << 20 }, { "2G", 0, UINT64_C(2) << 30 },
		{ "5T", 0, UINT64_C(5) << 40 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "16777216T", -ERANGE, 0 },
		{ "16777215T", 0, UINT64_C(16777215) << 40 },
		{ "", -EINVAL, 0 }, { "K", -EINVAL, 0 }, { "1KB", -EINVAL, 0 },
		{ "1Z", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1.5G", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 }, { "1~", -EINVAL, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(s) / sizeof(s[0]); i++) {
		uint64_t val = 0;

		if (optkv_size(s[i].text, &val) != s[i].ret || val != s[i].val)
			fail_msg("\"%s\" is %llu", s[i].text,
				 (unsigned long long)val);
	}
}

static void nearest_is_near(void **state)
{
	static const char *const words[] = { "--disk", "--display", NULL };

	(void)state;
	assert_string_equal(optkv_nearest("--dsk", words), "--disk");
	assert_string_equal(optkv_nearest("--displya", words), "--display");
	assert_null(optkv_nearest("--kernel", words));
	assert_null(optkv_nearest("a-word-longer-than-all-the-words-there-are",
				  words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_key_needs_no_name),
		cmocka_unit_test(a_path_may_hold_equals_signs),
		cmocka_unit_test(two_commas_are_one),
		cmocka_unit_test(all_types_arrive),
		cmocka_unit_test(bad_values_are_named),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(nearest_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
