/*
 * What the fuzz targets share. A target is one program, fuzz_NAME.c: it builds
 * its machine part once and lets each input drive it as a guest, or whoever
 * sits there, would; libFuzzer with ASan and UBSan looks on.
 *
 * An input is a program: bytes that the target takes one after the other and
 * reads as orders. Where it has ended, all numbers are 0. One thread.
 */
#ifndef TESTS_FUZZ_FZ_H
#define TESTS_FUZZ_FZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fz {
	const uint8_t *at, *end;
};

/* Each target's own. fz_setup: once; fz_one: an input. What one input did must
 * not be seen by the next. */
void fz_setup(void);
void fz_one(struct fz *);

static inline bool fz_more(const struct fz *f)
{
	return f->at < f->end;
}

uint8_t fz_u8(struct fz *);
uint16_t fz_u16(struct fz *);
uint32_t fz_u32(struct fz *);
uint64_t fz_u64(struct fz *);
/* 0 .. n - 1; n up to 256. */
unsigned fz_below(struct fz *, unsigned n);
/* 1, 2, 4 or 8: the width of an access. */
unsigned fz_width(struct fz *, unsigned max);
/* Up to n bytes as they stand in the input; *got: how many there are. */
const uint8_t *fz_bytes(struct fz *, size_t n, size_t *got);

#endif
