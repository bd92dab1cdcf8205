/* Between the files loop*.c. Owner thread only. */
#ifndef DEVICES_BASE_LOOP_INT_H
#define DEVICES_BASE_LOOP_INT_H

#include <pthread.h>

#include "devices/base/loop.h"

struct loop_ring;
struct epoll_event;

/* Eight cards of eight pairs, all lent, need 8 * (17 + 32) of them. */
#define LOOP_BELLS 512

/* What the loop's thread is: SCHED_OTHER or SCHED_BATCH, for good or on trial. */
enum loop_share_mode {
	LOOP_SHARE_OTHER, LOOP_SHARE_TRY_BATCH, LOOP_SHARE_BATCH,
	LOOP_SHARE_TRY_OTHER,
};

struct loop_share {
	bool on, batch;                 /* SCHED_BATCH is set */
	enum loop_share_mode mode;
	/* Of this window: rests before which requests were taken, those with one
	 * request, all requests. */
	unsigned rounds, singles, requests;
	uint64_t since_ns, last_ns;     /* its begin; the last round */
	uint64_t rate;                  /* requests a second, to compare with */
	unsigned skip;                  /* rounds */
	unsigned windows;               /* of SCHED_BATCH, since a trial */
	unsigned pause, backoff;        /* windows until the next trial; next pause */
	bool alone;             /* one at a time, when it was last tried */
};

struct loop {
	char name[16];
	unsigned flags;
	pthread_t thread, owner;
	bool threaded, owned, opened;
	bool quit;                      /* atomic */
	int epfd;
	struct loop_ring *ring;         /* NULL: sleeps in epoll */
	bool fds_pending;               /* epoll may have more to tell */
	struct epoll_event *taken;      /* being served: ntaken of them */
	int ntaken;

	struct loop_bell wake;
	pthread_mutex_t post_lock;
	struct loop_call *posted, **posted_tail;

	/* A slot outlives its bell by a generation, so that a late event of a
	 * deleted bell finds nobody. */
	struct { struct loop_bell *bell; uint32_t gen; } slots[LOOP_BELLS];
	struct loop_bell *ready, **ready_tail;
	struct loop_timer *timers;      /* sorted by at_ns */
	struct loop_hook *hooks, **hooks_tail;
	struct loop_hook *sleepers, **sleepers_tail;
	unsigned busy;                  /* passes since sleepers ran */
	struct {
		unsigned since;         /* lingered since the kernel was asked */
		uint64_t max_ns, now_ns;        /* how long to spin */
		uint64_t spun_ns;       /* for nothing, before this sleep */
	} linger;
	unsigned taken_requests;        /* where shared: since the last rest */
	struct loop_share share;
};

/* loop_linger.c. Nothing to do but sleepers: true: now there is. */
bool loop_linger(struct loop *);
/* How long a sleep was. */
void loop_linger_slept(struct loop *, uint64_t ns);
static inline bool loop_share_is_batch(const struct loop_share *s)
{
	return s->mode == LOOP_SHARE_BATCH || s->mode == LOOP_SHARE_TRY_BATCH;
}

/* loop_share.c. Before a sleep. */
void loop_share_rest(struct loop *);
/* So many requests came between two rests; sets the mode. Pure but for *s. */
void loop_share_round(struct loop_share *s, unsigned requests, uint64_t now_ns);
/* One look at the kernel without sleeping. */
void loop_poll_kernel(struct loop *);

/* -errno: the host has no io_uring for us. */
int loop_ring_open(struct loop *);
void loop_ring_close(struct loop *);
void loop_ring_bell_add(struct loop *, struct loop_bell *);
void loop_ring_bell_del(struct loop *, struct loop_bell *);
/* Operations queued but not submitted; submitted or not. */
bool loop_ring_unsubmitted(const struct loop *);
bool loop_ring_in_flight(const struct loop *);
/* Operations have ended, or bells rung: a loop_ring_wait of 0 brings them. Known
 * without a system call, in a loop that may spin. */
bool loop_ring_told(const struct loop *);
/* Submits; sleeps up to timeout_ns (-1: no limit); reaps. */
void loop_ring_wait(struct loop *, int64_t timeout_ns);

/* What a ring or epoll event of a bell says: slot and generation. */
void loop_bell_event(struct loop *, uint32_t slot, uint32_t gen);

#endif
