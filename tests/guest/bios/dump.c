/*
 * Results of INT 11h to 1Ah, as text: "call | registers that changed". Run on
 * two BIOSes on the same machine, the texts are compared (compare.sh); what
 * may differ is listed there with its reason.
 */
#include "tests/guest/bios/rt.h"

#define BUF_SEG 0x3000

static uint8_t drive;

static void changed(const char *name, uint32_t was, uint32_t is)
{
	if (was != is)
		say("    %s %08x", name, is);
}

static void dump(const char *what, uint8_t n, const struct regs *in)
{
	struct regs r = *in;

	call_int(n, &r);
	say("%s: CF %u ZF %u IF %u", what, r.eflags & CF ? 1 : 0,
	    r.eflags & ZF ? 1 : 0, r.eflags & IF ? 1 : 0);
	changed("eax", in->eax, r.eax);
	changed("ebx", in->ebx, r.ebx);
	changed("ecx", in->ecx, r.ecx);
	changed("edx", in->edx, r.edx);
	changed("esi", in->esi, r.esi);
	changed("edi", in->edi, r.edi);
	changed("ebp", in->ebp, r.ebp);
	changed("ds", in->ds, r.ds);
	changed("es", in->es, r.es);
}

static void dump_buf(const char *what, unsigned len)
{
	say("%s:", what);
	for (unsigned i = 0; i < len; i += 16)
		say("    %02x: %08x %08x %08x %08x", i,
		    peek32(BUF_SEG, (uint16_t)i),
		    peek32(BUF_SEG, (uint16_t)(i + 4)),
		    peek32(BUF_SEG, (uint16_t)(i + 8)),
		    peek32(BUF_SEG, (uint16_t)(i + 12)));
}

static void fill_buf(void)
{
	for (unsigned i = 0; i < 0x200; i += 4)
		poke32(BUF_SEG, (uint16_t)i, 0xa5a5a5a5);
}

/* ---- 13h ------------------------------------------------------------------- */

static void disk_simple(const char *what, uint32_t eax, uint32_t edx)
{
	const struct regs in = REGS(.eax = eax, .edx = edx, .es = BUF_SEG,
				    .ebx = 0, .ecx = 1);

	dump(what, 0x13, &in);
}

static void disk_packet(const char *what, uint32_t eax, uint8_t size,
			uint16_t count, uint32_t to, uint32_t block)
{
	const struct regs in = REGS(.eax = eax, .edx = drive, .ds = BUF_SEG,
				    .esi = 0x100);

	fill_buf();
	poke32(BUF_SEG, 0x100, size | (uint32_t)count << 16);
	poke32(BUF_SEG, 0x104, to);
	poke32(BUF_SEG, 0x108, block);
	poke32(BUF_SEG, 0x10c, 0);
	dump(what, 0x13, &in);
	say("    count %u, first word %08x", peek16(BUF_SEG, 0x102),
	    peek32(0x4000, 0));
}

static void disk_parameters(const char *what, uint16_t size)
{
	const struct regs in = REGS(.eax = 0x4800, .edx = drive,
				    .ds = BUF_SEG, .esi = 0);

	fill_buf();
	poke32(BUF_SEG, 0, 0xa5a50000u | size);
	dump(what, 0x13, &in);
	dump_buf("    buffer", 0x50);
}

static void disk_chs(const char *what, uint32_t eax, uint32_t ecx, uint8_t dh)
{
	const struct regs in = REGS(.eax = eax, .ecx = ecx, .es = 0x4000,
				    .ebx = 0, .edx = (uint32_t)dh << 8 | drive);

	poke32(0x4000, 0, 0);
	dump(what, 0x13, &in);
	say("    first word %08x", peek32(0x4000, 0));
}

static void disks(void)
{
	disk_simple("13/00 reset", 0x0000, drive);
	disk_simple("13/01 status", 0x0100, drive);
	disk_chs("13/02 0,0,1", 0x0201, 0x0001, 0);
	disk_chs("13/02 0,2,3, 4 sectors", 0x0204, 0x0003, 2);
	disk_chs("13/02 no sectors", 0x0200, 0x0001, 0);
	disk_chs("13/02 sector 0", 0x0201, 0x0000, 0);
	disk_chs("13/02 129 sectors", 0x0281, 0x0001, 0);
	disk_chs("13/02 cylinder 1023", 0x0201, 0xffc1, 0);
	disk_chs("13/02 head 255", 0x0201, 0x0001, 255);
	disk_simple("13/01 after an error", 0x0100, drive);
	disk_chs("13/04 verify", 0x0404, 0x0001, 0);
	disk_simple("13/05 format", 0x0501, drive);
	disk_simple("13/08 parameters", 0x0800, drive);
	disk_simple("13/09 set parameters", 0x0900, drive);
	disk_simple("13/0c seek", 0x0c00, drive);
	disk_simple("13/0d reset", 0x0d00, drive);
	disk_simple("13/10 ready", 0x1000, drive);
	disk_simple("13/11 recalibrate", 0x1100, drive);
	disk_simple("13/14 diagnose", 0x1400, drive);
	disk_simple("13/15 type", 0x1500, drive);
	disk_simple("13/16 change", 0x1600, drive);
	disk_simple("13/18 unknown", 0x1800, drive);
	disk_simple("13/45 lock", 0x4500, drive);
	disk_simple("13/46 eject", 0x4600, drive);
	disk_simple("13/49 changed?", 0x4900, drive);
	disk_simple("13/4e01", 0x4e01, drive);
	disk_simple("13/4e09", 0x4e09, drive);
	disk_simple("13/4b01 without a CD", 0x4b01, drive);
}

static void absent_disks(void)
{
	disk_simple("13/00 no disk", 0x0000, 0x8f);
	disk_simple("13/02 no disk", 0x0201, 0x8f);
	disk_simple("13/08 no disk", 0x0800, 0x8f);
	disk_simple("13/15 no disk", 0x1500, 0x8f);
	disk_simple("13/41 no disk", 0x4100, 0x8f);
	disk_simple("13/00 no floppy", 0x0000, 0x00);
	disk_simple("13/02 no floppy", 0x0201, 0x00);
	disk_simple("13/08 no floppy", 0x0800, 0x00);
	disk_simple("13/15 no floppy", 0x1500, 0x00);
}

static void disks_edd(void)
{
	const struct regs check41 = REGS(.eax = 0x4100, .ebx = 0x55aa,
					 .edx = drive);
	const struct regs bad41 = REGS(.eax = 0x4100, .ebx = 0x1234,
				       .edx = drive);

	dump("13/41", 0x13, &check41);
	dump("13/41 without 55AA", 0x13, &bad41);
	disk_packet("13/42", 0x4200, 16, 4, 0x40000000, PATTERN);
	disk_packet("13/42 none", 0x4200, 16, 0, 0x40000000, PATTERN);
	disk_packet("13/42 127", 0x4200, 16, 127, 0x40000000, PATTERN + 1);
	disk_packet("13/42 128", 0x4200, 16, 128, 0x40000000, PATTERN);
	disk_packet("13/42 small packet", 0x4200, 8, 1, 0x40000000, PATTERN);
	disk_packet("13/42 last sector", 0x4200, 16, 1, 0x40000000, 32767);
	disk_packet("13/42 past the end", 0x4200, 16, 1, 0x40000000, 32768);
	disk_packet("13/42 over the end", 0x4200, 16, 2, 0x40000000, 32767);
	disk_packet("13/43", 0x4300, 16, 1, 0x40000000, PATTERN + 8);
	disk_packet("13/43 verify", 0x4301, 16, 1, 0x40000000, PATTERN + 8);
	disk_packet("13/44", 0x4400, 16, 4, 0x40000000, PATTERN);
	disk_packet("13/47", 0x4700, 16, 4, 0x40000000, PATTERN);
	disk_parameters("13/48 19h", 0x19);
	disk_parameters("13/48 1Ah", 0x1a);
	disk_parameters("13/48 1Eh", 0x1e);
	disk_parameters("13/48 42h", 0x42);
	disk_parameters("13/48 4Ah", 0x4a);
}

/* ---- 11h, 12h, 14h to 1Ah ------------------------------------------------------ */

static void simple(const char *what, uint8_t n, uint32_t eax)
{
	const struct regs in = REGS(.eax = eax, .ds = BUF_SEG, .es = BUF_SEG);

	dump(what, n, &in);
}

static void with(const char *what, uint8_t n, uint32_t eax, uint32_t ebx,
		 uint32_t ecx, uint32_t edx)
{
	const struct regs in = REGS(.eax = eax, .ebx = ebx, .ecx = ecx,
				    .edx = edx, .es = BUF_SEG, .edi = 0,
				    .esi = 0);

	dump(what, n, &in);
}

static void memory_map(uint32_t len)
{
	struct regs r = { 0 };
	unsigned n = 0;

	do {
		fill_buf();
		r = (struct regs){
			.eax = 0xe820, .ebx = r.ebx, .ecx = len,
			.edx = 0x534d4150, .es = BUF_SEG, .eflags = IF | 2,
		};
		call_int(0x15, &r);
		say("15/e820 %u bytes, %u: CF %u eax %08x ecx %08x more %u",
		    len, n, r.eflags & CF, r.eax, r.ecx, r.ebx != 0);
		say("    %08x%08x + %08x%08x type %u, then %08x",
		    peek32(BUF_SEG, 4), peek32(BUF_SEG, 0),
		    peek32(BUF_SEG, 12), peek32(BUF_SEG, 8),
		    peek32(BUF_SEG, 16), peek32(BUF_SEG, 20));
	} while (!(r.eflags & CF) && r.ebx && ++n < 32);
}

static void block_move(void)
{
	const struct regs in = REGS(.eax = 0x8700, .ecx = 4, .es = BUF_SEG,
				    .esi = 0);

	for (unsigned i = 0; i < 0x30; i += 4)
		poke32(BUF_SEG, (uint16_t)i, 0);
	poke32(BUF_SEG, 0x10, 0x0000ffff);      /* from 50000 */
	poke32(BUF_SEG, 0x14, 0x00009305);
	poke32(BUF_SEG, 0x18, 0x0000ffff);      /* to 03200000, and back */
	poke32(BUF_SEG, 0x1c, 0x03009320);
	poke32(0x5000, 0, 0x12345678);
	poke32(0x5000, 4, 0x9abcdef0);
	dump("15/87 up", 0x15, &in);
	poke32(BUF_SEG, 0x10, 0x0000ffff);
	poke32(BUF_SEG, 0x14, 0x03009320);
	poke32(BUF_SEG, 0x18, 0x0100ffff);      /* to 50100 */
	poke32(BUF_SEG, 0x1c, 0x00009305);
	dump("15/87 down", 0x15, &in);
	say("    %08x %08x", peek32(0x5000, 0x100), peek32(0x5000, 0x104));
}

static void system(void)
{
	simple("11", 0x11, 0xaeaeaeae);
	simple("12", 0x12, 0xaeaeaeae);
	simple("15/2400", 0x15, 0x2400);
	simple("15/2402", 0x15, 0x2402);
	simple("15/2401", 0x15, 0x2401);
	simple("15/2402", 0x15, 0x2402);
	simple("15/2403", 0x15, 0x2403);
	simple("15/2404", 0x15, 0x2404);
	simple("15/4f", 0x15, 0x4f1e);
	simple("15/52", 0x15, 0x5200);
	simple("15/5300", 0x15, 0x5300);
	simple("15/83 unknown", 0x15, 0x8302);
	with("15/86 2 ms", 0x15, 0x8600, 0, 0, 2000);
	with("15/86 50 us", 0x15, 0x8600, 0, 0, 50);
	block_move();
	simple("15/88", 0x15, 0x8800);
	simple("15/90", 0x15, 0x9000);
	simple("15/91", 0x15, 0x9100);
	simple("15/c0", 0x15, 0xc000);
	simple("15/c1", 0x15, 0xc100);
	simple("15/c4", 0x15, 0xc400);
	simple("15/c9", 0x15, 0xc900);
	simple("15/d8", 0x15, 0xd800);
	simple("15/e801", 0x15, 0xe801);
	simple("15/e881", 0x15, 0xe881);
	with("15/e820 no SMAP", 0x15, 0xe820, 0, 20, 0);
	with("15/e820 19 bytes", 0x15, 0xe820, 0, 19, 0x534d4150);
	with("15/e820 past the end", 0x15, 0xe820, 99, 20, 0x534d4150);
	memory_map(20);
	memory_map(24);
	with("15/e980", 0x15, 0xe980, 0, 0, 0x47534943);
	with("15/ec00", 0x15, 0xec00, 2, 0, 0);
}

static void mouse(void)
{
	with("15/c205", 0x15, 0xc205, 0x0300, 0, 0);
	with("15/c205 bad size", 0x15, 0xc205, 0x0000, 0, 0);
	with("15/c200 on, no handler", 0x15, 0xc200, 0x0100, 0, 0);
	with("15/c201", 0x15, 0xc201, 0, 0, 0);
	with("15/c202", 0x15, 0xc202, 0x0500, 0, 0);
	with("15/c202 bad", 0x15, 0xc202, 0x0700, 0, 0);
	with("15/c203", 0x15, 0xc203, 0x0200, 0, 0);
	with("15/c204", 0x15, 0xc204, 0, 0, 0);
	with("15/c206 00", 0x15, 0xc206, 0, 0, 0);
	with("15/c206 02", 0x15, 0xc206, 0x0200, 0, 0);
	with("15/c206 03", 0x15, 0xc206, 0x0300, 0, 0);
	with("15/c207", 0x15, 0xc207, 0x1234, 0, 0);
	with("15/c200 on", 0x15, 0xc200, 0x0100, 0, 0);
	with("15/c200 off", 0x15, 0xc200, 0x0000, 0, 0);
	with("15/c200 bad", 0x15, 0xc200, 0x0200, 0, 0);
	with("15/c208", 0x15, 0xc208, 0, 0, 0);
}

static void keyboard(void)
{
	simple("16/01 empty", 0x16, 0x0100);
	simple("16/11 empty", 0x16, 0x1100);
	with("16/05 push", 0x16, 0x0500, 0, 0x1e61, 0);
	with("16/05 push grey", 0x16, 0x0500, 0, 0x48e0, 0);
	with("16/05 push grey", 0x16, 0x0500, 0, 0x48e0, 0);
	simple("16/01 a", 0x16, 0x0100);
	simple("16/11 a", 0x16, 0x1100);
	simple("16/00 a", 0x16, 0x0000);
	simple("16/01 grey", 0x16, 0x0100);
	simple("16/11 grey", 0x16, 0x1100);
	simple("16/00 grey", 0x16, 0x0000);
	simple("16/10 grey", 0x16, 0x1000);
	for (unsigned i = 0; i < 15; i++) {
		const struct regs in = REGS(.eax = 0x0500, .ecx = 0x1e61);
		struct regs r = in;

		call_int(0x16, &r);
	}
	with("16/05 full", 0x16, 0x0500, 0, 0x1e61, 0);
	for (unsigned i = 0; i < 15; i++) {
		const struct regs in = REGS(.eax = 0x0000);
		struct regs r = in;

		call_int(0x16, &r);
	}
	simple("16/01 empty again", 0x16, 0x0100);
	simple("16/02", 0x16, 0x0200);
	simple("16/03", 0x16, 0x0305);
	simple("16/09", 0x16, 0x0900);
	simple("16/0a", 0x16, 0x0a00);
	simple("16/12", 0x16, 0x1200);
	simple("16/6f", 0x16, 0x6f08);
	simple("16/92", 0x16, 0x9200);
	simple("16/a2", 0x16, 0xa200);
	simple("16/55", 0x16, 0x5500);
}

static void ports(void)
{
	with("14/00 COM1", 0x14, 0x00e3, 0, 0, 0);
	with("14/01 COM1", 0x14, 0x0100 | '.', 0, 0, 0);
	with("14/00 COM2", 0x14, 0x00e3, 0, 0, 1);
	with("14/01 COM2", 0x14, 0x0100 | '.', 0, 0, 1);
	with("14/02 COM2", 0x14, 0x0200, 0, 0, 1);
	with("14/03 COM1", 0x14, 0x0300, 0, 0, 0);
	with("14/03 COM2", 0x14, 0x0300, 0, 0, 1);
	with("14/03 COM9", 0x14, 0x0300, 0, 0, 8);
	with("14/04 COM1", 0x14, 0x0400, 0, 0, 0);
	with("17/00 LPT2", 0x17, 0x0041, 0, 0, 1);
	with("17/01 LPT2", 0x17, 0x0100, 0, 0, 1);
	with("17/02 LPT2", 0x17, 0x0200, 0, 0, 1);
}

/* The time itself is masked: its form is what is compared. */
static void clock_form(const char *what, uint32_t eax)
{
	const struct regs in = REGS(.eax = eax);
	struct regs r = in;
	bool bcd;

	call_int(0x1a, &r);
	bcd = (r.ecx & 15) < 10 && (r.edx >> 8 & 15) < 10 &&
	      (r.ecx >> 8 & 15) < 10;
	say("%s: CF %u AH %02x AL is CH %u BCD %u DL %02x high %04x%04x%04x",
	    what, r.eflags & CF, r.eax >> 8 & 0xff,
	    (r.eax & 0xff) == (r.ecx >> 8 & 0xff), bcd,
	    eax == 0x0200 ? r.edx & 0xff : 0,
	    r.eax >> 16, r.ecx >> 16, r.edx >> 16);
}

static void clock(void)
{
	clock_form("1a/02 time", 0x0200);
	clock_form("1a/04 date", 0x0400);
	with("1a/01 set ticks", 0x1a, 0x0100, 0, 0x0001, 0x8000);
	simple("1a/01 unknown regs", 0x1a, 0xaeae0100);
	with("1a/06 alarm", 0x1a, 0x0600, 0, 0x2359, 0x5900);
	with("1a/06 alarm again", 0x1a, 0x0600, 0, 0x2359, 0x5900);
	with("1a/07 no alarm", 0x1a, 0x0700, 0, 0, 0);
	/* SeaBIOS lets the clock run meanwhile: from a day 30 or 31 it would go
	 * into a February that has no such day, and come out in March. */
	with("1a/05 March 1", 0x1a, 0x0500, 0, 0x2024, 0x0301);
	with("1a/05 date", 0x1a, 0x0500, 0, 0x2024, 0x0229);
	with("1a/04 that date", 0x1a, 0x0400, 0, 0, 0);
	with("1a/03 time", 0x1a, 0x0300, 0, 0x1234, 0x0000);
	clock_form("1a/02 that time", 0x0200);
	with("1a/08 unknown", 0x1a, 0x0800, 0, 0, 0);
}

static void pci(void)
{
	with("1a/b101", 0x1a, 0xb101, 0, 0, 0);
	with("1a/b102 host bridge", 0x1a, 0xb102, 0, 0x1237, 0x8086);
	with("1a/b102 none", 0x1a, 0xb102, 0, 0x9999, 0x8086);
	with("1a/b102 FFFF", 0x1a, 0xb102, 0, 0x1237, 0xffff);
	with("1a/b103 host bridge", 0x1a, 0xb103, 0, 0x060000, 0);
	with("1a/b103 none", 0x1a, 0xb103, 0, 0x123456, 0);
	with("1a/b108", 0x1a, 0xb108, 0, 0, 0);
	with("1a/b109", 0x1a, 0xb109, 0, 0, 0);
	with("1a/b10a", 0x1a, 0xb10a, 0, 0, 0);
	with("1a/b10b", 0x1a, 0xb10b, 0, 0, 0);
	with("1a/b10c", 0x1a, 0xb10c, 0, 0, 0);
	with("1a/b10d", 0x1a, 0xb10d, 0, 0, 0);
	with("1a/b10e no room", 0x1a, 0xb10e, 0, 0, 0);
	with("1a/b10f", 0x1a, 0xb10f, 0, 0, 0);
	with("1a/b1ff", 0x1a, 0xb1ff, 0, 0, 0);
	simple("1a/bb00", 0x1a, 0xbb00);
}

/* What programs read without a call. */
static void tables(void)
{
	static const uint8_t vectors[] = {
		0x05, 0x08, 0x09, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
		0x17, 0x18, 0x19, 0x1a, 0x1c, 0x1d, 0x1e, 0x40, 0x70, 0x75,
	};

	for (unsigned i = 0; i < sizeof(vectors); i++)
		say("vector %02x in segment %04x", vectors[i],
		    peek16(0, (uint16_t)(vectors[i] * 4 + 2)));
	say("vector 1e: %04x", peek16(0, 0x78));
	say("BDA 00: %08x %08x", peek32(0x40, 0), peek32(0x40, 4));
	say("BDA 0e: %04x", peek16(0x40, 0x0e));
	say("BDA 10: %04x 13: %04x", peek16(0x40, 0x10), peek16(0x40, 0x13));
	say("BDA 75: %02x 80: %08x 96: %02x", peek8(0x40, 0x75),
	    peek32(0x40, 0x80), peek8(0x40, 0x96));
	say("F000:FFF0: %02x, FFFE: %02x", peek8(0xf000, 0xfff0),
	    peek8(0xf000, 0xfffe));
	say("F000:E6F5: %08x %08x", peek32(0xf000, 0xe6f5),
	    peek32(0xf000, 0xe6f9));
	say("F000:EFC7: %08x %08x", peek32(0xf000, 0xefc7),
	    peek32(0xf000, 0xefcb));
	say("FDPT cylinders %u heads %u sectors %u",
	    peek16(peek16(0, 0x106), peek16(0, 0x104)),
	    peek8(peek16(0, 0x106), (uint16_t)(peek16(0, 0x104) + 2)),
	    peek8(peek16(0, 0x106), (uint16_t)(peek16(0, 0x104) + 14)));
}

void test_main(uint8_t dl)
{
	drive = dl;
	say("begin");
	tables();
	disks();
	absent_disks();
	disks_edd();
	system();
	mouse();
	keyboard();
	ports();
	clock();
	pci();
	say("end");
	leave();
}
