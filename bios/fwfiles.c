#include "bios/fwfiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/acpi_int.h"
#include "bios/e820.h"
#include "bios/vga_rom.h"
#include "devices/legacy/fwcfg.h"

#define COM1 0x3f8

/* ---- the table loader's script ------------------------------------------------ */

#define TABLES_FILE     "etc/acpi/tables"
#define RSDP_FILE       "etc/acpi/rsdp"
#define COMMANDS_MAX    64

enum { ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };

struct command {
	le32 what;
	union {
		struct {
			char file[FWCFG_NAME_LEN];
			le32 align;
			uint8_t zone;
		} __attribute__((packed)) alloc;
		struct {
			char in[FWCFG_NAME_LEN], to[FWCFG_NAME_LEN];
			le32 off;
			uint8_t size;
		} __attribute__((packed)) pointer;
		struct {
			char file[FWCFG_NAME_LEN];
			le32 off, start, len;
		} __attribute__((packed)) sum;
		uint8_t room[124];
	};
} __attribute__((packed));

static_assert(sizeof(struct command) == 128, "a loader's command");

struct script {
	struct command cmd[COMMANDS_MAX + 1];   /* the last is for overflow */
	unsigned n;
	bool full;
};

static struct command *command(struct script *s, uint32_t what)
{
	struct command *c = &s->cmd[s->n];

	if (s->n < COMMANDS_MAX)
		s->n++;
	else
		s->full = true;
	memset(c, 0, sizeof(*c));
	c->what = le32_put(what);
	return c;
}

static void allocate(struct script *s, const char *file, uint32_t align,
		     uint8_t zone)
{
	struct command *c = command(s, ALLOCATE);

	strcpy(c->alloc.file, file);
	c->alloc.align = le32_put(align);
	c->alloc.zone = zone;
}

/* The pointer holds an offset in the tables' file. */
static void point(struct script *s, const char *in, uint32_t off, uint8_t size)
{
	struct command *c = command(s, ADD_POINTER);

	strcpy(c->pointer.in, in);
	strcpy(c->pointer.to, TABLES_FILE);
	c->pointer.off = le32_put(off);
	c->pointer.size = size;
}

static void checksum(struct script *s, const char *file, uint32_t off,
		     uint32_t start, uint32_t len)
{
	struct command *c = command(s, ADD_CHECKSUM);

	strcpy(c->sum.file, file);
	c->sum.off = le32_put(off);
	c->sum.start = le32_put(start);
	c->sum.len = le32_put(len);
}

static void link_root(struct script *s, uint32_t at, uint32_t len, uint8_t size)
{
	for (uint32_t off = sizeof(struct acpi_header); off < len; off += size)
		point(s, TABLES_FILE, at + off, size);
}

/* The table at this offset of the file: its pointers, then its checksum. */
static void link_table(struct script *s, const struct acpi_header *h,
		       uint32_t at)
{
	uint32_t len = le32_get(h->len);

	if (!memcmp(h->sig, "RSDT", 4)) {
		link_root(s, at, len, 4);
	} else if (!memcmp(h->sig, "XSDT", 4)) {
		link_root(s, at, len, 8);
	} else if (!memcmp(h->sig, "FACP", 4)) {
		point(s, TABLES_FILE, at + offsetof(struct acpi_fadt, facs), 4);
		point(s, TABLES_FILE, at + offsetof(struct acpi_fadt, dsdt), 4);
		point(s, TABLES_FILE, at + offsetof(struct acpi_fadt, x_dsdt),
		      8);
	} else {
		return;         /* no pointers, so its checksum holds */
	}
	checksum(s, TABLES_FILE, at + offsetof(struct acpi_header, sum), at,
		 len);
}

static void link_all(struct script *s, const struct acpi_blob *blob)
{
	uint32_t at = 0;

	/* The FACS, first in the file, wants 64. */
	allocate(s, TABLES_FILE, 64, ZONE_HIGH);
	allocate(s, RSDP_FILE, 16, ZONE_FSEG);
	while (at < blob->tables_len) {
		const struct acpi_header *h =
			(const void *)(blob->tables + at);

		link_table(s, h, ACPI_FACS_LEN + at);
		at = (at + le32_get(h->len) + 15) & ~15u;
	}
	point(s, RSDP_FILE, offsetof(struct acpi_rsdp, rsdt), 4);
	point(s, RSDP_FILE, offsetof(struct acpi_rsdp, xsdt), 8);
	checksum(s, RSDP_FILE, offsetof(struct acpi_rsdp, sum), 0, 20);
	checksum(s, RSDP_FILE, offsetof(struct acpi_rsdp, sum_all), 0,
		 ACPI_RSDP_LEN);
}

/* Built for addresses that are offsets in the file: FACS, then the rest. */
static int build_tables(const struct fwfiles_cfg *cfg, struct acpi_blob *blob)
{
	struct bios_layout file = *cfg->layout;
	struct acpi_cfg acpi = *cfg->acpi;

	file.nvs_base = 0;
	file.acpi_base = ACPI_FACS_LEN;
	acpi.layout = &file;
	return acpi_build(&acpi, blob);
}

struct acpi_files {
	struct acpi_blob blob;
	struct script script;
	uint8_t tables[ACPI_FACS_LEN + LAYOUT_ACPI_LEN];
};

static int add_acpi(struct fwcfg *f, const struct fwfiles_cfg *cfg)
{
	struct acpi_files *a = calloc(1, sizeof(*a));
	int ret;

	if (!a)
		return -ENOMEM;
	ret = build_tables(cfg, &a->blob);
	if (ret < 0)
		goto out;
	link_all(&a->script, &a->blob);
	memcpy(a->tables, a->blob.facs, ACPI_FACS_LEN);
	memcpy(a->tables + ACPI_FACS_LEN, a->blob.tables, a->blob.tables_len);
	ret = a->script.full ? -ENOSPC : 0;
	if (ret == 0)
		ret = fwcfg_add_file(f, TABLES_FILE, a->tables,
				     ACPI_FACS_LEN + a->blob.tables_len);
	if (ret == 0)
		ret = fwcfg_add_file(f, RSDP_FILE, a->blob.rsdp,
				     ACPI_RSDP_LEN);
	if (ret == 0)
		ret = fwcfg_add_file(f, "etc/table-loader", a->script.cmd,
				     a->script.n * sizeof(struct command));
out:
	free(a);
	return ret;
}

/* ---- everything else ----------------------------------------------------------- */

struct map_entry {
	le64 base, len;
	le32 type;
} __attribute__((packed));

static void map_put(struct map_entry *m, unsigned *n, uint64_t base,
		    uint64_t len, uint32_t type)
{
	m[(*n)++] = (struct map_entry){ le64_put(base), le64_put(len),
					le32_put(type) };
}

/* RAM and what KVM keeps; where ROM and tables are is firmware's affair. */
static int add_map(struct fwcfg *f, const struct bios_layout *l)
{
	struct map_entry map[3];
	unsigned n = 0;

	map_put(map, &n, 0, l->low_ram_end, E820_RAM);
	map_put(map, &n, LAYOUT_KVM, LAYOUT_KVM_LEN, E820_RESERVED);
	if (l->high_ram_end)
		map_put(map, &n, LAYOUT_HIGH_RAM,
			l->high_ram_end - LAYOUT_HIGH_RAM, E820_RAM);
	return fwcfg_add_file(f, "etc/e820", map, n * sizeof(map[0]));
}

static int add_smbios(struct fwcfg *f, const struct fwfiles_cfg *cfg)
{
	struct smbios *s = malloc(sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	ret = smbios_build(cfg->smbios, s);
	if (ret == 0)
		ret = fwcfg_add_file(f, "etc/smbios/smbios-anchor", s->entry,
				     sizeof(s->entry));
	if (ret == 0)
		ret = fwcfg_add_file(f, "etc/smbios/smbios-tables", s->table,
				     s->len);
	free(s);
	return ret;
}

/* One Open Firmware path a line. */
static int add_boot_order(struct fwcfg *f, const struct fwfiles_cfg *cfg)
{
	char text[FWFILES_BOOT_MAX * 40];
	size_t at = 0;

	for (unsigned i = 0; i < cfg->n_boot; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s/pci@i0cf8/scsi@%x/disk@0,0",
				       i ? "\n" : "", cfg->boot[i]);
	return at ? fwcfg_add_file(f, "bootorder", text, at + 1) : 0;
}

static int add_numbers(struct fwcfg *f, const struct fwfiles_cfg *cfg)
{
	const le16 cpus = le16_put((uint16_t)cfg->cpus);
	const le16 menu = le16_put(cfg->menu), wait =
		le16_put((uint16_t)(cfg->menu_seconds * 1000));
	const le64 ram = le64_put(cfg->ram);
	const le16 port = le16_put(COM1);
	const uint8_t irq0 = 1;
	int ret;

	if ((ret = fwcfg_add(f, FWCFG_RAM_SIZE, &ram, sizeof(ram))) < 0 ||
	    (ret = fwcfg_add(f, FWCFG_CPUS, &cpus, sizeof(cpus))) < 0 ||
	    (ret = fwcfg_add(f, FWCFG_MAX_CPUS, &cpus, sizeof(cpus))) < 0 ||
	    (ret = fwcfg_add(f, FWCFG_IRQ0, &irq0, sizeof(irq0))) < 0 ||
	    (ret = fwcfg_add(f, FWCFG_BOOT_MENU, &menu, sizeof(menu))) < 0)
		return ret;
	if (cfg->menu)
		ret = fwcfg_add_file(f, "etc/boot-menu-wait", &wait,
				     sizeof(wait));
	if (ret == 0 && cfg->serial)
		ret = fwcfg_add_file(f, "etc/sercon-port", &port,
				     sizeof(port));
	return ret;
}

int fwfiles_add(struct fwcfg *f, const struct fwfiles_cfg *cfg)
{
	static const uint8_t id[4] = { 3 };     /* ports and DMA */
	int ret;

	if ((ret = fwcfg_add(f, FWCFG_SIGNATURE, "QEMU", 4)) < 0 ||
	    (ret = fwcfg_add(f, FWCFG_ID, id, sizeof(id))) < 0 ||
	    (ret = add_numbers(f, cfg)) < 0 ||
	    (ret = add_map(f, cfg->layout)) < 0 ||
	    (ret = add_smbios(f, cfg)) < 0 ||
	    (ret = add_boot_order(f, cfg)) < 0)
		return ret;
	if (cfg->vga && (ret = fwcfg_add_file(f, "vgaroms/vga.bin", vga_rom(),
					      VGA_ROM_LEN)) < 0)
		return ret;
	return add_acpi(f, cfg);
}
