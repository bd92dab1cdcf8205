/*
 * virtio-blk (virtio 5.2; AERO-W7-VIRTIO 3.1).
 *
 * blk_create: set-up thread. Requests are served by the queue's loop.
 */
#ifndef DEVICES_VIRTIO_BLK_H
#define DEVICES_VIRTIO_BLK_H

#include "devices/block/blkio.h"
#include "devices/virtio/core.h"

#define BLK_SERIAL_LEN 20

struct blk_cfg {
	const struct vio_profile *prof;
	const char *name;               /* for people: "disk0" */
	const char *serial;             /* up to 20 bytes; NULL: none */
	unsigned queues;                /* 1.. */
	const struct gmem *gmem;
	struct loop *ctl_loop;
	struct loop *const *loops;      /* already running or stepped by hand */
	unsigned nloops;
};

/* Takes the image over: it is closed with the device. 0 or -errno. */
int blk_create(struct vio_dev **, const struct blk_cfg *, struct blkio *);

/* Disks of the profile may have several queues. Pure. */
bool blk_multiqueue(const struct vio_profile *);

/* The device's image, for people. Any thread. */
const struct blkio *blk_image(struct vio_dev *);
/* Bytes the guest sees. Any thread. */
uint64_t blk_size(struct vio_dev *);

/* The image changed its size; control loop. Bytes. */
void blk_resized(struct vio_dev *, uint64_t size);
/* Makes the image larger and tells the guest; control loop. 0, or -errno with
 * one sentence in err: smaller, read-only, no room, or a profile whose disks
 * do not change. */
int blk_resize(struct vio_dev *, uint64_t size, char *err, size_t errlen);

#endif
