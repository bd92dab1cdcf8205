/*
 * Into protected mode and back, for what lies outside the first megabyte. The
 * code stays 16-bit code in the same segment: a C function runs in either mode.
 */
#include "bios/rom/rom.h"

#define CR0_PE  1
#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_FLAT 0x18

	.section .rodata
	.balign 8
gdt:    .quad 0
	.quad 0x00009b0f0000ffff        /* code, base F0000, 64 KiB, 16 bits */
	.quad 0x0000930f0000ffff        /* data and stack, the same */
	.quad 0x00cf93000000ffff        /* data, 4 GiB */
gdt_end:
gdtr:   .word gdt_end - gdt - 1
	.long ROM_BASE + gdt

	.text
	.code16

/* bool can_go_flat(void) */
	.globl can_go_flat
can_go_flat:
	smsw %ax
	notl %eax
	andl $CR0_PE, %eax
	retl

/*
 * uint32_t flat_call(uint32_t (*fn)(void *), void *arg)
 * A caller of ours may be about to enter protected mode with a GDT of its own,
 * so GDTR is put back.
 */
	.globl flat_call
flat_call:
	pushl %ebx
	pushfl
	subl $8, %esp
	cli
	sgdtl (%esp)
	lgdtl gdtr
	movl %eax, %ecx
	movl %edx, %eax
	movl %cr0, %ebx
	orb $CR0_PE, %bl
	movl %ebx, %cr0
	ljmpw $SEL_CODE, $1f
1:      movw $SEL_DATA, %bx
	movw %bx, %ds
	movw %bx, %es
	movw %bx, %ss
	movw $SEL_FLAT, %bx
	movw %bx, %fs
	movw %bx, %gs
	calll *%ecx
	movw $SEL_FLAT, %bx
	movw %bx, %ds
	movw %bx, %es
	movw %bx, %fs
	movw %bx, %gs
	movl %cr0, %ebx
	andb $~CR0_PE, %bl
	movl %ebx, %cr0
	ljmpw $ROM_SEG, $1f
1:      movw $ROM_SEG, %bx
	movw %bx, %ds
	movw %bx, %es
	movw %bx, %ss
	xorw %bx, %bx
	movw %bx, %fs
	movw %bx, %gs
	lgdtl (%esp)
	addl $8, %esp
	popfl
	popl %ebx
	retl

	.section .note.GNU-stack, "", @progbits
