/*
 * A PCI bus with probes on its lines, and functions that note what the bus
 * tells them. One thread, unless a test says otherwise.
 */
#ifndef TESTS_LIB_PCI_RIG_H
#define TESTS_LIB_PCI_RIG_H

#include "devices/base/iospace.h"
#include "pci/pci.h"
#include "tests/lib/irq_probe.h"

struct pci_rig {
	struct iospace mmio, pio;
	struct irq_probe line[PCI_INTX_GSIS];
	struct msi_probe msi;
	struct pci_bus bus;
};

void pci_rig_init(struct pci_rig *);
void pci_rig_fini(struct pci_rig *);

/* Port accesses as a CPU makes them; p: port, n: bytes. */
uint32_t pci_rig_in(struct pci_rig *, unsigned p, unsigned n);
void pci_rig_out(struct pci_rig *, unsigned p, unsigned n, uint32_t val);
/* Configuration accesses through 0xCF8 and 0xCFC. */
uint32_t pci_rig_get(struct pci_rig *, unsigned slot, unsigned func,
		     unsigned off, unsigned n);
void pci_rig_put(struct pci_rig *, unsigned slot, unsigned func, unsigned off,
		 unsigned n, uint32_t val);

/*
 * A function. Its registers read as 0x1111 * (BAR + 1) + offset, so a test
 * sees where an access ended up.
 */
struct pci_fake {
	struct pci_dev pci;
	/* what bar_mapped said last, and how often */
	struct {
		uint64_t base;
		bool mapped;
		unsigned told;
	} bar[PCI_BARS];
	bool master;            /* what bus_master said last */
	unsigned master_told, resets;
	bool noisy;             /* wants its INTx while it is reset */
	unsigned written_n, written_off, written_size;
	/* the last register write */
	unsigned wr_bar, wr_size;
	uint64_t wr_off, wr_val;
};

/* 1AF4:1042, class 010000, INTx pin as given. */
void pci_fake_init(struct pci_fake *, const char *name, unsigned pin);
void pci_fake_bar(struct pci_fake *, unsigned bar, enum pci_bar_type,
		  uint64_t len);
/* What a read at addr of the rig's memory (or ports) returns, 2 bytes. */
uint32_t pci_rig_peek(struct pci_rig *, bool io, uint64_t addr);

#endif
