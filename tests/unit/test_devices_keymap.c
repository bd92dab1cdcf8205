/*
 * Description: keys keep their identity from a viewer's keysym over Linux's codes
 * to the bytes of a PS/2 keyboard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "devices/display/keymap.h"
#include "devices/legacy/legacy.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/ports.h"

/* ---- scan codes: the controller translates them to set 1, and Linux' codes up to
 * 83 are those of set 1 ------------------------------------------------------------ */

struct kbd {
	struct iospace pio;
	struct i8042 chip;
	struct irq_probe irq1, irq12;
};
static struct kbd kbd;

static int setup_kbd(void **state)
{
	memset(&kbd, 0, sizeof(kbd));
	iospace_init(&kbd.pio);
	irq_probe_init(&kbd.irq1);
	irq_probe_init(&kbd.irq12);
	assert_int_equal(0, i8042_init(&kbd.chip, &kbd.pio, &kbd.irq1.line,
				       &kbd.irq12.line));
	outb(&kbd.pio, 0x64, 0x60);
	outb(&kbd.pio, 0x60, 0x41);             /* translate, IRQ 1 */
	outb(&kbd.pio, 0x60, 0xf4);             /* scan */
	inb(&kbd.pio, 0x60);
	*state = &kbd;
	return 0;
}

/* What a guest reads from port 60, as one number, first byte highest. */
static uint64_t sent(struct kbd *k, unsigned code, bool down)
{
	uint8_t bytes[KEYMAP_SET2_MAX];
	unsigned n = keymap_set2(code, down, bytes);
	uint64_t all = 0;

	assert_true(n <= KEYMAP_SET2_MAX);
	if (n)
		assert_true(i8042_key(&k->chip, bytes, n));
	while (inb(&k->pio, 0x64) & 1)
		all = all << 8 | inb(&k->pio, 0x60);
	return all;
}

static void plain_keys_are_set_1(void **state)
{
	for (unsigned code = 1; code <= 83; code++) {
		assert_int_equal(code, sent(*state, code, true));
		assert_int_equal(code | 0x80, sent(*state, code, false));
	}
	assert_int_equal(0x56, sent(*state, KEY_102ND, true));
	assert_int_equal(0x57, sent(*state, KEY_F11, true));
	assert_int_equal(0x58, sent(*state, KEY_F12, true));
}

static void grey_keys_have_e0(void **state)
{
	static const struct { unsigned code, set1; } keys[] = {
		{ KEY_KPENTER, 0x1c }, { KEY_RIGHTCTRL, 0x1d },
		{ KEY_KPSLASH, 0x35 }, { KEY_RIGHTALT, 0x38 },
		{ KEY_HOME, 0x47 }, { KEY_UP, 0x48 }, { KEY_PAGEUP, 0x49 },
		{ KEY_LEFT, 0x4b }, { KEY_RIGHT, 0x4d }, { KEY_END, 0x4f },
		{ KEY_DOWN, 0x50 }, { KEY_PAGEDOWN, 0x51 },
		{ KEY_INSERT, 0x52 }, { KEY_DELETE, 0x53 },
		{ KEY_LEFTMETA, 0x5b }, { KEY_RIGHTMETA, 0x5c },
		{ KEY_COMPOSE, 0x5d }, { KEY_MUTE, 0x20 },
		{ KEY_VOLUMEDOWN, 0x2e }, { KEY_VOLUMEUP, 0x30 },
		{ KEY_POWER, 0x5e }, { KEY_SLEEP, 0x5f }, { KEY_WAKEUP, 0x63 },
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(0xe000 | keys[i].set1,
				 sent(*state, keys[i].code, true));
		assert_int_equal(0xe080 | keys[i].set1,
				 sent(*state, keys[i].code, false));
	}
	assert_int_equal(0xe02ae037, sent(*state, KEY_SYSRQ, true));
	assert_int_equal(0xe0b7e0aa, sent(*state, KEY_SYSRQ, false));
	assert_true(sent(*state, KEY_PAUSE, true) == 0xe11d45e19dc5);
	assert_int_equal(0, sent(*state, KEY_PAUSE, false));
}

static void unknown_keys_are_silent(void **state)
{
	uint8_t bytes[KEYMAP_SET2_MAX];

	(void)state;
	assert_int_equal(0, keymap_set2(0, true, bytes));
	assert_int_equal(0, keymap_set2(KEY_F24, true, bytes));
	assert_int_equal(0, keymap_set2(BTN_LEFT, true, bytes));
	assert_int_equal(0, keymap_set2(KEY_MAX, true, bytes));
	assert_int_equal(0, keymap_set2(0xffffffff, true, bytes));
}

/* ---- keysyms ------------------------------------------------------------------------ */

/* What a keysym makes, as text: "+30" key 30 down, "-30" up. */
static const char *events(struct keysyms *s, uint32_t keysym, bool down)
{
	static char text[64];
	struct key_event ev[KEYSYM_EVENTS];
	unsigned n = keysym_events(s, keysym, down, ev), at = 0;

	assert_true(n <= KEYSYM_EVENTS);
	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		at += (unsigned)snprintf(text + at, sizeof(text) - at, "%s%c%u",
					 i ? " " : "", ev[i].down ? '+' : '-',
					 ev[i].code);
	return text;
}

#define SHIFT_L 0xffe1
#define SHIFT_R 0xffe2
#define CTRL_L 0xffe3
#define CAPS 0xffe5

static void an_american_types(void **state)
{
	struct keysyms s = { 0 };

	(void)state;
	assert_string_equal("+30", events(&s, 'a', true));
	assert_string_equal("-30", events(&s, 'a', false));
	assert_string_equal("+42", events(&s, SHIFT_L, true));
	assert_string_equal("+30", events(&s, 'A', true));
	assert_string_equal("-42", events(&s, SHIFT_L, false));
	assert_string_equal("-30", events(&s, 'a', false));
	assert_string_equal("+54", events(&s, SHIFT_R, true));
	assert_string_equal("+2", events(&s, '!', true));
	assert_string_equal("-54", events(&s, SHIFT_R, false));
	assert_string_equal("+28", events(&s, 0xff0d, true));
	assert_string_equal("+57", events(&s, ' ', true));
	assert_string_equal("+111", events(&s, 0xffff, true));
	assert_string_equal("+59", events(&s, 0xffbe, true));
	assert_string_equal("+88", events(&s, 0xffc9, true));
}

static void every_ascii_character_is_a_key(void **state)
{
	struct keysyms s = { 0 };
	bool seen[256][2] = { { false } };

	(void)state;
	for (uint32_t c = ' '; c < 0x7f; c++) {
		struct key_event ev[KEYSYM_EVENTS];
		unsigned n = keysym_events(&s, c, true, ev);
		bool shift = n == 3;

		assert_true(n == 1 || n == 3);
		assert_false(seen[ev[shift].code][shift]);
		seen[ev[shift].code][shift] = true;
	}
}

static void other_layouts_type_too(void **state)
{
	struct keysyms s = { 0 };

	(void)state;
	/* '@' without Shift (AltGr+Q): Shift around it */
	assert_string_equal("+42 +3 -42", events(&s, '@', true));
	assert_string_equal("-3", events(&s, '@', false));
	/* '/' with Shift: Shift goes for a moment */
	assert_string_equal("+42", events(&s, SHIFT_L, true));
	assert_string_equal("-42 +53 +42", events(&s, '/', true));
	assert_string_equal("+54", events(&s, SHIFT_R, true));
	assert_string_equal("-42 -54 +53 +42 +54", events(&s, '/', true));
	assert_string_equal("-53", events(&s, '/', false));
}

static void caps_lock_and_shortcuts(void **state)
{
	struct keysyms s = { 0 };

	(void)state;
	events(&s, CAPS, true);
	assert_string_equal("-58", events(&s, CAPS, false));
	assert_string_equal("+30", events(&s, 'A', true));
	assert_string_equal("+42 +30 -42", events(&s, 'a', true));
	assert_string_equal("+42 +2 -42", events(&s, '!', true));
	events(&s, CAPS, true);
	events(&s, CAPS, false);
	assert_string_equal("+30", events(&s, 'a', true));
	/* Control-C is no character */
	assert_string_equal("+29", events(&s, CTRL_L, true));
	assert_string_equal("+46", events(&s, 'C', true));
	assert_string_equal("-29", events(&s, CTRL_L, false));
	assert_string_equal("+42 +46 -42", events(&s, 'C', true));
}

static void unknown_keysyms_are_silent(void **state)
{
	struct keysyms s = { 0 };

	(void)state;
	assert_string_equal("", events(&s, 0, true));
	assert_string_equal("", events(&s, 0xe9, true));
	assert_string_equal("", events(&s, 0x1000394, true));
	assert_string_equal("", events(&s, 0xffffffff, true));
	assert_string_equal("", events(&s, 0x10061, true));
}

int main(void)
{
#define K(f) cmocka_unit_test_setup(f, setup_kbd)
	const struct CMUnitTest tests[] = {
		K(plain_keys_are_set_1), K(grey_keys_have_e0),
		cmocka_unit_test(unknown_keys_are_silent),
		cmocka_unit_test(an_american_types),
		cmocka_unit_test(every_ascii_character_is_a_key),
		cmocka_unit_test(other_layouts_type_too),
		cmocka_unit_test(caps_lock_and_shortcuts),
		cmocka_unit_test(unknown_keysyms_are_silent),
	};

	return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
