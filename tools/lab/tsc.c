/*
 * Prints the rate of this machine's time stamp counter in kHz. The lab's
 * emulated processor shows this very counter, but while the host is busy the
 * kernel in the lab cannot measure its rate against an emulated timer: it has
 * been wrong by a factor of ten, and all time in the lab with it.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct stamp {
	uint64_t tsc;
	int64_t ns;
};

/* The closest pair of readings of several: we may be interrupted in between. */
static struct stamp take(void)
{
	struct stamp best = {0};
	uint64_t least = UINT64_MAX;
	struct timespec t;
	int i;

	for (i = 0; i < 50; i++) {
		uint64_t before = __rdtsc(), after;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __rdtsc();
		if (after - before < least) {
			least = after - before;
			best.tsc = before + least / 2;
			best.ns = t.tv_sec * 1000000000LL + t.tv_nsec;
		}
	}
	return best;
}

int main(void)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	struct stamp a = take(), b;

	nanosleep(&pause, NULL);
	b = take();
	printf("%.0f\n", (double)(b.tsc - a.tsc) * 1e6 / (double)(b.ns - a.ns));
	return 0;
}
