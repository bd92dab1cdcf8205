/*
 * An event loop and the thread that owns it.
 *
 * A pass: run what was posted, serve doorbells that rang and descriptors that
 * are ready, run hooks, submit, sleep, reap what completed, run hooks.
 * Where the host allows io_uring, the loop sleeps in its ring, so one system
 * call both submits I/O and waits; otherwise it sleeps in epoll.
 *
 * Owner only: everything, but for loop_post, loop_call_sync, bell_ring and
 * loop_stop, which any thread may call. A loop that was never started belongs
 * to the thread that calls loop_step (tests, the main thread).
 */
#ifndef DEVICES_BASE_LOOP_H
#define DEVICES_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum loop_flags {
	LOOP_URING = 1,         /* try io_uring; epoll when the host refuses */
};

/* name: shown as the thread's name. 0 or -errno. */
int loop_create(struct loop **, const char *name, unsigned flags);
int loop_start(struct loop *);          /* gives it a thread */
/* Leaves the loop after the current pass and joins the thread, if any. The
 * caller has deleted its sources before. */
void loop_stop(struct loop *);
void loop_destroy(struct loop *);

/* Runs in the calling thread until loop_quit. */
void loop_run(struct loop *);
void loop_quit(struct loop *);          /* any thread */
/* One pass; sleeps at most timeout_ms (-1: no limit). True: something ran. */
bool loop_step(struct loop *, int timeout_ms);
/* Owner, before its first step: spin for up to that long before going to sleep.
 * Only where sleep would have been shorter: a loop with nothing to do does not.
 * Default 0. */
void loop_set_poll(struct loop *, uint64_t max_ns);
/* Owner, before its first step: the host has no CPU for this loop that the guest's
 * CPUs would not need. Its thread then leaves the guest running when it is woken
 * (SCHED_BATCH) where that serves more requests. Default false. */
void loop_set_shared(struct loop *, bool shared);
bool loop_is_owner(const struct loop *);
bool loop_has_uring(const struct loop *);

/* ---- work handed over from other threads -------------------------------- */

struct loop_call {
	struct loop_call *next;
	void (*fn)(struct loop_call *);
	bool posted;            /* posting again before it ran does nothing */
};
void loop_post(struct loop *, struct loop_call *);
/* Owner only: it is not posted any more. For what is about to be freed. */
void loop_unpost(struct loop *, struct loop_call *);
/* Runs fn on the owner and waits for it. Called on the owner, just calls. */
void loop_call_sync(struct loop *, void (*fn)(void *), void *arg);

/* ---- file descriptors, level-triggered ---------------------------------- */

struct loop_fd {
	int fd;
	uint32_t events;        /* EPOLLIN, EPOLLOUT ... */
	void (*ready)(struct loop_fd *, uint32_t events);
};
int loop_fd_add(struct loop *, struct loop_fd *);
int loop_fd_mod(struct loop *, struct loop_fd *);
void loop_fd_del(struct loop *, struct loop_fd *);

/* ---- doorbells ---------------------------------------------------------- */

/*
 * An eventfd whose every write rings; the owner hears one ring a pass at most.
 * Its counter is never read: that would cost a system call a kick.
 */
struct loop_bell {
	int fd;
	void (*rung)(struct loop_bell *);
	struct loop_bell *next_ready;
	bool ready;
	bool away;
	uint32_t slot;          /* the loop's own */
};
int loop_bell_add(struct loop *, struct loop_bell *);   /* makes fd */
void loop_bell_del(struct loop *, struct loop_bell *);  /* closes fd */
void bell_ring(struct loop_bell *);                     /* any thread */
/* Owner only: fd stays and somebody else hears its rings, until loop_bell_back,
 * after which it may ring once for nothing. */
void loop_bell_away(struct loop *, struct loop_bell *);
void loop_bell_back(struct loop *, struct loop_bell *);
/* Owner only: as if rung, without a system call. */
void loop_bell_mark(struct loop *, struct loop_bell *);

/* ---- timers ------------------------------------------------------------- */

struct loop_timer {
	void (*fired)(struct loop_timer *);
	uint64_t at_ns;         /* CLOCK_MONOTONIC; 0: not set */
	struct loop_timer *next;
};
uint64_t loop_now_ns(void);
void loop_timer_set(struct loop *, struct loop_timer *, uint64_t at_ns);
void loop_timer_del(struct loop *, struct loop_timer *);

/* ---- work ---------------------------------------------------------------- */

/* Owner: a chain of the guest's was taken; one that was put back counts again. */
void loop_took(struct loop *);

/* ---- hooks -------------------------------------------------------------- */

/*
 * loop_hook_mark: runs soon, after the batch of completions or doorbells that
 * is being served. loop_sleep_mark: runs when the loop has nothing else left to
 * do, or has been busy for some passes; it may find new work and mark bells,
 * and then the loop does not sleep. Both run once a mark; marking twice is marking once.
 *
 * Before it runs sleepers a loop may spin (loop_set_poll), in the hope of work
 * that comes without being announced. A sleeper's look, if it has one, is what
 * looks for it; it marks a bell and returns true.
 */
struct loop_hook {
	void (*run)(struct loop_hook *);
	bool (*look)(struct loop_hook *);       /* sleepers only */
	struct loop_hook *next;
	bool marked;
};
void loop_hook_mark(struct loop *, struct loop_hook *);
void loop_sleep_mark(struct loop *, struct loop_hook *);
void loop_hook_unmark(struct loop *, struct loop_hook *);

/* ---- the ring, for blkio_uring ------------------------------------------ */

/* One operation in flight. */
struct loop_op {
	void (*done)(struct loop_op *, int res);
};
struct io_uring_sqe;
/* A free submission entry; submits first when the queue is full. After the
 * io_uring_prep_* call, loop_sqe_commit ties it to op. */
struct io_uring_sqe *loop_sqe(struct loop *);
void loop_sqe_commit(struct io_uring_sqe *, struct loop_op *);
/* Submits what is queued, blocks until an operation completed, runs what
 * completed, but no bells, hooks or posted calls. For draining. */
void loop_wait_ops(struct loop *);

#endif
