/*
 * Where a person's keys and pointer go: to the virtio-input devices whose driver
 * is up, otherwise to the PS/2 keyboard and mouse. A key is let go where it was
 * pressed, if the PS/2 keyboard has no room for that, as soon as it has. Any thread, after the fields are set and until the devices go.
 */
#ifndef DEVICES_DISPLAY_SEAT_H
#define DEVICES_DISPLAY_SEAT_H

#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdbool.h>

#include "devices/virtio/input.h"

struct i8042;

enum { SEAT_LEFT = 1, SEAT_MIDDLE = 2, SEAT_RIGHT = 4 };

struct seat {
	struct i8042 *ps2;              /* any of these may be NULL */
	struct vio_dev *keyboard, *mouse, *tablet;
	/* input_send, or a test's */
	int (*send)(struct vio_dev *, const struct input_event_in *, unsigned n);

	pthread_mutex_t lock;
	uint8_t key[KEY_CNT];           /* enum in seat.c: where it is down */
	unsigned owed;                  /* keys that are to be let go */
	bool placed;                    /* x and y mean something */
	int x, y, w, h;                 /* as last told */
	unsigned buttons;
};

void seat_init(struct seat *);
void seat_fini(struct seat *);

/* A key by its Linux code. */
void seat_key(struct seat *, unsigned code, bool down);
/* The pointer is at x, y of a screen of w * h dots. buttons: SEAT_...; wheel:
 * notches away from the person. */
void seat_pointer(struct seat *, int x, int y, int w, int h, unsigned buttons,
		  int wheel);
/* Lets everything go: nobody sits there any more. */
void seat_leave(struct seat *);
/* Tells what there was no room for. Now and then; the others do so, too. */
void seat_settle(struct seat *);

#endif
