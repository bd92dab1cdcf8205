/*
 * The DSDT. Windows 7's interpreter wants everything declared above the place
 * that names it: processors, then links, then PCI0 with what hangs on it.
 */
#include "bios/acpi_int.h"

#include "pci/pci.h"

#define STA_ON  0x0b    /* present, enabled, working */
#define STA_OFF 0x09

static_assert(LAYOUT_CPUS_MAX <= 0x100, "CPU names have two digits");

static void processors(struct aml *a, unsigned cpus)
{
	static const char digit[] = "0123456789ABCDEF";
	aml_mark scope = aml_scope(a, "\\_PR");

	for (unsigned i = 0; i < cpus; i++) {
		const char name[] = { 'C', '0', digit[i >> 4], digit[i & 15],
				      0 };

		aml_end(a, aml_processor(a, name, (uint8_t)i));
	}
	aml_end(a, scope);
}

static void sleep_states(struct aml *a)
{
	aml_mark pkg;

	/* S5 only: nothing here could resume from S3 or S4. */
	aml_name(a, "\\_S5");
	pkg = aml_package(a, 4);
	aml_int(a, LAYOUT_S5_TYPE);
	aml_int(a, LAYOUT_S5_TYPE);
	aml_int(a, 0);
	aml_int(a, 0);
	aml_end(a, pkg);
}

/*
 * PIC and APIC mode use the same numbers, so routing does not depend on what
 * the OS chose; the value is kept for those who look.
 */
static void pic_mode(struct aml *a)
{
	aml_mark m;

	aml_name_int(a, "\\PICF", 0);
	m = aml_method(a, "\\_PIC", 1);
	aml_store_arg0(a, "\\PICF");
	aml_end(a, m);
}

/* ---- interrupt links ---------------------------------------------------- */

static const char link_name[PCI_INTX_GSIS][5] = { "LNKA", "LNKB", "LNKC" };

static void link_method(struct aml *a, const char *name, unsigned args,
			uint32_t sta)
{
	aml_mark m = aml_method(a, name, args);

	aml_store_int(a, sta, "STAT");
	aml_end(a, m);
}

/*
 * A link is wired to one GSI: _SRS and _DIS only move its status. Both have
 * to be there (Windows stops without _DIS).
 */
static void link_device(struct aml *a, unsigned i)
{
	aml_mark dev = aml_device(a, link_name[i]);
	aml_mark m;

	aml_name_eisa(a, "_HID", "PNP0C0F");
	aml_name_int(a, "_UID", i + 1);
	aml_name_int(a, "STAT", STA_ON);
	m = aml_resources(a, "_PRS");
	aml_res_gsi(a, pci_intx_gsis[i], true);
	aml_resources_end(a, m);
	m = aml_resources(a, "_CRS");
	aml_res_gsi(a, pci_intx_gsis[i], true);
	aml_resources_end(a, m);
	m = aml_method(a, "_STA", 0);
	aml_return_path(a, "STAT");
	aml_end(a, m);
	link_method(a, "_SRS", 1, STA_ON);
	link_method(a, "_DIS", 0, STA_OFF);
	aml_end(a, dev);
}

static const char *link_of(unsigned slot, unsigned pin)
{
	unsigned gsi = pci_intx_gsi(slot, pin);
	unsigned i = 0;

	while (i < PCI_INTX_GSIS - 1 && pci_intx_gsis[i] != gsi)
		i++;
	return link_name[i];
}

static void routing(struct aml *a)
{
	aml_mark rows, row;

	aml_name(a, "_PRT");
	rows = aml_package(a, PCI_SLOTS * 4);
	for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
		for (unsigned pin = 0; pin < 4; pin++) {
			row = aml_package(a, 4);
			aml_int(a, slot << 16 | 0xffff);
			aml_int(a, pin);
			aml_path(a, link_of(slot, pin));
			aml_int(a, 0);
			aml_end(a, row);
		}
	}
	aml_end(a, rows);
}

/* ---- fixed devices below PCI0: their ports are from its window ----------- */

struct isa_port { uint16_t base; uint8_t len; };

#define ISA_NO_IRQ 0xff
#define ISA_PORTS 5

struct isa_dev {
	char name[5], hid[8];
	unsigned needs;                 /* enum acpi_has, 0: always there */
	uint8_t irq;
	bool dma4;
	uint8_t uid;                    /* 0: none */
	struct isa_port port[ISA_PORTS];
};

static const struct isa_dev isa_devs[] = {
	{ "PIC", "PNP0000", 0, 2, false, 0, { { 0x20, 2 }, { 0xa0, 2 } } },
	{ "TIMR", "PNP0100", 0, 0, false, 0, { { 0x40, 4 } } },
	{ "DMAC", "PNP0200", ACPI_HAS_DMA, ISA_NO_IRQ, true, 0,
	  { { 0x00, 0x10 }, { 0x81, 0x0f }, { 0xc0, 0x20 } } },
	{ "RTC", "PNP0B00", ACPI_HAS_RTC, 8, false, 0, { { 0x70, 2 } } },
	{ "SPKR", "PNP0800", ACPI_HAS_SPEAKER, ISA_NO_IRQ, false, 0,
	  { { 0x61, 1 } } },
	{ "FPU", "PNP0C04", 0, 13, false, 0, { { 0xf0, 1 } } },
	{ "KBD", "PNP0303", ACPI_HAS_I8042, 1, false, 0,
	  { { 0x60, 1 }, { 0x64, 1 } } },
	{ "MOU", "PNP0F13", ACPI_HAS_MOUSE, 12, false, 0, { { 0, 0 } } },
	{ "COM1", "PNP0501", ACPI_HAS_COM1, 4, false, 1, { { 0x3f8, 8 } } },
	/* What no driver claims. CF8-CFF is in PCI0's own list already. */
	{ "MBIO", "PNP0C02", 0, ISA_NO_IRQ, false, 1,
	  { { 0x80, 1 }, { 0x92, 1 }, { LAYOUT_SMI_CMD, 2 }, { 0x4d0, 2 },
	    { LAYOUT_PM, LAYOUT_PM_LEN } } },
};

static void isa_device(struct aml *a, const struct isa_dev *d)
{
	aml_mark dev = aml_device(a, d->name);
	aml_mark crs;

	aml_name_eisa(a, "_HID", d->hid);
	if (d->uid)
		aml_name_int(a, "_UID", d->uid);
	crs = aml_resources(a, "_CRS");
	for (unsigned i = 0; i < ISA_PORTS && d->port[i].len; i++)
		aml_res_io(a, d->port[i].base, d->port[i].len);
	if (d->irq != ISA_NO_IRQ)
		aml_res_irq(a, d->irq);
	if (d->dma4)
		aml_res_dma4(a);
	aml_resources_end(a, crs);
	aml_end(a, dev);
}

/* ---- PCI0 --------------------------------------------------------------- */

static void pci_windows(struct aml *a, const struct bios_layout *l)
{
	aml_mark crs = aml_resources(a, "_CRS");

	aml_res_bus(a, 0, 0xff);
	aml_res_io(a, 0xcf8, 8);
	aml_res_io_window(a, 0, 0xcf7);
	aml_res_io_window(a, 0xd00, 0xffff);
	aml_res_mem32_window(a, LAYOUT_VGA, LAYOUT_VGA + LAYOUT_VGA_LEN - 1,
			     true);
	aml_res_mem32_window(a, LAYOUT_PCI_A,
			     LAYOUT_PCI_A + LAYOUT_PCI_A_LEN - 1, false);
	aml_res_mem32_window(a, LAYOUT_PCI_B,
			     LAYOUT_PCI_B + LAYOUT_PCI_B_LEN - 1, false);
	if (l->pci64_len)
		aml_res_mem64_window(a, l->pci64_base,
				     l->pci64_base + l->pci64_len - 1);
	aml_resources_end(a, crs);
}

static void pci0(struct aml *a, const struct acpi_cfg *cfg)
{
	const unsigned n = sizeof(isa_devs) / sizeof(isa_devs[0]);
	aml_mark dev = aml_device(a, "PCI0");

	aml_name_eisa(a, "_HID", "PNP0A03");
	aml_name_int(a, "_ADR", 0);
	aml_name_int(a, "_UID", 0);
	aml_name_int(a, "_BBN", 0);
	pci_windows(a, cfg->layout);
	routing(a);
	for (unsigned i = 0; i < n; i++)
		if ((isa_devs[i].needs & cfg->has) == isa_devs[i].needs)
			isa_device(a, &isa_devs[i]);
	aml_end(a, dev);
}

/* ---- memory-mapped devices: not from PCI0's windows ---------------------- */

static void board_memory(struct aml *a)
{
	aml_mark dev = aml_device(a, "MBMM");
	aml_mark crs;

	aml_name_eisa(a, "_HID", "PNP0C02");
	aml_name_int(a, "_UID", 2);
	crs = aml_resources(a, "_CRS");
	aml_res_mem32(a, true, LAYOUT_IOAPIC, 0x1000);
	aml_res_mem32(a, true, LAYOUT_LAPIC, 0x1000);
	aml_resources_end(a, crs);
	aml_end(a, dev);
}

/* No interrupts here: naming IRQ 2 and 8 stops older Windows. */
static void hpet(struct aml *a)
{
	aml_mark dev = aml_device(a, "HPET");
	aml_mark crs;

	aml_name_eisa(a, "_HID", "PNP0103");
	aml_name_int(a, "_UID", 0);
	crs = aml_resources(a, "_CRS");
	aml_res_mem32(a, false, LAYOUT_HPET, 0x400);
	aml_resources_end(a, crs);
	aml_end(a, dev);
}

static void vmmio_device(struct aml *a, const struct acpi_vmmio *v, unsigned i)
{
	static const char digit[] = "0123456789ABCDEF";
	const char name[] = { 'V', 'R', '0', digit[i], 0 };
	aml_mark dev = aml_device(a, name);
	aml_mark crs;

	aml_name_str(a, "_HID", "LNRO0005");
	aml_name_int(a, "_UID", i);
	crs = aml_resources(a, "_CRS");
	aml_res_mem32(a, true, v->base, v->len);
	aml_res_gsi(a, v->gsi, false);
	aml_resources_end(a, crs);
	aml_end(a, dev);
}

static_assert(ACPI_VMMIO_MAX <= 16, "one digit in a name");

void acpi_dsdt(struct aml *a, const struct acpi_cfg *cfg)
{
	aml_mark sb;

	processors(a, cfg->cpus);
	sleep_states(a);
	pic_mode(a);
	sb = aml_scope(a, "\\_SB");
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		link_device(a, i);
	pci0(a, cfg);
	board_memory(a);
	if (cfg->has & ACPI_HAS_HPET)
		hpet(a);
	for (unsigned i = 0; i < cfg->n_vmmio; i++)
		vmmio_device(a, &cfg->vmmio[i], i);
	aml_end(a, sb);
}
