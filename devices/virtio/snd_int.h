/*
 * virtio-snd: numbers and layouts (virtio 5.14), what differs between
 * profiles, and what its files share. All of it runs on the device's loop.
 *
 *   snd.c          the device, its queues
 *   snd_ctl.c      the control queue: requests, the state of streams
 *   snd_pcm.c      the data queues: buffers, and when they are played
 *   snd_tables.c   what the device can do, as tables
 */
#ifndef DEVICES_VIRTIO_SND_INT_H
#define DEVICES_VIRTIO_SND_INT_H

#include "devices/virtio/snd.h"

enum { SND_CONTROLQ, SND_EVENTQ, SND_TXQ, SND_RXQ, SND_QUEUES };

#define VIRTIO_SND_R_JACK_INFO          0x0001
#define VIRTIO_SND_R_PCM_INFO           0x0100
#define VIRTIO_SND_R_PCM_SET_PARAMS     0x0101
#define VIRTIO_SND_R_PCM_PREPARE        0x0102
#define VIRTIO_SND_R_PCM_RELEASE        0x0103
#define VIRTIO_SND_R_PCM_START          0x0104
#define VIRTIO_SND_R_PCM_STOP           0x0105

struct virtio_snd_config {
	le32 jacks, streams, chmaps;
};
_Static_assert(sizeof(struct virtio_snd_config) == 12, "virtio 5.14.4");

struct virtio_snd_query_info {
	le32 code, start_id, count, size;
};
_Static_assert(sizeof(struct virtio_snd_query_info) == 16, "virtio 5.14.6.1");

struct virtio_snd_pcm_hdr {
	le32 code, stream_id;
};

struct virtio_snd_pcm_set_params {
	struct virtio_snd_pcm_hdr hdr;
	le32 buffer_bytes, period_bytes, features;
	uint8_t channels, format, rate, padding;
};
_Static_assert(sizeof(struct virtio_snd_pcm_set_params) == 24,
	       "virtio 5.14.6.6.3");

struct virtio_snd_pcm_info {
	le32 hda_fn_nid, features;
	le64 formats, rates;
	uint8_t direction, channels_min, channels_max, padding[5];
};
_Static_assert(sizeof(struct virtio_snd_pcm_info) == 32, "virtio 5.14.6.6.2");

struct virtio_snd_pcm_status {
	le32 status, latency_bytes;
};
_Static_assert(sizeof(struct virtio_snd_pcm_status) == 8, "virtio 5.14.6.8");

/* AERO-W7-VIRTIO 3.4.6: more in one buffer is BAD_MSG. */
#define SND_PAYLOAD_MAX 262144

/* Pieces of one buffer; 256 KiB in pages, and as many again for drivers that
 * cut them otherwise. */
#define SND_PIECES SNDIO_PIECES

/* ---- what differs between profiles ---------------------------------------- */

enum snd_status { SND_OK, SND_BAD_MSG, SND_NOT_SUPP, SND_IO_ERR, SND_STATUSES };

/* virtio 5.14.6.6.1. IDLE: no parameters yet. SET: they are known, or the
 * stream was released. */
enum snd_state {
	SND_IDLE, SND_SET, SND_PREPARED, SND_RUNNING, SND_STOPPED,
};

/* Commands that move a stream from state to state, in the order of their
 * codes from SET_PARAMS on. */
enum snd_cmd {
	SND_SET_PARAMS, SND_PREPARE, SND_RELEASE, SND_START, SND_STOP, SND_CMDS,
};

struct snd_caps {
	uint32_t node;                  /* hda_fn_nid */
	uint64_t formats, rates;        /* bits VIRTIO_SND_PCM_FMT_, _RATE_ */
	uint8_t channels_min, channels_max;
};

struct snd_dialect {
	uint32_t status[SND_STATUSES];
	uint8_t xfer_len;               /* before the sound; the stream first */
	uint8_t query_len;              /* shortest PCM_INFO request */
	/* Buffers wait for START and through STOP. Otherwise they belong to a
	 * running stream, and are IO_ERR without one. */
	bool early;
	uint8_t from[SND_CMDS];         /* bit of each state it is valid in */
	struct snd_caps stream[SNDIO_DIRS];
};
extern const struct snd_dialect snd_dialect_contract, snd_dialect_modern;

/* virtio's numbers. -1 or 0: none of ours. */
int snd_format_of(uint8_t vio);         /* enum sndio_format */
uint32_t snd_rate_of(uint8_t vio);      /* Hz */
uint64_t snd_format_bit(enum sndio_format);
uint64_t snd_rate_bit(uint32_t hz);     /* 0: virtio has no such rate */

/* ---- the device ----------------------------------------------------------- */

struct snd_slot;
struct snd;

/* One stream, its queue and the buffers in it. */
struct snd_stream {
	struct snd *snd;
	struct vq *vq;
	enum sndio_dir dir;             /* the stream's id */
	struct snd_caps caps;           /* dialect and backend together */
	enum snd_state state;
	struct sndio_params params;
	struct snd_alarm alarm;
	uint64_t alarm_at;
	/* Buffers in order: up to feed they were moved and wait to be heard. */
	struct snd_slot *head, **tail, *feed;
	uint64_t moved;                 /* frames, since PREPARE */
	struct snd_slot *free;
	unsigned fresh;                 /* slots of the slab never used yet */
	struct snd_slot *slab;
	struct iovec part[SND_PIECES];  /* what is being moved */
};

struct snd_event {
	struct vq_chain chain;
	struct iovec iov[1];
};

struct snd {
	struct vio_dev dev;
	const struct snd_dialect *dialect;
	struct sndio *io;
	struct snd_clock *clock, loop_clock;
	struct loop *loop;
	struct snd_stream stream[SNDIO_DIRS];
	struct snd_event *events;       /* retained, never completed */
	unsigned nevents;
	struct iovec ctl[SND_PIECES];
};

static inline uint64_t snd_now(struct snd *snd)
{
	return snd->clock->now(snd->clock);
}

static inline size_t snd_frame(const struct snd_stream *s)
{
	return sndio_frame_bytes(&s->params);
}

/* Are the len bytes at off of the list guest memory? */
bool snd_is_ram(const struct iovec *, unsigned n, size_t off, size_t len);
/* What was pushed is to be seen by the driver before anything else. */
void snd_publish(struct vq *);

/* snd_ctl.c */
void snd_control(struct snd *, struct vq *);

/* snd_pcm.c */
int snd_stream_init(struct snd_stream *, struct snd *, struct vq *,
		    enum sndio_dir);
void snd_stream_fini(struct snd_stream *);      /* memory only */
/* Takes buffers from the queue; moves what is due. */
void snd_stream_process(struct snd_stream *);
void snd_stream_start(struct snd_stream *);
void snd_stream_stop(struct snd_stream *);
/* Completes all buffers unplayed, those still in the ring included. */
void snd_stream_release(struct snd_stream *);
/* The same without looking at the ring: it is about to go. */
void snd_stream_flush(struct snd_stream *);
/* Back to power-on; there are no buffers any more. */
void snd_stream_reset(struct snd_stream *);

#endif
