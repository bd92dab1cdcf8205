/*
 * virtio over PCI, the modern transport (virtio 4.1; AERO-W7-VIRTIO 1): all
 * registers in BAR0, laid out by the device's profile.
 *
 * Register accesses: any vCPU thread. Interrupts: any thread.
 */
#ifndef PCI_VPCI_H
#define PCI_VPCI_H

#include "devices/base/doorbell.h"
#include "devices/virtio/core.h"
#include "pci/pci.h"

struct vpci {
	struct pci_dev pci;
	struct vio_dev *dev;
	struct doorbell_port *port;     /* may be NULL */
	pthread_mutex_t isr_lock;       /* taken before pci.irq_lock */
	uint8_t isr;
	uint16_t cfg_vector;            /* [m] */
	uint32_t dev_feat_sel, drv_feat_sel;    /* [m] */
	uint16_t q_sel;                 /* [m] */
	unsigned pci_cfg_cap;           /* offset of VIRTIO_PCI_CAP_PCI_CFG, or 0 */
};

enum vpci_msix { VPCI_MSIX_DEFAULT, VPCI_MSIX_ON, VPCI_MSIX_OFF };

/* slot -1: the first free one. 0 or -errno. */
int vpci_attach(struct vpci *, struct vio_dev *, struct pci_bus *, int slot,
		unsigned func, enum vpci_msix, struct doorbell_port *);

#endif
