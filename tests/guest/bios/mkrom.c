/*
 * Makes a ROM file for QEMU's "pc" machine out of our BIOS:
 *
 *   mkrom OUT SHIM VGABIOS|- MEMORY_MIB [serial] [menu=SECONDS] [boot=LIST]
 *         [cdrom=SLOT] [vga=SLOT]
 *
 * 256 KiB: a VGA BIOS, the shim (shim.S), the BIOS as rom_load makes it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/rom_load.h"
#include "devices/base/gmem.h"

#define LEN             0x40000
#define VGA_LEN         0x10000
#define SHIM_AT         0x20000
#define FSEG_AT         0x30000
#define SHIM_LEN        0x8000

static uint8_t file[LEN];

static int fail(const char *what)
{
	fprintf(stderr, "mkrom: %s: %s\n", what, strerror(errno));
	return 1;
}

static int read_into(const char *name, uint8_t *to, size_t max)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		return fail(name);
	n = fread(to, 1, max, f);
	if (n == max && fgetc(f) != EOF) {
		errno = EFBIG;
		return fail(name);
	}
	return fclose(f) ? fail(name) : 0;
}

/* "disks,cdrom,2": what rom_cfg.h calls DISKS, CDROM, DISK + 2. */
static void set_boot(struct rom_cfg *cfg, char *list)
{
	unsigned n = 0;

	memset(cfg->boot, 0, sizeof(cfg->boot));
	for (char *s = strtok(list, ","); s && n < ROM_BOOT_MAX;
	     s = strtok(NULL, ","))
		cfg->boot[n++] = !strcmp(s, "disks") ? ROM_BOOT_DISKS :
				 !strcmp(s, "cdrom") ? ROM_BOOT_CDROM :
				 (uint8_t)(ROM_BOOT_DISK + atoi(s));
}

static void option(struct rom_cfg *cfg, char *arg)
{
	if (!strcmp(arg, "serial"))
		cfg->flags |= ROM_CFG_SERIAL;
	else if (!strncmp(arg, "menu=", 5))
		cfg->flags |= ROM_CFG_MENU,
		cfg->menu_seconds = (uint16_t)atoi(arg + 5);
	else if (!strncmp(arg, "boot=", 5))
		set_boot(cfg, arg + 5);
	else if (!strncmp(arg, "cdrom=", 6))
		cfg->cdrom = (uint16_t)(atoi(arg + 6) << 3);
	else if (!strncmp(arg, "vga=", 4))
		cfg->vga = (uint16_t)(atoi(arg + 4) << 3);
}

int main(int argc, char **argv)
{
	static uint8_t fseg[0x10000];
	struct gmem mem = { .n = 0 };
	const struct gmem_region r = {
		.gpa = ROM_BASE, .len = sizeof(fseg), .hva = fseg,
		.dirs = GMEM_WRITE,
	};
	struct bios_layout layout;
	struct rom_cfg cfg;
	FILE *out;

	if (argc < 5)
		return 2;
	errno = -layout_init(&layout, strtoull(argv[4], NULL, 0) << 20, 40);
	if (errno)
		return fail("memory");
	rom_cfg_init(&cfg, &layout);
	if (strcmp(argv[3], "-")) {
		cfg.flags |= ROM_CFG_VGA;
		if (read_into(argv[3], file, VGA_LEN))
			return 1;
	}
	for (int i = 5; i < argc; i++)
		option(&cfg, argv[i]);
	errno = -gmem_add(&mem, &r);
	if (!errno)
		errno = -rom_load(&mem, &cfg);
	if (errno)
		return fail("rom_load");
	memcpy(file + FSEG_AT, fseg, sizeof(fseg));
	if (read_into(argv[2], file + SHIM_AT, SHIM_LEN))
		return 1;
	/* The reset vector: jump to the shim. */
	memcpy(file + LEN - 16, "\xea\x00\x00\x00\xe0", 5);
	out = fopen(argv[1], "wb");
	if (!out || fwrite(file, 1, LEN, out) != LEN || fclose(out))
		return fail(argv[1]);
	return 0;
}
