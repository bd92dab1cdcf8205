/* For the chips and their tests. */
#ifndef DEVICES_LEGACY_LEGACY_INT_H
#define DEVICES_LEGACY_LEGACY_INT_H

#include "devices/legacy/clock.h"
#include "devices/legacy/legacy.h"

/* As rtc_init and pm_init, with the clock and the zone's seconds chosen. */
int rtc_init_clock(struct rtc *, struct iospace *pio, struct irq_line *irq,
		   struct loop *loop, int64_t zone_s,
		   const struct legacy_clock *);
int pm_init_clock(struct pm *, struct iospace *pio, uint16_t base,
		  struct irq_line *sci, struct loop *,
		  const struct legacy_clock *);

/* Chips with byte registers see a wide access as the bus splits it. */
static inline uint64_t bytes_read(void *ctx, uint64_t off, unsigned size,
				  uint8_t (*rd)(void *, unsigned))
{
	uint64_t all = 0;

	for (unsigned i = 0; i < size; i++)
		all |= (uint64_t)rd(ctx, (unsigned)off + i) << (8 * i);
	return all;
}

static inline void bytes_write(void *ctx, uint64_t off, unsigned size,
			       uint64_t val,
			       void (*wr)(void *, unsigned, uint8_t))
{
	for (unsigned i = 0; i < size; i++)
		wr(ctx, (unsigned)off + i, (uint8_t)(val >> (8 * i)));
}

#endif
