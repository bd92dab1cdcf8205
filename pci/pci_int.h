/*
 * What the files of pci/ share. Everything here expects the bus lock, or
 * irq_lock where it says so.
 */
#ifndef PCI_PCI_INT_H
#define PCI_PCI_INT_H

#include <linux/pci_regs.h>

#include "pci/pci.h"

static inline uint16_t cfg_get16(const struct pci_dev *dev, unsigned off)
{
	return (uint16_t)(dev->cfg[off] | dev->cfg[off + 1] << 8);
}

static inline uint32_t cfg_get32(const struct pci_dev *dev, unsigned off)
{
	return cfg_get16(dev, off) | (uint32_t)cfg_get16(dev, off + 2) << 16;
}

static inline void cfg_put16(uint8_t *at, uint16_t val)
{
	at[0] = (uint8_t)val;
	at[1] = (uint8_t)(val >> 8);
}

static inline void cfg_put32(uint8_t *at, uint32_t val)
{
	cfg_put16(at, (uint16_t)val);
	cfg_put16(at + 2, (uint16_t)(val >> 16));
}

/* One access to a function that exists, inside its 256 bytes. */
uint32_t pci_dev_read(struct pci_dev *, unsigned off, unsigned size);
void pci_dev_write(struct pci_dev *, unsigned off, unsigned size, uint32_t val);
void pci_dev_reset(struct pci_dev *);

/* Makes the I/O spaces agree with COMMAND and the BAR registers. */
void pci_bar_sync(struct pci_dev *);

/* irq_lock held: makes pin and status bit agree with wish and registers. */
void pci_intx_update(struct pci_dev *);

/* irq_lock held: after COMMAND or the message control word changed. */
void pci_msix_update(struct pci_dev *);
/* irq_lock held: entries 0 and masked, nothing pending (PCI 3.0 6.8.2.9). */
void pci_msix_reset(struct pci_dev *);
/* irq_lock held. */
void pci_msix_clear(struct pci_dev *);
void pci_msix_fini(struct pci_dev *);

#endif
