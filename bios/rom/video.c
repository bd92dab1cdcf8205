/* Which INT 10h there is: a VGA BIOS's, with or without the copy on COM1, or
 * int10.c's own. */
#include "bios/rom/services.h"

static bool vga_rom_there(void)
{
	return cfg.flags & ROM_CFG_VGA && peek16(VGA_ROM_SEG, 0) == 0xaa55;
}

/* F000:FA6E, where old programs look for the first half of the 8x8 font. */
static void copy_font(void)
{
	struct regs r = { .eax = 0x1130, .ebx = 0x0300 };

	int_call(0x10, &r);
	if (r.es && r.es != ROM_SEG)
		copy_from((void *)(uint32_t)font_8x8, r.es, r.bp, 1024);
}

void video_init(void)
{
	static const uint16_t none[4];
	struct regs mode = { .eax = 0x0003 };

	tick_polls_com1 = mirror_on();
	if (vga_rom_there()) {
		far_call((uint32_t)VGA_ROM_SEG << 16 | 3, none, cfg.vga);
		has_vga = ivt(0x10) >> 16 != ROM_SEG;
	}
	if (!has_vga) {
		mode.eax |= 0x80;       /* leave the terminal as it is */
		int_call(0x10, &mode);
		return;
	}
	/* A VGA BIOS usually leaves it so: again would be hundreds of port
	 * accesses for the same picture. */
	if (bda8(BDA_VIDEO_MODE) != (uint8_t)mode.eax)
		int_call(0x10, &mode);
	copy_font();
	if (mirror_on()) {
		vga_int10 = ivt(0x10);
		set_ivt(0x10, ROM_SEG, (uint16_t)(uint32_t)entry_10_mirror);
	}
}
