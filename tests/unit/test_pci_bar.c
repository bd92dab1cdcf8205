/* Description: BARs size, move, and answer only where COMMAND allows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

#define IO 1
#define MEM 2

struct fix {
	struct pci_rig rig;
	/* slot 1: BAR0 64-bit 16 KiB, BAR2 32-bit 4 KiB, BAR3 32 ports,
	 * BAR4 64-bit 8 GiB */
	struct pci_fake a;
	struct pci_fake b;              /* slot 2: BAR0 32-bit 64 KiB */
};

static int setup(void **state)
{
	static struct fix fix;
	struct fix *f = &fix;

	pci_rig_init(&f->rig);
	pci_fake_init(&f->a, "a", 1);
	pci_fake_bar(&f->a, 0, PCI_BAR_MEM64, 0x4000);
	pci_fake_bar(&f->a, 2, PCI_BAR_MEM32, 0x1000);
	pci_fake_bar(&f->a, 3, PCI_BAR_IO, 0x20);
	pci_fake_bar(&f->a, 4, PCI_BAR_MEM64, 0x200000000);
	assert_int_equal(0, pci_add(&f->rig.bus, &f->a.pci, 1, 0));
	pci_fake_init(&f->b, "b", 1);
	pci_fake_bar(&f->b, 0, PCI_BAR_MEM32, 0x10000);
	assert_int_equal(0, pci_add(&f->rig.bus, &f->b.pci, 2, 0));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pci_rig_fini(&f->rig);
	assert_int_equal(0, f->rig.mmio.n);
	assert_int_equal(0, f->rig.pio.n);
	return 0;
}

static void command(struct fix *f, unsigned slot, unsigned val)
{
	pci_rig_put(&f->rig, slot, 0, 4, 2, val);
}

static void put(struct fix *f, unsigned slot, unsigned bar, uint32_t val)
{
	pci_rig_put(&f->rig, slot, 0, 0x10 + 4 * bar, 4, val);
}

static uint32_t get(struct fix *f, unsigned slot, unsigned bar)
{
	return pci_rig_get(&f->rig, slot, 0, 0x10 + 4 * bar, 4);
}

static void sizing(void **state)
{
	struct fix *f = *state;
	static const struct { unsigned bar; uint32_t idle, sized; } want[] = {
		{ 0, 0x00000004, 0xffffc004 }, { 1, 0, 0xffffffff },
		{ 2, 0x00000000, 0xfffff000 }, { 3, 1, 0xffffffe1 },
		{ 4, 0x00000004, 0x00000004 }, { 5, 0, 0xfffffffe },
	};

	for (unsigned decode = 0; decode < 2; decode++) {
		command(f, 1, decode ? IO | MEM : 0);
		for (unsigned i = 0; i < 6; i++) {
			assert_int_equal(want[i].idle, get(f, 1, i));
			put(f, 1, i, 0xffffffff);
			assert_int_equal(want[i].sized, get(f, 1, i));
			assert_false(f->a.bar[i].mapped);
			put(f, 1, i, 0);
		}
		/* both halves at once */
		put(f, 1, 0, 0xffffffff);
		put(f, 1, 1, 0xffffffff);
		assert_false(f->a.bar[0].mapped);
		put(f, 1, 0, 0);
		put(f, 1, 1, 0);
	}
	/* no expansion ROM, no further BARs */
	pci_rig_put(&f->rig, 1, 0, 0x30, 4, 0xffffffff);
	assert_int_equal(0, pci_rig_get(&f->rig, 1, 0, 0x30, 4));
	put(f, 2, 1, 0xffffffff);
	assert_int_equal(0, get(f, 2, 1));
}

static void prefetch_bit(void **state)
{
	struct fix *f = *state;
	static struct pci_fake p;
	static const struct io_ops none;

	pci_fake_init(&p, "p", 0);
	pci_set_bar(&p.pci, 0, PCI_BAR_MEM32, 0x1000, &none, true);
	pci_set_bar(&p.pci, 1, PCI_BAR_MEM64, 0x1000, &none, true);
	assert_int_equal(0, pci_add(&f->rig.bus, &p.pci, 9, 0));
	assert_int_equal(0x8, get(f, 9, 0));
	assert_int_equal(0xc, get(f, 9, 1));
}

static void decode_gate(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;

	put(f, 1, 0, 0xe0000000);
	put(f, 1, 2, 0xe0010000);
	put(f, 1, 3, 0xc000);
	assert_int_equal(0xffff, pci_rig_peek(rig, false, 0xe0000010));
	assert_int_equal(0xffff, pci_rig_peek(rig, true, 0xc010));
	command(f, 1, MEM);
	assert_int_equal(0x1121, pci_rig_peek(rig, false, 0xe0000010));
	assert_int_equal(0x3335, pci_rig_peek(rig, false, 0xe0010002));
	assert_int_equal(0xffff, pci_rig_peek(rig, true, 0xc010));
	assert_false(f->a.bar[3].mapped);
	command(f, 1, IO);
	assert_int_equal(0xffff, pci_rig_peek(rig, false, 0xe0000010));
	assert_int_equal(0x4454, pci_rig_peek(rig, true, 0xc010));
	assert_int_equal(0xc000, f->a.bar[3].base);
	/* just outside */
	assert_int_equal(0xffff, pci_rig_peek(rig, true, 0xbffe));
	assert_int_equal(0xffff, pci_rig_peek(rig, true, 0xc020));
	command(f, 1, 0);
	assert_int_equal(0xffff, pci_rig_peek(rig, true, 0xc010));
	assert_int_equal(2, f->a.bar[0].told);
	assert_int_equal(2, f->a.bar[2].told);
	assert_int_equal(2, f->a.bar[3].told);
	assert_int_equal(0, f->a.bar[4].told);
	/* a command write that changes nothing tells nobody */
	command(f, 1, MEM);
	command(f, 1, MEM | 0x100);
	assert_int_equal(3, f->a.bar[0].told);
}

static void writes_arrive(void **state)
{
	struct fix *f = *state;
	uint64_t val = 0x1122334455667788;

	put(f, 1, 0, 0xe0000000);
	command(f, 1, MEM);
	assert_true(iospace_rw(&f->rig.mmio, 0xe0003ff8, 8, &val, true));
	assert_int_equal(0x3ff8, f->a.wr_off);
	assert_int_equal(8, f->a.wr_size);
	assert_true(f->a.wr_val == 0x1122334455667788);
	/* the last two bytes only */
	assert_true(iospace_rw(&f->rig.mmio, 0xe0003ffe, 4, &val, true));
	assert_int_equal(0x3fff, f->a.wr_off);
	assert_int_equal(0x77, f->a.wr_val);
	assert_false(iospace_rw(&f->rig.mmio, 0xe0004000, 4, &val, true));
}

static void moves(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;
	/* RAM, device windows, above 4 GiB, near the end of everything */
	static const uint64_t to[] = {
		0x100000, 0x80000000, 0xe0004000, 0xfec00000, 0xfee00000,
		0xffff8000, 0x100000000, 0x1ffffc000, 0x7000000000,
		0x000fffffffff8000, 0x7fffffffffffc000, 0xffffffffffff8000,
	};
	uint64_t was = 0x4000;

	put(f, 1, 0, 0x4000);
	command(f, 1, MEM);
	for (unsigned i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		put(f, 1, 0, (uint32_t)to[i]);
		put(f, 1, 1, (uint32_t)(to[i] >> 32));
		assert_true(f->a.bar[0].mapped);
		assert_true(f->a.bar[0].base == to[i]);
		assert_int_equal(0x1113, pci_rig_peek(rig, false, to[i] + 2));
		assert_int_equal(0x1111 + 0x3ffe,
				 pci_rig_peek(rig, false, to[i] + 0x3ffe));
		assert_int_equal(0xffff, pci_rig_peek(rig, false, was));
		assert_int_equal(1, rig->mmio.n);
		was = to[i];
	}
}

/* Half of a 64-bit address is an address, too, but never one that wraps. */
static void half_written(void **state)
{
	struct fix *f = *state;

	put(f, 1, 0, 0xe0000000);
	command(f, 1, MEM);
	put(f, 1, 1, 0xffffffff);
	assert_true(f->a.bar[0].mapped);
	assert_true(f->a.bar[0].base == 0xffffffffe0000000);
	put(f, 1, 0, 0xffffc000);       /* base + len == 2^64 */
	assert_false(f->a.bar[0].mapped);
	put(f, 1, 1, 0);                /* ends at 4 GiB */
	assert_false(f->a.bar[0].mapped);
	put(f, 1, 1, 1);                /* ends at 8 GiB: fine */
	assert_true(f->a.bar[0].base == 0x1ffffc000);
	assert_true(f->a.bar[0].mapped);
	put(f, 1, 0, 0);
	assert_true(f->a.bar[0].mapped);
	assert_true(f->a.bar[0].base == 0x100000000);
	put(f, 1, 1, 0);                /* 0 is no address */
	assert_false(f->a.bar[0].mapped);

	put(f, 1, 5, 0xfffffffe);       /* 8 GiB to the end */
	assert_false(f->a.bar[4].mapped);
	put(f, 1, 5, 0xfffffffc);
	assert_true(f->a.bar[4].mapped);
	assert_true(f->a.bar[4].base == 0xfffffffc00000000);
}

static void ports(void **state)
{
	struct fix *f = *state;

	command(f, 1, IO);
	put(f, 1, 3, 0xffe0);
	assert_true(f->a.bar[3].mapped);
	assert_int_equal(0x4444 + 0x1e, pci_rig_peek(&f->rig, true, 0xfffe));
	put(f, 1, 3, 0x10000);
	assert_false(f->a.bar[3].mapped);
	put(f, 1, 3, 0x1c000);
	assert_false(f->a.bar[3].mapped);
	put(f, 1, 3, 0);
	assert_false(f->a.bar[3].mapped);
	/* over the configuration ports: they were there first */
	put(f, 1, 3, 0xce0);
	assert_true(f->a.bar[3].mapped);
	assert_int_equal(0xce1, get(f, 1, 3));
	put(f, 1, 3, 0xc000);
	assert_int_equal(0xc001, get(f, 1, 3));
	assert_int_equal(0xc000, f->a.bar[3].base);
}

static void overlap(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;

	put(f, 1, 0, 0xe0004000);
	command(f, 1, MEM);
	put(f, 2, 0, 0xe0000000);
	command(f, 2, MEM);
	/* both are mapped; who came first answers where both could */
	assert_int_equal(0x1111, pci_rig_peek(rig, false, 0xe0004000));
	assert_int_equal(0x1111 + 0x3ffe, pci_rig_peek(rig, false, 0xe0003ffe));
	assert_int_equal(0x1111 + 0x8000, pci_rig_peek(rig, false, 0xe0008000));
	/* an overlap of two BARs of one function */
	put(f, 1, 2, 0xe0006000);
	assert_int_equal(0x1111 + 0x2000, pci_rig_peek(rig, false, 0xe0006000));
	put(f, 1, 0, 0xd0000000);
	assert_int_equal(0x1111 + 0x4000, pci_rig_peek(rig, false, 0xe0004000));
	command(f, 2, 0);
	assert_int_equal(0x3333, pci_rig_peek(rig, false, 0xe0006000));
	assert_int_equal(0xffff, pci_rig_peek(rig, false, 0xe0004000));
	assert_int_equal(0x1111, pci_rig_peek(rig, false, 0xd0000000));
}

static void byte_by_byte(void **state)
{
	struct fix *f = *state;

	command(f, 1, MEM);
	pci_rig_put(&f->rig, 1, 0, 0x1b, 1, 0xe0);
	assert_true(f->a.bar[2].base == 0xe0000000);
	pci_rig_put(&f->rig, 1, 0, 0x19, 1, 0x5f);
	assert_true(f->a.bar[2].base == 0xe0005000);
	pci_rig_put(&f->rig, 1, 0, 0x18, 1, 0xff);
	assert_true(f->a.bar[2].base == 0xe0005000);
	assert_int_equal(3, f->a.bar[2].told);
}

/* A guest that maps more than the space can hold gets fewer BARs, not a crash,
 * and they come when there is room again. */
static void space_full(void **state)
{
	struct fix *f = *state;
	static struct io_region filler[IOSPACE_MAX];
	unsigned n = 0;

	while (iospace_add(&f->rig.mmio, &filler[n]) == 0)
		n++;
	put(f, 1, 0, 0xe0000000);
	command(f, 1, MEM);
	assert_int_equal(0, f->a.bar[0].told);
	iospace_del(&f->rig.mmio, &filler[0]);
	put(f, 1, 0, 0xe0000000);
	assert_true(f->a.bar[0].mapped);
	for (unsigned i = 1; i < n; i++)
		iospace_del(&f->rig.mmio, &filler[i]);
}

/* ---- assignment ---------------------------------------------------------- */

static const struct pci_windows windows = {
	.io_base = 0xc000, .io_len = 0x3000,
	.mem32 = { { 0xe0000000, 0x20000 }, { 0xf0000000, 0x100000 } },
	.mem64_base = 0x700000000, .mem64_len = 0x1000000000,
};

static void assign(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;

	for (unsigned again = 0; again < 2; again++) {
		assert_int_equal(0, pci_assign(&rig->bus, &windows));
		/* largest first, 64-bit ones after the 32-bit ones */
		assert_true(f->b.bar[0].base == 0xe0000000);
		assert_true(f->a.bar[2].base == 0xe0010000);
		assert_true(f->a.bar[0].base == 0xe0014000);
		assert_true(f->a.bar[4].base == 0x800000000);
		assert_int_equal(0xc000, f->a.bar[3].base);
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(i != 1, f->a.bar[i].mapped);
		assert_int_equal(0x0003, pci_rig_get(rig, 1, 0, 4, 2));
		assert_int_equal(pci_intx_gsi(1, 0),
				 pci_rig_get(rig, 1, 0, 0x3c, 1));
		assert_int_equal(pci_intx_gsi(2, 0),
				 pci_rig_get(rig, 2, 0, 0x3c, 1));
		assert_false(f->a.master);
		if (again == 0) {
			pci_bus_reset(&rig->bus);
			assert_int_equal(0, rig->mmio.n);
			assert_int_equal(0, get(f, 2, 0));
		}
	}
}

/* What does not fit a 32-bit window any more goes into the second, then up. */
static void assign_spills(void **state)
{
	struct fix *f = *state;
	struct pci_windows w = windows;

	w.mem32[0].len = 0x11000;
	assert_int_equal(0, pci_assign(&f->rig.bus, &w));
	assert_true(f->a.bar[2].base == 0xe0010000);
	assert_true(f->a.bar[0].base == 0xf0000000);
	w.mem32[1].len = 0;
	assert_int_equal(0, pci_assign(&f->rig.bus, &w));
	assert_true(f->a.bar[4].base == 0x800000000);
	assert_true(f->a.bar[0].base == 0xa00000000);
	w.mem64_len = 0x300004000;      /* exactly */
	assert_int_equal(0, pci_assign(&f->rig.bus, &w));
	w.mem64_len--;
	assert_int_equal(-ENOSPC, pci_assign(&f->rig.bus, &w));
	/* as it was */
	assert_true(f->a.bar[0].base == 0xa00000000);
	assert_true(f->a.bar[0].mapped);
	w = windows;
	w.io_len = 0x10;
	assert_int_equal(-ENOSPC, pci_assign(&f->rig.bus, &w));
	w = windows;
	w.mem32[0].len = w.mem32[1].len = 0xffff;
	assert_int_equal(-ENOSPC, pci_assign(&f->rig.bus, &w));
}

static void assign_unaligned_window(void **state)
{
	struct fix *f = *state;
	struct pci_windows w = windows;

	w.mem32[0].base = 0xe0001234;
	assert_int_equal(0, pci_assign(&f->rig.bus, &w));
	assert_true(f->b.bar[0].base == 0xe0010000);
	assert_true(f->a.bar[2].base == 0xe0020000);
	assert_true(f->a.bar[0].base == 0xf0000000);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sizing),
		TEST(prefetch_bit),
		TEST(decode_gate),
		TEST(writes_arrive),
		TEST(moves),
		TEST(half_written),
		TEST(ports),
		TEST(overlap),
		TEST(byte_by_byte),
		TEST(space_full),
		TEST(assign),
		TEST(assign_spills),
		TEST(assign_unaligned_window),
	};

	return cmocka_run_group_tests_name("pci_bar", tests, NULL, NULL);
}
