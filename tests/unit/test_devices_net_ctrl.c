/* Description: virtio-net's control queue and the receive filter it programs
 * (virtio 5.1.6.5). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"
#include "tests/lib/variant.h"

#define HDR 12
#define OK 0
#define ERR 1
#define ALL UINT64_MAX

enum { RX, TX, CTRL };
enum { C_RX, C_MAC, C_VLAN, C_ANNOUNCE, C_MQ, C_OFFLOADS };
enum { PROMISC, ALLMULTI, ALLUNI, NOMULTI, NOUNI, NOBCAST };

static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 1, 2, 3 };
static const uint8_t group2[6] = { 0x33, 0x33, 0, 0, 0, 1 };
static const uint8_t other[6] = { 0x02, 9, 9, 9, 9, 9 };
static const uint8_t other2[6] = { 0x02, 9, 9, 9, 9, 8 };

static void open_ctrl(struct net_rig *r, uint64_t features)
{
	static const struct netio_pair_cfg cfg = {
		.can = 0x6f, .header = true, .room = 100,
	};

	net_rig_open(r, &vio_profile_modern, &cfg, 0, 0);
	net_rig_start(r, features);
}

static uint8_t mode(struct net_rig *r, unsigned which, uint8_t on)
{
	return net_rig_ctrl(r, C_RX, (uint8_t)which, &on, 1);
}

/* Whether a frame to mac (tagged, if vlan >= 0) arrives. */
static bool arrives_tagged(struct net_rig *r, const uint8_t *mac, int vlan)
{
	uint8_t bytes[HDR + 64] = { 0 };
	uint32_t used;
	int id;

	net_rig_frame(bytes + HDR, 64, mac, 1);
	if (vlan >= 0) {
		bytes[HDR + 12] = 0x81;
		bytes[HDR + 13] = 0x00;
		bytes[HDR + 14] = (uint8_t)(0xe0 | vlan >> 8);
		bytes[HDR + 15] = (uint8_t)vlan;
	}
	if (r->q[RX].nfree == NET_RIG_Q)
		net_rig_post1(r, 2000);
	net_rig_put(r, bytes, sizeof(bytes));
	id = net_rig_used(r, RX, &used);
	assert_int_equal(0, netio_pair_waiting(r->io));
	return id >= 0;
}

static bool arrives(struct net_rig *r, const uint8_t *mac)
{
	return arrives_tagged(r, mac, -1);
}

static size_t table(uint8_t *to, uint32_t nuni, const uint8_t uni[][6],
		    uint32_t nmulti, const uint8_t multi[][6])
{
	le32 n = le32_put(nuni);
	size_t at = 0;

	memcpy(to, &n, 4);
	at = 4;
	if (nuni)
		memcpy(to + at, uni, nuni * 6);
	at += nuni * 6;
	n = le32_put(nmulti);
	memcpy(to + at, &n, 4);
	at += 4;
	if (nmulti)
		memcpy(to + at, multi, nmulti * 6);
	return at + nmulti * 6;
}

/* ---- the filter -------------------------------------------------------------- */

static void until_programmed_everything_arrives(void **state)
{
	struct net_rig r;

	(void)state;
	open_ctrl(&r, ALL & ~VIRTIO_NET_F_CTRL_VLAN);
	assert_true(arrives(&r, net_rig_mac));
	assert_true(arrives(&r, other));
	assert_true(arrives(&r, group));
	assert_true(arrives(&r, everybody));
	assert_true(arrives_tagged(&r, other, 5));
	net_rig_close(&r);
}

static void modes(void **state)
{
	static const struct {
		uint8_t on[2];          /* 0xff: none */
		bool own, uni, multi, bcast;
	} row[] = {
		{ { 0xff, 0xff }, true, false, false, true },
		{ { ALLMULTI, 0xff }, true, false, true, true },
		{ { ALLUNI, 0xff }, true, true, false, true },
		{ { NOMULTI, 0xff }, true, false, false, true },
		{ { NOMULTI, ALLMULTI }, true, false, false, true },
		{ { NOUNI, 0xff }, false, false, false, true },
		{ { NOUNI, ALLUNI }, false, false, false, true },
		{ { NOBCAST, 0xff }, true, false, false, false },
		{ { NOBCAST, ALLMULTI }, true, false, true, false },
		{ { PROMISC, 0xff }, true, true, true, true },
		{ { PROMISC, NOBCAST }, true, true, true, true },
		{ { PROMISC, NOUNI }, true, true, true, true },
	};
	struct net_rig r;

	(void)state;
	open_ctrl(&r, ALL);
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (unsigned m = PROMISC; m <= NOBCAST; m++)
			assert_int_equal(OK, mode(&r, m, m == row[i].on[0] ||
						  m == row[i].on[1]));
		assert_int_equal(row[i].own, arrives(&r, net_rig_mac));
		assert_int_equal(row[i].uni, arrives(&r, other));
		assert_int_equal(row[i].multi, arrives(&r, group));
		assert_int_equal(row[i].bcast, arrives(&r, everybody));
	}
	/* virtio 5.1.6.5.2: an empty table, everything off, after reset. */
	mode(&r, NOUNI, 1);
	net_rig_start(&r, ALL);
	assert_true(arrives(&r, net_rig_mac));
	net_rig_close(&r);
}

static void address_table(void **state)
{
	const uint8_t uni[1][6] = { { 0x02, 9, 9, 9, 9, 9 } };
	const uint8_t multi[1][6] = { { 0x01, 0x00, 0x5e, 1, 2, 3 } };
	uint8_t cmd[64];
	struct net_rig r;

	(void)state;
	open_ctrl(&r, ALL);
	assert_int_equal(OK, net_rig_ctrl(&r, C_MAC, 0, cmd,
					  table(cmd, 1, uni, 1, multi)));
	assert_true(arrives(&r, net_rig_mac));
	assert_true(arrives(&r, other));
	assert_false(arrives(&r, other2));
	assert_true(arrives(&r, group));
	assert_false(arrives(&r, group2));
	assert_true(arrives(&r, everybody));
	/* A new table replaces it. */
	assert_int_equal(OK, net_rig_ctrl(&r, C_MAC, 0, cmd,
					  table(cmd, 0, NULL, 0, NULL)));
	assert_false(arrives(&r, other));
	assert_false(arrives(&r, group));
	net_rig_close(&r);
}

/* More than it keeps: then all of that kind, rather than too few. */
static void address_table_of_many(void **state)
{
	static uint8_t many[NET_MACS + 1][6], cmd[8 + sizeof(many)];
	struct net_rig r;

	(void)state;
	for (unsigned i = 0; i <= NET_MACS; i++)
		memcpy(many[i], (uint8_t[6]){ 0x02, 7, 7, 7, 7, (uint8_t)i }, 6);
	open_ctrl(&r, ALL);
	assert_int_equal(OK, net_rig_ctrl(&r, C_MAC, 0, cmd,
		table(cmd, NET_MACS, (const uint8_t (*)[6])many, 0, NULL)));
	assert_true(arrives(&r, many[0]));
	assert_true(arrives(&r, many[NET_MACS - 1]));
	assert_false(arrives(&r, many[NET_MACS]));
	assert_int_equal(OK, net_rig_ctrl(&r, C_MAC, 0, cmd,
		table(cmd, NET_MACS + 1, (const uint8_t (*)[6])many, 0, NULL)));
	assert_true(arrives(&r, many[NET_MACS]));
	assert_true(arrives(&r, other));
	assert_false(arrives(&r, group));
	net_rig_close(&r);
}

/* A table that does not end where the command does changes nothing. */
static void address_table_that_lies(void **state)
{
	static const struct { uint32_t uni, multi; } counts[] = {
		{ 2, 1 }, { 1, 2 }, { 0, 1 }, { 1, 0 }, { UINT32_MAX, 1 },
		{ 1, UINT32_MAX }, { 0x2aaaaaab, 1 }, { 1, 0x2aaaaaab },
		{ 0x80000000, 0x80000000 },
	};
	const uint8_t uni[1][6] = { { 0x02, 9, 9, 9, 9, 9 } };
	const uint8_t multi[1][6] = { { 0x01, 0x00, 0x5e, 1, 2, 3 } };
	uint8_t cmd[64];
	struct net_rig r;
	size_t len;

	(void)state;
	open_ctrl(&r, ALL);
	len = table(cmd, 1, uni, 1, multi);
	assert_int_equal(OK, net_rig_ctrl(&r, C_MAC, 0, cmd, len));
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		le32 nuni = le32_put(counts[i].uni);
		le32 nmulti = le32_put(counts[i].multi);

		memcpy(cmd, &nuni, 4);
		memcpy(cmd + 10, &nmulti, 4);
		assert_int_equal(ERR, net_rig_ctrl(&r, C_MAC, 0, cmd, len));
	}
	for (size_t n = 0; n < len; n++) {
		len = table(cmd, 1, uni, 1, multi);
		assert_int_equal(ERR, net_rig_ctrl(&r, C_MAC, 0, cmd, n));
	}
	assert_true(arrives(&r, other));
	assert_true(arrives(&r, group));
	assert_false(arrives(&r, other2));
	net_rig_close(&r);
}

static uint8_t vlan(struct net_rig *r, uint8_t cmd, uint16_t vid)
{
	return net_rig_ctrl(r, C_VLAN, cmd, (uint8_t[2]){ (uint8_t)vid,
			    (uint8_t)(vid >> 8) }, 2);
}

static void vlan_table(void **state)
{
	struct net_rig r;

	(void)state;
	open_ctrl(&r, ALL);
	/* virtio 5.1.6.5.3: the device starts with an empty table. */
	assert_false(arrives_tagged(&r, net_rig_mac, 5));
	assert_true(arrives(&r, net_rig_mac));
	assert_int_equal(OK, vlan(&r, 0, 5));
	assert_int_equal(OK, vlan(&r, 0, 4095));
	assert_int_equal(OK, vlan(&r, 0, 0));
	assert_true(arrives_tagged(&r, net_rig_mac, 5));
	assert_true(arrives_tagged(&r, net_rig_mac, 4095));
	assert_true(arrives_tagged(&r, net_rig_mac, 0));
	assert_false(arrives_tagged(&r, net_rig_mac, 6));
	assert_int_equal(OK, vlan(&r, 1, 5));
	assert_false(arrives_tagged(&r, net_rig_mac, 5));
	assert_true(arrives_tagged(&r, net_rig_mac, 4095));
	assert_int_equal(ERR, vlan(&r, 0, 4096));
	assert_int_equal(ERR, vlan(&r, 1, 0xffff));
	/* The address counts as well, and promiscuous beats both. */
	mode(&r, PROMISC, 0);
	assert_false(arrives_tagged(&r, other, 4095));
	mode(&r, PROMISC, 1);
	assert_true(arrives_tagged(&r, other, 77));
	net_rig_start(&r, ALL);
	assert_false(arrives_tagged(&r, net_rig_mac, 4095));
	net_rig_close(&r);
}

/* ---- the other commands ------------------------------------------------------- */

static void new_address(void **state)
{
	struct net_rig r;
	struct drv_bus *b;
	uint32_t gen;

	(void)state;
	open_ctrl(&r, ALL);
	b = &r.rig.bus;
	gen = b->ops->get(b, DRV_GENERATION);
	assert_int_equal(ERR, net_rig_ctrl(&r, C_MAC, 1, group, 6));
	assert_int_equal(ERR, net_rig_ctrl(&r, C_MAC, 1, other, 5));
	assert_int_equal(OK, net_rig_ctrl(&r, C_MAC, 1, other, 6));
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(other[i], b->ops->cfg_get(b, i, 1));
	assert_int_not_equal(gen, b->ops->get(b, DRV_GENERATION));
	assert_true(arrives(&r, other));
	assert_false(arrives(&r, net_rig_mac));
	/* The next driver finds the card's own. */
	net_rig_start(&r, ALL);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(net_rig_mac[i], b->ops->cfg_get(b, i, 1));
	assert_true(arrives(&r, net_rig_mac));
	net_rig_close(&r);
}

static void announcement_is_acknowledged(void **state)
{
	struct net_rig r;
	struct drv_bus *b;

	(void)state;
	open_ctrl(&r, ALL);
	b = &r.rig.bus;
	assert_int_equal(OK, net_rig_ctrl(&r, C_ANNOUNCE, 0, NULL, 0));
	net_set_link(r.dev, false);
	net_set_link(r.dev, true);
	assert_int_equal(VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE,
			 b->ops->cfg_get(b, 6, 2));
	assert_int_equal(OK, net_rig_ctrl(&r, C_ANNOUNCE, 0, NULL, 0));
	assert_int_equal(VIRTIO_NET_S_LINK_UP, b->ops->cfg_get(b, 6, 2));
	/* A driver that has not heard of it is not asked. */
	net_rig_start(&r, ALL & ~VIRTIO_NET_F_GUEST_ANNOUNCE);
	net_set_link(r.dev, false);
	net_set_link(r.dev, true);
	assert_int_equal(VIRTIO_NET_S_LINK_UP, b->ops->cfg_get(b, 6, 2));
	assert_int_equal(ERR, net_rig_ctrl(&r, C_ANNOUNCE, 0, NULL, 0));
	net_rig_close(&r);
}

static uint8_t offloads(struct net_rig *r, uint64_t set)
{
	le64 raw = le64_put(set);

	return net_rig_ctrl(r, C_OFFLOADS, 0, &raw, 8);
}

static void offloads_change_while_running(void **state)
{
	const uint64_t csum = VIRTIO_NET_F_GUEST_CSUM;
	const uint64_t tso4 = csum | VIRTIO_NET_F_GUEST_TSO4;
	struct net_rig r;

	(void)state;
	open_ctrl(&r, ALL & ~VIRTIO_NET_F_GUEST_TSO6);
	assert_int_equal(OK, offloads(&r, csum));
	assert_int_equal(NETIO_CSUM, netio_pair_offloads(r.io));
	assert_int_equal(OK, offloads(&r, tso4));
	assert_int_equal(NETIO_CSUM | NETIO_TSO4, netio_pair_offloads(r.io));
	assert_int_equal(OK, offloads(&r, 0));
	assert_int_equal(0, netio_pair_offloads(r.io));
	/* Not negotiated, not an offload of the guest's, not anything. */
	assert_int_equal(ERR, offloads(&r, csum | VIRTIO_NET_F_GUEST_TSO6));
	assert_int_equal(ERR, offloads(&r, VIRTIO_NET_F_CSUM));
	assert_int_equal(ERR, offloads(&r, VIRTIO_F(50)));
	assert_int_equal(0, netio_pair_offloads(r.io));
	net_rig_close(&r);
}

static void commands_that_are_not_there(void **state)
{
	static const struct { uint8_t class, cmd; size_t len; } row[] = {
		{ C_RX, 6, 1 }, { C_RX, 0, 0 }, { C_RX, 0, 2 },
		{ C_MAC, 2, 6 }, { C_MAC, 1, 7 }, { C_VLAN, 2, 2 },
		{ C_VLAN, 0, 1 }, { C_VLAN, 0, 3 }, { C_ANNOUNCE, 1, 0 },
		{ C_ANNOUNCE, 0, 1 }, { C_MQ, 0, 2 }, { C_MQ, 1, 60 },
		{ C_OFFLOADS, 0, 4 }, { C_OFFLOADS, 1, 8 }, { 6, 0, 8 },
		{ 255, 255, 8 },
	};
	static const uint8_t zero[64];
	struct net_rig r;

	(void)state;
	open_ctrl(&r, ALL);
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(ERR, net_rig_ctrl(&r, row[i].class, row[i].cmd,
						   zero, row[i].len));
	net_rig_close(&r);
}

static void commands_need_their_feature(void **state)
{
	static const struct { uint8_t class, cmd; uint64_t not; } row[] = {
		{ C_RX, 0, VIRTIO_NET_F_CTRL_RX },
		{ C_RX, 1, VIRTIO_NET_F_CTRL_RX },
		{ C_RX, 2, VIRTIO_NET_F_CTRL_RX_EXTRA },
		{ C_RX, 5, VIRTIO_NET_F_CTRL_RX_EXTRA },
		{ C_MAC, 0, VIRTIO_NET_F_CTRL_RX },
		{ C_MAC, 1, VIRTIO_NET_F_CTRL_MAC_ADDR },
		{ C_VLAN, 0, VIRTIO_NET_F_CTRL_VLAN },
		{ C_ANNOUNCE, 0, VIRTIO_NET_F_GUEST_ANNOUNCE },
		{ C_OFFLOADS, 0, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS },
	};
	static const uint8_t data[8];
	/* Of each class and command, what it takes. */
	static const size_t len[6][2] = { { 1, 1 }, { 8, 6 }, { 2 }, { 0 },
					  { 0 }, { 8 } };

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t n = row[i].class == C_RX ? 1
						: len[row[i].class][row[i].cmd];
		struct net_rig r;

		open_ctrl(&r, ALL);
		assert_int_equal(OK, net_rig_ctrl(&r, row[i].class, row[i].cmd,
						  data, n));
		net_rig_start(&r, ALL & ~row[i].not);
		assert_int_equal(ERR, net_rig_ctrl(&r, row[i].class,
						   row[i].cmd, data, n));
		net_rig_close(&r);
	}
}

/* ---- shapes ------------------------------------------------------------------- */

static int send_ctrl(struct net_rig *r, const struct drv_buf *buf, unsigned n,
		     uint32_t *used)
{
	int id = drv_send(&r->rig.bus, CTRL, &r->q[CTRL], buf, n, NULL);

	assert_true(id >= 0);
	assert_int_equal(id, net_rig_used(r, CTRL, used));
	return id;
}

static void commands_of_any_layout(void **state)
{
	static const uint8_t bytes[] = { C_MAC, 1, 2, 9, 9, 9, 9, 9 };
	struct drv_buf buf[sizeof(bytes) + 2];
	struct net_rig r;
	uint64_t at;
	uint32_t used;

	(void)state;
	open_ctrl(&r, ALL);
	at = guest_alloc(r.rig.guest, GUEST_LOW, 64, 64, NULL);
	guest_poke(r.rig.guest, at, bytes, sizeof(bytes));
	/* Byte by byte, and an ack with room to spare behind it. */
	for (unsigned i = 0; i < sizeof(bytes); i++)
		buf[i] = (struct drv_buf){ at + i, 1, false };
	buf[sizeof(bytes)] = (struct drv_buf){ at + 40, 1, true };
	buf[sizeof(bytes) + 1] = (struct drv_buf){ at + 50, 4, true };
	guest_fill(r.rig.guest, at + 40, 0xee, 20);
	send_ctrl(&r, buf, sizeof(bytes) + 2, &used);
	assert_int_equal(1, used);
	assert_int_equal(OK, guest_byte(r.rig.guest, at + 40));
	assert_int_equal(0xee, guest_byte(r.rig.guest, at + 50));
	/* All in one. */
	buf[0] = (struct drv_buf){ at, sizeof(bytes), false };
	buf[1] = (struct drv_buf){ at + 40, 4, true };
	guest_fill(r.rig.guest, at + 40, 0xee, 4);
	send_ctrl(&r, buf, 2, &used);
	assert_int_equal(1, used);
	assert_int_equal(OK, guest_byte(r.rig.guest, at + 40));
	assert_int_equal(0xee, guest_byte(r.rig.guest, at + 41));
	net_rig_close(&r);
}

static void hostile_commands(void **state)
{
	struct net_rig r;
	uint32_t used;
	uint64_t at;

	(void)state;
	open_ctrl(&r, ALL);
	at = guest_alloc(r.rig.guest, GUEST_LOW, 64, 64, NULL);
	{
		const struct drv_buf row[][3] = {
			/* No room for an answer. */
			{ { at, 2, false }, { at + 2, 1, false },
			  { at + 3, 1, false } },
			{ { at, 2, false }, { at + 2, 1, false },
			  { GUEST_HOLE, 1, true } },
			{ { at, 2, false }, { at + 2, 1, false },
			  { GUEST_ROM_GPA, 1, true } },
			/* Room, but no command. */
			{ { at + 9, 1, true }, { at + 10, 1, true },
			  { at + 11, 1, true } },
			{ { GUEST_HOLE, 2, false }, { at, 1, false },
			  { at + 9, 1, true } },
			{ { at, 2, false }, { UINT64_MAX, 7, false },
			  { at + 9, 1, true } },
			/* Readable after writable. */
			{ { at, 2, false }, { at + 9, 1, true },
			  { at + 2, 1, false } },
		};

		for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			guest_fill(r.rig.guest, at, 0, 64);
			guest_fill(r.rig.guest, at + 9, 0xee, 3);
			send_ctrl(&r, row[i], 3, &used);
			assert_int_equal(i < 3 ? 0 : 1, used);
			assert_int_equal(i < 3 ? 0xee : ERR,
					 guest_byte(r.rig.guest, at + 9));
		}
	}
	assert_int_equal(OK, mode(&r, PROMISC, 1));
	assert_int_equal(0, rig_status(&r.rig) & VIRTIO_S_NEEDS_RESET);
	net_rig_close(&r);
}

/* Somebody holds the device's lock: the command is done later, once. */
static void command_while_registers_are_busy(void **state)
{
	struct net_rig r;
	uint32_t used;
	uint64_t at;

	(void)state;
	open_ctrl(&r, ALL);
	at = guest_alloc(r.rig.guest, GUEST_LOW, 64, 64, NULL);
	guest_poke(r.rig.guest, at, (uint8_t[]){ C_MAC, 1, 2, 9, 9, 9, 9, 9 },
		   8);
	pthread_mutex_lock(&r.dev->ctl);
	drv_send(&r.rig.bus, CTRL, &r.q[CTRL], (struct drv_buf[]){
		{ at, 8, false }, { at + 40, 1, true } }, 2, NULL);
	for (unsigned i = 0; i < 20; i++)
		loop_step(r.rig.io, 0);
	assert_int_equal(-1, r.q[CTRL].ops->collect(&r.q[CTRL], &used));
	pthread_mutex_unlock(&r.dev->ctl);
	assert_true(net_rig_used(&r, CTRL, &used) >= 0);
	assert_int_equal(OK, guest_byte(r.rig.guest, at + 40));
	assert_int_equal(9, r.rig.bus.ops->cfg_get(&r.rig.bus, 1, 1));
	assert_int_equal(-1, net_rig_used(&r, CTRL, &used));
	net_rig_close(&r);
}

/* ---- addresses in words -------------------------------------------------------- */

static void addresses_are_parsed(void **state)
{
	static const char *const bad[] = {
		"", "02:11:22:33:44", "02:11:22:33:44:5", "02:11:22:33:44:5g",
		"02:11:22:33:44:55:", "0211:22:33:44:555", "02.11.22.33.44.55",
		"01:00:5e:00:00:01", "00:00:00:00:00:00", "+2:11:22:33:44:55",
		" 2:11:22:33:44:55", "ff:ff:ff:ff:ff:ff",
	};
	uint8_t mac[6];

	(void)state;
	assert_int_equal(0, net_mac_parse("52:54:00:aB:Cd:9f", mac));
	assert_memory_equal("\x52\x54\x00\xab\xcd\x9f", mac, 6);
	assert_int_equal(0, net_mac_parse("02-11-22-33-44-55", mac));
	assert_memory_equal(net_rig_mac, mac, 6);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(-EINVAL, net_mac_parse(bad[i], mac));
}

static void default_address(const char *name, uint8_t mac[6])
{
	struct vio_dev *dev;
	struct netio *io;
	struct rig rig;

	rig_open(&rig, &rig_mmio, 0);
	assert_int_equal(0, netio_open(&io, &(struct netio_cfg){
		.kind = NETIO_NONE }, (char[1]){ 0 }, 1));
	assert_int_equal(0, net_create(&dev, &(struct net_cfg){
		.prof = &vio_profile_modern, .name = name,
		.gmem = &rig.guest->mem, .ctl_loop = rig.ctl,
		.loops = rig.loops, .nloops = 2 }, &io));
	rig_attach(&rig, dev);
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)rig.bus.ops->cfg_get(&rig.bus, i, 1);
	rig_close(&rig);
}

static void default_addresses_stay_and_differ(void **state)
{
	uint8_t a[6], b[6], c[6];

	(void)state;
	default_address("net0", a);
	default_address("net0", b);
	default_address("net1", c);
	assert_int_equal(0x02, a[0] & 0x03);
	assert_memory_equal(a, b, 6);
	assert_memory_not_equal(a, c, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(until_programmed_everything_arrives),
		cmocka_unit_test(modes),
		cmocka_unit_test(address_table),
		cmocka_unit_test(address_table_of_many),
		cmocka_unit_test(address_table_that_lies),
		cmocka_unit_test(vlan_table),
		cmocka_unit_test(new_address),
		cmocka_unit_test(announcement_is_acknowledged),
		cmocka_unit_test(offloads_change_while_running),
		cmocka_unit_test(commands_that_are_not_there),
		cmocka_unit_test(commands_need_their_feature),
		cmocka_unit_test(commands_of_any_layout),
		cmocka_unit_test(hostile_commands),
		cmocka_unit_test(command_while_registers_are_busy),
		cmocka_unit_test(addresses_are_parsed),
		cmocka_unit_test(default_addresses_stay_and_differ),
	};

	return formats_run("virtio-net control", tests,
			   sizeof(tests) / sizeof(tests[0]), NULL);
}
