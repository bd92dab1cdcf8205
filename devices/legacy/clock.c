#include "devices/legacy/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

static uint64_t mono_ns(void)
{
	return (uint64_t)read_ns(CLOCK_MONOTONIC);
}

const struct legacy_clock *clock_host(void)
{
	static const struct legacy_clock host = {
		.wall_ns = wall_ns,
		.mono_ns = mono_ns,
	};

	return &host;
}

uint64_t clock_ticks(uint64_t ns, uint32_t hz)
{
	return (uint64_t)((unsigned __int128)ns * hz / 1000000000u);
}

uint64_t clock_ns(uint64_t ticks, uint32_t hz)
{
	return (uint64_t)(((unsigned __int128)ticks * 1000000000u + hz - 1) /
			  hz);
}
