#include "tests/lib/taps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static const char *no_taps;     /* why there are none; NULL: there are */

void taps_need(void)
{
	if (!no_taps)
		return;
	fprintf(stderr, "skip: %s\n", no_taps);
	skip();
}

void taps_init(void)
{
	static char why[100];

	if (geteuid() != 0)
		no_taps = "tests of real taps need root";
	else if (access("/dev/net/tun", R_OK | W_OK) < 0)
		no_taps = "tests of real taps need /dev/net/tun";
	else if (unshare(CLONE_NEWNET) < 0) {
		snprintf(why, sizeof(why), "no network namespace for taps: %s",
			 strerror(errno));
		no_taps = why;
	} else {
		taps_up("lo", true);
	}
}

int taps_ioctl(const char *name, unsigned long op, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), rc;

	assert_true(s >= 0);
	memset(ifr->ifr_name, 0, IFNAMSIZ);
	memcpy(ifr->ifr_name, name, strlen(name));
	rc = ioctl(s, op, ifr);
	close(s);
	return rc;
}

void taps_up(const char *name, bool up)
{
	struct ifreq ifr;

	assert_int_equal(0, taps_ioctl(name, SIOCGIFFLAGS, &ifr));
	ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP
				   : ifr.ifr_flags & ~IFF_UP);
	assert_int_equal(0, taps_ioctl(name, SIOCSIFFLAGS, &ifr));
}

/* One that stays, as an administrator makes it. */
void taps_make(const char *name, short flags, int owner)
{
	struct ifreq ifr = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	memcpy(ifr.ifr_name, name, strlen(name));
	assert_int_equal(0, ioctl(fd, TUNSETIFF, &ifr));
	assert_int_equal(0, ioctl(fd, TUNSETPERSIST, 1));
	if (owner >= 0)
		assert_int_equal(0, ioctl(fd, TUNSETOWNER, owner));
	close(fd);
}

void taps_delete(const char *name)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} msg = {
		.h = { .nlmsg_len = sizeof(msg), .nlmsg_type = RTM_DELLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.i = { .ifi_index = (int)if_nametoindex(name) },
	};
	struct { struct nlmsghdr h; struct nlmsgerr e; } ack;
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	assert_true(s >= 0 && msg.i.ifi_index > 0);
	assert_int_equal(sizeof(msg), send(s, &msg, sizeof(msg), 0));
	assert_true(recv(s, &ack, sizeof(ack), 0) > 0);
	assert_int_equal(0, ack.e.error);
	close(s);
}

/* A socket on the wire, for frames of our own EtherType. */
int taps_wire(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_TEST),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_TEST));

	assert_true(s >= 0);
	assert_int_equal(0, bind(s, (struct sockaddr *)&addr, sizeof(addr)));
	return s;
}

int taps_open(struct netio **io, const struct netio_cfg *cfg,
		     const char *word)
{
	char err[256] = "";
	int rc = netio_open(io, cfg, err, sizeof(err));

	if (word && (rc == 0 || !strstr(err, word) || strchr(err, '\n')))
		fail_msg("%d, '%s' does not say '%s'", rc, err, word);
	if (!word && rc)
		fail_msg("%d, '%s'", rc, err);
	return rc;
}

bool taps_arrived(void *arg)
{
	struct taps_arrival *a = arg;

	a->len = recv(a->s, a->to, a->room, 0);
	return a->len >= 0;
}
