/*
 * What aerovmm does for its BIOS and QEMU's "pc" does not: RAM where the ROM
 * shadow is, addresses in BARs, a VGA BIOS at C0000. Runs first, from the
 * E-segment of the ROM file, then starts the BIOS as a reset would.
 */
	.code16
	.section .text.start, "ax"
	.globl shim_start
shim_start:
	cli
	cld
	movw $0x9000, %ax
	movw %ax, %ss
	movl $0xfff0, %esp
	movw $0xe000, %ax
	movw %ax, %ds
	lgdtl gdtr - shim_start
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpl $0x08, $1f
	.code32
1:      movw $0x10, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $0x9fff0, %esp
	call shim_main
	ljmpl $0x18, $(2f - shim_start)
	.code16
2:      movw $0x20, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl %cr0, %eax
	andb $0xfe, %al
	movl %eax, %cr0
	ljmpw $0xf000, $0xe05b

	.balign 8
gdt:    .quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00009b0e0000ffff        /* 16 bits, base E0000 */
	.quad 0x000093000000ffff
gdtr:   .word gdtr - gdt - 1
	.long gdt
	.section .note.GNU-stack, "", @progbits
