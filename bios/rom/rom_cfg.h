/*
 * What the machine tells its BIOS: one block inside the ROM's image, filled in
 * by rom_load before the first instruction. Shared by the host and the ROM, so
 * fixed-width fields only, little-endian, no padding that is not named.
 */
#ifndef BIOS_ROM_ROM_CFG_H
#define BIOS_ROM_ROM_CFG_H

/*
 * The F-segment. It must stay writable while the guest runs: the ROM keeps its
 * variables, its stack and the disk ring there. The first part is the machine's
 * (RSDP, SMBIOS, $PIR, MP table), the rest is the image.
 */
#define ROM_SEG         0xf000
#define ROM_BASE        0xf0000
#define ROM_TABLES_LEN  0x2000
#define ROM_IMAGE       (ROM_BASE + ROM_TABLES_LEN)
#define ROM_IMAGE_LEN   (0x10000 - ROM_TABLES_LEN)
#define ROM_CFG_OFF     ROM_TABLES_LEN  /* in the segment: the image's start */
#define ROM_CFG_LEN     0x200

#ifndef __ASSEMBLER__
#include <stdint.h>

#define ROM_CFG_MAGIC   0x4d4f5241u     /* "AROM" */
#define ROM_CFG_VERSION 2

enum rom_cfg_flags {
	ROM_CFG_SERIAL = 1 << 0,        /* INT 10h and 16h on COM1, too */
	ROM_CFG_VGA    = 1 << 1,        /* a VGA BIOS is at C0000, see vga */
	ROM_CFG_MENU   = 1 << 2,        /* ask what to boot */
};

/* What to try, in this order; ROM_BOOT_END ends the list. */
enum rom_boot {
	ROM_BOOT_END   = 0,
	ROM_BOOT_DISKS = 1,             /* each disk in turn */
	ROM_BOOT_CDROM = 2,
	ROM_BOOT_DISK  = 0x80,          /* + n: the nth disk, from 0 */
};
#define ROM_BOOT_MAX 8

#define ROM_NO_CDROM 0xffffu

struct rom_e820 {
	uint64_t base, len;             /* bytes */
	uint32_t type;
} __attribute__((packed));
#define ROM_E820_MAX 16

struct rom_cfg {
	uint32_t magic;
	uint16_t version;
	uint16_t flags;                 /* enum rom_cfg_flags */
	uint16_t cdrom;                 /* slot << 3 | function of the virtio */
					/* disk that is one, or ROM_NO_CDROM */
	uint16_t menu_seconds;          /* until the menu takes the default */
	uint8_t boot[ROM_BOOT_MAX];     /* enum rom_boot */
	uint16_t n_e820;
	uint16_t vga;                   /* slot << 3 | function of the display */
	uint32_t slots;                 /* bit n: look into slot n of PCI */
	struct rom_e820 e820[ROM_E820_MAX];
} __attribute__((packed));

_Static_assert(sizeof(struct rom_cfg) <= ROM_CFG_LEN, "rom_cfg");

#endif
#endif
