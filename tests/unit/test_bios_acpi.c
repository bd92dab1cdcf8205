/* Description: ACPI tables are sealed, linked up, and agree with the machine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bios/acpi_int.h"
#include "bios/e820.h"
#include "devices/base/gmem.h"
#include "pci/pci.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

struct fixture {
	struct bios_layout layout;
	struct acpi_cfg cfg;
	struct acpi_blob blob;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(layout_init(&f->layout, 512 * MIB, 40), 0);
	f->cfg = (struct acpi_cfg){
		.layout = &f->layout, .cpus = 4,
		.has = ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_COM1 |
		       ACPI_HAS_HPET,
		.vmmio = { { 0xd0000000, 0x1000, 16 },
			   { 0xd0001000, 0x1000, 7 } },
		.n_vmmio = 2,
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void build(struct fixture *f)
{
	assert_int_equal(acpi_build(&f->cfg, &f->blob), 0);
}

static uint8_t sum(const void *data, size_t len)
{
	uint8_t s = 0;

	for (size_t i = 0; i < len; i++)
		s = (uint8_t)(s + ((const uint8_t *)data)[i]);
	return s;
}

/* The table at a guest address; checks what all tables have. */
static const struct acpi_header *table_at(const struct fixture *f, uint64_t gpa)
{
	const struct acpi_blob *b = &f->blob;
	uint64_t off = gpa - b->tables_gpa;
	const struct acpi_header *h;

	assert_true(off + sizeof(*h) <= b->tables_len);
	h = (const void *)(b->tables + off);
	assert_true(le32_get(h->len) <= b->tables_len - off);
	assert_int_equal(off % 16, 0);
	assert_int_equal(sum(h, le32_get(h->len)), 0);
	return h;
}

/* Table i of the XSDT, or NULL. */
static const struct acpi_header *xsdt_entry(const struct fixture *f, unsigned i)
{
	const struct acpi_rsdp *r = (const void *)f->blob.rsdp;
	const struct acpi_header *x = table_at(f, le64_get(r->xsdt));
	le64 gpa;

	if (sizeof(*x) + (i + 1) * sizeof(gpa) > le32_get(x->len))
		return NULL;
	memcpy(&gpa, (const uint8_t *)(x + 1) + i * sizeof(gpa), sizeof(gpa));
	return table_at(f, le64_get(gpa));
}

static const struct acpi_header *find_table(const struct fixture *f,
					    const char *sig)
{
	const struct acpi_header *h;

	for (unsigned i = 0; (h = xsdt_entry(f, i)); i++)
		if (!memcmp(h->sig, sig, 4))
			return h;
	return NULL;
}

static const struct acpi_fadt *fadt(const struct fixture *f)
{
	return (const void *)find_table(f, "FACP");
}

static const struct acpi_header *dsdt(const struct fixture *f)
{
	return table_at(f, le64_get(fadt(f)->x_dsdt));
}

/* The first place of a name in [from, end of the DSDT), or NULL. */
static const uint8_t *find_name(const struct fixture *f, const uint8_t *from,
				const char *name)
{
	const struct acpi_header *d = dsdt(f);
	const uint8_t *end = (const uint8_t *)d + le32_get(d->len);

	if (!from)
		from = (const uint8_t *)(d + 1);
	return memmem(from, (size_t)(end - from), name, 4);
}

/* ---- the fixed tables ---------------------------------------------------- */

static void rsdp_leads_to_both_roots(void **state)
{
	struct fixture *f = *state;
	const struct acpi_rsdp *r = (const void *)f->blob.rsdp;
	const struct acpi_header *rsdt, *xsdt;
	unsigned n;

	build(f);
	assert_memory_equal(r->sig, "RSD PTR ", 8);
	assert_int_equal(r->rev, 2);
	assert_int_equal(le32_get(r->len), 36);
	assert_int_equal(sum(r, 20), 0);
	assert_int_equal(sum(r, 36), 0);
	assert_in_range(f->blob.rsdp_gpa, 0xe0000, 0xfffdf);
	assert_int_equal(f->blob.rsdp_gpa % 16, 0);
	rsdt = table_at(f, le32_get(r->rsdt));
	xsdt = table_at(f, le64_get(r->xsdt));
	assert_memory_equal(rsdt->sig, "RSDT", 4);
	assert_memory_equal(xsdt->sig, "XSDT", 4);
	n = (le32_get(rsdt->len) - 36) / 4;
	assert_int_equal((le32_get(xsdt->len) - 36) / 8, n);
	for (unsigned i = 0; i < n; i++) {
		le32 a;
		le64 b;

		memcpy(&a, (const uint8_t *)(rsdt + 1) + 4 * i, 4);
		memcpy(&b, (const uint8_t *)(xsdt + 1) + 8 * i, 8);
		assert_int_equal(le32_get(a), le64_get(b));
	}
	assert_non_null(find_table(f, "FACP"));
	assert_non_null(find_table(f, "APIC"));
	assert_non_null(find_table(f, "WAET"));
	assert_non_null(find_table(f, "HPET"));
	assert_null(find_table(f, "FACS"));
	assert_null(find_table(f, "DSDT"));
}

static void tables_lie_in_their_e820_entries(void **state)
{
	struct fixture *f = *state;
	const struct acpi_facs *facs = (const void *)f->blob.facs;

	build(f);
	assert_int_equal(f->blob.tables_gpa, f->layout.acpi_base);
	assert_true(f->blob.tables_len <= LAYOUT_ACPI_LEN);
	assert_int_equal(f->blob.facs_gpa, f->layout.nvs_base);
	assert_int_equal(f->blob.facs_gpa % 64, 0);
	assert_memory_equal(facs->sig, "FACS", 4);
	assert_int_equal(le32_get(facs->len), 64);
	assert_int_equal(le32_get(fadt(f)->facs), f->blob.facs_gpa);
}

/* Values that Windows 7 or Linux depend on, each with its meaning. */
static void fadt_describes_fixed_hardware(void **state)
{
	struct fixture *f = *state;
	const struct acpi_fadt *t;

	build(f);
	t = fadt(f);
	assert_int_equal(t->h.rev, 3);
	assert_int_equal(le32_get(t->h.len), 244);
	assert_int_equal(le32_get(t->dsdt), le64_get(t->x_dsdt));
	assert_int_equal(le16_get(t->sci), 9);
	/* Clear: the power button is a fixed event. Set: no sleep button. */
	assert_int_equal(le32_get(t->flags) & ACPI_FADT_NO_PWR_BUTTON, 0);
	assert_true(le32_get(t->flags) & ACPI_FADT_NO_SLP_BUTTON);
	assert_int_equal(le32_get(t->flags) & 1 << 8, 0);   /* 24-bit timer */
	assert_int_equal(le32_get(t->flags) & 1 << 20, 0);  /* full hardware */
	assert_int_equal(le64_get(t->x_pm1a_evt.addr), le32_get(t->pm1a_evt));
	assert_int_equal(t->x_pm1a_evt.width, 8 * t->pm1_evt_len);
	assert_int_equal(le64_get(t->x_pm1a_cnt.addr), le32_get(t->pm1a_cnt));
	assert_int_equal(t->x_pm1a_cnt.width, 8 * t->pm1_cnt_len);
	assert_int_equal(le64_get(t->x_pm_tmr.addr), le32_get(t->pm_tmr));
	assert_int_equal(t->x_pm_tmr.width, 8 * t->pm_tmr_len);
	assert_int_equal(le64_get(t->x_gpe0.addr), le32_get(t->gpe0));
	assert_int_equal(t->x_gpe0.width, 8 * t->gpe0_len);
	assert_int_equal(le64_get(t->reset_reg.addr), 0xcf9);
}

static void boot_flags_follow_the_devices(void **state)
{
	struct fixture *f = *state;

	f->cfg.has = ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_VGA;
	build(f);
	assert_int_equal(le16_get(fadt(f)->boot_arch),
			 ACPI_BOOT_LEGACY | ACPI_BOOT_8042);
	assert_int_equal(fadt(f)->century, 0x32);
	f->cfg.has = 0;
	build(f);
	assert_int_equal(le16_get(fadt(f)->boot_arch),
			 ACPI_BOOT_LEGACY | ACPI_BOOT_NO_VGA | ACPI_BOOT_NO_RTC);
	assert_int_equal(fadt(f)->century, 0);
	assert_null(find_table(f, "HPET"));
}

/* ---- MADT ---------------------------------------------------------------- */

struct madt_seen {
	uint32_t cpus;                  /* bit: APIC id */
	unsigned ioapics, nmis;
	uint32_t iso_gsi[16];
	uint16_t iso_flags[16];
	uint32_t isos;                  /* bit: source */
};

static void madt_entry(const uint8_t *p, struct madt_seen *s)
{
	const struct acpi_madt_lapic *lapic = (const void *)p;
	const struct acpi_madt_ioapic *io = (const void *)p;
	const struct acpi_madt_iso *iso = (const void *)p;

	switch (p[0]) {
	case ACPI_MADT_LAPIC:
		assert_int_equal(lapic->cpu, lapic->apic);
		assert_int_equal(le32_get(lapic->flags), 1);
		assert_false(s->cpus >> lapic->apic & 1);
		s->cpus |= 1u << lapic->apic;
		break;
	case ACPI_MADT_IOAPIC:
		assert_int_equal(le32_get(io->addr), 0xfec00000);
		assert_int_equal(le32_get(io->gsi_base), 0);
		s->ioapics++;
		break;
	case ACPI_MADT_ISO:
		assert_in_range(iso->irq, 0, 15);
		assert_false(s->isos >> iso->irq & 1);
		s->isos |= 1u << iso->irq;
		s->iso_gsi[iso->irq] = le32_get(iso->gsi);
		s->iso_flags[iso->irq] = le16_get(iso->flags);
		break;
	case ACPI_MADT_NMI:
		s->nmis++;
		break;
	default:
		fail_msg("MADT entry of type %u", p[0]);
	}
}

static void walk_madt(const struct fixture *f, struct madt_seen *s)
{
	const struct acpi_header *h = find_table(f, "APIC");
	const uint8_t *p = (const uint8_t *)(h + 1) + 8;
	const uint8_t *end = (const uint8_t *)h + le32_get(h->len);

	memset(s, 0, sizeof(*s));
	while (p < end) {
		assert_true(end - p >= 2 && p[1] >= 2 && p[1] <= end - p);
		madt_entry(p, s);
		p += p[1];
	}
	assert_ptr_equal(p, end);
}

static void madt_names_every_cpu(void **state)
{
	struct fixture *f = *state;
	struct madt_seen s;

	for (unsigned cpus = 1; cpus <= LAYOUT_CPUS_MAX; cpus++) {
		const uint8_t *p = NULL;
		unsigned n = 0;

		f->cfg.cpus = cpus;
		build(f);
		walk_madt(f, &s);
		assert_int_equal(s.cpus, (uint32_t)((1ull << cpus) - 1));
		assert_int_equal(s.ioapics, 1);
		assert_int_equal(s.nmis, 1);
		/* As many Processor objects: opcode, length, name, id. */
		for (const uint8_t *at = find_name(f, NULL, "_PR_") + 4;
		     at[0] == 0x5b && at[1] == 0x83; at += 2 + at[2]) {
			p = at + 3;
			assert_int_equal(p[0], 'C');
			assert_int_equal(p[4], n);
			n++;
		}
		assert_int_equal(n, cpus);
	}
}

static void madt_overrides_level_interrupts(void **state)
{
	static const uint8_t level[] = { 5, 7, 9, 10, 11 };
	struct fixture *f = *state;
	struct madt_seen s;
	uint32_t want = 1;

	build(f);
	walk_madt(f, &s);
	assert_int_equal(s.iso_gsi[0], 2);
	assert_int_equal(s.iso_flags[0], 0);
	for (unsigned i = 0; i < sizeof(level); i++) {
		want |= 1u << level[i];
		assert_int_equal(s.iso_gsi[level[i]], level[i]);
		assert_int_equal(s.iso_flags[level[i]], 0x0d);
	}
	assert_int_equal(s.isos, want);
}

/* ---- DSDT ---------------------------------------------------------------- */

static void dsdt_offers_s5_alone(void **state)
{
	struct fixture *f = *state;

	build(f);
	assert_int_equal(dsdt(f)->rev, 1);
	assert_non_null(find_name(f, NULL, "_S5_"));
	for (const char *s = "1234"; *s; s++) {
		const char name[] = { '_', 'S', *s, '_', 0 };

		assert_null(find_name(f, NULL, name));
	}
}

static const uint8_t *aml_read_int(const uint8_t *p, uint32_t *v)
{
	unsigned n = *p == 0x0a ? 1 : *p == 0x0b ? 2 : *p == 0x0c ? 4 : 0;

	*v = n ? 0 : *p;
	assert_true(n || *p <= 1);
	for (unsigned i = 0; i < n; i++)
		*v |= (uint32_t)p[1 + i] << (8 * i);
	return p + 1 + n;
}

/* The first byte of the next resource list called name after from. */
static const uint8_t *resources(const struct fixture *f, const uint8_t *from,
				const char *name)
{
	const uint8_t *p = find_name(f, from, name);
	uint32_t len;

	assert_non_null(p);
	assert_int_equal(p[4], 0x11);
	p += 5;
	p += 1 + (p[0] >> 6);
	return aml_read_int(p, &len);
}

static uint32_t link_gsi(const struct fixture *f, const char *link)
{
	/* Declared above its first use, so the first place is the device. */
	const uint8_t *dev = find_name(f, NULL, link);
	const uint8_t *crs = resources(f, dev, "_CRS");
	const uint8_t *prs = resources(f, dev, "_PRS");
	le32 gsi;

	assert_int_equal(dev[-4], 0x5b);        /* DeviceOp, 2-byte length */
	assert_int_equal(dev[-3], 0x82);
	assert_int_equal(crs[0], 0x89);
	assert_int_equal(crs[3], 0x09);         /* level, high, shared */
	assert_int_equal(crs[4], 1);
	assert_memory_equal(crs, prs, 9);
	memcpy(&gsi, crs + 5, 4);
	return le32_get(gsi);
}

static void prt_says_what_the_bus_does(void **state)
{
	struct fixture *f = *state;
	const uint8_t *p;
	uint32_t v;

	build(f);
	p = find_name(f, NULL, "_PRT") + 4;
	assert_int_equal(p[0], 0x12);
	p += 1 + 1 + (p[1] >> 6);
	assert_int_equal(*p++, 128);
	for (unsigned slot = 0; slot < 32; slot++) {
		for (unsigned pin = 0; pin < 4; pin++) {
			char link[5] = { 0 };

			assert_int_equal(p[0], 0x12);
			assert_int_equal(p[2], 4);
			p = aml_read_int(p + 3, &v);
			assert_int_equal(v, slot << 16 | 0xffff);
			p = aml_read_int(p, &v);
			assert_int_equal(v, pin);
			memcpy(link, p, 4);
			p = aml_read_int(p + 4, &v);
			assert_int_equal(v, 0);
			assert_int_equal(link_gsi(f, link),
					 pci_intx_gsi(slot, pin));
		}
	}
}

static void every_link_can_be_disabled(void **state)
{
	struct fixture *f = *state;
	const uint8_t *p = NULL;
	unsigned links = 0, dis = 0, srs = 0;

	build(f);
	for (p = NULL; (p = find_name(f, p, "_DIS")); p += 4)
		dis++;
	for (p = NULL; (p = find_name(f, p, "_SRS")); p += 4)
		srs++;
	for (p = NULL; (p = find_name(f, p, "\x0c\x41\xd0\x0c")); p += 4)
		links += p[4] == 0x0f;
	assert_int_equal(links, PCI_INTX_GSIS);
	assert_int_equal(dis, links);
	assert_int_equal(srs, links);
}

/* The bytes of a package-length, and where its contents start. */
static uint32_t pkg_len(const uint8_t *p, const uint8_t **at)
{
	unsigned more = p[0] >> 6;
	uint32_t len = more ? p[0] & 0x0f : p[0] & 0x3f;

	for (unsigned i = 0; i < more; i++)
		len |= (uint32_t)p[1 + i] << (4 + 8 * i);
	*at = p + 1 + more;
	return len;
}

/* Stop 0xA5/0Dh: a device without _HID or _ADR. */
static void every_device_is_identified(void **state)
{
	struct fixture *f = *state;
	const struct acpi_header *d;
	unsigned devices = 0;

	f->cfg.has = ~0u;
	build(f);
	d = dsdt(f);
	for (uint32_t i = sizeof(*d); i + 2 < le32_get(d->len); i++) {
		const uint8_t *p = (const uint8_t *)d + i, *name;
		uint32_t len;

		/* DeviceOp, whose name starts with a capital letter. */
		if (p[0] != 0x5b || p[1] != 0x82)
			continue;
		len = pkg_len(p + 2, &name);
		assert_in_range(name[0], 'A', 'Z');
		assert_true(p + 2 + len <=
			    (const uint8_t *)d + le32_get(d->len));
		assert_memory_equal(name + 4, "\x08_HID", 5);
		devices++;
	}
	/* Links, PCI0, its ISA devices, MBMM, HPET, virtio-mmio. */
	assert_int_equal(devices, 3 + 1 + 10 + 1 + 1 + f->cfg.n_vmmio);
}

/* Windows 7 stops at a name that is declared further down. */
static void names_are_declared_before_use(void **state)
{
	struct fixture *f = *state;
	const uint8_t *p, *pci0;

	build(f);
	pci0 = find_name(f, NULL, "PCI0");
	/* A name's first place is its declaration: Name or Device. */
	assert_int_equal(find_name(f, NULL, "STAT")[-1], 0x08);
	p = find_name(f, NULL, "PICF");
	assert_true(p[-1] == 0x08 || (p[-1] == '\\' && p[-2] == 0x08));
	for (const char *link = "ABC"; *link; link++) {
		const char name[] = { 'L', 'N', 'K', *link, 0 };

		p = find_name(f, NULL, name);
		assert_true(p < pci0 && p[-4] == 0x5b && p[-3] == 0x82);
	}
	/* Children come after their parents, scopes before what is in them. */
	assert_true(find_name(f, NULL, "_PR_") < find_name(f, NULL, "C000"));
	assert_true(pci0 < find_name(f, NULL, "COM1"));
}

/* 0xA5/01, 10007 and 10008: interrupts the IOAPIC has not got, or an SCI that
 * is not level-triggered. */
static void interrupts_are_the_ioapics(void **state)
{
	struct fixture *f = *state;
	struct madt_seen s;
	unsigned sci;

	build(f);
	walk_madt(f, &s);
	sci = le16_get(fadt(f)->sci);
	assert_true(sci < 16 && s.isos >> sci & 1);
	assert_int_equal(s.iso_gsi[sci], sci);
	assert_int_equal(s.iso_flags[sci] & 0x0c, 0x0c);
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++) {
		assert_true(pci_intx_gsis[i] < LAYOUT_GSIS);
		assert_int_not_equal(pci_intx_gsis[i], sci);
		/* KVM's PICs cannot make these level-triggered, and 12 is the
		 * mouse's. */
		assert_false(0x3107 >> pci_intx_gsis[i] & 1);
	}
}

static uint64_t get(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

/* Windows stops with 0xA5 when a memory window of the root bus meets an entry
 * of the memory map. */
static void check_windows(struct fixture *f, unsigned want)
{
	struct e820_entry e[E820_MAX];
	unsigned n = e820_build(&f->layout, e), windows = 0;
	const uint8_t *p = resources(f, find_name(f, NULL, "PCI0"), "_CRS");

	for (; p[0] != 0x79; p += p[0] & 0x80 ? 3 + get(p + 1, 2) :
						1u + (p[0] & 7)) {
		unsigned w = p[0] == 0x8a ? 8 : 4;
		uint64_t first, last;

		if ((p[0] != 0x87 && p[0] != 0x8a) || p[3] != 0)
			continue;
		windows++;
		first = get(p + 6 + w, w);
		last = get(p + 6 + 2 * w, w);
		assert_true(first <= last);
		assert_int_equal(get(p + 6 + 4 * w, w), last - first + 1);
		for (unsigned i = 0; i < n; i++)
			assert_true(last < e[i].base ||
				    first >= e[i].base + e[i].len);
		for (unsigned i = 0; i < f->cfg.n_vmmio; i++)
			assert_true(last < f->cfg.vmmio[i].base ||
				    first > f->cfg.vmmio[i].base);
	}
	assert_int_equal(windows, want);
}

static void windows_avoid_the_memory_map(void **state)
{
	static const struct { uint64_t ram; unsigned bits, windows; } t[] = {
		{ 16 * MIB, 40, 4 }, { 3 * GIB, 36, 4 }, { 5 * GIB, 36, 4 },
		{ 63 * GIB, 36, 3 }, { 1 * GIB, 32, 3 },
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(layout_init(&f->layout, t[i].ram, t[i].bits),
				 0);
		build(f);
		check_windows(f, t[i].windows);
	}
}

static void vmmio_devices_are_listed(void **state)
{
	struct fixture *f = *state;
	const uint8_t *p = NULL;

	build(f);
	for (unsigned i = 0; i < f->cfg.n_vmmio; i++) {
		const uint8_t *crs;

		p = find_name(f, p, "LNRO");
		assert_non_null(p);
		crs = resources(f, p, "_CRS");
		assert_int_equal(crs[0], 0x86);
		assert_int_equal(get(crs + 4, 4), f->cfg.vmmio[i].base);
		assert_int_equal(get(crs + 8, 4), f->cfg.vmmio[i].len);
		assert_int_equal(crs[12], 0x89);
		assert_int_equal(crs[15], 0x01); /* level, high, exclusive */
		assert_int_equal(get(crs + 17, 4), f->cfg.vmmio[i].gsi);
		p += 4;
	}
	assert_null(find_name(f, p, "LNRO"));
}

static void optional_devices_come_and_go(void **state)
{
	static const struct { const char *name; unsigned has; } t[] = {
		{ "RTC_", ACPI_HAS_RTC }, { "KBD_", ACPI_HAS_I8042 },
		{ "MOU_", ACPI_HAS_MOUSE }, { "COM1", ACPI_HAS_COM1 },
		{ "DMAC", ACPI_HAS_DMA }, { "SPKR", ACPI_HAS_SPEAKER },
		{ "HPET", ACPI_HAS_HPET },
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		f->cfg.has = t[i].has;
		build(f);
		for (unsigned j = 0; j < sizeof(t) / sizeof(t[0]); j++)
			assert_int_equal(!!find_name(f, NULL, t[j].name),
					 i == j);
	}
}

/* ---- configurations that cannot be ---------------------------------------- */

static void refuses_wrong_configurations(void **state)
{
	static const struct acpi_vmmio wrong[] = {
		{ 0xcffff000, 0x1000, 16 },     /* below its range */
		{ 0xd0010000, 0x1000, 16 },     /* above */
		{ 0xd000f000, 0x2000, 16 },     /* out of it */
		{ 0xd0000000, 0, 16 },          /* empty */
		{ 0xd0000000, 0x1000, 24 },     /* no such pin */
		{ 0xd0000000, 0x1000, 9 },      /* the SCI's */
		{ 0xd0000000, 0x1000, 10 },     /* INTx */
		{ 0xd0000000, 0x1000, 4 },      /* COM1 */
		{ 0xd0000000, 0x1000, 17 },     /* of the device before */
	};
	struct fixture *f = *state;

	f->cfg.cpus = 0;
	assert_int_equal(acpi_build(&f->cfg, &f->blob), -EINVAL);
	f->cfg.cpus = LAYOUT_CPUS_MAX + 1;
	assert_int_equal(acpi_build(&f->cfg, &f->blob), -EINVAL);
	f->cfg.cpus = 1;
	f->cfg.n_vmmio = ACPI_VMMIO_MAX + 1;
	assert_int_equal(acpi_build(&f->cfg, &f->blob), -EINVAL);
	f->cfg.n_vmmio = 2;
	f->cfg.vmmio[0].gsi = 17;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		f->cfg.vmmio[1] = wrong[i];
		assert_int_equal(acpi_build(&f->cfg, &f->blob), -EINVAL);
	}
	f->cfg.vmmio[1] = (struct acpi_vmmio){ 0xd000f000, 0x1000, 23 };
	assert_int_equal(acpi_build(&f->cfg, &f->blob), 0);
}

static void installs_where_it_points(void **state)
{
	struct fixture *f = *state;
	uint8_t *ram = calloc(1, 16 * MIB);
	struct gmem mem = { 0 };

	assert_non_null(ram);
	assert_int_equal(layout_init(&f->layout, 16 * MIB, 40), 0);
	build(f);
	assert_int_equal(acpi_install(&mem, &f->blob), -EFAULT);
	assert_int_equal(gmem_add(&mem, &(struct gmem_region){
		0, 16 * MIB, ram, GMEM_READ | GMEM_WRITE }), 0);
	assert_int_equal(acpi_install(&mem, &f->blob), 0);
	assert_memory_equal(ram + LAYOUT_RSDP, "RSD PTR ", 8);
	assert_memory_equal(ram + f->layout.nvs_base, "FACS", 4);
	assert_memory_equal(ram + f->layout.acpi_base, f->blob.tables,
			    f->blob.tables_len);
	free(ram);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(rsdp_leads_to_both_roots),
		test(tables_lie_in_their_e820_entries),
		test(fadt_describes_fixed_hardware),
		test(boot_flags_follow_the_devices),
		test(madt_names_every_cpu),
		test(madt_overrides_level_interrupts),
		test(dsdt_offers_s5_alone),
		test(prt_says_what_the_bus_does),
		test(every_link_can_be_disabled),
		test(every_device_is_identified),
		test(names_are_declared_before_use),
		test(interrupts_are_the_ioapics),
		test(windows_avoid_the_memory_map),
		test(vmmio_devices_are_listed),
		test(optional_devices_come_and_go),
		test(refuses_wrong_configurations),
		test(installs_where_it_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
