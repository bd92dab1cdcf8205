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
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
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

#include "tests/lib/net_rig.h"

#define ALL UINT64_MAX
#define ALL_TSO (NETIO_CSUM | NETIO_TSO4 | NETIO_TSO6 | NETIO_ECN)
#define NOBODY 65534
#define ETH_TEST 0x88b5

static const char *no_taps;     /* why there are none; NULL: there are */

static void need_taps(void)
{
	if (!no_taps)
		return;
	fprintf(stderr, "skip: %s\n", no_taps);
	skip();
}

/* ---- the host's side ----------------------------------------------------------- */

static int if_ioctl(const char *name, unsigned long op, struct ifreq *ifr)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0), rc;

	assert_true(s >= 0);
	memset(ifr->ifr_name, 0, IFNAMSIZ);
	memcpy(ifr->ifr_name, name, strlen(name));
	rc = ioctl(s, op, ifr);
	close(s);
	return rc;
}

static void set_up(const char *name, bool up)
{
	struct ifreq ifr;

	assert_int_equal(0, if_ioctl(name, SIOCGIFFLAGS, &ifr));
	ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP
				   : ifr.ifr_flags & ~IFF_UP);
	assert_int_equal(0, if_ioctl(name, SIOCSIFFLAGS, &ifr));
}

/* One that stays, as an administrator makes it. */
static void make_tap(const char *name, short flags, int owner)
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

static void delete_if(const char *name)
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
static int on_wire(const char *name)
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

static int open_kind(struct netio **io, const struct netio_cfg *cfg,
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

static int open_tap(struct netio **io, const char *name, const char *word)
{
	return open_kind(io, &(struct netio_cfg){
		.kind = NETIO_TAP, .tap = name }, word);
}

static int open_fd(struct netio **io, int fd, const char *word)
{
	return open_kind(io, &(struct netio_cfg){ .kind = NETIO_FD, .fd = fd },
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

struct arrival {
	int s;
	ssize_t len;
};

static bool has_arrived(void *arg)
{
	struct arrival *a = arg;

	a->len = recv(a->s, got, sizeof(got), 0);
	return a->len >= 0;
}

static void traffic(struct net_rig *r, int s)
{
	static const size_t size[] = { 60, 61, 500, 1514 };
	uint32_t used;

	for (unsigned i = 0; i < 100; i++)
		net_rig_post1(r, 2000);
	for (unsigned i = 0; i < 40; i++) {
		size_t len = size[i % 4];
		struct arrival a = { .s = s };

		net_rig_frame(frame, len, net_rig_mac, i);
		assert_int_equal(len, send(s, frame, len, 0));
		assert_int_equal(len, guest_receives(r));
		assert_memory_equal(frame, got + r->hdr_len, len);
		net_rig_frame(frame, len, (const uint8_t *)
			      "\xff\xff\xff\xff\xff\xff", i);
		net_rig_send_frame(r, frame, len);
		rig_until(&r->rig, has_arrived, &a);
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

	need_taps();
	open_tap(&io, "tapt0", NULL);
	assert_int_equal(ALL_TSO, io->can & ALL_TSO);
	net_rig_open_io(&r, prof, io, 0, flags);
	net_rig_start(&r, ALL);
	s = on_wire("tapt0");
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
	need_taps();
	open_tap(&io, "tapt0", NULL);
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	net_rig_start(&r, ALL);
	s = on_wire("tapt0");
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
	need_taps();
	for (unsigned how = 0; how < 4; how++) {
		unsigned sending = how & 1;

		make_tap("tapt1", IFF_TAP | IFF_NO_PI, -1);
		set_up("tapt1", true);
		open_tap(&io, "tapt1", NULL);
		net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
		net_rig_start(&r, ALL);
		/* It is noticed without buffers to read into, too. */
		if (how & 2)
			net_rig_post1(&r, 2000);
		net_rig_settle(&r);
		assert_false(link_is_down(&r));
		delete_if("tapt1");
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
	need_taps();
	open_tap(&io, "tapt2", NULL);
	net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
	net_rig_start(&r, ALL);
	set_up("tapt2", false);
	net_rig_frame(frame, 60, net_rig_mac, 1);
	for (unsigned i = 0; i < 10; i++)
		net_rig_send_frame(&r, frame, 60);
	net_rig_settle(&r);
	assert_false(link_is_down(&r));
	set_up("tapt2", true);
	s = on_wire("tapt2");
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

	assert_int_equal(0, if_ioctl(name, SIOCETHTOOL, &ifr));
	return v.data;
}

static void offloads_reach_the_kernel(void **state)
{
	struct net_rig r;
	struct netio *io;

	(void)state;
	need_taps();
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
	struct arrival a;
	struct net_rig r;
	struct netio *io;
	uint8_t *ip = bytes + 12 + 14;

	(void)state;
	need_taps();
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
	rig_until(&r.rig, has_arrived, &a);
	assert_int_equal(sizeof(bytes) - 12, a.len);
	assert_memory_equal(bytes + 12, got, (size_t)a.len);
	close(a.s);
	net_rig_close(&r);
}

static int mtu_of(const char *name)
{
	struct ifreq ifr;

	assert_int_equal(0, if_ioctl(name, SIOCGIFMTU, &ifr));
	return ifr.ifr_mtu;
}

static void mtu_is_raised(void **state)
{
	struct netio_cfg cfg = { .kind = NETIO_TAP, .tap = "tapt4",
				 .mtu = 9000 };
	struct netio *io;

	(void)state;
	need_taps();
	open_kind(&io, &cfg, NULL);
	assert_int_equal(9000, mtu_of("tapt4"));
	netio_close(io);
	cfg.mtu = 1000;
	open_kind(&io, &cfg, NULL);
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
	need_taps();
	open_tap(&io, "tapt5", NULL);
	assert_int_equal(-EBUSY, open_tap(&second, "tapt5", "in use"));
	netio_close(io);
	make_tap("tunt0", IFF_TUN | IFF_NO_PI, -1);
	open_tap(&io, "tunt0", "is not a tap");
	open_tap(&io, "lo", "is not a tap");
	make_tap("tapmq", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE, -1);
	open_tap(&io, "tapmq", "several queues");
	delete_if("tunt0");
	delete_if("tapmq");
}

/* ---- several queues --------------------------------------------------------------- */

static int open_queues(struct netio **io, const char *name, unsigned n,
		       const char *word)
{
	return open_kind(io, &(struct netio_cfg){
		.kind = NETIO_TAP, .tap = name, .queues = n }, word);
}

static bool some_came(void *arg)
{
	struct net_rig *r = arg;
	uint32_t used;

	for (unsigned q = 0; q < 4; q += 2) {
		int id = r->q[q].ops->collect(&r->q[q], &used);

		if (id < 0)
			continue;
		net_rig_read(r, q, id, got, sizeof(got));
		return got[r->hdr_len + 12] == ETH_TEST >> 8 &&
		       got[r->hdr_len + 13] == (ETH_TEST & 0xff);
	}
	return false;
}

/* A frame each way by each pair of the n that are on. */
static void all_pairs(struct net_rig *r, int s, unsigned n)
{
	for (r->pair = 0; r->pair < n; r->pair++) {
		struct arrival a = { .s = s };
		uint32_t used;

		net_rig_frame(frame, 500, net_rig_mac, r->pair);
		assert_int_equal(500, send(s, frame, 500, 0));
		/* The kernel chooses the queue. */
		rig_until(&r->rig, some_came, r);
		assert_memory_equal(frame, got + r->hdr_len, 500);
		net_rig_frame(frame, 500, (const uint8_t *)
			      "\xff\xff\xff\xff\xff\xff", r->pair);
		net_rig_send_frame(r, frame, 500);
		rig_until(&r->rig, has_arrived, &a);
		assert_memory_equal(frame, got, 500);
		assert_true(net_rig_used(r, 2 * r->pair + 1, &used) >= 0);
	}
	r->pair = 0;
}

static void a_tap_has_several_queues(void **state)
{
	struct netio *io[2];
	struct net_rig r;
	int s;

	(void)state;
	need_taps();
	open_queues(io, "tapt6", 2, NULL);
	s = on_wire("tapt6");
	net_rig_open_two(&r, &vio_profile_modern, io, 0);
	net_rig_start(&r, ALL);
	for (r.pair = 0; r.pair < 2; r.pair++)
		for (unsigned i = 0; i < 50; i++)
			net_rig_post1(&r, 2000);
	r.pair = 0;
	for (uint16_t i = 0; i < 6; i++) {
		le16 n = le16_put(i % 2 + 1);

		assert_int_equal(0, net_rig_ctrl(&r, 4, 0, &n, sizeof(n)));
		all_pairs(&r, s, i % 2 + 1u);
	}
	drv_reset(&r.rig.bus);
	net_rig_close(&r);
	close(s);
	assert_int_equal(0, if_nametoindex("tapt6"));
}

static void queues_of_a_tap_that_exists(void **state)
{
	struct netio *io[8];

	(void)state;
	need_taps();
	make_tap("tapmq", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE,
		 -1);
	open_queues(io, "tapmq", 8, NULL);
	for (unsigned i = 0; i < 8; i++)
		netio_close(io[i]);
	delete_if("tapmq");
	make_tap("tapsq", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, -1);
	open_queues(io, "tapsq", 2, "multi_queue");
	delete_if("tapsq");
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
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev/net", "tmpfs", 0, NULL))
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
	need_taps();
	make_tap("taproot", IFF_TAP | IFF_NO_PI, 0);
	make_tap("tapnob", IFF_TAP | IFF_NO_PI, NOBODY);
	in_child(without_rights);
	delete_if("taproot");
	delete_if("tapnob");
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
	need_taps();
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
	need_taps();
	fd = tun_fd("tunt1", IFF_TUN | IFF_NO_PI);
	open_fd(&io, fd, "is a tun");
	close(fd);
	for (unsigned hdr = 0; hdr < 2; hdr++) {
		fd = tun_fd("tapt8", (short)(IFF_TAP | IFF_NO_PI |
					     (hdr ? IFF_VNET_HDR : 0)));
		set_up("tapt8", true);
		open_fd(&io, fd, NULL);
		assert_int_equal(hdr ? ALL_TSO : 0, io->can & ALL_TSO);
		net_rig_open_io(&r, &vio_profile_modern, io, 0, 0);
		net_rig_start(&r, ALL);
		s = on_wire("tapt8");
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
			struct arrival a = { .s = s };

			rig_until(&r.rig, has_arrived, &a);
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

static void look_for_taps(void)
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
		set_up("lo", true);
	}
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
		cmocka_unit_test(a_tap_has_several_queues),
		cmocka_unit_test(queues_of_a_tap_that_exists),
		cmocka_unit_test(users_without_rights),
		cmocka_unit_test(hosts_without_the_device),
		cmocka_unit_test(descriptors_that_are_no_good),
		cmocka_unit_test(tap_as_a_descriptor),
		cmocka_unit_test(socket_that_is_full),
		cmocka_unit_test(socket_whose_peer_leaves),
		cmocka_unit_test(peer_that_leaves_quietly),
		cmocka_unit_test(socket_without_a_peer),
	};

	look_for_taps();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
