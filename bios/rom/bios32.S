/*
 * The 32-bit PCI BIOS: a directory that OSs find by "_32_", and the service it
 * names. Called with flat or based segments; only relative addresses are good
 * for both.
 */
#include "bios/rom/rom.h"

	.section .rodata
	.balign 16
	.globl bios32_header
bios32_header:
	.ascii "_32_"
	.long ROM_BASE + bios32_entry
	.byte 0, 1                      /* revision, length / 16 */
	.byte 0                         /* checksum: POST's */
	.byte 0, 0, 0, 0, 0

	.text
	.code32

/* EAX: a service's name, EBX: 0. AL: 80h, no such service; 81h, EBX is not 0. */
bios32_entry:
	pushfl
	testl %ebx, %ebx
	jnz 1f
	cmpl $0x49435024, %eax          /* "$PCI" */
	jne 2f
	xorb %al, %al
	movl $ROM_BASE, %ebx
	movl $0x10000, %ecx
	movl $pci_entry32, %edx
	popfl
	lret
1:      movb $0x81, %al
	popfl
	lret
2:      movb $0x80, %al
	popfl
	lret

/* A struct regs on the caller's stack; CF is the result's. */
	.globl pci_entry32
pci_entry32:
	pushfl
	cli
	cld
	pushl $0                        /* esp and half of ss */
	pushl $0
	pushw $0
	pushw $0                        /* flags */
	pushl $0                        /* fs, gs */
	pushl $0                        /* ds, es */
	pushal
	movl %esp, %eax
	call pcibios32
	btw $0, 40(%esp)                /* CF of the flags there */
	popal
	leal 20(%esp), %esp
	jc 1f
	popfl
	clc
	lret
1:      popfl
	stc
	lret

	.section .note.GNU-stack, "", @progbits
