#include "devices/audio/sndio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "devices/audio/sndio_int.h"

#define NS UINT64_C(1000000000)

static const struct { const char *name; uint8_t bytes; } formats[] = {
	[SNDIO_U8] = { "U8", 1 },
	[SNDIO_S16] = { "S16", 2 },
	[SNDIO_S24_3] = { "S24", 3 },
	[SNDIO_S32] = { "S32", 4 },
	[SNDIO_FLOAT] = { "FLOAT", 4 },
};

size_t sndio_frame_bytes(const struct sndio_params *p)
{
	return (size_t)p->channels * formats[p->format].bytes;
}

void sndio_describe(const struct sndio_params *p, char *to, size_t len)
{
	snprintf(to, len, "%u Hz, %u channel%s, %s", p->rate, p->channels,
		 p->channels == 1 ? "" : "s", formats[p->format].name);
}

void sndio_silence(const struct iovec *iov, unsigned n, size_t off, size_t len,
		   enum sndio_format format)
{
	/* The middle of unsigned samples is not 0. */
	int byte = format == SNDIO_U8 ? 0x80 : 0;

	for (unsigned i = 0; i < n && len; i++) {
		size_t span = iov[i].iov_len;

		if (off >= span) {
			off -= span;
			continue;
		}
		span -= off;
		if (span > len)
			span = len;
		memset((uint8_t *)iov[i].iov_base + off, byte, span);
		off = 0;
		len -= span;
	}
}

/* ---- the clock ------------------------------------------------------------ */

/* Neither product overflows in centuries. */
static uint64_t frames_in(uint64_t ns, uint32_t rate)
{
	return ns / NS * rate + ns % NS * rate / NS;
}

uint64_t sndio_ns(uint64_t frames, uint32_t rate)
{
	return frames / rate * NS + (frames % rate * NS + rate - 1) / rate;
}

uint64_t sndio_paced_due(const struct sndio *io, enum sndio_dir dir,
			 uint64_t now)
{
	const struct sndio_pace *p = &io->pace[dir];
	uint64_t gone = p->carry;

	if (p->on && now > p->since_ns)
		gone += frames_in(now - p->since_ns, io->params[dir].rate);
	return gone > p->done ? gone - p->done : 0;
}

uint64_t sndio_paced_when(const struct sndio *io, enum sndio_dir dir,
			  uint64_t frames)
{
	const struct sndio_pace *p = &io->pace[dir];
	uint64_t goal = p->done + frames;

	if (goal <= p->carry)
		return p->since_ns;
	return p->since_ns + sndio_ns(goal - p->carry, io->params[dir].rate);
}

void sndio_slip(struct sndio *io, enum sndio_dir dir, uint64_t ns)
{
	io->pace[dir].since_ns += ns;
}

/* ---- a session ------------------------------------------------------------ */

void sndio_set(struct sndio *io, enum sndio_dir dir,
	       const struct sndio_params *params)
{
	io->params[dir] = *params;
	if (io->ops->set)
		io->ops->set(io, dir);
}

int sndio_prepare(struct sndio *io, enum sndio_dir dir)
{
	io->pace[dir] = (struct sndio_pace){ 0 };
	return io->ops->prepare ? io->ops->prepare(io, dir) : 0;
}

void sndio_start(struct sndio *io, enum sndio_dir dir, uint64_t now)
{
	struct sndio_pace *p = &io->pace[dir];

	/* A buffer that was half through when the stream stopped still is. */
	*p = (struct sndio_pace){
		.since_ns = now, .carry = p->carry, .on = true,
	};
	if (io->ops->start)
		io->ops->start(io, dir);
}

void sndio_stop(struct sndio *io, enum sndio_dir dir, uint64_t now)
{
	uint64_t left = sndio_paced_due(io, dir, now);

	io->pace[dir] = (struct sndio_pace){ .carry = left };
	if (io->ops->stop)
		io->ops->stop(io, dir);
}

void sndio_release(struct sndio *io, enum sndio_dir dir)
{
	io->pace[dir] = (struct sndio_pace){ 0 };
	if (io->ops->release)
		io->ops->release(io, dir);
}

/* ---- frames --------------------------------------------------------------- */

uint64_t sndio_due(struct sndio *io, enum sndio_dir dir, uint64_t now)
{
	return io->ops->due ? io->ops->due(io, dir, now)
			    : sndio_paced_due(io, dir, now);
}

uint64_t sndio_when(struct sndio *io, enum sndio_dir dir, uint64_t now,
		    uint64_t frames)
{
	return io->ops->when ? io->ops->when(io, dir, now, frames)
			     : sndio_paced_when(io, dir, frames);
}

uint64_t sndio_delay(struct sndio *io, enum sndio_dir dir)
{
	return io->ops->delay ? io->ops->delay(io, dir) : 0;
}

int sndio_play(struct sndio *io, const struct iovec *iov, unsigned n,
	       uint64_t frames)
{
	io->pace[SNDIO_PLAY].done += frames;
	return io->ops->play ? io->ops->play(io, iov, n, frames) : 0;
}

void sndio_capture(struct sndio *io, const struct iovec *iov, unsigned n,
		   uint64_t frames)
{
	const struct sndio_params *p = &io->params[SNDIO_CAPTURE];
	size_t frame = sndio_frame_bytes(p);
	uint64_t got = 0;

	io->pace[SNDIO_CAPTURE].done += frames;
	if (io->ops->capture)
		got = io->ops->capture(io, iov, n, frames);
	sndio_silence(iov, n, got * frame, (frames - got) * frame, p->format);
}

void sndio_lose(struct sndio *io, enum sndio_dir dir, uint64_t frames)
{
	io->pace[dir].done += frames;
	if (io->ops->lose)
		io->ops->lose(io, dir, frames);
}

/* ---- opening -------------------------------------------------------------- */

int sndio_open(struct sndio **out, const struct sndio_cfg *cfg, char *err,
	       size_t errlen)
{
	const char *spec = cfg->spec;

	if (cfg->in && strncmp(spec, "wav:", 4) != 0) {
		snprintf(err, errlen, "--sound %s: in=%s goes with wav:FILE "
			 "only", spec, cfg->in);
		return -EINVAL;
	}
	if (strcmp(spec, "null") == 0)
		return sndio_null_open(out);
	if (strncmp(spec, "wav:", 4) == 0 && spec[4])
		return sndio_wav_open(out, spec + 4, cfg->in, err, errlen);
	if (strcmp(spec, "alsa") == 0)
		return sndio_alsa_open(out, "default", err, errlen);
	if (strncmp(spec, "alsa:", 5) == 0 && spec[5])
		return sndio_alsa_open(out, spec + 5, err, errlen);
	snprintf(err, errlen, "--sound %s: no such sound backend; use null, "
		 "wav:FILE or alsa[:DEVICE]", spec);
	return -EINVAL;
}

void sndio_close(struct sndio *io)
{
	if (io)
		io->ops->close(io);
}
