/* Description: every register window of virtio-pci (common, notify, ISR,
 * device, MSI-X), through BAR0 and through the configuration space's own
 * window on it, wherever the BAR is moved. */
#include "devices/base/log.h"
#include "pci/vpci.h"
#include "tests/fuzz/fz_vio.h"
#include "tests/lib/echo.h"
#include "tests/lib/pci_rig.h"

static struct pci_rig rig;
static struct vpci tp[2];

void fz_setup(void)
{
	static const struct vio_profile *const prof[] = {
		&vio_profile_aero_w7, &vio_profile_modern,
	};
	struct loop *loop = fz_vio_loop();

	pci_rig_init(&rig);
	for (unsigned i = 0; i < 2; i++) {
		struct echo *e = echo_new(prof[i], fz_vio_mem(), loop, &loop,
					  1);

		BUG_ON(vpci_attach(&tp[i], &e->dev, &rig.bus, (int)i + 1, 0,
				   VPCI_MSIX_ON, NULL));
	}
}

/* Offsets where registers are, and now and then anywhere else. */
static uint64_t offset(const struct vio_profile *prof, struct fz *in)
{
	unsigned where = fz_below(in, 7);

	if (where < VIO_WINS)
		return prof->win[where].off + fz_u8(in);
	if (where == 4)
		return prof->msix_table + fz_u8(in);
	if (where == 5)
		return prof->msix_pba + fz_u8(in);
	return fz_u16(in);
}

static void bar(const struct vpci *t, struct fz *in, bool write)
{
	uint64_t off = offset(t->dev->prof, in);
	unsigned size = fz_width(in, 8);
	uint64_t val = write ? fz_u64(in) : 0;

	if (t->pci.bar[0].mapped)
		iospace_rw(&rig.mmio, t->pci.bar[0].region.base + off, size,
			   &val, write);
}

static void config(const struct vpci *t, struct fz *in, bool write)
{
	unsigned slot = t->pci.slot, off = fz_u8(in), size = fz_width(in, 4);

	if (write)
		pci_rig_put(&rig, slot, 0, off, size, fz_u32(in));
	else
		pci_rig_get(&rig, slot, 0, off, size);
}

/* VIRTIO_PCI_CAP_PCI_CFG: bar, offset, length, then data (virtio 4.1.4.9). */
static void cfg_window(const struct vpci *t, struct fz *in)
{
	unsigned slot = t->pci.slot, cap = t->pci_cfg_cap;
	uint8_t how = fz_u8(in);

	if (!cap)
		return;
	pci_rig_put(&rig, slot, 0, cap + 4, 1, how >> 5);
	pci_rig_put(&rig, slot, 0, cap + 8, 4,
		    (uint32_t)offset(t->dev->prof, in));
	pci_rig_put(&rig, slot, 0, cap + 12, 4, how & 16 ? fz_u32(in) :
		    1u << (how >> 2 & 3));
	if (how & 1)
		pci_rig_put(&rig, slot, 0, cap + 16, 4, fz_u32(in));
	else
		pci_rig_get(&rig, slot, 0, cap + 16 + (how >> 1 & 1), 2);
}

/* What a driver does to be able to do more. */
static void bring_up(struct vpci *t, struct fz *in)
{
	struct vio_dev *dev = t->dev;
	uint64_t base = t->pci.bar[0].region.base, val;
	uint64_t feats = dev->offered & ~(uint64_t)(fz_u8(in) & 0x0f);
	const uint64_t script[][3] = {          /* offset, size, value */
		{ 0x14, 1, 3 }, { 0x08, 4, 0 }, { 0x0c, 4, feats },
		{ 0x08, 4, 1 }, { 0x0c, 4, feats >> 32 }, { 0x14, 1, 11 },
		{ 0x16, 2, 1 }, { 0x20, 8, 0x100 }, { 0x28, 8, 0x800 },
		{ 0x30, 8, 0xa00 }, { 0x1c, 2, 1 }, { 0x14, 1, 15 },
	};

	if (!t->pci.bar[0].mapped)
		return;
	for (unsigned i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
		val = script[i][2];
		iospace_rw(&rig.mmio, base + script[i][0],
			   (unsigned)script[i][1], &val, true);
	}
}

static void reset(void)
{
	static const struct pci_windows windows = {
		.io_base = 0xc000, .io_len = 0x1000,
		.mem32 = { { 0xe0000000, 0x1000000 } },
		.mem64_base = 0x8000000000, .mem64_len = 0x10000000,
	};

	pci_bus_reset(&rig.bus);
	for (unsigned i = 0; i < 2; i++) {
		vio_reset(tp[i].dev);
		for (unsigned k = 0; k < ECHO_CFG_LEN; k++)
			tp[i].dev->cfg[k] = (uint8_t)k;
	}
	BUG_ON(pci_assign(&rig.bus, &windows));
	for (unsigned i = 0; i < 2; i++)
		pci_rig_put(&rig, i + 1, 0, 4, 2, 6);
}

static void settle(void)
{
	for (unsigned i = 0; i < 64 && loop_step(fz_vio_loop(), 0); i++)
		;
}

void fz_one(struct fz *in)
{
	reset();
	for (unsigned i = 0; i < 64 && fz_more(in); i++) {
		uint8_t what = fz_u8(in);
		struct vpci *t = &tp[what >> 7];

		switch (what & 7) {
		case 0: bar(t, in, false); break;
		case 1: case 2: bar(t, in, true); break;
		case 3: config(t, in, false); break;
		case 4: config(t, in, true); break;
		case 5: cfg_window(t, in); break;
		case 6: bring_up(t, in); break;
		default: settle();
		}
	}
	reset();
	fz_ram_reset();
	settle();
	fz_ram_check();
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		BUG_ON(irq_probe_level(&rig.line[i]));
}
