#include "devices/display/vnc_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)
#define HOST_MAX 256

/* ---- addresses ---------------------------------------------------------------- */

/* "HOST:PORT", the host in brackets if it has colons itself. */
static int split(const char *address, char host[HOST_MAX], char port[6],
		 char *err, size_t errlen)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;
	char *end;
	long n = -1;

	if (len > 1 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	} else if (len && memchr(address, ':', len)) {
		len = 0;
	}
	if (colon && colon[1] >= '0' && colon[1] <= '9') {
		n = strtol(colon + 1, &end, 10);
		if (*end || n > 65535)
			n = -1;
	}
	if (len == 0 || len >= HOST_MAX || n < 0) {
		SAY("'%s' is no HOST:PORT. Write for example 127.0.0.1:5900 or "
		    "[::1]:5900", address);
		return -EINVAL;
	}
	memcpy(host, address, len);
	host[len] = '\0';
	snprintf(port, 6, "%ld", n);
	return 0;
}

static bool loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;

	if (sa->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return sa->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static int open_at(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	int on = 1, e;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 8) == 0)
		return fd;
	e = errno;
	close(fd);
	return -e;
}

/* The host's first address decides. */
int vnc_listen(const char *address, bool any, char *err, size_t errlen)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE,
	};
	char host[HOST_MAX], port[6];
	struct addrinfo *list;
	int ret = split(address, host, port, err, errlen);

	if (ret < 0)
		return ret;
	ret = getaddrinfo(host, port, &hints, &list);
	if (ret) {
		SAY("no address for the host '%s': %s", host,
		    gai_strerror(ret));
		return -EINVAL;
	}
	if (!any && !loopback(list->ai_addr)) {
		SAY("%s is reached from other hosts, and there is no password. "
		    "Use 127.0.0.1 or add password-file=FILE", host);
		ret = -EACCES;
	} else {
		ret = open_at(list);
		if (ret < 0)
			SAY("cannot listen on %s port %s: %s", host, port,
			    strerror(-ret));
	}
	freeaddrinfo(list);
	return ret;
}

/* ---- the password ---------------------------------------------------------------- */

int vnc_password(const char *file, char out[VNC_PASSWORD_MAX + 1], char *err,
		 size_t errlen)
{
	char line[128] = "";
	FILE *f = fopen(file, "re");
	size_t n;

	if (!f) {
		int e = errno;

		SAY("cannot read the password file %s: %s", file, strerror(e));
		return -e;
	}
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	n = strlen(line);
	if (n == 0 || n > VNC_PASSWORD_MAX)
		SAY("the first line of the password file %s has %zu bytes; VNC "
		    "takes 1 to %d", file, n, VNC_PASSWORD_MAX);
	else
		memcpy(out, line, n + 1);
	explicit_bzero(line, sizeof(line));
	return n == 0 || n > VNC_PASSWORD_MAX ? -EINVAL : 0;
}

/* ---- what has changed --------------------------------------------------------------- */

/* Makes x..x+w of the rectangle wide enough for what differs in a row. */
static bool widen(const uint32_t *a, const uint32_t *b, unsigned w,
		  struct vnc_rect *r)
{
	unsigned left = 0, right = w;

	if (memcmp(a, b, w * sizeof(*a)) == 0)
		return false;
	while (a[left] == b[left])
		left++;
	while (a[right - 1] == b[right - 1])
		right--;
	if (r->h == 0 || left < r->x) {
		r->w += r->h ? r->x - left : 0;
		r->x = left;
	}
	if (r->h == 0 || right > r->x + r->w)
		r->w = right - r->x;
	return true;
}

bool vnc_difference(const uint32_t *a, const uint32_t *b, unsigned w, unsigned h,
		    unsigned *y, struct vnc_rect *r)
{
	*r = (struct vnc_rect){ .w = 0 };
	for (; *y < h; ++*y) {
		size_t at = (size_t)*y * w;

		if (widen(a + at, b + at, w, r)) {
			if (r->h++ == 0)
				r->y = *y;
		} else if (r->h) {
			break;
		}
	}
	return r->h > 0;
}
