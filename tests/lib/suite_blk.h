/* virtio-blk over one transport, in both profiles and on several backends. */
#ifndef TESTS_LIB_SUITE_BLK_H
#define TESTS_LIB_SUITE_BLK_H

#include "tests/lib/rig.h"

/* AERO-W7-VIRTIO 3.1 and what modern adds. */
int suite_blk_run(const struct rig_bus *);

#endif
