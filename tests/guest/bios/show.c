/*
 * Pictures by INT 10h, one after the other, for who looks at the screen: each
 * waits for a key. Then what is typed is shown, until Enter.
 *
 * A dot's colour tells where it is, so that a shifted or torn picture shows.
 */
#include "tests/guest/bios/rt.h"

#define SCREEN 0xa000

static struct regs bios(uint8_t n, uint32_t eax, uint32_t ebx, uint32_t ecx,
			uint32_t edx)
{
	struct regs r = REGS(.eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx);

	call_int(n, &r);
	return r;
}

static void poke8(uint16_t seg, uint16_t off, uint8_t v)
{
	__asm__ volatile("movw %0, %%fs\n\tmovb %1, %%fs:(%2)"
			 : : "r"(seg), "q"(v), "b"(off) : "memory");
}

static uint8_t wait_key(void)
{
	return (uint8_t)bios(0x16, 0, 0, 0, 0).eax;
}

/* 320x200, a byte a dot: column 0 and row 0 count, a cross in the middle. */
static void bytes(void)
{
	bios(0x10, 0x0013, 0, 0, 0);
	for (unsigned x = 0; x < 320; x++) {
		poke8(SCREEN, (uint16_t)x, (uint8_t)x);
		poke8(SCREEN, (uint16_t)(320 * 100 + x), 12);
	}
	for (unsigned y = 1; y < 200; y++)
		poke8(SCREEN, (uint16_t)(320 * y), (uint8_t)y);
	wait_key();
}

/* 640x480 in planes: sixteen bars of 40 dots, by the BIOS' dots in one line, by
 * the map mask below it. */
static void planes(void)
{
	bios(0x10, 0x0012, 0, 0, 0);
	for (unsigned x = 0; x < 640; x += 8)
		bios(0x10, 0x0c00 | x / 40, 0, x, 0);
	for (unsigned plane = 0; plane < 4; plane++) {
		outb(0x3c4, 2);
		outb(0x3c5, (uint8_t)(1 << plane));
		for (unsigned x = 0; x < 80; x++)
			poke8(SCREEN, (uint16_t)(80 * 479 + x),
			      x / 5 >> plane & 1 ? 0xff : 0);
	}
	outb(0x3c4, 2);
	outb(0x3c5, 15);
	wait_key();
}

static void bank(unsigned n)
{
	bios(0x10, 0x4f05, 0, 0, n);
}

/* 800x600 of 32 bits by VBE's banks: the first line and the last one. */
static void true_colour(void)
{
	uint32_t last = 800u * 599 * 4;

	if ((uint16_t)bios(0x10, 0x4f02, 0x143, 0, 0).eax != 0x004f)
		return;
	bank(0);
	for (unsigned x = 0; x < 800; x++)
		poke32(SCREEN, (uint16_t)(4 * x), x << 8 | 0x11);
	for (unsigned x = 0; x < 800; x++) {
		uint32_t at = last + 4 * x;

		if (x == 0 || !(at & 0xffff))
			bank(at >> 16);
		poke32(SCREEN, (uint16_t)at, x << 4 | 0xff0000);
	}
	wait_key();
}

static void echo(void)
{
	uint8_t c;

	bios(0x10, 0x0003, 0, 0, 0);
	for (const char *s = "typed: "; *s; s++)
		bios(0x10, 0x0e00 | (uint8_t)*s, 7, 0, 0);
	while ((c = wait_key()) != '\r')
		bios(0x10, 0x0e00u | c, 7, 0, 0);
	bios(0x10, 0x0e21, 7, 0, 0);
}

void test_main(uint8_t dl)
{
	(void)dl;
	bytes();
	planes();
	true_colour();
	echo();
	wait_key();
	leave();
}
