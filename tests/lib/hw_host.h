/* The driver's loads and stores, on iospaces of this process. Any thread. */
#ifndef TESTS_LIB_HW_HOST_H
#define TESTS_LIB_HW_HOST_H

#include "devices/base/iospace.h"
#include "tests/lib/drv.h"

struct hw_host {
	struct drv_hw hw;
	struct iospace *mmio, *pio;     /* pio may be NULL */
};

void hw_host_init(struct hw_host *, struct iospace *mmio, struct iospace *pio);

#endif
