/*
 * Libraries that only some machines need, loaded when one does. A machine
 * without sound, screen or user-mode network neither waits for them at its
 * start nor holds them in memory, and the program runs where they are not
 * installed. Set-up thread.
 */
#ifndef DEVICES_BASE_DL_H
#define DEVICES_BASE_DL_H

#include <stddef.h>

struct dl_symbol {
	const char *name;
	void *slot;             /* a pointer to the function pointer to fill */
};

/* For a struct of function pointers that are named like the functions. */
#define DL_SYMBOL(table, fn) { #fn, &(table).fn }
#define DL_POINTER(fn) __typeof__(fn) *fn

/*
 * Loads soname ("libslirp.so.0") and fills all slots; done once, it stays.
 * package: what Debian calls it, for the message. 0; -ENOENT with a sentence
 * in err: it is not installed, or lacks a function.
 */
int dl_load(const char *soname, const char *package,
	    const struct dl_symbol *symbols, unsigned n, char *err,
	    size_t errlen);

#endif
