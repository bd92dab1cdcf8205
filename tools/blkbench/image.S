/* The ROM, as the linker script bios/rom/rom.ld has laid it out. */
	.section .rodata
	.globl rom_image
	.balign 16
rom_image:
	.incbin ROM_BIN
	.section .note.GNU-stack, "", @progbits
