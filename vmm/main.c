#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "devices/base/loop.h"
#include "devices/contract.h"
#include "vmm/machine.h"
#include "vmm/options.h"

enum {
	EXIT_OK = 0, EXIT_HOST = 1, EXIT_USAGE = 2, EXIT_RESET = 3,
	EXIT_CRASH = 4,
};

/* The signals that ask us to leave, as a file that the control loop reads.
 * Blocked before any thread exists, so that all threads inherit it. */
static int catch_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die(EXIT_HOST, "cannot receive signals: %s", strerror(errno));
	return fd;
}

/* A descriptor that was closed at the start would be given to an image or to
 * KVM, and then be taken for the terminal. */
static void fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int exit_code(enum mach_end end, uint32_t value)
{
	switch (end) {
	case MACH_POWEROFF:
	case MACH_QUIT:
		return EXIT_OK;
	case MACH_RESET:
		return EXIT_RESET;
	case MACH_CRASHED:
		return EXIT_CRASH;
	case MACH_DEBUG_EXIT:
		return (int)((value << 1 | 1) & 0xff);
	default:
		return EXIT_HOST;
	}
}

static int run(const struct mach_cfg *cfg)
{
	char err[MACH_ERR_LEN];
	int signals = catch_signals();
	struct machine *m;
	uint32_t value;
	enum mach_end end;

	if (mach_create(&m, cfg, err) < 0)
		die(EXIT_HOST, "%s", err);
	end = mach_run(m, signals, &value);
	mach_destroy(m);
	close(signals);
	return exit_code(end, value);
}

/* Help and version are output, and an output that fails is an error. */
static int printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_OK;
	die(EXIT_HOST, "cannot write to standard output: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	uint64_t born = loop_now_ns();
	char err[OPTIONS_ERR_LEN];
	struct options options;
	int code = EXIT_OK;

	/* One heap for all threads: a second one costs more memory than the
	 * few allocations after the start cost time. */
	mallopt(M_ARENA_MAX, 1);
	/* Large tables that only the start needs go back to the host, and
	 * buffers take memory when they are used. */
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	fill_standard_fds();
	if (options_parse(&options, argc, (const char *const *)argv, err) < 0)
		die(EXIT_USAGE, "%s", err);
	log_set_level(options.verbose);
	switch (options.want) {
	case OPTIONS_HELP:
		options_print_help(stdout);
		code = printed();
		break;
	case OPTIONS_VERSION:
		puts("aerovmm " AEROVMM_VERSION);
		code = printed();
		break;
	case OPTIONS_CONTRACT:
		contract_print_json(stdout);
		code = printed();
		break;
	case OPTIONS_RUN:
		options.mach.born_ns = born;
		code = run(&options.mach);
		break;
	}
	options_fini(&options);
	return code;
}
