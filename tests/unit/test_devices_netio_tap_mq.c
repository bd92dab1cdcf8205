/*
 * Description: a tap with several queues, on real taps: traffic by each pair of
 * a card's that is turned on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"
#include "tests/lib/taps.h"

#define ALL UINT64_MAX

static uint8_t frame[500], got[70000];

static int open_queues(struct netio **io, const char *name, unsigned n,
		       const char *word)
{
	return taps_open(io, &(struct netio_cfg){
		.kind = NETIO_TAP, .tap = name, .queues = n }, word);
}

static bool some_came(void *arg)
{
	struct net_rig *r = arg;
	uint32_t used;

	for (unsigned q = 0; q < 4; q += 2) {
		int id = r->q[q].ops->collect(&r->q[q], &used);

		if (id < 0)
			continue;
		net_rig_read(r, q, id, got, sizeof(got));
		return got[r->hdr_len + 12] == ETH_TEST >> 8 &&
		       got[r->hdr_len + 13] == (ETH_TEST & 0xff);
	}
	return false;
}

/* A frame each way by each pair of the n that are on. */
static void all_pairs(struct net_rig *r, int s, unsigned n)
{
	for (r->pair = 0; r->pair < n; r->pair++) {
		struct taps_arrival a = { s, got, sizeof(got), 0 };
		uint32_t used;

		net_rig_frame(frame, 500, net_rig_mac, r->pair);
		assert_int_equal(500, send(s, frame, 500, 0));
		/* The kernel chooses the queue. */
		rig_until(&r->rig, some_came, r);
		assert_memory_equal(frame, got + r->hdr_len, 500);
		net_rig_frame(frame, 500, (const uint8_t *)
			      "\xff\xff\xff\xff\xff\xff", r->pair);
		net_rig_send_frame(r, frame, 500);
		rig_until(&r->rig, taps_arrived, &a);
		assert_memory_equal(frame, got, 500);
		assert_true(net_rig_used(r, 2 * r->pair + 1, &used) >= 0);
	}
	r->pair = 0;
}

static void a_tap_has_several_queues(void **state)
{
	struct netio *io[2];
	struct net_rig r;
	int s;

	(void)state;
	taps_need();
	open_queues(io, "tapt6", 2, NULL);
	s = taps_wire("tapt6");
	net_rig_open_two(&r, &vio_profile_modern, io, 0);
	net_rig_start(&r, ALL);
	for (r.pair = 0; r.pair < 2; r.pair++)
		for (unsigned i = 0; i < 50; i++)
			net_rig_post1(&r, 2000);
	r.pair = 0;
	for (uint16_t i = 0; i < 6; i++) {
		le16 n = le16_put(i % 2 + 1);

		assert_int_equal(0, net_rig_ctrl(&r, 4, 0, &n, sizeof(n)));
		all_pairs(&r, s, i % 2 + 1u);
	}
	drv_reset(&r.rig.bus);
	net_rig_close(&r);
	close(s);
	assert_int_equal(0, if_nametoindex("tapt6"));
}

static void queues_of_a_tap_that_exists(void **state)
{
	struct netio *io[8];

	(void)state;
	taps_need();
	taps_make("tapmq", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE,
		 -1);
	open_queues(io, "tapmq", 8, NULL);
	for (unsigned i = 0; i < 8; i++)
		netio_close(io[i]);
	taps_delete("tapmq");
	taps_make("tapsq", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, -1);
	open_queues(io, "tapsq", 2, "multi_queue");
	taps_delete("tapsq");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tap_has_several_queues),
		cmocka_unit_test(queues_of_a_tap_that_exists),
	};

	taps_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
