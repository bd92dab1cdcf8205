/*
 * Booting a CD by the El Torito specification, without emulation of a floppy
 * or fixed disk. Everything on the CD is hostile until it has been checked.
 */
#include "bios/rom/services.h"

#define FIRST_VD        16
#define LAST_VD         47
#define VD_BOOT         0
#define VD_END          255
#define CATALOG_PTR     0x47

#define ENTRY_LEN       32
#define ENTRY_VALID     0x01
#define ENTRY_BOOTABLE  0x88
#define ENTRY_SECTION   0x90    /* a header; 91h: the last one */
#define ENTRY_SECTION_LAST 0x91
#define PLATFORM_PC     0
#define NO_EMULATION    0
#define DEFAULT_SEG     0x07c0

/* Where a boot image may go: above the BIOS data, below the EBDA. */
#define LOAD_FROM       0x0600u
#define LOAD_TO         ((uint32_t)EBDA_SEG << 4)

struct entry {
	uint8_t bootable, media;
	uint16_t segment;
	uint8_t system, unused;
	uint16_t sectors;               /* of 512 bytes */
	uint32_t block;
} __attribute__((packed));

/* What INT 13h/4B tells. */
struct specification {
	uint8_t size, media, drive, controller;
	uint32_t block;
	uint16_t device, buffer, segment, sectors;
	uint8_t chs[3];
} __attribute__((packed));
_Static_assert(sizeof(struct specification) == 0x13, "El Torito 4B packet");

static uint8_t block[CD_SECTOR];
static struct specification booted;

static bool read_block(struct disk *d, uint32_t n)
{
	uint16_t done;

	return n < d->blocks &&
	       disk_rw(d, VBLK_READ, n, 1, rom_linear(block), true, &done) ==
	       DISK_OK;
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static const char *find_catalog(struct disk *d, uint32_t *catalog)
{
	for (unsigned n = FIRST_VD; n <= LAST_VD; n++) {
		if (!read_block(d, n))
			return "cannot be read";
		if (memcmp(block + 1, "CD001", 5))
			return "is not an ISO 9660 CD";
		if (block[0] == VD_END)
			break;
		if (block[0] != VD_BOOT ||
		    memcmp(block + 7, "EL TORITO SPECIFICATION", 23))
			continue;
		*catalog = get32(block + CATALOG_PTR);
		return *catalog < d->blocks ? NULL :
		       "has its boot catalog outside the disc";
	}
	return "is not bootable (no El Torito record)";
}

static bool validation_entry(const uint8_t *e)
{
	uint16_t sum = 0;

	for (unsigned i = 0; i < ENTRY_LEN; i += 2)
		sum += (uint16_t)(e[i] | e[i + 1] << 8);
	return e[0] == ENTRY_VALID && e[30] == 0x55 && e[31] == 0xaa && !sum;
}

/*
 * The default entry, when the catalog is a PC's; else the first bootable entry
 * of a PC's section. Only the catalog's first block is looked at.
 */
static const uint8_t *pick_entry(void)
{
	const uint8_t *e = block + ENTRY_LEN, *end = block + CD_SECTOR;
	uint8_t platform = block[1];
	unsigned left = 1;

	if (!validation_entry(block))
		return NULL;
	for (; e < end; e += ENTRY_LEN) {
		if (left) {
			if (platform == PLATFORM_PC && e[0] == ENTRY_BOOTABLE)
				return e;
			left--;
		} else if (e[0] == ENTRY_SECTION || e[0] == ENTRY_SECTION_LAST) {
			platform = e[1];
			left = e[2] | e[3] << 8;
		} else if (e[0] != 0x44) {      /* an entry's extension */
			break;
		}
	}
	return NULL;
}

static const char *check_place(const struct disk *d, const struct entry *e,
			       uint16_t blocks)
{
	uint32_t from = (uint32_t)e->segment << 4;
	uint32_t end = from + (uint32_t)blocks * CD_SECTOR;

	if (from < LOAD_FROM || end > LOAD_TO)
		return "wants its boot image loaded outside of low memory";
	if (e->block >= d->blocks || blocks > d->blocks - e->block)
		return "has its boot image outside the disc";
	return NULL;
}

static const char *load(struct disk *d, const struct entry *e)
{
	/* A count of 0 means nothing; one block is the least anyone wants. */
	uint32_t blocks = e->sectors ? (e->sectors + 3u) / 4 : 1;
	const char *why;
	uint16_t done;

	if (blocks > LOAD_TO / CD_SECTOR)
		return "wants its boot image loaded outside of low memory";
	why = check_place(d, e, (uint16_t)blocks);
	if (!why && disk_rw(d, VBLK_READ, e->block, (uint16_t)blocks,
			    (uint32_t)e->segment << 4, true, &done) != DISK_OK)
		why = "has a boot image that cannot be read";
	return why;
}

const char *eltorito_load(struct disk *d, uint32_t *entry)
{
	const uint8_t *at;
	uint32_t catalog;
	struct entry e;
	const char *why = find_catalog(d, &catalog);

	if (why)
		return why;
	if (!read_block(d, catalog))
		return "has a boot catalog that cannot be read";
	at = pick_entry();
	if (!at)
		return "has no valid boot catalog entry for a PC BIOS";
	memcpy(&e, at, sizeof(e));
	if ((e.media & 15) != NO_EMULATION)
		return "boots by floppy or disk emulation, which is not there";
	if (!e.segment)
		e.segment = DEFAULT_SEG;
	why = load(d, &e);
	if (why)
		return why;
	booted = (struct specification){
		.size = sizeof(booted), .media = NO_EMULATION,
		.drive = d->drive, .block = e.block, .segment = e.segment,
		.sectors = e.sectors,
	};
	/* As boot sectors expect: 0000:7C00 rather than 07C0:0000. */
	*entry = (uint32_t)(e.segment & 0xf000) << 16 |
		 (uint16_t)(e.segment << 4);
	return NULL;
}

/* AL 0: end emulation, of which there is none, and tell; 1: tell. */
uint8_t eltorito_status(uint8_t drive, uint8_t al, uint16_t seg, uint16_t off)
{
	if (!booted.size || al > 1 ||
	    (drive != booted.drive && drive != 0x7f))
		return DISK_PARAM;
	copy_to(seg, off, &booted, sizeof(booted));
	return DISK_OK;
}
