#include "devices/display/seat.h"

#include <errno.h>
#include <string.h>

#include "devices/display/keymap.h"
#include "devices/legacy/legacy.h"

/* OWED: up, but the PS/2 keyboard had no room to say so. */
enum { UP, DOWN_VIRTIO, DOWN_PS2, OWED };

void seat_init(struct seat *s)
{
	*s = (struct seat){ .send = input_send };
	pthread_mutex_init(&s->lock, NULL);
}

void seat_fini(struct seat *s)
{
	pthread_mutex_destroy(&s->lock);
}

/* ---- keys -------------------------------------------------------------------------- */

static bool key_virtio(struct seat *s, unsigned code, bool down)
{
	const struct input_event_in ev = { EV_KEY, (uint16_t)code, down };

	return s->keyboard && s->send(s->keyboard, &ev, 1) != -ENODEV;
}

/* False: there is no room. */
static bool key_ps2(struct seat *s, unsigned code, bool down)
{
	uint8_t bytes[KEYMAP_SET2_MAX];
	unsigned n = keymap_set2(code, down, bytes);

	return !s->ps2 || !n || i8042_key(s->ps2, bytes, n);
}

static void settle(struct seat *s)
{
	for (unsigned code = 0; s->owed && code < KEY_CNT; code++) {
		if (s->key[code] != OWED)
			continue;
		if (!key_ps2(s, code, false))
			return;
		s->key[code] = UP;
		s->owed--;
	}
}

static void press(struct seat *s, unsigned code)
{
	/* Held down, a PS/2 keyboard repeats; a virtio one leaves that to its
	 * driver. */
	if (s->key[code] == DOWN_VIRTIO)
		return;
	if (s->key[code] == UP && key_virtio(s, code, true)) {
		s->key[code] = DOWN_VIRTIO;
		return;
	}
	/* What the guest was not told of is not down, nor let go later. */
	if (!key_ps2(s, code, true))
		return;
	s->owed -= s->key[code] == OWED;
	s->key[code] = DOWN_PS2;
}

static void release(struct seat *s, unsigned code)
{
	if (s->key[code] == OWED)
		return;
	if (s->key[code] == DOWN_PS2 && !key_ps2(s, code, false)) {
		s->key[code] = OWED;
		s->owed++;
		return;
	}
	if (s->key[code] == DOWN_VIRTIO)
		key_virtio(s, code, false);
	s->key[code] = UP;
}

void seat_key(struct seat *s, unsigned code, bool down)
{
	if (code >= KEY_CNT)
		return;
	pthread_mutex_lock(&s->lock);
	settle(s);
	if (down)
		press(s, code);
	else
		release(s, code);
	pthread_mutex_unlock(&s->lock);
}

/* ---- the pointer --------------------------------------------------------------------- */

struct report {
	struct input_event_in ev[8];
	unsigned n;
};

static void add(struct report *r, uint16_t type, uint16_t code, int32_t value)
{
	r->ev[r->n++] = (struct input_event_in){ type, code, value };
}

static void add_buttons(struct report *r, unsigned before, unsigned now)
{
	static const uint16_t code[3] = { BTN_LEFT, BTN_MIDDLE, BTN_RIGHT };

	for (unsigned i = 0; i < 3; i++)
		if ((before ^ now) >> i & 1)
			add(r, EV_KEY, code[i], now >> i & 1);
}

static int32_t scale(int at, int size)
{
	if (size < 2)
		return 0;
	if (at < 0)
		at = 0;
	if (at > size - 1)
		at = size - 1;
	return INPUT_ABS_MIN +
	       (int32_t)((int64_t)at * (INPUT_ABS_MAX - INPUT_ABS_MIN) /
			 (size - 1));
}

/* Buttons go where the motion goes: Windows and X take them from there. */
static bool to_tablet(struct seat *s, int x, int y, int w, int h,
		      unsigned buttons, int wheel)
{
	struct report r = { .n = 0 };

	if (!s->tablet)
		return false;
	add(&r, EV_ABS, ABS_X, scale(x, w));
	add(&r, EV_ABS, ABS_Y, scale(y, h));
	add_buttons(&r, s->buttons, buttons);
	if (wheel)
		add(&r, EV_REL, REL_WHEEL, wheel);
	return s->send(s->tablet, r.ev, r.n) != -ENODEV;
}

static bool to_mouse(struct seat *s, int dx, int dy, unsigned buttons,
		     int wheel)
{
	struct report r = { .n = 0 };

	if (!s->mouse)
		return false;
	if (dx)
		add(&r, EV_REL, REL_X, dx);
	if (dy)
		add(&r, EV_REL, REL_Y, dy);
	if (wheel)
		add(&r, EV_REL, REL_WHEEL, wheel);
	add_buttons(&r, s->buttons, buttons);
	return s->send(s->mouse, r.ev, r.n) != -ENODEV;
}

static void to_ps2(struct seat *s, int dx, int dy, unsigned buttons, int wheel)
{
	unsigned ps2 = (buttons & SEAT_LEFT ? PS2_LEFT : 0) |
		       (buttons & SEAT_MIDDLE ? PS2_MIDDLE : 0) |
		       (buttons & SEAT_RIGHT ? PS2_RIGHT : 0);

	if (s->ps2)
		i8042_mouse(s->ps2, dx, -dy, -wheel, ps2);
}

static void point(struct seat *s, int x, int y, int w, int h, unsigned buttons,
		  int wheel)
{
	/* Where the person came in is no motion. */
	int dx = s->placed ? x - s->x : 0, dy = s->placed ? y - s->y : 0;

	if (!to_tablet(s, x, y, w, h, buttons, wheel) &&
	    !to_mouse(s, dx, dy, buttons, wheel))
		to_ps2(s, dx, dy, buttons, wheel);
	s->placed = true;
	s->x = x;
	s->y = y;
	s->w = w;
	s->h = h;
	s->buttons = buttons;
}

void seat_pointer(struct seat *s, int x, int y, int w, int h, unsigned buttons,
		  int wheel)
{
	pthread_mutex_lock(&s->lock);
	point(s, x, y, w, h, buttons, wheel);
	pthread_mutex_unlock(&s->lock);
}

void seat_settle(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	settle(s);
	pthread_mutex_unlock(&s->lock);
}

void seat_leave(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	settle(s);
	for (unsigned code = 0; code < KEY_CNT; code++)
		release(s, code);
	if (s->buttons)
		point(s, s->x, s->y, s->w, s->h, 0, 0);
	s->placed = false;
	pthread_mutex_unlock(&s->lock);
}
