#include "tests/lib/rig.h"

#include <string.h>

#include "devices/base/log.h"
#include "tests/lib/step.h"

static struct loop *new_loop(const char *name, unsigned flags)
{
	struct loop *l;

	BUG_ON(loop_create(&l, name, flags & RIG_URING ? LOOP_URING : 0));
	if (flags & RIG_THREADS)
		BUG_ON(loop_start(l));
	else if (flags & RIG_URING)
		step_keep_ring();
	return l;
}

static bool g_prefer_packed;

void rig_prefer_packed(bool on)
{
	g_prefer_packed = on;
}

bool rig_prefers_packed(void)
{
	return g_prefer_packed;
}

static void let_spin(void *loop)
{
	loop_set_poll(loop, 50000);
}

void rig_open(struct rig *r, const struct rig_bus *via, unsigned flags)
{
	*r = (struct rig){
		.via = via, .threads = flags & RIG_THREADS, .fmt = &drv_split,
		.packed = flags & RIG_PACKED,
	};
	r->guest = guest_new();
	r->io = r->loops[0] = new_loop("io", flags);
	r->io2 = r->loops[1] = new_loop("io2", flags);
	/* One of the two spins, as --iothreads poll-us= has it. */
	if (r->threads)
		loop_call_sync(r->io2, let_spin, r->io2);
	r->ctl = new_loop("ctl", flags & ~(unsigned)RIG_URING);
	via->init(r);
}

void rig_attach(struct rig *r, struct vio_dev *dev)
{
	r->dev = dev;
	r->via->attach(r, dev);
	if (dev->offered & VIRTIO_F_RING_PACKED) {
		if (r->packed || g_prefer_packed)
			r->fmt = &drv_packed;
	} else {
		BUG_ON(r->packed);
	}
}

uint64_t rig_features(const struct rig *r, uint64_t want)
{
	return (want & ~VIRTIO_F_RING_PACKED) | r->fmt->feature;
}

static void end_loop(struct loop *l)
{
	loop_stop(l);
	loop_destroy(l);
}

void rig_close(struct rig *r)
{
	if (r->dev) {
		vio_reset(r->dev);
		/* A broken ring's message to the control loop may be under
		 * way. */
		rig_settle(r);
		r->via->detach(r);
		vio_destroy(r->dev);
	}
	r->via->fini(r);
	end_loop(r->io);
	end_loop(r->io2);
	end_loop(r->ctl);
	guest_delete(r->guest);
}

void rig_ring_at(struct rig *r, struct drv_ring *ring, uint16_t size,
		 bool event_idx, const uint64_t gpa[3], uint32_t shuffle)
{
	struct drv_mem part[3];

	for (unsigned i = 0; i < 3; i++) {
		uint32_t len = r->fmt->bytes(size, (enum drv_part)i,
					     event_idx);

		part[i].gpa = gpa[i];
		part[i].p = guest_ptr(r->guest, gpa[i], len);
		memset(part[i].p, 0, len);
	}
	drv_ring_init(ring, r->fmt, size, event_idx, part, shuffle);
}

void rig_ring(struct rig *r, struct drv_ring *ring, uint16_t size,
	      bool event_idx, struct rnd *rnd)
{
	uint64_t gpa[3];

	for (unsigned i = 0; i < 3; i++)
		gpa[i] = guest_alloc(r->guest,
			!rnd ? GUEST_LOW : rnd_chance(rnd, 50) ? GUEST_HIGH
							       : GUEST_NEXT,
			r->fmt->bytes(size, (enum drv_part)i, event_idx),
			r->fmt->align((enum drv_part)i), rnd);
	rig_ring_at(r, ring, size, event_idx, gpa, rnd ? rnd_u32(rnd) | 1 : 0);
}

/* ---- time ----------------------------------------------------------------- */

static void nothing(void *arg)
{
	(void)arg;
}

void rig_settle(struct rig *r)
{
	if (r->threads) {
		/* Each answers after what was posted to it before. */
		loop_call_sync(r->io, nothing, NULL);
		loop_call_sync(r->io2, nothing, NULL);
		loop_call_sync(r->ctl, nothing, NULL);
		return;
	}
	/* A loop may wake another: until all are quiet in a row. */
	while (step_settle(r->io) + step_settle(r->io2) +
	       step_settle(r->ctl) > 6)
		;
}

static void pass(struct rig *r, const struct patience *p)
{
	if (r->threads) {
		BUG_ON(!patience_wait(p));
		return;
	}
	loop_step(r->io, 1);
	loop_step(r->io2, 0);
	loop_step(r->ctl, 0);
	BUG_ON(!patience_left(p));
}

void rig_until(struct rig *r, bool (*pred)(void *), void *arg)
{
	struct patience p = patience_new();

	while (!pred(arg))
		pass(r, &p);
}

int rig_collect(struct rig *r, struct drv_ring *ring, uint32_t *len)
{
	struct patience p = patience_new();
	int id;

	while ((id = ring->ops->collect(ring, len)) < 0)
		pass(r, &p);
	return id;
}

bool rig_irq(struct rig *r)
{
	return irq_probe_level(r->via->line(r));
}

uint8_t rig_status(struct rig *r)
{
	return (uint8_t)r->bus.ops->get(&r->bus, DRV_STATUS);
}
