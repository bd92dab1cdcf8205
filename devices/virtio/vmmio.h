/*
 * virtio-mmio, version 2 (virtio 4.2): one 4 KiB page of registers and one
 * level interrupt a device. Registers: any vCPU thread.
 */
#ifndef DEVICES_VIRTIO_VMMIO_H
#define DEVICES_VIRTIO_VMMIO_H

#include "devices/base/doorbell.h"
#include "devices/base/iospace.h"
#include "devices/base/irq.h"
#include "devices/virtio/core.h"

#define VMMIO_LEN 0x1000

struct vmmio {
	struct vio_dev *dev;
	struct io_region io;
	struct irq_line *irq;
	struct doorbell_port *port;     /* may be NULL */
	pthread_mutex_t irq_lock;       /* leaf: isr and the line */
	uint8_t isr;
	uint32_t dev_feat_sel, drv_feat_sel, q_sel;     /* [m] */
};

/* 0 or -errno. port NULL: every notify is an MMIO exit. */
int vmmio_attach(struct vmmio *, struct vio_dev *, struct iospace *,
		 uint64_t base, struct irq_line *, struct doorbell_port *);

#endif
