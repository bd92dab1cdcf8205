/*
 * SMBIOS 2.7: what the machine is, for people and for software that asks (DMI).
 * An entry point in the F-segment and the structures it points to: BIOS,
 * system, chassis, processor, memory, boot status. Pure; any thread.
 */
#ifndef BIOS_SMBIOS_H
#define BIOS_SMBIOS_H

#include <stdint.h>

#include "bios/layout.h"

struct gmem;

#define SMBIOS_ENTRY_LEN 31

struct smbios_cfg {
	const struct bios_layout *layout;
	uint64_t ram;                   /* bytes */
	unsigned cpus;                  /* cores of the one socket */
	uint32_t cpu_signature;         /* CPUID leaf 1: EAX */
	uint32_t cpu_features;          /* and EDX */
	const char *version;            /* of the program */
};

struct smbios {
	uint8_t entry[SMBIOS_ENTRY_LEN];
	uint8_t table[LAYOUT_SMBIOS_LEN];
	uint32_t len;
};

/* -ENOSPC: does not fit. */
int smbios_build(const struct smbios_cfg *, struct smbios *);
/* To LAYOUT_SMBIOS_ENTRY and LAYOUT_SMBIOS. -EFAULT: no RAM there. */
int smbios_install(const struct gmem *, const struct smbios *);

#endif
