/* Description: the guest map accounts for all RAM and leaves bus windows out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "bios/e820.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static const uint64_t sizes[] = {
	16 * MIB, 17 * MIB, 64 * MIB, 512 * MIB, 2 * GIB, 3 * GIB - 4096,
	3 * GIB, 3 * GIB + 4096, 4 * GIB, 5 * GIB, 24 * GIB,
};
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static uint64_t total_of(const struct e820_entry *e, unsigned n, uint32_t type)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		if (e[i].type == type)
			sum += e[i].len;
	return sum;
}

static void is_sorted_and_disjoint(void **state)
{
	(void)state;
	for (unsigned s = 0; s < N_SIZES; s++) {
		struct e820_entry e[E820_MAX];
		struct bios_layout l;
		unsigned n;

		assert_int_equal(layout_init(&l, sizes[s], 40), 0);
		n = e820_build(&l, e);
		assert_in_range(n, 1, E820_MAX);
		for (unsigned i = 0; i < n; i++) {
			assert_true(e[i].len > 0);
			assert_true(e[i].base + e[i].len > e[i].base);
			if (i)
				assert_true(e[i - 1].base + e[i - 1].len <=
					    e[i].base);
		}
	}
}

/* Every byte of RAM is somebody's, but for the VGA window and what lies behind
 * option ROMs. */
static void accounts_for_all_ram(void **state)
{
	(void)state;
	for (unsigned s = 0; s < N_SIZES; s++) {
		struct e820_entry e[E820_MAX];
		struct bios_layout l;
		unsigned n;

		assert_int_equal(layout_init(&l, sizes[s], 40), 0);
		n = e820_build(&l, e);
		assert_int_equal(total_of(e, n, E820_RAM) +
				 total_of(e, n, E820_ACPI) +
				 total_of(e, n, E820_NVS),
				 sizes[s] - 0x100000 + LAYOUT_EBDA);
		assert_int_equal(total_of(e, n, E820_ACPI), LAYOUT_ACPI_LEN);
		assert_int_equal(total_of(e, n, E820_NVS), LAYOUT_NVS_LEN);
	}
}

static void assert_untouched(const struct e820_entry *e, unsigned n,
			     uint64_t base, uint64_t len)
{
	for (unsigned i = 0; i < n; i++)
		assert_true(e[i].base + e[i].len <= base ||
			    e[i].base >= base + len);
}

static void leaves_the_bus_windows_out(void **state)
{
	(void)state;
	for (unsigned s = 0; s < N_SIZES; s++) {
		struct e820_entry e[E820_MAX];
		struct bios_layout l;
		unsigned n;

		assert_int_equal(layout_init(&l, sizes[s], 40), 0);
		n = e820_build(&l, e);
		assert_untouched(e, n, 0xa0000, 0x50000);
		assert_untouched(e, n, LAYOUT_PCI_A, 0xfec00000 - LAYOUT_PCI_A);
		assert_untouched(e, n, LAYOUT_IOAPIC, 0x300000);
		assert_true(l.pci64_len > 0);
		assert_untouched(e, n, l.pci64_base, l.pci64_len);
	}
}

static void maps_5_gib_as_written_down(void **state)
{
	static const struct e820_entry want[] = {
		{ 0x000000000, 0x0009f000, E820_RAM },
		{ 0x00009f000, 0x00001000, E820_RESERVED },
		{ 0x0000f0000, 0x00010000, E820_RESERVED },
		{ 0x000100000, 0xbfeef000, E820_RAM },
		{ 0x0bffef000, 0x00010000, E820_ACPI },
		{ 0x0bffff000, 0x00001000, E820_NVS },
		{ 0x0feffc000, 0x00004000, E820_RESERVED },
		{ 0x0fffc0000, 0x00040000, E820_RESERVED },
		{ 0x100000000, 0x80000000, E820_RAM },
	};
	struct e820_entry e[E820_MAX];
	struct bios_layout l;
	unsigned n;

	(void)state;
	assert_int_equal(layout_init(&l, 5 * GIB, 40), 0);
	n = e820_build(&l, e);
	assert_int_equal(n, sizeof(want) / sizeof(want[0]));
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(e[i].base, want[i].base);
		assert_int_equal(e[i].len, want[i].len);
		assert_int_equal(e[i].type, want[i].type);
	}
}

static void splits_ram_at_3_gib(void **state)
{
	struct bios_layout l;

	(void)state;
	assert_int_equal(layout_init(&l, 3 * GIB, 40), 0);
	assert_int_equal(l.low_ram_end, 0xc0000000);
	assert_int_equal(l.high_ram_end, 0);
	assert_int_equal(layout_init(&l, 3 * GIB + 4096, 40), 0);
	assert_int_equal(l.low_ram_end, 0xc0000000);
	assert_int_equal(l.high_ram_end, 4 * GIB + 4096);
}

static void refuses_impossible_sizes(void **state)
{
	struct bios_layout l;

	(void)state;
	assert_int_equal(layout_init(&l, 0, 40), -EINVAL);
	assert_int_equal(layout_init(&l, 16 * MIB - 4096, 40), -EINVAL);
	assert_int_equal(layout_init(&l, 64 * MIB + 512, 40), -EINVAL);
	assert_int_equal(layout_init(&l, 64 * GIB, 36), -E2BIG);
	assert_int_equal(layout_init(&l, UINT64_MAX & ~4095ull, 52), -E2BIG);
	assert_int_equal(layout_init(&l, 63 * GIB, 36), 0);
}

/* The window is aligned to its size, lies above RAM and below the limit. */
static void fits_the_64_bit_window(void **state)
{
	static const struct { uint64_t ram, base, len; unsigned bits; } t[] = {
		{ 512 * MIB, 64 * GIB, 64 * GIB, 40 },
		{ 100 * GIB, 128 * GIB, 64 * GIB, 40 },
		{ 5 * GIB, 32 * GIB, 32 * GIB, 36 },
		{ 40 * GIB, 48 * GIB, 16 * GIB, 36 },
		{ 62 * GIB, 63 * GIB, 1 * GIB, 36 },
		{ 63 * GIB, 0, 0, 36 },
		{ 1 * GIB, 0, 0, 32 },
	};
	struct bios_layout l;

	(void)state;
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(layout_init(&l, t[i].ram, t[i].bits), 0);
		assert_int_equal(l.pci64_base, t[i].base);
		assert_int_equal(l.pci64_len, t[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_sorted_and_disjoint),
		cmocka_unit_test(accounts_for_all_ram),
		cmocka_unit_test(leaves_the_bus_windows_out),
		cmocka_unit_test(maps_5_gib_as_written_down),
		cmocka_unit_test(splits_ram_at_3_gib),
		cmocka_unit_test(refuses_impossible_sizes),
		cmocka_unit_test(fits_the_64_bit_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
