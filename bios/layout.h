/*
 * The guest physical map, in one place: what the machine builds, what E820
 * says, what ACPI says and where the loaders may put things.
 *
 *   00000000-0009EFFF  RAM
 *   0009F000-0009FFFF  EBDA: RAM, reserved
 *   000A0000-000BFFFF  VGA window: never RAM
 *   000C0000-000FFFFF  RAM behind ROM shadows; E820 lists only F0000-FFFFF
 *   00100000-          RAM up to low_ram_end, the ACPI tables at its top
 *   C0000000-CFFFFFFF  PCI memory
 *   D0000000-D000FFFF  virtio-mmio pages
 *   D1000000-FEBFFFFF  PCI memory
 *   FEC00000 IOAPIC, FED00000 HPET, FEE00000 LAPIC
 *   FEFFC000-FEFFFFFF  what KVM keeps: identity page table, then the TSS
 *   FFFC0000-FFFFFFFF  BIOS ROM
 *   1_00000000-        RAM up to high_ram_end, then the 64-bit PCI window
 *
 * All values are bytes or guest physical addresses. Pure; any thread.
 */
#ifndef BIOS_LAYOUT_H
#define BIOS_LAYOUT_H

#include <stdint.h>

#define LAYOUT_RAM_MIN          0x01000000ull   /* 16 MiB */
#define LAYOUT_LOW_RAM_MAX      0xc0000000ull
#define LAYOUT_HIGH_RAM         0x100000000ull

#define LAYOUT_EBDA             0x0009f000u
#define LAYOUT_EBDA_LEN         0x1000u
#define LAYOUT_VGA              0x000a0000u     /* end of the first RAM */
#define LAYOUT_VGA_LEN          0x20000u
#define LAYOUT_SHADOW           0x000c0000u     /* RAM goes on here */
#define LAYOUT_FSEG             0x000f0000u
#define LAYOUT_FSEG_LEN         0x10000u
/* The F-segment's first 8 KiB are for tables that are searched for. */
#define LAYOUT_RSDP             0x000f0000u
#define LAYOUT_SMBIOS_ENTRY     0x000f0040u     /* 31 bytes */
#define LAYOUT_MP_POINTER       0x000f0060u     /* 16 bytes */
#define LAYOUT_PIR              0x000f0100u
#define LAYOUT_PIR_LEN          0x300u
#define LAYOUT_MP               0x000f0400u
#define LAYOUT_MP_LEN           0x900u
#define LAYOUT_SMBIOS           0x000f0d00u
#define LAYOUT_SMBIOS_LEN       0x800u

#define LAYOUT_PCI_A            0xc0000000u
#define LAYOUT_PCI_A_LEN        0x10000000u
#define LAYOUT_VMMIO            0xd0000000u     /* one page a device */
#define LAYOUT_VMMIO_LEN        0x10000u
#define LAYOUT_PCI_B            0xd1000000u
#define LAYOUT_PCI_B_LEN        0x2dc00000u
#define LAYOUT_IOAPIC           0xfec00000u
#define LAYOUT_HPET             0xfed00000u
#define LAYOUT_LAPIC            0xfee00000u
#define LAYOUT_KVM              0xfeffc000u     /* identity page table */
#define LAYOUT_KVM_TSS          0xfeffd000u     /* 3 pages */
#define LAYOUT_KVM_LEN          0x4000u
#define LAYOUT_ROM              0xfffc0000u
#define LAYOUT_ROM_LEN          0x40000u

/* The top of low RAM: tables (E820 type 3), then the FACS (type 4). */
#define LAYOUT_ACPI_LEN         0x10000u
#define LAYOUT_NVS_LEN          0x1000u

/* I/O ports. The PCI bus owns all but CF8-CFF; BARs go into the second part. */
#define LAYOUT_PCI_IO           0x1000u
#define LAYOUT_PCI_IO_LEN       0xf000u
#define LAYOUT_PM               0x0600u
#define LAYOUT_PM_LEN           0x24u
#define LAYOUT_PM1_EVT          (LAYOUT_PM + 0x00)      /* 4 bytes */
#define LAYOUT_PM1_CNT          (LAYOUT_PM + 0x04)      /* 2 bytes */
#define LAYOUT_PM_TMR           (LAYOUT_PM + 0x08)      /* 4 bytes */
#define LAYOUT_GPE0             (LAYOUT_PM + 0x20)      /* 2 status, 2 enable */

/*
 * SCI_EN is handed over through an SMI command port, not wired to 1: every
 * FADT that Windows 7 is known to boot with has one, and an OS that finds
 * SCI_EN set already skips it. Written values are those of PC chipsets.
 */
#define LAYOUT_SMI_CMD          0xb2u
#define LAYOUT_ACPI_ENABLE      0xf1u
#define LAYOUT_ACPI_DISABLE     0xf0u

#define LAYOUT_RESET_PORT       0xcf9u
#define LAYOUT_RESET_VALUE      0x06u
#define LAYOUT_S5_TYPE          0u      /* PM1_CNT.SLP_TYP that powers off */

#define LAYOUT_SCI_GSI          9u      /* level, active high */
#define LAYOUT_IOAPIC_ID        0u
#define LAYOUT_GSIS             24u     /* pins of the one IOAPIC */
/* GSIs no ISA device and no INTx line uses: virtio-mmio takes them first. */
#define LAYOUT_VMMIO_GSI        16u
#define LAYOUT_VMMIO_GSIS       8u

#define LAYOUT_CPUS_MAX         32u

struct bios_layout {
	uint64_t low_ram_end;           /* <= LAYOUT_LOW_RAM_MAX */
	uint64_t high_ram_end;          /* 0: no RAM above 4 GiB */
	uint64_t pci64_base, pci64_len; /* len 0: no window */
	uint64_t acpi_base;             /* LAYOUT_ACPI_LEN bytes; all RAM from */
					/* 1 MiB up to here is the guest's own */
	uint64_t nvs_base;              /* LAYOUT_NVS_LEN bytes */
};

/*
 * ram: bytes, a multiple of 4 KiB. phys_bits: the guest's MAXPHYADDR; the
 * 64-bit PCI window takes what it leaves, at most 64 GiB. -EINVAL: less than
 * LAYOUT_RAM_MIN, or no multiple. -E2BIG: more than phys_bits can address.
 */
int layout_init(struct bios_layout *, uint64_t ram, unsigned phys_bits);

#endif
