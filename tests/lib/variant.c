#include "tests/lib/variant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int variant_run(const char *suite, const struct vtest *tests, unsigned ntests,
		const struct variant *variants, unsigned nvariants,
		CMFixtureFunction setup, CMFixtureFunction teardown)
{
	unsigned n = ntests * nvariants, failed;
	struct CMUnitTest *all = calloc(n, sizeof(*all));

	if (!all)
		return 1;
	for (unsigned i = 0; i < n; i++) {
		const struct variant *v = &variants[i / ntests];
		const struct vtest *t = &tests[i % ntests];
		size_t len = strlen(v->via->name) + strlen(v->prof->name) +
			     strlen(v->name) + strlen(t->name) + 16;
		char *name = malloc(len);

		if (!name)
			return 1;
		snprintf(name, len, "%s/%s/%s%s: %s", v->via->name,
			 v->prof->name, v->name,
			 v->flags & RIG_PACKED ? "/packed" : "", t->name);
		all[i] = (struct CMUnitTest){
			name, t->fn, setup, teardown, (void *)(uintptr_t)v,
		};
	}
	failed = (unsigned)_cmocka_run_group_tests(suite, all, n, NULL, NULL);
	for (unsigned i = 0; i < n; i++)
		free((void *)(uintptr_t)all[i].name);
	free(all);
	return failed != 0;
}

int formats_run(const char *suite, const struct CMUnitTest *tests, unsigned n,
		CMFixtureFunction setup)
{
	static const char *const name[] = { "split", "packed" };
	unsigned failed = 0;

	for (unsigned packed = 0; packed < 2; packed++) {
		char group[64];

		snprintf(group, sizeof(group), "%s, %s", suite, name[packed]);
		rig_prefer_packed(packed);
		failed += (unsigned)_cmocka_run_group_tests(group, tests, n,
							    setup, NULL);
	}
	return failed != 0;
}
