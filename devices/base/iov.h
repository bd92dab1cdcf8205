/*
 * Scatter-gather lists. Lengths and offsets are bytes. Any thread.
 */
#ifndef DEVICES_BASE_IOV_H
#define DEVICES_BASE_IOV_H

#include <stddef.h>
#include <sys/uio.h>

size_t iov_len(const struct iovec *, unsigned n);

/* Copy len bytes at offset off of the list; returns what was there to copy. */
size_t iov_get(const struct iovec *, unsigned n, size_t off, void *to,
	       size_t len);
size_t iov_put(const struct iovec *, unsigned n, size_t off, const void *from,
	       size_t len);
/* Zeroes from off on; returns how much. */
size_t iov_zero(const struct iovec *, unsigned n, size_t off, size_t len);

/* The part [off, off+len) of a list as a list of its own: returns its number
 * of entries, at most n. to may be from itself. */
unsigned iov_slice(struct iovec *to, const struct iovec *from, unsigned n,
		   size_t off, size_t len);

#endif
