/*
 * Description: what other threads ask of a loop is never lost and never
 * doubled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/loop.h"
#include "tests/lib/step.h"

#define THREADS 4
#define ROUNDS 5000

static const unsigned epoll_flags = 0, uring_flags = LOOP_URING;

static void ask_uring(void *arg)
{
	struct loop **l = arg;

	if (!loop_has_uring(*l))
		*l = NULL;
}

static int setup(void **state)
{
	unsigned flags = *(const unsigned *)*state;
	struct loop *l, *has;

	if (loop_create(&l, "test", flags) || loop_start(l))
		return -1;
	has = l;
	if (flags & LOOP_URING)
		loop_call_sync(l, ask_uring, &has);
	if (!has) {
		fprintf(stderr, "skip: this host refuses io_uring\n");
		loop_stop(l);
		loop_destroy(l);
		l = NULL;
	}
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	if (*state)
		loop_stop(*state);
	loop_destroy(*state);
	return 0;
}

static struct loop *loop_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static void run_threads(void *(*fn)(void *), void *args, size_t size)
{
	pthread_t t[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, fn,
						   (char *)args + i * size));
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
}

/* ---- calls ---------------------------------------------------------------- */

struct caller {
	struct loop *l;
	unsigned *total;        /* the loop's: no lock */
	unsigned seen, wrong;
	struct loop_call call;
};

static void add_one(void *arg)
{
	struct caller *c = arg;

	++*c->total;
	c->seen++;
	if (!loop_is_owner(c->l))
		c->wrong++;
}

static void *call_often(void *arg)
{
	struct caller *c = arg;

	for (unsigned i = 1; i <= ROUNDS; i++) {
		loop_call_sync(c->l, add_one, c);
		if (c->seen != i || loop_is_owner(c->l))
			c->wrong++;
	}
	return NULL;
}

static void sync_calls_return_when_done(void **state)
{
	struct loop *l = loop_of(state);
	struct caller c[THREADS];
	unsigned total = 0;

	for (unsigned i = 0; i < THREADS; i++)
		c[i] = (struct caller){ .l = l, .total = &total };
	run_threads(call_often, c, sizeof(c[0]));
	assert_int_equal(THREADS * ROUNDS, total);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(0, c[i].wrong);
}

static void on_call(struct loop_call *call)
{
	struct caller *c = container_of(call, struct caller, call);

	__atomic_fetch_add(&c->seen, 1, __ATOMIC_SEQ_CST);
}

/* A call that was posted while it waited is one call; after it ran, another. */
static void *post_often(void *arg)
{
	struct caller *c = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned before = __atomic_load_n(&c->seen, __ATOMIC_SEQ_CST);
		struct patience p = patience_new();

		loop_post(c->l, &c->call);
		while (__atomic_load_n(&c->seen, __ATOMIC_SEQ_CST) == before)
			if (!patience_left(&p)) {
				c->wrong++;
				return NULL;
			}
	}
	return NULL;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void posted_calls_are_never_lost(void **state)
{
	struct loop *l = loop_of(state);
	struct caller c[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		c[i] = (struct caller){ .l = l, .call.fn = on_call };
	run_threads(post_often, c, sizeof(c[0]));
	loop_call_sync(l, nothing, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(0, c[i].wrong);
		assert_int_equal(ROUNDS, c[i].seen);
	}
}

/* ---- bells ---------------------------------------------------------------- */

struct ringer {
	struct loop *l;
	struct loop_bell bell;
	unsigned said, heard;   /* numbers: the last one must be heard */
	unsigned lost;
};

static void on_bell(struct loop_bell *b)
{
	struct ringer *r = container_of(b, struct ringer, bell);

	__atomic_store_n(&r->heard, __atomic_load_n(&r->said, __ATOMIC_SEQ_CST),
			 __ATOMIC_SEQ_CST);
}

static void *ring_often(void *arg)
{
	struct ringer *r = arg;

	for (unsigned i = 1; i <= ROUNDS; i++) {
		struct patience p = patience_new();

		__atomic_store_n(&r->said, i, __ATOMIC_SEQ_CST);
		bell_ring(&r->bell);
		if (i % 3)      /* let some fall together */
			continue;
		while (__atomic_load_n(&r->heard, __ATOMIC_SEQ_CST) != i)
			if (!patience_left(&p)) {
				r->lost++;
				return NULL;
			}
	}
	return NULL;
}

static void add_bell(void *arg)
{
	struct ringer *r = arg;

	if (loop_bell_add(r->l, &r->bell))
		abort();
}

static void del_bell(void *arg)
{
	struct ringer *r = arg;

	loop_bell_del(r->l, &r->bell);
}

static void rings_are_never_lost(void **state)
{
	struct loop *l = loop_of(state);
	struct ringer r[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		r[i] = (struct ringer){ .l = l, .bell.rung = on_bell };
		loop_call_sync(l, add_bell, &r[i]);
	}
	run_threads(ring_often, r, sizeof(r[0]));
	for (unsigned i = 0; i < THREADS; i++) {
		loop_call_sync(l, del_bell, &r[i]);
		assert_int_equal(0, r[i].lost);
	}
}

/* ---- everything at once --------------------------------------------------- */

struct pipe_end {
	struct loop *l;
	struct loop_fd fd;
	struct loop_timer timer;
	struct loop_hook hook, rest;
	int to;                 /* the other end, written by a thread */
	unsigned got, hooks, rests, timers;
};

static void on_data(struct loop_fd *f, uint32_t events)
{
	struct pipe_end *p = container_of(f, struct pipe_end, fd);
	char buf[7];
	ssize_t n = read(f->fd, buf, sizeof(buf));

	(void)events;
	if (n > 0)
		__atomic_fetch_add(&p->got, (unsigned)n, __ATOMIC_SEQ_CST);
	loop_hook_mark(p->l, &p->hook);
	loop_sleep_mark(p->l, &p->rest);
}

static void on_hook(struct loop_hook *h)
{
	container_of(h, struct pipe_end, hook)->hooks++;
}

static void on_rest(struct loop_hook *h)
{
	container_of(h, struct pipe_end, rest)->rests++;
}

static void on_timer(struct loop_timer *t)
{
	struct pipe_end *p = container_of(t, struct pipe_end, timer);

	if (++p->timers < 100)
		loop_timer_set(p->l, t, loop_now_ns() + 100000);
}

static void add_pipe(void *arg)
{
	struct pipe_end *p = arg;

	if (loop_fd_add(p->l, &p->fd))
		abort();
	loop_timer_set(p->l, &p->timer, loop_now_ns());
}

static void del_pipe(void *arg)
{
	struct pipe_end *p = arg;

	loop_fd_del(p->l, &p->fd);
	loop_timer_del(p->l, &p->timer);
	loop_hook_unmark(p->l, &p->hook);
	loop_hook_unmark(p->l, &p->rest);
}

static void *write_often(void *arg)
{
	struct pipe_end *p = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (write(p->to, "x", 1) != 1)
			abort();
		if (i % 64 == 0)
			loop_call_sync(p->l, nothing, NULL);
	}
	return NULL;
}

static void descriptors_timers_and_calls_together(void **state)
{
	struct loop *l = loop_of(state);
	struct pipe_end p[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		int fd[2];

		assert_int_equal(0, pipe(fd));
		p[i] = (struct pipe_end){
			.l = l, .fd = { fd[0], EPOLLIN, on_data },
			.to = fd[1], .timer.fired = on_timer,
			.hook.run = on_hook, .rest.run = on_rest,
		};
		loop_call_sync(l, add_pipe, &p[i]);
	}
	run_threads(write_often, p, sizeof(p[0]));
	for (unsigned i = 0; i < THREADS; i++) {
		struct patience wait = patience_new();

		while (__atomic_load_n(&p[i].got, __ATOMIC_SEQ_CST) < ROUNDS)
			assert_true(patience_wait(&wait));
		loop_call_sync(l, del_pipe, &p[i]);
		assert_int_equal(ROUNDS, p[i].got);
		assert_true(p[i].hooks > 0);
		assert_true(p[i].rests > 0);
		close(p[i].fd.fd);
		close(p[i].to);
	}
}

/* ---- life ----------------------------------------------------------------- */

static void loops_start_and_stop_at_any_time(void **state)
{
	unsigned flags = *(const unsigned *)*state;

	for (unsigned i = 0; i < 300; i++) {
		struct ringer r = { .bell.rung = on_bell };
		struct loop *l;

		assert_int_equal(0, loop_create(&l, "short", flags));
		/* Sources may be there before the thread is. */
		r.l = l;
		assert_int_equal(0, loop_bell_add(l, &r.bell));
		r.said = i + 1;
		bell_ring(&r.bell);
		assert_int_equal(0, loop_start(l));
		if (i % 3 == 0)
			loop_call_sync(l, nothing, NULL);
		if (i % 3 == 1) {
			struct patience p = patience_new();

			while (__atomic_load_n(&r.heard, __ATOMIC_SEQ_CST) !=
			       i + 1)
				assert_true(patience_left(&p));
		}
		loop_call_sync(l, del_bell, &r);
		loop_stop(l);
		loop_destroy(l);
	}
}

#define TEST(f, kind) { #kind ": " #f, f, setup, teardown,                     \
			(void *)(uintptr_t)&kind##_flags }
#define BOTH(f) TEST(f, epoll), TEST(f, uring)
#define BARE(f, kind) { #kind ": " #f, f, NULL, NULL,                          \
			(void *)(uintptr_t)&kind##_flags }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(sync_calls_return_when_done),
		BOTH(posted_calls_are_never_lost),
		BOTH(rings_are_never_lost),
		BOTH(descriptors_timers_and_calls_together),
		BARE(loops_start_and_stop_at_any_time, epoll),
		BARE(loops_start_and_stop_at_any_time, uring),
	};

	return cmocka_run_group_tests_name("loop threads", tests, NULL, NULL);
}
