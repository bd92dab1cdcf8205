/*
 * Description: hooks for an idle loop run in one that is never idle, too; and an
 * idle loop looks for work before it sleeps where that pays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/loop_int.h"

struct busy {
	struct loop *l;
	struct loop_bell bell;
	struct loop_hook hook;
	unsigned rung, hooked;
};

static void rung(struct loop_bell *bell)
{
	struct busy *b = container_of(bell, struct busy, bell);

	b->rung++;
	loop_bell_mark(b->l, bell);
}

static void hooked(struct loop_hook *hook)
{
	container_of(hook, struct busy, hook)->hooked++;
}

static void hooks_run_in_a_busy_loop(void **state)
{
	static const unsigned flags[] = { 0, LOOP_URING };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct busy b = { .bell.rung = rung, .hook.run = hooked };

		assert_int_equal(0, loop_create(&b.l, "busy", flags[i]));
		assert_int_equal(0, loop_bell_add(b.l, &b.bell));
		loop_bell_mark(b.l, &b.bell);
		for (unsigned n = 0; n < 1000; n++) {
			loop_sleep_mark(b.l, &b.hook);
			loop_step(b.l, 0);
		}
		assert_int_equal(1000, b.rung);
		/* Now and then, not all the time: that is for the idle. */
		assert_true(b.hooked >= 10 && b.hooked <= 200);
		loop_hook_unmark(b.l, &b.hook);
		loop_bell_del(b.l, &b.bell);
		loop_destroy(b.l);
	}
}

/* ---- lingering ----------------------------------------------------------------- */

struct idle {
	struct loop *l;
	struct loop_bell bell;
	struct loop_hook hook;
	bool work, ring;
	unsigned looked, found, ran, rung, ran_before;
};

static bool look(struct loop_hook *hook)
{
	struct idle *i = container_of(hook, struct idle, hook);

	i->looked++;
	if (i->ring)
		bell_ring(&i->bell);
	i->ring = false;
	if (!i->work)
		return false;
	i->found++;
	loop_bell_mark(i->l, &i->bell);
	return true;
}

static void run(struct loop_hook *hook)
{
	container_of(hook, struct idle, hook)->ran++;
}

static void idle_rung(struct loop_bell *bell)
{
	struct idle *i = container_of(bell, struct idle, bell);

	i->rung++;
	i->ran_before = i->ran;
}

static void open_idle(struct idle *i, unsigned flags)
{
	*i = (struct idle){
		.bell.rung = idle_rung, .hook = { .run = run, .look = look },
	};
	assert_int_equal(0, loop_create(&i->l, "idle", flags));
	assert_int_equal(0, loop_bell_add(i->l, &i->bell));
}

static void close_idle(struct idle *i)
{
	loop_hook_unmark(i->l, &i->hook);
	loop_bell_del(i->l, &i->bell);
	loop_destroy(i->l);
}

/* n times: something was done, and now there is nothing left. */
static void go_idle(struct idle *i, unsigned n)
{
	while (n-- > 0) {
		loop_sleep_mark(i->l, &i->hook);
		loop_step(i->l, 1);
	}
}

static void work_is_found_before_kicks_are_asked_for(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= LOOP_URING; flags += LOOP_URING) {
		struct idle i;

		open_idle(&i, flags);
		loop_set_poll(i.l, 1000000000);
		go_idle(&i, 2);
		assert_int_equal(2, i.ran);
		i.work = true;
		loop_sleep_mark(i.l, &i.hook);
		for (unsigned n = 0; n < 20; n++)
			loop_step(i.l, 1);
		/* Each find is served before the next look. */
		assert_in_range(i.found, 8, 20);
		assert_in_range(i.rung, i.found - 1, i.found);
		assert_int_equal(2, i.ran);
		/* But not for ever: others wait for their hooks. */
		for (unsigned n = 0; n < 100; n++)
			loop_step(i.l, 1);
		assert_true(i.ran > 2);
		close_idle(&i);
	}
}

/* The end of an operation in flight comes the same way. */
static void who_spins_hears_the_kernel(void **state)
{
	struct idle i;

	(void)state;
	open_idle(&i, LOOP_URING);
	loop_set_poll(i.l, 1000000000);
	go_idle(&i, 4);
	loop_step(i.l, 0);
	assert_int_equal(4, i.ran);
	i.ring = true;
	loop_sleep_mark(i.l, &i.hook);
	for (unsigned n = 0; n < 10 && !i.rung; n++)
		loop_step(i.l, 1);
	assert_int_equal(1, i.rung);
	/* Nobody had asked for kicks by then. */
	assert_int_equal(4, i.ran_before);
	close_idle(&i);
}

static void without_polling_nobody_looks(void **state)
{
	struct idle i;

	(void)state;
	open_idle(&i, LOOP_URING);
	i.work = true;
	go_idle(&i, 10);
	assert_int_equal(10, i.ran);
	assert_int_equal(0, i.looked);
	close_idle(&i);
}

static void spinning_ends_where_sleep_is_long(void **state)
{
	unsigned before;
	struct idle i;

	(void)state;
	open_idle(&i, 0);
	/* Longer than the 1 ms of a step: worth while. */
	loop_set_poll(i.l, 1000000000);
	go_idle(&i, 10);
	assert_true(i.looked > 100);
	/* Shorter than any sleep. */
	loop_set_poll(i.l, 1);
	go_idle(&i, 40);
	before = i.looked;
	go_idle(&i, 64);
	assert_int_equal(before, i.looked);
	assert_int_equal(114, i.ran);
	close_idle(&i);
}

/* n waits of that many ns, each spun for as long as was thought worth while. */
static void wait_ns(struct loop *l, unsigned n, uint64_t ns)
{
	while (n-- > 0) {
		uint64_t now = l->linger.now_ns;

		if (now >= ns)
			continue;       /* found while spinning */
		l->linger.spun_ns = now;
		loop_linger_slept(l, ns - now);
	}
}

static void only_waits_that_spinning_outlasts_are_spun_for(void **state)
{
	struct loop l = { .linger.max_ns = 32000 };

	(void)state;
	wait_ns(&l, 20, 25000);
	assert_int_equal(32000, l.linger.now_ns);
	/* The rest of each would be short, but none ends by spinning. */
	wait_ns(&l, 20, 50000);
	assert_int_equal(0, l.linger.now_ns);
	wait_ns(&l, 20, 32000);
	assert_int_equal(32000, l.linger.now_ns);
	wait_ns(&l, 20, 1000000000);
	assert_int_equal(0, l.linger.now_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hooks_run_in_a_busy_loop),
		cmocka_unit_test(work_is_found_before_kicks_are_asked_for),
		cmocka_unit_test(who_spins_hears_the_kernel),
		cmocka_unit_test(without_polling_nobody_looks),
		cmocka_unit_test(spinning_ends_where_sleep_is_long),
		cmocka_unit_test(only_waits_that_spinning_outlasts_are_spun_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
