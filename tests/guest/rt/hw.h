/* A micro-guest's loads, stores and ports, for the driver library. */
#ifndef TESTS_GUEST_RT_HW_H
#define TESTS_GUEST_RT_HW_H

#include "tests/lib/drv.h"

extern struct drv_hw rt_hw;

#endif
