/*
 * Description: an event loop hears everything, once, in the promised order,
 * whether it sleeps in epoll or in io_uring.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/loop_int.h"
#include "tests/lib/step.h"

#define ALWAYS ((uint64_t)1)    /* a time that has passed */

static const unsigned epoll_flags = 0, uring_flags = LOOP_URING;

static int setup(void **state)
{
	unsigned flags = *(const unsigned *)*state;
	struct loop *l;

	if (loop_create(&l, "test", flags))
		return -1;
	if ((flags & LOOP_URING) && !loop_has_uring(l)) {
		/* No silent epoll in its place. */
		loop_destroy(l);
		fprintf(stderr, "skip: this host refuses io_uring\n");
		*state = NULL;
		return 0;
	}
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	loop_destroy(*state);
	return 0;
}

static struct loop *loop_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

/* ---- bells ---------------------------------------------------------------- */

struct probe {
	struct loop_bell bell;
	struct loop_fd fd;
	struct loop_call call;
	struct loop_hook hook;
	struct loop_timer timer;
	struct loop *l;
	struct probe *other;    /* what the handler is to do something to */
	void (*act)(struct probe *);
	unsigned n;             /* times called */
	unsigned order;         /* when, counted over all probes */
	bool drain;             /* fd: read it empty */
};
static unsigned clock_;

static void hit(struct probe *p)
{
	p->n++;
	p->order = ++clock_;
	if (p->act)
		p->act(p);
}

static void on_bell(struct loop_bell *b)
{
	hit(container_of(b, struct probe, bell));
}

static void on_call(struct loop_call *c)
{
	hit(container_of(c, struct probe, call));
}

static void on_hook(struct loop_hook *h)
{
	hit(container_of(h, struct probe, hook));
}

static void on_timer(struct loop_timer *t)
{
	hit(container_of(t, struct probe, timer));
}

static void on_fd(struct loop_fd *f, uint32_t events)
{
	struct probe *p = container_of(f, struct probe, fd);
	uint64_t v;

	(void)events;
	if (p->drain)
		assert_int_equal(sizeof(v), read(f->fd, &v, sizeof(v)));
	hit(p);
}

static struct probe probe(struct loop *l)
{
	return (struct probe){
		.l = l, .bell.rung = on_bell, .call.fn = on_call,
		.hook.run = on_hook, .timer.fired = on_timer,
		.fd = { .fd = -1, .events = EPOLLIN, .ready = on_fd },
	};
}

static void bell_rings_once_a_write(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l);

	assert_int_equal(0, loop_bell_add(l, &p.bell));
	/* Before the loop's first pass, and twice before it looks. */
	bell_ring(&p.bell);
	bell_ring(&p.bell);
	step_settle(l);
	assert_int_equal(1, p.n);
	step_settle(l);
	assert_int_equal(1, p.n);
	for (unsigned i = 2; i < 3000; i++) {
		bell_ring(&p.bell);
		step_settle(l);
		assert_int_equal(i, p.n);
	}
	loop_bell_del(l, &p.bell);
	assert_int_equal(-1, p.bell.fd);
}

static void mark_again(struct probe *p)
{
	loop_bell_mark(p->l, &p->bell);
}

static void bell_marked_in_its_handler_waits_a_pass(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l), other = probe(l);

	p.act = mark_again;
	assert_int_equal(0, loop_bell_add(l, &p.bell));
	assert_int_equal(0, loop_bell_add(l, &other.bell));
	loop_bell_mark(l, &p.bell);
	loop_bell_mark(l, &p.bell);
	for (unsigned i = 1; i < 50; i++) {
		assert_true(loop_step(l, 0));
		assert_int_equal(i, p.n);
	}
	/* It does not keep others away. */
	bell_ring(&other.bell);
	for (unsigned i = 0; i < 3; i++)
		loop_step(l, -1);
	assert_int_equal(1, other.n);
	p.act = NULL;
	step_settle(l);
	loop_bell_del(l, &p.bell);
	loop_bell_del(l, &other.bell);
}

static void delete_other_bell(struct probe *p)
{
	if (p->other) {
		loop_bell_del(p->l, &p->other->bell);
		p->other->other = NULL;
		p->other = NULL;
	}
}

static void delete_own_bell(struct probe *p)
{
	loop_bell_del(p->l, &p->bell);
}

static void bells_deleted_in_handlers_stay_silent(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a, b, c;

	for (unsigned i = 0; i < 100; i++) {
		a = probe(l), b = probe(l), c = probe(l);
		a.act = b.act = delete_other_bell;
		c.act = delete_own_bell;
		a.other = &b;
		b.other = &a;
		assert_int_equal(0, loop_bell_add(l, &a.bell));
		assert_int_equal(0, loop_bell_add(l, &b.bell));
		assert_int_equal(0, loop_bell_add(l, &c.bell));
		bell_ring(&a.bell);
		bell_ring(&b.bell);
		bell_ring(&c.bell);
		step_settle(l);
		/* Whoever was first silenced the other. */
		assert_int_equal(1, a.n + b.n);
		assert_int_equal(1, c.n);
		loop_bell_del(l, a.n ? &a.bell : &b.bell);
	}
}

static void ring_of_a_deleted_bell_is_not_its_successors(void **state)
{
	struct loop *l = loop_of(state);
	struct probe old = probe(l), new = probe(l);

	for (unsigned i = 0; i < 2000; i++) {
		assert_int_equal(0, loop_bell_add(l, &old.bell));
		if (i % 3 == 0)
			step_settle(l);
		bell_ring(&old.bell);
		loop_bell_del(l, &old.bell);
		assert_int_equal(0, loop_bell_add(l, &new.bell));
		step_settle(l);
		assert_int_equal(0, new.n);
		bell_ring(&new.bell);
		step_settle(l);
		assert_int_equal(1, new.n);
		new.n = 0;
		loop_bell_del(l, &new.bell);
	}
	assert_int_equal(0, old.n);
}

static void as_many_bells_as_there_are_slots(void **state)
{
	struct loop *l = loop_of(state);
	static struct probe p[LOOP_BELLS];
	struct probe more = probe(l);
	unsigned n = LOOP_BELLS - 1;    /* one wakes the loop itself */

	for (unsigned i = 0; i < n; i++) {
		p[i] = probe(l);
		assert_int_equal(0, loop_bell_add(l, &p[i].bell));
	}
	assert_int_equal(-ENOSPC, loop_bell_add(l, &more.bell));
	for (unsigned round = 1; round < 20; round++) {
		for (unsigned i = 0; i < n; i++)
			bell_ring(&p[i].bell);
		step_settle(l);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(round, p[i].n);
	}
	for (unsigned i = 0; i < n; i++)
		loop_bell_del(l, &p[i].bell);
	assert_int_equal(0, loop_bell_add(l, &more.bell));
	loop_bell_del(l, &more.bell);
}

/* ---- posted calls --------------------------------------------------------- */

static void post_other(struct probe *p)
{
	loop_post(p->l, &p->other->call);
}

static void posted_calls_run_once_in_order(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l), c = probe(l);

	loop_post(l, &a.call);
	loop_post(l, &b.call);
	loop_post(l, &a.call);
	/* One may post another, even itself. */
	b.act = post_other;
	b.other = &c;
	loop_step(l, -1);
	step_settle(l);
	assert_int_equal(1, a.n);
	assert_int_equal(1, b.n);
	assert_int_equal(1, c.n);
	assert_true(a.order < b.order && b.order < c.order);
	loop_post(l, &a.call);
	step_settle(l);
	assert_int_equal(2, a.n);
}

static void call_that_posts_itself_starves_nobody(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l), bell = probe(l);

	p.act = post_other;
	p.other = &p;
	assert_int_equal(0, loop_bell_add(l, &bell.bell));
	loop_post(l, &p.call);
	loop_step(l, 0);
	bell_ring(&bell.bell);
	for (unsigned i = 0; i < 4; i++)
		loop_step(l, -1);
	assert_int_equal(1, bell.n);
	p.act = NULL;
	step_settle(l);
	loop_bell_del(l, &bell.bell);
}

static void unpost_others(struct probe *p)
{
	loop_unpost(p->l, &p->other->call);
	loop_unpost(p->l, &p->other->other->call);
}

static void calls_taken_back_do_not_run(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l), c = probe(l);

	/* The last, the first, one that is not posted. */
	loop_post(l, &a.call);
	loop_post(l, &b.call);
	loop_unpost(l, &b.call);
	loop_unpost(l, &c.call);
	loop_post(l, &c.call);
	loop_unpost(l, &a.call);
	step_settle(l);
	assert_int_equal(0, a.n);
	assert_int_equal(0, b.n);
	assert_int_equal(1, c.n);
	/* All that are left, while calls run. */
	a.act = unpost_others;
	a.other = &b;
	b.other = &c;
	loop_post(l, &a.call);
	loop_post(l, &b.call);
	loop_post(l, &c.call);
	step_settle(l);
	assert_true(a.n == 1 && b.n == 0 && c.n == 1);
}

static void count_call(void *arg)
{
	++*(unsigned *)arg;
}

static void sync_call_on_the_owner_just_calls(void **state)
{
	struct loop *l = loop_of(state);
	unsigned n = 0;

	loop_call_sync(l, count_call, &n);
	assert_int_equal(1, n);
	step_settle(l);
	loop_call_sync(l, count_call, &n);
	assert_int_equal(2, n);
	assert_true(loop_is_owner(l));
}

/* ---- timers --------------------------------------------------------------- */

static void timers_fire_in_order_of_time(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l), c = probe(l), d = probe(l);

	loop_timer_set(l, &c.timer, 30);
	loop_timer_set(l, &a.timer, 10);
	loop_timer_set(l, &b.timer, 20);
	/* The same time: in order of setting. */
	loop_timer_set(l, &d.timer, 30);
	step_settle(l);
	assert_int_equal(4, a.n + b.n + c.n + d.n);
	assert_true(a.order < b.order && b.order < c.order &&
		    c.order < d.order);
	step_settle(l);
	assert_int_equal(4, a.n + b.n + c.n + d.n);
}

static void timers_are_moved_and_taken_back(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l);

	loop_timer_set(l, &a.timer, UINT64_MAX - 1);
	loop_timer_set(l, &b.timer, ALWAYS);
	loop_timer_set(l, &a.timer, ALWAYS);
	loop_timer_del(l, &b.timer);
	loop_timer_del(l, &b.timer);
	step_settle(l);
	assert_int_equal(1, a.n);
	assert_int_equal(0, b.n);
	/* 0 is a time like any other in the past. */
	loop_timer_set(l, &b.timer, 0);
	step_settle(l);
	assert_int_equal(1, b.n);
}

static void delete_other_timer(struct probe *p)
{
	loop_timer_del(p->l, &p->other->timer);
}

static void set_own_timer_far(struct probe *p)
{
	loop_timer_set(p->l, &p->timer, UINT64_MAX);
}

static void timers_may_be_changed_by_timers(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l), c = probe(l);

	a.act = delete_other_timer;
	a.other = &b;
	c.act = set_own_timer_far;
	loop_timer_set(l, &a.timer, 1);
	loop_timer_set(l, &b.timer, 2);
	loop_timer_set(l, &c.timer, 3);
	step_settle(l);
	assert_int_equal(1, a.n);
	assert_int_equal(0, b.n);
	assert_int_equal(1, c.n);
	loop_timer_del(l, &c.timer);
}

static void quit_from_probe(struct probe *p)
{
	loop_quit(p->l);
}

static void a_timer_for_never_holds_up_nothing(void **state)
{
	struct loop *l = loop_of(state);
	struct probe never = probe(l), soon = probe(l);

	loop_timer_set(l, &never.timer, UINT64_MAX);
	loop_step(l, 0);
	loop_step(l, 1);
	soon.act = quit_from_probe;
	loop_timer_set(l, &soon.timer, loop_now_ns() + 2000000);
	loop_run(l);
	assert_int_equal(1, soon.n);
	assert_int_equal(0, never.n);
	loop_timer_del(l, &never.timer);
}

/* ---- hooks ---------------------------------------------------------------- */

static void mark_other_hook(struct probe *p)
{
	loop_hook_mark(p->l, &p->other->hook);
}

static void mark_other_sleeper(struct probe *p)
{
	loop_sleep_mark(p->l, &p->other->hook);
}

static void hooks_run_once_a_mark_after_the_batch(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l), h = probe(l), h2 = probe(l);

	a.act = b.act = mark_other_hook;
	a.other = b.other = &h;
	h.act = mark_other_hook;
	h.other = &h2;
	assert_int_equal(0, loop_bell_add(l, &a.bell));
	assert_int_equal(0, loop_bell_add(l, &b.bell));
	loop_bell_mark(l, &a.bell);
	loop_bell_mark(l, &b.bell);
	loop_step(l, 0);
	assert_int_equal(1, h.n);
	assert_int_equal(1, h2.n);
	assert_true(a.order < b.order && b.order < h.order &&
		    h.order < h2.order);
	step_settle(l);
	assert_int_equal(1, h.n);
	loop_bell_del(l, &a.bell);
	loop_bell_del(l, &b.bell);
}

static void sleep_hooks_wait_until_all_is_done(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), busy = probe(l), h = probe(l);

	a.act = mark_other_sleeper;
	a.other = &h;
	busy.act = mark_again;
	assert_int_equal(0, loop_bell_add(l, &a.bell));
	assert_int_equal(0, loop_bell_add(l, &busy.bell));
	loop_bell_mark(l, &a.bell);
	loop_bell_mark(l, &busy.bell);
	for (unsigned i = 0; i < 20; i++)
		loop_step(l, 0);
	assert_int_equal(1, a.n);
	assert_int_equal(0, h.n);
	busy.act = NULL;
	step_settle(l);
	assert_int_equal(1, h.n);
	loop_bell_del(l, &a.bell);
	loop_bell_del(l, &busy.bell);
}

static void mark_other_bell(struct probe *p)
{
	loop_bell_mark(p->l, &p->other->bell);
}

static void work_found_before_sleeping_is_done_first(void **state)
{
	struct loop *l = loop_of(state);
	struct probe work = probe(l), h = probe(l);

	h.act = mark_other_bell;
	h.other = &work;
	assert_int_equal(0, loop_bell_add(l, &work.bell));
	loop_sleep_mark(l, &h.hook);
	/* Would never return if it slept. */
	loop_step(l, -1);
	loop_step(l, 0);
	assert_int_equal(1, h.n);
	assert_int_equal(1, work.n);
	loop_bell_del(l, &work.bell);
}

static void unmark_other(struct probe *p)
{
	loop_hook_unmark(p->l, &p->other->hook);
}

static void hooks_are_taken_back(void **state)
{
	struct loop *l = loop_of(state);
	struct probe a = probe(l), b = probe(l), c = probe(l), s = probe(l);

	loop_hook_mark(l, &a.hook);
	loop_hook_mark(l, &b.hook);
	loop_hook_unmark(l, &b.hook);           /* was the last */
	loop_hook_mark(l, &c.hook);
	loop_hook_unmark(l, &a.hook);           /* was the first */
	loop_sleep_mark(l, &s.hook);
	loop_hook_unmark(l, &s.hook);
	loop_hook_unmark(l, &s.hook);
	step_settle(l);
	assert_int_equal(0, a.n + b.n + s.n);
	assert_int_equal(1, c.n);
	/* By a hook that runs before it; the list goes on working. */
	a.act = unmark_other;
	a.other = &b;
	loop_hook_mark(l, &a.hook);
	loop_hook_mark(l, &b.hook);
	loop_hook_mark(l, &c.hook);
	step_settle(l);
	assert_int_equal(0, b.n);
	assert_int_equal(2, c.n);
	loop_hook_mark(l, &b.hook);
	step_settle(l);
	assert_int_equal(1, b.n);
}

/* ---- descriptors ---------------------------------------------------------- */

static void open_fd(struct probe *p, unsigned counter)
{
	p->fd.fd = eventfd(counter, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(p->fd.fd >= 0);
	assert_int_equal(0, loop_fd_add(p->l, &p->fd));
}

static void close_fd(struct probe *p)
{
	if (p->fd.fd < 0)
		return;
	loop_fd_del(p->l, &p->fd);
	close(p->fd.fd);
	p->fd.fd = -1;
}

static void signal_fd(struct probe *p)
{
	assert_int_equal(8, write(p->fd.fd, &(uint64_t){ 1 }, 8));
}

static void descriptors_are_level_triggered(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l);

	open_fd(&p, 0);
	step_settle(l);
	assert_int_equal(0, p.n);
	signal_fd(&p);
	for (unsigned i = 0; i < 5; i++) {
		unsigned before = p.n;

		/* Not drained: a pass or two later it is told again. */
		loop_step(l, 0);
		loop_step(l, 0);
		assert_true(p.n > before);
	}
	p.drain = true;
	step_settle(l);
	p.n = 0;
	step_settle(l);
	assert_int_equal(0, p.n);
	for (unsigned i = 1; i < 500; i++) {
		signal_fd(&p);
		step_settle(l);
		assert_int_equal(i, p.n);
	}
	close_fd(&p);
}

static void wishes_of_a_descriptor_change(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l);

	open_fd(&p, 1);
	p.fd.events = 0;
	assert_int_equal(0, loop_fd_mod(l, &p.fd));
	step_settle(l);
	assert_int_equal(0, p.n);
	p.fd.events = EPOLLIN;
	p.drain = true;
	assert_int_equal(0, loop_fd_mod(l, &p.fd));
	step_settle(l);
	assert_int_equal(1, p.n);
	loop_fd_del(l, &p.fd);
	assert_int_equal(-ENOENT, loop_fd_mod(l, &p.fd));
	close(p.fd.fd);
	p.fd.fd = -1;
	assert_int_equal(-EBADF, loop_fd_add(l, &p.fd));
}

static void close_other_fd(struct probe *p)
{
	if (p->other) {
		close_fd(p->other);
		p->other->other = NULL;
	}
	p->other = NULL;
}

static void descriptors_closed_in_handlers_stay_silent(void **state)
{
	struct loop *l = loop_of(state);

	for (unsigned i = 0; i < 100; i++) {
		struct probe a = probe(l), b = probe(l), self = probe(l);

		a.act = b.act = close_other_fd;
		a.drain = b.drain = true;
		a.other = &b;
		b.other = &a;
		self.act = close_fd;
		open_fd(&a, 1);
		open_fd(&b, 1);
		open_fd(&self, 1);
		step_settle(l);
		assert_int_equal(1, a.n + b.n);
		assert_int_equal(1, self.n);
		close_fd(&a);
		close_fd(&b);
	}
}

static void many_ready_descriptors_are_all_served(void **state)
{
	struct loop *l = loop_of(state);
	static struct probe p[300];
	struct probe bell = probe(l);
	unsigned n = sizeof(p) / sizeof(p[0]);

	assert_int_equal(0, loop_bell_add(l, &bell.bell));
	for (unsigned i = 0; i < n; i++) {
		p[i] = probe(l);
		p[i].drain = true;
		open_fd(&p[i], 0);
	}
	for (unsigned round = 1; round <= 10; round++) {
		for (unsigned i = 0; i < n; i++)
			signal_fd(&p[i]);
		bell_ring(&bell.bell);
		step_settle(l);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(round, p[i].n);
		assert_int_equal(round, bell.n);
	}
	for (unsigned i = 0; i < n; i++)
		close_fd(&p[i]);
	loop_bell_del(l, &bell.bell);
}

static void an_always_ready_descriptor_starves_nobody(void **state)
{
	struct loop *l = loop_of(state);
	struct probe greedy[40], bell = probe(l), timer = probe(l),
		     call = probe(l);

	for (unsigned i = 0; i < 40; i++) {
		greedy[i] = probe(l);
		open_fd(&greedy[i], 1);
	}
	assert_int_equal(0, loop_bell_add(l, &bell.bell));
	for (unsigned i = 0; i < 5; i++)
		loop_step(l, -1);
	bell_ring(&bell.bell);
	loop_post(l, &call.call);
	loop_timer_set(l, &timer.timer, ALWAYS);
	/* A bell's event may stand behind those of the descriptors. */
	for (unsigned i = 0; i < 10; i++)
		loop_step(l, -1);
	assert_int_equal(1, bell.n);
	assert_int_equal(1, call.n);
	assert_int_equal(1, timer.n);
	for (unsigned i = 0; i < 40; i++) {
		assert_true(greedy[i].n > 0);
		close_fd(&greedy[i]);
	}
	loop_bell_del(l, &bell.bell);
}

static void a_pass_says_whether_anything_ran(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l);

	step_settle(l);
	assert_false(loop_step(l, 0));
	p.drain = true;
	open_fd(&p, 0);
	step_settle(l);
	signal_fd(&p);
	for (unsigned i = 0; i < 3 && !p.n; i++)
		if (!loop_step(l, 0))
			assert_int_equal(0, p.n);
	assert_int_equal(1, p.n);
	close_fd(&p);
}

/* ---- the end -------------------------------------------------------------- */

static void run_ends_when_told(void **state)
{
	struct loop *l = loop_of(state);
	struct probe p = probe(l);

	p.act = quit_from_probe;
	for (unsigned i = 1; i < 5; i++) {
		loop_post(l, &p.call);
		loop_run(l);
		assert_int_equal(i, p.n);
	}
	loop_quit(l);
	loop_run(l);
	/* The next run is a new one. */
	loop_post(l, &p.call);
	loop_run(l);
	assert_int_equal(5, p.n);
}

#define TEST(f, kind) { #kind ": " #f, f, setup, teardown,                     \
			(void *)(uintptr_t)&kind##_flags }
#define BOTH(f) TEST(f, epoll), TEST(f, uring)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(bell_rings_once_a_write),
		BOTH(bell_marked_in_its_handler_waits_a_pass),
		BOTH(bells_deleted_in_handlers_stay_silent),
		BOTH(ring_of_a_deleted_bell_is_not_its_successors),
		BOTH(as_many_bells_as_there_are_slots),
		BOTH(posted_calls_run_once_in_order),
		BOTH(call_that_posts_itself_starves_nobody),
		BOTH(calls_taken_back_do_not_run),
		BOTH(sync_call_on_the_owner_just_calls),
		BOTH(timers_fire_in_order_of_time),
		BOTH(timers_are_moved_and_taken_back),
		BOTH(timers_may_be_changed_by_timers),
		BOTH(a_timer_for_never_holds_up_nothing),
		BOTH(hooks_run_once_a_mark_after_the_batch),
		BOTH(sleep_hooks_wait_until_all_is_done),
		BOTH(work_found_before_sleeping_is_done_first),
		BOTH(hooks_are_taken_back),
		BOTH(descriptors_are_level_triggered),
		BOTH(wishes_of_a_descriptor_change),
		BOTH(descriptors_closed_in_handlers_stay_silent),
		BOTH(many_ready_descriptors_are_all_served),
		BOTH(an_always_ready_descriptor_starves_nobody),
		BOTH(a_pass_says_whether_anything_ran),
		BOTH(run_ends_when_told),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
