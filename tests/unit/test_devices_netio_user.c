/*
 * Description: user-mode networking: a guest made of frames gets an address,
 * talks to the host and is talked to, and slows the host down when it does not
 * take what is sent.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"

static int open_user(struct netio **io, const struct netio_cfg *cfg,
		     char err[256])
{
	err[0] = '\0';
	return netio_open(io, cfg, err, 256);
}

#ifdef HAVE_SLIRP

#define GUEST_IP 0x0a00020f
#define HOST_IP 0x0a000202
#define DNS_IP 0x0a000203

static uint8_t got[70000];

/* ---- a very small guest --------------------------------------------------------- */

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &(uint32_t){ htonl(v) }, 4);
}

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t sum(const uint8_t *p, size_t len, uint32_t s)
{
	for (size_t i = 0; i < len; i++)
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static unsigned fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

struct host {
	struct net_rig r;
	uint8_t mac[6];         /* the router's */
	bool batch;             /* frames are sent, but not waited for */
};

static void send_frame(struct host *h, const uint8_t *dst, unsigned type,
		       const void *data, size_t len)
{
	uint8_t frame[14 + 1500];
	uint32_t used;

	memcpy(frame, dst, 6);
	memcpy(frame + 6, net_rig_mac, 6);
	put16(frame + 12, type);
	memcpy(frame + 14, data, len);
	net_rig_send_frame(&h->r, frame, 14 + len);
	if (!h->batch)
		net_rig_free(&h->r, 1,
			     rig_collect(&h->r.rig, &h->r.q[1], &used));
}

static void send_arp(struct host *h, unsigned op, const uint8_t *dst,
		     uint32_t ip)
{
	uint8_t arp[28] = { 0, 1, 8, 0, 6, 4 };

	put16(arp + 6, op);
	memcpy(arp + 8, net_rig_mac, 6);
	put32(arp + 14, GUEST_IP);
	memcpy(arp + 18, dst, 6);
	put32(arp + 24, ip);
	send_frame(h, dst, 0x0806, arp, sizeof(arp));
}

static void send_ip(struct host *h, unsigned proto, uint32_t from, uint32_t to,
		    const uint8_t *data, size_t len, size_t csum_at)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	uint8_t ip[1500] = { 0x45 };
	uint32_t s;

	put16(ip + 2, (unsigned)(20 + len));
	ip[8] = 64;
	ip[9] = (uint8_t)proto;
	put32(ip + 12, from);
	put32(ip + 16, to);
	put16(ip + 10, fold(sum(ip, 20, 0)));
	memcpy(ip + 20, data, len);
	s = sum(ip + 12, 8, proto + (uint32_t)len);
	put16(ip + 20 + csum_at, fold(sum(ip + 20, len, s)));
	send_frame(h, to == UINT32_MAX ? all : h->mac, 0x0800, ip, 20 + len);
}

static void send_udp(struct host *h, uint32_t from, unsigned sport, uint32_t to,
		     unsigned dport, const void *data, size_t len)
{
	uint8_t udp[1480] = { 0 };

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (unsigned)(8 + len));
	memcpy(udp + 8, data, len);
	send_ip(h, 17, from, to, udp, 8 + len, 6);
}

struct pull {
	struct host *h;
	ssize_t len;
};

/* The next frame, without the virtio header, in got; its buffer goes back. */
static bool pulled(void *arg)
{
	struct pull *p = arg;
	struct net_rig *r = &p->h->r;
	uint32_t used;
	int id = r->q[0].ops->collect(&r->q[0], &used);

	p->len = -1;
	if (id < 0)
		return false;
	net_rig_read(r, 0, id, got, used);
	p->len = (ssize_t)used - 12;
	memmove(got, got + 12, used - 12);
	net_rig_repost(r, id);
	return true;
}

/* The next IP packet of that protocol; answers ARP on the way. */
static uint8_t *next_packet(struct host *h, unsigned proto, size_t *len)
{
	struct pull p = { .h = h };

	for (;;) {
		rig_until(&h->r.rig, pulled, &p);
		assert_true(p.len >= 14);
		if (get16(got + 12) == 0x0806) {
			if (get16(got + 20) == 1 && get32(got + 38) == GUEST_IP)
				send_arp(h, 2, got + 6, get32(got + 28));
			memcpy(h->mac, got + 6, 6);
		} else if (get16(got + 12) == 0x0800 && got[23] == proto) {
			memcpy(h->mac, got + 6, 6);
			*len = get16(got + 16) - 20u;
			return got + 34;
		}
	}
}

static void start(struct host *h, const char *fwd, unsigned flags)
{
	struct netio_cfg cfg = { .kind = NETIO_USER, .hostfwd = &fwd,
				 .nhostfwd = fwd ? 1 : 0 };
	struct netio *io;
	char err[256];

	memset(h->mac, 0xff, 6);
	h->batch = false;
	if (open_user(&io, &cfg, err))
		fail_msg("%s", err);
	net_rig_open_io(&h->r, &vio_profile_modern, io, 0, flags);
	net_rig_start(&h->r, UINT64_MAX);
	for (unsigned i = 0; i < 100; i++)
		net_rig_post1(&h->r, 1600);
}

static int any_port(int type, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int s = socket(AF_INET, type, 0);

	assert_true(s >= 0);
	assert_int_equal(0, bind(s, (struct sockaddr *)&a, sizeof(a)));
	assert_int_equal(0, getsockname(s, (struct sockaddr *)&a, &len));
	*port = ntohs(a.sin_port);
	return s;
}

static void free_port(int type, const char *kind, char fwd[64], uint16_t *port)
{
	close(any_port(type, port));
	snprintf(fwd, 64, "%s:127.0.0.1:%u-:7", kind, *port);
}

static int connected(int type, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, type, 0);

	assert_true(s >= 0);
	assert_int_equal(0, connect(s, (struct sockaddr *)&a, sizeof(a)));
	assert_int_equal(0, fcntl(s, F_SETFL, O_NONBLOCK));
	return s;
}

/* ---- services -------------------------------------------------------------------- */

static const uint8_t *dhcp_option(const uint8_t *p, size_t len, uint8_t want)
{
	for (size_t i = 240; i + 1 < len && p[i] != 255;) {
		if (p[i] == 0) {
			i++;
			continue;
		}
		if (p[i] == want)
			return p + i + 2;
		i += 2u + p[i + 1];
	}
	fail_msg("no DHCP option %u", want);
	return NULL;
}

static void discover(struct host *h, unsigned kind)
{
	uint8_t bootp[300] = { 1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78 };
	const uint8_t *dhcp;
	size_t len;

	memcpy(bootp + 28, net_rig_mac, 6);
	put32(bootp + 236, 0x63825363);
	bootp[240] = 53;
	bootp[241] = 1;
	bootp[242] = (uint8_t)kind;
	if (kind == 3) {
		bootp[243] = 50;
		bootp[244] = 4;
		put32(bootp + 245, GUEST_IP);
		bootp[249] = 255;
	} else {
		bootp[243] = 255;
	}
	send_udp(h, 0, 68, UINT32_MAX, 67, bootp, sizeof(bootp));
	dhcp = next_packet(h, 17, &len) + 8;
	len -= 8;
	assert_int_equal(2, dhcp[0]);
	assert_int_equal(0x12345678, get32(dhcp + 4));
	assert_int_equal(GUEST_IP, get32(dhcp + 16));
	assert_int_equal(kind == 1 ? 2 : 5, *dhcp_option(dhcp, len, 53));
	assert_int_equal(0xffffff00, get32(dhcp_option(dhcp, len, 1)));
	assert_int_equal(HOST_IP, get32(dhcp_option(dhcp, len, 3)));
	assert_int_equal(DNS_IP, get32(dhcp_option(dhcp, len, 6)));
}

static void dhcp_gives_an_address(void **state)
{
	struct host h;

	(void)state;
	for (unsigned uring = 0; uring < 2; uring++) {
		start(&h, NULL, uring ? RIG_URING : 0);
		discover(&h, 1);
		discover(&h, 3);
		net_rig_close(&h.r);
	}
}

static void arp_answers_for_the_router(void **state)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint32_t ip[] = { HOST_IP, DNS_IP };
	struct host h;

	(void)state;
	start(&h, NULL, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct pull p = { .h = &h };

		send_arp(&h, 1, all, ip[i]);
		do
			rig_until(&h.r.rig, pulled, &p);
		while (get16(got + 12) != 0x0806 || get16(got + 20) != 2);
		assert_int_equal(ip[i], get32(got + 28));
	}
	net_rig_close(&h.r);
}

/* ---- UDP both ways ---------------------------------------------------------------- */

struct answer {
	int s;
	ssize_t len;
	uint8_t bytes[2000];
};

static bool answered(void *arg)
{
	struct answer *a = arg;

	a->len = recv(a->s, a->bytes, sizeof(a->bytes), 0);
	return a->len >= 0;
}

static void udp_to_a_forwarded_port(void **state)
{
	uint16_t port;
	char fwd[64];
	struct host h;

	(void)state;
	for (unsigned uring = 0; uring < 2; uring++) {
		struct answer a;
		const uint8_t *udp;
		size_t len;

		free_port(SOCK_DGRAM, "udp", fwd, &port);
		start(&h, fwd, uring ? RIG_URING : 0);
		a.s = connected(SOCK_DGRAM, port);
		for (unsigned i = 0; i < 20; i++) {
			assert_int_equal(5, send(a.s, "hello", 5, 0));
			udp = next_packet(&h, 17, &len);
			assert_int_equal(13, len);
			assert_int_equal(7, get16(udp + 2));
			assert_memory_equal("hello", udp + 8, 5);
			send_udp(&h, GUEST_IP, 7, get32(got + 26), get16(udp),
				 "world!", 6);
			rig_until(&h.r.rig, answered, &a);
			assert_int_equal(6, a.len);
			assert_memory_equal("world!", a.bytes, 6);
		}
		close(a.s);
		net_rig_close(&h.r);
	}
}

static void udp_to_the_host(void **state)
{
	struct sockaddr_in from;
	socklen_t flen = sizeof(from);
	struct answer a;
	uint16_t port;
	struct host h;
	size_t len;
	uint8_t *udp;

	(void)state;
	start(&h, NULL, 0);
	discover(&h, 1);
	a.s = any_port(SOCK_DGRAM, &port);
	assert_int_equal(0, fcntl(a.s, F_SETFL, O_NONBLOCK));
	send_udp(&h, GUEST_IP, 1234, HOST_IP, port, "ping", 4);
	rig_until(&h.r.rig, answered, &a);
	assert_int_equal(4, a.len);
	send_udp(&h, GUEST_IP, 1234, HOST_IP, port, "pong", 4);
	net_rig_settle(&h.r);
	assert_int_equal(4, recvfrom(a.s, a.bytes, 9, 0,
				     (struct sockaddr *)&from, &flen));
	assert_int_equal(3, sendto(a.s, "yes", 3, 0, (struct sockaddr *)&from,
				   flen));
	udp = next_packet(&h, 17, &len);
	assert_int_equal(11, len);
	assert_int_equal(HOST_IP, get32(got + 26));
	assert_int_equal(1234, get16(udp + 2));
	assert_memory_equal("yes", udp + 8, 3);
	close(a.s);
	net_rig_close(&h.r);
}

/* A host that sends and a guest that does not take: what is kept is bounded,
 * the loop does not spin, and it goes on afterwards. */
static void udp_flood(void **state)
{
	static const uint8_t big[1400];
	struct answer a;
	uint16_t port;
	char fwd[64];
	struct host h;
	unsigned n = 0;
	size_t len;

	(void)state;
	free_port(SOCK_DGRAM, "udp", fwd, &port);
	start(&h, fwd, 0);
	a.s = connected(SOCK_DGRAM, port);
	send(a.s, big, sizeof(big), 0);
	next_packet(&h, 17, &len);
	/* 100 buffers are out; nobody gives them back. */
	for (unsigned i = 0; i < 3000; i++) {
		send(a.s, big, sizeof(big), 0);
		if (i % 10 == 0)
			net_rig_settle(&h.r);
	}
	net_rig_settle(&h.r);
	for (;;) {
		struct pull p = { .h = &h };

		if (!pulled(&p)) {
			net_rig_settle(&h.r);
			if (!pulled(&p))
				break;
		}
		n += get16(got + 12) == 0x0800;
	}
	/* The ring's, the buffer's and what the host's socket holds. */
	assert_true(n > 100 && n < 1500);
	send(a.s, "still there", 11, 0);
	next_packet(&h, 17, &len);
	assert_int_equal(19, len);
	close(a.s);
	net_rig_close(&h.r);
}

/* A guest that asks and asks and takes no answer: those that do not fit are
 * lost, the others are whole. */
static void answers_nobody_takes(void **state)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	struct pull p;
	struct host h;
	unsigned n = 0;

	(void)state;
	start(&h, NULL, 0);
	p.h = &h;
	for (unsigned i = 0; i < 6000; i++)
		send_arp(&h, 1, all, HOST_IP);
	while (pulled(&p) || (net_rig_settle(&h.r), pulled(&p))) {
		assert_int_equal(0x0806, get16(got + 12));
		assert_int_equal(2, get16(got + 20));
		assert_int_equal(HOST_IP, get32(got + 28));
		assert_memory_equal(net_rig_mac, got, 6);
		n++;
	}
	assert_true(n > 1000 && n < 5000);
	discover(&h, 1);
	net_rig_close(&h.r);
}

/* ---- TCP --------------------------------------------------------------------------- */

struct tcp {
	struct host *h;
	unsigned port, peer;
	uint32_t ip, seq, ack;
};

static void send_tcp(struct tcp *t, unsigned flags, const void *data,
		     size_t len)
{
	uint8_t tcp[1480] = { 0 };

	put16(tcp, t->port);
	put16(tcp + 2, t->peer);
	put32(tcp + 4, t->seq);
	put32(tcp + 8, t->ack);
	tcp[12] = 0x50;
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, 32768);
	if (len)
		memcpy(tcp + 20, data, len);
	t->seq += (uint32_t)len + (flags & 2 ? 1 : 0);
	send_ip(t->h, 6, GUEST_IP, t->ip, tcp, 20 + len, 16);
}

/* Data of the next segment; keeps ack up to date. */
static size_t next_segment(struct tcp *t, const uint8_t **data,
			   unsigned *flags)
{
	size_t len, head;
	uint8_t *tcp = next_packet(t->h, 6, &len);

	head = (size_t)(tcp[12] >> 4) * 4;
	*flags = tcp[13];
	*data = tcp + head;
	if (*flags & 2) {
		t->ip = get32(got + 26);
		t->peer = get16(tcp);
		t->ack = get32(tcp + 4) + 1;
	} else if (get32(tcp + 4) == t->ack) {
		t->ack += (uint32_t)(len - head);
		return len - head;
	}
	return 0;
}

static void accept_tcp(struct tcp *t, struct host *h)
{
	const uint8_t *data;
	unsigned flags;

	*t = (struct tcp){ .h = h, .port = 7, .seq = 1000 };
	do
		next_segment(t, &data, &flags);
	while (!(flags & 2));
	send_tcp(t, 0x12, NULL, 0);
}

static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at * 13 + at / 4099);
}

/* The host sends as much as it can; whatever it could is what arrives. */
static void tcp_waits_for_a_slow_guest(void **state)
{
	static uint8_t chunk[65536];
	uint32_t sent = 0, received = 0;
	struct host h;
	struct tcp t;
	uint16_t port;
	char fwd[64];
	int s;

	(void)state;
	free_port(SOCK_STREAM, "tcp", fwd, &port);
	start(&h, fwd, 0);
	s = connected(SOCK_STREAM, port);
	accept_tcp(&t, &h);
	for (unsigned round = 0; round < 12; round++) {
		const uint8_t *data;
		unsigned flags;
		ssize_t n;

		/* Nothing is taken while the host sends: it must not get rid
		 * of more than its own and libslirp's buffers hold. */
		do {
			for (uint32_t i = 0; i < sizeof(chunk); i++)
				chunk[i] = pattern(sent + i);
			n = send(s, chunk, sizeof(chunk), 0);
			sent += n > 0 ? (uint32_t)n : 0;
			net_rig_settle(&h.r);
		} while (n > 0);
		assert_true(sent - received < 16u << 20);
		while (received < sent) {
			size_t len = next_segment(&t, &data, &flags);

			for (size_t i = 0; i < len; i++)
				if (data[i] != pattern(received + (uint32_t)i))
					fail_msg("byte %u", received +
						 (unsigned)i);
			received += (uint32_t)len;
			send_tcp(&t, 0x10, NULL, 0);
		}
	}
	close(s);
	net_rig_close(&h.r);
}

static void tcp_to_the_host(void **state)
{
	struct answer a;
	const uint8_t *data;
	struct host h;
	struct tcp t;
	uint16_t port;
	unsigned flags;
	size_t len;
	int s;

	(void)state;
	start(&h, NULL, 0);
	discover(&h, 1);
	s = any_port(SOCK_STREAM, &port);
	assert_int_equal(0, listen(s, 5));
	t = (struct tcp){ .h = &h, .port = 4321, .peer = port, .ip = HOST_IP,
			  .seq = 7 };
	send_tcp(&t, 0x02, NULL, 0);
	do
		next_segment(&t, &data, &flags);
	while (flags != 0x12);
	send_tcp(&t, 0x10, NULL, 0);
	send_tcp(&t, 0x18, "from the guest", 14);
	a.s = accept(s, NULL, NULL);
	assert_true(a.s >= 0);
	assert_int_equal(0, fcntl(a.s, F_SETFL, O_NONBLOCK));
	rig_until(&h.r.rig, answered, &a);
	assert_int_equal(14, a.len);
	assert_memory_equal("from the guest", a.bytes, 14);
	assert_int_equal(13, send(a.s, "from the host", 13, 0));
	do
		len = next_segment(&t, &data, &flags);
	while (len == 0);
	assert_int_equal(13, len);
	assert_memory_equal("from the host", data, 13);
	/* One ends and one begins at the same moment, on a socket with the
	 * same number. */
	h.batch = true;
	send_tcp(&t, 0x14, NULL, 0);
	t = (struct tcp){ .h = &h, .port = 4322, .peer = port, .ip = HOST_IP,
			  .seq = 7 };
	send_tcp(&t, 0x02, NULL, 0);
	h.batch = false;
	do
		next_segment(&t, &data, &flags);
	while (flags != 0x12);
	/* Nobody listens there: told at once. */
	close(s);
	t = (struct tcp){ .h = &h, .port = 4323, .peer = port, .ip = HOST_IP,
			  .seq = 7 };
	send_tcp(&t, 0x02, NULL, 0);
	do
		next_segment(&t, &data, &flags);
	while (!(flags & 0x04));
	close(a.s);
	net_rig_close(&h.r);
}

/* Many connections come and go; the numbers of their sockets come again. */
static void connections_come_and_go(void **state)
{
	static const struct linger now = { .l_onoff = 1 };
	struct host h;
	uint16_t port;
	char fwd[64];

	(void)state;
	free_port(SOCK_STREAM, "tcp", fwd, &port);
	start(&h, fwd, 0);
	for (unsigned i = 0; i < 60; i++) {
		const uint8_t *data;
		struct answer a;
		struct tcp t;
		unsigned flags;

		a.s = connected(SOCK_STREAM, port);
		accept_tcp(&t, &h);
		assert_int_equal(2, send(a.s, "hi", 2, 0));
		while (next_segment(&t, &data, &flags) == 0)
			;
		assert_memory_equal("hi", data, 2);
		send_tcp(&t, 0x18, "you", 3);
		rig_until(&h.r.rig, answered, &a);
		assert_int_equal(3, a.len);
		/* Either side ends it; when the host resets it, the next one
		 * is there in the same moment. */
		if (i % 3 == 1)
			send_tcp(&t, 0x14, NULL, 0);
		if (i % 3 == 2)
			setsockopt(a.s, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(a.s);
		if (i % 3 != 2)
			net_rig_settle(&h.r);
	}
	net_rig_close(&h.r);
}

/* ---- what people do wrong ----------------------------------------------------------- */

static void ports_that_are_taken(void **state)
{
	const char *fwd[2];
	char first[64], err[256];
	struct netio *io;
	uint16_t port;
	int s = any_port(SOCK_STREAM, &port);

	(void)state;
	assert_int_equal(0, listen(s, 1));
	snprintf(first, sizeof(first), "tcp::%u-:22", port);
	fwd[0] = fwd[1] = first;
	assert_int_equal(-EADDRINUSE, open_user(&io, &(struct netio_cfg){
		.kind = NETIO_USER, .hostfwd = fwd, .nhostfwd = 1 }, err));
	assert_non_null(strstr(err, "another program"));
	close(s);
	/* The same one twice. */
	assert_int_equal(-EADDRINUSE, open_user(&io, &(struct netio_cfg){
		.kind = NETIO_USER, .hostfwd = fwd, .nhostfwd = 2 }, err));
	fwd[1] = "tcp::x";
	assert_int_equal(-EINVAL, open_user(&io, &(struct netio_cfg){
		.kind = NETIO_USER, .hostfwd = fwd, .nhostfwd = 2 }, err));
	assert_non_null(strstr(err, "'tcp::x'"));
}

/* In a namespace of our own nobody else's ports are in the way. */
static void own_network(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return;
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
		fprintf(stderr, "lo: %s\n", strerror(errno));
	close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dhcp_gives_an_address),
		cmocka_unit_test(arp_answers_for_the_router),
		cmocka_unit_test(udp_to_a_forwarded_port),
		cmocka_unit_test(udp_to_the_host),
		cmocka_unit_test(udp_flood),
		cmocka_unit_test(answers_nobody_takes),
		cmocka_unit_test(tcp_waits_for_a_slow_guest),
		cmocka_unit_test(tcp_to_the_host),
		cmocka_unit_test(connections_come_and_go),
		cmocka_unit_test(ports_that_are_taken),
	};

	own_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void says_what_is_missing(void **state)
{
	struct netio *io;
	char err[256];

	(void)state;
	assert_int_equal(-ENOTSUP, open_user(&io, &(struct netio_cfg){
		.kind = NETIO_USER }, err));
	assert_non_null(strstr(err, "libslirp-dev"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_missing),
	};

	fprintf(stderr, "skip: built without libslirp, whose tests need it\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
