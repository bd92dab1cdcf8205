/*
 * virtio-input (virtio 5.8; AERO-W7-VIRTIO 3.3): a keyboard, a mouse or a
 * tablet each. Event types and codes are those of Linux's
 * linux/input-event-codes.h.
 *
 * input_create: set-up thread. The rest: any thread, until vio_destroy.
 */
#ifndef DEVICES_VIRTIO_INPUT_H
#define DEVICES_VIRTIO_INPUT_H

#include "devices/virtio/core.h"

struct input_cfg {
	const struct vio_profile *prof;
	const char *kind;               /* "keyboard", "mouse", "tablet" */
	const char *name;               /* for people: "keyboard0" */
	const struct gmem *gmem;
	struct loop *ctl_loop;
	struct loop *const *loops;
	unsigned nloops;
};

/* 0; -EINVAL: the profile has no such kind; -errno. */
int input_create(struct vio_dev **, const struct input_cfg *);

struct input_event_in {
	uint16_t type, code;
	int32_t value;
};

#define INPUT_REPORT_MAX 31             /* events of one report */

/*
 * One report: what happened at one moment. EV_SYN/SYN_REPORT is added at its
 * end; EV_SYN events of the caller's are left out. It reaches the guest whole
 * or not at all.
 *
 * Keys: value 1 pressed, 0 released. What would repeat the state the guest
 * knows (auto-repeat, value 2, included) is left out. A release that had to be
 * dropped is made up for, so no key stays stuck. Axes of a tablet are limited
 * to INPUT_ABS_MIN .. INPUT_ABS_MAX.
 *
 * 0 on its way, or nothing to say; -EINVAL an event the device does not have,
 * or too many; -ENODEV no driver is up; -ENOBUFS the guest does not keep up:
 * dropped and counted.
 */
int input_send(struct vio_dev *, const struct input_event_in *, unsigned n);

#define INPUT_ABS_MIN 0
#define INPUT_ABS_MAX 32767

/* Does the device have such events? */
bool input_has(struct vio_dev *, uint16_t type, uint16_t code);
/* Bit LED_x: the guest turned it on. */
uint32_t input_leds(struct vio_dev *);
/* Reports dropped since the machine started. */
uint64_t input_dropped(struct vio_dev *);

#endif
