#include "devices/virtio/profile.h"

#include <string.h>

#include "devices/virtio/blk_int.h"
#include "devices/virtio/net_int.h"
#include "devices/virtio/input_int.h"
#include "devices/virtio/snd_int.h"
#include "devices/virtio/virtio.h"

/* AERO-W7-VIRTIO 1.4: one layout for all devices. MSI-X, when it is asked
 * for, lies past the device configuration. */
#define CONTRACT_WINDOWS                                                       \
	.win = {                                                               \
		[VIO_WIN_COMMON] = { 0x0000, 0x100 },                          \
		[VIO_WIN_NOTIFY] = { 0x1000, 0x100 },                          \
		[VIO_WIN_ISR]    = { 0x2000, 0x020 },                          \
		[VIO_WIN_DEVICE] = { 0x3000, 0x100 },                          \
	},                                                                     \
	.bar_len = 0x4000,                                                     \
	.notify_mult = 4,                                                      \
	.msix_table = 0x3100,                                                  \
	.msix_pba = 0x3f00

static const struct vio_dev_row aero_w7_rows[] = {
	{
		.name = "blk", .type = VIRTIO_ID_BLOCK, .sub_device = 0x0002,
		.class_code = 0x010000,
		.feats = VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE |
			 VIRTIO_BLK_F_FLUSH,
		.qsize = { 128 }, .cfg_len = 0x18,
		.dialect = &blk_dialect_contract,
	},
	{
		.name = "net", .type = VIRTIO_ID_NET, .sub_device = 0x0001,
		.class_code = 0x020000,
		.feats = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS,
		.qsize = { 256, 256 },
		.cfg_len = offsetof(struct virtio_net_config, mtu),
		.dialect = &net_dialect_contract,
	},
	{
		.name = "keyboard", .type = VIRTIO_ID_INPUT, .sub_device = 0x0010,
		.class_code = 0x098000,
		.qsize = { 64, 64 },
		.cfg_len = sizeof(struct virtio_input_config),
		.dialect = &input_keyboard_contract,
	},
	{
		.name = "mouse", .type = VIRTIO_ID_INPUT, .sub_device = 0x0011,
		.class_code = 0x098000,
		.qsize = { 64, 64 },
		.cfg_len = sizeof(struct virtio_input_config),
		.dialect = &input_mouse_contract,
	},
	{
		.name = "tablet", .type = VIRTIO_ID_INPUT, .sub_device = 0x0012,
		.class_code = 0x098000,
		.qsize = { 64, 64 },
		.cfg_len = sizeof(struct virtio_input_config),
		.dialect = &input_tablet_contract,
	},
	{
		.name = "snd", .type = VIRTIO_ID_SOUND, .sub_device = 0x0019,
		.class_code = 0x040100,
		.qsize = { 64, 64, 256, 64 },
		.cfg_len = sizeof(struct virtio_snd_config),
		.dialect = &snd_dialect_contract,
	},
};

static const struct vio_dev_row modern_rows[] = {
	{
		.name = "blk", .type = VIRTIO_ID_BLOCK, .sub_device = 0x1100,
		.class_code = 0x010000,
		.feats = VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE |
			 VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_RO |
			 VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_CONFIG_WCE |
			 VIRTIO_BLK_F_MQ | VIRTIO_BLK_F_DISCARD |
			 VIRTIO_BLK_F_WRITE_ZEROES,
		.qsize = { 256 }, .cfg_len = 60,
		.dialect = &blk_dialect_modern,
	},
	{
		/* All queues are of one size, so that the control queue may
		 * come after any number of pairs. */
		.name = "net", .type = VIRTIO_ID_NET, .sub_device = 0x1100,
		.class_code = 0x020000,
		.feats = VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM |
			 VIRTIO_NET_F_CTRL_GUEST_OFFLOADS |
			 VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC |
			 VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 |
			 VIRTIO_NET_F_GUEST_ECN | VIRTIO_NET_F_HOST_TSO4 |
			 VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN |
			 VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS |
			 VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX |
			 VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA |
			 VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_MQ |
			 VIRTIO_NET_F_CTRL_MAC_ADDR |
			 VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6 |
			 VIRTIO_NET_F_HOST_USO | VIRTIO_NET_F_SPEED_DUPLEX,
		.qsize = { 256 },
		.cfg_len = sizeof(struct virtio_net_config),
		.dialect = &net_dialect_modern,
	},
	{
		.name = "keyboard", .type = VIRTIO_ID_INPUT, .sub_device = 0x1100,
		.class_code = 0x098000,
		.qsize = { 64, 64 },
		.cfg_len = sizeof(struct virtio_input_config),
		.dialect = &input_keyboard_modern,
	},
	{
		.name = "mouse", .type = VIRTIO_ID_INPUT, .sub_device = 0x1100,
		.class_code = 0x098000,
		.qsize = { 64, 64 },
		.cfg_len = sizeof(struct virtio_input_config),
		.dialect = &input_mouse_modern,
	},
	{
		.name = "tablet", .type = VIRTIO_ID_INPUT, .sub_device = 0x1100,
		.class_code = 0x098000,
		.qsize = { 64, 64 },
		.cfg_len = sizeof(struct virtio_input_config),
		.dialect = &input_tablet_modern,
	},
	{
		.name = "snd", .type = VIRTIO_ID_SOUND, .sub_device = 0x1100,
		.class_code = 0x040100,
		.qsize = { 64, 64, 256, 64 },
		.cfg_len = sizeof(struct virtio_snd_config),
		.dialect = &snd_dialect_modern,
	},
};

const struct vio_profile vio_profile_aero_w7 = {
	.name = "aero-w7",
	.pci_rev = 0x01,
	.sub_vendor = VIRTIO_PCI_VENDOR,
	.feats = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC,
	CONTRACT_WINDOWS,
	.row = aero_w7_rows,
	.nrows = sizeof(aero_w7_rows) / sizeof(aero_w7_rows[0]),
};

const struct vio_profile vio_profile_modern = {
	.name = "modern",
	.pci_rev = 0x01,
	.sub_vendor = VIRTIO_PCI_VENDOR,
	.feats = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |
		 VIRTIO_F_EVENT_IDX | VIRTIO_F_RING_PACKED,
	CONTRACT_WINDOWS,
	.msix_default = true,
	.pci_cfg_cap = true,
	.size_writable = true,
	.row = modern_rows,
	.nrows = sizeof(modern_rows) / sizeof(modern_rows[0]),
};

const struct vio_profile *vio_profile_find(const char *name)
{
	if (strcmp(name, vio_profile_aero_w7.name) == 0)
		return &vio_profile_aero_w7;
	if (strcmp(name, vio_profile_modern.name) == 0)
		return &vio_profile_modern;
	return NULL;
}

const struct vio_dev_row *vio_profile_row(const struct vio_profile *p,
					  const char *name)
{
	for (unsigned i = 0; i < p->nrows; i++)
		if (strcmp(p->row[i].name, name) == 0)
			return &p->row[i];
	return NULL;
}
