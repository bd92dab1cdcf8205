#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/rnd.h"

void rnd_init(struct rnd *r, const char *what)
{
	const char *env = getenv("SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->s = ((uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20 ^
		(uint64_t)getpid()) & 0xffffffff;
	if (env)
		r->s = strtoull(env, NULL, 0);
	printf("%s: SEED=%" PRIu64 "\n", what, r->s);
	fflush(stdout);
}
