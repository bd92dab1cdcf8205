#include "pci/pci_int.h"

#include "devices/base/log.h"

const uint8_t pci_intx_gsis[PCI_INTX_GSIS] = { 5, 10, 11 };

/* Slot 0's INTA# is GSI 10, INTB# 11, INTC# 5, and so on around. */
static unsigned line_of(unsigned slot, unsigned pin)
{
	return (slot + pin + 1) % PCI_INTX_GSIS;
}

unsigned pci_intx_gsi(unsigned slot, unsigned pin)
{
	return pci_intx_gsis[line_of(slot, pin)];
}

void pci_intx_fix_lines(struct pci_bus *bus)
{
	pthread_mutex_lock(&bus->lock);
	for (unsigned i = 0; i < PCI_SLOTS * PCI_FUNCS; i++) {
		struct pci_dev *dev = bus->dev[i / PCI_FUNCS][i % PCI_FUNCS];
		unsigned pin = dev ? dev->cfg[PCI_INTERRUPT_PIN] : 0;

		if (!pin)
			continue;
		pthread_mutex_lock(&dev->irq_lock);
		dev->cfg[PCI_INTERRUPT_LINE] =
			(uint8_t)pci_intx_gsi(dev->slot, pin - 1);
		dev->wmask[PCI_INTERRUPT_LINE] = 0;
		pthread_mutex_unlock(&dev->irq_lock);
	}
	pthread_mutex_unlock(&bus->lock);
}

static void drive(struct pci_dev *dev, bool on)
{
	struct pci_bus *bus = dev->bus;
	unsigned l = line_of(dev->slot, dev->cfg[PCI_INTERRUPT_PIN] - 1u);

	pthread_mutex_lock(&bus->intx_lock);
	if (on ? bus->asserted[l]++ == 0 : --bus->asserted[l] == 0)
		irq_set(bus->line[l], on);
	pthread_mutex_unlock(&bus->intx_lock);
}

void pci_intx_update(struct pci_dev *dev)
{
	bool on = dev->intx_want && !pci_msix_enabled(dev) &&
		  !(cfg_get16(dev, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);

	/* The status bit shows the wish even where nothing may be driven (PCI
	 * 3.0 6.2.3). */
	if (dev->intx_want)
		dev->cfg[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
	else
		dev->cfg[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
	if (on == dev->intx_driven)
		return;
	dev->intx_driven = on;
	drive(dev, on);
}

void pci_intx(struct pci_dev *dev, bool want)
{
	if (dev->cfg[PCI_INTERRUPT_PIN] == 0)
		return;
	BUG_ON(want && !dev->bus);
	pthread_mutex_lock(&dev->irq_lock);
	dev->intx_want = want;
	pci_intx_update(dev);
	pthread_mutex_unlock(&dev->irq_lock);
}

void pci_irq_clear(struct pci_dev *dev)
{
	pthread_mutex_lock(&dev->irq_lock);
	dev->intx_want = false;
	pci_intx_update(dev);
	pci_msix_clear(dev);
	pthread_mutex_unlock(&dev->irq_lock);
}
