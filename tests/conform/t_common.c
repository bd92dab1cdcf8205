/* AERO-W7-VIRTIO 1.5: common configuration, on either transport. */
#include <string.h>

#include "tests/conform/cf.h"

static uint32_t get(struct cf_dev *d, enum drv_reg reg)
{
	return d->bus.ops->get(&d->bus, reg);
}

static void put(struct cf_dev *d, enum drv_reg reg, uint32_t val)
{
	d->bus.ops->put(&d->bus, reg, val);
}

/* ---- 1.5.0 ---------------------------------------------------------------- */

static void select_last(void *arg)
{
	struct cf_dev *d = arg;

	put(d, DRV_Q_SEL, d->nq - 1u);
	put(d, DRV_DEV_SEL, 1);
}

static void c1_5_0b_selectors_are_the_devices(struct cf *c)
{
	CF_EACH(c, d) {
		put(d, DRV_Q_SEL, 0);
		put(d, DRV_DEV_SEL, 0);
		cf_elsewhere(c, select_last, d);
		CHECK_EQ(c, d->qsize[d->nq - 1], get(d, DRV_Q_MAX));
		CHECK_EQ(c, cf_features(d->kind) >> 32,
			 get(d, DRV_DEV_FEATURES));
	}
}

/* PCI alone can read all of them back. */
static void c1_5_0c_fields_are_where_they_belong(struct cf *c)
{
	CF_EACH(c, d) {
		cf_wr(c, d, 0x00, 4, 1);
		CHECK_EQ(c, 1, cf_rd(c, d, 0x00, 4));
		CHECK_EQ(c, cf_features(d->kind) >> 32, cf_rd(c, d, 0x04, 4));
		cf_wr(c, d, 0x08, 4, 0);
		cf_wr(c, d, 0x0c, 4, 0x1000);
		CHECK_EQ(c, 0x1000, cf_rd(c, d, 0x0c, 4));
		CHECK_EQ(c, d->nq, cf_rd(c, d, 0x12, 2));
		for (unsigned q = 0; q < d->nq; q++) {
			uint64_t at = rnd_u64(&c->rnd) & ~UINT64_C(15);

			cf_wr(c, d, 0x16, 2, q);
			CHECK_EQ(c, q, cf_rd(c, d, 0x16, 2));
			CHECK_EQ(c, d->qsize[q], cf_rd(c, d, 0x18, 2));
			CHECK_EQ(c, 0xffff, cf_rd(c, d, 0x1a, 2));
			CHECK_EQ(c, 0, cf_rd(c, d, 0x1c, 2));
			CHECK_EQ(c, q, cf_rd(c, d, 0x1e, 2));
			for (unsigned off = 0x20; off <= 0x30; off += 8) {
				cf_wr(c, d, off, 4, (uint32_t)(at + off));
				cf_wr(c, d, off + 4, 4,
				      (at + off) >> 32);
				CHECK_EQ(c, at + off, cf_rd(c, d, off, 8));
			}
		}
		cf_wr(c, d, 0x14, 1, 3);
		CHECK_EQ(c, 3, cf_rd(c, d, 0x14, 1));
	}
}

static void c1_5_0c_read_only_fields_stay(struct cf *c)
{
	static const struct { uint8_t off, size; } field[] = {
		{ 0x04, 4 }, { 0x12, 2 }, { 0x15, 1 }, { 0x18, 2 }, { 0x1e, 2 },
	};

	CF_EACH(c, d)
		for (unsigned i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
			uint64_t was = cf_rd(c, d, field[i].off, field[i].size);

			cf_wr(c, d, field[i].off, field[i].size, 8);
			CHECK_EQ(c, was,
				 cf_rd(c, d, field[i].off, field[i].size));
		}
}

/* ---- 1.5.1 ---------------------------------------------------------------- */

static const uint32_t reserved[] = { 2, 3, 0x100, 0x10000, 0x80000000,
				     0xffffffff };
#define RESERVED (sizeof(reserved) / sizeof(reserved[0]))

static void c1_5_1a_features_in_two_halves(struct cf *c)
{
	CF_EACH(c, d) {
		CHECK_EQ(c, cf_features(d->kind), drv_offered(&d->bus));
		/* Both halves are written, and both count. */
		CHECK(c, drv_start(&d->bus, cf_features(d->kind)));
		CHECK(c, !drv_start(&d->bus, cf_features(d->kind) |
				    VIRTIO_F(63)));
		CHECK(c, !drv_start(&d->bus, cf_features(d->kind) |
				    VIRTIO_F(31)));
	}
}

static void c1_5_1b_reserved_selects_read_0(struct cf *c)
{
	CF_EACH(c, d)
		for (unsigned i = 0; i < RESERVED; i++) {
			put(d, DRV_DEV_SEL, reserved[i]);
			CHECK_EQ(c, 0, get(d, DRV_DEV_FEATURES));
			if (!(c->where & CF_PCI))
				continue;
			put(d, DRV_DRV_SEL, 0);
			put(d, DRV_DRV_FEATURES, 1u << 28);
			put(d, DRV_DRV_SEL, reserved[i]);
			CHECK_EQ(c, 0, get(d, DRV_DRV_FEATURES));
		}
}

static void c1_5_1c_reserved_selects_take_no_writes(struct cf *c)
{
	CF_EACH(c, d) {
		put(d, DRV_STATUS, 1);
		put(d, DRV_STATUS, 3);
		put(d, DRV_DRV_SEL, 0);
		put(d, DRV_DRV_FEATURES, 1u << 28);
		put(d, DRV_DRV_SEL, 1);
		put(d, DRV_DRV_FEATURES, 1);
		for (unsigned i = 0; i < RESERVED; i++) {
			put(d, DRV_DRV_SEL, reserved[i]);
			put(d, DRV_DRV_FEATURES, 0xffffffff);
		}
		put(d, DRV_STATUS, 11);
		CHECK_EQ(c, 11, get(d, DRV_STATUS));
	}
}

/* ---- 1.5.2 ---------------------------------------------------------------- */

static void c1_5_2a_version_1_is_offered(struct cf *c)
{
	CF_EACH(c, d)
		CHECK(c, drv_offered(&d->bus) & VIRTIO_F_VERSION_1);
}

static void c1_5_2b_version_1_is_required(struct cf *c)
{
	CF_EACH(c, d) {
		CHECK(c, !drv_start(&d->bus, 0));
		CHECK(c, !drv_start(&d->bus, cf_features(d->kind) &
				    ~VIRTIO_F_VERSION_1));
		CHECK(c, drv_start(&d->bus, VIRTIO_F_VERSION_1));
	}
}

/* ---- 1.5.3 ---------------------------------------------------------------- */

static void c1_5_3a_reset_disables_queues(struct cf *c)
{
	uint32_t len;

	CF_EACH(c, d) {
		uint16_t q;

		cf_up(c, d->kind);
		for (q = 0; q < d->nq; q++) {
			put(d, DRV_Q_SEL, q);
			CHECK_EQ(c, 1, get(d, DRV_Q_ENABLE));
		}
		drv_reset(&d->bus);
		for (q = 0; q < d->nq; q++) {
			put(d, DRV_Q_SEL, q);
			CHECK_EQ(c, 0, get(d, DRV_Q_ENABLE));
		}
		/* What is sent now goes nowhere. */
		q = cf_ask(c, d);
		CHECK(c, cf_none(c, d, q));
		cf_up(c, d->kind);
		cf_used(c, d, cf_ask(c, d), &len);
		drv_reset(&d->bus);
	}
}

static void c1_5_3b_reset_clears_interrupts(struct cf *c)
{
	CF_EACH(c, d) {
		cf_up(c, d->kind);
		cf_echo(c, d);
		CF_UNTIL(c, cf_line(c, d));
		drv_reset(&d->bus);
		CHECK(c, !cf_line(c, d));
		CHECK_EQ(c, 0, d->bus.ops->take_isr(&d->bus));
		cf_quiet(c);
		CHECK(c, !cf_line(c, d));
	}
}

static void c1_5_3c_reset_forgets_features(struct cf *c)
{
	CF_EACH(c, d) {
		CHECK(c, drv_start(&d->bus, cf_features(d->kind)));
		drv_reset(&d->bus);
		/* Not one is left: VERSION_1 neither. */
		put(d, DRV_STATUS, 3);
		put(d, DRV_STATUS, 11);
		CHECK_EQ(c, 3, get(d, DRV_STATUS));
		if (!(c->where & CF_PCI))
			continue;
		for (unsigned sel = 0; sel < 2; sel++) {
			put(d, DRV_DRV_SEL, sel);
			CHECK_EQ(c, 0, get(d, DRV_DRV_FEATURES));
		}
	}
}

static void c1_5_3d_reset_is_complete(struct cf *c)
{
	CF_EACH(c, d) {
		uint64_t before[7];

		for (unsigned i = 0; i < 7; i++)
			before[i] = cf_rd(c, d, 8 * i, 8);
		cf_up(c, d->kind);
		cf_echo(c, d);
		put(d, DRV_STATUS, 0);
		for (unsigned i = 0; i < 7; i++)
			CHECK_EQ(c, before[i], cf_rd(c, d, 8 * i, 8));
	}
}

static void c1_5_3d_reset_at_any_step(struct cf *c)
{
	CF_EACH(c, d) {
		put(d, DRV_STATUS, 1);
		put(d, DRV_STATUS, 0);
		CHECK_EQ(c, 0, cf_status(d));
		CHECK(c, !drv_start(&d->bus, cf_features(d->kind) |
				    VIRTIO_F(40)));
		put(d, DRV_STATUS, 0);
		CHECK_EQ(c, 0, cf_status(d));
		cf_start(c, d->kind, cf_features(d->kind));
		put(d, DRV_STATUS, 0);
		CHECK_EQ(c, 0, cf_status(d));
		put(d, DRV_STATUS, 0x80);
		put(d, DRV_STATUS, 0);
		CHECK_EQ(c, 0, cf_status(d));
		cf_up(c, d->kind);
		cf_echo(c, d);
		drv_reset(&d->bus);
	}
}

static void c1_5_3e_unoffered_features_are_refused(struct cf *c)
{
	CF_EACH(c, d) {
		uint64_t offered = cf_features(d->kind);

		for (unsigned bit = 0; bit < 64; bit++) {
			bool fit;

			if (offered & VIRTIO_F(bit))
				continue;
			/* The guest's registers are slow: some will do. */
			if (c->where & CF_GUEST && !rnd_chance(&c->rnd, 20))
				continue;
			fit = drv_start(&d->bus, VIRTIO_F_VERSION_1 |
					VIRTIO_F(bit));
			CHECK_EQ(c, 0, fit);
			/* And DRIVER_OK does not come to stay either. */
			drv_ok(&d->bus);
			CHECK_EQ(c, 3, cf_status(d));
		}
		CHECK(c, drv_start(&d->bus, offered));
	}
}

/* ---- 1.5.4 ---------------------------------------------------------------- */

static void c1_5_4a_queues_are_programmed(struct cf *c)
{
	CF_EACH(c, d) {
		cf_start(c, d->kind, cf_features(d->kind));
		for (uint16_t q = 0; q < d->nq; q++) {
			put(d, DRV_Q_SEL, q);
			CHECK_EQ(c, d->qsize[q], get(d, DRV_Q_MAX));
			CHECK_EQ(c, 1, get(d, DRV_Q_ENABLE));
		}
		drv_ok(&d->bus);
		for (unsigned i = 0; i < 3; i++)
			cf_echo(c, d);
		/* queue_enable is written 0 when a driver stops. */
		drv_q_stop(&d->bus, 0);
		CHECK_EQ(c, 0, get(d, DRV_Q_ENABLE));
		drv_reset(&d->bus);
	}
}

/* queue_size is read-only: a smaller one is not taken. */
static void c1_5_4a_queue_size_is_fixed(struct cf *c)
{
	CF_EACH(c, d) {
		put(d, DRV_Q_SEL, 0);
		put(d, DRV_Q_SIZE, 4);
		CHECK_EQ(c, d->qsize[0], get(d, DRV_Q_MAX));
		cf_up(c, d->kind);
		for (unsigned i = 0; i < 9; i++)
			cf_echo(c, d);
		drv_reset(&d->bus);
	}
}

static const uint16_t beyond[] = { 0, 1, 0x7f00, 0xfff0 };

static void c1_5_4b_size_of_a_queue_that_is_not_there(struct cf *c)
{
	CF_EACH(c, d)
		for (unsigned i = 0; i < 4; i++) {
			put(d, DRV_Q_SEL, beyond[i] + (uint32_t)d->nq);
			CHECK_EQ(c, 0, get(d, DRV_Q_MAX));
		}
}

static void c1_5_4c_notify_off_of_a_queue_that_is_not_there(struct cf *c)
{
	CF_EACH(c, d)
		for (unsigned i = 0; i < 4; i++) {
			cf_wr(c, d, 0x16, 2, beyond[i] + (uint32_t)d->nq);
			CHECK_EQ(c, 0, cf_rd(c, d, 0x1e, 2));
		}
}

static void c1_5_4d_queue_that_is_not_there_takes_no_writes(struct cf *c)
{
	CF_EACH(c, d) {
		cf_start(c, d->kind, cf_features(d->kind));
		for (unsigned i = 0; i < 4; i++) {
			put(d, DRV_Q_SEL, beyond[i] + (uint32_t)d->nq);
			for (unsigned p = 0; p < 3; p++)
				d->bus.ops->put_addr(&d->bus, (enum drv_part)p,
						     0x1000 * (p + 1));
			put(d, DRV_Q_ENABLE, 1);
			CHECK_EQ(c, 0, get(d, DRV_Q_ENABLE));
			if (!(c->where & CF_PCI))
				continue;
			for (unsigned off = 0x20; off < 0x38; off += 8)
				CHECK_EQ(c, 0, cf_rd(c, d, off, 8));
		}
		/* The queues that are there were not meant. */
		drv_ok(&d->bus);
		cf_echo(c, d);
		drv_reset(&d->bus);
	}
}

/* ---- 1.5.5 ---------------------------------------------------------------- */

static void c1_5_5a_generation_counts_changes(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);
	uint32_t was = get(d, DRV_GENERATION);

	CHECK_EQ(c, 1, cf_cfg(d, 6, 2));
	CHECK_EQ(c, was, get(d, DRV_GENERATION));
	cf_link(c, false);
	CF_UNTIL(c, cf_cfg(d, 6, 2) == 0);
	CHECK(c, get(d, DRV_GENERATION) != was);
	was = get(d, DRV_GENERATION);
	cf_link(c, true);
	CF_UNTIL(c, cf_cfg(d, 6, 2) == 1);
	CHECK(c, get(d, DRV_GENERATION) != was);
}

static void c1_5_5a_generation_stays_without_a_change(struct cf *c)
{
	CF_EACH(c, d) {
		uint32_t was = get(d, DRV_GENERATION);

		cf_up(c, d->kind);
		cf_echo(c, d);
		(void)cf_cfg(d, 0, 4);
		CHECK_EQ(c, was, get(d, DRV_GENERATION));
		drv_reset(&d->bus);
	}
}

static void c1_5_5b_a_change_interrupts(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	cf_irq_on(c, d);
	cf_link(c, false);
	CF_UNTIL(c, c->isr[2] == 1);
	cf_link(c, true);
	CF_UNTIL(c, c->isr[2] == 2);
	cf_quiet(c);
	CHECK_EQ(c, 2, c->irqs);
}

const struct cf_test cf_tests_common[] = {
	CF_TEST(c1_5_0b_selectors_are_the_devices, CF_ALL),
	CF_TEST(c1_5_0c_fields_are_where_they_belong, ON_PCI),
	CF_TEST(c1_5_0c_read_only_fields_stay, ON_PCI),
	CF_TEST(c1_5_1a_features_in_two_halves, CF_ALL),
	CF_TEST(c1_5_1b_reserved_selects_read_0, CF_ALL),
	CF_TEST(c1_5_1c_reserved_selects_take_no_writes, CF_ALL),
	CF_TEST(c1_5_2a_version_1_is_offered, CF_ALL),
	CF_TEST(c1_5_2b_version_1_is_required, CF_ALL),
	CF_TEST(c1_5_3a_reset_disables_queues, CF_ALL),
	CF_TEST(c1_5_3b_reset_clears_interrupts, CF_ALL),
	CF_TEST(c1_5_3c_reset_forgets_features, CF_ALL),
	CF_TEST(c1_5_3d_reset_is_complete, ON_PCI),
	CF_TEST(c1_5_3d_reset_at_any_step, CF_ALL),
	CF_TEST(c1_5_3e_unoffered_features_are_refused, CF_ALL),
	CF_TEST(c1_5_4a_queues_are_programmed, CF_ALL),
	CF_TEST(c1_5_4a_queue_size_is_fixed, CF_ALL),
	CF_TEST(c1_5_4b_size_of_a_queue_that_is_not_there, CF_ALL),
	CF_TEST(c1_5_4c_notify_off_of_a_queue_that_is_not_there, ON_PCI),
	CF_TEST(c1_5_4d_queue_that_is_not_there_takes_no_writes, CF_ALL),
	CF_TEST(c1_5_5a_generation_counts_changes, CF_ALL),
	CF_TEST(c1_5_5a_generation_stays_without_a_change, CF_ALL),
	CF_TEST(c1_5_5b_a_change_interrupts, CF_ALL),
	{ NULL, NULL, 0 },
};
