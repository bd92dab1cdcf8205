#include <stdint.h>

/* The ROM file, in the last 256 KiB below 4 GiB: a VGA BIOS, this, the BIOS. */
#define FILE_VGA        0xfffc0000u
#define FILE_BIOS       0xffff0000u
#define PART_LEN        0x10000u
/* The host bridge's registers for what lies at F0000 and C0000-CFFFF. */
#define PAM             0x58
#define PAM_RAM         0x33333000u
#define PAM_MASK        0xfffff000u
#define MEMORY          0xe0000000u
#define PORTS           0xc000u

void shim_main(void);

static void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static uint32_t rd(unsigned bdf, unsigned off)
{
	outl(0xcf8, 0x80000000u | bdf << 8 | off);
	return inl(0xcfc);
}

static void wr(unsigned bdf, unsigned off, uint32_t v)
{
	outl(0xcf8, 0x80000000u | bdf << 8 | off);
	outl(0xcfc, v);
}

static uint32_t take(uint32_t *at, uint32_t len)
{
	uint32_t base = (*at + len - 1) & ~(len - 1);

	*at = base + len;
	return base;
}

static void assign(unsigned bdf, uint32_t *memory, uint32_t *ports)
{
	for (unsigned reg = 0x10; reg < 0x28; reg += 4) {
		uint32_t mask, was = rd(bdf, reg);

		wr(bdf, reg, 0xffffffff);
		mask = rd(bdf, reg);
		wr(bdf, reg, was);
		if (!mask || mask == 0xffffffff)
			continue;
		if (mask & 1) {
			wr(bdf, reg, take(ports, (~(mask & 0xfffc) & 0xffff) + 1));
			continue;
		}
		wr(bdf, reg, take(memory, ~(mask & ~15u) + 1));
		if ((mask & 6) == 4) {
			reg += 4;
			wr(bdf, reg, 0);
		}
	}
	wr(bdf, 4, (rd(bdf, 4) & 0xffff) | 3);
}

static void copy(uint32_t at, uint32_t rom)
{
	const uint32_t *from = (const uint32_t *)rom;
	uint32_t *to = (uint32_t *)at;

	for (unsigned i = 0; i < PART_LEN / 4; i++)
		to[i] = from[i];
}

void shim_main(void)
{
	uint32_t memory = MEMORY, ports = PORTS;

	wr(0, PAM, (rd(0, PAM) & ~PAM_MASK) | PAM_RAM);
	copy(0xf0000, FILE_BIOS);
	copy(0xc0000, FILE_VGA);
	for (unsigned bdf = 0; bdf < 0x100; bdf++) {
		if ((rd(bdf, 0) & 0xffff) == 0xffff) {
			if (!(bdf & 7))
				bdf |= 7;
			continue;
		}
		if ((rd(bdf, 0x0c) >> 16 & 0x7f) == 0)
			assign(bdf, &memory, &ports);
		if (!(bdf & 7) && !(rd(bdf, 0x0c) & 0x800000))
			bdf |= 7;
	}
}
