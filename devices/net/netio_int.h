/* Between netio.c and its backends. */
#ifndef DEVICES_NET_NETIO_INT_H
#define DEVICES_NET_NETIO_INT_H

#include <netinet/in.h>

#include "devices/net/netio.h"

/* Set-up thread; errors as of netio_open. */
int netio_tap_open(struct netio **, const struct netio_cfg *, char *err,
		   size_t);
int netio_fd_open(struct netio **, const struct netio_cfg *, char *err, size_t);
int netio_user_open(struct netio **, const struct netio_cfg *, char *err,
		    size_t);

/* Owner loop: nobody is at the other end any more. */
void netio_lost(struct netio *);

/* A forwarded port. Addresses in network order; guest 0: whatever it has. */
struct netio_fwd {
	bool udp;
	struct in_addr host, guest;
	uint16_t host_port, guest_port;
};
/* 0, or -EINVAL with one sentence in err. */
int netio_fwd_parse(struct netio_fwd *, const char *spec, char *err, size_t);

#endif
