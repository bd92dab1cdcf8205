#include "tools/blkbench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "devices/base/loop.h"
#include "devices/virtio/profile.h"
#include "pci/vpci.h"
#include "vmm/machine.h"

extern const uint8_t guest_image[], guest_image_end[];

/* ---- the micro-guest ------------------------------------------------------ */

static int write_all(int fd, const uint8_t *from, size_t len)
{
	while (len) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static size_t image_len(void)
{
	return (size_t)(guest_image_end - guest_image);
}

int guest_open(void)
{
	int fd = memfd_create("blkbench-guest", 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = write_all(fd, guest_image, image_len());
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int guest_emit(const char *path, char err[BENCH_ERR_LEN])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int ret = fd < 0 ? -errno : write_all(fd, guest_image, image_len());

	if (fd >= 0 && close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret < 0)
		snprintf(err, BENCH_ERR_LEN, "cannot write '%s': %s", path,
			 strerror(-ret));
	return ret;
}

void guest_cmdline(const struct job *job, char *to, size_t len)
{
	const struct bench_cfg *cfg = job->cfg;
	const struct work *w = &job->work;

	snprintf(to, len, "blocks=%" PRIu64 " bs=%u depth=%u queues=%u "
		 "random=%d writes=%u count=%" PRIu64 " ticks=%" PRIu64
		 " warm=%" PRIu64 " seed=%" PRIu64 " indirect=%d event=%d "
		 "packed=%d verify=%d mmio=%d", w->blocks, w->bs, w->depth,
		 w->queues, w->random, w->writes, w->count, w->ticks, w->warm,
		 w->seed, cfg->indirect, cfg->event_idx, cfg->packed,
		 cfg->verify, cfg->mmio);
}

/* Of the guest, in MiB: what its buffers take, and its own. */
static unsigned guest_mib(const struct work *w)
{
	return 32 + (unsigned)(((uint64_t)w->depth * w->queues *
				(w->bs + 4096) + 0xfffff) >> 20);
}

/* ---- one function a side; none returns ------------------------------------ */

__attribute__((noreturn)) static void leave(int fd, const char *what, int e)
{
	dprintf(fd, "blkbench: error %s: %s\n", what, strerror(e));
	_exit(EXIT_HOST);
}

__attribute__((noreturn))
static void boot_aerovmm(const struct job *job, int fd)
{
	const struct bench_cfg *cfg = job->cfg;
	static char cmdline[512], kernel[64], serial[64], err[MACH_ERR_LEN];
	static struct mach_cfg m;
	struct machine *machine;
	enum mach_end end;
	sigset_t none;
	uint32_t value = 0;
	int image = guest_open();

	if (image < 0)
		leave(fd, "cannot hold the micro-guest", -image);
	guest_cmdline(job, cmdline, sizeof(cmdline));
	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", image);
	snprintf(serial, sizeof(serial), "file:/proc/self/fd/%d", fd);
	m = (struct mach_cfg){
		.profile = vio_profile_find(cfg->strict ? "aero-w7" : "modern"),
		.transport = cfg->mmio ? MACH_MMIO : MACH_PCI,
		.kernel = kernel, .cmdline = cmdline,
		.memory = (uint64_t)guest_mib(&job->work) << 20,
		.cpus = 1, .ndisks = 1, .serial = serial, .no_reboot = true,
		.debug_exit = true, .iothreads = cfg->iothreads,
		.poll_us = cfg->poll_us,
		.born_ns = loop_now_ns(),
	};
	m.disk[0] = (struct mach_disk){
		.path = cfg->path, .direct = cfg->direct,
		.ro = !bench_writes(cfg), .queues = job->work.queues,
		.packed = cfg->packed,
	};
	log_set_level(cfg->verbose);
	signal(SIGPIPE, SIG_IGN);
	if (mach_create(&machine, &m, err) < 0) {
		dprintf(fd, "blkbench: error %s\n", err);
		_exit(EXIT_HOST);
	}
	counters_offer();
	sigemptyset(&none);
	end = mach_run(machine, signalfd(-1, &none, SFD_CLOEXEC), &value);
	mach_destroy(machine);
	if (end == MACH_CRASHED)
		_exit(EXIT_CRASH);
	_exit(end == MACH_DEBUG_EXIT && value == 0 ? EXIT_OK : EXIT_HOST);
}

/* In QEMU's option values a comma is written twice. */
static void twice_commas(char *to, size_t len, const char *from)
{
	size_t n = 0;

	for (; *from && n + 2 < len; from++) {
		to[n++] = *from;
		if (*from == ',')
			to[n++] = ',';
	}
	to[n] = 0;
}

__attribute__((noreturn))
static void boot_qemu(const struct job *job, int fd)
{
	const struct bench_cfg *cfg = job->cfg;
	char cmdline[512], kernel[64], mem[16], file[4200], drive[4400];
	char device[256];
	int image = guest_open();

	if (image < 0)
		leave(fd, "cannot hold the micro-guest", -image);
	guest_cmdline(job, cmdline, sizeof(cmdline));
	twice_commas(file, sizeof(file), cfg->path);
	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", image);
	snprintf(mem, sizeof(mem), "%u", guest_mib(&job->work));
	snprintf(drive, sizeof(drive), "file=%s,if=none,id=d0,format=raw,"
		 "aio=io_uring,cache.direct=%s,readonly=%s", file,
		 cfg->direct ? "on" : "off", bench_writes(cfg) ? "off" : "on");
	snprintf(device, sizeof(device), "virtio-blk-pci,drive=d0,iothread=io0,"
		 "disable-legacy=on,num-queues=%u,packed=%s,event_idx=%s,"
		 "indirect_desc=%s", job->work.queues,
		 cfg->packed ? "on" : "off", cfg->event_idx ? "on" : "off",
		 cfg->indirect ? "on" : "off");
	dup2(fd, STDOUT_FILENO);
	execlp(cfg->qemu, cfg->qemu, "-M", "q35", "-accel", "kvm", "-cpu",
	       "host", "-smp", "1", "-m", mem, "-nodefaults", "-display",
	       "none", "-serial", "stdio", "-monitor", "none", "-no-reboot",
	       "-nic", "none", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
	       "-object", "iothread,id=io0", "-drive", drive, "-device",
	       device, "-kernel", kernel, "-append", cmdline, (char *)NULL);
	leave(fd, cfg->qemu, errno);
}

/* In fio's file names a colon separates. */
static void escape_colons(char *to, size_t len, const char *from)
{
	size_t n = 0;

	for (; *from && n + 2 < len; from++) {
		if (*from == ':')
			to[n++] = '\\';
		to[n++] = *from;
	}
	to[n] = 0;
}

__attribute__((noreturn))
static void run_fio(const struct job *job, int fd)
{
	const struct bench_cfg *cfg = job->cfg;
	const struct work *w = &job->work;
	char arg[20][64], name[4300], file[4200];
	char *argv[24];
	unsigned n = 0, a = 0;

	escape_colons(file, sizeof(file), cfg->path);
	snprintf(name, sizeof(name), "--filename=%s", file);
#define ARG(...) do {                                                          \
	snprintf(arg[a], sizeof(arg[a]), __VA_ARGS__);                         \
	argv[n++] = arg[a++];                                                  \
} while (0)
	ARG("%s", "fio");
	ARG("--minimal");
	ARG("--name=blkbench");
	argv[n++] = name;
	ARG("--ioengine=io_uring");
	ARG("--norandommap");
	ARG("--allow_mounted_write=%d", bench_writes(cfg));
	ARG("--direct=%d", cfg->direct);
	/* Else the next one to read finds nothing in the page cache. */
	ARG("--invalidate=0");
	ARG("--rw=%s%s", w->random ? "rand" : "",
	    w->writes == 0 ? "read" : w->writes == 100 ? "write" : "rw");
	ARG("--rwmixwrite=%u", w->writes);
	ARG("--bs=%u", w->bs);
	ARG("--iodepth=%u", w->depth * w->queues);
	ARG("--size=%" PRIu64, w->blocks * w->bs);
	ARG("--randseed=%" PRIu64, w->seed);
	if (w->count) {
		ARG("--number_ios=%" PRIu64, w->count);
	} else {
		ARG("--time_based");
		snprintf(arg[a], sizeof(arg[a]), "--runtime=%ums",
			 cfg->runtime_ms);
		argv[n++] = arg[a++];
		ARG("--ramp_time=%ums", (unsigned)(w->warm / 1000000));
	}
#undef ARG
	argv[n] = NULL;
	dup2(fd, STDOUT_FILENO);
	execvp(cfg->fio, argv);
	leave(fd, cfg->fio, errno);
}

void side_child(const struct job *job, int fd)
{
	switch (job->side) {
	case SIDE_AEROVMM:
		boot_aerovmm(job, fd);
	case SIDE_QEMU:
		boot_qemu(job, fd);
	case SIDE_FIO:
		run_fio(job, fd);
	default:
		_exit(host_run(job, fdopen(fd, "w")));
	}
}
