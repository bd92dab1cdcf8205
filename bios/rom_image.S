/* The ROM, as the linker script bios/rom/rom.ld has laid it out. Apart from other
 * constants, so that a machine that boots a kernel does not load it with them. */
	.section .rom, "a"
	.globl rom_image
	.balign 16
rom_image:
	.incbin ROM_BIN
	.section .note.GNU-stack, "", @progbits
