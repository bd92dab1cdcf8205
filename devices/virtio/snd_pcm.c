#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/snd_int.h"

/* Buffers of less than that are served together. */
#define TICK_NS UINT64_C(1000000)
/* A host that serves an alarm later than that was busy elsewhere. To make up
 * for it would take all buffers at once, and the guest's ring would run dry. */
#define LATE_NS UINT64_C(10000000)

#define STATUS_LEN (sizeof(struct virtio_snd_pcm_status))

struct snd_slot {
	struct vq_chain chain;
	struct snd_slot *next;
	uint32_t bytes, moved;          /* of sound */
	uint64_t end;                   /* the stream's frame after its last */
	bool failed;                    /* the host did not take it */
	struct iovec iov[SND_PIECES];
};

/* ---- slots ---------------------------------------------------------------- */

static struct snd_slot *get_slot(struct snd_stream *s)
{
	struct snd_slot *slot = s->free;

	if (slot) {
		s->free = slot->next;
		return slot;
	}
	/* One more than descriptors, and vq_pop takes no more chains. */
	BUG_ON(s->fresh > s->vq->max);
	slot = &s->slab[s->fresh++];
	slot->chain.iov = slot->iov;
	slot->chain.max = SND_PIECES;
	return slot;
}

static void put_slot(struct snd_stream *s, struct snd_slot *slot)
{
	slot->next = s->free;
	s->free = slot;
}

int snd_stream_init(struct snd_stream *s, struct snd *snd, struct vq *vq,
		    enum sndio_dir dir)
{
	s->snd = snd;
	s->vq = vq;
	s->dir = dir;
	s->tail = &s->head;
	s->params = (struct sndio_params){ 48000, 1, SNDIO_S16 };
	/* Zero pages until a slot is used the first time. */
	s->slab = calloc(vq->max + 1u, sizeof(*s->slab));
	return s->slab ? 0 : -ENOMEM;
}

void snd_stream_fini(struct snd_stream *s)
{
	free(s->slab);
}

/* ---- a buffer ------------------------------------------------------------- */

/* Where the sound stands in a buffer that was found right. */
static const struct iovec *sound_of(const struct snd_stream *s,
				    const struct snd_slot *slot, unsigned *n,
				    size_t *off)
{
	const struct vq_chain *c = &slot->chain;

	if (s->dir == SNDIO_PLAY) {
		*n = c->nout;
		*off = s->snd->dialect->xfer_len;
		return c->iov;
	}
	*n = c->nin;
	*off = 0;
	return c->iov + c->nout;
}

/* virtio 5.14.6.8: the status is the last thing in the chain. Returns how much
 * was written. */
static uint32_t put_status(struct snd_stream *s, struct snd_slot *slot,
			   enum snd_status status)
{
	const struct virtio_snd_pcm_status st = {
		.status = le32_put(s->snd->dialect->status[status]),
	};
	const struct iovec *in = slot->chain.iov + slot->chain.nout;
	size_t len = iov_len(in, slot->chain.nin);

	if (len < sizeof(st) ||
	    !snd_is_ram(in, slot->chain.nin, len - sizeof(st), sizeof(st))) {
		guest_err(s->snd->dev.name,
			  "a sound buffer without room for its status");
		return 0;
	}
	return (uint32_t)iov_put(in, slot->chain.nin, len - sizeof(st), &st,
				 sizeof(st));
}

/* Sound that is not there is silence; the driver may look at it. */
static uint32_t fill_up(struct snd_stream *s, struct snd_slot *slot)
{
	const struct iovec *iov;
	unsigned n;
	size_t off;

	if (s->dir == SNDIO_PLAY)
		return 0;
	iov = sound_of(s, slot, &n, &off);
	sndio_silence(iov, n, slot->moved, slot->bytes - slot->moved,
		      s->params.format);
	return slot->bytes;
}

static void complete(struct snd_stream *s, struct snd_slot *slot,
		     enum snd_status status)
{
	uint32_t written = fill_up(s, slot);

	written += put_status(s, slot, status);
	vq_push(s->vq, &slot->chain, written);
	put_slot(s, slot);
}

/* Nothing of the chain was taken. */
static void refuse(struct snd_stream *s, struct snd_slot *slot,
		   enum snd_status status)
{
	vq_push(s->vq, &slot->chain, put_status(s, slot, status));
	put_slot(s, slot);
}

static bool takes_buffers(const struct snd_stream *s)
{
	if (s->state == SND_RUNNING)
		return true;
	return s->snd->dialect->early &&
	       (s->state == SND_PREPARED || s->state == SND_STOPPED);
}

/* AERO-W7-VIRTIO 3.4.6: the safety cap, and IO_ERR when not running (decision
 * 7: for both streams). */
static enum snd_status check(struct snd_stream *s, struct snd_slot *slot)
{
	const struct vq_chain *c = &slot->chain;
	uint32_t head = s->snd->dialect->xfer_len;
	uint64_t bytes;
	le32 id;

	if (c->flaws || c->out_len < head || c->in_len < STATUS_LEN)
		return SND_BAD_MSG;
	if (s->dir == SNDIO_CAPTURE && c->out_len != head)
		return SND_BAD_MSG;
	bytes = s->dir == SNDIO_PLAY ? c->out_len - head
				     : c->in_len - STATUS_LEN;
	iov_get(c->iov, c->nout, 0, &id, sizeof(id));
	if (bytes > SND_PAYLOAD_MAX || le32_get(id) != (uint32_t)s->dir)
		return SND_BAD_MSG;
	slot->bytes = (uint32_t)bytes;
	slot->moved = 0;
	slot->failed = false;
	if (!takes_buffers(s))
		return SND_IO_ERR;
	return bytes % snd_frame(s) ? SND_BAD_MSG : SND_OK;
}

/* ---- time ----------------------------------------------------------------- */

static void append(struct snd_stream *s, struct snd_slot *slot)
{
	slot->next = NULL;
	*s->tail = slot;
	s->tail = &slot->next;
	if (!s->feed)
		s->feed = slot;
}

static void move(struct snd_stream *s, struct snd_slot *slot, uint64_t frames)
{
	struct sndio *io = s->snd->io;
	size_t len = frames * snd_frame(s), off;
	const struct iovec *iov;
	unsigned n;

	iov = sound_of(s, slot, &n, &off);
	n = iov_slice(s->part, iov, n, off + slot->moved, len);
	if (s->dir == SNDIO_CAPTURE)
		sndio_capture(io, s->part, n, frames);
	else if (sndio_play(io, s->part, n, frames))
		slot->failed = true;
	slot->moved += (uint32_t)len;
	s->moved += frames;
}

/* What the outside took or made by now. */
static void move_due(struct snd_stream *s, uint64_t now)
{
	struct sndio *io = s->snd->io;
	uint64_t due = sndio_due(io, s->dir, now);

	while (s->feed) {
		struct snd_slot *slot = s->feed;
		uint64_t left = (slot->bytes - slot->moved) / snd_frame(s);
		uint64_t n = due < left ? due : left;

		if (n < left && (io->ops->whole || n == 0))
			return;
		if (n)
			move(s, slot, n);
		due -= n;
		if (slot->moved < slot->bytes)
			return;
		slot->end = s->moved;
		s->feed = slot->next;
	}
	/* 3.4.6: on underrun, silence, and on it goes. */
	if (due)
		sndio_lose(io, s->dir, due);
}

static uint64_t heard(struct snd_stream *s)
{
	uint64_t delay = sndio_delay(s->snd->io, s->dir);

	return delay < s->moved ? s->moved - delay : 0;
}

/* virtio 5.14.6.8.1.1: not complete until it is totally consumed. */
static void complete_heard(struct snd_stream *s)
{
	uint64_t upto = s->dir == SNDIO_PLAY ? heard(s) : s->moved;

	while (s->head != s->feed && s->head->end <= upto) {
		struct snd_slot *slot = s->head;

		s->head = slot->next;
		if (!s->head)
			s->tail = &s->head;
		complete(s, slot, slot->failed ? SND_IO_ERR : SND_OK);
	}
}

static void set_alarm(struct snd_stream *s, uint64_t now)
{
	struct snd_clock *clock = s->snd->clock;
	uint64_t at;

	if (s->feed)
		at = sndio_when(s->snd->io, s->dir, now,
				(s->feed->bytes - s->feed->moved) /
				snd_frame(s));
	else if (s->head)
		at = now + (s->head->end - heard(s)) * 1000000000 /
			   s->params.rate;
	else {
		clock->del(clock, &s->alarm);
		return;
	}
	s->alarm_at = at < now + TICK_NS ? now + TICK_NS : at;
	clock->set(clock, &s->alarm, s->alarm_at);
}

static void run(struct snd_stream *s)
{
	uint64_t now;

	if (s->state != SND_RUNNING)
		return;
	now = snd_now(s->snd);
	move_due(s, now);
	complete_heard(s);
	set_alarm(s, now);
}

static void alarm_fired(struct snd_alarm *a)
{
	struct snd_stream *s = container_of(a, struct snd_stream, alarm);
	uint64_t now = snd_now(s->snd);

	if (now > s->alarm_at + LATE_NS)
		sndio_slip(s->snd->io, s->dir, now - s->alarm_at);
	run(s);
}

/* ---- from outside --------------------------------------------------------- */

static void take_buffers(struct snd_stream *s)
{
	for (;;) {
		struct snd_slot *slot = get_slot(s);
		enum snd_status status;

		if (!vio_pop(s->vq, &slot->chain)) {
			put_slot(s, slot);
			return;
		}
		slot->bytes = 0;
		status = check(s, slot);
		if (status == SND_OK)
			append(s, slot);
		else if (status == SND_IO_ERR)
			complete(s, slot, status);
		else
			refuse(s, slot, status);
	}
}

void snd_stream_process(struct snd_stream *s)
{
	/* First what happened before these buffers came. */
	run(s);
	take_buffers(s);
	run(s);
}

void snd_stream_start(struct snd_stream *s)
{
	if (s->state == SND_RUNNING)
		return;
	s->alarm.fired = alarm_fired;
	sndio_start(s->snd->io, s->dir, snd_now(s->snd));
	s->state = SND_RUNNING;
	run(s);
}

void snd_stream_stop(struct snd_stream *s)
{
	struct snd *snd = s->snd;

	run(s);
	snd->clock->del(snd->clock, &s->alarm);
	sndio_stop(snd->io, s->dir, snd_now(snd));
	s->state = SND_STOPPED;
	if (!snd->dialect->early)
		snd_stream_release(s);
}

void snd_stream_flush(struct snd_stream *s)
{
	while (s->head) {
		struct snd_slot *slot = s->head;

		s->head = slot->next;
		complete(s, slot, SND_IO_ERR);
	}
	s->tail = &s->head;
	s->feed = NULL;
	s->moved = 0;
	if (s->state == SND_RUNNING)
		set_alarm(s, 0);
}

void snd_stream_release(struct snd_stream *s)
{
	take_buffers(s);
	snd_stream_flush(s);
	snd_publish(s->vq);
}

void snd_stream_reset(struct snd_stream *s)
{
	struct snd *snd = s->snd;

	if (s->state == SND_RUNNING) {
		snd->clock->del(snd->clock, &s->alarm);
		sndio_stop(snd->io, s->dir, snd_now(snd));
	}
	if (s->state != SND_IDLE)
		sndio_release(snd->io, s->dir);
	s->state = SND_IDLE;
}
