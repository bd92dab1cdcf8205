#include "devices/char/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "devices/base/log.h"

/* What a signal handler needs, hence global. Each is filled in before its flag
 * is set, and whoever clears the flag puts it back. */
static struct termios saved_mode;
static int saved_tty;
static bool tty_changed;

static struct { int fd, flags; bool changed; } saved_flags[2];

/* ---- descriptors ---------------------------------------------------------- */

/* Opening a pipe or a terminal anew gives a description that nobody shares.
 * Not so a pseudo-terminal's master: that would be another one. */
static bool can_reopen(int fd, const struct stat *st)
{
	unsigned master;

	return S_ISFIFO(st->st_mode) ||
	       (isatty(fd) && ioctl(fd, TIOCGPTN, &master) < 0);
}

static int reopen(int fd, int mode)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : copy;
}

static void set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || flags & O_NONBLOCK)
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (saved_flags[i].changed)
			continue;
		saved_flags[i].fd = fd;
		saved_flags[i].flags = flags;
		__atomic_store_n(&saved_flags[i].changed, true,
				 __ATOMIC_RELEASE);
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		return;
	}
}

/* Files and /dev/null do not, and sockets can be asked not to each time. */
static bool may_block(const struct stat *st)
{
	const unsigned mem_major = 1;

	if (S_ISCHR(st->st_mode))
		return major(st->st_rdev) != mem_major;
	return S_ISFIFO(st->st_mode);
}

int term_nonblocking(int fd, int mode, bool *socket)
{
	struct stat st;
	int copy;

	if (fstat(fd, &st) < 0)
		return -errno;
	*socket = S_ISSOCK(st.st_mode);
	if (can_reopen(fd, &st)) {
		copy = reopen(fd, mode);
		if (copy >= 0)
			return copy;
	}
	if (may_block(&st))
		set_nonblock(fd);
	return duplicate(fd);
}

/* ---- line discipline ------------------------------------------------------ */

bool term_background(int fd)
{
	pid_t job = tcgetpgrp(fd);

	/* Not our controlling terminal: nobody competes for it. */
	return job >= 0 && job != getpgrp();
}

static void set_raw(int fd)
{
	struct termios raw = saved_mode;

	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSANOW, &raw);
	/* Raw mode moves down without moving left. */
	if (isatty(STDERR_FILENO))
		log_set_newline("\r\n");
}

void term_raw(int fd)
{
	if (__atomic_load_n(&tty_changed, __ATOMIC_ACQUIRE))
		return;
	if (tcgetattr(fd, &saved_mode) < 0)
		return;
	saved_tty = fd;
	__atomic_store_n(&tty_changed, true, __ATOMIC_RELEASE);
	set_raw(fd);
}

void term_raw_again(int fd)
{
	struct termios now;

	if (!__atomic_load_n(&tty_changed, __ATOMIC_ACQUIRE))
		term_raw(fd);
	else if (tcgetattr(fd, &now) == 0 && now.c_lflag & ICANON)
		set_raw(fd);
}

void term_restore(void)
{
	int err = errno;

	if (__atomic_exchange_n(&tty_changed, false, __ATOMIC_ACQ_REL)) {
		/* In the background it is another job's, and as that one
		 * wants it. */
		if (!term_background(saved_tty))
			tcsetattr(saved_tty, TCSANOW, &saved_mode);
		log_set_newline(NULL);
	}
	for (unsigned i = 0; i < 2; i++)
		if (__atomic_exchange_n(&saved_flags[i].changed, false,
					__ATOMIC_ACQ_REL))
			fcntl(saved_flags[i].fd, F_SETFL, saved_flags[i].flags);
	errno = err;
}

/* ---- signals -------------------------------------------------------------- */

static void end_by(int sig)
{
	term_restore();
	raise(sig);     /* the handler is gone: this is the default action */
}

static void replace_default(int sig, const struct sigaction *new)
{
	struct sigaction old;

	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(sig, new, NULL);
}

void term_signals(void)
{
	static const int ignored[] = { SIGTTIN, SIGTTOU };
	static const int ending[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS,
		SIGILL, SIGFPE,
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction end = {
		.sa_handler = end_by,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER),
	};

	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		replace_default(ignored[i], &ignore);
	for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		replace_default(ending[i], &end);
}
