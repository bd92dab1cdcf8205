/*
 * A suite of tests, run once for each variant of the machine: transport,
 * profile, kind of loop, format of the rings.
 */
#ifndef TESTS_LIB_VARIANT_H
#define TESTS_LIB_VARIANT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/rig.h"

struct variant {
	const char *name;
	const struct rig_bus *via;
	const struct vio_profile *prof;
	unsigned flags;                 /* enum rig_flags */
	unsigned kind;                  /* the suite's own */
};

struct vtest {
	const char *name;
	CMUnitTestFunction fn;
};
#define VTEST(f) { #f, f }

/* setup finds a const struct variant in *state and leaves there what its
 * tests want. What main returns. */
int variant_run(const char *suite, const struct vtest *, unsigned ntests,
		const struct variant *, unsigned nvariants,
		CMFixtureFunction setup, CMFixtureFunction teardown);

/* For suites without variants: all of it with split rings, then once more
 * with packed ones wherever a device offers them. setup: the group's, or NULL.
 * What main returns. */
int formats_run(const char *suite, const struct CMUnitTest *, unsigned n,
		CMFixtureFunction setup);

#endif
