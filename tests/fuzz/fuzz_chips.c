/* Description: the PC's fixed chips, by ports of any width: UART, keyboard
 * controller with keyboard and mouse, clock, power management, DMA and reset
 * ports, debug exit; while bytes, keys and time come from outside. */
#include <string.h>

#include "devices/base/log.h"
#include "devices/legacy/legacy_int.h"
#include "tests/fuzz/fz.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

static struct {
	struct iospace pio;
	struct loop *loop;
	struct irq_probe irq[16];
	struct serial serial;
	struct i8042 kbd;
	struct rtc rtc;
	struct pm pm;
	struct sysctl sysctl;
	struct debugexit debugexit;
	size_t room;            /* what the serial line takes */
	uint8_t sum;            /* of what it took */
} pc;

static uint64_t now = 1000000007;

static int64_t wall_ns(void)
{
	return (int64_t)(now + UINT64_C(1700000000000000000));
}

static uint64_t mono_ns(void)
{
	return now;
}

static const struct legacy_clock our_clock = { wall_ns, mono_ns };

static size_t tx(void *ctx, const uint8_t *bytes, size_t n)
{
	(void)ctx;
	BUG_ON(n > SERIAL_FIFO);
	n = n < pc.room ? n : pc.room;
	for (size_t i = 0; i < n; i++)
		pc.sum ^= bytes[i];
	pc.room -= n;
	return n;
}

static void chip_event(void *ctx, enum pm_event e)
{
	(void)ctx;
	BUG_ON(e != PM_POWEROFF && e != PM_RESET);
}

void fz_setup(void)
{
	iospace_init(&pc.pio);
	BUG_ON(loop_create(&pc.loop, "fuzz", 0));
	for (unsigned i = 0; i < 16; i++)
		irq_probe_init(&pc.irq[i]);
	pc.serial.tx = tx;
	pc.pm.event = chip_event;
	BUG_ON(sysctl_init(&pc.sysctl, &pc.pio) ||
	       serial_init(&pc.serial, &pc.pio, 0x3f8, &pc.irq[4].line) ||
	       i8042_init(&pc.kbd, &pc.pio, &pc.irq[1].line,
			  &pc.irq[12].line) ||
	       rtc_init_clock(&pc.rtc, &pc.pio, &pc.irq[8].line, pc.loop, 0,
			      &our_clock) ||
	       pm_init_clock(&pc.pm, &pc.pio, 0x600, &pc.irq[9].line, pc.loop,
			     &our_clock) ||
	       debugexit_init(&pc.debugexit, &pc.pio));
	rtc_set_memory(&pc.rtc, 512 << 20, 0, 2);
}

static uint16_t port(struct fz *in)
{
	static const struct { uint16_t base, n; } area[] = {
		{ 0x3f8, 8 }, { 0x60, 5 }, { 0x70, 2 }, { 0x600, PM_IO_LEN },
		{ 0xb2, 2 }, { 0, 16 }, { 0x80, 16 }, { 0xc0, 32 }, { 0x92, 1 },
		{ 0xcf9, 1 }, { 0xf4, 4 },
	};
	uint8_t at = fz_u8(in);
	unsigned i = at >> 4;

	if (i >= sizeof(area) / sizeof(area[0]))
		return fz_u16(in);
	return (uint16_t)(area[i].base + (fz_u8(in) + at) % area[i].n);
}

static void outside(struct fz *in, unsigned what)
{
	size_t got;
	const uint8_t *p;

	switch (what) {
	case 0:
		p = fz_bytes(in, fz_u8(in) % 24u, &got);
		serial_rx(&pc.serial, p, got);
		break;
	case 1:
		pc.room += fz_u8(in);
		serial_tx_ready(&pc.serial);
		break;
	case 2:
		p = fz_bytes(in, 1 + fz_u8(in) % 8u, &got);
		i8042_key(&pc.kbd, p, got);
		break;
	case 3: {
		int dx = (int8_t)fz_u8(in) * 40, dy = (int8_t)fz_u8(in) * 40;

		i8042_mouse(&pc.kbd, dx, dy, (int8_t)fz_u8(in), fz_u8(in));
		break;
	}
	case 4: pm_power_button(&pc.pm); break;
	case 5: pm_gpe(&pc.pm, fz_below(in, 16)); break;
	default: now += fz_u32(in); break;
	}
}

static void reset(void)
{
	serial_reset(&pc.serial);
	i8042_reset(&pc.kbd);
	rtc_reset(&pc.rtc);
	pm_reset(&pc.pm);
	sysctl_reset(&pc.sysctl);
	pc.room = 0;
}

void fz_one(struct fz *in)
{
	static const uint8_t cmos[14] = { [10] = 0x26, [11] = 2, [13] = 0x80 };

	/* What a battery keeps. */
	memcpy(pc.rtc.cmos, cmos, sizeof(cmos));
	now = 1000000007;
	for (unsigned i = 0; i < 128 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);

		if (what & 0x80)
			outside(in, what % 7u);
		else if (what == 0x7f)
			loop_step(pc.loop, 0);
		else if (what == 0x7e)
			reset();
		else if (what & 1)
			port_in(&pc.pio, port(in), 1u << (what >> 5 & 1));
		else
			port_out(&pc.pio, port(in),
				 what < 0x60 ? 1 : 4, fz_u32(in));
	}
	reset();
	loop_step(pc.loop, 0);
}
