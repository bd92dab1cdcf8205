/* Random requests to virtio-blk, against a model of the disk. */
#ifndef TESTS_LIB_SUITE_BLK_RANDOM_H
#define TESTS_LIB_SUITE_BLK_RANDOM_H

#include "tests/lib/rig.h"

int suite_blk_random_run(const struct rig_bus *);

#endif
