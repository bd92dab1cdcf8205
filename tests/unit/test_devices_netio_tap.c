/*
 * Description: the tap backend, on real taps in a network namespace of its
 * own, and on sockets. Those parts that need root say so when it is not there.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/mounts.h"
#include "tests/lib/net_rig.h"
#include "tests/lib/taps.h"

#define ALL UINT64_MAX
#define ALL_TSO (NETIO_CSUM | NETIO_TSO4 | NETIO_TSO6 | NETIO_ECN)
#define NOBODY 65534

static int open_tap(struct netio **io, const char *name, const char *word)
{
	return taps_open(io, &(struct netio_cfg){
		.kind = NETIO_TAP, .tap = name }, word);
}

static int open_fd(struct netio **io, int fd, const char *word)
{
	return taps_open(io, &(struct netio_cfg){ .kind = NETIO_FD, .fd = fd },
			 word);
}

/* ---- frames through a card and a tap ------------------------------------------- */

static uint8_t frame[70000], got[70000];

/* The next frame with our EtherType; the host talks IPv6 by itself. */
static size_t guest_receives(struct net_rig *r)
{
	size_t len;
	uint32_t used;
	int id;

	do {
		id = rig_collect(&r->rig, &r->q[0], &used);
		len = net_rig_read(r, 0, id, got, sizeof(got));
		assert_true(used <= len && used >= r->hdr_len + 14);
		net_rig_repost(r, id);
	} while (got[r->hdr_len + 12] != ETH_TEST >> 8 ||
		 got[r->hdr_len + 13] != (ETH_TEST & 0xff));
	return used - r->hdr_len;
}

static void traffic(struct net_rig *r, int s)
{
	static const size_t size[] = { 60, 61, 500, 1514 };
	uint32_t used;

	for (unsigned i = 0; i < 100; i++)
		net_rig_post1(r, 2000);
	for (unsigned i = 0; i < 40; i++) {
		size_t len = size[i % 4];
		struct taps_arrival a = { s, got, sizeof(got), 0 };

		net_rig_frame(frame, len, net_rig_mac, i);
		assert_int_equal(len, send(s, frame, len, 0));
		assert_int_equal(len, guest_receives(r));
		assert_memory_equal(frame, got + r->hdr_len, len);
		net_rig_frame(frame, len, (const uint8_t *)
			      "\xff\xff\xff\xff\xff\xff", i);
		net_rig_send_frame(r, frame, len);
		rig_until(&r->rig, taps_arrived, &a);
		assert_int_equal(len, a.len);
		assert_memory_equal(frame, got, len);
		rig_collect(&r->rig, &r->q[1], &used);
		assert_int_equal(0, used);
	}
}

static void traffic_under(const struct vio_profile *prof, unsigned flags)
{
	struct net_rig r;
	struct netio *io;
	int s;

	taps_need();
	open_tap(&io, "tapt0", NULL);
	assert_int_equal(ALL_TSO, io->can & ALL_TSO);
	net_rig_open_io(&r, prof, io, 0, flags);
	net_rig_start(&r, ALL);
	s = taps_wire("tapt0");
	traffic(&r, s);
	close(s);
	net_rig_close(&r);
	/* It was ours and went with us. */
	assert_int_equal(0, if_nametoindex("tapt0"));
}

static void tap_made_for_us_strict(void **state)
{
	(void)state;
	traffic_under(&vio_profile_aero_w7, 0);
}

static void tap_made_for_us_modern(void **state)
{
	(void)state;
	traffic_under(&vio_profile_modern, 0);
}

static void tap_made_for_us_uring(void **state)
{
	(void)state;
	traffic_under(&vio_profile_modern, RIG_URING);
}

/* More than a pass, more than there are chains for: none is lost, for the
 * kernel's queue holds them. */
static void burst_waits_in_the_kernel(void **state)
{
	struct net_rig r;
	struct netio *io;
	int s;

	(void)state;
	taps_need();
	open_tap(&io, "tapt0", NULL);
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	net_rig_start(&r, ALL);
	s = taps_wire("tapt0");
	for (unsigned i = 0; i < 300; i++) {
		net_rig_frame(frame, 100, net_rig_mac, i);
		assert_int_equal(100, send(s, frame, 100, 0));
	}
	net_rig_settle(&r);
	for (unsigned i = 0; i < 80; i++)
		net_rig_post1(&r, 2000);
	for (unsigned i = 0; i < 300; i++) {
		net_rig_frame(frame, 100, net_rig_mac, i);
		assert_int_equal(100, guest_receives(&r));
		assert_memory_equal(frame, got + r.hdr_len, 100);
	}
	close(s);
	net_rig_close(&r);
}

static bool link_is_down(void *arg)
{
	struct net_rig *r = arg;

	return !(r->rig.bus.ops->cfg_get(&r->rig.bus, 6, 2) &
		 VIRTIO_NET_S_LINK_UP);
}

/* Deleted under us: link down, and the guest lives. */
static void tap_that_disappears(void **state)
{
	struct net_rig r;
	struct netio *io;
	uint32_t used;

	(void)state;
	taps_need();
	for (unsigned how = 0; how < 4; how++) {
		unsigned sending = how & 1;

		taps_make("tapt1", IFF_TAP | IFF_NO_PI, -1);
		taps_up("tapt1", true);
		open_tap(&io, "tapt1", NULL);
		net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
		net_rig_start(&r, ALL);
		/* It is noticed without buffers to read into, too. */
		if (how & 2)
			net_rig_post1(&r, 2000);
		net_rig_settle(&r);
		assert_false(link_is_down(&r));
		taps_delete("tapt1");
		net_rig_frame(frame, 60, net_rig_mac, 1);
		if (sending)
			net_rig_send_frame(&r, frame, 60);
		rig_until(&r.rig, link_is_down, &r);
		for (unsigned i = 0; i < 3; i++)
			net_rig_send_frame(&r, frame, 60);
		for (unsigned i = 0; i < 3 + sending; i++)
			rig_collect(&r.rig, &r.q[1], &used);
		net_rig_start(&r, ALL);
		assert_true(link_is_down(&r));
		net_rig_close(&r);
	}
}

/* Down is not gone. */
static void tap_that_is_down_for_a_while(void **state)
{
	struct net_rig r;
	struct netio *io;
	int s;

	(void)state;
	taps_need();
	open_tap(&io, "tapt2", NULL);
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	net_rig_start(&r, ALL);
	taps_up("tapt2", false);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	for (unsigned i = 0; i < 10; i++)
		net_rig_send_frame(&r, frame, 60);
	net_rig_settle(&r);
	assert_false(link_is_down(&r));
	taps_up("tapt2", true);
	s = taps_wire("tapt2");
	net_rig_start(&r, ALL);
	traffic(&r, s);
	close(s);
	net_rig_close(&r);
}

/* ---- offloads and MTU ----------------------------------------------------------- */

static bool host_leaves_tso(const char *name)
{
	struct ethtool_value v = { .cmd = ETHTOOL_GTSO };
	struct ifreq ifr = { .ifr_data = (char *)&v };

	assert_int_equal(0, taps_ioctl(name, SIOCETHTOOL, &ifr));
	return v.data;
}

static void offloads_reach_the_kernel(void **state)
{
	struct net_rig r;
	struct netio *io;

	(void)state;
	taps_need();
	open_tap(&io, "tapt3", NULL);
	assert_false(host_leaves_tso("tapt3"));
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	assert_false(host_leaves_tso("tapt3"));
	net_rig_start(&r, ALL);
	assert_true(host_leaves_tso("tapt3"));
	drv_reset(&r.rig.bus);
	assert_false(host_leaves_tso("tapt3"));
	net_rig_start(&r, ALL & ~VIRTIO_NET_F_GUEST_TSO4 &
		      ~VIRTIO_NET_F_GUEST_TSO6);
	assert_false(host_leaves_tso("tapt3"));
	/* Whatever the guest picks, the kernel takes what makes sense of it. */
	for (unsigned set = 0; set < 0x80; set++)
		if (!(set & ~io->can))
			assert_int_equal(0, netio_offload(io, set));
	assert_int_equal(-EINVAL, netio_offload(io, 0x10));
	net_rig_close(&r);
}

/* A segmented frame from the guest comes out as the host's stack sees it: one
 * long one, its checksum still to be done. */
static void segments_are_left_to_the_host(void **state)
{
	struct virtio_net_hdr hdr = {
		.flags = 1, .gso_type = 1, .hdr_len = le16_put(54),
		.gso_size = le16_put(1448), .csum_start = le16_put(34),
		.csum_offset = le16_put(16),
	};
	uint8_t bytes[12 + 54 + 9000] = { 0 };
	struct taps_arrival a = { -1, got, sizeof(got), 0 };
	struct net_rig r;
	struct netio *io;
	uint8_t *ip = bytes + 12 + 14;

	(void)state;
	taps_need();
	open_tap(&io, "tapt3", NULL);
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	net_rig_start(&r, ALL);
	a.s = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	assert_true(a.s >= 0);
	assert_int_equal(0, bind(a.s, (struct sockaddr *)&(struct sockaddr_ll){
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex("tapt3") },
		sizeof(struct sockaddr_ll)));
	memcpy(bytes, &hdr, 12);
	net_rig_frame(bytes + 12, 14, net_rig_mac, 1);
	bytes[12 + 12] = 0x08;
	bytes[12 + 13] = 0x00;
	ip[0] = 0x45;
	ip[2] = (40 + 9000) >> 8;
	ip[3] = (40 + 9000) & 0xff;
	ip[8] = 64;
	ip[9] = 6;                      /* TCP */
	ip[12] = ip[16] = 10;
	ip[20 + 12] = 0x50;             /* no options */
	net_rig_send(&r, bytes, sizeof(bytes), 0, NULL);
	rig_until(&r.rig, taps_arrived, &a);
	assert_int_equal(sizeof(bytes) - 12, a.len);
	assert_memory_equal(bytes + 12, got, (size_t)a.len);
	close(a.s);
	net_rig_close(&r);
}

static int mtu_of(const char *name)
{
	struct ifreq ifr;

	assert_int_equal(0, taps_ioctl(name, SIOCGIFMTU, &ifr));
	return ifr.ifr_mtu;
}

static void mtu_is_raised(void **state)
{
	struct netio_cfg cfg = { .kind = NETIO_TAP, .tap = "tapt4",
				 .mtu = 9000 };
	struct netio *io;

	(void)state;
	taps_need();
	taps_open(&io, &cfg, NULL);
	assert_int_equal(9000, mtu_of("tapt4"));
	netio_close(io);
	cfg.mtu = 1000;
	taps_open(&io, &cfg, NULL);
	assert_int_equal(1500, mtu_of("tapt4"));
	netio_close(io);
}

/* ---- what people do wrong -------------------------------------------------------- */

static void names_that_cannot_be(void **state)
{
	static const struct { const char *name, *word; } row[] = {
		{ "", "no name" }, { "a-name-far-too-long", "too long" },
		{ "1234567890123456", "too long" }, { "tap%d", "cannot be" },
		{ "a/b", "cannot be" }, { "a b", "cannot be" },
	};
	struct netio *io;

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(-EINVAL, open_tap(&io, row[i].name,
						   row[i].word));
}

static void taps_that_are_something_else(void **state)
{
	struct netio *io, *second;

	(void)state;
	taps_need();
	open_tap(&io, "tapt5", NULL);
	assert_int_equal(-EBUSY, open_tap(&second, "tapt5", "in use"));
	netio_close(io);
	taps_make("tunt0", IFF_TUN | IFF_NO_PI, -1);
	open_tap(&io, "tunt0", "is not a tap");
	open_tap(&io, "lo", "is not a tap");
	taps_make("tapmq", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE, -1);
	open_tap(&io, "tapmq", "several queues");
	taps_delete("tunt0");
	taps_delete("tapmq");
}

/* Runs in a child, which gives up rights its parent needs. */
static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
}

/* No cmocka here: its failures are the parent's. */
static void expect(const char *name, int want, const char *word)
{
	char err[256] = "";
	struct netio *io;
	int rc = netio_open(&io, &(struct netio_cfg){
		.kind = NETIO_TAP, .tap = name }, err, sizeof(err));

	if (rc != want || (word && !strstr(err, word))) {
		fprintf(stderr, "%s: %d, not %d: '%s' does not say '%s'\n",
			name, rc, want, err, word ? word : "");
		_exit(1);
	}
	if (rc == 0)
		netio_close(io);
}

static void become_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(2);
}

static void own_dev_net(void)
{
	if (mounts_own() || mount("none", "/dev/net", "tmpfs", 0, NULL))
		_exit(3);
}

static void without_rights(void)
{
	own_dev_net();
	umask(0);
	if (mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)))
		_exit(4);
	become_nobody();
	expect("tapt6", -EPERM, "may not make it");
	expect("taproot", -EPERM, "another user");
	expect("tapnob", 0, NULL);
}

static void users_without_rights(void **state)
{
	(void)state;
	taps_need();
	taps_make("taproot", IFF_TAP | IFF_NO_PI, 0);
	taps_make("tapnob", IFF_TAP | IFF_NO_PI, NOBODY);
	in_child(without_rights);
	taps_delete("taproot");
	taps_delete("tapnob");
}

static void without_device(void)
{
	int fd;

	own_dev_net();
	expect("tapt7", -ENOENT, "modprobe tun");
	fd = open("/dev/net/tun", O_CREAT | O_WRONLY, 0600);
	if (fd < 0)
		_exit(5);
	close(fd);
	become_nobody();
	expect("tapt7", -EACCES, "no permission");
}

static void hosts_without_the_device(void **state)
{
	(void)state;
	taps_need();
	in_child(without_device);
}

/* ---- descriptors ------------------------------------------------------------------ */

static void descriptors_that_are_no_good(void **state)
{
	struct netio *io;
	int p[2], fd;

	(void)state;
	assert_int_equal(-EBADF, open_fd(&io, 9999, "not an open descriptor"));
	assert_int_equal(0, pipe(p));
	open_fd(&io, p[0], "neither a tap nor");
	close(p[0]);
	close(p[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	open_fd(&io, fd, "neither a tap nor");
	close(fd);
}

static int tun_fd(const char *name, short flags)
{
	struct ifreq ifr = { .ifr_flags = flags };
	int fd = open("/dev/net/tun", O_RDWR);

	assert_true(fd >= 0);
	memcpy(ifr.ifr_name, name, strlen(name));
	assert_int_equal(0, ioctl(fd, TUNSETIFF, &ifr));
	return fd;
}

static void tap_as_a_descriptor(void **state)
{
	struct net_rig r;
	struct netio *io;
	int fd, s;

	(void)state;
	taps_need();
	fd = tun_fd("tunt1", IFF_TUN | IFF_NO_PI);
	open_fd(&io, fd, "is a tun");
	close(fd);
	for (unsigned hdr = 0; hdr < 2; hdr++) {
		fd = tun_fd("tapt8", (short)(IFF_TAP | IFF_NO_PI |
					     (hdr ? IFF_VNET_HDR : 0)));
		taps_up("tapt8", true);
		open_fd(&io, fd, NULL);
		assert_int_equal(hdr ? ALL_TSO : 0, io->can & ALL_TSO);
		net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
		net_rig_start(&r, ALL);
		s = taps_wire("tapt8");
		traffic(&r, s);
		close(s);
		net_rig_close(&r);
		/* Closed with the card. */
		assert_int_equal(-1, fcntl(fd, F_GETFD));
	}
}

static void socket_pair(int type, struct net_rig *r, int *s)
{
	struct netio *io;
	int p[2];

	assert_int_equal(0, socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, p));
	open_fd(&io, p[0], NULL);
	*s = p[1];
	net_rig_open_io(r, &vio_profile_modern, io, 0, 0);
	net_rig_start(r, ALL);
}

/* A full socket is waited for: nothing is lost. */
static void socket_that_is_full(void **state)
{
	static const int type[] = { SOCK_DGRAM, SOCK_SEQPACKET };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct net_rig r;
		uint32_t used;
		int s, done = 0;

		socket_pair(type[k], &r, &s);
		traffic(&r, s);
		for (unsigned i = 0; i < 120; i++) {
			net_rig_frame(frame, 4000, net_rig_mac, i);
			net_rig_send_frame(&r, frame, 4000);
		}
		net_rig_settle(&r);
		for (unsigned i = 0; i < 120; i++) {
			struct taps_arrival a = { s, got, sizeof(got), 0 };

			rig_until(&r.rig, taps_arrived, &a);
			net_rig_frame(frame, 4000, net_rig_mac, i);
			assert_int_equal(4000, a.len);
			assert_memory_equal(frame, got, 4000);
		}
		while (net_rig_used(&r, 1, &used) >= 0)
			done++;
		assert_int_equal(120, done);
		close(s);
		net_rig_close(&r);
	}
}

static void socket_whose_peer_leaves(void **state)
{
	static const int type[] = { SOCK_DGRAM, SOCK_SEQPACKET };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct net_rig r;
		int s;

		socket_pair(type[k], &r, &s);
		net_rig_post1(&r, 2000);
		net_rig_settle(&r);
		close(s);
		net_rig_frame(frame, 60, net_rig_mac, 1);
		net_rig_send_frame(&r, frame, 60);
		rig_until(&r.rig, link_is_down, &r);
		net_rig_close(&r);
	}
}

/* The end alone is heard, too, where the socket says so. */
static void peer_that_leaves_quietly(void **state)
{
	struct net_rig r;
	int s;

	(void)state;
	socket_pair(SOCK_SEQPACKET, &r, &s);
	net_rig_post1(&r, 2000);
	net_rig_settle(&r);
	close(s);
	rig_until(&r.rig, link_is_down, &r);
	net_rig_close(&r);
}

/* A cable to an address where nobody is, yet. */
static void socket_without_a_peer(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct net_rig r;
	struct netio *io;
	uint32_t used;

	(void)state;
	assert_int_equal(0, connect(s, (struct sockaddr *)&a, sizeof(a)));
	open_fd(&io, s, NULL);
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	net_rig_start(&r, ALL);
	net_rig_post1(&r, 2000);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	for (unsigned i = 0; i < 10; i++) {
		net_rig_send_frame(&r, frame, 60);
		rig_collect(&r.rig, &r.q[1], &used);
		net_rig_settle(&r);
	}
	assert_false(link_is_down(&r));
	net_rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tap_made_for_us_strict),
		cmocka_unit_test(tap_made_for_us_modern),
		cmocka_unit_test(tap_made_for_us_uring),
		cmocka_unit_test(burst_waits_in_the_kernel),
		cmocka_unit_test(tap_that_disappears),
		cmocka_unit_test(tap_that_is_down_for_a_while),
		cmocka_unit_test(offloads_reach_the_kernel),
		cmocka_unit_test(segments_are_left_to_the_host),
		cmocka_unit_test(mtu_is_raised),
		cmocka_unit_test(names_that_cannot_be),
		cmocka_unit_test(taps_that_are_something_else),
		cmocka_unit_test(users_without_rights),
		cmocka_unit_test(hosts_without_the_device),
		cmocka_unit_test(descriptors_that_are_no_good),
		cmocka_unit_test(tap_as_a_descriptor),
		cmocka_unit_test(socket_that_is_full),
		cmocka_unit_test(socket_whose_peer_leaves),
		cmocka_unit_test(peer_that_leaves_quietly),
		cmocka_unit_test(socket_without_a_peer),
	};

	taps_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
