/* Description: virtio-net keeps to the contract (AERO-W7-VIRTIO 3.2). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"

#define HDR 10
#define BIG 70000

enum { RX, TX };

static uint8_t frame[BIG], got[BIG];

static void open_strict(struct net_rig *r)
{
	net_rig_open(r, &vio_profile_aero_w7, NULL, 0, 0);
	net_rig_start(r, UINT64_MAX);
}

/* The chain used next is that one, with the header zeroed and the frame. */
static void assert_received(struct net_rig *r, int id, size_t len)
{
	static const uint8_t zero[HDR];
	uint32_t used;

	assert_int_equal(id, net_rig_used(r, RX, &used));
	assert_int_equal(HDR + len, used);
	assert_true(net_rig_read(r, RX, id, got, sizeof(got)) >= HDR + len);
	assert_memory_equal(zero, got, HDR);
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

/* That chain completes with length 0; n frames of len bytes came out. */
static void assert_sent(struct net_rig *r, int id, unsigned n, size_t len)
{
	uint32_t used = 99;

	assert_int_equal(id, net_rig_used(r, TX, &used));
	assert_int_equal(0, used);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(len, net_rig_get(r, got, sizeof(got)));
		assert_memory_equal(frame, got, len);
	}
	assert_int_equal(-EAGAIN, net_rig_get(r, got, sizeof(got)));
}

/* ---- what it is ------------------------------------------------------------- */

static void features_and_configuration(void **state)
{
	static const uint8_t cfg[16] = {
		0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 1, 0, 1, 0,
	};
	struct net_rig r;

	(void)state;
	net_rig_open(&r, &vio_profile_aero_w7,
		     &(struct netio_pair_cfg){ .can = 0x6f, .header = true },
		     9000, 0);
	assert_int_equal(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |
			 VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS,
			 drv_offered(&r.rig.bus));
	for (unsigned i = 0; i < sizeof(cfg); i++)
		assert_int_equal(cfg[i], r.rig.bus.ops->cfg_get(&r.rig.bus, i,
								1));
	assert_int_equal(256, drv_q_max(&r.rig.bus, 0));
	assert_int_equal(256, drv_q_max(&r.rig.bus, 1));
	assert_int_equal(0, drv_q_max(&r.rig.bus, 2));
	/* Read-only. */
	r.rig.bus.ops->cfg_put(&r.rig.bus, 0, 1, 0xff);
	assert_int_equal(0x02, r.rig.bus.ops->cfg_get(&r.rig.bus, 0, 1));
	net_rig_close(&r);
}

/* ---- transmit ---------------------------------------------------------------- */

static void transmit_ignores_the_header(void **state)
{
	uint8_t bytes[HDR + 60];
	uint32_t cut = HDR;
	struct net_rig r;

	(void)state;
	open_strict(&r);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	memset(bytes, 0xff, HDR);
	memcpy(bytes + HDR, frame, 60);
	assert_sent(&r, net_rig_send(&r, bytes, sizeof(bytes), 2, &cut), 1, 60);
	net_rig_close(&r);
}

static void transmit_takes_any_layout(void **state)
{
	static const struct { unsigned n; uint32_t cut[5]; } layout[] = {
		{ 1, { 0 } }, { 2, { HDR } }, { 2, { 4 } }, { 3, { 3, 7 } },
		{ 3, { HDR, 14 } }, { 5, { HDR, 1, 5, 8 } }, { 2, { 40 } },
	};
	uint8_t bytes[HDR + 100] = { 0 };
	struct net_rig r;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < sizeof(layout) / sizeof(layout[0]); i++) {
		net_rig_frame(frame, 100, net_rig_mac, i);
		memcpy(bytes + HDR, frame, 100);
		assert_sent(&r, net_rig_send(&r, bytes, sizeof(bytes),
					     layout[i].n, layout[i].cut),
			    1, 100);
	}
	net_rig_close(&r);
}

/* 3.2.6: outside 14..1522 a frame is dropped but completed. */
static void transmit_frame_sizes(void **state)
{
	static const struct { size_t len; unsigned out; } size[] = {
		{ 0, 0 }, { 1, 0 }, { 13, 0 }, { 14, 1 }, { 1514, 1 },
		{ 1522, 1 }, { 1523, 0 }, { 9000, 0 }, { 65535, 0 },
	};
	struct net_rig r;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		net_rig_frame(frame, size[i].len, net_rig_mac, i);
		assert_sent(&r, net_rig_send_frame(&r, frame, size[i].len),
			    size[i].out, size[i].len);
	}
	net_rig_close(&r);
}

static void transmit_short_header(void **state)
{
	uint8_t bytes[HDR] = { 0 };
	struct net_rig r;

	(void)state;
	open_strict(&r);
	for (size_t len = 1; len <= HDR; len++)
		assert_sent(&r, net_rig_send(&r, bytes, len, 0, NULL), 0, 0);
	net_rig_close(&r);
}

/* 3.2.7: a chain with writable descriptors is dropped but completed. */
static void transmit_writable_descriptor(void **state)
{
	struct drv_buf buf[3];
	struct net_rig r;

	(void)state;
	open_strict(&r);
	for (unsigned bad = 0; bad < 3; bad++) {
		for (unsigned i = 0; i < 3; i++)
			buf[i] = (struct drv_buf){
				guest_alloc(r.rig.guest, GUEST_LOW, 64, 1,
					    NULL), 64, i == bad };
		guest_snap(r.rig.guest);
		assert_sent(&r, drv_send(&r.rig.bus, TX, &r.q[TX], buf, 3,
					 NULL), 0, 0);
	}
	net_rig_frame(frame, 60, net_rig_mac, 1);
	assert_sent(&r, net_rig_send_frame(&r, frame, 60), 1, 60);
	net_rig_close(&r);
}

static void transmit_from_nowhere(void **state)
{
	const struct drv_buf buf[][2] = {
		{ { GUEST_HOLE, HDR, false }, { 0x8000, 60, false } },
		{ { 0x8000, HDR, false }, { GUEST_HOLE, 60, false } },
		{ { 0x8000, HDR, false }, { UINT64_MAX - 8, 60, false } },
		{ { 0x8000, HDR, false },
		  { GUEST_HIGH_GPA + GUEST_HIGH_LEN - 59, 60, false } },
	};
	struct net_rig r;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < sizeof(buf) / sizeof(buf[0]); i++)
		assert_sent(&r, drv_send(&r.rig.bus, TX, &r.q[TX], buf[i], 2,
					 NULL), 0, 0);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	assert_sent(&r, net_rig_send_frame(&r, frame, 60), 1, 60);
	assert_int_equal(0, rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	net_rig_close(&r);
}

/* No loss where the peer can wait: chains stay until there is room. */
static void transmit_waits_for_room(void **state)
{
	struct net_rig r;
	uint32_t used;
	unsigned done = 0;

	(void)state;
	net_rig_open(&r, &vio_profile_aero_w7,
		     &(struct netio_pair_cfg){ .room = 3 }, 0, 0);
	net_rig_start(&r, UINT64_MAX);
	for (unsigned i = 0; i < 100; i++) {
		net_rig_frame(frame, 100, net_rig_mac, i);
		net_rig_send_frame(&r, frame, 100);
	}
	while (net_rig_used(&r, TX, &used) >= 0)
		done++;
	assert_int_equal(3, done);
	/* It is not woken for what it cannot do. */
	assert_int_equal(VRING_USED_F_NO_NOTIFY,
			 drv_split_used_flags(&r.q[TX]));
	for (unsigned i = 0; i < 100; i++) {
		net_rig_frame(frame, 100, net_rig_mac, i);
		assert_int_equal(100, net_rig_get(&r, got, sizeof(got)));
		assert_memory_equal(frame, got, 100);
		while (net_rig_used(&r, TX, &used) >= 0)
			done++;
		assert_int_equal(i + 4 < 100 ? i + 4 : 100, done);
	}
	assert_int_equal(-EAGAIN, net_rig_get(&r, got, sizeof(got)));
	assert_int_equal(0, drv_split_used_flags(&r.q[TX]));
	net_rig_close(&r);
}

/* ---- receive ----------------------------------------------------------------- */

static void receive_into_any_layout(void **state)
{
	static const struct { unsigned n; uint32_t len[4]; } layout[] = {
		{ 1, { HDR + 1522 } }, { 2, { HDR, 1522 } },
		{ 3, { 4, 6, 1522 } }, { 4, { HDR, 14, 100, 1500 } },
		{ 2, { 1, 1531 } }, { 1, { 65000 } },
	};
	static const size_t size[] = { 14, 60, 1514, 1522 };
	struct net_rig r;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < sizeof(layout) / sizeof(layout[0]); i++) {
		for (unsigned k = 0; k < sizeof(size) / sizeof(size[0]); k++) {
			int id = net_rig_post(&r, layout[i].n, layout[i].len);
			size_t end = HDR + size[k], all;

			put(&r, size[k], i + k);
			assert_received(&r, id, size[k]);
			/* Nothing behind the frame was touched. */
			all = net_rig_read(&r, RX, id, got, sizeof(got));
			for (size_t at = end; at < all; at++)
				assert_int_equal(0xee, got[at]);
		}
		guest_release_all(r.rig.guest);
		net_rig_start(&r, UINT64_MAX);
	}
	net_rig_close(&r);
}

/* The backend's header says something; the driver's is zero all the same. */
static void receive_zeroes_the_header(void **state)
{
	uint8_t bytes[HDR + 60] = { 2 /* DATA_VALID */, 0, 34, 0, 5, 6, 7 };
	struct net_rig r;
	int id;

	(void)state;
	net_rig_open(&r, &vio_profile_aero_w7,
		     &(struct netio_pair_cfg){ .header = true, .can = 1,
					       .room = 10 }, 0, 0);
	net_rig_start(&r, UINT64_MAX);
	id = net_rig_post1(&r, 2000);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	memcpy(bytes + HDR, frame, 60);
	net_rig_put(&r, bytes, sizeof(bytes));
	assert_received(&r, id, 60);
	/* And what is sent goes out behind a zero header. */
	memset(bytes, 0xff, HDR);
	net_rig_send(&r, bytes, sizeof(bytes), 0, NULL);
	net_rig_settle(&r);
	assert_int_equal(70, net_rig_get(&r, got, sizeof(got)));
	assert_memory_equal(((uint8_t[HDR]){ 0 }), got, HDR);
	assert_memory_equal(frame, got + HDR, 60);
	net_rig_close(&r);
}

/* 3.2.6: outside 14..1522 dropped, and no chain is consumed for it. */
static void receive_frame_sizes(void **state)
{
	static const size_t bad[] = { 0, 1, 13, 1523, 9000, 65535, 69000 };
	struct net_rig r;
	int id;

	(void)state;
	open_strict(&r);
	id = net_rig_post1(&r, 66000);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(&r, bad[i], i);
		assert_no_rx(&r);
		assert_int_equal(0, netio_pair_waiting(r.io));
	}
	/* A tag counts like any other bytes. */
	net_rig_frame(frame, 1523, net_rig_mac, 1);
	frame[12] = 0x81;
	frame[13] = 0x00;
	net_rig_put(&r, frame, 1523);
	assert_no_rx(&r);
	put(&r, 1522, 5);
	assert_received(&r, id, 1522);
	net_rig_close(&r);
}

/* Decision 6: the next chain cannot hold it, so it is dropped; the chain stays
 * and later ones are not searched. */
static void receive_next_chain_is_too_small(void **state)
{
	struct net_rig r;
	int small, big;

	(void)state;
	open_strict(&r);
	small = net_rig_post1(&r, HDR + 100);
	big = net_rig_post1(&r, 2000);
	put(&r, 101, 1);
	assert_no_rx(&r);
	assert_int_equal(0, netio_pair_waiting(r.io));
	put(&r, 100, 2);
	assert_received(&r, small, 100);
	put(&r, 101, 3);
	assert_received(&r, big, 101);
	/* Not even room for the header. */
	small = net_rig_post1(&r, HDR - 1);
	for (unsigned i = 0; i < 100; i++)
		put(&r, 14, i);
	assert_no_rx(&r);
	assert_int_equal(0, netio_pair_waiting(r.io));
	net_rig_close(&r);
}

/* No chain at all: the frames wait, and the next chains get them in order. */
static void receive_waits_for_chains(void **state)
{
	struct net_rig r;
	int id;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < 300; i++)
		put(&r, 100, i);
	assert_no_rx(&r);
	assert_int_equal(300, netio_pair_waiting(r.io));
	/* It wants to hear of buffers. */
	assert_int_equal(0, drv_split_used_flags(&r.q[RX]));
	for (unsigned i = 0; i < 300; i++) {
		id = net_rig_post1(&r, 2000);
		net_rig_frame(frame, 100, net_rig_mac, i);
		assert_received(&r, id, 100);
		if (i % 50 == 0)
			guest_release_all(r.rig.guest);
	}
	assert_int_equal(0, netio_pair_waiting(r.io));
	net_rig_close(&r);
}

/* With chains in hand it needs no kicks, and is woken by frames only. */
static void receive_needs_no_kicks(void **state)
{
	struct net_rig r;
	int id[3];

	(void)state;
	open_strict(&r);
	id[0] = net_rig_post1(&r, 2000);
	net_rig_settle(&r);
	assert_int_equal(VRING_USED_F_NO_NOTIFY,
			 drv_split_used_flags(&r.q[RX]));
	id[1] = net_rig_post1(&r, 2000);
	id[2] = net_rig_post1(&r, 2000);
	for (unsigned i = 0; i < 3; i++) {
		put(&r, 64, i);
		assert_received(&r, id[i], 64);
	}
	net_rig_close(&r);
}

/* Frames that come faster than they are looked at hold up nobody else. */
static void receiving_does_not_starve_sending(void **state)
{
	struct net_rig r;

	(void)state;
	open_strict(&r);
	net_rig_post1(&r, 2000);
	for (unsigned i = 0; i < 5000; i++)
		put(&r, 13, i);
	for (unsigned i = 0; i < 10; i++) {
		loop_step(r.rig.io, 0);
		net_rig_frame(frame, 60, net_rig_mac, i);
		net_rig_send_frame(&r, frame, 60);
		for (unsigned k = 0; k < 3; k++)
			loop_step(r.rig.io, 0);
		assert_int_equal(60, net_rig_get(&r, got, sizeof(got)));
		assert_memory_equal(frame, got, 60);
	}
	assert_true(netio_pair_waiting(r.io) > 0);
	net_rig_close(&r);
}

/* Decision 17: completed with length 0, and later chains work. */
static void receive_unusable_chains(void **state)
{
	struct net_rig r;
	uint32_t used;
	int id;

	(void)state;
	open_strict(&r);
	{
		const struct drv_buf bad[][2] = {
			{ { GUEST_HOLE, 2000, true }, { 0x8000, 1, true } },
			{ { 0x8000, 2000, true }, { GUEST_HOLE, 1, true } },
			{ { GUEST_ROM_GPA, 2000, true }, { 0x8000, 1, true } },
			{ { UINT64_MAX, 2000, true }, { 0x8000, 1, true } },
			{ { 0x8000, 10, false }, { 0x9000, 2000, true } },
			{ { 0x8000, 10, false }, { 0x9000, 2000, false } },
			{ { 0x8000, 10, true }, { 0x9000, 2000, false } },
		};

		for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			put(&r, 100, i);
			guest_snap(r.rig.guest);
			id = net_rig_post_raw(&r, bad[i], 2);
			assert_int_equal(id, net_rig_used(&r, RX, &used));
			assert_int_equal(0, used);
			id = net_rig_post1(&r, 2000);
			assert_received(&r, id, 100);
		}
	}
	/* One behind a good one waits for its turn. */
	id = net_rig_post1(&r, 2000);
	net_rig_post_raw(&r, &(struct drv_buf){ GUEST_HOLE, 99, true }, 1);
	assert_no_rx(&r);
	put(&r, 100, 9);
	assert_received(&r, id, 100);
	assert_true(net_rig_used(&r, RX, &used) >= 0);
	assert_int_equal(0, used);
	net_rig_close(&r);
}

/* A ring full of them is worked off, too. */
static void receive_many_unusable_chains(void **state)
{
	const struct drv_buf bad = { GUEST_HOLE, 2000, true };
	struct net_rig r;
	uint32_t used;

	(void)state;
	open_strict(&r);
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < NET_RIG_Q; i++)
			net_rig_post_raw(&r, &bad, 1);
		for (unsigned i = 0; i < NET_RIG_Q; i++) {
			assert_true(net_rig_used(&r, RX, &used) >= 0);
			assert_int_equal(0, used);
		}
	}
	net_rig_close(&r);
}

/* ---- interrupts -------------------------------------------------------------- */

static void one_interrupt_a_batch(void **state)
{
	struct net_rig r;
	struct irq_probe *line;
	unsigned before;
	uint32_t used;

	(void)state;
	open_strict(&r);
	line = r.rig.via->line(&r.rig);
	for (unsigned i = 0; i < 40; i++)
		net_rig_post1(&r, 2000);
	net_rig_settle(&r);
	before = irq_probe_raised(line);
	for (unsigned i = 0; i < 40; i++)
		put(&r, 100, i);
	net_rig_settle(&r);
	assert_int_equal(before + 1, irq_probe_raised(line));
	assert_int_equal(VIRTIO_ISR_QUEUE,
			 r.rig.bus.ops->take_isr(&r.rig.bus));
	for (unsigned i = 0; i < 40; i++)
		assert_true(net_rig_used(&r, RX, &used) >= 0);
	assert_no_rx(&r);
	assert_false(rig_irq(&r.rig));
	net_rig_close(&r);
}

/* ---- reset and stop ---------------------------------------------------------- */

static void reset_with_chains_in_hand(void **state)
{
	struct net_rig r;
	int id;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < 20; i++)
		net_rig_post1(&r, 2000);
	put(&r, 100, 1);
	net_rig_settle(&r);
	drv_reset(&r.rig.bus);
	guest_snap(r.rig.guest);
	for (unsigned i = 0; i < 20; i++)
		put(&r, 100, i);
	net_rig_settle(&r);
	assert_true(guest_unchanged(r.rig.guest));
	/* They are still there for the next driver. */
	net_rig_start(&r, UINT64_MAX);
	for (unsigned i = 0; i < 20; i++) {
		id = net_rig_post1(&r, 2000);
		net_rig_frame(frame, 100, net_rig_mac, i);
		assert_received(&r, id, 100);
	}
	net_rig_close(&r);
}

static void queue_stopped_and_started(void **state)
{
	struct net_rig r;
	int id;

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < 5; i++)
		net_rig_post1(&r, 2000);
	net_rig_settle(&r);
	drv_q_stop(&r.rig.bus, RX);
	guest_snap(r.rig.guest);
	put(&r, 100, 1);
	net_rig_settle(&r);
	assert_true(guest_unchanged(r.rig.guest));
	rig_ring(&r.rig, &r.q[RX], NET_RIG_Q, false, NULL);
	drv_q_start(&r.rig.bus, RX, &r.q[RX]);
	id = net_rig_post1(&r, 2000);
	assert_received(&r, id, 100);
	net_rig_close(&r);
}

/* Bus mastering off: nothing is written, held chains are kept in order. */
static void no_dma_no_frames(void **state)
{
	struct net_rig r;
	int id[4];

	(void)state;
	open_strict(&r);
	for (unsigned i = 0; i < 3; i++)
		id[i] = net_rig_post1(&r, 2000);
	net_rig_settle(&r);
	vio_set_dma(r.dev, false);
	guest_snap(r.rig.guest);
	for (unsigned i = 0; i < 4; i++)
		put(&r, 100, i);
	net_rig_settle(&r);
	assert_true(guest_unchanged(r.rig.guest));
	vio_set_dma(r.dev, true);
	/* Work resumes at the next notify, and it is asked for. */
	assert_int_equal(0, drv_split_used_flags(&r.q[RX]));
	id[3] = net_rig_post1(&r, 2000);
	for (unsigned i = 0; i < 4; i++) {
		net_rig_frame(frame, 100, net_rig_mac, i);
		assert_received(&r, id[i], 100);
	}
	net_rig_close(&r);
}

/* ---- the cable --------------------------------------------------------------- */

static uint32_t status_of(struct net_rig *r)
{
	return r->rig.bus.ops->cfg_get(&r->rig.bus, 6, 2);
}

static void link_down_and_up(void **state)
{
	struct drv_bus *b;
	struct net_rig r;
	uint32_t gen;
	int id;

	(void)state;
	open_strict(&r);
	b = &r.rig.bus;
	id = net_rig_post1(&r, 2000);
	net_rig_settle(&r);
	gen = b->ops->get(b, DRV_GENERATION);
	net_set_link(r.dev, false);
	assert_int_equal(0, status_of(&r));
	assert_int_equal(VIRTIO_ISR_CONFIG, b->ops->take_isr(b));
	assert_int_not_equal(gen, b->ops->get(b, DRV_GENERATION));
	/* Again the same is nothing new. */
	net_set_link(r.dev, false);
	assert_int_equal(0, b->ops->take_isr(b));
	for (unsigned i = 0; i < 300; i++)
		put(&r, 100, i);
	assert_no_rx(&r);
	assert_int_equal(0, netio_pair_waiting(r.io));
	net_rig_frame(frame, 60, net_rig_mac, 1);
	assert_sent(&r, net_rig_send_frame(&r, frame, 60), 0, 0);
	b->ops->take_isr(b);
	net_set_link(r.dev, true);
	assert_int_equal(VIRTIO_NET_S_LINK_UP, status_of(&r));
	assert_int_equal(VIRTIO_ISR_CONFIG, b->ops->take_isr(b));
	put(&r, 100, 7);
	assert_received(&r, id, 100);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	assert_sent(&r, net_rig_send_frame(&r, frame, 60), 1, 60);
	net_rig_close(&r);
}

static void backend_that_goes_away(void **state)
{
	struct drv_bus *b;
	struct net_rig r;

	(void)state;
	open_strict(&r);
	b = &r.rig.bus;
	net_rig_post1(&r, 2000);
	put(&r, 100, 1);
	net_rig_settle(&r);
	b->ops->take_isr(b);
	netio_pair_cut(r.io);
	net_rig_settle(&r);
	assert_int_equal(0, status_of(&r));
	assert_int_equal(VIRTIO_ISR_CONFIG, b->ops->take_isr(b));
	/* The guest lives on; plugging in does not help. */
	net_rig_frame(frame, 60, net_rig_mac, 1);
	assert_sent(&r, net_rig_send_frame(&r, frame, 60), 0, 0);
	net_set_link(r.dev, false);
	net_set_link(r.dev, true);
	assert_int_equal(0, status_of(&r));
	net_rig_start(&r, UINT64_MAX);
	assert_int_equal(0, status_of(&r));
	assert_sent(&r, net_rig_send_frame(&r, frame, 60), 0, 0);
	net_rig_close(&r);
}

static void destroyed_while_the_loss_is_reported(void **state)
{
	struct net_rig r;

	(void)state;
	open_strict(&r);
	netio_pair_cut(r.io);
	loop_step(r.rig.io, 0);
	vio_reset(r.dev);
	r.rig.via->detach(&r.rig);
	vio_destroy(r.dev);
	r.rig.dev = NULL;
	loop_step(r.rig.ctl, 0);
	net_rig_close(&r);
}

/* ---- everything at once ------------------------------------------------------- */

static void random_traffic(void **state)
{
	struct rnd rnd;
	struct net_rig r;
	uint32_t used;

	(void)state;
	rnd_init(&rnd, "net_strict");
	net_rig_open(&r, &vio_profile_aero_w7, NULL, 0, 0);
	r.rnd = &rnd;
	for (unsigned round = 0; round < 60; round++) {
		unsigned posted = rnd_range(&rnd, 1, 40);
		int id[40];

		net_rig_start(&r, UINT64_MAX);
		for (unsigned i = 0; i < posted; i++) {
			uint32_t len[5];
			unsigned n = rnd_range(&rnd, 1, 5);

			for (unsigned k = 0; k < n; k++)
				len[k] = rnd_range(&rnd, 1, 400);
			len[n - 1] = HDR + 1522;
			id[i] = net_rig_post(&r, n, len);
		}
		for (unsigned i = 0; i < posted; i++) {
			size_t len = rnd_range(&rnd, 14, 1522);

			put(&r, len, i);
			assert_received(&r, id[i], len);
		}
		for (unsigned i = 0; i < 20; i++) {
			uint8_t bytes[HDR + 1522];
			size_t len = rnd_range(&rnd, 14, 1522);
			uint32_t cut[4];
			unsigned n = rnd_range(&rnd, 1, 4);

			for (unsigned k = 0; k < n; k++)
				cut[k] = rnd_range(&rnd, 1, (HDR + 14) / 4);
			rnd_fill(&rnd, bytes, HDR);
			net_rig_frame(frame, len, net_rig_mac, i);
			memcpy(bytes + HDR, frame, len);
			assert_sent(&r, net_rig_send(&r, bytes, HDR + len, n,
						     cut), 1, len);
		}
		assert_int_equal(-1, net_rig_used(&r, RX, &used));
	}
	net_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_and_configuration),
		cmocka_unit_test(transmit_ignores_the_header),
		cmocka_unit_test(transmit_takes_any_layout),
		cmocka_unit_test(transmit_frame_sizes),
		cmocka_unit_test(transmit_short_header),
		cmocka_unit_test(transmit_writable_descriptor),
		cmocka_unit_test(transmit_from_nowhere),
		cmocka_unit_test(transmit_waits_for_room),
		cmocka_unit_test(receive_into_any_layout),
		cmocka_unit_test(receive_zeroes_the_header),
		cmocka_unit_test(receive_frame_sizes),
		cmocka_unit_test(receive_next_chain_is_too_small),
		cmocka_unit_test(receive_waits_for_chains),
		cmocka_unit_test(receive_needs_no_kicks),
		cmocka_unit_test(receiving_does_not_starve_sending),
		cmocka_unit_test(receive_unusable_chains),
		cmocka_unit_test(receive_many_unusable_chains),
		cmocka_unit_test(one_interrupt_a_batch),
		cmocka_unit_test(reset_with_chains_in_hand),
		cmocka_unit_test(queue_stopped_and_started),
		cmocka_unit_test(no_dma_no_frames),
		cmocka_unit_test(link_down_and_up),
		cmocka_unit_test(backend_that_goes_away),
		cmocka_unit_test(destroyed_while_the_loss_is_reported),
		cmocka_unit_test(random_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
