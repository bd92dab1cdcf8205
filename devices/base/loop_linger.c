/*
 * What a loop may do before it asks for kicks and goes to sleep: spin.
 *
 * A kick is an exit of the guest's and a wake-up of ours. Where the guest's CPU
 * runs beside ours, spinning for its next request brings that without either,
 * and so does spinning for the end of operations in flight: the next requests come
 * after it. It is done where the last waits, spinning included, were short enough.
 */
#include "devices/base/loop_int.h"

#define SPIN_LEAST_NS 2000
#define SPINS 16                /* looks between two at the clock */
#define KERNEL_EVERY 4          /* finds until the kernel is asked, too */

static bool may_look(const struct loop *l)
{
	for (const struct loop_hook *h = l->sleepers; h; h = h->next)
		if (h->look)
			return true;
	return false;
}

static bool look(struct loop *l)
{
	bool found = false;

	for (struct loop_hook *h = l->sleepers; h; h = h->next)
		if (h->look)
			found |= h->look(h);
	return found;
}

static bool spin(struct loop *l)
{
	uint64_t end = loop_now_ns() + l->linger.now_ns;

	do {
		for (unsigned i = 0; i < SPINS; i++) {
			if (look(l))
				return true;
			if (l->ring && loop_ring_told(l)) {
				loop_poll_kernel(l);
				return true;
			}
			__builtin_ia32_pause();
		}
	} while (loop_now_ns() < end);
	l->linger.spun_ns = l->linger.now_ns;
	return false;
}

/* What is queued is submitted first: it may end at once. */
static bool ask_kernel(struct loop *l)
{
	if (!(l->ring && loop_ring_unsubmitted(l)) &&
	    ++l->linger.since < KERNEL_EVERY)
		return false;
	l->linger.since = 0;
	loop_poll_kernel(l);
	return l->ready || l->hooks || l->fds_pending;
}

bool loop_linger(struct loop *l)
{
	if (!l->linger.now_ns || !may_look(l))
		return false;
	if (ask_kernel(l))
		return true;
	return spin(l);
}

void loop_linger_slept(struct loop *l, uint64_t ns)
{
	uint64_t now = l->linger.now_ns;

	/* What spinning would have had to outlast. */
	ns += l->linger.spun_ns;
	l->linger.spun_ns = 0;
	if (ns > l->linger.max_ns)
		now /= 2;
	else if (now < SPIN_LEAST_NS)
		now = SPIN_LEAST_NS;
	else
		now *= 2;
	if (now < SPIN_LEAST_NS)
		now = 0;
	l->linger.now_ns = now < l->linger.max_ns ? now : l->linger.max_ns;
}

void loop_set_poll(struct loop *l, uint64_t max_ns)
{
	l->linger.max_ns = max_ns;
}
