/*
 * Description: a driver and a device on two processors never sleep on each
 * other's work, and a guest that rewrites its ring all the time harms nobody.
 *
 * CHAINS=number in the environment: how many go through each pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tests/lib/step.h"
#include "tests/lib/vqbench.h"

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifndef TSAN
#define TSAN 0
#endif

static unsigned chains(void)
{
	const char *n = getenv("CHAINS");

	return n ? (unsigned)atoi(n) : TSAN ? 30000 : 100000;
}

static bool nap(sem_t *sem)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += HANG_SECONDS;
	return sem_timedwait(sem, &end) == 0;
}

/* ---- kicks and interrupts ------------------------------------------------- */

struct pair {
	struct vqbench *b;
	sem_t kick, irq;
	unsigned total;
	unsigned kicks, irqs;   /* how often it took one */
	bool hung;
};

/* What may happen between two steps of a thread. */
static void dawdle(unsigned n)
{
	if (n % 5 == 0)
		sched_yield();
	for (volatile unsigned i = 0; i < n % 64; i++)
		;
}

static void *device(void *arg)
{
	struct pair *p = arg;
	const struct vq_ops *ops = p->b->vq.ops;
	struct vq *vq = &p->b->vq;
	unsigned done = 0;

	p->b->c.iov = p->b->iov;
	p->b->c.max = 2;
	while (done < p->total) {
		ops->arm(vq, false);
		while (ops->pop(vq, &p->b->c) == 1) {
			ops->push(vq, &p->b->c, done);
			/* Batches of different sizes. */
			if (++done % 7 == 0 && ops->flush(vq)) {
				p->irqs++;
				sem_post(&p->irq);
			}
		}
		if (ops->flush(vq)) {
			p->irqs++;
			sem_post(&p->irq);
		}
		dawdle(done);
		if (ops->arm(vq, true) || done == p->total)
			continue;
		if (!nap(&p->kick)) {
			p->hung = true;
			break;
		}
	}
	return NULL;
}

static unsigned collect_all(struct drv_ring *r, unsigned got)
{
	uint32_t len;

	while (r->ops->collect(r, &len) >= 0) {
		assert_int_equal(got, len);
		got++;
	}
	return got;
}

static void exchange(const struct drv_ring_ops *fmt, bool event_idx,
		     uint16_t size)
{
	struct pair p = {
		.b = vqbench_new(fmt, size, event_idx, NULL), .total = chains(),
	};
	struct drv_buf buf[2] = { { 0x10000, 4, true }, { 0x11000, 4, true } };
	struct drv_ring *r = &p.b->ring;
	unsigned sent = 0, got = 0;
	pthread_t t;

	sem_init(&p.kick, 0, 0);
	sem_init(&p.irq, 0, 0);
	assert_int_equal(0, pthread_create(&t, NULL, device, &p));
	while (got < p.total) {
		unsigned batch = 1 + sent % 5;

		r->ops->irqs(r, false);
		while (batch-- && sent < p.total &&
		       r->ops->add(r, buf, 1 + sent % 3 / 2, NULL) >= 0)
			sent++;
		if (r->ops->publish(r)) {
			p.kicks++;
			sem_post(&p.kick);
		}
		got = collect_all(r, got);
		/* Sleeps only when there is nothing else to do. */
		if (r->nfree > 1 && sent < p.total)
			continue;
		/* It arms late: more comes in before, during and after. */
		dawdle(sent);
		if (got == p.total || r->ops->irqs(r, true))
			continue;
		assert_true(nap(&p.irq));
	}
	pthread_join(t, NULL);
	assert_false(p.hung);
	assert_int_equal(p.total, got);
	/* Where several fit, suppression does something; in a small ring the two
	 * may take turns, one chain each, and then there is nothing to spare. */
	if (size == 128) {
		assert_true(p.kicks < p.total);
		assert_true(p.irqs < p.total);
	}
	fprintf(stderr, "%s, %s, %u entries: %u chains, %u kicks, %u "
		"interrupts\n", fmt->name, event_idx ? "EVENT_IDX" : "flags",
		size, got, p.kicks, p.irqs);
	sem_destroy(&p.kick);
	sem_destroy(&p.irq);
	vqbench_free(p.b);
}

/* Of two entries both sides arm all the time: where a fence is missing, that
 * one hangs first. */
static void split_with_flags(void **state)
{
	(void)state;
	exchange(&drv_split, false, 2);
	exchange(&drv_split, false, 4);
	exchange(&drv_split, false, 128);
}

static void split_with_event_idx(void **state)
{
	(void)state;
	exchange(&drv_split, true, 2);
	exchange(&drv_split, true, 4);
	exchange(&drv_split, true, 128);
}

static void packed_with_flags(void **state)
{
	(void)state;
	exchange(&drv_packed, false, 2);
	exchange(&drv_packed, false, 5);
	exchange(&drv_packed, false, 128);
}

static void packed_with_event_idx(void **state)
{
	(void)state;
	exchange(&drv_packed, true, 2);
	exchange(&drv_packed, true, 5);
	exchange(&drv_packed, true, 128);
}

/* ---- a guest that keeps nothing ------------------------------------------- */

struct scribble {
	struct vqbench *b;
	struct rnd rnd;
	bool stop;
};

/* Something that makes chains be taken at all. */
static void tempt(struct scribble *s)
{
	struct drv_ring *r = &s->b->ring;
	uint16_t at = __atomic_load_n(&s->b->vq.next_avail, __ATOMIC_RELAXED);

	if (r->ops == &drv_split)
		drv_split_avail_idx(r, (uint16_t)(at + rnd_below(&s->rnd, 9)));
	else
		le16_store(&drv_packed_slot(r, at % r->size)->flags,
			   (uint16_t)(rnd_below(&s->rnd, 8) |
				      (rnd_chance(&s->rnd, 50) ?
				       VRING_DESC_F_AVAIL :
				       VRING_DESC_F_USED)));
}

static void *scribble(void *arg)
{
	struct scribble *s = arg;
	static const uint32_t words[] = {
		0, 1, 3, 4, 5, 7, 8, 0x10000, 0x30000, 0x30010, 0xffff,
		0xfffff, 0x100000, 0xffffffff, 0x40000000, 16, 32, 128,
	};
	volatile uint32_t *ring[3];
	uint32_t len[3];

	for (unsigned i = 0; i < 3; i++) {
		ring[i] = s->b->ring.part[i].p;
		len[i] = s->b->ring.ops->bytes(8, (enum drv_part)i, true) / 4;
	}
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		volatile uint32_t *table = guest_ptr(s->b->g, 0x30000, 512);
		unsigned part = rnd_below(&s->rnd, 4);
		uint32_t word = words[rnd_below(&s->rnd, 18)];

		if (part == 3)
			table[rnd_below(&s->rnd, 128)] = word;
		else
			ring[part][rnd_below(&s->rnd, len[part])] = word;
		tempt(s);
	}
	return NULL;
}

static void check_chain(struct vqbench *b, unsigned max)
{
	uint64_t sum = 0;

	assert_true(b->c.nout + b->c.nin <= max);
	assert_true(b->c.ndesc <= 8 + VQ_MAX_SIZE);
	for (unsigned i = 0; i < (unsigned)b->c.nout + b->c.nin; i++) {
		struct iovec v = b->iov[i];
		bool inside = false;

		sum += v.iov_len;
		for (unsigned k = 0; k < b->g->mem.n; k++) {
			const struct gmem_region *r = &b->g->mem.r[k];
			uint64_t off = (uint64_t)((uint8_t *)v.iov_base -
						  r->hva);

			inside |= off < r->len && v.iov_len <= r->len - off &&
				  (i < b->c.nout || r->dirs & GMEM_WRITE);
		}
		assert_true(inside || (!v.iov_base && b->c.flaws & VQ_BAD_ADDR));
	}
	if (!(b->c.flaws & VQ_TOO_LONG))
		assert_int_equal(sum, b->c.out_len + b->c.in_len);
}

static void changes_all_the_time(const struct drv_ring_ops *fmt)
{
	struct scribble s = { 0 };
	unsigned taken = 0, refused = 0;
	pthread_t t;

	if (TSAN) {
		fprintf(stderr, "skip: a guest that races on purpose is all "
			"the thread sanitizer would see\n");
		skip();
	}
	rnd_init(&s.rnd, "vq_scribble");
	s.b = vqbench_new(fmt, 8, true, NULL);
	assert_int_equal(0, pthread_create(&t, NULL, scribble, &s));
	/* Longer where the other thread hardly gets to run. */
	for (unsigned i = 0; i < 1000000 || taken <= 100 || refused <= 100;
	     i++) {
		uint16_t max = (uint16_t)(1 + i % 20);
		int got;

		if (i >= 1000000 && i % 1024 == 0)
			sched_yield();

		memset(s.b->iov, 0, 21 * sizeof(s.b->iov[0]));
		s.b->c.iov = s.b->iov;
		s.b->c.max = max;
		got = s.b->vq.ops->pop(&s.b->vq, &s.b->c);
		if (got == 1) {
			check_chain(s.b, max);
			assert_null(s.b->iov[max].iov_base);
			s.b->vq.ops->push(&s.b->vq, &s.b->c, i);
			taken++;
		} else if (got < 0) {
			/* As a device that was reset. */
			s.b->vq.seen_avail = s.b->vq.next_avail;
			refused++;
		}
		if (i % 8 == 0)
			s.b->vq.ops->flush(&s.b->vq);
		if (i % 16 == 0)
			s.b->vq.ops->arm(&s.b->vq, i % 32);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	vqbench_free(s.b);
}

static void a_split_ring_that_changes_all_the_time(void **state)
{
	(void)state;
	changes_all_the_time(&drv_split);
}

static void a_packed_ring_that_changes_all_the_time(void **state)
{
	(void)state;
	changes_all_the_time(&drv_packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_with_flags),
		cmocka_unit_test(split_with_event_idx),
		cmocka_unit_test(packed_with_flags),
		cmocka_unit_test(packed_with_event_idx),
		cmocka_unit_test(a_split_ring_that_changes_all_the_time),
		cmocka_unit_test(a_packed_ring_that_changes_all_the_time),
	};

	return cmocka_run_group_tests_name("vq threads", tests, NULL, NULL);
}
