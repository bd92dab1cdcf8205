/*
 * virtio-blk: numbers (virtio 5.2) and what differs between profiles.
 */
#ifndef DEVICES_VIRTIO_BLK_INT_H
#define DEVICES_VIRTIO_BLK_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/virtio/virtio.h"

#define VIRTIO_BLK_F_SEG_MAX            VIRTIO_F(2)
#define VIRTIO_BLK_F_RO                 VIRTIO_F(5)
#define VIRTIO_BLK_F_BLK_SIZE           VIRTIO_F(6)
#define VIRTIO_BLK_F_FLUSH              VIRTIO_F(9)
#define VIRTIO_BLK_F_TOPOLOGY           VIRTIO_F(10)
#define VIRTIO_BLK_F_CONFIG_WCE         VIRTIO_F(11)
#define VIRTIO_BLK_F_MQ                 VIRTIO_F(12)
#define VIRTIO_BLK_F_DISCARD            VIRTIO_F(13)
#define VIRTIO_BLK_F_WRITE_ZEROES       VIRTIO_F(14)

#define VIRTIO_BLK_T_IN                 0
#define VIRTIO_BLK_T_OUT                1
#define VIRTIO_BLK_T_FLUSH              4
#define VIRTIO_BLK_T_GET_ID             8
#define VIRTIO_BLK_T_DISCARD            11
#define VIRTIO_BLK_T_WRITE_ZEROES       13

#define VIRTIO_BLK_S_OK                 0
#define VIRTIO_BLK_S_IOERR              1
#define VIRTIO_BLK_S_UNSUPP             2

#define BLK_SECTOR 512

struct virtio_blk_outhdr {
	le32 type;
	le32 ioprio;
	le64 sector;            /* of 512 bytes, whatever blk_size is */
};
_Static_assert(sizeof(struct virtio_blk_outhdr) == 16, "virtio 5.2.6");

/* The payload of DISCARD and WRITE_ZEROES. */
struct virtio_blk_range {
	le64 sector;
	le32 num_sectors;
	le32 flags;             /* bit 0: unmap */
};
_Static_assert(sizeof(struct virtio_blk_range) == 16, "virtio 5.2.6");

struct virtio_blk_config {
	le64 capacity;          /* sectors of 512 bytes */
	le32 size_max, seg_max;
	uint8_t geometry[4];
	le32 blk_size;
	uint8_t physical_block_exp, alignment_offset;
	le16 min_io_size;
	le32 opt_io_size;
	uint8_t writeback, unused0;
	le16 num_queues;
	le32 max_discard_sectors, max_discard_seg, discard_sector_alignment;
	le32 max_write_zeroes_sectors, max_write_zeroes_seg;
	uint8_t write_zeroes_may_unmap, unused1[3];
} __attribute__((packed));
_Static_assert(sizeof(struct virtio_blk_config) == 60, "virtio 5.2.4");

struct blk_req;
struct blk_dialect {
	/* Requests it knows, by type; all others are UNSUPP. A handler starts
	 * the I/O and returns -1, or returns a status at once. */
	struct { uint32_t type; int (*run)(struct blk_req *); } op[6];
	uint32_t used_len_mask;         /* 0: used.len is always 0 */
	bool resizable;                 /* capacity may grow at run time */
};
extern const struct blk_dialect blk_dialect_contract, blk_dialect_modern;

#endif
