/*
 * Text output by INT 10h as boot programs do it. What reaches COM1 is compared
 * with screen.txt by the runner; cursors are checked here. With a VGA BIOS, or
 * without one.
 */
#include "tests/guest/bios/rt.h"

#define BDA 0x0040

static unsigned bad;
static bool vga;

static struct regs video(uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	struct regs r = REGS(.eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx);

	call_int(0x10, &r);
	return r;
}

static void at(unsigned row, unsigned col)
{
	uint16_t want = (uint16_t)(row << 8 | col);

	bad += peek16(BDA, 0x50) != want;
	bad += (uint16_t)video(0x0300, 0, 0, 0).edx != want;
}

static void go(unsigned row, unsigned col)
{
	video(0x0200, 0, 0, row << 8 | col);
	at(row, col);
}

static void type(const char *s)
{
	for (; *s; s++)
		video(0x0e00 | (uint8_t)*s, 7, 0, 0);
}

static void string(uint32_t mode, uint32_t attr, const char *s, unsigned n,
		   unsigned row, unsigned col)
{
	struct regs r = REGS(.eax = 0x1300 | mode, .ebx = attr, .ecx = n,
			     .edx = row << 8 | col, .ebp = (uint32_t)s);

	call_int(0x10, &r);
}

static void lines(void)
{
	type("one\r\ntwo\r\n");
	at(2, 0);
	type("three\b\b\b\b\bTHREE");
	at(2, 5);
	type("\r\n\r\n");
}

static void places(void)
{
	go(10, 20);
	video(0x0941, 0x1e, 3, 0);      /* three yellow As on blue */
	at(10, 20);
	go(10, 23);
	video(0x0942, 0x07, 1, 0);
	go(11, 0);
	string(1, 0x4f, "white on red", 12, 12, 4);
	at(12, 16);
	string(0, 0x07, "\xda\xc4\xbf", 3, 13, 4);
	at(12, 16);
	string(3, 0, "a\x0a" "b\x0c", 2, 14, 4);
	at(14, 6);
}

static void windows(void)
{
	video(0x0600, 0x1700, 15 << 8 | 2, 16 << 8 | 5);  /* clear */
	at(14, 6);
	go(24, 0);
	type("last line\r\n");
	at(24, 0);
	type("below it");
	video(0x0601, 0x0700, 0, 24 << 8 | 79);           /* up by one */
	at(24, 8);
	go(0, 0);
	video(0x0920, 0x07, 2000, 0);                   /* GRUB's way */
	at(0, 0);
	type("after a clear screen");
	video(0x0600, 0x0700, 0, 24 << 8 | 79);
	video(0x0003, 0, 0, 0);
	at(0, 0);
	type("after a mode set\r\n");
}

static void wraps(void)
{
	go(3, 78);
	type("wrap");
	at(4, 2);
	go(24, 79);
	type("!");
	at(24, 0);
}

void test_main(uint8_t dl)
{
	struct regs r;

	(void)dl;
	vga = peek16(0, 0x42) != 0xf000 || peek16(0xc000, 0) == 0xaa55;
	go(0, 0);
	lines();
	places();
	windows();
	wraps();
	go(20, 0);
	type("\r\n");
	check(bad == 0, "cursors are where they belong");
	r = video(0x0f00, 0, 0, 0);
	check((r.eax & 0xffff) == 0x5003 && !(r.ebx >> 8 & 0xff),
	      "10h/0F: mode 3, 80 columns, page 0");
	video(0x0100, 0, 0x2000, 0);
	check((uint16_t)video(0x0300, 0, 0, 0).ecx == 0x2000,
	      "10h/01 sets the cursor's shape");
	r = video(0x4f00, 0, 0, 0);
	check(vga || (r.eax & 0xff) != 0x4f, "10h/4F: none without a VGA BIOS");
	leave();
}
