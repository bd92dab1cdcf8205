/* INT 15h/83 and 86 and the RTC's interrupt, which counts for them. */
#include "bios/rom/services.h"

#define RTC_B           0x0b
#define RTC_C           0x0c
#define B_PIE           0x40
#define B_AIE           0x20
#define C_PF            0x40
#define C_AF            0x20

#define PERIOD_US       976             /* of 1024 Hz, the rate that POST sets */
#define WAIT_ON         0x01
#define WAIT_DONE       0x80
#define IN_USE          0x83
#define UNSUPPORTED     0x86

static void periodic(bool on)
{
	uint8_t b = cmos_read(RTC_B);

	cmos_write(RTC_B, on ? b | B_PIE : b & (uint8_t)~B_PIE);
}

static void start(uint32_t us, uint16_t seg, uint16_t off)
{
	set_bda16(BDA_WAIT_PTR, off);
	set_bda16(BDA_WAIT_PTR + 2, seg);
	set_bda32(BDA_WAIT_US, us);
	set_bda8(BDA_WAIT_FLAG, WAIT_ON);
	(void)cmos_read(RTC_C);
	periodic(true);
}

static void stop(void)
{
	periodic(false);
	set_bda8(BDA_WAIT_FLAG, 0);
}

/* Interrupts come through to our handler, so that sleeping ends. */
static bool can_sleep(const struct regs *r)
{
	return r->flags & FLAG_IF && !(inb(PORT_PIC2 + 1) & 1) &&
	       !(inb(PORT_PIC1 + 1) & 4) &&
	       ivt(0x70) == ((uint32_t)ROM_SEG << 16 | (uint32_t)entry_70);
}

static void sleep_us(uint32_t us)
{
	static uint8_t done;

	done = 0;
	start(us, ROM_SEG, (uint16_t)(uint32_t)&done);
	while (!(*(volatile uint8_t *)&done & WAIT_DONE))
		cpu_idle();
}

static void wait_now(struct regs *r)
{
	uint32_t us = (uint32_t)r->cx << 16 | r->dx;

	if (us < 2 * PERIOD_US || !can_sleep(r))
		delay_us(us);
	else
		sleep_us(us);
	set_cf(r, false);
}

void wait_service(struct regs *r)
{
	bool busy = bda8(BDA_WAIT_FLAG) & WAIT_ON;

	if (r->ah == 0x86) {
		if (busy)
			set_status(r, IN_USE);
		else
			wait_now(r);
	} else if (r->al == 0 && busy) {
		set_status(r, UNSUPPORTED);
	} else if (r->al == 0) {
		start((uint32_t)r->cx << 16 | r->dx, r->es, r->bx);
		set_cf(r, false);
	} else if (r->al == 1) {
		if (busy)
			stop();
		set_cf(r, false);
	} else {
		set_status(r, UNSUPPORTED);
	}
}

static void tick(void)
{
	uint32_t left = bda32(BDA_WAIT_US);
	uint16_t seg = bda16(BDA_WAIT_PTR + 2), off = bda16(BDA_WAIT_PTR);

	if (left > PERIOD_US) {
		set_bda32(BDA_WAIT_US, left - PERIOD_US);
		return;
	}
	set_bda32(BDA_WAIT_US, 0);
	stop();
	poke8(seg, off, peek8(seg, off) | WAIT_DONE);
}

/* IRQ 8. Register C says what happened, wanted or not; each access to the clock
 * takes its time, a thousand times a second. */
void int70(struct regs *r)
{
	uint8_t c = cmos_read(RTC_C);

	(void)r;
	if (c & C_PF && bda8(BDA_WAIT_FLAG) & WAIT_ON)
		tick();
	if (c & C_AF && cmos_read(RTC_B) & B_AIE) {
		struct regs alarm = { .flags = FLAG_IF };

		int_call(0x4a, &alarm);
	}
	pic_eoi(8);
}
