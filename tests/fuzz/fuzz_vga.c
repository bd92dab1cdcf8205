/* Description: the VGA's ports, its window, the DISPI registers and its PCI
 * BARs, in any order; the picture and the text are looked at. */
#include <stdlib.h>

#include "devices/base/log.h"
#include "tests/fuzz/fz.h"
#include "tests/lib/vga_rig.h"

static struct vga_rig rig;

void fz_setup(void)
{
	vga_rig_init(&rig, true);
}

static void look(void)
{
	char *text;

	vga_stamp(&rig.vga);
	BUG_ON(vga_snapshot(&rig.vga, &rig.img));
	BUG_ON(rig.img.w < 1 || rig.img.h < 1 || rig.img.h > VGA_MAX_Y);
	if (vga_text(&rig.vga, &text) == 0)
		free(text);
}

static void ports(struct fz *in)
{
	uint8_t at = fz_u8(in);
	uint16_t port = (uint16_t)(0x3b0 + at % 0x30);
	unsigned size = fz_width(in, 4);

	if (at & 0x80)
		port_in(&rig.pio, port, size);
	else
		port_out(&rig.pio, port, size, fz_u32(in));
}

static void memory(struct fz *in)
{
	uint32_t at = fz_u16(in) * 2u;
	unsigned size = fz_width(in, 8);
	uint64_t val = fz_u64(in);

	iospace_rw(&rig.mmio, 0xa0000 + at, size, &val, fz_u8(in) & 1);
}

static void linear(struct fz *in)
{
	uint32_t off = fz_u32(in);
	unsigned size = fz_width(in, 8);

	if (fz_u8(in) & 1)
		vga_lfb_read(&rig.vga, off, size);
	else
		vga_lfb_write(&rig.vga, off, size, fz_u64(in));
}

void fz_one(struct fz *in)
{
	static const uint8_t modes[] = { 3, 4, 7, 0x0d, 0x12, 0x13 };
	/* A picture takes a thousand times as long as a register. */
	bool may_look = fz_u8(in) % 16u == 1;

	for (unsigned i = 0; i < 128 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);

		switch (what & 7) {
		case 0: ports(in); break;
		case 1:         /* an indexed register: 3C4, 3CE or 3D4 */
			vga_rig_set(&rig, (uint16_t)(0x3c4 + 10 * (what >> 6) %
						     20 + (what >> 7) * 6),
				    what >> 3 & 31, fz_u8(in));
			break;
		case 2: vga_rig_attr(&rig, what >> 3, fz_u8(in)); break;
		case 3: vga_rig_dispi(&rig, what >> 3 & 15, fz_u16(in)); break;
		case 4: memory(in); break;
		case 5: linear(in); break;
		case 6:
			if (what & 8)
				vga_rig_mode(&rig, modes[(what >> 4) % 6]);
			else
				vga_rig_dispi(&rig, fz_u16(in), fz_u16(in));
			break;
		default:
			if (may_look)
				look();
			may_look = false;
		}
	}
	vga_reset(&rig.vga);
}
