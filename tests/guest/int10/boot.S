/* A boot sector that loads what follows it on the disk to 0000:8000. */
#define SECTORS 96                      /* at most; a call reads 32 */

	.code16
	.section .boot, "ax"
	.globl boot
boot:
	cli
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x7c00, %sp
	sti
	mov %dl, drive
1:	mov $0x42, %ah
	mov drive, %dl
	mov $packet, %si
	int $0x13
	jc 2f
	addw $32, packet_lba
	addw $32 * 512 / 16, packet_segment
	cmpw $SECTORS, packet_lba
	jb 1b
	ljmp $0, $start
2:	mov $0x0e21, %ax
	int $0x10
	hlt
	jmp 2b
drive:
	.byte 0
	.balign 4
packet:
	.byte 16, 0
	.word 32
	.word 0
packet_segment:
	.word 0x800
packet_lba:
	.long 1, 0
	.org 510
	.byte 0x55, 0xaa

	.section .start, "ax"
start:
	xorl %esp, %esp
	movw $0x7c00, %sp
	movl $bss_start, %edi
	movl $bss_end, %ecx
	subl %edi, %ecx
	xor %al, %al
	cld
	rep stosb
	calll guest_main
	/* Whoever started the machine waits for the port or for the text. */
	mov $0xf4, %dx
	mov $1, %al
	out %al, %dx
1:	cli
	hlt
	jmp 1b

/* INT 10h with the registers at `regs`, whose upper halves are marked, so that
 * one that is not kept is seen. */
	.text
	.globl call10
call10:
	pushal
	push %ds
	push %es
	push %fs
	push %gs
	mov $0x1357, %ax
	mov %ax, %fs
	mov %ax, %gs
	movl regs + 0, %eax
	movl regs + 4, %ebx
	movl regs + 8, %ecx
	movl regs + 12, %edx
	movl regs + 16, %esi
	movl regs + 20, %edi
	movl regs + 24, %ebp
	mov regs + 28, %es
	mov regs + 30, %ds
	std
	sti
	int $0x10
	pushf
	cld
	push %ds
	push $0
	pop %ds
	popw regs + 30
	popw regs + 32
	movl %eax, regs + 0
	movl %ebx, regs + 4
	movl %ecx, regs + 8
	movl %edx, regs + 12
	movl %esi, regs + 16
	movl %edi, regs + 20
	movl %ebp, regs + 24
	mov %es, regs + 28
	mov %fs, regs + 34
	mov %gs, regs + 36
	pop %gs
	pop %fs
	pop %es
	pop %ds
	popal
	retl
	.section .note.GNU-stack, "", @progbits
