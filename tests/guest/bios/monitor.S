/*
 * A monitor of virtual-8086 mode, as DOS's memory managers are: v86.c goes on in
 * that mode, with I/O allowed and IOPL 3. Interrupts go on to the real-mode
 * vectors, HLT is passed over; whatever else a program must not do there makes
 * it go on in v86_fault().
 */
#include "tests/guest/bios/v86.h"

#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_TSS 0x18
#define FLAG_VM 0x20000
#define FLAG_IOPL 0x3000
#define HLT 0xf4

/* The frame that an interrupt leaves. */
#define F_IP 0
#define F_CS 4
#define F_FLAGS 8
#define F_SP 12
#define F_SS 16
#define F_ES 20
#define F_DS 24

	.text
	.code16
/* void v86_enter(void): memory from V86_AREA on is prepared. */
	.globl v86_enter
v86_enter:
	pushal
	pushfl
	cli
	movl %esp, v86_esp
	lgdtl v86_gdtr
	lidtl v86_idtr
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpl $SEL_CODE, $1f
	.code32
1:      movw $SEL_DATA, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl v86_esp, %ebx
	movl $V86_STACK, %esp
	movw $SEL_TSS, %ax
	ltr %ax
	pushl $0                        /* GS, FS, DS, ES, SS */
	pushl $0
	pushl $0
	pushl $0
	pushl $0
	pushl %ebx
	pushl $(FLAG_VM | FLAG_IOPL | 2)
	pushl $0
	pushl $2f
	iretl
	.code16
2:      popfl
	popal
	retl

	.code32
	.balign V86_STUB
	.globl v86_stubs
v86_stubs:
	.set vector, 0
	.rept 256
	.balign V86_STUB
	pushl $vector
	jmp came_in
	.set vector, vector + 1
	.endr

came_in:
	pushal
	movw $SEL_DATA, %ax
	movw %ax, %ds
	movl 32(%esp), %eax
	leal 36(%esp), %ebx
	cmpl $6, %eax                   /* an invalid instruction */
	je refused
	cmpl $12, %eax                  /* no stack, not allowed: with a code */
	je 1f
	cmpl $13, %eax
	jne reflect
1:      addl $4, %ebx
	testl $FLAG_VM, F_FLAGS(%ebx)
	jz dead
	movzwl F_CS(%ebx), %ecx
	shll $4, %ecx
	movzwl F_IP(%ebx), %edx
	cmpb $HLT, (%ecx, %edx)
	jne refused
	incw F_IP(%ebx)
	incl v86_halts
	popal
	addl $8, %esp
	iretl

refused:
	testl $FLAG_VM, F_FLAGS(%ebx)
	jz dead
	movzwl F_CS(%ebx), %ecx
	movl %ecx, v86_fault_cs
	shll $4, %ecx
	movzwl F_IP(%ebx), %edx
	movl %edx, v86_fault_ip
	movl (%ecx, %edx), %ecx
	movl %ecx, v86_fault_bytes
	movl $v86_fault, F_IP(%ebx)
	movl $0, F_CS(%ebx)
	movl $0, F_SS(%ebx)
	movl $0, F_ES(%ebx)
	movl $0, F_DS(%ebx)
	movl $0x7c00, F_SP(%ebx)
	movl %ebx, %esp
	iretl

reflect:
	testl $FLAG_VM, F_FLAGS(%ebx)
	jz dead
	movzwl F_SS(%ebx), %ecx
	shll $4, %ecx
	subw $6, F_SP(%ebx)
	movzwl F_SP(%ebx), %edx
	addl %edx, %ecx
	movl F_FLAGS(%ebx), %edx
	movw %dx, 4(%ecx)
	movl F_CS(%ebx), %edx
	movw %dx, 2(%ecx)
	movl F_IP(%ebx), %edx
	movw %dx, (%ecx)
	andl $~0x300, F_FLAGS(%ebx)     /* IF, TF */
	movl (, %eax, 4), %eax
	movzwl %ax, %edx
	movl %edx, F_IP(%ebx)
	shrl $16, %eax
	movl %eax, F_CS(%ebx)
	popal
	addl $4, %esp
	iretl

dead:   movb $0x21, %al
	outb %al, $0xf4
	hlt
	jmp dead

	.section .rodata
	.balign 8
v86_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff        /* 08: code, 4 GiB, 32 bits */
	.quad 0x00cf93000000ffff        /* 10: data, 4 GiB */
	/* 18: the TSS with a map of all ports at its end */
	.word 0x68 + 0x2000, V86_TSS & 0xffff
	.byte V86_TSS >> 16, 0x89, 0, 0
v86_gdtr:
	.word v86_gdtr - v86_gdt - 1
	.long v86_gdt
v86_idtr:
	.word 256 * 8 - 1
	.long V86_IDT

	.bss
	.balign 4
	.globl v86_halts, v86_fault_cs, v86_fault_ip, v86_fault_bytes
v86_esp: .space 4
v86_halts: .space 4
v86_fault_cs: .space 4
v86_fault_ip: .space 4
v86_fault_bytes: .space 4
	.section .note.GNU-stack, "", @progbits
