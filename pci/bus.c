#include "pci/pci_int.h"

#include <errno.h>

#include "devices/base/log.h"

#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc
#define HEADER_MULTI 0x80

/* CONFIG_ADDRESS: enable 31, bus 23:16, slot 15:11, function 10:8, dword 7:2;
 * the rest is hard-wired to 0. */
#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_WMASK 0x80fffffcu
#define ADDRESS_BUS 0x00ff0000u

static uint32_t ones(unsigned size)
{
	return size < 4 ? (1u << (8 * size)) - 1 : ~0u;
}

/* Bus lock held. */
static struct pci_dev *find(struct pci_bus *bus, unsigned slot, unsigned func)
{
	if (slot >= PCI_SLOTS || func >= PCI_FUNCS || !bus->dev[slot][0])
		return NULL;
	return bus->dev[slot][func];
}

static bool inside(unsigned off, unsigned size)
{
	return size <= 4 && off <= PCI_CFG_SIZE - size;
}

uint32_t pci_cfg_read(struct pci_bus *bus, unsigned slot, unsigned func,
		      unsigned off, unsigned size)
{
	uint32_t val = ones(size);
	struct pci_dev *dev;

	pthread_mutex_lock(&bus->lock);
	dev = find(bus, slot, func);
	if (dev && inside(off, size))
		val = pci_dev_read(dev, off, size);
	pthread_mutex_unlock(&bus->lock);
	return val;
}

void pci_cfg_write(struct pci_bus *bus, unsigned slot, unsigned func,
		   unsigned off, unsigned size, uint32_t val)
{
	struct pci_dev *dev;

	pthread_mutex_lock(&bus->lock);
	dev = find(bus, slot, func);
	if (dev && inside(off, size))
		pci_dev_write(dev, off, size, val);
	pthread_mutex_unlock(&bus->lock);
}

static uint64_t address_read(void *ctx, uint64_t off, unsigned size)
{
	struct pci_bus *bus = ctx;
	uint32_t val;

	if (off != 0 || size != 4)
		return ~(uint64_t)0;
	pthread_mutex_lock(&bus->lock);
	val = bus->config_address;
	pthread_mutex_unlock(&bus->lock);
	return val;
}

static void address_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct pci_bus *bus = ctx;

	if (off != 0 || size != 4)
		return;
	pthread_mutex_lock(&bus->lock);
	bus->config_address = (uint32_t)val & ADDRESS_WMASK;
	pthread_mutex_unlock(&bus->lock);
}

static bool selected(uint32_t address)
{
	return address & ADDRESS_ENABLE && !(address & ADDRESS_BUS);
}

static uint64_t data_read(void *ctx, uint64_t off, unsigned size)
{
	struct pci_bus *bus = ctx;
	uint32_t val = ones(size), a;

	pthread_mutex_lock(&bus->lock);
	a = bus->config_address;
	if (selected(a))
		val = pci_cfg_read(bus, a >> 11 & 31, a >> 8 & 7,
				   (a & 0xfc) + (unsigned)off, size);
	pthread_mutex_unlock(&bus->lock);
	return val;
}

static void data_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct pci_bus *bus = ctx;
	uint32_t a;

	pthread_mutex_lock(&bus->lock);
	a = bus->config_address;
	if (selected(a))
		pci_cfg_write(bus, a >> 11 & 31, a >> 8 & 7,
			      (a & 0xfc) + (unsigned)off, size, (uint32_t)val);
	pthread_mutex_unlock(&bus->lock);
}

static const struct io_ops address_ops = { address_read, address_write };
static const struct io_ops data_ops = { data_read, data_write };

int pci_bus_init(struct pci_bus *bus, struct iospace *mmio, struct iospace *pio,
		 struct irq_line *const line[PCI_INTX_GSIS],
		 struct msi_sink *msi)
{
	pthread_mutexattr_t attr;
	int err;

	*bus = (struct pci_bus){
		.mmio = mmio,
		.pio = pio,
		.msi = msi,
		.cf8 = { ADDRESS_PORT, 4, &address_ops, bus, "pci-address" },
		.cfc = { DATA_PORT, 4, &data_ops, bus, "pci-data" },
	};
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		bus->line[i] = line[i];
	err = iospace_add(pio, &bus->cf8);
	if (err)
		return err;
	err = iospace_add(pio, &bus->cfc);
	if (err)
		goto err_cf8;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&bus->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_mutex_init(&bus->intx_lock, NULL);
	return 0;

err_cf8:
	iospace_del(pio, &bus->cf8);
	return err;
}

void pci_bus_fini(struct pci_bus *bus)
{
	iospace_del(bus->pio, &bus->cf8);
	iospace_del(bus->pio, &bus->cfc);
	pthread_mutex_destroy(&bus->lock);
	pthread_mutex_destroy(&bus->intx_lock);
}

static int first_empty(const struct pci_bus *bus)
{
	for (int slot = 0; slot < PCI_SLOTS; slot++) {
		unsigned func = 0;

		while (func < PCI_FUNCS && !bus->dev[slot][func])
			func++;
		if (func == PCI_FUNCS)
			return slot;
	}
	return -ENOSPC;
}

int pci_add(struct pci_bus *bus, struct pci_dev *dev, int slot, unsigned func)
{
	struct pci_dev **at;
	int err = 0;

	if (slot < -1 || slot >= PCI_SLOTS || func >= PCI_FUNCS)
		return -EINVAL;
	pthread_mutex_lock(&bus->lock);
	if (slot < 0)
		slot = first_empty(bus);
	at = slot < 0 ? NULL : bus->dev[slot];
	if (!at) {
		err = -ENOSPC;
	} else if (at[func]) {
		err = -EBUSY;
	} else {
		dev->bus = bus;
		dev->slot = (uint8_t)slot;
		dev->func = (uint8_t)func;
		at[func] = dev;
		for (unsigned f = 1; f < PCI_FUNCS; f++)
			if (at[0] && at[f])
				at[0]->cfg[PCI_HEADER_TYPE] |= HEADER_MULTI;
	}
	pthread_mutex_unlock(&bus->lock);
	return err;
}

void pci_bus_reset(struct pci_bus *bus)
{
	pthread_mutex_lock(&bus->lock);
	bus->config_address = 0;
	for (unsigned i = 0; i < PCI_SLOTS * PCI_FUNCS; i++) {
		struct pci_dev *dev = bus->dev[i / PCI_FUNCS][i % PCI_FUNCS];

		if (dev)
			pci_dev_reset(dev);
	}
	pthread_mutex_unlock(&bus->lock);
}
