/*
 * Ways to start anew that go through the BIOS. A byte of CMOS, which lives
 * through a reset, says which one comes next.
 */
#include "tests/guest/bios/rt.h"

#define CMOS_STEP       0x51
#define CMOS_SHUTDOWN   0x0f
#define MAGIC           0xa0

static uint8_t cmos(uint8_t at)
{
	outb(0x70, at);
	return inb(0x71);
}

static void set_cmos(uint8_t at, uint8_t v)
{
	outb(0x70, at);
	outb(0x71, v);
}

static void kbc_wait(void)
{
	while (inb(0x64) & 2)
		;
}

static void type(uint8_t code)
{
	kbc_wait();
	outb(0x64, 0xd2);
	kbc_wait();
	outb(0x60, code);
	while (inb(0x64) & 1)
		;
}

/* Where the BIOS goes when CMOS says that a program wants to go on. */
__attribute__((noreturn, used)) static void resumed(void)
{
	check(peek32(0, 0x7000) == 0x600dc0de, "memory is as it was");
	check(cmos(CMOS_SHUTDOWN) == 0, "CMOS 0F is cleared");
	check(true, "CMOS 0F = 0A leads to 40:67");
	leave();
	for (;;)
		;
}

static void resume(void)
{
	extern const char resume_entry[];

	__asm__ volatile("jmp 1f\n"
			 "resume_entry: cli; xorw %%ax, %%ax; movw %%ax, %%ds;"
			 "movw %%ax, %%es; movw %%ax, %%ss; movl $0x7000, %%esp;"
			 "jmp resumed\n1:" : : : "eax");
	poke32(0, 0x7000, 0x600dc0de);
	poke32(0x40, 0x67, (uint32_t)resume_entry);
	set_cmos(CMOS_STEP, 0);
	set_cmos(CMOS_SHUTDOWN, 0x0a);
	kbc_wait();
	outb(0x64, 0xfe);
	for (;;)
		__asm__ volatile("hlt");
}

void test_main(uint8_t drive)
{
	(void)drive;
	switch (cmos(CMOS_STEP)) {
	default:
		set_cmos(CMOS_STEP, MAGIC);
		poke32(0, 0x7000, 0x600dc0de);
		__asm__ volatile("int $0x19");
		break;
	case MAGIC:
		check(peek32(0, 0x7000) == 0x600dc0de,
		      "INT 19h boots again, and memory is as it was");
		set_cmos(CMOS_STEP, MAGIC + 1);
		jump_far(0xf000, 0xfff0);
	case MAGIC + 1:
		check(true, "F000:FFF0 starts anew");
		set_cmos(CMOS_STEP, MAGIC + 2);
		type(0x1d);
		type(0x38);
		type(0x53);
		for (;;)
			__asm__ volatile("hlt");
	case MAGIC + 2:
		check(true, "Ctrl-Alt-Del starts anew");
		resume();
	}
}
