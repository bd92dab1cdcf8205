/* AERO-W7-VIRTIO 1.6 to 1.8.3: doorbells, the ISR, INTx. */
#include "tests/conform/cf.h"

static unsigned take_isr(struct cf_dev *d)
{
	return d->bus.ops->take_isr(&d->bus);
}

static bool used(struct cf_dev *d, uint16_t q)
{
	return drv_split_used_idx(&d->ring[q]) != d->ring[q].used;
}

/* ---- 1.6 ------------------------------------------------------------------ */

static void c1_6a_multiplier_is_4(struct cf *c)
{
	CF_EACH(c, d)
		CHECK_EQ(c, 4, drv_pci_cfg_get(&d->bus,
			 drv_pci_cap(&d->bus, 9, 2) + 16, 4));
}

static void c1_6b_notify_off_is_the_index(struct cf *c)
{
	CF_EACH(c, d)
		for (uint16_t q = 0; q < d->nq; q++) {
			cf_wr(c, d, 0x16, 2, q);
			CHECK_EQ(c, q, cf_rd(c, d, 0x1e, 2));
		}
}

/* A chain for cf_ask's queue, made visible without a kick. */
static uint16_t ask_quietly(struct cf *c, struct cf_dev *d)
{
	uint64_t keep[DRV_QUEUES];
	uint16_t q;

	/* The kick goes to a register that ignores it. */
	for (unsigned i = 0; i < DRV_QUEUES; i++) {
		keep[i] = d->bus.notify_q[i];
		d->bus.notify_q[i] = d->bus.bar0 + 0x0ff8;
	}
	q = cf_ask(c, d);
	for (unsigned i = 0; i < DRV_QUEUES; i++)
		d->bus.notify_q[i] = keep[i];
	return q;
}

static void kick(struct cf *c, struct cf_dev *d, unsigned size, uint32_t val)
{
	uint16_t q;
	uint32_t len;

	cf_up(c, d->kind);
	cf_quiet(c);
	q = ask_quietly(c, d);
	/* A real loop may just now be looking by itself. */
	CHECK(c, cf_none(c, d, q) || c->where & CF_GUEST);
	cf_wr(c, d, 0x1000 + 4u * q, size, val);
	cf_used(c, d, q, &len);
	drv_reset(&d->bus);
}

/* The address tells the queue, whatever is written. */
static void c1_6c_any_write_serves_the_queue(struct cf *c)
{
	CF_EACH(c, d)
		kick(c, d, rnd_chance(&c->rnd, 50) ? 2 : 4, rnd_u32(&c->rnd));
}

static void c1_6c_notified_queues_are_served(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		for (unsigned i = 0; i < 5; i++)
			cf_echo(c, d);
		drv_reset(&d->bus);
	}
}

/* Kicks of no queue, and of none with work, change nothing. */
static void c1_6c_needless_kicks(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		cf_quiet(c);
		take_isr(d);
		for (unsigned q = 0; q < 64; q++)
			cf_wr(c, d, 0x1000 + 4 * q, 2, q);
		cf_quiet(c);
		CHECK_EQ(c, 0, take_isr(d));
		CHECK_EQ(c, 15, cf_status(d));
		cf_echo(c, d);
		drv_reset(&d->bus);
	}
}

/* What a second processor does meanwhile. Static: a test that fails may leave
 * it running. */
static struct other {
	struct cf_dev *d;
	volatile bool stop;
	volatile unsigned n;
} other;

static void kick_until_told(void *arg)
{
	struct other *o = arg;

	while (!__atomic_load_n(&o->stop, __ATOMIC_ACQUIRE)) {
		o->d->bus.ops->notify(&o->d->bus, 0);
		__atomic_fetch_add(&o->n, 1, __ATOMIC_RELAXED);
	}
}

static void c1_6c_kicks_from_two_processors(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct other *o = &other;

	*o = (struct other){ .d = d };
	cf_beside(c, kick_until_told, o);
	CF_UNTIL(c, __atomic_load_n(&o->n, __ATOMIC_RELAXED) > 0);
	for (unsigned i = 0; i < 100; i++)
		cf_echo(c, d);
	__atomic_store_n(&o->stop, true, __ATOMIC_RELEASE);
	cf_join(c);
	CHECK(c, cf_none(c, d, 0));
	CHECK_EQ(c, 100, drv_split_used_idx(&d->ring[0]));
	CHECK_EQ(c, 15, cf_status(d));
}

static void c1_6d_16_bit_kicks(struct cf *c)
{
	CF_EACH(c, d)
		kick(c, d, 2, d->nq == 1 ? 0 : 1);
}

static void c1_6d_32_bit_kicks(struct cf *c)
{
	CF_EACH(c, d)
		kick(c, d, 4, d->nq == 1 ? 0 : 1);
}

/* ---- 1.7 ------------------------------------------------------------------ */

static void c1_7a_bit_0_is_a_used_queue(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		CHECK_EQ(c, 0, take_isr(d));
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		CHECK_EQ(c, 1, take_isr(d));
		drv_reset(&d->bus);
	}
}

static void c1_7b_bit_1_is_the_configuration(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	cf_link(c, false);
	CF_UNTIL(c, cf_line(c, d));
	CHECK_EQ(c, 2, take_isr(d));
}

static void both_causes(struct cf *c, struct cf_dev *d)
{
	cf_echo(c, d);
	CF_UNTIL(c, cf_line(c, d));
	/* Its cause is there when this returns. */
	cf_link(c, false);
}

static void c1_7c_the_other_bits_are_0(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	CHECK_EQ(c, 0, take_isr(d));
	both_causes(c, d);
	CHECK_EQ(c, 3, take_isr(d));
	CHECK_EQ(c, 0, take_isr(d));
}

static void c1_7d_reading_acknowledges(struct cf *c)
{
	CF_EACH(c, d) {
		unsigned size = 1u << rnd_below(&c->rnd, 3);

		cf_up(c, d->kind);
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		CHECK_EQ(c, 1, cf_rd(c, d, 0x2000, size));
		CHECK_EQ(c, 0, cf_rd(c, d, 0x2000, 1));
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		CHECK_EQ(c, 1, cf_rd(c, d, 0x2000, 1));
		drv_reset(&d->bus);
	}
}

static void c1_7e_reading_clears_all_it_returned(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	both_causes(c, d);
	CHECK_EQ(c, 3, cf_rd(c, d, 0x2000, 1));
	CHECK_EQ(c, 0, cf_rd(c, d, 0x2000, 1));
	CHECK(c, !cf_line(c, d));
}

static void read_isr_until_told(void *arg)
{
	struct other *o = arg;

	while (!__atomic_load_n(&o->stop, __ATOMIC_ACQUIRE))
		if (take_isr(o->d))
			__atomic_fetch_add(&o->n, 1, __ATOMIC_RELEASE);
}

/* Two processors read: each cause is one's, and no cause is nobody's. */
static void c1_7e_two_processors_read_each_cause_once(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	struct other *o = &other;

	*o = (struct other){ .d = d };
	cf_beside(c, read_isr_until_told, o);
	for (unsigned i = 1; i <= 30; i++) {
		cf_echo(c, d);
		CF_UNTIL(c, __atomic_load_n(&o->n, __ATOMIC_ACQUIRE) >= i);
		CHECK_EQ(c, 0, take_isr(d));
		CHECK_EQ(c, i, __atomic_load_n(&o->n, __ATOMIC_ACQUIRE));
	}
	__atomic_store_n(&o->stop, true, __ATOMIC_RELEASE);
	cf_join(c);
	CHECK(c, !cf_line(c, d));
}

/* ---- 1.8.1 ---------------------------------------------------------------- */

static void c1_8_1a_pin_is_inta(struct cf *c)
{
	CF_EACH(c, d) {
		drv_pci_cfg_put(&d->bus, 0x3d, 1, 2);
		CHECK_EQ(c, 1, drv_pci_cfg_get(&d->bus, 0x3d, 1));
	}
}

static void c1_8_1b_a_cause_asserts_intx(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		CHECK(c, !cf_line(c, d));
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		cf_quiet(c);
		CHECK(c, cf_line(c, d));
		drv_reset(&d->bus);
	}
}

static void c1_8_1c_reading_the_isr_deasserts(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		for (unsigned i = 0; i < 3; i++) {
			cf_echo(c, d);
			CF_UNTIL(c, cf_line(c, d));
			take_isr(d);
			/* By the read itself: nobody waits here. */
			CHECK(c, !cf_line(c, d));
		}
		drv_reset(&d->bus);
	}
}

/* Of a line that others hold, too, its own status word tells. */
static bool caused(struct cf *c, struct cf_dev *d)
{
	return cf_line(c, d) &&
	       (c->where & CF_MMIO || drv_pci_cfg_get(&d->bus, 6, 2) & 8);
}

/* The line is shared: it falls with the last cause of all. */
static void c1_8_1c_a_shared_line_waits_for_all(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		cf_echo(c, d);
		CF_UNTIL(c, caused(c, d));
	}
	cf_quiet(c);
	CF_EACH(c, d)
		CHECK(c, cf_line(c, d));
	CF_EACH(c, d)
		CHECK_EQ(c, 1, take_isr(d));
	CF_EACH(c, d)
		CHECK(c, !cf_line(c, d));
}

/* ---- 1.8.2 ---------------------------------------------------------------- */

static void c1_8_2a_used_entries_set_bit_0(struct cf *c)
{
	CF_EACH(c, d) {
		uint16_t q;

		cf_up(c, d->kind);
		q = cf_ask(c, d);
		/* The entry comes first, then the cause. */
		CF_UNTIL(c, cf_line(c, d));
		CHECK(c, used(d, q));
		CHECK_EQ(c, 1, take_isr(d) & 1);
		drv_reset(&d->bus);
	}
}

/* Interrupts as a driver takes them: one at least for each request. */
static void c1_8_2b_used_entries_assert_intx(struct cf *c)
{
	CF_EACH(c, d) {
		uint32_t len;

		cf_up(c, d->kind);
		cf_irq_on(c, d);
		for (unsigned i = 1; i <= 4; i++) {
			uint16_t q = cf_ask(c, d);

			CF_UNTIL(c, c->irqs >= i);
			CHECK(c, used(d, q));
			cf_used(c, d, q, &len);
		}
		cf_quiet(c);
		CHECK_EQ(c, 4, c->irqs);
		CHECK_EQ(c, 4, c->isr[1]);
		CHECK(c, !cf_line(c, d));
		cf_irq_off(c);
		drv_reset(&d->bus);
	}
}

/* All devices at once on the lines they share: each gets all of its own. */
static void c1_8_2b_shared_lines_lose_nothing(struct cf *c)
{
	CF_EACH(c, d)
		cf_up(c, d->kind);
	cf_irq_on_all(c);
	for (unsigned i = 1; i <= 20; i++) {
		uint16_t q[CF_KINDS];
		uint32_t len;

		CF_EACH(c, d)
			q[d->kind] = cf_ask(c, d);
		CF_EACH(c, d) {
			CF_UNTIL(c, d->irqs >= i);
			CHECK(c, used(d, q[d->kind]));
			cf_used(c, d, q[d->kind], &len);
		}
	}
	cf_quiet(c);
	CF_EACH(c, d) {
		CHECK_EQ(c, 20, d->irqs);
		CHECK(c, !cf_line(c, d));
	}
}

static void c1_8_2c_no_interrupt_suppresses(struct cf *c)
{
	CF_EACH(c, d) {
		uint32_t len;
		uint16_t q;

		cf_up(c, d->kind);
		for (q = 0; q < d->nq; q++)
			drv_split_flags(&d->ring[q], VRING_AVAIL_F_NO_INTERRUPT);
		q = cf_ask(c, d);
		CF_UNTIL(c, used(d, q));
		cf_quiet(c);
		CHECK(c, !cf_line(c, d));
		CHECK_EQ(c, 0, take_isr(d));
		cf_used(c, d, q, &len);
		drv_split_flags(&d->ring[q], 0);
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		drv_reset(&d->bus);
	}
}

static void c2_5b_used_entries_interrupt_unless_suppressed(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_BLK);
	uint32_t len;

	for (unsigned i = 0; i < 6; i++) {
		bool quiet = i & 1;

		drv_split_flags(&d->ring[0],
				quiet ? VRING_AVAIL_F_NO_INTERRUPT : 0);
		cf_ask(c, d);
		CF_UNTIL(c, used(d, 0));
		if (!quiet)
			CF_UNTIL(c, cf_line(c, d));
		cf_quiet(c);
		CHECK_EQ(c, !quiet, cf_line(c, d));
		CHECK_EQ(c, !quiet, take_isr(d));
		cf_used(c, d, 0, &len);
	}
}

/* ---- 1.8.3 ---------------------------------------------------------------- */

static void c1_8_3a_a_change_sets_bit_1(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	for (unsigned i = 0; i < 4; i++) {
		cf_link(c, i & 1);
		CF_UNTIL(c, cf_line(c, d));
		CHECK_EQ(c, 2, take_isr(d));
	}
}

static void c1_8_3b_a_change_asserts_intx(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	cf_link(c, false);
	CF_UNTIL(c, cf_line(c, d));
	take_isr(d);
	CHECK(c, !cf_line(c, d));
	/* What changes nothing is no change. */
	cf_link(c, false);
	cf_quiet(c);
	CHECK(c, !cf_line(c, d));
}

/* The cable's state is the one thing the contract lets change. */
static void c1_8_3c_configurations_stay_as_they_are(struct cf *c)
{
	CF_EACH(c, d) {
		uint32_t before[8];

		for (unsigned i = 0; i < 8; i++)
			before[i] = cf_cfg(d, 4 * i, 4);
		cf_up(c, d->kind);
		for (unsigned i = 0; i < 3; i++)
			cf_echo(c, d);
		cf_quiet(c);
		CHECK_EQ(c, 1, take_isr(d));
		for (unsigned i = 0; i < 8; i++)
			CHECK_EQ(c, before[i], cf_cfg(d, 4 * i, 4));
		drv_reset(&d->bus);
	}
}

const struct cf_test cf_tests_irq[] = {
	CF_TEST(c1_6a_multiplier_is_4, ON_PCI),
	CF_TEST(c1_6b_notify_off_is_the_index, ON_PCI),
	CF_TEST(c1_6c_any_write_serves_the_queue, ON_PCI),
	CF_TEST(c1_6c_notified_queues_are_served, CF_ALL),
	CF_TEST(c1_6c_needless_kicks, ON_PCI),
	CF_TEST(c1_6c_kicks_from_two_processors, CF_ALL),
	CF_TEST(c1_6d_16_bit_kicks, ON_PCI),
	CF_TEST(c1_6d_32_bit_kicks, ON_PCI),
	CF_TEST(c1_7a_bit_0_is_a_used_queue, CF_ALL),
	CF_TEST(c1_7b_bit_1_is_the_configuration, CF_ALL),
	CF_TEST(c1_7c_the_other_bits_are_0, CF_ALL),
	CF_TEST(c1_7d_reading_acknowledges, ON_PCI),
	CF_TEST(c1_7e_reading_clears_all_it_returned, ON_PCI),
	CF_TEST(c1_7e_two_processors_read_each_cause_once, ON_PCI),
	CF_TEST(c1_8_1a_pin_is_inta, ON_PCI),
	CF_TEST(c1_8_1b_a_cause_asserts_intx, CF_ALL),
	CF_TEST(c1_8_1c_reading_the_isr_deasserts, CF_ALL),
	CF_TEST(c1_8_1c_a_shared_line_waits_for_all, CF_ALL),
	CF_TEST(c1_8_2a_used_entries_set_bit_0, CF_ALL),
	CF_TEST(c1_8_2b_used_entries_assert_intx, CF_ALL),
	CF_TEST(c1_8_2b_shared_lines_lose_nothing, CF_ALL),
	CF_TEST(c1_8_2c_no_interrupt_suppresses, CF_ALL),
	CF_TEST(c2_5b_used_entries_interrupt_unless_suppressed, CF_ALL),
	CF_TEST(c1_8_3a_a_change_sets_bit_1, CF_ALL),
	CF_TEST(c1_8_3b_a_change_asserts_intx, CF_ALL),
	CF_TEST(c1_8_3c_configurations_stay_as_they_are, CF_ALL),
	{ NULL, NULL, 0 },
};
