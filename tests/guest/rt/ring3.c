#include "tests/guest/rt/rt.h"

#define CS0 0x08
#define DS0 0x10
#define DS3 (0x18 | 3)
#define CS3 (0x20 | 3)
#define TSS 0x28

#define RFLAGS_IOPL3 0x3002             /* and bit 1, which is always set */

/* The stack for faults, and a bitmap that allows all ports: a KVM that runs
 * guests without VT-x or SVM may not keep the IOPL. */
struct tss {
	uint32_t zero0;
	uint64_t rsp0, rsp[2], zero1, ist[7], zero2;
	uint16_t zero3, iomap;
	uint8_t ports[8192], end;
} __attribute__((packed));

static struct tss tss;
static uint8_t fault_stack[4096] __attribute__((aligned(16)));
static uint8_t stack3[16384] __attribute__((aligned(16)));
static uint64_t gdt3[7] = {
	[CS0 / 8] = 0x00af9b000000ffff,
	[DS0 / 8] = 0x00cf93000000ffff,
	[DS3 / 8] = 0x00cff3000000ffff,
	[CS3 / 8] = 0x00affb000000ffff,
};

void ring3(void (*fn)(void))
{
	struct { uint16_t limit; uint64_t base; } __attribute__((packed)) ptr = {
		sizeof(gdt3) - 1, (uint64_t)gdt3,
	};
	uint64_t at = (uint64_t)&tss;

	tss.rsp0 = (uint64_t)fault_stack + sizeof(fault_stack);
	tss.iomap = offsetof(struct tss, ports);
	tss.end = 0xff;
	gdt3[TSS / 8] = (sizeof(tss) - 1) | (at & 0xffffff) << 16 |
			UINT64_C(0x89) << 40 | (at >> 24 & 0xff) << 56;
	gdt3[TSS / 8 + 1] = at >> 32;
	/* The stack as after a call: off by 8 from 16. */
	__asm__ volatile(
		"cli\n\t"
		"lgdt %0\n\t"
		"ltr %w1\n\t"
		"movl %2, %%eax\n\t"
		"movw %%ax, %%ds\n\t"
		"movw %%ax, %%es\n\t"
		"pushq %q2\n\t"
		"pushq %3\n\t"
		"pushq %4\n\t"
		"pushq %5\n\t"
		"pushq %6\n\t"
		"iretq"
		: : "m"(ptr), "r"(TSS), "i"(DS3),
		    "r"(stack3 + sizeof(stack3) - 8),
		    "i"(RFLAGS_IOPL3), "i"(CS3), "r"(fn)
		: "rax", "memory");
	__builtin_unreachable();
}
