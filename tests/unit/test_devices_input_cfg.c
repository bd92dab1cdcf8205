/* Description: virtio-input says what it is (AERO-W7-VIRTIO 3.3.2 to 3.3.5,
 * virtio 5.8.4). */
#include <errno.h>
#include <linux/input.h>
#include <linux/virtio_input.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/virtio/input.h"
#include "tests/lib/rig.h"

#define F_CONTRACT (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC)

_Static_assert(offsetof(struct virtio_input_config, size) == 2, "uapi");
_Static_assert(offsetof(struct virtio_input_config, u) == 8, "uapi");

struct fx {
	struct rig rig;
};

static void open_as(struct fx *f, const struct vio_profile *prof,
		    const char *kind)
{
	struct vio_dev *dev;

	memset(f, 0, sizeof(*f));
	rig_open(&f->rig, &rig_mmio, 0);
	assert_int_equal(0, input_create(&dev, &(struct input_cfg){
		.prof = prof, .kind = kind, .name = kind,
		.gmem = &f->rig.guest->mem, .ctl_loop = f->rig.ctl,
		.loops = f->rig.loops, .nloops = 2 }));
	rig_attach(&f->rig, dev);
}

/* ---- configuration -------------------------------------------------------- */

static unsigned query(struct fx *f, uint8_t select, uint8_t subsel,
		      uint8_t payload[128])
{
	struct drv_bus *b = &f->rig.bus;

	b->ops->cfg_put(b, 0, 1, select);
	b->ops->cfg_put(b, 1, 1, subsel);
	assert_int_equal(select, b->ops->cfg_get(b, 0, 1));
	assert_int_equal(subsel, b->ops->cfg_get(b, 1, 1));
	for (unsigned i = 0; i < 128; i++)
		payload[i] = (uint8_t)b->ops->cfg_get(b, 8 + i, 1);
	for (unsigned i = 3; i < 8; i++)
		assert_int_equal(0, b->ops->cfg_get(b, i, 1));
	return b->ops->cfg_get(b, 2, 1);
}

static bool has_bit(const uint8_t *bits, unsigned n)
{
	return bits[n / 8] >> (n % 8) & 1;
}

struct kind {
	const char *row, *name;
	uint16_t product;
	uint32_t types;                 /* at least */
};

static const struct kind kinds[] = {
	{ "keyboard", "Aero Virtio Keyboard", 1,
	  1u << EV_SYN | 1u << EV_KEY | 1u << EV_LED },
	{ "mouse", "Aero Virtio Mouse", 2,
	  1u << EV_SYN | 1u << EV_KEY | 1u << EV_REL },
	{ "tablet", "Aero Virtio Tablet", 3,
	  1u << EV_SYN | 1u << EV_ABS },
};

static void c3_3_2_queues(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		struct fx f;

		open_as(&f, &vio_profile_aero_w7, kinds[k].row);
		assert_int_equal(64, drv_q_max(&f.rig.bus, 0));
		assert_int_equal(64, drv_q_max(&f.rig.bus, 1));
		assert_int_equal(0, drv_q_max(&f.rig.bus, 2));
		rig_close(&f.rig);
	}
}

static void c3_3_3_features(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		struct fx f;

		open_as(&f, &vio_profile_aero_w7, kinds[k].row);
		assert_int_equal(F_CONTRACT, drv_offered(&f.rig.bus));
		rig_close(&f.rig);
	}
}

static void c3_3_4_name_and_ids(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		uint8_t p[128];
		struct fx f;

		open_as(&f, &vio_profile_aero_w7, kinds[k].row);
		assert_int_equal(strlen(kinds[k].name),
				 query(&f, VIRTIO_INPUT_CFG_ID_NAME, 0, p));
		assert_string_equal(kinds[k].name, (char *)p);
		assert_int_equal(8, query(&f, VIRTIO_INPUT_CFG_ID_DEVIDS, 0,
					  p));
		assert_memory_equal("\x06\x00\xf4\x1a", p, 4);
		assert_int_equal(kinds[k].product, p[4] | p[5] << 8);
		assert_int_equal(1, p[6] | p[7] << 8);
		rig_close(&f.rig);
	}
}

/* Is the pair one the contract lets answer? */
static bool may_answer(const struct kind *k, unsigned select, unsigned subsel)
{
	uint32_t types = k->types;

	if (k->product == 3)
		types |= 1u << EV_KEY;
	switch (select) {
	case VIRTIO_INPUT_CFG_ID_NAME:
	case VIRTIO_INPUT_CFG_ID_DEVIDS:
		return subsel == 0;
	case VIRTIO_INPUT_CFG_EV_BITS:
		return subsel < 32 && types >> subsel & 1;
	case VIRTIO_INPUT_CFG_ABS_INFO:
		return k->product == 3 && subsel <= ABS_Y;
	default:
		return false;
	}
}

static void c3_3_4_all_others_size_0(void **state)
{
	struct fx f;

	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		open_as(&f, &vio_profile_aero_w7, kinds[k].row);
		for (unsigned s = 0; s < 0x10000; s++) {
			struct drv_bus *b = &f.rig.bus;
			unsigned size;

			b->ops->cfg_put(b, 0, 2, s);
			size = b->ops->cfg_get(b, 2, 1);
			if (may_answer(&kinds[k], s & 0xff, s >> 8)) {
				assert_int_not_equal(0, size);
				continue;
			}
			assert_int_equal(0, size);
			for (unsigned i = 0; i < 128; i += 4)
				assert_int_equal(0,
					b->ops->cfg_get(b, 8 + i, 4));
		}
		rig_close(&f.rig);
	}
}

static void c3_3_4_selectors_written_together(void **state)
{
	struct drv_bus *b;
	uint8_t p[128];
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_aero_w7, "keyboard");
	b = &f.rig.bus;
	b->ops->cfg_put(b, 0, 2, EV_LED << 8 | VIRTIO_INPUT_CFG_EV_BITS);
	assert_int_equal(1, b->ops->cfg_get(b, 2, 1));
	assert_int_equal(0x1f, b->ops->cfg_get(b, 8, 4));
	/* subsel first, then select */
	b->ops->cfg_put(b, 1, 1, EV_KEY);
	assert_int_equal(KEY_STOPCD / 8 + 1, b->ops->cfg_get(b, 2, 1));
	b->ops->cfg_put(b, 0, 1, VIRTIO_INPUT_CFG_ABS_INFO);
	assert_int_equal(0, b->ops->cfg_get(b, 2, 1));
	/* Nothing else can be written. */
	b->ops->cfg_put(b, 0, 4, 0xffff0000 | VIRTIO_INPUT_CFG_ID_NAME);
	assert_int_equal(20, b->ops->cfg_get(b, 2, 1));
	b->ops->cfg_put(b, 2, 1, 77);
	b->ops->cfg_put(b, 3, 1, 77);
	b->ops->cfg_put(b, 8, 4, 0x12345678);
	assert_int_equal(20, query(&f, VIRTIO_INPUT_CFG_ID_NAME, 0, p));
	assert_string_equal("Aero Virtio Keyboard", (char *)p);
	rig_close(&f.rig);
}

static void c3_3_5_event_types(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		uint32_t types;
		uint8_t p[128];
		struct fx f;

		open_as(&f, &vio_profile_aero_w7, kinds[k].row);
		assert_in_range(query(&f, VIRTIO_INPUT_CFG_EV_BITS, 0, p), 1,
				4);
		memcpy(&types, p, sizeof(types));
		assert_int_equal(kinds[k].types, types & kinds[k].types);
		/* What is listed has codes, and nothing else has. */
		for (unsigned t = 1; t < 32; t++)
			assert_int_equal(types >> t & 1,
				query(&f, VIRTIO_INPUT_CFG_EV_BITS,
				      (uint8_t)t, p) != 0);
		rig_close(&f.rig);
	}
}

static void c3_3_5_keyboard_codes(void **state)
{
	static const uint16_t some[] = {
		KEY_ENTER, KEY_ESC, KEY_BACKSPACE, KEY_TAB, KEY_SPACE,
		KEY_LEFTSHIFT, KEY_RIGHTSHIFT, KEY_LEFTCTRL, KEY_RIGHTCTRL,
		KEY_LEFTALT, KEY_RIGHTALT, KEY_CAPSLOCK, KEY_NUMLOCK,
		KEY_SCROLLLOCK, KEY_F11, KEY_F12, KEY_UP, KEY_DOWN, KEY_LEFT,
		KEY_RIGHT, KEY_INSERT, KEY_DELETE, KEY_HOME, KEY_END,
		KEY_PAGEUP, KEY_PAGEDOWN,
		/* what the Windows driver knows beyond the minimum */
		KEY_102ND, KEY_RO, KEY_KPENTER, KEY_KPSLASH, KEY_SYSRQ,
		KEY_MUTE, KEY_VOLUMEDOWN, KEY_VOLUMEUP, KEY_KPEQUAL, KEY_PAUSE,
		KEY_KPCOMMA, KEY_YEN, KEY_LEFTMETA, KEY_RIGHTMETA, KEY_MENU,
		KEY_NEXTSONG, KEY_PLAYPAUSE, KEY_PREVIOUSSONG, KEY_STOPCD,
	};
	uint8_t p[128];
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_aero_w7, "keyboard");
	query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_KEY, p);
	assert_false(has_bit(p, KEY_RESERVED));
	/* Letters, digits, F1 to F10 and the keypad lie among these. */
	for (unsigned c = KEY_ESC; c <= KEY_KPDOT; c++)
		assert_true(has_bit(p, c));
	for (unsigned i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		assert_true(has_bit(p, some[i]));
	query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_LED, p);
	assert_true(has_bit(p, LED_NUML) && has_bit(p, LED_CAPSL) &&
		    has_bit(p, LED_SCROLLL));
	rig_close(&f.rig);
}

static void c3_3_5_pointer_codes(void **state)
{
	struct virtio_input_absinfo a;
	uint8_t p[128];
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_aero_w7, "mouse");
	query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_KEY, p);
	for (unsigned c = BTN_LEFT; c <= BTN_EXTRA; c++)
		assert_true(has_bit(p, c));
	query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_REL, p);
	assert_true(has_bit(p, REL_X) && has_bit(p, REL_Y) &&
		    has_bit(p, REL_WHEEL));
	rig_close(&f.rig);
	open_as(&f, &vio_profile_aero_w7, "tablet");
	assert_int_equal(1, query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_ABS, p));
	assert_int_equal(1 << ABS_X | 1 << ABS_Y, p[0]);
	for (uint8_t axis = ABS_X; axis <= ABS_Y; axis++) {
		assert_int_equal(20, query(&f, VIRTIO_INPUT_CFG_ABS_INFO, axis,
					   p));
		memcpy(&a, p, sizeof(a));
		assert_int_equal(0, a.min);
		assert_int_equal(32767, a.max);
	}
	rig_close(&f.rig);
}

static void modern_says_more(void **state)
{
	uint8_t p[128];
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_modern, "tablet");
	assert_int_equal(6, query(&f, VIRTIO_INPUT_CFG_ID_SERIAL, 0, p));
	assert_string_equal("tablet", (char *)p);
	assert_int_equal(1, query(&f, VIRTIO_INPUT_CFG_PROP_BITS, 0, p));
	assert_int_equal(1 << INPUT_PROP_POINTER, p[0]);
	/* virtio 5.8.4: subsel 0 is EV_SYN, and its codes are asked for */
	assert_int_equal(1, query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_SYN, p));
	assert_int_equal(1 << SYN_REPORT, p[0]);
	assert_int_equal(2, query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_REL, p));
	assert_int_equal(0, query(&f, VIRTIO_INPUT_CFG_EV_BITS, EV_REP, p));
	assert_int_equal(0, query(&f, VIRTIO_INPUT_CFG_ABS_INFO, 2, p));
	rig_close(&f.rig);
}

static void unknown_kind_is_refused(void **state)
{
	struct vio_dev *dev = NULL;

	(void)state;
	assert_int_equal(-EINVAL, input_create(&dev, &(struct input_cfg){
		.prof = &vio_profile_aero_w7, .kind = "blk", .name = "x" }));
	assert_int_equal(-EINVAL, input_create(&dev, &(struct input_cfg){
		.prof = &vio_profile_aero_w7, .kind = "joystick",
		.name = "x" }));
	assert_null(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c3_3_2_queues),
		cmocka_unit_test(c3_3_3_features),
		cmocka_unit_test(c3_3_4_name_and_ids),
		cmocka_unit_test(c3_3_4_all_others_size_0),
		cmocka_unit_test(c3_3_4_selectors_written_together),
		cmocka_unit_test(c3_3_5_event_types),
		cmocka_unit_test(c3_3_5_keyboard_codes),
		cmocka_unit_test(c3_3_5_pointer_codes),
		cmocka_unit_test(modern_says_more),
		cmocka_unit_test(unknown_kind_is_refused),
	};

	return cmocka_run_group_tests_name("virtio-input configuration", tests,
					   NULL, NULL);
}
