#include <stddef.h>

#include "devices/virtio/snd_int.h"

#define IN(state) (1u << SND_##state)
#define FMT(n) (UINT64_C(1) << (n))
#define RATE(n) (UINT64_C(1) << (n))

/* VIRTIO_SND_PCM_FMT_ of what WAV files and sound cards both know. */
enum { FMT_U8 = 4, FMT_S16 = 5, FMT_S24_3 = 11, FMT_S32 = 17, FMT_FLOAT = 19 };
enum { RATE_48000 = 7 };

static const uint8_t formats[SNDIO_FORMATS] = {
	[SNDIO_U8] = FMT_U8,
	[SNDIO_S16] = FMT_S16,
	[SNDIO_S24_3] = FMT_S24_3,
	[SNDIO_S32] = FMT_S32,
	[SNDIO_FLOAT] = FMT_FLOAT,
};

/* By VIRTIO_SND_PCM_RATE_. */
static const uint32_t rates[] = {
	5512, 8000, 11025, 16000, 22050, 32000, 44100, 48000, 64000, 88200,
	96000, 176400, 192000,
};

#define ALL_FORMATS (FMT(FMT_U8) | FMT(FMT_S16) | FMT(FMT_S24_3) |             \
		     FMT(FMT_S32) | FMT(FMT_FLOAT))
#define ALL_RATES ((UINT64_C(1) << sizeof(rates) / sizeof(rates[0])) - 1)

/*
 * AERO-W7-VIRTIO 3.4. The Windows drivers take the node for the stream's
 * number. They may prepare again after a stop, start what runs and release
 * whatever the state is.
 */
const struct snd_dialect snd_dialect_contract = {
	.status = { 0, 1, 2, 3 },
	.xfer_len = 8,
	.query_len = 12,
	.from = {
		[SND_SET_PARAMS] = IN(IDLE) | IN(SET) | IN(PREPARED),
		[SND_PREPARE] = IN(SET) | IN(PREPARED) | IN(STOPPED),
		[SND_RELEASE] = IN(IDLE) | IN(SET) | IN(PREPARED) |
				IN(RUNNING) | IN(STOPPED),
		[SND_START] = IN(PREPARED) | IN(RUNNING) | IN(STOPPED),
		[SND_STOP] = IN(RUNNING),
	},
	.stream = {
		[SNDIO_PLAY] = {
			.node = 0, .formats = FMT(FMT_S16),
			.rates = RATE(RATE_48000),
			.channels_min = 2, .channels_max = 2,
		},
		[SNDIO_CAPTURE] = {
			.node = 1, .formats = FMT(FMT_S16),
			.rates = RATE(RATE_48000),
			.channels_min = 1, .channels_max = 1,
		},
	},
};

/* virtio 5.14; both streams in one function group are one PCM device. */
const struct snd_dialect snd_dialect_modern = {
	.status = { 0x8000, 0x8001, 0x8002, 0x8003 },
	.xfer_len = 4,
	.query_len = 16,
	.early = true,
	.from = {
		[SND_SET_PARAMS] = IN(IDLE) | IN(SET) | IN(PREPARED),
		[SND_PREPARE] = IN(SET) | IN(PREPARED),
		[SND_RELEASE] = IN(PREPARED) | IN(STOPPED),
		[SND_START] = IN(PREPARED) | IN(STOPPED),
		[SND_STOP] = IN(RUNNING),
	},
	.stream = {
		[SNDIO_PLAY] = {
			.formats = ALL_FORMATS, .rates = ALL_RATES,
			.channels_min = 1, .channels_max = 2,
		},
		[SNDIO_CAPTURE] = {
			.formats = ALL_FORMATS, .rates = ALL_RATES,
			.channels_min = 1, .channels_max = 2,
		},
	},
};

int snd_format_of(uint8_t vio)
{
	for (int i = 0; i < SNDIO_FORMATS; i++)
		if (formats[i] == vio)
			return i;
	return -1;
}

uint32_t snd_rate_of(uint8_t vio)
{
	return vio < sizeof(rates) / sizeof(rates[0]) ? rates[vio] : 0;
}

uint64_t snd_format_bit(enum sndio_format format)
{
	return FMT(formats[format]);
}

uint64_t snd_rate_bit(uint32_t hz)
{
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (rates[i] == hz)
			return RATE(i);
	return 0;
}
