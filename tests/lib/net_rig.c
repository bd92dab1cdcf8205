#include "tests/lib/net_rig.h"

#include <errno.h>
#include <string.h>

#include "devices/base/log.h"

const uint8_t net_rig_mac[6] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };

static void open_ios(struct net_rig *r, const struct vio_profile *prof,
		     uint16_t mtu, unsigned flags)
{
	rig_open(&r->rig, &rig_mmio, flags);
	r->io = r->ios[0];
	BUG_ON(net_create(&r->dev, &(struct net_cfg){
		.prof = prof, .name = "net0", .mac = net_rig_mac, .mtu = mtu,
		.gmem = &r->rig.guest->mem, .ctl_loop = r->rig.ctl,
		.pairs = r->pairs, .loops = r->rig.loops, .nloops = 2 }, r->ios));
	rig_attach(&r->rig, r->dev);
	r->hdr_len = ((const struct net_dialect *)r->dev->row->dialect)->hdr_len;
}

void net_rig_open_io(struct net_rig *r, const struct vio_profile *prof,
		     struct netio *io, uint16_t mtu, unsigned flags)
{
	*r = (struct net_rig){ .ios = { io }, .pairs = 1 };
	open_ios(r, prof, mtu, flags);
}

void net_rig_open_two(struct net_rig *r, const struct vio_profile *prof,
		      struct netio *const io[2], unsigned flags)
{
	*r = (struct net_rig){ .ios = { io[0], io[1] }, .pairs = 2 };
	open_ios(r, prof, 0, flags);
}

void net_rig_open_pairs(struct net_rig *r, const struct vio_profile *prof,
			const struct netio_pair_cfg *cfg, unsigned pairs,
			unsigned flags)
{
	*r = (struct net_rig){ .pairs = pairs };
	for (unsigned i = 0; i < pairs; i++)
		BUG_ON(netio_pair_open(&r->ios[i], cfg));
	open_ios(r, prof, 0, flags);
}

void net_rig_open(struct net_rig *r, const struct vio_profile *prof,
		  const struct netio_pair_cfg *cfg, uint16_t mtu,
		  unsigned flags)
{
	static const struct netio_pair_cfg plain = { .room = 10000 };
	struct netio *io;

	BUG_ON(netio_pair_open(&io, cfg ? cfg : &plain));
	net_rig_open_io(r, prof, io, mtu, flags);
}

void net_rig_close(struct net_rig *r)
{
	rig_close(&r->rig);
}

void net_rig_start(struct net_rig *r, uint64_t features)
{
	struct drv_bus *b = &r->rig.bus;
	unsigned nvqs = r->dev->nvqs;

	r->acked = drv_offered(b) & rig_features(&r->rig,
		features | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC);
	BUG_ON(!drv_start(b, r->acked));
	r->ctrl = r->acked & VIRTIO_NET_F_MQ ? 2 * r->pairs : 2;
	guest_release_all(r->rig.guest);
	for (unsigned q = 0; q < nvqs; q++) {
		rig_ring(&r->rig, &r->q[q], NET_RIG_Q,
			 r->acked & VIRTIO_F_EVENT_IDX, r->rnd);
		drv_q_start(b, (uint16_t)q, &r->q[q]);
	}
	drv_ok(b);
	rig_settle(&r->rig);
}

void net_rig_settle(struct net_rig *r)
{
	rig_settle(&r->rig);
}

void net_rig_frame(uint8_t *frame, size_t len, const uint8_t *mac,
		   unsigned seed)
{
	static const uint8_t other[6] = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee };

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed * 31 + i * 7 + i / 251);
	memcpy(frame, mac, len < 6 ? len : 6);
	if (len >= 14) {
		memcpy(frame + 6, other, 6);
		frame[12] = 0x88;       /* an EtherType for experiments */
		frame[13] = 0xb5;
	}
}

/* ---- chains ---------------------------------------------------------------- */

static uint64_t alloc(struct net_rig *r, uint32_t len)
{
	/* In steps that find a free place soon. */
	return r->rnd ? guest_alloc_any(r->rig.guest, len, 1, r->rnd)
		      : guest_alloc(r->rig.guest, GUEST_HIGH, len,
				    len > 512 ? 1024 : 64, NULL);
}

static int send(struct net_rig *r, unsigned q, const struct drv_buf *buf,
		unsigned n)
{
	bool indirect = r->rnd && (r->acked & VIRTIO_F_INDIRECT_DESC) &&
			rnd_chance(r->rnd, 50);
	struct drv_mem table;
	struct net_rig_chain *c;
	int id;

	if (indirect) {
		table.gpa = guest_alloc(r->rig.guest, GUEST_LOW, 16u * n, 1,
					r->rnd);
		table.p = guest_ptr(r->rig.guest, table.gpa, 16u * n);
	}
	id = drv_send(&r->rig.bus, (uint16_t)q, &r->q[q], buf, n,
		      indirect ? &table : NULL);
	BUG_ON(id < 0 || n > NET_RIG_BUFS);
	c = &r->chain[q][id];
	c->n = n;
	c->table = indirect ? table.gpa : 0;
	for (unsigned i = 0; i < n; i++) {
		c->buf[i].gpa = buf[i].gpa;
		c->buf[i].len = buf[i].len;
	}
	return id;
}

int net_rig_post_raw(struct net_rig *r, const struct drv_buf *buf, unsigned n)
{
	return send(r, 2 * r->pair, buf, n);
}

int net_rig_post(struct net_rig *r, unsigned n, const uint32_t *len)
{
	struct drv_buf buf[NET_RIG_BUFS];

	BUG_ON(n > NET_RIG_BUFS);
	for (unsigned i = 0; i < n; i++) {
		buf[i] = (struct drv_buf){ alloc(r, len[i]), len[i], true };
		guest_fill(r->rig.guest, buf[i].gpa, 0xee, len[i]);
	}
	return send(r, 2 * r->pair, buf, n);
}

int net_rig_post1(struct net_rig *r, uint32_t len)
{
	return net_rig_post(r, 1, &len);
}

int net_rig_repost(struct net_rig *r, int id)
{
	const struct net_rig_chain *c = &r->chain[2 * r->pair][id];
	struct drv_buf buf[NET_RIG_BUFS];
	unsigned n = c->n;

	for (unsigned i = 0; i < n; i++)
		buf[i] = (struct drv_buf){ c->buf[i].gpa, c->buf[i].len, true };
	return send(r, 2 * r->pair, buf, n);
}

void net_rig_free(struct net_rig *r, unsigned q, int id)
{
	const struct net_rig_chain *c = &r->chain[q][id];

	for (unsigned i = 0; i < c->n; i++)
		guest_release(r->rig.guest, c->buf[i].gpa);
	if (c->table)
		guest_release(r->rig.guest, c->table);
}

int net_rig_used(struct net_rig *r, unsigned q, uint32_t *len)
{
	rig_settle(&r->rig);
	return r->q[q].ops->collect(&r->q[q], len);
}

size_t net_rig_read(struct net_rig *r, unsigned q, int id, void *to, size_t max)
{
	const struct net_rig_chain *c = &r->chain[q][id];
	size_t at = 0;

	for (unsigned i = 0; i < c->n && at < max; i++) {
		size_t len = c->buf[i].len < max - at ? c->buf[i].len
						      : max - at;

		guest_peek(r->rig.guest, c->buf[i].gpa, (uint8_t *)to + at,
			   len);
		at += len;
	}
	return at;
}

void net_rig_put(struct net_rig *r, const void *frame, size_t len)
{
	BUG_ON(netio_pair_put(r->ios[r->pair], frame, len));
}

/* ---- transmit -------------------------------------------------------------- */

int net_rig_send(struct net_rig *r, const void *bytes, size_t len, unsigned n,
		 const uint32_t *cut)
{
	struct drv_buf buf[NET_RIG_BUFS];
	size_t at = 0;

	if (n == 0)
		n = 1;
	for (unsigned i = 0; i < n; i++) {
		uint32_t part = i + 1 < n ? cut[i] : (uint32_t)(len - at);

		buf[i] = (struct drv_buf){ alloc(r, part), part, false };
		guest_poke(r->rig.guest, buf[i].gpa,
			   (const uint8_t *)bytes + at, part);
		at += part;
	}
	return send(r, 2 * r->pair + 1, buf, n);
}

int net_rig_send_frame(struct net_rig *r, const void *frame, size_t len)
{
	uint8_t bytes[NETIO_HDR_MAX + NETIO_FRAME_MAX + 1] = { 0 };
	uint32_t cut = r->hdr_len;

	memcpy(bytes + r->hdr_len, frame, len);
	return net_rig_send(r, bytes, r->hdr_len + len, 2, &cut);
}

ssize_t net_rig_get(struct net_rig *r, void *frame, size_t max)
{
	return netio_pair_get(r->ios[r->pair], frame, max);
}

/* ---- control --------------------------------------------------------------- */

uint8_t net_rig_ctrl(struct net_rig *r, uint8_t class, uint8_t cmd,
		     const void *data, size_t len)
{
	uint64_t head = alloc(r, 2), body = len ? alloc(r, (uint32_t)len) : 0;
	uint64_t ack = alloc(r, 1);
	struct drv_buf buf[3] = { { head, 2, false } };
	unsigned n = 1;
	uint32_t used;

	guest_poke(r->rig.guest, head, (uint8_t[2]){ class, cmd }, 2);
	guest_fill(r->rig.guest, ack, 0xee, 1);
	if (len) {
		guest_poke(r->rig.guest, body, data, len);
		buf[n++] = (struct drv_buf){ body, (uint32_t)len, false };
	}
	buf[n++] = (struct drv_buf){ ack, 1, true };
	send(r, r->ctrl, buf, n);
	rig_collect(&r->rig, &r->q[r->ctrl], &used);
	BUG_ON(used > 1);
	return guest_byte(r->rig.guest, ack);
}
