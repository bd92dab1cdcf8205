#include "bios/vga_rom.h"

#include "devices/base/gmem.h"

extern const uint8_t vga_image[VGA_ROM_LEN];            /* vga_image.S */

const uint8_t *vga_rom(void)
{
	return vga_image;
}

int vga_rom_load(const struct gmem *mem)
{
	return gmem_write(mem, VGA_ROM_GPA, vga_image, VGA_ROM_LEN);
}
