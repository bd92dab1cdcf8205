#define R_EBX 16
#define R_EDX 20
#define R_ECX 24
#define R_EAX 28
#define R_EFLAGS 40

	.code16
	.text
/* Handlers that services.c puts into vectors. Each calls C on a stack of its
 * own, like a resident program, and goes on to what was there before. */
	.macro hook name, fn, old
	.globl \name
\name: pushw %fs
	pushw %ds
	pushw %es
	pushal
	pushw $0
	popw %ds
	movw %sp, %bp
	movw %ss, %bx
	incw hook_depth
	movl %esp, %esi
	movw $0, %cx
	cmpw $1, hook_depth
	jne 1f
	movw %cx, %ss
	movl $hook_stack_top, %esp
1:      pushw %bx
	pushl %esi
	movw %cx, %es
	cld
	movw %bx, hook_ss
	movw %bp, hook_sp
	calll \fn
	popl %esi
	popw %bx
	decw hook_depth
	movw %bx, %ss
	movl %esi, %esp
	popal
	popw %es
	popw %ds
	popw %fs
	ljmpw *%cs:\old
	.endm

	hook hook_1c, on_1c, old_1c
	hook hook_15, on_15, old_15
	hook hook_4a, on_4a, old_4a
	hook hook_1b, on_1b, old_1b

	.globl mouse_entry
/* The mouse's handler: four words on the stack, a far call. */
mouse_entry:
	pushw %bp
	movw %sp, %bp
	pushw %ds
	pushl %eax
	pushw $0
	popw %ds
	movw 12(%bp), %ax
	movw %ax, mouse_words
	movw 10(%bp), %ax
	movw %ax, mouse_words + 2
	movw 8(%bp), %ax
	movw %ax, mouse_words + 4
	movw 6(%bp), %ax
	movw %ax, mouse_words + 6
	incw mouse_calls
	popl %eax
	popw %ds
	popw %bp
	lretw

/* uint32_t big_read(uint32_t linear): what FS can reach if its limit is still
 * 4 GiB; the segment is loaded anew. */
	.globl big_read
big_read:
	xorw %dx, %dx
	movw %dx, %fs
	movl %fs:(%eax), %eax
	retl

/* void go_big(void): FS with a limit of 4 GiB, in real mode. */
	.globl go_big
go_big: cli
	lgdtl big_gdtr
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	movw $8, %dx
	movw %dx, %fs
	andb $0xfe, %al
	movl %eax, %cr0
	xorw %dx, %dx
	movw %dx, %fs
	sti
	retl

/*
 * void call32(uint32_t entry, struct regs *): a far call in flat 32-bit
 * protected mode, with interrupts off, of what expects the general registers.
 */
	.globl call32
call32: pushal
	pushfl
	cli
	movl %eax, call32_entry
	movl %edx, call_regs
	movl %esp, call_esp
	lgdtl big_gdtr
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpw $0x10, $1f
	.code32
1:      movw $8, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl call_regs, %edx
	movl 0(%edx), %edi
	movl 4(%edx), %esi
	movl R_EBX(%edx), %ebx
	movl R_ECX(%edx), %ecx
	movl R_EAX(%edx), %eax
	movl R_EDX(%edx), %edx
	lcall *call32_entry
	pushfl
	pushl %edx
	movl call_regs, %edx
	movl %edi, 0(%edx)
	movl %esi, 4(%edx)
	movl %ebx, R_EBX(%edx)
	movl %ecx, R_ECX(%edx)
	movl %eax, R_EAX(%edx)
	popl R_EDX(%edx)
	popl R_EFLAGS(%edx)
	ljmp $0x18, $2f
	.code16
2:      movw $0x20, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl %cr0, %eax
	andb $0xfe, %al
	movl %eax, %cr0
	ljmpw $0, $3f
3:      xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl call_esp, %esp
	popfl
	popal
	retl

	.section .rodata
	.balign 8
big_gdt:
	.quad 0
	.quad 0x00cf93000000ffff        /* 08: data, 4 GiB */
	.quad 0x00cf9b000000ffff        /* 10: code, 32 bits */
	.quad 0x00009b000000ffff        /* 18: code, 16 bits */
	.quad 0x000093000000ffff        /* 20: data, 64 KiB */
big_gdtr:
	.word big_gdtr - big_gdt - 1
	.long big_gdt

	.data
	.balign 4
call32_entry:
	.long 0
	.word 0x10
	.globl old_1c, old_15, old_4a, old_1b, hook_ss, hook_sp
	.globl mouse_words, mouse_calls
	.balign 4
old_1c: .long 0
old_15: .long 0
old_4a: .long 0
old_1b: .long 0
hook_depth: .word 0
hook_ss: .word 0
hook_sp: .word 0
mouse_words: .space 8
mouse_calls: .word 0

	.bss
	.balign 16
	.space 0x400
hook_stack_top:
	.section .note.GNU-stack, "", @progbits
