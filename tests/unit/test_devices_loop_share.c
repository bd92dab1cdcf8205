/*
 * Description: a loop that shares a CPU with the guest's takes up batches where they
 * serve more, and only there.
 */
#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <liburing.h>

#include "devices/base/loop_int.h"
#include "tests/lib/step.h"

/* What comes between two sleeps of the loop, and how long that takes. */
struct guest {
	struct { unsigned requests; uint64_t ns; } other, batch;
	unsigned every, many;   /* other: after so many rounds there are many */
};

/* Measured: fio at depth 64 and at depth 1; a guest that polls at these depths.
 * One that hardly runs beside others; one that polls for one, and now and then 32. */
static const struct guest deep = { { 1, 600000 }, { 25, 2500000 }, 8, 50 };
static const struct guest single = { { 1, 1050000 }, { 1, 1360000 }, 20, 2 };
static const struct guest polls = { { 1, 300000 }, { 1, 8000000 }, 0, 0 };
static const struct guest polls_deep = { { 32, 1000000 }, { 32, 8000000 }, 0, 0 };
static const struct guest stalls = { { 1, 300000 }, { 1, 150000000 }, 0, 0 };
static const struct guest mixed = { { 1, 300000 }, { 1, 8000000 }, 16, 32 };
static const struct guest seldom = { { 1, 110000000 }, { 4, 110000000 }, 0, 0 };

struct run {
	struct loop_share s;
	uint64_t now;
	uint64_t requests, ns, batch_ns;        /* since the last play */
	unsigned switches, rounds;
};

static void play(struct run *r, const struct guest *g, uint64_t ns)
{
	r->requests = r->ns = r->batch_ns = 0;
	r->switches = 0;
	while (r->ns < ns) {
		bool batch = loop_share_is_batch(&r->s);
		uint64_t took = batch ? g->batch.ns : g->other.ns;
		unsigned n = batch ? g->batch.requests : g->other.requests;

		if (g->every && !batch && ++r->rounds % g->every == 0) {
			took *= (g->many + 4) / 5;
			n = g->many;
		}

		r->now += took;
		r->ns += took;
		r->batch_ns += batch ? took : 0;
		r->requests += n;
		loop_share_round(&r->s, n, r->now);
		r->switches += batch != loop_share_is_batch(&r->s);
	}
}

#define MS UINT64_C(1000000)
#define S (1000 * MS)

static void one_of_many_requests_waits_for_the_others(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &deep, 200 * MS);
	assert_int_equal(LOOP_SHARE_BATCH, r.s.mode);
	/* The other way is tried, and does not last. */
	play(&r, &deep, 100 * S);
	assert_in_range(r.switches, 20, 100);
	assert_true(r.batch_ns > r.ns / 100 * 95);
	assert_int_equal(LOOP_SHARE_BATCH, r.s.mode);
}

static void one_at_a_time_does_not_wait(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &single, S);
	assert_in_range(r.switches, 1, 8);
	play(&r, &single, 100 * S);
	assert_true(r.batch_ns < r.ns / 200);
}

static void who_polls_for_the_end_does_not_wait(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &polls, S);
	assert_true(r.requests > S / polls.other.ns * 8 / 10);
	play(&r, &polls, 100 * S);
	assert_true(r.requests > 100 * S / polls.other.ns * 99 / 100);
	play(&r, &polls_deep, 10 * S);
	assert_int_equal(0, r.batch_ns);
}

static void a_guest_that_changes_is_followed(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &deep, S);
	assert_int_equal(LOOP_SHARE_BATCH, r.s.mode);
	play(&r, &single, 100 * MS);
	assert_true(r.batch_ns <= 50 * MS);
	/* However long it was another. */
	play(&r, &single, 100 * S);
	assert_int_equal(LOOP_SHARE_OTHER, r.s.mode);
	play(&r, &deep, S);
	assert_int_equal(LOOP_SHARE_BATCH, r.s.mode);
	/* What is far slower than before is doubted at once. */
	play(&r, &polls_deep, 10 * S);
	assert_true(r.batch_ns < 2 * S);
	assert_int_equal(LOOP_SHARE_OTHER, r.s.mode);
	play(&r, &polls_deep, 10 * S);
	assert_int_equal(0, r.batch_ns);
}

static void a_mix_is_not_tried_for_ever(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &mixed, 100 * S);
	assert_in_range(r.switches, 2, 40);
	assert_true(r.batch_ns < r.ns / 100);
}

static void an_idle_guest_tells_nothing(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &seldom, 1000 * S);
	assert_int_equal(0, r.switches);
	/* What failed before a rest is tried soon behind it, but not at once. */
	play(&r, &polls, 100 * S);
	r.now += S;
	play(&r, &polls, 64 * 4 * polls.other.ns);
	assert_int_equal(0, r.switches);
	play(&r, &polls, 64 * 2 * polls.other.ns + polls.batch.ns * 2);
	assert_int_equal(2, r.switches);
}

static void batches_end_with_a_rest(void **state)
{
	struct run r = { .now = S };

	(void)state;
	play(&r, &deep, S);
	assert_int_equal(LOOP_SHARE_BATCH, r.s.mode);
	play(&r, &seldom, 10 * S);
	assert_int_equal(1, r.switches);
	assert_int_equal(LOOP_SHARE_OTHER, r.s.mode);
	/* However long the thread had failed before, batches are back soon. */
	play(&r, &single, 100 * S);
	play(&r, &deep, S);
	r.now += 200 * MS;
	play(&r, &deep, 300 * MS);
	assert_int_equal(LOOP_SHARE_BATCH, r.s.mode);
	/* As does a trial, and one so bad that it looks like a rest has failed. */
	play(&r, &stalls, 64 * stalls.other.ns + stalls.batch.ns);
	play(&r, &stalls, 100 * S);
	assert_true(r.batch_ns < r.ns / 20);
}

static struct loop *shared(void)
{
	struct loop *l;

	assert_int_equal(0, loop_create(&l, "shared", 0));
	loop_set_shared(l, true);
	return l;
}

static void step(struct loop *l, enum loop_share_mode mode, bool work)
{
	do {
		l->share.mode = mode;
		/* A host that is busy elsewhere is no guest that rests. */
		l->share.last_ns = loop_now_ns();
		if (work)
			loop_took(l);
		loop_step(l, 1);
	} while (work && l->share.mode != mode);
}

static void the_thread_is_what_the_mode_says(void **state)
{
	struct loop *l = shared();

	(void)state;
	step(l, LOOP_SHARE_OTHER, true);
	assert_int_equal(SCHED_OTHER, sched_getscheduler(0));
	step(l, LOOP_SHARE_BATCH, false);
	assert_int_equal(SCHED_OTHER, sched_getscheduler(0));
	step(l, LOOP_SHARE_BATCH, true);
	assert_int_equal(SCHED_BATCH, sched_getscheduler(0));
	step(l, LOOP_SHARE_TRY_OTHER, true);
	assert_int_equal(SCHED_OTHER, sched_getscheduler(0));
	step(l, LOOP_SHARE_TRY_BATCH, true);
	assert_int_equal(SCHED_BATCH, sched_getscheduler(0));
	step(l, LOOP_SHARE_OTHER, true);
	assert_int_equal(SCHED_OTHER, sched_getscheduler(0));
	loop_destroy(l);
}

/* The policy of io_uring's worker for this thread; -1: there is none. */
static int workers_policy(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *e;
	int policy = -1;

	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		char path[300], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) &&
		    strncmp(name, "iou-wrk-", 8) == 0)
			policy = sched_getscheduler(atoi(e->d_name));
		fclose(f);
	}
	closedir(dir);
	return policy;
}

static void op_done(struct loop_op *op, int res)
{
	(void)op;
	assert_int_equal(0, res);
}

static void workers_are_what_the_thread_is(void **state)
{
	struct loop_op op = { .done = op_done };
	struct io_uring_sqe *sqe;
	struct loop *l;

	(void)state;
	step_keep_ring();
	assert_int_equal(0, loop_create(&l, "shared", LOOP_URING));
	loop_set_shared(l, true);
	step(l, LOOP_SHARE_OTHER, true);
	if (!loop_has_uring(l)) {
		loop_destroy(l);
		fprintf(stderr, "skip: the host has no io_uring for us\n");
		skip();
	}
	step(l, LOOP_SHARE_BATCH, true);
	/* Done by a worker, which begins now. */
	sqe = loop_sqe(l);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	loop_sqe_commit(sqe, &op);
	loop_wait_ops(l);
	assert_int_equal(SCHED_BATCH, workers_policy());
	step(l, LOOP_SHARE_OTHER, true);
	assert_int_equal(SCHED_OTHER, sched_getscheduler(0));
	assert_int_equal(SCHED_OTHER, workers_policy());
	loop_destroy(l);
}

static void what_the_user_chose_stays(void **state)
{
	static const struct sched_param none;
	struct loop *l = shared();

	(void)state;
	/* Whenever it was. */
	step(l, LOOP_SHARE_OTHER, true);
	assert_int_equal(0, sched_setscheduler(0, SCHED_IDLE, &none));
	step(l, LOOP_SHARE_BATCH, true);
	step(l, LOOP_SHARE_OTHER, true);
	assert_int_equal(SCHED_IDLE, sched_getscheduler(0));
	assert_int_equal(0, sched_setscheduler(0, SCHED_OTHER, &none));
	step(l, LOOP_SHARE_BATCH, true);
	assert_int_equal(SCHED_OTHER, sched_getscheduler(0));
	loop_destroy(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_many_requests_waits_for_the_others),
		cmocka_unit_test(one_at_a_time_does_not_wait),
		cmocka_unit_test(who_polls_for_the_end_does_not_wait),
		cmocka_unit_test(a_guest_that_changes_is_followed),
		cmocka_unit_test(an_idle_guest_tells_nothing),
		cmocka_unit_test(batches_end_with_a_rest),
		cmocka_unit_test(a_mix_is_not_tried_for_ever),
		cmocka_unit_test(the_thread_is_what_the_mode_says),
		cmocka_unit_test(workers_are_what_the_thread_is),
		cmocka_unit_test(what_the_user_chose_stays),
	};

	static const struct sched_param none;

	/* Whatever the tests are run under. */
	if (sched_setscheduler(0, SCHED_OTHER, &none) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
