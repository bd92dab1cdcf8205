/*
 * What hangs on the keyboard controller's two wires: an AT keyboard and a
 * wheel mouse. Each answers commands into its queue, which the controller
 * empties. No locks: the controller's covers them.
 */
#ifndef DEVICES_LEGACY_PS2_H
#define DEVICES_LEGACY_PS2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PS2_QUEUE 128

struct ps2_queue {
	uint8_t buf[PS2_QUEUE];
	unsigned at, n;
};

/* All of it or, without room, nothing. */
bool ps2_push(struct ps2_queue *, const uint8_t *, size_t n);
bool ps2_pop(struct ps2_queue *, uint8_t *);
void ps2_clear(struct ps2_queue *);

struct ps2_kbd {
	struct ps2_queue answers, keys; /* answers go first */
	uint8_t arg_of;         /* the command whose argument comes next */
	uint8_t leds, typematic, last;
	bool scanning;
};
void ps2_kbd_reset(struct ps2_kbd *);
void ps2_kbd_write(struct ps2_kbd *, uint8_t);
bool ps2_kbd_read(struct ps2_kbd *, uint8_t *);
/* Key codes, set 2. False: dropped, no room or scanning is off. */
bool ps2_kbd_key(struct ps2_kbd *, const uint8_t *, size_t n);

enum { PS2_LEFT = 1, PS2_RIGHT = 2, PS2_MIDDLE = 4 };

struct ps2_mouse {
	struct ps2_queue answers, packets;
	uint8_t arg_of;
	uint8_t id;             /* 0, or 3: packets have a wheel byte */
	uint8_t rate, resolution, last, knock[3];
	uint8_t buttons, sent_buttons;
	bool stream, reporting, wrap, scale2;
	int dx, dy, dz;         /* motion no packet has told yet */
};
void ps2_mouse_reset(struct ps2_mouse *);
void ps2_mouse_write(struct ps2_mouse *, uint8_t);
bool ps2_mouse_read(struct ps2_mouse *, uint8_t *);
void ps2_mouse_move(struct ps2_mouse *, int dx, int dy, int dz,
		    unsigned buttons);

#endif
