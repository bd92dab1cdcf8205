/*
 * The VGA BIOS of bios/rom/vga: an option ROM of 32 KiB, part of the program.
 * Our own BIOS finds it at C0000, SeaBIOS as the fw_cfg file "vgaroms/vga.bin".
 * Pure but for guest memory; any thread while no CPU runs.
 */
#ifndef BIOS_VGA_ROM_H
#define BIOS_VGA_ROM_H

#include <stdint.h>

#define VGA_ROM_GPA     0xc0000u
#define VGA_ROM_LEN     0x8000u

struct gmem;

const uint8_t *vga_rom(void);           /* VGA_ROM_LEN bytes */

/* Copies it to VGA_ROM_GPA; again at every start, since it keeps there what it
 * finds out. -EFAULT: no RAM there. */
int vga_rom_load(const struct gmem *);

#endif
