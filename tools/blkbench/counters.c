#include "tools/blkbench/bench.h"

#include <dirent.h>
#include <linux/perf_event.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A tracepoint's number, or -1: tracefs is not mounted, or not ours to read. */
static long long tracepoint(const char *name)
{
	static const char *const roots[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	long long id = -1;

	for (unsigned i = 0; i < 2 && id < 0; i++) {
		char path[128];
		FILE *f;

		snprintf(path, sizeof(path), "%s/events/%s/id", roots[i], name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%lld", &id) != 1)
			id = -1;
		fclose(f);
	}
	return id;
}

static int open_one(uint32_t type, long long config, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = type, .size = sizeof(attr),
		.config = (uint64_t)config, .disabled = 1, .inherit = 1,
	};

	if (config < 0)
		return -1;
	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

/* ---- KVM's own counter ---------------------------------------------------- */

#define KVM_DEBUG "/sys/kernel/debug/kvm"

/* Some thread of the process made the VM with that file descriptor. */
static bool has_vm(pid_t pid, int tid, int fd)
{
	char path[64], to[64];
	ssize_t n;

	/* The thread may have ended; it was started soon after the process. */
	if (tid < pid || tid - pid > 64)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = 0;
	return strstr(to, "kvm-vm");
}

/* Holding the VM's file keeps its counters after the process has ended. */
static int hold(pid_t pid, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), got;

	if (pidfd < 0)
		return -1;
	got = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	return got;
}

/* KVM names its folders TID-FD, after the thread that made the VM. */
static void find_vm(struct counters *c)
{
	DIR *dir = opendir(KVM_DEBUG);
	struct dirent *e;

	while (dir && c->vm < 0 && (e = readdir(dir))) {
		int tid, fd;

		if (sscanf(e->d_name, "%d-%d", &tid, &fd) != 2 ||
		    !has_vm(c->pid, tid, fd))
			continue;
		c->vm = hold(c->pid, fd);
		snprintf(c->exits_path, sizeof(c->exits_path),
			 KVM_DEBUG "/%d-%d/exits", tid, fd);
	}
	if (dir)
		closedir(dir);
}

static double exits_now(const struct counters *c)
{
	FILE *f = c->vm >= 0 ? fopen(c->exits_path, "re") : NULL;
	double exits;

	if (!f)
		return NAN;
	if (fscanf(f, "%lf", &exits) != 1)
		exits = NAN;
	fclose(f);
	return exits;
}

/* ---- all of them ---------------------------------------------------------- */

void counters_open(struct counters *c, pid_t pid)
{
	c->pid = pid;
	c->vm = -1;
	c->exits = NAN;
	c->fd[COUNT_SYSCALLS] = open_one(PERF_TYPE_TRACEPOINT,
		tracepoint("raw_syscalls/sys_enter"), pid);
	c->fd[COUNT_CPU_NS] = open_one(PERF_TYPE_SOFTWARE,
				       PERF_COUNT_SW_TASK_CLOCK, pid);
	c->fd[COUNT_SWITCHES] = open_one(PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_CONTEXT_SWITCHES, pid);
}

static void order(const struct counters *c, unsigned long request)
{
	for (unsigned i = 0; i < COUNT_EXITS; i++)
		if (c->fd[i] >= 0)
			ioctl(c->fd[i], request, 0);
}

void counters_start(struct counters *c)
{
	find_vm(c);
	c->exits = exits_now(c);
	order(c, PERF_EVENT_IOC_ENABLE);
}

void counters_stop(struct counters *c)
{
	order(c, PERF_EVENT_IOC_DISABLE);
	c->exits = exits_now(c) - c->exits;
}

double counters_get(const struct counters *c, enum counter which)
{
	uint64_t value;

	if (which == COUNT_EXITS)
		return c->exits;
	if (c->fd[which] < 0 ||
	    read(c->fd[which], &value, sizeof(value)) != sizeof(value))
		return NAN;
	return (double)value;
}

void counters_close(const struct counters *c)
{
	for (unsigned i = 0; i < COUNT_EXITS; i++)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	if (c->vm >= 0)
		close(c->vm);
}
