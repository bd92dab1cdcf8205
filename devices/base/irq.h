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

/* An eventfd each write to which sends the same message. */
struct msi_wire {
	int fd;                         /* -1: none */
	unsigned slot;                  /* the sink's own */
};

/* Where message-signalled interrupts go: one 32-bit write of data to addr. */
struct msi_sink {
	void (*send)(struct msi_sink *, uint64_t addr, uint32_t data);
	/* NULL, both: there are none. wire: makes one, or has one that is there
	 * send another message from now on; 0, or -errno and then there is
	 * none. unwire: takes down what is there; what was written before has
	 * been sent. */
	int (*wire)(struct msi_sink *, struct msi_wire *, uint64_t addr,
		    uint32_t data);
	void (*unwire)(struct msi_sink *, struct msi_wire *);
};

/*
 * Somebody outside this process who interrupts by writing to an eventfd: as a
 * rule to one that this process reads, but to a wire while he is told of one.
 */
struct msi_feed {
	/* -1: no wire any more, and none is written to once it returns. Called
	 * under the teller's leaf lock: must not call back. */
	void (*to)(struct msi_feed *, int fd);
	struct msi_feed *next;          /* the teller's, as the rest */
	unsigned id;
	bool fed;
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
