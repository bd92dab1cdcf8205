/*
 * Virtio devices of every kind on the machine's transport: disks first, so that
 * a guest's numbering of them does not depend on what else there is.
 */
#include "vmm/machine_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/audio/sndio.h"
#include "devices/block/blkio.h"
#include "devices/net/netio.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/input.h"
#include "devices/virtio/net.h"
#include "devices/virtio/snd.h"

static const char *const input_kinds[MACH_INPUTS] = {
	[MACH_KEYBOARD] = "keyboard", [MACH_MOUSE] = "mouse",
	[MACH_TABLET] = "tablet",
};

/* ---- transports ----------------------------------------------------------------- */

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

static bool on_pci(const struct machine *m)
{
	return m->cfg.transport == MACH_PCI;
}

/* slot -1: the first free one. packed: whether packed rings are offered. */
static int attach(struct machine *m, struct vio_dev *dev, int slot,
		  unsigned func, int msix, bool packed)
{
	struct mach_dev *d = &m->dev[m->ndevs];
	unsigned i = m->ndevs++;
	int ret;

	d->dev = dev;
	if (!packed)
		vio_withhold(dev, VIRTIO_F_RING_PACKED);
	if (on_pci(m))
		ret = vpci_attach(&d->pci, dev, &m->pci, slot, func,
				  (enum vpci_msix)msix, &m->doorbells.port);
	else
		ret = vmmio_attach(&d->mmio, dev, &m->mmio, mach_mmio_base(i),
				   irqchip_line(&m->irqchip,
						mach_mmio_gsi(m, i)),
				   &m->doorbells.port);
	d->attached = ret == 0;
	return ret;
}

/* The loop of one of its queues has no slot left for a doorbell. */
static int say_full(int ret, const char *name, char *err)
{
	if (ret == -ENOSPC)
		snprintf(err, MACH_ERR_LEN, "%s: more queues than an I/O "
			 "thread can serve; lower queues=, or raise --iothreads "
			 "and spread devices over them by iothread=", name);
	return ret;
}

/* ---- disks ------------------------------------------------------------------------ */

static int open_disks(struct machine *m, char *err)
{
	int ret = 0;

	for (unsigned i = 0; i < m->cfg.ndisks && ret == 0; i++) {
		const struct mach_disk *cfg = &m->cfg.disk[i];
		const struct blkio_cfg io = {
			.path = cfg->path, .ro = cfg->ro, .sync = cfg->sync,
			.direct = cfg->direct, .block_size = cfg->block_size,
		};

		ret = blkio_open(&m->outside.img[i], &io, err, MACH_ERR_LEN);
	}
	return ret;
}

static int make_disk(struct machine *m, unsigned i, char *err)
{
	const struct mach_disk *d = &m->cfg.disk[i];
	unsigned queues = mach_disk_queues(&m->cfg, d);
	struct loop *loops[MACH_QUEUES_MAX];
	struct vio_dev *dev;
	char name[16];
	const struct blk_cfg cfg = {
		.prof = m->prof, .name = name, .queues = queues,
		.gmem = &m->gmem, .serial = d->serial, .ctl_loop = m->ctl,
		.loops = loops, .nloops = queues,
	};
	int ret;

	mach_loops_pick(&m->io, &d->on, queues, loops);
	snprintf(name, sizeof(name), d->cdrom ? "cdrom%u" : "disk%u", i);
	ret = blk_create(&dev, &cfg, m->outside.img[i]);
	if (ret < 0)
		return say_full(ret, name, err);
	m->outside.img[i] = NULL;
	return attach(m, dev, -1, 0, d->msix, d->packed);
}

/* ---- network ---------------------------------------------------------------------- */

static int open_nets(struct machine *m, char *err)
{
	int ret = 0;

	for (unsigned i = 0; i < m->cfg.nnets && ret == 0; i++) {
		const struct mach_net *cfg = &m->cfg.net[i];
		const struct netio_cfg io = {
			.kind = (enum netio_kind)cfg->kind, .tap = cfg->tap,
			.fd = cfg->fd, .queues = cfg->queues, .mtu = cfg->mtu,
			.hostfwd = cfg->hostfwd, .nhostfwd = cfg->nhostfwd,
			/* vhost-net knows no packed rings. */
			.vhost = net_lends(m->prof) && !cfg->packed ?
				 (enum netio_vhost)cfg->vhost : NETIO_VHOST_OFF,
		};

		ret = netio_open(m->outside.net[i], &io, err, MACH_ERR_LEN);
	}
	return ret;
}

static int make_net(struct machine *m, unsigned i, char *err)
{
	const struct mach_net *net = &m->cfg.net[i];
	unsigned pairs = net->queues ? net->queues : 1;
	struct loop *loops[NET_PAIRS_MAX];
	struct vio_dev *dev;
	char name[16];
	const struct net_cfg cfg = {
		.prof = m->prof, .name = name, .gmem = &m->gmem,
		.mac = net->has_mac ? net->mac : NULL,
		.mtu = (uint16_t)net->mtu, .ctl_loop = m->ctl,
		.pairs = pairs, .loops = loops, .nloops = pairs,
		.must_lend = net->vhost == NETIO_VHOST_ON,
	};
	int ret;

	mach_loops_pick(net->on.n ? &m->io : &m->net, &net->on, pairs, loops);
	snprintf(name, sizeof(name), "net%u", i);
	ret = net_create(&dev, &cfg, m->outside.net[i]);
	if (ret < 0 && cfg.must_lend)
		snprintf(err, MACH_ERR_LEN, "%s: no card with vhost=on: %s; "
			 "vhost=auto does without where it must", name,
			 strerror(-ret));
	if (ret < 0)
		return say_full(ret, name, err);
	memset(m->outside.net[i], 0, sizeof(m->outside.net[i]));
	return attach(m, dev, -1, 0, net->msix, net->packed);
}

/* ---- input ------------------------------------------------------------------------ */

/* One multi-function device: AERO-W7-VIRTIO 3.3. */
static int make_inputs(struct machine *m)
{
	int slot = -1, ret = 0;
	unsigned func = 0;

	for (unsigned i = 0; i < MACH_INPUTS && ret == 0; i++) {
		char name[16];
		const struct input_cfg cfg = {
			.prof = m->prof, .kind = input_kinds[i], .name = name,
			.gmem = &m->gmem, .ctl_loop = m->ctl,
			.loops = m->io.loop, .nloops = 1,
		};

		if (!m->cfg.input[i])
			continue;
		snprintf(name, sizeof(name), "%s0", input_kinds[i]);
		ret = input_create(&m->input[i], &cfg);
		if (ret < 0)
			break;
		ret = attach(m, m->input[i], slot, func++, 0, false);
		if (ret == 0 && on_pci(m))
			slot = m->dev[m->ndevs - 1].pci.pci.slot;
	}
	return ret;
}

/* ---- sound ------------------------------------------------------------------------ */

static int open_sound(struct machine *m, char *err)
{
	const struct sndio_cfg cfg = {
		.spec = m->cfg.sound, .in = m->cfg.sound_in,
	};

	return m->cfg.sound ? sndio_open(&m->outside.sound, &cfg, err,
					 MACH_ERR_LEN) : 0;
}

static int make_sound(struct machine *m, char *err)
{
	const struct snd_cfg cfg = {
		.prof = m->prof, .name = "sound0", .gmem = &m->gmem,
		.ctl_loop = m->ctl, .loop = m->snd,
	};
	struct vio_dev *dev;
	int ret;

	if (!m->cfg.sound)
		return 0;
	ret = snd_create(&dev, &cfg, m->outside.sound, err, MACH_ERR_LEN);
	if (ret < 0)
		return ret;
	m->outside.sound = NULL;
	return attach(m, dev, -1, 0, 0, false);
}

/* ---- all of them ------------------------------------------------------------------ */

unsigned mach_devs_count(const struct mach_cfg *cfg)
{
	unsigned n = cfg->ndisks + cfg->nnets + (cfg->sound ? 1 : 0);

	for (unsigned i = 0; i < MACH_INPUTS; i++)
		n += cfg->input[i];
	return n;
}

int mach_devs_open(struct machine *m, char *err)
{
	int ret;

	m->dev = calloc(mach_devs_count(&m->cfg) + 1, sizeof(*m->dev));
	if (!m->dev)
		return -ENOMEM;
	if ((ret = open_disks(m, err)) || (ret = open_nets(m, err)))
		return ret;
	return open_sound(m, err);
}

int mach_devs_create(struct machine *m, char *err)
{
	int ret = 0;

	for (unsigned i = 0; i < m->cfg.ndisks && ret == 0; i++)
		ret = make_disk(m, i, err);
	for (unsigned i = 0; i < m->cfg.nnets && ret == 0; i++)
		ret = make_net(m, i, err);
	if (ret == 0)
		ret = make_inputs(m);
	return ret ? ret : make_sound(m, err);
}

struct vio_dev *mach_dev_find(struct machine *m, const char *name)
{
	for (unsigned i = 0; i < m->ndevs; i++)
		if (strcmp(m->dev[i].dev->name, name) == 0)
			return m->dev[i].dev;
	return NULL;
}

void mach_devs_reset(struct machine *m)
{
	for (unsigned i = 0; i < m->ndevs; i++)
		vio_reset(m->dev[i].dev);
}

static void destroy_dev(struct machine *m, struct mach_dev *d)
{
	if (d->attached) {
		vio_reset(d->dev);
		if (on_pci(m))
			pci_dev_fini(&d->pci.pci);
		else
			iospace_del(&m->mmio, &d->mmio.io);
	}
	vio_destroy(d->dev);
}

void mach_devs_destroy(struct machine *m)
{
	for (unsigned i = 0; i < m->ndevs; i++)
		destroy_dev(m, &m->dev[i]);
	free(m->dev);
	for (unsigned i = 0; i < MACH_DISKS_MAX; i++)
		blkio_close(m->outside.img[i]);
	for (unsigned i = 0; i < MACH_NETS_MAX; i++)
		for (unsigned q = 0; q < NET_PAIRS_MAX; q++)
			netio_close(m->outside.net[i][q]);
	sndio_close(m->outside.sound);
}
