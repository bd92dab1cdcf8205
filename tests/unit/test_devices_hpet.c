/* Description: HPET: counter, comparators, routes, legacy replacement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/legacy/clock.h"
#include "devices/legacy/hpet.h"
#include "tests/lib/irq_probe.h"

#define BASE 0xfed00000u
enum {
	ID = 0x00, PERIOD = 0x04, CONF = 0x10, STS = 0x20, COUNTER = 0xf0,
	T0 = 0x100, T1 = 0x120, T2 = 0x140, ROUTES = 4, CMP = 8,
	ENABLE = 1, LEGACY = 2,
	LEVEL = 2, INT = 4, PERIODIC = 8, SET = 0x40, MODE32 = 0x100,
};

static uint64_t fake_mono;

static int64_t wall(void)
{
	return 0;
}

static uint64_t mono(void)
{
	return fake_mono;
}

static const struct legacy_clock fake = { wall, mono };

struct rig {
	struct iospace mmio;
	struct hpet h;
	struct irq_probe irq0, irq8, gsi[2];
	struct loop *loop;
	unsigned told, replaced;
};

static void on_legacy(void *ctx, bool on)
{
	struct rig *r = ctx;

	r->told++;
	r->replaced = on;
}

static int setup(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	fake_mono = 12345;
	iospace_init(&r.mmio);
	irq_probe_init(&r.irq0);
	irq_probe_init(&r.irq8);
	irq_probe_init(&r.gsi[0]);
	irq_probe_init(&r.gsi[1]);
	r.h.line[0] = &r.irq0.line;
	r.h.line[8] = &r.irq8.line;
	r.h.line[20] = &r.gsi[0].line;
	r.h.line[21] = &r.gsi[1].line;
	r.h.legacy = on_legacy;
	r.h.ctx = &r;
	assert_int_equal(0, loop_create(&r.loop, "test", 0));
	assert_int_equal(0, hpet_init_clock(&r.h, &r.mmio, BASE, r.loop,
					    &fake));
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	loop_timer_del(r->loop, &r->h.timer);
	loop_destroy(r->loop);
	return 0;
}

static uint64_t get(struct rig *r, unsigned off, unsigned size)
{
	uint64_t val = 0;

	assert_true(iospace_rw(&r->mmio, BASE + off, size, &val, false));
	return size == 8 ? val : val & UINT32_MAX;
}

static void put(struct rig *r, unsigned off, unsigned size, uint64_t val)
{
	assert_true(iospace_rw(&r->mmio, BASE + off, size, &val, true));
}

static void pass(uint64_t ticks)
{
	fake_mono += ticks * HPET_TICK_NS;
}

/* Time as the loop sees it: the chip's own timer, at once. */
static void tick(struct rig *r, uint64_t ticks)
{
	pass(ticks);
	r->h.timer.fired(&r->h.timer);
}

static void capabilities(void **state)
{
	struct rig *r = *state;

	assert_int_equal(get(r, ID, 4), HPET_ID);
	assert_int_equal(get(r, PERIOD, 4), 10000000);          /* fs */
	assert_int_equal(get(r, ID, 8), 10000000ull << 32 | HPET_ID);
	assert_int_equal(get(r, T0, 4), 0x30);
	assert_int_equal(get(r, T2 + ROUTES, 4), 3 << 20);
	assert_true(get(r, T1 + CMP, 8) == UINT64_MAX);
	assert_int_equal(get(r, 0x160, 8), 0);
	assert_int_equal(get(r, 0x3f8, 8), 0);
}

static void the_counter_counts_while_enabled(void **state)
{
	struct rig *r = *state;

	pass(1000);
	assert_int_equal(get(r, COUNTER, 8), 0);
	put(r, COUNTER, 8, 0xfffffff0);
	put(r, CONF, 4, ENABLE);
	pass(0x20);
	assert_int_equal(get(r, COUNTER, 8), 0x100000010);
	assert_int_equal(get(r, COUNTER + 4, 4), 1);
	put(r, CONF, 4, 0);
	pass(1000);
	assert_int_equal(get(r, COUNTER, 8), 0x100000010);
	put(r, COUNTER, 4, 5);
	assert_int_equal(get(r, COUNTER, 8), 0x100000005);
	/* Not a register's: nothing happens. */
	put(r, COUNTER, 1, 0xff);
	put(r, COUNTER, 2, 0xff);
	assert_int_equal(get(r, COUNTER, 8), 0x100000005);
}

static void one_shot(void **state)
{
	struct rig *r = *state;

	put(r, T0, 4, INT | MODE32 | 20 << 9);
	put(r, CONF, 4, ENABLE);
	put(r, T0 + CMP, 4, 100);
	tick(r, 99);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 0);
	tick(r, 1);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 1);
	assert_false(irq_probe_level(&r->gsi[0]));
	/* 32 bits come around, and not a tick too soon. */
	tick(r, UINT32_MAX);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 1);
	tick(r, 1);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 2);
	tick(r, 100000);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 2);
	/* Without leave there is none, and a route it has not got is not
	 * taken. */
	put(r, T0, 4, MODE32 | 22 << 9);
	assert_int_equal(get(r, T0, 4) >> 9 & 31, 20);
	put(r, T0 + CMP, 4, get(r, COUNTER, 4) + 10);
	tick(r, 20);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 2);
}

static void periodic(void **state)
{
	struct rig *r = *state;

	put(r, CONF, 4, ENABLE);
	pass(7);
	put(r, T0, 4, INT | PERIODIC | SET | MODE32 | 21 << 9);
	put(r, T0 + CMP, 4, 10007);             /* the first */
	put(r, T0 + CMP, 4, 10000);             /* then these */
	tick(r, 9999);
	assert_int_equal(irq_probe_raised(&r->gsi[1]), 0);
	tick(r, 1);
	assert_int_equal(irq_probe_raised(&r->gsi[1]), 1);
	assert_int_equal(get(r, T0 + CMP, 4), 20007);
	tick(r, 10000);
	assert_int_equal(irq_probe_raised(&r->gsi[1]), 2);
	/* The host was late: one for all, and the beat is kept. */
	tick(r, 55555);
	assert_int_equal(irq_probe_raised(&r->gsi[1]), 3);
	assert_int_equal(get(r, T0 + CMP, 4), 80007);
}

static void halves_of_64_bits(void **state)
{
	struct rig *r = *state;

	put(r, COUNTER, 8, 0x1fffffff0);
	put(r, T1, 4, INT | PERIODIC | SET | 20 << 9);
	put(r, T1 + CMP, 4, 0x10);
	put(r, T1 + CMP + 4, 4, 2);
	assert_true(get(r, T1 + CMP, 8) == 0x200000010);
	put(r, T1 + CMP, 8, 0x1000);
	assert_true(get(r, T1 + CMP, 8) == 0x200000010);
	put(r, CONF, 4, ENABLE);
	tick(r, 0x20);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 1);
	assert_true(get(r, T1 + CMP, 8) == 0x200001010);
}

static void level(void **state)
{
	struct rig *r = *state;

	put(r, T2, 4, LEVEL | INT | 20 << 9);
	put(r, T2 + CMP, 8, 50);
	put(r, CONF, 4, ENABLE);
	tick(r, 50);
	assert_true(irq_probe_level(&r->gsi[0]));
	assert_int_equal(get(r, STS, 4), 4);
	put(r, STS, 4, 3);
	assert_true(irq_probe_level(&r->gsi[0]));
	/* A new route takes the level along. */
	put(r, T2, 4, LEVEL | INT | 21 << 9);
	assert_false(irq_probe_level(&r->gsi[0]));
	assert_true(irq_probe_level(&r->gsi[1]));
	put(r, STS, 4, 4);
	assert_false(irq_probe_level(&r->gsi[1]));
	assert_int_equal(get(r, STS, 4), 0);
}

static void a_line_is_shared(void **state)
{
	struct rig *r = *state;

	put(r, T1, 4, LEVEL | INT | 20 << 9);
	put(r, T2, 4, LEVEL | INT | 20 << 9);
	put(r, T1 + CMP, 8, 50);
	put(r, T2 + CMP, 8, 50);
	put(r, CONF, 4, ENABLE);
	tick(r, 50);
	assert_int_equal(get(r, STS, 4), 6);
	put(r, STS, 4, 2);
	assert_true(irq_probe_level(&r->gsi[0]));
	/* The other one moves away: now nobody holds it. */
	put(r, T2, 4, LEVEL | INT | 21 << 9);
	assert_false(irq_probe_level(&r->gsi[0]));
	assert_true(irq_probe_level(&r->gsi[1]));
}

static void legacy_replacement(void **state)
{
	struct rig *r = *state;

	put(r, T0, 4, INT | 20 << 9);
	put(r, T1, 4, INT | LEVEL | 20 << 9);
	put(r, T0 + CMP, 8, 10);
	put(r, T1 + CMP, 8, 20);
	put(r, CONF, 4, ENABLE | LEGACY);
	assert_int_equal(r->told, 1);
	assert_int_equal(r->replaced, 1);
	tick(r, 10);
	assert_int_equal(irq_probe_raised(&r->irq0), 1);
	tick(r, 10);
	assert_true(irq_probe_level(&r->irq8));
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 0);
	put(r, CONF, 4, ENABLE | LEGACY);
	assert_int_equal(r->told, 1);
	hpet_reset(&r->h);
	assert_int_equal(r->told, 2);
	assert_int_equal(r->replaced, 0);
	assert_false(irq_probe_level(&r->irq8));
	assert_int_equal(get(r, T0, 4), 0x30);
	assert_int_equal(get(r, COUNTER, 8), 0);
}

/* Also what wakes the loop, by real time. */
static void a_storm_is_held_back(void **state)
{
	struct rig *r = *state;

	put(r, CONF, 4, ENABLE);
	put(r, T0, 4, INT | PERIODIC | SET | 20 << 9);
	put(r, T0 + CMP, 8, 1);
	assert_int_equal(r->h.armed_ns, fake_mono + HPET_MIN_NS);
	pass(HPET_MIN_NS / HPET_TICK_NS);
	for (unsigned i = 0; i < 1000 && !irq_probe_raised(&r->gsi[0]); i++)
		loop_step(r->loop, 1);
	assert_int_equal(irq_probe_raised(&r->gsi[0]), 1);
	assert_int_equal(r->h.armed_ns, fake_mono + HPET_MIN_NS);
	/* Nothing to wait for: no timer. */
	put(r, CONF, 4, 0);
	tick(r, 10);
	assert_int_equal(r->h.armed_ns, 0);
}

/* Whatever is written, reads work and time goes on. */
static void any_writes(void **state)
{
	struct rig *r = *state;

	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned size = 1u << (rand() % 4);
		unsigned off = (unsigned)rand() % (HPET_LEN / 2 / size) * size;
		uint64_t val = (uint64_t)rand() << 33 ^ (uint64_t)rand();

		put(r, off, size, rand() % 3 ? val : val & 0x7f);
		get(r, off, size);
		tick(r, (unsigned)rand() % 100);
	}
	hpet_reset(&r->h);
	for (unsigned i = 0; i < 2; i++)
		assert_false(irq_probe_level(&r->gsi[i]));
	assert_false(irq_probe_level(&r->irq0));
	assert_false(irq_probe_level(&r->irq8));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(capabilities), T(the_counter_counts_while_enabled),
		T(one_shot), T(periodic), T(halves_of_64_bits), T(level),
		T(a_line_is_shared), T(legacy_replacement),
		T(a_storm_is_held_back), T(any_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
