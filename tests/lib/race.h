/*
 * How long races last: RACE_COUNT in the environment is the least number of
 * requests, and has them say what they did; without it they are short.
 */
#ifndef TESTS_LIB_RACE_H
#define TESTS_LIB_RACE_H

#include <stdlib.h>

/* 0: not asked for. */
static inline unsigned race_count(void)
{
	const char *n = getenv("RACE_COUNT");

	return n ? (unsigned)strtoul(n, NULL, 0) : 0;
}

#endif
