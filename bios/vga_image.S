/* The VGA BIOS, as bios/rom/vga/vga.ld has laid it out. */
	.section .rodata
	.globl vga_image
	.balign 16
vga_image:
	.incbin VGA_BIN
	.section .note.GNU-stack, "", @progbits
