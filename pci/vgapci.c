#include "pci/vgapci.h"

#include "devices/base/container.h"
#include "devices/base/log.h"

enum { LFB_BAR = 0, REGS_BAR = 2 };
#define REGS_LEN 0x1000u
#define PORTS_AT 0x400u                 /* 3C0-3DF */
#define PORTS_LEN 0x20u
#define DISPI_AT 0x500u                 /* a word each */
#define DISPI_LEN 0x16u

static struct vgapci *owner(void *ctx)
{
	return container_of((struct pci_dev *)ctx, struct vgapci, pci);
}

/* ---- BAR0, while nobody makes memory of it --------------------------------- */

static void lfb_want_ram(struct vgapci *v)
{
	int err;

	pthread_mutex_lock(&v->lock);
	if (v->port && v->base && !v->in_ram && !v->refused) {
		err = v->port->map(v->port, v->base, v->vga->vram,
				   VGA_VRAM_LEN, true);
		v->in_ram = err == 0;
		v->refused = err != 0;
		if (err)
			host_err_limited(v->pci.name, "the framebuffer cannot "
					 "be memory at %#llx: drawing will be "
					 "slow", (unsigned long long)v->base);
	}
	pthread_mutex_unlock(&v->lock);
}

static uint64_t lfb_read(void *ctx, uint64_t off, unsigned size)
{
	lfb_want_ram(owner(ctx));
	return vga_lfb_read(owner(ctx)->vga, (uint32_t)off, size);
}

static void lfb_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	lfb_want_ram(owner(ctx));
	vga_lfb_write(owner(ctx)->vga, (uint32_t)off, size, val);
}

static const struct io_ops lfb_ops = { .read = lfb_read, .write = lfb_write };

/* ---- BAR2 --------------------------------------------------------------------- */

static uint8_t regs_read8(struct vgapci *v, uint32_t off)
{
	if (off < EDID_LEN)
		return v->edid[off];
	if (off - PORTS_AT < PORTS_LEN)
		return vga_port_read(v->vga, (uint16_t)(0x3c0 + off - PORTS_AT));
	return 0;
}

static uint64_t regs_read(void *ctx, uint64_t off, unsigned size)
{
	struct vgapci *v = owner(ctx);
	uint32_t at = (uint32_t)off;
	uint64_t val = 0;

	if (at - DISPI_AT < DISPI_LEN && !(at & 1) && size == 2)
		return vga_dispi_read(v->vga, (uint16_t)((at - DISPI_AT) / 2));
	for (unsigned i = 0; i < size; i++)
		val |= (uint64_t)regs_read8(v, at + i) << 8 * i;
	return val;
}

static void regs_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct vgapci *v = owner(ctx);
	uint32_t at = (uint32_t)off;

	if (at - DISPI_AT < DISPI_LEN && !(at & 1) && size == 2) {
		vga_dispi_write(v->vga, (uint16_t)((at - DISPI_AT) / 2),
				(uint16_t)val);
		return;
	}
	/* A word is an index and its register. */
	for (unsigned i = 0; i < size; i++)
		if (at + i - PORTS_AT < PORTS_LEN)
			vga_port_write(v->vga,
				       (uint16_t)(0x3c0 + at + i - PORTS_AT),
				       (uint8_t)(val >> 8 * i));
}

static const struct io_ops regs_ops = {
	.read = regs_read, .write = regs_write,
};

/* ---- the function ---------------------------------------------------------------- */

static void bar_mapped(struct pci_dev *pci, unsigned bar, uint64_t base,
		       bool mapped)
{
	struct vgapci *v = container_of(pci, struct vgapci, pci);

	if (bar != LFB_BAR)
		return;
	pthread_mutex_lock(&v->lock);
	if (v->in_ram)
		v->port->map(v->port, v->base, v->vga->vram, VGA_VRAM_LEN,
			     false);
	v->base = mapped ? base : 0;
	v->in_ram = v->refused = false;
	pthread_mutex_unlock(&v->lock);
}

static const struct pci_ops ops = { .bar_mapped = bar_mapped };

int vgapci_attach(struct vgapci *v, struct vga *vga, struct pci_bus *bus,
		  int slot, struct ram_port *port)
{
	/* Revision 2 is the one that has BAR2. */
	static const struct pci_id id = {
		.vendor = 0x1234, .device = 0x1111,
		.sub_vendor = 0x1af4, .sub_device = 0x1100,
		.rev = 2, .class_code = 0x030000,
	};

	*v = (struct vgapci){ .vga = vga, .port = port };
	pthread_mutex_init(&v->lock, NULL);
	edid_make(v->edid);
	pci_dev_init(&v->pci, "vga", &ops, &id, 0);
	pci_set_bar(&v->pci, LFB_BAR, PCI_BAR_MEM32, VGA_VRAM_LEN, &lfb_ops,
		    true);
	pci_set_bar(&v->pci, REGS_BAR, PCI_BAR_MEM32, REGS_LEN, &regs_ops,
		    false);
	return pci_add(bus, &v->pci, slot, 0);
}

void vgapci_detach(struct vgapci *v)
{
	pci_dev_fini(&v->pci);
	pthread_mutex_destroy(&v->lock);
}
