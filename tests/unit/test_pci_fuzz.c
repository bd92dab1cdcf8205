/*
 * Description: whatever a guest writes to configuration space, mapping table,
 * interrupt lines and pending bits agree with what configuration space says.
 *
 * SEED=number in the environment repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

#define STEPS 200000
#define FNS 6
#define VECTORS 5

static struct pci_rig rig;
static struct pci_fake fn[FNS];
static uint8_t first[FNS][PCI_CFG_SIZE];        /* before the first write */
static bool wish[FNS];
static unsigned fired;
static uint64_t seed;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

static void add(unsigned i, int slot, unsigned func, unsigned pin)
{
	static const char *const names[FNS] = {
		"f0", "f1", "f2", "f3", "f4", "f5",
	};

	pci_fake_init(&fn[i], names[i], pin);
	pci_fake_bar(&fn[i], 0, PCI_BAR_MEM64, i == 3 ? 0x800000000 : 0x4000);
	if (i % 2)
		pci_fake_bar(&fn[i], 2, PCI_BAR_MEM32, 16u << 4 * i);
	if (i % 3 == 0)
		pci_fake_bar(&fn[i], 5, PCI_BAR_IO, 4u << i);
	if (i < 4)
		assert_true(pci_add_msix(&fn[i].pci, VECTORS, 0, 0x100, 0) > 0);
	assert_int_equal(0, pci_add(&rig.bus, &fn[i].pci, slot, func));
	memcpy(first[i], fn[i].pci.cfg, PCI_CFG_SIZE);
}

static int setup(void **state)
{
	const char *env = getenv("SEED");

	(void)state;
	seed = env ? strtoull(env, NULL, 0) : 0x5eed;
	print_message("SEED=%#llx\n", (unsigned long long)seed);
	seed |= (uint64_t)1 << 63;      /* xorshift must not start at 0 */
	pci_rig_init(&rig);
	add(0, 0, 0, 1);
	add(1, 3, 0, 1);
	add(2, 3, 1, 2);
	add(3, 9, 0, 1);
	add(4, 9, 7, 3);
	add(5, 31, 0, 0);
	/* adding a second function changed the header type of the first */
	first[1][0x0e] = first[3][0x0e] = 0x80;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pci_rig_fini(&rig);
	return 0;
}

static uint32_t get(unsigned i, unsigned off, unsigned size)
{
	return pci_cfg_read(&rig.bus, fn[i].pci.slot, fn[i].pci.func, off,
			    size);
}

/* ---- what must hold ------------------------------------------------------ */

/* An independent reading of PCI 3.0 6.2.5.1: is the BAR there, and where? */
static bool on_bus(unsigned i, unsigned bar, uint64_t *base)
{
	const struct pci_bar *b = &fn[i].pci.bar[bar];
	unsigned command = get(i, 4, 2);
	uint64_t lo = get(i, 0x10 + 4 * bar, 4);

	if (b->type == PCI_BAR_IO) {
		*base = lo - 1;
		return command & 1 && *base > 0 && *base <= 0xffff &&
		       *base + b->len - 1 <= 0xffff;
	}
	*base = lo & 0xfffffff0;
	if (b->type == PCI_BAR_MEM64)
		*base |= (uint64_t)get(i, 0x14 + 4 * bar, 4) << 32;
	return command & 2 && *base > 0 && *base + (b->len - 1) >= *base &&
	       *base + (b->len - 1) != UINT64_MAX &&
	       *base + (b->len - 1) != UINT32_MAX;
}

static void check_bars(unsigned i)
{
	for (unsigned bar = 0; bar < PCI_BARS; bar++) {
		const struct pci_bar *b = &fn[i].pci.bar[bar];
		uint64_t base;

		if (b->type == PCI_BAR_NONE) {
			assert_false(b->mapped);
			continue;
		}
		assert_int_equal(on_bus(i, bar, &base), b->mapped);
		assert_int_equal(b->mapped, fn[i].bar[bar].mapped);
		if (!b->mapped)
			continue;
		assert_true(b->region.base == base);
		assert_true(fn[i].bar[bar].base == base);
		assert_int_equal(0, base % b->len);
	}
}

static void check_msix(unsigned i)
{
	struct pci_dev *d = &fn[i].pci;
	unsigned ctl, pba = pci_msix_pba_read(d, 0, 4);

	if (!d->msix.n)
		return;
	ctl = get(i, d->msix.cap + 2, 2);
	assert_int_equal(VECTORS - 1, ctl & 0x3fff);
	assert_int_equal(pci_msix_enabled(d), ctl >> 15);
	assert_int_equal(0, pba >> VECTORS);
	if (!(ctl & 0x8000))
		assert_int_equal(0, pba);
	/* what is pending has a reason to be */
	for (unsigned v = 0; v < VECTORS; v++)
		if (pba >> v & 1)
			assert_true(ctl & 0x4000 || !(get(i, 4, 2) & 4) ||
				    pci_msix_table_read(d, 16 * v + 12, 4) ||
				    (!pci_msix_table_read(d, 16 * v, 4) &&
				     !pci_msix_table_read(d, 16 * v + 4, 4)));
}

static void check_fixed_bits(unsigned i)
{
	const struct pci_dev *d = &fn[i].pci;

	for (unsigned off = 0; off < PCI_CFG_SIZE; off++) {
		uint8_t fixed = (uint8_t)~d->wmask[off];

		if (off == 6)
			fixed &= (uint8_t)~8u;
		assert_int_equal(first[i][off] & fixed,
				 get(i, off, 1) & fixed);
	}
	assert_int_equal(wish[i], get(i, 6, 2) >> 3 & 1);
	assert_int_equal(pci_bus_master(d), get(i, 4, 2) >> 2 & 1);
	assert_int_equal(fn[i].master, pci_bus_master(d));
}

static void check_all(void)
{
	bool level[PCI_INTX_GSIS] = { false };
	unsigned mem = 0, io = 0;       /* mapped BARs */

	for (unsigned i = 0; i < FNS; i++) {
		const struct pci_dev *d = &fn[i].pci;

		check_bars(i);
		check_msix(i);
		check_fixed_bits(i);
		for (unsigned bar = 0; bar < PCI_BARS; bar++)
			if (d->bar[bar].mapped)
				d->bar[bar].type == PCI_BAR_IO ? io++ : mem++;
		for (unsigned l = 0; l < PCI_INTX_GSIS; l++)
			if (wish[i] && !(get(i, 4, 2) & 0x400) &&
			    !pci_msix_enabled(d) && pci_intx_gsis[l] ==
			    pci_intx_gsi(d->slot, d->cfg[0x3d] - 1u))
				level[l] = true;
	}
	assert_int_equal(mem, rig.mmio.n);
	assert_int_equal(io + 2, rig.pio.n);
	for (unsigned l = 0; l < PCI_INTX_GSIS; l++)
		assert_int_equal(level[l], rig.line[l].level);
	assert_true(rig.msi.n <= fired);
}

/* ---- what the guest and the devices do ----------------------------------- */

/* One random number a statement: the order inside one is the compiler's, and a
 * seed must mean the same script with each. */
static uint32_t any_value(void)
{
	switch (rnd() % 7) {
	case 0: return 0xffffffff;
	case 1: return 0;
	case 2: return rnd() & 0x407;
	case 3: return rnd() << 24;
	case 5: return rnd() & 0xffff;
	case 4: return 0xffffffffu << rnd() % 32;
	default: return rnd();
	}
}

static void config_write(unsigned i)
{
	static const uint8_t hot[] = {
		4, 5, 6, 0x10, 0x14, 0x18, 0x24, 0x42,
		0x43,
	};
	unsigned off = rnd() % 4 ? hot[rnd() % sizeof(hot)] : rnd() % 256;
	unsigned size = 1u << rnd() % 3;

	if (rnd() % 4 == 0)
		off += rnd() % 4;
	if (rnd() % 2)
		pci_cfg_write(&rig.bus, fn[i].pci.slot, fn[i].pci.func, off,
			      size, any_value());
	else
		pci_rig_put(&rig, fn[i].pci.slot, fn[i].pci.func, off & 0xff,
			    size, any_value());
}

static void poke_ports(void)
{
	static const uint8_t slots[] = { 0, 3, 9, 31 };
	unsigned slot = slots[rnd() % 4], reg = rnd() % 0x800;
	unsigned port = 0xcf0 + rnd() % 32, size = 1u << rnd() % 3;

	if (rnd() % 2)
		pci_rig_out(&rig, 0xcf8, 4, 0x80000000u | slot << 11 | reg);
	else if (rnd() % 2)
		pci_rig_out(&rig, 0xcf8, 4, rnd());
	/* some ports are an I/O BAR's, or nobody's */
	pci_rig_out(&rig, port, size, any_value());
	pci_rig_in(&rig, port, size);
}

static void touch_bar(unsigned i)
{
	const struct pci_bar *b = &fn[i].pci.bar[rnd() % PCI_BARS];
	unsigned size = 1u << rnd() % 4;
	uint64_t val = 0;

	if (!b->mapped)
		return;
	assert_true(iospace_rw(b->type == PCI_BAR_IO ? &rig.pio : &rig.mmio,
			       b->region.base + rnd() % b->len, size, &val,
			       false));
}

static void msix_table(unsigned i)
{
	unsigned v = rnd() % (VECTORS + 1), at = rnd() % 16;
	unsigned size = 1u << rnd() % 3;

	pci_msix_table_write(&fn[i].pci, 16 * v + at, size, any_value());
	if (rnd() % 2)
		pci_msix_table_write(&fn[i].pci, 16 * v + 12, 4, rnd() % 2);
}

/* What a sane driver does, so that chance is not all that gets us there. */
static void driver_starts(unsigned i)
{
	struct pci_dev *d = &fn[i].pci;

	pci_cfg_write(&rig.bus, d->slot, d->func, 4, 2, 6);
	if (!d->msix.n)
		return;
	pci_cfg_write(&rig.bus, d->slot, d->func, d->msix.cap + 2, 2,
		      rnd() % 2 ? 0x8000 : 0xc000);
	for (unsigned v = 0; v < VECTORS; v++) {
		pci_msix_table_write(d, 16 * v, 4, 0xfee00000);
		pci_msix_table_write(d, 16 * v + 12, 4, rnd() % 2);
	}
}

static void device_acts(unsigned i)
{
	switch (rnd() % 8) {
	case 0:
		pci_irq_clear(&fn[i].pci);
		wish[i] = false;
		break;
	case 1: case 2: case 3:
		wish[i] = rnd() % 2;
		pci_intx(&fn[i].pci, wish[i]);
		if (!fn[i].pci.cfg[0x3d])
			wish[i] = false;
		break;
	default:
		fired++;
		pci_msix_fire(&fn[i].pci, rnd() % (VECTORS + 1));
	}
}

static void machine_acts(void)
{
	static const struct pci_windows w = {
		.io_base = 0xc000, .io_len = 0x3000,
		.mem32 = { { 0xc0000000, 0x38000000 } },
		.mem64_base = 0x1000000000, .mem64_len = 0x1000000000,
	};

	if (rnd() % 2) {
		assert_int_equal(0, pci_assign(&rig.bus, &w));
		return;
	}
	pci_bus_reset(&rig.bus);
	memset(wish, 0, sizeof(wish));
	for (unsigned i = 0; i < FNS; i++)
		assert_memory_equal(first[i], fn[i].pci.cfg, PCI_CFG_SIZE);
}

static void anything_goes(void **state)
{
	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = rnd() % FNS;

		switch (rnd() % 16) {
		case 0: poke_ports(); break;
		case 1: touch_bar(i); break;
		case 2: case 3: msix_table(i); break;
		case 4: case 5: device_acts(i); break;
		case 6:
			if (rnd() % 8 == 0)
				driver_starts(i);
			break;
		default: config_write(i);
		}
		if (rnd() % 512 == 0)
			machine_acts();
		check_bars(i);
		check_msix(i);
		if (step % 16 == 0)
			check_all();
	}
	check_all();
	/* the script reached what it is about */
	assert_true(rig.msi.n > 100);
	for (unsigned l = 0; l < PCI_INTX_GSIS; l++)
		assert_true(rig.line[l].raised > 100);
	assert_true(fn[3].bar[0].told > 1000);
	assert_true(fn[0].bar[5].told > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(anything_goes, setup, teardown),
	};

	return cmocka_run_group_tests_name("pci_fuzz", tests, NULL, NULL);
}
