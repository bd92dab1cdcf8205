/* Description: walking rings that hold anything, under a device that echoes. */
#include "tests/fuzz/fz_vio.h"
#include "tests/lib/echo.h"

static struct fz_vio vio[2];
static struct echo *echo[2];

void fz_setup(void)
{
	static const struct vio_profile *const prof[] = {
		&vio_profile_aero_w7, &vio_profile_modern,
	};
	struct loop *loop = fz_vio_loop();

	for (unsigned i = 0; i < 2; i++) {
		echo[i] = echo_new(prof[i], fz_vio_mem(), loop, &loop, 1);
		fz_vio_init(&vio[i], &echo[i]->dev);
	}
}

/* What a device does with chains that others do not see. */
static void more(struct fz_vio *v, struct fz *in, unsigned what)
{
	struct echo *e = echo[v - vio];

	switch (what) {
	case 0: e->mode = (enum echo_mode)fz_below(in, 3); break;
	case 1: echo_release(e, fz_below(in, ECHO_QUEUES)); break;
	default:
		vio_cfg_begin(&e->dev);
		e->dev.cfg[0] ^= 1;
		vio_cfg_end(&e->dev);
	}
}

void fz_one(struct fz *in)
{
	unsigned which = fz_u8(in) & 1;

	echo[which]->mode = ECHO_REPLY;
	fz_vio_run(&vio[which], in, more, 3);
}
