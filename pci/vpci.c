#include "pci/vpci.h"

#include <errno.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/base/reg.h"

/* virtio 4.1.4: capability kinds */
enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_PCI_CFG };
#define PCI_CAP_VENDOR 0x09
#define NOTIFY_WIN(v) (&(v)->dev->prof->win[VIO_WIN_NOTIFY])

/* ---- common configuration (virtio 4.1.4.3; AERO-W7-VIRTIO 1.5) ------------ */

enum { HALF_DEV, HALF_DRV, CFG_VECTOR, NUM_QUEUES, STATUS, GENERATION };
enum { Q_SELECT, Q_SIZE, Q_VECTOR, Q_ENABLE, Q_NOTIFY_OFF };

static uint32_t rd_common(void *ctx, const struct reg *r)
{
	const struct vpci *v = ctx;

	switch (r->arg) {
	case CFG_VECTOR: return v->cfg_vector;
	case NUM_QUEUES: return v->dev->nvqs;
	case STATUS: return v->dev->status;
	default: return v->dev->cfg_gen;
	}
}

static uint32_t rd_sel(void *ctx, const struct reg *r)
{
	const struct vpci *v = ctx;

	return r->arg == HALF_DEV ? v->dev_feat_sel : v->drv_feat_sel;
}

static void wr_sel(void *ctx, const struct reg *r, uint32_t val)
{
	struct vpci *v = ctx;

	if (r->arg == HALF_DEV)
		v->dev_feat_sel = val;
	else
		v->drv_feat_sel = val;
}

static uint32_t rd_feature(void *ctx, const struct reg *r)
{
	const struct vpci *v = ctx;

	return r->arg == HALF_DEV ? vio_offered(v->dev, v->dev_feat_sel)
				  : vio_acked(v->dev, v->drv_feat_sel);
}

static void wr_feature(void *ctx, const struct reg *r, uint32_t val)
{
	struct vpci *v = ctx;

	(void)r;
	vio_ack(v->dev, v->drv_feat_sel, val);
}

/* virtio 4.1.5.1.2: a vector that cannot be mapped reads back NO_VECTOR. */
static uint16_t usable_vector(const struct vpci *v, uint32_t val)
{
	return val < v->pci.msix.n ? (uint16_t)val : VIRTIO_NO_VECTOR;
}

static void wr_cfg_vector(void *ctx, const struct reg *r, uint32_t val)
{
	struct vpci *v = ctx;

	(void)r;
	__atomic_store_n(&v->cfg_vector, usable_vector(v, val),
			 __ATOMIC_RELAXED);
}

static void wr_status(void *ctx, const struct reg *r, uint32_t val)
{
	struct vpci *v = ctx;

	(void)r;
	vio_set_status(v->dev, (uint8_t)val);
}

static uint32_t rd_queue(void *ctx, const struct reg *r)
{
	struct vpci *v = ctx;
	const struct vq *vq = vio_q(v->dev, v->q_sel);

	if (r->arg == Q_SELECT)
		return v->q_sel;
	/* AERO-W7-VIRTIO 1.5.4: beyond num_queues sizes and offsets MUST read
	 * as 0. */
	if (!vq)
		return r->arg == Q_VECTOR ? VIRTIO_NO_VECTOR : 0;
	switch (r->arg) {
	case Q_SIZE: return vq->size;
	case Q_VECTOR: return vq->vector;
	case Q_ENABLE: return vq->enabled;
	default: return vq->idx;        /* 1.6: queue_notify_off(q) = q */
	}
}

static void set_q_vector(struct vpci *v, struct vq *vq, uint16_t vector)
{
	__atomic_store_n(&vq->vector, vector, __ATOMIC_RELAXED);
	pci_msix_unfeed(&v->pci, vq->idx);
}

static void wr_queue(void *ctx, const struct reg *r, uint32_t val)
{
	struct vpci *v = ctx;
	struct vq *vq = vio_q(v->dev, v->q_sel);

	if (r->arg == Q_SELECT)
		v->q_sel = (uint16_t)val;
	else if (!vq)
		return;
	else if (r->arg == Q_SIZE)
		vio_q_size(vq, val);
	else if (r->arg == Q_VECTOR)
		set_q_vector(v, vq, usable_vector(v, val));
	else if (r->arg == Q_ENABLE)
		vio_q_enable(vq, val);
}

/* arg: part * 2 + high half */
static uint32_t rd_q_addr(void *ctx, const struct reg *r)
{
	struct vpci *v = ctx;
	const struct vq *vq = vio_q(v->dev, v->q_sel);

	return vq ? (uint32_t)(vq->addr[r->arg / 2] >> (r->arg % 2 * 32)) : 0;
}

static void wr_q_addr(void *ctx, const struct reg *r, uint32_t val)
{
	struct vpci *v = ctx;
	struct vq *vq = vio_q(v->dev, v->q_sel);

	if (vq)
		vio_q_addr(vq, r->arg / 2, r->arg % 2, val);
}

static const struct reg common_regs[] = {
	{ 0x00, 4, "device_feature_select", rd_sel, wr_sel, HALF_DEV },
	{ 0x04, 4, "device_feature", rd_feature, NULL, HALF_DEV },
	{ 0x08, 4, "driver_feature_select", rd_sel, wr_sel, HALF_DRV },
	{ 0x0c, 4, "driver_feature", rd_feature, wr_feature, HALF_DRV },
	{ 0x10, 2, "config_msix_vector", rd_common, wr_cfg_vector, CFG_VECTOR },
	{ 0x12, 2, "num_queues", rd_common, NULL, NUM_QUEUES },
	{ 0x14, 1, "device_status", rd_common, wr_status, STATUS },
	{ 0x15, 1, "config_generation", rd_common, NULL, GENERATION },
	{ 0x16, 2, "queue_select", rd_queue, wr_queue, Q_SELECT },
	{ 0x18, 2, "queue_size", rd_queue, wr_queue, Q_SIZE },
	{ 0x1a, 2, "queue_msix_vector", rd_queue, wr_queue, Q_VECTOR },
	{ 0x1c, 2, "queue_enable", rd_queue, wr_queue, Q_ENABLE },
	{ 0x1e, 2, "queue_notify_off", rd_queue, NULL, Q_NOTIFY_OFF },
	{ 0x20, 4, "queue_desc", rd_q_addr, wr_q_addr, 0 },
	{ 0x24, 4, "queue_desc_hi", rd_q_addr, wr_q_addr, 1 },
	{ 0x28, 4, "queue_driver", rd_q_addr, wr_q_addr, 2 },
	{ 0x2c, 4, "queue_driver_hi", rd_q_addr, wr_q_addr, 3 },
	{ 0x30, 4, "queue_device", rd_q_addr, wr_q_addr, 4 },
	{ 0x34, 4, "queue_device_hi", rd_q_addr, wr_q_addr, 5 },
};

static const struct reg_block common = {
	.regs = common_regs, .n = sizeof(common_regs) / sizeof(common_regs[0]),
};

/* ---- interrupts ----------------------------------------------------------- */

/* What is pending when MSI-X is turned off belongs to INTx from then on. */
static void sync_intx(struct vpci *v)
{
	pthread_mutex_lock(&v->isr_lock);
	if (!pci_msix_enabled(&v->pci))
		pci_intx(&v->pci,
			 __atomic_load_n(&v->isr, __ATOMIC_RELAXED) != 0);
	pthread_mutex_unlock(&v->isr_lock);
}

static void vpci_raise(struct vio_dev *dev, unsigned cause, uint16_t q)
{
	struct vpci *v = dev->tp_ctx;
	const uint16_t *vector = cause == VIRTIO_ISR_QUEUE ?
				 &dev->vqs[q].vector : &v->cfg_vector;

	/* AERO-W7-VIRTIO 1.8.4: with MSI-X enabled, exclusively MSI-X. */
	if (pci_msix_enabled(&v->pci)) {
		__atomic_fetch_or(&v->isr, (uint8_t)cause, __ATOMIC_RELAXED);
		/* NO_VECTOR is out of range, hence silent. */
		pci_msix_fire(&v->pci, __atomic_load_n(vector,
						       __ATOMIC_RELAXED));
		/* Turned off since we looked: then the cause is INTx's, and
		 * who turned it off may not have seen it yet. fire took the
		 * lock that orders the two. */
		if (!pci_msix_enabled(&v->pci))
			sync_intx(v);
		return;
	}
	pthread_mutex_lock(&v->isr_lock);
	__atomic_fetch_or(&v->isr, (uint8_t)cause, __ATOMIC_RELAXED);
	pci_intx(&v->pci, true);
	pthread_mutex_unlock(&v->isr_lock);
}

/* AERO-W7-VIRTIO 1.7: reading returns the causes and acknowledges them. */
static uint8_t take_isr(struct vpci *v)
{
	uint8_t isr;

	pthread_mutex_lock(&v->isr_lock);
	isr = __atomic_exchange_n(&v->isr, 0, __ATOMIC_RELAXED);
	pci_intx(&v->pci, false);
	pthread_mutex_unlock(&v->isr_lock);
	return isr;
}

static void vpci_dev_reset(struct vio_dev *dev)
{
	struct vpci *v = dev->tp_ctx;

	/* AERO-W7-VIRTIO 1.5.3: all pending interrupts are cleared. */
	pthread_mutex_lock(&v->isr_lock);
	__atomic_store_n(&v->isr, 0, __ATOMIC_RELAXED);
	pci_irq_clear(&v->pci);
	pthread_mutex_unlock(&v->isr_lock);
	__atomic_store_n(&v->cfg_vector, VIRTIO_NO_VECTOR, __ATOMIC_RELAXED);
	v->dev_feat_sel = v->drv_feat_sel = 0;
	v->q_sel = 0;
}

static void vpci_feed(struct vio_dev *dev, uint16_t q, struct msi_feed *feed)
{
	struct vpci *v = dev->tp_ctx;
	const uint16_t *vector = &dev->vqs[q].vector;
	uint16_t now = __atomic_load_n(vector, __ATOMIC_RELAXED);

	pci_msix_feed(&v->pci, now, q, feed);
	/* Who writes the vector unfeeds after that, maybe before we fed. */
	if (__atomic_load_n(vector, __ATOMIC_RELAXED) != now)
		pci_msix_unfeed(&v->pci, q);
}

static void vpci_unfeed(struct vio_dev *dev, uint16_t q)
{
	pci_msix_unfeed(&((struct vpci *)dev->tp_ctx)->pci, q);
}

static const struct vio_tp_ops vpci_tp = {
	.raise = vpci_raise, .reset = vpci_dev_reset,
	.feed = vpci_feed, .unfeed = vpci_unfeed,
};

/* ---- BAR0 ----------------------------------------------------------------- */

static bool in_window(const struct vio_window *w, uint32_t off, unsigned size)
{
	return off >= w->off && off - w->off < w->len &&
	       size <= w->len - (off - w->off);
}

static void notify_written(struct vpci *v, uint32_t off, unsigned size)
{
	uint32_t mult = v->dev->prof->notify_mult;

	/* AERO-W7-VIRTIO 1.6: 16- and 32-bit writes alike; the address tells
	 * the queue. */
	if ((size == 2 || size == 4) && off % mult == 0)
		vio_notify(v->dev, off / mult);
}

static void msix_access(struct vpci *v, uint32_t off, unsigned size,
			uint32_t *val, bool write)
{
	const struct vio_profile *p = v->dev->prof;
	uint32_t n = v->pci.msix.n;
	const struct vio_window table = { p->msix_table, n * 16 };
	const struct vio_window pba = { p->msix_pba, (n + 63) / 64 * 8 };

	if (in_window(&table, off, size)) {
		if (write)
			pci_msix_table_write(&v->pci, off - table.off, size,
					     *val);
		else
			*val = pci_msix_table_read(&v->pci, off - table.off,
						   size);
	} else if (in_window(&pba, off, size) && !write) {
		*val = pci_msix_pba_read(&v->pci, off - pba.off, size);
	}
}

static void bar_access(struct vpci *v, uint32_t off, unsigned size,
		       uint32_t *val, bool write)
{
	const struct vio_window *win = v->dev->prof->win;
	struct vio_dev *dev = v->dev;

	/* AERO-W7-VIRTIO 1.4.1: what is undefined reads 0. */
	if (!write)
		*val = 0;
	if (in_window(&win[VIO_WIN_NOTIFY], off, size)) {
		if (write)
			notify_written(v, off - win[VIO_WIN_NOTIFY].off, size);
	} else if (in_window(&win[VIO_WIN_ISR], off, size)) {
		if (!write && off == win[VIO_WIN_ISR].off)
			*val = take_isr(v);
	} else if (in_window(&win[VIO_WIN_COMMON], off, size)) {
		pthread_mutex_lock(&dev->ctl);
		reg_rw(&common, v, off - win[VIO_WIN_COMMON].off, size, val,
		       write);
		pthread_mutex_unlock(&dev->ctl);
	} else if (in_window(&win[VIO_WIN_DEVICE], off, size)) {
		off -= win[VIO_WIN_DEVICE].off;
		pthread_mutex_lock(&dev->ctl);
		if (write)
			vio_cfg_write(dev, off, size, *val);
		else
			*val = vio_cfg_read(dev, off, size);
		pthread_mutex_unlock(&dev->ctl);
	} else {
		msix_access(v, off, size, val, write);
	}
}

static struct vpci *bar_owner(void *ctx)
{
	return container_of((struct pci_dev *)ctx, struct vpci, pci);
}

static uint64_t bar_read(void *ctx, uint64_t off, unsigned size)
{
	uint32_t lo = 0, hi = 0;

	bar_access(bar_owner(ctx), (uint32_t)off, size > 4 ? 4 : size, &lo,
		   false);
	if (size > 4)
		bar_access(bar_owner(ctx), (uint32_t)off + 4, 4, &hi, false);
	return (uint64_t)hi << 32 | lo;
}

static void bar_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	uint32_t lo = (uint32_t)val, hi = (uint32_t)(val >> 32);

	bar_access(bar_owner(ctx), (uint32_t)off, size > 4 ? 4 : size, &lo,
		   true);
	if (size > 4)
		bar_access(bar_owner(ctx), (uint32_t)off + 4, 4, &hi, true);
}

static const struct io_ops bar_ops = { .read = bar_read, .write = bar_write };

/* ---- the PCI function ----------------------------------------------------- */

static void hang_doorbells(struct vpci *v, uint64_t base, bool on)
{
	const struct vio_profile *p = v->dev->prof;

	for (unsigned i = 0; v->port && i < v->dev->nvqs; i++) {
		struct doorbell d = {
			.addr = base + NOTIFY_WIN(v)->off + i * p->notify_mult,
			.fd = v->dev->vqs[i].bell.fd,
		};

		/* Refused: each notify is an exit instead. */
		v->port->hang(v->port, &d, on);
	}
}

static void vpci_bar_mapped(struct pci_dev *pci, unsigned bar, uint64_t base,
			    bool mapped)
{
	if (bar == 0)
		hang_doorbells(container_of(pci, struct vpci, pci), base,
			       mapped);
}

static void vpci_bus_master(struct pci_dev *pci, bool on)
{
	vio_set_dma(container_of(pci, struct vpci, pci)->dev, on);
}

static void vpci_reset(struct pci_dev *pci)
{
	vio_reset(container_of(pci, struct vpci, pci)->dev);
}

/* Layout of VIRTIO_PCI_CAP_PCI_CFG past its head (virtio 4.1.4.9). */
enum { WIN_BAR = 4, WIN_OFF = 8, WIN_LEN = 12, WIN_DATA = 16, WIN_END = 20 };

static uint32_t cfg_le32(const struct pci_dev *pci, unsigned at)
{
	le32 v;

	memcpy(&v, &pci->cfg[at], sizeof(v));
	return le32_get(v);
}

/* The driver moves a BAR0 access through configuration space. */
static void pci_cfg_window(struct vpci *v, unsigned off, bool write)
{
	unsigned cap = v->pci_cfg_cap;
	uint32_t at, len, val = 0;

	if (!cap || off < cap + WIN_DATA || off >= cap + WIN_END)
		return;
	at = cfg_le32(&v->pci, cap + WIN_OFF);
	len = cfg_le32(&v->pci, cap + WIN_LEN);
	if (v->pci.cfg[cap + WIN_BAR] != 0 ||
	    (len != 1 && len != 2 && len != 4) || at % len ||
	    at >= v->dev->prof->bar_len)
		return;
	if (write) {
		val = cfg_le32(&v->pci, cap + WIN_DATA);
		if (len < 4)
			val &= (1u << (8 * len)) - 1;
	}
	bar_access(v, at, len, &val, write);
	if (!write) {
		le32 data = le32_put(val);

		memcpy(&v->pci.cfg[cap + WIN_DATA], &data, sizeof(data));
	}
}

static void vpci_cfg_written(struct pci_dev *pci, unsigned off, unsigned size)
{
	struct vpci *v = container_of(pci, struct vpci, pci);

	(void)size;
	pci_cfg_window(v, off, true);
	/* MSI-X may have been turned off. */
	if (pci->msix.n)
		sync_intx(v);
}

static void vpci_cfg_reading(struct pci_dev *pci, unsigned off, unsigned size)
{
	(void)size;
	pci_cfg_window(container_of(pci, struct vpci, pci), off, false);
}

static const struct pci_ops vpci_ops = {
	.cfg_written = vpci_cfg_written,
	.cfg_reading = vpci_cfg_reading,
	.bar_mapped = vpci_bar_mapped,
	.bus_master = vpci_bus_master,
	.reset = vpci_reset,
};

/* struct virtio_pci_cap without its two generic bytes (virtio 4.1.4). */
struct cap_body {
	uint8_t cap_len, cfg_type, bar, id, pad[2];
	le32 offset, length;
	le32 extra;             /* notify_off_multiplier, or the data window */
} __attribute__((packed));

static int add_cap(struct vpci *v, uint8_t type, const struct vio_window *w,
		   uint32_t extra, bool has_extra)
{
	struct cap_body body = {
		.cap_len = has_extra ? 20 : 16, .cfg_type = type,
		.offset = le32_put(w->off), .length = le32_put(w->len),
		.extra = le32_put(extra),
	};

	return pci_add_cap(&v->pci, PCI_CAP_VENDOR, &body, body.cap_len);
}

static int add_pci_cfg_cap(struct vpci *v)
{
	const struct vio_window none = { 0, 0 };
	int at = add_cap(v, CAP_PCI_CFG, &none, 0, true);

	if (at < 0)
		return at;
	v->pci_cfg_cap = (unsigned)at;
	v->pci.wmask[at + WIN_BAR] = 0xff;
	memset(&v->pci.wmask[at + WIN_OFF], 0xff, WIN_END - WIN_OFF);
	return 0;
}

static int add_caps(struct vpci *v, bool msix)
{
	const struct vio_profile *p = v->dev->prof;
	int err;

	if ((err = add_cap(v, CAP_COMMON, &p->win[VIO_WIN_COMMON], 0, false)) < 0 ||
	    (err = add_cap(v, CAP_NOTIFY, &p->win[VIO_WIN_NOTIFY],
			   p->notify_mult, true)) < 0 ||
	    (err = add_cap(v, CAP_ISR, &p->win[VIO_WIN_ISR], 0, false)) < 0 ||
	    (err = add_cap(v, CAP_DEVICE, &p->win[VIO_WIN_DEVICE], 0, false)) < 0)
		return err;
	if (p->pci_cfg_cap && (err = add_pci_cfg_cap(v)) < 0)
		return err;
	if (msix)
		return pci_add_msix(&v->pci, v->dev->nvqs + 1u, 0,
				    p->msix_table, p->msix_pba);
	return 0;
}

int vpci_attach(struct vpci *v, struct vio_dev *dev, struct pci_bus *bus,
		int slot, unsigned func, enum vpci_msix msix,
		struct doorbell_port *port)
{
	const struct vio_profile *p = dev->prof;
	const struct pci_id id = {
		.vendor = VIRTIO_PCI_VENDOR,
		.device = VIRTIO_PCI_DEVICE_BASE + dev->row->type,
		.sub_vendor = p->sub_vendor, .sub_device = dev->row->sub_device,
		.rev = p->pci_rev, .class_code = dev->row->class_code,
	};
	int err;

	*v = (struct vpci){
		.dev = dev, .port = port, .cfg_vector = VIRTIO_NO_VECTOR,
	};
	pthread_mutex_init(&v->isr_lock, NULL);
	/* AERO-W7-VIRTIO 1.8.1: the device MUST use INTA#. */
	pci_dev_init(&v->pci, dev->name, &vpci_ops, &id, 1);
	pci_set_bar(&v->pci, 0, PCI_BAR_MEM64, p->bar_len, &bar_ops, false);
	err = add_caps(v, msix == VPCI_MSIX_ON ||
			  (msix == VPCI_MSIX_DEFAULT && p->msix_default));
	if (err < 0)
		return err;
	dev->tp = &vpci_tp;
	dev->tp_ctx = v;
	return pci_add(bus, &v->pci, slot, func);
}
