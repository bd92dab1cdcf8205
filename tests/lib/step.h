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

/* For waits of other kinds: false once HANG_SECONDS are over. */
struct patience {
	uint64_t end_ns;
};
struct patience patience_new(void);
bool patience_left(const struct patience *);
/* As patience_left, and gives the processor to somebody else. */
bool patience_wait(const struct patience *);

#endif
