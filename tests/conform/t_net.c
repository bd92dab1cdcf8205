/* AERO-W7-VIRTIO 3.2: virtio-net. */
#include <string.h>

#include "tests/conform/cf.h"

enum { RX, TX };
#define HDR 10
#define MIN 14
#define MAX 1522
#define EMPTY 0xee

static void c3_2_2a_two_queues_of_256(struct cf *c)
{
	struct drv_bus *b = &c->dev[CF_NET].bus;

	CHECK_EQ(c, 256, drv_q_max(b, RX));
	CHECK_EQ(c, 256, drv_q_max(b, TX));
	CHECK_EQ(c, 0, drv_q_max(b, 2));
}

static void c3_2_3a_features_offered(struct cf *c)
{
	static const uint8_t bits[] = { 32, 28, 5, 16 };
	uint64_t f = drv_offered(&c->dev[CF_NET].bus);

	for (unsigned i = 0; i < sizeof(bits); i++)
		CHECK(c, f >> bits[i] & 1);
}

static void c3_2_3b_features_not_offered(struct cf *c)
{
	uint64_t f = drv_offered(&c->dev[CF_NET].bus);

	CHECK(c, !(f >> 15 & 1));               /* MRG_RXBUF */
	CHECK(c, !(f >> 17 & 1));               /* CTRL_VQ */
	/* CSUM, GUEST_*, HOST_* */
	CHECK_EQ(c, 0, f & (VIRTIO_F(0) | VIRTIO_F(1) | VIRTIO_F(2) |
			    (VIRTIO_F(15) - VIRTIO_F(7))));
	CHECK_EQ(c, 0, f & ~cf_features(CF_NET));
}

static void c3_2_4a_mac_and_status(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);
	uint8_t mac[6];

	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)cf_cfg(d, i, 1);
	/* The address of one card. */
	CHECK_EQ(c, 0, mac[0] & 1);
	CHECK(c, memcmp(mac, "\0\0\0\0\0", 6) != 0);
	CHECK_EQ(c, 1, cf_cfg(d, 6, 2));
	for (unsigned i = 0; i < 10; i++)
		d->bus.ops->cfg_put(&d->bus, i, 1, 0xff);
	for (unsigned i = 0; i < 6; i++)
		CHECK_EQ(c, mac[i], cf_cfg(d, i, 1));
	CHECK_EQ(c, 1, cf_cfg(d, 6, 2));
	cf_link(c, false);
	CF_UNTIL(c, cf_cfg(d, 6, 2) == 0);
}

static void c3_2_4b_one_pair(struct cf *c)
{
	CHECK_EQ(c, 1, cf_cfg(&c->dev[CF_NET], 8, 2));
}

/* ---- sending -------------------------------------------------------------- */

/* A chain of header and frame, cut anywhere behind the header; completed. */
static void send(struct cf *c, struct cf_dev *d, unsigned len, unsigned seed,
		 uint8_t hdr)
{
	struct drv_mem h = cf_mem(c, HDR, 1), m = cf_mem(c, len + 1, 1);
	unsigned cut = len ? rnd_below(&c->rnd, len) : 0, n = 1;
	uint32_t used = 1;
	struct drv_buf b[3];

	memset(h.p, hdr, HDR);
	cf_frame(m.p, len, seed);
	b[0] = (struct drv_buf){ h.gpa, HDR, false };
	if (cut)
		b[n++] = (struct drv_buf){ m.gpa, cut, false };
	if (len)
		b[n++] = (struct drv_buf){ m.gpa + cut, len - cut, false };
	cf_send(c, d, TX, b, n);
	cf_used(c, d, TX, &used);
	CHECK_EQ(c, 0, used);
}

static int get(struct cf *c, void *to, int *len)
{
	return *len = cf_net_get(c, to, CF_FRAME_MAX);
}

/* The next frame out is this one. */
static void arrives(struct cf *c, unsigned len, unsigned seed)
{
	uint8_t want[CF_FRAME_MAX], got[CF_FRAME_MAX];
	int n;

	CF_UNTIL(c, get(c, got, &n) >= 0);
	CHECK_EQ(c, len, (unsigned)n);
	cf_frame(want, len, seed);
	CHECK(c, memcmp(want, got, len) == 0);
}

static void c3_2_5b_header_of_a_sent_frame_is_ignored(struct cf *c)
{
	static const uint8_t hdr[] = { 0x00, 0xff, 0x01, 0x02, 0x81 };
	struct cf_dev *d = cf_up(c, CF_NET);

	for (unsigned i = 0; i < sizeof(hdr); i++) {
		send(c, d, 100 + i, i, hdr[i]);
		arrives(c, 100 + i, i);
	}
}

static void c3_2_6a_sent_frames_of_a_wrong_size(struct cf *c)
{
	static const uint16_t bad[] = { 0, 1, 13, 1523, 1600, 2000 };
	struct cf_dev *d = cf_up(c, CF_NET);

	/* Whatever is not dropped comes before the good one. */
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send(c, d, bad[i], i, 0);
		send(c, d, 60, i, 0);
		arrives(c, 60, i);
	}
}

static void c3_2_7a_used_len_of_a_sent_chain_is_0(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	for (unsigned i = 0; i < 20; i++) {
		unsigned len = rnd_range(&c->rnd, MIN, 200);

		send(c, d, len, i, 0);
		arrives(c, len, i);
	}
}

static void c3_2_7b_writable_part_in_a_sent_chain(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);
	struct drv_mem m = cf_mem(c, 200, 1);
	const struct drv_buf b[3] = {
		{ m.gpa, HDR, false }, { m.gpa + HDR, 60, false },
		{ m.gpa + 100, 50, true },
	};
	uint32_t len = 1;

	memset(m.p, EMPTY, 200);
	cf_send(c, d, TX, b, 3);
	cf_used(c, d, TX, &len);
	CHECK_EQ(c, 0, len);
	for (unsigned i = 100; i < 150; i++)
		CHECK_EQ(c, EMPTY, ((volatile uint8_t *)m.p)[i]);
	send(c, d, 70, 9, 0);
	arrives(c, 70, 9);
}

/* ---- receiving ------------------------------------------------------------ */

struct rx {
	struct drv_mem h, m;    /* header and start of the frame; the rest */
	uint32_t hlen, mlen;
	int id;
};

/* A chain of hlen + mlen bytes; hlen is at least the header's. */
static struct rx post(struct cf *c, struct cf_dev *d, uint32_t hlen,
		      uint32_t mlen)
{
	struct rx r = { cf_mem(c, hlen + 1, 1), cf_mem(c, mlen + 1, 1), hlen,
			mlen, 0 };
	const struct drv_buf b[2] = {
		{ r.h.gpa, hlen, true }, { r.m.gpa, mlen, true },
	};

	memset(r.h.p, EMPTY, hlen + 1);
	memset(r.m.p, EMPTY, mlen + 1);
	r.id = cf_send(c, d, RX, b, mlen ? 2 : 1);
	return r;
}

static struct rx post_any(struct cf *c, struct cf_dev *d)
{
	uint32_t hlen = rnd_chance(&c->rnd, 50) ? HDR :
			rnd_range(&c->rnd, HDR, 600);

	return post(c, d, hlen, HDR + MAX - hlen);
}

/* The frame came into this chain, behind a zeroed header, and no further. */
static void received(struct cf *c, struct cf_dev *d, const struct rx *r,
		     unsigned len, unsigned seed)
{
	uint8_t got[HDR + CF_FRAME_MAX + 1], want[CF_FRAME_MAX];
	uint32_t used;

	CHECK_EQ(c, (unsigned)r->id, (unsigned)cf_used(c, d, RX, &used));
	CHECK_EQ(c, HDR + len, used);
	memcpy(got, r->h.p, r->hlen);
	memcpy(got + r->hlen, r->m.p, r->mlen);
	for (unsigned i = 0; i < HDR; i++)
		CHECK_EQ(c, 0, got[i]);
	cf_frame(want, len, seed);
	CHECK(c, memcmp(want, got + HDR, len) == 0);
	/* The chain is the device's, but what follows it is not. */
	CHECK_EQ(c, EMPTY, ((uint8_t *)r->h.p)[r->hlen]);
	CHECK_EQ(c, EMPTY, ((uint8_t *)r->m.p)[r->mlen]);
}

static void c3_2_5c_header_of_a_received_frame_is_zero(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);

	for (unsigned i = 0; i < 4; i++) {
		struct rx r = post_any(c, d);

		cf_net_put(c, 60 + i, i);
		received(c, d, &r, 60 + i, i);
	}
}

static void c3_2_6b_received_frames_of_a_wrong_size(struct cf *c)
{
	static const uint16_t bad[] = { 1, 13, 1523, 1800 };
	struct cf_dev *d = cf_up(c, CF_NET);

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rx r = post(c, d, HDR, CF_FRAME_MAX - HDR - 1);

		cf_net_put(c, bad[i], i);
		CHECK(c, cf_none(c, d, RX));
		/* The chain is still there for the next. */
		cf_net_put(c, 60, i);
		received(c, d, &r, 60, i);
	}
}

static void c3_2_6c_frames_of_the_valid_sizes(struct cf *c)
{
	static const uint16_t good[] = { MIN, MIN + 1, 59, 1514, MAX - 1, MAX };
	struct cf_dev *d = cf_up(c, CF_NET);

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct rx r = post_any(c, d);

		send(c, d, good[i], i, 0);
		arrives(c, good[i], i);
		cf_net_put(c, good[i], i + 50);
		received(c, d, &r, good[i], i + 50);
	}
}

static void c3_2_8b_one_frame_one_chain(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);
	unsigned n = c->where & CF_GUEST ? 8 : 60;
	struct rx r[60];

	for (unsigned i = 0; i < n; i++)
		r[i] = post_any(c, d);
	for (unsigned i = 0; i < n; i++)
		cf_net_put(c, MIN + i * 20, i);
	for (unsigned i = 0; i < n; i++)
		received(c, d, &r[i], MIN + i * 20, i);
	CHECK(c, cf_none(c, d, RX));
}

static void c3_2_8c_used_len_is_10_and_the_frame(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);
	unsigned len = rnd_range(&c->rnd, MIN, MAX);
	uint32_t used;

	post_any(c, d);
	cf_net_put(c, len, 1);
	cf_used(c, d, RX, &used);
	CHECK_EQ(c, 10 + len, used);
}

static void c3_2_8d_a_frame_the_chain_cannot_hold(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_NET);
	struct rx small = post(c, d, HDR, 100), large = post_any(c, d);

	/* It is lost, though a later chain would hold it (decision 6). */
	cf_net_put(c, 101, 1);
	cf_net_put(c, 1000, 2);
	CHECK(c, cf_none(c, d, RX));
	cf_net_put(c, 100, 3);
	received(c, d, &small, 100, 3);
	cf_net_put(c, 1000, 4);
	received(c, d, &large, 1000, 4);
}

const struct cf_test cf_tests_net[] = {
	CF_TEST(c3_2_2a_two_queues_of_256, CF_ALL),
	CF_TEST(c3_2_3a_features_offered, CF_ALL),
	CF_TEST(c3_2_3b_features_not_offered, CF_ALL),
	CF_TEST(c3_2_4a_mac_and_status, CF_ALL),
	CF_TEST(c3_2_4b_one_pair, CF_ALL),
	CF_TEST(c3_2_5b_header_of_a_sent_frame_is_ignored, CF_ALL),
	CF_TEST(c3_2_5c_header_of_a_received_frame_is_zero, CF_ALL),
	CF_TEST(c3_2_6a_sent_frames_of_a_wrong_size, CF_ALL),
	CF_TEST(c3_2_6b_received_frames_of_a_wrong_size, CF_ALL),
	CF_TEST(c3_2_6c_frames_of_the_valid_sizes, CF_ALL),
	CF_TEST(c3_2_7a_used_len_of_a_sent_chain_is_0, CF_ALL),
	CF_TEST(c3_2_7b_writable_part_in_a_sent_chain, CF_ALL),
	CF_TEST(c3_2_8b_one_frame_one_chain, CF_ALL),
	CF_TEST(c3_2_8c_used_len_is_10_and_the_frame, CF_ALL),
	CF_TEST(c3_2_8d_a_frame_the_chain_cannot_hold, CF_ALL),
	{ NULL, NULL, 0 },
};
