/*
 * Interrupt routing for systems without ACPI: the PCI IRQ routing table ($PIR,
 * Microsoft's specification 1.0) for those that use the 8259s, and the
 * MultiProcessor Specification's tables (1.4) for those that use APICs. Both
 * say what pci/intx.c wires. Pure; any thread.
 */
#ifndef BIOS_IRQTABLES_H
#define BIOS_IRQTABLES_H

#include <stdint.h>

#include "bios/layout.h"

struct gmem;

#define IRQTABLES_MP_POINTER_LEN 16

struct irqtables_cfg {
	unsigned cpus;                  /* 1..LAYOUT_CPUS_MAX */
	uint32_t cpu_signature;         /* CPUID leaf 1: EAX */
	uint32_t cpu_features;          /* and EDX */
	uint32_t slots;                 /* bit n: PCI slot n has a device */
};

struct irqtables {
	uint8_t pir[LAYOUT_PIR_LEN], mp[LAYOUT_MP_LEN];
	uint8_t mp_pointer[IRQTABLES_MP_POINTER_LEN];
	uint32_t pir_len, mp_len;
};

/* -EINVAL: cpus out of range. */
int irqtables_build(const struct irqtables_cfg *, struct irqtables *);
/* To LAYOUT_PIR, LAYOUT_MP, LAYOUT_MP_POINTER. -EFAULT: no RAM there. */
int irqtables_install(const struct gmem *, const struct irqtables *);

#endif
