/*
 * A rig with a virtio-blk device, and its driver: requests built in guest
 * memory in any framing.
 */
#ifndef TESTS_LIB_BLKRIG_H
#define TESTS_LIB_BLKRIG_H

#include "devices/virtio/blk.h"
#include "devices/virtio/blk_int.h"
#include "tests/lib/rig.h"
#include "tests/lib/spyio.h"
#include "tests/lib/variant.h"

#define BLK_SIZE_BYTES (1u << 20)
#define BLK_SECTORS (BLK_SIZE_BYTES / 512)
#define BLK_BUFS 300
#define BLK_UNTOUCHED 0xe7      /* what status and buffers hold before */

enum blk_image {
	BLK_MEM,
	BLK_FILE,               /* a temporary file: io_uring or plain calls */
	BLK_SPY,
};

struct blkrig_cfg {
	const struct vio_profile *prof;
	enum blk_image image;
	uint64_t size;          /* 0: BLK_SIZE_BYTES */
	uint32_t block_size;    /* 0: 512 */
	bool ro;
	const char *serial;
	unsigned queues;        /* 0: 1 */
};

struct blkrig {
	struct rig rig;
	const struct vio_profile *prof;
	struct vio_dev *dev;
	struct blkio *img;
	struct spy spy;
	int fd;                         /* of a BLK_FILE, or -1 */
	uint64_t size;
	struct drv_ring ring[4];
	uint64_t hdr, status, data;     /* a page, a page, 768 KiB */
	uint64_t table;                 /* of indirect descriptors */
};

/* A chain being built. */
struct blkchain {
	struct drv_buf b[BLK_BUFS];
	unsigned n;
	bool direct;            /* else in an indirect table */
};

struct blkresult {
	int status;             /* the status byte; BLK_UNTOUCHED: not written */
	uint32_t used_len;
	bool data_in;           /* the chain had writable bytes before it */
};

void blkrig_open(struct blkrig *, const struct rig_bus *, unsigned flags,
		 const struct blkrig_cfg *);
void blkrig_close(struct blkrig *);
/* Resets, negotiates features (VERSION_1 and INDIRECT_DESC are added, others
 * only if offered) and brings all queues up. */
void blkrig_up(struct blkrig *, uint64_t features, struct rnd *);

/* Image contents, behind the device's back. */
void blkrig_image_get(struct blkrig *, uint64_t off, void *, size_t len);
void blkrig_image_put(struct blkrig *, uint64_t off, const void *, size_t len);
/* Fills image and guest data so that both tell where a byte is from. */
void blkrig_pattern(struct blkrig *);
uint8_t blkrig_image_byte(uint64_t off);        /* blkrig_pattern's */
bool blkrig_image_unchanged(struct blkrig *);
uint8_t blkrig_data_byte(uint64_t off);
bool blkrig_data_unchanged(struct blkrig *);

/* ---- requests ------------------------------------------------------------- */

void blk_add(struct blkchain *, uint64_t gpa, uint32_t len, bool write);
/* Writes the 16 bytes of a header to gpa. */
void blk_hdr_at(struct blkrig *, uint64_t gpa, uint32_t type, uint64_t sector);
/* Header descriptor in the usual place; then data; then status. */
void blk_head(struct blkrig *, struct blkchain *, uint32_t type,
	      uint64_t sector);
void blk_tail(struct blkrig *, struct blkchain *);
/* Sends the chain on queue 0 and waits. Status is read from rig->status. */
struct blkresult blk_run(struct blkrig *, struct blkchain *);
/* All at once: one data buffer at rig->data + off (len 0: none). */
struct blkresult blk_request(struct blkrig *, uint32_t type, uint64_t sector,
			     uint64_t off, uint32_t len, bool write);

#endif
