/* Modes, cursor, pages, scrolling, characters, strings. */
#include "tests/guest/int10/int10.h"

/* ---- modes ---------------------------------------------------------------------- */

static const u8 modes[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13,
};

static void mode_sets(void)
{
	for (unsigned i = 0; i < sizeof(modes); i++) {
		u8 m = modes[i];

		int10(m, 0, 0, 0);
		told("mode ", m, 2);
		registers("mode ", m);
		label("mode ", m, 2);
		field("dac64", dac_hash(0, 64), 8);
		put('\n');
		bda("mode ", m);
		int10(0x0f00, 0, 0, 0);
		told("mode get ", m, 2);
		if (m <= 3 || m == 7)
			text("mode ", m, m == 7 ? 0xb000 : 0xb800);
		else
			planes("mode ", m);
	}
	label("mode 13 dac256", 0, 0);
	field("all", dac_hash(0, 256), 8);
	put('\n');
	/* memory is kept on request */
	int10(0x0003, 0, 0, 0);
	pokew(0xb800, 0x100, 0x1e41);
	int10(0x0083, 0, 0, 0);
	told("mode kept ", 3, 2);
	bda("mode kept ", 3);
	text("mode kept ", 3, 0xb800);
	int10(0x0f00, 0, 0, 0);
	told("mode kept get", 0, 0);
	/* there are no such modes */
	int10(0x0003, 0, 0, 0);
	int10(0x0014, 0, 0, 0);
	int10(0x0f00, 0, 0, 0);
	told("mode 14 get", 0, 0);
	int10(0x0009, 0, 0, 0);
	int10(0x0f00, 0, 0, 0);
	told("mode 09 get", 0, 0);
}

/* ---- text ---------------------------------------------------------------------------- */

static void cursor(void)
{
	static const u16 shapes[] = {
		0x0607, 0x0007, 0x0407, 0x2000, 0x0d0e, 0x0f0f, 0x0102,
	};

	int10(0x0003, 0, 0, 0);
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		int10(0x0100, 0, shapes[i], 0);
		int10(0x0300, 0, 0, 0);
		told("shape ", shapes[i], 4);
		label("shape ", shapes[i], 4);
		row("hardware", 0x3d4, 12);
		put('\n');
	}
	for (u8 page = 0; page < 9; page++)
		int10(0x0200, (u16)(page << 8), 0, (u16)(0x0305 + page * 0x101));
	for (u8 page = 0; page < 9; page++) {
		int10(0x0300, (u16)(page << 8), 0, 0xffff);
		if (page < 8)
			told("cursor of page ", page, 1);
	}
	for (u8 page = 0; page < 8; page++) {
		int10((u16)(0x0500 | page), 0, 0, 0);
		bda("page ", page);
		registers("page ", page);
	}
	int10(0x0508, 0, 0, 0);
	bda("page ", 8);
	int10(0x0400, 0, 0, 0);
	label("light pen", 0, 0);
	field("ah", regs.ax >> 8 & 0xff, 2);
	put('\n');
}

static void pattern(u16 seg)
{
	for (u16 i = 0; i < 0x8000; i += 2)
		pokew(seg, i, (u16)(0x0741 + i * 3));
}

static void scrolling(void)
{
	static const struct { u16 ax, bx, cx, dx; } cases[] = {
		{ 0x0601, 0x1700, 0x0000, 0x184f }, { 0x0701, 0x1700, 0x0000, 0x184f },
		{ 0x0600, 0x1f00, 0x0000, 0x184f }, { 0x0700, 0x1f00, 0x0305, 0x0a20 },
		{ 0x0603, 0x4e00, 0x0305, 0x0a20 }, { 0x0705, 0x4e00, 0x0305, 0x0a20 },
		{ 0x0608, 0x4e00, 0x0305, 0x0a20 }, { 0x06ff, 0x4e00, 0x0305, 0x0a20 },
		{ 0x0602, 0x3100, 0x0000, 0xffff }, { 0x0702, 0x3100, 0x1040, 0x30f0 },
		{ 0x0601, 0x3100, 0x0505, 0x0404 }, { 0x0601, 0x3100, 0x0505, 0x0505 },
	};
	unsigned n = sizeof(cases) / sizeof(cases[0]);

	for (unsigned i = 0; i < n; i++) {
		int10(0x0003, 0, 0, 0);
		pattern(0xb800);
		int10(cases[i].ax, cases[i].bx, cases[i].cx, cases[i].dx);
		text("scroll ", i, 0xb800);
	}
	int10(0x0501, 0, 0, 0);
	pattern(0xb800);
	int10(0x0601, 0x1700, 0x0000, 0x184f);
	text("scroll page ", 1, 0xb800);
	int10(0x0007, 0, 0, 0);
	pattern(0xb000);
	int10(0x0702, 0x0700, 0x0101, 0x104f);
	text("scroll mono ", 7, 0xb000);
	int10(0x0001, 0, 0, 0);
	pattern(0xb800);
	int10(0x0602, 0x0700, 0x0101, 0x1020);
	text("scroll 40 ", 1, 0xb800);
}

static void characters(void)
{
	int10(0x0003, 0, 0, 0);
	int10(0x0200, 0x0000, 0, 0x0510);
	int10(0x0941, 0x001e, 5, 0);
	int10(0x0200, 0x0000, 0, 0x0515);
	int10(0x0a42, 0x004f, 7, 0);
	int10(0x0200, 0x0000, 0, 0x064e);
	int10(0x0943, 0x0031, 100, 0);
	int10(0x0944, 0x0031, 0, 0);
	text("write ", 0, 0xb800);
	int10(0x0200, 0x0000, 0, 0x0512);
	int10(0x0800, 0x0000, 0, 0);
	told("read", 0, 0);
	int10(0x0200, 0x0300, 0, 0x0203);
	int10(0x0945, 0x0322, 3, 0);
	int10(0x0800, 0x0300, 0, 0);
	told("read page 3", 0, 0);
	text("write page ", 3, 0xb800);
	bda("write page ", 3);

	int10(0x0003, 0, 0, 0);
	type("Hello\r\nworld\x08\x08\x08\x08\x08\x08\x08!\a\r\n\n", 7);
	bda("tty ", 0);
	text("tty ", 0, 0xb800);
	for (unsigned i = 0; i < 30; i++)
		type("0123456789012345678901234567890123456789012345678901234567890123456789012345678901", 7);
	bda("tty ", 1);
	text("tty ", 1, 0xb800);
	registers("tty ", 1);
	/* a new row is as the one before */
	int10(0x0600, 0x1f00, 0, 0x184f);
	int10(0x0200, 0, 0, 0x1800);
	type("\n\nx", 7);
	text("tty coloured ", 2, 0xb800);
	bda("tty coloured ", 2);
}

static void string(const char *what, u16 ax, u16 bx, u16 cx, u16 dx)
{
	at(BUFFER, 0x100, 0x0200);
	int10(ax, bx, cx, dx);
	label(what, ax & 0xff, 2);
	field("bp", regs.bp & 0xffff, 4);
	field("es", regs.es, 4);
	put('\n');
	bda(what, ax & 0xff);
	text(what, ax & 0xff, 0xb800);
}

static void strings(void)
{
	static const char s[] = "A string\r\nin two lines\x08.";

	int10(0x0003, 0, 0, 0);
	for (unsigned i = 0; s[i]; i++)
		poke(BUFFER, (u16)(0x200 + i), (u8)s[i]);
	string("string ", 0x1300, 0x0017, sizeof(s) - 1, 0x0a0a);
	string("string ", 0x1301, 0x0027, sizeof(s) - 1, 0x0c0a);
	string("string end ", 0x1301, 0x0037, sizeof(s) - 1, 0x1848);
	string("string page ", 0x1301, 0x0247, 5, 0x0102);
	string("string none ", 0x1301, 0x0047, 0, 0x0502);
	for (unsigned i = 0; i < 20; i++)
		pokew(BUFFER, (u16)(0x200 + 2 * i), (u16)(0x1041 + 0x101 * i));
	string("string attr ", 0x1302, 0x0007, 20, 0x0e0a);
	string("string attr ", 0x1303, 0x0007, 20, 0x0f48);
}

void test_text(void)
{
	mode_sets();
	cursor();
	scrolling();
	characters();
	strings();
}
