/*
 * Description: queues that the backend serves by itself, by a stand-in for
 * vhost-net that completes chains without looking into them: they come back
 * whenever the card must have them, nothing is lost or doubled, and nobody but
 * one touches a ring.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/net/vhost.h"
#include "tests/lib/net_rig.h"

#define HDR 12
#define LEN 100
#define ALL UINT64_MAX
#define RINGS (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |            \
	       VIRTIO_F_EVENT_IDX | VIRTIO_NET_F_MRG_RXBUF)
#define CAN (NETIO_CSUM | NETIO_TSO4 | NETIO_TSO6 | NETIO_ECN)

enum { CLASS_MQ = 4 };

/* ---- the stand-in ------------------------------------------------------------ */

static struct side {
	bool on;
	unsigned lent;                  /* times */
	struct vhost_ring ring;
	uint16_t used;
	uint64_t kicks;                 /* when it was lent */
} side[NET_RIG_PAIRS][2];
static struct netio_ops ops;
static struct netio *ios[NET_RIG_PAIRS];
static int refuse, refuse_memory;
static unsigned looks;

static struct side *side_of(const struct netio *io, unsigned ring)
{
	return &side[io == ios[1]][ring];
}

static uint64_t counter(int fd)
{
	uint64_t n = 0;

	/* Back in, because those who share an eventfd never read it. */
	if (read(fd, &n, sizeof(n)) == sizeof(n))
		assert_int_equal(sizeof(n), write(fd, &n, sizeof(n)));
	return n;
}

static int fake_memory(struct netio *io, const struct gmem *gmem)
{
	assert_true(io->lends && gmem->n > 0);
	return refuse_memory;
}

static int fake_lend(struct netio *io, unsigned ring, struct vhost_ring *r)
{
	struct side *s = side_of(io, ring);

	assert_false(s->on);
	if (refuse)
		return refuse;
	s->on = true;
	s->lent++;
	s->ring = *r;
	s->used = r->at;
	s->kicks = counter(r->kick);
	/* Whoever had it before has published all he had. */
	assert_int_equal(r->at, le16_get(r->used->idx));
	return 0;
}

static void fake_regain(struct netio *io, unsigned ring)
{
	struct side *s = side_of(io, ring);

	assert_true(s->on);
	s->on = false;
}

static void fake_look(struct netio *io)
{
	looks++;
	assert_true(side_of(io, 0)->on || side_of(io, 1)->on);
}

static void fake_call(struct netio *io, unsigned ring, int fd)
{
	side_of(io, ring)->ring.call = fd;
}

/* What the kernel's thread would do: everything there is, length len. */
static unsigned serve(unsigned pair, unsigned ring, uint32_t len)
{
	struct side *s = &side[pair][ring];
	struct vhost_ring *r = &s->ring;
	unsigned n = 0;

	assert_true(s->on);
	for (; s->used != le16_load_acquire(&r->avail->idx); n++, s->used++) {
		unsigned at = s->used % r->size;

		le32_store(&r->used->ring[at].id, le16_load(&r->avail->ring[at]));
		le32_store(&r->used->ring[at].len, len);
	}
	le16_store_release(&r->used->idx, s->used);
	if (n)
		assert_int_equal(8, write(r->call, &(uint64_t){ 1 }, 8));
	return n;
}

static void open_io(struct netio **io)
{
	const struct netio_pair_cfg cfg = {
		.can = CAN, .header = true, .room = 100,
	};

	assert_int_equal(0, netio_pair_open(io, &cfg));
	ops = *(*io)->ops;
	ops.memory = fake_memory;
	ops.lend = fake_lend;
	ops.regain = fake_regain;
	ops.look = fake_look;
	ops.call = fake_call;
	(*io)->ops = &ops;
	(*io)->lends = RINGS;
}

static void open_card(struct net_rig *r, unsigned pairs, uint64_t features)
{
	memset(side, 0, sizeof(side));
	refuse = 0;
	for (unsigned i = 0; i < pairs; i++)
		open_io(&ios[i]);
	if (pairs == 1)
		net_rig_open_io(r, &vio_profile_modern, ios[0], 0, 0);
	else
		net_rig_open_two(r, &vio_profile_modern, ios, 0);
	net_rig_start(r, features);
}

/* ---- traffic ------------------------------------------------------------------ */

static int send_one(struct net_rig *r, unsigned seed)
{
	uint8_t frame[LEN];

	net_rig_frame(frame, LEN, net_rig_mac, seed);
	return net_rig_send_frame(r, frame, LEN);
}

/* Through the card itself, not the stand-in. */
static void assert_served_here(struct net_rig *r, unsigned seed)
{
	uint8_t frame[LEN], got[HDR + LEN];
	uint32_t used;
	int id = send_one(r, seed);

	net_rig_frame(frame, LEN, net_rig_mac, seed);
	assert_int_equal(id, net_rig_used(r, 1, &used));
	assert_int_equal(HDR + LEN, net_rig_get(r, got, sizeof(got)));
	assert_memory_equal(frame, got + HDR, LEN);
	net_rig_free(r, 1, id);
}

/* n chains in each ring, done by the stand-in, in the driver's order. */
static void assert_served_there(struct net_rig *r, unsigned n)
{
	uint32_t used;

	for (unsigned i = 0; i < n; i++) {
		int tx = send_one(r, i), rx = net_rig_post1(r, 256);

		net_rig_settle(r);
		assert_int_equal(-1, r->q[1].ops->collect(&r->q[1], &used));
		assert_int_equal(1, serve(0, 0, 99));
		assert_int_equal(1, serve(0, 1, 0));
		net_rig_settle(r);
		assert_int_equal(tx, net_rig_used(r, 1, &used));
		assert_int_equal(rx, net_rig_used(r, 0, &used));
		assert_int_equal(99, used);
		net_rig_free(r, 1, tx);
		net_rig_free(r, 0, rx);
	}
}

static void both_rings_go_and_interrupt(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	assert_true(side[0][0].on && side[0][1].on);
	assert_int_equal(0, side[0][0].ring.at);
	/* What was kicked before it listened is not lost on it. */
	assert_true(counter(side[0][1].ring.kick) > 0);
	assert_false(rig_irq(&r.rig));
	send_one(&r, 1);
	serve(0, 1, 0);
	net_rig_settle(&r);
	assert_true(rig_irq(&r.rig));
	/* VIRTIO_MMIO_INT_VRING */
	assert_int_equal(1, r.rig.bus.ops->take_isr(&r.rig.bus));
	net_rig_close(&r);
	assert_false(side[0][0].on || side[0][1].on);
}

static void more_than_a_ring_passes(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	assert_served_there(&r, 3 * NET_RIG_Q);
	assert_int_equal(1, side[0][0].lent);
	net_rig_close(&r);
}

/* Frames are lost while the link is down, and chains come back all the same. */
static void link_flaps_take_them_back(void **state)
{
	uint8_t got[HDR + LEN];
	struct net_rig r;
	uint32_t used;

	(void)state;
	open_card(&r, 1, ALL);
	for (unsigned i = 1; i <= 300; i++) {
		int id;

		assert_served_there(&r, 1 + i % 3);
		net_set_link(r.dev, false);
		net_rig_settle(&r);
		assert_false(side[0][0].on || side[0][1].on);
		id = send_one(&r, i);
		assert_int_equal(id, net_rig_used(&r, 1, &used));
		net_rig_free(&r, 1, id);
		assert_int_equal(-EAGAIN, net_rig_get(&r, got, sizeof(got)));
		net_set_link(r.dev, true);
		net_rig_settle(&r);
		assert_true(side[0][0].on && side[0][1].on);
		assert_int_equal(i + 1, side[0][0].lent);
	}
	net_rig_close(&r);
}

/* Chains that nobody has served wait for whoever comes next. */
static void what_is_posted_meanwhile_is_served_later(void **state)
{
	struct net_rig r;
	uint32_t used;
	int id[3];

	(void)state;
	open_card(&r, 1, ALL);
	for (unsigned i = 0; i < 3; i++)
		id[i] = send_one(&r, i);
	net_set_link(r.dev, false);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(id[i], net_rig_used(&r, 1, &used));
	assert_int_equal(-1, net_rig_used(&r, 1, &used));
	net_set_link(r.dev, true);
	net_rig_settle(&r);
	assert_int_equal(3, side[0][1].ring.at);
	net_rig_close(&r);
}

/* The kernel takes a chain and fails, or is stopped, before it gives it back;
 * its used ring holds what an earlier round left there. */
static void what_is_taken_and_lost_is_served_later(void **state)
{
	uint8_t frame[HDR + LEN] = { 0 };
	struct net_rig r;
	uint32_t used;
	int tx[3], rx;

	(void)state;
	open_card(&r, 1, ALL);
	assert_served_there(&r, NET_RIG_Q + 5);
	for (unsigned i = 0; i < 3; i++)
		tx[i] = send_one(&r, i);
	rx = net_rig_post1(&r, 256);
	side[0][0].used++;
	side[0][1].used += 3;
	refuse = -EFAULT;
	net_set_link(r.dev, false);
	net_rig_settle(&r);
	net_set_link(r.dev, true);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(tx[i], net_rig_used(&r, 1, &used));
	assert_int_equal(-1, net_rig_used(&r, 1, &used));
	assert_int_equal(-1, net_rig_used(&r, 0, &used));
	net_rig_frame(frame + HDR, LEN, net_rig_mac, 1);
	net_rig_put(&r, frame, sizeof(frame));
	assert_int_equal(rx, net_rig_used(&r, 0, &used));
	assert_int_equal(HDR + LEN, used);
	net_rig_close(&r);
}

static void a_reset_takes_them_back(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	for (unsigned i = 1; i < 20; i++) {
		assert_served_there(&r, i);
		send_one(&r, i);
		serve(0, 1, 0);         /* its interrupt comes too late */
		drv_reset(&r.rig.bus);
		assert_false(side[0][0].on || side[0][1].on);
		net_rig_settle(&r);
		assert_false(rig_irq(&r.rig));
		net_rig_start(&r, ALL);
		assert_true(side[0][0].on && side[0][1].on);
		assert_int_equal(0, side[0][0].ring.at);
	}
	net_rig_close(&r);
}

static void a_stopped_queue_comes_back_alone(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	drv_q_stop(&r.rig.bus, 1);
	assert_true(side[0][0].on);
	assert_false(side[0][1].on);
	net_rig_close(&r);
}

/* Its headers are then for us to fill or to ignore. */
static void drivers_of_less_are_served_here(void **state)
{
	static const uint64_t lack[] = {
		VIRTIO_NET_F_CSUM, VIRTIO_NET_F_GUEST_CSUM,
		VIRTIO_NET_F_MRG_RXBUF,
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(lack) / sizeof(lack[0]); i++) {
		struct net_rig r;

		open_card(&r, 1, ALL & ~lack[i]);
		assert_int_equal(0, side[0][0].lent + side[0][1].lent);
		assert_served_here(&r, i);
		net_rig_close(&r);
	}
}

static void packed_rings_are_served_here(void **state)
{
	struct net_rig r;

	(void)state;
	rig_prefer_packed(true);
	open_card(&r, 1, ALL);
	assert_true(r.acked & VIRTIO_F_RING_PACKED);
	assert_int_equal(0, side[0][0].lent + side[0][1].lent);
	assert_served_here(&r, 1);
	net_rig_close(&r);
	rig_prefer_packed(false);
}

static void one_that_refuses_is_not_asked_again(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	drv_reset(&r.rig.bus);
	refuse = -EFAULT;
	net_rig_start(&r, ALL);
	for (unsigned i = 0; i < 5; i++)
		assert_served_here(&r, i);
	assert_false(side[0][0].on || side[0][1].on);
	refuse = 0;
	assert_served_here(&r, 6);
	drv_reset(&r.rig.bus);
	net_rig_start(&r, ALL);
	assert_true(side[0][0].on && side[0][1].on);
	net_rig_close(&r);
}

static void gives_up(struct net_rig *r, unsigned ring)
{
	assert_int_equal(8, write(side[0][ring].ring.err, &(uint64_t){ 1 }, 8));
	net_rig_settle(r);
	assert_false(side[0][0].on || side[0][1].on);
}

/* Decision 9: the device touches nothing more until reset. */
static void a_ring_it_cannot_walk_breaks_the_card(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	r.q[1].ops->spoil(&r.q[1]);
	gives_up(&r, 1);
	assert_true(rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	drv_reset(&r.rig.bus);
	net_rig_start(&r, ALL);
	assert_true(side[0][0].on && side[0][1].on);
	assert_served_there(&r, 2);
	net_rig_close(&r);
}

/* Decisions 9 and 17: only its own chain pays for a bad buffer. */
static void a_buffer_it_cannot_use_does_not(void **state)
{
	static const struct drv_buf bad[2] = {
		{ UINT64_C(0x7fff00000000), 256, true },
		{ UINT64_C(0x7fff00000000), 256, false },
	};
	struct net_rig r;
	uint32_t used;

	(void)state;
	open_card(&r, 1, ALL);
	for (uint16_t ring = 0; ring < 2; ring++) {
		int id = drv_send(&r.rig.bus, ring, &r.q[ring], &bad[ring], 1,
				  NULL);

		gives_up(&r, ring);
		assert_int_equal(0, rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
		assert_int_equal(id, net_rig_used(&r, ring, &used));
		assert_int_equal(0, used);
		assert_served_here(&r, ring);
		drv_reset(&r.rig.bus);
		net_rig_start(&r, ALL);
		assert_served_there(&r, 2);
	}
	net_rig_close(&r);
}

/* As once a second. */
static bool look(struct net_rig *r)
{
	struct loop_timer *t = &to_net(r->dev)->pair[0].watch;

	assert_true(t->at_ns);
	t->fired(t);
	net_rig_settle(r);
	return side[0][1].on;
}

/* A frame that its tap does not take. Waiting for work is not being stuck. */
static void frames_it_does_not_send_are_sent_here(void **state)
{
	struct net_rig r;
	uint32_t used;
	int id;

	(void)state;
	open_card(&r, 1, ALL);
	for (unsigned i = 0; i < 20; i++)
		assert_true(look(&r));
	for (unsigned i = 0; i < 20; i++) {
		assert_served_there(&r, 1);
		send_one(&r, i);
		assert_true(look(&r));
		assert_true(look(&r));
		assert_int_equal(1, serve(0, 1, 0));
		net_rig_free(&r, 1, net_rig_used(&r, 1, &used));
	}
	id = send_one(&r, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_true(look(&r));
	for (unsigned i = 0; i < 3 && look(&r); i++)
		;
	assert_false(side[0][1].on);
	assert_int_equal(id, net_rig_used(&r, 1, &used));
	drv_reset(&r.rig.bus);
	net_rig_start(&r, ALL);
	assert_served_there(&r, 1);
	net_rig_close(&r);
}

static void a_backend_that_goes_gives_them_back(void **state)
{
	struct net_rig r;
	uint32_t used;
	int id;

	(void)state;
	open_card(&r, 1, ALL);
	netio_pair_cut(ios[0]);
	net_rig_settle(&r);
	assert_false(side[0][0].on || side[0][1].on);
	id = send_one(&r, 1);
	assert_int_equal(id, net_rig_used(&r, 1, &used));
	net_rig_close(&r);
}

static void pairs_go_when_they_are_used(void **state)
{
	struct net_rig r;

	(void)state;
	open_card(&r, 2, ALL);
	assert_true(side[0][0].on && side[0][1].on);
	assert_false(side[1][0].on || side[1][1].on);
	for (unsigned i = 0; i < 10; i++) {
		le16 n = le16_put(2);

		assert_int_equal(0, net_rig_ctrl(&r, CLASS_MQ, 0, &n, 2));
		net_rig_settle(&r);
		assert_true(side[1][0].on && side[1][1].on);
		n = le16_put(1);
		assert_int_equal(0, net_rig_ctrl(&r, CLASS_MQ, 0, &n, 2));
		assert_false(side[1][0].on || side[1][1].on);
		assert_true(side[0][0].on && side[0][1].on);
	}
	net_rig_close(&r);
}

/* The host had vhost-net for the first pair, but not for the second. */
static void pairs_without_stay_here(void **state)
{
	struct net_rig r;
	le16 two = le16_put(2);

	(void)state;
	open_card(&r, 2, ALL);
	ios[1]->lends = 0;
	assert_int_equal(0, net_rig_ctrl(&r, CLASS_MQ, 0, &two, 2));
	net_rig_settle(&r);
	assert_true(side[0][0].on && side[0][1].on);
	assert_int_equal(0, side[1][0].lent + side[1][1].lent);
	net_rig_close(&r);
}

static int open_alone(struct net_rig *r, bool must)
{
	struct netio *io;
	struct vio_dev *dev;
	int err;

	open_io(&io);
	err = net_create(&dev, &(struct net_cfg){
		.prof = &vio_profile_modern, .name = "alone",
		.mac = net_rig_mac, .gmem = &r->rig.guest->mem,
		.ctl_loop = r->rig.ctl, .loops = &r->rig.io, .nloops = 1,
		.must_lend = must }, &io);
	if (err) {
		netio_close(io);
		return err;
	}
	assert_true(must || !io->lends);
	vio_destroy(dev);
	return 0;
}

/* Where nothing can be lent, the card does without, or is none. */
static void a_card_without_lending(void **state)
{
	static struct loop_bell bell[1000];
	struct net_rig r;
	unsigned n = 0;

	(void)state;
	open_card(&r, 1, ALL);
	assert_int_equal(0, open_alone(&r, true));
	refuse_memory = -E2BIG;
	assert_int_equal(0, open_alone(&r, false));
	assert_int_equal(-E2BIG, open_alone(&r, true));
	refuse_memory = 0;
	while (loop_bell_add(r.rig.io, &bell[n]) == 0)
		n++;
	/* Three queues, and one interrupt of theirs. */
	for (unsigned i = 0; i < 4; i++)
		loop_bell_del(r.rig.io, &bell[--n]);
	assert_int_equal(0, open_alone(&r, false));
	assert_int_equal(-ENOSPC, open_alone(&r, true));
	while (n > 0)
		loop_bell_del(r.rig.io, &bell[--n]);
	net_rig_close(&r);
}

/* All that a machine may have, on one thread. */
static void the_most_cards_share_a_loop(void **state)
{
	struct netio *io[NET_PAIRS_MAX];
	struct vio_dev *dev[8];
	struct net_rig r;

	(void)state;
	open_card(&r, 1, ALL);
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned q = 0; q < NET_PAIRS_MAX; q++)
			open_io(&io[q]);
		assert_int_equal(0, net_create(&dev[i], &(struct net_cfg){
			.prof = &vio_profile_modern, .name = "more",
			.mac = net_rig_mac, .gmem = &r.rig.guest->mem,
			.ctl_loop = r.rig.ctl, .pairs = NET_PAIRS_MAX,
			.loops = &r.rig.io, .nloops = 1 }, io));
		for (unsigned q = 0; q < NET_PAIRS_MAX; q++)
			assert_true(io[q]->lends);
	}
	for (unsigned i = 0; i < 8; i++)
		vio_destroy(dev[i]);
	net_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_rings_go_and_interrupt),
		cmocka_unit_test(more_than_a_ring_passes),
		cmocka_unit_test(link_flaps_take_them_back),
		cmocka_unit_test(what_is_posted_meanwhile_is_served_later),
		cmocka_unit_test(what_is_taken_and_lost_is_served_later),
		cmocka_unit_test(a_reset_takes_them_back),
		cmocka_unit_test(a_stopped_queue_comes_back_alone),
		cmocka_unit_test(drivers_of_less_are_served_here),
		cmocka_unit_test(packed_rings_are_served_here),
		cmocka_unit_test(one_that_refuses_is_not_asked_again),
		cmocka_unit_test(a_ring_it_cannot_walk_breaks_the_card),
		cmocka_unit_test(a_buffer_it_cannot_use_does_not),
		cmocka_unit_test(frames_it_does_not_send_are_sent_here),
		cmocka_unit_test(a_backend_that_goes_gives_them_back),
		cmocka_unit_test(pairs_go_when_they_are_used),
		cmocka_unit_test(pairs_without_stay_here),
		cmocka_unit_test(a_card_without_lending),
		cmocka_unit_test(the_most_cards_share_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
