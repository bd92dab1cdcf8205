/*
 * A loop that sleeps in io_uring. Doorbells are multishot polls, so a kick
 * costs no system call beyond the one that waits; other descriptors stay in
 * epoll, and one multishot poll watches that.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "devices/base/log.h"
#include "devices/base/loop_int.h"

#define ENTRIES 256

/* Low bits of user_data: what the rest is. Operations are pointers. */
enum tag { TAG_OP = 0, TAG_BELL = 1, TAG_EPOLL = 2, TAG_NONE = 3 };
#define TAG_MASK 3

struct loop_ring {
	struct io_uring uring;
	unsigned ops;           /* committed, not yet completed */
};

static uint64_t bell_data(const struct loop *l, const struct loop_bell *b)
{
	return (uint64_t)b->slot << 32 | (uint64_t)l->slots[b->slot].gen << 2 |
	       TAG_BELL;
}

static struct io_uring_sqe *get_sqe(struct loop_ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	while (!sqe) {
		int n = io_uring_submit(&r->uring);

		/* EBUSY, EAGAIN: completions must be reaped first; they stay
		 * in the kernel's overflow list, so this ends. */
		BUG_ON(n < 0 && n != -EINTR && n != -EBUSY && n != -EAGAIN);
		sqe = io_uring_get_sqe(&r->uring);
	}
	return sqe;
}

static void watch(struct loop_ring *r, int fd, uint64_t data)
{
	struct io_uring_sqe *sqe = get_sqe(r);

	io_uring_prep_poll_multishot(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, data);
}

void loop_ring_bell_add(struct loop *l, struct loop_bell *b)
{
	watch(l->ring, b->fd, bell_data(l, b));
}

static void unwatch(struct loop_ring *r, uint64_t data)
{
	struct io_uring_sqe *sqe = get_sqe(r);

	io_uring_prep_poll_remove(sqe, data);
	io_uring_sqe_set_data64(sqe, TAG_NONE);
}

void loop_ring_bell_del(struct loop *l, struct loop_bell *b)
{
	unwatch(l->ring, bell_data(l, b));
	/* Now, because the caller closes the descriptor. */
	io_uring_submit(&l->ring->uring);
}

int loop_ring_open(struct loop *l)
{
	/* From best to plainest: old kernels refuse flags they do not know. */
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_COOP_TASKRUN,
		0,
	};
	struct loop_ring *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	if (!r)
		return err;
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		/* Who spins wants to see what the kernel has for him. */
		unsigned told = flags[i] && l->linger.max_ns ?
				IORING_SETUP_TASKRUN_FLAG : 0;

		err = io_uring_queue_init(ENTRIES, &r->uring, flags[i] | told);
		if (err != -EINVAL)
			break;
	}
	if (err) {
		free(r);
		return err;
	}
	io_uring_register_ring_fd(&r->uring);
	l->ring = r;
	l->fds_pending = true;
	watch(r, l->epfd, TAG_EPOLL);
	return 0;
}

void loop_ring_close(struct loop *l)
{
	if (!l->ring)
		return;
	BUG_ON(l->ring->ops);
	io_uring_queue_exit(&l->ring->uring);
	free(l->ring);
	l->ring = NULL;
}

struct io_uring_sqe *loop_sqe(struct loop *l)
{
	l->ring->ops++;
	return get_sqe(l->ring);
}

void loop_sqe_commit(struct io_uring_sqe *sqe, struct loop_op *op)
{
	io_uring_sqe_set_data64(sqe, (uintptr_t)op | TAG_OP);
}

bool loop_ring_unsubmitted(const struct loop *l)
{
	return io_uring_sq_ready(&l->ring->uring) != 0;
}

bool loop_ring_in_flight(const struct loop *l)
{
	return l->ring->ops != 0;
}

bool loop_ring_told(const struct loop *l)
{
	const struct io_uring *u = &l->ring->uring;

	return io_uring_cq_ready(u) ||
	       (__atomic_load_n(u->sq.kflags, __ATOMIC_RELAXED) &
		(IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

static void completed(struct loop *l, uint64_t data, int res, unsigned flags)
{
	struct loop_op *op;

	switch ((enum tag)(data & TAG_MASK)) {
	case TAG_OP:
		op = (struct loop_op *)(uintptr_t)data;
		l->ring->ops--;
		op->done(op, res);
		break;
	case TAG_BELL: {
		uint32_t slot = (uint32_t)(data >> 32);
		uint32_t gen = (uint32_t)data >> 2;
		bool more = flags & IORING_CQE_F_MORE;

		loop_bell_event(l, slot, gen);
		/* A poll with an event under way stays when it is removed
		 * (EALREADY); this is the event. */
		if (slot >= LOOP_BELLS || l->slots[slot].gen != gen) {
			if (more)
				unwatch(l->ring, data);
		} else if (!more && l->slots[slot].bell &&
			   !l->slots[slot].bell->away) {
			/* Ended by the kernel: a full completion queue. */
			watch(l->ring, l->slots[slot].bell->fd, data);
		}
		break;
	}
	case TAG_EPOLL:
		l->fds_pending = true;
		if (!(flags & IORING_CQE_F_MORE))
			watch(l->ring, l->epfd, data);
		break;
	case TAG_NONE:
		break;
	}
}

static unsigned reap(struct loop *l)
{
	struct io_uring *u = &l->ring->uring;
	struct io_uring_cqe *cqe;
	unsigned n = 0;

	while (io_uring_peek_cqe(u, &cqe) == 0) {
		uint64_t data = cqe->user_data;
		int res = cqe->res;
		unsigned flags = cqe->flags;

		/* Seen first: a handler may itself wait for completions. */
		io_uring_cqe_seen(u, cqe);
		completed(l, data, res, flags);
		n++;
	}
	return n;
}

void loop_ring_wait(struct loop *l, int64_t timeout_ns)
{
	struct io_uring *u = &l->ring->uring;
	struct io_uring_cqe *cqe;
	int err;

	if (timeout_ns == 0) {
		err = io_uring_submit_and_get_events(u);
	} else if (timeout_ns < 0) {
		err = io_uring_submit_and_wait(u, 1);
	} else {
		struct __kernel_timespec ts = {
			.tv_sec = timeout_ns / 1000000000,
			.tv_nsec = timeout_ns % 1000000000,
		};

		err = io_uring_submit_and_wait_timeout(u, &cqe, 1, &ts, NULL);
	}
	BUG_ON(err < 0 && err != -EINTR && err != -ETIME && err != -EBUSY &&
	       err != -EAGAIN);
	reap(l);
}

void loop_wait_ops(struct loop *l)
{
	unsigned before = l->ring->ops;

	while (l->ring->ops >= before && before > 0)
		loop_ring_wait(l, -1);
}
