/*
 * An image in memory whose requests wait until the test lets them finish, in
 * any order and with any result. Loops stepped by hand, or one loop alone.
 */
#ifndef TESTS_LIB_SPYIO_H
#define TESTS_LIB_SPYIO_H

#include "devices/block/blkio.h"

#define SPY_MAX 512

struct spy_seen {
	enum blkio_op op;
	bool durable;
	uint64_t off, len;
};

struct spy {
	struct blkio *img;              /* the device owns it */
	struct blkio_req *held[SPY_MAX];
	unsigned nheld;
	struct spy_seen seen[SPY_MAX];  /* the last ones submitted */
	unsigned nseen;                 /* all of them */
	bool hold;                      /* else they finish at once */
	int fail;                       /* -errno of all that finish; 0: none */
	unsigned waits;                 /* how often the device had to wait */
};

void spy_open(struct spy *, uint64_t size, uint32_t block_size);
/* Finishes the request held at place i (0: oldest). err 0: carries it out. */
void spy_finish(struct spy *, unsigned i, int err);
void spy_finish_all(struct spy *);
const struct spy_seen *spy_last(const struct spy *);

#endif
