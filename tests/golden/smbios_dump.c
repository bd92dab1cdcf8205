/*
 * smbios_dump MIB CPUS FILE: writes the machine's SMBIOS as dmidecode reads it
 * from a file: the entry point, then at 32 the structures it points to. For
 * smbios.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bios/smbios.h"

int main(int argc, char **argv)
{
	static struct smbios s;
	struct bios_layout layout;
	struct smbios_cfg cfg = { .layout = &layout, .version = "1.2.3",
				  .cpu_signature = 0x00a20f10,
				  .cpu_features = 0x178bfbff };
	uint8_t image[32 + LAYOUT_SMBIOS_LEN] = { 0 };
	int ret;
	FILE *f;

	if (argc != 4)
		return 2;
	cfg.ram = strtoull(argv[1], NULL, 0) << 20;
	cfg.cpus = (unsigned)strtoul(argv[2], NULL, 0);
	ret = layout_init(&layout, cfg.ram, 46);
	if (ret == 0)
		ret = smbios_build(&cfg, &s);
	if (ret) {
		fprintf(stderr, "smbios_dump: %s\n", strerror(-ret));
		return 1;
	}
	memcpy(image, s.entry, sizeof(s.entry));
	/* The address has its own checksum; dmidecode wants 32 there. */
	image[21] = (uint8_t)(image[21] + image[24] + image[25] + image[26] +
			      image[27] - 32);
	image[24] = 32;
	image[25] = image[26] = image[27] = 0;
	memcpy(image + 32, s.table, s.len);
	f = fopen(argv[3], "wb");
	if (!f || fwrite(image, 32 + s.len, 1, f) != 1 || fclose(f)) {
		fprintf(stderr, "smbios_dump: %s: %s\n", argv[3],
			strerror(errno));
		return 1;
	}
	return 0;
}
