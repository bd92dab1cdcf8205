/*
 * ACPI tables (ACPI 2.0 layouts, which both Linux and Windows 7 take): RSDP,
 * RSDT, XSDT, FADT revision 3, FACS, MADT, WAET, HPET, and a DSDT of revision
 * 1 written as bytes. acpi_build is a pure function of its configuration;
 * acpi_install copies the result to where its pointers say it is. Any thread.
 */
#ifndef BIOS_ACPI_H
#define BIOS_ACPI_H

#include <stdint.h>

#include "bios/layout.h"

struct gmem;

/* Devices that the machine may or may not have. */
enum acpi_has {
	ACPI_HAS_RTC    = 1 << 0,
	ACPI_HAS_I8042  = 1 << 1,       /* keyboard */
	ACPI_HAS_MOUSE  = 1 << 2,       /* PS/2, on the i8042 */
	ACPI_HAS_COM1   = 1 << 3,
	ACPI_HAS_DMA    = 1 << 4,       /* 8237 and page registers */
	ACPI_HAS_SPEAKER = 1 << 5,      /* port 61h */
	ACPI_HAS_HPET   = 1 << 6,
	ACPI_HAS_VGA    = 1 << 7,
};

/* A virtio-mmio device: level, active high, not shared. */
struct acpi_vmmio {
	uint32_t base, len;
	uint8_t gsi;
};

#define ACPI_VMMIO_MAX 16

struct acpi_cfg {
	const struct bios_layout *layout;
	unsigned cpus;          /* 1..LAYOUT_CPUS_MAX; APIC ids count from 0 */
	unsigned has;           /* enum acpi_has */
	struct acpi_vmmio vmmio[ACPI_VMMIO_MAX];
	unsigned n_vmmio;
};

#define ACPI_RSDP_LEN 36
#define ACPI_FACS_LEN 64

struct acpi_blob {
	uint64_t rsdp_gpa, tables_gpa, facs_gpa;
	uint32_t tables_len;
	uint8_t rsdp[ACPI_RSDP_LEN];
	uint8_t facs[ACPI_FACS_LEN];
	uint8_t tables[LAYOUT_ACPI_LEN];        /* the rest, 16-byte aligned */
};

/* -EINVAL: cpus or n_vmmio out of range, or a vmmio device outside its part
 * of the map or with a GSI of another device. -ENOSPC: does not fit. */
int acpi_build(const struct acpi_cfg *, struct acpi_blob *out);

/* -EFAULT: an address of the blob is not RAM. */
int acpi_install(const struct gmem *, const struct acpi_blob *);

#endif
