/*
 * Description: a tap whose rings are lent, on real taps in a network namespace
 * of its own, with a stand-in for /dev/vhost-net that serves nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/net/vhost.h"
#include "tests/lib/net_rig.h"
#include "tests/lib/taps.h"

#define ALL UINT64_MAX

/* ---- the stand-in: instead of devices/net/vhost.c ---------------------------- */

struct vhost {
	bool on[2];
	int tap;
};

static struct vhost the_one;
static int refuse;              /* to open */

int vhost_open(struct vhost **out, char *err, size_t errlen)
{
	if (refuse) {
		snprintf(err, errlen, "there is none");
		return refuse;
	}
	*out = &the_one;
	return 0;
}

void vhost_close(struct vhost *v)
{
	assert_false(v && (v->on[0] || v->on[1]));
}

int vhost_memory(struct vhost *v, const struct gmem *gmem)
{
	assert_true(v && gmem->n > 0);
	return 0;
}

uint64_t vhost_features(const struct vhost *v)
{
	(void)v;
	return ALL & ~VIRTIO_F_RING_PACKED;
}

int vhost_start(struct vhost *v, unsigned ring, const struct vhost_ring *r)
{
	assert_true(!v->on[ring] && r->tap >= 0);
	v->on[ring] = true;
	v->tap = r->tap;
	return 0;
}

void vhost_stop(struct vhost *v, unsigned ring)
{
	assert_true(v->on[ring]);
	v->on[ring] = false;
}

void vhost_call(struct vhost *v, unsigned ring, int fd)
{
	assert_true(v->on[ring] && fd >= 0);
}

/* ---- tests -------------------------------------------------------------------- */

static bool is_lent(void)
{
	return the_one.on[0] && the_one.on[1];
}

static bool link_is_down(void *arg)
{
	struct net_rig *r = arg;

	return !(r->rig.bus.ops->cfg_get(&r->rig.bus, 6, 2) &
		 VIRTIO_NET_S_LINK_UP);
}

static void open_card(struct net_rig *r, const struct netio_cfg *cfg)
{
	struct netio *io;

	taps_make(cfg->tap, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, -1);
	taps_up(cfg->tap, true);
	taps_open(&io, cfg, NULL);
	net_rig_open_io(r, &vio_profile_modern, io, (uint16_t)cfg->mtu, 0);
	net_rig_start(r, ALL);
}

/* Deleted under us: link down, and the rings are ours again. */
static void tap_that_disappears(void **state)
{
	static const struct netio_cfg cfg = {
		.kind = NETIO_TAP, .tap = "tapv0",
	};
	uint8_t frame[60];
	struct net_rig r;
	uint32_t used;

	(void)state;
	taps_need();
	net_rig_frame(frame, sizeof(frame), net_rig_mac, 1);
	for (unsigned sending = 0; sending < 2; sending++) {
		open_card(&r, &cfg);
		net_rig_post1(&r, 2000);
		net_rig_settle(&r);
		assert_true(is_lent());
		taps_delete(cfg.tap);
		if (sending)
			net_rig_send_frame(&r, frame, sizeof(frame));
		rig_until(&r.rig, link_is_down, &r);
		assert_false(the_one.on[0] || the_one.on[1]);
		net_rig_send_frame(&r, frame, sizeof(frame));
		for (unsigned i = 0; i < 1 + sending; i++)
			rig_collect(&r.rig, &r.q[1], &used);
		net_rig_close(&r);
	}
}

/* Nobody would look at their headers. */
static void frames_for_an_earlier_driver(void **state)
{
	static const struct netio_cfg cfg = {
		.kind = NETIO_TAP, .tap = "tapv3",
	};
	struct ifreq ifr = { .ifr_qlen = 4000 };
	uint8_t frame[60], got[12 + 1600];
	struct net_rig r;
	ssize_t len;
	int s;

	(void)state;
	taps_need();
	open_card(&r, &cfg);
	drv_reset(&r.rig.bus);
	assert_int_equal(0, taps_ioctl(cfg.tap, SIOCSIFTXQLEN, &ifr));
	net_rig_frame(frame, sizeof(frame), net_rig_mac, 1);
	s = taps_wire(cfg.tap);
	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(60, send(s, frame, sizeof(frame), 0));
	net_rig_start(&r, ALL);
	assert_true(is_lent());
	/* The host may have said something of its own. */
	while ((len = read(the_one.tap, got, sizeof(got))) >= 0)
		assert_true(len != 12 + 60 || memcmp(frame, got + 12, 60) != 0);
	close(s);
	net_rig_close(&r);
	taps_delete(cfg.tap);
}

/* The kernel would pass frames that the driver was promised not to see. */
static void tap_with_a_larger_mtu(void **state)
{
	static const struct { unsigned mtu; uint64_t features; bool lent; }
		row[] = {
		{ 1500, ALL, true }, { 1499, ALL, false },
		{ 1499, ALL & ~VIRTIO_NET_F_MTU, true },
	};

	(void)state;
	taps_need();
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct netio_cfg cfg = {
			.kind = NETIO_TAP, .tap = "tapv2", .mtu = row[i].mtu,
		};
		struct net_rig r;

		open_card(&r, &cfg);
		net_rig_start(&r, row[i].features);
		net_rig_settle(&r);
		assert_true(the_one.on[0] == row[i].lent);
		net_rig_close(&r);
		taps_delete(cfg.tap);
	}
}

/* What happens later finds no words of this one. */
static void hosts_without_it(void **state)
{
	struct netio_cfg cfg = { .kind = NETIO_TAP, .tap = "tapv1" };
	char err[256] = "";
	struct netio *io;

	(void)state;
	taps_need();
	refuse = -ENOENT;
	assert_int_equal(0, netio_open(&io, &cfg, err, sizeof(err)));
	assert_string_equal("", err);
	assert_true(io->lends == 0);
	netio_close(io);
	cfg.vhost = NETIO_VHOST_ON;
	assert_int_equal(-ENOENT, taps_open(&io, &cfg, "there is none"));
	refuse = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tap_that_disappears),
		cmocka_unit_test(frames_for_an_earlier_driver),
		cmocka_unit_test(tap_with_a_larger_mtu),
		cmocka_unit_test(hosts_without_it),
	};

	taps_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
