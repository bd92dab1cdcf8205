/*
 * A plain reading of what a chain of descriptors means, byte by byte where a
 * ring goes by regions: what the random tests of both formats compare with.
 */
#ifndef TESTS_LIB_VQMODEL_H
#define TESTS_LIB_VQMODEL_H

#include "tests/lib/vqbench.h"

#define VQMODEL_PIECES 1024

struct vqmodel {
	int err;
	unsigned ndesc, n, flaws;
	struct { uint64_t gpa, len; bool write, bad; } piece[VQMODEL_PIECES];
	uint64_t out_len, in_len;
};

/* The buffer of the next descriptor. */
void vqmodel_buffer(struct vqbench *, struct vqmodel *, uint64_t gpa,
		    uint64_t len, bool write);
/* Whether len is one of an indirect table: 0 or an error. */
int vqmodel_table(struct vqbench *, uint64_t gpa, uint32_t len);
/* The chain that was taken, with room for max pieces, is the model's. */
void vqmodel_compare(struct vqbench *, const struct vqmodel *, unsigned max);

/* Addresses and lengths of which many are just right or just wrong. */
uint64_t vqmodel_any_addr(struct rnd *);
uint32_t vqmodel_any_len(struct rnd *);

#endif
