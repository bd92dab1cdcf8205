#include "devices/display/seat.h"

#include <errno.h>
#include <string.h>

#include "devices/base/container.h"
#include "devices/display/keymap.h"
#include "devices/legacy/legacy.h"

enum { UP, DOWN_VIRTIO, DOWN_PS2 };

#define PAUSE_MS 20
#define PAUSE_MAX_MS 640
#define NS_MS UINT64_C(1000000)

static void post_fn(struct loop_call *);
static void timer_fn(struct loop_timer *);

void seat_init(struct seat *s)
{
	*s = (struct seat){
		.send = input_send,
		.arm = { .fn = post_fn },
		.timer = { .fired = timer_fn },
	};
	pthread_mutex_init(&s->lock, NULL);
}

/* On the loop's thread, or when it does not run. */
void seat_fini(struct seat *s)
{
	if (s->loop) {
		loop_unpost(s->loop, &s->arm);
		loop_timer_del(s->loop, &s->timer);
	}
	pthread_mutex_destroy(&s->lock);
}

/* ---- keys that wait for the PS/2 keyboard ------------------------------------------ */

static bool key_ps2(struct seat *s, unsigned code, bool down)
{
	uint8_t bytes[KEYMAP_SET2_MAX];
	unsigned n = keymap_set2(code, down, bytes);

	return !s->ps2 || !n || i8042_key(s->ps2, bytes, n);
}

/* A keyboard that is switched off does not see keys being pressed; what it had
 * seen pressed it lets go when it is on again. */
static void drop_presses(struct seat *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->wait_n; i++) {
		struct seat_key k = s->wait[(s->wait_at + i) % SEAT_WAIT];

		if (!k.down)
			s->wait[(s->wait_at + n++) % SEAT_WAIT] = k;
	}
	s->wait_n = n;
}

static void settle(struct seat *s)
{
	if (s->wait_n && !i8042_scans(s->ps2))
		drop_presses(s);
	while (s->wait_n) {
		struct seat_key k = s->wait[s->wait_at];

		if (!key_ps2(s, k.code, k.down))
			return;
		s->wait_at = (s->wait_at + 1) % SEAT_WAIT;
		s->wait_n--;
	}
}

static void look_again(struct seat *s, unsigned ms)
{
	s->pause_ms = ms;
	loop_timer_set(s->loop, &s->timer, loop_now_ns() + ms * NS_MS);
}

static void post_fn(struct loop_call *call)
{
	struct seat *s = container_of(call, struct seat, arm);

	pthread_mutex_lock(&s->lock);
	look_again(s, PAUSE_MS);
	pthread_mutex_unlock(&s->lock);
}

/*
 * Not at once when the guest has read a byte: Linux empties the controller by
 * reading as many as a keyboard keeps, and takes one that still has some for no
 * controller at all. So it has to have been empty for a while.
 */
static void timer_fn(struct loop_timer *t)
{
	struct seat *s = container_of(t, struct seat, timer);
	unsigned ms;
	bool idle;

	pthread_mutex_lock(&s->lock);
	ms = s->pause_ms;
	idle = !s->wait_n || i8042_idle(s->ps2);
	if (idle && s->was_idle)
		settle(s);
	s->was_idle = idle && !s->was_idle;
	if (idle && i8042_scans(s->ps2))
		ms = PAUSE_MS;
	else
		ms = ms < PAUSE_MAX_MS ? ms * 2 : PAUSE_MAX_MS;
	if (s->wait_n)
		look_again(s, ms);
	else
		s->pause_ms = 0;
	pthread_mutex_unlock(&s->lock);
}

static void wait_for_room(struct seat *s, unsigned code, bool down)
{
	unsigned at = (s->wait_at + s->wait_n++) % SEAT_WAIT;

	s->wait[at] = (struct seat_key){ (uint16_t)code, down };
	if (s->pause_ms || !s->loop)
		return;
	s->pause_ms = PAUSE_MS;
	s->was_idle = false;
	loop_post(s->loop, &s->arm);
}

/* ---- keys -------------------------------------------------------------------------- */

static bool key_virtio(struct seat *s, unsigned code, bool down)
{
	const struct input_event_in ev = { EV_KEY, (uint16_t)code, down };

	return s->keyboard && s->send(s->keyboard, &ev, 1) != -ENODEV;
}

static void press(struct seat *s, unsigned code)
{
	/* Held down, a PS/2 keyboard repeats, where that does not pile up; a
	 * virtio one leaves that to its driver. */
	if (s->key[code] == DOWN_VIRTIO)
		return;
	if (s->key[code] == DOWN_PS2) {
		if (!s->wait_n)
			key_ps2(s, code, true);
		return;
	}
	if (key_virtio(s, code, true)) {
		s->key[code] = DOWN_VIRTIO;
		return;
	}
	/* What the guest is not told of is not down, nor let go later. There is
	 * room for letting go of all that are down, this one, too. */
	if (s->wait_n + s->down + 2 > SEAT_WAIT)
		return;
	if (s->wait_n || !key_ps2(s, code, true)) {
		if (!i8042_scans(s->ps2))
			return;
		wait_for_room(s, code, true);
	}
	s->key[code] = DOWN_PS2;
	s->down++;
}

static void release(struct seat *s, unsigned code)
{
	if (s->key[code] == DOWN_PS2) {
		if (s->wait_n || !key_ps2(s, code, false))
			wait_for_room(s, code, false);
		s->down--;
	} else if (s->key[code] == DOWN_VIRTIO) {
		key_virtio(s, code, false);
	}
	s->key[code] = UP;
}

void seat_key(struct seat *s, unsigned code, bool down)
{
	if (code >= KEY_CNT)
		return;
	pthread_mutex_lock(&s->lock);
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

void seat_reset(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	s->wait_n = 0;
	pthread_mutex_unlock(&s->lock);
}

void seat_leave(struct seat *s)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned code = 0; code < KEY_CNT; code++)
		release(s, code);
	if (s->buttons)
		point(s, s->x, s->y, s->w, s->h, 0, 0);
	s->placed = false;
	pthread_mutex_unlock(&s->lock);
}
