/* Description: fw_cfg by ports and by DMA, with a hostile guest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/gmem.h"
#include "devices/legacy/fwcfg.h"
#include "tests/lib/ports.h"

#define RAM 0x24000
#define DMA_READ 2u
#define DMA_SKIP 4u
#define DMA_SELECT 8u
#define DMA_WRITE 16u

struct rig {
	struct iospace pio;
	struct gmem mem;
	struct fwcfg f;
	uint8_t *ram;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct gmem_region ram = { .gpa = 0x1000, .len = RAM,
				   .dirs = GMEM_READ | GMEM_WRITE };

	assert_non_null(r);
	r->ram = ram.hva = calloc(1, RAM);
	assert_int_equal(gmem_add(&r->mem, &ram), 0);
	iospace_init(&r->pio);
	assert_int_equal(fwcfg_init(&r->f, &r->pio, &r->mem), 0);
	assert_int_equal(fwcfg_add(&r->f, FWCFG_SIGNATURE, "QEMU", 4), 0);
	assert_int_equal(fwcfg_add(&r->f, FWCFG_CPUS, "\x03", 2), 0);
	assert_int_equal(fwcfg_add_file(&r->f, "etc/a", "first", 5), 0);
	assert_int_equal(fwcfg_add_file(&r->f, "etc/b", "", 0), 0);
	assert_int_equal(fwcfg_add_file(&r->f, "etc/c", "0123456789", 10), 0);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	fwcfg_fini(&r->f);
	free(r->ram);
	free(r);
	return 0;
}

static void select_key(struct rig *r, uint16_t key)
{
	port_out(&r->pio, 0x510, 2, key);
}

static uint8_t next(struct rig *r)
{
	return inb(&r->pio, 0x511);
}

static void the_data_port_goes_through_an_item(void **state)
{
	struct rig *r = *state;

	for (unsigned i = 0; i < 2; i++) {
		select_key(r, FWCFG_SIGNATURE);
		assert_int_equal(next(r), 'Q');
		assert_int_equal(next(r), 'E');
		assert_int_equal(next(r), 'M');
		assert_int_equal(next(r), 'U');
		assert_int_equal(next(r), 0);
		assert_int_equal(next(r), 0);
	}
	select_key(r, 0x1234);
	assert_int_equal(next(r), 0);
	/* Nothing is writable, and a write does not move it. */
	select_key(r, FWCFG_SIGNATURE);
	outb(&r->pio, 0x511, 'X');
	assert_int_equal(next(r), 'Q');
	fwcfg_reset(&r->f);
	assert_int_equal(next(r), 'Q');
}

static uint32_t be(struct rig *r, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | next(r);
	return v;
}

static void the_directory_lists_files_only(void **state)
{
	static const struct { const char *name; unsigned len; } want[] = {
		{ "etc/a", 5 }, { "etc/b", 0 }, { "etc/c", 10 },
	};
	struct rig *r = *state;

	select_key(r, FWCFG_DIRECTORY);
	assert_int_equal(be(r, 4), 3);
	for (unsigned i = 0; i < 3; i++) {
		char name[56];

		assert_int_equal(be(r, 4), want[i].len);
		assert_int_equal(be(r, 2), FWCFG_FILES + i);
		assert_int_equal(be(r, 2), 0);
		for (unsigned j = 0; j < sizeof(name); j++)
			name[j] = (char)next(r);
		assert_string_equal(name, want[i].name);
	}
	select_key(r, FWCFG_FILES + 2);
	assert_int_equal(next(r), '0');
	assert_int_equal(fwcfg_add_file(&r->f, "etc/c", "", 0), -EEXIST);
	assert_int_equal(fwcfg_add(&r->f, FWCFG_CPUS, "", 0), -EEXIST);
	assert_int_equal(fwcfg_add_file(&r->f, "a name of 56 characters, which "
					"is one too many for them!", "", 0),
			 -EINVAL);
}

static void items_run_out(void **state)
{
	struct rig *r = *state;
	char name[8];
	int ret = 0;

	for (unsigned i = 0; i < FWCFG_ITEMS && ret == 0; i++) {
		snprintf(name, sizeof(name), "%u", i);
		ret = fwcfg_add_file(&r->f, name, "", 0);
	}
	assert_int_equal(ret, -ENOSPC);
	/* What is there stays whole. */
	select_key(r, FWCFG_DIRECTORY);
	assert_int_equal(be(r, 4), r->f.files);
	fwcfg_clear(&r->f);
	select_key(r, FWCFG_DIRECTORY);
	assert_int_equal(be(r, 4), 0);
}

/* ---- DMA --------------------------------------------------------------------- */

static void put_be(uint8_t *p, unsigned n, uint64_t v)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

/* The request's control word when it is done. */
static uint32_t dma(struct rig *r, uint64_t at, uint32_t control, uint32_t len,
		    uint64_t addr)
{
	uint8_t *p = r->ram + at - 0x1000, half[4];
	uint32_t word;

	put_be(p, 4, control);
	put_be(p + 4, 4, len);
	put_be(p + 8, 8, addr);
	put_be(half, 4, at >> 32);
	memcpy(&word, half, 4);
	port_out(&r->pio, 0x514, 4, word);
	put_be(half, 4, at & 0xffffffff);
	memcpy(&word, half, 4);
	port_out(&r->pio, 0x518, 4, word);
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void dma_copies(void **state)
{
	const uint32_t c = DMA_SELECT | (FWCFG_FILES + 2) << 16;
	struct rig *r = *state;

	assert_int_equal(port_in(&r->pio, 0x514, 4), 0x554d4551);
	assert_int_equal(port_in(&r->pio, 0x518, 4), 0x47464320);
	memset(r->ram + 0x1000, 'x', 32);
	assert_int_equal(dma(r, 0x1000, c | DMA_READ, 4, 0x2000), 0);
	assert_memory_equal(r->ram + 0x1000, "0123xxxx", 8);
	assert_int_equal(dma(r, 0x1000, DMA_SKIP, 2, 0), 0);
	/* Past its end an item is zeroes. */
	assert_int_equal(dma(r, 0x1000, DMA_READ, 6, 0x2000), 0);
	assert_memory_equal(r->ram + 0x1000, "6789\0\0xx", 8);
	assert_int_equal(dma(r, 0x1000, c | DMA_READ, 0, 0), 0);
	assert_int_equal(next(r), '0');
	assert_int_equal(dma(r, 0x1000, 0, 100, 0), 0);
	assert_int_equal(next(r), '1');
}

static void dma_stays_inside_ram(void **state)
{
	const uint32_t read = DMA_READ | DMA_SELECT | FWCFG_FILES << 16;
	static const uint64_t bad[] = {
		0, 0xfff, 0x1000 + RAM, 0x1000 + RAM - 1, ~0ull, ~0ull - 1,
		1ull << 32,
	};
	struct rig *r = *state;
	uint8_t *was = malloc(RAM);

	memset(r->ram, 'x', RAM);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(dma(r, 0x1000, read, 2, bad[i]), 1);
		assert_int_equal(dma(r, 0x1000, read, ~0u, bad[i]), 1);
	}
	assert_int_equal(dma(r, 0x1000, DMA_WRITE, 1, 0x2000), 1);
	assert_int_equal(r->ram[0x10], 'x');
	/* A request that is nowhere: nothing happens. */
	memcpy(was, r->ram, RAM);
	port_out(&r->pio, 0x514, 4, 0xffffffff);
	port_out(&r->pio, 0x518, 4, 0xffffffff);
	port_out(&r->pio, 0x518, 4, 0);
	port_out(&r->pio, 0x518, 1, 0x10);
	assert_memory_equal(was, r->ram, RAM);
	/* Data over the request itself: its result is what is left. */
	assert_int_equal(dma(r, 0x1000, read, 16, 0x1000), 0);
	free(was);
}

/* A request of gigabytes would keep its CPU from being stopped for seconds. */
static void dma_makes_few_zeroes(void **state)
{
	const uint32_t c = DMA_READ | DMA_SELECT | (FWCFG_FILES + 2) << 16;
	const uint32_t none = DMA_READ | DMA_SELECT | 0x1234u << 16;
	const uint32_t most = 10 + FWCFG_PAST_MAX;
	struct rig *r = *state;

	memset(r->ram + 0x1000, 'x', RAM - 0x1000);
	assert_int_equal(dma(r, 0x1000, c, most + 1, 0x2000), 1);
	assert_int_equal(dma(r, 0x1000, none, FWCFG_PAST_MAX + 1, 0x2000), 1);
	for (unsigned i = 0x1000; i < RAM; i++)
		assert_int_equal(r->ram[i], 'x');
	assert_int_equal(dma(r, 0x1000, c, most, 0x2000), 0);
	assert_memory_equal(r->ram + 0x1000, "0123456789\0\0", 12);
	assert_int_equal(r->ram[0x1000 + most - 1], 0);
	assert_int_equal(r->ram[0x1000 + most], 'x');
	/* To skip costs nothing. */
	assert_int_equal(dma(r, 0x1000, DMA_SKIP, ~0u, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_data_port_goes_through_an_item, setup, teardown),
		cmocka_unit_test_setup_teardown(the_directory_lists_files_only,
						setup, teardown),
		cmocka_unit_test_setup_teardown(items_run_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(dma_copies, setup, teardown),
		cmocka_unit_test_setup_teardown(dma_stays_inside_ram, setup,
						teardown),
		cmocka_unit_test_setup_teardown(dma_makes_few_zeroes, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
