/*
 * KVM's in-kernel interrupt controllers and timer: PIC, IOAPIC, local APICs,
 * PIT. To the devices they are 24 lines, one a GSI, and a sink for messages,
 * which may be wired to eventfds (irqfds; each takes a GSI past the lines').
 *
 * GSI 0 is the PIT and reaches IOAPIC pin 2, as on a PC and as the MADT says;
 * there is no GSI 2. Creation: where kvm.h allows kvm_create_vm. The lines and
 * the sink: any thread.
 */
#ifndef VMM_IRQCHIP_H
#define VMM_IRQCHIP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "bios/layout.h"
#include "devices/base/irq.h"

struct kvm;

#define IRQCHIP_WIRES 256       /* later ones do without */

struct irqchip {
	const struct kvm *kvm;
	struct irqchip_line {
		struct irq_line line;
		struct irqchip *chip;
		unsigned gsi;
	} gsi[LAYOUT_GSIS];
	struct msi_sink msi;
	bool live;              /* atomic: there is a VM to reach */
	pthread_mutex_t lock;   /* a leaf: routes, and setting them */
	struct irqchip_route {
		uint64_t addr;
		uint32_t data;
		bool used;
	} route[IRQCHIP_WIRES]; /* of GSI LAYOUT_GSIS + i */
};

/* Before devices are given their lines. */
void irqchip_init(struct irqchip *, const struct kvm *);
void irqchip_fini(struct irqchip *);

/* In a VM that has its memory and no CPU. All lines are low. 0, or -errno with
 * one sentence in err. */
int irqchip_create(struct irqchip *, char *err, size_t errlen);
/* The VM goes: the lines lead nowhere, and are low in the next one. Wires have
 * been taken down before. */
void irqchip_drop(struct irqchip *);
/* Whether the PIT drives GSI 0, as it does from the start; it goes on counting
 * for those who read it. Any thread while there is a VM. */
void irqchip_pit_irq(struct irqchip *, bool on);

static inline struct irq_line *irqchip_line(struct irqchip *chip, unsigned gsi)
{
	return &chip->gsi[gsi].line;
}

#endif
