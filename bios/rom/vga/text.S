/* Cursor, pages, scrolling, characters: AH=01 to 0A, 0E, 0F, 13. */
#include "bios/rom/vga/vga.h"

	.text

/* ---- AH=01: the cursor's shape: CH first, CL last line --------------------------- */

	.globl set_shape
set_shape:
	mov %cx, BDA_SHAPE
	/* falls through */

/*
 * Shows the shape of BDA_SHAPE. Programs still think in lines of a CGA's 8;
 * unless they said that they do not, a shape that fits into those is scaled.
 * Keeps SI, DI.
 */
	.globl show_shape
show_shape:
	mov BDA_SHAPE, %cx
	testb $CTL_NO_EMULATION, BDA_CTL
	jnz 9f
	mov BDA_HEIGHT, %bx
	cmp $8, %bx
	jbe 9f
	cmp $0x2000, %cx                /* off */
	jae 9f
	cmp $8, %cl
	jae 9f
	cmp $8, %ch
	jae 9f
	mov %cl, %al
	sub %ch, %al
	jb 9f
	cmp $1, %al
	ja 1f
	/* One or two lines stay that; the last line lies as far from the
	 * bottom as it did, and one more, where the underline is. */
	mov %al, %dl
	mov $7, %al
	sub %cl, %al
	mul %bl
	shr $3, %ax
	mov %bl, %cl
	sub $2, %cl
	sub %al, %cl
	mov %cl, %ch
	sub %dl, %ch
	jmp 9f
1:	mov %ch, %al
	mul %bl
	shr $3, %ax
	mov %al, %ch
	mov %cl, %al
	inc %ax
	mul %bl
	shr $3, %ax
	dec %ax
	mov %al, %cl
9:	mov BDA_CRTC, %dx
	mov $0x0a, %al
	mov %ch, %ah
	out %ax, (%dx)
	inc %ax
	mov %cl, %ah
	out %ax, (%dx)
	ret

/* ---- AH=02, 03: the cursor's place, DH row, DL column, of page BH ------------------ */

	.globl set_cursor
set_cursor:
	cmp $7, %bh
	ja 1f
	call cursor_of
	mov %dx, (%bx)
	jmp show_cursor
1:	ret

	.globl get_cursor
get_cursor:
	mov BDA_SHAPE, %cx
	mov %cx, F_CX(%bp)
	xor %dx, %dx
	cmp $7, %bh
	ja 1f
	call cursor_of
	mov (%bx), %dx
1:	mov %dx, F_DX(%bp)
	ret

/* BX: where the cursor of page BH is kept. */
cursor_of:
	mov %bh, %bl
	xor %bh, %bh
	add %bx, %bx
	add $BDA_CURSOR, %bx
	ret

/* The hardware's cursor follows that of the active page. */
	.globl show_cursor
show_cursor:
	mov BDA_PAGE, %bh
	call cursor_of
	mov (%bx), %dx
	mov BDA_PAGE_START, %cx
	shr $1, %cx
	mov BDA_COLS, %al
	mul %dh
	xor %dh, %dh
	add %dx, %ax
	add %ax, %cx
	mov $0x0e, %al
	/* falls through */

/* CX into the CRTC's registers AL (high) and AL + 1. Changes AX, DX. */
	.globl crtc_pair
crtc_pair:
	mov BDA_CRTC, %dx
	mov %ch, %ah
	out %ax, (%dx)
	inc %ax
	mov %cl, %ah
	out %ax, (%dx)
	ret

/* ---- AH=04: there is no light pen --------------------------------------------------- */

	.globl light_pen
light_pen:
	movb $0, F_AH(%bp)
	ret

/* ---- AH=05: page AL ------------------------------------------------------------------- */

	.globl set_page
set_page:
	cmp $7, %al
	ja 1f
	mov %al, BDA_PAGE
	xor %ah, %ah
	mulw BDA_PAGE_LEN
	mov %ax, BDA_PAGE_START
	mov %ax, %cx
	call current_model
	cmp $MODEL_PLANAR, %al
	je 2f
	shr $1, %cx                     /* in words */
2:	mov $0x0c, %al
	call crtc_pair
	jmp show_cursor
1:	ret

/* ---- AH=0F: AL mode, AH columns, BH page ----------------------------------------------- */

	.globl get_mode
get_mode:
	mov BDA_MODE, %al
	mov BDA_CTL, %ah
	and $CTL_NO_CLEAR, %ah
	or %ah, %al
	mov BDA_COLS, %ah
	mov %ax, F_AX(%bp)
	mov BDA_PAGE, %al
	mov %al, F_BH(%bp)
	ret

/* ---- what the mode is like --------------------------------------------------------------- */

/* AL: the MODEL_ that text and dots are written for. */
	.globl current_model
current_model:
	push %di
	mov BDA_VBE_MODE, %ax
	test %ax, %ax
	jnz 2f
	mov BDA_MODE, %al
	call find_mode
	jc 1f
	mov %cs:1(%di), %al
	pop %di
	ret
1:	mov $MODEL_NONE, %al
	pop %di
	ret
2:	and $0x1ff, %ax
	cmp $0x102, %ax                 /* the planar one that needs no banks */
	jne 1b
	mov $MODEL_PLANAR, %al
	pop %di
	ret

/* ES: where a text mode's characters are. Changes AX. */
	.globl text_segment
text_segment:
	mov $0xb800, %ax
	cmpb $7, BDA_MODE
	jne 1f
	mov $0xb000, %ax
1:	mov %ax, %es
	ret

/* DI: the text cell at DH, DL of page BH. Changes AX. */
text_cell:
	mov BDA_COLS, %al
	mul %dh
	add %dl, %al
	adc $0, %ah
	add %ax, %ax
	mov %ax, %di
	push %dx
	mov %bh, %al
	xor %ah, %ah
	mulw BDA_PAGE_LEN
	pop %dx
	add %ax, %di
	ret

/* ---- AH=08: AL character, AH attribute at the cursor of page BH --------------------------- */

	.globl read_char
read_char:
	call current_model
	cmp $MODEL_TEXT, %al
	jne 1f
	and $7, %bh
	push %bx
	call cursor_of
	mov (%bx), %dx
	pop %bx
	call text_cell
	call text_segment
	mov %es:(%di), %ax
	mov %ax, F_AX(%bp)
	ret
1:	jmp read_glyph

/* ---- AH=09, 0A: character AL, CX times, from the cursor of page BH on ----------------------- */

/* With attribute or colour BL. */
	.globl write_attr
write_attr:
	mov $1, %ah
	jmp write_many
/* In a text mode only the characters. */
	.globl write_char
write_char:
	xor %ah, %ah
write_many:
	push %ax
	call current_model
	mov %al, %dl
	pop %ax
	and $7, %bh
	cmp $MODEL_TEXT, %dl
	jne 5f
	push %bx
	call cursor_of
	mov (%bx), %dx
	pop %bx
	push %ax
	call text_cell
	call text_segment
	pop %ax
	mov $TEXT_LEN, %si              /* what is left of the window */
	sub %di, %si
	jbe 9f
	shr $1, %si
	cmp %si, %cx
	jbe 1f
	mov %si, %cx
1:	test %ah, %ah
	mov %bl, %ah
	jz 3f
	rep stosw
	ret
2:	stosb
	inc %di
3:	dec %cx
	jns 2b
9:	ret
	/* Graphics: cell after cell, with the rows' ends. */
5:	push %bx
	call cursor_of
	mov (%bx), %dx
	pop %bx
6:	jcxz 9b
	call draw_glyph
	inc %dl
	cmp BDA_COLS, %dl
	jb 7f
	xor %dl, %dl
	inc %dh
	cmp BDA_ROWS, %dh
	ja 9b
7:	dec %cx
	jmp 6b

/* ---- AH=0E: character AL as on a terminal, active page; BL colour ----------------------------- */

	.globl teletype
teletype:
	mov BDA_PAGE, %bh
	xor %ah, %ah
	call put_char
	jmp show_cursor

/*
 * Character AL at the cursor of page BH, which moves; AH: text gets attribute
 * BL. Keeps BX, CX, SI, ES.
 */
put_char:
	push %es
	push %si
	push %cx
	push %bx
	push %ax
	and $7, %bh
	push %bx
	call cursor_of
	mov %bx, %si
	mov (%si), %dx
	pop %bx
	cmp $7, %al                     /* the speaker is none of ours */
	je 9f
	cmp $8, %al
	je 2f
	cmp $0x0a, %al
	je 3f
	cmp $0x0d, %al
	je 4f
	push %si
	push %dx
	call put_cell
	pop %dx
	pop %si
	inc %dl
	cmp BDA_COLS, %dl
	jb 8f
	xor %dl, %dl
3:	inc %dh
	cmp BDA_ROWS, %dh
	jbe 8f
	mov BDA_ROWS, %dh
	mov %dx, (%si)
	pop %ax
	pop %bx
	push %bx
	push %ax
	call scroll_page
	jmp 9f
2:	test %dl, %dl
	jz 9f
	dec %dl
	jmp 8f
4:	xor %dl, %dl
8:	mov %dx, (%si)
9:	pop %ax
	pop %bx
	pop %cx
	pop %si
	pop %es
	ret

/* Character AL, BL as for put_char, at DH, DL of page BH. */
put_cell:
	push %ax
	call current_model
	cmp $MODEL_TEXT, %al
	pop %ax
	jne draw_glyph
	push %ax
	call text_cell
	call text_segment
	pop %ax
	/* What lies behind the window is this ROM. */
	cmp $TEXT_LEN, %di
	jae 1f
	stosb
	test %ah, %ah
	jz 1f
	mov %bl, %es:(%di)
1:	ret

/* Page BH one row up; the new row takes the attribute of its cell at DL. */
scroll_page:
	and $7, %bh
	call current_model
	xor %bl, %bl
	cmp $MODEL_TEXT, %al
	jne 1f
	call text_cell
	call text_segment
	mov %es:1(%di), %bl
1:	mov %bh, %al
	xor %ah, %ah
	push %dx
	mulw BDA_PAGE_LEN
	pop %dx
	mov %ax, %di
	mov %bl, %bh
	xor %cx, %cx
	mov BDA_COLS, %dl
	dec %dl
	mov $1, %al
	mov $1, %ah
	jmp scroll

/* ---- AH=13: the string ES:BP, CX long, from DH, DL of page BH on --------------------------------- */

/* AL: bit 0, the cursor follows; bit 1, each character has its attribute. */
	.globl write_string
write_string:
	and $7, %bh
	push %bx
	call cursor_of
	mov (%bx), %di                  /* where it was */
	cmp $0xff, %dh
	je 1f
	mov %dx, (%bx)
1:	pop %bx
	mov F_BP(%bp), %si
	jcxz 5f
2:	push %ax
	mov %al, %ah
	mov %es:(%si), %al
	inc %si
	test $2, %ah
	jz 3f
	mov %es:(%si), %bl
	inc %si
3:	mov $1, %ah
	push %di
	call put_char
	pop %di
	pop %ax
	loop 2b
5:	test $1, %al
	jnz 4f
	call cursor_of
	mov %di, (%bx)
4:	jmp show_cursor

/* ---- AH=06, 07: scroll the window CH, CL to DH, DL by AL rows; BH fills -------------------------- */

	.globl scroll_up
scroll_up:
	mov $1, %ah
	jmp 1f
	.globl scroll_down
scroll_down:
	mov $-1, %ah
1:	mov BDA_PAGE_START, %di
	/* falls through */

/* What scroll keeps below BP, past its caller's return addresses. */
#define L_BASE          -2      /* of the page */
#define L_LEFT          -4      /* column */
#define L_WIDTH         -6      /* columns */
#define L_STEP          -8      /* rows: 1 or -1 */
#define L_FILL          -9
#define L_LINES         -10     /* rows to clear */
#define L_COPY          -12     /* AL row to AH */
#define L_CLEAR         -14     /* row AH */
#define L_LEN           14

/* DI: the page's offset; AH: 1 up, -1 down. */
scroll:
	cmp BDA_ROWS, %dh
	jbe 1f
	mov BDA_ROWS, %dh
1:	cmp BDA_COLS, %dl
	jb 2f
	mov BDA_COLS, %dl
	dec %dl
2:	sub %cl, %dl                    /* columns less 1 */
	jb 9f
	cmp %ch, %dh
	jb 9f
	push %bp
	mov %sp, %bp
	sub $L_LEN, %sp
	mov %di, L_BASE(%bp)
	mov %bh, L_FILL(%bp)
	mov %al, L_LINES(%bp)
	mov %ah, %al
	cbtw
	mov %ax, L_STEP(%bp)
	xor %ah, %ah
	mov %cl, %al
	mov %ax, L_LEFT(%bp)
	mov %dl, %al
	inc %ax
	mov %ax, L_WIDTH(%bp)
	call scroll_rows
	mov %bp, %sp
	pop %bp
9:	ret

scroll_rows:
	call current_model
	xor %ah, %ah
	mov %ax, %bx
	shl $2, %bx
	mov %cs:scrollers(%bx), %ax
	mov %ax, L_COPY(%bp)
	mov %cs:scrollers + 2(%bx), %ax
	mov %ax, L_CLEAR(%bp)
	mov %dh, %bl
	sub %ch, %bl
	inc %bl                         /* rows in the window */
	cmpw $0, L_STEP(%bp)
	jg 1f
	mov %dh, %ch                    /* from the bottom on */
1:	mov L_LINES(%bp), %al
	test %al, %al
	jz 2f
	cmp %bl, %al
	jb 3f
2:	mov %bl, L_LINES(%bp)
	mov %bl, %al
3:	sub %al, %bl                    /* rows to copy */
	/* CH: this row, CL: the one that comes here. */
	mov %ch, %cl
	cmpw $0, L_STEP(%bp)
	jg 4f
	neg %al
4:	add %al, %cl
5:	test %bl, %bl
	jz 6f
	mov %cl, %al
	mov %ch, %ah
	push %bx
	push %cx
	call *L_COPY(%bp)
	pop %cx
	pop %bx
	add L_STEP(%bp), %cl
	add L_STEP(%bp), %ch
	dec %bl
	jmp 5b
6:	mov %ch, %ah
	push %cx
	call *L_CLEAR(%bp)
	pop %cx
	add L_STEP(%bp), %ch
	decb L_LINES(%bp)
	jnz 6b
	ret

/* DI: the row AL of a text page, at the window's left; CX: its columns, but none
 * of a row that does not lie in memory. Changes AX. */
text_row:
	mulb BDA_COLS
	add L_LEFT(%bp), %ax
	add %ax, %ax
	add L_BASE(%bp), %ax
	mov %ax, %di
	mov L_WIDTH(%bp), %cx
	add %cx, %ax
	add %cx, %ax
	cmp $TEXT_LEN, %ax
	jbe 1f
	xor %cx, %cx
1:	ret

	.globl text_copy, text_clear
text_copy:
	push %ax
	call text_row
	mov %di, %si
	pop %ax
	mov %ah, %al
	call text_row
	call text_segment
	push %ds
	push %es
	pop %ds
	rep movsw
	pop %ds
	ret

text_clear:
	mov %ah, %al
	call text_row
	call text_segment
	mov L_FILL(%bp), %ah
	mov $' ', %al
	rep stosw
	ret

	.section .rodata
	.balign 2
scrollers:
	.word text_copy, text_clear
	.word cga_copy, cga_clear
	.word cga_copy, cga_clear
	.word planar_copy, planar_clear
	.word packed_copy, packed_clear
	.word nothing, nothing
