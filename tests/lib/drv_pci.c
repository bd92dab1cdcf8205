/* virtio-pci modern, driver's side (virtio 4.1). */
#include "tests/lib/drv.h"

#define CONFIG_ADDRESS  0xcf8
#define CONFIG_DATA     0xcfc
#define COMMAND         0x04
#define COMMAND_MEMORY  2
#define COMMAND_MASTER  4
#define BAR0            0x10
#define BAR_IO          1
#define BAR_TYPE        6
#define BAR_TYPE_64     4
#define CAP_POINTER     0x34
#define CAP_VENDOR      0x09
#define CAP_MSIX        0x11

static void select_cfg(struct drv_bus *b, unsigned off)
{
	b->hw->out(b->hw, CONFIG_ADDRESS, 4,
		   0x80000000u | (uint32_t)b->slot << 11 |
		   (uint32_t)b->func << 8 | (off & 0xfc));
}

uint32_t drv_pci_cfg_get(struct drv_bus *b, unsigned off, unsigned size)
{
	select_cfg(b, off);
	return b->hw->in(b->hw, (uint16_t)(CONFIG_DATA + off % 4), size);
}

void drv_pci_cfg_put(struct drv_bus *b, unsigned off, unsigned size,
		     uint32_t val)
{
	select_cfg(b, off);
	b->hw->out(b->hw, (uint16_t)(CONFIG_DATA + off % 4), size, val);
}

unsigned drv_pci_cap(struct drv_bus *b, uint8_t id, uint8_t type)
{
	unsigned at = drv_pci_cfg_get(b, CAP_POINTER, 1);

	/* 48 capabilities fill configuration space; more are a loop. */
	for (unsigned i = 0; at && i < 48; i++) {
		if (drv_pci_cfg_get(b, at, 1) == id &&
		    (!type || drv_pci_cfg_get(b, at + 3, 1) == type))
			return at;
		at = drv_pci_cfg_get(b, at + 1, 1);
	}
	return 0;
}

/* ---- registers ------------------------------------------------------------ */

static const struct { uint8_t off, size; } where[] = {
	[DRV_DEV_SEL] = { 0x00, 4 }, [DRV_DEV_FEATURES] = { 0x04, 4 },
	[DRV_DRV_SEL] = { 0x08, 4 }, [DRV_DRV_FEATURES] = { 0x0c, 4 },
	[DRV_STATUS] = { 0x14, 1 }, [DRV_GENERATION] = { 0x15, 1 },
	[DRV_Q_SEL] = { 0x16, 2 }, [DRV_Q_MAX] = { 0x18, 2 },
	[DRV_Q_SIZE] = { 0x18, 2 }, [DRV_Q_ENABLE] = { 0x1c, 2 },
};

static uint32_t pci_get(struct drv_bus *b, enum drv_reg reg)
{
	return (uint32_t)b->hw->read(b->hw, b->common + where[reg].off,
				     where[reg].size);
}

static void pci_put(struct drv_bus *b, enum drv_reg reg, uint32_t val)
{
	b->hw->write(b->hw, b->common + where[reg].off, where[reg].size, val);
	if (reg == DRV_Q_SEL && val < DRV_QUEUES)
		b->notify_q[val] = b->notify + b->notify_mult *
			b->hw->read(b->hw, b->common + 0x1e, 2);
}

static void pci_put_addr(struct drv_bus *b, enum drv_part part, uint64_t gpa)
{
	uint64_t at = b->common + 0x20 + 8 * (unsigned)part;

	b->hw->write(b->hw, at, 4, (uint32_t)gpa);
	b->hw->write(b->hw, at + 4, 4, (uint32_t)(gpa >> 32));
}

static void pci_notify(struct drv_bus *b, uint16_t q)
{
	b->hw->write(b->hw, b->notify_q[q], 2, q);
}

static unsigned pci_take_isr(struct drv_bus *b)
{
	return (unsigned)b->hw->read(b->hw, b->isr, 1);
}

static uint32_t pci_cfg_get(struct drv_bus *b, unsigned off, unsigned size)
{
	return (uint32_t)b->hw->read(b->hw, b->cfg + off, size);
}

static void pci_cfg_put(struct drv_bus *b, unsigned off, unsigned size,
			uint32_t val)
{
	b->hw->write(b->hw, b->cfg + off, size, val);
}

static const struct drv_bus_ops pci_ops = {
	.name = "pci",
	.get = pci_get,
	.put = pci_put,
	.put_addr = pci_put_addr,
	.notify = pci_notify,
	.take_isr = pci_take_isr,
	.cfg_get = pci_cfg_get,
	.cfg_put = pci_cfg_put,
};

/* ---- finding it ----------------------------------------------------------- */

static uint64_t bar(struct drv_bus *b, unsigned n)
{
	uint32_t low = drv_pci_cfg_get(b, BAR0 + 4 * n, 4);
	uint64_t at = low & ~15u;

	if (low & BAR_IO)
		return 0;
	if ((low & BAR_TYPE) == BAR_TYPE_64)
		at |= (uint64_t)drv_pci_cfg_get(b, BAR0 + 4 * n + 4, 4) << 32;
	return at;
}

static uint64_t window(struct drv_bus *b, uint8_t type)
{
	unsigned cap = drv_pci_cap(b, CAP_VENDOR, type), n;
	uint64_t at;

	if (!cap || (n = drv_pci_cfg_get(b, cap + 4, 1)) > 5)
		return 0;
	at = bar(b, n);
	return at ? at + drv_pci_cfg_get(b, cap + 8, 4) : 0;
}

bool drv_pci_open(struct drv_bus *b, struct drv_hw *hw, unsigned slot,
		  unsigned func)
{
	*b = (struct drv_bus){
		.ops = &pci_ops, .hw = hw, .slot = (uint8_t)slot,
		.func = (uint8_t)func,
	};
	if (drv_pci_cfg_get(b, 0, 2) != VIRTIO_PCI_VENDOR)
		return false;
	b->bar0 = bar(b, 0);
	drv_pci_cfg_put(b, COMMAND, 2, drv_pci_cfg_get(b, COMMAND, 2) |
			COMMAND_MEMORY | COMMAND_MASTER);
	b->common = window(b, 1);
	b->notify = window(b, 2);
	b->isr = window(b, 3);
	b->cfg = window(b, 4);
	if (!b->common || !b->notify || !b->isr || !b->cfg)
		return false;
	b->notify_mult = drv_pci_cfg_get(b, drv_pci_cap(b, CAP_VENDOR, 2) + 16,
					 4);
	return true;
}

bool drv_pci_msix(struct drv_bus *b, uint64_t addr, uint32_t data,
		  unsigned queues)
{
	unsigned cap = drv_pci_cap(b, CAP_MSIX, 0);
	uint64_t table;

	if (!cap)
		return false;
	table = b->bar0 + (drv_pci_cfg_get(b, cap + 4, 4) & ~7u);
	for (unsigned v = 0; v <= queues; v++, table += 16) {
		b->hw->write(b->hw, table, 4, (uint32_t)addr);
		b->hw->write(b->hw, table + 4, 4, (uint32_t)(addr >> 32));
		b->hw->write(b->hw, table + 8, 4, data + v);
		b->hw->write(b->hw, table + 12, 4, 0);
	}
	drv_pci_cfg_put(b, cap + 2, 2, 0x8000);
	b->hw->write(b->hw, b->common + 0x10, 2, 0);
	for (unsigned q = 0; q < queues; q++) {
		b->ops->put(b, DRV_Q_SEL, q);
		b->hw->write(b->hw, b->common + 0x1a, 2, q + 1);
	}
	return true;
}
