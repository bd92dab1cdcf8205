#include "tests/lib/rig_pci.h"

#include <stdlib.h>

#include "devices/base/log.h"

static void init(struct rig *r)
{
	struct rig_pci_part *p = calloc(1, sizeof(*p));

	BUG_ON(!p);
	r->bus_ctx = p;
	pci_rig_init(&p->pci);
	hw_host_init(&r->hw, &p->pci.mmio, &p->pci.pio);
}

/* A firmware's work: addresses, then the driver finds the device. */
static void attach(struct rig *r, struct vio_dev *dev)
{
	static const struct pci_windows windows = {
		.io_base = 0xc000, .io_len = 0x1000,
		.mem32 = { { 0xe0000000, 0x1000000 } },
		.mem64_base = 0x8000000000, .mem64_len = 0x10000000,
	};
	struct rig_pci_part *p = r->bus_ctx;

	BUG_ON(vpci_attach(&p->tp, dev, &p->pci.bus, RIG_PCI_SLOT, 0, p->msix,
			   p->port));
	BUG_ON(pci_assign(&p->pci.bus, &windows));
	BUG_ON(!drv_pci_open(&r->bus, &r->hw.hw, RIG_PCI_SLOT, 0));
}

static void detach(struct rig *r)
{
	pci_dev_fini(&rig_pci_part(r)->tp.pci);
}

static void fini(struct rig *r)
{
	pci_rig_fini(&rig_pci_part(r)->pci);
	free(r->bus_ctx);
}

static void bus_master(struct rig *r, bool on)
{
	uint32_t command = drv_pci_cfg_get(&r->bus, 4, 2) & ~4u;

	drv_pci_cfg_put(&r->bus, 4, 2, command | (on ? 4 : 0));
}

static struct irq_probe *line(struct rig *r)
{
	struct rig_pci_part *p = r->bus_ctx;
	unsigned gsi = pci_intx_gsi(RIG_PCI_SLOT, 0);

	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		if (pci_intx_gsis[i] == gsi)
			return &p->pci.line[i];
	log_bug(__FILE__, __LINE__, "a GSI that is not INTx's");
}

void rig_pci_move(struct rig *r, uint64_t base)
{
	drv_pci_cfg_put(&r->bus, 0x10, 4, (uint32_t)base);
	drv_pci_cfg_put(&r->bus, 0x14, 4, (uint32_t)(base >> 32));
	BUG_ON(!drv_pci_open(&r->bus, &r->hw.hw, RIG_PCI_SLOT, 0));
}

const struct rig_bus rig_pci = {
	.name = "pci", .init = init, .attach = attach, .detach = detach,
	.fini = fini, .bus_master = bus_master, .line = line,
};
