/* Time for the chips that keep it, and for tests that bring their own.
 * Any thread. */
#ifndef DEVICES_LEGACY_CLOCK_H
#define DEVICES_LEGACY_CLOCK_H

#include <stdint.h>

struct legacy_clock {
	int64_t (*wall_ns)(void);       /* CLOCK_REALTIME */
	uint64_t (*mono_ns)(void);      /* CLOCK_MONOTONIC */
};

const struct legacy_clock *clock_host(void);

/* Ticks of a counter of hz that are over after ns. */
uint64_t clock_ticks(uint64_t ns, uint32_t hz);
/* The first ns at which clock_ticks gives ticks. */
uint64_t clock_ns(uint64_t ticks, uint32_t hz);

#endif
