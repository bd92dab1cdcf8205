#include "devices/base/iospace.h"

#include <errno.h>
#include <string.h>

void iospace_init(struct iospace *s)
{
	pthread_rwlock_init(&s->lock, NULL);
	s->n = 0;
}

int iospace_add(struct iospace *s, struct io_region *r)
{
	int err = 0;

	pthread_rwlock_wrlock(&s->lock);
	if (s->n == IOSPACE_MAX)
		err = -ENOSPC;
	else
		s->regions[s->n++] = r;
	pthread_rwlock_unlock(&s->lock);
	return err;
}

void iospace_del(struct iospace *s, struct io_region *r)
{
	pthread_rwlock_wrlock(&s->lock);
	for (unsigned i = 0; i < s->n; i++) {
		if (s->regions[i] != r)
			continue;
		s->n--;
		memmove(&s->regions[i], &s->regions[i + 1],
			(s->n - i) * sizeof(s->regions[0]));
		break;
	}
	pthread_rwlock_unlock(&s->lock);
}

void iospace_move(struct iospace *s, struct io_region *r, uint64_t base)
{
	pthread_rwlock_wrlock(&s->lock);
	r->base = base;
	pthread_rwlock_unlock(&s->lock);
}

enum found { NOBODY, WHOLE, PARTLY };

/* Who answers all bytes of an access: whoever owns the first one, if the rest
 * fits. A copy, because the region may move while its handler runs. */
static enum found find(struct iospace *s, uint64_t addr, unsigned size,
		       struct io_region *out)
{
	enum found found = NOBODY;

	pthread_rwlock_rdlock(&s->lock);
	for (unsigned i = 0; i < s->n; i++) {
		const struct io_region *r = s->regions[i];

		if (addr - r->base < r->len) {
			found = size <= r->len - (addr - r->base) ? WHOLE
								  : PARTLY;
			*out = *r;
			break;
		}
		if (r->base - addr < size)
			found = PARTLY;
	}
	pthread_rwlock_unlock(&s->lock);
	return found;
}

static bool rw_bytes(struct iospace *s, uint64_t addr, unsigned size,
		     uint64_t *val, bool write)
{
	bool answered = false;
	uint64_t all = 0;

	for (unsigned i = 0; i < size; i++) {
		uint64_t byte = *val >> (8 * i) & 0xff;

		answered |= iospace_rw(s, addr + i, 1, &byte, write);
		all |= (byte & 0xff) << (8 * i);
	}
	if (!write)
		*val = all;
	return answered;
}

bool iospace_rw(struct iospace *s, uint64_t addr, unsigned size, uint64_t *val,
		bool write)
{
	struct io_region r = { 0 };

	switch (find(s, addr, size, &r)) {
	case NOBODY:
		if (!write)
			*val = ~(uint64_t)0;
		return false;
	case PARTLY:
		return rw_bytes(s, addr, size, val, write);
	case WHOLE:
		break;
	}
	if (write)
		r.ops->write(r.ctx, addr - r.base, size, *val);
	else
		*val = r.ops->read(r.ctx, addr - r.base, size);
	return true;
}
