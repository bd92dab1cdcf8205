/* Description: what fw_cfg tells firmware; the table loader's script, followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bios/acpi_int.h"
#include "bios/fwfiles.h"
#include "devices/base/gmem.h"
#include "devices/legacy/fwcfg.h"

#define GIB (1ull << 30)

struct rig {
	struct iospace pio;
	struct gmem mem;
	struct fwcfg f;
	struct bios_layout layout;
	struct acpi_cfg acpi;
	struct smbios_cfg smbios;
	struct fwfiles_cfg cfg;
};

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	iospace_init(&r->pio);
	assert_int_equal(fwcfg_init(&r->f, &r->pio, &r->mem), 0);
	assert_int_equal(layout_init(&r->layout, 4 * GIB, 40), 0);
	r->acpi = (struct acpi_cfg){
		.layout = &r->layout, .cpus = 3,
		.has = ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_HPET,
	};
	r->smbios = (struct smbios_cfg){
		.layout = &r->layout, .ram = 4 * GIB, .cpus = 3,
		.version = "1",
	};
	r->cfg = (struct fwfiles_cfg){
		.layout = &r->layout, .acpi = &r->acpi,
		.smbios = &r->smbios, .ram = 4 * GIB,
		.cpus = 3, .boot = { 2, 1, 0x1f }, .n_boot = 3, .menu = true,
		.menu_seconds = 30, .serial = true,
	};
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	fwcfg_fini(&r->f);
	free(r);
	return 0;
}

static struct fwcfg_item *file(struct rig *r, const char *name)
{
	for (unsigned i = 0; i < r->f.n; i++)
		if (!strcmp(r->f.item[i].name, name))
			return &r->f.item[i];
	fail_msg("no file %s", name);
	return NULL;
}

static uint64_t le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static uint8_t sum(const uint8_t *p, uint32_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + *p++);
	return s;
}

/* ---- a loader, as firmware has one ---------------------------------------------- */

#define TABLES_AT 0x7fe0040ull  /* aligned to 64, not to more */
#define RSDP_AT 0xf5a90ull

static uint64_t place_of(const uint8_t *name)
{
	if (!strcmp((const char *)name, "etc/acpi/tables"))
		return TABLES_AT;
	assert_string_equal((const char *)name, "etc/acpi/rsdp");
	return RSDP_AT;
}

static void follow(struct rig *r, const uint8_t *c)
{
	struct fwcfg_item *f = file(r, (const char *)c + 4);
	unsigned size = c[4 + 56 + 56 + 4];
	uint32_t off, start, len;
	uint64_t v;

	switch (le(c, 4)) {
	case 1:
		assert_int_equal(c[4 + 56 + 4],
				 place_of(c + 4) == RSDP_AT ? 2 : 1);
		assert_int_equal(place_of(c + 4) % le(c + 4 + 56, 4), 0);
		break;
	case 2:
		off = (uint32_t)le(c + 4 + 112, 4);
		assert_true(off + size <= f->len);
		v = le(f->data + off, size) + place_of(c + 4 + 56);
		for (unsigned i = 0; i < size; i++, v >>= 8)
			f->data[off + i] = (uint8_t)v;
		break;
	case 3:
		off = (uint32_t)le(c + 60, 4);
		start = (uint32_t)le(c + 64, 4);
		len = (uint32_t)le(c + 68, 4);
		assert_true(start + len <= f->len && off < f->len);
		f->data[off] = (uint8_t)(f->data[off] -
					 sum(f->data + start, len));
		break;
	default:
		fail_msg("command %u", (unsigned)le(c, 4));
	}
}

/* A table by its address. */
static const uint8_t *table(struct rig *r, uint64_t at, const char *sig)
{
	const struct fwcfg_item *f = file(r, "etc/acpi/tables");
	const uint8_t *p = f->data + (at - TABLES_AT);

	assert_in_range(at, TABLES_AT, TABLES_AT + f->len - 36);
	assert_memory_equal(p, sig, 4);
	assert_true(at - TABLES_AT + le(p + 4, 4) <= f->len);
	if (memcmp(sig, "FACS", 4))
		assert_int_equal(sum(p, (uint32_t)le(p + 4, 4)), 0);
	return p;
}

static void the_script_links_the_tables(void **state)
{
	static const char *const roots[] = { "FACP", "APIC", "HPET", "WAET" };
	struct rig *r = *state;
	const struct fwcfg_item *script;
	const uint8_t *rsdp, *rsdt, *xsdt, *fadt;

	assert_int_equal(fwfiles_add(&r->f, &r->cfg), 0);
	script = file(r, "etc/table-loader");
	assert_int_equal(script->len % 128, 0);
	for (uint32_t at = 0; at < script->len; at += 128)
		follow(r, script->data + at);
	rsdp = file(r, "etc/acpi/rsdp")->data;
	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	rsdt = table(r, le(rsdp + 16, 4), "RSDT");
	xsdt = table(r, le(rsdp + 24, 8), "XSDT");
	assert_int_equal(le(rsdt + 4, 4), 36 + 4 * 4);
	assert_int_equal(le(xsdt + 4, 4), 36 + 8 * 4);
	for (unsigned i = 0; i < 4; i++) {
		table(r, le(rsdt + 36 + 4 * i, 4), roots[i]);
		table(r, le(xsdt + 36 + 8 * i, 8), roots[i]);
	}
	fadt = table(r, le(rsdt + 36, 4), "FACP");
	table(r, le(fadt + offsetof(struct acpi_fadt, facs), 4), "FACS");
	assert_int_equal(le(fadt + offsetof(struct acpi_fadt, facs), 4) % 64,
			 0);
	table(r, le(fadt + offsetof(struct acpi_fadt, dsdt), 4), "DSDT");
	table(r, le(fadt + offsetof(struct acpi_fadt, x_dsdt), 8), "DSDT");
}

static void the_rest_says_what_the_machine_is(void **state)
{
	struct rig *r = *state;
	const struct fwcfg_item *map;

	assert_int_equal(fwfiles_add(&r->f, &r->cfg), 0);
	assert_string_equal((const char *)file(r, "bootorder")->data,
			    "/pci@i0cf8/scsi@2/disk@0,0\n"
			    "/pci@i0cf8/scsi@1/disk@0,0\n"
			    "/pci@i0cf8/scsi@1f/disk@0,0");
	map = file(r, "etc/e820");
	assert_int_equal(map->len, 3 * 20);
	assert_int_equal(le(map->data, 8), 0);
	assert_int_equal(le(map->data + 8, 8), r->layout.low_ram_end);
	assert_int_equal(le(map->data + 20, 8), LAYOUT_KVM);
	assert_int_equal(le(map->data + 36, 4), 2);
	assert_int_equal(le(map->data + 40, 8), 4 * GIB);
	assert_int_equal(le(map->data + 48, 8), GIB);
	assert_int_equal(le(file(r, "etc/boot-menu-wait")->data, 2), 30000);
	assert_int_equal(le(file(r, "etc/sercon-port")->data, 2), 0x3f8);
	assert_memory_equal(file(r, "etc/smbios/smbios-anchor")->data, "_SM_",
			    4);
	assert_int_equal(le(file(r, "etc/smbios/smbios-anchor")->data + 22, 2),
			 file(r, "etc/smbios/smbios-tables")->len);
	/* A second life finds the same. */
	fwcfg_clear(&r->f);
	assert_int_equal(fwfiles_add(&r->f, &r->cfg), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_script_links_the_tables,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_rest_says_what_the_machine_is, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
