/*
 * Register maps as const tables. One row a register: where, how wide, what it
 * is called, how it is read and written. reg_rw refuses wrong widths in one
 * place, so a handler holds only meaning.
 *
 * Reads of any width (1, 2, 4) are put together from the registers they cover;
 * bytes that no register covers read as the block's undef byte. A write must
 * name a register's offset with its width; every other write is ignored, as is
 * one to a register without wr (AERO-W7-VIRTIO 1.4.1). The caller holds the
 * device's lock.
 */
#ifndef DEVICES_BASE_REG_H
#define DEVICES_BASE_REG_H

#include <stdbool.h>
#include <stdint.h>

struct reg {
	uint16_t off;
	uint8_t size;           /* 1, 2 or 4 */
	const char *name;
	uint32_t (*rd)(void *ctx, const struct reg *);         /* NULL: reads 0 */
	void (*wr)(void *ctx, const struct reg *, uint32_t);   /* NULL: read-only */
	uint32_t arg;           /* for handlers that serve several rows */
};

struct reg_block {
	const struct reg *regs; /* sorted by off, disjoint */
	unsigned n;
	uint8_t undef;
};

void reg_rw(const struct reg_block *, void *ctx, uint32_t off, unsigned size,
	    uint32_t *val, bool write);

#endif
