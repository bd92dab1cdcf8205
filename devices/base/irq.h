/*
 * Interrupt ports of a device model. The machine embeds them in something that
 * reaches KVM, a test in something that counts. Any thread; the caller orders
 * its own calls on one line.
 */
#ifndef DEVICES_BASE_IRQ_H
#define DEVICES_BASE_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/* A wire. Level: set(true) holds it until set(false). Edge: true, then false. */
struct irq_line {
	void (*set)(struct irq_line *, bool level);
};

/* Where message-signalled interrupts go: one 32-bit write of data to addr. */
struct msi_sink {
	void (*send)(struct msi_sink *, uint64_t addr, uint32_t data);
};

static inline void irq_set(struct irq_line *line, bool level)
{
	line->set(line, level);
}

static inline void irq_pulse(struct irq_line *line)
{
	line->set(line, true);
	line->set(line, false);
}

#endif
