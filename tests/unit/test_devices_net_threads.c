/*
 * Description: a network card whose loops run by themselves loses, doubles and
 * reorders nothing, and survives resets and a cable that comes and goes; with
 * two pairs of queues, also the second one's.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "devices/base/log.h"
#include "tests/lib/net_rig.h"
#include "tests/lib/race.h"
#include "tests/lib/variant.h"

#define HDR 12
#define LEN 200
#define ALL UINT64_MAX

/* Somebody at the other end of the cable. */
struct peer {
	struct netio *io;
	pthread_t thread;
	uint32_t put, got;      /* frames, numbered */
	uint32_t last;          /* what came last; 0: nothing */
	uint32_t n;             /* stop after; 0: when told */
	unsigned room;          /* frames on the way to the card at a time */
	bool stop;              /* atomic */
	bool gaps;              /* some may be missing */
};

static void number(uint8_t *frame, uint32_t n)
{
	net_rig_frame(frame, LEN, net_rig_mac, n);
	memcpy(frame + 14, &n, sizeof(n));
}

static uint32_t check(const uint8_t *frame)
{
	uint8_t want[LEN];
	uint32_t n;

	memcpy(&n, frame + 14, sizeof(n));
	number(want, n);
	BUG_ON(memcmp(want, frame, LEN));
	return n;
}

static void peer_take(struct peer *p)
{
	uint8_t frame[70000];
	ssize_t len;

	while ((len = netio_pair_get(p->io, frame, sizeof(frame))) >= 0) {
		uint32_t n;

		BUG_ON(len != LEN);
		n = check(frame);
		BUG_ON(p->gaps ? n <= p->last : n != p->last + 1);
		p->last = n;
		p->got++;
	}
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;
	uint8_t frame[LEN];

	while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
		bool idle = true;

		while ((!p->n || p->put < p->n) &&
		       netio_pair_waiting(p->io) < p->room) {
			int err;

			number(frame, p->put + 1);
			err = netio_pair_put(p->io, frame, LEN);
			/* A queue of several may be off. */
			BUG_ON(err && (err != -ENETDOWN || !p->gaps));
			if (err)
				break;
			p->put++;
			idle = false;
		}
		peer_take(p);
		if (idle)
			nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
	}
	peer_take(p);
	return NULL;
}

static void peer_start(struct peer *p, struct netio *io, uint32_t n, bool gaps)
{
	*p = (struct peer){ .io = io, .n = n, .room = 300, .gaps = gaps };
	assert_int_equal(0, pthread_create(&p->thread, NULL, peer_main, p));
}

static void peer_stop(struct peer *p)
{
	__atomic_store_n(&p->stop, true, __ATOMIC_RELEASE);
	pthread_join(p->thread, NULL);
}

/* The driver's side: takes what came, sends what fits. */
struct driver {
	struct net_rig *r;
	unsigned pair;
	uint32_t last, received;        /* numbers as the peer's */
	uint32_t sent, done;
	uint64_t slots;         /* NET_RIG_Q of SLOT bytes, for what is sent */
	bool gaps;
};
#define SLOT 256

static struct drv_ring *rx(const struct driver *d)
{
	return &d->r->q[2 * d->pair];
}

static struct drv_ring *tx(const struct driver *d)
{
	return &d->r->q[2 * d->pair + 1];
}

static void fill(struct driver *d)
{
	d->slots = guest_alloc(d->r->rig.guest, GUEST_HIGH, NET_RIG_Q * SLOT,
			       SLOT, NULL);
	guest_fill(d->r->rig.guest, d->slots, 0, NET_RIG_Q * SLOT);
	d->r->pair = d->pair;
	for (unsigned i = 0; i < 200; i++)
		net_rig_post1(d->r, SLOT);
	d->r->pair = 0;
}

static void restart(struct driver *d, uint64_t features)
{
	net_rig_start(d->r, features);
	fill(d);
}

static void driver_take(struct driver *d)
{
	uint8_t bytes[HDR + LEN];
	struct net_rig *r = d->r;
	uint32_t used, n;
	int id;

	r->pair = d->pair;
	while ((id = rx(d)->ops->collect(rx(d), &used)) >= 0) {
		assert_int_equal(HDR + LEN, used);
		net_rig_read(r, 2 * d->pair, id, bytes, sizeof(bytes));
		n = check(bytes + HDR);
		assert_true(d->gaps ? n > d->last : n == d->last + 1);
		d->last = n;
		d->received++;
		net_rig_repost(r, id);
	}
	r->pair = 0;
}

static void driver_send(struct driver *d, uint32_t upto)
{
	struct drv_ring *q = tx(d);
	uint8_t frame[LEN];
	uint32_t used;

	while (q->ops->collect(q, &used) >= 0) {
		assert_int_equal(0, used);
		d->done++;
	}
	while (q->nfree > 0 && d->sent < upto) {
		/* They come back in order, so the slot is free. */
		struct drv_buf buf = {
			d->slots + d->sent % NET_RIG_Q * SLOT, HDR + LEN, false,
		};

		number(frame, ++d->sent);
		guest_poke(d->r->rig.guest, buf.gpa + HDR, frame, LEN);
		assert_true(drv_send(&d->r->rig.bus,
				     (uint16_t)(2 * d->pair + 1), q, &buf, 1,
				     NULL) >= 0);
	}
}

static void exchange(unsigned flags, uint64_t features, unsigned room)
{
	const uint32_t n = 10000;
	struct netio_pair_cfg cfg = { .room = room };
	struct patience pat = patience_new();
	struct driver d;
	struct net_rig r;
	struct peer p;

	net_rig_open(&r, &vio_profile_modern, &cfg, 0, flags | RIG_THREADS);
	d = (struct driver){ .r = &r };
	restart(&d, features);
	peer_start(&p, r.io, n, false);
	while (d.received < n || d.done < n) {
		uint32_t was = d.received + d.done;

		driver_take(&d);
		driver_send(&d, n);
		if (d.received + d.done != was)
			pat = patience_new();
		else if (!patience_left(&pat))
			fail_msg("stuck: %u received, %u sent", d.received,
				 d.done);
	}
	peer_stop(&p);
	assert_int_equal(n, p.got);
	assert_int_equal(n, d.received);
	net_rig_close(&r);
}

static void nothing_is_lost(void **state)
{
	(void)state;
	exchange(0, ALL, 10000);
	exchange(RIG_URING, ALL, 10000);
}

static void nothing_is_lost_without_event_idx(void **state)
{
	(void)state;
	exchange(0, ALL & ~VIRTIO_F_EVENT_IDX, 10000);
}

/* The peer's queue is full most of the time. */
static void nothing_is_lost_with_little_room(void **state)
{
	(void)state;
	exchange(0, ALL, 3);
	exchange(RIG_URING, ALL & ~VIRTIO_F_EVENT_IDX, 3);
}

/* ---- with interruptions -------------------------------------------------------- */

struct flap {
	struct vio_dev *dev;
	bool up;
};

static void set_link(void *arg)
{
	struct flap *f = arg;

	net_set_link(f->dev, f->up);
}

static void flap(struct net_rig *r, bool up)
{
	struct flap f = { r->dev, up };

	loop_call_sync(r->rig.ctl, set_link, &f);
}

/* Frames get through again, both ways. */
static void assert_alive(struct driver *d)
{
	struct patience pat = patience_new();
	uint32_t received = d->received, done = d->done;

	while (d->received < received + 50 || d->done < done + 50) {
		driver_take(d);
		driver_send(d, UINT32_MAX);
		assert_true(patience_left(&pat));
	}
}

static void resets_and_flaps(unsigned flags)
{
	static const struct netio_pair_cfg cfg = { .room = 50 };
	unsigned resets = 0, flaps = 0;
	struct net_rig r;
	struct driver d;
	struct rnd rnd;
	struct peer p;

	rnd_init(&rnd, "net_threads");
	net_rig_open(&r, &vio_profile_modern, &cfg, 0, flags | RIG_THREADS);
	d = (struct driver){ .r = &r, .gaps = true };
	restart(&d, ALL);
	peer_start(&p, r.io, 0, true);
	for (unsigned i = 0; i < 150 || d.done + d.received < race_count();
	     i++) {
		for (unsigned k = rnd_below(&rnd, 20); k > 0; k--) {
			driver_take(&d);
			driver_send(&d, UINT32_MAX);
		}
		switch (rnd_below(&rnd, 5)) {
		case 0:
			restart(&d, ALL);
			resets++;
			break;
		case 1:
			flaps++;
			flap(&r, false);
			driver_send(&d, UINT32_MAX);
			flap(&r, true);
			break;
		case 2:
			drv_reset(&r.rig.bus);
			guest_snap(r.rig.guest);
			nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
			assert_true(guest_unchanged(r.rig.guest));
			restart(&d, ALL);
			resets++;
			break;
		case 3:
			vio_set_dma(r.dev, false);
			vio_set_dma(r.dev, true);
			/* Both are kicked to life. */
			r.rig.bus.ops->notify(&r.rig.bus, 0);
			r.rig.bus.ops->notify(&r.rig.bus, 1);
			break;
		default:
			net_rig_ctrl(&r, 1, 1, net_rig_mac, 6);
		}
		if (i % 20 == 0)
			assert_alive(&d);
	}
	assert_alive(&d);
	peer_stop(&p);
	net_rig_close(&r);
	if (race_count())
		printf("race: %u frames sent, %u received, %u resets, %u link "
		       "flaps\n", d.done, d.received, resets, flaps);
}

static void resets_and_flaps_under_traffic(void **state)
{
	(void)state;
	resets_and_flaps(0);
	resets_and_flaps(RIG_URING);
}

/* ---- two pairs ------------------------------------------------------------------ */

struct two {
	struct net_rig r;
	struct driver d[2];
	struct peer p[2];
};

static void start_two(struct two *t)
{
	net_rig_start(&t->r, ALL);
	fill(&t->d[0]);
	fill(&t->d[1]);
}

static void set_pairs(struct two *t, uint16_t n)
{
	le16 raw = le16_put(n);

	assert_int_equal(0, net_rig_ctrl(&t->r, 4, 0, &raw, sizeof(raw)));
}

static void disturb(struct two *t, struct rnd *rnd)
{
	switch (rnd_below(rnd, 6)) {
	case 0:
		start_two(t);
		break;
	case 1:
		/* With a command under way. */
		net_rig_ctrl(&t->r, 1, 1, net_rig_mac, 6);
		drv_reset(&t->r.rig.bus);
		guest_snap(t->r.rig.guest);
		nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
		assert_true(guest_unchanged(t->r.rig.guest));
		start_two(t);
		break;
	case 2:
		flap(&t->r, false);
		flap(&t->r, true);
		break;
	case 3:
		net_rig_ctrl(&t->r, 1, 1, net_rig_mac, 6);
		break;
	default:
		set_pairs(t, (uint16_t)rnd_range(rnd, 1, 2));
	}
}

static void two_pairs(unsigned flags)
{
	static const struct netio_pair_cfg cfg = { .room = 50 };
	struct rnd rnd;
	struct two t;

	rnd_init(&rnd, "net_threads two");
	net_rig_open_pairs(&t.r, &vio_profile_modern, &cfg, 2,
			   flags | RIG_THREADS);
	for (unsigned i = 0; i < 2; i++)
		t.d[i] = (struct driver){ .r = &t.r, .pair = i, .gaps = true };
	start_two(&t);
	for (unsigned i = 0; i < 2; i++)
		peer_start(&t.p[i], t.r.ios[i], 0, true);
	for (unsigned i = 0; i < 120; i++) {
		for (unsigned k = rnd_below(&rnd, 20); k > 0; k--) {
			struct driver *d = &t.d[rnd_below(&rnd, 2)];

			driver_take(d);
			driver_send(d, UINT32_MAX);
		}
		disturb(&t, &rnd);
		if (i % 20 == 0) {
			set_pairs(&t, 2);
			assert_alive(&t.d[0]);
			assert_alive(&t.d[1]);
		}
	}
	peer_stop(&t.p[0]);
	peer_stop(&t.p[1]);
	net_rig_close(&t.r);
}

static void two_pairs_under_traffic(void **state)
{
	(void)state;
	two_pairs(0);
	two_pairs(RIG_URING);
}

/* The backend ends while frames fly. */
static void cut_under_traffic(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		static const struct netio_pair_cfg cfg = { .room = 50 };
		struct net_rig r;
		struct driver d;
		struct peer p;

		net_rig_open(&r, &vio_profile_modern, &cfg, 0, RIG_THREADS);
		d = (struct driver){ .r = &r, .gaps = true };
		restart(&d, ALL);
		peer_start(&p, r.io, 0, true);
		assert_alive(&d);
		peer_stop(&p);
		netio_pair_cut(r.io);
		driver_take(&d);
		driver_send(&d, UINT32_MAX);
		/* At once, with the news of the loss still under way. */
		net_rig_close(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(nothing_is_lost_without_event_idx),
		cmocka_unit_test(nothing_is_lost_with_little_room),
		cmocka_unit_test(resets_and_flaps_under_traffic),
		cmocka_unit_test(two_pairs_under_traffic),
		cmocka_unit_test(cut_under_traffic),
	};

	return formats_run("virtio-net threads", tests,
			   sizeof(tests) / sizeof(tests[0]), NULL);
}
