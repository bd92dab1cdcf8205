/*
 * virtio-snd (virtio 5.14; AERO-W7-VIRTIO 3.4): stream 0 plays, stream 1
 * records, both paced by real time.
 *
 * snd_create: set-up thread. All four queues and both streams live on one
 * loop, which also does the backend's work: not one that serves disks.
 */
#ifndef DEVICES_VIRTIO_SND_H
#define DEVICES_VIRTIO_SND_H

#include "devices/audio/sndio.h"
#include "devices/virtio/core.h"

/* Time as the streams see it. Tests bring their own. The loop only. */
struct snd_alarm {
	struct loop_timer timer;        /* the loop's clock's */
	void (*fired)(struct snd_alarm *);
};

struct snd_clock {
	uint64_t (*now)(struct snd_clock *);
	/* Fires once, not before at_ns; set again, it moves. */
	void (*set)(struct snd_clock *, struct snd_alarm *, uint64_t at_ns);
	void (*del)(struct snd_clock *, struct snd_alarm *);
};

struct snd_cfg {
	const struct vio_profile *prof;
	const char *name;               /* for people: "sound0" */
	const struct gmem *gmem;
	struct loop *ctl_loop, *loop;
	struct snd_clock *clock;        /* NULL: the loop's */
};

/*
 * Takes the backend over: it is closed with the device. 0 or -errno; -EINVAL
 * with one sentence in err: the backend cannot do what the profile's device
 * has to, and what to do.
 */
int snd_create(struct vio_dev **, const struct snd_cfg *, struct sndio *,
	       char *err, size_t errlen);

#endif
