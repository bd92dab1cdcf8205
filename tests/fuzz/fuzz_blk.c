/* Description: virtio-blk's requests, from guest memory that changes, to an
 * image that answers late, in any order, or with errors. */
#include <errno.h>
#include <string.h>

#include "devices/base/log.h"
#include "devices/virtio/blk.h"
#include "tests/fuzz/fz_vio.h"
#include "tests/lib/spyio.h"

#define IMAGE 0x10000u

static struct fz_vio vio[2];
static struct spy spy;
static struct blkio *image[2];

static void add(unsigned i, const struct vio_profile *prof, struct blkio *img)
{
	struct loop *loop = fz_vio_loop();
	const struct blk_cfg cfg = {
		.prof = prof, .name = "disk0", .serial = "fuzz",
		.queues = i ? 2 : 1, .gmem = fz_vio_mem(), .ctl_loop = loop,
		.loops = &loop, .nloops = 1,
	};
	struct vio_dev *dev;

	image[i] = img;
	BUG_ON(blk_create(&dev, &cfg, img));
	fz_vio_init(&vio[i], dev);
}

void fz_setup(void)
{
	struct blkio *img;

	BUG_ON(blkio_mem_open(&img, IMAGE, 512));
	add(0, &vio_profile_aero_w7, img);
	spy_open(&spy, IMAGE, 512);
	add(1, &vio_profile_modern, spy.img);
}

static void more(struct fz_vio *v, struct fz *in, unsigned what)
{
	if (v == &vio[0])
		return;
	switch (what) {
	case 0: spy.hold = true; break;
	case 1:
		if (spy.nheld)
			spy_finish(&spy, fz_u8(in) % spy.nheld, 0);
		break;
	case 2:
		if (spy.nheld)
			spy_finish(&spy, fz_u8(in) % spy.nheld, -EIO);
		break;
	default: spy.fail = -ENOSPC;
	}
}

void fz_one(struct fz *in)
{
	unsigned which = fz_u8(in) & 1;

	fz_vio_run(&vio[which], in, more, 4);
	BUG_ON(spy.nheld);      /* a reset leaves nothing in flight */
	spy.hold = false;
	spy.fail = 0;
	memset(image[which]->mem, 0, IMAGE);
}
