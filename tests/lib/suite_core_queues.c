/* Queues of a device that is up: what happens to chains, and when not. */
#include <stdlib.h>

#include "devices/base/log.h"
#include "tests/lib/suite_core_int.h"

static void set_mode(struct core *c, enum echo_mode mode)
{
	c->echo->mode = mode;
}

/* ---- traffic -------------------------------------------------------------- */

static void requests_are_answered(void **state)
{
	struct core *c = *state;

	core_up(c, 0);
	for (unsigned round = 0; round < 100; round++) {
		for (uint16_t q = 0; q < ECHO_QUEUES; q++) {
			unsigned n = round % 16 * 3 + q;
			int id = core_send(c, q, n);

			rig_settle(&c->rig);
			/* AERO-W7-VIRTIO 1.8.2 */
			assert_true(rig_irq(&c->rig));
			core_expect(c, q, n, id);
			assert_int_equal(VIRTIO_ISR_QUEUE,
					 c->ops->take_isr(c->bus));
			assert_false(rig_irq(&c->rig));
		}
	}
	assert_int_equal(100, c->echo->chains[2]);
}

static void a_full_ring_at_once(void **state)
{
	struct core *c = *state;
	int id[64];

	core_up(c, 0);
	for (unsigned round = 0; round < 40; round++) {
		unsigned n = 0;

		while (n < 64 && (id[n] = core_send(c, 1, n)) >= 0)
			n++;
		/* Two descriptors each. */
		assert_int_equal(32, n);
		rig_settle(&c->rig);
		for (unsigned i = 0; i < n; i++)
			core_expect(c, 1, i, id[i]);
	}
}

static void nothing_runs_before_driver_ok(void **state)
{
	struct core *c = *state;
	int id;

	core_start(c, 0);
	id = core_send(c, 0, 0);
	guest_snap(c->rig.guest);
	c->ops->notify(c->bus, 0);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
	assert_int_equal(0, c->echo->processed[0]);
	assert_false(rig_irq(&c->rig));
	/* What was made available is then found without another kick. */
	drv_ok(c->bus);
	rig_settle(&c->rig);
	core_expect(c, 0, 0, id);
}

static void a_queue_may_be_enabled_late(void **state)
{
	struct core *c = *state;
	uint16_t q = 1;

	assert_true(drv_start(c->bus, rig_features(&c->rig,
						   VIRTIO_F_VERSION_1)));
	drv_ok(c->bus);
	rig_ring(&c->rig, &c->ring[q], 64, false, NULL);
	c->ops->notify(c->bus, q);
	rig_settle(&c->rig);
	drv_q_start(c->bus, q, &c->ring[q]);
	core_expect(c, q, 5, core_send(c, q, 5));
	/* Those never enabled keep quiet. */
	c->ops->notify(c->bus, 2);
	rig_settle(&c->rig);
	assert_int_equal(0, c->echo->processed[2]);
}

static void a_content_queue_is_left_alone(void **state)
{
	struct core *c = *state;
	int id[3];

	set_mode(c, ECHO_ONE);
	core_up(c, 0);
	for (unsigned i = 0; i < 3; i++)
		id[i] = core_send(c, 1, i);
	/* Kicks of before may have come as one. */
	rig_settle(&c->rig);
	assert_true(c->echo->chains[1] >= 1 && c->echo->chains[1] < 3);
	for (unsigned i = c->echo->chains[1]; i < 3; i++) {
		loop_bell_mark(c->echo->dev.vqs[1].loop,
			       &c->echo->dev.vqs[1].bell);
		rig_settle(&c->rig);
		assert_int_equal(i + 1, c->echo->chains[1]);
	}
	for (unsigned i = 0; i < 3; i++)
		core_expect(c, 1, i, id[i]);
}

/* ---- interrupts ----------------------------------------------------------- */

static void no_interrupt_flag_keeps_the_line_down(void **state)
{
	struct core *c = *state;
	int id;

	core_up(c, 0);
	c->ring[0].ops->irqs(&c->ring[0], false);
	id = core_send(c, 0, 0);
	rig_settle(&c->rig);
	/* Decision 5 */
	assert_true(c->ring[0].ops->ready(&c->ring[0]));
	assert_false(rig_irq(&c->rig));
	assert_int_equal(0, c->ops->take_isr(c->bus));
	core_expect(c, 0, 0, id);
	c->ring[0].ops->irqs(&c->ring[0], true);
	id = core_send(c, 0, 1);
	rig_settle(&c->rig);
	assert_true(rig_irq(&c->rig));
	core_expect(c, 0, 1, id);
}

static void event_idx_is_honoured(void **state)
{
	struct core *c = *state;
	struct drv_ring *r = &c->ring[1];

	if (!(c->prof->feats & VIRTIO_F_EVENT_IDX)) {
		/* AERO-W7-VIRTIO 2.3: not offered. */
		assert_false(drv_start(c->bus, VIRTIO_F_VERSION_1 |
				       VIRTIO_F_EVENT_IDX));
		return;
	}
	core_up(c, VIRTIO_F_EVENT_IDX);
	/* Asks for an interrupt with the third used entry. */
	r->ops->irqs(r, false);
	r->ops->irq_after(r, 2, 2);
	for (unsigned i = 0; i < 4; i++) {
		int id = core_send(c, 1, i);

		rig_settle(&c->rig);
		core_expect(c, 1, i, id);
		assert_int_equal(i == 2, rig_irq(&c->rig));
		assert_int_equal(i == 2 ? VIRTIO_ISR_QUEUE : 0,
				 c->ops->take_isr(c->bus));
		/* At rest it asks for the next kick. */
		assert_true(r->ops->wants_kick(r));
	}
}

static void one_line_for_all_causes(void **state)
{
	struct core *c = *state;

	core_up(c, 0);
	core_send(c, 0, 0);
	core_send(c, 1, 1);
	rig_settle(&c->rig);
	vio_cfg_begin(&c->echo->dev);
	vio_cfg_end(&c->echo->dev);
	assert_int_equal(1, irq_probe_raised(c->rig.via->line(&c->rig)));
	assert_true(rig_irq(&c->rig));
	assert_int_equal(VIRTIO_ISR_QUEUE | VIRTIO_ISR_CONFIG,
			 c->ops->take_isr(c->bus));
	assert_false(rig_irq(&c->rig));
	assert_int_equal(0, c->ops->take_isr(c->bus));
}

/* ---- stopping one queue --------------------------------------------------- */

/* Decision 15 */
static void enable_0_stops_a_queue(void **state)
{
	struct core *c = *state;
	uint64_t gpa[3];
	uint32_t len;
	int id;

	set_mode(c, ECHO_KEEP);
	core_up(c, 0);
	id = core_send(c, 1, 7);
	rig_settle(&c->rig);
	assert_int_equal(1, c->echo->nheld[1]);
	drv_q_stop(c->bus, 1);
	assert_int_equal(0, c->ops->get(c->bus, DRV_Q_ENABLE));
	assert_true(c->echo->stopped[1] >= 1);
	assert_int_equal(0, c->echo->stopped[0]);
	/* What was in flight was given back. */
	assert_int_equal(id, c->ring[1].ops->collect(&c->ring[1], &len));
	assert_int_equal(ECHO_CANCELLED,
			 guest_byte(c->rig.guest, c->buf + 64 * 7 + 32));
	core_send(c, 1, 8);
	guest_snap(c->rig.guest);
	c->ops->notify(c->bus, 1);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
	/* Another ring, from its start; the others never noticed. */
	set_mode(c, ECHO_REPLY);
	for (unsigned i = 0; i < 3; i++)
		gpa[i] = guest_alloc(c->rig.guest, GUEST_NEXT, 0x1000, 16,
				     NULL);
	rig_ring_at(&c->rig, &c->ring[1], 64, false, gpa, 5);
	drv_q_start(c->bus, 1, &c->ring[1]);
	core_expect(c, 1, 9, core_send(c, 1, 9));
	core_expect(c, 0, 10, core_send(c, 0, 10));
}

/* ---- reset ---------------------------------------------------------------- */

static void assert_pristine(struct core *c)
{
	assert_int_equal(0, rig_status(&c->rig));
	assert_int_equal(0, c->echo->dev.acked);
	assert_false(rig_irq(&c->rig));
	assert_int_equal(0, c->ops->take_isr(c->bus));
	for (uint16_t q = 0; q < ECHO_QUEUES; q++) {
		const struct vq *vq = &c->echo->dev.vqs[q];

		assert_int_equal(echo_sizes[q], drv_q_max(c->bus, q));
		assert_int_equal(0, c->ops->get(c->bus, DRV_Q_ENABLE));
		assert_int_equal(0, vq->addr[0] | vq->addr[1] | vq->addr[2]);
		assert_int_equal(VIRTIO_NO_VECTOR, vq->vector);
		assert_false(vq->live);
		assert_int_equal(0, c->echo->nheld[q]);
	}
}

/* Decision 10 */
static void reset_ends_all_that_was_in_flight(void **state)
{
	struct core *c = *state;
	unsigned resets;

	for (unsigned how = 0; how < 2; how++) {
		set_mode(c, ECHO_KEEP);
		core_up(c, c->prof->feats);
		for (uint16_t q = 0; q < ECHO_QUEUES; q++)
			core_send(c, q, 10u + q);
		rig_settle(&c->rig);
		vio_cfg_begin(&c->echo->dev);
		vio_cfg_end(&c->echo->dev);
		for (uint16_t q = 0; q < ECHO_QUEUES; q++)
			core_send(c, q, 20u + q);       /* kicked, not taken */
		assert_true(rig_irq(&c->rig));
		resets = c->echo->resets;
		if (how == 0)
			drv_reset(c->bus);
		else
			vio_reset(&c->echo->dev);       /* the machine's */
		guest_snap(c->rig.guest);
		assert_int_equal(resets + 1, c->echo->resets);
		assert_pristine(c);
		rig_settle(&c->rig);
		for (uint16_t q = 0; q < ECHO_QUEUES; q++)
			c->ops->notify(c->bus, q);
		rig_settle(&c->rig);
		assert_true(guest_unchanged(c->rig.guest));
		assert_pristine(c);
		/* And it works again. */
		set_mode(c, ECHO_REPLY);
		core_up(c, 0);
		core_expect(c, 2, 3, core_send(c, 2, 3));
		c->ops->take_isr(c->bus);
	}
}

static void reset_at_every_stage(void **state)
{
	struct core *c = *state;

	for (unsigned stage = 0; stage < 4; stage++) {
		if (stage == 1)
			assert_true(drv_start(c->bus, VIRTIO_F_VERSION_1));
		else if (stage == 2)
			core_start(c, 0);
		else if (stage == 3)
			core_up(c, 0);
		drv_reset(c->bus);
		assert_pristine(c);
		drv_reset(c->bus);
		assert_pristine(c);
	}
}

/* ---- a broken ring -------------------------------------------------------- */

static void assert_broken(struct core *c)
{
	unsigned raised = irq_probe_raised(c->rig.via->line(&c->rig));

	rig_settle(&c->rig);
	/* Decision 9 */
	assert_int_equal(0x4f, rig_status(&c->rig));
	assert_true(rig_irq(&c->rig));
	assert_int_equal(raised + 1,
			 irq_probe_raised(c->rig.via->line(&c->rig)));
	assert_int_equal(VIRTIO_ISR_CONFIG, c->ops->take_isr(c->bus));
	assert_false(rig_irq(&c->rig));
}

static void a_broken_ring_needs_a_reset(void **state)
{
	struct core *c = *state;

	core_up(c, 0);
	core_expect(c, 0, 0, core_send(c, 0, 0));
	c->ops->take_isr(c->bus);
	core_break(c, 1);
	assert_broken(c);
	/* No queue touches anything more, kicked or not. */
	core_send(c, 0, 1);
	core_send(c, 2, 2);
	guest_snap(c->rig.guest);
	for (uint16_t q = 0; q < ECHO_QUEUES; q++)
		c->ops->notify(c->bus, q);
	core_break(c, 2);
	guest_snap(c->rig.guest);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
	assert_int_equal(0x4f, rig_status(&c->rig));
	assert_false(rig_irq(&c->rig));
	/* The driver cannot wish it away. */
	c->ops->put(c->bus, DRV_STATUS, 0x0f);
	assert_int_equal(0x4f, rig_status(&c->rig));
	drv_reset(c->bus);
	assert_pristine(c);
	core_up(c, 0);
	core_expect(c, 1, 4, core_send(c, 1, 4));
	assert_int_equal(0x0f, rig_status(&c->rig));
}

static void what_a_broken_device_held_stays_unanswered(void **state)
{
	struct core *c = *state;

	set_mode(c, ECHO_KEEP);
	core_up(c, 0);
	core_send(c, 0, 0);
	rig_settle(&c->rig);
	core_break(c, 1);
	assert_broken(c);
	guest_snap(c->rig.guest);
	/* Nothing is published, used index and entries alike. */
	c->echo->nheld[0] = 0;
	c->ops->notify(c->bus, 0);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
}

static void rings_that_cannot_be_mapped(void **state)
{
	static const uint64_t bad[][3] = {
		{ 0x10008, 0x20000, 0x30000 },          /* alignment */
		{ 0x10000, 0x20001, 0x30000 },
		{ 0x10000, 0x20000, 0x30002 },
		{ GUEST_HOLE, 0x20000, 0x30000 },
		{ 0x10000, GUEST_NEXT_GPA - 2, 0x30000 },
		{ 0x10000, 0x20000, GUEST_ROM_GPA },
		{ UINT64_MAX - 15, 0x20000, 0x30000 },
	};
	struct core *c = *state;

	for (unsigned i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		bool late = i % 2;

		assert_true(drv_start(c->bus, rig_features(&c->rig,
							   VIRTIO_F_VERSION_1)));
		if (late)
			drv_ok(c->bus);
		c->ops->put(c->bus, DRV_Q_SEL, 1);
		for (unsigned k = 0; k < 3; k++)
			c->ops->put_addr(c->bus, (enum drv_part)k,
					 bad[i / 2][k]);
		c->ops->put(c->bus, DRV_Q_ENABLE, 1);
		if (!late)
			drv_ok(c->bus);
		assert_broken(c);
		c->ops->notify(c->bus, 1);
		rig_settle(&c->rig);
		drv_reset(c->bus);
		assert_pristine(c);
	}
}

/* The loop has found the ring broken, but the control loop has not said so. */
static void reset_overtakes_a_break(void **state)
{
	struct core *c = *state;

	core_up(c, 0);
	core_break(c, 0);
	step_settle(c->rig.io);
	drv_reset(c->bus);
	assert_int_equal(0, rig_status(&c->rig));
	rig_settle(&c->rig);
	assert_pristine(c);
	/* The next life is not blamed either. */
	core_up(c, 0);
	core_break(c, 0);
	step_settle(c->rig.io);
	drv_reset(c->bus);
	core_up(c, 0);
	assert_int_equal(0x0f, rig_status(&c->rig));
	core_expect(c, 0, 1, core_send(c, 0, 1));
}

/* ---- bus mastering -------------------------------------------------------- */

/* Decision 8 */
static void no_dma_while_bus_mastering_is_off(void **state)
{
	struct core *c = *state;
	int id;

	core_up(c, 0);
	core_expect(c, 1, 0, core_send(c, 1, 0));
	c->rig.via->bus_master(&c->rig, false);
	id = core_send(c, 1, 1);
	c->ops->notify(c->bus, 1);
	guest_snap(c->rig.guest);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
	c->rig.via->bus_master(&c->rig, true);
	rig_settle(&c->rig);
	/* Work resumes at the next notify. */
	c->ops->notify(c->bus, 1);
	rig_settle(&c->rig);
	core_expect(c, 1, 1, id);
	core_expect(c, 1, 2, core_send(c, 1, 2));
}

static void dma_in_flight_ends_before_bus_mastering_does(void **state)
{
	struct core *c = *state;
	uint32_t len;
	int id;

	set_mode(c, ECHO_KEEP);
	core_up(c, 0);
	id = core_send(c, 1, 1);
	rig_settle(&c->rig);
	assert_int_equal(1, c->echo->nheld[1]);
	c->rig.via->bus_master(&c->rig, false);
	guest_snap(c->rig.guest);
	assert_int_equal(0, c->echo->nheld[1]);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
	/* It was answered, and the driver knows. */
	assert_int_equal(id, c->ring[1].ops->collect(&c->ring[1], &len));
	c->rig.via->bus_master(&c->rig, true);
	set_mode(c, ECHO_REPLY);
	/* A driver kicks only when asked: it must be. */
	core_expect(c, 1, 2, core_send(c, 1, 2));
}

static void a_queue_started_without_bus_mastering(void **state)
{
	struct core *c = *state;
	int id;

	core_start(c, 0);
	c->rig.via->bus_master(&c->rig, false);
	drv_ok(c->bus);
	id = core_send(c, 0, 0);
	guest_snap(c->rig.guest);
	rig_settle(&c->rig);
	assert_true(guest_unchanged(c->rig.guest));
	c->rig.via->bus_master(&c->rig, true);
	c->ops->notify(c->bus, 0);
	core_expect(c, 0, 0, id);
}

const struct vtest core_queue_tests[] = {
	VTEST(requests_are_answered),
	VTEST(a_full_ring_at_once),
	VTEST(nothing_runs_before_driver_ok),
	VTEST(a_queue_may_be_enabled_late),
	VTEST(a_content_queue_is_left_alone),
	VTEST(no_interrupt_flag_keeps_the_line_down),
	VTEST(event_idx_is_honoured),
	VTEST(one_line_for_all_causes),
	VTEST(enable_0_stops_a_queue),
	VTEST(reset_ends_all_that_was_in_flight),
	VTEST(reset_at_every_stage),
	VTEST(a_broken_ring_needs_a_reset),
	VTEST(what_a_broken_device_held_stays_unanswered),
	VTEST(rings_that_cannot_be_mapped),
	VTEST(reset_overtakes_a_break),
	VTEST(no_dma_while_bus_mastering_is_off),
	VTEST(dma_in_flight_ends_before_bus_mastering_does),
	VTEST(a_queue_started_without_bus_mastering),
};
const unsigned core_queue_ntests =
	sizeof(core_queue_tests) / sizeof(core_queue_tests[0]);
