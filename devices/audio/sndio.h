/*
 * Where a guest's sound goes, and where what it records comes from: nowhere
 * (null), WAV files, or the host's sound card (ALSA).
 *
 * A backend has one stream each way. Its clock tells how many frames the
 * outside has taken or made by now (sndio_due); the device moves just these,
 * or says that it had none (sndio_lose). Sizes are frames unless a name says
 * bytes; times are CLOCK_MONOTONIC in ns, or a test's.
 *
 * sndio_open, sndio_close: set-up thread. The rest: the device's loop.
 */
#ifndef DEVICES_AUDIO_SNDIO_H
#define DEVICES_AUDIO_SNDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum sndio_dir { SNDIO_PLAY, SNDIO_CAPTURE, SNDIO_DIRS };

/* Samples, little-endian, channels interleaved. S24_3: three bytes each. */
enum sndio_format {
	SNDIO_U8, SNDIO_S16, SNDIO_S24_3, SNDIO_S32, SNDIO_FLOAT, SNDIO_FORMATS,
};

/* Pieces a list of frames may be of. */
#define SNDIO_PIECES 264

struct sndio_params {
	uint32_t rate;                  /* Hz */
	uint8_t channels;
	enum sndio_format format;
};

/* Frames by the clock since it was started, beyond those done with. */
struct sndio_pace {
	uint64_t since_ns, done, carry;
	bool on;
};

struct sndio;
struct sndio_ops {
	const char *name;
	/* Moves whole buffers only, so that their last byte was due: what a
	 * guest changes in time is heard. */
	bool whole;
	/* All of these may be NULL: nothing to do, or the clock's business. */
	void (*set)(struct sndio *, enum sndio_dir);    /* params[dir] is new */
	int (*prepare)(struct sndio *, enum sndio_dir);
	void (*start)(struct sndio *, enum sndio_dir);
	void (*stop)(struct sndio *, enum sndio_dir);
	void (*release)(struct sndio *, enum sndio_dir);
	uint64_t (*due)(struct sndio *, enum sndio_dir, uint64_t now);
	uint64_t (*when)(struct sndio *, enum sndio_dir, uint64_t now,
			 uint64_t frames);
	uint64_t (*delay)(struct sndio *, enum sndio_dir);
	int (*play)(struct sndio *, const struct iovec *, unsigned n,
		    uint64_t frames);
	/* Fills what it can; returns the frames it had. */
	uint64_t (*capture)(struct sndio *, const struct iovec *, unsigned n,
			    uint64_t frames);
	void (*lose)(struct sndio *, enum sndio_dir, uint64_t frames);
	void (*close)(struct sndio *);
};

struct sndio {
	const struct sndio_ops *ops;
	/* The backend can do nothing but these. */
	struct { bool fixed; struct sndio_params params; } only[SNDIO_DIRS];
	struct sndio_params params[SNDIO_DIRS];
	struct sndio_pace pace[SNDIO_DIRS];
};

struct sndio_cfg {
	const char *spec;       /* "null", "wav:FILE", "alsa", "alsa:DEVICE" */
	const char *in;         /* WAV file to record from; NULL: silence */
};

/* 0 or -errno with one sentence in err: what, where, what to do. */
int sndio_open(struct sndio **, const struct sndio_cfg *, char *err, size_t);
void sndio_close(struct sndio *);       /* NULL is fine */

size_t sndio_frame_bytes(const struct sndio_params *);
/* "48000 Hz, 2 channels, S16" */
void sndio_describe(const struct sndio_params *, char *to, size_t);
/* Fills [off, off + len) of the list. */
void sndio_silence(const struct iovec *, unsigned n, size_t off, size_t len,
		   enum sndio_format);

/* A session: sndio_set once, then any number of prepare, start, stop,
 * release. -errno: the host's device cannot be had. */
void sndio_set(struct sndio *, enum sndio_dir, const struct sndio_params *);
int sndio_prepare(struct sndio *, enum sndio_dir);
void sndio_start(struct sndio *, enum sndio_dir, uint64_t now);
void sndio_stop(struct sndio *, enum sndio_dir, uint64_t now);
void sndio_release(struct sndio *, enum sndio_dir);

/* Started streams only. when: the time at which so many frames will be due, or
 * an earlier one at which it is worth looking. */
uint64_t sndio_due(struct sndio *, enum sndio_dir, uint64_t now);
uint64_t sndio_when(struct sndio *, enum sndio_dir, uint64_t now,
		    uint64_t frames);
/* Frames taken over and not yet heard. */
uint64_t sndio_delay(struct sndio *, enum sndio_dir);
/* At most what is due; the list holds exactly these frames. -errno: the host
 * refused, the frames are gone. */
int sndio_play(struct sndio *, const struct iovec *, unsigned n,
	       uint64_t frames);
/* Fills the list; what was not recorded is silence. */
void sndio_capture(struct sndio *, const struct iovec *, unsigned n,
		   uint64_t frames);
/* The host did not let us look for so long: where the clock is ours, it stood
 * still meanwhile. */
void sndio_slip(struct sndio *, enum sndio_dir, uint64_t ns);
/* Due frames that the guest did not provide, or has no room for. */
void sndio_lose(struct sndio *, enum sndio_dir, uint64_t frames);

#endif
