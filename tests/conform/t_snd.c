/* AERO-W7-VIRTIO 3.4: virtio-snd. */
#include <string.h>

#include "tests/conform/cf.h"

enum { CONTROLQ, EVENTQ, TXQ, RXQ };
enum { PLAY, CAPTURE };
enum { OK, BAD_MSG, NOT_SUPP, IO_ERR };
enum { PCM_INFO = 0x100, SET_PARAMS, PREPARE, RELEASE, START, STOP };
#define CAP 262144
#define S16 5
#define RATE_48000 7

static void c3_4_2a_four_queues(struct cf *c)
{
	static const uint16_t size[5] = { 64, 64, 256, 64, 0 };

	for (uint16_t q = 0; q < 5; q++)
		CHECK_EQ(c, size[q], drv_q_max(&c->dev[CF_SND].bus, q));
}

static void c3_4_3a_features_offered(struct cf *c)
{
	CHECK_EQ(c, VIRTIO_F(32) | VIRTIO_F(28),
		 drv_offered(&c->dev[CF_SND].bus));
}

static void c3_4_5a_configuration(struct cf *c)
{
	struct cf_dev *d = &c->dev[CF_SND];

	CHECK_EQ(c, 0, cf_cfg(d, 0, 4));
	CHECK_EQ(c, 2, cf_cfg(d, 4, 4));
	CHECK_EQ(c, 0, cf_cfg(d, 8, 4));
	for (unsigned off = 12; off < 0x100; off += 4)
		CHECK_EQ(c, 0, cf_cfg(d, off, 4));
}

/* ---- control -------------------------------------------------------------- */

static uint32_t word(const void *p)
{
	le32 w;

	memcpy(&w, p, 4);
	return le32_get(w);
}

static void put_word(void *p, uint32_t v)
{
	le32 w = le32_put(v);

	memcpy(p, &w, 4);
}

/* Sends a request, and copies the answer. Its status. */
static uint32_t ask(struct cf *c, struct cf_dev *d, const uint32_t *request,
		    unsigned words, void *answer, unsigned len)
{
	struct drv_mem q = cf_mem(c, 4 * words, 1), a = cf_mem(c, len, 1);
	const struct drv_buf b[2] = {
		{ q.gpa, 4 * words, false }, { a.gpa, len, true },
	};
	uint32_t used;

	for (unsigned i = 0; i < words; i++)
		put_word((uint8_t *)q.p + 4 * i, request[i]);
	memset(a.p, 0xee, len);
	cf_send(c, d, CONTROLQ, b, 2);
	cf_used(c, d, CONTROLQ, &used);
	CHECK(c, used >= 4);
	CHECK(c, used <= len);
	if (answer)
		memcpy(answer, a.p, len);
	return word(a.p);
}

static uint32_t command(struct cf *c, struct cf_dev *d, uint32_t code,
			uint32_t stream)
{
	const uint32_t r[2] = { code, stream };

	return ask(c, d, r, 2, NULL, 4);
}

static uint32_t set(struct cf *c, struct cf_dev *d, uint32_t stream,
		    unsigned channels, unsigned format, unsigned rate)
{
	uint32_t r[6] = { SET_PARAMS, stream, 7680, 1920, 0, 0 };

	r[5] = channels | format << 8 | rate << 16;
	return ask(c, d, r, 6, NULL, 4);
}

static void run(struct cf *c, struct cf_dev *d, uint32_t stream)
{
	CHECK_EQ(c, OK, set(c, d, stream, stream == PLAY ? 2 : 1, S16,
			    RATE_48000));
	CHECK_EQ(c, OK, command(c, d, PREPARE, stream));
	CHECK_EQ(c, OK, command(c, d, START, stream));
}

static void c3_4_4a_two_streams(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	const uint32_t r[4] = { PCM_INFO, 0, 2, 32 };
	uint8_t a[4 + 64];

	CHECK_EQ(c, OK, ask(c, d, r, 4, a, sizeof(a)));
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *info = a + 4 + 32 * i;

		CHECK_EQ(c, 1u << S16, word(info + 8));
		CHECK_EQ(c, 0, word(info + 12));
		CHECK_EQ(c, 1u << RATE_48000, word(info + 16));
		CHECK_EQ(c, 0, word(info + 20));
		CHECK_EQ(c, i, info[24]);               /* direction */
		CHECK_EQ(c, i == PLAY ? 2 : 1, info[25]);
		CHECK_EQ(c, i == PLAY ? 2 : 1, info[26]);
	}
}

/* PCM_INFO of each stream alone; what does not parse is BAD_MSG. */
static void c3_4_6a_messages(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	uint32_t r[4] = { PCM_INFO, 0, 1, 32 };
	uint8_t a[4 + 32];

	for (r[1] = 0; r[1] < 2; r[1]++) {
		CHECK_EQ(c, OK, ask(c, d, r, 4, a, sizeof(a)));
		CHECK_EQ(c, r[1], a[4 + 24]);
	}
	CHECK_EQ(c, BAD_MSG, ask(c, d, r, 4, a, sizeof(a)));    /* no stream 2 */
	r[1] = 1;
	r[2] = 2;
	CHECK_EQ(c, BAD_MSG, ask(c, d, r, 4, a, sizeof(a)));
	CHECK_EQ(c, BAD_MSG, ask(c, d, r, 1, a, sizeof(a)));
	CHECK_EQ(c, BAD_MSG, command(c, d, PREPARE, 2));
	CHECK_EQ(c, BAD_MSG, command(c, d, START, UINT32_MAX));
}

static void c3_4_6b_a_streams_life(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);

	for (unsigned stream = 0; stream < 2; stream++)
		for (unsigned i = 0; i < 2; i++) {
			run(c, d, stream);
			CHECK_EQ(c, OK, command(c, d, STOP, stream));
			CHECK_EQ(c, OK, command(c, d, RELEASE, stream));
		}
}

/* Only the fixed parameters. */
static void c3_4_6b_other_parameters(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);

	CHECK_EQ(c, NOT_SUPP, set(c, d, PLAY, 1, S16, RATE_48000));
	CHECK_EQ(c, NOT_SUPP, set(c, d, CAPTURE, 2, S16, RATE_48000));
	for (unsigned i = 0; i < 24; i++) {
		if (i != S16)
			CHECK_EQ(c, NOT_SUPP, set(c, d, PLAY, 2, i,
						  RATE_48000));
		if (i != RATE_48000)
			CHECK_EQ(c, NOT_SUPP, set(c, d, PLAY, 2, S16, i));
	}
	CHECK_EQ(c, OK, set(c, d, PLAY, 2, S16, RATE_48000));
}

static void c3_4_6c_unsupported_commands(struct cf *c)
{
	static const uint32_t codes[] = {
		1, 2, 0x106, 0x200, 0x1000, 0xffffffff,
	};
	struct cf_dev *d = cf_up(c, CF_SND);

	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const uint32_t r[4] = { codes[i], 0, 1, 24 };

		CHECK_EQ(c, NOT_SUPP, ask(c, d, r, 4, NULL, 64));
	}
}

/* ---- event queue ---------------------------------------------------------- */

static void event_buffers(struct cf *c, struct cf_dev *d, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct drv_mem m = cf_mem(c, 8, 1);
		const struct drv_buf b = { m.gpa, 8, true };

		cf_send(c, d, EVENTQ, &b, 1);
	}
}

static void c3_4_2_1a_event_buffers_are_kept(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);

	/* All the ring holds, and the device works on. */
	event_buffers(c, d, 64);
	CHECK(c, cf_none(c, d, EVENTQ));
	CHECK_EQ(c, 15, cf_status(d));
	cf_echo(c, d);
}

static struct drv_mem play(struct cf *c, struct cf_dev *d, unsigned seed,
			   bool last);

static void c3_4_2_1b_event_buffers_are_not_completed(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	uint32_t len;

	event_buffers(c, d, 5);
	run(c, d, PLAY);
	run(c, d, CAPTURE);
	play(c, d, 1, true);
	cf_used(c, d, TXQ, &len);
	for (unsigned i = 0; i < 10; i++)
		cf_quiet(c);            /* an underrun, too */
	CHECK_EQ(c, OK, command(c, d, STOP, PLAY));
	CHECK(c, cf_none(c, d, EVENTQ));
}

/* ---- playback ------------------------------------------------------------- */

#define FRAMES 120              /* 2.5 ms */
#define BYTES (4 * FRAMES)

/* A buffer of sound that can be told from any other. Its status' memory. */
static struct drv_mem play(struct cf *c, struct cf_dev *d, unsigned seed,
			   bool last)
{
	struct drv_mem h = cf_mem(c, 8, 1), m = cf_mem(c, BYTES, 1),
		s = cf_mem(c, 8, 1);
	const struct drv_buf b[3] = {
		{ h.gpa, 8, false }, { m.gpa, BYTES, false },
		{ s.gpa, 8, true },
	};

	for (unsigned i = 0; i < BYTES; i++)
		((uint8_t *)m.p)[i] = (uint8_t)(seed * 37 + i * 3 + 1) | 1;
	memset(s.p, 0xee, 8);
	CHECK(c, d->ring[TXQ].ops->add(&d->ring[TXQ], b, 3, NULL) >= 0);
	if (last && d->ring[TXQ].ops->publish(&d->ring[TXQ]))
		d->bus.ops->notify(&d->bus, TXQ);
	return s;
}

/* Sound from off on is that of play's seed. */
static void was_played(struct cf *c, unsigned off, unsigned seed)
{
	uint8_t got[BYTES];

	CHECK_EQ(c, BYTES, cf_played(c, off, got, BYTES));
	for (unsigned i = 0; i < BYTES; i++)
		CHECK_EQ(c, (uint8_t)(seed * 37 + i * 3 + 1) | 1, got[i]);
}

/* Where sound starts behind off: silence may stand before it. */
static unsigned skip_silence(struct cf *c, unsigned off)
{
	return off + cf_silence(c, off);
}

static void c3_4_6d_played_in_order(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	unsigned at = cf_played_total(c);
	struct drv_mem s[6];
	uint32_t len;

	run(c, d, PLAY);
	for (unsigned i = 0; i < 6; i++)
		s[i] = play(c, d, i, i == 5);
	for (unsigned i = 0; i < 6; i++) {
		cf_used(c, d, TXQ, &len);
		CHECK_EQ(c, 8, len);
		CHECK_EQ(c, OK, word(s[i].p));
	}
	at = skip_silence(c, at);
	for (unsigned i = 0; i < 6; i++)
		was_played(c, at + i * BYTES, i);
	CHECK_EQ(c, at + 6 * BYTES, cf_played_total(c));
}

static void c3_4_6e_underrun_is_silence(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	unsigned first, second;
	struct drv_mem s;
	uint32_t len;

	run(c, d, PLAY);
	first = cf_played_total(c);
	play(c, d, 1, true);
	cf_used(c, d, TXQ, &len);
	first = skip_silence(c, first);
	for (unsigned i = 0; i < 60; i++)
		cf_quiet(c);            /* 300 ms */
	s = play(c, d, 2, true);
	cf_used(c, d, TXQ, &len);
	CHECK_EQ(c, OK, word(s.p));
	was_played(c, first, 1);
	second = skip_silence(c, first + BYTES);
	/* At least half of the time that passed is heard as such. */
	CHECK(c, second >= first + BYTES + 4 * 48 * 150);
	was_played(c, second, 2);
}

/* Payload of n bytes from one piece of memory, again and again. */
static uint32_t large(struct cf *c, struct cf_dev *d, uint16_t q, uint32_t n)
{
	struct drv_mem m = cf_big(c), h = cf_mem(c, 8, 1), s = cf_mem(c, 8, 1);
	struct drv_buf b[10];
	unsigned k = 0;
	uint32_t len;

	put_word(h.p, q == TXQ ? PLAY : CAPTURE);
	b[k++] = (struct drv_buf){ h.gpa, 8, false };
	for (; n; k++) {
		b[k] = (struct drv_buf){ m.gpa, n < CF_BIG ? n : CF_BIG,
					 q == RXQ };
		n -= b[k].len;
	}
	b[k++] = (struct drv_buf){ s.gpa, 8, true };
	memset(s.p, 0xee, 8);
	CHECK(c, drv_send(&d->bus, q, &d->ring[q], b, k, NULL) >= 0);
	/* What was taken comes back with the stop, what was not before. */
	command(c, d, STOP, q == TXQ ? PLAY : CAPTURE);
	cf_used(c, d, q, &len);
	return word(s.p);
}

/* What is not refused is given back with IO_ERR by the stop. */
static void c3_4_6f_too_much_to_play(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);

	run(c, d, PLAY);
	CHECK_EQ(c, BAD_MSG, large(c, d, TXQ, CAP + 1));
	CHECK_EQ(c, BAD_MSG, large(c, d, TXQ, CAP + 4));
	CHECK_EQ(c, BAD_MSG, large(c, d, TXQ, 2 * CAP));
	CHECK_EQ(c, IO_ERR, large(c, d, TXQ, CAP));
}

/* Decision 7. */
static void c3_4_6d_playing_while_stopped(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	unsigned total = cf_played_total(c);
	struct drv_mem s = play(c, d, 1, true);
	uint32_t len;

	cf_used(c, d, TXQ, &len);
	CHECK_EQ(c, IO_ERR, word(s.p));
	CHECK_EQ(c, total, cf_played_total(c));
}

/* ---- capture -------------------------------------------------------------- */

struct rec {
	struct drv_mem h, m, s;
	uint32_t bytes;
};

static struct rec record(struct cf *c, struct cf_dev *d, uint32_t frames)
{
	struct rec r = { cf_mem(c, 8, 1), cf_mem(c, 2 * frames, 2),
			 cf_mem(c, 8, 1), 2 * frames };
	unsigned cut = rnd_below(&c->rnd, r.bytes - 1) + 1;
	const struct drv_buf b[4] = {
		{ r.h.gpa, 8, false }, { r.m.gpa, cut, true },
		{ r.m.gpa + cut, r.bytes - cut, true }, { r.s.gpa, 8, true },
	};

	put_word(r.h.p, CAPTURE);
	memset(r.m.p, 0xee, r.bytes);
	memset(r.s.p, 0xee, 8);
	cf_send(c, d, RXQ, b, 4);
	return r;
}

static int16_t sample(const struct rec *r, unsigned i)
{
	le16 v;

	memcpy(&v, (const uint8_t *)r->m.p + 2 * i, 2);
	return (int16_t)le16_get(v);
}

static void c3_4_6g_what_is_recorded_fills_the_buffer(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	struct rec r;
	uint32_t len;
	unsigned at = 0;

	run(c, d, CAPTURE);
	r = record(c, d, 200);
	cf_used(c, d, RXQ, &len);
	CHECK_EQ(c, 400 + 8, len);
	CHECK_EQ(c, OK, word(r.s.p));
	/* Some of it may have passed before the buffer came. */
	while (at < CF_RECORD && cf_record(at) != sample(&r, 0))
		at++;
	CHECK(c, at + 200 <= CF_RECORD);
	for (unsigned i = 0; i < 200; i++)
		CHECK_EQ(c, (uint16_t)cf_record(at + i),
			 (uint16_t)sample(&r, i));
}

/* What there is to record ends after CF_RECORD frames. */
static void c3_4_6h_what_is_missing_is_silence(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	struct rec r;
	uint32_t len;

	run(c, d, CAPTURE);
	r = record(c, d, CF_RECORD + 200);
	cf_used(c, d, RXQ, &len);
	CHECK_EQ(c, 2 * (CF_RECORD + 200) + 8, len);
	CHECK_EQ(c, OK, word(r.s.p));
	for (unsigned i = CF_RECORD; i < CF_RECORD + 200; i++)
		CHECK_EQ(c, 0, (uint16_t)sample(&r, i));
}

static void c3_4_6i_recording_while_stopped(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);
	struct rec r = record(c, d, 100);
	uint32_t len;

	cf_used(c, d, RXQ, &len);
	CHECK_EQ(c, IO_ERR, word(r.s.p));
	run(c, d, CAPTURE);
	CHECK_EQ(c, OK, command(c, d, STOP, CAPTURE));
	r = record(c, d, 100);
	cf_used(c, d, RXQ, &len);
	CHECK_EQ(c, IO_ERR, word(r.s.p));
}

static void c3_4_6j_too_much_to_record(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_SND);

	run(c, d, CAPTURE);
	CHECK_EQ(c, BAD_MSG, large(c, d, RXQ, CAP + 1));
	CHECK_EQ(c, BAD_MSG, large(c, d, RXQ, CAP + 2));
	CHECK_EQ(c, BAD_MSG, large(c, d, RXQ, 2 * CAP));
	CHECK_EQ(c, IO_ERR, large(c, d, RXQ, CAP));
}

const struct cf_test cf_tests_snd[] = {
	CF_TEST(c3_4_2a_four_queues, CF_ALL),
	CF_TEST(c3_4_3a_features_offered, CF_ALL),
	CF_TEST(c3_4_5a_configuration, CF_ALL),
	CF_TEST(c3_4_4a_two_streams, CF_ALL),
	CF_TEST(c3_4_6a_messages, CF_ALL),
	CF_TEST(c3_4_6b_a_streams_life, CF_ALL),
	CF_TEST(c3_4_6b_other_parameters, CF_ALL),
	CF_TEST(c3_4_6c_unsupported_commands, CF_ALL),
	CF_TEST(c3_4_2_1a_event_buffers_are_kept, CF_ALL),
	CF_TEST(c3_4_2_1b_event_buffers_are_not_completed, CF_ALL),
	CF_TEST(c3_4_6d_played_in_order, CF_ALL),
	CF_TEST(c3_4_6d_playing_while_stopped, CF_ALL),
	CF_TEST(c3_4_6e_underrun_is_silence, CF_ALL),
	CF_TEST(c3_4_6f_too_much_to_play, CF_ALL),
	CF_TEST(c3_4_6g_what_is_recorded_fills_the_buffer, CF_ALL),
	CF_TEST(c3_4_6h_what_is_missing_is_silence, CF_ALL),
	CF_TEST(c3_4_6i_recording_while_stopped, CF_ALL),
	CF_TEST(c3_4_6j_too_much_to_record, CF_ALL),
	{ NULL, NULL, 0 },
};
