#include "tests/fuzz/fz.h"

#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fz_setup();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz f = { data, data + size };

	fz_one(&f);
	return 0;
}

const uint8_t *fz_bytes(struct fz *f, size_t n, size_t *got)
{
	const uint8_t *at = f->at;

	*got = n < (size_t)(f->end - f->at) ? n : (size_t)(f->end - f->at);
	f->at += *got;
	return at;
}

static uint64_t number(struct fz *f, unsigned size)
{
	uint64_t val = 0;
	size_t got;
	const uint8_t *p = fz_bytes(f, size, &got);

	for (size_t i = 0; i < got; i++)
		val |= (uint64_t)p[i] << (8 * i);
	return val;
}

uint8_t fz_u8(struct fz *f)
{
	return (uint8_t)number(f, 1);
}

uint16_t fz_u16(struct fz *f)
{
	return (uint16_t)number(f, 2);
}

uint32_t fz_u32(struct fz *f)
{
	return (uint32_t)number(f, 4);
}

uint64_t fz_u64(struct fz *f)
{
	return number(f, 8);
}

unsigned fz_below(struct fz *f, unsigned n)
{
	return fz_u8(f) % n;
}

unsigned fz_width(struct fz *f, unsigned max)
{
	unsigned size = 1u << fz_u8(f) % 4;

	return size > max ? max : size;
}
