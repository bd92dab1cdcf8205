/*
 * The host's sound card through libasound, where it was there at build time.
 *
 * The card's clock paces the guest. A ring of LATENCY_US holds what was taken
 * over and is not yet heard; a guest's buffer counts as played when its last
 * frame left that ring. No call blocks.
 */
#include <errno.h>
#include <stdio.h>

#include "devices/audio/sndio_int.h"

#ifdef HAVE_ALSA

#include <alsa/asoundlib.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/dl.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"

static struct {
	DL_POINTER(snd_config_update_free_global);
	DL_POINTER(snd_lib_error_set_handler);
	DL_POINTER(snd_pcm_avail_update);
	DL_POINTER(snd_pcm_close);
	DL_POINTER(snd_pcm_delay);
	DL_POINTER(snd_pcm_drop);
	DL_POINTER(snd_pcm_open);
	DL_POINTER(snd_pcm_prepare);
	DL_POINTER(snd_pcm_readi);
	DL_POINTER(snd_pcm_recover);
	DL_POINTER(snd_pcm_set_params);
	DL_POINTER(snd_pcm_start);
	DL_POINTER(snd_pcm_state);
	DL_POINTER(snd_pcm_sw_params);
	DL_POINTER(snd_pcm_sw_params_current);
	DL_POINTER(snd_pcm_sw_params_free);
	DL_POINTER(snd_pcm_sw_params_malloc);
	DL_POINTER(snd_pcm_sw_params_set_start_threshold);
	DL_POINTER(snd_pcm_writei);
	DL_POINTER(snd_strerror);
} lib;
static const struct dl_symbol symbols[] = {
	DL_SYMBOL(lib, snd_config_update_free_global),
	DL_SYMBOL(lib, snd_lib_error_set_handler),
	DL_SYMBOL(lib, snd_pcm_avail_update),
	DL_SYMBOL(lib, snd_pcm_close),
	DL_SYMBOL(lib, snd_pcm_delay),
	DL_SYMBOL(lib, snd_pcm_drop),
	DL_SYMBOL(lib, snd_pcm_open),
	DL_SYMBOL(lib, snd_pcm_prepare),
	DL_SYMBOL(lib, snd_pcm_readi),
	DL_SYMBOL(lib, snd_pcm_recover),
	DL_SYMBOL(lib, snd_pcm_set_params),
	DL_SYMBOL(lib, snd_pcm_start),
	DL_SYMBOL(lib, snd_pcm_state),
	DL_SYMBOL(lib, snd_pcm_sw_params),
	DL_SYMBOL(lib, snd_pcm_sw_params_current),
	DL_SYMBOL(lib, snd_pcm_sw_params_free),
	DL_SYMBOL(lib, snd_pcm_sw_params_malloc),
	DL_SYMBOL(lib, snd_pcm_sw_params_set_start_threshold),
	DL_SYMBOL(lib, snd_pcm_writei),
	DL_SYMBOL(lib, snd_strerror),
};
#define snd_config_update_free_global lib.snd_config_update_free_global
#define snd_lib_error_set_handler lib.snd_lib_error_set_handler
#define snd_pcm_avail_update lib.snd_pcm_avail_update
#define snd_pcm_close lib.snd_pcm_close
#define snd_pcm_delay lib.snd_pcm_delay
#define snd_pcm_drop lib.snd_pcm_drop
#define snd_pcm_open lib.snd_pcm_open
#define snd_pcm_prepare lib.snd_pcm_prepare
#define snd_pcm_readi lib.snd_pcm_readi
#define snd_pcm_recover lib.snd_pcm_recover
#define snd_pcm_set_params lib.snd_pcm_set_params
#define snd_pcm_start lib.snd_pcm_start
#define snd_pcm_state lib.snd_pcm_state
#define snd_pcm_sw_params lib.snd_pcm_sw_params
#define snd_pcm_sw_params_current lib.snd_pcm_sw_params_current
#define snd_pcm_sw_params_free lib.snd_pcm_sw_params_free
#define snd_pcm_sw_params_malloc lib.snd_pcm_sw_params_malloc
#define snd_pcm_sw_params_set_start_threshold lib.snd_pcm_sw_params_set_start_threshold
#define snd_pcm_writei lib.snd_pcm_writei
#define snd_strerror lib.snd_strerror

#define LATENCY_US 80000
#define BOUNCE_BYTES 4096

struct alsa {
	struct sndio io;
	char *device;
	/* NULL: none; the clock goes on and everything is silence. */
	snd_pcm_t *pcm[SNDIO_DIRS];
};

static const snd_pcm_format_t formats[] = {
	[SNDIO_U8] = SND_PCM_FORMAT_U8,
	[SNDIO_S16] = SND_PCM_FORMAT_S16_LE,
	[SNDIO_S24_3] = SND_PCM_FORMAT_S24_3LE,
	[SNDIO_S32] = SND_PCM_FORMAT_S32_LE,
	[SNDIO_FLOAT] = SND_PCM_FORMAT_FLOAT_LE,
};

static struct alsa *to_alsa(struct sndio *io)
{
	return container_of(io, struct alsa, io);
}

static snd_pcm_stream_t stream_of(enum sndio_dir dir)
{
	return dir == SNDIO_PLAY ? SND_PCM_STREAM_PLAYBACK
				 : SND_PCM_STREAM_CAPTURE;
}

static void let_go(struct alsa *a, enum sndio_dir dir)
{
	if (a->pcm[dir])
		snd_pcm_close(a->pcm[dir]);
	a->pcm[dir] = NULL;
}

/* The card is gone: the guest goes on by the clock, from now on. */
static void give_up(struct alsa *a, enum sndio_dir dir, int err)
{
	host_err_limited("sound", "ALSA device %s failed: %s; the guest's "
			 "sound goes nowhere", a->device, snd_strerror(err));
	let_go(a, dir);
}

/* After an underrun, an overrun or a suspended host. */
static bool recover(struct alsa *a, enum sndio_dir dir, int err)
{
	err = snd_pcm_recover(a->pcm[dir], err, 1);
	if (err == 0 && dir == SNDIO_CAPTURE)
		err = snd_pcm_start(a->pcm[dir]);
	if (err == 0)
		return true;
	give_up(a, dir, err);
	return false;
}

/* ---- a session ------------------------------------------------------------ */

/* Playing starts with the first frame, not when the ring is full. */
static int start_at_once(snd_pcm_t *pcm)
{
	snd_pcm_sw_params_t *sw;
	int err = snd_pcm_sw_params_malloc(&sw);

	if (err)
		return err;
	err = snd_pcm_sw_params_current(pcm, sw);
	if (!err)
		err = snd_pcm_sw_params_set_start_threshold(pcm, sw, 1);
	if (!err)
		err = snd_pcm_sw_params(pcm, sw);
	snd_pcm_sw_params_free(sw);
	return err;
}

static int alsa_prepare(struct sndio *io, enum sndio_dir dir)
{
	const struct sndio_params *p = &io->params[dir];
	struct alsa *a = to_alsa(io);
	int err;

	let_go(a, dir);
	err = snd_pcm_open(&a->pcm[dir], a->device, stream_of(dir),
			   SND_PCM_NONBLOCK);
	if (err)
		a->pcm[dir] = NULL;
	else
		err = snd_pcm_set_params(a->pcm[dir], formats[p->format],
					 SND_PCM_ACCESS_RW_INTERLEAVED,
					 p->channels, p->rate, 1, LATENCY_US);
	if (!err)
		err = start_at_once(a->pcm[dir]);
	if (!err)
		return 0;
	host_err_limited("sound", "cannot %s ALSA device %s: %s",
			 dir == SNDIO_PLAY ? "play on" : "record from",
			 a->device, snd_strerror(err));
	let_go(a, dir);
	/* AERO-W7-VIRTIO 3.4.6: nothing to record is silence. */
	return dir == SNDIO_PLAY ? -EIO : 0;
}

static void alsa_start(struct sndio *io, enum sndio_dir dir)
{
	struct alsa *a = to_alsa(io);
	int err;

	/* Playing starts with the first frames. */
	if (dir == SNDIO_PLAY || !a->pcm[dir])
		return;
	err = snd_pcm_prepare(a->pcm[dir]);
	if (!err)
		err = snd_pcm_start(a->pcm[dir]);
	if (err)
		give_up(a, dir, err);
}

static void alsa_stop(struct sndio *io, enum sndio_dir dir)
{
	struct alsa *a = to_alsa(io);

	/* What the ring holds is heard to its end. */
	if (dir == SNDIO_CAPTURE && a->pcm[dir])
		snd_pcm_drop(a->pcm[dir]);
}

static void alsa_release(struct sndio *io, enum sndio_dir dir)
{
	let_go(to_alsa(io), dir);
}

/* ---- the card's clock ----------------------------------------------------- */

static uint64_t alsa_due(struct sndio *io, enum sndio_dir dir, uint64_t now)
{
	struct alsa *a = to_alsa(io);
	snd_pcm_sframes_t n;

	if (!a->pcm[dir])
		return sndio_paced_due(io, dir, now);
	n = snd_pcm_avail_update(a->pcm[dir]);
	if (n < 0 && recover(a, dir, (int)n))
		n = snd_pcm_avail_update(a->pcm[dir]);
	if (!a->pcm[dir])
		io->pace[dir] = (struct sndio_pace){
			.since_ns = now, .on = true,
		};
	return n > 0 ? (uint64_t)n : 0;
}

static uint64_t alsa_when(struct sndio *io, enum sndio_dir dir, uint64_t now,
			  uint64_t frames)
{
	uint32_t rate = io->params[dir].rate;
	uint64_t quarter = (uint64_t)rate * (LATENCY_US / 4000) / 1000;

	if (!to_alsa(io)->pcm[dir])
		return sndio_paced_when(io, dir, frames);
	return now + sndio_ns(frames < quarter ? frames : quarter, rate);
}

static uint64_t alsa_delay(struct sndio *io, enum sndio_dir dir)
{
	snd_pcm_t *pcm = to_alsa(io)->pcm[dir];
	snd_pcm_sframes_t n = 0;

	if (!pcm || snd_pcm_state(pcm) != SND_PCM_STATE_RUNNING ||
	    snd_pcm_delay(pcm, &n) < 0)
		return 0;
	return n > 0 ? (uint64_t)n : 0;
}

/* ---- frames --------------------------------------------------------------- */

static snd_pcm_sframes_t write_frames(struct alsa *a, const uint8_t *from,
				      snd_pcm_uframes_t n)
{
	snd_pcm_sframes_t got = snd_pcm_writei(a->pcm[SNDIO_PLAY], from, n);

	if (got < 0 && got != -EAGAIN && recover(a, SNDIO_PLAY, (int)got))
		got = snd_pcm_writei(a->pcm[SNDIO_PLAY], from, n);
	return got;
}

static int alsa_play(struct sndio *io, const struct iovec *iov, unsigned n,
		     uint64_t frames)
{
	size_t frame = sndio_frame_bytes(&io->params[SNDIO_PLAY]), off = 0;
	struct alsa *a = to_alsa(io);
	uint8_t bounce[BOUNCE_BYTES];

	while (frames && a->pcm[SNDIO_PLAY]) {
		uint64_t part = BOUNCE_BYTES / frame;
		snd_pcm_sframes_t done;

		if (part > frames)
			part = frames;
		iov_get(iov, n, off, bounce, part * frame);
		done = write_frames(a, bounce, part);
		if (done <= 0)
			break;
		frames -= (uint64_t)done;
		off += (size_t)done * frame;
	}
	return 0;
}

static uint64_t read_frames(struct alsa *a, const struct iovec *iov, unsigned n,
			    uint64_t frames)
{
	size_t frame = sndio_frame_bytes(&a->io.params[SNDIO_CAPTURE]);
	/* Some plugins read nothing at all and say they did. */
	uint8_t bounce[BOUNCE_BYTES] = { 0 };
	uint64_t got = 0;

	while (got < frames && a->pcm[SNDIO_CAPTURE]) {
		uint64_t part = BOUNCE_BYTES / frame;
		snd_pcm_sframes_t done;

		if (part > frames - got)
			part = frames - got;
		done = snd_pcm_readi(a->pcm[SNDIO_CAPTURE], bounce, part);
		if (done <= 0)
			break;
		iov_put(iov, n, got * frame, bounce, (size_t)done * frame);
		got += (uint64_t)done;
	}
	return got;
}

static uint64_t alsa_capture(struct sndio *io, const struct iovec *iov,
			     unsigned n, uint64_t frames)
{
	return read_frames(to_alsa(io), iov, n, frames);
}

static void alsa_lose(struct sndio *io, enum sndio_dir dir, uint64_t frames)
{
	if (dir == SNDIO_CAPTURE)
		read_frames(to_alsa(io), NULL, 0, frames);
}

/* ---- life ----------------------------------------------------------------- */

static void alsa_close(struct sndio *io)
{
	struct alsa *a = to_alsa(io);

	let_go(a, SNDIO_PLAY);
	let_go(a, SNDIO_CAPTURE);
	snd_config_update_free_global();
	free(a->device);
	free(a);
}

static const struct sndio_ops alsa_ops = {
	.name = "alsa", .prepare = alsa_prepare, .start = alsa_start,
	.stop = alsa_stop, .release = alsa_release, .due = alsa_due,
	.when = alsa_when, .delay = alsa_delay, .play = alsa_play,
	.capture = alsa_capture, .lose = alsa_lose, .close = alsa_close,
};

/* The library prints to stderr by itself; we say it in our words. */
__attribute__((format(printf, 5, 6)))
static void quiet(const char *file, int line, const char *function, int err,
		  const char *fmt, ...)
{
	(void)file;
	(void)line;
	(void)function;
	(void)err;
	(void)fmt;
}

int sndio_alsa_open(struct sndio **out, const char *device, char *err,
		    size_t errlen)
{
	struct alsa *a;
	int e = dl_load("libasound.so.2", "libasound2", symbols,
			sizeof(symbols) / sizeof(symbols[0]), err, errlen);

	if (e)
		return e;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->io.ops = &alsa_ops;
	a->device = strdup(device);
	snd_lib_error_set_handler(quiet);
	/* Now rather than when the guest first plays something. */
	e = !a->device ? -ENOMEM :
	    snd_pcm_open(&a->pcm[SNDIO_PLAY], device, SND_PCM_STREAM_PLAYBACK,
			 SND_PCM_NONBLOCK);
	if (e) {
		snprintf(err, errlen, "--sound alsa:%s: cannot open it: %s; "
			 "aplay -L lists the host's devices", device,
			 snd_strerror(e));
		a->pcm[SNDIO_PLAY] = NULL;
		alsa_close(&a->io);
		return e;
	}
	let_go(a, SNDIO_PLAY);
	*out = &a->io;
	return 0;
}

#else

int sndio_alsa_open(struct sndio **out, const char *device, char *err,
		    size_t errlen)
{
	(void)out;
	snprintf(err, errlen, "--sound alsa:%s: this aerovmm was built without "
		 "ALSA; install libasound2-dev and build it again", device);
	return -ENOSYS;
}

#endif
