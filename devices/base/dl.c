#include "devices/base/dl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int dl_load(const char *soname, const char *package,
	    const struct dl_symbol *symbols, unsigned n, char *err,
	    size_t errlen)
{
	void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!lib) {
		snprintf(err, errlen, "needs the library %s (%s). Install the "
			 "package %s", soname, dlerror(), package);
		return -ENOENT;
	}
	for (unsigned i = 0; i < n; i++) {
		void *fn = dlsym(lib, symbols[i].name);

		if (!fn) {
			snprintf(err, errlen, "the library %s has no function "
				 "%s. Install a newer package %s", soname,
				 symbols[i].name, package);
			dlclose(lib);
			return -ENOENT;
		}
		/* POSIX lets a data pointer carry a function's address. */
		memcpy(symbols[i].slot, &fn, sizeof(fn));
	}
	return 0;
}
