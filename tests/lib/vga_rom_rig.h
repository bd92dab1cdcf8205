/*
 * Our VGA BIOS at C0000 of an interpreted real-mode machine with our VGA. What
 * the BIOS must not do (foreign ports, writes that are not its own, deep stacks,
 * instructions without end) fails the test. One thread, one rig.
 */
#ifndef TESTS_LIB_VGA_ROM_RIG_H
#define TESTS_LIB_VGA_ROM_RIG_H

#include "tests/lib/emu86.h"
#include "tests/lib/vga_rig.h"

#define ROM_SEG 0xc000
#define BUF_SEG 0x3000                  /* 64 KiB of the caller's */
#define BUF (BUF_SEG * 16u)
#define LFB 0xe000                      /* upper half of its address */

struct rom_rig {
	struct vga_rig card;
	struct emu86 cpu;
	uint8_t mem[0x110000];
	bool starting;                  /* the ROM's start may write more */
	bool plain;                     /* the card has no extras, as QEMU's */
	uint16_t dispi_at;
	unsigned pci_calls;
};

/* Loads and starts the ROM. */
struct rom_rig *rom_rig_init(bool plain);
void rom_rig_fini(struct rom_rig *);
void rom_rig_start(struct rom_rig *);

/* INT 10h; DI, BP and ES are set before. Returns how many instructions. */
uint64_t int10(struct rom_rig *, uint16_t ax, uint16_t bx, uint16_t cx,
	       uint16_t dx);
/* ES:DI and ES:BP of the next calls: in the buffer. */
void at_buffer(struct rom_rig *, uint16_t off);
/* A far function of the ROM's, with the registers as they are. */
void rom_rig_call(struct rom_rig *, uint16_t seg, uint16_t off);

static inline uint16_t reg(const struct rom_rig *r, unsigned n)
{
	return r->cpu.r[n];
}

static inline uint16_t word(const struct rom_rig *r, uint32_t at)
{
	return (uint16_t)(r->mem[at] | r->mem[at + 1] << 8);
}

static inline uint32_t dword(const struct rom_rig *r, uint32_t at)
{
	return word(r, at) | (uint32_t)word(r, at + 2) << 16;
}

#endif
