/*
 * acpi_dump CONFIG DIR: writes the ACPI tables of a named configuration as
 * files, one a table, named by their signature. For acpi.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/acpi_int.h"

#define MIB (1ull << 20)
#define ALL_ISA (ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_MOUSE |              \
		 ACPI_HAS_COM1 | ACPI_HAS_DMA | ACPI_HAS_SPEAKER)

static const struct config {
	const char *name;
	uint64_t ram;
	unsigned phys_bits, cpus, has, n_vmmio;
} configs[] = {
	{ "small", 16 * MIB, 32, 1, 0, 0 },
	{ "direct", 512 * MIB, 40, 2,
	  ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_COM1, 0 },
	{ "mmio", 512 * MIB, 40, 1,
	  ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_COM1, 8 },
	{ "full", 6144 * MIB, 46, 32, ALL_ISA | ACPI_HAS_HPET | ACPI_HAS_VGA,
	  2 },
};

static const struct config *find(const char *name)
{
	for (unsigned i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		if (!strcmp(configs[i].name, name))
			return &configs[i];
	fprintf(stderr, "acpi_dump: no configuration \"%s\"\n", name);
	exit(2);
}

static void dump(const char *dir, const char *name, const void *data,
		 size_t len)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.aml", dir, name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, len, 1, f) != 1 || fclose(f)) {
		fprintf(stderr, "acpi_dump: %s: %s\n", path, strerror(errno));
		exit(1);
	}
}

static void dump_tables(const char *dir, const struct acpi_blob *b)
{
	uint32_t at = 0;

	while (at < b->tables_len) {
		const struct acpi_header *h = (const void *)(b->tables + at);
		char name[5] = { 0 };

		memcpy(name, h->sig, sizeof(h->sig));
		dump(dir, name, h, le32_get(h->len));
		at = (at + le32_get(h->len) + 15) & ~15u;
	}
	dump(dir, "FACS", b->facs, sizeof(b->facs));
}

int main(int argc, char **argv)
{
	struct acpi_blob *blob = malloc(sizeof(*blob));
	struct bios_layout layout;
	const struct config *c;
	struct acpi_cfg cfg;
	int ret;

	if (argc != 3 || !blob) {
		fprintf(stderr, "usage: acpi_dump CONFIG DIR\n");
		return 2;
	}
	c = find(argv[1]);
	cfg = (struct acpi_cfg){
		.layout = &layout, .cpus = c->cpus, .has = c->has,
		.n_vmmio = c->n_vmmio,
	};
	for (unsigned i = 0; i < c->n_vmmio; i++)
		cfg.vmmio[i] = (struct acpi_vmmio){
			LAYOUT_VMMIO + i * 0x1000, 0x1000,
			(uint8_t)(LAYOUT_VMMIO_GSI + i),
		};
	ret = layout_init(&layout, c->ram, c->phys_bits);
	if (!ret)
		ret = acpi_build(&cfg, blob);
	if (ret) {
		fprintf(stderr, "acpi_dump: %s: %s\n", c->name, strerror(-ret));
		return 1;
	}
	dump_tables(argv[2], blob);
	free(blob);
	return 0;
}
