/* Setting a mode: AH=00, and what VBE needs of it. */
#include "bios/rom/vga/vga.h"

	.text

/* ---- AH=00: set mode AL; bit 7: keep what is in memory -------------------------- */

	.globl set_mode
set_mode:
	call find_mode
	jc 9f
	/* What AL returns is not documented by IBM, but programs have seen it. */
	mov %al, %ah
	and $0x7f, %ah
	mov $0x20, %cl
	cmp $7, %ah
	ja 1f
	mov $0x30, %cl
	cmp $6, %ah
	jne 1f
	mov $0x3f, %cl
1:	mov %cl, F_AL(%bp)
	push %ax
	call dispi_off
	call choose_params
	call program
	call load_dac
	pop %ax
	push %ax
	test $0x80, %al
	jnz 2f
	call clear_memory
2:	cmpb $MODEL_TEXT, %cs:1(%di)
	jne 3f
	xor %bl, %bl                    /* the first block */
	mov %cs:P_HEIGHT(%si), %bh
	call load_rom_font
3:	pop %ax
	call describe
	call screen_on
9:	ret

/*
 * DI: what mode_info says of legacy mode AL (bit 7 ignored). CF: no such mode.
 */
	.globl find_mode
find_mode:
	push %ax
	and $0x7f, %ax
	cmp $0x13, %ax
	ja 1f
	shl $2, %ax
	add $mode_info, %ax
	mov %ax, %di
	pop %ax
	cmpb $0xff, %cs:(%di)
	je 2f
	clc
	ret
1:	pop %ax
2:	stc
	ret

/* The card leaves DISPI modes; the DAC has six bits again. */
	.globl dispi_off
dispi_off:
	push %ax
	push %dx
	mov $DISPI_ENABLE, %ax
	mov $DISPI, %dx
	out %ax, (%dx)
	xor %ax, %ax
	inc %dx
	out %ax, (%dx)
	pop %dx
	pop %ax
	ret

/*
 * SI: the parameters of the mode at DI, in AL. CL: the colours. A text mode has
 * three sets, for 200, 350 and 400 lines.
 */
choose_params:
	mov %cs:(%di), %bl
	mov %cs:2(%di), %cl
	and $0x7f, %al
	cmp $3, %al
	ja 2f
	mov BDA_MODE_CTL, %ah
	test $MODE_CTL_400, %ah
	jnz 2f
	mov %al, %bl
	test $MODE_CTL_200, %ah
	mov $PAL_CGA, %cl
	jnz 2f
	add $VPT_TEXT_350, %bl
	mov $PAL_EGA, %cl
2:	xor %bh, %bh
	shl $6, %bx                     /* P_LEN */
	lea params(%bx), %si
	ret

/*
 * All registers from the parameters at SI; the screen stays dark. Keeps CX, SI,
 * DI.
 */
	.globl program
program:
	push %cx
	push %di
	/* The attribute controller first: without its screen bit no half-set
	 * mode is shown. */
	mov %cs:P_MISC(%si), %al
	mov $MISC_WRITE, %dx
	out %al, (%dx)
	call crtc_of_misc
	push %dx
	add $6, %dl                     /* status: an index comes next */
	in (%dx), %al
	mov $ATTR, %dx
	xor %ah, %ah
	lea P_ATTR(%si), %di
1:	mov %ah, %al
	out %al, (%dx)
	mov %cs:(%di), %al
	out %al, (%dx)
	inc %di
	inc %ah
	cmp $20, %ah
	jb 1b
	mov %ah, %al                    /* 14: colour select */
	out %al, (%dx)
	xor %al, %al
	out %al, (%dx)

	mov $SEQ, %dx
	mov $0x0100, %ax                /* in reset */
	out %ax, (%dx)
	lea P_SEQ(%si), %di
	mov $1, %al
	mov $4, %cx
	call write_row
	mov $0x0300, %ax
	out %ax, (%dx)

	pop %dx                         /* CRTC */
	mov $0x0011, %ax                /* lift the write protection */
	out %ax, (%dx)
	lea P_CRTC(%si), %di
	xor %al, %al
	mov $25, %cx
	call write_row

	mov $GFX, %dx
	lea P_GFX(%si), %di
	xor %al, %al
	mov $9, %cx
	call write_row
	pop %di
	pop %cx
	ret

/* CX registers from CS:DI on, from index AL; DX: the index port. */
write_row:
	mov %cs:(%di), %ah
	out %ax, (%dx)
	inc %di
	inc %ax
	loop write_row
	ret

/* DX: the CRTC's index port, as the card is now. Changes AL. */
	.globl crtc_port
crtc_port:
	mov $MISC_READ, %dx
	in (%dx), %al
	/* falls through */

/* The same for the miscellaneous register AL. */
crtc_of_misc:
	mov $0x3d4, %dx
	test $1, %al
	jnz 1f
	mov $0xb4, %dl
1:	ret

	.globl screen_on
screen_on:
	call crtc_port
	add $6, %dl
	in (%dx), %al
	mov $ATTR, %dx
	mov $0x20, %al
	out %al, (%dx)
	ret

/* ---- memory ------------------------------------------------------------------------ */

/* ZF: the card can do our heavy work, see X_ID. Changes AX, DX. */
	.globl has_extras
has_extras:
	mov $X_ID, %ax
	mov $DISPI, %dx
	out %ax, (%dx)
	inc %dx
	in (%dx), %ax
	cmp $X_MAGIC, %ax
	ret

/* DISPI register AX becomes BX. Changes AX, DX. */
	.globl dispi_write
dispi_write:
	mov $DISPI, %dx
	out %ax, (%dx)
	inc %dx
	mov %bx, %ax
	out %ax, (%dx)
	ret

/* AX: DISPI register AX. Changes DX. */
	.globl dispi_read
dispi_read:
	mov $DISPI, %dx
	out %ax, (%dx)
	inc %dx
	in (%dx), %ax
	ret

/*
 * Blanks the memory of the mode at DI: all pages of a text mode, all planes.
 * The card does it, or there are 16 or 32 KiB of words to write.
 */
clear_memory:
	push %es
	push %di
	mov $0x0720, %bx                /* a grey blank */
	cmpb $MODEL_TEXT, %cs:1(%di)
	je 1f
	xor %bx, %bx
1:	call has_extras
	jne 3f
	mov $X_FILL, %ax
	test %bx, %bx
	jnz 2f
	mov $X_CLEAR, %ax
2:	call dispi_write
	jmp 5f
3:	call mode_segment
	mov %bx, %ax
	mov $0x4000, %cx
	cmp $0xa0, %dh
	jne 4f
	mov $0x8000, %cx
4:	xor %di, %di
	rep stosw
5:	pop %di
	pop %es
	ret

/* ES: the segment of the mode at DI, as the parameters at SI map it. Changes
 * DX; DH: its upper byte. */
mode_segment:
	mov %cs:P_GFX + 6(%si), %dl
	and $0x0c, %dl
	mov $0xa0, %dh
	cmp $0x04, %dl
	je 1f
	mov $0xb0, %dh
	cmp $0x08, %dl
	je 1f
	mov $0xb8, %dh
1:	xor %dl, %dl
	mov %dx, %es
	ret

/* ---- the BIOS data area ------------------------------------------------------------ */

/* Mode AL (bit 7: memory was kept), its parameters at SI. Keeps SI, DI. */
describe:
	mov BDA_CTL, %ah
	and $CTL_NO_EMULATION, %ah
	or $0x60, %ah                   /* 256 KiB, active */
	test $0x80, %al
	jz 1f
	or $CTL_NO_CLEAR, %ah
	and $0x7f, %al
1:	mov %ah, BDA_CTL
	movw $0, BDA_VBE_MODE
	mov %al, BDA_MODE
	mov %cs:P_COLS(%si), %al
	xor %ah, %ah
	mov %ax, BDA_COLS
	mov %cs:P_ROWS(%si), %al
	mov %al, BDA_ROWS
	mov %cs:P_HEIGHT(%si), %al
	mov %ax, BDA_HEIGHT
	mov %cs:P_PAGE_LEN(%si), %ax
	mov %ax, BDA_PAGE_LEN
	mov %cs:P_MISC(%si), %al
	call crtc_of_misc
	xor %ax, %ax
	cmpb $MODEL_TEXT, %cs:1(%di)
	jne 2f
	mov $0x0607, %ax
2:	mov %ax, BDA_SHAPE
	/* falls through */

/* What every new mode has: page 0, cursors at home; DX: the CRTC's port. Keeps
 * SI, DI. */
	.globl describe_common
describe_common:
	mov %dx, BDA_CRTC
	movb $0xf9, BDA_SWITCHES
	orb $0x41, BDA_MODE_CTL
	push %es
	push %di
	push %ds
	pop %es
	mov $BDA_CURSOR, %di
	mov $8, %cx
	xor %ax, %ax
	rep stosw
	pop %di
	pop %es
	mov %ax, BDA_PAGE_START
	mov %al, BDA_PAGE
	movb $0x30, BDA_CGA_PALETTE
	/* falls through */

/* The vectors 1Fh and 43h: the fonts for the character height. Keeps SI, DI. */
set_vectors:
	push %es
	push $0
	pop %es
	mov $font8 + 128 * 8, %ax
	mov %ax, %es:0x1f * 4
	mov %cs, %es:0x1f * 4 + 2
	mov BDA_HEIGHT, %bh
	call rom_font
	mov %ax, %es:0x43 * 4
	mov %cs, %es:0x43 * 4 + 2
	pop %es
	ret

/* AX: where the font of height BH is in the ROM. */
	.globl rom_font
rom_font:
	mov $font8, %ax
	cmp $8, %bh
	je 1f
	mov $font14, %ax
	cmp $14, %bh
	je 1f
	mov $font16, %ax
1:	ret

/* ---- colours ----------------------------------------------------------------------- */

/* The DAC's entries for colours CL, unless the program has asked to keep them.
 * Keeps SI, DI. */
	.globl load_dac
load_dac:
	testb $MODE_CTL_NO_PALETTE, BDA_MODE_CTL
	jnz 9f
	push %si
	push %di
	mov $PEL_MASK, %dx
	mov $0xff, %al
	out %al, (%dx)
	mov %cl, %bl
	xor %bh, %bh
	cmp $PAL_256, %bl
	je 2f
	call has_extras
	jne 2f
	mov $X_DAC, %ax
	call dispi_write
	jmp 3f
2:	mov $DAC_WRITE, %dx
	xor %al, %al
	out %al, (%dx)
	inc %dx
	add %bx, %bx
	call *%cs:dac_loaders(%bx)
3:	testb $MODE_CTL_GREY, BDA_MODE_CTL
	jz 1f
	xor %bx, %bx
	mov $256, %cx
	call sum_to_grey
1:	pop %di
	pop %si
9:	ret

	.section .rodata
	.balign 2
dac_loaders:
	.word dac_mono, dac_cga, dac_ega, dac_256
/* For red, green, blue: the bits of the index that give 2A and 15. */
ega_bits:
	.byte 0x04, 0x20, 0x02, 0x10, 0x01, 0x08
cga_bits:
	.byte 0x04, 0x10, 0x02, 0x10, 0x01, 0x10
first_16_bits:
	.byte 0x04, 0x08, 0x02, 0x08, 0x01, 0x08
mono_levels:
	.byte 0x00, 0x2a, 0x2a, 0x3f
greys:
	.byte 0x00, 0x05, 0x08, 0x0b, 0x0e, 0x11, 0x14, 0x18
	.byte 0x1c, 0x20, 0x24, 0x28, 0x2d, 0x32, 0x38, 0x3f
/* Five levels for each brightness and saturation. */
levels:
	.byte 0x00, 0x10, 0x1f, 0x2f, 0x3f
	.byte 0x1f, 0x27, 0x2f, 0x37, 0x3f
	.byte 0x2d, 0x31, 0x36, 0x3a, 0x3f
	.byte 0x00, 0x07, 0x0e, 0x15, 0x1c
	.byte 0x0e, 0x11, 0x15, 0x18, 0x1c
	.byte 0x14, 0x16, 0x18, 0x1a, 0x1c
	.byte 0x00, 0x04, 0x08, 0x0c, 0x10
	.byte 0x08, 0x0a, 0x0c, 0x0e, 0x10
	.byte 0x0b, 0x0c, 0x0d, 0x0f, 0x10
levels_end:
/* Red's level on its way around the 24 hues, from blue; green's is 16, blue's
 * is 8 steps ahead of it. */
hues:
	.byte 0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4
	.byte 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0

	.text
dac_mono:
	xor %cx, %cx
1:	mov %cx, %bx
	shr $3, %bx
	and $3, %bx
	mov %cs:mono_levels(%bx), %al
	out %al, (%dx)
	out %al, (%dx)
	out %al, (%dx)
	inc %cx
	cmp $64, %cx
	jb 1b
	ret

dac_cga:
	mov $cga_bits, %si
	mov $0x1706, %bx                /* brown is 6, but not 16 */
	mov $64, %cx
	jmp dac_by_bits
dac_ega:
	mov $ega_bits, %si
	mov $0xffff, %bx                /* there is no brown */
	mov $64, %cx
	/* falls through */

/*
 * CX entries whose two bits a colour are at CS:SI. The index whose bits BH make
 * BL is brown: its green is halved.
 */
dac_by_bits:
	xor %ah, %ah
1:	push %si
	mov $3, %di
2:	xor %al, %al
	test %cs:(%si), %ah
	jz 3f
	mov $0x2a, %al
3:	test %cs:1(%si), %ah
	jz 4f
	add $0x15, %al
4:	cmp $2, %di                     /* green */
	jne 5f
	push %ax
	and %bh, %ah
	cmp %bl, %ah
	pop %ax
	jne 5f
	mov $0x15, %al
5:	out %al, (%dx)
	add $2, %si
	dec %di
	jnz 2b
	pop %si
	inc %ah
	loop 1b
	ret

dac_256:
	mov $first_16_bits, %si
	mov $0x0f06, %bx
	mov $16, %cx
	call dac_by_bits
	mov $greys, %si
	mov $16, %cx
1:	mov %cs:(%si), %al
	out %al, (%dx)
	out %al, (%dx)
	out %al, (%dx)
	inc %si
	loop 1b
	mov $levels, %si
2:	xor %di, %di                    /* hue */
3:	mov $0x1008, %cx
	mov %di, %ax
	call hue_level                  /* red */
	mov %di, %ax
	add %ch, %al
	call hue_level                  /* green */
	mov %di, %ax
	add %cl, %al
	call hue_level                  /* blue */
	inc %di
	cmp $24, %di
	jb 3b
	add $5, %si
	cmp $levels_end, %si
	jb 2b
	xor %al, %al
	mov $8 * 3, %cx
4:	out %al, (%dx)
	loop 4b
	ret

/* Sends the level of hue AL, from the five at CS:SI. Changes AX, BX. */
hue_level:
	cmp $24, %al
	jb 1f
	sub $24, %al
1:	xor %ah, %ah
	mov %ax, %bx
	mov %cs:hues(%bx), %bl
	mov %cs:(%bx, %si), %al
	out %al, (%dx)
	ret

/* CX DAC entries from BL on become grey, as bright as they look. */
	.globl sum_to_grey
sum_to_grey:
	jcxz 9f
1:	mov $DAC_READ, %dx
	mov %bl, %al
	out %al, (%dx)
	mov $DAC_DATA, %dx
	in (%dx), %al
	mov $77, %ah                    /* 30 % of 256 */
	mul %ah
	mov %ax, %si
	in (%dx), %al
	mov $151, %ah                   /* 59 % */
	mul %ah
	add %ax, %si
	in (%dx), %al
	mov $28, %ah                    /* 11 % */
	mul %ah
	add %si, %ax
	add $0x80, %ax
	push %ax
	mov %bl, %al
	mov $DAC_WRITE, %dx
	out %al, (%dx)
	inc %dx
	pop %ax
	mov %ah, %al
	out %al, (%dx)
	out %al, (%dx)
	out %al, (%dx)
	inc %bl
	loop 1b
9:	ret
