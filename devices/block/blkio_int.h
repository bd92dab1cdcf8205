/* Between blkio.c and its backends. Owner loop only. */
#ifndef DEVICES_BLOCK_BLKIO_INT_H
#define DEVICES_BLOCK_BLKIO_INT_H

#include "devices/block/blkio.h"

/* Accounts for one system call's result (bytes or 0, or -errno). true: issue
 * the next piece, req->piece at req->off + req->moved. false: finished, the
 * verdict is in req->result. */
bool blkio_account(struct blkio_req *, int64_t res);
/* Queues the request for done(), which is called a little later. */
void blkio_finish(struct blkio_req *);
/* fallocate mode of DISCARD, ZEROES and ZEROES_UNMAP. */
int blkio_falloc_mode(enum blkio_op);
/* The request moves bytes: READ, WRITE, or zeroes written by hand. */
static inline bool blkio_moves(const struct blkio_req *r)
{
	return r->op == BLKIO_READ || r->op == BLKIO_WRITE || r->by_hand;
}

/* Who else has the image open, for people: "qemu-system-x86 (pid 12)"; empty
 * when that cannot be found out. */
void blkio_holder(int fd, char *buf, size_t len);

#endif
