/*
 * Guest memory: which guest physical addresses are RAM, and where they are in
 * this process. The table is built before the guest runs and const after.
 *
 * A guest address becomes a pointer only together with a length and a
 * direction, and only where the whole span lies inside RAM that allows it.
 * Directions are the device's: GMEM_READ, the device reads guest memory;
 * GMEM_WRITE, it writes there (AERO-W7-VIRTIO 2.6). Any thread.
 */
#ifndef DEVICES_BASE_GMEM_H
#define DEVICES_BASE_GMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum gmem_dir { GMEM_READ = 1, GMEM_WRITE = 2 };

struct gmem_region {
	uint64_t gpa, len;      /* bytes */
	uint8_t *hva;
	unsigned dirs;          /* GMEM_READ, GMEM_WRITE: what devices may do */
};

#define GMEM_MAX_REGIONS 8

struct gmem {
	struct gmem_region r[GMEM_MAX_REGIONS];        /* sorted, disjoint */
	unsigned n;
};

/* Adds a region. -EINVAL: empty, wraps, or overlaps another. -ENOSPC: full. */
int gmem_add(struct gmem *, const struct gmem_region *);

/* The span as one pointer, or NULL: not wholly inside one region, wrong
 * direction, or len == 0. */
void *gmem_ptr(const struct gmem *, uint64_t gpa, uint64_t len, enum gmem_dir);

/* The span as iovecs, for one that may cross regions that touch. Returns how
 * many of max were used; -EFAULT: outside RAM or wrong direction; -E2BIG. */
int gmem_iov(const struct gmem *, uint64_t gpa, uint64_t len, enum gmem_dir,
	     struct iovec *iov, unsigned max);

/* Copies; 0 or -EFAULT with nothing copied. */
int gmem_read(const struct gmem *, uint64_t gpa, void *to, uint64_t len);
int gmem_write(const struct gmem *, uint64_t gpa, const void *from,
	       uint64_t len);

#endif
