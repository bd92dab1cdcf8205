/*
 * Description: a doorbell that somebody else listens to is not heard by its loop
 * until it comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "devices/base/loop.h"
#include "tests/lib/step.h"

static unsigned heard;

static void rung(struct loop_bell *b)
{
	(void)b;
	heard++;
}

static void away_and_back(unsigned flags)
{
	struct loop_bell bell = { .rung = rung };
	struct loop *l;
	int fd;

	assert_int_equal(0, loop_create(&l, "test", flags));
	assert_int_equal(0, loop_bell_add(l, &bell));
	fd = bell.fd;
	/* Before the loop's first pass, too; and more often than a ring of
	 * completions has entries. */
	for (unsigned i = 0; i < 2000; i++) {
		bell_ring(&bell);
		loop_bell_mark(l, &bell);
		loop_bell_away(l, &bell);
		heard = 0;
		bell_ring(&bell);
		step_settle(l);
		assert_int_equal(0, heard);
		assert_int_equal(fd, bell.fd);
		loop_bell_back(l, &bell);
		step_settle(l);
		heard = 0;
		bell_ring(&bell);
		step_settle(l);
		/* Once for nothing is allowed. */
		assert_true(heard > 0);
	}
	loop_bell_away(l, &bell);
	loop_bell_del(l, &bell);
	loop_destroy(l);
}

static void by_epoll(void **state)
{
	(void)state;
	away_and_back(0);
}

static void by_uring(void **state)
{
	(void)state;
	away_and_back(LOOP_URING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_epoll),
		cmocka_unit_test(by_uring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
