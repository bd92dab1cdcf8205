/* Description: virtio-snd records in real time, keeps to the specification
 * under modern, and ends cleanly (AERO-W7-VIRTIO 3.4.6, virtio 5.14.6). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/audio/riff.h"
#include "tests/lib/snd_test.h"
#include "tests/lib/variant.h"

/* ---- recording ------------------------------------------------------------ */

static void c3_4_6_rx_filled_in_time(void **state)
{
	struct snd_buf b[2];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	r.tape->nin = 2 * REC_10;
	memcpy(r.tape->in, snd_noise, r.tape->nin);
	snd_rig_run(&r, 1);
	for (unsigned i = 0; i < 2; i++)
		b[i] = snd_rig_record(&r, REC_10);
	snd_rig_pass(&r, 10 * MS - 1);
	assert_true(snd_rig_quiet(&r, SND_RXQ));
	snd_rig_pass(&r, 1);
	assert_int_equal(OK, snd_rig_done(&r, SND_RXQ, &b[0]));
	assert_memory_equal(snd_noise, snd_rig_sound(&r, &b[0]), REC_10);
	assert_true(snd_rig_quiet(&r, SND_RXQ));
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_RXQ, &b[1]));
	assert_memory_equal(snd_noise + REC_10, snd_rig_sound(&r, &b[1]),
			    REC_10);
	snd_rig_close(&r);
}

static void c3_4_6_rx_missing_is_silence(void **state)
{
	static const uint8_t quiet[REC_10];
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	r.tape->nin = 100;
	memcpy(r.tape->in, snd_noise, 100);
	snd_rig_run(&r, 1);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *got;

		b = snd_rig_record(&r, REC_10);
		snd_rig_pass(&r, 10 * MS);
		got = snd_rig_sound(&r, &b);
		assert_int_equal(OK, snd_rig_done(&r, SND_RXQ, &b));
		if (i == 0)
			assert_memory_equal(snd_noise, got, 100);
		assert_memory_equal(quiet, got + (i ? 0 : 100),
				    REC_10 - (i ? 0 : 100));
	}
	snd_rig_close(&r);
}

static void c3_4_6_rx_not_running_is_io_err(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned i = 0; i < 5; i++) {
		if (i == 1)
			assert_int_equal(OK, snd_rig_set(&r, 1));
		if (i == 2)
			assert_int_equal(OK, snd_rig_do(&r, PREPARE, 1));
		if (i == 3) {
			assert_int_equal(OK, snd_rig_do(&r, START, 1));
			assert_int_equal(OK, snd_rig_do(&r, STOP, 1));
		}
		if (i == 4)
			assert_int_equal(OK, snd_rig_do(&r, RELEASE, 1));
		b = snd_rig_record(&r, REC_10);
		assert_int_equal(IO_ERR, snd_rig_done(&r, SND_RXQ, &b));
		/* No old memory for sound. */
		assert_int_equal(0, *(uint8_t *)snd_rig_sound(&r, &b));
	}
	/* Stopped while buffers wait. */
	snd_rig_run(&r, 1);
	b = snd_rig_record(&r, REC_10);
	snd_rig_pass(&r, 5 * MS);
	assert_int_equal(OK, snd_rig_do(&r, STOP, 1));
	assert_int_equal(IO_ERR, snd_rig_done(&r, SND_RXQ, &b));
	snd_rig_close(&r);
}

static void c3_4_6_rx_cap(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 1);
	b = snd_rig_record(&r, SND_PAYLOAD_MAX + 2);
	assert_int_equal(BAD_MSG, snd_rig_done(&r, SND_RXQ, &b));
	b = snd_rig_record(&r, SND_PAYLOAD_MAX);
	snd_rig_pass(&r, 3000 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_RXQ, &b));
	b = snd_rig_record(&r, 3);
	assert_int_equal(BAD_MSG, snd_rig_done(&r, SND_RXQ, &b));
	snd_rig_close(&r);
}

static void rx_header_of_another_length(void **state)
{
	const struct drv_buf longer[] = {
		{ 0x8000, 9, false }, { 0x9000, 64, true },
	};
	const struct drv_buf shorter[] = {
		{ 0x8000, 4, false }, { 0x9000, 64, true },
	};
	struct snd_rig r;
	int id;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 1);
	guest_poke(r.rig.guest, 0x8000, "\1\0\0\0\0\0\0\0\0", 9);
	id = snd_rig_send(&r, SND_RXQ, longer, 2);
	assert_true(snd_rig_used(&r, SND_RXQ, id, 8));
	assert_int_equal(BAD_MSG, snd_rig_word(&r, 0x9000 + 56));
	/* The specification's header is not the contract's. */
	id = snd_rig_send(&r, SND_RXQ, shorter, 2);
	assert_true(snd_rig_used(&r, SND_RXQ, id, 8));
	assert_int_equal(BAD_MSG, snd_rig_word(&r, 0x9000 + 56));
	snd_rig_close(&r);
}

static void late_recorder_loses_time_only(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	r.tape->nin = 2 * REC_10;
	memcpy(r.tape->in, snd_noise, r.tape->nin);
	snd_rig_run(&r, 1);
	snd_rig_pass(&r, 100 * MS);
	b = snd_rig_record(&r, REC_10);
	assert_int_equal(4800, r.tape->lost[SNDIO_CAPTURE]);
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_RXQ, &b));
	assert_memory_equal(snd_noise, snd_rig_sound(&r, &b), REC_10);
	snd_rig_close(&r);
}

/* ---- as the specification and Linux have it ------------------------------- */

static void filled_before_the_start(void **state)
{
	struct snd_buf b[2], c;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	assert_int_equal(SPEC(IO_ERR), snd_rig_done(&r, SND_TXQ, &b[0]));
	snd_rig_set(&r, 0);
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	assert_int_equal(SPEC(IO_ERR), snd_rig_done(&r, SND_TXQ, &b[0]));
	assert_int_equal(SPEC(OK), snd_rig_do(&r, PREPARE, 0));
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	b[1] = snd_rig_play(&r, snd_noise + PLAY_10, PLAY_10);
	snd_rig_pass(&r, 1000 * MS);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	assert_int_equal(SPEC(OK), snd_rig_do(&r, START, 0));
	snd_rig_pass(&r, 20 * MS - 1);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[0]));
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 1);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[1]));
	snd_assert_played(&r, snd_noise, 2 * PLAY_10);
	assert_int_equal(0, r.tape->lost[SNDIO_PLAY]);
	/* Capture, too. */
	snd_rig_set(&r, 1);
	snd_rig_do(&r, PREPARE, 1);
	c = snd_rig_record(&r, REC_10);
	snd_rig_pass(&r, 50 * MS);
	assert_true(snd_rig_quiet(&r, SND_RXQ));
	assert_int_equal(SPEC(OK), snd_rig_do(&r, START, 1));
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_RXQ, &c));
	snd_rig_close(&r);
}

static void paused_and_resumed(void **state)
{
	struct snd_buf b[3];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	snd_rig_run(&r, 0);
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	b[1] = snd_rig_play(&r, snd_noise + PLAY_10, PLAY_10);
	snd_rig_pass(&r, 16 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[0]));
	assert_int_equal(SPEC(OK), snd_rig_do(&r, STOP, 0));
	snd_rig_pass(&r, 500 * MS);
	b[2] = snd_rig_play(&r, snd_noise + 2 * PLAY_10, PLAY_10);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	assert_int_equal(SPEC(OK), snd_rig_do(&r, START, 0));
	/* 6 ms of the second one were through. */
	snd_rig_pass(&r, 4 * MS - 1);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 1);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[1]));
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[2]));
	snd_assert_played(&r, snd_noise, 3 * PLAY_10);
	snd_rig_close(&r);
}

/* Looks at the data queues when the control queue interrupts. */
struct spy {
	struct vio_tp_ops ops;
	const struct vio_tp_ops *real;
	struct snd_rig *r;
	unsigned used[SND_QUEUES];      /* chains at that moment */
};
static struct spy spy;

static void spy_raise(struct vio_dev *dev, unsigned cause, uint16_t q)
{
	if (cause == VIRTIO_ISR_QUEUE && q == SND_CONTROLQ)
		for (unsigned i = 0; i < SND_QUEUES; i++)
			spy.used[i] = drv_used(&spy.r->q[i]);
	spy.real->raise(dev, cause, q);
}

static void spy_on(struct snd_rig *r)
{
	spy.real = r->rig.dev->tp;
	spy.ops = (struct vio_tp_ops){
		.raise = spy_raise, .reset = spy.real->reset,
	};
	spy.r = r;
	r->rig.dev->tp = &spy.ops;
}

/* virtio 5.14.6.6.5.1: the device MUST complete all pending I/O messages, and
 * MUST NOT complete the request while there are any. */
static void release_completes_all_first(void **state)
{
	const uint32_t request[] = { 1, 0, RELEASE, 0 };
	struct snd_buf b[5], c;
	struct drv_buf late[2];
	struct snd_rig r;
	int id;

	(void)state;
	snd_open_up(&r, modern);
	spy_on(&r);
	snd_rig_run(&r, 0);
	snd_rig_run(&r, 1);
	c = snd_rig_record(&r, REC_10);
	for (unsigned i = 0; i < 4; i++)
		b[i] = snd_rig_play(&r, snd_noise, PLAY_10);
	snd_rig_pass(&r, 5 * MS);
	assert_int_equal(SPEC(OK), snd_rig_do(&r, STOP, 0));
	assert_int_equal(0, spy.used[SND_TXQ]);
	/* One more that the device was not told of. */
	late[0] = (struct drv_buf){ b[0].gpa, 4 + PLAY_10, false };
	late[1] = (struct drv_buf){ 0x100, 8, true };
	id = r.q[SND_TXQ].ops->add(&r.q[SND_TXQ], late, 2, NULL);
	assert_true(id >= 0);
	r.q[SND_TXQ].ops->publish(&r.q[SND_TXQ]);
	/* The request comes behind another one that is answered, too. */
	guest_poke(r.rig.guest, 0x200, request, sizeof(request));
	for (unsigned i = 0; i < 2; i++) {
		const struct drv_buf ask[] = {
			{ 0x200 + 8 * i, 8, false }, { 0x300 + 4 * i, 4, true },
		};

		assert_true(r.q[0].ops->add(&r.q[0], ask, 2, NULL) >= 0);
	}
	spy.used[SND_TXQ] = 0;
	r.q[0].ops->publish(&r.q[0]);
	r.rig.bus.ops->notify(&r.rig.bus, SND_CONTROLQ);
	rig_settle(&r.rig);
	assert_int_equal(SPEC(NOT_SUPP), snd_rig_word(&r, 0x300));
	assert_int_equal(SPEC(OK), snd_rig_word(&r, 0x304));
	assert_int_equal(5, spy.used[SND_TXQ]);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(SPEC(IO_ERR),
				 snd_rig_done(&r, SND_TXQ, &b[i]));
	assert_true(snd_rig_used(&r, SND_TXQ, id, 8));
	assert_int_equal(SPEC(IO_ERR), snd_rig_word(&r, 0x100));
	snd_assert_played(&r, snd_noise, 0);
	/* The other stream went on. */
	assert_int_equal(0, spy.used[SND_RXQ]);
	snd_rig_pass(&r, 5 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_RXQ, &c));
	snd_rig_close(&r);
}

static void other_rates_and_formats(void **state)
{
	/* float, mono, 44100 Hz; S24 in three bytes, stereo, 96000 Hz */
	static const uint8_t q[2][24] = {
		{ 1, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 8, 0, 0, 0, 0, 0,
		  0, 1, 19, 6 },
		{ 1, 1, 0, 0, 0, 0, 0, 0, 0, 0x18, 0, 0, 0, 6, 0, 0, 0, 0, 0,
		  0, 2, 11, 10 },
	};
	static const uint32_t second[] = { 44100 * 4, 96000 * 6 };
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		snd_open_up(&r, modern);
		assert_int_equal(SPEC(OK), snd_rig_ask(&r, q[i], 24, NULL, 4,
						       NULL));
		snd_rig_do(&r, PREPARE, 0);
		snd_rig_do(&r, START, 0);
		b = snd_rig_play(&r, snd_noise, second[i] / 4);
		snd_rig_pass(&r, 250 * MS - 1);
		assert_true(snd_rig_quiet(&r, SND_TXQ));
		snd_rig_pass(&r, 1);
		assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b));
		snd_assert_played(&r, snd_noise, second[i] / 4);
		b = snd_rig_play(&r, snd_noise, 2);
		assert_int_equal(SPEC(BAD_MSG), snd_rig_done(&r, SND_TXQ, &b));
		snd_rig_close(&r);
	}
}

static void new_parameters_drop_old_buffers(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	snd_rig_set(&r, 0);
	snd_rig_do(&r, PREPARE, 0);
	b = snd_rig_play(&r, snd_noise, PLAY_10);
	assert_int_equal(SPEC(OK), snd_rig_set(&r, 0));
	assert_int_equal(SPEC(IO_ERR), snd_rig_done(&r, SND_TXQ, &b));
	snd_rig_close(&r);
}

/* ---- a card with a buffer of its own -------------------------------------- */

static void open_card(struct snd_rig *r, struct tape **t)
{
	*t = tape_new_card();
	snd_rig_open(r, modern, &(*t)->io);
	r->tape = *t;
	snd_rig_up(r);
}

static void complete_when_heard(void **state)
{
	struct snd_buf b[2];
	struct snd_rig r;
	struct tape *t;

	(void)state;
	open_card(&r, &t);
	snd_rig_run(&r, 0);
	t->room = 700;
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	b[1] = snd_rig_play(&r, snd_noise + PLAY_10, PLAY_10);
	/* As much as there is room goes at once, and none is complete. */
	snd_assert_played(&r, snd_noise, 700 * 4);
	snd_rig_pass(&r, 20 * MS);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	t->unheard = 700 - 479;
	snd_rig_pass(&r, 20 * MS);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	t->unheard = 700 - 480;
	snd_rig_pass(&r, 20 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[0]));
	t->room = 500;
	snd_rig_pass(&r, 20 * MS);
	snd_assert_played(&r, snd_noise, 2 * PLAY_10);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	t->unheard = 0;
	snd_rig_pass(&r, 20 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[1]));
	snd_rig_close(&r);
}

static void recorded_in_parts(void **state)
{
	struct snd_buf b;
	struct snd_rig r;
	struct tape *t;

	(void)state;
	open_card(&r, &t);
	t->nin = REC_10;
	memcpy(t->in, snd_noise, REC_10);
	snd_rig_run(&r, 1);
	b = snd_rig_record(&r, REC_10);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(snd_rig_quiet(&r, SND_RXQ));
		t->room = 120;
		snd_rig_pass(&r, 10 * MS);
	}
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_RXQ, &b));
	assert_memory_equal(snd_noise, snd_rig_sound(&r, &b), REC_10);
	/* Released in the middle: what was recorded stays. */
	b = snd_rig_record(&r, REC_10);
	t->at = 0;
	t->room = 100;
	snd_rig_pass(&r, 10 * MS);
	snd_rig_do(&r, STOP, 1);
	snd_rig_do(&r, RELEASE, 1);
	assert_int_equal(SPEC(IO_ERR), snd_rig_done(&r, SND_RXQ, &b));
	assert_memory_equal(snd_noise, snd_rig_sound(&r, &b), 200);
	assert_int_equal(0, ((uint8_t *)snd_rig_sound(&r, &b))[200]);
	snd_rig_close(&r);
}

static void host_that_fails(void **state)
{
	struct snd_buf b[2];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	b[1] = snd_rig_play(&r, snd_noise, PLAY_10);
	r.tape->refuse = -ENOSPC;
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(IO_ERR, snd_rig_done(&r, SND_TXQ, &b[0]));
	r.tape->refuse = 0;
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[1]));
	snd_rig_close(&r);
}

/* ---- the end -------------------------------------------------------------- */

static void reset_leaves_memory_alone(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	snd_rig_run(&r, 1);
	for (unsigned i = 0; i < 10; i++) {
		snd_rig_play(&r, snd_noise, PLAY_10);
		snd_rig_record(&r, REC_10);
	}
	snd_rig_pass(&r, 25 * MS);
	drv_reset(&r.rig.bus);
	guest_snap(r.rig.guest);
	snd_rig_pass(&r, 1000 * MS);
	assert_true(guest_unchanged(r.rig.guest));
	assert_int_equal(2 * PLAY_10, r.tape->nplayed);
	snd_rig_close(&r);
}

static void without_bus_master_nothing_moves(void **state)
{
	struct snd_buf b[2];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	vio_set_dma(r.rig.dev, false);
	assert_int_equal(IO_ERR, snd_rig_done(&r, SND_TXQ, &b[0]));
	guest_snap(r.rig.guest);
	snd_rig_pass(&r, 100 * MS);
	assert_true(guest_unchanged(r.rig.guest));
	vio_set_dma(r.rig.dev, true);
	b[1] = snd_rig_play(&r, snd_noise, PLAY_10);
	r.rig.bus.ops->notify(&r.rig.bus, SND_TXQ);
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[1]));
	snd_rig_close(&r);
}

static void queue_stopped_alone(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	b = snd_rig_play(&r, snd_noise, PLAY_10);
	drv_q_stop(&r.rig.bus, SND_TXQ);
	assert_int_equal(IO_ERR, snd_rig_done(&r, SND_TXQ, &b));
	snd_rig_pass(&r, 100 * MS);
	rig_ring(&r.rig, &r.q[SND_TXQ], 256, false, NULL);
	drv_q_start(&r.rig.bus, SND_TXQ, &r.q[SND_TXQ]);
	b = snd_rig_play(&r, snd_noise, PLAY_10);
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b));
	snd_rig_close(&r);
}

static void more_buffers_than_descriptors(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	guest_fill(r.rig.guest, 0x8000, 0, 16);
	drv_split_desc(&r.q[SND_TXQ], 0, 0x8000, 12, VRING_DESC_F_NEXT, 1);
	drv_split_desc(&r.q[SND_TXQ], 1, 0x9000, 8, VRING_DESC_F_WRITE, 0);
	for (uint16_t i = 0; i < 256; i++)
		drv_split_avail(&r.q[SND_TXQ], i, 0);
	drv_split_avail_idx(&r.q[SND_TXQ], 256);
	r.rig.bus.ops->notify(&r.rig.bus, SND_TXQ);
	rig_settle(&r.rig);
	drv_split_avail_idx(&r.q[SND_TXQ], 257);
	r.rig.bus.ops->notify(&r.rig.bus, SND_TXQ);
	rig_settle(&r.rig);
	assert_true(rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	snd_rig_pass(&r, 100 * MS);
	snd_rig_close(&r);
}

/* ---- through files, and through threads ----------------------------------- */

static void from_file_to_file(void **state)
{
	char dir[] = "/tmp/snd.XXXXXX", out[64], in[64], spec[80], err[200];
	struct snd_buf b[6];
	struct sndio *io;
	struct snd_rig r;
	uint8_t file[4096];
	unsigned head;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(out, sizeof(out), "%s/out.wav", dir);
	snprintf(in, sizeof(in), "%s/in.wav", dir);
	snprintf(spec, sizeof(spec), "wav:%s", out);
	head = riff_head(file, &(struct sndio_params){ 48000, 1, SNDIO_S16 },
			 1000);
	f = fopen(in, "wb");
	assert_non_null(f);
	fwrite(file, 1, head, f);
	fwrite(snd_noise, 1, 1000, f);
	fclose(f);
	assert_int_equal(0, sndio_open(&io, &(struct sndio_cfg){ spec, in },
				       err, sizeof(err)));
	snd_rig_open(&r, contract, io);
	snd_rig_up(&r);
	snd_rig_run(&r, 0);
	snd_rig_run(&r, 1);
	for (unsigned i = 0; i < 3; i++) {
		b[i] = snd_rig_play(&r, snd_noise + i * 400, 400);
		b[3 + i] = snd_rig_record(&r, 400);
	}
	snd_rig_pass(&r, 100 * MS);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *got = snd_rig_sound(&r, &b[3 + i]);

		assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[i]));
		assert_int_equal(OK, snd_rig_done(&r, SND_RXQ, &b[3 + i]));
		assert_memory_equal(snd_noise + i * 400, got,
				    i < 2 ? 400 : 200);
		assert_int_equal(0, i < 2 ? 0 : got[200] | got[399]);
	}
	snd_rig_close(&r);
	f = fopen(out, "rb");
	assert_non_null(f);
	assert_int_equal(44 + 1200, fread(file, 1, sizeof(file), f));
	fclose(f);
	assert_memory_equal(snd_noise, file + 44, 1200);
	unlink(out);
	unlink(in);
	assert_int_equal(0, rmdir(dir));
}

/* The loop's own clock and thread, until a reset cuts it short. */
static void in_real_time_in_a_thread(void **state)
{
	struct vio_dev *dev;
	struct drv_ring q[SND_QUEUES];
	struct sndio *io;
	char err[200];
	struct rig rig;

	(void)state;
	rig_open(&rig, &rig_mmio, RIG_THREADS);
	assert_int_equal(0, sndio_open(&io, &(struct sndio_cfg){ "null", NULL },
				       err, sizeof(err)));
	assert_int_equal(0, snd_create(&dev, &(struct snd_cfg){
		.prof = contract, .name = "sound0", .gmem = &rig.guest->mem,
		.ctl_loop = rig.ctl, .loop = rig.io }, io, err, sizeof(err)));
	rig_attach(&rig, dev);
	for (unsigned round = 0; round < 3; round++) {
		const uint32_t set[6] = { 0x101, 0, 3840, 960, 0, 2 | 5 << 8 |
					  7 << 16 };
		uint32_t len;

		guest_release_all(rig.guest);
		assert_true(drv_start(&rig.bus, SND_RIG_CONTRACT));
		for (uint16_t i = 0; i < SND_QUEUES; i++) {
			rig_ring(&rig, &q[i], drv_q_max(&rig.bus, i), false,
				 NULL);
			drv_q_start(&rig.bus, i, &q[i]);
		}
		drv_ok(&rig.bus);
		guest_poke(rig.guest, 0x20000, set, sizeof(set));
		for (uint32_t c = 0; c < 3; c++) {
			const struct drv_buf b[] = {
				{ 0x20000, c ? 8 : 24, false },
				{ 0x21000, 4, true },
			};

			if (c)
				guest_poke(rig.guest, 0x20000,
					   &(uint32_t){ c == 1 ? PREPARE
							: START }, 4);
			drv_send(&rig.bus, 0, &q[0], b, 2, NULL);
			rig_collect(&rig, &q[0], &len);
		}
		guest_fill(rig.guest, 0x30000, 0, 8);
		for (unsigned i = 0; i < 12; i++) {
			const struct drv_buf b[] = {
				{ 0x30000, 8 + 960, false },
				{ 0x40000 + 8 * i, 8, true },
			};

			drv_send(&rig.bus, SND_TXQ, &q[SND_TXQ], b, 2, NULL);
		}
		/* Some are heard, the others cut off. */
		for (unsigned i = 0; i < 3; i++) {
			rig_collect(&rig, &q[SND_TXQ], &len);
			assert_int_equal(8, len);
		}
		drv_reset(&rig.bus);
	}
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c3_4_6_rx_filled_in_time),
		cmocka_unit_test(c3_4_6_rx_missing_is_silence),
		cmocka_unit_test(c3_4_6_rx_not_running_is_io_err),
		cmocka_unit_test(c3_4_6_rx_cap),
		cmocka_unit_test(rx_header_of_another_length),
		cmocka_unit_test(late_recorder_loses_time_only),
		cmocka_unit_test(filled_before_the_start),
		cmocka_unit_test(paused_and_resumed),
		cmocka_unit_test(release_completes_all_first),
		cmocka_unit_test(other_rates_and_formats),
		cmocka_unit_test(new_parameters_drop_old_buffers),
		cmocka_unit_test(complete_when_heard),
		cmocka_unit_test(recorded_in_parts),
		cmocka_unit_test(host_that_fails),
		cmocka_unit_test(reset_leaves_memory_alone),
		cmocka_unit_test(without_bus_master_nothing_moves),
		cmocka_unit_test(queue_stopped_alone),
		cmocka_unit_test(more_buffers_than_descriptors),
		cmocka_unit_test(from_file_to_file),
		cmocka_unit_test(in_real_time_in_a_thread),
	};

	return formats_run("virtio-snd recording", tests,
			   sizeof(tests) / sizeof(tests[0]), snd_make_noise);
}
