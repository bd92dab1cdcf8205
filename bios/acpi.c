#include "bios/acpi.h"

#include <errno.h>
#include <string.h>

#include "bios/acpi_int.h"
#include "bios/sum.h"
#include "devices/base/gmem.h"
#include "devices/legacy/legacy.h"
#include "pci/pci.h"

#define MAX_TABLES 8

static_assert(LAYOUT_PM_LEN == PM_IO_LEN && LAYOUT_SMI_CMD == PM_SMI_CMD &&
	      LAYOUT_ACPI_ENABLE == PM_ACPI_ENABLE &&
	      LAYOUT_ACPI_DISABLE == PM_ACPI_DISABLE &&
	      LAYOUT_S5_TYPE == PM_S5_TYPE, "the PM block is pm.c's");

/* Collects tables; the root tables list those with an entry in roots. */
struct builder {
	struct acpi_blob *out;
	uint32_t len;
	uint32_t roots[MAX_TABLES];     /* offsets */
	unsigned n_roots;
	bool full;
};

/* Room for a table, or NULL and full. */
static void *begin(struct builder *b, uint32_t len)
{
	b->len = (b->len + 15) & ~15u;
	if (b->full || len > sizeof(b->out->tables) - b->len) {
		b->full = true;
		return NULL;
	}
	return b->out->tables + b->len;
}

/* Heads and seals the table that begin returned; its offset. */
static uint32_t end(struct builder *b, const char *sig, uint8_t rev,
		    uint32_t len)
{
	uint32_t at = b->len;
	struct acpi_header *h = (void *)(b->out->tables + at);

	*h = (struct acpi_header){
		.len = le32_put(len),
		.rev = rev,
		.oem = "AERO  ",
		.oem_table = "AEROVMM ",
		.oem_rev = le32_put(1),
		.creator = "AERO",
		.creator_rev = le32_put(1),
	};
	memcpy(h->sig, sig, sizeof(h->sig));
	h->sum = bios_sum(h, len);
	b->len += len;
	return at;
}

static uint64_t gpa_of(const struct builder *b, uint32_t off)
{
	return b->out->tables_gpa + off;
}

static uint32_t add_dsdt(struct builder *b, const struct acpi_cfg *cfg)
{
	const uint32_t head = sizeof(struct acpi_header);
	uint8_t *p = begin(b, head);
	struct aml aml;

	if (!p)
		return 0;
	aml_init(&aml, p + head,
		 (uint32_t)sizeof(b->out->tables) - b->len - head);
	acpi_dsdt(&aml, cfg);
	if (aml.full) {
		b->full = true;
		return 0;
	}
	/* Revision 1: integers of 32 bits, which every interpreter knows. */
	return end(b, "DSDT", 1, head + aml.len);
}

/* ---- FADT and FACS ------------------------------------------------------ */

static struct acpi_gas io_reg(uint16_t port, unsigned bytes)
{
	return (struct acpi_gas){
		.space = ACPI_SPACE_IO,
		.width = (uint8_t)(8 * bytes),
		.addr = le64_put(port),
	};
}

static void fadt_ports(struct acpi_fadt *f)
{
	f->smi_cmd = le32_put(LAYOUT_SMI_CMD);
	f->acpi_enable = LAYOUT_ACPI_ENABLE;
	f->acpi_disable = LAYOUT_ACPI_DISABLE;
	f->pm1a_evt = le32_put(LAYOUT_PM1_EVT);
	f->pm1_evt_len = 4;
	f->x_pm1a_evt = io_reg(LAYOUT_PM1_EVT, 4);
	f->pm1a_cnt = le32_put(LAYOUT_PM1_CNT);
	f->pm1_cnt_len = 2;
	f->x_pm1a_cnt = io_reg(LAYOUT_PM1_CNT, 2);
	f->pm_tmr = le32_put(LAYOUT_PM_TMR);
	f->pm_tmr_len = 4;
	f->x_pm_tmr = io_reg(LAYOUT_PM_TMR, 4);
	f->gpe0 = le32_put(LAYOUT_GPE0);
	f->gpe0_len = 4;
	f->x_gpe0 = io_reg(LAYOUT_GPE0, 4);
	f->reset_reg = io_reg(LAYOUT_RESET_PORT, 1);
	f->reset_value = LAYOUT_RESET_VALUE;
}

static uint16_t boot_arch(unsigned has)
{
	unsigned arch = ACPI_BOOT_LEGACY;

	if (has & ACPI_HAS_I8042)
		arch |= ACPI_BOOT_8042;
	if (!(has & ACPI_HAS_VGA))
		arch |= ACPI_BOOT_NO_VGA;
	if (!(has & ACPI_HAS_RTC))
		arch |= ACPI_BOOT_NO_RTC;
	return (uint16_t)arch;
}

static void add_fadt(struct builder *b, const struct acpi_cfg *cfg,
		     uint32_t dsdt)
{
	struct acpi_fadt *f = begin(b, sizeof(*f));

	if (!f)
		return;
	*f = (struct acpi_fadt){
		.facs = le32_put((uint32_t)b->out->facs_gpa),
		.dsdt = le32_put((uint32_t)gpa_of(b, dsdt)),
		.x_dsdt = le64_put(gpa_of(b, dsdt)),
		.int_model = 1,                 /* there is an APIC */
		.profile = 1,                   /* desktop */
		.sci = le16_put(LAYOUT_SCI_GSI),
		.c2_latency = le16_put(0xfff),  /* no C2, no C3 */
		.c3_latency = le16_put(0xfff),
		.century = cfg->has & ACPI_HAS_RTC ? 0x32 : 0,
		.boot_arch = le16_put(boot_arch(cfg->has)),
		/*
		 * The power button is a fixed event, the sleep button is
		 * absent: those two bits say what is *not* fixed hardware.
		 * The timer has 24 bits.
		 */
		.flags = le32_put(ACPI_FADT_WBINVD | ACPI_FADT_PROC_C1 |
				  ACPI_FADT_NO_SLP_BUTTON |
				  ACPI_FADT_RESET_REG |
				  ACPI_FADT_PLATFORM_CLK),
	};
	fadt_ports(f);
	b->roots[b->n_roots++] = end(b, "FACP", 3, sizeof(*f));
}

static void fill_facs(struct acpi_blob *out)
{
	struct acpi_facs facs = {
		.sig = "FACS",
		.len = le32_put(sizeof(facs)),
		.version = 1,
	};

	memcpy(out->facs, &facs, sizeof(facs));
}

/* ---- MADT --------------------------------------------------------------- */

static uint8_t *madt_iso(uint8_t *p, uint8_t irq, uint32_t gsi, uint16_t flags)
{
	struct acpi_madt_iso iso = {
		.type = ACPI_MADT_ISO, .len = sizeof(iso), .irq = irq,
		.gsi = le32_put(gsi), .flags = le16_put(flags),
	};

	return (uint8_t *)memcpy(p, &iso, sizeof(iso)) + sizeof(iso);
}

static uint8_t *madt_isos(uint8_t *p, const struct acpi_cfg *cfg)
{
	/* The PIT's line is wired to pin 2. */
	p = madt_iso(p, 0, 2, 0);
	p = madt_iso(p, LAYOUT_SCI_GSI, LAYOUT_SCI_GSI, ACPI_LEVEL_HIGH);
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		p = madt_iso(p, pci_intx_gsis[i], pci_intx_gsis[i],
			     ACPI_LEVEL_HIGH);
	/* The 16 first GSIs are edge-triggered unless said otherwise. */
	for (unsigned i = 0; i < cfg->n_vmmio; i++)
		if (cfg->vmmio[i].gsi < 16)
			p = madt_iso(p, cfg->vmmio[i].gsi, cfg->vmmio[i].gsi,
				     ACPI_LEVEL_HIGH);
	return p;
}

static uint8_t *madt_cpus(uint8_t *p, unsigned cpus)
{
	for (unsigned i = 0; i < cpus; i++) {
		struct acpi_madt_lapic lapic = {
			.type = ACPI_MADT_LAPIC, .len = sizeof(lapic),
			.cpu = (uint8_t)i, .apic = (uint8_t)i,
			.flags = le32_put(1),
		};

		p = (uint8_t *)memcpy(p, &lapic, sizeof(lapic)) + sizeof(lapic);
	}
	return p;
}

static void add_madt(struct builder *b, const struct acpi_cfg *cfg)
{
	const struct acpi_madt_ioapic ioapic = {
		.type = ACPI_MADT_IOAPIC, .len = sizeof(ioapic),
		.id = LAYOUT_IOAPIC_ID, .addr = le32_put(LAYOUT_IOAPIC),
	};
	const struct acpi_madt_nmi nmi = {
		.type = ACPI_MADT_NMI, .len = sizeof(nmi), .cpu = 0xff,
		.lint = 1,
	};
	struct { struct acpi_header h; le32 lapic, flags; } head = {
		.lapic = le32_put(LAYOUT_LAPIC),
		.flags = le32_put(1),           /* there are 8259s, too */
	};
	uint32_t room = (uint32_t)(sizeof(head) + sizeof(ioapic) +
		LAYOUT_CPUS_MAX * sizeof(struct acpi_madt_lapic) +
		LAYOUT_GSIS * sizeof(struct acpi_madt_iso) + sizeof(nmi));
	uint8_t *at = begin(b, room);
	uint8_t *p = at;

	if (!p)
		return;
	p = (uint8_t *)memcpy(p, &head, sizeof(head)) + sizeof(head);
	p = madt_cpus(p, cfg->cpus);
	p = (uint8_t *)memcpy(p, &ioapic, sizeof(ioapic)) + sizeof(ioapic);
	p = madt_isos(p, cfg);
	p = (uint8_t *)memcpy(p, &nmi, sizeof(nmi)) + sizeof(nmi);
	b->roots[b->n_roots++] = end(b, "APIC", 1, (uint32_t)(p - at));
}

/* ---- the small ones ----------------------------------------------------- */

static void add_hpet(struct builder *b)
{
	struct acpi_hpet *t = begin(b, sizeof(*t));

	if (!t)
		return;
	*t = (struct acpi_hpet){
		/* Revision 1, 3 timers, 64 bits, legacy replacement. */
		.id = le32_put(0x8086a201),
		.addr.space = ACPI_SPACE_MEM,
		.addr.width = 64,
		.addr.addr = le64_put(LAYOUT_HPET),
		.min_tick = le16_put(0x80),
	};
	b->roots[b->n_roots++] = end(b, "HPET", 1, sizeof(*t));
}

static void add_waet(struct builder *b)
{
	struct acpi_waet *t = begin(b, sizeof(*t));

	if (!t)
		return;
	t->flags = le32_put(1 << 1);    /* one read of the PM timer is enough */
	b->roots[b->n_roots++] = end(b, "WAET", 1, sizeof(*t));
}

/* width: 4 for the RSDT, 8 for the XSDT. */
static uint64_t add_root(struct builder *b, const char *sig, unsigned width)
{
	uint32_t len = (uint32_t)sizeof(struct acpi_header) +
		       width * b->n_roots;
	uint8_t *p = begin(b, len);

	if (!p)
		return 0;
	p += sizeof(struct acpi_header);
	for (unsigned i = 0; i < b->n_roots; i++) {
		le64 addr = le64_put(gpa_of(b, b->roots[i]));

		memcpy(p + i * width, &addr, width);
	}
	return gpa_of(b, end(b, sig, 1, len));
}

static void fill_rsdp(struct acpi_blob *out, uint64_t rsdt, uint64_t xsdt)
{
	struct acpi_rsdp r = {
		.oem = "AERO  ",
		.rev = 2,
		.rsdt = le32_put((uint32_t)rsdt),
		.len = le32_put(sizeof(r)),
		.xsdt = le64_put(xsdt),
	};

	memcpy(r.sig, "RSD PTR ", sizeof(r.sig));
	r.sum = bios_sum(&r, 20);
	r.sum_all = bios_sum(&r, sizeof(r));
	memcpy(out->rsdp, &r, sizeof(r));
}

/* ---- all of it ---------------------------------------------------------- */

static bool gsi_taken(const struct acpi_cfg *cfg, unsigned i)
{
	/* IRQs of ISA devices, the cascade and the SCI. */
	const uint32_t fixed = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 |
			       1u << 8 | 1u << LAYOUT_SCI_GSI | 1u << 12 |
			       1u << 13;
	unsigned gsi = cfg->vmmio[i].gsi;

	if (gsi >= LAYOUT_GSIS || fixed >> gsi & 1)
		return true;
	for (unsigned j = 0; j < PCI_INTX_GSIS; j++)
		if (pci_intx_gsis[j] == gsi)
			return true;
	for (unsigned j = 0; j < i; j++)
		if (cfg->vmmio[j].gsi == gsi)
			return true;
	return false;
}

static bool cfg_ok(const struct acpi_cfg *cfg)
{
	if (cfg->cpus < 1 || cfg->cpus > LAYOUT_CPUS_MAX ||
	    cfg->n_vmmio > ACPI_VMMIO_MAX)
		return false;
	for (unsigned i = 0; i < cfg->n_vmmio; i++) {
		const struct acpi_vmmio *v = &cfg->vmmio[i];
		uint32_t off = v->base - LAYOUT_VMMIO;

		if (off >= LAYOUT_VMMIO_LEN || v->len == 0 ||
		    v->len > LAYOUT_VMMIO_LEN - off || gsi_taken(cfg, i))
			return false;
	}
	return true;
}

int acpi_build(const struct acpi_cfg *cfg, struct acpi_blob *out)
{
	struct builder b = { .out = out };
	uint32_t dsdt;
	uint64_t rsdt;

	if (!cfg_ok(cfg))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->rsdp_gpa = LAYOUT_RSDP;
	out->tables_gpa = cfg->layout->acpi_base;
	out->facs_gpa = cfg->layout->nvs_base;
	fill_facs(out);
	dsdt = add_dsdt(&b, cfg);
	add_fadt(&b, cfg, dsdt);
	add_madt(&b, cfg);
	if (cfg->has & ACPI_HAS_HPET)
		add_hpet(&b);
	add_waet(&b);
	rsdt = add_root(&b, "RSDT", 4);
	fill_rsdp(out, rsdt, add_root(&b, "XSDT", 8));
	if (b.full)
		return -ENOSPC;
	out->tables_len = b.len;
	return 0;
}

int acpi_install(const struct gmem *mem, const struct acpi_blob *blob)
{
	if (gmem_write(mem, blob->rsdp_gpa, blob->rsdp, sizeof(blob->rsdp)) ||
	    gmem_write(mem, blob->facs_gpa, blob->facs, sizeof(blob->facs)) ||
	    gmem_write(mem, blob->tables_gpa, blob->tables, blob->tables_len))
		return -EFAULT;
	return 0;
}
