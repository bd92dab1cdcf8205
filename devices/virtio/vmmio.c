#include "devices/virtio/vmmio.h"

#include <errno.h>

#include "devices/base/reg.h"

/* virtio 4.2.2 and the register map of virtio-mmio-constants: */
#define MMIO_MAGIC      0x74726976      /* "virt" */
#define MMIO_VERSION    2
#define MMIO_VENDOR     0x554d4551
#define MMIO_NOTIFY     0x050
#define MMIO_CONFIG     0x100

enum { R_MAGIC, R_VERSION, R_DEVICE, R_VENDOR };

static uint32_t rd_const(void *ctx, const struct reg *r)
{
	const struct vmmio *m = ctx;

	switch (r->arg) {
	case R_MAGIC: return MMIO_MAGIC;
	case R_VERSION: return MMIO_VERSION;
	case R_DEVICE: return m->dev->row->type;
	default: return MMIO_VENDOR;
	}
}

static uint32_t rd_offered(void *ctx, const struct reg *r)
{
	const struct vmmio *m = ctx;

	(void)r;
	return vio_offered(m->dev, m->dev_feat_sel);
}

static void wr_offered_sel(void *ctx, const struct reg *r, uint32_t v)
{
	(void)r;
	((struct vmmio *)ctx)->dev_feat_sel = v;
}

static void wr_ack(void *ctx, const struct reg *r, uint32_t v)
{
	struct vmmio *m = ctx;

	(void)r;
	vio_ack(m->dev, m->drv_feat_sel, v);
}

static void wr_ack_sel(void *ctx, const struct reg *r, uint32_t v)
{
	(void)r;
	((struct vmmio *)ctx)->drv_feat_sel = v;
}

static void wr_q_sel(void *ctx, const struct reg *r, uint32_t v)
{
	(void)r;
	((struct vmmio *)ctx)->q_sel = v;
}

static uint32_t rd_q_max(void *ctx, const struct reg *r)
{
	const struct vmmio *m = ctx;
	const struct vq *vq = vio_q(m->dev, m->q_sel);

	(void)r;
	return vq ? vq->max : 0;
}

static void wr_q_num(void *ctx, const struct reg *r, uint32_t v)
{
	struct vmmio *m = ctx;
	struct vq *vq = vio_q(m->dev, m->q_sel);

	(void)r;
	if (vq)
		vio_q_size(vq, v);
}

static uint32_t rd_q_ready(void *ctx, const struct reg *r)
{
	const struct vmmio *m = ctx;
	const struct vq *vq = vio_q(m->dev, m->q_sel);

	(void)r;
	return vq ? vq->enabled : 0;
}

static void wr_q_ready(void *ctx, const struct reg *r, uint32_t v)
{
	struct vmmio *m = ctx;
	struct vq *vq = vio_q(m->dev, m->q_sel);

	(void)r;
	if (vq)
		vio_q_enable(vq, v);
}

/* arg: part * 2 + high half */
static void wr_q_addr(void *ctx, const struct reg *r, uint32_t v)
{
	struct vmmio *m = ctx;
	struct vq *vq = vio_q(m->dev, m->q_sel);

	if (vq)
		vio_q_addr(vq, r->arg / 2, r->arg % 2, v);
}

static uint32_t rd_isr(void *ctx, const struct reg *r)
{
	struct vmmio *m = ctx;
	uint32_t isr;

	(void)r;
	pthread_mutex_lock(&m->irq_lock);
	isr = m->isr;
	pthread_mutex_unlock(&m->irq_lock);
	return isr;
}

static void wr_isr_ack(void *ctx, const struct reg *r, uint32_t v)
{
	struct vmmio *m = ctx;

	(void)r;
	pthread_mutex_lock(&m->irq_lock);
	if (m->isr) {
		m->isr &= (uint8_t)~v;
		if (!m->isr)
			irq_set(m->irq, false);
	}
	pthread_mutex_unlock(&m->irq_lock);
}

static uint32_t rd_status(void *ctx, const struct reg *r)
{
	(void)r;
	return ((const struct vmmio *)ctx)->dev->status;
}

static void wr_status(void *ctx, const struct reg *r, uint32_t v)
{
	(void)r;
	vio_set_status(((struct vmmio *)ctx)->dev, (uint8_t)v);
}

static uint32_t rd_generation(void *ctx, const struct reg *r)
{
	(void)r;
	return ((const struct vmmio *)ctx)->dev->cfg_gen;
}

static const struct reg regs[] = {
	{ 0x000, 4, "MagicValue", rd_const, NULL, R_MAGIC },
	{ 0x004, 4, "Version", rd_const, NULL, R_VERSION },
	{ 0x008, 4, "DeviceID", rd_const, NULL, R_DEVICE },
	{ 0x00c, 4, "VendorID", rd_const, NULL, R_VENDOR },
	{ 0x010, 4, "DeviceFeatures", rd_offered, NULL, 0 },
	{ 0x014, 4, "DeviceFeaturesSel", NULL, wr_offered_sel, 0 },
	{ 0x020, 4, "DriverFeatures", NULL, wr_ack, 0 },
	{ 0x024, 4, "DriverFeaturesSel", NULL, wr_ack_sel, 0 },
	{ 0x030, 4, "QueueSel", NULL, wr_q_sel, 0 },
	{ 0x034, 4, "QueueNumMax", rd_q_max, NULL, 0 },
	{ 0x038, 4, "QueueNum", NULL, wr_q_num, 0 },
	{ 0x044, 4, "QueueReady", rd_q_ready, wr_q_ready, 0 },
	{ 0x060, 4, "InterruptStatus", rd_isr, NULL, 0 },
	{ 0x064, 4, "InterruptACK", NULL, wr_isr_ack, 0 },
	{ 0x070, 4, "Status", rd_status, wr_status, 0 },
	{ 0x080, 4, "QueueDescLow", NULL, wr_q_addr, 0 },
	{ 0x084, 4, "QueueDescHigh", NULL, wr_q_addr, 1 },
	{ 0x090, 4, "QueueDriverLow", NULL, wr_q_addr, 2 },
	{ 0x094, 4, "QueueDriverHigh", NULL, wr_q_addr, 3 },
	{ 0x0a0, 4, "QueueDeviceLow", NULL, wr_q_addr, 4 },
	{ 0x0a4, 4, "QueueDeviceHigh", NULL, wr_q_addr, 5 },
	{ 0x0fc, 4, "ConfigGeneration", rd_generation, NULL, 0 },
};

static const struct reg_block block = {
	.regs = regs, .n = sizeof(regs) / sizeof(regs[0]),
};

static void access_one(struct vmmio *m, uint32_t off, unsigned size,
		       uint32_t *val, bool write)
{
	if (off == MMIO_NOTIFY && write) {
		if (size == 4)
			vio_notify(m->dev, *val);
		return;
	}
	pthread_mutex_lock(&m->dev->ctl);
	if (off < MMIO_CONFIG)
		reg_rw(&block, m, off, size, val, write);
	else if (write)
		vio_cfg_write(m->dev, off - MMIO_CONFIG, size, *val);
	else
		*val = vio_cfg_read(m->dev, off - MMIO_CONFIG, size);
	pthread_mutex_unlock(&m->dev->ctl);
}

static uint64_t vmmio_read(void *ctx, uint64_t off, unsigned size)
{
	uint32_t lo = 0, hi = 0;

	access_one(ctx, (uint32_t)off, size > 4 ? 4 : size, &lo, false);
	if (size > 4)
		access_one(ctx, (uint32_t)off + 4, 4, &hi, false);
	return (uint64_t)hi << 32 | lo;
}

static void vmmio_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	uint32_t lo = (uint32_t)val, hi = (uint32_t)(val >> 32);

	access_one(ctx, (uint32_t)off, size > 4 ? 4 : size, &lo, true);
	if (size > 4)
		access_one(ctx, (uint32_t)off + 4, 4, &hi, true);
}

static const struct io_ops vmmio_ops = {
	.read = vmmio_read, .write = vmmio_write,
};

static void vmmio_raise(struct vio_dev *dev, unsigned cause, uint16_t q)
{
	struct vmmio *m = dev->tp_ctx;

	(void)q;
	pthread_mutex_lock(&m->irq_lock);
	if (!m->isr)
		irq_set(m->irq, true);
	m->isr |= (uint8_t)cause;
	pthread_mutex_unlock(&m->irq_lock);
}

static void vmmio_reset(struct vio_dev *dev)
{
	struct vmmio *m = dev->tp_ctx;

	pthread_mutex_lock(&m->irq_lock);
	m->isr = 0;
	irq_set(m->irq, false);
	pthread_mutex_unlock(&m->irq_lock);
	m->dev_feat_sel = m->drv_feat_sel = m->q_sel = 0;
}

static const struct vio_tp_ops vmmio_tp = {
	.raise = vmmio_raise, .reset = vmmio_reset,
};

static void hang_doorbells(struct vmmio *m)
{
	for (unsigned i = 0; m->port && i < m->dev->nvqs; i++) {
		struct doorbell d = {
			.addr = m->io.base + MMIO_NOTIFY, .len = 4,
			.match = true, .value = i, .fd = m->dev->vqs[i].bell.fd,
		};

		/* Refused: each notify is an exit instead. */
		m->port->hang(m->port, &d, true);
	}
}

int vmmio_attach(struct vmmio *m, struct vio_dev *dev, struct iospace *mmio,
		 uint64_t base, struct irq_line *irq, struct doorbell_port *port)
{
	int err;

	*m = (struct vmmio){
		.dev = dev, .irq = irq, .port = port,
		.io = { base, VMMIO_LEN, &vmmio_ops, m, dev->name },
	};
	pthread_mutex_init(&m->irq_lock, NULL);
	dev->tp = &vmmio_tp;
	dev->tp_ctx = m;
	dev->dma = true;        /* no bus master bit on this transport */
	err = iospace_add(mmio, &m->io);
	if (err)
		return err;
	hang_doorbells(m);
	return 0;
}
