/* Description: virtio-snd plays in real time, in order, bit for bit,
 * whatever the buffers look like (AERO-W7-VIRTIO 3.4.6, virtio 5.14.6.8). */
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

#include "tests/lib/snd_test.h"
#include "tests/lib/variant.h"

/* ---- playing -------------------------------------------------------------- */

static void c3_4_6_tx_in_order_when_consumed(void **state)
{
	static const uint32_t frames[] = { 480, 1, 960, 48 };
	struct snd_buf b[4];
	struct snd_rig r;
	size_t at = 0;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	for (unsigned i = 0; i < 4; i++) {
		b[i] = snd_rig_play(&r, snd_noise + at, frames[i] * 4);
		at += frames[i] * 4;
	}
	/* 10 ms, and not a nanosecond earlier. */
	snd_rig_pass(&r, 10 * MS - 1);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_assert_played(&r, snd_noise, 0);
	snd_rig_pass(&r, 1);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[0]));
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_assert_played(&r, snd_noise, 1920);
	snd_rig_pass(&r, 1 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[1]));
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 20 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[2]));
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 1 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[3]));
	snd_assert_played(&r, snd_noise, at);
	assert_int_equal(0, r.tape->lost[SNDIO_PLAY]);
	snd_rig_close(&r);
}

/* What the guest changes before its turn is what is heard. */
static void read_when_due(void **state)
{
	struct snd_buf b[2];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	snd_rig_run(&r, 0);
	b[0] = snd_rig_play(&r, snd_noise, PLAY_10);
	b[1] = snd_rig_play(&r, snd_noise, PLAY_10);
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[0]));
	snd_rig_pass(&r, 9 * MS);
	memcpy(snd_rig_sound(&r, &b[1]), snd_noise + PLAY_10, PLAY_10);
	snd_rig_pass(&r, 1 * MS);
	assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[1]));
	snd_assert_played(&r, snd_noise, 2 * PLAY_10);
	snd_rig_close(&r);
}

static void c3_4_6_underrun_is_silence_and_goes_on(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	b = snd_rig_play(&r, snd_noise, PLAY_10);
	snd_rig_pass(&r, 35 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b));
	/* No buffers, no wakeups. */
	assert_int_equal(1, r.fired);
	b = snd_rig_play(&r, snd_noise + PLAY_10, PLAY_10);
	assert_int_equal(25 * 48, r.tape->lost[SNDIO_PLAY]);
	snd_rig_pass(&r, 10 * MS - 1);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 1);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b));
	snd_assert_played(&r, snd_noise, 2 * PLAY_10);
	assert_int_equal(25 * 48, r.tape->lost[SNDIO_PLAY]);
	snd_rig_close(&r);
}

static void late_host_does_not_rush(void **state)
{
	struct snd_buf b[4];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	for (unsigned i = 0; i < 4; i++)
		b[i] = snd_rig_play(&r, snd_noise + i * PLAY_10, PLAY_10);
	/* A little late: the pace is kept. */
	snd_rig_stall(&r, 13 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[0]));
	snd_rig_pass(&r, 7 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[1]));
	/* Away for long: one buffer, and the next one 10 ms from now. */
	snd_rig_stall(&r, 200 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[2]));
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 10 * MS - 1);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 1);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[3]));
	snd_assert_played(&r, snd_noise, 4 * PLAY_10);
	assert_int_equal(0, r.tape->lost[SNDIO_PLAY]);
	snd_rig_close(&r);
}

static void c3_4_6_tx_cap(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	b = snd_rig_play(&r, snd_noise, SND_PAYLOAD_MAX + 4);
	assert_int_equal(BAD_MSG, snd_rig_done(&r, SND_TXQ, &b));
	snd_assert_played(&r, snd_noise, 0);
	b = snd_rig_play(&r, snd_noise, SND_PAYLOAD_MAX);
	snd_rig_pass(&r, 2000 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b));
	snd_assert_played(&r, snd_noise, SND_PAYLOAD_MAX);
	/* The cap comes before the state. */
	snd_rig_do(&r, STOP, 0);
	b = snd_rig_play(&r, snd_noise, SND_PAYLOAD_MAX + 4);
	assert_int_equal(BAD_MSG, snd_rig_done(&r, SND_TXQ, &b));
	snd_rig_close(&r);
}

static void d7_tx_not_running_is_io_err(void **state)
{
	struct snd_buf b;
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned i = 0; i < 5; i++) {
		if (i == 1)
			assert_int_equal(OK, snd_rig_set(&r, 0));
		if (i == 2)
			assert_int_equal(OK, snd_rig_do(&r, PREPARE, 0));
		if (i == 3) {
			assert_int_equal(OK, snd_rig_do(&r, START, 0));
			assert_int_equal(OK, snd_rig_do(&r, STOP, 0));
		}
		if (i == 4)
			assert_int_equal(OK, snd_rig_do(&r, RELEASE, 0));
		b = snd_rig_play(&r, snd_noise, PLAY_10);
		assert_int_equal(IO_ERR, snd_rig_done(&r, SND_TXQ, &b));
	}
	snd_assert_played(&r, snd_noise, 0);
	snd_rig_close(&r);
}

static void stop_ends_what_is_pending(void **state)
{
	struct snd_buf b[3];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	for (unsigned i = 0; i < 3; i++)
		b[i] = snd_rig_play(&r, snd_noise, PLAY_10);
	snd_rig_pass(&r, 15 * MS);
	assert_int_equal(OK, snd_rig_do(&r, STOP, 0));
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[0]));
	assert_int_equal(IO_ERR, snd_rig_done(&r, SND_TXQ, &b[1]));
	assert_int_equal(IO_ERR, snd_rig_done(&r, SND_TXQ, &b[2]));
	snd_rig_pass(&r, 100 * MS);
	snd_assert_played(&r, snd_noise, PLAY_10);
	snd_rig_close(&r);
}

/* ---- buffers of all kinds ------------------------------------------------- */

static void any_cut_of_a_buffer(void **state)
{
	/* Header and sound together, header cut, sound in odd pieces, status
	 * cut and behind room for more. */
	const struct drv_buf a[] = {
		{ 0x8000, 28, false }, { 0x9000, 8, true },
	};
	const struct drv_buf b[] = {
		{ 0x8000, 3, false }, { 0x8003, 6, false },
		{ 0x8009, 1, false }, { 0x800a, 18, false },
		{ 0xa000, 5, true }, { 0xb000, 2, true }, { 0xc001, 3, true },
		{ 0xd000, 1, true },
	};
	uint8_t st[8];
	struct snd_rig r;
	int id[2];

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	guest_fill(r.rig.guest, 0x8000, 0, 8);
	guest_poke(r.rig.guest, 0x8008, snd_noise, 20);
	guest_fill(r.rig.guest, 0x9000, 0xee, 8);
	guest_fill(r.rig.guest, 0xa000, 0xee, 0x3100);
	id[0] = snd_rig_send(&r, SND_TXQ, a, 2);
	id[1] = snd_rig_send(&r, SND_TXQ, b, 8);
	snd_rig_pass(&r, 2 * MS);
	assert_true(snd_rig_used(&r, SND_TXQ, id[0], 8));
	assert_int_equal(OK, snd_rig_word(&r, 0x9000));
	assert_int_equal(0, snd_rig_word(&r, 0x9004));
	/* The status is the last 8 writable bytes. */
	assert_true(snd_rig_used(&r, SND_TXQ, id[1], 8));
	guest_peek(r.rig.guest, 0xa003, st, 2);
	guest_peek(r.rig.guest, 0xb000, st + 2, 2);
	guest_peek(r.rig.guest, 0xc001, st + 4, 3);
	guest_peek(r.rig.guest, 0xd000, st + 7, 1);
	assert_memory_equal("\0\0\0\0\0\0\0\0", st, 8);
	assert_int_equal(0xee, guest_byte(r.rig.guest, 0xa002));
	assert_int_equal(40, r.tape->nplayed);
	assert_memory_equal(snd_noise, r.tape->played + 20, 20);
	snd_rig_close(&r);
}

static void a_buffer_of_pages(void **state)
{
	struct drv_buf buf[66];
	struct drv_mem table;
	struct snd_rig r;
	int id;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	/* 256 KiB, page by page, backwards in memory. */
	buf[0] = (struct drv_buf){ 0x1000, 8, false };
	guest_fill(r.rig.guest, 0x1000, 0, 8);
	for (unsigned i = 0; i < 64; i++) {
		buf[1 + i] = (struct drv_buf){ 0x60000 - i * 4096, 4096,
					       false };
		guest_poke(r.rig.guest, buf[1 + i].gpa, snd_noise + i * 4096,
			   4096);
	}
	buf[65] = (struct drv_buf){ 0x2000, 8, true };
	table.gpa = 0x70000;
	table.p = guest_ptr(r.rig.guest, 0x70000, sizeof(buf));
	id = drv_send(&r.rig.bus, SND_TXQ, &r.q[SND_TXQ], buf, 66, &table);
	snd_rig_pass(&r, 2000 * MS);
	assert_true(snd_rig_used(&r, SND_TXQ, id, 8));
	assert_int_equal(OK, snd_rig_word(&r, 0x2000));
	snd_assert_played(&r, snd_noise, SND_PAYLOAD_MAX);
	snd_rig_close(&r);
}

static void buffers_that_are_wrong(void **state)
{
	static const struct { struct drv_buf b[3]; unsigned n; } tx[] = {
		/* no whole header */
		{ { { 0x8000, 7, false }, { 0x9000, 8, true } }, 2 },
		{ { { 0x9000, 8, true } }, 1 },
		/* another stream's */
		{ { { 0x8100, 12, false }, { 0x9000, 8, true } }, 2 },
		/* half a frame */
		{ { { 0x8000, 10, false }, { 0x9000, 8, true } }, 2 },
		/* not guest memory */
		{ { { 0x8000, 8, false }, { GUEST_HOLE, 4, false },
		    { 0x9000, 8, true } }, 3 },
		{ { { GUEST_HOLE, 12, false }, { 0x9000, 8, true } }, 2 },
		{ { { 0x8000, 12, false }, { GUEST_HOLE, 4, true },
		    { 0x9000, 8, true } }, 3 },
		/* sizes whose sum leaves 32 bits */
		{ { { 0x8000, 8, false }, { 0, UINT32_MAX, false },
		    { 0x9000, 8, true } }, 3 },
	};
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	guest_fill(r.rig.guest, 0x8000, 0, 16);
	guest_fill(r.rig.guest, 0x8100, 1, 1);
	guest_fill(r.rig.guest, 0x8101, 0, 16);
	for (unsigned i = 0; i < sizeof(tx) / sizeof(tx[0]); i++) {
		int id;

		guest_fill(r.rig.guest, 0x9000, 0xee, 8);
		id = snd_rig_send(&r, SND_TXQ, tx[i].b, tx[i].n);
		assert_true(snd_rig_used(&r, SND_TXQ, id, 8));
		assert_int_equal(BAD_MSG, snd_rig_word(&r, 0x9000));
	}
	snd_assert_played(&r, snd_noise, 0);
	snd_rig_close(&r);
}

static void no_room_for_the_status(void **state)
{
	static const struct { struct drv_buf b[3]; unsigned n; } tx[] = {
		{ { { 0x8000, 12, false } }, 1 },
		{ { { 0x8000, 12, false }, { 0x9000, 7, true } }, 2 },
		{ { { 0x8000, 12, false }, { 0x9000, 4, true },
		    { GUEST_HOLE, 4, true } }, 3 },
		{ { { 0x8000, 12, false }, { GUEST_ROM_GPA, 8, true } }, 2 },
	};
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	guest_fill(r.rig.guest, 0x8000, 0, 16);
	guest_fill(r.rig.guest, 0x9000, 0xee, 8);
	for (unsigned i = 0; i < sizeof(tx) / sizeof(tx[0]); i++) {
		int id = snd_rig_send(&r, SND_TXQ, tx[i].b, tx[i].n);

		assert_true(snd_rig_used(&r, SND_TXQ, id, 0));
	}
	assert_int_equal(0xeeeeeeee, snd_rig_word(&r, 0x9000));
	snd_assert_played(&r, snd_noise, 0);
	snd_rig_close(&r);
}

static void more_pieces_than_sensible(void **state)
{
	struct drv_buf buf[1000];
	struct drv_mem table;
	struct snd_rig r;
	int id;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	guest_fill(r.rig.guest, 0x8000, 0, 16);
	for (unsigned i = 0; i < 1000; i++)
		buf[i] = (struct drv_buf){ i == 999 ? 0x9000 : 0x8000, 8,
					   i == 999 };
	table.gpa = 0x70000;
	table.p = guest_ptr(r.rig.guest, 0x70000, sizeof(buf));
	id = drv_send(&r.rig.bus, SND_TXQ, &r.q[SND_TXQ], buf, 1000, &table);
	assert_true(snd_rig_used(&r, SND_TXQ, id, 8));
	assert_int_equal(BAD_MSG, snd_rig_word(&r, 0x9000));
	snd_rig_close(&r);
}

static void empty_buffers_keep_their_place(void **state)
{
	struct snd_buf b[3];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	b[0] = snd_rig_play(&r, snd_noise, 0);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[0]));
	b[1] = snd_rig_play(&r, snd_noise, PLAY_10);
	b[2] = snd_rig_play(&r, snd_noise, 0);
	assert_true(snd_rig_quiet(&r, SND_TXQ));
	snd_rig_pass(&r, 10 * MS);
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[1]));
	assert_int_equal(OK, snd_rig_done(&r, SND_TXQ, &b[2]));
	snd_rig_close(&r);
}

static void tiny_buffers_are_served_together(void **state)
{
	struct snd_buf b[200];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	snd_rig_run(&r, 0);
	/* A frame each: 4.2 ms of 21 us. */
	for (unsigned i = 0; i < 120; i++)
		b[i] = snd_rig_play(&r, snd_noise + 4 * i, 4);
	snd_rig_pass(&r, 10 * MS);
	for (unsigned i = 0; i < 120; i++)
		assert_int_equal(SPEC(OK), snd_rig_done(&r, SND_TXQ, &b[i]));
	assert_in_range(r.fired, 2, 4);
	snd_assert_played(&r, snd_noise, 480);
	snd_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c3_4_6_tx_in_order_when_consumed),
		cmocka_unit_test(read_when_due),
		cmocka_unit_test(c3_4_6_underrun_is_silence_and_goes_on),
		cmocka_unit_test(late_host_does_not_rush),
		cmocka_unit_test(c3_4_6_tx_cap),
		cmocka_unit_test(d7_tx_not_running_is_io_err),
		cmocka_unit_test(stop_ends_what_is_pending),
		cmocka_unit_test(any_cut_of_a_buffer),
		cmocka_unit_test(a_buffer_of_pages),
		cmocka_unit_test(buffers_that_are_wrong),
		cmocka_unit_test(no_room_for_the_status),
		cmocka_unit_test(more_pieces_than_sensible),
		cmocka_unit_test(empty_buffers_keep_their_place),
		cmocka_unit_test(tiny_buffers_are_served_together),
	};

	return formats_run("virtio-snd playing", tests,
			   sizeof(tests) / sizeof(tests[0]), snd_make_noise);
}
