/* Between the two files of the suite. */
#ifndef TESTS_LIB_SUITE_CORE_INT_H
#define TESTS_LIB_SUITE_CORE_INT_H

#include "tests/lib/echo.h"
#include "tests/lib/variant.h"

struct core {
	struct rig rig;
	struct echo *echo;
	const struct vio_profile *prof;
	struct drv_bus *bus;            /* the rig's */
	const struct drv_bus_ops *ops;
	struct drv_ring ring[ECHO_QUEUES];
	uint64_t buf;                   /* a page for requests of 64 bytes */
};

extern const struct vtest core_queue_tests[];
extern const unsigned core_queue_ntests;

int core_setup(void **state);
int core_teardown(void **state);

/* Up to FEATURES_OK, all queues enabled. VERSION_1 is added. */
void core_start(struct core *, uint64_t features);
/* And DRIVER_OK. */
void core_up(struct core *, uint64_t features);
/* Sends request n (0..63): 8 bytes out, 8 in. Its id. */
int core_send(struct core *, uint16_t q, unsigned n);
/* Waits for its answer, which is the queue's next, and checks it. */
void core_expect(struct core *, uint16_t q, unsigned n, int id);
/* Makes the queue's ring one that cannot be walked, and kicks. */
void core_break(struct core *, uint16_t q);

#endif
