/* Description: the PC's fixed chips as they are wired to each other: trigger
 * modes, RTC and HPET interrupts, who owns IRQ 0 and 8, tables to be found. */
#include "tests/guest/rt/rt.h"

#define HPET 0xfed00000u
#define PIT_PIN 2
#define RTC_PIN 8
#define PIT_VECTOR 0x50
#define RTC_VECTOR 0x51
#define TIMER_VECTOR 0x52
#define TIMER_PIN 20

static volatile unsigned pit, rtc, timer, causes;

static uint8_t cmos(uint8_t at)
{
	outb(0x70, at);
	return inb(0x71);
}

static void set_cmos(uint8_t at, uint8_t v)
{
	/* The interrupt's handler moves the index. */
	irq_disable();
	outb(0x70, at);
	outb(0x71, v);
	irq_enable();
}

static void pit_irq(unsigned vector)
{
	(void)vector;
	pit++;
}

static void rtc_irq(unsigned vector)
{
	(void)vector;
	rtc++;
	causes |= cmos(0x0c);
}

static void timer_irq(unsigned vector)
{
	(void)vector;
	timer++;
}

/* ---- ports -------------------------------------------------------------------- */

static void trigger_modes(void)
{
	ok(inb(0x4d0) == 0x20 && inb(0x4d1) == 0x0e,
	   "ELCR: 5, 9, 10, 11 are level from the start (%x %x)", inb(0x4d0),
	   inb(0x4d1));
	outb(0x4d0, 0xff);
	outb(0x4d1, 0xff);
	ok(inb(0x4d0) == 0xf8 && inb(0x4d1) == 0xde,
	   "ELCR: 0, 1, 2, 8, 13 stay edge");
	outb(0x4d0, 0x20);
	outb(0x4d1, 0x0e);
}

static void small_chips(void)
{
	uint8_t was = inb(0x61);
	bool turned;

	turned = wait_for(1000, (inb(0x61) ^ was) & 0x10);
	ok(turned, "port 61h: the refresh bit toggles");
	outb(0x61, 0x03);
	ok((inb(0x61) & 3) == 3, "port 61h: speaker gate and data");
	outb(0x61, 0x00);
	ok((inb(0x61) & 3) == 0, "port 61h: off again");
	ok(inb(0x92) & 2, "port 92h: A20 is on");
	outb(0x87, 0x12);
	outb(0x8b, 0x34);
	ok(inb(0x87) == 0x12 && inb(0x8b) == 0x34, "DMA page registers");
	outb(0x0c, 0);
	outb(0x00, 0xcd);
	outb(0x00, 0xab);
	outb(0x0c, 0);
	ok(inb(0x00) == 0xcd && inb(0x00) == 0xab, "DMA address, by halves");
	ok(inb(0xcf9) == 0, "port CF9h");
}

/* ---- RTC ---------------------------------------------------------------------- */

static void rtc_interrupts(void)
{
	unsigned seen;
	bool got;

	ioapic_edge(RTC_PIN, RTC_VECTOR);
	set_cmos(0x0a, 0x2a);           /* 64 Hz */
	(void)cmos(0x0c);
	causes = rtc = 0;
	set_cmos(0x0b, 0x42);
	got = wait_for(10000, rtc >= 16);
	ok(got, "periodic: %u interrupts", rtc);
	ok((causes & 0xc0) == 0xc0, "register C says why: %x", causes);
	set_cmos(0x0b, 0x02);
	(void)cmos(0x0c);
	seen = rtc;
	wait_us(100000);
	ok(rtc <= seen + 1, "none when they are off");
	causes = rtc = 0;
	set_cmos(0x0b, 0x12);
	got = wait_for(5000, rtc >= 2) && causes & 0x10;
	ok(got, "update ended: %u", rtc);
	/* Any second will do. */
	set_cmos(0x01, 0xff);
	set_cmos(0x03, 0xff);
	set_cmos(0x05, 0xff);
	causes = rtc = 0;
	set_cmos(0x0b, 0x22);
	got = wait_for(5000, rtc >= 1) && causes & 0x20;
	ok(got, "alarm: %u", rtc);
	set_cmos(0x0b, 0x02);
	(void)cmos(0x0c);
}

/* ---- HPET --------------------------------------------------------------------- */

static void hpet_counter(void)
{
	uint64_t us[4], at[2], passed;

	ok(rd32(HPET) == 0x8086a201, "id %x", rd32(HPET));
	ok(rd32(HPET + 4) == 10000000, "ticks of 10 ns");
	ok(rd32(HPET + 0xf0) == 0, "it stands still before it is enabled");
	wr32(HPET + 0x10, 1);
	us[0] = now_us();
	at[0] = rd64(HPET + 0xf0);
	us[1] = now_us();
	wait_us(200000);
	us[2] = now_us();
	at[1] = rd64(HPET + 0xf0);
	us[3] = now_us();
	passed = (at[1] - at[0]) / 100;
	/* Both are the host's clock; time may pass between any two reads. */
	ok(passed + 2 >= us[2] - us[1] && passed <= us[3] - us[0] + 2,
	   "the PM timer agrees: %lu us between %lu and %lu", passed,
	   us[2] - us[1], us[3] - us[0]);
}

/* From now, long enough for a host that has other things to do meanwhile. */
#define SOON (rd32(HPET + 0xf0) + 30000000)

static void hpet_routed(void)
{
	bool got;

	ok(rd32(HPET + 0x144) >> TIMER_PIN & 1, "timer 2 can reach pin 20");
	ioapic_edge(TIMER_PIN, TIMER_VECTOR);
	timer = 0;
	wr32(HPET + 0x140, 0x104 | TIMER_PIN << 9);
	wr32(HPET + 0x148, SOON);
	ok(wait_for(5000, timer == 1), "one-shot");
	wait_us(50000);
	ok(timer == 1, "once");
	wr32(HPET + 0x140, 0x14c | TIMER_PIN << 9);
	wr32(HPET + 0x148, SOON);
	wr32(HPET + 0x148, 500000);     /* 5 ms */
	got = wait_for(10000, timer >= 11);
	ok(got, "periodic: %u", timer - 1);
	wr32(HPET + 0x140, 0);
}

static void hpet_legacy(void)
{
	unsigned was;
	bool got;

	/* The PIT at 100 Hz. */
	outb(0x43, 0x34);
	outb(0x40, 11932 & 0xff);
	outb(0x40, 11932 >> 8);
	ioapic_edge(PIT_PIN, PIT_VECTOR);
	pit = 0;
	ok(wait_for(5000, pit >= 3), "the PIT has IRQ 0");
	wr32(HPET + 0x10, 3);
	set_cmos(0x0b, 0x42);
	(void)cmos(0x0c);
	wait_us(20000);
	pit = rtc = 0;
	wait_us(200000);
	ok(pit == 0, "in legacy replacement it has not: %u", pit);
	ok(rtc == 0, "nor has the RTC IRQ 8: %u", rtc);
	wr32(HPET + 0x100, 0x14c);
	wr32(HPET + 0x108, SOON);
	wr32(HPET + 0x108, 500000);
	wr32(HPET + 0x120, 0x104);
	wr32(HPET + 0x128, SOON);
	got = wait_for(10000, pit >= 10);
	ok(got, "timer 0 has IRQ 0: %u", pit);
	got = wait_for(10000, rtc > 0);
	ok(got && rtc == 1, "timer 1 has IRQ 8: %u", rtc);
	wr32(HPET + 0x100, 0);
	wr32(HPET + 0x120, 0);
	wr32(HPET + 0x10, 1);
	(void)cmos(0x0c);
	was = pit;
	ok(wait_for(5000, pit >= was + 3), "and back");
	set_cmos(0x0b, 0x02);
	ioapic_mask(PIT_PIN);
}

/* ---- what is searched for ------------------------------------------------------- */

static uint8_t sum(uint64_t at, unsigned len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + rd8(at++));
	return s;
}

static uint64_t find(const char *anchor)
{
	for (uint64_t at = 0xf0000; at < 0x100000; at += 16)
		if (!memcmp((const void *)at, anchor, 4))
			return at;
	return 0;
}

static void tables(void)
{
	uint64_t at;

	at = find("_SM_");
	ok(at && !sum(at, 31), "_SM_");
	ok(at && rd8(rd32(at + 24)) == 0 && rd8(rd32(at + 24) + 1) == 0x18,
	   "and its first structure");
	at = find("$PIR");
	ok(at && !sum(at, rd16(at + 6)), "$PIR");
	at = find("_MP_");
	ok(at && !sum(at, 16), "_MP_");
	at = at ? rd32(at + 4) : 0;
	ok(at && rd32(at) == 0x504d4350 && !sum(at, rd16(at + 4)), "PCMP");
	at = find("RSD ");
	ok(at && !sum(at, 20) && !sum(at, 36), "RSD PTR");
}

void guest_main(void)
{
	irq_handler(PIT_VECTOR, pit_irq);
	irq_handler(RTC_VECTOR, rtc_irq);
	irq_handler(TIMER_VECTOR, timer_irq);
	map(HPET, 0x1000);
	irq_enable();
	trigger_modes();
	small_chips();
	tables();
	rtc_interrupts();
	hpet_counter();
	hpet_routed();
	hpet_legacy();
}
