/*
 * The BIOS called from virtual-8086 mode, as under DOS's memory managers: what
 * needs protected mode says that it cannot, everything else works as ever, and
 * nothing does what is not allowed there.
 */
#include "tests/guest/bios/rt.h"
#include "tests/guest/bios/v86.h"

#define DATA_SEG        0x2000
#define BDA             0x0040
#define TICKS           0x6c

#define DISK_CONTROLLER 0x20            /* 13h: the controller has failed */
#define MOVE_FAILED     0x03            /* 15h/87: A20 cannot be had */

struct packet {
	uint8_t size, reserved;
	uint16_t count, off, seg;
	uint64_t block;
} __attribute__((packed));

extern const char v86_stubs[];
extern volatile uint32_t v86_halts, v86_fault_cs, v86_fault_ip, v86_fault_bytes;
void v86_enter(void);
void v86_fault(void);

/* The I/O privilege level is 3 there. */
#define V86_REGS(...) REGS(.eflags = IF | 0x3002, __VA_ARGS__)

static uint8_t drive;

/* The monitor came upon an instruction that it does not know how to pass. */
void v86_fault(void)
{
	check(false, "not allowed in virtual-8086 mode: %08x at %04x:%04x",
	      v86_fault_bytes, v86_fault_cs, v86_fault_ip);
	leave();
}

static void prepare(void)
{
	const uint16_t tss = V86_TSS >> 4, idt = V86_IDT >> 4;

	for (unsigned at = 0; at < 0x68 + 0x2000; at += 4)
		poke32(tss, (uint16_t)at, 0);
	poke32(tss, 0x04, V86_STACK);           /* ESP0, SS0 */
	poke32(tss, 0x08, 0x10);
	poke32(tss, 0x64, 0x68u << 16);         /* where the map begins */
	poke32(tss, 0x68 + 0x2000, 0xff);       /* and what ends it */
	for (unsigned n = 0; n < 256; n++) {
		uint32_t to = (uint32_t)v86_stubs + n * V86_STUB;

		poke32(idt, (uint16_t)(n * 8), 0x08u << 16 | (to & 0xffff));
		/* a 32-bit interrupt gate, for everybody */
		poke32(idt, (uint16_t)(n * 8 + 4),
		       (to & 0xffff0000) | 0xee00);
	}
}

static void mode(void)
{
	uint32_t flags;
	uint16_t msw;

	__asm__ volatile("pushfl; popl %0; smsw %1" : "=r"(flags), "=r"(msw));
	check((flags & 0x3000) == 0x3000 && msw & 1,
	      "virtual-8086 mode: flags %08x", flags);
}

/* ---- disks ------------------------------------------------------------------------ */

static void disk_moves(uint32_t function, uint8_t want)
{
	struct packet p = { 16, 0, 2, 0, DATA_SEG, PATTERN };
	struct regs in = V86_REGS(.eax = function << 8, .edx = drive,
			      .esi = (uint32_t)&p), r = in;

	call_int(0x13, &r);
	check(r.eflags & CF && (r.eax >> 8 & 0xff) == want && p.count == 0,
	      "13h/%02x: status %02x, %u sectors", function,
	      r.eax >> 8 & 0xff, (uint32_t)p.count);
	unchanged("13h packets", &in, &r, "a");
	r = (struct regs)V86_REGS(.eax = 0x0100, .edx = drive);
	call_int(0x13, &r);
	check((r.eax >> 8 & 0xff) == want, "13h/01 says the same");
}

static void disk_chs(uint32_t function)
{
	struct regs in = V86_REGS(.eax = function << 8 | 1, .ebx = 0, .ecx = 2,
			      .edx = drive, .es = DATA_SEG), r = in;

	call_int(0x13, &r);
	check(r.eflags & CF && (uint16_t)r.eax == DISK_CONTROLLER << 8,
	      "13h/%02x: AX %04x", function, r.eax & 0xffff);
	unchanged("13h by cylinders", &in, &r, "a");
}

static void disk_facts(void)
{
	struct regs in, r;

	in = r = (struct regs)V86_REGS(.eax = 0x0000, .edx = drive);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && !(r.eax >> 8 & 0xff), "13h/00 resets");
	unchanged("13h/00", &in, &r, "a");
	in = r = (struct regs)V86_REGS(.eax = 0x0800, .edx = drive);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && (r.ecx & 0x3f) == 63 && (r.edx & 0xff) >= 1,
	      "13h/08 gives the geometry");
	in = r = (struct regs)V86_REGS(.eax = 0x1500, .edx = drive);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && (r.eax >> 8 & 0xff) == 3, "13h/15: a disk");
	in = r = (struct regs)V86_REGS(.eax = 0x4100, .ebx = 0x55aa, .edx = drive);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && (uint16_t)r.ebx == 0xaa55 && r.ecx & 1,
	      "13h/41: extensions");
	unchanged("13h/41", &in, &r, "abc");
	poke32(DATA_SEG, 0, 0x1a);
	in = r = (struct regs)V86_REGS(.eax = 0x4800, .edx = drive, .ds = DATA_SEG,
				   .esi = 0);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && peek16(DATA_SEG, 0x18) == 512 &&
	      peek32(DATA_SEG, 0x10) == 32768, "13h/48: %u sectors of %u",
	      peek32(DATA_SEG, 0x10), (uint32_t)peek16(DATA_SEG, 0x18));
	unchanged("13h/48", &in, &r, "a");
}

/* ---- INT 15h --------------------------------------------------------------------- */

static void block_move(void)
{
	struct regs in = V86_REGS(.eax = 0x8700, .ecx = 16, .es = DATA_SEG,
			      .esi = 0x100), r = in;

	for (unsigned at = 0; at < 0x30; at += 4)
		poke32(DATA_SEG, (uint16_t)(0x100 + at), 0);
	call_int(0x15, &r);
	check(r.eflags & CF && (r.eax >> 8 & 0xff) == MOVE_FAILED,
	      "15h/87: status %02x", r.eax >> 8 & 0xff);
	unchanged("15h/87", &in, &r, "a");
}

static void memory(void)
{
	struct regs in = V86_REGS(.eax = 0x8800), r = in;
	uint64_t ram = 0;
	unsigned n = 0;

	call_int(0x15, &r);
	check(!(r.eflags & CF) && (uint16_t)r.eax >= 15 * 1024,
	      "15h/88: %u KiB", r.eax & 0xffff);
	unchanged("15h/88", &in, &r, "a");
	r = (struct regs)V86_REGS(.ebx = 0);
	do {
		r = (struct regs)V86_REGS(.eax = 0xe820, .edx = 0x534d4150,
				      .ecx = 20, .ebx = r.ebx, .es = DATA_SEG,
				      .edi = 0);
		call_int(0x15, &r);
		if (r.eflags & CF || r.eax != 0x534d4150)
			break;
		if (peek32(DATA_SEG, 16) == 1)
			ram += peek32(DATA_SEG, 8);
		n++;
	} while (r.ebx && n < 64);
	check(!r.ebx && n >= 4 && ram > 15u << 20, "15h/E820: %u entries", n);
	in = r = (struct regs)V86_REGS(.eax = 0xe801);
	call_int(0x15, &r);
	check(!(r.eflags & CF) && (uint16_t)r.eax == (uint16_t)r.ecx,
	      "15h/E801");
}

static void others_of_15(void)
{
	struct regs in = V86_REGS(.eax = 0xc000), r = in;

	call_int(0x15, &r);
	check(!(r.eflags & CF) && r.es == 0xf000, "15h/C0: the table");
	unchanged("15h/C0", &in, &r, "abe");
	in = r = (struct regs)V86_REGS(.eax = 0x2402);
	call_int(0x15, &r);
	check(!(r.eflags & CF) && (uint16_t)r.eax == 1, "15h/2402: A20 is on");
	in = r = (struct regs)V86_REGS(.eax = 0x8600, .ecx = 0, .edx = 30000);
	call_int(0x15, &r);
	check(!(r.eflags & CF), "15h/86 waits");
	unchanged("15h/86", &in, &r, "a");
}

/* ---- the rest -------------------------------------------------------------------- */

static void ticks(void)
{
	uint32_t was = peek32(BDA, TICKS);

	while (peek32(BDA, TICKS) - was < 2)
		__asm__ volatile("hlt");
	check(v86_halts > 0, "ticks come in, and HLT is passed over");
}

static void others(void)
{
	struct regs in = V86_REGS(.eax = 0x0100), r = in;

	call_int(0x16, &r);
	check(r.eflags & ZF, "16h/01: no key");
	unchanged("16h/01", &in, &r, "a");
	in = r = (struct regs)V86_REGS(.eax = 0x0200);
	call_int(0x1a, &r);
	check(!(r.eflags & CF), "1Ah/02: the time");
	in = r = (struct regs)V86_REGS(.eax = 0xb101);
	call_int(0x1a, &r);
	check(!(r.eflags & CF) && r.edx == 0x20494350, "1Ah/B101: PCI");
	in = r = (struct regs)V86_REGS(.eax = 0x0e0d, .ebx = 7);
	call_int(0x10, &r);
	unchanged("10h/0E", &in, &r, "");
	in = r = (struct regs)V86_REGS(.eax = 0x0300, .ebx = 0);
	call_int(0x10, &r);
	unchanged("10h/03", &in, &r, "acd");
}

void test_main(uint8_t dl)
{
	drive = dl;
	prepare();
	v86_enter();
	mode();
	disk_facts();
	disk_moves(0x42, DISK_CONTROLLER);
	disk_moves(0x43, DISK_CONTROLLER);
	disk_chs(2);
	disk_chs(3);
	block_move();
	memory();
	others_of_15();
	ticks();
	others();
	leave();
}
