/*
 * A disk's first sectors: a boot sector that loads the program behind it and
 * calls test_main(DL). The program runs in real mode with CS = DS = SS = 0,
 * linked at 7C00, with its stack below.
 */
#define PROGRAM_SECTORS 96      /* 48 KiB; rt.ld checks */
#define PER_CALL 32

	.code16
	.section .boot, "ax"
	.globl boot_start
boot_start:
	ljmpw $0, $1f
1:      xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $0x7c00, %esp
	movb %dl, drive
	cld
	sti
	cmpb $0xe0, %dl                 /* a CD's boot image is loaded whole */
	jae 3f
	movw $(PROGRAM_SECTORS / PER_CALL), %cx
2:      movb $0x42, %ah
	movb drive, %dl
	movw $packet, %si
	int $0x13
	jc 4f
	addl $PER_CALL, packet_block
	addw $(PER_CALL * 512 / 16), packet_seg
	loop 2b
3:      movzbl drive, %eax
	calll test_main
4:      hlt
	jmp 4b
drive:  .byte 0
	.balign 4
packet: .byte 16, 0
	.word PER_CALL, 0
packet_seg:
	.word 0x7e0
packet_block:
	.quad 1

	.org 446
	.byte 0x80, 0, 1, 0, 0x83, 0xfe, 0xff, 0xff
	.long 2048, 8192
	.org 510
	.word 0xaa55

	.text
/*
 * void call_int(uint8_t n, struct regs *in_out): exactly these registers,
 * flags and segments (but CS) go in, and what comes out is stored. SS:SP is the
 * caller's, or in->ss:esp if ss is not 0.
 */
#define R_EBX 16
#define R_EDX 20
#define R_ECX 24
#define R_EAX 28
#define R_DS 32
#define R_ES 34
#define R_FS 36
#define R_GS 38
#define R_EFLAGS 40
#define R_SS 44
#define R_ESP 48
	.globl call_int
call_int:
	pushal
	pushfl
	cli
	pushl call_regs                      /* a hook may call from within a call */
	pushl call_esp
	movb %al, 3f + 1
	movl %edx, call_regs
	movl %esp, call_esp
	cmpw $0, R_SS(%edx)
	je 1f
	movw R_SS(%edx), %ss
	movl R_ESP(%edx), %esp
1:      pushl R_EFLAGS(%edx)
	movw R_ES(%edx), %es
	movw R_FS(%edx), %fs
	movw R_GS(%edx), %gs
	movl 0(%edx), %edi
	movl 4(%edx), %esi
	movl 8(%edx), %ebp
	movl R_EBX(%edx), %ebx
	movl R_ECX(%edx), %ecx
	movl R_EAX(%edx), %eax
	pushw R_DS(%edx)
	movl R_EDX(%edx), %edx
	popw %ds
	popfl
3:      int $0
	pushfl
	cli
	cld
	pushw %ds
	pushl %eax
	xorw %ax, %ax
	movw %ax, %ds
	movl %edx, save_edx
	movl call_regs, %edx
	movl %edi, 0(%edx)
	movl %esi, 4(%edx)
	movl %ebp, 8(%edx)
	movl %ebx, R_EBX(%edx)
	movl %ecx, R_ECX(%edx)
	movw %es, R_ES(%edx)
	movw %fs, R_FS(%edx)
	movw %gs, R_GS(%edx)
	popl R_EAX(%edx)
	popw R_DS(%edx)
	popl R_EFLAGS(%edx)
	movl save_edx, %eax
	movl %eax, R_EDX(%edx)
	movl %esp, R_ESP(%edx)
	xorw %ax, %ax
	movw %ax, %ss
	movl call_esp, %esp
	movw %ax, %es
	popl call_esp
	popl call_regs
	popfl
	popal
	retl

/* void jump_far(uint16_t seg, uint16_t off) */
	.globl jump_far
jump_far:
	pushw %ax
	pushw %dx
	lretw

	.globl call_regs, call_esp
	.bss
	.balign 4
call_regs: .space 4
call_esp: .space 4
save_edx: .space 4
	.section .note.GNU-stack, "", @progbits
