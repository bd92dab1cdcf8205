/*
 * One queue on the bench: the device's side called directly, the
 * driver's side word by word. One thread, unless a test says otherwise.
 */
#ifndef TESTS_LIB_VQBENCH_H
#define TESTS_LIB_VQBENCH_H

#include "devices/virtio/vq.h"
#include "tests/lib/drv.h"
#include "tests/lib/guest.h"

#define BENCH_IOV 2048

struct vqbench {
	struct guest *g;
	struct vq vq;
	struct drv_ring ring;
	struct iovec iov[BENCH_IOV];
	struct vq_chain c;
};

/* Ring parts where the test wants them; gpa NULL: low in RAM. Fails the test
 * if they cannot be mapped. */
struct vqbench *vqbench_new(const struct drv_ring_ops *, uint16_t size,
			    bool event_idx, const uint64_t gpa[3]);
void vqbench_free(struct vqbench *);
/* An empty ring again. Split: indices start at start; packed: after that many
 * slots. */
void vqbench_restart(struct vqbench *, uint16_t start);

/* Takes what is next, with room for max pieces. */
int vqbench_take(struct vqbench *, uint16_t max);
/* Split: makes head available and takes it. */
int vqbench_pop(struct vqbench *, uint16_t head, uint16_t max);

/* The pieces of the chain that was taken. */
void vqbench_assert_piece(struct vqbench *, unsigned i, uint64_t gpa,
			  uint64_t len);
void vqbench_assert_chain(struct vqbench *, unsigned nout, unsigned nin,
			  uint64_t out_len, uint64_t in_len, unsigned flaws);

#endif
