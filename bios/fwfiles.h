/*
 * What firmware of somebody else finds in fw_cfg on our machine: the memory
 * map, the CPUs, what to boot, and the ACPI tables with the script by which
 * firmware places and links them (QEMU's "table loader": 128-byte commands
 * that allocate a file's memory, add its address to a pointer in another one,
 * and compute a checksum). Set-up thread.
 */
#ifndef BIOS_FWFILES_H
#define BIOS_FWFILES_H

#include <stdbool.h>
#include <stdint.h>

#include "bios/acpi.h"
#include "bios/layout.h"
#include "bios/smbios.h"

struct fwcfg;

#define FWFILES_BOOT_MAX 33

struct fwfiles_cfg {
	const struct bios_layout *layout;
	const struct acpi_cfg *acpi;    /* its layout is not used */
	const struct smbios_cfg *smbios;
	uint64_t ram;                   /* bytes */
	unsigned cpus;
	uint8_t boot[FWFILES_BOOT_MAX]; /* PCI slots of disks, first to last */
	unsigned n_boot;
	bool menu;
	unsigned menu_seconds;
	bool serial;                    /* a console on COM1 */
	bool vga;                       /* our VGA, which wants its BIOS */
};

/* 0, or what fwcfg_add_file or acpi_build says. */
int fwfiles_add(struct fwcfg *, const struct fwfiles_cfg *);

#endif
