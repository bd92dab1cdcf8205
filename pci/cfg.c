#include "pci/pci_int.h"

#include <errno.h>
#include <string.h>

#include "devices/base/log.h"

/* PCI 3.0 6.2.2: what a memory or I/O function without special cycles, memory
 * write and invalidate or palette snooping implements. */
#define COMMAND_WMASK                                                          \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |            \
	 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define STATUS_W1C                                                             \
	(PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT |                     \
	 PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT |           \
	 PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)

void pci_dev_init(struct pci_dev *dev, const char *name,
		  const struct pci_ops *ops, const struct pci_id *id,
		  unsigned pin)
{
	static const struct pci_ops none;

	*dev = (struct pci_dev){
		.name = name,
		.ops = ops ? ops : &none,
		.cap_end = PCI_STD_HEADER_SIZEOF,
	};
	pthread_mutex_init(&dev->irq_lock, NULL);
	cfg_put16(&dev->cfg[PCI_VENDOR_ID], id->vendor);
	cfg_put16(&dev->cfg[PCI_DEVICE_ID], id->device);
	cfg_put32(&dev->cfg[PCI_CLASS_REVISION], id->class_code << 8 | id->rev);
	cfg_put16(&dev->cfg[PCI_SUBSYSTEM_VENDOR_ID], id->sub_vendor);
	cfg_put16(&dev->cfg[PCI_SUBSYSTEM_ID], id->sub_device);
	dev->cfg[PCI_INTERRUPT_PIN] = (uint8_t)pin;

	cfg_put16(&dev->wmask[PCI_COMMAND], COMMAND_WMASK);
	cfg_put16(&dev->w1c[PCI_STATUS], STATUS_W1C);
	dev->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	dev->wmask[PCI_LATENCY_TIMER] = 0xff;
	dev->wmask[PCI_INTERRUPT_LINE] = 0xff;
}

int pci_add_cap(struct pci_dev *dev, uint8_t id, const void *body, unsigned len)
{
	unsigned at = (dev->cap_end + 3u) & ~3u;
	unsigned link = PCI_CAPABILITY_LIST;

	BUG_ON(len < 2);
	if (at > PCI_CFG_SIZE || len > PCI_CFG_SIZE - at)
		return -ENOSPC;
	while (dev->cfg[link])
		link = dev->cfg[link] + PCI_CAP_LIST_NEXT;
	dev->cfg[link] = (uint8_t)at;
	dev->cfg[at + PCI_CAP_LIST_ID] = id;
	if (len > 2)
		memcpy(&dev->cfg[at + 2], body, len - 2);
	dev->cfg[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	dev->cap_end = (uint16_t)(at + len);
	return (int)at;
}

uint32_t pci_dev_read(struct pci_dev *dev, unsigned off, unsigned size)
{
	uint32_t val = 0;

	if (dev->ops->cfg_reading)
		dev->ops->cfg_reading(dev, off, size);
	pthread_mutex_lock(&dev->irq_lock);
	for (unsigned i = 0; i < size; i++)
		val |= (uint32_t)dev->cfg[off + i] << (8 * i);
	pthread_mutex_unlock(&dev->irq_lock);
	return val;
}

/* Atomic, because pci_bus_master and pci_msix_enabled look without the lock. */
static void set_byte(struct pci_dev *dev, unsigned off, unsigned val)
{
	__atomic_store_n(&dev->cfg[off], (uint8_t)val, __ATOMIC_RELAXED);
}

bool pci_bus_master(const struct pci_dev *dev)
{
	return __atomic_load_n(&dev->cfg[PCI_COMMAND], __ATOMIC_RELAXED) &
	       PCI_COMMAND_MASTER;
}

void pci_dev_write(struct pci_dev *dev, unsigned off, unsigned size,
		   uint32_t val)
{
	bool master = pci_bus_master(dev);

	pthread_mutex_lock(&dev->irq_lock);
	for (unsigned i = off; i < off + size; i++, val >>= 8) {
		unsigned byte = dev->cfg[i] & ~(unsigned)dev->wmask[i];

		byte |= val & dev->wmask[i];
		byte &= ~(val & dev->w1c[i]);
		set_byte(dev, i, byte);
	}
	pci_intx_update(dev);
	pci_msix_update(dev);
	pthread_mutex_unlock(&dev->irq_lock);

	pci_bar_sync(dev);
	if (pci_bus_master(dev) != master && dev->ops->bus_master)
		dev->ops->bus_master(dev, !master);
	if (dev->ops->cfg_written)
		dev->ops->cfg_written(dev, off, size);
}

/* Every bit the guest can change starts as 0. */
static void zero_writable(struct pci_dev *dev)
{
	bool master = pci_bus_master(dev);

	pthread_mutex_lock(&dev->irq_lock);
	for (unsigned i = 0; i < PCI_CFG_SIZE; i++)
		set_byte(dev, i, dev->cfg[i] & ~(unsigned)dev->wmask[i] &
			 ~(unsigned)dev->w1c[i]);
	pci_msix_reset(dev);
	dev->intx_want = false;
	pci_intx_update(dev);
	pthread_mutex_unlock(&dev->irq_lock);

	pci_bar_sync(dev);
	if (master && dev->ops->bus_master)
		dev->ops->bus_master(dev, false);
}

void pci_dev_reset(struct pci_dev *dev)
{
	zero_writable(dev);
	if (dev->ops->reset)
		dev->ops->reset(dev);
	/* Until it was quiet the device may have spoken up again. */
	pci_irq_clear(dev);
}

void pci_dev_fini(struct pci_dev *dev)
{
	struct pci_bus *bus = dev->bus;

	if (bus) {
		pthread_mutex_lock(&bus->lock);
		zero_writable(dev);
		bus->dev[dev->slot][dev->func] = NULL;
		pthread_mutex_unlock(&bus->lock);
	}
	pci_msix_fini(dev);
	pthread_mutex_destroy(&dev->irq_lock);
}
