/*
 * The head of WAV files (RIFF/WAVE): written for all formats of sndio, read
 * for PCM and float, plain or extensible. Any thread.
 */
#ifndef DEVICES_AUDIO_RIFF_H
#define DEVICES_AUDIO_RIFF_H

#include "devices/audio/sndio.h"

#define RIFF_HEAD_MAX 64
/* The most sound a file can hold: sizes are 32 bits. */
#define RIFF_DATA_MAX (UINT32_MAX - RIFF_HEAD_MAX)

/* Fills head; its length. data: bytes of sound, at most RIFF_DATA_MAX. */
unsigned riff_head(uint8_t head[RIFF_HEAD_MAX], const struct sndio_params *,
		   uint32_t data);

struct riff_sound {
	struct sndio_params params;
	uint64_t off, len;              /* bytes; whole frames */
};
/* 0, or -EINVAL with what is wrong with the file, in a few words; -errno:
 * the file cannot be read. */
int riff_read(int fd, struct riff_sound *, const char **why);

#endif
