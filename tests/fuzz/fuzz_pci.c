/* Description: configuration space by 0xCF8 and 0xCFC and by itself, BARs that
 * are moved over each other, MSI-X tables, and what devices do meanwhile. */
#include "devices/base/log.h"
#include "tests/fuzz/fz.h"
#include "tests/lib/pci_rig.h"

#define FNS 4
#define VECTORS 3

static struct pci_rig rig;
static struct pci_fake fn[FNS];

static void add(unsigned i, int slot, unsigned func, unsigned pin)
{
	static const char *const names[FNS] = { "f0", "f1", "f2", "f3" };

	pci_fake_init(&fn[i], names[i], pin);
	pci_fake_bar(&fn[i], 0, PCI_BAR_MEM64, i == 2 ? 0x800000000 : 0x4000);
	pci_fake_bar(&fn[i], 2, PCI_BAR_MEM32, 16u << 4 * i);
	pci_fake_bar(&fn[i], 5, PCI_BAR_IO, 4u << i);
	if (i < 3)
		BUG_ON(pci_add_msix(&fn[i].pci, VECTORS, 0, 0x100, 0) <= 0);
	BUG_ON(pci_add(&rig.bus, &fn[i].pci, slot, func));
}

void fz_setup(void)
{
	pci_rig_init(&rig);
	add(0, 0, 0, 1);
	add(1, 3, 0, 1);
	add(2, 3, 1, 2);
	add(3, 31, 7, 0);
}

static void ports(struct fz *in)
{
	uint8_t how = fz_u8(in);
	unsigned port = 0xcf0 + (how & 15) + (how >> 4 & 1) * 16u;
	unsigned size = fz_width(in, 4);

	if (how & 0x20)
		pci_rig_out(&rig, port, size, fz_u32(in));
	else
		pci_rig_in(&rig, port, size);
}

static void config(const struct pci_dev *d, struct fz *in)
{
	unsigned off = fz_u8(in), size = fz_width(in, 4);

	pci_rig_put(&rig, d->slot, d->func, off, size, fz_u32(in));
	pci_rig_get(&rig, d->slot, d->func, off, size);
}

static void memory(struct fz *in, bool io)
{
	const struct pci_bar *b = &fn[fz_below(in, FNS)].pci
					.bar[fz_below(in, PCI_BARS)];
	unsigned size = fz_width(in, 8);
	uint64_t val = fz_u64(in), off = fz_u16(in);

	if (b->mapped)
		iospace_rw(io ? &rig.pio : &rig.mmio, b->region.base + off,
			   size, &val, fz_u8(in) & 1);
}

static void msix(struct pci_dev *d, struct fz *in)
{
	unsigned off = fz_u8(in) % 64u, size = fz_width(in, 4);

	if (!d->msix.n)
		return;
	pci_msix_table_write(d, off, size, fz_u32(in));
	pci_msix_table_read(d, off, size);
	pci_msix_pba_read(d, off & 7, size);
}

static void assign(void)
{
	static const struct pci_windows w = {
		.io_base = 0xc000, .io_len = 0x3000,
		.mem32 = { { 0xc0000000, 0x38000000 } },
		.mem64_base = 0x1000000000, .mem64_len = 0x1000000000,
	};

	BUG_ON(pci_assign(&rig.bus, &w));
}

static void device(struct pci_dev *d, struct fz *in)
{
	switch (fz_below(in, 4)) {
	case 0: pci_intx(d, true); break;
	case 1: pci_intx(d, false); break;
	case 2: pci_irq_clear(d); break;
	default:
		if (d->msix.n)
			pci_msix_fire(d, fz_below(in, VECTORS + 1));
	}
}

/* What is on the bus is what the spaces have, and no line outlives a reset. */
static void check(void)
{
	unsigned mem = 0, io = 0;

	for (unsigned i = 0; i < FNS; i++)
		for (unsigned k = 0; k < PCI_BARS; k++) {
			const struct pci_bar *b = &fn[i].pci.bar[k];

			BUG_ON(b->mapped != fn[i].bar[k].mapped);
			if (b->mapped)
				b->type == PCI_BAR_IO ? io++ : mem++;
		}
	BUG_ON(mem != rig.mmio.n || io + 2 != rig.pio.n);
}

void fz_one(struct fz *in)
{
	for (unsigned i = 0; i < 64 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);
		struct pci_dev *d = &fn[what >> 6].pci;

		switch (what & 7) {
		case 0: ports(in); break;
		case 1: memory(in, what & 8); break;
		case 2: msix(d, in); break;
		case 3: device(d, in); break;
		case 4: assign(); break;
		default: config(d, in);
		}
	}
	check();
	pci_bus_reset(&rig.bus);
	check();
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		BUG_ON(irq_probe_level(&rig.line[i]));
}
