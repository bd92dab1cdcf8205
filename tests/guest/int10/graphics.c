/* Colours, fonts, characters and dots in graphics modes. */
#include "tests/guest/int10/int10.h"

/* ---- colours ---------------------------------------------------------------------------- */

static void colours(void)
{
	int10(0x0003, 0, 0, 0);
	for (u16 bl = 0; bl < 0x20; bl++) {
		int10(0x0b00, bl, 0, 0);
		int10(0x1008, 0, 0, 0);
		told("border ", bl, 2);
	}
	int10(0x0004, 0, 0, 0);
	int10(0x0b00, 0x0011, 0, 0);
	registers("cga background ", 0x11);
	int10(0x0b01, 0x0100, 0, 0);
	registers("cga palette ", 0);
	int10(0x0b01, 0x0101, 0, 0);
	registers("cga palette ", 1);
	int10(0x0003, 0, 0, 0);
	int10(0x1000, 0x3f05, 0, 0);
	int10(0x1000, 0x3f15, 0, 0);
	int10(0x1007, 0x0005, 0, 0);
	told("one attribute", 0, 0);
	int10(0x1001, 0x2a00, 0, 0);
	int10(0x1008, 0, 0, 0);
	told("border", 0, 0);
	for (u16 i = 0; i < 17; i++)
		poke(BUFFER, i, (u8)(0x3f - i));
	at(BUFFER, 0, 0);
	int10(0x1002, 0, 0, 0);
	registers("all attributes ", 0);
	at(BUFFER, 0, 0);
	int10(0x1009, 0, 0, 0x80);
	label("all attributes", 0, 0);
	field("read", hash_mem(BUFFER, 0x80, 17), 8);
	put('\n');
	int10(0x0003, 0, 0, 0);
	int10(0x1003, 0, 0, 0);
	registers("no blinking ", 0);
	int10(0x1003, 1, 0, 0);
	registers("blinking ", 1);

	int10(0x1010, 0x0040, 0x1122, 0x3300);
	int10(0x1015, 0x0040, 0, 0);
	told("dac", 0, 0);
	for (u16 i = 0; i < 300; i++)
		poke(BUFFER, i, (u8)(i * 5 & 0x3f));
	at(BUFFER, 0, 0);
	int10(0x1012, 0x0080, 100, 0);
	at(BUFFER, 0, 0);
	int10(0x1017, 0x0080, 100, 0x400);
	label("dacs", 0, 0);
	field("read", hash_mem(BUFFER, 0x400, 300), 8);
	field("hash", dac_hash(0x80, 100), 8);
	put('\n');
	int10(0x101b, 0x0080, 100, 0);
	label("grey", 0, 0);
	field("hash", dac_hash(0x80, 100), 8);
	put('\n');
	int10(0x1018, 0x003f, 0, 0);
	int10(0x1019, 0, 0, 0);
	told("mask", 0, 0);
	int10(0x1018, 0x00ff, 0, 0);
	for (u16 mode = 0; mode < 2; mode++) {
		int10(0x1013, (u16)(mode << 8), 0, 0);
		int10(0x1013, (u16)(0x0301), 0, 0);
		registers("dac page ", mode);
		int10(0x101a, 0, 0, 0);
		told("dac page ", mode, 1);
	}
	int10(0x10ff, 0x1234, 0x5678, 0x9abc);
	told("10ff", 0, 0);
}

/* ---- fonts --------------------------------------------------------------------------------- */

/* A font that both BIOSes are given. */
static void make_font(u16 off)
{
	for (u16 c = 0; c < 256; c++)
		for (u16 y = 0; y < 16; y++)
			poke(BUFFER, (u16)(off + 16 * c + y),
			     (u8)(c * 7 + y * 29 + (c >> 3)));
}

static void fonts(void)
{
	make_font(0x1000);
	int10(0x0003, 0, 0, 0);
	at(BUFFER, 0, 0x1000);
	int10(0x1100, 0x1000, 256, 0);
	planes("font user ", 0);
	registers("font user ", 0);
	at(BUFFER, 0, 0x1000);
	int10(0x1100, 0x0e02, 10, 65);
	at(BUFFER, 0, 0x1000);
	int10(0x1100, 0x0807, 5, 250);
	planes("font blocks ", 7);
	int10(0x1103, 0x0039, 0, 0);
	registers("font show ", 0x39);
	int10(0x0003, 0, 0, 0);
	at(BUFFER, 0, 0x1000);
	int10(0x1110, 0x0c00, 256, 0);
	bda("font 12 ", 0);
	registers("font 12 ", 0);
	static const u16 al[] = { 0x11, 0x12, 0x14, 0x01, 0x02, 0x04 };

	for (unsigned i = 0; i < 6; i++) {
		int10(0x0003, 0, 0, 0);
		int10((u16)(0x1100 | al[i]), 0, 0, 0);
		bda("font ", al[i]);
		registers("font ", al[i]);
	}
	int10(0x0012, 0, 0, 0);
	at(BUFFER, 0, 0x1000);
	int10(0x1121, 0x0000, 14, 34);
	bda("font graphics ", 0x21);
	for (u16 a = 0x22; a <= 0x24; a++)
		for (u16 bl = 1; bl < 4; bl++) {
			int10((u16)(0x1100 | a), bl, 0, 0);
			bda("font graphics ", a << 4 | bl);
		}
	at(BUFFER, 0, 0x1234);
	int10(0x1120, 0, 0, 0);
	label("font upper", 0, 0);
	field("off", peekw(0, 0x1f * 4), 4);
	field("seg", peekw(0, 0x1f * 4 + 2), 4);
	put('\n');
	int10(0x0003, 0, 0, 0);
	for (u16 bh = 0; bh < 8; bh++) {
		at(0x7777, 0, 0x8888);
		int10(0x1130, (u16)(bh << 8), 0, 0);
		label("font info ", bh, 1);
		field("cx", regs.cx & 0xffff, 4);
		field("dl", regs.dx & 0xff, 2);
		field("set", regs.es != 0x7777, 1);
		put('\n');
	}
}

/* ---- graphics -------------------------------------------------------------------------------- */

static void draw(u8 m)
{
	static const u8 drawn[] = { 'A', 'z', 0x80, 0xff, '@' };

	int10(m, 0, 0, 0);
	/* of 8 lines; others have the whole font at once */
	at(BUFFER, 0, 0x2000);
	int10(0x1120, 0, 0, 0);
	at(BUFFER, 0, 0x1000);
	int10(0x1121, 0, peekw(0x40, 0x85), peek(0x40, 0x84) + 1);
	for (unsigned i = 0; i < sizeof(drawn); i++) {
		int10(0x0200, 0, 0, (u16)(i << 8 | (i + 3)));
		int10((u16)(0x0900 | drawn[i]), (u16)(i * 5 + 1), 2, 0);
	}
	planes("draw ", m);
	int10(0x0200, 0, 0, 0x0103);
	int10(0x0930, 0x008f, 3, 0);
	planes("draw xor ", m);
	for (u16 i = 0; i < 40; i++) {
		int10((u16)(0x0c00 | (i * 3 & 0x0f)), 0, (u16)(i * 5), (u16)(i * 4 + 1));
		int10((u16)(0x0c80 | (i * 3 & 0x0f)), 0, (u16)(i * 7), (u16)(i + 1));
	}
	planes("dots ", m);
	for (u16 i = 0; i < 8; i++) {
		int10(0x0d00, 0, (u16)(i * 5), (u16)(i * 4 + 1));
		label("dot ", m, 2);
		field("al", regs.ax & 0xff, 2);
		put('\n');
	}
	int10(0x0200, 0, 0, 0x0509);
	int10(0x0950, 0x0003, 1, 0);
	int10(0x0800, 0, 0, 0);
	label("seen ", m, 2);
	field("al", regs.ax & 0xff, 2);
	put('\n');
	int10(0x0602, m <= 6 ? 0 : 0x0500, 0x0002, 0x0a1e);
	planes("move up ", m);
	int10(0x0703, m <= 6 ? 0 : 0x0a00, 0x0103, 0x0f10);
	planes("move down ", m);
	int10(0x0200, 0, 0, (u16)(peek(0x40, 0x84) << 8));
	type("q\n\nw", 2);
	planes("tty graphics ", m);
	bda("tty graphics ", m);
}

static void graphics(void)
{
	static const u8 all[] = { 4, 6, 0x0d, 0x0e, 0x10, 0x12, 0x13 };

	make_font(0x1000);
	make_font(0x2000);
	for (unsigned i = 0; i < sizeof(all); i++)
		draw(all[i]);
}

void test_graphics(void)
{
	colours();
	fonts();
	graphics();
}
