/* What the ACPI writers share; and the fixed layouts, for tests. */
#ifndef BIOS_ACPI_INT_H
#define BIOS_ACPI_INT_H

#include <assert.h>
#include <stddef.h>

#include "bios/acpi.h"
#include "bios/aml.h"
#include "devices/base/le.h"

struct acpi_header {
	char sig[4];
	le32 len;
	uint8_t rev, sum;
	char oem[6], oem_table[8];
	le32 oem_rev;
	char creator[4];
	le32 creator_rev;
} __attribute__((packed));

struct acpi_rsdp {
	char sig[8];
	uint8_t sum;            /* of the first 20 bytes */
	char oem[6];
	uint8_t rev;
	le32 rsdt, len;
	le64 xsdt;
	uint8_t sum_all, reserved[3];
} __attribute__((packed));

struct acpi_facs {
	char sig[4];
	le32 len, hw_sig, waking, lock, flags;
	le64 x_waking;
	uint8_t version, reserved[31];
} __attribute__((packed));

/* Generic address. access stays 0: FADT revision 3 reserves it. */
struct acpi_gas {
	uint8_t space, width, offset, access;
	le64 addr;
} __attribute__((packed));

enum { ACPI_SPACE_MEM = 0, ACPI_SPACE_IO = 1 };

struct acpi_fadt {
	struct acpi_header h;
	le32 facs, dsdt;
	uint8_t int_model, profile;
	le16 sci;
	le32 smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	le32 pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr;
	le32 gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, cst;
	le16 c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	le16 boot_arch;
	uint8_t reserved;
	le32 flags;
	struct acpi_gas reset_reg;
	uint8_t reset_value, reserved2[3];
	le64 x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt;
	struct acpi_gas x_pm2_cnt, x_pm_tmr, x_gpe0, x_gpe1;
} __attribute__((packed));

enum acpi_fadt_flags {
	ACPI_FADT_WBINVD        = 1 << 0,
	ACPI_FADT_PROC_C1       = 1 << 2,
	ACPI_FADT_NO_PWR_BUTTON = 1 << 4,
	ACPI_FADT_NO_SLP_BUTTON = 1 << 5,
	ACPI_FADT_RESET_REG     = 1 << 10,
	ACPI_FADT_PLATFORM_CLK  = 1 << 15,
};

enum acpi_boot_arch {
	ACPI_BOOT_LEGACY        = 1 << 0,
	ACPI_BOOT_8042          = 1 << 1,
	ACPI_BOOT_NO_VGA        = 1 << 2,
	ACPI_BOOT_NO_RTC        = 1 << 5,
};

struct acpi_madt_lapic {
	uint8_t type, len, cpu, apic;
	le32 flags;
} __attribute__((packed));

struct acpi_madt_ioapic {
	uint8_t type, len, id, reserved;
	le32 addr, gsi_base;
} __attribute__((packed));

struct acpi_madt_iso {
	uint8_t type, len, bus, irq;
	le32 gsi;
	le16 flags;
} __attribute__((packed));

struct acpi_madt_nmi {
	uint8_t type, len, cpu;
	le16 flags;
	uint8_t lint;
} __attribute__((packed));

enum acpi_madt_type {
	ACPI_MADT_LAPIC = 0, ACPI_MADT_IOAPIC = 1, ACPI_MADT_ISO = 2,
	ACPI_MADT_NMI = 4,
};

#define ACPI_LEVEL_HIGH 0x0d

struct acpi_hpet {
	struct acpi_header h;
	le32 id;
	struct acpi_gas addr;
	uint8_t seq;
	le16 min_tick;
	uint8_t attr;
} __attribute__((packed));

struct acpi_waet {
	struct acpi_header h;
	le32 flags;
} __attribute__((packed));

static_assert(sizeof(struct acpi_header) == 36, "table header");
static_assert(sizeof(struct acpi_rsdp) == ACPI_RSDP_LEN, "RSDP");
static_assert(sizeof(struct acpi_facs) == ACPI_FACS_LEN, "FACS");
static_assert(offsetof(struct acpi_fadt, pm1a_evt) == 0x38, "FADT");
static_assert(offsetof(struct acpi_fadt, boot_arch) == 0x6d, "FADT");
static_assert(offsetof(struct acpi_fadt, x_dsdt) == 0x8c, "FADT");
static_assert(sizeof(struct acpi_fadt) == 244, "FADT revision 3");
static_assert(sizeof(struct acpi_hpet) == 56, "HPET");
static_assert(sizeof(struct acpi_waet) == 40, "WAET");

/* The DSDT's terms, without the table header. */
void acpi_dsdt(struct aml *, const struct acpi_cfg *);

#endif
