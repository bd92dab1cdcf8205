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
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/base/loop_int.h"

#define OTHER_ROUNDS 64         /* of a window under SCHED_OTHER */
#define BATCH_ROUNDS 16
#define SKIP_ROUNDS 1           /* of a trial, left from before it */
#define DOUBT_WINDOWS 64        /* under SCHED_BATCH, until the other is tried */
#define PAUSE_LEAST 4           /* windows from a failed trial to the next */
#define PAUSE_MOST 256
#define GAP_NS 100000000        /* between rounds: begin again */
#define NEWS_NS 500000000       /* try again soon */

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
		s->alone = !several(s);
		begin_trial(s, LOOP_SHARE_TRY_BATCH);
	}
}

static void at_end_of_trial(struct loop_share *s, uint64_t now)
{
	uint64_t r = rate(s, now);

	if (several(s) && r > s->rate + s->rate / 4) {
		s->mode = LOOP_SHARE_BATCH;
		s->pause = s->backoff = 0;
	} else {
		give_up_batches(s);
	}
	s->rate = r;
}

static void at_end_of_batch(struct loop_share *s, uint64_t now)
{
	uint64_t r = rate(s, now);
	bool fell = s->windows > 4 && r < s->rate / 2;

	if (!several(s))
		give_up_batches(s);
	else if (++s->windows == DOUBT_WINDOWS || fell)
		begin_trial(s, LOOP_SHARE_TRY_OTHER);
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

/* The guest had nothing to do, or a trial is so bad that it could do nothing: what
 * comes next may be anything. */
static void begin_again(struct loop_share *s, uint64_t rest, uint64_t now)
{
	if (s->mode == LOOP_SHARE_TRY_BATCH)
		give_up_batches(s);
	s->mode = LOOP_SHARE_OTHER;
	s->skip = 0;
	if (rest > NEWS_NS) {
		s->backoff = 0;
		if (s->pause > PAUSE_LEAST)
			s->pause = PAUSE_LEAST;
	}
	begin_window(s, now);
}

void loop_share_round(struct loop_share *s, unsigned requests, uint64_t now)
{
	static void (*const at_end[])(struct loop_share *, uint64_t) = {
		[LOOP_SHARE_OTHER] = at_end_of_other,
		[LOOP_SHARE_TRY_BATCH] = at_end_of_trial,
		[LOOP_SHARE_BATCH] = at_end_of_batch,
		[LOOP_SHARE_TRY_OTHER] = at_end_of_doubt,
	};
	uint64_t rest = now - s->last_ns;

	s->last_ns = now;
	if (rest > GAP_NS) {
		begin_again(s, rest, now);
		return;
	}
	if (s->skip) {
		s->skip--;
		begin_window(s, now);
		return;
	}
	s->rounds++;
	s->singles += requests == 1;
	s->requests += requests;
	if (s->rounds < (loop_share_is_batch(s) ? BATCH_ROUNDS : OTHER_ROUNDS) &&
	    !fails(s, now))
		return;
	at_end[s->mode](s, now);
	begin_window(s, now);
}

/* io_uring's workers for this thread inherit what it is when they begin. */
static void workers_as_others(void)
{
	static const struct sched_param none;
	DIR *dir = opendir("/proc/self/task");
	char mine[16], path[64], name[16];
	const struct dirent *e;

	if (!dir)
		return;
	snprintf(mine, sizeof(mine), "iou-wrk-%d", (int)gettid());
	while ((e = readdir(dir)) != NULL) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		FILE *f;

		if (tid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/comm", (int)tid);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%15s", name) == 1 && strcmp(name, mine) == 0 &&
		    sched_getscheduler(tid) == SCHED_BATCH)
			sched_setscheduler(tid, SCHED_OTHER, &none);
		fclose(f);
	}
	closedir(dir);
}

void loop_share_rest(struct loop *l)
{
	static const struct sched_param none;
	struct loop_share *s = &l->share;
	bool batch;

	if (!s->on || !l->taken_requests)
		return;
	loop_share_round(s, l->taken_requests, loop_now_ns());
	l->taken_requests = 0;
	batch = loop_share_is_batch(s);
	if (batch == s->batch)
		return;
	/* Who chose another policy for the thread keeps it. */
	if (sched_getscheduler(0) != (s->batch ? SCHED_BATCH : SCHED_OTHER) ||
	    sched_setscheduler(0, batch ? SCHED_BATCH : SCHED_OTHER, &none) < 0) {
		s->on = false;
		return;
	}
	s->batch = batch;
	if (!batch && l->ring)
		workers_as_others();
}

void loop_set_shared(struct loop *l, bool shared)
{
	l->share.on = shared;
}
