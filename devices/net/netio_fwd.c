/* hostfwd=: which port of the host leads to which port of the guest. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/net/netio_int.h"

/* "ADDR:PORT"; addr stays as it is when the text has none. */
static int parse_end(const char *s, size_t len, struct in_addr *addr,
		     uint16_t *port)
{
	const char *colon = memchr(s, ':', len);
	char text[INET_ADDRSTRLEN];
	unsigned long n = 0;
	size_t alen;

	if (!colon)
		return -EINVAL;
	alen = (size_t)(colon - s);
	if (alen >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, alen);
	text[alen] = '\0';
	if (alen && inet_pton(AF_INET, text, addr) != 1)
		return -EINVAL;
	for (const char *p = colon + 1; p < s + len; p++) {
		if (*p < '0' || *p > '9' || n > UINT16_MAX)
			return -EINVAL;
		n = n * 10 + (unsigned long)(*p - '0');
	}
	if (n == 0 || n > UINT16_MAX)
		return -EINVAL;
	*port = (uint16_t)n;
	return 0;
}

int netio_fwd_parse(struct netio_fwd *f, const char *spec, char *err,
		    size_t errlen)
{
	const char *host = spec + 4, *dash;

	*f = (struct netio_fwd){
		.udp = strncmp(spec, "udp:", 4) == 0,
		/* Nobody opens a guest to the whole network by accident. */
		.host.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (!f->udp && strncmp(spec, "tcp:", 4) != 0)
		goto err_say;
	dash = strchr(host, '-');
	if (!dash ||
	    parse_end(host, (size_t)(dash - host), &f->host, &f->host_port) ||
	    parse_end(dash + 1, strlen(dash + 1), &f->guest, &f->guest_port))
		goto err_say;
	return 0;
err_say:
	snprintf(err, errlen, "'%s' is not a port to forward; write "
		 "hostfwd=tcp:HOST:PORT-GUEST:PORT (or udp:), for example "
		 "hostfwd=tcp::2222-:22", spec);
	return -EINVAL;
}
