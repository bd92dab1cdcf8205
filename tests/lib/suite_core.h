/* What every virtio device does, whatever its type: over one transport. */
#ifndef TESTS_LIB_SUITE_CORE_H
#define TESTS_LIB_SUITE_CORE_H

#include "tests/lib/rig.h"

int suite_core_run(const struct rig_bus *);

#endif
