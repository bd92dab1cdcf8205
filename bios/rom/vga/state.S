/* Saving and restoring the card's state: AH=1C and VBE's 4F04. */
#include "bios/rom/vga/vga.h"

/* What a mask in CX asks for, one after the other in the caller's buffer. */
#define S_HARDWARE      0x01
#define S_BDA           0x02
#define S_DAC           0x04
#define S_DISPI         0x08

#define HARDWARE_LEN    (5 + 1 + 25 + 21 + 9)
#define BDA_LEN         (0x1e + 7 + 4 + 2 + 4 + 4)
#define DAC_LEN         (1 + 768)
#define DISPI_LEN       (10 * 2)

	.text

/* ---- AH=1C: AL 0 size, 1 save, 2 restore; CX what; ES:BX buffer ------------------- */

	.globl save_restore
save_restore:
	and $0x07, %cx
	jz 9f
	cmp $2, %al
	ja 9f
	call state
	test %al, %al
	jnz 1f
	mov %bx, F_BX(%bp)
1:	movb $0x1c, F_AL(%bp)
9:	ret

/* AL 0: BX becomes the size in blocks of 64 bytes; 1, 2: ES:BX. Keeps AL. */
	.globl state
state:
	push %ax
	cmp $1, %al
	jb state_size
	mov %bx, %di
	mov %bx, %si
	mov %cx, %bx
	ja 1f
	call state_save
	pop %ax
	ret
1:	call state_restore
	pop %ax
	ret

state_size:
	mov %cx, %ax
	xor %bx, %bx
	mov $lengths, %si
1:	shr $1, %ax
	jnc 2f
	add %cs:(%si), %bx
2:	add $2, %si
	test %ax, %ax
	jnz 1b
	add $63, %bx
	shr $6, %bx
	pop %ax
	ret

	.section .rodata
	.balign 2
lengths:
	.word HARDWARE_LEN, BDA_LEN, DAC_LEN, DISPI_LEN
	.space 12 * 2
	.text

/* ---- to ES:DI, parts BX ----------------------------------------------------------- */

state_save:
	test $S_HARDWARE, %bl
	jz 1f
	call save_hardware
1:	test $S_BDA, %bl
	jz 2f
	call save_bda
2:	test $S_DAC, %bl
	jz 3f
	call save_dac
3:	test $S_DISPI, %bl
	jz 9f
	call save_dispi
9:	ret

save_hardware:
	mov $SEQ, %dx
	mov $5, %cx
	call read_row
	mov $MISC_READ, %dx
	in (%dx), %al
	stosb
	mov BDA_CRTC, %dx
	mov $25, %cx
	call read_row
	xor %ah, %ah
1:	call attr_get
	stosb
	inc %ah
	cmp $21, %ah
	jb 1b
	call screen_on
	mov $GFX, %dx
	mov $9, %cx
	/* falls through */
/* CX registers behind index port DX. */
read_row:
	xor %ah, %ah
1:	mov %ah, %al
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	stosb
	dec %dx
	inc %ah
	loop 1b
	ret

/* AL: attribute register AH; the screen is off until screen_on. */
attr_get:
	mov BDA_CRTC, %dx
	add $6, %dl
	in (%dx), %al
	mov $ATTR, %dx
	mov %ah, %al
	out %al, (%dx)
	inc %dx
	in (%dx), %al
	ret

save_bda:
	mov $BDA_MODE, %si
	mov $0x1e, %cx
	rep movsb
	mov $BDA_ROWS, %si
	mov $7, %cx
	rep movsb
	mov $BDA_SAVE_PTR, %si
	movsw
	movsw
	mov $BDA_VBE_MODE, %si
	movsw
	push %ds
	push $0
	pop %ds
	mov $0x1f * 4, %si
	movsw
	movsw
	mov $0x43 * 4, %si
	movsw
	movsw
	pop %ds
	ret

save_dac:
	mov $PEL_MASK, %dx
	in (%dx), %al
	stosb
	inc %dx                         /* DAC_READ */
	xor %al, %al
	out %al, (%dx)
	add $2, %dx
	mov $768, %cx
1:	in (%dx), %al
	stosb
	loop 1b
	ret

save_dispi:
	xor %cx, %cx
1:	mov %cx, %ax
	call dispi_read
	stosw
	inc %cx
	cmp $10, %cx
	jb 1b
	ret

/* ---- from ES:SI, parts BX ---------------------------------------------------------- */

state_restore:
	test $S_HARDWARE, %bl
	jz 1f
	call restore_hardware
1:	test $S_BDA, %bl
	jz 2f
	call restore_bda
2:	test $S_DAC, %bl
	jz 3f
	call restore_dac
3:	test $S_DISPI, %bl
	jz 9f
	call restore_dispi
9:	ret

restore_hardware:
	mov %es:5(%si), %al
	mov $MISC_WRITE, %dx
	out %al, (%dx)
	mov $SEQ, %dx
	mov $5, %cx
	call restore_row
	inc %si
	call crtc_port
	push %dx
	mov $0x0011, %ax                /* lift the write protection */
	out %ax, (%dx)
	mov $25, %cx
	call restore_row
	pop %dx
	add $6, %dl
	in (%dx), %al
	mov $ATTR, %dx
	xor %ah, %ah
2:	mov %ah, %al
	out %al, (%dx)
	mov %es:(%si), %al
	inc %si
	out %al, (%dx)
	inc %ah
	cmp $21, %ah
	jb 2b
	call screen_on
	mov $GFX, %dx
	mov $9, %cx
	/* falls through */
restore_row:
	xor %al, %al
1:	mov %es:(%si), %ah
	inc %si
	out %ax, (%dx)
	inc %ax
	loop 1b
	ret

restore_bda:
	push %ds
	push %es
	pop %ds
	push $BDA_SEG
	pop %es
	mov $BDA_MODE, %di
	mov $0x1e, %cx
	rep movsb
	mov $BDA_ROWS, %di
	mov $7, %cx
	rep movsb
	mov $BDA_SAVE_PTR, %di
	movsw
	movsw
	mov $BDA_VBE_MODE, %di
	movsw
	push $0
	pop %es
	mov $0x1f * 4, %di
	movsw
	movsw
	mov $0x43 * 4, %di
	movsw
	movsw
	push %ds
	pop %es
	pop %ds
	/* Of a port only the card knows: a buffer may hold anything. */
	call crtc_port
	mov %dx, BDA_CRTC
	ret

restore_dac:
	mov $PEL_MASK, %dx
	mov %es:(%si), %al
	inc %si
	out %al, (%dx)
	mov $DAC_WRITE, %dx
	xor %al, %al
	out %al, (%dx)
	inc %dx
	mov $768, %cx
1:	mov %es:(%si), %al
	inc %si
	out %al, (%dx)
	loop 1b
	ret

/* Sizes before the switch, the rest after it; memory stays. */
restore_dispi:
	push %si
	call dispi_off
	add $2, %si
	mov $DISPI_X, %cx
1:	call restore_word
	cmp $DISPI_ENABLE, %cx
	jb 1b
	pop %si
	push %si
	mov %es:DISPI_ENABLE * 2(%si), %bx
	push %bx
	test $DISPI_ON, %bl
	jz 3f
	or $DISPI_NO_CLEAR, %bl
	mov $DISPI_ENABLE, %ax
	call dispi_write
3:	pop %bx
	mov $DISPI_ENABLE, %ax
	call dispi_write
	add $DISPI_BANK * 2, %si
	mov $DISPI_BANK, %cx
2:	call restore_word
	cmp $10, %cx
	jb 2b
	pop %si
	add $DISPI_LEN, %si
	ret

/* DISPI register CX from ES:SI; both go on. */
restore_word:
	mov %es:(%si), %bx
	add $2, %si
	mov %cx, %ax
	call dispi_write
	inc %cx
	ret
