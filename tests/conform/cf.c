#include "tests/conform/cf.h"

#include <string.h>

const struct cf_test *const cf_parts[CF_PARTS] = {
	cf_tests_pci, cf_tests_common, cf_tests_irq, cf_tests_msix,
	cf_tests_ring, cf_tests_blk, cf_tests_net, cf_tests_input, cf_tests_snd,
};

/* How many queues of which size the contract gives each device. */
static const uint16_t queues[CF_KINDS][5] = {
	[CF_NET] = { 2, 256, 256 }, [CF_BLK] = { 1, 128 },
	[CF_KEYBOARD] = { 2, 64, 64 }, [CF_MOUSE] = { 2, 64, 64 },
	[CF_TABLET] = { 2, 64, 64 }, [CF_SND] = { 4, 64, 64, 256, 64 },
	[CF_MSIX] = { 1, 128 },
};

uint64_t cf_features(enum cf_kind kind)
{
	const uint64_t ring = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC;

	switch (kind) {
	case CF_NET: return ring | VIRTIO_F(5) | VIRTIO_F(16);
	case CF_BLK:
	case CF_MSIX: return ring | VIRTIO_F(2) | VIRTIO_F(6) | VIRTIO_F(9);
	default: return ring;
	}
}

/* ---- devices -------------------------------------------------------------- */

void cf_ring(struct cf *c, struct cf_dev *d, uint16_t q)
{
	struct drv_mem part[3];

	for (unsigned i = 0; i < 3; i++)
		part[i] = cf_mem(c, drv_split.bytes(d->qsize[q],
						    (enum drv_part)i, false),
				 drv_split.align((enum drv_part)i));
	drv_ring_init(&d->ring[q], &drv_split, d->qsize[q], false, part,
		      rnd_u32(&c->rnd) | 1);
	drv_q_start(&d->bus, q, &d->ring[q]);
}

struct cf_dev *cf_start(struct cf *c, enum cf_kind kind, uint64_t features)
{
	struct cf_dev *d = &c->dev[kind];

	CHECK(c, drv_start(&d->bus, features));
	d->indirect = features & VIRTIO_F_INDIRECT_DESC;
	for (uint16_t q = 0; q < d->nq; q++)
		cf_ring(c, d, q);
	return d;
}

static struct cf_dev *up(struct cf *c, enum cf_kind kind, uint64_t features)
{
	struct cf_dev *d = cf_start(c, kind, features);

	drv_ok(&d->bus);
	CHECK_EQ(c, 15, cf_status(d));
	return d;
}

struct cf_dev *cf_up(struct cf *c, enum cf_kind kind)
{
	return up(c, kind, cf_features(kind));
}

struct cf_dev *cf_up_direct(struct cf *c, enum cf_kind kind)
{
	return up(c, kind, cf_features(kind) & ~VIRTIO_F_INDIRECT_DESC);
}

int cf_send(struct cf *c, struct cf_dev *d, uint16_t q,
	    const struct drv_buf *buf, unsigned n)
{
	struct drv_mem table;
	bool indirect = d->indirect && rnd_chance(&c->rnd, 50);
	int id;

	/* A table may stand anywhere. */
	if (indirect)
		table = cf_mem(c, 16 * n, 1);
	id = drv_send(&d->bus, q, &d->ring[q], buf, n,
		      indirect ? &table : NULL);
	CHECK(c, id >= 0);
	return id;
}

static bool collect(struct cf_dev *d, uint16_t q, uint32_t *len, int *id)
{
	*id = d->ring[q].ops->collect(&d->ring[q], len);
	return *id >= 0;
}

int cf_used(struct cf *c, struct cf_dev *d, uint16_t q, uint32_t *len)
{
	int id;

	CF_UNTIL(c, collect(d, q, len, &id));
	return id;
}

bool cf_none(struct cf *c, struct cf_dev *d, uint16_t q)
{
	cf_quiet(c);
	return drv_split_used_idx(&d->ring[q]) == d->ring[q].used;
}

uint16_t cf_ask(struct cf *c, struct cf_dev *d)
{
	struct drv_mem m = cf_mem(c, 128, 1);
	struct drv_buf b[3] = { { m.gpa, 16, false } };
	uint8_t *p = m.p;
	uint16_t q = 0;
	unsigned n = 1;

	switch (d->kind) {
	case CF_NET:            /* a frame of 60 bytes */
		b[0].len = 10 + 60;
		q = 1;
		break;
	case CF_SND:            /* PCM_INFO of both streams */
		p[1] = 1;
		p[8] = 2;
		p[12] = 32;
		b[n++] = (struct drv_buf){ m.gpa + 16, 4 + 64, true };
		break;
	case CF_BLK:
	case CF_MSIX:           /* a flush */
		p[0] = 4;
		b[n++] = (struct drv_buf){ m.gpa + 16, 1, true };
		break;
	default:                /* an event that means nothing */
		b[0].len = 8;
		q = 1;
		break;
	}
	cf_send(c, d, q, b, n);
	return q;
}

void cf_echo(struct cf *c, struct cf_dev *d)
{
	uint32_t len;

	cf_used(c, d, cf_ask(c, d), &len);
}

static void ask_for_cause(struct cf *c, struct cf_dev *d)
{
	unsigned isr = d->bus.ops->take_isr(&d->bus);

	c->irqs += isr != 0;
	d->irqs += isr != 0;
	c->isr[isr & 3]++;
}

void cf_irq(struct cf *c)
{
	if (c->irq_dev)
		ask_for_cause(c, c->irq_dev);
	if (!c->irq_all)
		return;
	CF_EACH(c, d)
		ask_for_cause(c, d);
}

/* ---- registers ------------------------------------------------------------ */

uint64_t cf_rd(struct cf *c, struct cf_dev *d, unsigned off, unsigned size)
{
	return c->hw->read(c->hw, d->bus.bar0 + off, size);
}

void cf_wr(struct cf *c, struct cf_dev *d, unsigned off, unsigned size,
	   uint64_t val)
{
	c->hw->write(c->hw, d->bus.bar0 + off, size, val);
}

uint8_t cf_status(struct cf_dev *d)
{
	return (uint8_t)d->bus.ops->get(&d->bus, DRV_STATUS);
}

uint32_t cf_cfg(struct cf_dev *d, unsigned off, unsigned size)
{
	return d->bus.ops->cfg_get(&d->bus, off, size);
}

void cf_move_bar(struct cf *c, struct cf_dev *d, uint64_t base)
{
	drv_pci_cfg_put(&d->bus, 4, 2, 0);
	drv_pci_cfg_put(&d->bus, 0x10, 4, (uint32_t)base);
	drv_pci_cfg_put(&d->bus, 0x14, 4, (uint32_t)(base >> 32));
	if (!drv_pci_open(&d->bus, c->hw, d->bus.slot, d->bus.func))
		cf_fail(c, __FILE__, __LINE__, "a virtio device in this slot",
			1, 0);
	/* Notify addresses moved with it. */
	for (uint16_t q = 0; q < d->nq; q++)
		d->bus.ops->put(&d->bus, DRV_Q_SEL, q);
}

/* High: 16 GiB, far above all RAM; low: the window below the MMIO devices. */
uint64_t cf_bar_at(struct cf *c, bool high, unsigned n)
{
	uint64_t at = high ? UINT64_C(0x400000000) : 0xc0000000;

	at += (uint64_t)c->bar_page << 18 | n << 14;
	cf_reach(c, at, 0x4000);
	return at;
}

void cf_begin(struct cf *c)
{
	c->bar_page = rnd_below(&c->rnd, 0x400);
	CF_EACH(c, d) {
		d->kind = (enum cf_kind)(d - c->dev);
		d->nq = queues[d->kind][0];
		memcpy(d->qsize, &queues[d->kind][1], sizeof(d->qsize));
		d->bus.hw = c->hw;
		if (c->where & CF_PCI)
			drv_pci_cfg_put(&d->bus, 4, 2, 0);
	}
	CF_EACH(c, d) {
		if (c->where & CF_PCI)
			cf_move_bar(c, d, cf_bar_at(c, rnd_chance(&c->rnd, 50),
						    d->kind));
		drv_reset(&d->bus);
	}
}

/* ---- virtio-blk ----------------------------------------------------------- */

struct cf_blk cf_blk(struct cf *c, struct cf_dev *d, uint32_t type,
		     uint64_t sector, const struct drv_buf *data, unsigned n)
{
	struct drv_mem hdr = cf_mem(c, 16, 1), status = cf_mem(c, 1, 1);
	struct drv_buf b[160];
	struct cf_blk r;
	le32 t = le32_put(type);
	le64 s = le64_put(sector);

	CHECK(c, n + 2 <= 160);
	memcpy(hdr.p, &t, sizeof(t));
	memcpy((uint8_t *)hdr.p + 8, &s, sizeof(s));
	*(uint8_t *)status.p = 0xff;
	b[0] = (struct drv_buf){ hdr.gpa, 16, false };
	for (unsigned i = 0; i < n; i++)
		b[i + 1] = data[i];
	b[n + 1] = (struct drv_buf){ status.gpa, 1, true };
	cf_send(c, d, 0, b, n + 2);
	cf_used(c, d, 0, &r.used_len);
	r.status = *(volatile uint8_t *)status.p;
	return r;
}

struct cf_blk cf_blk_at(struct cf *c, struct cf_dev *d, uint32_t type,
			uint64_t sector, struct drv_mem m, uint32_t len)
{
	const struct drv_buf b = { m.gpa, len, type == 0 };

	return cf_blk(c, d, type, sector, &b, 1);
}
