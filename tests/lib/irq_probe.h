/*
 * Interrupt ports that count: what stands in for KVM in host tests. Any thread
 * may drive them and look at them; fields are for tests whose other threads
 * have ended.
 */
#ifndef TESTS_LIB_IRQ_PROBE_H
#define TESTS_LIB_IRQ_PROBE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devices/base/irq.h"

struct irq_probe {
	struct irq_line line;
	pthread_mutex_t lock;
	bool level;
	unsigned raised, lowered;       /* how often the level changed */
	unsigned calls;                 /* how often the line was set at all */
};

void irq_probe_init(struct irq_probe *);
bool irq_probe_level(struct irq_probe *);
unsigned irq_probe_raised(struct irq_probe *);

#define MSI_PROBE_LAST 64

struct msi_probe_msg {
	uint64_t addr;
	uint32_t data;
};

struct msi_probe {
	struct msi_sink sink;
	pthread_mutex_t lock;
	unsigned n;                     /* messages so far */
	struct msi_probe_msg last[MSI_PROBE_LAST];      /* i is at i % LAST */
};

void msi_probe_init(struct msi_probe *);
unsigned msi_probe_n(struct msi_probe *);
/* Message i, one of the MSI_PROBE_LAST newest; zeroes if there is none. */
struct msi_probe_msg msi_probe_msg(struct msi_probe *, unsigned i);

#endif
