/* Colours: AH=0B and 10. */
#include "bios/rom/vga/vga.h"

	.text

/* Attribute register AH becomes AL. Changes DX. */
attr_write:
	push %ax
	call attr_index
	pop %ax
	push %ax
	xchg %al, %ah
	mov $ATTR, %dx
	out %al, (%dx)
	mov %ah, %al
	out %al, (%dx)
	call attr_done
	pop %ax
	ret

/* AL: attribute register AH. Changes DX. */
attr_read:
	call attr_index
	mov %ah, %al
	mov $ATTR, %dx
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	/* falls through */
/* The screen, which the index switches off, is on again. Keeps AX. */
attr_done:
	push %ax
	call attr_index
	mov $ATTR, %dx
	mov $0x20, %al
	out %al, (%dx)
	pop %ax
	ret

/* ATTR expects an index next. Changes AL, DX. */
attr_index:
	mov BDA_CRTC, %dx
	add $6, %dl
	in (%dx), %al
	ret

/* ---- AH=0B: BH=0 border and CGA background BL; BH=1 CGA palette BL ---------------- */

	.globl cga_palette
cga_palette:
	test %bh, %bh
	jnz 1f
	mov BDA_CGA_PALETTE, %al
	and $0xe0, %al
	and $0x1f, %bl
	or %bl, %al
	mov %al, BDA_CGA_PALETTE
	call cga_background
	jmp cga_foreground
1:	cmp $1, %bh
	jne 9f
	mov BDA_CGA_PALETTE, %al
	and $0xdf, %al
	test $1, %bl
	jz 2f
	or $0x20, %al
2:	mov %al, BDA_CGA_PALETTE
	jmp cga_foreground
9:	ret

/* Border and, in graphics, colour 0 from BDA_CGA_PALETTE. Bit 4 of the DAC's
 * index is the intensity. */
cga_background:
	mov BDA_CGA_PALETTE, %al
	and $0x0f, %al
	test $8, %al
	jz 1f
	add $8, %al
1:	mov $0x11, %ah
	call attr_write
	cmpb $3, BDA_MODE
	jbe 9f
	cmpb $6, BDA_MODE
	ja 9f
	xor %ah, %ah
	call attr_write
9:	ret

/* Colours 1 to 3 of modes 4 and 5: green, red, brown or cyan, magenta, white. */
cga_foreground:
	mov BDA_MODE, %al
	and $0xfe, %al
	cmp $4, %al
	jne 9f
	mov BDA_CGA_PALETTE, %bl
	mov $2, %al
	test $0x20, %bl
	jz 1f
	inc %ax
1:	test $0x10, %bl                 /* bright */
	jz 2f
	or $0x10, %al
2:	mov $1, %ah
3:	call attr_write
	add $2, %al
	inc %ah
	cmp $4, %ah
	jb 3b
9:	ret

/* ---- AH=10 -------------------------------------------------------------------------- */

	.globl palette
palette:
	cmp $(palette_end - palettes) / 2 - 1, %al
	ja 9f
	xor %ah, %ah
	add %ax, %ax
	mov %ax, %si
	jmp *%cs:palettes(%si)
9:	ret

	.section .rodata
	.balign 2
palettes:
	.word set_one, set_border, set_all, set_blink           /* 00 */
	.word nothing, nothing, nothing, get_one                /* 04 */
	.word get_border, get_all, nothing, nothing             /* 08 */
	.word nothing, nothing, nothing, nothing                /* 0C */
	.word set_dac, nothing, set_dacs, set_page_of_dac       /* 10 */
	.word nothing, get_dac, nothing, get_dacs               /* 14 */
	.word set_mask, get_mask, get_page_of_dac, grey_dacs    /* 18 */
palette_end:
	.text

set_border:
	mov $0x11, %bl
set_one:                                /* register BL becomes BH */
	cmp $0x14, %bl
	ja 9f
	mov %bl, %ah
	mov %bh, %al
	jmp attr_write
9:	ret

set_all:                                /* 17 bytes at ES:DX */
	mov %dx, %si
	xor %ah, %ah
1:	mov %es:(%si), %al
	inc %si
	call attr_write
	inc %ah
	cmp $16, %ah
	jb 1b
	mov %es:(%si), %al
	inc %ah
	jmp attr_write

set_blink:                              /* BL: 0 bright, 1 blinking */
	mov $0x10, %ah
	call attr_read
	and $0xf7, %al
	and $1, %bl
	shl $3, %bl
	or %bl, %al
	jmp attr_write

get_border:
	mov $0x11, %bl
get_one:                                /* BH: register BL */
	cmp $0x14, %bl
	ja 9b
	mov %bl, %ah
	call attr_read
	mov %al, F_BH(%bp)
	ret

get_all:
	mov %dx, %di
	xor %ah, %ah
1:	call attr_read
	stosb
	inc %ah
	cmp $16, %ah
	jb 1b
	inc %ah
	call attr_read
	stosb
	ret

/* ---- the DAC -------------------------------------------------------------------------- */

set_dac:                                /* BX: DH red, CH green, CL blue */
	mov %dh, %ah
	mov $DAC_WRITE, %dx
	mov %bl, %al
	out %al, (%dx)
	inc %dx
	mov %ah, %al
	out %al, (%dx)
	mov %ch, %al
	out %al, (%dx)
	mov %cl, %al
	out %al, (%dx)
	ret

get_dac:
	mov $DAC_READ, %dx
	mov %bl, %al
	out %al, (%dx)
	mov $DAC_DATA, %dx
	in (%dx), %al
	mov %al, F_DH(%bp)
	in (%dx), %al
	mov %al, F_CH(%bp)
	in (%dx), %al
	mov %al, F_CL(%bp)
	ret

set_dacs:                               /* CX from BX on, at ES:DX */
	mov %dx, %si
	mov $DAC_WRITE, %dx
	mov %bl, %al
	out %al, (%dx)
	inc %dx
	call three_times
	jcxz 9f
1:	mov %es:(%si), %al
	inc %si
	out %al, (%dx)
	loop 1b
9:	ret

get_dacs:
	mov %dx, %di
	mov $DAC_READ, %dx
	mov %bl, %al
	out %al, (%dx)
	mov $DAC_DATA, %dx
	call three_times
	jcxz 9f
1:	in (%dx), %al
	stosb
	loop 1b
9:	ret

/* CX: bytes of CX colours, of which there are 256. Changes AX. */
three_times:
	cmp $256, %cx
	jbe 1f
	mov $256, %cx
1:	mov %cx, %ax
	add %cx, %cx
	add %ax, %cx
	ret

set_page_of_dac:                        /* BL=0: BH pages of 16; 1: page BH */
	mov $0x10, %ah
	call attr_read
	test %bl, %bl
	jnz 1f
	and $0x7f, %al
	and $1, %bh
	ror $1, %bh
	or %bh, %al
	jmp attr_write
1:	test $0x80, %al
	jnz 2f
	shl $2, %bh                     /* pages of 64 */
2:	mov %bh, %al
	and $0x0f, %al
	mov $0x14, %ah
	jmp attr_write

get_page_of_dac:
	mov $0x10, %ah
	call attr_read
	mov %al, %bl
	mov $0x14, %ah
	call attr_read
	and $0x0f, %al
	shl $1, %bl
	mov $0, %bl                     /* flags stay */
	jc 1f
	shr $2, %al
	jmp 2f
1:	inc %bx
2:	mov %bl, F_BL(%bp)
	mov %al, F_BH(%bp)
	ret

set_mask:
	mov $PEL_MASK, %dx
	mov %bl, %al
	out %al, (%dx)
	ret

get_mask:
	mov $PEL_MASK, %dx
	in (%dx), %al
	mov %al, F_BL(%bp)
	ret

grey_dacs:                              /* CX from BX on */
	jmp sum_to_grey
