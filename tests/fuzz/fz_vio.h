/*
 * A virtio device without a transport, and a driver that the input drives:
 * chains as drivers make them in either kind of ring, rings as none does,
 * memory that changes (fz_ram.h), resets at any moment. Everything on one loop.
 */
#ifndef TESTS_FUZZ_FZ_VIO_H
#define TESTS_FUZZ_FZ_VIO_H

#include "devices/virtio/core.h"
#include "tests/fuzz/fz_ram.h"

#define FZ_VIO_QUEUES 8

struct fz_vio {
	struct vio_dev *dev;
	struct loop *loop;
	struct {
		uint64_t part[3];       /* desc, driver, device */
		uint16_t free, avail;   /* next descriptor, next index */
		bool wrap;              /* packed: the driver's counter */
	} q[FZ_VIO_QUEUES];
	bool packed;
	uint64_t bump;                  /* where the next buffer goes */
};

/* The one loop, and guest memory. */
struct loop *fz_vio_loop(void);
const struct gmem *fz_vio_mem(void);

/* After creation. */
void fz_vio_init(struct fz_vio *, struct vio_dev *);
/* One input: start, orders, reset. more: the device's own orders, a byte from
 * 0 up in what. */
void fz_vio_run(struct fz_vio *, struct fz *,
		void (*more)(struct fz_vio *, struct fz *, unsigned what),
		unsigned nmore);
void fz_vio_settle(struct fz_vio *);

#endif
