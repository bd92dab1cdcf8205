#include "vmm/machine_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices/block/blkio.h"
#include "devices/virtio/blk.h"

uint32_t mach_mmio_base(unsigned i)
{
	return LAYOUT_VMMIO + i * VMMIO_LEN;
}

/*
 * Where ACPI tells of the devices, each has an IOAPIC pin that nothing else
 * uses. A kernel that is told by its command line knows of no pins beyond the
 * ISA interrupts, so it gets those that no chip of this machine has.
 */
unsigned mach_mmio_gsi(const struct machine *m, unsigned i)
{
	static const uint8_t isa[LAYOUT_VMMIO_GSIS] = {
		5, 10, 11, 3, 7, 14, 15, 6,
	};

	return m->cfg.mmio_cmdline ? isa[i] : LAYOUT_VMMIO_GSI + i;
}

static int attach_disk(struct machine *m, unsigned i)
{
	struct disk *d = &m->disk[i];

	if (m->cfg.transport == MACH_PCI)
		return vpci_attach(&d->pci, d->dev, &m->pci, -1, 0,
				   (enum vpci_msix)m->cfg.disk[i].msix,
				   &m->doorbells.port);
	return vmmio_attach(&d->mmio, d->dev, &m->mmio, mach_mmio_base(i),
			    irqchip_line(&m->irqchip, mach_mmio_gsi(m, i)),
			    &m->doorbells.port);
}

int mach_disks_open(struct machine *m, char *err)
{
	int ret = 0;

	m->disk = calloc(m->cfg.ndisks + 1, sizeof(*m->disk));
	if (!m->disk)
		return -ENOMEM;
	for (unsigned i = 0; i < m->cfg.ndisks && ret == 0; i++) {
		const struct mach_disk *cfg = &m->cfg.disk[i];
		const struct blkio_cfg io = {
			.path = cfg->path, .ro = cfg->ro, .sync = cfg->sync,
			.direct = cfg->direct, .block_size = cfg->block_size,
		};

		ret = blkio_open(&m->disk[i].img, &io, err, MACH_ERR_LEN);
	}
	return ret;
}

static int make_disk(struct machine *m, unsigned i)
{
	struct disk *d = &m->disk[i];
	char name[16];
	const struct blk_cfg cfg = {
		.prof = m->prof, .name = name, .queues = 1, .gmem = &m->gmem,
		.serial = m->cfg.disk[i].serial, .ctl_loop = m->ctl,
		.loops = &m->io, .nloops = 1,
	};
	int ret;

	snprintf(name, sizeof(name), "disk%u", i);
	ret = blk_create(&d->dev, &cfg, d->img);
	if (ret < 0)
		return ret;
	d->img = NULL;
	return attach_disk(m, i);
}

int mach_disks_create(struct machine *m)
{
	int ret = 0;

	for (unsigned i = 0; i < m->cfg.ndisks && ret == 0; i++)
		ret = make_disk(m, i);
	return ret;
}

void mach_disks_reset(struct machine *m)
{
	for (unsigned i = 0; i < m->cfg.ndisks; i++)
		vio_reset(m->disk[i].dev);
}

void mach_disks_destroy(struct machine *m)
{
	for (unsigned i = 0; m->disk && i < m->cfg.ndisks; i++) {
		struct disk *d = &m->disk[i];

		blkio_close(d->img);
		if (!d->dev)
			continue;
		vio_reset(d->dev);
		if (m->cfg.transport == MACH_PCI)
			pci_dev_fini(&d->pci.pci);
		else
			iospace_del(&m->mmio, &d->mmio.io);
		vio_destroy(d->dev);
	}
	free(m->disk);
}
