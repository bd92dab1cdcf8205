/*
 * A sound device on a rig, with time that moves when the test says so, and a
 * backend that remembers. One thread.
 */
#ifndef TESTS_LIB_SND_RIG_H
#define TESTS_LIB_SND_RIG_H

#include "devices/virtio/snd_int.h"
#include "tests/lib/rig.h"

#define SND_RIG_CONTRACT (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC)
#define MS UINT64_C(1000000)

/* Keeps what is played; records what the test put in. */
struct tape {
	struct sndio io;
	uint8_t played[1 << 20];
	size_t nplayed;
	uint64_t lost[SNDIO_DIRS];      /* frames */
	unsigned sets, prepares, starts, stops, releases;
	uint8_t in[4096];
	size_t nin, at;                 /* bytes, of what there is to record */
	int refuse;                     /* what prepare and play return */
	/* A card that takes frames ahead: frames of room, frames unheard. */
	uint64_t room, unheard;
	bool *closed;                   /* set at the end, unless NULL */
};

struct tape *tape_new(void);
/* One that takes parts of buffers, as far as there is room. */
struct tape *tape_new_card(void);

struct snd_rig {
	struct rig rig;
	struct drv_ring q[SND_QUEUES];
	struct tape *tape;              /* NULL: another backend */
	struct snd_clock clock;
	uint64_t now;
	struct { struct snd_alarm *alarm; uint64_t at; } set[SNDIO_DIRS];
	unsigned fired;
};

/* Takes the backend over; NULL: a new tape, in ->tape. */
void snd_rig_open(struct snd_rig *, const struct vio_profile *, struct sndio *);
/* The driver's start: features, four queues, DRIVER_OK. */
void snd_rig_up(struct snd_rig *);
void snd_rig_close(struct snd_rig *);
/* Time passes; alarms fire on the way. */
void snd_rig_pass(struct snd_rig *, uint64_t ns);
/* Time passes, and alarms that fall into it fire only then. */
void snd_rig_stall(struct snd_rig *, uint64_t ns);

/* A control request; the answer's status, or UINT32_MAX if nothing was
 * written. answer: room for len bytes; used: used.len, may be NULL. */
uint32_t snd_rig_ask(struct snd_rig *, const void *request, uint32_t size,
		     void *answer, uint32_t len, uint32_t *used);
/* The commands of a stream that have nothing else to say. */
uint32_t snd_rig_do(struct snd_rig *, uint32_t code, uint32_t stream);
/* Sixteen bits a sample, 48 kHz, as the contract has them. */
uint32_t snd_rig_set(struct snd_rig *, uint32_t stream);
/* SET_PARAMS, PREPARE, START; fails the test if one fails. */
void snd_rig_run(struct snd_rig *, uint32_t stream);

/* A buffer in flight. */
struct snd_buf {
	int id;
	uint64_t gpa;                   /* header, sound, status in a row */
	uint32_t head, bytes;
};

/* Posts a buffer of so many bytes of sound, header and status beside; sound
 * NULL: whatever is there. */
struct snd_buf snd_rig_play(struct snd_rig *, const void *sound,
			    uint32_t bytes);
struct snd_buf snd_rig_record(struct snd_rig *, uint32_t bytes);
/* Is nothing used on that queue? */
bool snd_rig_quiet(struct snd_rig *, unsigned q);
/* The next used buffer must be this one: its status. used.len is checked:
 * status and, recording, sound. */
uint32_t snd_rig_done(struct snd_rig *, unsigned q, const struct snd_buf *);
void *snd_rig_sound(struct snd_rig *, const struct snd_buf *);

/* A chain as it is: its id. */
int snd_rig_send(struct snd_rig *, unsigned q, const struct drv_buf *,
		 unsigned n);
/* Is that the next used chain, with that used.len? */
bool snd_rig_used(struct snd_rig *, unsigned q, int id, uint32_t len);
uint32_t snd_rig_word(struct snd_rig *, uint64_t gpa);

#endif
