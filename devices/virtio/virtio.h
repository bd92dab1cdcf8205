/*
 * Numbers and layouts of virtio 1.x that several files need: status bits,
 * feature bits, the rings. Device-specific ones stand with their device.
 */
#ifndef DEVICES_VIRTIO_VIRTIO_H
#define DEVICES_VIRTIO_VIRTIO_H

#include "devices/base/le.h"

#define VIRTIO_PCI_VENDOR       0x1af4
#define VIRTIO_PCI_DEVICE_BASE  0x1040  /* + device id */

/* Device ids (virtio 5) */
#define VIRTIO_ID_NET           1
#define VIRTIO_ID_BLOCK         2
#define VIRTIO_ID_INPUT         18
#define VIRTIO_ID_SOUND         25

/* Device status (virtio 2.1) */
#define VIRTIO_S_ACKNOWLEDGE    0x01
#define VIRTIO_S_DRIVER         0x02
#define VIRTIO_S_DRIVER_OK      0x04
#define VIRTIO_S_FEATURES_OK    0x08
#define VIRTIO_S_NEEDS_RESET    0x40
#define VIRTIO_S_FAILED         0x80

/* Feature bits that are not a device's own (virtio 6) */
#define VIRTIO_F(bit)           (UINT64_C(1) << (bit))
#define VIRTIO_F_INDIRECT_DESC  VIRTIO_F(28)
#define VIRTIO_F_EVENT_IDX      VIRTIO_F(29)
#define VIRTIO_F_VERSION_1      VIRTIO_F(32)
#define VIRTIO_F_RING_PACKED    VIRTIO_F(34)
#define VIRTIO_F_IN_ORDER       VIRTIO_F(35)
#define VIRTIO_F_NOTIFICATION_DATA VIRTIO_F(38)

/* Interrupt causes, as in the ISR byte (virtio 4.1.4.5, 4.2.2) */
#define VIRTIO_ISR_QUEUE        0x01
#define VIRTIO_ISR_CONFIG       0x02

#define VIRTIO_NO_VECTOR        0xffff

/* Split ring (virtio 2.7) */
#define VRING_DESC_F_NEXT       1
#define VRING_DESC_F_WRITE      2
#define VRING_DESC_F_INDIRECT   4
#define VRING_AVAIL_F_NO_INTERRUPT 1
#define VRING_USED_F_NO_NOTIFY  1

struct vring_desc {
	le64 addr;
	le32 len;
	le16 flags;
	le16 next;
};

struct vring_avail {
	le16 flags;
	le16 idx;
	le16 ring[];            /* size entries, then used_event */
};

struct vring_used_elem {
	le32 id;
	le32 len;
};

struct vring_used {
	le16 flags;
	le16 idx;
	struct vring_used_elem ring[];  /* size entries, then avail_event */
};

_Static_assert(sizeof(struct vring_desc) == 16, "virtio 2.7.5");
_Static_assert(sizeof(struct vring_used_elem) == 8, "virtio 2.7.8");

/* Packed ring (virtio 2.8); NEXT, WRITE, INDIRECT as above */
#define VRING_DESC_F_AVAIL      (1 << 7)
#define VRING_DESC_F_USED       (1 << 15)

struct vring_packed_desc {
	le64 addr;
	le32 len;
	le16 id;
	le16 flags;
};

_Static_assert(sizeof(struct vring_packed_desc) == 16, "virtio 2.8.13");

/* Event suppression (virtio 2.8.14), both its words as one le32: a place in
 * the ring with a wrap counter below, what is wished for above. */
#define VRING_EVENT(off_wrap, flags) ((uint32_t)(flags) << 16 | (off_wrap))
#define VRING_EVENT_FLAGS(event) ((event) >> 16 & 3)
#define VRING_EVENT_ENABLE      0
#define VRING_EVENT_DISABLE     1
#define VRING_EVENT_DESC        2       /* when that place is reached */
#define VRING_EVENT_OFF         0x7fff
#define VRING_EVENT_WRAP        0x8000

#endif
