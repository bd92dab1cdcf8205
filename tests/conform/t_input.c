/* AERO-W7-VIRTIO 3.3: virtio-input. Numbers are those of Linux's
 * linux/input-event-codes.h. */
#include <string.h>

#include "tests/conform/cf.h"

enum { EVENTQ, STATUSQ };
enum { EV_SYN, EV_KEY, EV_REL, EV_ABS, EV_LED = 0x11 };
enum { ID_NAME = 1, ID_SERIAL, ID_DEVIDS, EV_BITS = 0x11, ABS_INFO };
enum { KEY_A = 30, KEY_S = 31, BTN_LEFT = 0x110, REL_WHEEL = 8 };

static const enum cf_kind kinds[3] = { CF_KEYBOARD, CF_MOUSE, CF_TABLET };

/* The size of the answer. */
static unsigned ask(struct cf_dev *d, unsigned select, unsigned subsel)
{
	d->bus.ops->cfg_put(&d->bus, 0, 1, select);
	d->bus.ops->cfg_put(&d->bus, 1, 1, subsel);
	return cf_cfg(d, 2, 1);
}

static unsigned payload(struct cf_dev *d, unsigned off, unsigned size)
{
	return cf_cfg(d, 8 + off, size);
}

static bool bit(struct cf_dev *d, unsigned type, unsigned code)
{
	return code / 8 < ask(d, EV_BITS, type) &&
	       payload(d, code / 8, 1) >> code % 8 & 1;
}

static void c3_3_2a_two_queues_of_64(struct cf *c)
{
	for (unsigned i = 0; i < 3; i++) {
		struct drv_bus *b = &c->dev[kinds[i]].bus;

		CHECK_EQ(c, 64, drv_q_max(b, EVENTQ));
		CHECK_EQ(c, 64, drv_q_max(b, STATUSQ));
		CHECK_EQ(c, 0, drv_q_max(b, 2));
	}
}

static void c3_3_3a_features_offered(struct cf *c)
{
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(c, VIRTIO_F(32) | VIRTIO_F(28),
			 drv_offered(&c->dev[kinds[i]].bus));
}

static void c3_3_4a_names(struct cf *c)
{
	static const char *const name[3] = {
		"Aero Virtio Keyboard", "Aero Virtio Mouse",
		"Aero Virtio Tablet",
	};

	for (unsigned i = 0; i < 3; i++) {
		struct cf_dev *d = &c->dev[kinds[i]];
		unsigned n = ask(d, ID_NAME, 0), len = 0;

		while (name[i][len])
			len++;
		CHECK_EQ(c, len, n);
		for (unsigned k = 0; k < len; k++)
			CHECK_EQ(c, (uint8_t)name[i][k], payload(d, k, 1));
	}
}

static void c3_3_4b_devids(struct cf *c)
{
	for (unsigned i = 0; i < 3; i++) {
		struct cf_dev *d = &c->dev[kinds[i]];

		CHECK_EQ(c, 8, ask(d, ID_DEVIDS, 0));
		CHECK_EQ(c, 0x0006, payload(d, 0, 2));
		CHECK_EQ(c, 0x1af4, payload(d, 2, 2));
		CHECK_EQ(c, i + 1, payload(d, 4, 2));
		CHECK_EQ(c, 0x0001, payload(d, 6, 2));
	}
}

/* But for the tablet's ABS_INFO (3.3.5). */
static void c3_3_4c_other_selectors_are_empty(struct cf *c)
{
	unsigned step = c->where & CF_GUEST ? 7 : 1;

	for (unsigned i = 0; i < 3; i++) {
		struct cf_dev *d = &c->dev[kinds[i]];

		for (unsigned s = 0; s < 256; s += s < 0x20 ? 1 : step) {
			if (s == ID_NAME || s == ID_DEVIDS || s == EV_BITS)
				continue;
			if (s == ABS_INFO && kinds[i] == CF_TABLET)
				continue;
			CHECK_EQ(c, 0, ask(d, s, rnd_below(&c->rnd, 4)));
			CHECK_EQ(c, 0, payload(d, 0, 4));
		}
		CHECK_EQ(c, 0, ask(d, EV_BITS, 0x1f));
	}
}

/* ---- events --------------------------------------------------------------- */

#define BUFS 16
struct events {
	struct drv_mem m[BUFS];
	int id[BUFS];
	unsigned n, next;
};

static void post(struct cf *c, struct cf_dev *d, struct events *e, unsigned n)
{
	e->n = e->next = 0;
	while (e->n < n) {
		struct drv_mem m = cf_mem(c, 12, 1);
		const struct drv_buf b = {
			m.gpa, rnd_range(&c->rnd, 8, 12), true,
		};

		memset(m.p, 0xee, 12);
		e->m[e->n] = m;
		e->id[e->n++] = cf_send(c, d, EVENTQ, &b, 1);
	}
}

static void next(struct cf *c, struct cf_dev *d, struct events *e,
		 unsigned type, unsigned code, int32_t value)
{
	const uint8_t *p = e->m[e->next].p;
	uint32_t len;
	le16 half;
	le32 word;

	CHECK_EQ(c, (unsigned)e->id[e->next],
		 (unsigned)cf_used(c, d, EVENTQ, &len));
	CHECK_EQ(c, 8, len);
	memcpy(&half, p, 2);
	CHECK_EQ(c, type, le16_get(half));
	memcpy(&half, p + 2, 2);
	CHECK_EQ(c, code, le16_get(half));
	memcpy(&word, p + 4, 4);
	CHECK_EQ(c, (uint32_t)value, le32_get(word));
	for (unsigned i = 8; i < 12; i++)
		CHECK_EQ(c, 0xee, p[i]);
	e->next++;
}

static void c3_3_5a_linux_types_and_codes(struct cf *c)
{
	static const struct cf_event key = { EV_KEY, KEY_A, 1 },
		motion[2] = { { EV_REL, 0, -5 }, { EV_REL, 1, 7 } },
		wheel = { EV_REL, REL_WHEEL, -1 },
		button = { EV_KEY, BTN_LEFT, 1 },
		at[2] = { { EV_ABS, 0, 1000 }, { EV_ABS, 1, 32767 } };
	struct cf_dev *d = cf_up(c, CF_KEYBOARD);
	struct events e;

	post(c, d, &e, 4);
	cf_events(c, CF_KEYBOARD, &key, 1);
	next(c, d, &e, EV_KEY, KEY_A, 1);
	d = cf_up(c, CF_MOUSE);
	post(c, d, &e, 10);
	cf_events(c, CF_MOUSE, motion, 2);
	next(c, d, &e, EV_REL, 0, -5);
	next(c, d, &e, EV_REL, 1, 7);
	next(c, d, &e, EV_SYN, 0, 0);
	cf_events(c, CF_MOUSE, &wheel, 1);
	next(c, d, &e, EV_REL, REL_WHEEL, -1);
	next(c, d, &e, EV_SYN, 0, 0);
	cf_events(c, CF_MOUSE, &button, 1);
	next(c, d, &e, EV_KEY, BTN_LEFT, 1);
	d = cf_up(c, CF_TABLET);
	post(c, d, &e, 4);
	cf_events(c, CF_TABLET, at, 2);
	next(c, d, &e, EV_ABS, 0, 1000);
	next(c, d, &e, EV_ABS, 1, 32767);
}

static void c3_3_5b_syn_report_ends_a_batch(struct cf *c)
{
	static const struct cf_event both[2] = {
		{ EV_KEY, KEY_A, 1 }, { EV_KEY, KEY_S, 1 },
	}, up = { EV_KEY, KEY_A, 0 };
	struct cf_dev *d = cf_up(c, CF_KEYBOARD);
	struct events e;

	post(c, d, &e, 8);
	cf_events(c, CF_KEYBOARD, both, 2);
	next(c, d, &e, EV_KEY, KEY_A, 1);
	next(c, d, &e, EV_KEY, KEY_S, 1);
	next(c, d, &e, EV_SYN, 0, 0);
	cf_events(c, CF_KEYBOARD, &up, 1);
	next(c, d, &e, EV_KEY, KEY_A, 0);
	next(c, d, &e, EV_SYN, 0, 0);
	CHECK(c, cf_none(c, d, EVENTQ));
}

static void c3_3_5c_one_event_in_each_buffer(struct cf *c)
{
	struct cf_dev *d = cf_up(c, CF_MOUSE);
	struct events e;

	post(c, d, &e, BUFS);
	for (int i = 1; i <= BUFS / 2; i++) {
		const struct cf_event ev = { EV_REL, 0, i };

		cf_events(c, CF_MOUSE, &ev, 1);
	}
	for (int i = 1; i <= BUFS / 2; i++) {
		next(c, d, &e, EV_REL, 0, i);
		next(c, d, &e, EV_SYN, 0, 0);
	}
	CHECK(c, cf_none(c, d, EVENTQ));
}

/* A key that is down and pressed again says nothing new. */
static void c3_3_5d_no_auto_repeat(struct cf *c)
{
	static const struct cf_event down = { EV_KEY, KEY_A, 1 },
		up = { EV_KEY, KEY_A, 0 };
	struct cf_dev *d = cf_up(c, CF_KEYBOARD);
	struct events e;

	post(c, d, &e, 8);
	for (unsigned i = 0; i < 3; i++)
		cf_events(c, CF_KEYBOARD, &down, 1);
	cf_events(c, CF_KEYBOARD, &up, 1);
	next(c, d, &e, EV_KEY, KEY_A, 1);
	next(c, d, &e, EV_SYN, 0, 0);
	next(c, d, &e, EV_KEY, KEY_A, 0);
	next(c, d, &e, EV_SYN, 0, 0);
	CHECK(c, cf_none(c, d, EVENTQ));
}

/* ---- what is advertised --------------------------------------------------- */

static void has(struct cf *c, struct cf_dev *d, unsigned type, unsigned first,
		unsigned last)
{
	for (unsigned code = first; code <= last; code++)
		if (!bit(d, type, code))
			cf_fail(c, __FILE__, __LINE__, "advertised", code, 0);
}

static void c3_3_5e_keyboard_types(struct cf *c)
{
	struct cf_dev *d = &c->dev[CF_KEYBOARD];

	has(c, d, 0, EV_SYN, EV_KEY);
	has(c, d, 0, EV_LED, EV_LED);
	CHECK(c, !bit(d, 0, EV_REL));
	CHECK(c, !bit(d, 0, EV_ABS));
}

static void c3_3_5f_keyboard_codes(struct cf *c)
{
	/* Esc to right shift with digits, letters, F1 to F10, the locks; the
	 * rest one by one. */
	static const uint8_t ranges[][2] = {
		{ 1, 11 }, { 14, 25 }, { 28, 38 }, { 42, 42 }, { 44, 50 },
		{ 54, 54 }, { 56, 70 }, { 87, 88 }, { 97, 97 }, { 100, 100 },
		{ 102, 111 },
	};
	struct cf_dev *d = &c->dev[CF_KEYBOARD];

	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		has(c, d, EV_KEY, ranges[i][0], ranges[i][1]);
}

static void c3_3_5g_keyboard_leds(struct cf *c)
{
	has(c, &c->dev[CF_KEYBOARD], EV_LED, 0, 2);
}

static void c3_3_5h_mouse_types(struct cf *c)
{
	has(c, &c->dev[CF_MOUSE], 0, EV_SYN, EV_REL);
	CHECK(c, !bit(&c->dev[CF_MOUSE], 0, EV_ABS));
}

static void c3_3_5i_mouse_codes(struct cf *c)
{
	has(c, &c->dev[CF_MOUSE], EV_KEY, 0x110, 0x114);
	has(c, &c->dev[CF_MOUSE], EV_REL, 0, 1);
	has(c, &c->dev[CF_MOUSE], EV_REL, REL_WHEEL, REL_WHEEL);
}

static void c3_3_5j_tablet_types_and_axes(struct cf *c)
{
	has(c, &c->dev[CF_TABLET], 0, EV_SYN, EV_SYN);
	has(c, &c->dev[CF_TABLET], 0, EV_ABS, EV_ABS);
	has(c, &c->dev[CF_TABLET], EV_ABS, 0, 1);
	CHECK(c, !bit(&c->dev[CF_TABLET], EV_ABS, 2));
}

static void c3_3_5k_abs_info(struct cf *c)
{
	struct cf_dev *d = &c->dev[CF_TABLET];

	for (unsigned axis = 0; axis < 2; axis++) {
		CHECK_EQ(c, 20, ask(d, ABS_INFO, axis));
		CHECK(c, payload(d, 4, 4) > payload(d, 0, 4));
	}
	CHECK_EQ(c, 0, ask(d, ABS_INFO, 2));
}

static void c3_3_5l_status_buffers_are_completed(struct cf *c)
{
	for (unsigned i = 0; i < 3; i++) {
		struct cf_dev *d = cf_up(c, kinds[i]);

		for (unsigned k = 0; k < 10; k++) {
			struct drv_mem m = cf_mem(c, 64, 1);
			const struct drv_buf b = {
				m.gpa, k == 9 ? 3 : 8 * (k % 3 + 1), false,
			};
			uint32_t len = 1;
			int id;

			rnd_fill(&c->rnd, m.p, 24);
			if (k & 1)
				memcpy(m.p, "\x11\0\0\0\1\0\0", 8);
			id = cf_send(c, d, STATUSQ, &b, 1);
			CHECK_EQ(c, (unsigned)id,
				 (unsigned)cf_used(c, d, STATUSQ, &len));
			CHECK_EQ(c, 0, len);
		}
		CHECK_EQ(c, 15, cf_status(d));
	}
}

const struct cf_test cf_tests_input[] = {
	CF_TEST(c3_3_2a_two_queues_of_64, CF_ALL),
	CF_TEST(c3_3_3a_features_offered, CF_ALL),
	CF_TEST(c3_3_4a_names, CF_ALL),
	CF_TEST(c3_3_4b_devids, CF_ALL),
	CF_TEST(c3_3_4c_other_selectors_are_empty, CF_ALL),
	CF_TEST(c3_3_5a_linux_types_and_codes, CF_ALL),
	CF_TEST(c3_3_5b_syn_report_ends_a_batch, CF_ALL),
	CF_TEST(c3_3_5c_one_event_in_each_buffer, CF_ALL),
	CF_TEST(c3_3_5d_no_auto_repeat, CF_ALL),
	CF_TEST(c3_3_5e_keyboard_types, CF_ALL),
	CF_TEST(c3_3_5f_keyboard_codes, CF_ALL),
	CF_TEST(c3_3_5g_keyboard_leds, CF_ALL),
	CF_TEST(c3_3_5h_mouse_types, CF_ALL),
	CF_TEST(c3_3_5i_mouse_codes, CF_ALL),
	CF_TEST(c3_3_5j_tablet_types_and_axes, CF_ALL),
	CF_TEST(c3_3_5k_abs_info, CF_ALL),
	CF_TEST(c3_3_5l_status_buffers_are_completed, CF_ALL),
	{ NULL, NULL, 0 },
};
