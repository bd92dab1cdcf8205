/* Description: ACPI events, power-off, the PM timer and its overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/legacy/legacy_int.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

enum {
	BASE = 0x600, STS = BASE, EN = BASE + 2, CNT = BASE + 4, TMR = BASE + 8,
	GPE_STS = BASE + 0x20, GPE_EN = BASE + 0x22, SMI = 0xb2,
	ENABLE = 0xf1, DISABLE = 0xf0,
};

/* 2^23 ticks of 3579545 Hz, rounded up */
#define HALF_NS UINT64_C(2343484438)

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
	struct iospace pio;
	struct pm pm;
	struct irq_probe sci;
	struct loop *loop;
	unsigned off;
};

/* Called without the chip's lock: a reset may come from here. */
static void on_event(void *ctx, enum pm_event what)
{
	struct rig *r = ctx;

	assert_int_equal(PM_POWEROFF, what);
	r->off++;
	pm_reset(&r->pm);
}

static int setup(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	fake_mono = 1000;
	iospace_init(&r.pio);
	irq_probe_init(&r.sci);
	assert_int_equal(0, loop_create(&r.loop, "test", 0));
	r.pm.event = on_event;
	r.pm.ctx = &r;
	assert_int_equal(0, pm_init_clock(&r.pm, &r.pio, BASE, &r.sci.line,
					  r.loop, &fake));
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	loop_timer_del(r->loop, &r->pm.overflow);
	loop_destroy(r->loop);
	return 0;
}

static uint16_t in16(struct rig *r, uint16_t port)
{
	return (uint16_t)port_in(&r->pio, port, 2);
}

static void out16(struct rig *r, uint16_t port, uint16_t val)
{
	port_out(&r->pio, port, 2, val);
}

static void sci_enable(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0, in16(r, CNT));
	out16(r, CNT, 0x0001);          /* not by writing it */
	assert_int_equal(0, in16(r, CNT));
	outb(&r->pio, SMI, ENABLE);
	assert_int_equal(1, in16(r, CNT));
	out16(r, CNT, 0x0000);
	assert_int_equal(1, in16(r, CNT));
	outb(&r->pio, SMI, 0x55);
	assert_int_equal(1, in16(r, CNT));
	assert_int_equal(0x55, inb(&r->pio, SMI));
	outb(&r->pio, SMI, DISABLE);
	assert_int_equal(0, in16(r, CNT));
	outb(&r->pio, SMI + 1, ENABLE); /* the data port commands nothing */
	assert_int_equal(0, in16(r, CNT));
	assert_int_equal(ENABLE, inb(&r->pio, SMI + 1));
}

static void power_button(void **state)
{
	struct rig *r = *state;

	pm_power_button(&r->pm);
	assert_int_equal(0x0100, in16(r, STS));
	out16(r, EN, 0x0100);
	assert_false(irq_probe_level(&r->sci));
	outb(&r->pio, SMI, ENABLE);
	assert_true(irq_probe_level(&r->sci));
	out16(r, STS, 0x0020);          /* clears another one */
	assert_true(irq_probe_level(&r->sci));
	out16(r, STS, 0x0100);
	assert_false(irq_probe_level(&r->sci));
	assert_int_equal(0, in16(r, STS));
	pm_power_button(&r->pm);
	assert_true(irq_probe_level(&r->sci));
	outb(&r->pio, EN + 1, 0);       /* one byte of it */
	assert_false(irq_probe_level(&r->sci));
	outb(&r->pio, STS + 1, 0x01);
	assert_int_equal(0, port_in(&r->pio, STS, 4));
}

static void enable_bits(void **state)
{
	struct rig *r = *state;

	out16(r, EN, 0xffff);
	assert_int_equal(0x0721, in16(r, EN));
	port_out(&r->pio, STS, 4, 0x01000000);
	assert_int_equal(0x0100, in16(r, EN));
}

static void general_events(void **state)
{
	struct rig *r = *state;

	outb(&r->pio, SMI, ENABLE);
	pm_gpe(&r->pm, 3);
	pm_gpe(&r->pm, 15);
	assert_int_equal(0x8008, in16(r, GPE_STS));
	assert_false(irq_probe_level(&r->sci));
	outb(&r->pio, GPE_EN, 0x08);
	assert_true(irq_probe_level(&r->sci));
	outb(&r->pio, GPE_STS, 0x08);
	assert_false(irq_probe_level(&r->sci));
	outb(&r->pio, GPE_EN + 1, 0x80);
	assert_true(irq_probe_level(&r->sci));
	assert_int_equal(0x8008, in16(r, GPE_EN));
	pm_reset(&r->pm);
	assert_false(irq_probe_level(&r->sci));
	assert_int_equal(0, port_in(&r->pio, GPE_STS, 4));
}

static void poweroff(void **state)
{
	struct rig *r = *state;

	out16(r, CNT, 5 << 10 | 1 << 13);       /* a type nobody offered */
	assert_int_equal(0, r->off);
	assert_int_equal(5 << 10, in16(r, CNT));
	out16(r, CNT, 0);
	assert_int_equal(0, r->off);
	out16(r, CNT, 1 << 13);
	assert_int_equal(1, r->off);
	assert_int_equal(0, in16(r, CNT));
	outb(&r->pio, CNT + 1, 1 << 5);         /* the same, as a byte */
	assert_int_equal(2, r->off);
}

static void timer_counts(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0, port_in(&r->pio, TMR, 4));
	fake_mono += 1000000000;
	assert_int_equal(3579545, port_in(&r->pio, TMR, 4));
	assert_int_equal(3579545 & 0xff, inb(&r->pio, TMR));
	assert_int_equal(3579545 >> 8 & 0xff, inb(&r->pio, TMR + 1));
	port_out(&r->pio, TMR, 4, 0);           /* read-only */
	assert_int_equal(3579545, port_in(&r->pio, TMR, 4));
	fake_mono = 1000 + UINT64_C(1000000000) * 86400 * 365;
	assert_int_equal(UINT64_C(3579545) * 86400 * 365 % (1 << 24),
			 port_in(&r->pio, TMR, 4));
}

static void overflow_is_seen_without_timer(void **state)
{
	struct rig *r = *state;

	fake_mono += HALF_NS - 1;
	assert_int_equal(0x7fffff, port_in(&r->pio, TMR, 4));
	assert_int_equal(0, in16(r, STS));
	fake_mono++;
	assert_int_equal(0x800000, port_in(&r->pio, TMR, 4));
	assert_int_equal(1, in16(r, STS));
	out16(r, STS, 1);
	assert_int_equal(0, in16(r, STS));
	fake_mono += HALF_NS - 2;
	assert_int_equal(0xffffff, port_in(&r->pio, TMR, 4));
	assert_int_equal(0, in16(r, STS));
	fake_mono++;                    /* back to 0: the other edge */
	assert_int_equal(0, port_in(&r->pio, TMR, 4));
	assert_int_equal(1, in16(r, STS));
	loop_step(r->loop, 0);
	assert_int_equal(0, r->pm.overflow.at_ns);
	assert_int_equal(0, r->sci.calls);
}

static void overflow_interrupts(void **state)
{
	struct rig *r = *state;

	out16(r, EN, 1);
	loop_step(r->loop, 0);
	assert_int_equal(0, r->pm.overflow.at_ns);      /* not ACPI's yet */
	outb(&r->pio, SMI, ENABLE);
	loop_step(r->loop, 0);
	assert_true(r->pm.overflow.at_ns != 0);
	fake_mono += 1000000000;
	loop_timer_del(r->loop, &r->pm.overflow);
	r->pm.overflow.fired(&r->pm.overflow);          /* too early */
	assert_false(irq_probe_level(&r->sci));
	assert_true(r->pm.overflow.at_ns != 0);
	fake_mono += HALF_NS - 1000000000;
	loop_timer_del(r->loop, &r->pm.overflow);
	r->pm.overflow.fired(&r->pm.overflow);
	assert_true(irq_probe_level(&r->sci));
	assert_int_equal(0, r->pm.overflow.at_ns);      /* until it is acked */
	out16(r, STS, 1);
	assert_false(irq_probe_level(&r->sci));
	loop_step(r->loop, 0);
	assert_true(r->pm.overflow.at_ns != 0);
	out16(r, EN, 0);
	loop_timer_del(r->loop, &r->pm.overflow);
	r->pm.overflow.fired(&r->pm.overflow);
	assert_int_equal(0, r->pm.overflow.at_ns);
}

static void holes_read_zero(void **state)
{
	struct rig *r = *state;

	for (uint16_t p = BASE + 6; p < BASE + 0x20; p++) {
		if (p >= TMR && p < TMR + 4)
			continue;
		outb(&r->pio, p, 0xff);
		assert_int_equal(0, inb(&r->pio, p));
	}
	assert_int_equal(0, r->off);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sci_enable),
		TEST(power_button),
		TEST(enable_bits),
		TEST(general_events),
		TEST(poweroff),
		TEST(timer_counts),
		TEST(overflow_is_seen_without_timer),
		TEST(overflow_interrupts),
		TEST(holes_read_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
