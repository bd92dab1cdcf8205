/*
 * virtio-input: layouts (virtio 5.8) and what a kind of device has to say of
 * itself, which is all that differs between profiles.
 */
#ifndef DEVICES_VIRTIO_INPUT_INT_H
#define DEVICES_VIRTIO_INPUT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/virtio/virtio.h"

enum { INPUT_EVENTQ, INPUT_STATUSQ, INPUT_QUEUES };

#define VIRTIO_INPUT_CFG_ID_NAME        0x01
#define VIRTIO_INPUT_CFG_ID_SERIAL      0x02
#define VIRTIO_INPUT_CFG_ID_DEVIDS      0x03
#define VIRTIO_INPUT_CFG_PROP_BITS      0x10
#define VIRTIO_INPUT_CFG_EV_BITS        0x11
#define VIRTIO_INPUT_CFG_ABS_INFO       0x12

struct virtio_input_config {
	uint8_t select, subsel, size, reserved[5];
	uint8_t payload[128];
};
_Static_assert(sizeof(struct virtio_input_config) == 136, "virtio 5.8.4");

struct virtio_input_devids {
	le16 bustype, vendor, product, version;
};
_Static_assert(sizeof(struct virtio_input_devids) == 8, "virtio 5.8.4");

struct virtio_input_absinfo {
	le32 min, max, fuzz, flat, res;
};
_Static_assert(sizeof(struct virtio_input_absinfo) == 20, "virtio 5.8.4");

struct virtio_input_event {
	le16 type, code;
	le32 value;
};
_Static_assert(sizeof(struct virtio_input_event) == 8, "virtio 5.8.6");

struct input_codes {
	uint16_t first, last;
};

struct input_type {
	uint16_t type;                  /* EV_ */
	const struct input_codes *codes;
	unsigned ncodes;
};

struct input_model {
	const char *name;
	const char *serial;             /* NULL: not answered */
	uint16_t product;
	uint8_t props;                  /* INPUT_PROP_ bits; 0: not answered */
	/* EV_BITS with subsel 0 is a bitmap of types, not of EV_SYN's codes
	 * (AERO-W7-VIRTIO 3.3.5). */
	bool lists_types;
	const struct input_type *types;
	unsigned ntypes;
};
extern const struct input_model input_keyboard_contract, input_mouse_contract,
	input_tablet_contract, input_keyboard_modern, input_mouse_modern,
	input_tablet_modern;

/* NULL: the device has no events of that type. */
const struct input_type *input_find_type(const struct input_model *,
					 uint16_t type);
bool input_type_has(const struct input_type *, uint16_t code);

#endif
