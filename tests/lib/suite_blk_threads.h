/* virtio-blk with drivers, loops and resets in threads of their own. */
#ifndef TESTS_LIB_SUITE_BLK_THREADS_H
#define TESTS_LIB_SUITE_BLK_THREADS_H

#include "tests/lib/rig.h"

int suite_blk_threads_run(const struct rig_bus *);

#endif
