/*
 * The micro-guest as a bzImage: boot sector and header, real-mode code that
 * goes to protected mode, and the image that starts there. Assembled and
 * linked to address 0; loaders put it at a segment of their own, in %ds.
 */
#define LOAD_AT 0x100000

	.code16
	.globl start
	.text
start:
	.skip 0x1f1
	.byte 1                         /* setup_sects */
	.word 0                         /* root_flags */
	.long (image_end - image) / 16  /* syssize */
	.word 0, 0xffff, 0              /* ram_size, vid_mode, root_dev */
	.word 0xaa55
	.byte 0xeb, real - 1f           /* jmp */
1:	.ascii "HdrS"
	.word 0x020c                    /* version */
	.long 0                         /* realmode_swtch */
	.word 0, 0                      /* start_sys_seg, kernel_version */
	.byte 0, 1                      /* type_of_loader, LOADED_HIGH */
	.word 0                         /* setup_move_size */
	.long LOAD_AT                   /* code32_start */
	.long 0, 0, 0                   /* ramdisk_image, _size, bootsect */
	.word 0                         /* heap_end_ptr */
	.byte 0, 0
	.long 0                         /* cmd_line_ptr */
	.long 0x7fffffff                /* initrd_addr_max */
	.long 0x1000                    /* kernel_alignment */
	.byte 0, 12                     /* relocatable, min_alignment */
	.word 0                         /* xloadflags: the 32-bit entry only */
	.long 2047                      /* cmdline_size */
	.long 0                         /* hardware_subarch */
	.quad 0
	.long 0, 0                      /* payload */
	.quad 0                         /* setup_data */
	.quad LOAD_AT                   /* pref_address */
	.long 0x400000                  /* init_size */
	.long 0, 0                      /* handover_offset, kernel_info_offset */

real:
	cli
	xorl %esi, %esi
	movw %ds, %si
	shll $4, %esi
	leal gdt(%esi), %eax
	movl %eax, gdt_ptr + 2
	lgdtl gdt_ptr
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	.byte 0x66, 0xea                /* ljmpl $0x10, ... */
	.long LOAD_AT
	.word 0x10

	.align 8
gdt:	.quad 0, 0
	.quad 0x00cf9b000000ffff        /* 10 */
	.quad 0x00cf93000000ffff        /* 18 */
gdt_end:
gdt_ptr:
	.word gdt_end - gdt - 1
	.long 0
	.org 0x400

image:
	.incbin IMAGE
	.balign 16
image_end:
