/* Description: virtio-snd answers requests and keeps the state of its streams
 * (AERO-W7-VIRTIO 3.4, virtio 5.14). */
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

/* ---- what it is ----------------------------------------------------------- */

static void c3_4_2_queues(void **state)
{
	static const uint16_t size[] = { 64, 64, 256, 64, 0 };
	struct snd_rig r;

	(void)state;
	snd_rig_open(&r, contract, NULL);
	for (uint16_t i = 0; i < 5; i++)
		assert_int_equal(size[i], drv_q_max(&r.rig.bus, i));
	snd_rig_close(&r);
}

static void c3_4_3_features(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_rig_open(&r, contract, NULL);
	assert_int_equal(SND_RIG_CONTRACT, drv_offered(&r.rig.bus));
	snd_rig_close(&r);
}

static void c3_4_5_configuration(void **state)
{
	struct snd_rig r;
	struct drv_bus *b;

	(void)state;
	snd_rig_open(&r, contract, NULL);
	b = &r.rig.bus;
	b->ops->cfg_put(b, 0, 4, 7);
	b->ops->cfg_put(b, 4, 4, 7);
	assert_int_equal(0, b->ops->cfg_get(b, 0, 4));
	assert_int_equal(2, b->ops->cfg_get(b, 4, 4));
	assert_int_equal(0, b->ops->cfg_get(b, 8, 4));
	assert_int_equal(0, b->ops->cfg_get(b, 12, 4));
	snd_rig_close(&r);
}

/* ---- PCM_INFO ------------------------------------------------------------- */

/* The two items a driver of the contract looks at, byte by byte. */
static const uint8_t items[2][32] = {
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0,
	  0x80, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2 },
	{ 1, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, 0,
	  0x80, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1 },
};

static void c3_4_6_pcm_info(void **state)
{
	const uint32_t q[] = { 0x100, 0, 2, 32 };
	const uint32_t second[] = { 0x100, 1, 1, 32 };
	const uint32_t none[] = { 0x100, 2, 0, 32 };
	uint8_t a[80];
	struct snd_rig r;
	uint32_t used;

	(void)state;
	snd_open_up(&r, contract);
	/* 16 bytes, as virtio has it, and 12, without the size. */
	for (uint32_t len = 16; len >= 12; len -= 4) {
		assert_int_equal(OK, snd_rig_ask(&r, q, len, a, 68, &used));
		assert_int_equal(68, used);
		assert_memory_equal(items[0], a + 4, 32);
		assert_memory_equal(items[1], a + 36, 32);
		assert_int_equal(OK, snd_rig_ask(&r, second, len, a, 68,
						 &used));
		assert_int_equal(36, used);
		assert_memory_equal(items[1], a + 4, 32);
		assert_int_equal(0xee, a[36]);
	}
	assert_int_equal(OK, snd_rig_ask(&r, none, 16, a, 4, &used));
	assert_int_equal(4, used);
	snd_rig_close(&r);
}

static void pcm_info_of_another_size(void **state)
{
	uint32_t q[] = { 0x100, 0, 2, 24 };
	uint8_t a[4 + 2 * 256];
	struct snd_rig r;
	uint32_t used;

	(void)state;
	snd_open_up(&r, contract);
	assert_int_equal(OK, snd_rig_ask(&r, q, 16, a, sizeof(a), &used));
	assert_int_equal(4 + 48, used);
	assert_memory_equal(items[0], a + 4, 24);
	assert_memory_equal(items[1], a + 28, 24);
	/* A later version's item: what we do not know is 0. */
	q[3] = 256;
	assert_int_equal(OK, snd_rig_ask(&r, q, 16, a, sizeof(a), &used));
	assert_int_equal(sizeof(a), used);
	assert_memory_equal(items[1], a + 4 + 256, 32);
	for (unsigned i = 4 + 256 + 32; i < sizeof(a); i++)
		assert_int_equal(0, a[i]);
	snd_rig_close(&r);
}

static void pcm_info_beyond_bounds(void **state)
{
	static const uint32_t bad[][4] = {
		{ 0x100, 0, 3, 32 }, { 0x100, 2, 1, 32 }, { 0x100, 3, 0, 32 },
		{ 0x100, UINT32_MAX, 2, 32 }, { 0x100, 0, UINT32_MAX, 32 },
		{ 0x100, 0, 2, 0 }, { 0x100, 0, 2, 257 },
		{ 0x100, 0, 2, 0x80000000 }, { 0x100, 0, 2, UINT32_MAX },
	};
	const uint32_t q[] = { 0x100, 0, 2, 32 };
	uint8_t a[600];
	struct snd_rig r;
	uint32_t used;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(BAD_MSG, snd_rig_ask(&r, bad[i], 16, a,
						      sizeof(a), &used));
		assert_int_equal(4, used);
	}
	/* No room for the answer. */
	assert_int_equal(BAD_MSG, snd_rig_ask(&r, q, 16, a, 67, &used));
	assert_int_equal(4, used);
	snd_rig_close(&r);
	/* The specification's request has a size. */
	snd_open_up(&r, modern);
	assert_int_equal(SPEC(BAD_MSG), snd_rig_ask(&r, q, 12, a, 68, &used));
	assert_int_equal(SPEC(OK), snd_rig_ask(&r, q, 16, a, 68, &used));
	snd_rig_close(&r);
}

static void modern_streams_do_more(void **state)
{
	/* U8, S16, S24_3, S32, FLOAT; 5512 to 192000 Hz */
	const uint64_t formats = 1 << 4 | 1 << 5 | 1 << 11 | 1 << 17 | 1 << 19;
	const uint32_t q[] = { 0x100, 0, 2, 32 };
	uint8_t a[68];
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	assert_int_equal(SPEC(OK), snd_rig_ask(&r, q, 16, a, 68, NULL));
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *item = a + 4 + 32 * i;
		uint64_t f, rates;

		/* One function group: Linux makes one PCM device of it. */
		assert_memory_equal("\0\0\0\0\0\0\0\0", item, 8);
		memcpy(&f, item + 8, 8);
		memcpy(&rates, item + 16, 8);
		assert_int_equal(formats, f);
		assert_int_equal(0x1fff, rates);
		assert_int_equal(i, item[24]);
		assert_int_equal(1, item[25]);
		assert_int_equal(2, item[26]);
		assert_memory_equal("\0\0\0\0\0", item + 27, 5);
	}
	snd_rig_close(&r);
}

/* ---- requests that are wrong ---------------------------------------------- */

static void c3_4_6_unsupported_is_not_supp(void **state)
{
	static const uint32_t codes[] = {
		0, 1, 2, 3, 0xff, 0x106, 0x107, 0x200, 0x300, 0x301, 0x306,
		0x1000, 0x8000, 0xffffffff,
	};
	struct snd_rig r;

	(void)state;
	for (unsigned p = 0; p < 2; p++) {
		snd_open_up(&r, p ? modern : contract);
		for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
			assert_int_equal(p ? SPEC(NOT_SUPP) : NOT_SUPP,
					 snd_rig_do(&r, codes[i], 0));
		snd_rig_close(&r);
	}
}

static void short_requests_are_bad(void **state)
{
	static const struct { uint32_t code, len; } whole[] = {
		{ 0x100, 12 }, { 0x101, 24 }, { 0x102, 8 }, { 0x103, 8 },
		{ 0x104, 8 }, { 0x105, 8 },
	};
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned i = 0; i < 6; i++) {
		const uint32_t q[6] = { whole[i].code };

		for (uint32_t len = 1; len < whole[i].len; len++)
			assert_int_equal(BAD_MSG, snd_rig_ask(&r, q, len, NULL,
							      80, NULL));
	}
	snd_rig_close(&r);
}

static void no_such_stream(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (uint32_t code = 0x102; code <= 0x105; code++) {
		assert_int_equal(BAD_MSG, snd_rig_do(&r, code, 2));
		assert_int_equal(BAD_MSG, snd_rig_do(&r, code, UINT32_MAX));
	}
	assert_int_equal(BAD_MSG, snd_rig_set(&r, 2));
	snd_rig_close(&r);
}

static void hostile_requests(void **state)
{
	const struct drv_buf bad[][3] = {
		{ { GUEST_HOLE, 8, false }, { 0x8000, 8, true } },
		{ { 0x9000, 4, false }, { GUEST_HOLE, 4, false },
		  { 0x8000, 8, true } },
		{ { 0x9000, 8, false }, { 0x8000, 4, true },
		  { GUEST_HOLE, 64, true } },
	};
	const struct drv_buf mute[][2] = {
		{ { 0x9000, 8, false } },
		{ { 0x9000, 8, false }, { 0x8000, 3, true } },
		{ { 0x9000, 8, false }, { GUEST_HOLE, 4, true } },
		{ { 0x9000, 8, false }, { GUEST_ROM_GPA, 4, true } },
	};
	struct drv_ring *q;
	struct snd_rig r;
	uint32_t len, status;

	(void)state;
	snd_open_up(&r, contract);
	q = &r.q[SND_CONTROLQ];
	guest_poke(r.rig.guest, 0x9000, "\x02\x01\0\0\0\0\0\0", 8);
	for (unsigned i = 0; i < 3; i++) {
		drv_send(&r.rig.bus, 0, q, bad[i], i == 0 ? 2 : 3, NULL);
		rig_collect(&r.rig, q, &len);
		assert_int_equal(4, len);
		guest_peek(r.rig.guest, 0x8000, &status, 4);
		assert_int_equal(BAD_MSG, status);
	}
	for (unsigned i = 0; i < 4; i++) {
		drv_send(&r.rig.bus, 0, q, mute[i], i == 0 ? 1 : 2, NULL);
		rig_collect(&r.rig, q, &len);
		assert_int_equal(0, len);
	}
	assert_int_equal(OK, snd_rig_set(&r, 0));
	snd_rig_close(&r);
}

static void request_and_answer_in_pieces(void **state)
{
	struct drv_buf buf[16 + 68];
	struct drv_mem table;
	uint8_t a[68];
	struct snd_rig r;
	uint32_t len;

	(void)state;
	snd_open_up(&r, contract);
	guest_poke(r.rig.guest, 0x9000, "\0\1\0\0\0\0\0\0\2\0\0\0\x20\0\0\0",
		   16);
	for (unsigned i = 0; i < 16 + 68; i++)
		buf[i] = i < 16 ? (struct drv_buf){ 0x9000 + i, 1, false }
				: (struct drv_buf){ 0x8000 + 2 * i, 1, true };
	table.gpa = guest_alloc(r.rig.guest, GUEST_LOW, sizeof(buf) * 2, 1,
				NULL);
	table.p = guest_ptr(r.rig.guest, table.gpa, sizeof(buf) * 2);
	drv_send(&r.rig.bus, 0, &r.q[0], buf, 16 + 68, &table);
	rig_collect(&r.rig, &r.q[0], &len);
	assert_int_equal(68, len);
	for (unsigned i = 0; i < 68; i++)
		guest_peek(r.rig.guest, buf[16 + i].gpa, a + i, 1);
	assert_memory_equal("\0\0\0\0", a, 4);
	assert_memory_equal(items[0], a + 4, 32);
	assert_memory_equal(items[1], a + 36, 32);
	snd_rig_close(&r);
}

/* ---- SET_PARAMS ----------------------------------------------------------- */

struct params {
	uint32_t stream, buffer, period, features;
	uint8_t channels, format, rate, padding;
};

static uint32_t set(struct snd_rig *r, struct params p)
{
	uint8_t q[24] = { 0x01, 0x01 };

	memcpy(q + 4, &p, sizeof(p));
	return snd_rig_ask(r, q, sizeof(q), NULL, 4, NULL);
}

static void c3_4_4_fixed_parameters_only(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned f = 0; f < 32; f++)
		assert_int_equal(f == 5 ? OK : NOT_SUPP, set(&r, (struct params){
			0, 4096, 1024, 0, 2, (uint8_t)f, 7, 0 }));
	for (unsigned rate = 0; rate < 32; rate++)
		assert_int_equal(rate == 7 ? OK : NOT_SUPP,
				 set(&r, (struct params){
			0, 4096, 1024, 0, 2, 5, (uint8_t)rate, 0 }));
	for (unsigned ch = 0; ch < 5; ch++) {
		assert_int_equal(ch == 2 ? OK : NOT_SUPP, set(&r, (struct params){
			0, 4096, 1024, 0, (uint8_t)ch, 5, 7, 0 }));
		assert_int_equal(ch == 1 ? OK : NOT_SUPP, set(&r, (struct params){
			1, 4096, 1024, 0, (uint8_t)ch, 5, 7, 0 }));
	}
	assert_int_equal(NOT_SUPP, set(&r, (struct params){
		0, 4096, 1024, 0, 2, 255, 7, 0 }));
	assert_int_equal(NOT_SUPP, set(&r, (struct params){
		0, 4096, 1024, 0, 2, 5, 255, 0 }));
	for (unsigned bit = 0; bit < 32; bit++)
		assert_int_equal(NOT_SUPP, set(&r, (struct params){
			0, 4096, 1024, 1u << bit, 2, 5, 7, 0 }));
	snd_rig_close(&r);
}

static void sizes_are_whole_frames(void **state)
{
	static const uint32_t bad[][2] = {
		{ 4096, 0 }, { 0, 0 }, { 1024, 4096 }, { 4096, 1022 },
		{ 4094, 1024 },
	};
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(BAD_MSG, set(&r, (struct params){
			0, bad[i][0], bad[i][1], 0, 2, 5, 7, 0 }));
	assert_int_equal(OK, set(&r, (struct params){
		0, UINT32_MAX - 3, 4, 0, 2, 5, 7, 0 }));
	snd_rig_close(&r);
}

/* ---- states --------------------------------------------------------------- */

#define CMDS (STOP + 1 - SET)
enum { S_NEW, S_SET, S_PREPARED, S_RUNNING, S_STOPPED, STATES };

static uint32_t give(struct snd_rig *r, unsigned cmd, uint32_t stream)
{
	return cmd == SET ? snd_rig_set(r, stream)
			  : snd_rig_do(r, cmd, stream);
}

static void go_to(struct snd_rig *r, unsigned state, uint32_t stream)
{
	static const unsigned way[] = { SET, PREPARE, START, STOP };

	for (unsigned i = 0; i < state; i++)
		give(r, way[i], stream);
}

/* virtio 5.14.6.6.1, and what the contract's drivers do beyond. */
static const char *const valid[2][STATES] = {
	/*     SPRTO: set, prepare, release, start, stop */
	{ "S-R--", "SPR--", "SPRT-", "--RTO", "-PRT-" },
	{ "S----", "SP---", "SPRT-", "----O", "--RT-" },
};

static void state_machine(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * 2 * STATES * CMDS; i++) {
		unsigned p = i % 2, stream = i / 2 % 2;
		unsigned s = i / 4 % STATES, cmd = i / 4 / STATES;
		uint32_t base = p ? 0x8000 : 0, got;
		struct snd_rig r;

		snd_open_up(&r, p ? modern : contract);
		go_to(&r, s, stream);
		got = give(&r, SET + cmd, stream);
		if (got != base + (valid[p][s][cmd] == '-' ? BAD_MSG : OK))
			fail_msg("%s: command %u in state %u: status %#x",
				 p ? "modern" : "aero-w7", cmd, s, got);
		/* The other stream is where it was. */
		assert_int_equal(base + BAD_MSG, give(&r, START, !stream));
		snd_rig_close(&r);
	}
}

static void released_and_prepared_again(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, modern);
	snd_rig_run(&r, 0);
	assert_int_equal(SPEC(OK), give(&r, STOP, 0));
	assert_int_equal(SPEC(OK), give(&r, RELEASE, 0));
	assert_int_equal(1, r.tape->releases);
	/* Linux after an underrun: no new parameters. */
	assert_int_equal(SPEC(OK), give(&r, PREPARE, 0));
	assert_int_equal(SPEC(OK), give(&r, START, 0));
	assert_int_equal(1, r.tape->sets);
	assert_int_equal(2, r.tape->prepares);
	assert_int_equal(2, r.tape->starts);
	assert_int_equal(1, r.tape->stops);
	snd_rig_close(&r);
}

static void host_without_a_card(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	assert_int_equal(OK, give(&r, SET, 0));
	r.tape->refuse = -EIO;
	assert_int_equal(IO_ERR, give(&r, PREPARE, 0));
	assert_int_equal(BAD_MSG, give(&r, START, 0));
	r.tape->refuse = 0;
	assert_int_equal(OK, give(&r, PREPARE, 0));
	assert_int_equal(OK, give(&r, START, 0));
	snd_rig_close(&r);
}

static void reset_forgets_the_streams(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	snd_rig_run(&r, 0);
	snd_rig_run(&r, 1);
	drv_reset(&r.rig.bus);
	assert_int_equal(2, r.tape->stops);
	assert_int_equal(2, r.tape->releases);
	snd_rig_up(&r);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(BAD_MSG, give(&r, PREPARE, i));
		assert_int_equal(BAD_MSG, give(&r, START, i));
		snd_rig_run(&r, i);
	}
	snd_rig_close(&r);
}

/* ---- events --------------------------------------------------------------- */

static void c3_4_2_1_eventq_retained(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	for (unsigned i = 0; i < 64; i++) {
		const struct drv_buf b = { 0x8000 + 8 * i, 8, true };

		assert_true(drv_send(&r.rig.bus, SND_EVENTQ, &r.q[SND_EVENTQ],
				     &b, 1, NULL) >= 0);
	}
	snd_rig_run(&r, 0);
	snd_rig_run(&r, 1);
	snd_rig_pass(&r, 1000 * MS);
	assert_true(snd_rig_quiet(&r, SND_EVENTQ));
	/* Without bus mastering they are the driver's; then ours again. */
	vio_set_dma(r.rig.dev, false);
	assert_int_equal(0, r.rig.dev->vqs[SND_EVENTQ].inflight);
	vio_set_dma(r.rig.dev, true);
	r.rig.bus.ops->notify(&r.rig.bus, SND_EVENTQ);
	assert_true(snd_rig_quiet(&r, SND_EVENTQ));
	assert_int_equal(64, r.rig.dev->vqs[SND_EVENTQ].inflight);
	assert_int_equal(0, rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	drv_reset(&r.rig.bus);
	assert_true(snd_rig_quiet(&r, SND_EVENTQ));
	assert_int_equal(0, r.rig.dev->vqs[SND_EVENTQ].inflight);
	snd_rig_close(&r);
}

static void more_events_than_descriptors(void **state)
{
	struct snd_rig r;

	(void)state;
	snd_open_up(&r, contract);
	drv_split_desc(&r.q[SND_EVENTQ], 0, 0x8000, 8, VRING_DESC_F_WRITE, 0);
	for (uint16_t i = 0; i < 64; i++)
		drv_split_avail(&r.q[SND_EVENTQ], i, 0);
	drv_split_avail_idx(&r.q[SND_EVENTQ], 64);
	r.rig.bus.ops->notify(&r.rig.bus, SND_EVENTQ);
	rig_settle(&r.rig);
	drv_split_avail_idx(&r.q[SND_EVENTQ], 65);
	r.rig.bus.ops->notify(&r.rig.bus, SND_EVENTQ);
	rig_settle(&r.rig);
	assert_true(rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	snd_rig_close(&r);
}

/* ---- the backend's limits ------------------------------------------------- */

static int create_with(const struct vio_profile *prof, struct tape *t,
		       char err[256])
{
	struct vio_dev *dev;
	struct rig rig;
	int e;

	rig_open(&rig, &rig_mmio, 0);
	e = snd_create(&dev, &(struct snd_cfg){
		.prof = prof, .name = "sound0", .gmem = &rig.guest->mem,
		.ctl_loop = rig.ctl, .loop = rig.io }, &t->io, err, 256);
	if (e == 0)
		rig_attach(&rig, dev);
	rig_close(&rig);
	return e;
}

static void file_the_profile_cannot_record(void **state)
{
	const struct sndio_params cd = { 44100, 2, SNDIO_S16 };
	const struct sndio_params odd = { 44000, 1, SNDIO_S16 };
	bool closed = false;
	struct tape *t = tape_new();
	char err[256];

	(void)state;
	t->closed = &closed;
	t->io.only[SNDIO_CAPTURE].fixed = true;
	t->io.only[SNDIO_CAPTURE].params = cd;
	assert_int_equal(-EINVAL, create_with(contract, t, err));
	assert_non_null(strstr(err, "44100 Hz, 2 channels, S16"));
	assert_non_null(strstr(err, "aero-w7"));
	/* It stays the caller's. */
	assert_false(closed);
	t->io.only[SNDIO_CAPTURE].params = odd;
	assert_int_equal(-EINVAL, create_with(modern, t, err));
	t->io.only[SNDIO_CAPTURE].params = cd;
	assert_int_equal(0, create_with(modern, t, err));
	assert_true(closed);
}

static void only_the_files_format_is_offered(void **state)
{
	const uint32_t q[] = { 0x100, 0, 2, 32 };
	struct tape *t = tape_new();
	struct snd_rig r;
	uint8_t a[68];

	(void)state;
	t->io.only[SNDIO_CAPTURE].fixed = true;
	t->io.only[SNDIO_CAPTURE].params = (struct sndio_params){
		8000, 1, SNDIO_U8,
	};
	snd_rig_open(&r, modern, &t->io);
	snd_rig_up(&r);
	assert_int_equal(SPEC(OK), snd_rig_ask(&r, q, 16, a, 68, NULL));
	assert_memory_equal("\x10\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1\1\1",
			    a + 36 + 8, 19);
	assert_int_equal(2, a[4 + 26]);
	snd_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c3_4_2_queues),
		cmocka_unit_test(c3_4_3_features),
		cmocka_unit_test(c3_4_5_configuration),
		cmocka_unit_test(c3_4_6_pcm_info),
		cmocka_unit_test(pcm_info_of_another_size),
		cmocka_unit_test(pcm_info_beyond_bounds),
		cmocka_unit_test(modern_streams_do_more),
		cmocka_unit_test(c3_4_6_unsupported_is_not_supp),
		cmocka_unit_test(short_requests_are_bad),
		cmocka_unit_test(no_such_stream),
		cmocka_unit_test(hostile_requests),
		cmocka_unit_test(request_and_answer_in_pieces),
		cmocka_unit_test(c3_4_4_fixed_parameters_only),
		cmocka_unit_test(sizes_are_whole_frames),
		cmocka_unit_test(state_machine),
		cmocka_unit_test(released_and_prepared_again),
		cmocka_unit_test(host_without_a_card),
		cmocka_unit_test(reset_forgets_the_streams),
		cmocka_unit_test(c3_4_2_1_eventq_retained),
		cmocka_unit_test(more_events_than_descriptors),
		cmocka_unit_test(file_the_profile_cannot_record),
		cmocka_unit_test(only_the_files_format_is_offered),
	};

	return formats_run("virtio-snd requests", tests,
			   sizeof(tests) / sizeof(tests[0]), NULL);
}
