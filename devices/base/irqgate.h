/*
 * A gate in a line: shut, it keeps the line from going up; what is up goes down
 * when its driver says so, whether or not the gate was shut meanwhile. The other
 * side of the gate may have other drivers. line: its driver's calls in order, on
 * any thread. irqgate_shut: any thread.
 */
#ifndef DEVICES_BASE_IRQGATE_H
#define DEVICES_BASE_IRQGATE_H

#include "devices/base/irq.h"

struct irqgate {
	struct irq_line line;           /* for the driver */
	struct irq_line *to;
	bool up;                        /* of ours; the driver's thread's */
	bool shut;                      /* atomic */
};

/* Open, and down. */
void irqgate_init(struct irqgate *, struct irq_line *to);
void irqgate_shut(struct irqgate *, bool shut);

#endif
