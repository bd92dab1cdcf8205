/*
 * The 32-bit entry of the boot protocol (Documentation/arch/x86/boot.rst):
 * paging off, flat segments, the zero page in %esi. Makes of it what the
 * runtime starts from, a PVH start info with a command line.
 */
#define CMD_LINE_PTR 0x228
#define BOOT_DS 0x18
#define PVH_MAGIC 0x336ec578

	.section .text.start, "ax"
	.code32
	.globl bz_start
bz_start:
	cli
	cld
	movw $BOOT_DS, %ax
	movw %ax, %ds
	movw %ax, %es
	movl CMD_LINE_PTR(%esi), %ebp
	movl $bss_start, %edi
	movl $end_of_image, %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	xorl %eax, %eax
	rep stosl
	movl %ebp, info + 24
	movl $info, %ebx
	jmp pvh_start

	.data
	.align 8
info:	.long PVH_MAGIC, 0
	.skip 48
