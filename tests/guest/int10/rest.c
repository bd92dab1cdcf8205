/* AH=12, 1A to 1C and VBE. */
#include "tests/guest/int10/int10.h"

/* ---- the rest of the VGA's ---------------------------------------------------------------------- */

static void alternates(void)
{
	int10(0x0003, 0, 0, 0);
	int10(0x1200, 0xff10, 0, 0);
	told("ega info", 0, 0);
	int10(0x1201, 0x0032, 0, 0);
	told("video off", 0, 0);
	int10(0x1200, 0x0032, 0, 0);
	told("video on", 0, 0);
	for (u16 lines = 0; lines < 3; lines++) {
		int10((u16)(0x1200 | lines), 0x0030, 0, 0);
		told("scan lines ", lines, 1);
		int10(0x0003, 0, 0, 0);
		bda("scan lines ", lines);
		registers("scan lines ", lines);
	}
	int10(0x1201, 0x0031, 0, 0);
	told("palette kept", 0, 0);
	int10(0x1010, 0x0001, 0x1122, 0x3300);
	int10(0x0003, 0, 0, 0);
	int10(0x1015, 0x0001, 0, 0);
	told("palette kept", 0, 0);
	int10(0x1200, 0x0031, 0, 0);
	int10(0x1200, 0x0033, 0, 0);
	told("grey on", 0, 0);
	int10(0x0013, 0, 0, 0);
	label("grey on", 0, 0);
	field("dac", dac_hash(0, 256), 8);
	put('\n');
	int10(0x1201, 0x0033, 0, 0);
	int10(0x0003, 0, 0, 0);
	int10(0x1201, 0x0034, 0, 0);
	told("no emulation", 0, 0);
	int10(0x0100, 0, 0x0607, 0);
	registers("no emulation ", 0);
	int10(0x1200, 0x0034, 0, 0);
	int10(0x1201, 0x0036, 0, 0);
	told("refresh off", 0, 0);
	registers("refresh off ", 0);
	int10(0x1200, 0x0036, 0, 0);
	registers("refresh on ", 0);
	int10(0x1a00, 0, 0, 0);
	told("displays", 0, 0);
	int10(0x1a01, 0x0007, 0, 0);
	int10(0x1a00, 0, 0, 0);
	told("displays", 0, 0);
	int10(0x1a01, 0x0008, 0, 0);
	for (u16 i = 0; i < 64; i++)
		poke(BUFFER, i, 0xee);
	at(BUFFER, 0, 0);
	int10(0x1b00, 0, 0, 0);
	told("functionality", 0, 0);
	for (u16 i = 4; i < 64; i++) {
		label("functionality ", i, 2);
		field("is", peek(BUFFER, i), 2);
		put('\n');
	}
	at(BUFFER, 0, 0);
	int10(0x1bff, 0x1234, 0, 0);
	told("functionality none", 0, 0);
	int10(0x1d00, 0x1234, 0x5678, 0x9abc);
	told("1d00", 0, 0);
}

/* Saved, spoilt, restored: what is there afterwards must be what was. */
static void keep(u16 ax, u16 dl, u16 cx)
{
	u16 mode = 0x0012;

	int10(0x0003, 0, 0, 0);
	type("kept", 7);
	int10(0x1010, 0x0007, 0x1122, 0x3300);
	int10(0x1112, 0, 0, 0);
	at(BUFFER, 0, 0);
	int10((u16)(ax | (ax == 0x1c00 ? 1 : 0)), 0x0000, cx, (u16)(dl | 1));
	int10(mode, 0, 0, 0);
	at(BUFFER, 0, 0);
	int10((u16)(ax | (ax == 0x1c00 ? 2 : 0)), 0x0000, cx, (u16)(dl | 2));
	label("kept ", (u32)ax << 4 | cx, 5);
	field("ax", regs.ax & 0xffff, 4);
	put('\n');
	registers("kept ", cx);
	bda("kept ", cx);
	label("kept ", cx, 2);
	field("dac", dac_hash(0, 64), 8);
	put('\n');
}

static void states(void)
{
	int10(0x0003, 0, 0, 0);
	for (u16 cx = 0; cx < 8; cx++) {
		int10(0x1c00, 0, cx, 0);
		label("state size ", cx, 2);
		field("al", regs.ax & 0xff, 2);
		put('\n');
	}
	keep(0x1c00, 0, 7);
	keep(0x4f04, 0, 7);
}

void test_rest(void)
{
	alternates();
	states();
}

/* ---- VBE ----------------------------------------------------------------------------------------- */

static u16 dispi(u16 index)
{
	outw(0x1ce, index);
	return inw(0x1cf);
}

static void vbe_infos(void)
{
	for (u16 i = 0; i < 1024; i++)
		poke(BUFFER, i, 0xcc);
	pokew(BUFFER, 0, 0x4256);
	pokew(BUFFER, 2, 0x3245);
	at(BUFFER, 0, 0);
	int10(0x4f00, 0, 0, 0);
	told("vbe controller", 0, 0);
	label("vbe controller", 0, 0);
	field("signature", (u32)peekw(BUFFER, 2) << 16 | peekw(BUFFER, 0), 8);
	field("version", peekw(BUFFER, 4), 4);
	field("abilities", peekw(BUFFER, 0x0a), 4);
	field("memory", peekw(BUFFER, 0x12), 4);
	field("last", peek(BUFFER, 511), 2);
	field("behind", peek(BUFFER, 512), 2);
	put('\n');
	for (u16 mode = 0x100; mode < 0x1a0; mode++) {
		for (u16 i = 0; i < 300; i++)
			poke(BUFFER, i, 0xcc);
		at(BUFFER, 0, 0);
		int10(0x4f01, 0, mode, 0);
		label("vbe mode ", mode, 3);
		field("ax", regs.ax & 0xffff, 4);
		put('\n');
		if ((regs.ax & 0xffff) != 0x004f)
			continue;
		for (u16 i = 0; i < 0x44; i += 2) {
			say("vbe mode ");
			hex(mode, 3);
			label(" at ", i, 2);
			/* the window function is in the ROM */
			if (i == 0x0c || i == 0x0e)
				field("set", peekw(BUFFER, i) != 0, 1);
			else
				field("is", peekw(BUFFER, i), 4);
			put('\n');
		}
		label("vbe mode ", mode, 3);
		field("rest", hash_mem(BUFFER, 0x44, 256 - 0x44), 8);
		field("behind", peek(BUFFER, 256), 2);
		put('\n');
	}
}

static void vbe_try(u16 mode)
{
	int10(0x4f02, mode, 0, 0);
	label("vbe set ", mode, 4);
	field("ax", regs.ax & 0xffff, 4);
	say(" dispi=");
	for (u16 i = 1; i < 10; i++) {
		if (i == 7)             /* the virtual height is a guess */
			continue;
		hex(dispi(i), 4);
		put(i < 9 ? ',' : '\n');
	}
	int10(0x4f03, 0, 0, 0);
	told("vbe get ", mode, 4);
	bda("vbe set ", mode);
	int10(0x0f00, 0, 0, 0);
	told("vbe 0f ", mode, 4);
	int10(0x4f05, 0x0000, 0, 3);
	told("vbe bank ", mode, 4);
	int10(0x4f05, 0x0100, 0, 0xffff);
	told("vbe bank get ", mode, 4);
	int10(0x4f06, 0x0001, 0, 0);
	told("vbe line get ", mode, 4);
	int10(0x4f06, 0x0000, 1032, 0);
	told("vbe line set ", mode, 4);
	int10(0x4f06, 0x0003, 0, 0);
	told("vbe line longest ", mode, 4);
	int10(0x4f07, 0x0000, 8, 5);
	told("vbe start ", mode, 4);
	int10(0x4f07, 0x0001, 0, 0);
	told("vbe start get ", mode, 4);
	int10(0x4f07, 0x0000, 0xfff0, 0xfff0);
	told("vbe start far ", mode, 4);
	int10(0x4f08, 0x0800, 0, 0);
	told("vbe dac ", mode, 4);
	int10(0x4f08, 0x0001, 0, 0);
	told("vbe dac get ", mode, 4);
}

static void vbe_modes(void)
{
	static const u16 all[] = {
		0x0101, 0x4101, 0xc103, 0x8105, 0x4111, 0x4115, 0x4118, 0x4143,
		0x4144, 0x0144, 0x4192, 0x0102, 0x0003, 0x8013, 0x41ff, 0x0300,
		0x0014,
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		vbe_try(all[i]);
	/* into a bank and out of it */
	int10(0x4f02, 0x0101, 0, 0);
	int10(0x4f05, 0, 0, 2);
	poke(0xa000, 0x1234, 0x5a);
	int10(0x4f05, 0, 0, 0);
	label("vbe bank memory", 0, 0);
	field("here", peek(0xa000, 0x1234), 2);
	int10(0x4f05, 0, 0, 2);
	field("there", peek(0xa000, 0x1234), 2);
	put('\n');
	for (u16 i = 0; i < 64; i++)
		poke(BUFFER, i, i * 3 & 0x3f);
	at(BUFFER, 0, 0);
	int10(0x4f09, 0x0000, 8, 0x10);
	told("vbe colours", 0, 0);
	at(BUFFER, 0x100, 0);
	int10(0x4f09, 0x0001, 8, 0x10);
	label("vbe colours", 0, 0);
	field("read", hash_mem(BUFFER, 0x100, 32), 8);
	field("dac", dac_hash(0x10, 8), 8);
	put('\n');
	int10(0x4f0a, 0, 0, 0);
	label("vbe 0a", 0, 0);
	field("ax", regs.ax & 0xffff, 4);
	put('\n');
	int10(0x4f0f, 0, 0, 0);
	label("vbe 0f", 0, 0);
	field("ax", regs.ax & 0xffff, 4);
	put('\n');
	int10(0x4f15, 0x0000, 0, 0);
	told("vbe ddc", 0, 0);
	at(BUFFER, 0, 0);
	int10(0x4f15, 0x0001, 0, 0);
	label("vbe edid", 0, 0);
	field("ax", regs.ax & 0xffff, 4);
	u8 sum = 0;
	for (u16 i = 0; i < 128; i++)
		sum = (u8)(sum + peek(BUFFER, i));
	field("sum", sum, 2);
	put('\n');
	int10(0x0003, 0, 0, 0);
	bda("after vbe ", 3);
	registers("after vbe ", 3);
	label("after vbe ", 3, 2);
	field("enable", dispi(4), 4);
	put('\n');
	text("after vbe ", 3, 0xb800);
}

void test_vbe(void)
{
	vbe_infos();
	vbe_modes();
}
