/*
 * Makes a CD image that boots by El Torito, or that is broken in one way:
 *
 *   mkcd OUT IMAGE [FIELD=VALUE]...
 *
 * Block 16: primary volume descriptor, 17: boot record, 18: end, 19: boot
 * catalog, 20 and up: IMAGE, then blocks that are full of their own number.
 *
 *   record=0      no boot record       catalog=N     its block
 *   valid=0       bad checksum         bootable=N    indicator (0x88)
 *   media=N       (0)                  segment=N     (0)
 *   sectors=N     of 512 bytes         block=N       of the image (20)
 *   platform=N    (0)                  section=1     the entry is in a PC's
 *                                      section, the default one is not
 *   blocks=N      length of the CD     iso=0         no volume descriptors
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 2048
#define IMAGE_AT 20
#define MAX 512

static uint8_t cd[MAX][BLOCK];

static struct { const char *name; unsigned long v; } field[] = {
	{ "record", 1 }, { "catalog", 19 }, { "valid", 1 }, { "bootable", 0x88 },
	{ "media", 0 }, { "segment", 0 }, { "sectors", 0 }, { "block", IMAGE_AT },
	{ "platform", 0 }, { "section", 0 }, { "blocks", 256 }, { "iso", 1 },
};
enum {
	RECORD, CATALOG, VALID, BOOTABLE, MEDIA, SEGMENT, SECTORS, IMAGE,
	PLATFORM, SECTION, BLOCKS, ISO, FIELDS,
};

static void put16(uint8_t *to, unsigned long v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *to, unsigned long v)
{
	put16(to, v);
	put16(to + 2, v >> 16);
}

static void descriptor(unsigned at, uint8_t type)
{
	cd[at][0] = type;
	memcpy(cd[at] + 1, "CD001\1", 6);
}

static void descriptors(void)
{
	descriptor(16, 1);
	descriptor(17, field[RECORD].v ? 0 : 2);
	if (field[RECORD].v) {
		memcpy(cd[17] + 7, "EL TORITO SPECIFICATION", 23);
		put32(cd[17] + 0x47, field[CATALOG].v);
	}
	descriptor(18, 255);
}

static void entry(uint8_t *e)
{
	e[0] = (uint8_t)field[BOOTABLE].v;
	e[1] = (uint8_t)field[MEDIA].v;
	put16(e + 2, field[SEGMENT].v);
	put16(e + 6, field[SECTORS].v);
	put32(e + 8, field[IMAGE].v);
}

static void catalog(uint8_t *c)
{
	unsigned sum = 0;

	c[0] = 1;
	c[1] = (uint8_t)field[PLATFORM].v;
	c[30] = 0x55;
	c[31] = 0xaa;
	for (unsigned i = 0; i < 32; i += 2)
		sum += c[i] | (unsigned)c[i + 1] << 8;
	put16(c + 28, field[VALID].v ? 0x10000 - sum % 0x10000 : 0x1234);
	if (!field[SECTION].v) {
		entry(c + 32);
		return;
	}
	c[64] = 0x90;                   /* another platform's section first */
	c[65] = 0xef;
	put16(c + 66, 1);
	c[96] = 0x88;
	c[128] = 0x91;
	put16(c + 130, 1);
	entry(c + 160);
}

static int read_image(const char *name)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		return perror(name), 1;
	n = fread(cd[IMAGE_AT], 1, (MAX - IMAGE_AT) * BLOCK, f);
	fclose(f);
	if (!field[SECTORS].v)
		field[SECTORS].v = (n + 511) / 512;
	for (size_t b = IMAGE_AT + (n + BLOCK - 1) / BLOCK; b < MAX; b++)
		for (unsigned i = 0; i < BLOCK; i += 4)
			put32(cd[b] + i, b);
	return 0;
}

static int set(char *arg)
{
	char *eq = strchr(arg, '=');

	for (unsigned i = 0; eq && i < FIELDS; i++)
		if (strlen(field[i].name) == (size_t)(eq - arg) &&
		    !strncmp(arg, field[i].name, (size_t)(eq - arg))) {
			field[i].v = strtoul(eq + 1, NULL, 0);
			return 0;
		}
	fprintf(stderr, "mkcd: no field '%s'\n", arg);
	return 1;
}

int main(int argc, char **argv)
{
	FILE *out;

	if (argc < 3)
		return 2;
	for (int i = 3; i < argc; i++)
		if (set(argv[i]))
			return 2;
	if (read_image(argv[2]))
		return 1;
	if (field[ISO].v)
		descriptors();
	catalog(cd[19]);
	out = fopen(argv[1], "wb");
	if (!out || field[BLOCKS].v > MAX ||
	    fwrite(cd, BLOCK, field[BLOCKS].v, out) != field[BLOCKS].v ||
	    fclose(out))
		return perror(argv[1]), 1;
	return 0;
}
