#include "tests/fuzz/fz_ram.h"

#include <string.h>
#include <sys/mman.h>

#include "devices/base/log.h"

#define GUARD 0x10000u
#define FILL 0xa5
#define CHANGES 16

static const struct { uint64_t gpa, len; unsigned dirs; } layout[] = {
	{ 0, FZ_LOW_LEN, GMEM_READ | GMEM_WRITE },
	{ FZ_NEXT, FZ_NEXT_LEN, GMEM_READ | GMEM_WRITE },
	{ FZ_ROM, FZ_ROM_LEN, GMEM_READ },
	{ FZ_HIGH, FZ_HIGH_LEN, GMEM_READ | GMEM_WRITE },
};
#define REGIONS (sizeof(layout) / sizeof(layout[0]))

struct change {
	unsigned after;                 /* reads of guest memory before it */
	bool here;                      /* what is read, not what is at gpa */
	uint16_t gpa;
	unsigned len;
	uint8_t bytes[8];
};

static struct {
	struct gmem mem;
	const uint8_t *base;            /* of one mapping with all in it */
	size_t len;
	struct change change[CHANGES];
	unsigned at, n;
} ram;

const struct gmem *fz_ram_init(void)
{
	size_t len = GUARD;
	uint8_t *p;

	for (unsigned i = 0; i < REGIONS; i++)
		len += layout[i].len + GUARD;
	p = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	BUG_ON(p == MAP_FAILED);
	ram.base = p;
	ram.len = len;
	for (unsigned i = 0; i < REGIONS; i++) {
		struct gmem_region r = {
			layout[i].gpa, layout[i].len, p + GUARD,
			layout[i].dirs,
		};

		BUG_ON(mprotect(r.hva, r.len, PROT_READ | PROT_WRITE));
		memset(r.hva, FILL, r.len);
		if (!(r.dirs & GMEM_WRITE))
			BUG_ON(mprotect(r.hva, r.len, PROT_READ));
		BUG_ON(gmem_add(&ram.mem, &r));
		p += GUARD + r.len;
	}
	return &ram.mem;
}

void fz_ram_reset(void)
{
	ram.n = ram.at = 0;
	for (unsigned i = 0; i < ram.mem.n; i++)
		if (ram.mem.r[i].dirs & GMEM_WRITE)
			memset(ram.mem.r[i].hva, FILL, ram.mem.r[i].len);
}

void fz_ram_check(void)
{
	for (unsigned i = 0; i < ram.mem.n; i++) {
		const struct gmem_region *r = &ram.mem.r[i];

		/* All bytes are the first one, and that one is right. */
		BUG_ON(r->hva[0] != FILL ||
		       memcmp(r->hva, r->hva + 1, r->len - 1));
	}
}

void *fz_ram_at(uint64_t gpa, size_t len)
{
	if (gpa >= FZ_NEXT + FZ_NEXT_LEN)
		return NULL;
	return gmem_ptr(&ram.mem, gpa, len, GMEM_WRITE);
}

void fz_ram_arm(struct fz *f)
{
	struct change *c = &ram.change[ram.n];
	uint8_t how = fz_u8(f);
	const uint8_t *bytes;
	size_t got;

	if (ram.n == CHANGES)
		return;
	ram.n++;
	*c = (struct change){
		.after = how >> 4, .here = how & 8,
		.len = 1u << (how & 3),
	};
	if (how & 4)
		c->after += 16u * fz_u8(f);
	if (!c->here)
		c->gpa = fz_u16(f);
	bytes = fz_bytes(f, c->len, &got);
	memcpy(c->bytes, bytes, got);
}

/* ---- what reads guest memory ---------------------------------------------- */

static void apply(const struct change *c, const void *read)
{
	uint8_t *to = c->here ? (uint8_t *)(uintptr_t)read :
				fz_ram_at(c->gpa, c->len);

	/* Not past the end of a region, and not into ROM. */
	for (unsigned i = 0; to && i < ram.mem.n; i++) {
		const struct gmem_region *r = &ram.mem.r[i];

		if ((r->dirs & GMEM_WRITE) && to >= r->hva &&
		    to + c->len <= r->hva + r->len)
			__builtin_memcpy(to, c->bytes, c->len);
	}
}

static inline void reads(const void *p)
{
	if ((uintptr_t)p - (uintptr_t)ram.base >= ram.len)
		return;
	while (ram.at < ram.n && ram.change[ram.at].after == 0)
		apply(&ram.change[ram.at++], p);
	if (ram.at < ram.n)
		ram.change[ram.at].after--;
}

/* The compiler's names for what we watch. */
void __sanitizer_cov_load1(const uint8_t *);
void __sanitizer_cov_load2(const uint16_t *);
void __sanitizer_cov_load4(const uint32_t *);
void __sanitizer_cov_load8(const uint64_t *);
void __sanitizer_cov_load16(const void *);
void *__real___asan_memcpy(void *, const void *, size_t);
void *__wrap___asan_memcpy(void *, const void *, size_t);
void *__real___asan_memmove(void *, const void *, size_t);
void *__wrap___asan_memmove(void *, const void *, size_t);

void __sanitizer_cov_load1(const uint8_t *p)
{
	reads(p);
}

void __sanitizer_cov_load2(const uint16_t *p)
{
	reads(p);
}

void __sanitizer_cov_load4(const uint32_t *p)
{
	reads(p);
}

void __sanitizer_cov_load8(const uint64_t *p)
{
	reads(p);
}

void __sanitizer_cov_load16(const void *p)
{
	reads(p);
}

void *__wrap___asan_memcpy(void *to, const void *from, size_t len)
{
	reads(from);
	return __real___asan_memcpy(to, from, len);
}

void *__wrap___asan_memmove(void *to, const void *from, size_t len)
{
	reads(from);
	return __real___asan_memmove(to, from, len);
}
