/*
 * What the Windows 7 master boot record and NTFS boot sector ask of a BIOS,
 * call by call, with every register and flag looked at.
 */
#include "tests/guest/bios/rt.h"

#define DATA_SEG        0x2000
#define BYTES_PER_SECTOR 512

struct packet {
	uint8_t size, reserved;
	uint16_t count, off, seg;
	uint64_t block;
} __attribute__((packed));

static uint8_t drive;

/* ---- the MBR ---------------------------------------------------------------- */

static void mbr_extensions(void)
{
	struct regs in = REGS(.eax = 0x4100, .ebx = 0x55aa, .edx = drive), r = in;

	call_int(0x13, &r);
	check(!(r.eflags & CF), "MBR 13h/41: CF clear");
	check((uint16_t)r.ebx == 0xaa55, "MBR 13h/41: BX = AA55");
	check(r.ecx & 1, "MBR 13h/41: CX bit 0, packets");
	check((r.eax >> 8 & 0xff) >= 0x21, "MBR 13h/41: version %02x",
	      r.eax >> 8 & 0xff);
	unchanged("MBR 13h/41", &in, &r, "abc");
}

/* The packet is pushed, so it lies on the stack, which is at 0:7C00 going
 * down; DS = 0, SI = SP. Sector 0 to 0:7C00 would overwrite this program. */
static void mbr_read(uint32_t block)
{
	struct packet p = { 0x10, 0, 1, 0, DATA_SEG, block };
	struct regs in = REGS(.eax = 0x4200, .edx = drive,
			      .esi = (uint32_t)&p), r = in;

	for (unsigned i = 0; i < 512; i += 4)
		poke32(DATA_SEG, (uint16_t)i, 0xdeadbeef);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && !(r.eax >> 8 & 0xff),
	      "MBR 13h/42, block %u: CF clear, AH 0", block);
	check(p.count == 1, "MBR 13h/42: count says 1 done");
	unchanged("MBR 13h/42", &in, &r, "a");
}

static void mbr_content(void)
{
	mbr_read(0);
	check(peek16(DATA_SEG, 510) == 0xaa55, "the sector ends in AA55");
	check(peek32(DATA_SEG, 446) == 0x00010080, "and has our partition");
	check(peek32(DATA_SEG, 446 + 8) == 2048, "at 2048");
}

/* To where the MBR wants it: over our own boot sector, which has done its work. */
static void mbr_in_place(void)
{
	struct packet p = { 0x10, 0, 1, 0x7c00, 0, 0 };
	struct regs in = REGS(.eax = 0x4200, .edx = drive,
			      .esi = (uint32_t)&p), r = in;
	uint32_t behind = peek32(0, 0x7e00);

	for (uint16_t i = 0; i < 512; i += 4)
		poke32(0, (uint16_t)(0x7c00 + i), 0xcccccccc);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && peek16(0, 0x7dfe) == 0xaa55 &&
	      peek32(0, 0x7c00) != 0xcccccccc && peek32(0, 0x7e00) == behind,
	      "MBR 13h/42: a sector to 0:7C00, and not a byte more");
	unchanged("MBR 13h/42 to 0:7C00", &in, &r, "a");
}

/* Some loaders leave the direction flag set. */
static void backwards(void)
{
	struct packet p = { 0x10, 0, 1, 0, DATA_SEG, PATTERN };
	struct regs in = REGS(.eax = 0x4200, .edx = drive,
			      .esi = (uint32_t)&p, .eflags = IF | DF | 2),
		    r = in;

	for (uint16_t i = 0; i < 512; i += 4)
		poke32(DATA_SEG, i, 0);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && peek32(DATA_SEG, 0) == PATTERN &&
	      peek32(DATA_SEG, 508) == PATTERN,
	      "13h/42 with the direction flag set");
	unchanged("with the direction flag", &in, &r, "a");
}

/* The fallback of the MBR: AH = 02 with what the partition table says. */
static void mbr_chs(void)
{
	struct regs in = REGS(.eax = 0x0201, .ebx = 0, .ecx = 0x0001,
			      .edx = drive, .es = DATA_SEG), r = in;

	poke32(DATA_SEG, 508, 0);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && !(r.eax >> 8 & 0xff) && (r.eax & 0xff) == 1,
	      "MBR 13h/02: CF clear, AH 0, AL 1");
	check(peek16(DATA_SEG, 510) == 0xaa55, "MBR 13h/02 reads sector 1");
	unchanged("MBR 13h/02", &in, &r, "a");
}

static void mbr_reset(void)
{
	struct regs in = REGS(.eax = 0x0000, .edx = drive), r = in;

	call_int(0x13, &r);
	check(!(r.eflags & CF) && !(r.eax >> 8 & 0xff),
	      "MBR 13h/00: CF clear, AH 0");
	unchanged("MBR 13h/00", &in, &r, "a");
}

static bool kbc_ready(void)
{
	for (unsigned n = 0; n < 100000; n++)
		if (!(inb(0x64) & 2))
			return true;
	return false;
}

/* A20 through the keyboard controller: 64 <- D1, 60 <- DF, 64 <- FF. */
static void mbr_a20(void)
{
	bool good;

	__asm__ volatile("cli");
	good = kbc_ready();
	outb(0x64, 0xd1);
	good &= kbc_ready();
	outb(0x60, 0xdf);
	good &= kbc_ready();
	outb(0x64, 0xff);
	good &= kbc_ready();
	__asm__ volatile("sti");
	check(good, "MBR: the keyboard controller takes D1, DF, FF");
	poke32(0x0000, 0x0500, 0x11111111);
	poke32(0xffff, 0x0510, 0x22222222);
	check(peek32(0x0000, 0x0500) == 0x11111111, "MBR: A20 is open");
}

/* AX = BB00, all else as it is; a TPM is there if EAX comes back 0, EBX "TCPA"
 * and CX at least 0102. */
static void tcg(const char *who)
{
	struct regs in = REGS(.eax = 0x0000bb00), r = in;

	call_int(0x1a, &r);
	check(r.eax != 0, "%s 1Ah/BB00: EAX is not 0", who);
	check(r.ebx != 0x41504354, "%s 1Ah/BB00: EBX is not TCPA", who);
	unchanged("1Ah/BB00", &in, &r, "");
}

/* What follows where there is a TPM, should someone ask all the same: "compact
 * hash, log, extend event", with the registers that the boot sectors use. */
static void tcg_extend(void)
{
	struct regs in = REGS(.eax = 0x0000bb07, .ebx = 0xb0b0b0b0,
			      .ecx = 0x200, .edx = 8, .esi = 0,
			      .edi = 0x7c00, .es = 0), r = in;
	uint32_t sector = peek32(0, 0x7c00);

	call_int(0x1a, &r);
	check(r.eflags & CF && r.eax != 0, "1Ah/BB07: CF set, EAX is not 0");
	check(peek32(0, 0x7c00) == sector, "1Ah/BB07: the sector is as it was");
	unchanged("1Ah/BB07", &in, &r, "");
}

static void mbr_message(void)
{
	struct regs in = REGS(.eax = 0x0e2e, .ebx = 0x0007), r = in;

	call_int(0x10, &r);
	unchanged("MBR 10h/0E", &in, &r, "a");
}

/* ---- the NTFS boot sector: DS = 07C0, SS:SP = 0:7C00 minus a little -------------- */

#define VBR_DS 0x07c0

static uint8_t *stack_here(unsigned below)
{
	return (uint8_t *)(0x7000 - below);
}

static void vbr_parameters(void)
{
	uint8_t *buf = stack_here(0x1a);
	struct regs in = REGS(.eax = 0x4800, .edx = drive,
			      .esi = (uint32_t)buf, .esp = (uint32_t)buf - 2,
			      .eflags = IF | CF | 2), r;

	/* DS = SS = 0 there: PUSH SS, POP DS. SS stays ours, so only DS:SI is
	 * as there. */
	memset(buf - 16, 0x5a, 0x1a + 32);
	buf[0] = 0x1a;
	buf[1] = 0;
	in.esp = 0;
	r = in;
	call_int(0x13, &r);
	check(!(r.eflags & CF) && !(r.eax >> 8 & 0xff),
	      "VBR 13h/48, 1Ah bytes: CF clear, AH 0");
	check(*(uint16_t *)buf == 0x1a, "VBR 13h/48: size 1A comes back");
	check(*(uint16_t *)(buf + 0x18) == BYTES_PER_SECTOR,
	      "VBR 13h/48: %u bytes a sector", *(uint16_t *)(buf + 0x18));
	check(*(uint32_t *)(buf + 0x10) > 2048, "VBR 13h/48: %u sectors",
	      *(uint32_t *)(buf + 0x10));
	check(buf[0x1a] == 0x5a && buf[-1] == 0x5a,
	      "VBR 13h/48: not a byte past 1Ah");
	unchanged("VBR 13h/48", &in, &r, "a");
}

/* 8 KiB, a sector a call, the segment going up by 20h from 07C0; here from
 * 2000. The packet is made by pushes, so SI is SP. Behind the program each
 * sector of the disk is full of its own number. */
static void vbr_loop(uint32_t flag_if)
{
	unsigned bad = 0, changed = 0;

	for (uint32_t i = 0; i < 16 * 512; i += 4)
		poke32(DATA_SEG, (uint16_t)i, 0);

	for (uint32_t n = 0; n < 16; n++) {
		struct packet p = { 0x10, 0, 1, 0,
				    (uint16_t)(DATA_SEG + n * 0x20),
				    PATTERN + n };
		struct regs in = REGS(.eax = 0x4200, .edx = drive,
				      .esi = (uint32_t)&p,
				      .eflags = flag_if | 2), r = in;

		call_int(0x13, &r);
		bad += (r.eflags & CF) || p.count != 1;
		changed += (r.eflags & IF) != flag_if || r.edx != in.edx ||
			   r.esi != in.esi || r.ds != in.ds;
	}
	check(bad == 0, "VBR 13h/42: 16 sectors, one a call");
	check(changed == 0, "VBR 13h/42 with interrupts %s leaves them so",
	      flag_if ? "on" : "off");
	for (unsigned i = 0; i < 16 * 512; i += 4)
		bad += peek32(DATA_SEG, (uint16_t)i) != PATTERN + i / 512;
	check(bad == 0, "VBR 13h/42: each sector where it belongs");
}

/* From a stack that is not at segment 0, and only a few bytes high. */
static void small_stack(void)
{
	struct regs in = REGS(.eax = 0x4800, .edx = drive, .esi = 0x6000,
			      .ss = 0x3000, .esp = 0x0040), r;

	poke32(0, 0x6000, 0x1a);
	in.edi = 0x12345678;
	r = in;
	for (uint16_t i = 0; i < 0x40; i += 4)
		poke32(0x3000, i, 0x5c5c5c5c);
	call_int(0x13, &r);
	check(!(r.eflags & CF), "13h/48 on a foreign stack");
	check(peek32(0x3000, 0x10) == 0x5c5c5c5c &&
	      peek32(0x3000, 0x14) == 0x5c5c5c5c,
	      "13h uses at most 40 bytes of the caller's stack");
	unchanged("foreign stack", &in, &r, "a");
}

/* The one thing that must not be: an answer that looks like a partition past
 * the end was read. */
static void past_the_end(void)
{
	struct packet p = { 0x10, 0, 1, 0, DATA_SEG, 0xfffffff0u };
	struct regs in = REGS(.eax = 0x4200, .edx = drive,
			      .esi = (uint32_t)&p), r = in;

	call_int(0x13, &r);
	check(r.eflags & CF && r.eax >> 8 & 0xff,
	      "13h/42 past the end: CF, AH %02x", r.eax >> 8 & 0xff);
	check(p.count == 0, "13h/42 past the end: nothing done");
	unchanged("past the end", &in, &r, "a");
}

void test_main(uint8_t dl)
{
	drive = dl;
	check(dl == 0x80, "DL = %02x", dl);
	mbr_extensions();
	mbr_content();
	mbr_chs();
	mbr_reset();
	mbr_in_place();
	backwards();
	mbr_a20();
	tcg("MBR");
	mbr_message();
	vbr_parameters();
	vbr_loop(0);
	vbr_loop(IF);
	tcg("VBR");
	tcg_extend();
	small_stack();
	past_the_end();
	leave();
}
