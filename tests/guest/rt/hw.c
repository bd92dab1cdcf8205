#include "tests/guest/rt/hw.h"

#include "tests/guest/rt/rt.h"

static uint64_t hw_read(struct drv_hw *hw, uint64_t at, unsigned size)
{
	(void)hw;
	return size == 1 ? rd8(at) : size == 2 ? rd16(at) :
	       size == 4 ? rd32(at) : rd64(at);
}

static void hw_write(struct drv_hw *hw, uint64_t at, unsigned size, uint64_t v)
{
	(void)hw;
	if (size == 1)
		wr8(at, (uint8_t)v);
	else if (size == 2)
		wr16(at, (uint16_t)v);
	else if (size == 4)
		wr32(at, (uint32_t)v);
	else
		wr64(at, v);
}

static uint32_t hw_in(struct drv_hw *hw, uint16_t port, unsigned size)
{
	(void)hw;
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

static void hw_out(struct drv_hw *hw, uint16_t port, unsigned size, uint32_t v)
{
	(void)hw;
	if (size == 1)
		outb(port, (uint8_t)v);
	else if (size == 2)
		outw(port, (uint16_t)v);
	else
		outl(port, v);
}

struct drv_hw rt_hw = { hw_read, hw_write, hw_in, hw_out };
