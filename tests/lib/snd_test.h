/* What tests of virtio-snd have in common, beside the rig. */
#ifndef TESTS_LIB_SND_TEST_H
#define TESTS_LIB_SND_TEST_H

#include "tests/lib/snd_rig.h"

enum { OK, BAD_MSG, NOT_SUPP, IO_ERR };         /* the contract's */
#define SPEC(status) (0x8000u + (status))       /* virtio's */

#define contract (&vio_profile_aero_w7)
#define modern (&vio_profile_modern)

/* Requests for a stream, without VIRTIO_SND_R_PCM_. */
enum { SET = 0x101, PREPARE, RELEASE, START, STOP };

/* 10 ms of stereo, of mono, and of both as frames */
#define TEN_MS 480
#define PLAY_10 (TEN_MS * 4)
#define REC_10 (TEN_MS * 2)

/* Sound for a group of tests, whose setup is snd_make_noise. */
extern uint8_t snd_noise[SND_PAYLOAD_MAX + 64];
int snd_make_noise(void **state);

/* snd_rig_open with a tape, and snd_rig_up. */
void snd_open_up(struct snd_rig *, const struct vio_profile *);
void snd_assert_played(const struct snd_rig *, const void *sound, size_t len);

#endif
