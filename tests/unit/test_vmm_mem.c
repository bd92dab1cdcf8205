/* Description: guest RAM lies where the map says, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vmm/mem.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct ram {
	struct bios_layout layout;
	struct mem mem;
	struct gmem g;
};

static void make(struct ram *r, uint64_t size)
{
	char err[256];

	assert_int_equal(layout_init(&r->layout, size, 40), 0);
	assert_int_equal(mem_create(&r->mem, size, false, err, sizeof(err)), 0);
	mem_regions(&r->mem, &r->layout, &r->g);
}

static bool is_ram(const struct ram *r, uint64_t gpa, uint64_t len)
{
	return gmem_ptr(&r->g, gpa, len, GMEM_READ) &&
	       gmem_ptr(&r->g, gpa, len, GMEM_WRITE);
}

static void small_ram_has_a_hole_for_the_screen(void **state)
{
	struct ram r;

	(void)state;
	make(&r, 16 * MIB);
	assert_true(is_ram(&r, 0, LAYOUT_VGA));
	assert_false(is_ram(&r, LAYOUT_VGA, 1));
	assert_false(is_ram(&r, LAYOUT_SHADOW - 1, 1));
	assert_true(is_ram(&r, LAYOUT_SHADOW, 16 * MIB - LAYOUT_SHADOW));
	assert_false(is_ram(&r, 16 * MIB, 1));
	assert_false(is_ram(&r, LAYOUT_HIGH_RAM, 1));
	assert_false(is_ram(&r, LAYOUT_VGA - 1, 2));
	mem_destroy(&r.mem);
}

static void large_ram_leaves_the_pci_hole_free(void **state)
{
	struct ram r;

	(void)state;
	make(&r, 5 * GIB);
	assert_true(is_ram(&r, LAYOUT_LOW_RAM_MAX - 1, 1));
	assert_false(is_ram(&r, LAYOUT_LOW_RAM_MAX, 1));
	assert_false(is_ram(&r, LAYOUT_LAPIC, 1));
	assert_false(is_ram(&r, LAYOUT_HIGH_RAM - 1, 1));
	assert_true(is_ram(&r, LAYOUT_HIGH_RAM, 2 * GIB));
	assert_false(is_ram(&r, 6 * GIB, 1));
	mem_destroy(&r.mem);
}

/* Else KVM could not use the host's huge pages for the guest's. */
static void both_sides_are_aligned_to_huge_pages(void **state)
{
	struct ram r;

	(void)state;
	make(&r, 4 * GIB);
	for (unsigned i = 0; i < r.g.n; i++)
		assert_int_equal((r.g.r[i].gpa - (uintptr_t)r.g.r[i].hva) %
				 MEM_HUGE_PAGE, 0);
	mem_destroy(&r.mem);
}

static void every_byte_has_its_own_place(void **state)
{
	static const uint64_t at[] = {
		0, LAYOUT_VGA - 1, LAYOUT_SHADOW, LAYOUT_LOW_RAM_MAX - 1,
		LAYOUT_HIGH_RAM, LAYOUT_HIGH_RAM + GIB - 1,
	};
	struct ram r;

	(void)state;
	make(&r, 4 * GIB);
	for (uint8_t i = 0; i < 6; i++)
		*(uint8_t *)gmem_ptr(&r.g, at[i], 1, GMEM_WRITE) = 0x10 + i;
	for (uint8_t i = 0; i < 6; i++)
		assert_int_equal(*(uint8_t *)gmem_ptr(&r.g, at[i], 1,
						      GMEM_READ), 0x10 + i);
	mem_destroy(&r.mem);
}

static void too_much_is_refused_with_advice(void **state)
{
	char err[256] = "";
	struct mem mem;

	(void)state;
	assert_true(mem_create(&mem, UINT64_C(1) << 47, false, err,
			       sizeof(err)) < 0);
	assert_non_null(strstr(err, "Lower --memory"));
	mem_destroy(&mem);
	assert_true(mem_create(&mem, UINT64_C(4) << 40, true, err,
			       sizeof(err)) < 0);
	assert_non_null(strstr(err, "nr_hugepages"));
	mem_destroy(&mem);
}

static size_t resident(const struct mem *mem)
{
	size_t n = mem->len / 4096, there = 0;
	unsigned char *page = malloc(n);

	assert_non_null(page);
	assert_int_equal(mincore(mem->hva, mem->len, page), 0);
	for (size_t i = 0; i < n; i++)
		there += page[i] & 1;
	free(page);
	return there;
}

static void pages_come_when_touched_or_at_once(void **state)
{
	char err[256];
	struct ram r;

	(void)state;
	make(&r, 16 * MIB);
	assert_int_equal(resident(&r.mem), 0);
	/* a small page around the VGA window, whatever the host prefers */
	r.mem.hva[LAYOUT_VGA - 1] = 0;
	assert_int_equal(resident(&r.mem), 1);
	assert_int_equal(mem_prefault(&r.mem, err, sizeof(err)), 0);
	assert_int_equal(resident(&r.mem), 16 * MIB / 4096);
	assert_int_equal(r.mem.hva[0] | r.mem.hva[16 * MIB - 1], 0);
	mem_destroy(&r.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ram_has_a_hole_for_the_screen),
		cmocka_unit_test(large_ram_leaves_the_pci_hole_free),
		cmocka_unit_test(both_sides_are_aligned_to_huge_pages),
		cmocka_unit_test(every_byte_has_its_own_place),
		cmocka_unit_test(too_much_is_refused_with_advice),
		cmocka_unit_test(pages_come_when_touched_or_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
