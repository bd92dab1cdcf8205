/* Booted from a CD: what ISOLINUX, GRUB's cdboot and Windows' etfsboot ask. */
#include "tests/guest/bios/rt.h"

#define DATA_SEG 0x3000
#define CD_PATTERN 100          /* blocks from here on hold their number */

struct packet {
	uint8_t size, reserved;
	uint16_t count, off, seg;
	uint64_t block;
} __attribute__((packed));

static uint8_t drive;

static void specification(uint8_t al, uint32_t edx)
{
	struct regs in = REGS(.eax = 0x4b00u | al, .edx = edx, .ds = DATA_SEG,
			      .esi = 0x10), r = in;

	for (unsigned i = 0; i < 0x40; i += 4)
		poke32(DATA_SEG, (uint16_t)i, 0x5a5a5a5a);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && !(r.eax >> 8 & 0xff), "13h/4B%02x: CF clear",
	      (uint32_t)al);
	check(peek8(DATA_SEG, 0x10) == 0x13, "size 13h, at DS:SI");
	check(peek8(DATA_SEG, 0x11) == 0 && peek8(DATA_SEG, 0x12) == drive,
	      "no emulation, drive %02x", peek8(DATA_SEG, 0x12));
	check(peek32(DATA_SEG, 0x14) == 20, "image at block %u",
	      peek32(DATA_SEG, 0x14));
	check(peek16(DATA_SEG, 0x1c) == 0x07c0, "load segment %04x",
	      (uint32_t)peek16(DATA_SEG, 0x1c));
	check(peek8(DATA_SEG, 0x23) == 0x5a && peek8(DATA_SEG, 0x0f) == 0x5a,
	      "and nothing around it");
	unchanged("13h/4B", &in, &r, "a");
}

static void read_blocks(uint16_t count)
{
	struct packet p = { 16, 0, count, 0, DATA_SEG, CD_PATTERN };
	struct regs in = REGS(.eax = 0x4200, .edx = drive,
			      .esi = (uint32_t)&p), r = in;
	bool good = true;

	call_int(0x13, &r);
	check(!(r.eflags & CF) && p.count == count, "13h/42: %u blocks",
	      (uint32_t)count);
	for (unsigned i = 0; i < count; i++)
		good &= peek32((uint16_t)(DATA_SEG + i * 128), 0) ==
			CD_PATTERN + i &&
			peek32((uint16_t)(DATA_SEG + i * 128), 2044) ==
			CD_PATTERN + i;
	check(good, "13h/42: of 2048 bytes each, the right ones");
	unchanged("13h/42", &in, &r, "a");
}

static void refusals(void)
{
	struct packet p = { 16, 0, 1, 0, DATA_SEG, CD_PATTERN };
	struct regs r = REGS(.eax = 0x4300, .edx = drive, .esi = (uint32_t)&p);

	call_int(0x13, &r);
	check(r.eflags & CF && (r.eax >> 8 & 0xff) == 3 && p.count == 0,
	      "13h/43: write-protected");
	p.count = 2;
	p.block = 255;
	r = (struct regs)REGS(.eax = 0x4200, .edx = drive, .esi = (uint32_t)&p);
	call_int(0x13, &r);
	check(r.eflags & CF && p.count == 0, "13h/42 over the end");
	r = (struct regs)REGS(.eax = 0x0201, .ecx = 1, .edx = drive,
			      .es = DATA_SEG, .ebx = 0);
	call_int(0x13, &r);
	check(r.eflags & CF, "13h/02: not on a CD");
	r = (struct regs)REGS(.eax = 0x0800, .edx = drive);
	call_int(0x13, &r);
	check(r.eflags & CF, "13h/08: not on a CD");
	r = (struct regs)REGS(.eax = 0x4b01, .edx = 0x80, .ds = DATA_SEG,
			      .esi = 0);
	call_int(0x13, &r);
	check(r.eflags & CF, "13h/4B01 for a disk");
}

static void parameters(void)
{
	uint8_t buf[0x1e] = { 0x1a };
	struct regs r = REGS(.eax = 0x4800, .edx = drive, .esi = (uint32_t)buf);

	call_int(0x13, &r);
	check(!(r.eflags & CF) && *(uint16_t *)(buf + 0x18) == 2048,
	      "13h/48: 2048 bytes a block");
	check(*(uint32_t *)(buf + 0x10) == 256, "13h/48: 256 blocks");
	check((buf[2] & 0x74) == 0x74, "13h/48: removable");
	r = (struct regs)REGS(.eax = 0x4100, .ebx = 0x55aa, .edx = drive);
	call_int(0x13, &r);
	check(!(r.eflags & CF) && r.ecx & 1, "13h/41: packets");
	r = (struct regs)REGS(.eax = 0x1500, .edx = drive);
	call_int(0x13, &r);
	check(!(r.eflags & CF), "13h/15: CF clear");
}

static void locks(void)
{
	static const struct { uint32_t eax; uint8_t ah, al; } step[] = {
		{ 0x4502, 0x00, 0 }, { 0x4501, 0xb0, 0 }, { 0x4500, 0x00, 1 },
		{ 0x4500, 0x00, 1 }, { 0x4600, 0xb1, 0 }, { 0x4501, 0x00, 1 },
		{ 0x4501, 0x00, 0 }, { 0x4600, 0xb2, 0 },
	};
	unsigned bad = 0;

	for (unsigned i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		struct regs r = REGS(.eax = step[i].eax, .edx = drive);

		call_int(0x13, &r);
		bad += (r.eax >> 8 & 0xff) != step[i].ah ||
		       (r.eax & 0xff) != step[i].al ||
		       !(r.eflags & CF) != !step[i].ah;
	}
	check(bad == 0, "13h/45, 46: locks are counted, a CD stays in");
}

void test_main(uint8_t dl)
{
	drive = dl;
	check(dl == 0xe0, "DL = %02x", (uint32_t)dl);
	specification(1, drive);
	specification(0, drive);
	specification(1, 0x7f);
	read_blocks(1);
	read_blocks(32);
	read_blocks(96);
	refusals();
	parameters();
	locks();
	leave();
}
