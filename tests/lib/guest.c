#include "tests/lib/guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "devices/base/log.h"

#define GUARD 0x10000
#define NOWHERE UINT64_MAX

static const struct { uint64_t gpa, len; unsigned dirs; } layout[] = {
	[GUEST_LOW] = { GUEST_LOW_GPA, GUEST_LOW_LEN, GMEM_READ | GMEM_WRITE },
	[GUEST_NEXT] = { GUEST_NEXT_GPA, GUEST_NEXT_LEN,
			 GMEM_READ | GMEM_WRITE },
	[GUEST_ROM] = { GUEST_ROM_GPA, GUEST_ROM_LEN, GMEM_READ },
	[GUEST_HIGH] = { GUEST_HIGH_GPA, GUEST_HIGH_LEN,
			 GMEM_READ | GMEM_WRITE },
};

static uint8_t *map_guarded(uint64_t len)
{
	uint8_t *p = mmap(NULL, len + 2 * GUARD, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	BUG_ON(p == MAP_FAILED);
	BUG_ON(mprotect(p + GUARD, len, PROT_READ | PROT_WRITE));
	return p + GUARD;
}

struct guest *guest_new(void)
{
	struct guest *g = calloc(1, sizeof(*g));
	uint64_t all = 0;

	BUG_ON(!g);
	for (unsigned i = 0; i < GUEST_WHERES; i++) {
		struct gmem_region r = {
			layout[i].gpa, layout[i].len,
			map_guarded(layout[i].len), layout[i].dirs,
		};

		memset(r.hva, 0xa5, r.len);
		if (i == GUEST_ROM)
			BUG_ON(mprotect(r.hva, r.len, PROT_READ));
		BUG_ON(gmem_add(&g->mem, &r));
		all += r.len;
	}
	g->snap = malloc(all);
	BUG_ON(!g->snap);
	return g;
}

void guest_delete(struct guest *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < g->mem.n; i++)
		munmap(g->mem.r[i].hva - GUARD, g->mem.r[i].len + 2 * GUARD);
	free(g->snap);
	free(g);
}

/* ---- addresses ------------------------------------------------------------ */

/* Where what lies in the way ends; 0: nothing does. */
static uint64_t in_the_way(const struct guest *g, uint64_t gpa, uint64_t len)
{
	for (unsigned i = 0; i < g->nspans; i++)
		if (gpa < g->span[i].gpa + g->span[i].len &&
		    g->span[i].gpa < gpa + len)
			return g->span[i].gpa + g->span[i].len;
	return 0;
}

static bool is_free(const struct guest *g, uint64_t gpa, uint64_t len)
{
	return in_the_way(g, gpa, len) == 0;
}

static uint64_t take(struct guest *g, uint64_t gpa, uint64_t len)
{
	BUG_ON(g->nspans == GUEST_SPANS);
	g->span[g->nspans].gpa = gpa;
	g->span[g->nspans].len = len;
	g->nspans++;
	return gpa;
}

/* NOWHERE: there is no room. Steps are counted from a region's start, which is aligned. */
static uint64_t first_fit(const struct guest *g, uint64_t gpa, uint64_t end,
			  uint64_t len, uint64_t align)
{
	while ((gpa = (gpa + align - 1) / align * align) + len <= end) {
		uint64_t behind = in_the_way(g, gpa, len);

		if (!behind)
			return gpa;
		gpa = behind;
	}
	return NOWHERE;
}

uint64_t guest_alloc(struct guest *g, enum guest_where where, uint64_t len,
		     uint64_t align, struct rnd *rnd)
{
	uint64_t gpa = layout[where].gpa, end = gpa + layout[where].len, at;
	uint64_t slots = (layout[where].len - len) / align + 1;

	BUG_ON(len > layout[where].len);
	for (unsigned i = 0; rnd && i < 64; i++) {
		at = gpa + rnd_u64(rnd) % slots * align;
		if (is_free(g, at, len))
			return take(g, at, len);
	}
	at = NOWHERE;
	/* Behind the last one there is likely room; else the first that fits. */
	if (g->next[where] > gpa)
		at = first_fit(g, g->next[where], end, len, align);
	if (at == NOWHERE)
		at = first_fit(g, gpa, end, len, align);
	if (at == NOWHERE)
		log_bug(__FILE__, __LINE__, "guest memory is full");
	g->next[where] = at + len;
	return take(g, at, len);
}

uint64_t guest_alloc_end(struct guest *g, enum guest_where where, uint64_t len,
			 uint64_t align)
{
	uint64_t gpa = layout[where].gpa + layout[where].len - len;

	gpa -= gpa % align;
	BUG_ON(!is_free(g, gpa, len));
	return take(g, gpa, len);
}

uint64_t guest_alloc_any(struct guest *g, uint64_t len, uint64_t align,
			 struct rnd *rnd)
{
	static const enum guest_where ram[] = {
		GUEST_LOW, GUEST_NEXT, GUEST_HIGH,
	};

	if (len > 1 && rnd_chance(rnd, 5)) {
		uint64_t at = GUEST_NEXT_GPA - 1 - rnd_below(rnd,
							     (uint32_t)len - 1);

		at -= at % align;
		if (is_free(g, at, len))
			return take(g, at, len);
	}
	return guest_alloc(g, ram[rnd_below(rnd, 3)], len, align, rnd);
}

void guest_release(struct guest *g, uint64_t gpa)
{
	for (unsigned i = 0; i < g->nspans; i++) {
		if (g->span[i].gpa != gpa)
			continue;
		g->span[i] = g->span[--g->nspans];
		return;
	}
	log_bug(__FILE__, __LINE__, "guest memory released twice");
}

void guest_release_all(struct guest *g)
{
	g->nspans = 0;
	memset(g->next, 0, sizeof(g->next));
}

/* ---- contents ------------------------------------------------------------- */

void *guest_ptr(struct guest *g, uint64_t gpa, uint64_t len)
{
	void *p = gmem_ptr(&g->mem, gpa, len, GMEM_READ);

	BUG_ON(!p);
	return p;
}

void guest_poke(struct guest *g, uint64_t gpa, const void *from, uint64_t len)
{
	BUG_ON(gmem_write(&g->mem, gpa, from, len));
}

void guest_peek(struct guest *g, uint64_t gpa, void *to, uint64_t len)
{
	BUG_ON(gmem_read(&g->mem, gpa, to, len));
}

void guest_fill(struct guest *g, uint64_t gpa, int byte, uint64_t len)
{
	struct iovec iov[GMEM_MAX_REGIONS];
	int n = gmem_iov(&g->mem, gpa, len, GMEM_WRITE, iov, GMEM_MAX_REGIONS);

	BUG_ON(n < 0);
	for (int i = 0; i < n; i++)
		memset(iov[i].iov_base, byte, iov[i].iov_len);
}

uint8_t guest_byte(struct guest *g, uint64_t gpa)
{
	return *(uint8_t *)guest_ptr(g, gpa, 1);
}

void guest_snap(struct guest *g)
{
	uint8_t *to = g->snap;

	for (unsigned i = 0; i < g->mem.n; i++) {
		memcpy(to, g->mem.r[i].hva, g->mem.r[i].len);
		to += g->mem.r[i].len;
	}
}

bool guest_unchanged(struct guest *g)
{
	const uint8_t *was = g->snap;

	for (unsigned i = 0; i < g->mem.n; i++) {
		const struct gmem_region *r = &g->mem.r[i];

		for (uint64_t at = 0; memcmp(was, r->hva, r->len) &&
		     at < r->len; at++) {
			if (was[at] == r->hva[at])
				continue;
			printf("guest memory changed at 0x%" PRIx64
			       ": 0x%02x, was 0x%02x\n", r->gpa + at,
			       r->hva[at], was[at]);
			return false;
		}
		was += r->len;
	}
	return true;
}
