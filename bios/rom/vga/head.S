/* The ROM's head, its start, and the way into INT 10h. */
#include "bios/rom/vga/vga.h"

	.section .head, "ax"
	.byte 0x55, 0xaa, VGA_ROM_LEN / 512
	jmp start
	.org 0x18
	.word pci_data
	.word 0                         /* no PnP header */
	/* Windows takes a ROM for a VGA's only with these three letters here. */
	.org 0x1e
	.asciz "IBM VGA compatible, aerovmm"
	.balign 4
pci_data:
	.ascii "PCIR"
	.word 0x1234, 0x1111
	.word 0                         /* no vital product data */
	.word pci_data_end - pci_data
	.byte 0                         /* revision of this structure */
	.byte 0x00, 0x00, 0x03          /* VGA */
	.word VGA_ROM_LEN / 512
	.word 0                         /* revision of the code */
	.byte 0, 0x80                   /* PC-AT code, the last image */
	.word 0
pci_data_end:
	/* The linear framebuffer, once found; 0: there is none. The ROM is
	 * writable until the system BIOS is done with it. */
	.globl lfb_base
lfb_base:
	.word 0, 0
	.globl checksum
checksum:
	.byte 0

/* ---- start: not a part of INT 10h, so it may call the system BIOS -------------- */

	.section .start, "ax"
/* Called far by the system BIOS. */
start:
	cld
	pusha
	push %ds
	push %es
	call find_lfb
	push $0
	pop %ds
	/* The old vector stays within reach, as with the IBM's. */
	mov 0x10 * 4, %ax
	mov %ax, 0x42 * 4
	mov 0x10 * 4 + 2, %ax
	mov %ax, 0x42 * 4 + 2
	movw $int10, 0x10 * 4
	mov %cs, 0x10 * 4 + 2
	movw $int10, 0x6d * 4
	mov %cs, 0x6d * 4 + 2
	push $BDA_SEG
	pop %ds
	mov BDA_EQUIPMENT, %al
	and $0xcf, %al
	or $0x20, %al                   /* 80 columns, colour */
	mov %al, BDA_EQUIPMENT
	movb $MODE_CTL_400 | 0x41, BDA_MODE_CTL
	movb $0x08, BDA_DCC             /* VGA with a colour monitor */
	movb $0x60, BDA_CTL
	movw $save_pointers, BDA_SAVE_PTR
	mov %cs, BDA_SAVE_PTR + 2
	mov $0x0003, %ax
	int $0x10
	pop %es
	pop %ds
	popa
	lret

/*
 * Asks the PCI BIOS where the framebuffer is. By INT 1Ah and 16 bits at a time:
 * the configuration ports would need 32.
 */
find_lfb:
	mov $0xb102, %ax                /* find a device */
	mov $0x1111, %cx
	mov $0x1234, %dx
	xor %si, %si
	int $0x1a
	jc 1f
	test %ah, %ah
	jnz 1f
	mov $0x12, %di                  /* BAR 0's upper half */
	mov $0xb109, %ax
	int $0x1a
	jc 1f
	test %ah, %ah
	jnz 1f
	push %cs
	pop %ds
	/* The framebuffer is aligned to 64 KiB, so the lower half is 0. The
	 * ROM's sum stays 0. */
	mov lfb_base + 2, %ax
	mov %cx, lfb_base + 2
	add %al, %ah
	add %ah, checksum
	add %cl, %ch
	sub %ch, checksum
1:	ret

/* ---- INT 10h -------------------------------------------------------------------- */

	.text
	.globl int10
int10:
	cld
	pusha
	push %ds
	push %es
	mov %sp, %bp
	push $BDA_SEG
	pop %ds
	mov %ax, %si
	shr $8, %si
	cmp $0x4f, %si
	je 2f
	cmp $(functions_end - functions) / 2 - 1, %si
	ja 1f
	add %si, %si
	call *%cs:functions(%si)
1:	pop %es
	pop %ds
	popa
	iret
2:	call vbe
	jmp 1b

	.globl nothing
nothing:
	ret

/* VBE's window function, called far instead of INT 10h AX=4F05. */
	.globl window_function
window_function:
	mov $0x4f05, %ax
	pushf
	push %cs
	call int10
	lret

	.section .rodata
	.balign 2
functions:
	.word set_mode, set_shape, set_cursor, get_cursor       /* 00 */
	.word light_pen, set_page, scroll_up, scroll_down       /* 04 */
	.word read_char, write_attr, write_char, cga_palette    /* 08 */
	.word write_dot, read_dot, teletype, get_mode           /* 0C */
	.word palette, font, alternate, write_string            /* 10 */
	.word nothing, nothing, nothing, nothing                /* 14 */
	.word nothing, nothing, display_code, functionality     /* 18 */
	.word save_restore                                      /* 1C */
functions_end:
