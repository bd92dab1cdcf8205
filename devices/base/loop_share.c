/*
 * A loop on a CPU that the guest's CPUs need, too.
 *
 * The scheduler gives a thread that is woken the CPU at once if it has had less of
 * it than the one that runs. So a kick for the first of many requests takes the CPU
 * from the guest before it makes the second, and each request costs an exit, an
 * interrupt and four switches. SCHED_BATCH lets the one that runs go on until it
 * waits or its slice ends, and then all are there. But a guest that makes one at a
 * time only waits longer, and much longer where it polls for the end of it. Which of
 * them this guest is can only be told by trying: what serves more requests a second
 * stays, and is doubted again now and then.
 */
#include <sched.h>

#include "devices/base/loop_int.h"

#define OTHER_ROUNDS 64         /* of a window under SCHED_OTHER */
#define BATCH_ROUNDS 16
#define SKIP_ROUNDS 1           /* of a trial, left from before it */
#define DOUBT_WINDOWS 64        /* under SCHED_BATCH, until the other is tried */
#define PAUSE_LEAST 4           /* windows from a failed trial to the next */
#define PAUSE_MOST 256
#define GAP_NS 50000000         /* the guest had nothing to do */
#define NEWS_NS 500000000       /* and then does something else */

static void begin_window(struct loop_share *s, uint64_t now)
{
	s->rounds = s->singles = s->requests = 0;
	s->since_ns = now;
}

static void begin_trial(struct loop_share *s, enum loop_share_mode mode)
{
	s->mode = mode;
	s->skip = SKIP_ROUNDS;
	s->windows = 0;
}

/* One at a time is now and then two, too. */
static bool several(const struct loop_share *s)
{
	return 2 * s->requests >= 3 * s->rounds;
}

static void give_up_batches(struct loop_share *s)
{
	s->mode = LOOP_SHARE_OTHER;
	if (s->backoff < PAUSE_LEAST)
		s->backoff = PAUSE_LEAST;
	s->pause = s->backoff;
	s->backoff = s->backoff < PAUSE_MOST ? s->backoff * 4 : PAUSE_MOST;
	s->alone = !several(s);
}

static uint64_t rate(const struct loop_share *s, uint64_t now)
{
	uint64_t ns = now - s->since_ns;

	return s->requests * UINT64_C(1000000000) / (ns ? ns : 1);
}

static void at_end_of_other(struct loop_share *s, uint64_t now)
{
	bool news = s->alone && several(s);

	if (s->pause && !news) {
		s->pause--;
	} else if (2 * s->singles > s->rounds) {
		s->rate = rate(s, now);
		begin_trial(s, LOOP_SHARE_TRY_BATCH);
	}
}

static void at_end_of_batch(struct loop_share *s, uint64_t now)
{
	uint64_t r = rate(s, now);

	if (s->mode == LOOP_SHARE_TRY_BATCH) {
		if (several(s) && r > s->rate + s->rate / 4) {
			s->mode = LOOP_SHARE_BATCH;
			s->backoff = 0;
		} else {
			give_up_batches(s);
		}
	} else if (!several(s)) {
		give_up_batches(s);
	} else if (++s->windows == DOUBT_WINDOWS) {
		begin_trial(s, LOOP_SHARE_TRY_OTHER);
	}
	s->rate = r;
}

static void at_end_of_doubt(struct loop_share *s, uint64_t now)
{
	if (rate(s, now) > s->rate)
		give_up_batches(s);
	else
		s->mode = LOOP_SHARE_BATCH;
}

/* A trial that is far worse ends early. */
static bool fails(const struct loop_share *s, uint64_t now)
{
	return s->mode == LOOP_SHARE_TRY_BATCH && rate(s, now) < s->rate / 8;
}

void loop_share_round(struct loop_share *s, unsigned requests, uint64_t now)
{
	uint64_t rest = now - s->last_ns;
	bool other = s->mode == LOOP_SHARE_OTHER ||
		     s->mode == LOOP_SHARE_TRY_OTHER;

	s->last_ns = now;
	if (rest > NEWS_NS)
		s->pause = s->backoff = 0;
	if (rest > GAP_NS || s->skip) {
		s->skip -= rest <= GAP_NS;
		begin_window(s, now);
		return;
	}
	s->rounds++;
	s->singles += requests == 1;
	s->requests += requests;
	if (s->rounds < (other ? OTHER_ROUNDS : BATCH_ROUNDS) && !fails(s, now))
		return;
	if (s->mode == LOOP_SHARE_OTHER)
		at_end_of_other(s, now);
	else if (s->mode == LOOP_SHARE_TRY_OTHER)
		at_end_of_doubt(s, now);
	else
		at_end_of_batch(s, now);
	begin_window(s, now);
}

/* Who chose another policy for the process keeps it. */
static bool may_share(void)
{
	return sched_getscheduler(0) == SCHED_OTHER;
}

void loop_share_rest(struct loop *l)
{
	struct loop_share *s = &l->share;
	struct sched_param none = { 0 };
	bool batch;

	if (!s->on || !l->taken_requests)
		return;
	if (!s->last_ns && !may_share()) {
		s->on = false;
		return;
	}
	loop_share_round(s, l->taken_requests, loop_now_ns());
	l->taken_requests = 0;
	batch = s->mode == LOOP_SHARE_BATCH || s->mode == LOOP_SHARE_TRY_BATCH;
	if (batch == s->batch)
		return;
	s->batch = batch;
	if (sched_setscheduler(0, batch ? SCHED_BATCH : SCHED_OTHER, &none) < 0)
		s->on = false;
}

void loop_set_shared(struct loop *l, bool shared)
{
	l->share.on = shared;
}
