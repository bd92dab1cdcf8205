/* Description: virtio-snd's control queue, and its data queues while time
 * passes, with a backend that takes whole buffers and one that takes parts. */
#include <errno.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/snd.h"
#include "tests/fuzz/fz_vio.h"

struct card {
	struct sndio io;
	struct snd_clock clock;
	uint64_t now;
	struct { struct snd_alarm *alarm; uint64_t at; } set[SNDIO_DIRS];
	uint64_t room;
	int refuse;
	uint8_t sum;
};

static struct fz_vio vio[4];
static struct card card[4];

static struct card *to_card(struct sndio *io)
{
	return container_of(io, struct card, io);
}

/* ---- the backend ---------------------------------------------------------- */

static int card_prepare(struct sndio *io, enum sndio_dir dir)
{
	(void)dir;
	return to_card(io)->refuse;
}

static int card_play(struct sndio *io, const struct iovec *iov, unsigned n,
		     uint64_t frames)
{
	struct card *c = to_card(io);

	BUG_ON(iov_len(iov, n) !=
	       frames * sndio_frame_bytes(&io->params[SNDIO_PLAY]));
	for (unsigned i = 0; i < n; i++) {
		const volatile uint8_t *p = iov[i].iov_base;

		if (iov[i].iov_len)
			c->sum ^= p[0] ^ p[iov[i].iov_len - 1];
	}
	if (!io->ops->whole)
		c->room -= frames;
	return c->refuse;
}

static uint64_t card_capture(struct sndio *io, const struct iovec *iov,
			     unsigned n, uint64_t frames)
{
	struct card *c = to_card(io);
	size_t frame = sndio_frame_bytes(&io->params[SNDIO_CAPTURE]);

	BUG_ON(iov_len(iov, n) != frames * frame);
	if (!io->ops->whole)
		c->room -= frames;
	return iov_zero(iov, n, 0, frames / 2 * frame) / frame;
}

static void card_close(struct sndio *io)
{
	(void)io;
}

static uint64_t card_due(struct sndio *io, enum sndio_dir dir, uint64_t now)
{
	(void)dir;
	(void)now;
	return to_card(io)->room;
}

static uint64_t card_when(struct sndio *io, enum sndio_dir dir, uint64_t now,
			  uint64_t frames)
{
	(void)io;
	(void)dir;
	(void)frames;
	return now + 5000000;
}

static const struct sndio_ops whole_ops = {
	.name = "whole", .whole = true, .prepare = card_prepare,
	.play = card_play, .capture = card_capture, .close = card_close,
};

static const struct sndio_ops parts_ops = {
	.name = "parts", .prepare = card_prepare, .play = card_play,
	.capture = card_capture, .close = card_close, .due = card_due,
	.when = card_when,
};

/* ---- time ----------------------------------------------------------------- */

static uint64_t clock_now(struct snd_clock *k)
{
	return container_of(k, struct card, clock)->now;
}

static void clock_del(struct snd_clock *k, struct snd_alarm *a)
{
	struct card *c = container_of(k, struct card, clock);

	for (unsigned i = 0; i < SNDIO_DIRS; i++)
		if (c->set[i].alarm == a)
			c->set[i].alarm = NULL;
}

static void clock_set(struct snd_clock *k, struct snd_alarm *a, uint64_t at)
{
	struct card *c = container_of(k, struct card, clock);
	unsigned i = 0;

	clock_del(k, a);
	while (c->set[i].alarm)
		BUG_ON(++i == SNDIO_DIRS);
	c->set[i].alarm = a;
	c->set[i].at = at;
}

static void pass(struct card *c, uint64_t ns)
{
	c->now += ns;
	for (unsigned i = 0; i < SNDIO_DIRS; i++) {
		struct snd_alarm *a = c->set[i].alarm;

		if (!a || c->set[i].at > c->now)
			continue;
		c->set[i].alarm = NULL;
		a->fired(a);
	}
}

/* ---- the target ----------------------------------------------------------- */

void fz_setup(void)
{
	char err[256];

	for (unsigned i = 0; i < 4; i++) {
		struct card *c = &card[i];
		struct vio_dev *dev;
		const struct snd_cfg cfg = {
			.prof = i & 1 ? &vio_profile_modern :
					&vio_profile_aero_w7,
			.name = "sound0", .gmem = fz_vio_mem(),
			.ctl_loop = fz_vio_loop(), .loop = fz_vio_loop(),
			.clock = &c->clock,
		};

		c->io.ops = i & 2 ? &parts_ops : &whole_ops;
		c->clock = (struct snd_clock){
			clock_now, clock_set, clock_del,
		};
		c->now = 1000000007;
		BUG_ON(snd_create(&dev, &cfg, &c->io, err, sizeof(err)));
		fz_vio_init(&vio[i], dev);
	}
}

static void more(struct fz_vio *v, struct fz *in, unsigned what)
{
	struct card *c = &card[v - vio];

	switch (what) {
	case 0: pass(c, fz_u8(in) * UINT64_C(1000000)); break;
	case 1: pass(c, fz_u32(in)); break;
	case 2: c->room += fz_u16(in); break;
	default: c->refuse = fz_u8(in) & 1 ? -EBUSY : 0;
	}
}

void fz_one(struct fz *in)
{
	unsigned which = fz_u8(in) & 3;
	struct card *c = &card[which];

	fz_vio_run(&vio[which], in, more, 4);
	for (unsigned i = 0; i < SNDIO_DIRS; i++)
		BUG_ON(c->set[i].alarm);        /* silence has no alarms */
	c->now = 1000000007;
	c->room = 0;
	c->refuse = 0;
	memset(c->io.pace, 0, sizeof(c->io.pace));
}
