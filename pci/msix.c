#include "pci/pci_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/base/log.h"

#define MAX_VECTORS 2048
/* A wire costs KVM a grace period, so it is for vectors that are used: not
 * those of a driver that sets up, or moves its interrupts about. */
#define WIRE_AFTER 16

/* What the guest may write in a table entry: the address is a dword's, and of
 * the vector control word only the mask bit exists. */
static const uint8_t entry_wmask[PCI_MSIX_ENTRY_SIZE] = {
	0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, PCI_MSIX_ENTRY_CTRL_MASKBIT,
};

static bool fits(const struct pci_bar *bar, uint32_t off, uint32_t len)
{
	return off % 8 == 0 && len <= bar->len && off <= bar->len - len;
}

static uint32_t pba_len(unsigned n)
{
	return (n + 63) / 64 * 8;
}

int pci_add_msix(struct pci_dev *dev, unsigned n, unsigned bar,
		 uint32_t table_off, uint32_t pba_off)
{
	uint8_t body[PCI_CAP_MSIX_SIZEOF - 2];
	struct pci_msix *m = &dev->msix;
	int cap;

	BUG_ON(m->n);
	if (n == 0 || n > MAX_VECTORS || bar >= PCI_BARS ||
	    !fits(&dev->bar[bar], table_off, n * PCI_MSIX_ENTRY_SIZE) ||
	    !fits(&dev->bar[bar], pba_off, pba_len(n)))
		return -EINVAL;
	m->table = calloc(n, sizeof(*m->table));
	m->pending = calloc(n, 1);
	m->way = calloc(n, sizeof(*m->way));
	cap = -ENOMEM;
	if (!m->table || !m->pending || !m->way)
		goto err_alloc;
	for (unsigned v = 0; v < n; v++)
		m->way[v].wire.fd = -1;
	cfg_put16(body, (uint16_t)(n - 1));
	cfg_put32(body + PCI_MSIX_TABLE - 2, table_off | bar);
	cfg_put32(body + PCI_MSIX_PBA - 2, pba_off | bar);
	cap = pci_add_cap(dev, PCI_CAP_ID_MSIX, body, PCI_CAP_MSIX_SIZEOF);
	if (cap < 0)
		goto err_alloc;
	cfg_put16(&dev->wmask[cap + PCI_MSIX_FLAGS],
		  PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	m->cap = (unsigned)cap;
	m->n = n;
	pci_msix_reset(dev);
	return cap;

err_alloc:
	pci_msix_fini(dev);
	return cap;
}

static void drop_feeds(struct pci_msix_way *w)
{
	while (w->feeds) {
		struct msi_feed *f = w->feeds;

		w->feeds = f->next;
		f->fed = false;
		f->to(f, -1);
	}
}

static void unwire(struct pci_dev *dev)
{
	for (unsigned v = 0; v < dev->msix.n; v++) {
		struct pci_msix_way *w = &dev->msix.way[v];

		drop_feeds(w);
		if (w->wire.fd >= 0)
			dev->bus->msi->unwire(dev->bus->msi, &w->wire);
		*w = (struct pci_msix_way){ .wire.fd = -1 };
	}
}

void pci_msix_fini(struct pci_dev *dev)
{
	unwire(dev);
	free(dev->msix.way);
	free(dev->msix.table);
	free(dev->msix.pending);
	dev->msix = (struct pci_msix){ 0 };
}

void pci_msix_clear(struct pci_dev *dev)
{
	if (dev->msix.n)
		memset(dev->msix.pending, 0, dev->msix.n);
}

void pci_msix_reset(struct pci_dev *dev)
{
	struct pci_msix *m = &dev->msix;

	pci_msix_clear(dev);
	unwire(dev);
	for (unsigned v = 0; v < m->n; v++) {
		memset(m->table[v], 0, sizeof(m->table[v]));
		m->table[v][PCI_MSIX_ENTRY_VECTOR_CTRL] =
			PCI_MSIX_ENTRY_CTRL_MASKBIT;
	}
}

/* The high byte of the message control word: enable and function mask. */
static unsigned control(const struct pci_dev *dev)
{
	if (!dev->msix.n)
		return 0;
	return (unsigned)__atomic_load_n(
		&dev->cfg[dev->msix.cap + PCI_MSIX_FLAGS + 1],
		__ATOMIC_RELAXED) << 8;
}

bool pci_msix_enabled(const struct pci_dev *dev)
{
	return control(dev) & PCI_MSIX_FLAGS_ENABLE;
}

static uint32_t entry_get32(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Whether the vector's wire sends this message; makes one in time. */
static bool is_wired(struct msi_sink *sink, struct pci_msix_way *w,
		     uint64_t addr, uint32_t data)
{
	if (w->addr != addr || w->data != data) {
		drop_feeds(w);
		w->addr = addr;
		w->data = data;
		w->sent = 0;
		w->wired = false;
	}
	if (w->sent < WIRE_AFTER && ++w->sent == WIRE_AFTER && sink->wire)
		w->wired = sink->wire(sink, &w->wire, addr, data) == 0;
	return w->wired;
}

/* Under the lock, so that no message follows a mask already written: a wire is
 * written to only where its message could be sent, and has then sent it. */
static void send(struct pci_dev *dev, unsigned v, uint64_t addr, uint32_t data)
{
	struct pci_msix_way *w = &dev->msix.way[v];
	struct msi_sink *sink = dev->bus->msi;

	if (is_wired(sink, w, addr, data) &&
	    write(w->wire.fd, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0)
		return;
	sink->send(sink, addr, data);
}

static uint64_t entry_addr(const uint8_t *entry)
{
	return entry_get32(entry + PCI_MSIX_ENTRY_LOWER_ADDR) |
		(uint64_t)entry_get32(entry + PCI_MSIX_ENTRY_UPPER_ADDR) << 32;
}

/* An address of 0 was never programmed: AERO-W7-VIRTIO 1.8.4 wants silence. */
static bool may_send(const struct pci_dev *dev, unsigned v)
{
	const uint8_t *entry = dev->msix.table[v];

	return pci_msix_enabled(dev) && entry_addr(entry) != 0 &&
	       !(control(dev) & PCI_MSIX_FLAGS_MASKALL) &&
	       !(entry[PCI_MSIX_ENTRY_VECTOR_CTRL] &
		 PCI_MSIX_ENTRY_CTRL_MASKBIT) &&
	       pci_bus_master(dev);
}

/* Sends what v has pending, if it may; nothing is pending while MSI-X is off. */
static void try_send(struct pci_dev *dev, unsigned v)
{
	const uint8_t *entry = dev->msix.table[v];

	if (!dev->msix.pending[v] || !may_send(dev, v))
		return;
	dev->msix.pending[v] = 0;
	send(dev, v, entry_addr(entry), entry_get32(entry + PCI_MSIX_ENTRY_DATA));
}

void pci_msix_update(struct pci_dev *dev)
{
	for (unsigned v = 0; v < dev->msix.n; v++)
		if (!may_send(dev, v))
			drop_feeds(&dev->msix.way[v]);
	if (!pci_msix_enabled(dev)) {
		pci_msix_clear(dev);
		return;
	}
	for (unsigned v = 0; v < dev->msix.n; v++)
		try_send(dev, v);
}

/* Its wire sends what the entry says now. */
static bool has_wire(const struct pci_dev *dev, unsigned v)
{
	const struct pci_msix_way *w = &dev->msix.way[v];
	const uint8_t *entry = dev->msix.table[v];

	return w->wired && w->addr == entry_addr(entry) &&
	       w->data == entry_get32(entry + PCI_MSIX_ENTRY_DATA);
}

static void unfeed(struct pci_dev *dev, unsigned id)
{
	for (unsigned v = 0; v < dev->msix.n; v++) {
		struct msi_feed **at = &dev->msix.way[v].feeds;

		while (*at && (*at)->id != id)
			at = &(*at)->next;
		if (*at) {
			struct msi_feed *f = *at;

			*at = f->next;
			f->fed = false;
			f->to(f, -1);
		}
	}
}

void pci_msix_unfeed(struct pci_dev *dev, unsigned id)
{
	pthread_mutex_lock(&dev->irq_lock);
	unfeed(dev, id);
	pthread_mutex_unlock(&dev->irq_lock);
}

void pci_msix_feed(struct pci_dev *dev, unsigned v, unsigned id,
		   struct msi_feed *f)
{
	pthread_mutex_lock(&dev->irq_lock);
	if (v < dev->msix.n && !f->fed && may_send(dev, v) && has_wire(dev, v)) {
		struct pci_msix_way *w = &dev->msix.way[v];

		f->id = id;
		f->fed = true;
		f->next = w->feeds;
		w->feeds = f;
		f->to(f, w->wire.fd);
	}
	pthread_mutex_unlock(&dev->irq_lock);
}

void pci_msix_fire(struct pci_dev *dev, unsigned v)
{
	pthread_mutex_lock(&dev->irq_lock);
	if (v < dev->msix.n && pci_msix_enabled(dev)) {
		dev->msix.pending[v] = 1;
		try_send(dev, v);
	}
	pthread_mutex_unlock(&dev->irq_lock);
}

static bool in_table(const struct pci_dev *dev, uint32_t off, unsigned size)
{
	uint32_t len = dev->msix.n * PCI_MSIX_ENTRY_SIZE;

	return size <= len && off <= len - size;
}

uint32_t pci_msix_table_read(struct pci_dev *dev, uint32_t off, unsigned size)
{
	uint32_t val = 0;

	if (!in_table(dev, off, size))
		return 0;
	pthread_mutex_lock(&dev->irq_lock);
	for (unsigned i = 0; i < size; i++, off++)
		val |= (uint32_t)dev->msix.table[off / PCI_MSIX_ENTRY_SIZE]
			[off % PCI_MSIX_ENTRY_SIZE] << (8 * i);
	pthread_mutex_unlock(&dev->irq_lock);
	return val;
}

void pci_msix_table_write(struct pci_dev *dev, uint32_t off, unsigned size,
			  uint32_t val)
{
	if (!in_table(dev, off, size))
		return;
	pthread_mutex_lock(&dev->irq_lock);
	for (unsigned i = 0; i < size; i++) {
		unsigned at = (off + i) % PCI_MSIX_ENTRY_SIZE;

		dev->msix.table[(off + i) / PCI_MSIX_ENTRY_SIZE][at] =
			(uint8_t)(val >> (8 * i)) & entry_wmask[at];
	}
	for (unsigned v = off / PCI_MSIX_ENTRY_SIZE;
	     v <= (off + size - 1) / PCI_MSIX_ENTRY_SIZE; v++) {
		drop_feeds(&dev->msix.way[v]);
		try_send(dev, v);
	}
	pthread_mutex_unlock(&dev->irq_lock);
}

uint32_t pci_msix_pba_read(struct pci_dev *dev, uint32_t off, unsigned size)
{
	uint32_t val = 0;

	if (off > MAX_VECTORS / 8)
		return 0;
	pthread_mutex_lock(&dev->irq_lock);
	for (unsigned bit = 0; bit < 8 * size; bit++) {
		unsigned v = 8 * off + bit;

		if (v < dev->msix.n)
			val |= (uint32_t)dev->msix.pending[v] << bit;
	}
	pthread_mutex_unlock(&dev->irq_lock);
	return val;
}
