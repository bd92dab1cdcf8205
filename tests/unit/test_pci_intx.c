/* Description: INTx lines are shared levels, gated by COMMAND and MSI-X. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/pci_rig.h"

#define INTX_DISABLE 0x400
#define STATUS_INTX 0x08

struct fix {
	struct pci_rig rig;
	struct pci_fake a, b, c;        /* slots 3 and 6 share a line; 4 */
	struct irq_probe *ab, *other;
};

static int setup(void **state)
{
	static struct fix fix;
	struct fix *f = &fix;

	pci_rig_init(&f->rig);
	pci_fake_init(&f->a, "a", 1);
	pci_fake_bar(&f->a, 0, PCI_BAR_MEM32, 0x4000);
	assert_true(pci_add_msix(&f->a.pci, 2, 0, 0x3100, 0x3200) > 0);
	pci_fake_init(&f->b, "b", 1);
	pci_fake_init(&f->c, "c", 1);
	assert_int_equal(0, pci_add(&f->rig.bus, &f->a.pci, 3, 0));
	assert_int_equal(0, pci_add(&f->rig.bus, &f->b.pci, 6, 0));
	assert_int_equal(0, pci_add(&f->rig.bus, &f->c.pci, 4, 0));
	f->ab = &f->rig.line[1];        /* GSI 10 */
	f->other = &f->rig.line[2];     /* GSI 11 */
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pci_rig_fini(&f->rig);
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++) {
		assert_false(f->rig.line[i].level);
		/* a line is told only what it does not know */
		assert_int_equal(f->rig.line[i].calls, f->rig.line[i].raised +
				 f->rig.line[i].lowered);
	}
	return 0;
}

static unsigned status(struct fix *f, unsigned slot)
{
	return pci_rig_get(&f->rig, slot, 0, 6, 1) & STATUS_INTX;
}

static void set_msix(struct fix *f, bool on)
{
	pci_rig_put(&f->rig, 3, 0, f->a.pci.msix.cap + 2, 2, on ? 0x8000 : 0);
}

static void swizzle(void **state)
{
	static const unsigned from[] = { 10, 11, 5 };

	(void)state;
	assert_int_equal(5, pci_intx_gsis[0]);
	assert_int_equal(10, pci_intx_gsis[1]);
	assert_int_equal(11, pci_intx_gsis[2]);
	for (unsigned slot = 0; slot < PCI_SLOTS; slot++)
		for (unsigned pin = 0; pin < 4; pin++)
			assert_int_equal(from[(slot + pin) % 3],
					 pci_intx_gsi(slot, pin));
}

/* The line that goes up is the one the GSI names, for every slot and pin. */
static void each_pin(void **state)
{
	static struct pci_rig rig;
	static struct pci_fake fn;

	(void)state;
	for (unsigned i = 0; i < PCI_SLOTS * 4; i++) {
		pci_rig_init(&rig);
		pci_fake_init(&fn, "fn", i % 4 + 1);
		assert_int_equal(0, pci_add(&rig.bus, &fn.pci, (int)i / 4, 0));
		pci_intx(&fn.pci, true);
		for (unsigned l = 0; l < PCI_INTX_GSIS; l++)
			assert_int_equal(rig.line[l].level, pci_intx_gsis[l] ==
					 pci_intx_gsi(i / 4, i % 4));
		pci_rig_fini(&rig);
	}
}

static void fixed_lines(void **state)
{
	struct fix *f = *state;
	struct pci_rig *r = &f->rig;

	pci_rig_put(r, 3, 0, 0x3c, 1, 0x77);
	assert_int_equal(0x77, pci_rig_get(r, 3, 0, 0x3c, 1));
	pci_intx_fix_lines(&r->bus);
	for (unsigned again = 0; again < 2; again++) {
		for (unsigned slot = 3; slot <= 6; slot += 3) {
			unsigned pin = pci_rig_get(r, slot, 0, 0x3d, 1);

			pci_rig_put(r, slot, 0, 0x3c, 1, 0xff);
			assert_int_equal(pci_intx_gsi(slot, pin - 1),
					 pci_rig_get(r, slot, 0, 0x3c, 1));
		}
		pci_bus_reset(&r->bus);
	}
}

static void level(void **state)
{
	struct fix *f = *state;

	pci_intx(&f->a.pci, true);
	pci_intx(&f->a.pci, true);
	assert_true(f->ab->level);
	assert_int_equal(1, f->ab->raised);
	assert_int_equal(STATUS_INTX, status(f, 3));
	assert_int_equal(0, status(f, 6));
	pci_intx(&f->a.pci, false);
	pci_intx(&f->a.pci, false);
	assert_false(f->ab->level);
	assert_int_equal(1, f->ab->lowered);
	assert_int_equal(0, status(f, 3));
	assert_int_equal(0, f->other->calls);
}

static void shared(void **state)
{
	struct fix *f = *state;

	pci_intx(&f->a.pci, true);
	pci_intx(&f->b.pci, true);
	pci_intx(&f->c.pci, true);
	assert_int_equal(1, f->ab->raised);
	assert_int_equal(1, f->other->raised);
	pci_intx(&f->a.pci, false);
	assert_true(f->ab->level);
	assert_int_equal(0, status(f, 3));
	assert_int_equal(STATUS_INTX, status(f, 6));
	pci_intx(&f->b.pci, false);
	assert_false(f->ab->level);
	assert_true(f->other->level);
	pci_intx(&f->b.pci, true);
	assert_int_equal(2, f->ab->raised);
}

static void disable(void **state)
{
	struct fix *f = *state;

	pci_rig_put(&f->rig, 3, 0, 4, 2, INTX_DISABLE);
	pci_intx(&f->a.pci, true);
	assert_false(f->ab->level);
	assert_int_equal(STATUS_INTX, status(f, 3));
	pci_rig_put(&f->rig, 3, 0, 4, 2, 0);
	assert_true(f->ab->level);
	/* by the byte that holds the bit */
	pci_rig_put(&f->rig, 3, 0, 5, 1, INTX_DISABLE >> 8);
	assert_false(f->ab->level);
	assert_int_equal(STATUS_INTX, status(f, 3));
	/* a disabled function lets go of a shared line only for itself */
	pci_intx(&f->b.pci, true);
	pci_rig_put(&f->rig, 3, 0, 5, 1, 0);
	pci_rig_put(&f->rig, 3, 0, 5, 1, INTX_DISABLE >> 8);
	assert_true(f->ab->level);
	pci_intx(&f->b.pci, false);
	assert_false(f->ab->level);
	pci_intx(&f->a.pci, false);
	pci_rig_put(&f->rig, 3, 0, 4, 2, 0);
	assert_false(f->ab->level);
	assert_int_equal(0, status(f, 3));
}

static void status_is_read_only(void **state)
{
	struct fix *f = *state;

	pci_intx(&f->a.pci, true);
	pci_rig_put(&f->rig, 3, 0, 6, 2, 0xffff);
	pci_rig_put(&f->rig, 3, 0, 6, 2, 0);
	assert_int_equal(STATUS_INTX, status(f, 3));
	assert_true(f->ab->level);
	pci_intx(&f->a.pci, false);
	pci_rig_put(&f->rig, 3, 0, 6, 2, 0xffff);
	assert_int_equal(0, status(f, 3));
}

static void msix_silences(void **state)
{
	struct fix *f = *state;

	pci_intx(&f->a.pci, true);
	set_msix(f, true);
	assert_false(f->ab->level);
	assert_int_equal(STATUS_INTX, status(f, 3));
	pci_intx(&f->a.pci, false);
	pci_intx(&f->a.pci, true);
	assert_int_equal(1, f->ab->raised);
	/* both gates must open */
	pci_rig_put(&f->rig, 3, 0, 4, 2, INTX_DISABLE);
	set_msix(f, false);
	assert_false(f->ab->level);
	set_msix(f, true);
	pci_rig_put(&f->rig, 3, 0, 4, 2, 0);
	assert_false(f->ab->level);
	set_msix(f, false);
	assert_true(f->ab->level);
	assert_int_equal(2, f->ab->raised);
	assert_int_equal(0, f->rig.msi.n);
}

static void no_pin(void **state)
{
	struct fix *f = *state;
	static struct pci_fake p;

	pci_fake_init(&p, "p", 0);
	assert_int_equal(0, pci_add(&f->rig.bus, &p.pci, 9, 0));
	pci_intx(&p.pci, true);
	assert_int_equal(0, status(f, 9));
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		assert_int_equal(0, f->rig.line[i].calls);
}

static void reset_lowers(void **state)
{
	struct fix *f = *state;

	pci_intx(&f->a.pci, true);
	pci_intx(&f->b.pci, true);
	set_msix(f, true);
	assert_true(f->ab->level);
	pci_bus_reset(&f->rig.bus);
	assert_false(f->ab->level);
	/* the wish behind MSI-X did not come up while everything went down */
	assert_int_equal(1, f->ab->raised);
	assert_int_equal(0, status(f, 3));
	assert_int_equal(0, status(f, 6));
	pci_intx(&f->a.pci, true);
	assert_true(f->ab->level);
	/* an interrupt that was still under way goes with the rest */
	f->b.noisy = true;
	pci_bus_reset(&f->rig.bus);
	assert_int_equal(3, f->ab->raised);
	assert_false(f->ab->level);
}

static void fini_lowers(void **state)
{
	struct fix *f = *state;
	static struct pci_fake p;

	pci_fake_init(&p, "p", 1);
	assert_int_equal(0, pci_add(&f->rig.bus, &p.pci, 9, 0));
	pci_intx(&p.pci, true);
	assert_true(f->ab->level);
	pci_dev_fini(&p.pci);
	assert_false(f->ab->level);
	assert_int_equal(0xffffffff, pci_rig_get(&f->rig, 9, 0, 0, 4));
}

static void clear(void **state)
{
	struct fix *f = *state;

	pci_intx(&f->a.pci, true);
	pci_irq_clear(&f->a.pci);
	assert_false(f->ab->level);
	assert_int_equal(0, status(f, 3));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(swizzle),
		cmocka_unit_test(each_pin),
		TEST(fixed_lines),
		TEST(level),
		TEST(shared),
		TEST(disable),
		TEST(status_is_read_only),
		TEST(msix_silences),
		TEST(no_pin),
		TEST(reset_lowers),
		TEST(fini_lowers),
		TEST(clear),
	};

	return cmocka_run_group_tests_name("pci_intx", tests, NULL, NULL);
}
