/* The VBE modes, with the numbers that VESA and SeaBIOS have given them. */
#include "bios/rom/vga/vga.h"

/* MODE(number, width, height, bits a dot), as M_ in vbe.S has them. */
	.macro MODE number, x, y, bpp
	.word \number, \x, \y, \bpp
	.section .rodata.numbers
	.word \number
	.section .rodata
	.endm

	.section .rodata.numbers, "a"
	.balign 2
	.globl mode_numbers
mode_numbers:
	.section .rodata
	.balign 2
	.globl vbe_modes, vbe_modes_end
vbe_modes:
	MODE 0x100, 640, 400, 8
	MODE 0x101, 640, 480, 8
	MODE 0x102, 800, 600, 4
	MODE 0x103, 800, 600, 8
	MODE 0x104, 1024, 768, 4
	MODE 0x105, 1024, 768, 8
	MODE 0x106, 1280, 1024, 4
	MODE 0x107, 1280, 1024, 8
	MODE 0x10d, 320, 200, 15
	MODE 0x10e, 320, 200, 16
	MODE 0x10f, 320, 200, 24
	MODE 0x110, 640, 480, 15
	MODE 0x111, 640, 480, 16
	MODE 0x112, 640, 480, 24
	MODE 0x113, 800, 600, 15
	MODE 0x114, 800, 600, 16
	MODE 0x115, 800, 600, 24
	MODE 0x116, 1024, 768, 15
	MODE 0x117, 1024, 768, 16
	MODE 0x118, 1024, 768, 24
	MODE 0x119, 1280, 1024, 15
	MODE 0x11a, 1280, 1024, 16
	MODE 0x11b, 1280, 1024, 24
	MODE 0x11c, 1600, 1200, 8
	MODE 0x11d, 1600, 1200, 15
	MODE 0x11e, 1600, 1200, 16
	MODE 0x11f, 1600, 1200, 24
	MODE 0x140, 320, 200, 32
	MODE 0x141, 640, 400, 32
	MODE 0x142, 640, 480, 32
	MODE 0x143, 800, 600, 32
	MODE 0x144, 1024, 768, 32
	MODE 0x145, 1280, 1024, 32
	MODE 0x146, 320, 200, 8
	MODE 0x147, 1600, 1200, 32
	MODE 0x148, 1152, 864, 8
	MODE 0x149, 1152, 864, 15
	MODE 0x14a, 1152, 864, 16
	MODE 0x14b, 1152, 864, 24
	MODE 0x14c, 1152, 864, 32
	MODE 0x175, 1280, 768, 16
	MODE 0x176, 1280, 768, 24
	MODE 0x177, 1280, 768, 32
	MODE 0x178, 1280, 800, 16
	MODE 0x179, 1280, 800, 24
	MODE 0x17a, 1280, 800, 32
	MODE 0x17b, 1280, 960, 16
	MODE 0x17c, 1280, 960, 24
	MODE 0x17d, 1280, 960, 32
	MODE 0x17e, 1440, 900, 16
	MODE 0x17f, 1440, 900, 24
	MODE 0x180, 1440, 900, 32
	MODE 0x181, 1400, 1050, 16
	MODE 0x182, 1400, 1050, 24
	MODE 0x183, 1400, 1050, 32
	MODE 0x184, 1680, 1050, 16
	MODE 0x185, 1680, 1050, 24
	MODE 0x186, 1680, 1050, 32
	MODE 0x187, 1920, 1200, 16
	MODE 0x188, 1920, 1200, 24
	MODE 0x189, 1920, 1200, 32
	MODE 0x18a, 2560, 1600, 16
	MODE 0x18b, 2560, 1600, 24
	MODE 0x18c, 2560, 1600, 32
	MODE 0x18d, 1280, 720, 16
	MODE 0x18e, 1280, 720, 24
	MODE 0x18f, 1280, 720, 32
	MODE 0x190, 1920, 1080, 16
	MODE 0x191, 1920, 1080, 24
	MODE 0x192, 1920, 1080, 32
	MODE 0x193, 1600, 900, 16
	MODE 0x194, 1600, 900, 24
	MODE 0x195, 1600, 900, 32
vbe_modes_end:

	.section .rodata.numbers, "a"
	.word 0xffff
