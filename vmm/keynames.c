#include "vmm/keynames.h"

#include <linux/input-event-codes.h>
#include <string.h>

static const struct { const char *name; unsigned code; } keys[] = {
	{ "0", KEY_0 }, { "1", KEY_1 }, { "2", KEY_2 }, { "3", KEY_3 },
	{ "4", KEY_4 }, { "5", KEY_5 }, { "6", KEY_6 }, { "7", KEY_7 },
	{ "8", KEY_8 }, { "9", KEY_9 }, { "a", KEY_A }, { "b", KEY_B },
	{ "c", KEY_C }, { "d", KEY_D }, { "e", KEY_E }, { "f", KEY_F },
	{ "g", KEY_G }, { "h", KEY_H }, { "i", KEY_I }, { "j", KEY_J },
	{ "k", KEY_K }, { "l", KEY_L }, { "m", KEY_M }, { "n", KEY_N },
	{ "o", KEY_O }, { "p", KEY_P }, { "q", KEY_Q }, { "r", KEY_R },
	{ "s", KEY_S }, { "t", KEY_T }, { "u", KEY_U }, { "v", KEY_V },
	{ "w", KEY_W }, { "x", KEY_X }, { "y", KEY_Y }, { "z", KEY_Z },
	{ "f1", KEY_F1 }, { "f2", KEY_F2 }, { "f3", KEY_F3 },
	{ "f4", KEY_F4 }, { "f5", KEY_F5 }, { "f6", KEY_F6 },
	{ "f7", KEY_F7 }, { "f8", KEY_F8 }, { "f9", KEY_F9 },
	{ "f10", KEY_F10 }, { "f11", KEY_F11 }, { "f12", KEY_F12 },
	{ "alt", KEY_LEFTALT }, { "alt_r", KEY_RIGHTALT },
	{ "apostrophe", KEY_APOSTROPHE }, { "audiomute", KEY_MUTE },
	{ "audionext", KEY_NEXTSONG }, { "audioplay", KEY_PLAYPAUSE },
	{ "audioprev", KEY_PREVIOUSSONG }, { "audiostop", KEY_STOPCD },
	{ "backslash", KEY_BACKSLASH }, { "backspace", KEY_BACKSPACE },
	{ "bracket_left", KEY_LEFTBRACE }, { "bracket_right", KEY_RIGHTBRACE },
	{ "caps_lock", KEY_CAPSLOCK }, { "comma", KEY_COMMA },
	{ "compose", KEY_COMPOSE }, { "ctrl", KEY_LEFTCTRL },
	{ "ctrl_r", KEY_RIGHTCTRL }, { "delete", KEY_DELETE },
	{ "dot", KEY_DOT }, { "down", KEY_DOWN }, { "end", KEY_END },
	{ "equal", KEY_EQUAL }, { "esc", KEY_ESC },
	{ "grave_accent", KEY_GRAVE }, { "henkan", KEY_HENKAN },
	{ "home", KEY_HOME }, { "insert", KEY_INSERT }, { "kp_0", KEY_KP0 },
	{ "kp_1", KEY_KP1 }, { "kp_2", KEY_KP2 }, { "kp_3", KEY_KP3 },
	{ "kp_4", KEY_KP4 }, { "kp_5", KEY_KP5 }, { "kp_6", KEY_KP6 },
	{ "kp_7", KEY_KP7 }, { "kp_8", KEY_KP8 }, { "kp_9", KEY_KP9 },
	{ "kp_add", KEY_KPPLUS }, { "kp_comma", KEY_KPCOMMA },
	{ "kp_decimal", KEY_KPDOT }, { "kp_divide", KEY_KPSLASH },
	{ "kp_enter", KEY_KPENTER }, { "kp_equals", KEY_KPEQUAL },
	{ "kp_multiply", KEY_KPASTERISK }, { "kp_subtract", KEY_KPMINUS },
	{ "left", KEY_LEFT }, { "less", KEY_102ND }, { "menu", KEY_MENU },
	{ "meta_l", KEY_LEFTMETA }, { "meta_r", KEY_RIGHTMETA },
	{ "minus", KEY_MINUS }, { "muhenkan", KEY_MUHENKAN },
	{ "num_lock", KEY_NUMLOCK }, { "pause", KEY_PAUSE },
	{ "pgdn", KEY_PAGEDOWN }, { "pgup", KEY_PAGEUP },
	{ "power", KEY_POWER }, { "print", KEY_SYSRQ }, { "ret", KEY_ENTER },
	{ "right", KEY_RIGHT }, { "ro", KEY_RO },
	{ "scroll_lock", KEY_SCROLLLOCK }, { "semicolon", KEY_SEMICOLON },
	{ "shift", KEY_LEFTSHIFT }, { "shift_r", KEY_RIGHTSHIFT },
	{ "slash", KEY_SLASH }, { "sleep", KEY_SLEEP }, { "spc", KEY_SPACE },
	{ "sysrq", KEY_SYSRQ }, { "tab", KEY_TAB }, { "up", KEY_UP },
	{ "volumedown", KEY_VOLUMEDOWN }, { "volumeup", KEY_VOLUMEUP },
	{ "wake", KEY_WAKEUP }, { "yen", KEY_YEN },
};

unsigned keynames_code(const char *qcode)
{
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].name, qcode) == 0)
			return keys[i].code;
	return 0;
}
