/*
 * An address space of device registers: guest physical MMIO, or I/O ports.
 *
 * Regions may overlap, because a guest may program a BAR anywhere: of those
 * that have an access's first byte the one added first wins, and takes all of
 * it if it has the rest (port 0xCF9 is a register of its own, and 4 bytes at
 * 0xCF8 are another one). A handler runs without the space's lock, so it may
 * add, delete and move regions, its own too. iospace_rw and all changes: any
 * thread.
 */
#ifndef DEVICES_BASE_IOSPACE_H
#define DEVICES_BASE_IOSPACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct io_ops {
	/* off: from the region's base. size: 1, 2, 4 or 8; the access lies
	 * wholly inside the region. */
	uint64_t (*read)(void *ctx, uint64_t off, unsigned size);
	void (*write)(void *ctx, uint64_t off, unsigned size, uint64_t val);
};

struct io_region {
	uint64_t base, len;
	const struct io_ops *ops;
	void *ctx;
	const char *name;
};

#define IOSPACE_MAX 256

struct iospace {
	pthread_rwlock_t lock;
	struct io_region *regions[IOSPACE_MAX];
	unsigned n;
};

void iospace_init(struct iospace *);
/* The caller keeps *r alive until deleted. -ENOSPC: IOSPACE_MAX reached. */
int iospace_add(struct iospace *, struct io_region *r);
void iospace_del(struct iospace *, struct io_region *r);
/* Changes an added region's base in one step. */
void iospace_move(struct iospace *, struct io_region *r, uint64_t base);

/*
 * One access of 1, 2, 4 or 8 bytes. An access that only partly lies in a
 * region is done byte by byte, as a bus does. Bytes nobody answers read as
 * all-ones and swallow writes; false: nobody answered any byte.
 */
bool iospace_rw(struct iospace *, uint64_t addr, unsigned size, uint64_t *val,
		bool write);

#endif
