/*
 * fw_cfg: what the machine tells firmware that it did not build itself, as
 * QEMU's interface (qemu docs/specs/fw_cfg.rst). A selector (port base + 0, 16
 * bits) chooses an item, whose bytes come out of the data port (base + 1) or
 * are copied into guest memory by the DMA register (base + 4, 8 bytes, big
 * endian). Items are read-only; one that does not exist, and what lies past an
 * item's end, reads as zeroes. DMA that asks for more than FWCFG_PAST_MAX of
 * those moves nothing and reports an error.
 *
 * Items are added by the set-up thread and are const while the guest runs; the
 * ports: any thread.
 */
#ifndef DEVICES_LEGACY_FWCFG_H
#define DEVICES_LEGACY_FWCFG_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/base/iospace.h"

struct gmem;

#define FWCFG_BASE      0x510
#define FWCFG_IO_LEN    12
#define FWCFG_PAST_MAX  0x10000u        /* bytes */

/* The keys of items that are no files. */
enum fwcfg_key {
	FWCFG_SIGNATURE = 0x00,         /* "QEMU" */
	FWCFG_ID        = 0x01,         /* bit 0 the ports, bit 1 DMA */
	FWCFG_RAM_SIZE  = 0x03,         /* 64 bits */
	FWCFG_CPUS      = 0x05,         /* 16 bits */
	FWCFG_BOOT_MENU = 0x0e,         /* 16 bits: ask */
	FWCFG_MAX_CPUS  = 0x0f,         /* 16 bits */
	FWCFG_DIRECTORY = 0x19,
	FWCFG_FILES     = 0x20,         /* the first one */
	FWCFG_IRQ0      = 0x8002,       /* 8 bits: IRQ 0 is at pin 2 */
};

#define FWCFG_ITEMS     32
#define FWCFG_NAME_LEN  56              /* with the NUL */

struct fwcfg_item {
	uint16_t key;
	char name[FWCFG_NAME_LEN];      /* "": not in the directory */
	uint8_t *data;                  /* ours */
	uint32_t len;
};

struct fwcfg {
	struct io_region io;
	const struct gmem *mem;
	pthread_mutex_t lock;
	struct fwcfg_item item[FWCFG_ITEMS];
	unsigned n, files;
	uint16_t selected;              /* [lock] */
	uint32_t at;                    /* [lock] in the item */
	uint32_t dma_high;              /* [lock] */
};

/* No items yet. 0 or -errno. */
int fwcfg_init(struct fwcfg *, struct iospace *pio, const struct gmem *);
/* Copies. -EEXIST: the key or name is there; -ENOSPC; -ENOMEM; -EINVAL: the
 * name is too long. */
int fwcfg_add(struct fwcfg *, uint16_t key, const void *data, size_t len);
int fwcfg_add_file(struct fwcfg *, const char *name, const void *data,
		   size_t len);
/* Back to the first item, as after power-on. */
void fwcfg_reset(struct fwcfg *);
/* Forgets all items, for a new life of the guest. */
void fwcfg_clear(struct fwcfg *);
/* Frees the items; the ports may not be used any more. */
void fwcfg_fini(struct fwcfg *);

#endif
