/*
 * Description: a card whose queues the host's own vhost-net serves: traffic,
 * and chains that it does not get over. Only where there is /dev/vhost-net.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/net/vhost.h"
#include "tests/lib/net_rig.h"
#include "tests/lib/taps.h"

#define ALL UINT64_MAX
#define TAP "tapk0"
#define LEN 60
#define HDR 12
#define POSTED 20
#define OUTSIDE UINT64_C(0x7fff00000000)        /* of RAM */

static const uint8_t to_all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static uint8_t frame[LEN], got[70000];

static void open_card(struct net_rig *r, int *wire)
{
	struct netio *io;

	taps_open(&io, &(struct netio_cfg){
		.kind = NETIO_TAP, .tap = TAP, .vhost = NETIO_VHOST_ON }, NULL);
	net_rig_open_io(r, &vio_profile_modern, io, 0, 0);
	net_rig_start(r, ALL);
	*wire = taps_wire(TAP);
}

static bool is_lent(struct net_rig *r)
{
	return r->dev->vqs[0].lent && r->dev->vqs[1].lent;
}

static bool is_back(void *arg)
{
	const struct net_rig *r = arg;

	return !r->dev->vqs[0].lent && !r->dev->vqs[1].lent;
}

static void need_vhost(void)
{
	taps_need();
	if (access(VHOST_DEV, R_OK | W_OK) == 0)
		return;
	fprintf(stderr, "skip: there is no " VHOST_DEV "\n");
	skip();
}

static void post(struct net_rig *r)
{
	for (unsigned i = 0; i < POSTED; i++)
		net_rig_post1(r, 2000);
}

static void assert_sends(struct net_rig *r, int wire, unsigned seed)
{
	struct taps_arrival a = { wire, got, sizeof(got), 0 };
	uint32_t used;
	int id;

	net_rig_frame(frame, LEN, to_all, seed);
	id = net_rig_send_frame(r, frame, LEN);
	/* Past what was sent before. */
	do
		rig_until(&r->rig, taps_arrived, &a);
	while (a.len != LEN || memcmp(frame, got, LEN) != 0);
	assert_int_equal(id, rig_collect(&r->rig, &r->q[1], &used));
	net_rig_free(r, 1, id);
}

/* Some have been posted. The host talks by itself, too. */
static void assert_receives(struct net_rig *r, int wire, unsigned seed)
{
	uint32_t used;
	int id;

	net_rig_frame(frame, LEN, net_rig_mac, seed);
	assert_int_equal(LEN, send(wire, frame, LEN, 0));
	do {
		id = rig_collect(&r->rig, &r->q[0], &used);
		net_rig_read(r, 0, id, got, sizeof(got));
		net_rig_repost(r, id);
	} while (used != HDR + LEN || memcmp(frame, got + HDR, LEN) != 0);
}

/* More than a ring, and with each link flap who serves it changes. */
static void traffic(void **state)
{
	struct net_rig r;
	int wire;

	(void)state;
	need_vhost();
	open_card(&r, &wire);
	post(&r);
	for (unsigned i = 0; i < NET_RIG_Q + 50; i++) {
		assert_true(is_lent(&r));
		assert_sends(&r, wire, i);
		assert_receives(&r, wire, i);
		if (i % 20)
			continue;
		net_set_link(r.dev, false);
		net_rig_settle(&r);
		assert_true(is_back(&r));
		net_set_link(r.dev, true);
		net_rig_settle(&r);
	}
	close(wire);
	net_rig_close(&r);
}

/* A chain that vhost-net stops at, in queue q, after three good ones if it is
 * the transmit queue: it costs nothing but itself. */
static void assert_passes(unsigned q, struct drv_buf bad)
{
	/* A checksum far behind the end. */
	const struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = le16_put(5000), .csum_offset = le16_put(16),
	};
	struct net_rig r;
	int id[4], n = 0, wire;
	uint32_t used;

	open_card(&r, &wire);
	assert_true(is_lent(&r));
	if (!bad.gpa)
		bad.gpa = guest_alloc(r.rig.guest, GUEST_HIGH, HDR + LEN, 64,
				      NULL);
	net_rig_frame(frame, LEN, q ? to_all : net_rig_mac, 1);
	if (bad.gpa != OUTSIDE) {
		guest_poke(r.rig.guest, bad.gpa, &hdr, HDR);
		guest_poke(r.rig.guest, bad.gpa + HDR, frame, LEN);
	}
	while (q == 1 && n < 3)
		id[n++] = net_rig_send_frame(&r, frame, LEN);
	id[n++] = drv_send(&r.rig.bus, (uint16_t)q, &r.q[q], &bad, 1, NULL);
	if (q == 0)
		assert_int_equal(LEN, send(wire, frame, LEN, 0));
	rig_until(&r.rig, is_back, &r);
	for (int i = 0; i < n; i++) {
		assert_int_equal(id[i], rig_collect(&r.rig, &r.q[q], &used));
		assert_int_equal(0, used);
	}
	assert_int_equal(0, rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	post(&r);
	assert_sends(&r, wire, 2);
	assert_receives(&r, wire, 2);
	net_rig_start(&r, ALL);
	assert_true(is_lent(&r));
	close(wire);
	net_rig_close(&r);
}

static void buffers_it_cannot_use(void **state)
{
	(void)state;
	need_vhost();
	assert_passes(0, (struct drv_buf){ OUTSIDE, 256, true });
	assert_passes(0, (struct drv_buf){ 0, HDR + LEN, false });
	assert_passes(1, (struct drv_buf){ OUTSIDE, 256, false });
	assert_passes(1, (struct drv_buf){ 0, HDR + LEN, true });
}

static void frames_it_tries_for_ever(void **state)
{
	(void)state;
	need_vhost();
	assert_passes(1, (struct drv_buf){ 0, HDR - 4, false });
	assert_passes(1, (struct drv_buf){ 0, HDR + LEN, false });
}

static void a_tap_that_is_deleted(void **state)
{
	struct net_rig r;
	int wire;

	(void)state;
	need_vhost();
	open_card(&r, &wire);
	post(&r);
	assert_true(is_lent(&r));
	taps_delete(TAP);
	rig_until(&r.rig, is_back, &r);
	assert_false(r.dev->cfg[6] & VIRTIO_NET_S_LINK_UP);
	assert_int_equal(0, rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	close(wire);
	net_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traffic),
		cmocka_unit_test(buffers_it_cannot_use),
		cmocka_unit_test(frames_it_tries_for_ever),
		cmocka_unit_test(a_tap_that_is_deleted),
	};

	taps_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
