/*
 * Disk images: asynchronous reads, writes and flushes.
 *
 * A struct blkio is one open image, shared by all threads and const after
 * opening. A struct blkio_chan is its use from one loop; requests submitted on
 * it complete on that loop and never inside blkio_submit. Behind a channel is
 * io_uring where the loop has one, else plain system calls (blkio_sync), or
 * memory (blkio_mem, for tests). Offsets and lengths are bytes.
 */
#ifndef DEVICES_BLOCK_BLKIO_H
#define DEVICES_BLOCK_BLKIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "devices/base/loop.h"

enum blkio_op {
	BLKIO_READ,
	BLKIO_WRITE,
	BLKIO_FLUSH,            /* all completed writes are durable after it */
	BLKIO_DISCARD,          /* contents undefined; gives space back */
	BLKIO_ZEROES,           /* reads as zeroes */
	BLKIO_ZEROES_UNMAP,     /* and gives space back */
};

struct blkio_req {
	enum blkio_op op;
	bool durable;           /* a write: complete only when on stable storage */
	uint64_t off, len;      /* within the image; multiples of block_size */
	struct iovec *iov;      /* the backend may change it */
	unsigned niov;          /* 0 for everything but READ and WRITE */
	/* err 0 or -errno. The request may be freed or used again. */
	void (*done)(struct blkio_req *, int err);

	/* The backend's own from here on. */
	struct loop_op lop;
	struct blkio_chan *chan;
	struct blkio_req *next;
	struct iovec bounce;            /* iov_base NULL: not needed */
	struct iovec *piece;            /* what the next system call moves */
	unsigned npiece;
	uint64_t moved;                 /* bytes done */
	unsigned retries;
	bool by_hand;                   /* zeroes written, not allocated away */
	int result;
};

struct blkio_cfg {
	const char *path;
	bool ro, direct, sync;          /* sync: O_DSYNC */
	uint32_t block_size;            /* logical, 512 or 4096; 0: 512 */
};

struct blkio_ops;
struct blkio {
	const struct blkio_ops *ops;    /* NULL: chosen by the loop */
	int fd;
	char *path;
	uint64_t size;                  /* rounded down to block_size */
	uint32_t block_size;
	bool ro, direct;
	uint32_t mem_align, off_align;  /* what O_DIRECT needs; 1: nothing */
	void *mem;                      /* blkio_mem */
};

struct blkio_chan {
	struct blkio *img;
	struct loop *loop;
	const struct blkio_ops *ops;
	unsigned inflight;
	struct blkio_req *ready, **ready_tail;  /* finished, not yet told */
	struct loop_hook tell;
};

struct blkio_ops {
	/* Starts a request; it finishes through blkio_finish. */
	void (*submit)(struct blkio_chan *, struct blkio_req *);
	/* Blocks until a request finished. NULL: submit finishes them. */
	void (*wait)(struct blkio_chan *);
};
extern const struct blkio_ops blkio_uring_ops, blkio_sync_ops, blkio_mem_ops;

/*
 * Opens and locks an image (OFD lock on the whole file: exclusive, shared when
 * ro). On failure err holds one sentence: what, where, what to do. Warns on
 * stderr about a size that is not a multiple of the block size, and about a
 * file that looks like another format than raw. Set-up thread.
 */
int blkio_open(struct blkio **, const struct blkio_cfg *, char *err, size_t);
/* size bytes of memory, zeroed, as an image. */
int blkio_mem_open(struct blkio **, uint64_t size, uint32_t block_size);
void blkio_close(struct blkio *);
/* Makes a file longer; a block device must have that size already. Requests
 * may be running. 0, or -errno with one sentence in err. Control thread. */
int blkio_grow(const struct blkio *, uint64_t size, char *err, size_t);

/* Owner loop. */
int blkio_chan_init(struct blkio_chan *, struct blkio *, struct loop *);
void blkio_chan_fini(struct blkio_chan *);
void blkio_submit(struct blkio_chan *, struct blkio_req *);
/* Returns when nothing is in flight; done() of each has been called. */
void blkio_drain(struct blkio_chan *);

#endif
