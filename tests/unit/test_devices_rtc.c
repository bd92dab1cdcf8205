/* Description: the RTC keeps time, tells it in every form, and interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "devices/legacy/legacy_int.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

#define SECOND INT64_C(1000000000)
/* 2024-02-28 23:59:50 UTC, a Wednesday, in a leap year */
#define START (INT64_C(1709164790) * SECOND)

static int64_t fake_wall;
static uint64_t fake_mono;

static int64_t wall(void)
{
	return fake_wall;
}

static uint64_t mono(void)
{
	return fake_mono;
}

static const struct legacy_clock fake = { wall, mono };

struct rig {
	struct iospace pio;
	struct rtc rtc;
	struct irq_probe irq;
	struct loop *loop;
};

static void pass(int64_t ns)
{
	fake_wall += ns;
	fake_mono += (uint64_t)ns;
}

static void start_zone(struct rig *r, int64_t zone_s)
{
	fake_wall = START;
	fake_mono = 77 * (uint64_t)SECOND;
	memset(&r->rtc, 0, sizeof(r->rtc));
	iospace_init(&r->pio);
	irq_probe_init(&r->irq);
	assert_int_equal(0, rtc_init_clock(&r->rtc, &r->pio, &r->irq.line,
					   r->loop, zone_s, &fake));
}

static int setup(void **state)
{
	static struct rig r;

	assert_int_equal(0, loop_create(&r.loop, "test", 0));
	start_zone(&r, 0);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	loop_timer_del(r->loop, &r->rtc.timer);
	loop_destroy(r->loop);
	return 0;
}

static uint8_t get(struct rig *r, uint8_t reg)
{
	outb(&r->pio, 0x70, reg);
	return inb(&r->pio, 0x71);
}

static void set(struct rig *r, uint8_t reg, uint8_t val)
{
	outb(&r->pio, 0x70, reg);
	outb(&r->pio, 0x71, val);
}

/* century, year, month, day, hour, minute, second, weekday as they read */
static void assert_clock(struct rig *r, const uint8_t want[8])
{
	static const uint8_t regs[] = { 0x32, 9, 8, 7, 4, 2, 0, 6 };
	uint8_t got[8];

	for (int i = 0; i < 8; i++)
		got[i] = get(r, regs[i]);
	assert_memory_equal(want, got, 8);
}

#define ASSERT_CLOCK(r, ...) \
	assert_clock(r, (const uint8_t[8]){ __VA_ARGS__ })

/* Runs what was posted; does the timer's work if it is set. */
static bool fire(struct rig *r)
{
	loop_step(r->loop, 0);
	if (!r->rtc.timer.at_ns)
		return false;
	loop_timer_del(r->loop, &r->rtc.timer);
	r->rtc.timer.fired(&r->rtc.timer);
	return true;
}

static bool armed(struct rig *r)
{
	loop_step(r->loop, 0);
	return r->rtc.timer.at_ns != 0;
}

static void tells_time(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0x26, get(r, 0x0a));
	assert_int_equal(0x02, get(r, 0x0b));
	assert_int_equal(0x80, get(r, 0x0d));
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x23, 0x59, 0x50, 4);
	assert_int_equal(0x20, get(r, 0x37));
	pass(9 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x23, 0x59, 0x59, 4);
	pass(SECOND - 1);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x23, 0x59, 0x59, 4);
	pass(1);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x29, 0x00, 0x00, 0x00, 5);
	pass(86400 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x03, 0x01, 0x00, 0x00, 0x00, 6);
	pass(306 * 86400 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x25, 0x01, 0x01, 0x00, 0x00, 0x00, 4);
	assert_false(armed(r));
	assert_int_equal(0, r->irq.calls);
}

static void forms(void **state)
{
	struct rig *r = *state;

	set(r, 0x0b, 0x06);             /* binary */
	ASSERT_CLOCK(r, 20, 24, 2, 28, 23, 59, 50, 4);
	set(r, 0x0b, 0x00);             /* BCD, 12 hours */
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x91, 0x59, 0x50, 4);
	pass(10 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x29, 0x12, 0x00, 0x00, 5);
	pass(12 * 3600 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x29, 0x92, 0x00, 0x00, 5);
	pass(3600 * SECOND);
	assert_int_equal(0x81, get(r, 4));
	set(r, 0x0b, 0x02);
	assert_int_equal(0x13, get(r, 4));
}

static void is_set(void **state)
{
	struct rig *r = *state;

	/* As Linux does it, divider reset included. */
	set(r, 0x0b, 0x82);
	set(r, 0x0a, 0x76);
	pass(3 * SECOND);
	set(r, 0, 0x58);
	set(r, 2, 0x59);
	set(r, 4, 0x23);
	set(r, 7, 0x31);
	set(r, 8, 0x12);
	set(r, 9, 0x99);
	set(r, 0x37, 0x19);
	set(r, 6, 6);
	pass(5 * SECOND);
	ASSERT_CLOCK(r, 0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x58, 6);
	set(r, 0x0b, 0x02);
	set(r, 0x0a, 0x26);
	/* The first update comes half a second after the release. */
	pass(SECOND / 2 - 1);
	assert_int_equal(0x58, get(r, 0));
	pass(1);
	assert_int_equal(0x59, get(r, 0));
	pass(SECOND);
	ASSERT_CLOCK(r, 0x20, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 7);
}

static void set_alone_stops_it(void **state)
{
	struct rig *r = *state;

	pass(SECOND / 4);
	set(r, 0x0b, 0x82);
	set(r, 2, 0x30);
	pass(5 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x23, 0x30, 0x50, 4);
	assert_int_equal(0x40, get(r, 0x0c));   /* no update ended */
	set(r, 0x0b, 0x02);
	pass(SECOND * 3 / 4 - 1);
	assert_int_equal(0x50, get(r, 0));
	pass(1);                        /* the divider was never stopped */
	assert_int_equal(0x51, get(r, 0));
}

static void keeps_its_offset(void **state)
{
	struct rig *r = *state;

	set(r, 4, 0x11);                /* running, one register */
	pass(30 * SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x12, 0x00, 0x20, 4);
	rtc_reset(&r->rtc);             /* the battery does not care */
	pass(SECOND);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x12, 0x00, 0x21, 4);
	get(r, 0x0c);
	fake_wall -= 60 * SECOND;       /* the host's clock is set back */
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x11, 0x59, 0x21, 4);
	assert_int_equal(0x00, get(r, 0x0c));   /* that is no update */
}

static void zone(void **state)
{
	struct rig *r = *state;

	start_zone(r, 2 * 3600);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x29, 0x01, 0x59, 0x50, 5);
	start_zone(r, -5 * 3600);
	ASSERT_CLOCK(r, 0x20, 0x24, 0x02, 0x28, 0x18, 0x59, 0x50, 4);
}

static void host_zone(void **state)
{
	struct rig *r = *state;
	struct rtc rtc = { 0 };
	struct iospace pio;
	unsigned utc, local;

	setenv("TZ", "XYZ-05:30", 1);
	tzset();
	iospace_init(&pio);
	assert_int_equal(0, rtc_init(&rtc, &pio, &r->irq.line, r->loop, true));
	start_zone(r, 0);
	fake_wall = (int64_t)time(NULL) * SECOND;
	local = rtc.cmos[4] >> 4 & 3;
	local = (local * 10 + (rtc.cmos[4] & 15)) * 60 +
		(rtc.cmos[2] >> 4) * 10u + (rtc.cmos[2] & 15);
	utc = (unsigned)(fake_wall / SECOND / 60 % 1440);
	unsetenv("TZ");
	tzset();
	/* a minute may have begun in between */
	assert_in_range((local + 1440 - utc) % 1440, 329, 330);
}

static void nonsense_is_harmless(void **state)
{
	struct rig *r = *state;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 128; i++)
			if (i != 0x0a)
				set(r, (uint8_t)i, round == 0 ? 0xff :
				    round == 1 ? 0x9a : (uint8_t)rand());
		set(r, 0x0b, (uint8_t)(round << 1 | 0x70));
		for (int k = 0; k < 50; k++) {
			pass(k * 12345 * SECOND + 999);
			for (unsigned i = 0; i < 128; i++)
				get(r, (uint8_t)i);
			fire(r);
		}
	}
	/* and it still counts once it is set */
	set(r, 0x0b, 0x82);
	for (uint8_t i = 0; i < 10; i++)
		set(r, i, 0x01);
	set(r, 0x32, 0x20);
	set(r, 0x0b, 0x02);
	pass(SECOND);
	assert_int_equal(0x02, get(r, 0));
}

static void update_in_progress(void **state)
{
	struct rig *r = *state;

	pass(SECOND - 244142);
	assert_int_equal(0x26, get(r, 0x0a));
	pass(1);
	assert_int_equal(0xa6, get(r, 0x0a));
	assert_int_equal(0x50, get(r, 0));
	pass(244140);
	assert_int_equal(0xa6, get(r, 0x0a));
	pass(1);
	assert_int_equal(0x26, get(r, 0x0a));
	assert_int_equal(0x51, get(r, 0));
	pass(SECOND - 1);
	set(r, 0x0b, 0x82);             /* no update, no UIP */
	assert_int_equal(0x26, get(r, 0x0a));
	set(r, 0x0b, 0x02);
	set(r, 0x0a, 0xff);             /* UIP is not writable */
	assert_int_equal(0x7f, get(r, 0x0a));
}

static void flags_without_interrupts(void **state)
{
	struct rig *r = *state;

	assert_int_equal(0x00, get(r, 0x0c));
	pass(SECOND);
	assert_int_equal(0x50, get(r, 0x0c));   /* PF, UF; no IRQF */
	assert_int_equal(0x00, get(r, 0x0c));
	pass(976562);                   /* 1024 Hz is not quite over */
	assert_int_equal(0x00, get(r, 0x0c));
	pass(1);
	assert_int_equal(0x40, get(r, 0x0c));
	assert_false(armed(r));
	assert_int_equal(0, r->irq.calls);
}

static void periodic(void **state)
{
	struct rig *r = *state;

	set(r, 0x0a, 0x2a);             /* 64 Hz: 15.625 ms */
	get(r, 0x0c);
	set(r, 0x0b, 0x42);
	assert_true(armed(r));
	for (unsigned i = 1; i <= 64; i++) {
		pass(15625000);
		assert_true(fire(r));
		assert_int_equal(i, r->irq.raised);
		assert_false(irq_probe_level(&r->irq));
		assert_int_equal(0xc0, get(r, 0x0c) & 0xc0);
		assert_int_equal(0x00, get(r, 0x0c));
	}
	set(r, 0x0b, 0x02);
	pass(15625000);
	fire(r);                        /* what was armed runs out */
	assert_false(armed(r));
	assert_int_equal(64, r->irq.raised);
}

static void unread_c_stops_edges(void **state)
{
	struct rig *r = *state;

	set(r, 0x0a, 0x2a);
	get(r, 0x0c);
	set(r, 0x0b, 0x42);
	pass(15625000);
	fire(r);
	assert_int_equal(1, r->irq.raised);
	pass(15625000);
	fire(r);
	assert_int_equal(1, r->irq.raised);
	assert_false(armed(r));         /* and costs nothing from here on */
	pass(3 * 15625000);
	/* Four ticks are owed: each read brings the next. */
	for (unsigned i = 2; i <= 5; i++) {
		assert_int_equal(0xc0, get(r, 0x0c) & 0xc0);
		assert_int_equal(i, r->irq.raised);
	}
	assert_int_equal(0xc0, get(r, 0x0c));
	assert_int_equal(0x00, get(r, 0x0c));
	assert_int_equal(5, r->irq.raised);
	assert_true(armed(r));
}

static void late_timer_loses_nothing(void **state)
{
	struct rig *r = *state;
	unsigned n = 0;

	set(r, 0x0a, 0x26);             /* 1024 Hz */
	get(r, 0x0c);
	set(r, 0x0b, 0x42);
	for (int i = 0; i < 10; i++) {
		pass(SECOND / 10);      /* the host let nobody run */
		fire(r);
		while (get(r, 0x0c) & 0x40)
			n++;
	}
	assert_int_equal(1024, n);
	pass(3600 * SECOND);            /* after an hour asleep: bounded */
	fire(r);
	for (n = 0; get(r, 0x0c) & 0x40; n++)
		assert_true(n < 5000);
	assert_true(n > 1000);
}

static void update_interrupt(void **state)
{
	struct rig *r = *state;

	pass(SECOND / 4);
	set(r, 0x0b, 0x12);
	assert_true(armed(r));
	pass(3 * SECOND / 4);
	fire(r);
	assert_int_equal(1, r->irq.raised);
	assert_false(armed(r));         /* until C is read */
	assert_int_equal(0xd0, get(r, 0x0c));
	assert_true(armed(r));
	fire(r);                        /* too early: nothing, and again */
	assert_int_equal(1, r->irq.raised);
	assert_true(armed(r));
	pass(SECOND);
	fire(r);
	assert_int_equal(2, r->irq.raised);
	set(r, 0x0b, 0x92);             /* SET takes UIE back */
	assert_int_equal(0x82, get(r, 0x0b));
}

static void alarm_at(struct rig *r, uint8_t h, uint8_t m, uint8_t s)
{
	set(r, 0x05, h);
	set(r, 0x03, m);
	set(r, 0x01, s);
	set(r, 0x0b, 0x22);
	get(r, 0x0c);
}

static void alarm_interrupt(void **state)
{
	struct rig *r = *state;

	alarm_at(r, 0x00, 0x00, 0x05);
	assert_true(armed(r));
	pass(14 * SECOND);
	fire(r);
	assert_int_equal(0, r->irq.raised);
	pass(SECOND);
	fire(r);
	assert_int_equal(1, r->irq.raised);
	assert_int_equal(0xf0, get(r, 0x0c));
	pass(86399 * SECOND);
	assert_int_equal(0x50, get(r, 0x0c));
	pass(SECOND);
	assert_int_equal(0xf0, get(r, 0x0c));
}

static void alarm_wildcards(void **state)
{
	struct rig *r = *state;

	alarm_at(r, 0xc0, 0xff, 0x10);  /* every minute, second 10 */
	pass(19 * SECOND);
	assert_int_equal(0x50, get(r, 0x0c));
	pass(SECOND);
	assert_int_equal(0xf0, get(r, 0x0c));
	pass(59 * SECOND);
	assert_int_equal(0x50, get(r, 0x0c));
	pass(SECOND);
	assert_int_equal(0xf0, get(r, 0x0c));
	alarm_at(r, 0xc0, 0xc0, 0xc0);  /* every second */
	pass(SECOND);
	assert_int_equal(0xf0, get(r, 0x0c));
	alarm_at(r, 0x99, 0xc0, 0xc0);  /* never */
	pass(2 * 86400 * SECOND);
	assert_int_equal(0x50, get(r, 0x0c));
	assert_false(armed(r));
}

static void enabling_tells_of_a_set_flag(void **state)
{
	struct rig *r = *state;

	pass(SECOND);
	set(r, 0x0b, 0x12);
	assert_int_equal(1, r->irq.raised);
	assert_int_equal(0x80, get(r, 0x0c) & 0x80);
}

static void reset_is_quiet(void **state)
{
	struct rig *r = *state;

	set(r, 0x0b, 0x72);
	set(r, 0x0f, 0x0a);
	pass(SECOND);
	fire(r);
	rtc_reset(&r->rtc);
	assert_int_equal(0x02, get(r, 0x0b));
	assert_int_equal(0x00, get(r, 0x0c));
	assert_int_equal(0x0a, get(r, 0x0f));   /* the shutdown byte stays */
	pass(SECOND);
	fire(r);
	assert_false(armed(r));
}

static void cmos_memory(void **state)
{
	struct rig *r = *state;
	unsigned sum = 0;

	rtc_set_memory(&r->rtc, UINT64_C(3) << 30, UINT64_C(5) << 30, 4);
	assert_int_equal(0x80, get(r, 0x15));
	assert_int_equal(0x02, get(r, 0x16));
	assert_int_equal(0xff, get(r, 0x17));
	assert_int_equal(0xff, get(r, 0x18));
	assert_int_equal(0xff, get(r, 0x30));
	assert_int_equal(0xff, get(r, 0x31));
	assert_int_equal(0x00, get(r, 0x34));
	assert_int_equal(0xbf, get(r, 0x35));   /* (3 GiB - 16 MiB) / 64 KiB */
	assert_int_equal(0x00, get(r, 0x5b));
	assert_int_equal(0x40, get(r, 0x5c));
	assert_int_equal(0x01, get(r, 0x5d));
	assert_int_equal(3, get(r, 0x5f));
	for (uint8_t i = 0x10; i <= 0x2d; i++)
		sum += get(r, i);
	assert_int_equal(sum, get(r, 0x2e) << 8 | get(r, 0x2f));
	rtc_set_memory(&r->rtc, 16 << 20, 0, 1);
	assert_int_equal(0x00, get(r, 0x17));
	assert_int_equal(0x3c, get(r, 0x18));
	assert_int_equal(0x00, get(r, 0x34));
	assert_int_equal(0x00, get(r, 0x35));
	set(r, 0x8f, 0x05);             /* bit 7 of the index is the NMI mask */
	assert_int_equal(0x05, get(r, 0x0f));
	assert_int_equal(0xff, inb(&r->pio, 0x70));
}

/* Nothing faked: the chip's own clocks and the loop's own timer. */
static void ticks_for_real(void **state)
{
	struct rig *r = *state;
	struct rtc rtc = { 0 };
	struct iospace pio;
	struct irq_probe irq;

	iospace_init(&pio);
	irq_probe_init(&irq);
	assert_int_equal(0, rtc_init(&rtc, &pio, &irq.line, r->loop, false));
	outb(&pio, 0x70, 0x0b);
	outb(&pio, 0x71, 0x42);
	outb(&pio, 0x70, 0x0c);
	while (irq.raised < 20) {
		inb(&pio, 0x71);
		loop_step(r->loop, 5);
	}
	loop_timer_del(r->loop, &rtc.timer);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(tells_time),
		TEST(forms),
		TEST(is_set),
		TEST(set_alone_stops_it),
		TEST(keeps_its_offset),
		TEST(zone),
		TEST(host_zone),
		TEST(nonsense_is_harmless),
		TEST(update_in_progress),
		TEST(flags_without_interrupts),
		TEST(periodic),
		TEST(unread_c_stops_edges),
		TEST(late_timer_loses_nothing),
		TEST(update_interrupt),
		TEST(alarm_interrupt),
		TEST(alarm_wildcards),
		TEST(enabling_tells_of_a_set_flag),
		TEST(reset_is_quiet),
		TEST(cmos_memory),
		TEST(ticks_for_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
