/* Between the backends of sndio. */
#ifndef DEVICES_AUDIO_SNDIO_INT_H
#define DEVICES_AUDIO_SNDIO_INT_H

#include "devices/audio/riff.h"
#include "devices/audio/sndio.h"

int sndio_null_open(struct sndio **);
int sndio_wav_open(struct sndio **, const char *path, const char *in, char *err,
		   size_t errlen);
int sndio_alsa_open(struct sndio **, const char *device, char *err,
		    size_t errlen);

/* The clock's answers, whatever the backend. */
uint64_t sndio_paced_due(const struct sndio *, enum sndio_dir, uint64_t now);
uint64_t sndio_paced_when(const struct sndio *, enum sndio_dir,
			  uint64_t frames);
/* How long so many frames last, rounded up. */
uint64_t sndio_ns(uint64_t frames, uint32_t rate);

/* A guest that is late by less makes no gap; one late by more makes no longer
 * one. */
#define SNDIO_WAV_GRACE_MS 20
#define SNDIO_WAV_GAP_MAX_S 10

struct sndio_wav {
	struct sndio io;
	char *path;
	unsigned files;                 /* made so far */
	int fd;
	struct sndio_params params;     /* of the file */
	unsigned head_len;
	uint64_t data;                  /* bytes written */
	uint64_t gap;                   /* frames of silence that may be due */
	bool heard;                     /* something, since the start */
	bool full;
	int in_fd;                      /* -1: none */
	struct riff_sound in;
	uint64_t in_at;                 /* bytes read */
};

#endif
