/*
 * Running loops by hand. A test that waits for something that never comes
 * fails after HANG_SECONDS; nothing else here depends on time.
 */
#ifndef TESTS_LIB_STEP_H
#define TESTS_LIB_STEP_H

#include <stdbool.h>

#include "devices/base/loop.h"

#define HANG_SECONDS 60

/* Passes until a pass found nothing to do. Returns how many there were. */
unsigned step_settle(struct loop *);
/* Passes until pred(arg); false when it took too long. */
bool step_until(struct loop *, bool (*pred)(void *), void *arg);

/*
 * For who opens rings one after another in a thread and has io_uring do what
 * cannot be polled for. Keeps one more open for as long as the process lives:
 * some kernels, 6.18.44 among them, count a worker out twice when all end with
 * the thread's last ring, and from then on start none for that thread.
 */
void step_keep_ring(void);

/* For waits of other kinds: false once HANG_SECONDS are over. */
struct patience {
	uint64_t end_ns;
};
struct patience patience_new(void);
bool patience_left(const struct patience *);
/* As patience_left, and gives the processor to somebody else. */
bool patience_wait(const struct patience *);

#endif
