/*
 * What keyboards, mice and tablets say of themselves: names, ids, events.
 * AERO-W7-VIRTIO 3.3.4 and 3.3.5 say what there must be at least.
 */
#include <linux/input-event-codes.h>
#include <stddef.h>

#include "devices/virtio/input_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TYPE(t, list) { .type = (t), .codes = (list), .ncodes = COUNT(list) }

static const struct input_codes syn[] = {
	{ SYN_REPORT, SYN_REPORT },
};

/* All keys of PC keyboards, Japanese and Korean ones included, and the media
 * keys that HID consumer controls know. */
static const struct input_codes keys[] = {
	{ KEY_ESC, KEY_KPDOT },
	{ KEY_ZENKAKUHANKAKU, KEY_RIGHTALT },
	{ KEY_HOME, KEY_DELETE },
	{ KEY_MUTE, KEY_VOLUMEUP },
	{ KEY_KPEQUAL, KEY_KPEQUAL },
	{ KEY_PAUSE, KEY_PAUSE },
	{ KEY_KPCOMMA, KEY_COMPOSE },
	{ KEY_MENU, KEY_MENU },
	{ KEY_NEXTSONG, KEY_STOPCD },
};

static const struct input_codes leds[] = {
	{ LED_NUML, LED_KANA },
};

static const struct input_codes buttons[] = {
	{ BTN_LEFT, BTN_TASK },
};

static const struct input_codes buttons_and_touch[] = {
	{ BTN_LEFT, BTN_TASK },
	{ BTN_TOUCH, BTN_TOUCH },
};

static const struct input_codes motion[] = {
	{ REL_X, REL_Y },
	{ REL_HWHEEL, REL_HWHEEL },
	{ REL_WHEEL, REL_WHEEL },
};

static const struct input_codes wheels[] = {
	{ REL_HWHEEL, REL_HWHEEL },
	{ REL_WHEEL, REL_WHEEL },
};

static const struct input_codes position[] = {
	{ ABS_X, ABS_Y },
};

static const struct input_type keyboard[] = {
	TYPE(EV_SYN, syn), TYPE(EV_KEY, keys), TYPE(EV_LED, leds),
};

static const struct input_type mouse[] = {
	TYPE(EV_SYN, syn), TYPE(EV_KEY, buttons), TYPE(EV_REL, motion),
};

static const struct input_type tablet_contract[] = {
	TYPE(EV_SYN, syn), TYPE(EV_KEY, buttons_and_touch),
	TYPE(EV_ABS, position),
};

/* No BTN_TOUCH, which would make a touchpad of it, but wheels. */
static const struct input_type tablet_modern[] = {
	TYPE(EV_SYN, syn), TYPE(EV_KEY, buttons), TYPE(EV_REL, wheels),
	TYPE(EV_ABS, position),
};

const struct input_model input_keyboard_contract = {
	.name = "Aero Virtio Keyboard", .product = 1, .lists_types = true,
	.types = keyboard, .ntypes = COUNT(keyboard),
};

const struct input_model input_mouse_contract = {
	.name = "Aero Virtio Mouse", .product = 2, .lists_types = true,
	.types = mouse, .ntypes = COUNT(mouse),
};

const struct input_model input_tablet_contract = {
	.name = "Aero Virtio Tablet", .product = 3, .lists_types = true,
	.types = tablet_contract, .ntypes = COUNT(tablet_contract),
};

const struct input_model input_keyboard_modern = {
	.name = "aerovmm keyboard", .serial = "keyboard", .product = 1,
	.types = keyboard, .ntypes = COUNT(keyboard),
};

const struct input_model input_mouse_modern = {
	.name = "aerovmm mouse", .serial = "mouse", .product = 2,
	.props = 1 << INPUT_PROP_POINTER,
	.types = mouse, .ntypes = COUNT(mouse),
};

const struct input_model input_tablet_modern = {
	.name = "aerovmm tablet", .serial = "tablet", .product = 3,
	.props = 1 << INPUT_PROP_POINTER,
	.types = tablet_modern, .ntypes = COUNT(tablet_modern),
};

const struct input_type *input_find_type(const struct input_model *m,
					 uint16_t type)
{
	for (unsigned i = 0; i < m->ntypes; i++)
		if (m->types[i].type == type)
			return &m->types[i];
	return NULL;
}

bool input_type_has(const struct input_type *t, uint16_t code)
{
	for (unsigned i = 0; i < t->ncodes; i++)
		if (code >= t->codes[i].first && code <= t->codes[i].last)
			return true;
	return false;
}
