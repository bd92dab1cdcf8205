#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/char/chario_int.h"

static void unix_gone(struct chario *c)
{
	log_info("unix:%s: the client left", c->path);
	chario_disconnect(c);
}

static void turn_away(int fd)
{
	static const char busy[] =
		"aerovmm: somebody else is connected; try again later\r\n";

	/* Best effort: the close says it too. */
	(void)!send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void incoming(struct loop_fd *src, uint32_t events)
{
	struct chario *c = container_of(src, struct chario, listener);
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int out;

	(void)events;
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			host_err_limited("unix", "cannot accept on %s: %s",
					 c->path, strerror(errno));
		return;
	}
	if (c->hung_up && c->in_fd >= 0)
		chario_disconnect(c);   /* it waited for the guest to listen */
	if (c->in_fd >= 0) {
		turn_away(fd);
		return;
	}
	out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (out < 0) {
		host_err_limited("unix", "cannot serve a client of %s: %s",
				 c->path, strerror(errno));
		close(fd);
		return;
	}
	log_info("unix:%s: a client came", c->path);
	chario_connect(c, fd, out);
}

/* 0: the path is free, a socket that nobody serves removed. */
static int clear_path(const struct sockaddr_un *addr, char *err, size_t errlen)
{
	const char *path = addr->sun_path;
	struct stat st;
	int fd, code;

	if (lstat(path, &st) < 0)
		return 0;               /* bind will say what is wrong */
	if (!S_ISSOCK(st.st_mode))
		return chario_fail(-EEXIST, err, errlen, "unix:%s exists and "
				   "is not a socket: remove it or choose "
				   "another path", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return chario_fail(-errno, err, errlen, "cannot make a socket: "
				   "%s", strerror(errno));
	code = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ?
	       errno : 0;
	close(fd);
	if (code == 0 || code == EAGAIN)
		return chario_fail(-EADDRINUSE, err, errlen, "somebody listens "
				   "on unix:%s already: choose another path",
				   path);
	if (code == ECONNREFUSED && unlink(path) == 0)
		return 0;
	code = code == ECONNREFUSED ? errno : code;
	return chario_fail(-code, err, errlen, "cannot replace the old socket "
			   "unix:%s: %s", path, strerror(code));
}

static int listen_on(const struct sockaddr_un *addr, char *err, size_t errlen)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int code;

	if (fd >= 0 &&
	    bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 &&
	    listen(fd, 4) == 0)
		return fd;
	code = errno;
	if (fd >= 0)
		close(fd);
	return chario_fail(-code, err, errlen, "cannot listen on unix:%s: %s",
			   addr->sun_path, strerror(code));
}

static void remove_own_path(const struct chario *c)
{
	struct stat st;

	if (lstat(c->path, &st) == 0 && st.st_dev == c->dev &&
	    st.st_ino == c->ino)
		unlink(c->path);
}

static int unix_open(struct chario *c, const char *path, char *err,
		     size_t errlen)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, code;

	if (strlen(path) >= sizeof(addr.sun_path))
		return chario_fail(-ENAMETOOLONG, err, errlen, "unix:%s is "
				   "longer than the %zu bytes a socket's path "
				   "may have", path, sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	strcpy(c->path, path);
	code = clear_path(&addr, err, errlen);
	if (code)
		return code;
	fd = listen_on(&addr, err, errlen);
	if (fd < 0)
		return fd;
	if (lstat(path, &st) == 0) {
		c->dev = st.st_dev;
		c->ino = st.st_ino;
	}
	c->socket = c->in_socket = true;
	c->listener = (struct loop_fd){ .fd = fd, .events = EPOLLIN,
					.ready = incoming };
	code = loop_fd_add(c->loop, &c->listener);
	if (code) {
		chario_fail(0, err, errlen, "cannot watch unix:%s: %s", path,
			    strerror(-code));
		goto err_close;
	}
	return 0;
err_close:
	close(fd);
	remove_own_path(c);
	return code;
}

static void unix_close(struct chario *c)
{
	loop_fd_del(c->loop, &c->listener);
	close(c->listener.fd);
	remove_own_path(c);
}

const struct chario_kind chario_unix = {
	.name = "unix",
	.takes_path = true,
	.open = unix_open,
	.close = unix_close,
	.gone = unix_gone,
};
