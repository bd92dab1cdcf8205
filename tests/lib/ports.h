/* A guest's IN and OUT on an I/O space. Any thread. */
#ifndef TESTS_LIB_PORTS_H
#define TESTS_LIB_PORTS_H

#include "devices/base/iospace.h"

static inline uint32_t port_in(struct iospace *pio, uint16_t port,
			       unsigned size)
{
	uint64_t val = 0;

	iospace_rw(pio, port, size, &val, false);
	return (uint32_t)val;
}

static inline void port_out(struct iospace *pio, uint16_t port, unsigned size,
			    uint32_t val)
{
	uint64_t v = val;

	iospace_rw(pio, port, size, &v, true);
}

static inline uint8_t inb(struct iospace *pio, uint16_t port)
{
	return (uint8_t)port_in(pio, port, 1);
}

static inline void outb(struct iospace *pio, uint16_t port, uint8_t val)
{
	port_out(pio, port, 1, val);
}

#endif
