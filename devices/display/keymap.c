#include "devices/display/keymap.h"

#include <linux/input-event-codes.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- scan codes ------------------------------------------------------------------ */

#define E0 0x100                        /* comes after an E0 */

static const uint16_t set2[KEY_MAX] = {
	[KEY_ESC] = 0x76, [KEY_1] = 0x16, [KEY_2] = 0x1e, [KEY_3] = 0x26,
	[KEY_4] = 0x25, [KEY_5] = 0x2e, [KEY_6] = 0x36, [KEY_7] = 0x3d,
	[KEY_8] = 0x3e, [KEY_9] = 0x46, [KEY_0] = 0x45, [KEY_MINUS] = 0x4e,
	[KEY_EQUAL] = 0x55, [KEY_BACKSPACE] = 0x66, [KEY_TAB] = 0x0d,
	[KEY_Q] = 0x15, [KEY_W] = 0x1d, [KEY_E] = 0x24, [KEY_R] = 0x2d,
	[KEY_T] = 0x2c, [KEY_Y] = 0x35, [KEY_U] = 0x3c, [KEY_I] = 0x43,
	[KEY_O] = 0x44, [KEY_P] = 0x4d, [KEY_LEFTBRACE] = 0x54,
	[KEY_RIGHTBRACE] = 0x5b, [KEY_ENTER] = 0x5a, [KEY_LEFTCTRL] = 0x14,
	[KEY_A] = 0x1c, [KEY_S] = 0x1b, [KEY_D] = 0x23, [KEY_F] = 0x2b,
	[KEY_G] = 0x34, [KEY_H] = 0x33, [KEY_J] = 0x3b, [KEY_K] = 0x42,
	[KEY_L] = 0x4b, [KEY_SEMICOLON] = 0x4c, [KEY_APOSTROPHE] = 0x52,
	[KEY_GRAVE] = 0x0e, [KEY_LEFTSHIFT] = 0x12, [KEY_BACKSLASH] = 0x5d,
	[KEY_Z] = 0x1a, [KEY_X] = 0x22, [KEY_C] = 0x21, [KEY_V] = 0x2a,
	[KEY_B] = 0x32, [KEY_N] = 0x31, [KEY_M] = 0x3a, [KEY_COMMA] = 0x41,
	[KEY_DOT] = 0x49, [KEY_SLASH] = 0x4a, [KEY_RIGHTSHIFT] = 0x59,
	[KEY_KPASTERISK] = 0x7c, [KEY_LEFTALT] = 0x11, [KEY_SPACE] = 0x29,
	[KEY_CAPSLOCK] = 0x58, [KEY_F1] = 0x05, [KEY_F2] = 0x06,
	[KEY_F3] = 0x04, [KEY_F4] = 0x0c, [KEY_F5] = 0x03, [KEY_F6] = 0x0b,
	[KEY_F7] = 0x83, [KEY_F8] = 0x0a, [KEY_F9] = 0x01, [KEY_F10] = 0x09,
	[KEY_NUMLOCK] = 0x77, [KEY_SCROLLLOCK] = 0x7e, [KEY_KP7] = 0x6c,
	[KEY_KP8] = 0x75, [KEY_KP9] = 0x7d, [KEY_KPMINUS] = 0x7b,
	[KEY_KP4] = 0x6b, [KEY_KP5] = 0x73, [KEY_KP6] = 0x74,
	[KEY_KPPLUS] = 0x79, [KEY_KP1] = 0x69, [KEY_KP2] = 0x72,
	[KEY_KP3] = 0x7a, [KEY_KP0] = 0x70, [KEY_KPDOT] = 0x71,
	[KEY_102ND] = 0x61, [KEY_F11] = 0x78, [KEY_F12] = 0x07,
	[KEY_RO] = 0x51, [KEY_HENKAN] = 0x64, [KEY_KATAKANAHIRAGANA] = 0x13,
	[KEY_MUHENKAN] = 0x67, [KEY_KPENTER] = E0 | 0x5a,
	[KEY_RIGHTCTRL] = E0 | 0x14, [KEY_KPSLASH] = E0 | 0x4a,
	[KEY_RIGHTALT] = E0 | 0x11, [KEY_HOME] = E0 | 0x6c,
	[KEY_UP] = E0 | 0x75, [KEY_PAGEUP] = E0 | 0x7d, [KEY_LEFT] = E0 | 0x6b,
	[KEY_RIGHT] = E0 | 0x74, [KEY_END] = E0 | 0x69, [KEY_DOWN] = E0 | 0x72,
	[KEY_PAGEDOWN] = E0 | 0x7a, [KEY_INSERT] = E0 | 0x70,
	[KEY_DELETE] = E0 | 0x71, [KEY_MUTE] = E0 | 0x23,
	[KEY_VOLUMEDOWN] = E0 | 0x21, [KEY_VOLUMEUP] = E0 | 0x32,
	[KEY_POWER] = E0 | 0x37, [KEY_KPEQUAL] = 0x0f, [KEY_KPCOMMA] = 0x6d,
	[KEY_YEN] = 0x6a, [KEY_LEFTMETA] = E0 | 0x1f,
	[KEY_RIGHTMETA] = E0 | 0x27, [KEY_COMPOSE] = E0 | 0x2f,
	[KEY_MENU] = E0 | 0x2f, [KEY_SLEEP] = E0 | 0x3f,
	[KEY_WAKEUP] = E0 | 0x5e, [KEY_NEXTSONG] = E0 | 0x4d,
	[KEY_PLAYPAUSE] = E0 | 0x34, [KEY_PREVIOUSSONG] = E0 | 0x15,
	[KEY_STOPCD] = E0 | 0x3b,
};

static unsigned give(uint8_t *out, const void *bytes, unsigned n)
{
	memcpy(out, bytes, n);
	return n;
}

unsigned keymap_set2(unsigned code, bool down, uint8_t out[KEYMAP_SET2_MAX])
{
	unsigned n = 0;

	/* Two keys that bring a Shift or a Control of their own; Pause says
	 * everything when it goes down. */
	if (code == KEY_SYSRQ)
		return down ? give(out, "\xe0\x12\xe0\x7c", 4)
			    : give(out, "\xe0\xf0\x7c\xe0\xf0\x12", 6);
	if (code == KEY_PAUSE)
		return down ? give(out, "\xe1\x14\x77\xe1\xf0\x14\xf0\x77", 8)
			    : 0;
	if (code >= ARRAY_LEN(set2) || !set2[code])
		return 0;
	if (set2[code] & E0)
		out[n++] = 0xe0;
	if (!down)
		out[n++] = 0xf0;
	out[n++] = (uint8_t)set2[code];
	return n;
}

/* ---- keysyms ------------------------------------------------------------------------ */

enum {
	XK_SHIFT_L = 0xffe1, XK_SHIFT_R, XK_CONTROL_L, XK_CONTROL_R,
	XK_CAPS_LOCK, XK_META_L = 0xffe7, XK_META_R, XK_ALT_L, XK_ALT_R,
	XK_SUPER_L, XK_SUPER_R, XK_LEVEL3 = 0xfe03,
};

/* The characters of an American keyboard, without Shift and with it. */
static const struct { char plain, shifted; uint8_t code; } chars[] = {
	{ '`', '~', KEY_GRAVE }, { '1', '!', KEY_1 }, { '2', '@', KEY_2 },
	{ '3', '#', KEY_3 }, { '4', '$', KEY_4 }, { '5', '%', KEY_5 },
	{ '6', '^', KEY_6 }, { '7', '&', KEY_7 }, { '8', '*', KEY_8 },
	{ '9', '(', KEY_9 }, { '0', ')', KEY_0 }, { '-', '_', KEY_MINUS },
	{ '=', '+', KEY_EQUAL }, { 'q', 'Q', KEY_Q }, { 'w', 'W', KEY_W },
	{ 'e', 'E', KEY_E }, { 'r', 'R', KEY_R }, { 't', 'T', KEY_T },
	{ 'y', 'Y', KEY_Y }, { 'u', 'U', KEY_U }, { 'i', 'I', KEY_I },
	{ 'o', 'O', KEY_O }, { 'p', 'P', KEY_P }, { '[', '{', KEY_LEFTBRACE },
	{ ']', '}', KEY_RIGHTBRACE }, { 'a', 'A', KEY_A }, { 's', 'S', KEY_S },
	{ 'd', 'D', KEY_D }, { 'f', 'F', KEY_F }, { 'g', 'G', KEY_G },
	{ 'h', 'H', KEY_H }, { 'j', 'J', KEY_J }, { 'k', 'K', KEY_K },
	{ 'l', 'L', KEY_L }, { ';', ':', KEY_SEMICOLON },
	{ '\'', '"', KEY_APOSTROPHE }, { '\\', '|', KEY_BACKSLASH },
	{ 'z', 'Z', KEY_Z }, { 'x', 'X', KEY_X }, { 'c', 'C', KEY_C },
	{ 'v', 'V', KEY_V }, { 'b', 'B', KEY_B }, { 'n', 'N', KEY_N },
	{ 'm', 'M', KEY_M }, { ',', '<', KEY_COMMA }, { '.', '>', KEY_DOT },
	{ '/', '?', KEY_SLASH },
};

/* Keys that are no characters. */
static const struct { uint16_t keysym; uint8_t code; } keys[] = {
	{ 0x0020, KEY_SPACE }, { XK_LEVEL3, KEY_RIGHTALT }, { 0xfe20, KEY_TAB },
	{ 0xff08, KEY_BACKSPACE }, { 0xff09, KEY_TAB }, { 0xff0d, KEY_ENTER },
	{ 0xff13, KEY_PAUSE }, { 0xff14, KEY_SCROLLLOCK },
	{ 0xff15, KEY_SYSRQ }, { 0xff1b, KEY_ESC }, { 0xff50, KEY_HOME },
	{ 0xff51, KEY_LEFT }, { 0xff52, KEY_UP }, { 0xff53, KEY_RIGHT },
	{ 0xff54, KEY_DOWN }, { 0xff55, KEY_PAGEUP }, { 0xff56, KEY_PAGEDOWN },
	{ 0xff57, KEY_END }, { 0xff61, KEY_SYSRQ }, { 0xff63, KEY_INSERT },
	{ 0xff67, KEY_COMPOSE }, { 0xff6b, KEY_PAUSE }, { 0xff7f, KEY_NUMLOCK },
	{ 0xff8d, KEY_KPENTER }, { 0xff95, KEY_KP7 }, { 0xff96, KEY_KP4 },
	{ 0xff97, KEY_KP8 }, { 0xff98, KEY_KP6 }, { 0xff99, KEY_KP2 },
	{ 0xff9a, KEY_KP9 }, { 0xff9b, KEY_KP3 }, { 0xff9c, KEY_KP1 },
	{ 0xff9d, KEY_KP5 }, { 0xff9e, KEY_KP0 }, { 0xff9f, KEY_KPDOT },
	{ 0xffaa, KEY_KPASTERISK }, { 0xffab, KEY_KPPLUS },
	{ 0xffac, KEY_KPCOMMA }, { 0xffad, KEY_KPMINUS },
	{ 0xffae, KEY_KPDOT }, { 0xffaf, KEY_KPSLASH }, { 0xffb0, KEY_KP0 },
	{ 0xffb1, KEY_KP1 }, { 0xffb2, KEY_KP2 }, { 0xffb3, KEY_KP3 },
	{ 0xffb4, KEY_KP4 }, { 0xffb5, KEY_KP5 }, { 0xffb6, KEY_KP6 },
	{ 0xffb7, KEY_KP7 }, { 0xffb8, KEY_KP8 }, { 0xffb9, KEY_KP9 },
	{ 0xffbd, KEY_KPEQUAL }, { 0xffbe, KEY_F1 }, { 0xffbf, KEY_F2 },
	{ 0xffc0, KEY_F3 }, { 0xffc1, KEY_F4 }, { 0xffc2, KEY_F5 },
	{ 0xffc3, KEY_F6 }, { 0xffc4, KEY_F7 }, { 0xffc5, KEY_F8 },
	{ 0xffc6, KEY_F9 }, { 0xffc7, KEY_F10 }, { 0xffc8, KEY_F11 },
	{ 0xffc9, KEY_F12 }, { XK_SHIFT_L, KEY_LEFTSHIFT },
	{ XK_SHIFT_R, KEY_RIGHTSHIFT }, { XK_CONTROL_L, KEY_LEFTCTRL },
	{ XK_CONTROL_R, KEY_RIGHTCTRL }, { XK_CAPS_LOCK, KEY_CAPSLOCK },
	{ XK_META_L, KEY_LEFTALT }, { XK_META_R, KEY_RIGHTALT },
	{ XK_ALT_L, KEY_LEFTALT }, { XK_ALT_R, KEY_RIGHTALT },
	{ XK_SUPER_L, KEY_LEFTMETA }, { XK_SUPER_R, KEY_RIGHTMETA },
	{ 0xffff, KEY_DELETE },
};

static void note_modifier(struct keysyms *s, uint32_t keysym, bool down)
{
	switch (keysym) {
	case XK_SHIFT_L: s->shift[0] = down; break;
	case XK_SHIFT_R: s->shift[1] = down; break;
	case XK_CAPS_LOCK: s->caps ^= down; break;
	case XK_CONTROL_L: case XK_CONTROL_R: case XK_META_L: case XK_META_R:
	case XK_ALT_L: case XK_ALT_R: case XK_SUPER_L: case XK_SUPER_R:
		s->command = down;
		break;
	default:
		break;
	}
}

/* One key with Shift as it must be and not as the person holds it. */
static unsigned with_shift(const struct keysyms *s, unsigned code, bool shift,
			   struct key_event *out)
{
	static const unsigned both[2] = { KEY_LEFTSHIFT, KEY_RIGHTSHIFT };
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++)
		if (shift ? i == 0 : s->shift[i])
			out[n++] = (struct key_event){ both[i], shift };
	out[n++] = (struct key_event){ code, true };
	for (unsigned i = 0; i < 2; i++)
		if (shift ? i == 0 : s->shift[i])
			out[n++] = (struct key_event){ both[i], !shift };
	return n;
}

static unsigned character(const struct keysyms *s, uint32_t keysym, bool down,
			  struct key_event *out)
{
	for (unsigned i = 0; i < ARRAY_LEN(chars); i++) {
		bool shift = keysym == (uint8_t)chars[i].shifted;
		bool letter = chars[i].plain >= 'a' && chars[i].plain <= 'z';

		if (!shift && keysym != (uint8_t)chars[i].plain)
			continue;
		if (letter)
			shift ^= s->caps;
		/* Shortcuts are keys more than characters. */
		if (down && !s->command &&
		    shift != (s->shift[0] || s->shift[1]))
			return with_shift(s, chars[i].code, shift, out);
		out[0] = (struct key_event){ chars[i].code, down };
		return 1;
	}
	return 0;
}

unsigned keysym_events(struct keysyms *s, uint32_t keysym, bool down,
		       struct key_event out[KEYSYM_EVENTS])
{
	note_modifier(s, keysym, down);
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].keysym == keysym) {
			out[0] = (struct key_event){ keys[i].code, down };
			return 1;
		}
	return character(s, keysym, down, out);
}
