#include "devices/base/iov.h"

#include <stdint.h>
#include <string.h>

size_t iov_len(const struct iovec *iov, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len += iov[i].iov_len;
	return len;
}

enum what { GET, PUT, ZERO };

static size_t walk(const struct iovec *iov, unsigned n, size_t off,
		   uint8_t *buf, size_t len, enum what what)
{
	size_t done = 0;

	for (unsigned i = 0; i < n && done < len; i++) {
		uint8_t *at = iov[i].iov_base;
		size_t span = iov[i].iov_len;

		if (off >= span) {
			off -= span;
			continue;
		}
		at += off;
		span -= off;
		off = 0;
		if (span > len - done)
			span = len - done;
		if (what == GET)
			memcpy(buf + done, at, span);
		else if (what == PUT)
			memcpy(at, buf + done, span);
		else
			memset(at, 0, span);
		done += span;
	}
	return done;
}

size_t iov_get(const struct iovec *iov, unsigned n, size_t off, void *to,
	       size_t len)
{
	return walk(iov, n, off, to, len, GET);
}

size_t iov_put(const struct iovec *iov, unsigned n, size_t off,
	       const void *from, size_t len)
{
	return walk(iov, n, off, (uint8_t *)(uintptr_t)from, len, PUT);
}

size_t iov_zero(const struct iovec *iov, unsigned n, size_t off, size_t len)
{
	return walk(iov, n, off, NULL, len, ZERO);
}

unsigned iov_slice(struct iovec *to, const struct iovec *from, unsigned n,
		   size_t off, size_t len)
{
	unsigned m = 0;

	for (unsigned i = 0; i < n && len > 0; i++) {
		struct iovec v = from[i];

		if (off >= v.iov_len) {
			off -= v.iov_len;
			continue;
		}
		v.iov_base = (uint8_t *)v.iov_base + off;
		v.iov_len -= off;
		off = 0;
		if (v.iov_len > len)
			v.iov_len = len;
		len -= v.iov_len;
		to[m++] = v;
	}
	return m;
}
