/*
 * Description: one processor moves and hides the framebuffer, also over RAM and
 * the interrupt controllers, while the other draws and changes modes: the
 * machine stands, memory stays memory, and the picture is where it was left.
 *
 * Command line: n=N, how many moves.
 */
#include "tests/guest/rt/rt.h"

enum { COMMAND = 4, BAR0 = 0x10, MEMORY = 2 };
enum { DISPI_X = 1, DISPI_Y, DISPI_BPP, DISPI_ENABLE, DISPI_BANK };
#define VRAM_LEN 0x1000000ull
#define IN_RAM 0x2000000ull
#define HOME 0xe0000000ull
#define STAMP 0x5a17c0de

static const uint64_t places[] = {
	HOME, 0xe1000000, IN_RAM, 0xfe000000, 0xc0000000, 0xff000000, 0,
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static struct pci_fn vga;
static volatile bool done;
static volatile unsigned moves;

static uint32_t roll(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % below;
}

static void move(void)
{
	uint32_t seed = 7;
	unsigned n = (unsigned)param("n", 300);

	while (moves < n) {
		if (roll(&seed, 3))
			pci_wr(vga, BAR0, 4, (uint32_t)places[roll(&seed,
								   PLACES)]);
		else
			pci_wr(vga, COMMAND, 2, roll(&seed, 2) ? MEMORY : 0);
		moves++;
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void dispi(uint16_t index, uint16_t val)
{
	outw(0x1ce, index);
	outw(0x1cf, val);
}

/* The last page of RAM at IN_RAM is nobody's and must stay so. */
static void draw(uint32_t *seed)
{
	uint64_t at = places[roll(seed, PLACES - 1)];
	uint32_t off = roll(seed, 0x3ff0) * 0x400u;

	switch (roll(seed, 6)) {
	case 0:
		dispi(DISPI_ENABLE, 0);
		dispi(DISPI_X, (uint16_t)roll(seed, 0x10000));
		dispi(DISPI_Y, (uint16_t)roll(seed, 0x10000));
		dispi(DISPI_BPP, 32);
		dispi(DISPI_ENABLE, (uint16_t)(0xc1 | roll(seed, 2)));
		break;
	case 1:
		wr16(0xb8000 + (off & 0x7ffe), 0x0741);
		break;
	default:
		if (at == IN_RAM)
			(void)rd32(at + off);
		else
			wr32(at + off, off);
	}
}

void guest_main(void)
{
	uint32_t seed = 3;

	if (!ok(pci_find(0x1234, 0x1111, 0, &vga), "there is a VGA"))
		return;
	map(0xc0000000, 0x40000000);
	wr32(IN_RAM + VRAM_LEN - 8, STAMP);
	if (!ok(cpu_start(1, move), "the other processor moves it"))
		return;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		draw(&seed);
	pci_wr(vga, COMMAND, 2, 0);
	ok(rd32(IN_RAM + VRAM_LEN - 8) == STAMP, "RAM is as it was");
	ok(rd32(HOME) == 0xffffffff, "a framebuffer that is off is nowhere");
	pci_wr(vga, BAR0, 4, (uint32_t)HOME);
	pci_wr(vga, COMMAND, 2, MEMORY);
	wr32(HOME, STAMP);
	wr32(HOME + VRAM_LEN - 4, ~STAMP);
	ok(rd32(HOME) == STAMP && rd32(HOME + VRAM_LEN - 4) == (uint32_t)~STAMP,
	   "%u moves later it is video memory from end to end", moves);
	dispi(DISPI_ENABLE, 0);
	dispi(DISPI_X, 640);
	dispi(DISPI_Y, 480);
	dispi(DISPI_BPP, 32);
	dispi(DISPI_ENABLE, 0xc1);
	dispi(DISPI_BANK, 0);
	ok(rd32(0xa0000) == STAMP, "and the bank shows the same");
}
