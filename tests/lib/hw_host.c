#include "tests/lib/hw_host.h"

#include "devices/base/container.h"

static uint64_t low_bytes(uint64_t val, unsigned size)
{
	return size < 8 ? val & ((UINT64_C(1) << 8 * size) - 1) : val;
}

static uint64_t hw_read(struct drv_hw *hw, uint64_t addr, unsigned size)
{
	struct hw_host *h = container_of(hw, struct hw_host, hw);
	uint64_t val = 0;

	iospace_rw(h->mmio, addr, size, &val, false);
	return low_bytes(val, size);
}

static void hw_write(struct drv_hw *hw, uint64_t addr, unsigned size,
		     uint64_t val)
{
	struct hw_host *h = container_of(hw, struct hw_host, hw);

	iospace_rw(h->mmio, addr, size, &val, true);
}

static uint32_t hw_in(struct drv_hw *hw, uint16_t port, unsigned size)
{
	struct hw_host *h = container_of(hw, struct hw_host, hw);
	uint64_t val = 0;

	iospace_rw(h->pio, port, size, &val, false);
	return (uint32_t)low_bytes(val, size);
}

static void hw_out(struct drv_hw *hw, uint16_t port, unsigned size,
		   uint32_t val)
{
	struct hw_host *h = container_of(hw, struct hw_host, hw);
	uint64_t v = val;

	iospace_rw(h->pio, port, size, &v, true);
}

void hw_host_init(struct hw_host *h, struct iospace *mmio, struct iospace *pio)
{
	*h = (struct hw_host){
		.hw = { hw_read, hw_write, hw_in, hw_out },
		.mmio = mmio, .pio = pio,
	};
}
