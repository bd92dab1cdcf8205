/*
 * Reads many sectors a call, twenty times, between words on COM1; each waits
 * for a key, so that whoever listens can count the disk's requests before and
 * after.
 */
#include "tests/guest/bios/rt.h"

#define DATA_SEG 0x3000
#define CALLS 20

struct packet {
	uint8_t size, reserved;
	uint16_t count, off, seg;
	uint64_t block;
} __attribute__((packed));

static void pause_for(const char *word)
{
	struct regs r = REGS(.eax = 0x0000);

	say("%s", word);
	call_int(0x16, &r);
}

static unsigned read_all(uint8_t drive, uint16_t sectors)
{
	unsigned bad = 0;

	for (uint32_t n = 0; n < CALLS; n++) {
		struct packet p = { 16, 0, sectors, 0, DATA_SEG, PATTERN + n };
		struct regs r = REGS(.eax = 0x4200, .edx = drive,
				     .esi = (uint32_t)&p);

		call_int(0x13, &r);
		bad += (r.eflags & CF) || p.count != sectors ||
		       peek32(DATA_SEG, 0) != PATTERN + n;
	}
	return bad;
}

static unsigned read_chs(uint8_t drive)
{
	unsigned bad = 0;

	for (uint32_t n = 0; n < CALLS; n++) {
		struct regs r = REGS(.eax = 0x0220, .ecx = n + 1, .ebx = 0,
				     .es = DATA_SEG, .edx = 0x0300u | drive);

		call_int(0x13, &r);
		bad += (r.eflags & CF) || (r.eax & 0xff) != 32;
	}
	return bad;
}

void test_main(uint8_t drive)
{
	pause_for("ready");
	check(read_all(drive, 127) == 0, "%u packets of 127 sectors", CALLS);
	pause_for("packets");
	check(read_chs(drive) == 0, "%u reads of 32 sectors by CHS", CALLS);
	pause_for("chs");
	leave();
}
