#include "pci/pci_int.h"

#include <errno.h>
#include <stdlib.h>

#include "devices/base/log.h"

#define PORTS_END 0x10000u
#define END_OF_4G 0x100000000u

static unsigned reg_of(unsigned bar)
{
	return PCI_BASE_ADDRESS_0 + 4 * bar;
}

void pci_set_bar(struct pci_dev *dev, unsigned bar, enum pci_bar_type type,
		 uint64_t len, const struct io_ops *ops, bool prefetch)
{
	struct pci_bar *b = &dev->bar[bar];
	uint64_t wmask = ~(len - 1);
	unsigned reg = reg_of(bar);

	BUG_ON(bar >= PCI_BARS || type == PCI_BAR_NONE || b->type);
	BUG_ON(len & (len - 1) || len < (type == PCI_BAR_IO ? 4 : 16));
	BUG_ON(type != PCI_BAR_MEM64 && len >= END_OF_4G);
	BUG_ON(type == PCI_BAR_MEM64 && bar == PCI_BARS - 1);
	*b = (struct pci_bar){
		.type = type, .prefetch = prefetch, .len = len, .ops = ops,
		.region = { 0, len, ops, dev, dev->name },
	};
	cfg_put32(&dev->wmask[reg], (uint32_t)wmask);
	if (type == PCI_BAR_IO)
		dev->cfg[reg] = PCI_BASE_ADDRESS_SPACE_IO;
	else if (prefetch)
		dev->cfg[reg] = PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (type != PCI_BAR_MEM64)
		return;
	BUG_ON(dev->bar[bar + 1].type);
	dev->cfg[reg] |= PCI_BASE_ADDRESS_MEM_TYPE_64;
	cfg_put32(&dev->wmask[reg + 4], (uint32_t)(wmask >> 32));
}

static uint64_t bar_address(const struct pci_dev *dev, unsigned bar)
{
	uint32_t low = cfg_get32(dev, reg_of(bar));

	switch (dev->bar[bar].type) {
	case PCI_BAR_IO:
		return low & ~3u;
	case PCI_BAR_MEM32:
		return low & ~15u;
	case PCI_BAR_MEM64:
		return (low & ~15u) |
		       (uint64_t)cfg_get32(dev, reg_of(bar + 1)) << 32;
	default:
		return 0;
	}
}

/* Whether the BAR answers at its present address. 0 is how an unassigned BAR
 * looks; an end at 4 GiB is how one looks that is being sized. */
static bool decodes(const struct pci_dev *dev, unsigned bar, uint64_t base)
{
	const struct pci_bar *b = &dev->bar[bar];
	uint16_t command = cfg_get16(dev, PCI_COMMAND);
	uint64_t end;

	if (base == 0 || __builtin_add_overflow(base, b->len, &end))
		return false;
	if (b->type == PCI_BAR_IO)
		return command & PCI_COMMAND_IO && end <= PORTS_END;
	return command & PCI_COMMAND_MEMORY && end != END_OF_4G;
}

static void tell(struct pci_dev *dev, unsigned bar, uint64_t base, bool mapped)
{
	if (dev->ops->bar_mapped)
		dev->ops->bar_mapped(dev, bar, base, mapped);
}

static void sync_one(struct pci_dev *dev, unsigned bar)
{
	struct pci_bar *b = &dev->bar[bar];
	struct iospace *space = b->type == PCI_BAR_IO ? dev->bus->pio
						      : dev->bus->mmio;
	uint64_t base = bar_address(dev, bar), old = b->region.base;
	bool was = b->mapped, now = decodes(dev, bar, base);

	if (was && now && base == old)
		return;
	if (was && now) {
		iospace_move(space, &b->region, base);
	} else if (was) {
		iospace_del(space, &b->region);
	} else if (now) {
		b->region.base = base;
		now = iospace_add(space, &b->region) == 0;
		if (!now)
			host_err_limited(dev->name,
				"BAR %u not mapped: too many device regions",
				bar);
	}
	b->mapped = now;
	if (was)
		tell(dev, bar, old, false);
	if (now)
		tell(dev, bar, base, true);
}

void pci_bar_sync(struct pci_dev *dev)
{
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (dev->bar[i].type)
			sync_one(dev, i);
}

/* ---- assignment ---------------------------------------------------------- */

#define MAX_BARS (PCI_SLOTS * PCI_FUNCS * PCI_BARS)

struct window {
	uint64_t at, end;
};

struct place {
	struct pci_dev *dev;
	const struct pci_bar *bar;
	uint64_t base;
};

static unsigned collect(struct pci_bus *bus, struct place *to)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MAX_BARS; i++) {
		struct pci_dev *dev = bus->dev[i / PCI_BARS / PCI_FUNCS]
					      [i / PCI_BARS % PCI_FUNCS];

		if (dev && dev->bar[i % PCI_BARS].type)
			to[n++] = (struct place){
				dev, &dev->bar[i % PCI_BARS], 0 };
	}
	return n;
}

static unsigned position(const struct place *p)
{
	return (p->dev->slot * PCI_FUNCS + p->dev->func) * PCI_BARS +
	       (unsigned)(p->bar - p->dev->bar);
}

/* 64-bit BARs last, as they have somewhere else to go. Within a type the large
 * ones first: then natural alignment leaves no holes. */
static int order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->bar->type != y->bar->type)
		return x->bar->type < y->bar->type ? -1 : 1;
	if (x->bar->len != y->bar->len)
		return x->bar->len > y->bar->len ? -1 : 1;
	return position(x) < position(y) ? -1 : 1;
}

static bool take(struct window *w, uint64_t len, uint64_t *base)
{
	uint64_t at, end;

	if (__builtin_add_overflow(w->at, len - 1, &at))
		return false;
	at &= ~(len - 1);
	if (__builtin_add_overflow(at, len, &end) || end > w->end)
		return false;
	w->at = end;
	*base = at;
	return true;
}

static int find_room(struct place *p, unsigned n, const struct pci_windows *w)
{
	struct window io = { w->io_base, w->io_base + w->io_len };
	struct window mem64 = { w->mem64_base, w->mem64_base + w->mem64_len };
	struct window mem32[2];

	for (unsigned i = 0; i < 2; i++)
		mem32[i] = (struct window){
			w->mem32[i].base, w->mem32[i].base + w->mem32[i].len };
	for (; n > 0; n--, p++) {
		uint64_t len = p->bar->len;
		bool fits;

		if (p->bar->type == PCI_BAR_IO)
			fits = take(&io, len, &p->base);
		else
			fits = take(&mem32[0], len, &p->base) ||
			       take(&mem32[1], len, &p->base) ||
			       (p->bar->type == PCI_BAR_MEM64 &&
				take(&mem64, len, &p->base));
		if (!fits)
			return -ENOSPC;
	}
	return 0;
}

static void set_base(const struct place *p)
{
	unsigned reg = reg_of((unsigned)(p->bar - p->dev->bar));

	pci_dev_write(p->dev, reg, 4, (uint32_t)p->base);
	if (p->bar->type == PCI_BAR_MEM64)
		pci_dev_write(p->dev, reg + 4, 4, (uint32_t)(p->base >> 32));
}

static void set_command(struct pci_dev *dev, bool decode)
{
	uint16_t command = cfg_get16(dev, PCI_COMMAND);
	unsigned pin = dev->cfg[PCI_INTERRUPT_PIN];

	command &= (uint16_t)~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	if (decode)
		command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
	pci_dev_write(dev, PCI_COMMAND, 2, command);
	if (pin)
		pci_dev_write(dev, PCI_INTERRUPT_LINE, 1,
			      pci_intx_gsi(dev->slot, pin - 1));
}

static void each_command(struct pci_bus *bus, bool decode)
{
	for (unsigned i = 0; i < PCI_SLOTS * PCI_FUNCS; i++) {
		struct pci_dev *dev = bus->dev[i / PCI_FUNCS][i % PCI_FUNCS];

		if (dev)
			set_command(dev, decode);
	}
}

int pci_assign(struct pci_bus *bus, const struct pci_windows *w)
{
	struct place places[MAX_BARS];
	unsigned n;
	int err;

	pthread_mutex_lock(&bus->lock);
	n = collect(bus, places);
	qsort(places, n, sizeof(places[0]), order);
	err = find_room(places, n, w);
	if (!err) {
		each_command(bus, false);
		for (unsigned i = 0; i < n; i++)
			set_base(&places[i]);
		each_command(bus, true);
	}
	pthread_mutex_unlock(&bus->lock);
	return err;
}
