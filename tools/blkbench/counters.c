#include "tools/blkbench/bench.h"

#include <dirent.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdlib.h>
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

/*
 * Two ways to it: a statistics file of the CPU, which a VMM may hold open
 * (aerovmm's process does for us, QEMU does since 8.1); and debugfs, which a
 * locked-down kernel does not let anybody read. Our own copy of the file, or of
 * the VM's, keeps the figures after the process has ended.
 */
#define KVM_DEBUG "/sys/kernel/debug/kvm"

/* A descriptor of the process whose name holds that, or -1. */
static int find_fd(pid_t pid, const char *name)
{
	char path[64], to[64];
	struct dirent *e;
	int found = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && found < 0 && (e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, to,
				       sizeof(to) - 1);

		if (n < 0)
			continue;
		to[n] = 0;
		if (strstr(to, name))
			found = atoi(e->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

void counters_offer(void)
{
	int cpu = find_fd(getpid(), "kvm-vcpu:0");

	/* Before Linux 5.14 there is none; debugfs is left. */
	if (cpu >= 0)
		ioctl(cpu, KVM_GET_STATS_FD, NULL);
}

static int copy_fd(pid_t pid, int fd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), got;

	if (pidfd < 0)
		return -1;
	got = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	close(pidfd);
	return got;
}

/* Where in the statistics file a value stands, or -1. */
static off_t stats_offset(int fd, const char *name)
{
	union {
		struct kvm_stats_desc desc;
		char bytes[512];
	} d;
	struct kvm_stats_header h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) ||
	    h.name_size > sizeof(d) - sizeof(d.desc) - 1)
		return -1;
	for (uint32_t i = 0; i < h.num_desc; i++) {
		size_t len = sizeof(d.desc) + h.name_size;

		memset(&d, 0, sizeof(d));
		if (pread(fd, &d, len, (off_t)(h.desc_offset + i * len)) !=
		    (ssize_t)len)
			return -1;
		if (!strcmp(d.bytes + sizeof(d.desc), name))
			return (off_t)(h.data_offset + d.desc.offset);
	}
	return -1;
}

/* KVM names its folders TID-FD, after the thread that made the VM, which is
 * a young child of the process if it is not the process itself. */
static void find_debugfs(struct counters *c, int vm)
{
	DIR *dir = opendir(KVM_DEBUG);
	struct dirent *e;

	while (dir && c->vm < 0 && (e = readdir(dir))) {
		int tid, fd;

		if (sscanf(e->d_name, "%d-%d", &tid, &fd) != 2 || fd != vm ||
		    tid < c->pid || tid - c->pid > 64)
			continue;
		c->vm = copy_fd(c->pid, vm);
		snprintf(c->exits_path, sizeof(c->exits_path),
			 KVM_DEBUG "/%d-%d/exits", tid, fd);
	}
	if (dir)
		closedir(dir);
}

static void find_exits(struct counters *c)
{
	int fd = find_fd(c->pid, "kvm-vcpu-stats:0");

	if (fd >= 0)
		c->stats = copy_fd(c->pid, fd);
	if (c->stats >= 0) {
		c->stats_at = stats_offset(c->stats, "exits");
		return;
	}
	fd = find_fd(c->pid, "kvm-vm");
	if (fd >= 0)
		find_debugfs(c, fd);
}

static double exits_now(const struct counters *c)
{
	uint64_t value;
	double exits = NAN;
	FILE *f;

	if (c->stats >= 0 && c->stats_at >= 0)
		return pread(c->stats, &value, sizeof(value), c->stats_at) ==
		       sizeof(value) ? (double)value : NAN;
	f = c->vm >= 0 ? fopen(c->exits_path, "re") : NULL;
	if (f && fscanf(f, "%lf", &exits) != 1)
		exits = NAN;
	if (f)
		fclose(f);
	return exits;
}

/* ---- all of them ---------------------------------------------------------- */

void counters_open(struct counters *c, pid_t pid)
{
	c->pid = pid;
	c->vm = c->stats = -1;
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
	find_exits(c);
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
	if (c->stats >= 0)
		close(c->stats);
}
