#include "tests/lib/step.h"

#include <time.h>

#include "devices/base/log.h"

/* Far more passes than any test can need. */
#define MANY 1000000

unsigned step_settle(struct loop *l)
{
	unsigned n = 0, quiet = 0;

	/* What a pass reaped is served by the next one. */
	while (quiet < 2) {
		quiet = loop_step(l, 0) ? 0 : quiet + 1;
		n++;
		BUG_ON(n == MANY);
	}
	return n;
}

bool step_until(struct loop *l, bool (*pred)(void *), void *arg)
{
	struct patience p = patience_new();

	while (!pred(arg)) {
		if (!patience_left(&p))
			return false;
		loop_step(l, 1);
	}
	return true;
}

void step_keep_ring(void)
{
	static struct loop *kept;

	if (!kept && loop_create(&kept, "kept", LOOP_URING) == 0)
		loop_has_uring(kept);
}

struct patience patience_new(void)
{
	return (struct patience){
		loop_now_ns() + HANG_SECONDS * UINT64_C(1000000000),
	};
}

bool patience_left(const struct patience *p)
{
	return loop_now_ns() < p->end_ns;
}

bool patience_wait(const struct patience *p)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	return patience_left(p);
}
