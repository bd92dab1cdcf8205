/*
 * Where the outside comes in: interrupts, and the addresses that software
 * knows by heart. And where C goes out: calls of interrupts and far functions.
 *
 * Parts of it run inside INT 10h, which Windows interprets instruction by
 * instruction: no memory operand through ESP here, no HLT, no LGDT, no SMSW.
 */
#include "bios/rom/rom.h"

#define STACK_SLICE     0x600
#define STACK_SLICES    6

/* struct regs */
#define R_EDI   0
#define R_ESI   4
#define R_EBP   8
#define R_ORIG  12      /* flags as they were, in pusha_esp's place */
#define R_EBX   16
#define R_EDX   20
#define R_ECX   24
#define R_EAX   28
#define R_DS    32
#define R_ES    34
#define R_FLAGS 40
#define R_SS    44
#define R_ESP   46

	.code16
	.bss
	.balign 4
save_eax:       .space 4
save_esp:       .space 4
save_ds:        .space 2
save_ss:        .space 2
save_handler:   .space 2
	.balign 4
far_target:     .space 4
	.globl vga_int10
vga_int10:      .space 4
	.balign 16
stack:          .space STACK_SLICE * STACK_SLICES
stack_top:

	.data
	.balign 4
/* Where the next handler's stack begins. A handler that is interrupted, or
 * calls out, may be entered again from a foreign stack. */
stack_free:     .long stack_top - STACK_SLICE
/* 0 until the first POST. */
posted:         .byte 0
	.globl tick_polls_com1
tick_polls_com1: .byte 0

	.text

/* ---- interrupts that C serves ------------------------------------------------ */

	.macro handled entry, handler
	.globl \entry
\entry: pushw $\handler
	jmp enter
	.endm

	handled entry_05, int05
	handled entry_09, int09
	handled entry_10, int10
	handled entry_13, int13
	handled entry_14, int14
	handled entry_15, int15
	handled entry_16, int16
	handled entry_17, int17
	handled entry_18, int18
	handled entry_19, int19
	handled entry_1a, int1a
	handled entry_40, int40
	handled entry_70, int70
	handled entry_74, int74

/*
 * Makes a struct regs on the ROM's stack and calls the handler whose offset
 * lies below the return address. On the caller's stack it takes 4 bytes.
 */
enter:  pushw %ds
	cli
	cld
	pushw %cs
	popw %ds
	movl %eax, save_eax
	popw save_ds
	popw save_handler
	movl %esp, save_esp
	movw %ss, %ax
	movw %ax, save_ss
	cmpw $ROM_SEG, %ax
	je 1f
	movl stack_free, %eax
	pushw %ds
	popw %ss
	movl %eax, %esp
	subl $STACK_SLICE, stack_free
1:      pushl save_esp
	pushw save_ss
	pushw save_handler
	pushw %ax                       /* flags, in a moment */
	pushw %gs
	pushw %fs
	pushw %es
	pushw save_ds
	movl save_eax, %eax
	pushal
	movl %esp, %ebp
	movw save_ss, %es
	movw save_esp, %bx
	movw %es:4(%bx), %ax
	movw %ax, R_FLAGS(%ebp)
	movw %ax, R_ORIG(%ebp)
	pushw %ds
	popw %es
	movl %ebp, %eax
	movzwl save_handler, %edx
	calll *%edx
	cli
	/* Only flags that the handler has changed are touched: the guest's own
	 * handler of a timer tick may have changed the frame meanwhile. */
	movl %esp, %ebp
	movw R_SS(%ebp), %es
	movw R_ESP(%ebp), %bx
	movw R_FLAGS(%ebp), %ax
	xorw R_ORIG(%ebp), %ax
	andw $(FLAG_CF | FLAG_ZF), %ax
	xorw %ax, %es:4(%bx)
	popal
	movl %eax, save_eax
	popw save_ds
	popw %es
	popw %fs
	popw %gs
	popw %ax
	popw save_handler
	popw save_ss
	popl save_esp
	movw save_ss, %ax
	cmpw $ROM_SEG, %ax
	je 2f
	addl $STACK_SLICE, stack_free
2:      movw %ax, %ss
	movl save_esp, %esp
	movl save_eax, %eax
	cmpw $int10_mirror, save_handler
	movw save_ds, %ds
	je 3f
	iretw
3:      ljmpw *%cs:vga_int10

/*
 * INT 10h while the serial port mirrors a VGA BIOS. What a kernel may call is
 * handed on without a detour; a mode set leaves a note for the next call that
 * writes text. The VGA BIOS serves every call, C only looks at it before.
 */
	.globl entry_10_mirror
entry_10_mirror:
	cmpb $0x00, %ah
	je 1f
	cmpb $0x06, %ah
	je 2f
	cmpb $0x07, %ah
	je 2f
	cmpb $0x09, %ah
	je 2f
	cmpb $0x0a, %ah
	je 2f
	cmpb $0x0e, %ah
	je 2f
	cmpb $0x13, %ah
	je 2f
	ljmpw *%cs:vga_int10
1:      pushw %ds
	pushw $BDA_SEG
	popw %ds
	movb $1, BDA_MODE_SET
	popw %ds
	ljmpw *%cs:vga_int10
2:      pushw $int10_mirror
	jmp enter

/* ---- interrupts that need no C ----------------------------------------------- */

	.globl entry_11
entry_11:
	pushw %ds
	pushw $BDA_SEG
	popw %ds
	movw BDA_EQUIPMENT, %ax
	popw %ds
	iretw

	.globl entry_12
entry_12:
	pushw %ds
	pushw $BDA_SEG
	popw %ds
	movw BDA_MEM_KB, %ax
	popw %ds
	iretw

/*
 * The tick, 18.2 times a second. Programs look past the three words that PC
 * BIOSes push here at the interrupted address, so nothing else is pushed.
 */
	.globl entry_08
entry_08:
	pushw %ds
	pushw %ax
	pushw %dx
	pushw $BDA_SEG
	popw %ds
	incl BDA_TICKS
	cmpl $0x1800b0, BDA_TICKS
	jb 1f
	movl $0, BDA_TICKS
	movb $1, BDA_MIDNIGHT
1:      cmpb $0, %cs:tick_polls_com1
	je 2f
	pushfw
	pushw %cs
	pushw $2f
	pushw $int08_com1
	jmp enter
2:      int $0x1c
	cli
	movb $PIC_EOI, %al
	outb %al, $PORT_PIC1
	popw %dx
	popw %ax
	popw %ds
	iretw

/* IRQs without a handler: noted, as far as they are real. */
	.globl entry_irq1, entry_0e
entry_irq1:
entry_0e:
	pushw %ax
	pushw %ds
	pushw $BDA_SEG
	popw %ds
	movb $0x0b, %al                 /* OCW3: read in-service */
	outb %al, $PORT_PIC1
	inb $PORT_PIC1, %al
	movb %al, BDA_STRAY_IRQ
	testb %al, %al
	jz 1f
	movb $PIC_EOI, %al
	outb %al, $PORT_PIC1
1:      popw %ds
	popw %ax
	iretw

	.globl entry_irq2
entry_irq2:
	pushw %ax
	pushw %ds
	pushw $BDA_SEG
	popw %ds
	movb $0x0b, %al
	outb %al, $PORT_PIC2
	inb $PORT_PIC2, %al
	movb %al, BDA_STRAY_IRQ
	testb %al, %al
	movb $PIC_EOI, %al
	jz 1f
	outb %al, $PORT_PIC2
1:      outb %al, $PORT_PIC1            /* the cascade is real anyway */
	popw %ds
	popw %ax
	iretw

/* IRQ 9 stands where IRQ 2 was on the first PC. */
	.globl entry_71
entry_71:
	pushw %ax
	movb $PIC_EOI, %al
	outb %al, $PORT_PIC2
	popw %ax
	int $0x0a
	iretw

/* IRQ 13: the FPU's error, which was NMI on the first PC. */
	.globl entry_75
entry_75:
	pushw %ax
	xorb %al, %al
	outb %al, $0xf0
	movb $PIC_EOI, %al
	outb %al, $PORT_PIC2
	outb %al, $PORT_PIC1
	popw %ax
	int $0x02
	iretw

/* IRQ 14: the fixed disk's. */
	.globl entry_76
entry_76:
	pushw %ax
	pushw %ds
	pushw $BDA_SEG
	popw %ds
	movb $0xff, BDA_DISK_IRQ
	movb $PIC_EOI, %al
	outb %al, $PORT_PIC2
	outb %al, $PORT_PIC1
	popw %ds
	popw %ax
	iretw

/* ---- calling out ---------------------------------------------------------------- */

/* void int_call(uint8_t n, struct regs *) */
	.globl int_call
int_call:
	pushl %ebx
	pushl %esi
	pushl %edi
	pushl %ebp
	pushl %edx
	pushfl
	cli
	xorw %cx, %cx
	movw %cx, %fs
	movzbl %al, %eax
	movl %fs:(,%eax,4), %ecx
	pushw R_FLAGS(%edx)
	pushw %cs
	pushw $1f
	pushl %ecx                      /* for the far return that is a call */
	movl R_EDI(%edx), %edi
	movl R_ESI(%edx), %esi
	movl R_EBP(%edx), %ebp
	movl R_EBX(%edx), %ebx
	movl R_ECX(%edx), %ecx
	movl R_EAX(%edx), %eax
	movw R_ES(%edx), %es
	pushw R_DS(%edx)
	movl R_EDX(%edx), %edx
	popw %ds
	lretw
1:      pushfw
	cli
	cld
	pushw %ds
	pushw %cs
	popw %ds
	pushl %edx
	movl %esp, %edx
	movl 12(%edx), %edx             /* past edx, ds, flags and our eflags */
	movl %edi, R_EDI(%edx)
	movl %esi, R_ESI(%edx)
	movl %ebp, R_EBP(%edx)
	movl %ebx, R_EBX(%edx)
	movl %ecx, R_ECX(%edx)
	movl %eax, R_EAX(%edx)
	movw %es, R_ES(%edx)
	popl R_EDX(%edx)
	popw R_DS(%edx)
	popw R_FLAGS(%edx)
	pushw %ds
	popw %es
	popfl
	popl %edx
	popl %ebp
	popl %edi
	popl %esi
	popl %ebx
	retl

/* void far_call(uint32_t fn, const uint16_t words[4], uint32_t eax) */
	.globl far_call
far_call:
	pushal
	movl %eax, far_target
	movl %ecx, %eax
	pushw 0(%edx)
	pushw 2(%edx)
	pushw 4(%edx)
	pushw 6(%edx)
	sti
	lcallw *far_target
	cli
	cld
	pushw %cs
	popw %ds
	pushw %cs
	popw %es
	addw $8, %sp
	popal
	retl

/*
 * void boot_jump(uint32_t entry, uint32_t drive), never to return. All of our
 * stack is free then; the program's is below what was loaded at 7C00. ES:DI is
 * 0: there is no $PnP structure to point to.
 */
	.globl boot_jump
boot_jump:
	cli
	movl $stack_top, stack_free
	movl %eax, %ecx
	xorl %eax, %eax
	movw %ax, %ss
	movl $0x7c00, %esp
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	pushl %ecx
	xorl %ebx, %ebx
	xorl %ecx, %ecx
	xorl %esi, %esi
	xorl %edi, %edi
	xorl %ebp, %ebp
	movl $0xaa55, %eax
	sti
	lretw

/* ---- start ---------------------------------------------------------------------- */

/*
 * A PC's reset is also the way back from the 286's protected mode: CMOS byte 0F
 * says that a program wants to go on where 40:67 points. A jump to the reset
 * vector without a reset gets one.
 */
post_start:
	cli
	cld
	movb $0x8f, %al
	outb %al, $0x70
	inb $0x71, %al
	movb %al, %bl
	movb $0x8f, %al
	outb %al, $0x70
	movb $0, %al
	outb %al, $0x71
	cmpb $0x05, %bl
	je resume
	cmpb $0x0a, %bl
	je resume
	movw %cs, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $stack_top, %esp
	movl %cr0, %eax
	andl $~0x60000000, %eax         /* reset leaves the caches off */
	movl %eax, %cr0
	cmpb $0, posted
	jne 1f
	movb $1, posted
	calll post
1:      calll machine_reset

resume: movw $BDA_SEG, %ax
	movw %ax, %ds
	ljmpw *BDA_RESUME

/* ---- fixed places ------------------------------------------------------------------ */

	.section .fixed_low, "ax"
	.macro at address
	.org \address - 0xe000
	.endm
	at 0xe05b
	jmp post_start
	at 0xe2c3
	.globl entry_02
entry_02:
	iretw
	at 0xe3fe
	jmp entry_13
	at 0xe6f2
	jmp entry_19
	at 0xe6f5
	.globl config_table
config_table:
	.word 8
	.byte 0xfc, 0x00, 0x00          /* model, submodel, BIOS revision */
	/* second PIC, RTC, INT 15h/4F is called, EBDA */
	.byte 0x74
	.byte 0x40                      /* INT 16h/09 */
	.byte 0, 0, 0
	at 0xe729
	/* divisors for 110, 150, 300, ... 9600 baud */
	.word 0x0417, 0x0300, 0x0180, 0x00c0, 0x0060, 0x0030, 0x0018, 0x000c
	at 0xe739
	jmp entry_14
	at 0xe82e
	jmp entry_16
	at 0xe987
	jmp entry_09
	at 0xec59
	jmp entry_40
	at 0xef57
	jmp entry_0e
	at 0xefc7
	.globl diskette_params
diskette_params:                        /* 1.44 MB */
	.byte 0xaf, 0x02, 0x25, 0x02, 0x12, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08
	at 0xefd2
	jmp entry_17
	at 0xf065
	jmp entry_10
	at 0xf0a4
	.globl video_params
video_params:                           /* of the 6845, for INT 1Dh */
	.byte 0x38, 0x28, 0x2d, 0x0a, 0x1f, 0x06, 0x19, 0x1c
	.byte 0x02, 0x07, 0x06, 0x07, 0x00, 0x00, 0x00, 0x00
	.byte 0x71, 0x50, 0x5a, 0x0a, 0x1f, 0x06, 0x19, 0x1c
	.byte 0x02, 0x07, 0x06, 0x07, 0x00, 0x00, 0x00, 0x00
	.byte 0x38, 0x28, 0x2d, 0x0a, 0x7f, 0x06, 0x64, 0x70
	.byte 0x02, 0x01, 0x06, 0x07, 0x00, 0x00, 0x00, 0x00
	.byte 0x61, 0x50, 0x52, 0x0f, 0x19, 0x06, 0x19, 0x19
	.byte 0x02, 0x0d, 0x0b, 0x0c, 0x00, 0x00, 0x00, 0x00
	.word 2048, 4096, 16384, 16384
	.byte 40, 40, 80, 80, 40, 40, 80, 80
	.byte 0x2c, 0x28, 0x2d, 0x29, 0x2a, 0x2e, 0x1e, 0x29

	.section .fixed_high, "ax"
	.purgem at
	.macro at address
	.org \address - 0xf841
	.endm
	at 0xf841
	jmp entry_12
	at 0xf84d
	jmp entry_11
	at 0xf859
	jmp entry_15
	at 0xfa6e
	/* 128 characters; POST copies them from the VGA BIOS. */
	.globl font_8x8
font_8x8:
	at 0xfe6e
	jmp entry_1a
	at 0xfea5
	jmp entry_08
	at 0xff53
	.globl entry_iret
entry_iret:
	iretw
	at 0xff54
	jmp entry_05
	at 0xfff0
	.globl reset_vector
reset_vector:
	ljmpw $ROM_SEG, $0xe05b
	at 0xfff5
	.ascii "11/20/25"
	at 0xfffe
	.byte 0xfc                      /* an AT */
	.byte 0

	.section .note.GNU-stack, "", @progbits
