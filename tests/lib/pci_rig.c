#include "tests/lib/pci_rig.h"

#include <stdlib.h>

#include "devices/base/log.h"

void pci_rig_init(struct pci_rig *rig)
{
	struct irq_line *line[PCI_INTX_GSIS];

	iospace_init(&rig->mmio);
	iospace_init(&rig->pio);
	msi_probe_init(&rig->msi);
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++) {
		irq_probe_init(&rig->line[i]);
		line[i] = &rig->line[i].line;
	}
	BUG_ON(pci_bus_init(&rig->bus, &rig->mmio, &rig->pio, line,
			    &rig->msi.sink));
}

void pci_rig_fini(struct pci_rig *rig)
{
	for (unsigned i = 0; i < PCI_SLOTS * PCI_FUNCS; i++) {
		struct pci_dev *dev =
			rig->bus.dev[i / PCI_FUNCS][i % PCI_FUNCS];

		if (dev)
			pci_dev_fini(dev);
	}
	pci_bus_fini(&rig->bus);
}

uint32_t pci_rig_in(struct pci_rig *rig, unsigned p, unsigned n)
{
	uint64_t val = 0;

	iospace_rw(&rig->pio, p, n, &val, false);
	return (uint32_t)(val & ~(~(uint64_t)0 << (8 * n)));
}

void pci_rig_out(struct pci_rig *rig, unsigned p, unsigned n, uint32_t val)
{
	uint64_t v = val;

	iospace_rw(&rig->pio, p, n, &v, true);
}

static void select_reg(struct pci_rig *rig, unsigned slot, unsigned func,
		       unsigned off)
{
	pci_rig_out(rig, 0xcf8, 4,
		    0x80000000u | slot << 11 | func << 8 | (off & 0xfc));
}

uint32_t pci_rig_get(struct pci_rig *rig, unsigned slot, unsigned func,
		     unsigned off, unsigned n)
{
	select_reg(rig, slot, func, off);
	return pci_rig_in(rig, 0xcfc + off % 4, n);
}

void pci_rig_put(struct pci_rig *rig, unsigned slot, unsigned func,
		 unsigned off, unsigned n, uint32_t val)
{
	select_reg(rig, slot, func, off);
	pci_rig_out(rig, 0xcfc + off % 4, n, val);
}

uint32_t pci_rig_peek(struct pci_rig *rig, bool io, uint64_t addr)
{
	uint64_t val = 0;

	iospace_rw(io ? &rig->pio : &rig->mmio, addr, 2, &val, false);
	return val & 0xffff;
}

/* ---- the function -------------------------------------------------------- */

static void mapped(struct pci_dev *pci, unsigned bar, uint64_t base, bool on)
{
	struct pci_fake *f = (struct pci_fake *)pci;

	/* Strictly in turns, and unmapped from where it was mapped. */
	BUG_ON(on == f->bar[bar].mapped);
	BUG_ON(!on && base != f->bar[bar].base);
	f->bar[bar].base = base;
	f->bar[bar].mapped = on;
	f->bar[bar].told++;
}

static void master(struct pci_dev *pci, bool on)
{
	struct pci_fake *f = (struct pci_fake *)pci;

	BUG_ON(on != pci_bus_master(pci));
	f->master = on;
	f->master_told++;
}

static void reset(struct pci_dev *pci)
{
	struct pci_fake *f = (struct pci_fake *)pci;

	f->resets++;
	if (f->noisy)
		pci_intx(pci, true);
}

static void written(struct pci_dev *pci, unsigned off, unsigned size)
{
	struct pci_fake *f = (struct pci_fake *)pci;

	f->written_n++;
	f->written_off = off;
	f->written_size = size;
}

static const struct pci_ops fake_ops = {
	.cfg_written = written,
	.bar_mapped = mapped,
	.bus_master = master,
	.reset = reset,
};

static void wrote(void *ctx, unsigned bar, uint64_t off, unsigned size,
		  uint64_t val)
{
	struct pci_fake *f = ctx;

	f->wr_bar = bar;
	f->wr_off = off;
	f->wr_size = size;
	f->wr_val = val;
}

#define BAR_OPS(i)                                                             \
static uint64_t read_##i(void *ctx, uint64_t off, unsigned size)               \
{                                                                              \
	(void)ctx;                                                             \
	(void)size;                                                            \
	return 0x1111 * ((i) + 1) + off;                                       \
}                                                                              \
static void write_##i(void *ctx, uint64_t off, unsigned size, uint64_t val)    \
{                                                                              \
	wrote(ctx, i, off, size, val);                                         \
}
BAR_OPS(0)
BAR_OPS(1)
BAR_OPS(2)
BAR_OPS(3)
BAR_OPS(4)
BAR_OPS(5)

static const struct io_ops bar_ops[PCI_BARS] = {
	{ read_0, write_0 }, { read_1, write_1 }, { read_2, write_2 },
	{ read_3, write_3 }, { read_4, write_4 }, { read_5, write_5 },
};

void pci_fake_init(struct pci_fake *f, const char *name, unsigned pin)
{
	static const struct pci_id id = {
		.vendor = 0x1af4, .device = 0x1042,
		.sub_vendor = 0x1af4, .sub_device = 2,
		.rev = 1, .class_code = 0x010000,
	};

	*f = (struct pci_fake){ 0 };
	pci_dev_init(&f->pci, name, &fake_ops, &id, pin);
}

void pci_fake_bar(struct pci_fake *f, unsigned bar, enum pci_bar_type type,
		  uint64_t len)
{
	pci_set_bar(&f->pci, bar, type, len, &bar_ops[bar], false);
}
