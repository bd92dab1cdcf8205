#include <string.h>

#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/snd_int.h"

/* What a request may ask for one item at most. */
#define ITEM_MAX 256

struct request {
	const struct vq_chain *chain;
	const struct iovec *in;         /* of the answer */
	uint32_t written;               /* of it, after the status */
	union {
		le32 code;
		struct virtio_snd_query_info query;
		struct virtio_snd_pcm_hdr pcm;
		struct virtio_snd_pcm_set_params params;
	} u;
};

/* ---- PCM_INFO ------------------------------------------------------------- */

static void put_info(struct snd *snd, struct request *r, unsigned stream,
		     size_t off, size_t size)
{
	const struct snd_caps *caps = &snd->stream[stream].caps;
	const struct virtio_snd_pcm_info info = {
		.hda_fn_nid = le32_put(caps->node),
		.formats = le64_put(caps->formats),
		.rates = le64_put(caps->rates),
		.direction = (uint8_t)stream,
		.channels_min = caps->channels_min,
		.channels_max = caps->channels_max,
	};
	size_t len = size < sizeof(info) ? size : sizeof(info);

	iov_put(r->in, r->chain->nin, off, &info, len);
	iov_zero(r->in, r->chain->nin, off + len, size - len);
}

static enum snd_status pcm_info(struct snd *snd, struct request *r)
{
	uint32_t start = le32_get(r->u.query.start_id);
	uint32_t count = le32_get(r->u.query.count), size;
	const size_t head = sizeof(le32);

	/* AERO-W7-VIRTIO's drivers leave the size out. */
	size = r->chain->out_len < sizeof(r->u.query) ?
	       sizeof(struct virtio_snd_pcm_info) : le32_get(r->u.query.size);
	if (r->chain->out_len < snd->dialect->query_len ||
	    count > SNDIO_DIRS || start > SNDIO_DIRS - count ||
	    size == 0 || size > ITEM_MAX ||
	    r->chain->in_len < head + (uint64_t)count * size)
		return SND_BAD_MSG;
	for (uint32_t i = 0; i < count; i++)
		put_info(snd, r, start + i, head + (size_t)i * size, size);
	r->written = count * size;
	return SND_OK;
}

/* ---- streams -------------------------------------------------------------- */

static enum snd_status set_params(struct snd_stream *s, struct request *r)
{
	const struct virtio_snd_pcm_set_params *q = &r->u.params;
	uint32_t buffer = le32_get(q->buffer_bytes);
	uint32_t period = le32_get(q->period_bytes);
	int format = snd_format_of(q->format);
	uint32_t rate = snd_rate_of(q->rate);
	struct sndio_params p;

	if (r->chain->out_len < sizeof(*q))
		return SND_BAD_MSG;
	if (le32_get(q->features) || format < 0 || rate == 0 ||
	    !(s->caps.formats >> q->format & 1) ||
	    !(s->caps.rates >> q->rate & 1) ||
	    q->channels < s->caps.channels_min ||
	    q->channels > s->caps.channels_max)
		return SND_NOT_SUPP;
	p = (struct sndio_params){
		.rate = rate, .channels = q->channels,
		.format = (enum sndio_format)format,
	};
	if (period == 0 || buffer < period || period % sndio_frame_bytes(&p) ||
	    buffer % sndio_frame_bytes(&p))
		return SND_BAD_MSG;
	/* Buffers of the old parameters are of another size. */
	snd_stream_release(s);
	if (s->state == SND_PREPARED)
		sndio_release(s->snd->io, s->dir);
	s->params = p;
	sndio_set(s->snd->io, s->dir, &p);
	s->state = SND_SET;
	return SND_OK;
}

static enum snd_status prepare(struct snd_stream *s, struct request *r)
{
	(void)r;
	snd_stream_release(s);
	if (s->state != SND_SET)
		sndio_release(s->snd->io, s->dir);
	s->state = SND_SET;
	if (sndio_prepare(s->snd->io, s->dir))
		return SND_IO_ERR;
	s->state = SND_PREPARED;
	return SND_OK;
}

static enum snd_status release(struct snd_stream *s, struct request *r)
{
	(void)r;
	if (s->state == SND_RUNNING)
		snd_stream_stop(s);
	/* virtio 5.14.6.6.5.1: the device MUST complete all pending I/O
	 * messages, and not the request before them. */
	snd_stream_release(s);
	if (s->state == SND_PREPARED || s->state == SND_STOPPED)
		sndio_release(s->snd->io, s->dir);
	if (s->state != SND_IDLE)
		s->state = SND_SET;
	return SND_OK;
}

static enum snd_status start(struct snd_stream *s, struct request *r)
{
	(void)r;
	snd_stream_start(s);
	return SND_OK;
}

static enum snd_status stop(struct snd_stream *s, struct request *r)
{
	(void)r;
	snd_stream_stop(s);
	return SND_OK;
}

static enum snd_status (*const commands[SND_CMDS])(struct snd_stream *,
						   struct request *) = {
	[SND_SET_PARAMS] = set_params,
	[SND_PREPARE] = prepare,
	[SND_RELEASE] = release,
	[SND_START] = start,
	[SND_STOP] = stop,
};

static enum snd_status command(struct snd *snd, struct request *r,
			       enum snd_cmd cmd)
{
	uint32_t id = le32_get(r->u.pcm.stream_id);
	struct snd_stream *s;

	if (r->chain->out_len < sizeof(r->u.pcm) || id >= SNDIO_DIRS)
		return SND_BAD_MSG;
	s = &snd->stream[id];
	if (!(snd->dialect->from[cmd] >> s->state & 1))
		return SND_BAD_MSG;
	return commands[cmd](s, r);
}

/* ---- the queue ------------------------------------------------------------ */

static enum snd_status answer(struct snd *snd, struct request *r)
{
	uint32_t code;

	if (r->chain->flaws || r->chain->out_len < sizeof(r->u.code))
		return SND_BAD_MSG;
	iov_get(r->chain->iov, r->chain->nout, 0, &r->u, sizeof(r->u));
	code = le32_get(r->u.code);
	if (code == VIRTIO_SND_R_PCM_INFO)
		return pcm_info(snd, r);
	if (code >= VIRTIO_SND_R_PCM_SET_PARAMS &&
	    code <= VIRTIO_SND_R_PCM_STOP)
		return command(snd, r, (enum snd_cmd)
			       (code - VIRTIO_SND_R_PCM_SET_PARAMS));
	/* AERO-W7-VIRTIO 3.4.6: all unsupported commands MUST return it. */
	return SND_NOT_SUPP;
}

void snd_control(struct snd *snd, struct vq *vq)
{
	struct vq_chain c = { .iov = snd->ctl, .max = SND_PIECES };

	while (vio_pop(vq, &c)) {
		struct request r = { .chain = &c, .in = c.iov + c.nout };
		le32 status;

		if (!snd_is_ram(r.in, c.nin, 0, sizeof(status))) {
			guest_err(snd->dev.name,
				  "a request without room for an answer");
			vq_push(vq, &c, 0);
			continue;
		}
		status = le32_put(snd->dialect->status[answer(snd, &r)]);
		iov_put(r.in, c.nin, 0, &status, sizeof(status));
		vq_push(vq, &c, (uint32_t)sizeof(status) + r.written);
	}
}
