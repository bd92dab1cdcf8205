/* AERO-W7-VIRTIO 1.8.4: MSI-X where a device has it; without it, none. */
#include "tests/conform/cf.h"

#define CAP_MSIX 0x11
#define CONTROL_ENABLE 0x8000
#define CONTROL_MASK 0x4000
#define NONE 0xffff
#define QUEUE 1                 /* drv_pci_msix: the first queue's vector */

static unsigned cap(struct cf_dev *d)
{
	return drv_pci_cap(&d->bus, CAP_MSIX, 0);
}

static void control(struct cf_dev *d, uint16_t val)
{
	drv_pci_cfg_put(&d->bus, cap(d) + 2, 2, val);
}

static void vector(struct cf *c, struct cf_dev *d, uint16_t v)
{
	cf_wr(c, d, 0x16, 2, 0);
	cf_wr(c, d, 0x1a, 2, v);
}

static void mask(struct cf *c, struct cf_dev *d, unsigned v, bool on)
{
	unsigned table = drv_pci_cfg_get(&d->bus, cap(d) + 4, 4) & ~7u;

	cf_wr(c, d, table + 16 * v + 12, 4, on);
}

/* Up, with a vector for the configuration and one for the queue. */
static struct cf_dev *up(struct cf *c)
{
	struct cf_dev *d = cf_start(c, CF_MSIX, cf_features(CF_MSIX));

	CHECK(c, drv_pci_msix(&d->bus, cf_msi_addr(c), CF_MSI, 1));
	CHECK_EQ(c, QUEUE, cf_rd(c, d, 0x1a, 2));
	drv_ok(&d->bus);
	cf_irq_on(c, d);
	return d;
}

static void silent(struct cf *c, struct cf_dev *d)
{
	unsigned was = cf_msi_count(c, QUEUE);

	cf_echo(c, d);
	cf_quiet(c);
	CHECK_EQ(c, was, cf_msi_count(c, QUEUE));
	CHECK_EQ(c, 0, cf_msi_count(c, 0));
	CHECK_EQ(c, 0, c->irqs);
	CHECK(c, !cf_line(c, d));
}

static void c1_8_4a_messages_are_sent(struct cf *c)
{
	struct cf_dev *d = up(c);

	for (unsigned i = 1; i <= 3; i++) {
		cf_echo(c, d);
		CF_UNTIL(c, cf_msi_count(c, QUEUE) == i);
	}
	cf_quiet(c);
	CHECK_EQ(c, 3, cf_msi_count(c, QUEUE));
	CHECK_EQ(c, 0, cf_msi_count(c, 0));
}

static void c1_8_4b_no_intx_beside_messages(struct cf *c)
{
	struct cf_dev *d = up(c);

	for (unsigned i = 1; i <= 3; i++) {
		cf_echo(c, d);
		CF_UNTIL(c, cf_msi_count(c, QUEUE) == i);
		CHECK(c, !cf_line(c, d));
	}
	cf_quiet(c);
	CHECK_EQ(c, 0, c->irqs);
}

static void c1_8_4c_no_vector_is_silent(struct cf *c)
{
	struct cf_dev *d = up(c);

	vector(c, d, NONE);
	CHECK_EQ(c, NONE, cf_rd(c, d, 0x1a, 2));
	silent(c, d);
	vector(c, d, QUEUE);
	cf_echo(c, d);
	CF_UNTIL(c, cf_msi_count(c, QUEUE) == 1);
}

static void c1_8_4c_vectors_are_none_after_reset(struct cf *c)
{
	struct cf_dev *d = up(c);

	cf_up(c, CF_MSIX);
	CHECK_EQ(c, NONE, cf_rd(c, d, 0x10, 2));
	for (unsigned q = 0; q < d->nq; q++) {
		cf_wr(c, d, 0x16, 2, q);
		CHECK_EQ(c, NONE, cf_rd(c, d, 0x1a, 2));
	}
	silent(c, d);
}

static void c1_8_4d_a_masked_vector_waits(struct cf *c)
{
	struct cf_dev *d = up(c);

	mask(c, d, QUEUE, true);
	silent(c, d);
	silent(c, d);
	mask(c, d, QUEUE, false);
	CF_UNTIL(c, cf_msi_count(c, QUEUE) == 1);
	cf_quiet(c);
	CHECK_EQ(c, 1, cf_msi_count(c, QUEUE));
}

static void c1_8_4d_a_masked_function_waits(struct cf *c)
{
	struct cf_dev *d = up(c);

	control(d, CONTROL_ENABLE | CONTROL_MASK);
	silent(c, d);
	control(d, CONTROL_ENABLE);
	CF_UNTIL(c, cf_msi_count(c, QUEUE) == 1);
	cf_quiet(c);
	CHECK_EQ(c, 1, cf_msi_count(c, QUEUE));
	CHECK(c, !cf_line(c, d));
}

/* The table has one vector a queue and one more. */
static void c1_8_4e_a_vector_out_of_range_is_silent(struct cf *c)
{
	struct cf_dev *d = up(c);
	uint16_t beyond = (uint16_t)(d->nq + 1 + rnd_below(&c->rnd, 1000));

	CHECK_EQ(c, d->nq, drv_pci_cfg_get(&d->bus, cap(d) + 2, 2) & 0x7ff);
	vector(c, d, beyond);
	CHECK_EQ(c, NONE, cf_rd(c, d, 0x1a, 2));
	silent(c, d);
	cf_wr(c, d, 0x10, 2, beyond);
	CHECK_EQ(c, NONE, cf_rd(c, d, 0x10, 2));
}

/* An entry that was never given an address. */
static void c1_8_4e_an_unprogrammed_vector_is_silent(struct cf *c)
{
	struct cf_dev *d = up(c);
	unsigned table = drv_pci_cfg_get(&d->bus, cap(d) + 4, 4) & ~7u;

	cf_wr(c, d, table + 16 * QUEUE, 4, 0);
	cf_wr(c, d, table + 16 * QUEUE + 4, 4, 0);
	silent(c, d);
}

static void c1_8_4f_disabled_it_is_intx(struct cf *c)
{
	struct cf_dev *d = up(c);

	control(d, 0);
	cf_echo(c, d);
	CF_UNTIL(c, c->irqs == 1);
	CHECK_EQ(c, 1, c->isr[1]);
	cf_quiet(c);
	CHECK_EQ(c, 0, cf_msi_count(c, QUEUE));
	CHECK(c, !cf_line(c, d));
	/* And back. */
	control(d, CONTROL_ENABLE);
	cf_echo(c, d);
	CF_UNTIL(c, cf_msi_count(c, QUEUE) == 1);
	CHECK_EQ(c, 1, c->irqs);
}

static void c1_8_4f_devices_without_it(struct cf *c)
{
	CF_EACH(c, d) {
		if (d->kind == CF_MSIX)
			continue;
		CHECK_EQ(c, 0, cap(d));
		cf_wr(c, d, 0x10, 2, 0);
		CHECK_EQ(c, NONE, cf_rd(c, d, 0x10, 2));
		vector(c, d, 0);
		CHECK_EQ(c, NONE, cf_rd(c, d, 0x1a, 2));
	}
}

const struct cf_test cf_tests_msix[] = {
	CF_TEST(c1_8_4a_messages_are_sent, ON_PCI),
	CF_TEST(c1_8_4b_no_intx_beside_messages, ON_PCI),
	CF_TEST(c1_8_4c_no_vector_is_silent, ON_PCI),
	CF_TEST(c1_8_4c_vectors_are_none_after_reset, ON_PCI),
	CF_TEST(c1_8_4d_a_masked_vector_waits, ON_PCI),
	CF_TEST(c1_8_4d_a_masked_function_waits, ON_PCI),
	CF_TEST(c1_8_4e_a_vector_out_of_range_is_silent, ON_PCI),
	CF_TEST(c1_8_4e_an_unprogrammed_vector_is_silent, ON_PCI),
	CF_TEST(c1_8_4f_disabled_it_is_intx, ON_PCI),
	CF_TEST(c1_8_4f_devices_without_it, ON_PCI),
	{ NULL, NULL, 0 },
};
