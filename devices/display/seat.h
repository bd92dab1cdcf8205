/*
 * Where a person's keys and pointer go: to the virtio-input devices whose driver
 * is up, otherwise to the PS/2 keyboard and mouse. A key is let go where it was
 * pressed. Who types faster than the guest reads, as programs do, is held up: a
 * PS/2 keyboard keeps few bytes, so keys wait here until the guest has read all
 * of those, or has started anew. Any thread, after the fields are set and until
 * the devices go.
 */
#ifndef DEVICES_DISPLAY_SEAT_H
#define DEVICES_DISPLAY_SEAT_H

#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdbool.h>

#include "devices/base/loop.h"
#include "devices/virtio/input.h"

struct i8042;

enum { SEAT_LEFT = 1, SEAT_MIDDLE = 2, SEAT_RIGHT = 4 };

/* Keys that wait, those included that will be let go. */
#define SEAT_WAIT 256

struct seat {
	struct loop *loop;              /* NULL: nobody but seat_settle hands */
					/* on what waits */
	struct i8042 *ps2;              /* any of these may be NULL */
	struct vio_dev *keyboard, *mouse, *tablet;
	/* input_send, or a test's */
	int (*send)(struct vio_dev *, const struct input_event_in *, unsigned n);

	pthread_mutex_t lock;
	uint8_t key[KEY_CNT];           /* enum in seat.c: where it is down */
	unsigned down;                  /* how many of them, PS/2 */
	struct seat_key {
		uint16_t code;
		bool down;
	} wait[SEAT_WAIT];              /* for the PS/2 keyboard */
	unsigned wait_at, wait_n;
	bool was_idle;                  /* the keyboard, at the last look */
	unsigned pause_ms;              /* to the next one; 0: there is none */
	struct loop_call arm;
	struct loop_timer timer;
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
/* Lets everything go: nobody sits there any more. What was typed before goes on
 * waiting. */
void seat_leave(struct seat *);
/* The guest starts anew: what waits is for nobody. */
void seat_reset(struct seat *);
/* Hands on what waits, if the keyboard has room. The loop's timer does so, too. */
void seat_settle(struct seat *);

#endif
