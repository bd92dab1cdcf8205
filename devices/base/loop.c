#include "devices/base/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "devices/base/loop_int.h"

/* Loops call shallow code; small stacks keep a machine with 32 of them small. */
#define STACK_BYTES (256 * 1024)
#define BELL_TAG UINT64_C(1)
#define BUSY_PASSES 32

uint64_t loop_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

bool loop_is_owner(const struct loop *l)
{
	return !__atomic_load_n(&l->owned, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&l->owner, __ATOMIC_RELAXED) == pthread_self();
}

/* ---- bells ---------------------------------------------------------------- */

static void epoll_bell_add(struct loop *l, struct loop_bell *b)
{
	/* Edge-triggered: each write is an event, though the counter stays. */
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLET,
		.data.u64 = (uint64_t)b->slot << 32 |
			    (uint64_t)l->slots[b->slot].gen << 1 | BELL_TAG,
	};

	BUG_ON(epoll_ctl(l->epfd, EPOLL_CTL_ADD, b->fd, &ev) < 0);
}

static void bell_watch(struct loop *l, struct loop_bell *b)
{
	if (l->ring)
		loop_ring_bell_add(l, b);
	else
		epoll_bell_add(l, b);
}

int loop_bell_add(struct loop *l, struct loop_bell *b)
{
	uint32_t slot = 0;

	BUG_ON(!loop_is_owner(l));
	while (slot < LOOP_BELLS && l->slots[slot].bell)
		slot++;
	if (slot == LOOP_BELLS)
		return -ENOSPC;
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->fd < 0)
		return -errno;
	b->slot = slot;
	b->ready = b->away = false;
	l->slots[slot].bell = b;
	if (l->opened)
		bell_watch(l, b);
	return 0;
}

static void forget_ready(struct loop *l, const struct loop_bell *b)
{
	struct loop_bell **p = &l->ready;

	while (*p && *p != b)
		p = &(*p)->next_ready;
	if (!*p)
		return;
	*p = b->next_ready;
	if (!*p)
		l->ready_tail = p;
}

/* What the kernel still has to tell of it is of an older generation. */
static void bell_unwatch(struct loop *l, struct loop_bell *b)
{
	if (b->ready)
		forget_ready(l, b);
	b->ready = false;
	if (l->opened && !b->away) {
		if (l->ring)
			loop_ring_bell_del(l, b);
		else
			epoll_ctl(l->epfd, EPOLL_CTL_DEL, b->fd, NULL);
	}
	l->slots[b->slot].gen++;
	l->slots[b->slot].gen &= 0xffffff;
}

void loop_bell_del(struct loop *l, struct loop_bell *b)
{
	BUG_ON(!loop_is_owner(l));
	bell_unwatch(l, b);
	l->slots[b->slot].bell = NULL;
	close(b->fd);
	b->fd = -1;
}

void loop_bell_away(struct loop *l, struct loop_bell *b)
{
	BUG_ON(!loop_is_owner(l) || b->away);
	bell_unwatch(l, b);
	b->away = true;
}

void loop_bell_back(struct loop *l, struct loop_bell *b)
{
	BUG_ON(!loop_is_owner(l) || !b->away);
	b->away = false;
	if (l->opened)
		bell_watch(l, b);
}

void bell_ring(struct loop_bell *b)
{
	/* Full (2^64 - 2 unread kicks) would be EAGAIN, and still an event. */
	ssize_t n = write(b->fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void)n;
}

void loop_bell_mark(struct loop *l, struct loop_bell *b)
{
	if (b->ready)
		return;
	b->ready = true;
	b->next_ready = NULL;
	*l->ready_tail = b;
	l->ready_tail = &b->next_ready;
}

void loop_bell_event(struct loop *l, uint32_t slot, uint32_t gen)
{
	if (slot < LOOP_BELLS && l->slots[slot].bell &&
	    l->slots[slot].gen == gen)
		loop_bell_mark(l, l->slots[slot].bell);
}

static bool serve_bells(struct loop *l)
{
	struct loop_bell *b;
	unsigned n = 0;

	/* Those marked from here on wait for the next pass. */
	for (b = l->ready; b; b = b->next_ready)
		n++;
	for (unsigned i = 0; i < n && l->ready; i++) {
		b = l->ready;
		l->ready = b->next_ready;
		if (!l->ready)
			l->ready_tail = &l->ready;
		b->ready = false;
		b->rung(b);
	}
	return n > 0;
}

/* ---- posted calls --------------------------------------------------------- */

void loop_post(struct loop *l, struct loop_call *c)
{
	bool first = false;

	pthread_mutex_lock(&l->post_lock);
	if (!c->posted) {
		c->posted = true;
		c->next = NULL;
		first = l->posted == NULL;
		*l->posted_tail = c;
		l->posted_tail = &c->next;
	}
	pthread_mutex_unlock(&l->post_lock);
	if (first)
		bell_ring(&l->wake);
}

void loop_unpost(struct loop *l, struct loop_call *c)
{
	struct loop_call **p = &l->posted;

	BUG_ON(!loop_is_owner(l));
	pthread_mutex_lock(&l->post_lock);
	while (*p && *p != c)
		p = &(*p)->next;
	if (*p) {
		*p = c->next;
		if (!*p)
			l->posted_tail = p;
		c->posted = false;
	}
	pthread_mutex_unlock(&l->post_lock);
}

static struct loop_call *take_posted(struct loop *l)
{
	struct loop_call *c;

	pthread_mutex_lock(&l->post_lock);
	c = l->posted;
	if (c) {
		l->posted = c->next;
		if (!l->posted)
			l->posted_tail = &l->posted;
		c->posted = false;
	}
	pthread_mutex_unlock(&l->post_lock);
	return c;
}

static void wake_rung(struct loop_bell *b)
{
	/* Posted calls run in every pass; the bell only ends the sleep. */
	(void)b;
}

static bool run_posted(struct loop *l)
{
	struct loop_call *c;
	unsigned n = 0;

	/* Those posted from here on wait for the next pass, or a call that is
	 * posted again and again would be all there is. */
	pthread_mutex_lock(&l->post_lock);
	for (c = l->posted; c; c = c->next)
		n++;
	pthread_mutex_unlock(&l->post_lock);
	for (unsigned i = 0; i < n; i++) {
		c = take_posted(l);
		if (!c)
			break;          /* taken back meanwhile */
		c->fn(c);
	}
	return n > 0;
}

struct sync_call {
	struct loop_call call;
	void (*fn)(void *);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
};

static void sync_run(struct loop_call *c)
{
	struct sync_call *s = (struct sync_call *)c;

	s->fn(s->arg);
	pthread_mutex_lock(&s->lock);
	s->done = true;
	pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->lock);
}

void loop_call_sync(struct loop *l, void (*fn)(void *), void *arg)
{
	struct sync_call s = { .call.fn = sync_run, .fn = fn, .arg = arg };

	if (loop_is_owner(l)) {
		fn(arg);
		return;
	}
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.cond, NULL);
	loop_post(l, &s.call);
	pthread_mutex_lock(&s.lock);
	while (!s.done)
		pthread_cond_wait(&s.cond, &s.lock);
	pthread_mutex_unlock(&s.lock);
	pthread_cond_destroy(&s.cond);
	pthread_mutex_destroy(&s.lock);
}

/* ---- file descriptors ----------------------------------------------------- */

static int fd_ctl(struct loop *l, int op, struct loop_fd *f)
{
	struct epoll_event ev = { .events = f->events, .data.ptr = f };

	BUG_ON(!loop_is_owner(l));
	return epoll_ctl(l->epfd, op, f->fd, &ev) < 0 ? -errno : 0;
}

int loop_fd_add(struct loop *l, struct loop_fd *f)
{
	/* A ring that polls the epoll descriptor hears edges only. */
	l->fds_pending = true;
	return fd_ctl(l, EPOLL_CTL_ADD, f);
}

int loop_fd_mod(struct loop *l, struct loop_fd *f)
{
	l->fds_pending = true;
	return fd_ctl(l, EPOLL_CTL_MOD, f);
}

void loop_fd_del(struct loop *l, struct loop_fd *f)
{
	fd_ctl(l, EPOLL_CTL_DEL, f);
	/* A handler may delete any descriptor, also one that is ready. */
	for (int i = 0; i < l->ntaken; i++)
		if (l->taken[i].data.ptr == f)
			l->taken[i].data.ptr = NULL;
}

static bool epoll_take(struct loop *l, const struct timespec *timeout)
{
	struct epoll_event ev[16];
	int n = epoll_pwait2(l->epfd, ev, 16, timeout, NULL);

	if (n <= 0)
		return false;
	l->taken = ev;
	l->ntaken = n;
	for (int i = 0; i < n; i++) {
		if (ev[i].data.u64 & BELL_TAG) {
			loop_bell_event(l, (uint32_t)(ev[i].data.u64 >> 32),
					(uint32_t)ev[i].data.u64 >> 1);
		} else if (ev[i].data.ptr) {
			struct loop_fd *f = ev[i].data.ptr;

			f->ready(f, ev[i].events);
		}
	}
	l->ntaken = 0;
	return true;
}

static const struct timespec no_time;

static bool serve_fds(struct loop *l)
{
	bool ran = false;

	if (!l->fds_pending)
		return false;
	l->fds_pending = false;
	for (int i = 0; i < 16; i++) {
		if (!epoll_take(l, &no_time))
			return ran;
		ran = true;
	}
	l->fds_pending = true;
	return ran;
}

/* ---- timers --------------------------------------------------------------- */

void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ns)
{
	struct loop_timer **p = &l->timers;

	BUG_ON(!loop_is_owner(l));
	loop_timer_del(l, t);
	while (*p && (*p)->at_ns <= at_ns)
		p = &(*p)->next;
	t->at_ns = at_ns ? at_ns : 1;
	t->next = *p;
	*p = t;
}

void loop_timer_del(struct loop *l, struct loop_timer *t)
{
	struct loop_timer **p = &l->timers;

	if (!t->at_ns)
		return;
	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
	t->at_ns = 0;
}

static bool run_timers(struct loop *l)
{
	bool ran = false;
	uint64_t now;

	if (!l->timers)
		return false;
	now = loop_now_ns();
	while (l->timers && l->timers->at_ns <= now) {
		struct loop_timer *t = l->timers;

		l->timers = t->next;
		t->at_ns = 0;
		t->fired(t);
		ran = true;
	}
	return ran;
}

/* ---- work ----------------------------------------------------------------- */

void loop_took(struct loop *l)
{
	l->taken_requests++;
}

/* ---- hooks ---------------------------------------------------------------- */

void loop_hook_mark(struct loop *l, struct loop_hook *h)
{
	if (h->marked)
		return;
	h->marked = true;
	h->next = NULL;
	*l->hooks_tail = h;
	l->hooks_tail = &h->next;
}

void loop_sleep_mark(struct loop *l, struct loop_hook *h)
{
	if (h->marked)
		return;
	h->marked = true;
	h->next = NULL;
	*l->sleepers_tail = h;
	l->sleepers_tail = &h->next;
}

static bool unlink_hook(struct loop_hook **head, struct loop_hook ***tail,
			struct loop_hook *h)
{
	for (struct loop_hook **p = head; *p; p = &(*p)->next) {
		if (*p != h)
			continue;
		*p = h->next;
		if (!*p)
			*tail = p;
		return true;
	}
	return false;
}

void loop_hook_unmark(struct loop *l, struct loop_hook *h)
{
	if (h->marked && !unlink_hook(&l->hooks, &l->hooks_tail, h))
		unlink_hook(&l->sleepers, &l->sleepers_tail, h);
	h->marked = false;
}

static bool run_hooks(struct loop_hook **head, struct loop_hook ***tail)
{
	bool ran = false;

	while (*head) {
		struct loop_hook *h = *head;

		*head = h->next;
		if (!*head)
			*tail = head;
		h->marked = false;
		h->run(h);
		ran = true;
	}
	return ran;
}

/* ---- the pass ------------------------------------------------------------- */

static void loop_open(struct loop *l)
{
	if (l->opened)
		return;
	l->opened = true;
	if (l->flags & LOOP_URING) {
		int err = loop_ring_open(l);

		if (err)
			log_warn("io_uring is not available (%s): disk I/O "
				 "runs one request at a time. Check "
				 "/proc/sys/kernel/io_uring_disabled and "
				 "seccomp filters.", strerror(-err));
	}
	for (uint32_t i = 0; i < LOOP_BELLS; i++)
		if (l->slots[i].bell && !l->slots[i].bell->away)
			bell_watch(l, l->slots[i].bell);
}

bool loop_has_uring(const struct loop *l)
{
	BUG_ON(!loop_is_owner(l));
	loop_open((struct loop *)(uintptr_t)l);
	return l->ring != NULL;
}

static bool has_posted(struct loop *l)
{
	bool yes;

	pthread_mutex_lock(&l->post_lock);
	yes = l->posted != NULL;
	pthread_mutex_unlock(&l->post_lock);
	return yes;
}

static int64_t sleep_limit(const struct loop *l, int64_t limit_ns)
{
	uint64_t now;
	int64_t left;

	if (!l->timers)
		return limit_ns;
	now = loop_now_ns();
	/* A time beyond INT64_MAX never comes. */
	if (l->timers->at_ns > INT64_MAX)
		return limit_ns;
	left = l->timers->at_ns > now ? (int64_t)(l->timers->at_ns - now) : 0;
	return limit_ns < 0 || left < limit_ns ? left : limit_ns;
}

static bool epoll_wait_pass(struct loop *l, int64_t timeout_ns)
{
	struct timespec ts = {
		.tv_sec = timeout_ns / 1000000000,
		.tv_nsec = timeout_ns % 1000000000,
	};

	return epoll_take(l, timeout_ns < 0 ? NULL : &ts);
}

void loop_poll_kernel(struct loop *l)
{
	if (l->ring)
		loop_ring_wait(l, 0);
	else
		epoll_wait_pass(l, 0);
}

/* limit_ns 0: only looks. */
static bool rest(struct loop *l, int64_t limit_ns)
{
	uint64_t begin = l->linger.max_ns && limit_ns ? loop_now_ns() : 0;
	bool ran = false;

	if (l->ring)
		loop_ring_wait(l, limit_ns);
	else
		ran = epoll_wait_pass(l, limit_ns);
	if (begin)
		loop_linger_slept(l, loop_now_ns() - begin);
	return ran;
}

bool loop_step(struct loop *l, int timeout_ms)
{
	int64_t limit = timeout_ms < 0 ? -1 : (int64_t)timeout_ms * 1000000;
	bool ran, idle;

	__atomic_store_n(&l->owner, pthread_self(), __ATOMIC_RELAXED);
	__atomic_store_n(&l->owned, true, __ATOMIC_RELEASE);
	loop_open(l);
	ran = run_posted(l);
	ran |= run_timers(l);
	ran |= serve_fds(l);
	ran |= serve_bells(l);
	ran |= run_hooks(&l->hooks, &l->hooks_tail);
	/* A loop that is never idle would leave some unheard for ever. */
	idle = !l->ready && !l->fds_pending;
	if (++l->busy < BUSY_PASSES && idle && timeout_ms && loop_linger(l)) {
		run_hooks(&l->hooks, &l->hooks_tail);
		return true;
	}
	if (idle || l->busy >= BUSY_PASSES) {
		l->busy = 0;
		ran |= run_hooks(&l->sleepers, &l->sleepers_tail);
	}
	if (l->ready || l->hooks || l->fds_pending || has_posted(l) ||
	    __atomic_load_n(&l->quit, __ATOMIC_RELAXED))
		limit = 0;
	else
		limit = sleep_limit(l, limit);
	if (limit)
		loop_share_rest(l);
	ran |= rest(l, limit);
	ran |= run_hooks(&l->hooks, &l->hooks_tail);
	return ran || l->ready || l->fds_pending;
}

void loop_run(struct loop *l)
{
	while (!__atomic_load_n(&l->quit, __ATOMIC_ACQUIRE))
		loop_step(l, -1);
	__atomic_store_n(&l->quit, false, __ATOMIC_RELAXED);
	__atomic_store_n(&l->owned, false, __ATOMIC_RELEASE);
}

void loop_quit(struct loop *l)
{
	__atomic_store_n(&l->quit, true, __ATOMIC_RELEASE);
	bell_ring(&l->wake);
}

/* ---- life ----------------------------------------------------------------- */

int loop_create(struct loop **out, const char *name, unsigned flags)
{
	struct loop *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	snprintf(l->name, sizeof(l->name), "%s", name);
	l->flags = flags;
	l->posted_tail = &l->posted;
	l->ready_tail = &l->ready;
	l->hooks_tail = &l->hooks;
	l->sleepers_tail = &l->sleepers;
	pthread_mutex_init(&l->post_lock, NULL);
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0) {
		err = -errno;
		goto err_free;
	}
	l->wake.rung = wake_rung;
	err = loop_bell_add(l, &l->wake);
	if (err)
		goto err_close_epoll;
	*out = l;
	return 0;
err_close_epoll:
	close(l->epfd);
err_free:
	free(l);
	return err;
}

static void *thread_main(void *arg)
{
	struct loop *l = arg;

	pthread_setname_np(pthread_self(), l->name);
	loop_run(l);
	/* Only the thread that made the ring may take it down. */
	loop_ring_close(l);
	return NULL;
}

int loop_start(struct loop *l)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	/* Owned from now on: calls must wait for the thread. */
	__atomic_store_n(&l->owned, true, __ATOMIC_RELEASE);
	err = pthread_create(&l->thread, &attr, thread_main, l);
	pthread_attr_destroy(&attr);
	if (err) {
		l->owned = false;
		return -err;
	}
	l->threaded = true;
	return 0;
}

void loop_stop(struct loop *l)
{
	if (!l->threaded)
		return;
	loop_quit(l);
	pthread_join(l->thread, NULL);
	l->threaded = false;
}

void loop_destroy(struct loop *l)
{
	if (!l)
		return;
	BUG_ON(l->threaded);
	loop_ring_close(l);
	loop_bell_del(l, &l->wake);
	close(l->epfd);
	pthread_mutex_destroy(&l->post_lock);
	free(l);
}
