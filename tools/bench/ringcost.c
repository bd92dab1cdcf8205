/*
 * What a request costs in the device's side of a ring, in instructions:
 * taking it, giving it back, its share of publishing and arming. Counted one
 * by one with ptrace, so the figures are the same on a busy machine.
 *
 *   build/tools/bench/ringcost
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "tests/lib/vqbench.h"

#define RING 256
#define ROUNDS 4

/* What is counted is between calls of these two: the first stops for the
 * parent, which then goes on step by step. */
__attribute__((noinline)) static void count_from_here(void)
{
	__asm__ volatile("int3" ::: "memory");
}

__attribute__((noinline)) static void count_to_here(void)
{
	__asm__ volatile("" ::: "memory");
}

struct work {
	const struct drv_ring_ops *fmt;
	bool indirect;
	unsigned batch;
};

static void device_side(struct vqbench *b, unsigned n)
{
	struct vq_chain c[RING];
	const struct vq_ops *ops = b->vq.ops;

	count_from_here();
	ops->arm(&b->vq, false);
	for (unsigned i = 0; i < n; i++) {
		c[i].iov = b->iov + 4 * i;
		c[i].max = 4;
		BUG_ON(ops->pop(&b->vq, &c[i]) != 1);
	}
	for (unsigned i = 0; i < n; i++)
		ops->push(&b->vq, &c[i], 4097);
	ops->flush(&b->vq);
	ops->arm(&b->vq, true);
	count_to_here();
}

/* Header, 4 KiB, status: a read of a disk. */
static void requests(const struct work *w)
{
	struct vqbench *b = vqbench_new(w->fmt, RING, true, NULL);
	const struct drv_buf buf[] = {
		{ 0x10000, 16, false }, { 0x20000, 4096, true },
		{ 0x10010, 1, true },
	};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t len;

		for (unsigned k = 0; k < w->batch; k++) {
			struct drv_mem table = { .gpa = 0x30000 + 48 * k };

			table.p = guest_ptr(b->g, table.gpa, 48);
			BUG_ON(b->ring.ops->add(&b->ring, buf, 3, w->indirect ?
						&table : NULL) < 0);
		}
		b->ring.ops->publish(&b->ring);
		device_side(b, w->batch);
		while (b->ring.ops->collect(&b->ring, &len) >= 0)
			;
	}
	vqbench_free(b);
}

static unsigned long follow(pid_t pid)
{
	const unsigned long to = (unsigned long)count_to_here;
	unsigned long n = 0;
	bool on = false;
	int status;

	for (;;) {
		struct user_regs_struct r;

		BUG_ON(waitpid(pid, &status, 0) != pid);
		if (!WIFSTOPPED(status)) {
			BUG_ON(!WIFEXITED(status) || WEXITSTATUS(status));
			return n;
		}
		BUG_ON(ptrace(PTRACE_GETREGS, pid, NULL, &r));
		if (WSTOPSIG(status) == SIGTRAP)
			on = r.rip != to;
		n += on;
		BUG_ON(ptrace(on ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, NULL,
			      NULL));
	}
}

static double cost(const struct work *w)
{
	pid_t pid = fork();

	BUG_ON(pid < 0);
	if (pid == 0) {
		BUG_ON(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		raise(SIGSTOP);
		requests(w);
		_exit(0);
	}
	return (double)follow(pid) / (ROUNDS * (double)w->batch);
}

int main(void)
{
	static const unsigned batch[] = { 1, 8, 64 };

	printf("instructions a request, device side of the ring\n"
	       "%-10s %10s %10s %10s\n", "", "1 a batch", "8 a batch",
	       "64 a batch");
	for (unsigned i = 0; i < 4; i++) {
		struct work w = {
			.fmt = i < 2 ? &drv_split : &drv_packed,
			.indirect = i % 2,
		};

		printf("%s%s", w.fmt->name, w.indirect ? ", table" : ", list ");
		for (unsigned k = 0; k < 3; k++) {
			w.batch = batch[k];
			printf(" %10.1f", cost(&w));
			fflush(stdout);
		}
		putchar('\n');
	}
	return 0;
}
