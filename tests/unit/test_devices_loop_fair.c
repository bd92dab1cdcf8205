/*
 * Description: hooks for an idle loop run in one that is never idle, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/loop.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hooks_run_in_a_busy_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
