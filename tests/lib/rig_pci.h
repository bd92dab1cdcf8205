/* What only suites of the PCI transport look at. */
#ifndef TESTS_LIB_RIG_PCI_H
#define TESTS_LIB_RIG_PCI_H

#include "pci/vpci.h"
#include "tests/lib/pci_rig.h"
#include "tests/lib/rig.h"

struct rig_pci_part {
	struct pci_rig pci;
	struct vpci tp;
	enum vpci_msix msix;            /* set before rig_attach */
	struct doorbell_port *port;     /* the same */
};

static inline struct rig_pci_part *rig_pci_part(struct rig *r)
{
	return r->bus_ctx;
}

#define RIG_PCI_SLOT 3

/* Moves BAR 0, as a guest does. */
void rig_pci_move(struct rig *, uint64_t base);

#endif
