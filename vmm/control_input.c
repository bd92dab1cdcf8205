/*
 * Control commands that press keys and move pointers.
 */
#include <errno.h>
#include <jansson.h>
#include <linux/input-event-codes.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/virtio/input.h"
#include "vmm/control_int.h"
#include "vmm/keynames.h"

static bool has(const struct machine *m, enum mach_input which)
{
	return m->input[which] != NULL;
}

/* Where an event goes. A button follows the axes it comes with. */
static int route(const struct machine *m, uint16_t type, bool with_abs)
{
	if (type == EV_ABS)
		return has(m, MACH_TABLET) ? (int)MACH_TABLET : -1;
	if (type == EV_REL)
		return has(m, MACH_MOUSE) ? (int)MACH_MOUSE : -1;
	if (has(m, MACH_TABLET) && (with_abs || !has(m, MACH_MOUSE)))
		return MACH_TABLET;
	return has(m, MACH_MOUSE) ? (int)MACH_MOUSE : -1;
}

struct batch {
	struct input_event_in ev[INPUT_REPORT_MAX];
	unsigned n;
};

static bool add(struct batch *b, uint16_t type, uint16_t code, int32_t value)
{
	if (b->n == INPUT_REPORT_MAX)
		return false;
	b->ev[b->n++] = (struct input_event_in){ type, code, value };
	return true;
}

static unsigned key_code(json_t *key)
{
	const char *type = json_string_value(json_object_get(key, "type"));
	json_t *data = json_object_get(key, "data");

	if (!type || !data)
		return 0;
	if (strcmp(type, "qcode") == 0 && json_is_string(data))
		return keynames_code(json_string_value(data));
	/* QMP's "number" is a PC scan code; ours are Linux's, and named so. */
	if (strcmp(type, "linux") == 0 && json_is_integer(data) &&
	    json_integer_value(data) > 0 && json_integer_value(data) < KEY_CNT)
		return (unsigned)json_integer_value(data);
	return 0;
}

static unsigned button_code(json_t *data)
{
	static const struct { const char *name; unsigned code; } names[] = {
		{ "left", BTN_LEFT }, { "right", BTN_RIGHT },
		{ "middle", BTN_MIDDLE }, { "side", BTN_SIDE },
		{ "extra", BTN_EXTRA }, { "touch", BTN_TOUCH },
	};
	const char *name = json_string_value(json_object_get(data, "button"));

	for (unsigned i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].code;
	return 0;
}

/* QMP has wheel turns as buttons. */
static int wheel(json_t *data)
{
	const char *name = json_string_value(json_object_get(data, "button"));

	if (!name)
		return 0;
	return !strcmp(name, "wheel-up") - !strcmp(name, "wheel-down");
}

static int axis_code(json_t *data, bool relative)
{
	const char *axis = json_string_value(json_object_get(data, "axis"));

	if (axis && strcmp(axis, "x") == 0)
		return relative ? REL_X : ABS_X;
	if (axis && strcmp(axis, "y") == 0)
		return relative ? REL_Y : ABS_Y;
	if (axis && relative && strcmp(axis, "wheel") == 0)
		return REL_WHEEL;
	return -1;
}

static bool add_pointer(const struct machine *m, struct batch *to,
			const char *type, json_t *data, bool with_abs)
{
	bool down = json_is_true(json_object_get(data, "down"));
	json_t *value = json_object_get(data, "value");
	bool rel = strcmp(type, "rel") == 0;
	unsigned button;
	int code, where;

	if (strcmp(type, "btn") == 0) {
		button = button_code(data);
		if (wheel(data))
			return (where = route(m, EV_REL, false)) >= 0 &&
			       (!down || add(&to[where], EV_REL, REL_WHEEL,
					     wheel(data)));
		where = route(m, EV_KEY, with_abs);
		return button && where >= 0 &&
		       add(&to[where], EV_KEY, (uint16_t)button, down);
	}
	code = axis_code(data, rel);
	where = route(m, rel ? EV_REL : EV_ABS, with_abs);
	return (rel || strcmp(type, "abs") == 0) && code >= 0 && where >= 0 &&
	       json_is_integer(value) &&
	       add(&to[where], rel ? EV_REL : EV_ABS, (uint16_t)code,
		   (int32_t)json_integer_value(value));
}

static bool add_event(const struct machine *m, struct batch *to, json_t *ev,
		      bool with_abs)
{
	const char *type = json_string_value(json_object_get(ev, "type"));
	json_t *data = json_object_get(ev, "data");
	unsigned code;

	if (!type || !json_is_object(data))
		return false;
	if (strcmp(type, "key") != 0)
		return add_pointer(m, to, type, data, with_abs);
	code = key_code(json_object_get(data, "key"));
	return code && has(m, MACH_KEYBOARD) &&
	       add(&to[MACH_KEYBOARD], EV_KEY, (uint16_t)code,
		   json_is_true(json_object_get(data, "down")));
}

static bool any_abs(json_t *events)
{
	json_t *ev;
	size_t i;

	json_array_foreach(events, i, ev) {
		const char *type = json_string_value(json_object_get(ev,
								     "type"));

		if (type && strcmp(type, "abs") == 0)
			return true;
	}
	return false;
}

static void send_batches(struct machine *m, const struct batch *b,
			 struct control_err *err)
{
	for (unsigned i = 0; i < MACH_INPUTS; i++) {
		int ret = b[i].n ? input_send(m->input[i], b[i].ev, b[i].n) : 0;

		if (ret == -ENODEV)
			control_fail(err, "DeviceNotActive", "the guest has no "
				     "driver for its %s yet",
				     m->input[i]->name);
		else if (ret == -ENOBUFS)
			control_fail(err, "GenericError", "the guest does not "
				     "keep up with its %s; the events were "
				     "dropped", m->input[i]->name);
		else if (ret < 0)
			control_fail(err, "GenericError", "the %s has no such "
				     "event", m->input[i]->name);
	}
}

json_t *control_input_send_event(void *ctx, json_t *args,
				 struct control_err *err)
{
	struct batch batch[MACH_INPUTS] = { 0 };
	json_t *events = json_object_get(args, "events"), *ev;
	bool with_abs = any_abs(events);
	size_t i;

	if (!json_is_array(events)) {
		control_fail(err, "GenericError", "'events' must be an array");
		return NULL;
	}
	json_array_foreach(events, i, ev) {
		if (add_event(ctx, batch, ev, with_abs))
			continue;
		control_fail(err, "GenericError", "event %zu: not an event, "
			     "too many, or no such input device (see --input)",
			     i);
		return NULL;
	}
	send_batches(ctx, batch, err);
	return NULL;
}

/* ---- send-key ------------------------------------------------------------- */

/* Releases in the order opposite to that of pressing. */
static void release_keys(struct machine *m)
{
	while (m->held.n > 0)
		seat_key(&m->seat, m->held.code[--m->held.n], false);
}

static void held_long_enough(struct loop_timer *t)
{
	release_keys(container_of(t, struct machine, held.timer));
}

/* Of a whole request, so that none is pressed when one is unknown. */
static unsigned key_codes(json_t *keys, uint16_t *code, struct control_err *err)
{
	json_t *key;
	size_t i;

	json_array_foreach(keys, i, key) {
		code[i] = (uint16_t)key_code(key);
		if (code[i])
			continue;
		control_fail(err, "GenericError", "key %zu is unknown", i);
		return 0;
	}
	return (unsigned)json_array_size(keys);
}

json_t *control_send_key(void *ctx, json_t *args, struct control_err *err)
{
	struct machine *m = ctx;
	json_t *keys = json_object_get(args, "keys");
	json_t *hold = json_object_get(args, "hold-time");
	json_int_t ms = json_is_integer(hold) ? json_integer_value(hold) : 100;
	uint16_t code[MACH_HELD_MAX];
	unsigned n;

	if (!json_is_array(keys) || json_array_size(keys) == 0 ||
	    json_array_size(keys) > MACH_HELD_MAX || ms < 1 || ms > 60000) {
		control_fail(err, "GenericError", "'keys' must be an array of "
			     "1 to %d keys, 'hold-time' 1 to 60000 ms",
			     MACH_HELD_MAX);
		return NULL;
	}
	n = key_codes(keys, code, err);
	if (!n)
		return NULL;
	release_keys(m);
	for (unsigned i = 0; i < n; i++) {
		seat_key(&m->seat, code[i], true);
		m->held.code[m->held.n++] = code[i];
	}
	m->held.timer.fired = held_long_enough;
	loop_timer_set(m->ctl, &m->held.timer,
		       loop_now_ns() + (uint64_t)ms * 1000000);
	return NULL;
}

json_t *control_query_input(void *ctx, json_t *args, struct control_err *err)
{
	static const char *const led_names[] = {
		[LED_NUML] = "num", [LED_CAPSL] = "caps",
		[LED_SCROLLL] = "scroll", [LED_COMPOSE] = "compose",
		[LED_KANA] = "kana",
	};
	struct machine *m = ctx;
	json_t *list = json_array();

	(void)args;
	(void)err;
	for (unsigned i = 0; i < MACH_INPUTS; i++) {
		json_t *leds;
		uint32_t on;

		if (!m->input[i])
			continue;
		leds = json_array();
		on = input_leds(m->input[i]);
		for (unsigned k = 0; k < 5; k++)
			if (on >> k & 1)
				json_array_append_new(leds,
						      json_string(led_names[k]));
		json_array_append_new(list, json_pack(
			"{s:s,s:o,s:I}", "device", m->input[i]->name, "leds",
			leds, "dropped",
			(json_int_t)input_dropped(m->input[i])));
	}
	return list;
}
