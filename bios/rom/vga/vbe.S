/* VBE 3.0 (VESA BIOS Extension): AH=4F. */
#include "bios/rom/vga/vga.h"

#define MODE_LFB        0x4000
#define MODE_NO_CLEAR   0x8000
#define OK              0x004f
#define FAILED          0x014f
#define NOT_HERE        0x034f  /* not in this mode */

/* Attributes of a mode. Windows and Linux look at these closely. */
#define A_SUPPORTED     0x01
#define A_INFO          0x02
#define A_TTY           0x04
#define A_COLOUR        0x08
#define A_GRAPHICS      0x10
#define A_NOT_VGA       0x20
#define A_LFB           0x80
#define A_PLANAR        (A_SUPPORTED | A_INFO | A_COLOUR | A_GRAPHICS | \
			 A_NOT_VGA)
#define A_PACKED        (A_PLANAR | A_LFB)

/* An entry of vbe_modes. */
#define M_NUMBER        0
#define M_X             2
#define M_Y             4
#define M_BPP           6
#define M_LEN           8

	.text

	.globl vbe
vbe:
	cmp $0x15, %al
	je edid
	cmp $0x0a, %al
	ja 1f
	xor %ah, %ah
	mov %ax, %si
	add %si, %si
	movw $OK, F_AX(%bp)
	jmp *%cs:functions(%si)
	.globl vbe_failed
vbe_failed:
1:	movw $FAILED, F_AX(%bp)
	ret
not_here:
	movw $NOT_HERE, F_AX(%bp)
	ret

	.section .rodata
	.balign 2
functions:
	.word controller, mode_information, vbe_set_mode, vbe_get_mode
	.word vbe_state, window, line_length, display_start
	.word dac_width, dac_data, vbe_failed
	.text

/* ---- what modes are like ------------------------------------------------------------ */

/* DI: the entry of mode CX. CF: there is none, or the card's memory is too small.
 * Keeps all but DI. */
find_vbe_mode:
	pusha
	mov %sp, %bp
	and $0x1ff, %cx
	mov $vbe_modes, %di
1:	cmp %cx, %cs:M_NUMBER(%di)
	je 2f
	add $M_LEN, %di
	cmp $vbe_modes_end, %di
	jb 1b
	stc
	jmp 3f
2:	mov %di, (%bp)                  /* DI of pusha */
	call mode_pitch
	mulw %cs:M_Y(%di)
	mov %ax, %bx
	mov %dx, %cx
	call plane_memory
	neg %bx                         /* is CX.BX more than AX.0? */
	sbb %cx, %ax
3:	popa
	ret

/* AX: bytes of a line of the mode at DI. Changes DX. */
mode_pitch:
	mov %cs:M_X(%di), %ax
	/* falls through */
/* AX: bytes of AX dots of the mode at DI, in a plane. Changes DX. */
dots_to_bytes:
	mov %cs:M_BPP(%di), %dl
	cmp $4, %dl
	je 1f
	add $7, %dl
	shr $3, %dl
	xor %dh, %dh
	mul %dx
	ret
1:	shr $3, %ax
	ret

/* AX: the memory a line of the mode at DI may lie in, in blocks of 64 KiB.
 * Changes DX. */
plane_memory:
	mov $DISPI_MEMORY, %ax
	call dispi_read
	cmpb $4, %cs:M_BPP(%di)
	jne 1f
	shr $2, %ax
1:	ret

/* DI: the entry of the present mode. CF: it is not one of VBE's. Keeps all but
 * DI. */
present_mode:
	push %cx
	mov BDA_VBE_MODE, %cx
	call find_vbe_mode
	pop %cx
	ret

/* ---- 00: the controller, at ES:DI ------------------------------------------------------ */

controller:
	mov $256, %cx
	cmpw $0x4256, %es:(%di)         /* "VBE2": 512 bytes are wanted */
	jne 1f
	cmpw $0x3245, %es:2(%di)
	jne 1f
	mov $512, %cx
1:	push %di
	xor %al, %al
	rep stosb
	pop %di
	mov $controller_info, %si
	mov $(controller_info_end - controller_info) / 2, %cx
	push %ds
	push %cs
	pop %ds
	push %di
	rep movsw
	pop %di
	pop %ds
	mov $DISPI_MEMORY, %ax
	call dispi_read
	mov %ax, %es:0x12(%di)
	ret

	.section .rodata
	.balign 2
controller_info:
	.ascii "VESA"
	.word 0x0300
	.word oem, VGA_ROM_SEG
	.word 1, 0                      /* the DAC can have eight bits */
	.word mode_numbers, VGA_ROM_SEG
	.word 0                         /* memory */
	.word 0x0100
	.word oem, VGA_ROM_SEG, product, VGA_ROM_SEG, revision, VGA_ROM_SEG
controller_info_end:
oem:
	.asciz "aerovmm VGA BIOS"
product:
	.asciz "aerovmm display"
revision:
	.asciz "1.0"
	.text

/* ---- 01: mode CX, 256 bytes at ES:DI ------------------------------------------------------ */

mode_information:
	mov %di, %si
	call find_vbe_mode
	jc vbe_failed
	xchg %si, %di
	push %di
	xor %al, %al
	mov $256, %cx
	rep stosb
	pop %di
	/* SI: the mode, DI: the answer. */
	xchg %si, %di
	call mode_pitch
	call pages
	xchg %si, %di
	mov %ax, %es:0x10(%di)
	mov %ax, %es:0x32(%di)
	mov %cl, %es:0x1d(%di)
	mov %cl, %es:0x34(%di)
	mov %cl, %es:0x35(%di)
	movw $0x07, %es:0x02(%di)       /* window A: moves, reads, writes */
	movw $64, %es:0x04(%di)
	movw $64, %es:0x06(%di)
	movw $0xa000, %es:0x08(%di)
	movw $window_function, %es:0x0c(%di)
	mov %cs, %es:0x0e(%di)
	mov %cs:M_X(%si), %ax
	mov %ax, %es:0x12(%di)
	mov %cs:M_Y(%si), %ax
	mov %ax, %es:0x14(%di)
	movw $0x1008, %es:0x16(%di)     /* characters */
	mov %cs:M_BPP(%si), %ah
	mov $1, %al                     /* planes */
	mov %ax, %es:0x18(%di)
	movb $1, %es:0x1a(%di)          /* banks */
	movb $1, %es:0x1e(%di)
	/* 200 MHz at most */
	movw $0xc200, %es:0x3e(%di)
	movw $0x0beb, %es:0x40(%di)
	cmp $4, %ah
	je 4f
	movw $A_PACKED, %es:(%di)
	movb $4, %es:0x1b(%di)          /* packed dots */
	cmp $8, %ah
	je 1f
	movb $6, %es:0x1b(%di)          /* direct colour */
	call colour_fields
1:	mov %cs:lfb_base + 2, %ax
	mov %ax, %es:0x2a(%di)
	test %ax, %ax
	jnz 9f
	andb $~A_LFB & 0xff, %es:(%di)
	ret
4:	movw $A_PLANAR, %es:(%di)
	movb $4, %es:0x18(%di)
	movb $3, %es:0x1b(%di)
	cmpw $0x102, %cs:M_NUMBER(%si)
	jne 9f
	orb $A_TTY, %es:(%di)
9:	ret

/* The masks of AH bits a dot, twice. Keeps SI, DI. */
colour_fields:
	push %si
	mov $fields_15, %si
	cmp $16, %ah
	jb 1f
	mov $fields_16, %si
	je 1f
	mov $fields_24, %si
	cmp $32, %ah
	jb 1f
	mov $fields_32, %si
	movb $2, %es:0x27(%di)          /* the fourth byte is free for use */
1:	push %di
	push %ds
	push %cs
	pop %ds
	push %si
	add $0x1f, %di
	mov $8, %cx
	rep movsb
	pop %si
	add $0x36 - 0x1f - 8, %di
	mov $8, %cx
	rep movsb
	pop %ds
	pop %di
	pop %si
	ret

	.section .rodata
/* Size and position of red, green, blue and what is left. */
fields_15:
	.byte 5, 10, 5, 5, 5, 0, 1, 15
fields_16:
	.byte 5, 11, 6, 5, 5, 0, 0, 0
fields_24:
	.byte 8, 16, 8, 8, 8, 0, 0, 0
fields_32:
	.byte 8, 16, 8, 8, 8, 0, 8, 24
	.text

/* CL: pages of the mode at DI less 1, with AX bytes a line. Keeps AX, SI, DI. */
pages:
	push %ax
	push %si
	push %bx
	mulw %cs:M_Y(%di)
	mov %ax, %bx
	mov %dx, %si                    /* SI.BX: a page */
	call plane_memory
	mov %ax, %dx
	xor %ax, %ax
	mov $-1, %cx
1:	inc %cx
	cmp $256, %cx
	je 2f
	sub %bx, %ax
	sbb %si, %dx
	jnc 1b
2:	dec %cx
	pop %bx
	pop %si
	pop %ax
	ret

/* ---- 02: set mode BX; 4000: linear, 8000: keep memory ---------------------------------------- */

vbe_set_mode:
	mov %bx, %cx
	and $0x01ff, %cx
	cmp $0x100, %cx
	jb 3f
	call find_vbe_mode
	jc vbe_failed
	test $MODE_LFB >> 8, %bh
	jz 1f
	cmpb $4, %cs:M_BPP(%di)
	je vbe_failed
	cmpw $0, %cs:lfb_base + 2
	je vbe_failed
1:	and $(MODE_LFB | MODE_NO_CLEAR | 0x1ff), %bx
	push %bx
	call dispi_off
	call base_registers
	mov $DISPI_X, %ax
	mov %cs:M_X(%di), %bx
	call dispi_write
	mov $DISPI_Y, %ax
	mov %cs:M_Y(%di), %bx
	call dispi_write
	mov $DISPI_BPP, %ax
	mov %cs:M_BPP(%di), %bl
	xor %bh, %bh
	call dispi_write
	pop %cx
	mov $DISPI_ON, %bl
	test $MODE_LFB >> 8, %ch
	jz 2f
	or $DISPI_LFB, %bl
2:	test $MODE_NO_CLEAR >> 8, %ch
	jz 4f
	or $DISPI_NO_CLEAR, %bl
4:	mov $DISPI_ENABLE, %ax
	call dispi_write
	mov $DISPI_ENABLE, %ax
	call dispi_read
	test $DISPI_ON, %al
	jz vbe_failed
	mov $DISPI_BANK, %ax
	xor %bx, %bx
	call dispi_write
	call describe_vbe
	jmp screen_on
	/* One of IBM's. */
3:	mov %cl, %al
	test $MODE_NO_CLEAR >> 8, %bh
	jz 5f
	or $0x80, %al
5:	call find_mode
	jc vbe_failed
	call set_mode
	movw $OK, F_AX(%bp)
	ret

/* The VGA's registers below the mode at DI: those of mode 12h or 13h. Direct
 * colours do without the DAC. Keeps DI. */
base_registers:
	mov $params + 0x1c * P_LEN, %si
	mov $PAL_256, %cl
	cmpb $4, %cs:M_BPP(%di)
	jne 1f
	mov $params + 0x1b * P_LEN, %si
	mov $PAL_EGA, %cl
1:	call program
	cmpb $8, %cs:M_BPP(%di)
	jbe load_dac
	ret

/* The BIOS data area in the mode at DI; CX: what BX asked for. */
describe_vbe:
	mov %cx, BDA_VBE_MODE
	movb $0xff, BDA_MODE
	mov BDA_CTL, %al
	and $CTL_NO_EMULATION, %al
	or $0x60, %al
	test $MODE_NO_CLEAR >> 8, %ch
	jz 1f
	or $CTL_NO_CLEAR, %al
1:	mov %al, BDA_CTL
	mov %cs:M_X(%di), %ax
	shr $3, %ax
	mov %ax, BDA_COLS
	mov %cs:M_Y(%di), %ax
	shr $4, %ax
	dec %ax
	mov %al, BDA_ROWS
	movw $16, BDA_HEIGHT
	movw $0, BDA_SHAPE
	/* Planes hold one page; else there is no text. */
	movw $0, BDA_PAGE_LEN
	mov $0x3d4, %dx
	jmp describe_common

/* ---- 03: BX, the present mode ------------------------------------------------------------------ */

vbe_get_mode:
	mov BDA_VBE_MODE, %bx
	test %bx, %bx
	jnz 1f
	mov BDA_MODE, %bl
	mov BDA_CTL, %bh
	and $CTL_NO_CLEAR, %bh
1:	mov %bx, F_BX(%bp)
	ret

/* ---- 04: state; DL 0 size in BX, 1 save to, 2 restore from ES:BX; CX what ------------------------- */

vbe_state:
	cmp $2, %dl
	ja vbe_failed
	mov %dl, %al
	and $0x0f, %cx
	call state
	test %al, %al
	jnz 1f
	mov %bx, F_BX(%bp)
1:	ret

/* ---- 05: the window's bank; BH 0 set, 1 get; BL window A; DX ---------------------------------------- */

window:
	test %bl, %bl
	jnz vbe_failed
	testb $MODE_LFB >> 8, BDA_VBE_MODE + 1
	jnz not_here
	call present_mode
	jc not_here
	cmp $1, %bh
	ja vbe_failed
	je 1f
	push %dx
	call plane_memory
	pop %bx
	cmp %ax, %bx
	jae vbe_failed
	mov $DISPI_BANK, %ax
	jmp dispi_write
1:	mov $DISPI_BANK, %ax
	call dispi_read
	mov %ax, F_DX(%bp)
	ret

/* ---- 06: line length; BL 0 set CX dots, 1 get, 2 set CX bytes, 3 get the longest ---------------------- */

line_length:
	call present_mode
	jc not_here
	cmp $3, %bl
	ja vbe_failed
	je 4f
	cmp $1, %bl
	je 3f
	jb 2f
	mov %cx, %ax
	call bytes_to_dots
	cmp $1, %dx                     /* what is left takes one more */
	sbb $-1, %ax
	mov %ax, %cx
2:	call widest
	cmp %ax, %cx
	ja 9f
	mov %cx, %bx
	mov $DISPI_VIRT_X, %ax
	call dispi_write
	mov $DISPI_VIRT_X, %ax
	call dispi_read
	cmp %cx, %ax
	jb 9f
3:	mov $DISPI_VIRT_X, %ax
	call dispi_read
5:	mov %ax, F_CX(%bp)
	call dots_to_bytes
	mov %ax, F_BX(%bp)
	call lines_of
	mov %ax, F_DX(%bp)
	ret
4:	call widest
	jmp 5b
9:	movw $0x024f, F_AX(%bp)
	ret

/* AX: lines that fit into memory with AX bytes each, in the mode at DI. Changes
 * BX, DX. */
lines_of:
	mov %ax, %bx
	call plane_memory
	mov %ax, %dx
	mov $-1, %ax
	cmp %bx, %dx
	jae 1f
	xor %ax, %ax
	div %bx
1:	ret

/* AX: the longest line in dots: all that the screen's lines leave. Changes BX,
 * DX. */
widest:
	mov %cs:M_Y(%di), %ax
	call lines_of                   /* the same division */
	/* falls through */
/* AX: dots that AX bytes of the mode at DI hold, DX: bytes left. Changes BX. */
bytes_to_dots:
	xor %dx, %dx
	mov %cs:M_BPP(%di), %bl
	cmp $4, %bl
	je 1f
	add $7, %bl
	shr $3, %bl
	xor %bh, %bh
	div %bx
	ret
1:	cmp $0x1fff, %ax
	jbe 2f
	mov $0x1fff, %ax
2:	shl $3, %ax
	ret

/* ---- 07: display start; BL 0 or 80 set to CX, DX, 1 get ------------------------------------------------ */

display_start:
	call present_mode
	jc not_here
	and $0x7f, %bl
	cmp $1, %bl
	ja vbe_failed
	je 1f
	push %dx
	mov $DISPI_VIRT_X, %ax
	call dispi_read
	push %ax
	call dots_to_bytes
	call lines_of
	pop %bx
	pop %dx
	/* All that is shown must be memory. */
	sub %cs:M_Y(%di), %ax
	cmp %ax, %dx
	ja vbe_failed
	sub %cs:M_X(%di), %bx
	cmp %bx, %cx
	ja vbe_failed
	mov %dx, %bx
	mov $DISPI_OFF_Y, %ax
	call dispi_write
	mov %cx, %bx
	mov $DISPI_OFF_X, %ax
	jmp dispi_write
1:	movb $0, F_BH(%bp)
	mov $DISPI_OFF_X, %ax
	call dispi_read
	mov %ax, F_CX(%bp)
	mov $DISPI_OFF_Y, %ax
	call dispi_read
	mov %ax, F_DX(%bp)
	ret

/* ---- 08: bits of the DAC; BL 0 set BH, 1 get --------------------------------------------------------------- */

dac_width:
	cmp $1, %bl
	ja vbe_failed
	call present_mode
	jc 1f
	cmpb $8, %cs:M_BPP(%di)
	ja not_here                     /* direct colours */
1:	mov $DISPI_ENABLE, %ax
	call dispi_read
	test %bl, %bl
	jnz 3f
	and $~DISPI_DAC8 & 0xff, %al
	cmp $8, %bh
	jb 2f
	or $DISPI_DAC8, %al
2:	mov %ax, %bx
	mov $DISPI_ENABLE, %ax
	call dispi_write
	mov %bx, %ax
3:	mov $6, %bh
	test $DISPI_DAC8, %al
	jz 4f
	mov $8, %bh
4:	mov %bh, F_BH(%bp)
	ret

/* ---- 09: colours; BL 0 or 80 set, 1 get; CX from DX on, at ES:DI: blue, green, red, 0 ------------------------- */

dac_data:
	and $0x7f, %bl
	cmp $1, %bl
	ja vbe_failed
	cmp $255, %dx
	ja vbe_failed
	cmp $256, %cx
	ja vbe_failed
	jcxz 9f
	mov %dl, %al
	cmp $1, %bl
	je 3f
	mov $DAC_WRITE, %dx
	out %al, (%dx)
	inc %dx
1:	mov %es:2(%di), %al
	out %al, (%dx)
	mov %es:1(%di), %al
	out %al, (%dx)
	mov %es:(%di), %al
	out %al, (%dx)
	add $4, %di
	loop 1b
	ret
3:	mov $DAC_READ, %dx
	out %al, (%dx)
	mov $DAC_DATA, %dx
4:	in (%dx), %al
	mov %al, %es:2(%di)
	in (%dx), %al
	mov %al, %es:1(%di)
	in (%dx), %al
	xor %ah, %ah
	mov %al, %es:(%di)
	mov %ah, %es:3(%di)
	add $4, %di
	loop 4b
9:	ret

/* ---- 15: BL 0 how, 1 EDID block DX to ES:DI ------------------------------------------------------------------- */

edid:
	test %cx, %cx                   /* there is one controller */
	jnz vbe_failed
	cmp $1, %bl
	ja vbe_failed
	je 1f
	movw $0x0103, F_BX(%bp)         /* a second a block; DDC1 and DDC2 */
	movw $OK, F_AX(%bp)
	ret
1:	test %dx, %dx
	jnz vbe_failed
	mov $edid_block, %si
	push %ds
	push %cs
	pop %ds
	mov $64, %cx
	rep movsw
	pop %ds
	movw $OK, F_AX(%bp)
	ret
