#include "tests/lib/suite_core.h"

#include <stdlib.h>

#include "devices/base/log.h"
#include "tests/lib/echo.h"
#include "tests/lib/suite_core_int.h"
#include "tests/lib/variant.h"

/* ---- the bench ------------------------------------------------------------ */

int core_setup(void **state)
{
	const struct variant *v = *state;
	struct core *c = calloc(1, sizeof(*c));

	BUG_ON(!c);
	c->prof = v->prof;
	rig_open(&c->rig, v->via, v->flags);
	c->echo = echo_new(v->prof, &c->rig.guest->mem, c->rig.ctl,
			   c->rig.loops, 2);
	rig_attach(&c->rig, &c->echo->dev);
	c->bus = &c->rig.bus;
	c->ops = c->bus->ops;
	c->buf = guest_alloc(c->rig.guest, GUEST_HIGH, 0x1000, 0x1000, NULL);
	*state = c;
	return 0;
}

int core_teardown(void **state)
{
	struct core *c = *state;

	rig_close(&c->rig);
	free(c);
	return 0;
}

void core_start(struct core *c, uint64_t features)
{
	features = rig_features(&c->rig, features | VIRTIO_F_VERSION_1);
	assert_true(drv_start(c->bus, features));
	for (uint16_t q = 0; q < ECHO_QUEUES; q++) {
		rig_ring(&c->rig, &c->ring[q], echo_sizes[q],
			 features & VIRTIO_F_EVENT_IDX, NULL);
		drv_q_start(c->bus, q, &c->ring[q]);
	}
}

void core_up(struct core *c, uint64_t features)
{
	core_start(c, features);
	drv_ok(c->bus);
	assert_true(rig_status(&c->rig) & VIRTIO_S_DRIVER_OK);
	rig_settle(&c->rig);
}

int core_send(struct core *c, uint16_t q, unsigned n)
{
	struct drv_buf b[2] = {
		{ c->buf + 64 * (uint64_t)n, 8, false },
		{ c->buf + 64 * (uint64_t)n + 32, 8, true },
	};
	uint8_t text[8] = { 'e', 'c', 'h', 'o', (uint8_t)q, (uint8_t)n };

	guest_poke(c->rig.guest, b[0].gpa, text, 8);
	guest_fill(c->rig.guest, b[1].gpa, 0xee, 16);
	return drv_send(c->bus, q, &c->ring[q], b, 2, NULL);
}

void core_expect(struct core *c, uint16_t q, unsigned n, int id)
{
	uint8_t want[9] = { 'e', 'c', 'h', 'o', (uint8_t)q, (uint8_t)n, 0, 0,
			    0xee };
	uint8_t got[9];
	uint32_t len = 0;

	assert_int_equal(id, rig_collect(&c->rig, &c->ring[q], &len));
	assert_int_equal(8, len);
	guest_peek(c->rig.guest, c->buf + 64 * (uint64_t)n + 32, got, 9);
	assert_memory_equal(want, got, 9);
}

void core_break(struct core *c, uint16_t q)
{
	c->ring[q].ops->spoil(&c->ring[q]);
	c->ops->notify(c->bus, q);
}

/* ---- status --------------------------------------------------------------- */

static void status_bits_stay_until_reset(void **state)
{
	struct core *c = *state;

	drv_reset(c->bus);
	assert_int_equal(0, rig_status(&c->rig));
	c->ops->put(c->bus, DRV_STATUS, VIRTIO_S_ACKNOWLEDGE);
	assert_int_equal(1, rig_status(&c->rig));
	c->ops->put(c->bus, DRV_STATUS, VIRTIO_S_DRIVER);
	assert_int_equal(3, rig_status(&c->rig));
	/* Only the device says that it needs a reset. */
	c->ops->put(c->bus, DRV_STATUS, VIRTIO_S_NEEDS_RESET);
	assert_int_equal(3, rig_status(&c->rig));
	c->ops->put(c->bus, DRV_STATUS, VIRTIO_S_FAILED);
	assert_int_equal(0x83, rig_status(&c->rig));
	drv_reset(c->bus);
	assert_int_equal(0, rig_status(&c->rig));
}

static void driver_ok_needs_features_ok(void **state)
{
	struct core *c = *state;

	drv_reset(c->bus);
	c->ops->put(c->bus, DRV_STATUS, 7);
	assert_int_equal(3, rig_status(&c->rig));
	assert_int_equal(0, c->echo->started);
	/* Refused features in the same write. */
	c->ops->put(c->bus, DRV_STATUS, 15);
	assert_int_equal(3, rig_status(&c->rig));
	assert_int_equal(0, c->echo->started);
	c->ops->put(c->bus, DRV_DRV_SEL, 1);
	c->ops->put(c->bus, DRV_DRV_FEATURES, 1);
	c->ops->put(c->bus, DRV_STATUS, 11);
	assert_int_equal(11, rig_status(&c->rig));
	assert_int_equal(0, c->echo->started);
	c->ops->put(c->bus, DRV_STATUS, 15);
	assert_int_equal(15, rig_status(&c->rig));
	assert_int_equal(1, c->echo->started);
	/* Told once. */
	c->ops->put(c->bus, DRV_STATUS, 15);
	assert_int_equal(1, c->echo->started);
}

/* ---- features ------------------------------------------------------------- */

static void what_is_offered(void **state)
{
	static const uint32_t reserved[] = { 2, 3, 0x100, 0x80000000,
					     0xffffffff };
	struct core *c = *state;

	assert_int_equal(c->prof->feats | ECHO_FEATS, drv_offered(c->bus));
	for (unsigned i = 0; i < 5; i++) {
		/* AERO-W7-VIRTIO 1.5.1: reserved selects read 0. */
		c->ops->put(c->bus, DRV_DEV_SEL, reserved[i]);
		assert_int_equal(0, c->ops->get(c->bus, DRV_DEV_FEATURES));
	}
	c->ops->put(c->bus, DRV_DEV_SEL, 0);
	c->ops->put(c->bus, DRV_DEV_FEATURES, 0);
	assert_int_equal(c->prof->feats | ECHO_FEATS, drv_offered(c->bus));
}

static void reserved_selects_write_nothing(void **state)
{
	static const uint32_t reserved[] = { 2, 0x20, 0xffffffff };
	struct core *c = *state;

	assert_true(drv_start(c->bus, VIRTIO_F_VERSION_1));
	drv_reset(c->bus);
	c->ops->put(c->bus, DRV_DRV_SEL, 1);
	c->ops->put(c->bus, DRV_DRV_FEATURES, 1);
	for (unsigned i = 0; i < 3; i++) {
		c->ops->put(c->bus, DRV_DRV_SEL, reserved[i]);
		c->ops->put(c->bus, DRV_DRV_FEATURES, 0xffffffff);
	}
	assert_int_equal(VIRTIO_F_VERSION_1, c->echo->dev.acked);
	c->ops->put(c->bus, DRV_STATUS, 11);
	assert_int_equal(11, rig_status(&c->rig));
}

static void features_not_offered_are_refused(void **state)
{
	struct core *c = *state;
	uint64_t offered = drv_offered(c->bus);

	for (unsigned bit = 0; bit < 64; bit++) {
		bool ok = offered & VIRTIO_F(bit);

		assert_int_equal(ok, drv_start(c->bus, VIRTIO_F_VERSION_1 |
					       VIRTIO_F(bit)));
		assert_int_equal(ok ? 11 : 3, rig_status(&c->rig));
		drv_ok(c->bus);
		assert_int_equal(ok ? 15 : 3, rig_status(&c->rig));
	}
	assert_true(drv_start(c->bus, offered));
	/* Decision 4: VERSION_1 is not optional. */
	assert_false(drv_start(c->bus, 0));
	assert_false(drv_start(c->bus, offered & ~VIRTIO_F_VERSION_1));
	/* A second try without reset. */
	c->ops->put(c->bus, DRV_DRV_SEL, 1);
	c->ops->put(c->bus, DRV_DRV_FEATURES, (uint32_t)(offered >> 32));
	c->ops->put(c->bus, DRV_STATUS, 11);
	assert_int_equal(11, rig_status(&c->rig));
}

static void features_stand_after_features_ok(void **state)
{
	struct core *c = *state;

	assert_true(drv_start(c->bus, VIRTIO_F_VERSION_1));
	c->ops->put(c->bus, DRV_DRV_SEL, 0);
	c->ops->put(c->bus, DRV_DRV_FEATURES, 0xffffffff);
	assert_int_equal(VIRTIO_F_VERSION_1, c->echo->dev.acked);
	drv_reset(c->bus);
	assert_int_equal(0, c->echo->dev.acked);
}

/* ---- queue registers ------------------------------------------------------ */

static void queues_have_their_sizes(void **state)
{
	static const uint16_t beyond[] = { 3, 4, 63, 64, 0x100, 0xffff };
	struct core *c = *state;

	for (uint16_t q = 0; q < ECHO_QUEUES; q++)
		assert_int_equal(echo_sizes[q], drv_q_max(c->bus, q));
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(0, drv_q_max(c->bus, beyond[i]));
		assert_int_equal(0, c->ops->get(c->bus, DRV_Q_ENABLE));
	}
}

static void writes_beyond_the_last_queue_are_ignored(void **state)
{
	struct core *c = *state;

	core_up(c, 0);
	for (uint32_t q = ECHO_QUEUES; q < 0x10000; q = q * 3 + 1) {
		c->ops->put(c->bus, DRV_Q_SEL, q);
		c->ops->put(c->bus, DRV_Q_SIZE, 2);
		c->ops->put_addr(c->bus, DRV_DESC, 0x1230);
		c->ops->put(c->bus, DRV_Q_ENABLE, 0);
		c->ops->put(c->bus, DRV_Q_ENABLE, 1);
		assert_int_equal(0, c->ops->get(c->bus, DRV_Q_ENABLE));
	}
	for (uint16_t q = 0; q < ECHO_QUEUES; q++)
		core_expect(c, q, 0, core_send(c, q, 0));
}

static void sizes_are_lowered_where_the_profile_allows(void **state)
{
	struct core *c = *state;
	struct vq *vq = &c->echo->dev.vqs[1];

	drv_reset(c->bus);
	c->ops->put(c->bus, DRV_Q_SEL, 1);
	for (uint32_t size = 0; size <= 0x10000; size++) {
		/* virtio 2.7, 2.8 */
		bool any = c->rig.fmt == &drv_packed;
		bool ok = c->prof->size_writable && size && size <= 64 &&
			  (any || !(size & (size - 1)));

		assert_true(drv_start(c->bus, rig_features(&c->rig,
							   VIRTIO_F_VERSION_1)));
		assert_int_equal(64, vq->size);
		c->ops->put(c->bus, DRV_Q_SEL, 1);
		c->ops->put(c->bus, DRV_Q_SIZE, size);
		/* PCI writes 16 bits. */
		if (size == 0x10000)
			continue;
		assert_int_equal(ok ? size : 64, vq->size);
		assert_int_equal(64, vq->max);
		if (size == 300)
			size = 0xfefe;
	}
	/* Not while enabled. */
	core_start(c, 0);
	c->ops->put(c->bus, DRV_Q_SEL, 1);
	c->ops->put(c->bus, DRV_Q_SIZE, 8);
	assert_int_equal(64, vq->size);
}

static void addresses_stand_while_enabled(void **state)
{
	struct core *c = *state;
	struct vq *vq = &c->echo->dev.vqs[2];
	static const uint64_t want[3] = {
		0x123456789abcdef0, 0xfedcba9876543210, 0x0f1e2d3c4b5a6978,
	};

	drv_reset(c->bus);
	c->ops->put(c->bus, DRV_Q_SEL, 2);
	for (unsigned i = 0; i < 3; i++)
		c->ops->put_addr(c->bus, (enum drv_part)i, want[i]);
	assert_memory_equal(want, vq->addr, sizeof(want));
	c->ops->put(c->bus, DRV_Q_ENABLE, 1);
	assert_int_equal(1, c->ops->get(c->bus, DRV_Q_ENABLE));
	for (unsigned i = 0; i < 3; i++)
		c->ops->put_addr(c->bus, (enum drv_part)i, 0);
	assert_memory_equal(want, vq->addr, sizeof(want));
	/* Others are not meant. */
	assert_int_equal(0, c->echo->dev.vqs[1].addr[0]);
	drv_reset(c->bus);
	assert_int_equal(0, vq->addr[0] | vq->addr[1] | vq->addr[2]);
	c->ops->put(c->bus, DRV_Q_SEL, 2);
	assert_int_equal(0, c->ops->get(c->bus, DRV_Q_ENABLE));
}

static void enable_is_0_or_1(void **state)
{
	static const uint32_t other[] = { 2, 3, 0xff, 0x8000 };
	struct core *c = *state;

	drv_reset(c->bus);
	c->ops->put(c->bus, DRV_Q_SEL, 0);
	for (unsigned i = 0; i < 4; i++) {
		c->ops->put(c->bus, DRV_Q_ENABLE, other[i]);
		assert_int_equal(0, c->ops->get(c->bus, DRV_Q_ENABLE));
	}
	c->ops->put(c->bus, DRV_Q_ENABLE, 1);
	for (unsigned i = 0; i < 4; i++) {
		c->ops->put(c->bus, DRV_Q_ENABLE, other[i]);
		assert_int_equal(1, c->ops->get(c->bus, DRV_Q_ENABLE));
	}
}

/* ---- configuration -------------------------------------------------------- */

static uint32_t cfg_want(const struct core *c, unsigned off, unsigned size)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < size; i++)
		if (off + i < ECHO_CFG_LEN)
			v |= (uint32_t)c->echo->dev.cfg[off + i] << (8 * i);
	return v;
}

static void configuration_reads_at_any_width(void **state)
{
	struct core *c = *state;

	for (unsigned size = 1; size <= 4; size *= 2)
		for (unsigned off = 0; off + size <= 0x100; off++)
			assert_int_equal(cfg_want(c, off, size),
					 c->ops->cfg_get(c->bus, off, size));
}

static void configuration_writes_reach_the_device(void **state)
{
	struct core *c = *state;
	unsigned n = 0;

	for (unsigned size = 1; size <= 4; size *= 2) {
		for (unsigned off = 0; off + size <= 0x100; off++) {
			uint32_t val = 0x11223344 >> (32 - 8 * size);

			c->ops->cfg_put(c->bus, off, size, val);
			if (off + size > ECHO_CFG_LEN) {
				assert_int_equal(n, c->echo->cfg_writes);
				continue;
			}
			assert_int_equal(++n, c->echo->cfg_writes);
			assert_int_equal(off, c->echo->cfg_off);
			assert_int_equal(size, c->echo->cfg_size);
			assert_int_equal(val, c->echo->cfg_val);
			assert_int_equal(val, c->ops->cfg_get(c->bus, off,
							      size));
		}
	}
}

static void a_change_is_counted_and_told(void **state)
{
	struct core *c = *state;
	uint8_t gen;

	core_start(c, 0);
	gen = (uint8_t)c->ops->get(c->bus, DRV_GENERATION);
	vio_cfg_begin(&c->echo->dev);
	c->echo->dev.cfg[3] = 0x3c;
	vio_cfg_end(&c->echo->dev);
	/* AERO-W7-VIRTIO 1.5.5 */
	assert_int_not_equal(gen, c->ops->get(c->bus, DRV_GENERATION));
	assert_int_equal(0x3c, c->ops->cfg_get(c->bus, 3, 1));
	/* Not before the driver is up. */
	assert_false(rig_irq(&c->rig));
	assert_int_equal(0, c->ops->take_isr(c->bus));
	drv_ok(c->bus);
	for (unsigned i = 0; i < 600; i++) {
		gen = (uint8_t)c->ops->get(c->bus, DRV_GENERATION);
		vio_cfg_begin(&c->echo->dev);
		vio_cfg_end(&c->echo->dev);
		assert_int_not_equal(gen, c->ops->get(c->bus, DRV_GENERATION));
		assert_true(rig_irq(&c->rig));
		assert_int_equal(VIRTIO_ISR_CONFIG, c->ops->take_isr(c->bus));
		assert_false(rig_irq(&c->rig));
		assert_int_equal(0, c->ops->take_isr(c->bus));
	}
}

/* ---- all of it ------------------------------------------------------------ */

int suite_core_run(const struct rig_bus *via)
{
	static const struct vtest registers[] = {
		VTEST(status_bits_stay_until_reset),
		VTEST(driver_ok_needs_features_ok),
		VTEST(what_is_offered),
		VTEST(reserved_selects_write_nothing),
		VTEST(features_not_offered_are_refused),
		VTEST(features_stand_after_features_ok),
		VTEST(queues_have_their_sizes),
		VTEST(writes_beyond_the_last_queue_are_ignored),
		VTEST(sizes_are_lowered_where_the_profile_allows),
		VTEST(addresses_stand_while_enabled),
		VTEST(enable_is_0_or_1),
		VTEST(configuration_reads_at_any_width),
		VTEST(configuration_writes_reach_the_device),
		VTEST(a_change_is_counted_and_told),
	};
	const struct variant variants[] = {
		{ "epoll", via, &vio_profile_aero_w7, 0, 0 },
		{ "epoll", via, &vio_profile_modern, 0, 0 },
		{ "uring", via, &vio_profile_modern, RIG_URING, 0 },
		{ "epoll", via, &vio_profile_modern, RIG_PACKED, 0 },
		{ "uring", via, &vio_profile_modern, RIG_URING | RIG_PACKED,
		  0 },
		{ "threads", via, &vio_profile_aero_w7, RIG_THREADS, 0 },
		{ "threads", via, &vio_profile_modern,
		  RIG_THREADS | RIG_URING | RIG_PACKED, 0 },
	};
	unsigned n = sizeof(variants) / sizeof(variants[0]);
	int bad;

	bad = variant_run("core registers", registers,
			  sizeof(registers) / sizeof(registers[0]), variants, n,
			  core_setup, core_teardown);
	/* Those with threads have a suite of their own. */
	bad |= variant_run("core queues", core_queue_tests, core_queue_ntests,
			   variants, 5, core_setup, core_teardown);
	return bad;
}
