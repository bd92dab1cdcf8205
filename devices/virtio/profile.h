/*
 * Profiles: what a guest can tell apart, as const data. Device code never asks
 * which profile it runs under; it reads a row. See the contract
 * AERO-W7-VIRTIO v1 for `aero-w7` and virtio 1.x for `modern`. Any thread.
 */
#ifndef DEVICES_VIRTIO_PROFILE_H
#define DEVICES_VIRTIO_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIO_ROW_QUEUES 4

struct vio_dev_row {
	const char *name;               /* "blk", "net", "keyboard" ... */
	uint16_t type;                  /* virtio device id */
	uint16_t sub_device;            /* PCI subsystem device id */
	uint32_t class_code;            /* PCI, base << 16 | sub << 8 | prog */
	uint64_t feats;                 /* device features it may offer */
	uint16_t qsize[VIO_ROW_QUEUES]; /* entries of queue i; 0: none */
	uint16_t cfg_len;               /* bytes of device configuration */
	const void *dialect;            /* the device's own: struct blk_dialect */
};

struct vio_window { uint32_t off, len; };
enum { VIO_WIN_COMMON, VIO_WIN_NOTIFY, VIO_WIN_ISR, VIO_WIN_DEVICE, VIO_WINS };

struct vio_profile {
	const char *name;
	uint8_t pci_rev;
	uint16_t sub_vendor;
	uint64_t feats;                 /* ring and transport features */
	struct vio_window win[VIO_WINS];        /* inside BAR0 */
	uint32_t bar_len, notify_mult, msix_table, msix_pba;
	bool msix_default;              /* MSI-X without being asked for */
	bool pci_cfg_cap;               /* VIRTIO_PCI_CAP_PCI_CFG (4.1.4.9) */
	bool size_writable;             /* queue_size may be lowered */
	const struct vio_dev_row *row;
	unsigned nrows;
};

extern const struct vio_profile vio_profile_aero_w7, vio_profile_modern;

/* NULL: no such profile / the profile has no such device. */
const struct vio_profile *vio_profile_find(const char *name);
const struct vio_dev_row *vio_profile_row(const struct vio_profile *,
					  const char *name);

#endif
