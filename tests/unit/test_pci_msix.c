/* Description: MSI-X sends, masks, keeps pending, delivers once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

#define N 70                            /* more than one PBA quadword */
#define ENABLE 0x8000u
#define MASKALL 0x4000u
#define BUS_MASTER 4

struct fix {
	struct pci_rig rig;
	struct pci_fake a;
	struct pci_dev *d;
	unsigned control;               /* configuration offset */
};

static void entry(struct fix *f, unsigned v, uint64_t addr, uint32_t data,
		  uint32_t ctl)
{
	pci_msix_table_write(f->d, 16 * v, 4, (uint32_t)addr);
	pci_msix_table_write(f->d, 16 * v + 4, 4, (uint32_t)(addr >> 32));
	pci_msix_table_write(f->d, 16 * v + 8, 4, data);
	pci_msix_table_write(f->d, 16 * v + 12, 4, ctl);
}

static void control(struct fix *f, unsigned val)
{
	pci_rig_put(&f->rig, 3, 0, f->control, 2, val);
}

static void mask(struct fix *f, unsigned v, bool on)
{
	pci_msix_table_write(f->d, 16 * v + 12, 4, on);
}

static bool pending(struct fix *f, unsigned v)
{
	return pci_msix_pba_read(f->d, v / 32 * 4, 4) >> (v % 32) & 1;
}

static int setup(void **state)
{
	static struct fix fix;
	struct fix *f = &fix;
	int cap;

	pci_rig_init(&f->rig);
	pci_fake_init(&f->a, "a", 1);
	f->d = &f->a.pci;
	pci_fake_bar(&f->a, 0, PCI_BAR_MEM64, 0x4000);
	cap = pci_add_msix(f->d, N, 0, 0x3100, 0x3800);
	assert_true(cap > 0);
	f->control = (unsigned)cap + 2;
	assert_int_equal(0, pci_add(&f->rig.bus, f->d, 3, 0));
	pci_rig_put(&f->rig, 3, 0, 4, 2, BUS_MASTER);
	for (unsigned v = 0; v < N; v++)
		entry(f, v, 0xfee00000 + 16 * v, 0x4000 + v, 0);
	control(f, ENABLE);
	assert_int_equal(0, f->rig.msi.n);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pci_rig_fini(&f->rig);
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		assert_int_equal(0, f->rig.line[i].calls);
	return 0;
}

static void capability(void **state)
{
	struct fix *f = *state;
	unsigned cap = f->control - 2;

	control(f, 0);
	assert_int_equal(0x11, pci_rig_get(&f->rig, 3, 0, cap, 1));
	assert_int_equal(N - 1, pci_rig_get(&f->rig, 3, 0, cap + 2, 2));
	assert_int_equal(0x3100, pci_rig_get(&f->rig, 3, 0, cap + 4, 4));
	assert_int_equal(0x3800, pci_rig_get(&f->rig, 3, 0, cap + 8, 4));
	for (unsigned off = 0; off < 12; off += 4)
		pci_rig_put(&f->rig, 3, 0, cap + off, 4, 0xffffffff);
	assert_int_equal((N - 1) | ENABLE | MASKALL,
			 pci_rig_get(&f->rig, 3, 0, cap + 2, 2));
	assert_int_equal(0x3100, pci_rig_get(&f->rig, 3, 0, cap + 4, 4));
	assert_int_equal(0x3800, pci_rig_get(&f->rig, 3, 0, cap + 8, 4));
	assert_true(pci_msix_enabled(f->d));
}

static void refused(void **state)
{
	static struct pci_fake p;
	static const struct {
		unsigned n, bar;
		uint32_t table, pba;
		int err;
	} bad[] = {
		{ 0, 0, 0, 0x1000, -EINVAL },
		{ 2049, 2, 0, 0x8800, -EINVAL },
		{ 1, 1, 0, 0x1000, -EINVAL },   /* no BAR 1 */
		{ 1, 6, 0, 0x1000, -EINVAL },
		{ 1, 0, 4, 0x1000, -EINVAL },
		{ 1, 0, 0, 0x1004, -EINVAL },
		{ 1, 0, 0x3ff8, 0x1000, -EINVAL },
		{ 1, 0, 0, 0x4000, -EINVAL },
		{ 65, 0, 0, 0x3ff8, -EINVAL },  /* PBA is 16 bytes */
		{ 1, 0, 0xfffffff8, 0, -EINVAL },
	};

	(void)state;
	pci_fake_init(&p, "p", 1);
	pci_fake_bar(&p, 0, PCI_BAR_MEM32, 0x4000);
	pci_fake_bar(&p, 2, PCI_BAR_MEM32, 0x10000);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bad[i].err,
			pci_add_msix(&p.pci, bad[i].n, bad[i].bar, bad[i].table,
				     bad[i].pba));
	assert_int_equal(0, p.pci.cfg[0x34]);
	assert_false(pci_msix_enabled(&p.pci));
	assert_true(pci_add_cap(&p.pci, 9, NULL, 2) > 0);
	while (pci_add_cap(&p.pci, 9, NULL, 2) > 0)
		;
	assert_int_equal(-ENOSPC, pci_add_msix(&p.pci, 1, 0, 0, 8));
	assert_null(p.pci.msix.table);
	pci_dev_fini(&p.pci);

	pci_fake_init(&p, "p", 1);
	pci_fake_bar(&p, 2, PCI_BAR_MEM32, 0x10000);
	assert_true(pci_add_msix(&p.pci, 2048, 2, 0, 0x8000) > 0);
	assert_int_equal(2047, p.pci.cfg[p.pci.msix.cap + 2] |
			 p.pci.cfg[p.pci.msix.cap + 3] << 8);
	assert_int_equal(0x8002, p.pci.cfg[p.pci.msix.cap + 8] |
			 p.pci.cfg[p.pci.msix.cap + 9] << 8);
	pci_dev_fini(&p.pci);
}

static void sends(void **state)
{
	struct fix *f = *state;
	struct msi_probe_msg m;

	for (unsigned v = 0; v < N; v++) {
		pci_msix_fire(f->d, v);
		assert_int_equal(v + 1, f->rig.msi.n);
		m = msi_probe_msg(&f->rig.msi, v);
		assert_true(m.addr == 0xfee00000 + 16 * v);
		assert_int_equal(0x4000 + v, m.data);
		assert_false(pending(f, v));
	}
	entry(f, 0, 0x123456789abcdef0, 0xdeadbeef, 0);
	pci_msix_fire(f->d, 0);
	m = msi_probe_msg(&f->rig.msi, N);
	assert_true(m.addr == 0x123456789abcdef0);
	assert_int_equal(0xdeadbeef, m.data);
}

static void silent(void **state)
{
	struct fix *f = *state;

	pci_msix_fire(f->d, N);
	pci_msix_fire(f->d, 0xffff);
	pci_msix_fire(f->d, ~0u);
	control(f, 0);
	for (unsigned v = 0; v < N; v++)
		pci_msix_fire(f->d, v);
	control(f, ENABLE);
	assert_int_equal(0, f->rig.msi.n);
	for (unsigned off = 0; off < 16; off += 4)
		assert_int_equal(0, pci_msix_pba_read(f->d, off, 4));
}

static void no_msix_at_all(void **state)
{
	struct fix *f = *state;
	static struct pci_fake p;

	pci_fake_init(&p, "p", 0);
	assert_int_equal(0, pci_add(&f->rig.bus, &p.pci, 4, 0));
	assert_false(pci_msix_enabled(&p.pci));
	pci_msix_fire(&p.pci, 0);
	pci_msix_table_write(&p.pci, 0, 4, 1);
	assert_int_equal(0, pci_msix_table_read(&p.pci, 0, 4));
	assert_int_equal(0, pci_msix_pba_read(&p.pci, 0, 4));
	assert_int_equal(0, f->rig.msi.n);
}

static void vector_mask(void **state)
{
	struct fix *f = *state;

	mask(f, 66, true);
	pci_msix_fire(f->d, 66);
	pci_msix_fire(f->d, 66);
	pci_msix_fire(f->d, 65);
	assert_int_equal(1, f->rig.msi.n);
	assert_true(pending(f, 66));
	assert_false(pending(f, 65));
	mask(f, 66, true);
	assert_int_equal(1, f->rig.msi.n);
	mask(f, 66, false);
	assert_int_equal(2, f->rig.msi.n);
	assert_int_equal(0x4000 + 66, msi_probe_msg(&f->rig.msi, 1).data);
	assert_false(pending(f, 66));
	mask(f, 66, true);
	mask(f, 66, false);
	assert_int_equal(2, f->rig.msi.n);
	/* what is sent is what the entry says at the time */
	mask(f, 5, true);
	pci_msix_fire(f->d, 5);
	entry(f, 5, 0xfee0f000, 0x77, 0);
	assert_int_equal(3, f->rig.msi.n);
	assert_true(msi_probe_msg(&f->rig.msi, 2).addr == 0xfee0f000);
	assert_int_equal(0x77, msi_probe_msg(&f->rig.msi, 2).data);
}

static void function_mask(void **state)
{
	struct fix *f = *state;

	control(f, ENABLE | MASKALL);
	mask(f, 2, true);
	pci_msix_fire(f->d, 7);
	pci_msix_fire(f->d, 2);
	pci_msix_fire(f->d, 0);
	pci_msix_fire(f->d, 7);
	assert_int_equal(0, f->rig.msi.n);
	assert_int_equal(0x85, pci_msix_pba_read(f->d, 0, 4));
	mask(f, 7, true);
	mask(f, 7, false);
	assert_int_equal(0, f->rig.msi.n);
	control(f, ENABLE);
	/* in vector order, and not the one with its own mask */
	assert_int_equal(2, f->rig.msi.n);
	assert_int_equal(0x4000, msi_probe_msg(&f->rig.msi, 0).data);
	assert_int_equal(0x4007, msi_probe_msg(&f->rig.msi, 1).data);
	assert_int_equal(0x04, pci_msix_pba_read(f->d, 0, 4));
	control(f, ENABLE | MASKALL);
	mask(f, 2, false);
	assert_int_equal(2, f->rig.msi.n);
	pci_rig_put(&f->rig, 3, 0, f->control + 1, 1, ENABLE >> 8);
	assert_int_equal(3, f->rig.msi.n);
	assert_int_equal(0x4002, msi_probe_msg(&f->rig.msi, 2).data);
}

static void disable_forgets(void **state)
{
	struct fix *f = *state;

	mask(f, 1, true);
	pci_msix_fire(f->d, 1);
	assert_true(pending(f, 1));
	control(f, 0);
	assert_false(pending(f, 1));
	control(f, ENABLE);
	mask(f, 1, false);
	assert_int_equal(0, f->rig.msi.n);
}

static void bus_master(void **state)
{
	struct fix *f = *state;

	pci_rig_put(&f->rig, 3, 0, 4, 2, 0);
	pci_msix_fire(f->d, 4);
	assert_int_equal(0, f->rig.msi.n);
	assert_true(pending(f, 4));
	pci_rig_put(&f->rig, 3, 0, 4, 2, BUS_MASTER);
	assert_int_equal(1, f->rig.msi.n);
	assert_false(pending(f, 4));
}

static void unprogrammed(void **state)
{
	struct fix *f = *state;

	entry(f, 9, 0, 0, 0);
	pci_msix_fire(f->d, 9);
	assert_int_equal(0, f->rig.msi.n);
	mask(f, 9, true);
	entry(f, 9, 0xfee01000, 0x31, 0);
	assert_int_equal(1, f->rig.msi.n);
	assert_int_equal(0x31, msi_probe_msg(&f->rig.msi, 0).data);
	/* above 4 GiB with a low half of 0 is an address */
	entry(f, 9, 0x100000000, 0x32, 0);
	pci_msix_fire(f->d, 9);
	assert_int_equal(2, f->rig.msi.n);
}

static void table_access(void **state)
{
	struct fix *f = *state;

	/* reserved bits read 0 */
	for (unsigned off = 0; off < 16; off += 4)
		pci_msix_table_write(f->d, 16 + off, 4, 0xffffffff);
	assert_int_equal(0xfffffffc, pci_msix_table_read(f->d, 16, 4));
	assert_int_equal(0xffffffff, pci_msix_table_read(f->d, 20, 4));
	assert_int_equal(0xffffffff, pci_msix_table_read(f->d, 24, 4));
	assert_int_equal(0x00000001, pci_msix_table_read(f->d, 28, 4));
	entry(f, 1, 0x1122334455667788, 0x99aabbcc, 1);
	assert_int_equal(0x88, pci_msix_table_read(f->d, 16, 1));
	assert_int_equal(0x3344, pci_msix_table_read(f->d, 20, 4) & 0xffff);
	assert_int_equal(0x1122, pci_msix_table_read(f->d, 22, 2));
	pci_msix_table_write(f->d, 25, 1, 0x55);
	assert_int_equal(0x99aa55cc, pci_msix_table_read(f->d, 24, 4));
	/* the neighbours are as they were */
	assert_int_equal(0x4000, pci_msix_table_read(f->d, 8, 4));
	assert_int_equal(0xfee00020, pci_msix_table_read(f->d, 32, 4));
	/* the edges */
	pci_msix_table_write(f->d, 16 * N - 2, 4, 0xffffffff);
	pci_msix_table_write(f->d, 16 * N, 4, 0xffffffff);
	pci_msix_table_write(f->d, ~0u, 4, 0xffffffff);
	pci_msix_table_write(f->d, ~0u - 3, 4, 0xffffffff);
	assert_int_equal(0, pci_msix_table_read(f->d, 16 * N - 4, 4));
	assert_int_equal(0, pci_msix_table_read(f->d, 16 * N - 2, 4));
	assert_int_equal(0, pci_msix_table_read(f->d, 16 * N, 1));
	assert_int_equal(0, pci_msix_table_read(f->d, ~0u, 4));
	assert_int_equal(0, f->rig.msi.n);
}

/* An access across two entries looks at both. */
static void straddling_write(void **state)
{
	struct fix *f = *state;

	mask(f, 3, true);
	pci_msix_fire(f->d, 3);
	pci_msix_table_write(f->d, 16 * 3 + 12, 2, 0);
	assert_int_equal(1, f->rig.msi.n);
	entry(f, 4, 0, 1, 0);
	pci_msix_fire(f->d, 4);
	assert_true(pending(f, 4));
	pci_msix_table_write(f->d, 16 * 3 + 14, 4, 0x10000000);
	assert_int_equal(2, f->rig.msi.n);
	assert_true(msi_probe_msg(&f->rig.msi, 1).addr == 0x1000);
}

static void pba_access(void **state)
{
	struct fix *f = *state;

	control(f, ENABLE | MASKALL);
	for (unsigned v = 0; v < N; v++)
		pci_msix_fire(f->d, v);
	assert_int_equal(0xffffffff, pci_msix_pba_read(f->d, 0, 4));
	assert_int_equal(0xffffffff, pci_msix_pba_read(f->d, 4, 4));
	assert_int_equal(0x3f, pci_msix_pba_read(f->d, 8, 4));
	assert_int_equal(0, pci_msix_pba_read(f->d, 12, 4));
	assert_int_equal(0x3fff, pci_msix_pba_read(f->d, 7, 2));
	assert_int_equal(0x3f, pci_msix_pba_read(f->d, 8, 1));
	assert_int_equal(0, pci_msix_pba_read(f->d, 16, 4));
	assert_int_equal(0, pci_msix_pba_read(f->d, 0x20000000, 4));
	assert_int_equal(0, pci_msix_pba_read(f->d, ~0u, 4));
}

static void reset(void **state)
{
	struct fix *f = *state;

	mask(f, 1, true);
	pci_msix_fire(f->d, 1);
	pci_bus_reset(&f->rig.bus);
	assert_false(pci_msix_enabled(f->d));
	assert_int_equal(N - 1, pci_rig_get(&f->rig, 3, 0, f->control, 2));
	for (unsigned off = 0; off < 16 * N; off += 4)
		assert_int_equal(off % 16 == 12,
				 pci_msix_table_read(f->d, off, 4));
	for (unsigned off = 0; off < 16; off += 4)
		assert_int_equal(0, pci_msix_pba_read(f->d, off, 4));
	/* a fresh table is masked */
	pci_rig_put(&f->rig, 3, 0, 4, 2, BUS_MASTER);
	control(f, ENABLE);
	pci_msix_fire(f->d, 0);
	assert_true(pending(f, 0));
	assert_int_equal(0, f->rig.msi.n);
}

static void clear(void **state)
{
	struct fix *f = *state;

	mask(f, 1, true);
	pci_msix_fire(f->d, 1);
	pci_irq_clear(f->d);
	assert_false(pending(f, 1));
	mask(f, 1, false);
	assert_int_equal(0, f->rig.msi.n);
	/* the table is the driver's and stays */
	pci_msix_fire(f->d, 1);
	assert_int_equal(1, f->rig.msi.n);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(capability),
		cmocka_unit_test(refused),
		TEST(sends),
		TEST(silent),
		TEST(no_msix_at_all),
		TEST(vector_mask),
		TEST(function_mask),
		TEST(disable_forgets),
		TEST(bus_master),
		TEST(unprogrammed),
		TEST(table_access),
		TEST(straddling_write),
		TEST(pba_access),
		TEST(reset),
		TEST(clear),
	};

	return cmocka_run_group_tests_name("pci_msix", tests, NULL, NULL);
}
