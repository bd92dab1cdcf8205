/*
 * Guest RAM without a guest: regions as a machine has them, each in a mapping
 * of its own between pages that cannot be touched, so that one byte too many
 * ends the test.
 *
 *   LOW   from address 0
 *   NEXT  touches LOW, but elsewhere in this process
 *   ROM   below 4 GiB, devices may only read
 *   HIGH  from 4 GiB
 *
 * Allocation and release: one thread. Contents: whoever owns the bytes.
 */
#ifndef TESTS_LIB_GUEST_H
#define TESTS_LIB_GUEST_H

#include "devices/base/gmem.h"
#include "tests/lib/rnd.h"

enum guest_where { GUEST_LOW, GUEST_NEXT, GUEST_ROM, GUEST_HIGH, GUEST_WHERES };

#define GUEST_LOW_GPA   UINT64_C(0)
#define GUEST_LOW_LEN   UINT64_C(0x100000)
#define GUEST_NEXT_GPA  (GUEST_LOW_GPA + GUEST_LOW_LEN)
#define GUEST_NEXT_LEN  UINT64_C(0x40000)
#define GUEST_ROM_GPA   UINT64_C(0xfff00000)
#define GUEST_ROM_LEN   UINT64_C(0x4000)
#define GUEST_HIGH_GPA  UINT64_C(0x100000000)
#define GUEST_HIGH_LEN  UINT64_C(0x100000)
/* Nothing is here. */
#define GUEST_HOLE      UINT64_C(0xd0000000)

#define GUEST_SPANS 8192

struct guest {
	struct gmem mem;
	struct { uint64_t gpa, len; } span[GUEST_SPANS];        /* taken */
	unsigned nspans;
	uint64_t next[GUEST_WHERES];    /* behind the last one taken, or 0 */
	uint8_t *snap;                  /* what guest_snap kept */
};

struct guest *guest_new(void);
void guest_delete(struct guest *);

/* An address in the region, len bytes, a multiple of align; fails the test
 * when there is no room. rnd NULL: the lowest. */
uint64_t guest_alloc(struct guest *, enum guest_where, uint64_t len,
		     uint64_t align, struct rnd *);
/* The last such address: what follows the span is not RAM (or NEXT's). */
uint64_t guest_alloc_end(struct guest *, enum guest_where, uint64_t len,
			 uint64_t align);
/* LOW, NEXT or HIGH, or across the border of LOW and NEXT. */
uint64_t guest_alloc_any(struct guest *, uint64_t len, uint64_t align,
			 struct rnd *);
void guest_release(struct guest *, uint64_t gpa);
void guest_release_all(struct guest *);

/* Host address; fails the test if the span is not in one region. */
void *guest_ptr(struct guest *, uint64_t gpa, uint64_t len);
void guest_poke(struct guest *, uint64_t gpa, const void *from, uint64_t len);
void guest_peek(struct guest *, uint64_t gpa, void *to, uint64_t len);
void guest_fill(struct guest *, uint64_t gpa, int byte, uint64_t len);
uint8_t guest_byte(struct guest *, uint64_t gpa);

/* Keeps a copy of all RAM; later says whether it is still the same, else
 * prints the first address that changed. */
void guest_snap(struct guest *);
bool guest_unchanged(struct guest *);

#endif
