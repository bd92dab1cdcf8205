/* Description: virtio-input's status queue and selectors, and reports that
 * meet event queues of any shape. */
#include <linux/input-event-codes.h>

#include "devices/base/log.h"
#include "devices/virtio/input.h"
#include "tests/fuzz/fz_vio.h"

#define DEVICES 6

static struct fz_vio vio[DEVICES];

void fz_setup(void)
{
	static const char *const kind[] = { "keyboard", "mouse", "tablet" };
	struct loop *loop = fz_vio_loop();

	for (unsigned i = 0; i < DEVICES; i++) {
		const struct input_cfg cfg = {
			.prof = i & 1 ? &vio_profile_modern :
					&vio_profile_aero_w7,
			.kind = kind[i / 2], .name = kind[i / 2],
			.gmem = fz_vio_mem(), .ctl_loop = loop,
			.loops = &loop, .nloops = 1,
		};
		struct vio_dev *dev;

		BUG_ON(input_create(&dev, &cfg));
		fz_vio_init(&vio[i], dev);
	}
}

static void report(struct fz_vio *v, struct fz *in)
{
	struct input_event_in ev[40];
	unsigned n = fz_u8(in) % 40u;

	for (unsigned i = 0; i < n; i++) {
		ev[i].type = fz_u8(in) % 6u;
		ev[i].code = fz_u16(in) & 0x3ff;
		ev[i].value = (int8_t)fz_u8(in);
	}
	input_send(v->dev, ev, n);
}

static void more(struct fz_vio *v, struct fz *in, unsigned what)
{
	const struct input_event_in key = {
		EV_KEY, KEY_A, fz_u8(in) & 1,
	};

	switch (what) {
	case 0: report(v, in); break;
	case 1: input_send(v->dev, &key, 1); break;
	default: BUG_ON(input_leds(v->dev) >> LED_CNT);
	}
}

void fz_one(struct fz *in)
{
	fz_vio_run(&vio[fz_u8(in) % DEVICES], in, more, 3);
}
