/* virtio-mmio, driver's side (virtio 4.2). */
#include "tests/lib/drv.h"

static const uint16_t offset[] = {
	[DRV_DEV_SEL] = 0x014, [DRV_DEV_FEATURES] = 0x010,
	[DRV_DRV_SEL] = 0x024, [DRV_DRV_FEATURES] = 0x020,
	[DRV_STATUS] = 0x070, [DRV_GENERATION] = 0x0fc,
	[DRV_Q_SEL] = 0x030, [DRV_Q_MAX] = 0x034, [DRV_Q_SIZE] = 0x038,
	[DRV_Q_ENABLE] = 0x044,
};

static uint32_t mmio_get(struct drv_bus *b, enum drv_reg reg)
{
	return (uint32_t)b->hw->read(b->hw, b->base + offset[reg], 4);
}

static void mmio_put(struct drv_bus *b, enum drv_reg reg, uint32_t val)
{
	b->hw->write(b->hw, b->base + offset[reg], 4, val);
}

static void mmio_put_addr(struct drv_bus *b, enum drv_part part, uint64_t gpa)
{
	uint64_t at = b->base + 0x080 + 0x10 * (unsigned)part;

	b->hw->write(b->hw, at, 4, (uint32_t)gpa);
	b->hw->write(b->hw, at + 4, 4, (uint32_t)(gpa >> 32));
}

static void mmio_notify(struct drv_bus *b, uint16_t q)
{
	b->hw->write(b->hw, b->base + 0x050, 4, q);
}

static unsigned mmio_take_isr(struct drv_bus *b)
{
	unsigned isr = (unsigned)b->hw->read(b->hw, b->base + 0x060, 4);

	b->hw->write(b->hw, b->base + 0x064, 4, isr);
	return isr;
}

static uint32_t mmio_cfg_get(struct drv_bus *b, unsigned off, unsigned size)
{
	return (uint32_t)b->hw->read(b->hw, b->base + 0x100 + off, size);
}

static void mmio_cfg_put(struct drv_bus *b, unsigned off, unsigned size,
			 uint32_t val)
{
	b->hw->write(b->hw, b->base + 0x100 + off, size, val);
}

static const struct drv_bus_ops mmio_ops = {
	.name = "mmio",
	.get = mmio_get,
	.put = mmio_put,
	.put_addr = mmio_put_addr,
	.notify = mmio_notify,
	.take_isr = mmio_take_isr,
	.cfg_get = mmio_cfg_get,
	.cfg_put = mmio_cfg_put,
};

bool drv_mmio_open(struct drv_bus *b, struct drv_hw *hw, uint64_t base)
{
	*b = (struct drv_bus){ .ops = &mmio_ops, .hw = hw, .base = base };
	return hw->read(hw, base, 4) == 0x74726976 &&
	       hw->read(hw, base + 4, 4) == 2 && hw->read(hw, base + 8, 4) != 0;
}
