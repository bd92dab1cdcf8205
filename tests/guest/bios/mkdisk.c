/*
 * Makes a disk image: mkdisk OUT PROGRAM SECTORS [BREAK]
 *
 * The program, then up to sector 1024 sectors that are full of their own number
 * from PATTERN (rt.h) on. BREAK: "signature", the boot sector has none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define PATTERN 128
#define NUMBERED 1024

static uint8_t disk[NUMBERED][SECTOR];

int main(int argc, char **argv)
{
	FILE *f;
	unsigned long sectors;

	if (argc < 4)
		return 2;
	sectors = strtoul(argv[3], NULL, 0);
	f = fopen(argv[2], "rb");
	if (!f)
		return perror(argv[2]), 1;
	if (fread(disk, 1, PATTERN * SECTOR, f) == 0 || fclose(f))
		return fprintf(stderr, "mkdisk: %s is empty\n", argv[2]), 1;
	for (unsigned n = PATTERN; n < NUMBERED; n++)
		for (unsigned i = 0; i < SECTOR; i++)
			disk[n][i] = (uint8_t)(n >> 8 * (i % 4));
	if (argc > 4 && !strcmp(argv[4], "signature"))
		memset(disk[0] + 510, 0, 2);
	f = fopen(argv[1], "wb");
	if (!f || fwrite(disk, SECTOR, NUMBERED, f) != NUMBERED ||
	    fflush(f) || ftruncate(fileno(f), (off_t)sectors * SECTOR) ||
	    fclose(f))
		return perror(argv[1]), 1;
	return 0;
}
