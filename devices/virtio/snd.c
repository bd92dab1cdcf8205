#include "devices/virtio/snd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/virtio/snd_int.h"

static struct snd *to_snd(struct vio_dev *dev)
{
	return container_of(dev, struct snd, dev);
}

bool snd_is_ram(const struct iovec *iov, unsigned n, size_t off, size_t len)
{
	for (unsigned i = 0; i < n && len; i++) {
		size_t span = iov[i].iov_len;

		if (off >= span) {
			off -= span;
			continue;
		}
		if (!iov[i].iov_base)
			return false;
		span -= off;
		off = 0;
		len -= span < len ? span : len;
	}
	return len == 0;
}

void snd_publish(struct vq *vq)
{
	loop_hook_unmark(vq->loop, &vq->publish);
	vq->publish.run(&vq->publish);
}

/* ---- the loop's clock ----------------------------------------------------- */

static uint64_t loop_clock_now(struct snd_clock *c)
{
	(void)c;
	return loop_now_ns();
}

static void timer_fired(struct loop_timer *t)
{
	struct snd_alarm *a = container_of(t, struct snd_alarm, timer);

	a->fired(a);
}

static void loop_clock_set(struct snd_clock *c, struct snd_alarm *a,
			   uint64_t at_ns)
{
	a->timer.fired = timer_fired;
	loop_timer_set(container_of(c, struct snd, loop_clock)->loop, &a->timer,
		       at_ns);
}

static void loop_clock_del(struct snd_clock *c, struct snd_alarm *a)
{
	loop_timer_del(container_of(c, struct snd, loop_clock)->loop,
		       &a->timer);
}

/* ---- queues --------------------------------------------------------------- */

/* AERO-W7-VIRTIO 3.4.2.1: accepts and retains the buffers; there is no event
 * to complete one with. */
static void retain_events(struct snd *snd, struct vq *vq)
{
	for (;;) {
		struct snd_event *e = &snd->events[snd->nevents];

		e->chain.iov = e->iov;
		e->chain.max = 1;
		if (!vio_pop(vq, &e->chain))
			return;
		snd->nevents++;
	}
}

/* Back into the ring, as if never taken: the last one first. */
static void return_events(struct snd *snd, struct vq *vq)
{
	while (snd->nevents) {
		snd->nevents--;
		vq->ops->unpop(vq, &snd->events[snd->nevents].chain);
	}
}

static struct snd_stream *stream_of(struct snd *snd, const struct vq *vq)
{
	return &snd->stream[vq->idx == SND_TXQ ? SNDIO_PLAY : SNDIO_CAPTURE];
}

static void snd_process(struct vio_dev *dev, struct vq *vq)
{
	struct snd *snd = to_snd(dev);

	if (vq->idx == SND_CONTROLQ)
		snd_control(snd, vq);
	else if (vq->idx == SND_EVENTQ)
		retain_events(snd, vq);
	else
		snd_stream_process(stream_of(snd, vq));
}

static void snd_stop(struct vio_dev *dev, struct vq *vq)
{
	struct snd *snd = to_snd(dev);

	if (vq->idx == SND_EVENTQ)
		return_events(snd, vq);
	else if (vq->idx != SND_CONTROLQ)
		snd_stream_flush(stream_of(snd, vq));
}

/* ---- the device ----------------------------------------------------------- */

static void reset_streams(void *arg)
{
	struct snd *snd = arg;

	for (unsigned i = 0; i < SNDIO_DIRS; i++)
		snd_stream_reset(&snd->stream[i]);
}

static void snd_reset(struct vio_dev *dev)
{
	struct snd *snd = to_snd(dev);

	loop_call_sync(snd->loop, reset_streams, snd);
}

static void snd_destroy(struct vio_dev *dev)
{
	struct snd *snd = to_snd(dev);

	loop_call_sync(snd->loop, reset_streams, snd);
	vio_fini(dev);
	for (unsigned i = 0; i < SNDIO_DIRS; i++)
		snd_stream_fini(&snd->stream[i]);
	free(snd->events);
	sndio_close(snd->io);
	free(snd);
}

static const struct vio_class snd_class = {
	.name = "snd",
	.id = VIRTIO_ID_SOUND,
	.process = snd_process,
	.stop = snd_stop,
	.reset = snd_reset,
	.destroy = snd_destroy,
};

/* What profile and backend can do both. */
static int agree(struct snd_caps *caps, const struct snd_cfg *cfg,
		 const struct sndio *io, enum sndio_dir dir, char *err,
		 size_t errlen)
{
	const struct sndio_params *p = &io->only[dir].params;
	char has[64];

	if (!io->only[dir].fixed)
		return 0;
	caps->formats &= snd_format_bit(p->format);
	caps->rates &= snd_rate_bit(p->rate);
	if (caps->formats && caps->rates && p->channels >= caps->channels_min &&
	    p->channels <= caps->channels_max) {
		caps->channels_min = caps->channels_max = p->channels;
		return 0;
	}
	sndio_describe(p, has, sizeof(has));
	snprintf(err, errlen, "--sound: the file to record from has %s, which "
		 "profile %s cannot record; convert it, for example with sox "
		 "IN -r 48000 -c 1 -b 16 OUT", has, cfg->prof->name);
	return -EINVAL;
}

static int init_streams(struct snd *snd, const struct snd_cfg *cfg, char *err,
			size_t errlen)
{
	for (unsigned i = 0; i < SNDIO_DIRS; i++) {
		struct snd_stream *s = &snd->stream[i];
		enum sndio_dir dir = (enum sndio_dir)i;
		int e = snd_stream_init(s, snd, &snd->dev.vqs[SND_TXQ + i],
					dir);

		if (e)
			return e;
		s->caps = snd->dialect->stream[i];
		e = agree(&s->caps, cfg, snd->io, dir, err, errlen);
		if (e)
			return e;
	}
	return 0;
}

int snd_create(struct vio_dev **out, const struct snd_cfg *cfg,
	       struct sndio *io, char *err, size_t errlen)
{
	const struct vio_dev_row *row = vio_profile_row(cfg->prof, "snd");
	const struct virtio_snd_config config = {
		.streams = le32_put(SNDIO_DIRS),
	};
	struct snd *snd = calloc(1, sizeof(*snd));
	int e;

	snprintf(err, errlen, "no memory or descriptors for the sound device");
	if (!snd)
		return -ENOMEM;
	snd->dialect = row->dialect;
	snd->io = io;
	snd->loop = cfg->loop;
	snd->loop_clock = (struct snd_clock){
		loop_clock_now, loop_clock_set, loop_clock_del,
	};
	snd->clock = cfg->clock ? cfg->clock : &snd->loop_clock;
	e = vio_init(&snd->dev, &snd_class, cfg->prof, row, cfg->name,
		     SND_QUEUES, 0, cfg->gmem, cfg->ctl_loop, &cfg->loop, 1);
	if (e) {
		free(snd);
		return e;
	}
	memcpy(snd->dev.cfg, &config, sizeof(config));
	snd->events = calloc(row->qsize[SND_EVENTQ] + 1u,
			     sizeof(*snd->events));
	e = snd->events ? init_streams(snd, cfg, err, errlen) : -ENOMEM;
	if (e) {
		snd->io = NULL;         /* stays with the caller */
		for (unsigned i = 0; i < SNDIO_DIRS; i++)
			snd->stream[i].snd = snd;
		snd_destroy(&snd->dev);
		return e;
	}
	*out = &snd->dev;
	return 0;
}
