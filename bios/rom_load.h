/*
 * Puts our BIOS into guest memory. The image is part of the program; where it
 * goes and what it must be told is in bios/rom/rom_cfg.h.
 *
 * The machine starts CPU 0 in real mode at F000:FFF0 with CS's base at F0000,
 * or at the architecture's reset vector if it shows the last 64 KiB of low
 * memory at the top of 4 GiB, too. Every start needs a fresh copy: the ROM's
 * variables are in it. Pure but for guest memory; any thread while no CPU runs.
 */
#ifndef BIOS_ROM_LOAD_H
#define BIOS_ROM_LOAD_H

#include "bios/layout.h"
#include "bios/rom/rom_cfg.h"

struct gmem;

/* A configuration for this memory map: boots disks, then the CD if there is
 * one; no flags, no CD. */
void rom_cfg_init(struct rom_cfg *, const struct bios_layout *);

/*
 * Copies the image to ROM_IMAGE, with this configuration in it. The tables
 * below it (ROM_TABLES_LEN bytes) are left alone. -EINVAL: not a configuration
 * that rom_cfg_init has made. -EFAULT: no RAM there.
 */
int rom_load(const struct gmem *, const struct rom_cfg *);

#endif
