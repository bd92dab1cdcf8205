#include "tests/fuzz/fz_vio.h"

#include <string.h>

#include "devices/base/log.h"

#define DATA 0xb000u            /* rings are below, buffers from here to NEXT */
#define TABLE 0xa800u           /* for indirect descriptors */
#define ORDERS 64               /* of one input */
#define BUFS 40                 /* of one chain */

static struct loop *the_loop;
static const struct gmem *the_mem;

struct loop *fz_vio_loop(void)
{
	if (!the_loop)
		BUG_ON(loop_create(&the_loop, "fuzz", 0));
	return the_loop;
}

const struct gmem *fz_vio_mem(void)
{
	if (!the_mem)
		the_mem = fz_ram_init();
	return the_mem;
}

static void raise_none(struct vio_dev *dev, unsigned cause, uint16_t q)
{
	BUG_ON(cause != VIRTIO_ISR_QUEUE && cause != VIRTIO_ISR_CONFIG);
	BUG_ON(q >= dev->nvqs);
}

static void reset_none(struct vio_dev *dev)
{
	(void)dev;
}

static const struct vio_tp_ops no_transport = {
	.raise = raise_none, .reset = reset_none,
};

void fz_vio_init(struct fz_vio *v, struct vio_dev *dev)
{
	*v = (struct fz_vio){ .dev = dev, .loop = fz_vio_loop() };
	BUG_ON(dev->nvqs > FZ_VIO_QUEUES);
	dev->tp = &no_transport;
	dev->dma = true;
	/* A device does not know which ring it has. */
	if (dev->prof->size_writable)
		dev->offered |= VIRTIO_F_RING_PACKED;
}

void fz_vio_settle(struct fz_vio *v)
{
	/* A guest may give work for ever; each pass must end all the same. */
	for (unsigned i = 0; i < 64 && loop_step(v->loop, 0); i++)
		;
}

/* ---- set-up --------------------------------------------------------------- */

static uint32_t part_len(const struct vq *vq, unsigned part)
{
	static const uint8_t each[3] = { 16, 2, 8 };

	return (part ? 6u : 0) + each[part] * (uint32_t)vq->size;
}

static void place_rings(struct fz_vio *v)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < v->dev->nvqs; i++) {
		struct vq *vq = &v->dev->vqs[i];

		v->q[i].free = v->q[i].avail = 0;
		v->q[i].wrap = true;
		for (unsigned part = 0; part < 3; part++) {
			v->q[i].part[part] = at;
			at += (part_len(vq, part) + 15) & ~15u;
		}
		BUG_ON(at > TABLE);
		/* Empty rings; what memory is filled with is a very full one. */
		memset(fz_ram_at(v->q[i].part[1], 4), 0, 4);
		if (v->packed)
			memset(fz_ram_at(v->q[i].part[0], 16u * vq->size), 0,
			       16u * vq->size);
	}
}

/* A packed ring's size need not be a power of two. */
static void lower_sizes(struct fz_vio *v, unsigned by)
{
	for (unsigned i = 0; i < v->dev->nvqs; i++) {
		unsigned size = v->dev->vqs[i].max >> by;

		vio_q_size(&v->dev->vqs[i],
			   v->packed && by == 1 ? size - 3 : size);
	}
}

/* how: which features not to take, and how small the rings. */
static void start(struct fz_vio *v, uint8_t how)
{
	struct vio_dev *dev = v->dev;
	uint64_t feats = dev->offered;

	if (how & 1)
		feats &= ~VIRTIO_F_INDIRECT_DESC;
	if (how & 2)
		feats &= ~VIRTIO_F_EVENT_IDX;
	if (how & 4)
		feats &= ~UINT64_C(0xaaaaaa);
	if (how & 8)
		feats &= ~UINT64_C(0x555555);
	if (how & 0x80)
		feats &= ~VIRTIO_F_RING_PACKED;
	v->packed = feats & VIRTIO_F_RING_PACKED;
	vio_set_status(dev, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER);
	vio_ack(dev, 0, (uint32_t)feats);
	vio_ack(dev, 1, (uint32_t)(feats >> 32));
	vio_set_status(dev, dev->status | VIRTIO_S_FEATURES_OK);
	lower_sizes(v, how >> 4 & 7);
	place_rings(v);
	for (unsigned i = 0; i < dev->nvqs; i++) {
		for (unsigned part = 0; part < 3; part++)
			vio_q_addr(&dev->vqs[i], part, false,
				   (uint32_t)v->q[i].part[part]);
		vio_q_enable(&dev->vqs[i], 1);
	}
	vio_set_status(dev, dev->status | VIRTIO_S_DRIVER_OK);
}

/* ---- chains --------------------------------------------------------------- */

static uint64_t place(struct fz_vio *v, struct fz *in, unsigned where,
		      uint32_t len)
{
	uint64_t at;

	switch (where) {
	case 1: return fz_u16(in);              /* the rings, too */
	case 2: return FZ_NEXT - 1 - fz_u8(in); /* may cross into NEXT */
	case 3: return FZ_ROM + fz_u8(in);
	case 4: return FZ_HIGH + FZ_HIGH_LEN - fz_u8(in);
	case 5: return FZ_HOLE + fz_u8(in);
	case 6: return fz_u64(in);
	default: break;
	}
	if (v->bump + len > FZ_NEXT || v->bump + len < v->bump)
		v->bump = DATA;
	at = v->bump;
	v->bump += (len < 0x2000 ? len : 0x2000) + 1;
	return at;
}

static uint32_t length(struct fz *in, unsigned how)
{
	switch (how) {
	case 0: return fz_u8(in);
	case 1: return 512u * (fz_u8(in) % 16u);
	case 2: return fz_u16(in);
	default: return fz_u32(in);
	}
}

/* One buffer. what: 80 the device's to write, 40 its bytes follow, 30 how its
 * length is said, 07 where it is. */
static struct vring_desc buffer(struct fz_vio *v, struct fz *in)
{
	uint8_t what = fz_u8(in);
	uint32_t len = length(in, what >> 4 & 3);
	uint64_t gpa = place(v, in, what & 7, len);

	if (what & 0x40) {
		size_t got;
		const uint8_t *p = fz_bytes(in, len < 64 ? len : 64, &got);
		void *to = got ? fz_ram_at(gpa, got) : NULL;

		if (to)
			memcpy(to, p, got);
	}
	return (struct vring_desc){
		le64_put(gpa), le32_put(len),
		le16_put(what & 0x80 ? VRING_DESC_F_WRITE : 0), le16_put(0),
	};
}

static void offer(struct fz_vio *v, unsigned q, uint16_t head)
{
	const struct vq *vq = &v->dev->vqs[q];
	uint64_t avail = v->q[q].part[1];
	le16 *entry = fz_ram_at(avail + 4 + 2u * (v->q[q].avail &
						  (vq->size - 1)), 2);
	le16 *idx = fz_ram_at(avail + 2, 2);

	*entry = le16_put(head);
	*idx = le16_put(++v->q[q].avail);
}

/* Where descriptors go: d[0] to d[n - 1] are a chain. */
static void put_split(struct fz_vio *v, unsigned q, const struct vring_desc *d,
		      unsigned n)
{
	unsigned size = v->dev->vqs[q].size;
	uint16_t head = v->q[q].free;
	struct vring_desc *ring = fz_ram_at(v->q[q].part[0],
					    sizeof(*ring) * size);

	for (unsigned i = 0; i < n; i++) {
		ring[(head + i) % size] = d[i];
		ring[(head + i) % size].next =
			le16_put((uint16_t)((head + i + 1) % size));
	}
	v->q[q].free = (uint16_t)((head + n) % size);
	offer(v, q, head);
}

static void put_packed(struct fz_vio *v, unsigned q, const struct vring_desc *d,
		       unsigned n)
{
	unsigned size = v->dev->vqs[q].size;
	uint16_t head = v->q[q].free;
	struct vring_packed_desc *ring = fz_ram_at(v->q[q].part[0],
						   sizeof(*ring) * size);

	for (unsigned i = 0; i < n; i++) {
		uint16_t flags = v->q[q].wrap ? VRING_DESC_F_AVAIL :
						VRING_DESC_F_USED;

		ring[v->q[q].free] = (struct vring_packed_desc){
			d[i].addr, d[i].len, le16_put(head),
			le16_put(flags | le16_get(d[i].flags)),
		};
		if (++v->q[q].free == size) {
			v->q[q].free = 0;
			v->q[q].wrap = !v->q[q].wrap;
		}
	}
}

static void put_chain(struct fz_vio *v, unsigned q, const struct vring_desc *d,
		      unsigned n)
{
	(v->packed ? put_packed : put_split)(v, q, d, n);
}

/* Descriptors after each other, linked; in the ring or in a table. */
static void chain(struct fz_vio *v, struct fz *in)
{
	unsigned q = fz_below(in, v->dev->nvqs), how = fz_u8(in);
	unsigned n = 1 + how % BUFS, size = v->dev->vqs[q].size;
	bool indirect = how & 0x80;
	struct vring_desc d[BUFS];
	const struct vring_desc table = {
		le64_put(TABLE), le32_put((uint32_t)(n * sizeof(*d))),
		le16_put(VRING_DESC_F_INDIRECT), le16_put(0),
	};

	if (!indirect && n > size)
		n = size;
	for (unsigned i = 0; i < n; i++) {
		d[i] = buffer(v, in);
		if (i + 1 < n)
			d[i].flags = le16_put(le16_get(d[i].flags) |
					      VRING_DESC_F_NEXT);
		d[i].next = le16_put((uint16_t)(i + 1));
	}
	if (indirect)
		memcpy(fz_ram_at(TABLE, sizeof(d)), d, n * sizeof(*d));
	put_chain(v, q, indirect ? &table : d, indirect ? 1 : n);
}

/* ---- orders --------------------------------------------------------------- */

static void poke(struct fz *in)
{
	uint16_t gpa = fz_u16(in);
	size_t got;
	const uint8_t *p = fz_bytes(in, fz_u8(in) % 64u, &got);
	void *to = got ? fz_ram_at(gpa, got) : NULL;

	if (to)
		memcpy(to, p, got);
}

static void ring_index(struct fz_vio *v, struct fz *in)
{
	unsigned q = fz_below(in, v->dev->nvqs);
	le16 *idx = fz_ram_at(v->q[q].part[1] + 2, 2);

	v->q[q].avail = (uint16_t)(v->q[q].avail + fz_u8(in));
	*idx = le16_put(v->q[q].avail);
}

static void kick(struct fz_vio *v, struct fz *in)
{
	struct vq *vq = &v->dev->vqs[fz_below(in, v->dev->nvqs)];

	loop_bell_mark(v->loop, &vq->bell);
}

static void registers(struct fz_vio *v, struct fz *in)
{
	struct vio_dev *dev = v->dev;
	uint8_t what = fz_u8(in);
	struct vq *vq = &dev->vqs[(what >> 3) % dev->nvqs];

	pthread_mutex_lock(&dev->ctl);
	switch (what & 7) {
	case 0:
		vio_set_status(dev, 0);
		start(v, fz_u8(in));
		break;
	case 1: vio_q_enable(vq, 0); break;
	case 2: vio_q_enable(vq, 1); break;
	case 3: vio_q_addr(vq, fz_below(in, 3), false, fz_u32(in)); break;
	case 4: vio_set_status(dev, fz_u8(in)); break;
	case 5: vio_cfg_read(dev, fz_u8(in), fz_width(in, 4)); break;
	default: {
		uint8_t off = fz_u8(in);
		unsigned size = fz_width(in, 4);

		vio_cfg_write(dev, off, size, fz_u32(in));
		}
	}
	pthread_mutex_unlock(&dev->ctl);
	if (what == 0xff)
		vio_set_dma(dev, !dev->dma);
}

enum { CHAIN, KICK, SETTLE, ARM, POKE, INDEX, REGISTERS, OWN };

static void one_order(struct fz_vio *v, struct fz *in,
		      void (*more)(struct fz_vio *, struct fz *, unsigned),
		      unsigned nmore)
{
	unsigned what = fz_below(in, OWN + nmore);

	switch (what) {
	case CHAIN: chain(v, in); break;
	case KICK: kick(v, in); break;
	case SETTLE: fz_vio_settle(v); break;
	case ARM: fz_ram_arm(in); break;
	case POKE: poke(in); break;
	case INDEX: ring_index(v, in); break;
	case REGISTERS: registers(v, in); break;
	default: more(v, in, what - OWN);
	}
}

void fz_vio_run(struct fz_vio *v, struct fz *in,
		void (*more)(struct fz_vio *, struct fz *, unsigned what),
		unsigned nmore)
{
	v->bump = DATA;
	pthread_mutex_lock(&v->dev->ctl);
	start(v, fz_u8(in));
	pthread_mutex_unlock(&v->dev->ctl);
	fz_vio_settle(v);
	for (unsigned i = 0; i < ORDERS && fz_more(in); i++)
		one_order(v, in, more, nmore);
	for (unsigned i = 0; i < v->dev->nvqs; i++)
		loop_bell_mark(v->loop, &v->dev->vqs[i].bell);
	fz_vio_settle(v);
	vio_reset(v->dev);
	v->dev->dma = true;
	/* Nothing writes to guest memory after a reset (decision 10). */
	fz_ram_reset();
	fz_vio_settle(v);
	fz_ram_check();
}
