/*
 * Description: a network card with several pairs of queues uses the first alone
 * until told otherwise, each pair its own loop, and none after a reset.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"

#define HDR 12
#define LEN 100
#define ALL UINT64_MAX

enum { CLASS_RX = 0, CLASS_MQ = 4, CLASS_OFFLOADS = 5 };

static const struct netio_pair_cfg plain = { .room = 100 };

static void open_card(struct net_rig *r, uint64_t features)
{
	net_rig_open_pairs(r, &vio_profile_modern, &plain, 2, 0);
	net_rig_start(r, features);
}

static uint8_t set_pairs(struct net_rig *r, uint16_t n)
{
	le16 raw = le16_put(n);

	return net_rig_ctrl(r, CLASS_MQ, 0, &raw, sizeof(raw));
}

/* A frame arrives by this pair. */
static void assert_receives(struct net_rig *r, unsigned pair, unsigned seed)
{
	uint8_t frame[LEN], got[HDR + LEN];
	uint32_t used;
	int id;

	r->pair = pair;
	net_rig_post1(r, 256);
	net_rig_settle(r);
	net_rig_frame(frame, LEN, net_rig_mac, seed);
	net_rig_put(r, frame, LEN);
	id = net_rig_used(r, 2 * pair, &used);
	assert_true(id >= 0);
	assert_int_equal(HDR + LEN, used);
	net_rig_read(r, 2 * pair, id, got, sizeof(got));
	assert_memory_equal(frame, got + HDR, LEN);
	r->pair = 0;
}

/* Whether a frame sent by this pair leaves the card; it is done with anyway. */
static bool sends(struct net_rig *r, unsigned pair, unsigned seed)
{
	uint8_t frame[LEN], got[LEN];
	uint32_t used;
	ssize_t len;

	r->pair = pair;
	net_rig_frame(frame, LEN, net_rig_mac, seed);
	net_rig_send_frame(r, frame, LEN);
	assert_true(net_rig_used(r, 2 * pair + 1, &used) >= 0);
	len = net_rig_get(r, got, sizeof(got));
	r->pair = 0;
	if (len < 0)
		return false;
	assert_int_equal(LEN, len);
	assert_memory_equal(frame, got, LEN);
	return true;
}

static void assert_off(struct net_rig *r, unsigned pair)
{
	uint8_t frame[LEN];

	net_rig_frame(frame, LEN, net_rig_mac, 1);
	assert_int_equal(-ENETDOWN, netio_pair_put(r->ios[pair], frame, LEN));
}

static void pairs_are_offered(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, ALL);
	assert_true(r.acked & VIRTIO_NET_F_MQ);
	assert_int_equal(5, r.dev->nvqs);
	/* max_virtqueue_pairs */
	assert_int_equal(2, r.rig.bus.ops->cfg_get(&r.rig.bus, 8, 2));
	net_rig_close(&r);
}

static void a_card_with_one_pair_does_not_offer_them(void **state)
{
	struct net_rig r;

	(void)state;
	net_rig_open(&r, &vio_profile_modern, &plain, 0, 0);
	net_rig_start(&r, ALL);
	assert_false(r.acked & VIRTIO_NET_F_MQ);
	assert_int_equal(3, r.dev->nvqs);
	assert_int_equal(1, r.rig.bus.ops->cfg_get(&r.rig.bus, 8, 2));
	/* A command of a feature that was not taken. */
	assert_int_equal(1, set_pairs(&r, 1));
	net_rig_close(&r);
}

static struct netio_ops counted;
static const struct netio_ops *real;
static unsigned calls;

static int count_offload(struct netio *io, unsigned set)
{
	calls++;
	return real->offload(io, set);
}

/* What costs the host something is asked of it only where something changes, and
 * not more often than it can bear. */
static void commands_in_a_loop_are_slowed(void **state)
{
	const struct netio_pair_cfg cfg = {
		.room = 100, .can = NETIO_CSUM, .header = true,
	};
	le64 on = le64_put(VIRTIO_NET_F_GUEST_CSUM), off = le64_put(0);
	uint64_t start = loop_now_ns();
	struct net_rig r;

	(void)state;
	net_rig_open_pairs(&r, &vio_profile_modern, &cfg, 2, 0);
	net_rig_start(&r, ALL);
	real = r.io->ops;
	counted = *real;
	counted.offload = count_offload;
	r.io->ops = &counted;
	for (unsigned i = 0; i < 500; i++) {
		assert_int_equal(0, net_rig_ctrl(&r, CLASS_OFFLOADS, 0, &on, 8));
		assert_int_equal(0, set_pairs(&r, 1));
	}
	assert_int_equal(0, calls);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(0, net_rig_ctrl(&r, CLASS_OFFLOADS, 0,
						 i % 2 ? &on : &off, 8));
		assert_int_equal(0, set_pairs(&r, 2 - i % 2));
	}
	assert_int_equal(10, calls);
	/* 20 changes, a hundred a second */
	assert_true(loop_now_ns() - start >= 190000000);
	r.io->ops = real;
	net_rig_close(&r);
}

static void the_contract_has_one_pair(void **state)
{
	struct netio *io[2] = { NULL, NULL };
	struct vio_dev *dev;

	(void)state;
	assert_int_equal(-EINVAL, net_create(&dev, &(struct net_cfg){
		.prof = &vio_profile_aero_w7, .pairs = 2 }, io));
}

static void the_first_pair_works_alone(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, ALL);
	assert_receives(&r, 0, 1);
	assert_true(sends(&r, 0, 2));
	assert_off(&r, 1);
	assert_false(sends(&r, 1, 3));
	net_rig_close(&r);
}

static void pairs_are_turned_on_and_off(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, ALL);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(0, set_pairs(&r, 2));
		assert_receives(&r, 0, 10 * i + 1);
		assert_receives(&r, 1, 10 * i + 2);
		assert_true(sends(&r, 0, 10 * i + 3));
		assert_true(sends(&r, 1, 10 * i + 4));
		assert_int_equal(0, set_pairs(&r, 1));
		assert_off(&r, 1);
		assert_receives(&r, 0, 10 * i + 5);
	}
	net_rig_close(&r);
}

static void wrong_numbers_change_nothing(void **state)
{
	struct net_rig r;
	uint8_t raw[4] = { 1, 0, 0, 0 };

	(void)state;
	open_card(&r, ALL);
	assert_int_equal(0, set_pairs(&r, 2));
	assert_int_equal(1, set_pairs(&r, 0));
	assert_int_equal(1, set_pairs(&r, 3));
	assert_int_equal(1, set_pairs(&r, 0x8000));
	assert_int_equal(1, net_rig_ctrl(&r, CLASS_MQ, 0, raw, 1));
	assert_int_equal(1, net_rig_ctrl(&r, CLASS_MQ, 0, raw, 4));
	assert_int_equal(1, net_rig_ctrl(&r, CLASS_MQ, 1, raw, 2));
	assert_receives(&r, 1, 1);
	net_rig_close(&r);
}

static void a_reset_turns_them_off(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, ALL);
	assert_int_equal(0, set_pairs(&r, 2));
	drv_reset(&r.rig.bus);
	assert_off(&r, 1);
	net_rig_start(&r, ALL);
	assert_off(&r, 1);
	assert_receives(&r, 0, 1);
	assert_int_equal(0, set_pairs(&r, 2));
	assert_receives(&r, 1, 2);
	net_rig_close(&r);
}

/* virtio 5.1.2: without MQ the control queue is the third. */
static void a_driver_without_mq_finds_its_control_queue(void **state)
{
	struct net_rig r;
	uint8_t on = 1;

	(void)state;
	open_card(&r, ALL & ~VIRTIO_NET_F_MQ);
	assert_int_equal(2, r.ctrl);
	assert_int_equal(0, net_rig_ctrl(&r, CLASS_RX, 0, &on, 1));
	assert_int_equal(1, set_pairs(&r, 2));
	assert_receives(&r, 0, 1);
	/* What else it starts is none of its queues. */
	for (unsigned q = 3; q < 5; q++)
		vio_notify(r.dev, q);
	net_rig_settle(&r);
	net_rig_close(&r);
}

/* What the control queue changes holds for each pair from then on. */
static void a_filter_is_everyones(void **state)
{
	uint8_t frame[LEN], other[6] = { 0x02, 9, 9, 9, 9, 9 }, yes = 1, no = 0;
	struct net_rig r;
	uint32_t used;

	(void)state;
	open_card(&r, ALL);
	assert_int_equal(0, set_pairs(&r, 2));
	assert_int_equal(0, net_rig_ctrl(&r, CLASS_RX, 0, &no, 1));
	net_rig_frame(frame, LEN, other, 1);
	for (r.pair = 0; r.pair < 2; r.pair++) {
		net_rig_post1(&r, 256);
		net_rig_settle(&r);
		net_rig_put(&r, frame, LEN);
		assert_int_equal(-1, net_rig_used(&r, 2 * r.pair, &used));
	}
	assert_int_equal(0, net_rig_ctrl(&r, CLASS_RX, 0, &yes, 1));
	for (r.pair = 0; r.pair < 2; r.pair++) {
		net_rig_put(&r, frame, LEN);
		assert_true(net_rig_used(&r, 2 * r.pair, &used) >= 0);
	}
	net_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_offered),
		cmocka_unit_test(a_card_with_one_pair_does_not_offer_them),
		cmocka_unit_test(commands_in_a_loop_are_slowed),
		cmocka_unit_test(the_contract_has_one_pair),
		cmocka_unit_test(the_first_pair_works_alone),
		cmocka_unit_test(pairs_are_turned_on_and_off),
		cmocka_unit_test(wrong_numbers_change_nothing),
		cmocka_unit_test(a_reset_turns_them_off),
		cmocka_unit_test(a_driver_without_mq_finds_its_control_queue),
		cmocka_unit_test(a_filter_is_everyones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
