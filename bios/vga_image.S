/* The VGA BIOS, as bios/rom/vga/vga.ld has laid it out. Apart as in rom_image.S. */
	.section .rom, "a"
	.globl vga_image
	.balign 16
vga_image:
	.incbin VGA_BIN
	.section .note.GNU-stack, "", @progbits
