/* Description: the HPET's registers at any offset and width, while time passes
 * in steps of any size. */
#include "devices/base/log.h"
#include "devices/legacy/clock.h"
#include "devices/legacy/hpet.h"
#include "tests/fuzz/fz.h"
#include "tests/lib/irq_probe.h"

#define BASE UINT64_C(0xfed00000)

static struct iospace mmio;
static struct hpet hpet;
static struct irq_probe irq[HPET_GSIS];
static struct loop *loop;
static uint64_t now;
static int legacy;              /* replacements that are on: 0 or 1 */

static uint64_t mono_ns(void)
{
	return now;
}

static const struct legacy_clock our_clock = { .mono_ns = mono_ns };

static void told(void *ctx, bool on)
{
	(void)ctx;
	legacy += on ? 1 : -1;
	BUG_ON(legacy != 0 && legacy != 1);
}

void fz_setup(void)
{
	static const uint8_t wired[] = { 0, 2, 8, 16, 20, 23 };

	iospace_init(&mmio);
	BUG_ON(loop_create(&loop, "fuzz", 0));
	for (unsigned i = 0; i < sizeof(wired); i++) {
		irq_probe_init(&irq[wired[i]]);
		hpet.line[wired[i]] = &irq[wired[i]].line;
	}
	hpet.legacy = told;
	BUG_ON(hpet_init_clock(&hpet, &mmio, BASE, loop, &our_clock));
}

/* what: 80 any offset and width, else a timer's or a general register. */
static void access_register(struct fz *in, uint8_t what)
{
	uint64_t off = what & 0x80 ? fz_u16(in) % HPET_LEN :
		       fz_u8(in) % 0x30u * 8;
	unsigned size = what & 0x80 ? fz_width(in, 8) : 4u << (what >> 6 & 1);
	uint64_t val = what & 1 ? fz_u64(in) : 0;

	iospace_rw(&mmio, BASE + off, size, &val, what & 1);
}

void fz_one(struct fz *in)
{
	now = 1000000007;
	for (unsigned i = 0; i < 64 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);

		switch (what >> 1 & 7) {
		case 0: now += fz_u8(in) * 1000u; break;
		case 1: now += fz_u64(in) >> (what >> 4); break;
		case 2:
			/* The loop's clock is the host's: what is due is due. */
			if (hpet.timer.at_ns) {
				loop_timer_del(loop, &hpet.timer);
				hpet.timer.fired(&hpet.timer);
			}
			break;
		case 3: loop_step(loop, 0); break;
		default: access_register(in, what);
		}
	}
	hpet_reset(&hpet);
	loop_step(loop, 0);
	for (unsigned i = 0; i < HPET_GSIS; i++)
		BUG_ON(hpet.line[i] && irq_probe_level(&irq[i]));
	BUG_ON(legacy);
}
