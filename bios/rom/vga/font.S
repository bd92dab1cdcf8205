/* Fonts: AH=11. What the card is and does: AH=12, 1A, 1B, 1C. */
#include "bios/rom/vga/vga.h"

	.text

/* ---- AH=11 --------------------------------------------------------------------------- */

	.globl font
font:
	mov %al, %cl
	and $0x0f, %al
	mov %cl, %ah
	and $0xf0, %ah
	jz 1f
	cmp $0x10, %ah
	je 1f
	cmp $0x20, %ah
	je graphics_font
	cmp $0x30, %cl
	je font_info
	ret

/* Text: AL=0 the program's, 1 8x14, 2 8x8, 3 which blocks are shown, 4 8x16;
 * with AH=10 the rows are counted anew. */
1:	cmp $4, %al
	ja 9f
	cmp $3, %al
	je show_blocks
	push %ax
	test %al, %al
	jz 2f
	mov $14, %bh
	cmp $2, %al
	jb 3f
	mov $8, %bh
	je 3f
	mov $16, %bh
3:	call load_rom_font
	jmp 4f
2:	mov F_CX(%bp), %cx
	mov F_BP(%bp), %si
	call load_font
4:	pop %ax
	test %ah, %ah
	jz 9f
	call set_height
9:	ret

show_blocks:
	mov $SEQ, %dx
	mov $3, %al
	mov %bl, %ah
	out %ax, (%dx)
	ret

/* ROM font of height BH into block BL. Keeps BX, SI, DI, ES. */
	.globl load_rom_font
load_rom_font:
	call has_extras
	jne 1f
	push %bx
	mov %bh, %al
	and $7, %bx
	cmp $8, %al
	je 2f
	mov $FONT_14, %bh
	cmp $14, %al
	je 2f
	mov $FONT_16, %bh
2:	mov $X_FONT, %ax
	call dispi_write
	pop %bx
	ret
1:	push %si
	push %es
	call rom_font
	mov %ax, %si
	push %cs
	pop %es
	mov $256, %cx
	xor %dx, %dx
	call load_font
	pop %es
	pop %si
	ret

/*
 * CX characters from number DX on, BH rows each, at ES:SI, into block BL. Keeps
 * BX, DI, ES.
 */
load_font:
	cmp $256, %cx
	ja 9f
	push %ds
	push %es
	push %di
	push %es
	push %dx
	call font_open
	pop %dx
	mov %bl, %al                    /* blocks 0-3 are at 0, 4000 ..., 4-7 */
	and $3, %al                     /* at 2000, 6000 ... */
	shl $6, %al
	mov %bl, %ah
	and $4, %ah
	shl $3, %ah
	or %ah, %al
	mov %al, %ah
	xor %al, %al
	shl $5, %dx
	add %dx, %ax
	mov %ax, %di
	pop %ds
	push $0xa000
	pop %es
	mov %bh, %al
	xor %ah, %ah
	cmp $32, %ax
	jbe 1f
	mov $32, %ax
1:	mov %ax, %dx
	neg %dx
	add $32, %dx
	jcxz 3f
2:	push %cx
	mov %ax, %cx
	rep movsb
	pop %cx
	add %dx, %di
	loop 2b
3:	pop %di
	pop %es
	pop %ds
	jmp font_close
9:	ret

/* Plane 2 is at A0000, and no longer. Change AX, DX. */
font_open:
	mov $SEQ, %dx
	mov $0x0402, %ax
	out %ax, (%dx)
	mov $0x0604, %ax
	out %ax, (%dx)
	mov $GFX, %dx
	mov $0x0204, %ax
	out %ax, (%dx)
	mov $0x0005, %ax
	out %ax, (%dx)
	mov $0x0406, %ax
	out %ax, (%dx)
	ret
font_close:
	mov $SEQ, %dx
	mov $0x0302, %ax
	out %ax, (%dx)
	mov $0x0204, %ax
	out %ax, (%dx)
	mov $GFX, %dx
	mov $0x0004, %ax
	out %ax, (%dx)
	mov $0x1005, %ax
	out %ax, (%dx)
	mov $MISC_READ, %dx             /* colour at B8000, else at B0000 */
	in (%dx), %al
	test $1, %al
	mov $0x0e06, %ax
	jnz 1f
	mov $0x0a, %ah
1:	mov $GFX, %dx
	out %ax, (%dx)
	ret

/* Text rows are BH lines high from now on. */
set_height:
	mov %bh, %bl
	xor %bh, %bh
	test %bx, %bx
	jz 9f
	mov %bx, BDA_HEIGHT
	mov BDA_CRTC, %dx
	mov $9, %al                     /* maximum scan line */
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	and $0xe0, %al
	mov %bl, %ah
	dec %ah
	and $0x1f, %ah
	or %ah, %al
	out %al, (%dx)
	mov $400, %ax
	testb $MODE_CTL_400, BDA_MODE_CTL
	jnz 1f
	mov $350, %ax
	testb $MODE_CTL_200, BDA_MODE_CTL
	jz 1f
	mov $200, %ax
1:	xor %dx, %dx
	div %bx
	push %ax
	dec %ax
	mov %al, BDA_ROWS
	/* The picture ends with the last whole row. */
	inc %ax
	mul %bx
	testb $MODE_CTL_200, BDA_MODE_CTL
	jz 2f
	add %ax, %ax                    /* each line is shown twice */
2:	dec %ax
	mov %al, %ah
	mov $0x12, %al
	mov BDA_CRTC, %dx
	out %ax, (%dx)
	pop %ax
	mulw BDA_COLS
	add %ax, %ax
	add $0x7ff, %ax                 /* pages of 2 KiB */
	and $0xf8, %ah
	xor %al, %al
	mov %ax, BDA_PAGE_LEN
	/* The cursor is an underline. */
	mov $0x0607, %ax
	cmp $8, %bl
	je 3f
	mov %bl, %ah
	sub $3, %ah
	mov %bl, %al
	sub $2, %al
3:	mov %ax, BDA_SHAPE
	jmp show_shape
9:	ret

/* AX: scan lines of the mode that is set. Changes DX. */
scan_lines:
	mov BDA_CRTC, %dx
	mov $7, %al                     /* bits 8 and 9 */
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	xor %ah, %ah
	test $0x02, %al
	jz 1f
	inc %ah
1:	test $0x40, %al
	jz 2f
	add $2, %ah
2:	dec %dx
	mov $0x12, %al
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	inc %ax
	ret

/* Graphics: AL=0 upper half at ES:BP; 1 font there, CX high; 2 8x14, 3 8x8, 4
 * 8x16. BL: rows on the screen. */
graphics_font:
	mov F_BP(%bp), %si
	mov F_CX(%bp), %cx
	mov %es, %dx
	push $0
	pop %es
	test %al, %al
	jnz 1f
	mov %si, %es:0x1f * 4
	mov %dx, %es:0x1f * 4 + 2
	ret
1:	cmp $4, %al
	ja 9f
	cmp $1, %al
	je 3f
	mov $14, %bh
	cmp $3, %al
	jb 2f
	mov $8, %bh
	je 2f
	mov $16, %bh
2:	mov %bh, %cl
	xor %ch, %ch
	call rom_font
	mov %ax, %si
	mov %cs, %dx
3:	mov %si, %es:0x43 * 4
	mov %dx, %es:0x43 * 4 + 2
	mov %cx, BDA_HEIGHT
	mov F_DL(%bp), %al
	test %bl, %bl
	jz 4f
	mov $14, %al
	cmp $2, %bl
	jb 4f
	mov $25, %al
	je 4f
	mov $43, %al
4:	dec %ax
	mov %al, BDA_ROWS
9:	ret

/* AL=30: ES:BP font BH, CX height of the characters, DL rows less 1. */
font_info:
	push $0
	pop %es
	cmp $7, %bh
	ja 9f
	test %bh, %bh
	jnz 1f
	les %es:0x1f * 4, %si
	jmp 3f
1:	cmp $1, %bh
	jne 2f
	les %es:0x43 * 4, %si
	jmp 3f
2:	mov %bh, %bl
	xor %bh, %bh
	add %bx, %bx
	mov %cs:rom_fonts - 4(%bx), %si
	push %cs
	pop %es
3:	mov %si, F_BP(%bp)
	mov %es, F_ES(%bp)
	mov BDA_HEIGHT, %ax
	mov %ax, F_CX(%bp)
	mov BDA_ROWS, %al
	mov %al, F_DL(%bp)
9:	ret

	.section .rodata
	.balign 2
rom_fonts:
	.word font14, font8, font8 + 128 * 8, no_font, font16, no_font
no_font:
	.byte 0                         /* 9 dots: no character differs */
	.text

/* ---- AH=12 ------------------------------------------------------------------------------ */

	.globl alternate
alternate:
	cmp $0x10, %bl
	je ega_info
	cmp $0x30, %bl
	jb 9f
	cmp $0x36, %bl
	ja 9f
	cmp $2, %al                     /* only 30 has more than two choices */
	ja 9f
	je 1f
2:	movb $0x12, F_AL(%bp)
	xor %bh, %bh
	sub $0x30, %bl
	add %bx, %bx
	jmp *%cs:alternates(%bx)
1:	cmp $0x30, %bl
	je 2b
9:	ret

	.section .rodata
	.balign 2
alternates:
	.word set_lines, set_palette_loading, set_enable, set_grey
	.word set_emulation, nothing, set_refresh
	.text

ega_info:
	xor %bh, %bh                    /* colour */
	cmpb $0xb4, BDA_CRTC
	jne 1f
	inc %bh
1:	mov $3, %bl                     /* 256 KiB */
	mov %bx, F_BX(%bp)
	mov BDA_SWITCHES, %al
	and $0x0f, %ax
	mov %ax, F_CX(%bp)
	ret

set_lines:                              /* AL: 200, 350, 400 in text modes */
	mov BDA_MODE_CTL, %ah
	and $~(MODE_CTL_200 | MODE_CTL_400) & 0xff, %ah
	cmp $1, %al
	je 2f
	ja 1f
	or $MODE_CTL_200, %ah
	jmp 2f
1:	or $MODE_CTL_400, %ah
2:	mov %ah, BDA_MODE_CTL
	ret

/* For these AL=0 switches on what BDA_MODE_CTL or BDA_CTL switches off. */
set_palette_loading:
	andb $~MODE_CTL_NO_PALETTE & 0xff, BDA_MODE_CTL
	test %al, %al
	jz 1f
	orb $MODE_CTL_NO_PALETTE, BDA_MODE_CTL
1:	ret

set_grey:
	orb $MODE_CTL_GREY, BDA_MODE_CTL
	test %al, %al
	jz 1f
	andb $~MODE_CTL_GREY & 0xff, BDA_MODE_CTL
1:	ret

set_emulation:
	andb $~CTL_NO_EMULATION & 0xff, BDA_CTL
	test %al, %al
	jz 1f
	orb $CTL_NO_EMULATION, BDA_CTL
1:	ret

set_enable:                             /* the CPU's access to the memory */
	mov %al, %ah
	mov $MISC_READ, %dx
	in (%dx), %al
	or $0x02, %al
	test %ah, %ah
	jz 1f
	and $0xfd, %al
1:	mov $MISC_WRITE, %dx
	out %al, (%dx)
	ret

set_refresh:
	mov %al, %ah
	mov $SEQ, %dx
	mov $1, %al
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	and $0xdf, %al
	test %ah, %ah
	jz 1f
	or $0x20, %al
1:	out %al, (%dx)
	ret

/* ---- AH=1A: what displays there are ------------------------------------------------------- */

	.globl display_code
display_code:
	cmp $1, %al
	ja 9f
	movb $0x1a, F_AL(%bp)
	je 1f
	mov BDA_DCC, %al
	xor %ah, %ah
	mov %ax, F_BX(%bp)
	ret
1:	mov %bl, BDA_DCC
9:	ret

/* ---- AH=1B: all there is to know, 64 bytes at ES:DI ------------------------------------------ */

	.globl functionality
functionality:
	test %bx, %bx
	jnz 9f
	movb $0x1b, F_AL(%bp)
	mov $abilities, %ax
	stosw
	mov %cs, %ax
	stosw
	mov $BDA_MODE, %si              /* 30 bytes from the mode on */
	mov $15, %cx
	rep movsw
	mov BDA_ROWS, %al
	inc %ax
	stosb
	mov BDA_HEIGHT, %ax
	stosw
	mov BDA_DCC, %al
	xor %ah, %ah
	stosw
	call count_colours
	stosw
	mov %bl, %al                    /* pages */
	stosb
	call scan_lines                 /* 0: 200, 1: 350, 2: 400, 3: 480 */
	xor %bl, %bl
	cmp $250, %ax
	jb 1f
	inc %bx
	cmp $375, %ax
	jb 1f
	inc %bx
	cmp $440, %ax
	jb 1f
	inc %bx
1:	mov %bl, %al
	stosb
	xor %ax, %ax                    /* character blocks */
	stosw
	mov $0x21, %al                  /* all modes, cursor emulation */
	testb $CTL_NO_EMULATION, BDA_CTL
	jz 2f
	mov $0x01, %al
2:	stosb
	xor %ax, %ax
	stosb
	stosw
	mov $3, %al                     /* 256 KiB */
	stosb
	xor %al, %al
	mov $14, %cx
	rep stosb
9:	ret

/* AX: colours, BL: pages of the mode. Keeps DI. */
count_colours:
	push %di
	call current_model
	xor %ah, %ah
	mov %ax, %di
	mov $256, %ax
	mov $1, %bl
	cmp $MODEL_PACKED, %di
	jae 1f
	mov $2, %al
	xor %ah, %ah
	cmp $MODEL_CGA1, %di
	je 1f
	mov $4, %al
	cmp $MODEL_CGA2, %di
	je 1f
	mov $16, %al
	push %ax
	mov $0x8000, %ax                /* of the text window */
	cmp $MODEL_TEXT, %di
	je 2f
	mov $0xffff, %ax
2:	xor %dx, %dx
	cmpw $0, BDA_PAGE_LEN
	je 3f
	divw BDA_PAGE_LEN
	mov %al, %bl
3:	pop %ax
	cmp $8, %bl
	jbe 1f
	mov $8, %bl
1:	pop %di
	ret

	.section .rodata
	.globl font8, font14, font16
#define GLYPH(...) .byte __VA_ARGS__
font8:
#include "devices/display/font/8x8.inc"
font14:
#include "devices/display/font/8x14.inc"
font16:
#include "devices/display/font/8x16.inc"
