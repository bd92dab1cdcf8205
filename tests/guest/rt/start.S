/*
 * From the PVH entry (32-bit protected mode, paging off) to guest_main in long
 * mode, with the low 4 GiB mapped to themselves; and the same for further
 * processors, from the real-mode page that a SIPI names.
 */
#define CR0_PE 0x1
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define EFER 0xc0000080
#define EFER_LME 0x100

	.section .note.pvh, "a", @note
	.long 4, 4, 18                  /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long pvh_start

	.section .text.start, "ax"
	.code32
	.globl pvh_start
pvh_start:
	cli
	cld
	movl %ebx, start_info
	movl $boot_stack_end, %esp
	/* Four page directories of 2 MiB pages: 0 to 4 GiB, ring 3's as well. */
	movl $page_dirs, %edi
	movl $0x87, %eax
	xorl %ecx, %ecx
1:	movl %eax, (%edi)
	movl $0, 4(%edi)
	addl $0x200000, %eax
	addl $8, %edi
	incl %ecx
	cmpl $2048, %ecx
	jne 1b
	movl $page_dirs + 7, %eax
	movl $page_pdpt, %edi
	movl $4, %ecx
2:	movl %eax, (%edi)
	addl $4096, %eax
	addl $8, %edi
	decl %ecx
	jnz 2b
	movl $page_pdpt + 7, page_pml4
	call to_long_mode
	ljmp $0x08, $start64

/* Loads the tables and turns paging on; the caller jumps to 64-bit code. */
to_long_mode:
	lgdt gdt_ptr
	movl %cr4, %eax
	orl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $page_pml4, %eax
	movl %eax, %cr3
	movl $EFER, %ecx
	rdmsr
	orl $EFER_LME, %eax
	wrmsr
	movl %cr0, %eax
	orl $CR0_PG | CR0_PE, %eax
	movl %eax, %cr0
	ret

	.code64
start64:
	movw $0x10, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	xorl %eax, %eax
	movw %ax, %fs
	movw %ax, %gs
	movl $boot_stack_end, %esp
	xorl %ebp, %ebp
	movl start_info, %edi
	call rt_main
3:	hlt
	jmp 3b

ap_start64:
	movw $0x10, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movq ap_stack, %rsp
	xorl %ebp, %ebp
	call rt_ap_main
4:	hlt
	jmp 4b

	/* Copied to AP_PAGE; runs there in real mode with CS = AP_PAGE >> 4. */
	.code16
	.globl ap_code, ap_code_end
ap_code:
	cli
	movw %cs, %ax
	movw %ax, %ds
	lgdtl ap_gdt_ptr - ap_code
	movl %cr0, %eax
	orl $CR0_PE, %eax
	movl %eax, %cr0
	ljmpl $0x18, $ap_start32
ap_gdt_ptr:
	.word gdt_end - gdt - 1
	.long gdt
ap_code_end:

	.code32
ap_start32:
	movw $0x20, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $boot_stack, %esp          /* a word for the return address */
	addl $64, %esp
	call to_long_mode
	ljmp $0x08, $ap_start64

/* ---- interrupt entry: 256 stubs push their vector ------------------------- */
	.code64
	.globl isr_table
	.align 16
isr_table:
	vector = 0
	.rept 256
	.align 16
	.if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17)
	.else
	pushq $0
	.endif
	pushq $vector
	jmp isr_common
	vector = vector + 1
	.endr

isr_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	movq 72(%rsp), %rdi             /* vector */
	movq 80(%rsp), %rsi             /* error code */
	movq 88(%rsp), %rdx             /* rip */
	call rt_interrupt
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq

	.data
	.align 16
gdt:
	.quad 0
	.quad 0x00af9b000000ffff        /* 08: code, 64-bit */
	.quad 0x00cf93000000ffff        /* 10: data */
	.quad 0x00cf9b000000ffff        /* 18: code, 32-bit */
	.quad 0x00cf93000000ffff        /* 20: data, 32-bit */
gdt_end:
gdt_ptr:
	.word gdt_end - gdt - 1
	.quad gdt
	.globl ap_stack
ap_stack:
	.quad 0
start_info:
	.long 0

	.bss
	.align 4096
	.globl page_pml4, page_pdpt
page_pml4:	.skip 4096
page_pdpt:	.skip 4096
page_dirs:	.skip 4 * 4096
boot_stack:	.skip 16384
boot_stack_end:
