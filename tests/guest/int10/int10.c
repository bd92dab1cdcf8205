/*
 * Calls INT 10h in many ways and tells COM1 what came of it, a line each:
 * a label, then names and values. The same program on two VGA BIOSes gives two
 * texts to compare; what lies in a ROM (fonts, pointers) is left out.
 */
#include "tests/guest/int10/int10.h"

struct regs regs;

#define UPPER 0xa5a50000u

u8 peek(u16 seg, u16 off)
{
	u8 v;

	__asm__ volatile("movw %w1, %%fs; movb %%fs:(%2), %0"
			 : "=q"(v) : "r"(seg), "r"((u32)off) : "memory");
	return v;
}

void poke(u16 seg, u16 off, u8 v)
{
	__asm__ volatile("movw %w1, %%fs; movb %0, %%fs:(%2)"
			 : : "q"(v), "r"(seg), "r"((u32)off) : "memory");
}

u16 peekw(u16 seg, u16 off)
{
	return peek(seg, off) | peek(seg, (u16)(off + 1)) << 8;
}

void pokew(u16 seg, u16 off, u16 v)
{
	poke(seg, off, (u8)v);
	poke(seg, (u16)(off + 1), (u8)(v >> 8));
}

/* ---- COM1 ------------------------------------------------------------------ */

void put(char c)
{
	while (!(inb(0x3fd) & 0x20))
		;
	outb(0x3f8, (u8)c);
}

void say(const char *s)
{
	while (*s)
		put(*s++);
}

void hex(u32 v, unsigned digits)
{
	while (digits--)
		put("0123456789abcdef"[v >> 4 * digits & 15]);
}

void field(const char *name, u32 v, unsigned digits)
{
	put(' ');
	say(name);
	put('=');
	hex(v, digits);
}

void label(const char *what, u32 n, unsigned digits)
{
	say(what);
	if (digits)
		hex(n, digits);
	put(':');
}

/* ---- a call ----------------------------------------------------------------- */

void int10(u16 ax, u16 bx, u16 cx, u16 dx)
{
	struct regs before;

	regs.ax = UPPER | ax;
	regs.bx = UPPER | bx;
	regs.cx = UPPER | cx;
	regs.dx = UPPER | dx;
	regs.si = UPPER | 0x5a01;
	regs.ds = 0x1234;
	before = regs;
	call10();
	if (((regs.ax ^ UPPER) | (regs.bx ^ UPPER) | (regs.cx ^ UPPER) |
	     (regs.dx ^ UPPER) | (regs.si ^ UPPER) | (regs.di ^ UPPER) |
	     (regs.bp ^ UPPER)) >> 16)
		say("UPPER HALVES LOST\n");
	if (regs.fs != 0x1357 || regs.gs != 0x1357 || regs.ds != before.ds ||
	    regs.si != before.si || regs.di != before.di)
		say("REGISTERS LOST\n");
	if ((regs.flags & 0x0600) != 0x0600)
		say("FLAGS LOST\n");
}

void at(u16 es, u16 di, u16 bp)
{
	regs.es = es;
	regs.di = UPPER | di;
	regs.bp = UPPER | bp;
}

void told(const char *what, u32 n, unsigned digits)
{
	label(what, n, digits);
	field("ax", regs.ax & 0xffff, 4);
	field("bx", regs.bx & 0xffff, 4);
	field("cx", regs.cx & 0xffff, 4);
	field("dx", regs.dx & 0xffff, 4);
	put('\n');
}

/* ---- what is where now ------------------------------------------------------- */

static u32 hash_of(u32 hash, u8 v)
{
	return (hash ^ v) * 16777619u;
}

u32 hash_mem(u16 seg, u16 off, u32 n)
{
	u32 hash = 2166136261u;

	while (n--)
		hash = hash_of(hash, peek(seg, off++));
	return hash;
}

void row(const char *name, u16 port, u8 n)
{
	put(' ');
	say(name);
	put('=');
	for (u8 i = 0; i < n; i++) {
		outb(port, i);
		hex(inb((u16)(port + 1)), 2);
	}
}

static u16 crtc(void)
{
	return inb(0x3cc) & 1 ? 0x3d4 : 0x3b4;
}

void registers(const char *what, u32 n)
{
	label(what, n, 2);
	say(" registers");
	field("misc", inb(0x3cc), 2);
	row("seq", 0x3c4, 5);
	row("crtc", crtc(), 25);
	row("gfx", 0x3ce, 9);
	say(" attr=");
	for (u8 i = 0; i < 0x15; i++) {
		inb((u16)(crtc() + 6));
		outb(0x3c0, i);
		hex(inb(0x3c1), 2);
	}
	inb((u16)(crtc() + 6));
	outb(0x3c0, 0x20);
	put('\n');
}

u32 dac_hash(u16 from, u16 n)
{
	u32 hash = 2166136261u;

	outb(0x3c7, (u8)from);
	for (u16 i = 0; i < 3 * n; i++)
		hash = hash_of(hash, inb(0x3c9));
	return hash;
}

void bda(const char *what, u32 n)
{
	label(what, n, 2);
	field("mode", peek(0x40, 0x49), 2);
	field("cols", peekw(0x40, 0x4a), 4);
	field("page_len", peekw(0x40, 0x4c), 4);
	field("start", peekw(0x40, 0x4e), 4);
	say(" cursors=");
	for (u16 i = 0; i < 16; i++)
		hex(peek(0x40, (u16)(0x50 + i)), 2);
	field("shape", peekw(0x40, 0x60), 4);
	field("page", peek(0x40, 0x62), 2);
	field("port", peekw(0x40, 0x63), 4);
	field("rows", peek(0x40, 0x84), 2);
	field("height", peekw(0x40, 0x85), 4);
	field("ctl", peek(0x40, 0x87), 2);
	field("switches", peek(0x40, 0x88), 2);
	field("mode_ctl", peek(0x40, 0x89) & 0x9e, 2);
	put('\n');
}

/* Some bytes: under KVM each costs microseconds. */
static u32 hash_window(u16 seg, u32 n)
{
	u32 hash = 2166136261u;

	for (u32 i = 0; i < n; i += 17)
		hash = hash_of(hash, peek(seg, (u16)i));
	return hash;
}

/* Planes first to last, 64 KiB each; the registers are put back. */
static void hash_planes(u8 first, u8 last)
{
	static const u8 set[][2] = {
		{ 0x04, 0x06 }, { 0x02, 0x0f },
	};
	u8 seq[2], gfx[3];

	for (u8 i = 0; i < 2; i++) {
		outb(0x3c4, set[i][0]);
		seq[i] = inb(0x3c5);
		outb(0x3c5, set[i][1]);
	}
	for (u8 g = 0; g < 3; g++) {
		outb(0x3ce, (u8)(4 + g));
		gfx[g] = inb(0x3cf);
	}
	outw(0x3ce, 0x0005);
	outw(0x3ce, 0x0506);
	for (u8 p = first; p <= last; p++) {
		outw(0x3ce, (u16)(p << 8 | 4));
		field("plane", p, 1);
		put(':');
		hex(hash_window(0xa000, 0x10000), 8);
	}
	for (u8 g = 0; g < 3; g++)
		outw(0x3ce, (u16)(gfx[g] << 8 | (4 + g)));
	for (u8 i = 0; i < 2; i++)
		outw(0x3c4, (u16)(seq[i] << 8 | set[i][0]));
}

/* What the mode's programs see: where bytes are chained to planes, VGAs differ
 * in the planes' addresses. Of text modes: the fonts. */
void planes(const char *what, u32 n)
{
	u8 mode = peek(0x40, 0x49);

	label(what, n, 2);
	if (mode <= 3 || mode == 7)
		hash_planes(2, 2);
	else if (mode <= 6)
		field("memory", hash_window(0xb800, 0x4000), 8);
	else if (mode == 0x13)
		field("memory", hash_window(0xa000, 64000), 8);
	else
		hash_planes(0, 3);
	put('\n');
}

void text(const char *what, u32 n, u16 seg)
{
	label(what, n, 2);
	field("text", hash_mem(seg, 0, 0x8000), 8);
	put('\n');
}

void type(const char *s, u16 bx)
{
	while (*s)
		int10((u16)(0x0e00 | (u8)*s++), bx, 0, 0);
}

void guest_main(void)
{
	at(0, 0, 0);
	test_text();
	test_graphics();
	test_rest();
	test_vbe();
	int10(0x0003, 0, 0, 0);
	type("int10: done", 7);
	say("end\n");
}
