/*
 * A mount namespace of this process alone, for tests that mount. One thread.
 */
#ifndef TESTS_LIB_MOUNTS_H
#define TESTS_LIB_MOUNTS_H

/* What this process mounts from now on is seen by it and its children only, and
 * ends with them. Needs root. Returns 0 or a negative errno. */
int mounts_own(void);

#endif
