#include <stdlib.h>

#include "devices/base/log.h"
#include "devices/virtio/vmmio.h"
#include "tests/lib/rig.h"

#define BASE 0xd0000000

struct mmio_part {
	struct iospace mmio;
	struct irq_probe irq;
	struct vmmio tp;
};

static void init(struct rig *r)
{
	struct mmio_part *p = calloc(1, sizeof(*p));

	BUG_ON(!p);
	r->bus_ctx = p;
	iospace_init(&p->mmio);
	irq_probe_init(&p->irq);
	hw_host_init(&r->hw, &p->mmio, NULL);
}

static void attach(struct rig *r, struct vio_dev *dev)
{
	struct mmio_part *p = r->bus_ctx;

	BUG_ON(vmmio_attach(&p->tp, dev, &p->mmio, BASE, &p->irq.line, NULL));
	BUG_ON(!drv_mmio_open(&r->bus, &r->hw.hw, BASE));
}

static void detach(struct rig *r)
{
	struct mmio_part *p = r->bus_ctx;

	iospace_del(&p->mmio, &p->tp.io);
}

static void fini(struct rig *r)
{
	free(r->bus_ctx);
}

static void bus_master(struct rig *r, bool on)
{
	vio_set_dma(r->dev, on);
}

static struct irq_probe *line(struct rig *r)
{
	return &((struct mmio_part *)r->bus_ctx)->irq;
}

const struct rig_bus rig_mmio = {
	.name = "mmio", .init = init, .attach = attach, .detach = detach,
	.fini = fini, .bus_master = bus_master, .line = line,
};
