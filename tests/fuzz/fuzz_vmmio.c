/* Description: the register page of virtio-mmio, at any offset and width. */
#include "devices/base/log.h"
#include "devices/virtio/vmmio.h"
#include "tests/fuzz/fz_vio.h"
#include "tests/lib/echo.h"
#include "tests/lib/irq_probe.h"

#define BASE UINT64_C(0xd0000000)

static struct iospace mmio;
static struct irq_probe irq[2];
static struct vmmio tp[2];

void fz_setup(void)
{
	static const struct vio_profile *const prof[] = {
		&vio_profile_aero_w7, &vio_profile_modern,
	};
	struct loop *loop = fz_vio_loop();

	iospace_init(&mmio);
	for (unsigned i = 0; i < 2; i++) {
		struct echo *e = echo_new(prof[i], fz_vio_mem(), loop, &loop,
					  1);

		irq_probe_init(&irq[i]);
		BUG_ON(vmmio_attach(&tp[i], &e->dev, &mmio,
				    BASE + i * VMMIO_LEN, &irq[i].line, NULL));
		vio_set_dma(&e->dev, true);
	}
}

static void put(unsigned which, uint64_t off, unsigned size, uint64_t val)
{
	iospace_rw(&mmio, BASE + which * VMMIO_LEN + off, size, &val, true);
}

/* what: 80 which device, 40 write, 20 any offset. */
static void any_register(struct fz *in, uint8_t what)
{
	uint64_t off = what & 0x20 ? fz_u16(in) % (2 * VMMIO_LEN) :
		       fz_u8(in) * 4u % 0x120u;
	unsigned size = what & 0x20 ? fz_width(in, 8) : 4;
	uint64_t val = what & 0x40 ? fz_u64(in) : 0;

	iospace_rw(&mmio, BASE + (what >> 7) * VMMIO_LEN + off, size, &val,
		   what & 0x40);
}

static void bring_up(unsigned which, struct fz *in)
{
	uint64_t feats = tp[which].dev->offered & ~(uint64_t)(fz_u8(in) & 15);
	const uint64_t script[][2] = {
		{ 0x70, 3 }, { 0x24, 0 }, { 0x20, feats }, { 0x24, 1 },
		{ 0x20, feats >> 32 }, { 0x70, 11 }, { 0x30, 1 }, { 0x38, 64 },
		{ 0x80, 0x100 }, { 0x84, 0 }, { 0x90, 0x800 }, { 0x94, 0 },
		{ 0xa0, 0xa00 }, { 0xa4, 0 }, { 0x44, 1 }, { 0x70, 15 },
	};

	for (unsigned i = 0; i < sizeof(script) / sizeof(script[0]); i++)
		put(which, script[i][0], 4, (uint32_t)script[i][1]);
}

static void settle(void)
{
	for (unsigned i = 0; i < 64 && loop_step(fz_vio_loop(), 0); i++)
		;
}

void fz_one(struct fz *in)
{
	for (unsigned i = 0; i < 64 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);

		switch (what & 7) {
		case 0: settle(); break;
		case 1: bring_up(what >> 7, in); break;
		default: any_register(in, what);
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		vio_reset(tp[i].dev);
		for (unsigned k = 0; k < ECHO_CFG_LEN; k++)
			tp[i].dev->cfg[k] = (uint8_t)k;
		tp[i].dev_feat_sel = tp[i].drv_feat_sel = tp[i].q_sel = 0;
		BUG_ON(irq_probe_level(&irq[i]));
	}
	fz_ram_reset();
	settle();
	fz_ram_check();
}
