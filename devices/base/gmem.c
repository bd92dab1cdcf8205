#include "devices/base/gmem.h"

#include <errno.h>
#include <string.h>

int gmem_add(struct gmem *mem, const struct gmem_region *new)
{
	uint64_t end;
	unsigned at = 0;

	if (new->len == 0 || __builtin_add_overflow(new->gpa, new->len, &end))
		return -EINVAL;
	if (mem->n == GMEM_MAX_REGIONS)
		return -ENOSPC;
	while (at < mem->n && mem->r[at].gpa < new->gpa)
		at++;
	if (at > 0 && mem->r[at - 1].gpa + mem->r[at - 1].len > new->gpa)
		return -EINVAL;
	if (at < mem->n && end > mem->r[at].gpa)
		return -EINVAL;
	memmove(&mem->r[at + 1], &mem->r[at], (mem->n - at) * sizeof(*new));
	mem->r[at] = *new;
	mem->n++;
	return 0;
}

static const struct gmem_region *find(const struct gmem *mem, uint64_t gpa)
{
	for (unsigned i = 0; i < mem->n; i++)
		if (gpa - mem->r[i].gpa < mem->r[i].len)
			return &mem->r[i];
	return NULL;
}

void *gmem_ptr(const struct gmem *mem, uint64_t gpa, uint64_t len,
	       enum gmem_dir dir)
{
	const struct gmem_region *r = find(mem, gpa);

	if (!r || len == 0 || !(r->dirs & dir) || len > r->len - (gpa - r->gpa))
		return NULL;
	return r->hva + (gpa - r->gpa);
}

int gmem_iov(const struct gmem *mem, uint64_t gpa, uint64_t len,
	     enum gmem_dir dir, struct iovec *iov, unsigned max)
{
	unsigned n = 0;

	while (len > 0) {
		const struct gmem_region *r = find(mem, gpa);
		uint64_t span;

		if (!r || !(r->dirs & dir))
			return -EFAULT;
		if (n == max)
			return -E2BIG;
		span = r->len - (gpa - r->gpa);
		if (span > len)
			span = len;
		iov[n].iov_base = r->hva + (gpa - r->gpa);
		iov[n].iov_len = span;
		n++;
		gpa += span;    /* gmem_add refused regions that wrap */
		len -= span;
	}
	return (int)n;
}

int gmem_read(const struct gmem *mem, uint64_t gpa, void *to, uint64_t len)
{
	struct iovec iov[GMEM_MAX_REGIONS];
	int n = gmem_iov(mem, gpa, len, GMEM_READ, iov, GMEM_MAX_REGIONS);

	if (n < 0)
		return -EFAULT;
	for (int i = 0; i < n; i++) {
		memcpy(to, iov[i].iov_base, iov[i].iov_len);
		to = (uint8_t *)to + iov[i].iov_len;
	}
	return 0;
}

int gmem_write(const struct gmem *mem, uint64_t gpa, const void *from,
	       uint64_t len)
{
	struct iovec iov[GMEM_MAX_REGIONS];
	int n = gmem_iov(mem, gpa, len, GMEM_WRITE, iov, GMEM_MAX_REGIONS);

	if (n < 0)
		return -EFAULT;
	for (int i = 0; i < n; i++) {
		memcpy(iov[i].iov_base, from, iov[i].iov_len);
		from = (const uint8_t *)from + iov[i].iov_len;
	}
	return 0;
}
