/*
 * Keys under their three names: X keysyms, which VNC speaks; Linux key codes
 * (linux/input-event-codes.h), which virtio-input and we speak; scan codes of
 * set 2, which a PS/2 keyboard speaks.
 */
#ifndef DEVICES_DISPLAY_KEYMAP_H
#define DEVICES_DISPLAY_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

#define KEYMAP_SET2_MAX 8

/* What a PS/2 keyboard sends when the key goes down or up; how many bytes, 0:
 * it has no such key, or nothing to say. Pure; any thread. */
unsigned keymap_set2(unsigned code, bool down, uint8_t out[KEYMAP_SET2_MAX]);

/*
 * A keysym is a character, but the guest wants a key of a keyboard whose layout
 * it takes to be American. The person's own layout may differ: where the Shift
 * that the person holds is not what the character needs on an American
 * keyboard, Shift is pressed or let go around it.
 */
struct keysyms {
	bool shift[2], command;         /* left, right; Control, Alt or Meta */
	bool caps;                      /* Caps Lock, as pressed here */
};

struct key_event {
	unsigned code;                  /* KEY_... */
	bool down;
};
#define KEYSYM_EVENTS 5

/* What to press and let go for a keysym; how many events, 0: we do not know the
 * keysym. Owner of *s only. */
unsigned keysym_events(struct keysyms *s, uint32_t keysym, bool down,
		       struct key_event out[KEYSYM_EVENTS]);

#endif
