/* Description: configuration space answers as PCI 3.0 says, at every width. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

struct fix {
	struct pci_rig rig;
	struct pci_dev bridge;
	struct pci_fake dev;            /* slot 3 */
};

static int setup(void **state)
{
	static struct fix fix;
	struct fix *f = &fix;

	pci_rig_init(&f->rig);
	hostbridge_init(&f->bridge);
	assert_int_equal(0, pci_add(&f->rig.bus, &f->bridge, 0, 0));
	pci_fake_init(&f->dev, "dev", 1);
	pci_fake_bar(&f->dev, 0, PCI_BAR_MEM64, 0x4000);
	assert_int_equal(0, pci_add(&f->rig.bus, &f->dev.pci, 3, 0));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pci_rig_fini(&f->rig);
	return 0;
}

static void identity(void **state)
{
	struct pci_rig *rig = &((struct fix *)*state)->rig;

	assert_int_equal(0x29c08086, pci_rig_get(rig, 0, 0, 0, 4));
	assert_int_equal(0x0600, pci_rig_get(rig, 0, 0, 0x0a, 2));
	assert_int_equal(0x10421af4, pci_rig_get(rig, 3, 0, 0, 4));
	assert_int_equal(0x01000001, pci_rig_get(rig, 3, 0, 8, 4));
	assert_int_equal(0x00021af4, pci_rig_get(rig, 3, 0, 0x2c, 4));
	assert_int_equal(0x00, pci_rig_get(rig, 3, 0, 0x0e, 1));
	assert_int_equal(0x0100, pci_rig_get(rig, 3, 0, 0x3c, 2));
	assert_int_equal(0, pci_rig_get(rig, 3, 0, 0x34, 4));
	assert_int_equal(0, pci_rig_get(rig, 3, 0, 0x06, 2));
}

static void widths(void **state)
{
	struct pci_rig *rig = &((struct fix *)*state)->rig;
	static const uint8_t bytes[] = { 0xf4, 0x1a, 0x42, 0x10 };

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(bytes[i], pci_rig_get(rig, 3, 0, i, 1));
	assert_int_equal(0x1af4, pci_rig_get(rig, 3, 0, 0, 2));
	assert_int_equal(0x421a, pci_rig_get(rig, 3, 0, 1, 2));
	assert_int_equal(0x1042, pci_rig_get(rig, 3, 0, 2, 2));
	/* across the end of the port window: nobody answers at 0xd00 */
	assert_int_equal(0xff10, pci_rig_get(rig, 3, 0, 3, 2));
	assert_int_equal(0xff10421a, pci_rig_get(rig, 3, 0, 1, 4));
}

static void write_widths(void **state)
{
	struct pci_rig *rig = &((struct fix *)*state)->rig;

	pci_rig_put(rig, 3, 0, 0x10, 4, 0x12345678);
	assert_int_equal(0x12344004, pci_rig_get(rig, 3, 0, 0x10, 4));
	pci_rig_put(rig, 3, 0, 0x13, 1, 0xab);
	assert_int_equal(0xab344004, pci_rig_get(rig, 3, 0, 0x10, 4));
	pci_rig_put(rig, 3, 0, 0x11, 2, 0x99c1);
	assert_int_equal(0xab99c004, pci_rig_get(rig, 3, 0, 0x10, 4));
	pci_rig_put(rig, 3, 0, 0x12, 2, 0x5566);
	assert_int_equal(0x5566c004, pci_rig_get(rig, 3, 0, 0x10, 4));
	/* the part past 0xcff is lost, the rest arrives */
	pci_rig_put(rig, 3, 0, 0x13, 2, 0x7788);
	assert_int_equal(0x8866c004, pci_rig_get(rig, 3, 0, 0x10, 4));
	assert_int_equal(0, pci_rig_get(rig, 3, 0, 0x14, 4));
}

static void address_port(void **state)
{
	struct pci_rig *rig = &((struct fix *)*state)->rig;

	pci_rig_out(rig, 0xcf8, 4, 0xffffffff);
	assert_int_equal(0x80fffffc, pci_rig_in(rig, 0xcf8, 4));
	pci_rig_out(rig, 0xcf8, 4, 0x80001800);
	for (unsigned p = 0xcf8; p < 0xcfc; p++) {
		pci_rig_out(rig, p, 1, 0);
		assert_int_equal(0xff, pci_rig_in(rig, p, 1));
	}
	pci_rig_out(rig, 0xcf8, 2, 0);
	pci_rig_out(rig, 0xcfa, 2, 0);
	assert_int_equal(0xffff, pci_rig_in(rig, 0xcf8, 2));
	assert_int_equal(0xffff, pci_rig_in(rig, 0xcfa, 2));
	assert_int_equal(0x80001800, pci_rig_in(rig, 0xcf8, 4));
	assert_int_equal(0x10421af4, pci_rig_in(rig, 0xcfc, 4));
}

static void disabled(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;

	pci_rig_out(rig, 0xcf8, 4, 0x00001804);
	assert_int_equal(0xffffffff, pci_rig_in(rig, 0xcfc, 4));
	assert_int_equal(0xff, pci_rig_in(rig, 0xcfe, 1));
	pci_rig_out(rig, 0xcfc, 4, 0x7);
	assert_int_equal(0, pci_rig_get(rig, 3, 0, 4, 2));
	/* another bus number */
	pci_rig_out(rig, 0xcf8, 4, 0x80011800);
	assert_int_equal(0xffffffff, pci_rig_in(rig, 0xcfc, 4));
	pci_rig_out(rig, 0xcf8, 4, 0x80801804);
	pci_rig_out(rig, 0xcfc, 2, 0x7);
	assert_int_equal(0, pci_rig_get(rig, 3, 0, 4, 2));
	assert_int_equal(0, f->dev.written_n);
}

static void absent(void **state)
{
	struct pci_rig *rig = &((struct fix *)*state)->rig;

	for (unsigned slot = 0; slot < 32; slot++) {
		for (unsigned func = 0; func < 8; func++) {
			if (func == 0 && (slot == 0 || slot == 3))
				continue;
			pci_rig_put(rig, slot, func, 4, 2, 7);
			assert_int_equal(0xffffffff,
					 pci_rig_get(rig, slot, func, 0, 4));
			assert_int_equal(0xffff,
					 pci_rig_get(rig, slot, func, 4, 2));
			assert_int_equal(0xff,
					 pci_rig_get(rig, slot, func, 14, 1));
		}
	}
}

static void direct_bounds(void **state)
{
	struct fix *f = *state;
	struct pci_bus *bus = &f->rig.bus;

	assert_int_equal(0xffffffff, pci_cfg_read(bus, 3, 0, 253, 4));
	assert_int_equal(0xffff, pci_cfg_read(bus, 3, 0, 255, 2));
	assert_int_equal(0xff, pci_cfg_read(bus, 3, 0, 256, 1));
	assert_int_equal(0xffffffff, pci_cfg_read(bus, 3, 0, ~0u, 4));
	assert_int_equal(0xffffffff, pci_cfg_read(bus, 32, 0, 0, 4));
	assert_int_equal(0xffffffff, pci_cfg_read(bus, 3, 8, 0, 4));
	assert_int_equal(0, pci_cfg_read(bus, 3, 0, 252, 4));
	pci_cfg_write(bus, 3, 0, 253, 4, 0);
	pci_cfg_write(bus, 3, 0, 256, 1, 0);
	pci_cfg_write(bus, 3, 0, ~0u, 2, 0);
	assert_int_equal(0, f->dev.written_n);
	pci_cfg_write(bus, 3, 0, 252, 4, 0);
	assert_int_equal(1, f->dev.written_n);
	assert_int_equal(252, f->dev.written_off);
	assert_int_equal(4, f->dev.written_size);
}

static void write_masks(void **state)
{
	struct pci_rig *rig = &((struct fix *)*state)->rig;
	uint32_t was[64];

	for (unsigned i = 0; i < 64; i++)
		was[i] = pci_rig_get(rig, 3, 0, 4 * i, 4);
	for (unsigned i = 0; i < 64; i++)
		pci_rig_put(rig, 3, 0, 4 * i, 4, 0xffffffff);
	was[0x04 / 4] = 0x00000547;     /* IO MEM BM parity SERR INTx-disable */
	was[0x0c / 4] |= 0x0000ffff;    /* cache line, latency */
	was[0x10 / 4] |= 0xffffc000;
	was[0x14 / 4] = 0xffffffff;
	was[0x3c / 4] |= 0xff;          /* line, not pin */
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(was[i], pci_rig_get(rig, 3, 0, 4 * i, 4));
	for (unsigned i = 0; i < 64; i++)
		pci_rig_put(rig, 3, 0, 4 * i, 4, 0);
	assert_int_equal(0, pci_rig_get(rig, 3, 0, 4, 4));
	assert_int_equal(0x0100, pci_rig_get(rig, 3, 0, 0x3c, 2));
	assert_int_equal(0x00000004, pci_rig_get(rig, 3, 0, 0x10, 4));
}

static void w1c(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;

	f->dev.pci.cfg[7] |= 0xf9;      /* every error bit */
	assert_int_equal(0xf900, pci_rig_get(rig, 3, 0, 6, 2));
	pci_rig_put(rig, 3, 0, 6, 2, 0);
	assert_int_equal(0xf900, pci_rig_get(rig, 3, 0, 6, 2));
	pci_rig_put(rig, 3, 0, 6, 2, 0x2000);
	assert_int_equal(0xd900, pci_rig_get(rig, 3, 0, 6, 2));
	/* a dword write that only means COMMAND, as drivers do */
	pci_rig_put(rig, 3, 0, 4, 4, 0x0006);
	assert_int_equal(0xd9000006, pci_rig_get(rig, 3, 0, 4, 4));
	pci_rig_put(rig, 3, 0, 4, 4, 0xffff0006);
	assert_int_equal(0x00000006, pci_rig_get(rig, 3, 0, 4, 4));
}

static void bus_master(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;

	assert_false(pci_bus_master(&f->dev.pci));
	pci_rig_put(rig, 3, 0, 4, 2, 0x4);
	assert_true(pci_bus_master(&f->dev.pci));
	assert_true(f->dev.master);
	assert_int_equal(1, f->dev.master_told);
	pci_rig_put(rig, 3, 0, 4, 2, 0x6);
	assert_int_equal(1, f->dev.master_told);
	pci_rig_put(rig, 3, 0, 4, 1, 0x2);
	assert_false(pci_bus_master(&f->dev.pci));
	assert_int_equal(2, f->dev.master_told);
}

static void capabilities(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;
	uint8_t body[62], seen = 0;
	unsigned at;
	int cap;

	memset(body, 0xaa, sizeof(body));
	assert_int_equal(0x40, pci_add_cap(&f->dev.pci, 9, body, 17));
	assert_int_equal(0x54, pci_add_cap(&f->dev.pci, 9, body, 20));
	assert_int_equal(0x68, pci_add_cap(&f->dev.pci, 5, NULL, 2));
	assert_int_equal(0x6c, pci_add_cap(&f->dev.pci, 9, body, 64));
	assert_int_equal(0xac, pci_add_cap(&f->dev.pci, 9, body, 64));
	assert_int_equal(-ENOSPC, pci_add_cap(&f->dev.pci, 9, body, 24));
	cap = pci_add_cap(&f->dev.pci, 0x11, body, 20);
	assert_int_equal(0xec, cap);
	assert_int_equal(-ENOSPC, pci_add_cap(&f->dev.pci, 9, body, 2));

	assert_int_equal(0x0010, pci_rig_get(rig, 3, 0, 6, 2));
	for (at = pci_rig_get(rig, 3, 0, 0x34, 1); at;
	     at = pci_rig_get(rig, 3, 0, at + 1, 1)) {
		assert_int_equal(0, at % 4);
		assert_true(at >= 0x40);
		assert_true(++seen <= 6);
	}
	assert_int_equal(6, seen);
	assert_int_equal(0xaaaa5409, pci_rig_get(rig, 3, 0, 0x40, 4));
	assert_int_equal(0x000000aa, pci_rig_get(rig, 3, 0, 0x50, 4));
	assert_int_equal(0x00006c05, pci_rig_get(rig, 3, 0, 0x68, 4));
	assert_int_equal(0xaaaa0011, pci_rig_get(rig, 3, 0, 0xec, 4));
	/* capabilities are read-only until somebody says otherwise */
	pci_rig_put(rig, 3, 0, 0x40, 4, 0);
	assert_int_equal(0xaaaa5409, pci_rig_get(rig, 3, 0, 0x40, 4));
}

static void count_up(struct pci_dev *pci, unsigned off, unsigned size)
{
	if (off <= 0x42 && off + size > 0x42)
		pci->cfg[0x42]++;
}

static void made_on_the_fly(void **state)
{
	struct fix *f = *state;
	static const struct pci_ops ops = { .cfg_reading = count_up };
	static const uint8_t body[2];

	pci_add_cap(&f->dev.pci, 9, body, 4);
	f->dev.pci.ops = &ops;
	assert_int_equal(1, pci_rig_get(&f->rig, 3, 0, 0x42, 1));
	assert_int_equal(0x00020009, pci_rig_get(&f->rig, 3, 0, 0x40, 4));
	assert_int_equal(0, pci_rig_get(&f->rig, 3, 0, 0x44, 4));
	assert_int_equal(3, pci_rig_get(&f->rig, 3, 0, 0x42, 2));
}

static void functions(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;
	static struct pci_fake fn[3];

	for (unsigned i = 0; i < 3; i++)
		pci_fake_init(&fn[i], "fn", 1);
	/* functions without a function 0 are invisible */
	assert_int_equal(0, pci_add(&rig->bus, &fn[2].pci, 5, 7));
	assert_int_equal(0xffffffff, pci_rig_get(rig, 5, 7, 0, 4));
	pci_rig_put(rig, 5, 7, 4, 2, 7);
	assert_int_equal(0, fn[2].written_n);
	assert_int_equal(0, pci_add(&rig->bus, &fn[0].pci, 5, 0));
	assert_int_equal(0x10421af4, pci_rig_get(rig, 5, 7, 0, 4));
	assert_int_equal(0x80, pci_rig_get(rig, 5, 0, 0x0e, 1));
	assert_int_equal(0, pci_add(&rig->bus, &fn[1].pci, 3, 1));
	assert_int_equal(0x80, pci_rig_get(rig, 3, 0, 0x0e, 1));
	assert_int_equal(0x00, pci_rig_get(rig, 3, 1, 0x0e, 1));
	assert_int_equal(0x00, pci_rig_get(rig, 0, 0, 0x0e, 1));
}

static void places(void **state)
{
	struct fix *f = *state;
	static struct pci_fake fn[PCI_SLOTS];

	for (unsigned i = 0; i < PCI_SLOTS; i++)
		pci_fake_init(&fn[i], "fn", 0);
	assert_int_equal(-EBUSY, pci_add(&f->rig.bus, &fn[0].pci, 3, 0));
	assert_int_equal(-EINVAL, pci_add(&f->rig.bus, &fn[0].pci, 32, 0));
	assert_int_equal(-EINVAL, pci_add(&f->rig.bus, &fn[0].pci, -2, 0));
	assert_int_equal(-EINVAL, pci_add(&f->rig.bus, &fn[0].pci, 1, 8));
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(0, pci_add(&f->rig.bus, &fn[i].pci, -1, 0));
		assert_int_equal(i < 2 ? i + 1 : i + 2, fn[i].pci.slot);
	}
	assert_int_equal(-ENOSPC, pci_add(&f->rig.bus, &fn[30].pci, -1, 0));
}

static void reset(void **state)
{
	struct fix *f = *state;
	struct pci_rig *rig = &f->rig;
	uint32_t was[64];

	for (unsigned i = 0; i < 64; i++)
		was[i] = pci_rig_get(rig, 3, 0, 4 * i, 4);
	for (unsigned i = 0; i < 64; i++)
		pci_rig_put(rig, 3, 0, 4 * i, 4, 0x5a5a5a5a | (i == 1) << 2);
	f->dev.pci.cfg[7] |= 0x80;
	assert_true(pci_bus_master(&f->dev.pci));
	assert_true(f->dev.bar[0].mapped);
	pci_intx(&f->dev.pci, true);
	pci_bus_reset(&rig->bus);
	assert_int_equal(1, f->dev.resets);
	assert_false(f->dev.bar[0].mapped);
	assert_false(f->dev.master);
	assert_int_equal(0, pci_rig_in(rig, 0xcf8, 4));
	assert_int_equal(0xffffffff, pci_rig_in(rig, 0xcfc, 4));
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(was[i], pci_rig_get(rig, 3, 0, 4 * i, 4));
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		assert_false(rig->line[i].level);
}

static void reset_register(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	(void)off;
	(void)size;
	*(uint64_t *)ctx = val;
}

static uint64_t reset_read(void *ctx, uint64_t off, unsigned size)
{
	(void)off;
	(void)size;
	return *(uint64_t *)ctx;
}

/* 0xcf9 belongs to somebody else who came first. */
static void port_cf9(void **state)
{
	static const struct io_ops ops = { reset_read, reset_register };
	uint64_t last = 0x11;
	struct io_region cf9 = { 0xcf9, 1, &ops, &last, "reset" };
	static struct pci_rig rig;
	struct irq_line *none[PCI_INTX_GSIS] = { 0 };

	(void)state;
	iospace_init(&rig.mmio);
	iospace_init(&rig.pio);
	assert_int_equal(0, iospace_add(&rig.pio, &cf9));
	assert_int_equal(0, pci_bus_init(&rig.bus, &rig.mmio, &rig.pio, none,
					 NULL));
	pci_rig_out(&rig, 0xcf8, 4, 0x80123456);
	assert_int_equal(0x11, last);
	assert_int_equal(0x80123454, pci_rig_in(&rig, 0xcf8, 4));
	pci_rig_out(&rig, 0xcf9, 1, 0x06);
	assert_int_equal(0x06, last);
	assert_int_equal(0x06, pci_rig_in(&rig, 0xcf9, 1));
	assert_int_equal(0x80123454, pci_rig_in(&rig, 0xcf8, 4));
	pci_bus_fini(&rig.bus);
	assert_int_equal(1, rig.pio.n);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(identity),
		TEST(widths),
		TEST(write_widths),
		TEST(address_port),
		TEST(disabled),
		TEST(absent),
		TEST(direct_bounds),
		TEST(write_masks),
		TEST(w1c),
		TEST(bus_master),
		TEST(capabilities),
		TEST(made_on_the_fly),
		TEST(functions),
		TEST(places),
		TEST(reset),
		cmocka_unit_test(port_cf9),
	};

	return cmocka_run_group_tests_name("pci_cfg", tests, NULL, NULL);
}
