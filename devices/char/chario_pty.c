#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/char/chario_int.h"

/* Nothing tells when somebody opens the slave; while nobody has, we look. */
#define LOOK_NS UINT64_C(200000000)

static void look_later(struct chario *c)
{
	loop_timer_set(c->loop, &c->poll, loop_now_ns() + LOOK_NS);
}

static void pty_gone(struct chario *c)
{
	chario_disconnect(c);
	look_later(c);
}

static void look(struct loop_timer *t)
{
	struct chario *c = container_of(t, struct chario, poll);
	struct pollfd p = { .fd = c->listener.fd, .events = POLLIN };
	int in, out;

	/* Somebody may have written something and left at once. */
	if (poll(&p, 1, 0) < 0 || (p.revents & (POLLHUP | POLLIN)) == POLLHUP) {
		look_later(c);
		return;
	}
	in = fcntl(p.fd, F_DUPFD_CLOEXEC, 3);
	out = fcntl(p.fd, F_DUPFD_CLOEXEC, 3);
	if (in < 0 || out < 0) {
		host_err_limited("pty", "cannot serve %s: %s", c->path,
				 strerror(errno));
		if (in >= 0)
			close(in);
		look_later(c);
		return;
	}
	chario_connect(c, in, out);
}

/*
 * The slave is opened once: raw, so that it does not echo the guest's output
 * back as its input; and closed, because only from then on does the master
 * hang up while nobody is there.
 */
static int prepare_slave(const char *name)
{
	int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &mode) == 0) {
		cfmakeraw(&mode);
		tcsetattr(fd, TCSANOW, &mode);
	}
	close(fd);
	return 0;
}

static int pty_open(struct chario *c, const char *path, char *err,
		    size_t errlen)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	int code;

	(void)path;
	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0) {
		code = -errno;
		goto err_close;
	}
	code = -ptsname_r(fd, c->path, sizeof(c->path));
	if (!code)
		code = prepare_slave(c->path);
	if (code)
		goto err_close;
	c->listener.fd = fd;
	c->poll.fired = look;
	look_later(c);
	/* Not log_info: without the name it cannot be used. */
	log_warn("the serial port is at %s", c->path);
	return 0;
err_close:
	if (fd >= 0)
		close(fd);
	return chario_fail(code, err, errlen, "cannot make a pseudo-terminal: "
			   "%s. Is /dev/pts mounted?", strerror(-code));
}

static void pty_close(struct chario *c)
{
	loop_timer_del(c->loop, &c->poll);
	close(c->listener.fd);
}

const struct chario_kind chario_pty = {
	.name = "pty",
	.open = pty_open,
	.close = pty_close,
	.gone = pty_gone,
};
