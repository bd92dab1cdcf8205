/*
 * Sound into a WAV file, bit for bit; recordings from another one.
 *
 * The head of the file is right after every write, so a file cut off by a kill
 * is a whole one. A WAV file has one format: when the guest changes to another,
 * FILE-2, FILE-3 ... follow.
 *
 * A gap, where a running stream went on after the guest had been late, becomes
 * silence of that length. A hiccup shorter than SNDIO_WAV_GRACE_MS only delays
 * what comes, and nothing is added at the end of a stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "devices/audio/sndio_int.h"
#include "devices/base/container.h"
#include "devices/base/iov.h"
#include "devices/base/log.h"

static struct sndio_wav *to_wav(struct sndio *io)
{
	return container_of(io, struct sndio_wav, io);
}

/* ---- writing -------------------------------------------------------------- */

static int put_head(struct sndio_wav *w)
{
	uint8_t head[RIFF_HEAD_MAX];
	ssize_t n;

	w->head_len = riff_head(head, &w->params, (uint32_t)w->data);
	n = pwrite(w->fd, head, w->head_len, 0);
	if (n < 0)
		return -errno;
	return (size_t)n == w->head_len ? 0 : -EIO;
}

/* All of the list at the end of the file. */
static int put_data(struct sndio_wav *w, const struct iovec *iov, unsigned n)
{
	size_t all = iov_len(iov, n), done = 0;

	while (done < all) {
		struct iovec left[SNDIO_PIECES];
		unsigned m = iov_slice(left, iov, n, done, all - done);
		ssize_t got = pwritev(w->fd, left, (int)m,
				      (off_t)(w->head_len + w->data));

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0) {
			w->data += (size_t)got;
			done += (size_t)got;
		}
	}
	return 0;
}

static int put_gap(struct sndio_wav *w)
{
	const struct sndio_params *p = &w->params;
	uint64_t frames = w->gap, max = (uint64_t)p->rate * SNDIO_WAV_GAP_MAX_S;
	uint8_t quiet[4096];
	struct iovec iov = { quiet, sizeof(quiet) };
	uint64_t left;
	int err = 0;

	w->gap = 0;
	if (frames < (uint64_t)p->rate * SNDIO_WAV_GRACE_MS / 1000)
		return 0;
	left = (frames < max ? frames : max) * sndio_frame_bytes(p);
	sndio_silence(&iov, 1, 0, sizeof(quiet), p->format);
	while (left && !err) {
		iov.iov_len = left < sizeof(quiet) ? left : sizeof(quiet);
		left -= iov.iov_len;
		err = put_data(w, &iov, 1);
	}
	return err;
}

static bool has_room(struct sndio_wav *w, uint64_t frames)
{
	uint64_t max = frames + w->gap;

	if (!w->full && w->data + max * sndio_frame_bytes(&w->params) >
			RIFF_DATA_MAX) {
		log_warn("%s holds 4 GiB, the most a WAV file can; what the "
			 "guest plays from here on is not kept", w->path);
		w->full = true;
	}
	return !w->full;
}

static int wav_play(struct sndio *io, const struct iovec *iov, unsigned n,
		    uint64_t frames)
{
	struct sndio_wav *w = to_wav(io);
	int err;

	if (!has_room(w, frames))
		return 0;
	err = put_gap(w);
	if (!err)
		err = put_data(w, iov, n);
	/* After the data: it never claims more than there is. */
	if (!err)
		err = put_head(w);
	if (err)
		host_err_limited("sound", "cannot write to %s: %s", w->path,
				 strerror(-err));
	w->heard = true;
	return err;
}

static void wav_lose(struct sndio *io, enum sndio_dir dir, uint64_t frames)
{
	struct sndio_wav *w = to_wav(io);

	if (dir == SNDIO_PLAY && w->heard)
		w->gap += frames;
}

static void wav_start(struct sndio *io, enum sndio_dir dir)
{
	struct sndio_wav *w = to_wav(io);

	if (dir == SNDIO_PLAY) {
		w->heard = false;
		w->gap = 0;
	}
}

/* ---- files ---------------------------------------------------------------- */

static void end_file(struct sndio_wav *w)
{
	/* RIFF chunks are of even length. */
	if (w->data % 2)
		put_data(w, &(struct iovec){ &(char){ 0 }, 1 }, 1);
	close(w->fd);
	w->fd = -1;
}

/* FILE.wav, FILE-2.wav ... NULL: no memory. */
static char *file_name(const struct sndio_wav *w)
{
	const char *dot = strrchr(w->path, '.');
	char *name;

	if (!dot || strchr(dot, '/'))
		dot = w->path + strlen(w->path);
	if (w->files == 0)
		return strdup(w->path);
	if (asprintf(&name, "%.*s-%u%s", (int)(dot - w->path), w->path,
		     w->files + 1, dot) < 0)
		return NULL;
	return name;
}

static int new_file(struct sndio_wav *w, const struct sndio_params *params)
{
	char *name = file_name(w);
	int err = 0;

	if (!name)
		return -ENOMEM;
	w->fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w->fd < 0)
		err = -errno;
	free(name);
	if (err)
		return err;
	w->files++;
	w->params = *params;
	w->data = 0;
	w->full = false;
	return put_head(w);
}

static bool same(const struct sndio_params *a, const struct sndio_params *b)
{
	return a->rate == b->rate && a->channels == b->channels &&
	       a->format == b->format;
}

static int wav_prepare(struct sndio *io, enum sndio_dir dir)
{
	const struct sndio_params *want = &io->params[dir];
	struct sndio_wav *w = to_wav(io);
	int err;

	if (dir != SNDIO_PLAY || (w->fd >= 0 && same(&w->params, want)))
		return 0;
	if (w->fd >= 0 && w->data == 0) {
		/* Nothing in it yet: it may still become anything. */
		w->params = *want;
		return put_head(w);
	}
	if (w->fd >= 0)
		end_file(w);
	err = new_file(w, want);
	if (err)
		host_err_limited("sound", "the guest changed its format, and "
				 "no further file beside %s can be made: %s",
				 w->path, strerror(-err));
	return err;
}

/* ---- recording ------------------------------------------------------------ */

/* A session of recording starts at the beginning of the file. */
static void wav_set(struct sndio *io, enum sndio_dir dir)
{
	if (dir == SNDIO_CAPTURE)
		to_wav(io)->in_at = 0;
}

static uint64_t wav_capture(struct sndio *io, const struct iovec *iov,
			    unsigned n, uint64_t frames)
{
	struct sndio_wav *w = to_wav(io);
	size_t frame = sndio_frame_bytes(&io->params[SNDIO_CAPTURE]);
	struct iovec part[SNDIO_PIECES];
	uint64_t left;
	unsigned m;
	ssize_t got;

	if (w->in_fd < 0)
		return 0;
	left = w->in.len - w->in_at;
	if (left > frames * frame)
		left = frames * frame;
	m = iov_slice(part, iov, n, 0, left);
	got = m ? preadv(w->in_fd, part, (int)m,
			 (off_t)(w->in.off + w->in_at)) : 0;
	if (got < 0) {
		host_err_limited("sound", "cannot record from the file: %s",
				 strerror(errno));
		return 0;
	}
	w->in_at += (uint64_t)got;
	return (uint64_t)got / frame;
}

/* ---- life ----------------------------------------------------------------- */

static void wav_close(struct sndio *io)
{
	struct sndio_wav *w = to_wav(io);

	if (w->fd >= 0)
		end_file(w);
	if (w->in_fd >= 0)
		close(w->in_fd);
	free(w->path);
	free(w);
}

static const struct sndio_ops wav_ops = {
	.name = "wav", .whole = true, .set = wav_set, .prepare = wav_prepare,
	.start = wav_start, .play = wav_play, .capture = wav_capture,
	.lose = wav_lose, .close = wav_close,
};

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int open_in(struct sndio_wav *w, const char *in, char *err,
		   size_t errlen)
{
	const char *why = "";
	int e;

	w->in_fd = open(in, O_RDONLY | O_CLOEXEC);
	if (w->in_fd < 0) {
		e = -errno;
		snprintf(err, errlen, "--sound: cannot open in=%s: %s", in,
			 strerror(-e));
		return e;
	}
	e = riff_read(w->in_fd, &w->in, &why);
	if (e) {
		snprintf(err, errlen, "--sound: in=%s %s", in,
			 e == -EINVAL ? why : "cannot be read");
		return e;
	}
	if (same_file(w->in_fd, w->path)) {
		snprintf(err, errlen, "--sound: in=%s is the file to write to; "
			 "name two different ones", in);
		return -EINVAL;
	}
	w->io.only[SNDIO_CAPTURE].fixed = true;
	w->io.only[SNDIO_CAPTURE].params = w->in.params;
	return 0;
}

int sndio_wav_open(struct sndio **out, const char *path, const char *in,
		   char *err, size_t errlen)
{
	const struct sndio_params usual = { 48000, 2, SNDIO_S16 };
	struct sndio_wav *w = calloc(1, sizeof(*w));
	int e = -ENOMEM;

	if (!w)
		return e;
	w->io.ops = &wav_ops;
	w->fd = w->in_fd = -1;
	w->path = strdup(path);
	if (w->path) {
		e = in ? open_in(w, in, err, errlen) : 0;
		if (e)
			goto err_close;
		e = new_file(w, &usual);
	}
	if (e) {
		snprintf(err, errlen, "--sound: cannot create %s: %s", path,
			 strerror(-e));
		goto err_close;
	}
	*out = &w->io;
	return 0;
err_close:
	wav_close(&w->io);
	return e;
}
