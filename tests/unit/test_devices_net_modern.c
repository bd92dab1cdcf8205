/* Description: virtio-net as virtio 1.x has it: mergeable buffers, offloads,
 * MTU, frames of any size. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"
#include "tests/lib/variant.h"

#define HDR 12
#define BIG 70000
#define ALL UINT64_MAX
#define ALL_CAN (NETIO_CSUM | NETIO_TSO4 | NETIO_TSO6 | NETIO_ECN |            \
		 NETIO_USO4 | NETIO_USO6)

enum { RX, TX };

static uint8_t frame[BIG], got[BIG];
static const struct netio_pair_cfg with_header = {
	.can = ALL_CAN, .header = true, .room = 10000,
};

static uint64_t guest_offloads(void)
{
	return VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 |
	       VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN |
	       VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6;
}

static uint64_t host_offloads(void)
{
	return VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 |
	       VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN |
	       VIRTIO_NET_F_HOST_USO;
}

static void open_modern(struct net_rig *r, const struct netio_pair_cfg *cfg,
			uint16_t mtu, uint64_t features)
{
	net_rig_open(r, &vio_profile_modern, cfg, mtu, 0);
	net_rig_start(r, features);
}

/* Reads a received frame out of its chains; checks that all but the last are
 * full. Returns its length, header included; *chains: how many. */
static size_t receive(struct net_rig *r, unsigned *chains)
{
	size_t len = 0, room = 0;
	unsigned want = UINT16_MAX;
	uint32_t used = 0;

	for (*chains = 0; *chains < want; ++*chains) {
		int id = net_rig_used(r, RX, &used);

		assert_true(id >= 0);
		/* All before it were used to their full length. */
		assert_int_equal(len, room);
		room += net_rig_read(r, RX, id, got + len, sizeof(got) - len);
		len += used;
		assert_true(len <= room);
		if (len >= HDR)
			want = got[10] | (unsigned)got[11] << 8;
	}
	return len;
}

static void assert_frame(struct net_rig *r, size_t len, unsigned chains)
{
	unsigned n;

	assert_int_equal(HDR + len, receive(r, &n));
	assert_int_equal(chains, n);
	assert_memory_equal(frame, got + HDR, len);
}

static void assert_no_rx(struct net_rig *r)
{
	uint32_t used;

	assert_int_equal(-1, net_rig_used(r, RX, &used));
}

static void put(struct net_rig *r, size_t len, unsigned seed)
{
	net_rig_frame(frame, len, net_rig_mac, seed);
	net_rig_put(r, frame, len);
}

/* The same from a backend with headers. */
static void put_hdr(struct net_rig *r, uint8_t flags, uint8_t gso, size_t len,
		    unsigned seed)
{
	static uint8_t bytes[HDR + BIG];
	struct virtio_net_hdr hdr = {
		.flags = flags, .gso_type = gso, .hdr_len = le16_put(54),
		.gso_size = le16_put(gso ? 1448 : 0),
		.csum_start = le16_put(34), .csum_offset = le16_put(16),
	};

	net_rig_frame(frame, len, net_rig_mac, seed);
	memcpy(bytes, &hdr, HDR);
	memcpy(bytes + HDR, frame, len);
	net_rig_put(r, bytes, HDR + len);
}

/* ---- features ---------------------------------------------------------------- */

static void offers_what_the_backend_can(void **state)
{
	const uint64_t offload = host_offloads() | guest_offloads() |
				 VIRTIO_NET_F_CTRL_GUEST_OFFLOADS;
	const uint64_t uso = VIRTIO_NET_F_HOST_USO | VIRTIO_NET_F_GUEST_USO4 |
			     VIRTIO_NET_F_GUEST_USO6;
	const struct {
		struct netio_pair_cfg cfg;
		uint64_t want;
	} row[] = {
		{ { .header = true, .can = ALL_CAN }, offload },
		{ { .header = true, .can = ALL_CAN & ~(NETIO_USO4 | NETIO_USO6) },
		  offload & ~uso },
		{ { .header = true, .can = NETIO_CSUM },
		  VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM |
		  VIRTIO_NET_F_CTRL_GUEST_OFFLOADS },
		{ { .header = true }, 0 },
		/* No header could tell of them. */
		{ { .can = ALL_CAN }, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct net_rig r;

		net_rig_open(&r, &vio_profile_modern, &row[i].cfg, 0, 0);
		assert_int_equal(row[i].want, drv_offered(&r.rig.bus) &
				 (offload | VIRTIO_NET_F_MTU));
		net_rig_close(&r);
	}
}

static void configuration(void **state)
{
	static const uint8_t want[17] = {
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 1, 0, 1, 0,
		0x28, 0x23, 0x10, 0x27, 0, 0, 1,
	};
	struct net_rig r;

	(void)state;
	net_rig_open(&r, &vio_profile_modern, NULL, 9000, 0);
	assert_int_equal(VIRTIO_NET_F_MTU,
			 drv_offered(&r.rig.bus) & VIRTIO_NET_F_MTU);
	for (unsigned i = 0; i < sizeof(want); i++)
		assert_int_equal(want[i],
				 r.rig.bus.ops->cfg_get(&r.rig.bus, i, 1));
	assert_int_equal(0, r.rig.bus.ops->cfg_get(&r.rig.bus, 17, 1));
	for (uint16_t q = 0; q < 3; q++)
		assert_int_equal(256, drv_q_max(&r.rig.bus, q));
	assert_int_equal(0, drv_q_max(&r.rig.bus, 3));
	net_rig_close(&r);
}

/* ---- receive ----------------------------------------------------------------- */

/* virtio 5.1.6.4.1: without MRG_RXBUF one chain, num_buffers 1. */
static void one_chain_without_mergeable_buffers(void **state)
{
	struct net_rig r;

	(void)state;
	open_modern(&r, NULL, 0, ALL & ~VIRTIO_NET_F_MRG_RXBUF);
	net_rig_post1(&r, HDR + 100);
	net_rig_post1(&r, HDR + 66000);
	put(&r, 101, 1);
	assert_no_rx(&r);
	put(&r, 100, 2);
	assert_frame(&r, 100, 1);
	put(&r, 65536 + 14, 3);
	assert_frame(&r, 65536 + 14, 1);
	net_rig_close(&r);
}

static void frame_over_several_chains(void **state)
{
	static const struct { uint32_t chain; size_t len; unsigned n; } row[] = {
		{ 1536, 1514, 1 }, { 1536, 1524, 1 }, { 1536, 1525, 2 },
		{ 1536, 9014, 6 }, { 1536, 65550, 43 }, { 4096, 65550, 17 },
		{ 1536, NETIO_FRAME_MAX, 43 }, { 12, 48, 5 }, { 13, 14, 2 },
		/* Chains that cannot even hold the header. */
		{ 5, 23, 7 }, { 1, 20, 32 },
	};

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			struct net_rig r;

			open_modern(&r, k ? &with_header : NULL, 0, ALL);
			for (unsigned n = 0; n < row[i].n + 3; n++)
				net_rig_post1(&r, row[i].chain);
			if (k)
				put_hdr(&r, 1, 1, row[i].len, i);
			else
				put(&r, row[i].len, i);
			assert_frame(&r, row[i].len, row[i].n);
			net_rig_close(&r);
		}
	}
}

/* A frame that has begun waits for the rest of its chains. */
static void frame_waits_for_more_chains(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct net_rig r;

		open_modern(&r, k ? &with_header : NULL, 0, ALL);
		net_rig_post1(&r, 1500);
		net_rig_settle(&r);
		if (k)
			put_hdr(&r, 0, 0, 9014, 1);
		else
			put(&r, 9014, 1);
		for (unsigned i = 0; i < 6; i++) {
			assert_no_rx(&r);
			/* It asks to be told of them. */
			assert_true(r.q[RX].ops->wants_kick(&r.q[RX]));
			net_rig_post1(&r, 1500);
		}
		assert_frame(&r, 9014, 7);
		net_rig_close(&r);
	}
}

static void frame_behind_a_tiny_chain_waits(void **state)
{
	struct net_rig r;

	(void)state;
	/* Smaller than the header, and the backend has none. */
	open_modern(&r, NULL, 0, ALL);
	net_rig_post1(&r, 5);
	net_rig_settle(&r);
	put(&r, 100, 1);
	assert_no_rx(&r);
	net_rig_post1(&r, 3);
	assert_no_rx(&r);
	net_rig_post1(&r, 1500);
	assert_frame(&r, 100, 3);
	net_rig_close(&r);
}

/* What can never fit is dropped: 64 chains are the most for one frame, and a
 * chain that cannot be used ends what is there. */
static void frame_that_never_fits(void **state)
{
	const struct drv_buf bad = { GUEST_HOLE, 1500, true };
	struct net_rig r;
	uint32_t used;

	(void)state;
	open_modern(&r, NULL, 0, ALL);
	for (unsigned i = 0; i < 100; i++)
		net_rig_post1(&r, 20);
	put(&r, 64 * 20 - HDR + 1, 1);
	assert_no_rx(&r);
	put(&r, 64 * 20 - HDR, 2);
	assert_frame(&r, 64 * 20 - HDR, 64);
	net_rig_start(&r, ALL);
	net_rig_post1(&r, 100);
	net_rig_post_raw(&r, &bad, 1);
	net_rig_post1(&r, 1500);
	put(&r, 200, 3);
	assert_no_rx(&r);
	put(&r, 80, 4);
	assert_frame(&r, 80, 1);
	assert_true(net_rig_used(&r, RX, &used) >= 0);
	assert_int_equal(0, used);
	put(&r, 200, 5);
	assert_frame(&r, 200, 1);
	net_rig_close(&r);
}

/* More buffers in one chain than anybody has a use for. */
static void chain_of_very_many_buffers(void **state)
{
	struct net_rig r;
	struct drv_buf buf[NET_RIG_BUFS], byte[1024];
	struct drv_mem table;
	uint64_t data;
	uint32_t used;
	unsigned n;
	int id;

	(void)state;
	open_modern(&r, NULL, 0, ALL);
	table.gpa = guest_alloc(r.rig.guest, GUEST_LOW, 16 * 1024, 16, NULL);
	data = guest_alloc(r.rig.guest, GUEST_LOW, 4096, 16, NULL);
	table.p = guest_ptr(r.rig.guest, table.gpa, 16 * 1024);
	for (unsigned i = 0; i < 1024; i++)
		byte[i] = (struct drv_buf){ data + i, 1, true };
	id = drv_send(&r.rig.bus, RX, &r.q[RX], byte, 1024, &table);
	assert_int_equal(id, net_rig_used(&r, RX, &used));
	assert_int_equal(0, used);
	net_rig_start(&r, ALL);
	/* A ring's worth is fine, several times over. */
	for (n = 0; n < NET_RIG_BUFS; n++)
		buf[n] = (struct drv_buf){
			guest_alloc(r.rig.guest, GUEST_HIGH, 30, 1, NULL), 30,
			true,
		};
	for (unsigned i = 0; i < 6; i++)
		net_rig_post_raw(&r, buf, n);
	put(&r, 30 * n - HDR, 1);
	assert_frame(&r, 30 * n - HDR, 1);
	net_rig_close(&r);
}

static void reset_with_half_a_frame(void **state)
{
	struct net_rig r;

	(void)state;
	open_modern(&r, NULL, 0, ALL);
	net_rig_post1(&r, 1500);
	net_rig_settle(&r);
	put(&r, 9014, 1);
	net_rig_settle(&r);
	drv_reset(&r.rig.bus);
	guest_snap(r.rig.guest);
	put(&r, 100, 2);
	net_rig_settle(&r);
	assert_true(guest_unchanged(r.rig.guest));
	net_rig_start(&r, ALL);
	net_rig_post1(&r, 1500);
	/* The half is lost, the next one is not. */
	assert_frame(&r, 100, 1);
	net_rig_close(&r);
}

/* virtio 5.1.4.1: MUST NOT exceed mtu plus the Ethernet header. */
static void mtu_limits_what_is_received(void **state)
{
	struct net_rig r;

	(void)state;
	open_modern(&r, &with_header, 1500, ALL);
	for (unsigned i = 0; i < 60; i++)
		net_rig_post1(&r, 2000);
	put_hdr(&r, 0, 0, 1514, 1);
	assert_frame(&r, 1514, 1);
	put_hdr(&r, 0, 0, 1515, 2);
	assert_no_rx(&r);
	/* Segmentation is what makes long ones short. */
	put_hdr(&r, 1, 1, 60000, 3);
	assert_frame(&r, 60000, (60000 + HDR + 1999) / 2000);
	net_rig_close(&r);
	open_modern(&r, &with_header, 1500, ALL & ~VIRTIO_NET_F_MTU);
	for (unsigned i = 0; i < 60; i++)
		net_rig_post1(&r, 2000);
	put_hdr(&r, 0, 0, 9000, 2);
	assert_frame(&r, 9000, 5);
	net_rig_close(&r);
}

/* A tag is part of the low-level header. */
static void mtu_leaves_room_for_a_vlan_tag(void **state)
{
	uint8_t tagged[1519];
	struct net_rig r;
	unsigned n;

	(void)state;
	open_modern(&r, NULL, 1500, ALL & ~VIRTIO_NET_F_CTRL_VLAN);
	for (unsigned i = 0; i < 3; i++)
		net_rig_post1(&r, 2000);
	net_rig_frame(tagged, sizeof(tagged), net_rig_mac, 1);
	tagged[12] = 0x81;
	tagged[13] = 0x00;
	net_rig_put(&r, tagged, 1519);
	assert_no_rx(&r);
	net_rig_put(&r, tagged, 1518);
	assert_int_equal(HDR + 1518, receive(&r, &n));
	assert_memory_equal(tagged, got + HDR, 1518);
	net_rig_close(&r);
}

/* ---- offloads ---------------------------------------------------------------- */

static void headers_pass_both_ways(void **state)
{
	static const uint8_t types[] = { 0, 1, 4, 5, 0x81, 0x84 };
	uint8_t bytes[HDR + 100];
	struct virtio_net_hdr hdr;
	struct net_rig r;
	unsigned n;

	(void)state;
	open_modern(&r, &with_header, 0, ALL);
	for (unsigned i = 0; i < sizeof(types); i++) {
		for (unsigned k = 0; k < 2; k++)
			net_rig_post1(&r, 1500);
		put_hdr(&r, 1, types[i], 2000, i);
		assert_int_equal(HDR + 2000, receive(&r, &n));
		memcpy(&hdr, got, sizeof(hdr));
		assert_int_equal(1, hdr.flags);
		assert_int_equal(types[i], hdr.gso_type);
		assert_int_equal(54, le16_get(hdr.hdr_len));
		assert_int_equal(types[i] ? 1448 : 0, le16_get(hdr.gso_size));
		assert_int_equal(34, le16_get(hdr.csum_start));
		assert_int_equal(16, le16_get(hdr.csum_offset));
		assert_int_equal(2, le16_get(hdr.num_buffers));
		assert_memory_equal(frame, got + HDR, 2000);
		net_rig_frame(bytes, sizeof(bytes), net_rig_mac, i);
		bytes[1] = types[i];
		net_rig_send(&r, bytes, sizeof(bytes), 0, NULL);
		net_rig_settle(&r);
		assert_int_equal(sizeof(bytes),
				 net_rig_get(&r, got, sizeof(got)));
		assert_memory_equal(bytes, got, sizeof(bytes));
	}
	net_rig_close(&r);
}

/* virtio 5.1.6.4.1: without GUEST_CSUM flags MUST be zero. */
static void nothing_the_driver_did_not_accept(void **state)
{
	static const struct {
		uint64_t not;           /* features left out */
		uint8_t flags, gso;
		bool passes;
	} row[] = {
		{ 0, 2, 0, true },
		{ 0, 1, 0, true },
		{ VIRTIO_NET_F_GUEST_CSUM, 2, 0, true },
		{ VIRTIO_NET_F_GUEST_CSUM, 1, 0, false },
		{ VIRTIO_NET_F_GUEST_CSUM, 1, 1, false },
		{ VIRTIO_NET_F_GUEST_TSO4, 1, 1, false },
		{ VIRTIO_NET_F_GUEST_TSO4, 1, 4, true },
		{ VIRTIO_NET_F_GUEST_TSO6, 1, 4, false },
		{ VIRTIO_NET_F_GUEST_TSO6, 1, 0x84, false },
		{ VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6, 1, 5,
		  false },
		{ 0, 1, 3, false },
		{ 0, 1, 0x7f, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct net_rig r;
		unsigned n;

		open_modern(&r, &with_header, 0, ALL & ~row[i].not);
		net_rig_post1(&r, 1500);
		put_hdr(&r, row[i].flags, row[i].gso, 100, i);
		if (row[i].passes) {
			assert_int_equal(HDR + 100, receive(&r, &n));
			assert_int_equal(row[i].not & VIRTIO_NET_F_GUEST_CSUM ?
					 0 : row[i].flags, got[0]);
			assert_int_equal(row[i].gso, got[1]);
		} else {
			assert_no_rx(&r);
		}
		net_rig_close(&r);
	}
}

static void header_of_a_plain_driver_is_blank(void **state)
{
	uint8_t bytes[HDR + 60];
	struct net_rig r;

	(void)state;
	open_modern(&r, &with_header, 0, ALL & ~host_offloads());
	net_rig_frame(bytes, sizeof(bytes), net_rig_mac, 1);
	net_rig_send(&r, bytes, sizeof(bytes), 0, NULL);
	net_rig_settle(&r);
	assert_int_equal(sizeof(bytes), net_rig_get(&r, got, sizeof(got)));
	assert_memory_equal(((uint8_t[HDR]){ 0 }), got, HDR);
	assert_memory_equal(bytes + HDR, got + HDR, 60);
	net_rig_close(&r);
}

/* Only after DRIVER_OK, what the driver took, and never longer. */
static void offloads_are_set_while_a_driver_runs(void **state)
{
	static const struct { uint64_t features; unsigned set; } row[] = {
		{ ALL, ALL_CAN },
		{ ALL & ~VIRTIO_NET_F_GUEST_ECN, ALL_CAN & ~NETIO_ECN },
		{ VIRTIO_NET_F_GUEST_CSUM, NETIO_CSUM },
		{ VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO6,
		  NETIO_CSUM | NETIO_TSO6 },
		{ 0, 0 },
	};
	struct net_rig r;

	(void)state;
	net_rig_open(&r, &vio_profile_modern, &with_header, 0, 0);
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_true(drv_start(&r.rig.bus, drv_offered(&r.rig.bus) &
				      (row[i].features | VIRTIO_F_VERSION_1)));
		assert_int_equal(0, netio_pair_offloads(r.io));
		drv_ok(&r.rig.bus);
		assert_int_equal(row[i].set, netio_pair_offloads(r.io));
		drv_reset(&r.rig.bus);
		assert_int_equal(0, netio_pair_offloads(r.io));
	}
	net_rig_close(&r);
}

/* ---- transmit ---------------------------------------------------------------- */

static void transmits_frames_of_any_size(void **state)
{
	static const size_t size[] = {
		14, 60, 1514, 9014, 65550, NETIO_FRAME_MAX,
	};
	struct net_rig r;
	uint32_t used;

	(void)state;
	open_modern(&r, NULL, 0, ALL);
	for (unsigned i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		net_rig_frame(frame, size[i], net_rig_mac, i);
		net_rig_send_frame(&r, frame, size[i]);
		assert_true(net_rig_used(&r, TX, &used) >= 0);
		assert_int_equal(0, used);
		assert_int_equal(size[i], net_rig_get(&r, got, sizeof(got)));
		assert_memory_equal(frame, got, size[i]);
	}
	net_rig_send_frame(&r, frame, NETIO_FRAME_MAX + 1);
	net_rig_send_frame(&r, frame, 13);
	for (unsigned i = 0; i < 2; i++)
		assert_true(net_rig_used(&r, TX, &used) >= 0);
	assert_int_equal(-EAGAIN, net_rig_get(&r, got, sizeof(got)));
	net_rig_close(&r);
}

/* ---- everything at once ------------------------------------------------------- */

static void random_traffic(void **state)
{
	struct rnd rnd;
	struct net_rig r;

	(void)state;
	rnd_init(&rnd, "net_modern");
	for (unsigned round = 0; round < 60; round++) {
		bool mrg = rnd_chance(&rnd, 70), hdr = rnd_chance(&rnd, 50);
		uint64_t room = 0;
		unsigned n;

		net_rig_open(&r, &vio_profile_modern, hdr ? &with_header : NULL,
			     0, rnd_chance(&rnd, 50) ? RIG_URING : 0);
		r.rnd = &rnd;
		net_rig_start(&r, mrg ? ALL : ALL & ~VIRTIO_NET_F_MRG_RXBUF);
		for (unsigned i = 0; i < 60; i++) {
			uint32_t len[3];
			unsigned bufs = rnd_range(&rnd, 1, 3);

			for (unsigned k = 0; k < bufs; k++)
				len[k] = rnd_range(&rnd, mrg ? 100 : 2000, 3000);
			net_rig_post(&r, bufs, len);
			room += len[0];
		}
		while (room > 12000) {
			size_t len = rnd_chance(&rnd, 50) ?
				     rnd_range(&rnd, 14, 1514) :
				     rnd_range(&rnd, 14, mrg ? 9000 : 1800);

			if (hdr)
				put_hdr(&r, 0, 0, len, round);
			else
				put(&r, len, round);
			assert_int_equal(HDR + len, receive(&r, &n));
			assert_memory_equal(frame, got + HDR, len);
			assert_true(mrg || n == 1);
			room -= len + HDR + n * 3000u < room ?
				len + HDR + n * 3000u : room;
		}
		net_rig_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_what_the_backend_can),
		cmocka_unit_test(configuration),
		cmocka_unit_test(one_chain_without_mergeable_buffers),
		cmocka_unit_test(frame_over_several_chains),
		cmocka_unit_test(frame_waits_for_more_chains),
		cmocka_unit_test(frame_behind_a_tiny_chain_waits),
		cmocka_unit_test(frame_that_never_fits),
		cmocka_unit_test(chain_of_very_many_buffers),
		cmocka_unit_test(reset_with_half_a_frame),
		cmocka_unit_test(mtu_limits_what_is_received),
		cmocka_unit_test(mtu_leaves_room_for_a_vlan_tag),
		cmocka_unit_test(headers_pass_both_ways),
		cmocka_unit_test(nothing_the_driver_did_not_accept),
		cmocka_unit_test(header_of_a_plain_driver_is_blank),
		cmocka_unit_test(offloads_are_set_while_a_driver_runs),
		cmocka_unit_test(transmits_frames_of_any_size),
		cmocka_unit_test(random_traffic),
	};

	return formats_run("virtio-net modern", tests,
			   sizeof(tests) / sizeof(tests[0]), NULL);
}
