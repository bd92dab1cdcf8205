/*
 * The guest's memory map as INT 15h/E820 and boot protocols give it out:
 * sorted, disjoint, in bytes. What belongs to a bus (A0000-EFFFF, the PCI
 * windows, the APICs) has no entry at all: Windows compares the map with
 * PCI0's _CRS and stops on any overlap. Pure; any thread.
 */
#ifndef BIOS_E820_H
#define BIOS_E820_H

#include <stdint.h>

#include "bios/layout.h"

enum e820_type { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };

struct e820_entry {
	uint64_t base, len;
	uint32_t type;
};

#define E820_MAX 16

/* Returns the number of entries, at most E820_MAX. */
unsigned e820_build(const struct bios_layout *, struct e820_entry *out);

#endif
