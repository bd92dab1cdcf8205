/* Characters and dots in the graphics modes: AH=0C, 0D, and what text.S needs. */
#include "bios/rom/vga/vga.h"

	.text

/* ---- places ------------------------------------------------------------------------ */

/* AX: cells above row DH, left of DL: DH * columns + DL. */
cells:
	mov BDA_COLS, %al
	mul %dh
	add %dl, %al
	adc $0, %ah
	ret

/* DI: the planar byte of the cell at DH, DL of page BH; ES; BP: bytes a line.
 * Changes AX, CX. */
planar_cell:
	push %dx
	mov BDA_COLS, %bp
	mov BDA_COLS, %al
	mul %dh
	mov %dl, %cl
	xor %ch, %ch
	mulw BDA_HEIGHT
	add %ax, %cx
	mov %bh, %al
	xor %ah, %ah
	mulw BDA_PAGE_LEN
	add %ax, %cx
	mov %cx, %di
	pop %dx
	push $0xa000
	pop %es
	ret

/* DI: the byte of the cell at DH, DL in mode 13h; ES. Changes AX. */
packed_cell:
	push %dx
	mov %dh, %al
	mov $5, %ah                     /* 8 lines of 320 are 5 * 512 */
	mul %ah
	xchg %al, %ah
	add %ax, %ax
	xor %dh, %dh
	shl $3, %dx
	add %dx, %ax
	mov %ax, %di
	pop %dx
	push $0xa000
	pop %es
	ret

/* DI: the byte of the cell at DH, DL in a CGA mode, AL its model; ES. CF: it does
 * not lie in memory. Changes AX. */
cga_cell:
	push %dx
	push %ax
	mov %dh, %al
	mov $160, %ah                   /* four lines of a bank are 320 bytes */
	mul %ah
	add %ax, %ax
	mov %ax, %di
	pop %ax
	xor %dh, %dh
	add %dx, %di
	cmp $MODEL_CGA2, %al
	jne 1f
	add %dx, %di                    /* two bytes a cell */
1:	pop %dx
	push $0xb800
	pop %es
	/* falls through */
/* CF: the row of cells from DI on does not lie in memory. */
cga_fits:
	cmp $CGA_BANK - 320 + 1, %di
	cmc
	ret

/* DS:SI: the rows of character AL, CX of them. Changes AX, DX. */
glyph:
	mov BDA_HEIGHT, %cx
	push $0
	pop %ds
	cmp $8, %cx
	jne 1f
	test $0x80, %al
	jz 1f
	/* 43h has half a font of this height, as programs for a CGA bring. */
	and $0x7f, %al
	lds 0x1f * 4, %si
	jmp 2f
1:	lds 0x43 * 4, %si
2:	xor %ah, %ah
	mul %cx
	add %ax, %si
	ret

/* ---- a character ----------------------------------------------------------------------- */

/* Character AL in colour BL (80: exclusive or) at DH, DL of page BH. Keeps all
 * registers. */
	.globl draw_glyph
draw_glyph:
	pusha
	push %ds
	push %es
	push %ax
	call current_model
	xor %ah, %ah
	mov %ax, %si
	pop %ax
	add %si, %si
	call *%cs:drawers(%si)
	pop %es
	pop %ds
	popa
	ret

	.section .rodata
	.balign 2
drawers:
	.word nothing, draw_cga2, draw_cga1, draw_planar, draw_packed, nothing
	.text

/* The planes' registers for plain writing of colour AL, and back. Changes AX,
 * DX: the graphics controller's port. */
planes_open:
	push %ax
	mov $SEQ, %dx
	mov $0x0f02, %ax                /* all planes */
	out %ax, (%dx)
	mov $GFX, %dx
	mov $0x0005, %ax                /* write mode 0 */
	out %ax, (%dx)
	mov $0x0003, %ax
	out %ax, (%dx)
	mov $0xff08, %ax                /* all dots */
	out %ax, (%dx)
	pop %ax
	and $0x0f, %al
	mov %al, %ah
	xor %al, %al
	out %ax, (%dx)
	mov $0x0f01, %ax
	out %ax, (%dx)
	ret
planes_close:
	mov $GFX, %dx
	xor %ax, %ax
	out %ax, (%dx)
	inc %ax
	out %ax, (%dx)
	mov $0x0003, %ax
	out %ax, (%dx)
	mov $0xff08, %ax
	out %ax, (%dx)
	ret

draw_planar:
	push %ax
	call planar_cell
	mov %bl, %al
	call planes_open
	pop %ax
	call glyph
	mov $GFX, %dx
	test $0x80, %bl
	jz 1f
	mov $0x1803, %ax                /* exclusive or */
	out %ax, (%dx)
	jmp 3f
1:	mov $0x0001, %ax                /* the ground: black */
	out %ax, (%dx)
	push %di
	push %cx
	xor %al, %al
2:	mov %al, %es:(%di)
	add %bp, %di
	loop 2b
	pop %cx
	pop %di
	mov $0x0f01, %ax
	out %ax, (%dx)
3:	mov $8, %al                     /* the bits of the glyph */
4:	mov (%si), %ah
	inc %si
	out %ax, (%dx)
	mov %es:(%di), %bl              /* into the latches */
	mov %ah, %es:(%di)
	add %bp, %di
	loop 4b
	jmp planes_close

draw_packed:
	push %ax
	call packed_cell
	pop %ax
	call glyph
1:	mov (%si), %ah
	inc %si
	push %cx
	mov $8, %cx
2:	xor %al, %al
	add %ah, %ah
	jnc 3f
	mov %bl, %al
3:	stosb
	loop 2b
	pop %cx
	add $312, %di
	loop 1b
	ret

draw_cga1:
	push %ax
	mov $MODEL_CGA1, %al
	call cga_cell
	pop %ax
	jc 9f
	call glyph
1:	mov (%si), %al
	inc %si
	test $0x81, %bl
	jnz 2f
	xor %al, %al                    /* black on black */
2:	test $0x80, %bl
	jz 3f
	xor %es:(%di), %al
3:	mov %al, %es:(%di)
	call cga_next
	loop 1b
9:	ret

draw_cga2:
	push %ax
	mov $MODEL_CGA2, %al
	call cga_cell
	pop %ax
	jc 9b
	call glyph
	mov %bl, %al                    /* the colour in all eight dots */
	and $3, %al
	mov $0x55, %ah
	mul %ah
	mov %al, %ah
	mov %ax, %bp
1:	mov (%si), %al
	inc %si
	call double_bits
	and %bp, %ax
	xchg %al, %ah
	test $0x80, %bl
	jz 2f
	xor %es:(%di), %ax
2:	mov %ax, %es:(%di)
	call cga_next
	loop 1b
	ret

/* DI: one scan line on, through the two banks. */
cga_next:
	xor $0x2000, %di
	test $0x2000, %di
	jnz 1f
	add $80, %di
1:	ret

/* AX: each bit of AL twice. Changes DX. */
double_bits:
	push %cx
	mov $8, %cx
1:	shl $2, %dx
	add %al, %al
	jnc 2f
	or $3, %dx
2:	loop 1b
	mov %dx, %ax
	pop %cx
	ret

/* ---- AH=08 in graphics: which character is that? ------------------------------------------- */

#define GLYPH_MAX       16
#define B_ROWS          -GLYPH_MAX      /* from BP: the rows on the screen */
#define B_LEN           GLYPH_MAX

	.globl read_glyph
read_glyph:
	and $7, %bh
	movw $0, F_AX(%bp)
	cmpw $GLYPH_MAX, BDA_HEIGHT
	ja 9f
	push %bx
	mov %bh, %bl
	xor %bh, %bh
	add %bx, %bx
	mov BDA_CURSOR(%bx), %dx
	pop %bx
	call current_model
	cmp $MODEL_NONE, %al
	je 9f
	push %bp
	mov %sp, %bp
	sub $B_LEN, %sp
	xor %ah, %ah
	mov %ax, %si
	add %si, %si
	call *%cs:readers(%si)
	call find_glyph
	mov %bp, %sp
	pop %bp
	mov %al, F_AL(%bp)
9:	ret

	.section .rodata
	.balign 2
readers:
	.word nothing, read_cga2, read_cga1, read_planar, read_packed, nothing
	.text

/* AL: the character whose rows are at B_ROWS, or 0. */
find_glyph:
	push %ds
	push %ss
	pop %es
	xor %al, %al
1:	push %ax
	push %ds
	call glyph
	lea B_ROWS(%bp), %di
	repe cmpsb
	pop %ds
	pop %ax
	je 2f
	inc %al
	jnz 1b
2:	pop %ds
	ret

read_planar:
	push %bp
	call planar_cell
	mov %bp, %si                    /* bytes a line */
	pop %bp
	mov $GFX, %dx
	mov $0x0805, %ax                /* compare: 1 where all planes are 0 */
	out %ax, (%dx)
	mov $0x0002, %ax
	out %ax, (%dx)
	mov $0x0f07, %ax
	out %ax, (%dx)
	mov BDA_HEIGHT, %cx
	xor %bx, %bx
1:	mov %es:(%di), %al
	not %al
	push %si
	mov %bx, %si
	mov %al, B_ROWS(%bp, %si)
	pop %si
	add %si, %di
	inc %bx
	loop 1b
	mov $0x0005, %ax
	out %ax, (%dx)
	ret

read_packed:
	call packed_cell
	xor %si, %si
1:	mov $8, %cx
2:	add %ah, %ah
	cmpb $0, %es:(%di)
	je 3f
	inc %ah
3:	inc %di
	loop 2b
	mov %ah, B_ROWS(%bp, %si)
	add $312, %di
	inc %si
	cmp BDA_HEIGHT, %si
	jb 1b
	ret

read_cga1:
	call cga_cell
	xor %si, %si
1:	mov %es:(%di), %al
	mov %al, B_ROWS(%bp, %si)
	call cga_next
	inc %si
	cmp BDA_HEIGHT, %si
	jb 1b
	ret

read_cga2:
	call cga_cell
	xor %si, %si
1:	mov %es:(%di), %ax
	xchg %al, %ah
	mov $8, %cx
2:	add %bl, %bl
	test $0xc000, %ax
	jz 3f
	inc %bl
3:	shl $2, %ax
	loop 2b
	mov %bl, B_ROWS(%bp, %si)
	call cga_next
	inc %si
	cmp BDA_HEIGHT, %si
	jb 1b
	ret

/* ---- AH=0C, 0D: the dot at column CX, line DX of page BH ------------------------------------- */

	.globl write_dot, read_dot
/* In colour AL; 80: exclusive or. */
write_dot:
	mov $dot_writers, %si
	jmp 1f
/* AL: its colour. */
read_dot:
	mov $dot_readers, %si
1:	push %ax
	call current_model
	xor %ah, %ah
	add %ax, %ax
	add %ax, %si
	pop %ax
	jmp *%cs:(%si)

	.section .rodata
	.balign 2
dot_writers:
	.word nothing, put_cga, put_cga, put_planar, put_packed, nothing
dot_readers:
	.word nothing, get_cga, get_cga, get_planar, get_packed, nothing
	.text

/* DI, ES: the planar byte; CL: the dot's bit number. Changes AX, CX, DX. */
planar_dot:
	mov %dx, %ax
	mulw BDA_COLS
	mov %cx, %di
	shr $3, %di
	add %ax, %di
	and $7, %bh
	mov %bh, %al
	xor %ah, %ah
	mulw BDA_PAGE_LEN
	add %ax, %di
	not %cl
	and $7, %cl
	push $0xa000
	pop %es
	ret

put_planar:
	mov %al, %bl
	call planar_dot
	mov %bl, %al
	call planes_open
	test $0x80, %bl
	jz 1f
	mov $0x1803, %ax
	out %ax, (%dx)
1:	mov $0x0108, %ax
	shl %cl, %ah
	out %ax, (%dx)
	mov %es:(%di), %al              /* into the latches */
	mov %al, %es:(%di)
	jmp planes_close

get_planar:
	call planar_dot
	mov $GFX, %dx
	mov $0x0304, %ax                /* from plane 3 down */
1:	out %ax, (%dx)
	mov %es:(%di), %bh
	shr %cl, %bh
	shr $1, %bh
	rcl $1, %bl
	dec %ah
	jns 1b
	mov $0x0004, %ax
	out %ax, (%dx)
	and $0x0f, %bl
	mov %bl, F_AL(%bp)
	ret

/* DI, ES: the byte in mode 13h. Changes AX, DX. */
packed_dot:
	push %ax
	mov $320, %ax
	mul %dx
	add %cx, %ax
	mov %ax, %di
	push $0xa000
	pop %es
	pop %ax
	ret

put_packed:
	call packed_dot
	mov %al, %es:(%di)
	ret

get_packed:
	call packed_dot
	mov %es:(%di), %al
	mov %al, F_AL(%bp)
	ret

/*
 * DI, ES: the byte in a CGA mode; CL: how far the dot's bits are from bit 0; CH:
 * which bits those are there. Changes DX.
 */
cga_dot:
	push %ax
	mov %dx, %di
	and $1, %di
	ror $3, %di                     /* odd lines: 2000 */
	shr $1, %dx
	mov $80, %ax
	mul %dx
	add %ax, %di
	mov %cx, %ax
	not %cl
	cmpb $6, BDA_MODE
	je 1f
	shr $2, %ax
	add %ax, %di
	and $3, %cl
	add %cl, %cl
	mov $3, %ch
	jmp 2f
1:	shr $3, %ax
	add %ax, %di
	and $7, %cl
	mov $1, %ch
2:	push $0xb800
	pop %es
	pop %ax
	ret

put_cga:
	call cga_dot
	cmp $2 * CGA_BANK, %di
	jae 3f
	mov %al, %ah
	and %ch, %ah
	shl %cl, %ah
	shl %cl, %ch
	test $0x80, %al
	mov %es:(%di), %al
	jz 1f
	xor %ah, %al
	jmp 2f
1:	not %ch
	and %ch, %al
	or %ah, %al
2:	mov %al, %es:(%di)
3:	ret

get_cga:
	call cga_dot
	mov %es:(%di), %al
	shr %cl, %al
	and %ch, %al
	mov %al, F_AL(%bp)
	ret

/* ---- scrolling: AL row to AH, or row AH filled; see L_ in text.S -------------------------------- */

#define L_BASE          -2
#define L_LEFT          -4
#define L_WIDTH         -6
#define L_FILL          -9

	.globl planar_copy, planar_clear, packed_copy, packed_clear
	.globl cga_copy, cga_clear

/* DI: the planar byte of row AL at the window's left. Changes AX, DX. */
planar_row:
	mulb BDA_COLS
	mulw BDA_HEIGHT
	add L_LEFT(%bp), %ax
	add L_BASE(%bp), %ax
	mov %ax, %di
	push $0xa000
	pop %es
	ret

planar_copy:
	push %ax
	call planar_row
	mov %di, %si
	pop %ax
	mov %ah, %al
	call planar_row
	mov $SEQ, %dx
	mov $0x0f02, %ax
	out %ax, (%dx)
	mov $GFX, %dx
	mov $0x0105, %ax                /* the latches are written */
	out %ax, (%dx)
	mov BDA_COLS, %dx
	sub L_WIDTH(%bp), %dx
	mov BDA_HEIGHT, %bx
	push %ds
	push %es
	pop %ds
1:	mov L_WIDTH(%bp), %cx
	rep movsb
	add %dx, %si
	add %dx, %di
	dec %bx
	jnz 1b
	pop %ds
	mov $GFX, %dx
	mov $0x0005, %ax
	out %ax, (%dx)
	ret

planar_clear:
	mov %ah, %al
	call planar_row
	mov L_FILL(%bp), %al
	call planes_open
	mov BDA_COLS, %dx
	sub L_WIDTH(%bp), %dx
	mov BDA_HEIGHT, %bx
1:	mov L_WIDTH(%bp), %cx
	rep stosb
	add %dx, %di
	dec %bx
	jnz 1b
	jmp planes_close

/* DI: the byte of row AL at the window's left in mode 13h. Changes AX, DX. */
packed_row:
	mov $5, %ah
	mul %ah
	xchg %al, %ah
	add %ax, %ax
	mov L_LEFT(%bp), %di
	shl $3, %di
	add %ax, %di
	push $0xa000
	pop %es
	ret

packed_copy:
	push %ax
	call packed_row
	mov %di, %si
	pop %ax
	mov %ah, %al
	call packed_row
	mov L_WIDTH(%bp), %ax
	shl $2, %ax                     /* words */
	mov %ax, %dx
	add %dx, %dx
	neg %dx
	add $320, %dx
	mov $8, %bx
	push %ds
	push %es
	pop %ds
1:	mov %ax, %cx
	rep movsw
	add %dx, %si
	add %dx, %di
	dec %bx
	jnz 1b
	pop %ds
	ret

packed_clear:
	mov %ah, %al
	call packed_row
	mov L_WIDTH(%bp), %dx
	shl $2, %dx
	mov $8, %bx
	mov L_FILL(%bp), %al
	mov %al, %ah
1:	mov %dx, %cx
	push %di
	rep stosw
	pop %di
	add $320, %di
	dec %bx
	jnz 1b
	ret

/* DI: the byte of row AL at the window's left in a CGA mode; CX: the window's
 * bytes. CF: it does not lie in memory. Changes AX, DX. */
cga_row:
	mov $160, %ah
	mul %ah
	add %ax, %ax
	mov L_LEFT(%bp), %di
	mov L_WIDTH(%bp), %cx
	cmpb $6, BDA_MODE
	je 1f
	add %di, %di
	add %cx, %cx
1:	add %ax, %di
	push $0xb800
	pop %es
	jmp cga_fits

cga_copy:
	push %ax
	call cga_row
	mov %di, %si
	pop %ax
	mov %ah, %al
	call cga_row
	jc 9f
	mov $8, %bx
	push %ds
	push %es
	pop %ds
1:	push %cx
	push %si
	push %di
	rep movsb
	pop %di
	pop %si
	pop %cx
	call cga_next
	xchg %si, %di
	call cga_next
	xchg %si, %di
	dec %bx
	jnz 1b
	pop %ds
9:	ret

cga_clear:
	mov %ah, %al
	call cga_row
	jc 9b
	mov $8, %bx
	mov L_FILL(%bp), %al
1:	push %cx
	push %di
	rep stosb
	pop %di
	pop %cx
	call cga_next
	dec %bx
	jnz 1b
	ret
